//! The verdict on a repository. Rules are pure functions over parsed manifests and files: what the platform refuses
//! ([`kyverno`]), what no schema sees ([`references`], [`services`], [`names`]), databases ([`cnpg`]), Argo CD ([`argo`]),
//! plain files ([`files`]). Each says how many objects it examined, because a rule that examined nothing proves nothing.
//! [`judge`] runs them over a folder, [`status`] turns them into the status of each requirement, never greener.

pub mod argo;
pub mod catalog;
pub mod cnpg;
pub mod files;
pub mod helm;
pub mod judge;
pub mod kyverno;
pub mod names;
mod pods;
pub mod references;
pub mod report;
pub mod repository;
pub mod services;
pub mod status;

use std::collections::BTreeMap;

use serde_json::Value;

pub use pods::{Container, Pod, pods};

/// Something wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Id of the rule.
    pub rule: &'static str,
    /// `Kind/name` of the object.
    pub object: String,
    /// What is wrong and what is expected.
    pub message: String,
}

/// What a set of rules saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Number of objects (or containers, ports, references: the rule's own unit) each rule examined.
    pub examined: BTreeMap<&'static str, usize>,
    /// What it found, in the order of the objects.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Counts one examined object, and a finding when `problem` holds.
    pub(crate) fn see(&mut self, rule: &'static str, object: &str, problem: Option<String>) {
        *self.examined.entry(rule).or_default() += 1;
        if let Some(message) = problem {
            self.findings.push(Finding { rule, object: object.to_owned(), message });
        }
    }

    /// Adds what another report saw.
    pub fn merge(&mut self, other: Self) {
        for (rule, count) in other.examined {
            *self.examined.entry(rule).or_default() += count;
        }
        self.findings.extend(other.findings);
    }

    /// Forgets what one rule saw: it does not apply here.
    pub(crate) fn drop_rule(&mut self, rule: &str) {
        self.examined.remove(rule);
        self.findings.retain(|f| f.rule != rule);
    }

    /// Findings of one rule.
    #[must_use]
    pub fn of(&self, rule: &str) -> Vec<&Finding> {
        self.findings.iter().filter(|f| f.rule == rule).collect()
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

/// `Kind/name`, as findings cite objects.
#[must_use]
pub fn cite(object: &Value) -> String {
    format!("{}/{}", kind(object), name(object))
}

/// The text at a JSON pointer, empty when there is none.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of the list at a JSON pointer, none when there is no list.
pub(crate) fn items<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The texts of the map at a JSON pointer.
pub(crate) fn labels(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    let map = object.pointer(pointer).and_then(Value::as_object);
    map.into_iter().flatten().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
}
