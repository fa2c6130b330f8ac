//! The template engine: tera, with escaping chosen by target and nothing that reaches the outside (no clock, environment,
//! disk or randomness: tera 2's core has none of them).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use tera::{Context, Kwargs, State, Tera};

use super::Escape;
use crate::kit::KitFiles;
use crate::text::Problem;
use crate::{text, yaml};

/// Variables seen by templates.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    context: Context,
    names: BTreeSet<String>,
}

impl Scope {
    /// A scope that holds the given variables.
    #[must_use]
    pub fn new(variables: &Map<String, Value>) -> Self {
        let mut scope = Self::default();
        for (name, value) in variables {
            scope.set(name, value);
        }
        scope
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: &Value) {
        self.context.insert(name.to_owned(), value);
        self.names.insert(name.to_owned());
    }
}

/// A template with all that it includes.
struct Loaded {
    tera: Tera,
    /// Names that `for` and `set` bind in a template that includes others: tera reports them as variables of the included.
    bound: BTreeSet<String>,
}

/// Renders the templates of one kit.
pub struct Engine<'k> {
    files: &'k KitFiles,
    inline: BTreeMap<Escape, Tera>,
    /// The last template loaded: a repeated rule renders the same one many times in a row.
    last: RefCell<Option<(Escape, String, Loaded)>>,
    /// Variables of the inline templates met so far: most conditions stand in many places.
    variables: RefCell<BTreeMap<String, BTreeSet<String>>>,
}

impl<'k> Engine<'k> {
    /// An engine over a kit's files.
    #[must_use]
    pub fn new(files: &'k KitFiles) -> Self {
        let inline = [Escape::Quoted, Escape::Path].into_iter().map(|e| (e, bare(e))).collect();
        Self { files, inline, last: RefCell::default(), variables: RefCell::default() }
    }

    /// Evaluates an expression, as `{% if … %}` would.
    ///
    /// # Errors
    /// When the expression is invalid or reads an undefined value; `at` says where it stands.
    pub fn expression(&self, at: &str, expression: &str, scope: &Scope) -> Result<bool, Problem> {
        let template = format!("{{% if {expression} %}}1{{% endif %}}");
        self.known_variables(at, &template, scope)?;
        Ok(self.inline(at, Escape::Path, &template, scope)? == "1")
    }

    /// Renders a template with YAML escaping and parses the result: any structure.
    ///
    /// # Errors
    /// When the template or the YAML that it gives is invalid.
    pub fn yaml(&self, at: &str, template: &str, scope: &Scope) -> Result<Value, Problem> {
        let rendered = self.inline(at, Escape::Quoted, template, scope)?;
        yaml::parse(at, &rendered)
    }

    /// Renders a path template, without escaping: the caller checks the result.
    ///
    /// # Errors
    /// When the template is invalid or reads an undefined value.
    pub fn path(&self, at: &str, template: &str, scope: &Scope) -> Result<String, Problem> {
        if template.contains("{{") || template.contains("{%") { self.inline(at, Escape::Path, template, scope) } else { Ok(template.to_owned()) }
    }

    /// Renders a template file of the kit.
    ///
    /// # Errors
    /// When the template is missing or invalid, or reads an undefined value.
    pub fn file(&self, path: &str, escape: Escape, scope: &Scope) -> Result<String, Problem> {
        let mut last = self.last.borrow_mut();
        let loaded = match last.take() {
            Some((kind, name, loaded)) if kind == escape && name == path => loaded,
            _ => self.load(path, escape)?,
        };
        let (_, _, loaded) = last.insert((escape, path.to_owned(), loaded));
        loaded.check(path, scope)?;
        loaded.tera.render(path, &scope.context).map_err(|e| template_error(path, &e))
    }

    fn inline(&self, at: &str, escape: Escape, template: &str, scope: &Scope) -> Result<String, Problem> {
        let tera = self.inline.get(&escape).ok_or_else(|| internal(at))?;
        tera.render_str(template, &scope.context, true).map_err(|e| template_error(at, &e))
    }

    /// Checks a template file without rendering it; answers the templates that it includes.
    pub(super) fn check_file(&self, path: &str, scope: &Scope) -> Result<Vec<String>, Problem> {
        let loaded = self.load(path, Escape::Path)?;
        loaded.check(path, scope)?;
        Ok(loaded.tera.get_template_names().filter(|name| *name != path).map(str::to_owned).collect())
    }

    /// tera lets `{% if typo %}` pass: variables are checked apart.
    pub(super) fn known_variables(&self, at: &str, template: &str, scope: &Scope) -> Result<(), Problem> {
        let mut known = self.variables.borrow_mut();
        if !known.contains_key(template) {
            let mut tera = bare(Escape::Path);
            tera.add_raw_template(at, template).map_err(|e| template_error(at, &e))?;
            let used = tera.get_template_variables(at).map_err(|e| template_error(at, &e))?;
            known.insert(template.to_owned(), used.into_iter().map(str::to_owned).collect());
        }
        unknown_variable(at, known.get(template).into_iter().flatten().map(String::as_str), scope)
    }

    fn load(&self, path: &str, escape: Escape) -> Result<Loaded, Problem> {
        let mut bound = BTreeSet::new();
        let mut sources: BTreeMap<String, &str> = BTreeMap::new();
        let mut pending = vec![path.to_owned()];
        while let Some(name) = pending.pop() {
            if sources.contains_key(&name) {
                continue;
            }
            let source = self.files.text(&name)?;
            let includes = included(source);
            if !includes.is_empty() {
                bound.extend(bound_names(source));
            }
            pending.extend(includes);
            sources.insert(name, source);
        }
        let mut tera = bare(escape);
        tera.add_raw_templates(sources.iter().map(|(name, source)| (name.clone(), *source))).map_err(|e| template_error(path, &e))?;
        Ok(Loaded { tera, bound })
    }
}

impl Loaded {
    /// Refuses a variable that is neither in scope nor bound by the template itself.
    fn check(&self, path: &str, scope: &Scope) -> Result<(), Problem> {
        let used = self.tera.get_template_variables(path).map_err(|e| template_error(path, &e))?;
        unknown_variable(path, used.iter().copied().filter(|name| !self.bound.contains(*name)), scope)
    }
}

fn unknown_variable<'a>(at: &str, used: impl Iterator<Item = &'a str>, scope: &Scope) -> Result<(), Problem> {
    let mut unknown: Vec<&str> = used.filter(|name| !scope.names.contains(*name)).collect();
    unknown.sort_unstable();
    match unknown.first() {
        None => Ok(()),
        Some(name) => Err(Problem::new(at, text!("variable inconnue dans le gabarit : `{name}`", "unknown variable in the template: `{name}`"))),
    }
}

/// What follows `{%` in each statement of a template.
fn statements(source: &str) -> impl Iterator<Item = &str> {
    source.match_indices("{%").map(|(start, _)| source[start + 2..].trim_start_matches('-').trim_start())
}

/// Names of the templates that a template includes.
fn included(source: &str) -> Vec<String> {
    statements(source).filter_map(|s| Some(s.strip_prefix("include")?.trim_start().strip_prefix('"')?.split('"').next()?.to_owned())).collect()
}

/// Names that a template binds with `for`, `set` and `set_global`.
fn bound_names(source: &str) -> Vec<String> {
    let words = |s: &str, n: usize| {
        s.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).take(n).map(str::to_owned).collect::<Vec<_>>()
    };
    statements(source)
        .flat_map(|s| match s.split_once(char::is_whitespace) {
            Some(("for", rest)) => words(rest.split(" in ").next().unwrap_or_default(), 2),
            Some(("set" | "set_global", rest)) => words(rest, 1),
            _ => Vec::new(),
        })
        .collect()
}

fn bare(escape: Escape) -> Tera {
    let mut tera = Tera::new();
    // Every template is escaped, whatever its name.
    tera.autoescape_on([""]);
    tera.set_escape_fn(escape.function());
    tera.register_filter("json", json);
    tera.register_filter("slug", slug);
    tera.register_filter("letter_first", letter_first);
    tera
}

/// `{{ value | json }}`: the value as JSON, which is YAML too; for lists and records.
#[expect(clippy::needless_pass_by_value, reason = "the signature of a tera filter")]
fn json(value: tera::Value, _: Kwargs, _: &State) -> tera::TeraResult<tera::Value> {
    let json: Value = serde_json::to_value(&value).map_err(|e| tera::Error::message(e.to_string()))?;
    Ok(tera::Value::safe_string(&json_text(&json)))
}

fn json_text(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let mut literal = Vec::new();
            // Writing to a Vec cannot fail.
            let _ = super::escape::quoted(text, &mut literal);
            String::from_utf8_lossy(&literal).into_owned()
        }
        Value::Array(items) => format!("[{}]", items.iter().map(json_text).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{}: {}", json_text(&k.as_str().into()), json_text(v))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// `{{ text | slug }}`: lower-case ASCII letters and digits, 20 at most: the console's rule for project names
/// (Cloud π Native, `packages/shared/src/schemas`).
fn slug(value: &str, _: Kwargs, _: &State) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    value.nfkd().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(20).collect()
}

/// `{{ slug | letter_first }}`: prefixed with `a` when it starts with a digit, which Service names refuse (DNS-1035).
fn letter_first(value: &str, _: Kwargs, _: &State) -> String {
    if value.starts_with(|c: char| c.is_ascii_digit()) { format!("a{value}") } else { value.to_owned() }
}

fn template_error(at: &str, error: &tera::Error) -> Problem {
    let mut detail = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        detail = format!("{detail} : {cause}");
        source = cause.source();
    }
    Problem::new(at, text!("gabarit invalide : {detail}", "invalid template: {detail}"))
}

fn internal(at: &str) -> Problem {
    Problem::new(at, text!("gabarit introuvable : défaut de mirai-kit", "template not loaded: a defect of mirai-kit"))
}
