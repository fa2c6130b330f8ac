//! Every key and list item deleted, every scalar altered; every instruction of a Dockerfile, every statement of SQL deleted.

use std::collections::{BTreeMap, BTreeSet};

use mirai_kit::check::repository::extension;
use serde_json::{Value, json};

use crate::subject::{Subject, as_json, is_chain};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Deleted,
    Altered,
}

impl Change {
    pub fn id(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Altered => "altered",
        }
    }
}

/// What is judged together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Rendered,
    Manifests,
    Chains,
    Dockerfiles,
    Sql,
}

impl Part {
    pub const ALL: [Self; 5] = [Self::Rendered, Self::Manifests, Self::Chains, Self::Dockerfiles, Self::Sql];
}

enum Target {
    /// A rendered object, by its index.
    Object(usize),
    /// A document of a YAML file, by its index.
    Document(String, usize),
    /// A file, and its content after the change.
    Text(String, String),
}

pub struct Mutation {
    pub part: Part,
    target: Target,
    /// Kind of object, or `pipeline`, `workflow`, `Dockerfile`, `SQL`.
    pub kind: String,
    /// Name of the object, or path of the file.
    pub name: String,
    /// JSON pointer, or the line.
    pub place: String,
    pub change: Change,
}

impl Mutation {
    /// Spoils files, or tells which object is spoilt.
    pub fn apply(&self, subject: &Subject, files: &mut BTreeMap<String, String>) -> Option<(usize, Value)> {
        match &self.target {
            Target::Object(index) => return Some((*index, self.spoilt(&subject.documents[*index].value))),
            Target::Document(path, index) => {
                let mut all = subject.written[path].clone();
                all[*index] = self.spoilt(&all[*index]);
                files.insert(path.clone(), as_json(&all));
            }
            Target::Text(path, content) => drop(files.insert(path.clone(), content.clone())),
        }
        None
    }

    /// The file that it spoils, if it is one.
    pub fn file(&self) -> Option<&str> {
        match &self.target {
            Target::Object(_) => None,
            Target::Document(path, _) | Target::Text(path, _) => Some(path),
        }
    }

    fn spoilt(&self, value: &Value) -> Value {
        let mut value = value.clone();
        apply(&mut value, &self.place, self.change);
        value
    }
}

/// What is spoilt of a subject; `done` holds what another one has word for word, and is spoilt there alone.
pub fn all(subject: &Subject, done: &mut BTreeSet<String>) -> Vec<Mutation> {
    let mut all = Vec::new();
    for (index, document) in subject.documents.iter().enumerate() {
        if !done.insert(document.value.to_string()) {
            continue;
        }
        let (kind, name) = named(&document.value);
        of_value(&document.value, &mut |place, change| {
            let (kind, name) = (kind.clone(), name.clone());
            all.push(Mutation { part: Part::Rendered, target: Target::Object(index), kind, name, place, change });
        });
    }
    for (path, documents) in &subject.written {
        if done.insert(as_json(documents)) {
            of_file(path, documents, &mut all);
        }
    }
    for (path, content) in &subject.files {
        let text = path.ends_with("/Dockerfile") || extension(path) == "sql";
        if !text || !done.insert(content.clone()) {
            continue;
        }
        if path.ends_with("/Dockerfile") {
            let parts: Vec<&str> = content.split_inclusive('\n').collect();
            of_text((Part::Dockerfiles, "Dockerfile", path), &parts, &|part| !part.starts_with('#') && !part.trim().is_empty(), &mut all);
        } else {
            let parts = statements(content);
            of_text((Part::Sql, "SQL", path), &parts, &|part| part.lines().any(|l| !l.trim().is_empty() && !l.starts_with("--")), &mut all);
        }
    }
    all
}

fn named(object: &Value) -> (String, String) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/kind"), text("/metadata/name"))
}

fn of_file(path: &str, documents: &[Value], all: &mut Vec<Mutation>) {
    for (index, value) in documents.iter().enumerate() {
        let (part, kind, name) = if !is_chain(path) {
            let (kind, name) = named(value);
            (Part::Manifests, kind, name)
        } else if path.contains(".github/") {
            (Part::Chains, "workflow".to_owned(), path.to_owned())
        } else {
            (Part::Chains, "pipeline".to_owned(), path.to_owned())
        };
        of_value(value, &mut |place, change| {
            let target = Target::Document(path.to_owned(), index);
            all.push(Mutation { part, target, kind: kind.clone(), name: name.clone(), place, change });
        });
    }
}

/// The parts of a text, each deleted in turn.
fn of_text((part_of, kind, path): (Part, &str, &str), parts: &[&str], counts: &dyn Fn(&str) -> bool, all: &mut Vec<Mutation>) {
    for (index, part) in parts.iter().enumerate().filter(|(_, part)| counts(part)) {
        let content = parts.iter().enumerate().filter(|(i, _)| *i != index).map(|(_, p)| *p).collect();
        let said = part.lines().find(|l| !l.trim().is_empty() && !l.starts_with("--")).unwrap_or_default();
        let place = said.split_whitespace().take(9).collect::<Vec<_>>().join(" ");
        let target = Target::Text(path.to_owned(), content);
        all.push(Mutation { part: part_of, target, kind: kind.to_owned(), name: path.to_owned(), place, change: Change::Deleted });
    }
}

/// Statements of SQL, what ends with a semicolon at the end of a line outside dollar quotes; comments between them are parts
/// of their own.
fn statements(content: &str) -> Vec<&str> {
    let (mut parts, mut start, mut at, mut quoted) = (Vec::new(), 0, 0, false);
    for line in content.split_inclusive('\n') {
        at += line.len();
        quoted ^= (line.matches("$$").count() + line.matches("$rgpd$").count()) % 2 == 1;
        let comment = !quoted && start + line.len() == at && (line.starts_with("--") || line.trim().is_empty());
        if comment || !quoted && !line.trim_start().starts_with("--") && line.trim_end().ends_with(';') {
            parts.push(&content[start..at]);
            start = at;
        }
    }
    parts.push(&content[start..]);
    parts
}

fn of_value(value: &Value, out: &mut impl FnMut(String, Change)) {
    let mut waiting = vec![(String::new(), value)];
    while let Some((place, value)) = waiting.pop() {
        if !place.is_empty() {
            out(place.clone(), Change::Deleted);
        }
        match value {
            Value::Object(map) => waiting.extend(map.iter().map(|(key, inner)| (format!("{place}/{}", escaped(key)), inner))),
            Value::Array(items) => waiting.extend(items.iter().enumerate().map(|(i, inner)| (format!("{place}/{i}"), inner))),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) => out(place, Change::Altered),
        }
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn apply(value: &mut Value, place: &str, change: Change) {
    match change {
        Change::Altered => {
            let at = value.pointer_mut(place).unwrap();
            *at = match at {
                Value::Bool(on) => json!(!*on),
                Value::Number(number) => json!(number.as_i64().unwrap_or(7) + 1),
                Value::String(text) => json!(format!("{text}x")),
                other => panic!("{other}"),
            };
        }
        Change::Deleted => {
            let (parent, key) = place.rsplit_once('/').unwrap();
            let key = key.replace("~1", "/").replace("~0", "~");
            match value.pointer_mut(parent).unwrap() {
                Value::Object(map) => drop(map.shift_remove(&key).unwrap()),
                Value::Array(items) => drop(items.remove(key.parse().unwrap())),
                other => panic!("{other}"),
            }
        }
    }
}
