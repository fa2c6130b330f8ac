//! A block of keys of a description, read key by key: every refusal names its place, and all refusals come at once, which
//! a typed deserialisation (first error only) cannot do.

use serde_json::Value;

use super::report::Sink;
use super::types::{DURATIONS, Duration};
use crate::yaml::{Kind, Node};

/// What a person calls what stands there.
fn kind(node: &Node) -> &'static str {
    match &node.kind {
        Kind::Scalar(Value::Bool(_)) => "un booléen",
        Kind::Scalar(Value::Number(_)) => "un nombre",
        Kind::Scalar(Value::String(_)) => "un texte",
        Kind::Scalar(_) => "rien",
        Kind::Seq(_) => "une liste",
        Kind::Map(_) => "un bloc de clés",
    }
}

/// A block of keys being read: hands out values by key and refuses whatever was not asked for.
pub(super) struct Block<'a> {
    pub line: u64,
    path: String,
    entries: &'a [(String, (u64, u64), Node)],
    known: Vec<&'static str>,
}

impl<'a> Block<'a> {
    /// Reads `node` as a block; anything else is refused and read as an empty block.
    pub fn new(node: &'a Node, path: &str, sink: &mut Sink) -> Self {
        let entries = if let Kind::Map(entries) = &node.kind {
            entries.as_slice()
        } else {
            sink.error(node.line, format!("{path} : un bloc de clés est attendu, {} est donné", kind(node)), "cle: valeur");
            &[]
        };
        Self { line: node.line, path: path.to_owned(), entries, known: Vec::new() }
    }

    /// The value of `key`, if present.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.find(key)
    }

    /// The value of `key`; its absence is refused.
    pub fn need(&mut self, key: &'static str, sink: &mut Sink) -> Option<&'a Node> {
        let found = self.get(key);
        if found.is_none() {
            sink.error(self.line, format!("{} : la clé « {key} » manque", self.path), &format!("{key}: …"));
        }
        found
    }

    /// A text, if present.
    pub fn text(&mut self, key: &'static str, sink: &mut Sink) -> Option<String> {
        let path = format!("{}.{key}", self.path);
        self.get(key).and_then(|node| text(node, &path, sink))
    }

    /// A text; its absence is refused.
    pub fn need_text(&mut self, key: &'static str, sink: &mut Sink) -> Option<String> {
        let path = format!("{}.{key}", self.path);
        self.need(key, sink).and_then(|node| text(node, &path, sink))
    }

    /// A duration; its absence is refused.
    pub fn need_duration(&mut self, key: &'static str, sink: &mut Sink) -> Option<Duration> {
        let text = self.need_text(key, sink)?;
        let duration = Duration::parse(&text);
        if duration.is_none() {
            sink.error(self.line_of(key), format!("{} : la durée « {text} » ne convient pas", self.path), DURATIONS);
        }
        duration
    }

    /// A boolean (false when absent).
    pub fn flag(&mut self, key: &'static str, sink: &mut Sink) -> bool {
        let path = format!("{}.{key}", self.path);
        self.get(key).is_some_and(|node| boolean(node, &path, sink))
    }

    /// A list of texts (empty when absent).
    pub fn texts(&mut self, key: &'static str, sink: &mut Sink) -> Vec<String> {
        let path = format!("{}.{key}", self.path);
        self.get(key).map(|node| list(node, &path, sink).iter().filter_map(|n| text(n, &path, sink)).collect()).unwrap_or_default()
    }

    /// A block below this one, if present.
    pub fn block(&mut self, key: &'static str, sink: &mut Sink) -> Option<Block<'a>> {
        let path = format!("{}.{key}", self.path);
        self.get(key).map(|node| Block::new(node, &path, sink))
    }

    /// The line of `key`'s value, else of the block.
    pub fn line_of(&self, key: &str) -> u64 {
        self.find(key).map_or(self.line, |node| node.line)
    }

    fn find(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|(k, ..)| k == key).map(|(.., node)| node)
    }

    /// Refuses the keys that nobody asked for.
    pub fn finish(self, sink: &mut Sink) {
        for (key, (line, _), _) in self.entries {
            if !self.known.contains(&key.as_str()) {
                sink.error(*line, format!("{} : la clé « {key} » est inconnue", self.path), &self.known.join(", "));
            }
        }
    }
}

/// Reads a text.
pub(super) fn text(node: &Node, path: &str, sink: &mut Sink) -> Option<String> {
    let text = node.as_str().filter(|t| !t.trim().is_empty() && !t.contains('\0'));
    if text.is_none() {
        sink.error(node.line, format!("{path} : un texte non vide est attendu, {} est donné", kind(node)), "un texte, entre guillemets au besoin");
    }
    text.map(str::to_owned)
}

/// Reads a boolean.
pub(super) fn boolean(node: &Node, path: &str, sink: &mut Sink) -> bool {
    if let Kind::Scalar(Value::Bool(b)) = node.kind {
        return b;
    }
    sink.error(node.line, format!("{path} : un booléen est attendu, {} est donné", kind(node)), "true, false");
    false
}

/// Reads a list.
pub(super) fn list<'a>(node: &'a Node, path: &str, sink: &mut Sink) -> &'a [Node] {
    if let Kind::Seq(items) = &node.kind {
        return items;
    }
    sink.error(node.line, format!("{path} : une liste est attendue, {} est donné", kind(node)), "[a, b]");
    &[]
}

/// Reads the entries of a block whose keys are names chosen by the author.
pub(super) fn named<'a>(node: &'a Node, path: &str, sink: &mut Sink) -> Vec<(&'a str, u64, &'a Node)> {
    let Kind::Map(entries) = &node.kind else {
        sink.error(node.line, format!("{path} : un bloc de clés est attendu, {} est donné", kind(node)), "nom: { … }");
        return Vec::new();
    };
    entries.iter().map(|(key, (line, _), node)| (key.as_str(), *line, node)).collect()
}
