//! Values still to be given, in an object: a rule that looked at one of them proves nothing yet.

use serde_json::Value;

use crate::check::{ORIGIN, PLACEHOLDER, WAITING};

/// Whether an object holds one.
pub fn any(object: &Value) -> bool {
    first(object).is_some()
}

/// The first one at a JSON pointer, above it or below it; anywhere in the object for the object itself.
pub fn at(object: &Value, pointer: &str) -> Option<String> {
    let mut value = object;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let next = match value {
            Value::Object(map) => map.get(&part),
            Value::Array(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
            Value::String(_) => break,
            _ => None,
        };
        value = next?;
    }
    first(value)
}

fn first(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains(PLACEHOLDER).then(|| text.chars().take(80).collect()),
        Value::Array(items) => items.iter().find_map(first),
        Value::Object(map) => map.iter().filter(|(key, _)| *key != ORIGIN && *key != WAITING).find_map(|(_, inner)| first(inner)),
        _ => None,
    }
}
