//! YAML as a tree that remembers the line of every key and value: a refusal must name the place, and all refusals must
//! come at once, which a typed deserialisation (first error only) cannot do.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::report::Sink;

/// A value and the line (from 1) where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub line: u64,
    pub value: Value,
}

/// What YAML 1.2 says the value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Value {
    /// What a person calls this kind of value.
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "rien",
            Self::Bool(_) => "un booléen",
            Self::Int(_) | Self::Float(_) => "un nombre",
            Self::Text(_) => "un texte",
            Self::List(_) => "une liste",
            Self::Map(_) => "un bloc de clés",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { line: spanned.referenced.line(), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Int(v))
    }
    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Value, E> {
        i64::try_from(v).map(Value::Int).map_err(|_| E::custom("nombre trop grand"))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Float(v))
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Text(v.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}

/// A block of keys being read: hands out values by key and refuses whatever was not asked for.
pub(super) struct Block<'a> {
    pub line: u64,
    path: String,
    entries: &'a [(Node, Node)],
    known: Vec<&'static str>,
}

impl<'a> Block<'a> {
    /// Reads `node` as a block; anything else is refused and read as an empty block.
    pub fn new(node: &'a Node, path: &str, sink: &mut Sink) -> Self {
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            other => {
                sink.error(node.line, format!("{path} : un bloc de clés est attendu, {} est donné", other.kind()), "cle: valeur");
                &[]
            }
        };
        Self { line: node.line, path: path.to_owned(), entries, known: Vec::new() }
    }

    /// The value of `key`, if present.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.entries.iter().find(|(k, _)| matches!(&k.value, Value::Text(t) if t == key)).map(|(_, v)| v)
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
        self.entries.iter().find(|(k, _)| matches!(&k.value, Value::Text(t) if t == key)).map_or(self.line, |(_, v)| v.line)
    }

    /// Refuses the keys that nobody asked for.
    pub fn finish(self, sink: &mut Sink) {
        for (key, _) in self.entries {
            let known = matches!(&key.value, Value::Text(t) if self.known.contains(&t.as_str()));
            if !known {
                let name = if let Value::Text(t) = &key.value { t.as_str() } else { "?" };
                sink.error(key.line, format!("{} : la clé « {name} » est inconnue", self.path), &self.known.join(", "));
            }
        }
    }
}

/// Reads a text.
pub(super) fn text(node: &Node, path: &str, sink: &mut Sink) -> Option<String> {
    match &node.value {
        Value::Text(t) if !t.trim().is_empty() && !t.contains('\0') => Some(t.clone()),
        other => {
            sink.error(
                node.line,
                format!("{path} : un texte non vide est attendu, {} est donné", other.kind()),
                "un texte, entre guillemets au besoin",
            );
            None
        }
    }
}

/// Reads a boolean.
pub(super) fn boolean(node: &Node, path: &str, sink: &mut Sink) -> bool {
    if let Value::Bool(b) = node.value {
        return b;
    }
    sink.error(node.line, format!("{path} : un booléen est attendu, {} est donné", node.value.kind()), "true, false");
    false
}

/// Reads a list.
pub(super) fn list<'a>(node: &'a Node, path: &str, sink: &mut Sink) -> &'a [Node] {
    if let Value::List(items) = &node.value {
        return items;
    }
    sink.error(node.line, format!("{path} : une liste est attendue, {} est donné", node.value.kind()), "[a, b]");
    &[]
}

/// Reads the entries of a block whose keys are names chosen by the author.
pub(super) fn named<'a>(node: &'a Node, path: &str, sink: &mut Sink) -> Vec<(String, u64, &'a Node)> {
    let Value::Map(entries) = &node.value else {
        sink.error(node.line, format!("{path} : un bloc de clés est attendu, {} est donné", node.value.kind()), "nom: { … }");
        return Vec::new();
    };
    entries.iter().filter_map(|(k, v)| text(k, path, sink).map(|name| (name, k.line, v))).collect()
}
