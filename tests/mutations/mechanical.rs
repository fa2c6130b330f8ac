//! Every key and list item deleted, every scalar altered; every instruction of a Dockerfile, every statement of SQL deleted.

use serde_json::{Value, json};

use crate::subject::Subject;

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

enum Target {
    Document(usize),
    Text(String),
}

pub struct Mutation {
    target: Target,
    /// Kind of object, or file.
    pub subject: String,
    /// JSON pointer, or the line.
    pub place: String,
    pub change: Change,
    /// The content after the change, for a text.
    content: String,
}

impl Mutation {
    pub fn applied(&self, subject: &Subject) -> Subject {
        let mut spoilt = subject.clone();
        match &self.target {
            Target::Document(index) => apply(&mut spoilt.documents[*index].value, &self.place, self.change),
            Target::Text(path) => drop(spoilt.files.insert(path.clone(), self.content.clone())),
        }
        spoilt
    }
}

pub fn all(subject: &Subject) -> Vec<Mutation> {
    let mut all = Vec::new();
    for (index, document) in subject.documents.iter().enumerate() {
        let kind = document.value["kind"].as_str().unwrap();
        if !KINDS.contains(&kind) {
            continue;
        }
        of_value(&document.value, &mut |place, change| {
            let subject = format!("{kind}/{}", document.value["metadata"]["name"].as_str().unwrap_or_default());
            all.push(Mutation { target: Target::Document(index), subject, place, change, content: String::new() });
        });
    }
    for (path, content) in &subject.files {
        if path.ends_with("/Dockerfile") {
            let parts: Vec<&str> = content.split_inclusive('\n').collect();
            of_text(path, &parts, &|part| !part.starts_with('#') && !part.trim().is_empty(), &mut all);
        } else if std::path::Path::new(path).extension().is_some_and(|e| e == "sql") {
            let parts = statements(content);
            of_text(path, &parts, &|part| part.lines().any(|l| !l.trim().is_empty() && !l.starts_with("--")), &mut all);
        }
    }
    all
}

/// Kinds whose every key is mutated here. The others (workloads, network policies, secrets, roles, the database, Argo CD's
/// objects, pipelines) are mutated by hand in `written.yaml`: a reason has still to be written for each of their fields.
const KINDS: [&str; 9] = [
    "Service",
    "ServiceAccount",
    "Ingress",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "ServiceMonitor",
    "PodMonitor",
    "ImageCatalog",
    "ScheduledBackup",
];

/// The parts of a text, each deleted in turn.
fn of_text(path: &str, parts: &[&str], counts: &dyn Fn(&str) -> bool, all: &mut Vec<Mutation>) {
    for (index, part) in parts.iter().enumerate().filter(|(_, part)| counts(part)) {
        let content = parts.iter().enumerate().filter(|(i, _)| *i != index).map(|(_, p)| *p).collect();
        let said = part.lines().find(|l| !l.trim().is_empty() && !l.starts_with("--")).unwrap_or_default();
        let place = said.split_whitespace().take(9).collect::<Vec<_>>().join(" ");
        all.push(Mutation { target: Target::Text(path.to_owned()), subject: path.to_owned(), place, change: Change::Deleted, content });
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
