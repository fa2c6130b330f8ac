//! Pure rendering: (kit, answers) → [`Tree`]. No disk, clock, environment or network, so that dry run, diff, update,
//! batch and tests are the same call.

mod conformity;
mod engine;
mod escape;
mod generate;
mod lint;
mod manifest;
mod tree;

use std::rc::Rc;

use serde::Deserialize;
use serde_json::{Map, Value};

pub use conformity::{proofs, statements};
pub use engine::{Engine, Scope};
pub use escape::Escape;
pub use lint::lint;
pub use manifest::MANIFEST_NAME;
pub use tree::{Owner, Repository, Tree, TreeError, TreeFile};

use self::generate::Outputs;
use crate::apply::SafeRelPath;
use crate::kit::{FileRule, Generator, Kit, Module};
use crate::text;
use crate::text::{Problem, Text};

/// Renders a kit with resolved answers.
///
/// # Errors
/// Every problem of the kit's templates, paths and generators. Resolved answers alone never cause one with a valid kit.
pub fn render(kit: &Kit, answers: &Map<String, Value>) -> Result<Tree, Vec<Problem>> {
    let engine = Engine::new(&kit.files);
    let scope = scope(kit, &engine, answers).map_err(|p| vec![p])?;
    let active = active_modules(kit, &engine, &scope).map_err(|p| vec![p])?;
    let mut rendering = Rendering { kit, engine: &engine, tree: Tree::default(), active: &active, scope: &scope, generated: None };
    let mut problems = Vec::new();
    for module in &active {
        for rule in &module.files {
            if let Err(more) = rendering.rule(module, rule) {
                problems.extend(more);
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    rendering.tree.repositories = repositories(kit, &engine, &scope).map_err(|p| vec![p])?;
    let mut tree = rendering.tree;
    manifest::add(kit, answers, &active, &mut tree).map_err(|p| vec![p])?;
    Ok(tree)
}

/// The variables that templates see: answers, then `data`, then the kit's computed values.
///
/// # Errors
/// When a computed value of the kit is invalid.
pub fn scope(kit: &Kit, engine: &Engine<'_>, answers: &Map<String, Value>) -> Result<Scope, Problem> {
    let mut scope = Scope::new(answers);
    scope.set("data", &Value::Object(kit.data.clone()));
    for computed in &kit.manifest.computed {
        let value = engine.yaml(&format!("kit.yaml ({})", computed.id), &computed.value, &scope)?;
        scope.set(&computed.id, &value);
    }
    Ok(scope)
}

/// The modules that the answers make active, in the kit's order.
///
/// # Errors
/// When a condition is invalid, or an active module requires an inactive one.
pub fn active_modules<'k>(kit: &'k Kit, engine: &Engine<'_>, scope: &Scope) -> Result<Vec<&'k Module>, Problem> {
    let mut active = Vec::new();
    for module in &kit.modules {
        let at = format!("modules/{}/module.yaml", module.id);
        let on = module.when.as_deref().map_or(Ok(true), |when| engine.expression(&at, when, scope))?;
        if on {
            active.push(module);
        }
    }
    for module in &active {
        if let Some(required) = module.requires.iter().find(|id| !active.iter().any(|m| m.id == **id)) {
            let id = &module.id;
            return Err(Problem::new(
                format!("modules/{id}/module.yaml"),
                text!(
                    "le module `{id}` requiert `{required}`, inactif avec ces réponses",
                    "module `{id}` requires `{required}`, inactive with these answers"
                ),
            ));
        }
    }
    Ok(active)
}

fn repositories(kit: &Kit, engine: &Engine<'_>, scope: &Scope) -> Result<Vec<Repository>, Problem> {
    #[derive(Deserialize)]
    struct Entry {
        path: String,
        name: String,
    }
    let at = "kit.yaml (repositories)";
    let value = engine.yaml(at, &kit.manifest.repositories, scope)?;
    let entries: Vec<Entry> =
        serde_json::from_value(value).map_err(|e| Problem::new(at, text!("liste de dépôts invalide : {e}", "invalid list of repositories: {e}")))?;
    entries
        .into_iter()
        .map(|Entry { path, name }| {
            let path = if path.is_empty() { None } else { Some(safe(at, &path)?) };
            Ok(Repository { path, name })
        })
        .collect()
}

fn safe(at: &str, path: &str) -> Result<SafeRelPath, Problem> {
    SafeRelPath::new(path).map_err(|e| Problem::new(at, text!("chemin refusé : {e}", "path refused: {e}")))
}

/// A generator, the module that calls it, and its input.
type Call = (Generator, String, Option<String>);

struct Rendering<'a, 'k> {
    kit: &'k Kit,
    engine: &'a Engine<'k>,
    tree: Tree,
    active: &'a [&'k Module],
    scope: &'a Scope,
    /// What the last generator gave: rules that send its outputs to several places, or to several owners, follow each other.
    generated: Option<(Call, Rc<Outputs>)>,
}

impl Rendering<'_, '_> {
    fn rule(&mut self, module: &Module, rule: &FileRule) -> Result<(), Vec<Problem>> {
        let at = format!("modules/{}/module.yaml", module.id);
        let mut scopes = vec![self.scope.clone()];
        for repetition in &rule.for_each {
            let mut next = Vec::new();
            for scope in scopes {
                let list = self.engine.yaml(&at, &format!("{{{{ {} | json }}}}", repetition.list), &scope).map_err(|p| vec![p])?;
                for item in list.as_array().into_iter().flatten() {
                    let mut scope = scope.clone();
                    scope.set(&repetition.variable, item);
                    next.push(scope);
                }
            }
            scopes = next;
        }
        let mut problems = Vec::new();
        for scope in &scopes {
            if let Err(more) = self.once(&at, module, rule, scope) {
                problems.extend(more);
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn once(&mut self, at: &str, module: &Module, rule: &FileRule, scope: &Scope) -> Result<(), Vec<Problem>> {
        let one = |p: Problem| vec![p];
        if let Some(when) = &rule.when
            && !self.engine.expression(at, when, scope).map_err(one)?
        {
            return Ok(());
        }
        let to = self.engine.path(at, &rule.to, scope).map_err(one)?;
        if let Some(generator) = rule.generate {
            let outputs = self.generated(generator, module, rule, scope)?;
            for (relative, content) in outputs.iter() {
                let kept = rule.only.is_empty() || rule.only.contains(relative);
                if kept && !rule.except.contains(relative) {
                    self.insert(at, &join(&to, relative), content.clone(), module, rule).map_err(one)?;
                }
            }
            return Ok(());
        }
        let Some(from) = &rule.from else {
            return Err(vec![Problem::new(
                at,
                Text::new("une règle de fichiers n'a ni `from` ni `generate`", "a file rule has neither `from` nor `generate`"),
            )]);
        };
        let base = format!("modules/{}/files/{from}", module.id);
        let sources: Vec<String> = self.kit.files.below(&base).map(str::to_owned).collect();
        if sources.is_empty() {
            return Err(vec![Problem::new(at, text!("fichier absent du kit : {base}", "file missing from the kit: {base}"))]);
        }
        let mut problems = Vec::new();
        for source in sources {
            let relative = source[base.len()..].trim_start_matches('/');
            if rule.except.iter().any(|e| e == relative) {
                continue;
            }
            let target = match relative.strip_suffix(".tera") {
                _ if relative.is_empty() => to.clone(),
                Some(stripped) => join(&to, stripped),
                None => join(&to, relative),
            };
            if let Err(problem) = self.content(&source, &target, scope).and_then(|bytes| self.insert(at, &target, bytes, module, rule)) {
                problems.push(problem);
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// What a source of the kit becomes under the name `target`.
    fn content(&self, source: &str, target: &str, scope: &Scope) -> Result<Vec<u8>, Problem> {
        if source.strip_suffix(".tera").is_some() {
            return Ok(self.engine.file(source, Escape::of(target), scope)?.into_bytes());
        }
        Ok(self.kit.files.get(source).unwrap_or_default().to_vec())
    }

    fn generated(&mut self, generator: Generator, module: &Module, rule: &FileRule, scope: &Scope) -> Result<Rc<Outputs>, Vec<Problem>> {
        let key = (generator, module.id.clone(), rule.from.clone());
        // A repeated rule sees other variables each time.
        let fixed = rule.for_each.is_empty();
        if let Some((last, outputs)) = &self.generated
            && fixed
            && *last == key
        {
            return Ok(Rc::clone(outputs));
        }
        let outputs = Rc::new(generate::run(generator, self.kit, self.engine, self.active, module, rule, scope)?);
        self.generated = fixed.then(|| (key, Rc::clone(&outputs)));
        Ok(outputs)
    }

    fn insert(&mut self, at: &str, path: &str, bytes: Vec<u8>, module: &Module, rule: &FileRule) -> Result<(), Problem> {
        let file = TreeFile { bytes, executable: rule.executable, module: module.id.clone(), owner: rule.owner };
        self.tree.insert(safe(at, path)?, file).map_err(|e| Problem::new(at, text!("conflit de chemins : {e}", "paths collide: {e}")))
    }
}

fn join(folder: &str, name: &str) -> String {
    let folder = folder.trim_end_matches('/');
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
