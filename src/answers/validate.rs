//! Typing and validation of one value against its question. Every problem of a value is reported, each at its own place.

use std::collections::BTreeSet;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::given::Origin;
use crate::date::is_date;
use crate::kit::{Choice, Kit, Question, QuestionType};
use crate::render::{Engine, Scope};
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml::{Kind, Node};

/// Validates values against questions, in the light of the answers known so far.
pub(super) struct Validator<'a> {
    pub kit: &'a Kit,
    pub engine: &'a Engine<'a>,
    pub scope: &'a Scope,
    pub values: &'a Map<String, Value>,
    pub origin: &'a Origin,
}

type Checked = Result<Value, Vec<Problem>>;

impl Validator<'_> {
    /// The typed value of a node, missing fields of records completed by their defaults.
    pub fn check(&self, path: &str, question: &Question, node: &Node) -> Checked {
        match question.kind {
            QuestionType::Text => self.text(path, question, node),
            QuestionType::Choice => self.choice(path, &self.kit.choices(question), question, node),
            QuestionType::Choices => self.choices(path, question, node),
            QuestionType::Bool => match &node.kind {
                Kind::Scalar(value @ Value::Bool(_)) => Ok(value.clone()),
                _ => self.wrong_type(path, node, &Text::new("true ou false", "true or false")),
            },
            QuestionType::Int => self.int(path, question, node),
            QuestionType::Date => self.date(path, node),
            QuestionType::Record => self.record(path, question, node, self.scope),
            QuestionType::Records => self.records(path, question, node),
            QuestionType::Map => self.map(path, question, node),
        }
    }

    fn problem(&self, path: &str, node: &Node, what: &Text) -> Problem {
        self.problem_at(path, (node.line, node.column), what)
    }

    fn problem_at(&self, path: &str, (line, column): (u64, u64), what: &Text) -> Problem {
        let at = self.origin.at(line, column);
        let at = if at.is_empty() { path.to_owned() } else { at };
        Problem::new(at, Text::new(format!("`{path}` : {}", what.fr), format!("`{path}`: {}", what.en)))
    }

    fn refused<T>(&self, path: &str, question: &Question, node: &Node, what: &Text) -> Result<T, Vec<Problem>> {
        let problem = self.problem(path, node, what);
        Err(vec![match &question.hint {
            Some(hint) => problem.hint(hint.clone()),
            None => problem,
        }])
    }

    fn wrong_type<T>(&self, path: &str, node: &Node, expected: &Text) -> Result<T, Vec<Problem>> {
        let (fr, en) = match &node.kind {
            Kind::Scalar(Value::Null) => ("une valeur vide", "an empty value"),
            Kind::Scalar(Value::Bool(_)) => ("un booléen", "a boolean"),
            Kind::Scalar(Value::Number(_)) => ("un nombre", "a number"),
            Kind::Scalar(_) => ("un texte", "a text"),
            Kind::Seq(_) => ("une liste", "a list"),
            Kind::Map(_) => ("un enregistrement", "a record"),
        };
        let problem = self.problem(
            path,
            node,
            &Text::new(
                format!("{fr} n'est pas accepté ici, il faut {}", expected.fr),
                format!("{en} is not accepted here, expected {}", expected.en),
            ),
        );
        let unquoted = matches!(&node.kind, Kind::Scalar(Value::Bool(_) | Value::Number(_)));
        Err(vec![if unquoted && expected.en.starts_with("a text") {
            problem.hint(Text::new("mettez la valeur entre guillemets", "put the value between quotes"))
        } else {
            problem
        }])
    }

    fn text(&self, path: &str, question: &Question, node: &Node) -> Checked {
        let Kind::Scalar(Value::String(value)) = &node.kind else {
            return self.wrong_type(path, node, &Text::new("un texte", "a text"));
        };
        if let Some(c) = value.chars().find(|&c| c.is_control() && !(question.multiline && c == '\n')) {
            let code = u32::from(c);
            return self.refused(
                path,
                question,
                node,
                &text!("caractère de contrôle U+{code:04X} interdit", "control character U+{code:04X} is not allowed"),
            );
        }
        let length = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
        if let Some(min) = question.min.filter(|&min| length < min) {
            return self.refused(
                path,
                question,
                node,
                &text!("trop court : {length} caractères, minimum {min}", "too short: {length} characters, minimum {min}"),
            );
        }
        if let Some(max) = question.max.filter(|&max| length > max) {
            return self.refused(
                path,
                question,
                node,
                &text!("trop long : {length} caractères, maximum {max}", "too long: {length} characters, maximum {max}"),
            );
        }
        if let Some(pattern) = &question.pattern {
            let matches = Regex::new(pattern).is_ok_and(|r| r.is_match(value));
            if !matches {
                return self.refused(path, question, node, &text!("{value:?} ne convient pas", "{value:?} is not valid"));
            }
        }
        Ok(Value::String(value.clone()))
    }

    fn choice(&self, path: &str, choices: &[Choice], question: &Question, node: &Node) -> Checked {
        // `1.28` without quotes is a number for YAML and a version for people.
        let given = match &node.kind {
            Kind::Scalar(Value::String(text)) => text.clone(),
            Kind::Scalar(value @ Value::Number(_)) => value.to_string(),
            _ => return self.wrong_type(path, node, &Text::new("un des choix", "one of the choices")),
        };
        if choices.iter().any(|c| c.value == given) {
            return Ok(Value::String(given));
        }
        let list = choices.iter().map(|c| c.value.as_str()).collect::<Vec<_>>().join(", ");
        let problem = self.problem(path, node, &text!("{given:?} n'est pas un des choix", "{given:?} is not one of the choices"));
        let hint = question.hint.clone().unwrap_or_else(|| text!("choix possibles : {list}", "possible choices: {list}"));
        Err(vec![problem.hint(hint)])
    }

    fn choices(&self, path: &str, question: &Question, node: &Node) -> Checked {
        let Kind::Seq(items) = &node.kind else {
            return self.wrong_type(path, node, &Text::new("une liste de choix", "a list of choices"));
        };
        let choices = self.kit.choices(question);
        let mut seen = BTreeSet::new();
        let mut problems = Vec::new();
        let mut values = Vec::new();
        for (i, item) in items.iter().enumerate() {
            match self.choice(&format!("{path}[{i}]"), &choices, question, item) {
                Ok(value) if !seen.insert(value.to_string()) => {
                    problems.push(self.problem(path, item, &text!("{value} est donné deux fois", "{value} is given twice")));
                }
                Ok(value) => values.push(value),
                Err(more) => problems.extend(more),
            }
        }
        self.count(path, question, node, values.len(), &mut problems);
        if problems.is_empty() { Ok(Value::Array(values)) } else { Err(problems) }
    }

    fn count(&self, path: &str, question: &Question, node: &Node, count: usize, problems: &mut Vec<Problem>) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if let Some(min) = question.min.filter(|&min| count < min) {
            problems.push(self.problem(path, node, &text!("il en faut au moins {min}", "at least {min} needed")));
        }
        if let Some(max) = question.max.filter(|&max| count > max) {
            problems.push(self.problem(path, node, &text!("{count} éléments, maximum {max}", "{count} items, maximum {max}")));
        }
    }

    fn int(&self, path: &str, question: &Question, node: &Node) -> Checked {
        let Some(value) = (match &node.kind {
            Kind::Scalar(Value::Number(number)) => number.as_i64(),
            _ => None,
        }) else {
            return self.wrong_type(path, node, &Text::new("un nombre entier", "a whole number"));
        };
        if question.min.is_some_and(|min| value < min) || question.max.is_some_and(|max| value > max) {
            return self.refused(path, question, node, &text!("{value} est hors limites", "{value} is out of bounds"));
        }
        Ok(value.into())
    }

    fn date(&self, path: &str, node: &Node) -> Checked {
        match &node.kind {
            Kind::Scalar(Value::String(value)) if is_date(value) => Ok(Value::String(value.clone())),
            Kind::Scalar(Value::String(value)) => Err(vec![
                self.problem(path, node, &text!("{value:?} n'est pas une date", "{value:?} is not a date"))
                    .hint(Text::new("écrivez AAAA-MM-JJ, par exemple 2026-01-31", "write YYYY-MM-DD, for example 2026-01-31")),
            ]),
            _ => self.wrong_type(path, node, &Text::new("une date AAAA-MM-JJ", "a date YYYY-MM-DD")),
        }
    }

    fn record(&self, path: &str, question: &Question, node: &Node, scope: &Scope) -> Checked {
        let Kind::Map(entries) = &node.kind else {
            return self.wrong_type(path, node, &Text::new("un enregistrement", "a record"));
        };
        let mut problems = Vec::new();
        for (key, place, _) in entries {
            if !question.fields.iter().any(|f| f.id == *key) {
                let known = question.fields.iter().map(|f| f.id.as_str()).collect::<Vec<_>>().join(", ");
                let what = text!("champ inconnu `{key}`", "unknown field `{key}`");
                problems.push(self.problem_at(path, *place, &what).hint(text!("champs possibles : {known}", "possible fields: {known}")));
            }
        }
        let mut record = Map::new();
        for field in &question.fields {
            let path = format!("{path}.{}", field.id);
            let given = entries.iter().find(|(key, _, _)| *key == field.id).map(|(_, _, node)| node);
            let checked = match given {
                Some(node) => self.check(&path, field, node),
                None => self
                    .default_of(&path, field, scope)
                    .and_then(|value| value.ok_or_else(|| vec![self.problem(&path, node, &Text::new("valeur obligatoire", "a value is required"))])),
            };
            match checked {
                Ok(value) => {
                    record.insert(field.id.clone(), value);
                }
                Err(more) => problems.extend(more),
            }
        }
        if problems.is_empty() { Ok(Value::Object(record)) } else { Err(problems) }
    }

    fn records(&self, path: &str, question: &Question, node: &Node) -> Checked {
        let Kind::Seq(items) = &node.kind else {
            return self.wrong_type(path, node, &Text::new("une liste d'enregistrements", "a list of records"));
        };
        let mut problems = Vec::new();
        let mut records = Vec::new();
        for (i, item) in items.iter().enumerate() {
            match self.record(&format!("{path}[{i}]"), question, item, self.scope) {
                Ok(record) => records.push(record),
                Err(more) => problems.extend(more),
            }
        }
        for field in &question.unique {
            let mut seen = BTreeSet::new();
            for (record, item) in records.iter().zip(items) {
                let value = record.get(field).map(Value::to_string).unwrap_or_default();
                if !seen.insert(value.clone()) {
                    problems.push(self.problem(
                        path,
                        item,
                        &text!("{value} est donné deux fois pour `{field}`", "{value} is given twice for `{field}`"),
                    ));
                }
            }
        }
        self.count(path, question, node, items.len(), &mut problems);
        if problems.is_empty() { Ok(Value::Array(records)) } else { Err(problems) }
    }

    fn map(&self, path: &str, question: &Question, node: &Node) -> Checked {
        let Kind::Map(entries) = &node.kind else {
            return self.wrong_type(path, node, &Text::new("un enregistrement par clé", "a record per key"));
        };
        let keys = self.keys_of(question);
        let mut problems = Vec::new();
        for (key, place, _) in entries {
            if !keys.contains(key) {
                let list = keys.join(", ");
                let what = text!("clé inconnue `{key}`", "unknown key `{key}`");
                problems.push(self.problem_at(path, *place, &what).hint(text!("clés attendues : {list}", "expected keys: {list}")));
            }
        }
        let mut map = Map::new();
        for key in &keys {
            let mut scope = self.scope.clone();
            scope.set("cle", &Value::String(key.clone()));
            let empty = Node { line: node.line, column: node.column, kind: Kind::Map(Vec::new()) };
            let given = entries.iter().find(|(k, _, _)| k == key).map_or(&empty, |(_, _, node)| node);
            match self.record(&format!("{path}.{key}"), question, given, &scope) {
                Ok(record) => {
                    map.insert(key.clone(), record);
                }
                Err(more) => problems.extend(more),
            }
        }
        if problems.is_empty() { Ok(Value::Object(map)) } else { Err(problems) }
    }

    pub fn keys_of(&self, question: &Question) -> Vec<String> {
        let Some((list, field)) = question.keyed_by.as_deref().and_then(|k| k.split_once('.')) else { return Vec::new() };
        let items = self.values.get(list).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(|item| item.get(field)?.as_str().map(str::to_owned)).collect()
    }

    /// The default of a question, or `None` when it has none.
    pub fn default_of(&self, path: &str, question: &Question, scope: &Scope) -> Result<Option<Value>, Vec<Problem>> {
        match (&question.default, question.kind) {
            (Some(Value::String(template)), _) if template.contains("{{") || template.contains("{%") => {
                self.engine.yaml(&format!("kit.yaml ({path})"), template, scope).map(Some).map_err(|p| vec![p])
            }
            (Some(value), _) => Ok(Some(value.clone())),
            (None, QuestionType::Record) => {
                let empty = Node { line: 0, column: 0, kind: Kind::Map(Vec::new()) };
                self.record(path, question, &empty, scope).map(Some)
            }
            (None, QuestionType::Map) => {
                let empty = Node { line: 0, column: 0, kind: Kind::Map(Vec::new()) };
                self.map(path, question, &empty).map(Some)
            }
            (None, _) => Ok(None),
        }
    }
}
