//! The verdict on a repository. [`gather`] turns a folder into objects and files, [`rules`] are pure functions over them
//! (each says how many objects it examined, because a rule that examined nothing proves nothing), [`catalog`] says what each
//! rule means, [`judge`] runs them, [`status`] turns what they saw into the status of each requirement, never greener.

mod aside;
pub mod baseline;
pub mod catalog;
pub mod ci;
pub mod fix;
mod gather;
pub mod helm;
pub mod judge;
pub mod migrations;
mod pods;
pub mod program;
mod prove;
mod quantity;
mod ready;
pub mod records;
pub mod report;
pub mod repository;
pub mod rules;
pub mod shell;
pub mod sql;
pub mod status;
pub mod verdict;
pub mod view;
mod waivers;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::text::Text;

pub use aside::{Aside, Cause};
pub use pods::{Container, Pod, pods, unknown_workload};

/// Something wrong with an object or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Id of the rule.
    pub rule: &'static str,
    /// What [`cite`] says of the object; job, dependency or nothing, in a file.
    pub object: String,
    /// Where.
    pub spot: Spot,
    /// What exactly.
    pub detail: Text,
}

/// Where a finding stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// In the object cited, below this JSON pointer (empty: the object itself).
    Field(String),
    /// In a file, at a line (from 1) where it is known.
    File(String, Option<usize>),
}

/// What a set of rules saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Number of objects (or containers, ports, references: the rule's own unit) each rule examined.
    pub examined: BTreeMap<&'static str, usize>,
    /// What it found, in the order of the objects.
    pub findings: Vec<Finding>,
    /// Rules that judged something which holds a value still to be given, with where: they prove nothing until it is.
    pub waits: BTreeMap<&'static str, String>,
    /// What rules looked at in objects that hold such a value: rule, object, JSON pointer.
    pub(crate) looked: std::collections::BTreeSet<(&'static str, String, String)>,
}

impl Report {
    /// Counts one examined object, and a finding when there is a problem. A `String` is a technical fact, the same in every
    /// language (a field and its value); a sentence is a [`Text`].
    pub(crate) fn see(&mut self, rule: &'static str, object: &str, problem: Option<impl Into<Text>>) {
        self.see_at(rule, object, "", problem);
    }

    /// The same, about one field of the object (JSON pointer): the report shows its line.
    pub(crate) fn see_at(&mut self, rule: &'static str, object: &str, field: &str, problem: Option<impl Into<Text>>) {
        self.add(rule, object, || Spot::Field(field.to_owned()), problem);
    }

    /// Counts one examined thing of a file, and a finding at its line when there is a problem.
    pub(crate) fn see_in(&mut self, rule: &'static str, file: &str, line: Option<usize>, problem: Option<impl Into<Text>>) {
        self.see_part(rule, file, line, "", problem);
    }

    /// The same, about a part of the file that has a name (job, dependency, column).
    pub(crate) fn see_part(&mut self, rule: &'static str, file: &str, line: Option<usize>, part: &str, problem: Option<impl Into<Text>>) {
        self.add(rule, part, || Spot::File(file.to_owned(), line), problem);
    }

    fn add(&mut self, rule: &'static str, object: &str, spot: impl Fn() -> Spot, problem: Option<impl Into<Text>>) {
        *self.examined.entry(rule).or_default() += 1;
        if object.contains(WAITING)
            && let Spot::Field(field) = spot()
        {
            self.looked.insert((rule, object.to_owned(), field));
        }
        if let Some(detail) = problem {
            self.findings.push(Finding { rule, object: object.to_owned(), spot: spot(), detail: detail.into() });
        }
    }

    /// Notes that what a rule judged still waits for a value, and where.
    pub(crate) fn wait(&mut self, rule: &'static str, place: &str) {
        remember(&mut self.waits, rule, place.to_owned());
    }

    /// Adds what another report saw.
    pub fn merge(&mut self, other: Self) {
        for (rule, place) in other.waits {
            remember(&mut self.waits, rule, place);
        }
        for (rule, count) in other.examined {
            *self.examined.entry(rule).or_default() += count;
        }
        self.findings.extend(other.findings);
        self.looked.extend(other.looked);
    }

    /// Forgets what one rule saw: it does not apply here.
    pub(crate) fn drop_rule(&mut self, rule: &str) {
        self.examined.remove(rule);
        self.waits.remove(rule);
        self.looked.retain(|(looking, ..)| *looking != rule);
        self.findings.retain(|f| f.rule != rule);
    }

    /// Findings of one rule.
    #[must_use]
    pub fn of(&self, rule: &str) -> Vec<&Finding> {
        self.findings.iter().filter(|f| f.rule == rule).collect()
    }
}

/// Keeps one place for each rule, the same whatever the order in which objects come.
pub(crate) fn remember(waits: &mut BTreeMap<&'static str, String>, rule: &'static str, place: String) {
    let known = waits.entry(rule).or_insert_with(|| place.clone());
    if place < *known {
        *known = place;
    }
}

/// Kind of an object, empty when it has none.
#[must_use]
pub fn kind(object: &Value) -> &str {
    object.get("kind").and_then(Value::as_str).unwrap_or_default()
}

/// Name of an object, empty when it has none.
#[must_use]
pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// Key that [`gather`] adds to each object, and sign before its value in what [`cite`] says: objects of one kind and name may
/// stand in several files. No YAML text can hold this control character.
pub(crate) const ORIGIN: &str = "\u{1f}";

/// Key that [`judge`] adds to an object of a production that holds a value still to be given, and sign at the end of what
/// [`cite`] says of it: what rules see of these objects alone is remembered.
pub(crate) const WAITING: &str = "\u{1e}";

/// What the kit writes in place of a value that comes from outside.
pub(crate) const PLACEHOLDER: &str = "a-completer";

/// `Kind/name`, as findings cite objects, and where it comes from.
#[must_use]
pub fn cite(object: &Value) -> String {
    let cited = format!("{}/{}", kind(object), name(object));
    let waiting = if object.get(WAITING).is_some() { WAITING } else { "" };
    match object.get(ORIGIN) {
        Some(origin) => format!("{cited}{ORIGIN}{origin}{waiting}"),
        None => cited,
    }
}

/// A key as a part of a JSON pointer (RFC 6901).
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What stands at a JSON pointer. `Value::pointer` copies each of its parts twice, and rules follow thousands of them.
pub(crate) fn at<'a>(object: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.contains('~') {
        return object.pointer(pointer);
    }
    let mut parts = pointer.split('/');
    if !parts.next()?.is_empty() {
        return None;
    }
    parts.try_fold(object, |value, part| match value {
        Value::Object(map) => map.get(part),
        Value::Array(_) => value.pointer(&format!("/{part}")),
        _ => None,
    })
}

/// The text at a JSON pointer, empty when there is none.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    at(object, pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of the list at a JSON pointer, none when there is no list.
pub(crate) fn items<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    at(object, pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The texts of the map at a JSON pointer.
pub(crate) fn labels(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    let map = at(object, pointer).and_then(Value::as_object);
    map.into_iter().flatten().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::at;

    #[test]
    fn a_place_is_found_as_a_json_pointer_says() {
        let value = json!({"a": [{"b/c": 1, "d": null}], "": {"e": 2}});
        for pointer in ["", "/a", "/a/0/d", "/a/0/b~1c", "//e", "/a/01", "/a/1", "/a/-", "/a/0/d/e", "a", "/x"] {
            assert_eq!(at(&value, pointer), value.pointer(pointer), "{pointer}");
        }
    }
}
