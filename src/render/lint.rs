//! Static checks of a kit, for what a rendering with one set of answers can't see: a variable misspelt in a branch that
//! these answers do not take, a file that no rule writes.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Engine, Scope};
use crate::kit::{FileRule, Kit, Question};
use crate::text;
use crate::text::{Problem, Text};

/// Every static problem of a kit.
#[must_use]
pub fn lint(kit: &Kit) -> Vec<Problem> {
    let mut lint = Lint { engine: Engine::new(&kit.files), problems: Vec::new(), used: BTreeSet::new() };
    let mut scope = Scope::new(&Map::new());
    for ambient in ["argument", "aujourdhui", "data"] {
        scope.set(ambient, &Value::Null);
    }
    for question in kit.questions() {
        lint.question(question, &scope);
        scope.set(&question.id, &Value::Null);
    }
    for constraint in &kit.manifest.constraints {
        lint.expression("kit.yaml", &constraint.refuse, &scope);
    }
    for warning in &kit.manifest.warnings {
        lint.expression("kit.yaml", &warning.condition, &scope);
    }
    for computed in &kit.manifest.computed {
        lint.template("kit.yaml", &computed.value, &scope);
        scope.set(&computed.id, &Value::Null);
    }
    lint.template("kit.yaml", &kit.manifest.repositories, &scope);
    for module in &kit.modules {
        let at = format!("modules/{}/module.yaml", module.id);
        if let Some(when) = &module.when {
            lint.expression(&at, when, &scope);
        }
        for rule in &module.files {
            lint.rule(kit, &at, &module.id, rule, &scope);
        }
        for evidence in &module.evidence {
            if let Some(when) = &evidence.when {
                lint.expression(&at, when, &scope);
            }
        }
    }
    lint.unused(kit);
    lint.problems
}

struct Lint<'k> {
    engine: Engine<'k>,
    problems: Vec<Problem>,
    used: BTreeSet<String>,
}

impl Lint<'_> {
    fn expression(&mut self, at: &str, expression: &str, scope: &Scope) {
        self.template(at, &format!("{{% if {expression} %}}{{% endif %}}"), scope);
    }

    fn template(&mut self, at: &str, template: &str, scope: &Scope) {
        self.problems.extend(self.engine.known_variables(at, template, scope).err());
    }

    fn question(&mut self, question: &Question, scope: &Scope) {
        let at = format!("kit.yaml ({})", question.id);
        if let Some(when) = &question.when {
            self.expression(&at, when, scope);
        }
        if let Some(pattern) = &question.pattern
            && let Err(error) = regex_lite::Regex::new(pattern)
        {
            self.problems.push(Problem::new(&at, text!("motif invalide : {error}", "invalid pattern: {error}")));
        }
        let mut inner = scope.clone();
        inner.set("cle", &Value::Null);
        if let Some(Value::String(default)) = &question.default {
            self.template(&at, default, &inner);
        }
        for field in &question.fields {
            self.question(field, &inner);
        }
    }

    fn rule(&mut self, kit: &Kit, at: &str, module: &str, rule: &FileRule, scope: &Scope) {
        let mut scope = scope.clone();
        for repetition in &rule.for_each {
            self.template(at, &format!("{{{{ {} }}}}", repetition.list), &scope);
            scope.set(&repetition.variable, &Value::Null);
        }
        self.template(at, &rule.to, &scope);
        if let Some(when) = &rule.when {
            self.expression(at, when, &scope);
        }
        let Some(from) = &rule.from else { return };
        let base = format!("modules/{module}/files/{from}");
        for path in kit.files.below(&base) {
            let excepted = rule.except.iter().any(|e| path[base.len()..].trim_start_matches('/') == e);
            if rule.generate.is_none() && excepted {
                continue;
            }
            self.used.insert(path.to_owned());
            if path.strip_suffix(".tera").is_some() {
                let includes = self.engine.check_file(path, &scope);
                match includes {
                    Ok(names) => self.used.extend(names),
                    Err(problem) => self.problems.push(problem),
                }
            }
        }
    }

    fn unused(&mut self, kit: &Kit) {
        for path in kit.files.paths() {
            let in_module = path.strip_prefix("modules/").and_then(|p| p.split_once('/')).is_some_and(|(_, p)| p.starts_with("files/"));
            if in_module && !self.used.contains(path) {
                self.problems.push(Problem::new(path, Text::new("fichier qu'aucune règle n'écrit", "file that no rule writes")));
            }
        }
    }
}
