//! Safe repairs, as changes of spans of text: comments and layout stay as they are. A repair is safe when the right value
//! follows from what is written, changes nothing of what runs today, and loses no data. A missing `retentionPolicy` is none:
//! the day it is applied, it deletes backups.

mod docker;
mod manifest;

use std::collections::{BTreeMap, BTreeSet};

use super::judge::{Judged, Located};

/// Rules that some repair serves.
pub const RULES: [&str; 4] = ["dockerfile-user-number", "cnpg-schedule-fields", "cnpg-guard", "image-pull-policy"];

/// A text in place of a span.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// First byte.
    pub start: usize,
    /// After the last byte.
    pub end: usize,
    /// What stands there instead.
    pub text: String,
    /// The rule that asks for it.
    pub rule: &'static str,
}

/// A file that repairs change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// File, from the root.
    pub file: String,
    /// Its content.
    pub before: String,
    /// Its content once repaired.
    pub after: String,
    /// The rules that ask for it.
    pub rules: BTreeSet<&'static str>,
}

/// The repairs of what was found. `read` gives the content of a file.
#[must_use]
pub fn repairs(judged: &Judged, read: &dyn Fn(&str) -> Option<String>) -> Vec<Repair> {
    let mut files: BTreeMap<&str, Vec<&Located>> = BTreeMap::new();
    for found in judged.findings.keys().filter(|f| RULES.contains(&f.rule)) {
        files.entry(&found.file).or_default().push(found);
    }
    let mut repairs = Vec::new();
    for (file, findings) in files {
        // A template is a program: what it says is not what it renders.
        let Some(before) = read(file).filter(|text| !text.contains("{{")) else { continue };
        let mut edits = BTreeSet::new();
        for Located { rule, line, object, .. } in findings {
            let edit = match *rule {
                "dockerfile-user-number" => line.and_then(|line| docker::user(&before, line)),
                "cnpg-schedule-fields" => manifest::schedule(&before, object),
                "cnpg-guard" => manifest::guard(&before, object),
                _ => line.and_then(|line| manifest::pull(&before, line)),
            };
            edits.extend(edit);
        }
        if let Some(after) = apply(&before, &edits) {
            repairs.push(Repair { file: file.to_owned(), before, after, rules: edits.iter().map(|e| e.rule).collect() });
        }
    }
    repairs
}

/// The text with its edits; none when there is none, or when two of them overlap.
fn apply(text: &str, edits: &BTreeSet<Edit>) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.start)?);
        out.push_str(&edit.text);
        at = edit.end;
    }
    out.push_str(text.get(at..)?);
    (out != text).then_some(out)
}

#[cfg(test)]
mod tests;
