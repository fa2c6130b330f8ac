//! Reading YAML: located errors, duplicate keys and unknown tags refused, YAML 1.2 booleans only, budgets against bombs.
//! The choice of the library is recorded in `docs/adr`.

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use crate::text;
use crate::text::{Problem, Text};

/// A YAML node with its place in the file.
#[derive(Debug, Clone)]
pub struct Node {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// What is there.
    pub kind: Kind,
}

/// The content of a [`Node`].
#[derive(Debug, Clone)]
pub enum Kind {
    /// A null, boolean, number or string.
    Scalar(Value),
    /// A sequence.
    Seq(Vec<Node>),
    /// A mapping with text keys, in order; each key with its line and column.
    Map(Vec<(String, (u64, u64), Node)>),
}

impl Node {
    /// The node without its places.
    #[must_use]
    pub fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::Seq(items) => Value::Array(items.iter().map(Node::value).collect()),
            Kind::Map(entries) => entries.iter().map(|(key, _, node)| (key.clone(), node.value())).collect::<Map<_, _>>().into(),
        }
    }
}

/// Parses a document into a type.
///
/// # Errors
/// With the file, line and column of the first problem.
pub fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Problem> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|e| located(name, &e))
}

/// Parses a document into located nodes; an empty document is an empty mapping.
///
/// # Errors
/// With the file, line and column of the first problem.
pub fn parse_located(name: &str, text: &str) -> Result<Node, Problem> {
    let spanned: Spanned<Raw> = parse(name, text)?;
    let node = spanned.into();
    Ok(node)
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn located(name: &str, error: &serde_saphyr::Error) -> Problem {
    let at = error.location().map_or_else(|| name.to_owned(), |l| format!("{name}:{}:{}", l.line(), l.column()));
    let detail = error.to_string();
    let detail = detail.lines().next().unwrap_or_default();
    let detail = detail.strip_prefix("error: ").unwrap_or(detail);
    let detail = match detail.split_once(": ") {
        Some((head, rest)) if head.starts_with("line ") => rest,
        _ => detail,
    };
    if let Some(key) = detail.strip_prefix("duplicate mapping key: ") {
        let key = key.split(", set DuplicateKeyPolicy").next().unwrap_or(key);
        return Problem::new(at, text!("clé en double : `{key}`", "duplicate key: `{key}`"))
            .hint(Text::new("gardez une seule des deux lignes", "keep one of the two lines"));
    }
    Problem::new(at, text!("YAML invalide : {detail}", "invalid YAML: {detail}"))
}

enum Raw {
    Scalar(Value),
    Seq(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl From<Spanned<Raw>> for Node {
    fn from(spanned: Spanned<Raw>) -> Self {
        let kind = match spanned.value {
            Raw::Scalar(value) => Kind::Scalar(value),
            Raw::Seq(items) => Kind::Seq(items.into_iter().map(Into::into).collect()),
            Raw::Map(entries) => {
                Kind::Map(entries.into_iter().map(|(k, v)| (k.value, (k.referenced.line(), k.referenced.column()), v.into())).collect())
            }
        };
        Self { line: spanned.referenced.line(), column: spanned.referenced.column(), kind }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key()? {
            entries.push((key, access.next_value()?));
        }
        Ok(Raw::Map(entries))
    }
}
