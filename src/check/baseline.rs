//! A baseline: the findings that a team knows, so that only new ones fail. A finding is told by its rule, file, object and
//! detail, never by its line: what moves is not new. Statuses ignore it: a known failure is still one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::judge::Located;
use super::verdict::Verdict;
use crate::digest::sha256;
use crate::text;
use crate::text::Problem;

/// Format of the file; its schema is `schemas/baseline.v1.schema.json`.
pub const FORMAT: &str = "mirai-kit/baseline/v1";

/// The findings that are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// [`FORMAT`].
    pub format: String,
    /// One item per folder.
    pub folders: Vec<Folder>,
}

/// The findings of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// The folder, as given.
    pub path: String,
    /// Its findings.
    pub findings: Vec<Entry>,
}

/// Findings that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// SHA-256 of what tells the finding.
    pub fingerprint: String,
    /// Id of the rule.
    pub rule: String,
    /// File.
    pub file: String,
    /// Object, job or dependency.
    pub object: String,
    /// How many are alike.
    pub count: usize,
}

/// What tells a finding, whatever its line.
#[must_use]
pub fn fingerprint(found: &Located) -> String {
    sha256([found.rule, &found.file, &found.object, &found.detail.en].join("\0").as_bytes())
}

impl Baseline {
    /// The baseline of verdicts. Findings that another baseline knew are still there, hence in this one.
    #[must_use]
    pub fn of<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Self {
        let folder = |verdict: &Verdict| {
            let known = verdict.judged.aside.iter().filter(|(_, aside)| aside.cause == super::Cause::Known).map(|(found, _)| found);
            Folder { path: verdict.path.clone(), findings: entries(verdict.judged.findings.keys().chain(known)) }
        };
        Self { format: FORMAT.to_owned(), folders: verdicts.into_iter().map(folder).collect() }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(name: &str, content: &str) -> Result<Self, Problem> {
        let read: Self =
            serde_json::from_str(content).map_err(|e| Problem::new(name, text!("référence illisible : {e}", "unreadable baseline: {e}")))?;
        if read.format != FORMAT {
            let format = &read.format;
            return Err(Problem::new(name, text!("format inconnu : {format:?}", "unknown format: {format:?}")));
        }
        Ok(read)
    }

    /// The file.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).map_or_else(|_| String::new(), |json| json + "\n")
    }

    /// The findings of a folder that are known, and the known ones that are gone.
    #[must_use]
    pub fn compare<'a>(&self, path: &str, found: impl Iterator<Item = &'a Located>) -> (Vec<Located>, Vec<Entry>) {
        let folder = self.folders.iter().find(|f| f.path == path).or(if let [only] = self.folders.as_slice() { Some(only) } else { None });
        let mut left: BTreeMap<String, Entry> = folder.into_iter().flat_map(|f| &f.findings).map(|e| (e.fingerprint.clone(), e.clone())).collect();
        let mut known = Vec::new();
        for located in found {
            if let Some(entry) = left.get_mut(&fingerprint(located)).filter(|e| e.count > 0) {
                entry.count -= 1;
                known.push(located.clone());
            }
        }
        (known, left.into_values().filter(|e| e.count > 0).collect())
    }
}

fn entries<'a>(found: impl Iterator<Item = &'a Located>) -> Vec<Entry> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for located in found {
        let fingerprint = fingerprint(located);
        let Located { file, object, rule, .. } = located;
        let new = Entry { fingerprint: fingerprint.clone(), rule: (*rule).to_owned(), file: file.clone(), object: object.clone(), count: 0 };
        entries.entry(fingerprint).or_insert(new).count += 1;
    }
    let mut entries: Vec<Entry> = entries.into_values().collect();
    entries.sort_by(|a, b| (&a.file, &a.rule, &a.object, &a.fingerprint).cmp(&(&b.file, &b.rule, &b.object, &b.fingerprint)));
    entries
}
