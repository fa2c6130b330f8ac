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
    /// The null, boolean, number or string that stands here.
    #[must_use]
    pub fn scalar(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Scalar(value) => Some(value),
            Kind::Seq(_) | Kind::Map(_) => None,
        }
    }

    /// The string that stands here.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.scalar().and_then(Value::as_str)
    }

    /// The integer that stands here.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.scalar().and_then(Value::as_i64)
    }

    /// The node of a key, with the line of the key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<(usize, &Node)> {
        let Kind::Map(entries) = &self.kind else { return None };
        let (_, (line, _), node) = entries.iter().find(|(name, _, _)| name == key)?;
        Some((usize::try_from(*line).ok()?, node))
    }

    /// Line of what stands at a JSON pointer (RFC 6901): the line of its key, or of the item; of the last part that exists.
    #[must_use]
    pub fn line_of(&self, pointer: &str) -> usize {
        let mut line = usize::try_from(self.line).unwrap_or(1);
        let mut node = self;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let next = match &node.kind {
                Kind::Seq(items) => part.parse().ok().and_then(|i: usize| items.get(i)).map(|n| (usize::try_from(n.line).unwrap_or(line), n)),
                _ => node.get(&part),
            };
            let Some((at, inner)) = next else { break };
            (line, node) = (at, inner);
        }
        line
    }

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

/// First byte and content of a line of a text, from 1, without its end.
#[must_use]
pub fn line_span(text: &str, line: usize) -> Option<(usize, &str)> {
    let mut start = 0;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        if index + 1 == line {
            return Some((start, whole.trim_end_matches(['\n', '\r'])));
        }
        start += whole.len();
    }
    None
}

/// Bytes of a line before a column, from 1, counted in characters.
#[must_use]
pub fn offset(line: &str, column: u64) -> Option<usize> {
    let wanted = usize::try_from(column).ok()?.checked_sub(1)?;
    line.char_indices().map(|(at, _)| at).chain([line.len()]).nth(wanted)
}

/// A fault of the text itself, before any meaning is read.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Line and column, from 1, when the fault has a place.
    pub place: Option<(u64, u64)>,
    /// What is wrong.
    pub what: Text,
    /// What to do, when there is something to do.
    pub hint: Option<Text>,
}

impl Fault {
    /// The problem of the file `name`.
    #[must_use]
    pub fn within(self, name: &str) -> Problem {
        let at = self.place.map_or_else(|| name.to_owned(), |(line, column)| format!("{name}:{line}:{column}"));
        Problem { at, what: self.what, hint: self.hint }
    }
}

/// Parses a document into a type; [`Node`] keeps the place of everything.
///
/// # Errors
/// With the file, line and column of the first problem.
pub fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Problem> {
    read(text).map_err(|fault| fault.within(name))
}

/// As [`parse`], for a caller with its own form of refusals.
///
/// # Errors
/// The first fault.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|e| fault(&e))
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

fn fault(error: &serde_saphyr::Error) -> Fault {
    let place = error.location().map(|l| (l.line(), l.column()));
    let detail = error.to_string();
    let detail = detail.lines().next().unwrap_or_default();
    let detail = detail.strip_prefix("error: ").unwrap_or(detail);
    let detail = match detail.split_once(": ") {
        Some((head, rest)) if head.starts_with("line ") => rest,
        _ => detail,
    };
    if let Some(key) = detail.strip_prefix("duplicate mapping key: ") {
        let key = key.split(", set DuplicateKeyPolicy").next().unwrap_or(key);
        return Fault {
            place,
            what: text!("clé en double : `{key}`", "duplicate key: `{key}`"),
            hint: Some(Text::new("gardez une seule des deux lignes", "keep one of the two lines")),
        };
    }
    Fault { place, what: text!("YAML invalide : {detail}", "invalid YAML: {detail}"), hint: None }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Kind>::deserialize(deserializer)?;
        Ok(Self { line: spanned.referenced.line(), column: spanned.referenced.column(), kind: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyKind)
    }
}

struct AnyKind;

impl<'de> Visitor<'de> for AnyKind {
    type Value = Kind;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Scalar(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Kind::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let place = (key.referenced.line(), key.referenced.column());
            entries.push((key.value, place, access.next_value()?));
        }
        Ok(Kind::Map(entries))
    }
}
