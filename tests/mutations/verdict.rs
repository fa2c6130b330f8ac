//! What `check` says of a subject once something in it is spoilt. Only the part of the subject that a mutation touches is judged
//! again, with the files that its rules read; [`Bench::agrees`] compares with the verdict on the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

use mirai_kit::check::judge::{self, Judged, Options};
use mirai_kit::check::repository::{Gap, Repository};
use mirai_kit::check::status::{self, Proof};
use mirai_kit::kit::Kit;
use serde_json::Value;

use crate::mechanical::{Mutation, Part};
use crate::subject::{Document, Subject, answers_alone, is_chain, is_manifest};

static KIT: LazyLock<Kit> = LazyLock::new(|| Kit::embedded().unwrap());

/// What proofs rest on, beyond findings: how many things each rule examined, and what was not evaluated.
type Ground = (BTreeMap<&'static str, usize>, BTreeSet<Gap>);

/// What `check` said.
pub struct Verdict {
    /// Number of findings, by rule.
    found: BTreeMap<&'static str, usize>,
    ground: Ground,
}

impl Verdict {
    fn of(judged: &Judged) -> Self {
        let mut found = BTreeMap::new();
        for finding in judged.findings.keys() {
            *found.entry(finding.rule).or_default() += 1;
        }
        Self { found, ground: (judged.examined.clone(), judged.gaps.clone()) }
    }

    /// The first rule that finds more than before.
    fn more(&self, before: &Self) -> Option<&'static str> {
        self.found.iter().find(|(rule, count)| before.found.get(*rule).is_none_or(|known| known < count)).map(|(rule, _)| *rule)
    }
}

/// A subject, and what is said of it as it is generated.
pub struct Bench<'a> {
    pub subject: &'a Subject,
    whole: Judged,
    proven: BTreeSet<String>,
    /// By part, and by the environment of its files when they stand apart.
    parts: BTreeMap<(Part, &'static str), Basis>,
    /// The facet that falls, by what the proofs rest on.
    known: Mutex<BTreeMap<Ground, Option<String>>>,
}

impl<'a> Bench<'a> {
    pub fn new(subject: &'a Subject) -> Self {
        let whole = judged(subject.files.clone(), &objects(subject, None));
        let keys = Part::ALL.into_iter().flat_map(|part| ENVIRONMENTS.map(|environment| (part, environment)));
        let parts = keys.filter(|(part, of)| of.is_empty() || *part == Part::Manifests).map(|key| (key, Basis::new(subject, key))).collect();
        Self { subject, proven: proven(&whole), whole, parts, known: Mutex::default() }
    }

    /// Facets proven before anything is spoilt.
    pub fn proven(&self) -> usize {
        self.proven.len()
    }

    /// What sees a mutation: a rule that finds more, or a facet that is proven no more.
    pub fn seen(&self, mutation: &Mutation) -> Option<String> {
        let Basis { files, verdict: before } = &self.parts[&(mutation.part, apart(mutation))];
        let mut files = files.clone();
        let spoilt = mutation.apply(self.subject, &mut files);
        let objects = if mutation.part == Part::Rendered { objects(self.subject, spoilt.as_ref()) } else { Vec::new() };
        let after = Verdict::of(&judged(files, &objects));
        if let Some(rule) = after.more(before) {
            return Some(rule.to_owned());
        }
        if after.ground == before.ground {
            return None;
        }
        let mut examined = self.whole.examined.clone();
        for (rule, count) in &mut examined {
            let now = *count + after.ground.0.get(rule).unwrap_or(&0) - before.ground.0.get(rule).unwrap_or(&0);
            *count = now.min(1);
        }
        let gaps: BTreeSet<Gap> = self.whole.gaps.difference(&before.ground.1).chain(&after.ground.1).cloned().collect();
        let ground = (examined, gaps);
        if let Some(known) = self.known.lock().unwrap().get(&ground) {
            return known.clone();
        }
        let mut judged = Judged::default();
        (judged.examined, judged.gaps) = ground.clone();
        judged.findings.clone_from(&self.whole.findings);
        judged.waits.clone_from(&self.whole.waits);
        judged.answers.clone_from(&self.whole.answers);
        let lost = self.lost(&judged);
        self.known.lock().unwrap().insert(ground, lost.clone());
        lost
    }

    fn lost(&self, judged: &Judged) -> Option<String> {
        self.proven.difference(&proven(judged)).next().cloned()
    }

    /// Whether the verdict on the whole subject, its objects read as helm prints them, says the same.
    pub fn agrees(&self, mutation: &Mutation, seen: bool) -> bool {
        let mut files = self.subject.files.clone();
        let spoilt = mutation.apply(self.subject, &mut files);
        let printed: Vec<String> =
            objects(self.subject, spoilt.as_ref()).iter().map(|(source, value)| format!("# Source: {source}\n{value}\n")).collect();
        let rendered = [(String::new(), printed.join("---\n"))];
        let judged = judge::repository(Repository::memory(files), Options { rendered: &rendered, ..Options::default() }).unwrap();
        let found = Verdict::of(&judged).more(&Verdict::of(&self.whole)).is_some();
        seen == (found || self.lost(&judged).is_some())
    }
}

/// Folders of the environments of a generated project, and none.
const ENVIRONMENTS: [&str; 3] = ["", "dev", "prod"];

fn environment(path: &str) -> &'static str {
    ENVIRONMENTS.into_iter().find(|of| path.split('/').any(|part| part == *of)).unwrap_or_default()
}

fn apart(mutation: &Mutation) -> &'static str {
    mutation.file().filter(|_| mutation.part == Part::Manifests).map_or("", environment)
}

/// A part as it is generated, with the files that its rules read.
struct Basis {
    files: BTreeMap<String, String>,
    verdict: Verdict,
}

impl Basis {
    fn new(subject: &Subject, (part, of): (Part, &str)) -> Self {
        let reads = |path: &str, content: &str| match part {
            Part::Rendered => false,
            // What is deployed to one environment knows nothing of the others.
            Part::Manifests => is_manifest(path, content) && (of.is_empty() || ["", of].contains(&environment(path))),
            Part::Chains => {
                is_chain(path) || path.contains("scripts/") || ["Makefile", ".properties", "Dockerfile"].iter().any(|end| path.ends_with(end))
            }
            Part::Dockerfiles => path.ends_with("Dockerfile") || path.ends_with(".dockerignore"),
            Part::Sql => path.contains("donnees/") || path.contains("sql/"),
        };
        let mut files = BTreeMap::new();
        for (path, content) in &subject.files {
            if path.ends_with(".mirai-kit.yaml") {
                files.insert(path.clone(), answers_alone(content));
            } else if reads(path, content) {
                files.insert(path.clone(), content.clone());
            }
        }
        let objects = if part == Part::Rendered { objects(subject, None) } else { Vec::new() };
        let verdict = Verdict::of(&judged(files.clone(), &objects));
        Self { files, verdict }
    }
}

/// The objects of the production, each with its source, one of them spoilt.
fn objects<'a>(subject: &'a Subject, spoilt: Option<&'a (usize, Value)>) -> Vec<(&'a str, &'a Value)> {
    let of = |(index, document): (usize, &'a Document)| {
        let value = spoilt.filter(|(at, _)| *at == index).map_or(&document.value, |(_, value)| value);
        (document.source.as_str(), value)
    };
    subject.documents.iter().enumerate().map(of).collect()
}

fn judged(files: BTreeMap<String, String>, objects: &[(&str, &Value)]) -> Judged {
    judge::repository(Repository::memory(files), Options { objects, ..Options::default() }).unwrap()
}

fn proven(judged: &Judged) -> BTreeSet<String> {
    let rows = status::rows(&KIT, judged).unwrap();
    let facets = rows.iter().flat_map(|r| r.facets.iter().map(move |f| (r, f)));
    facets.filter(|(_, f)| f.proof == Proof::Proven).map(|(r, f)| format!("{} {}", r.requirement, f.id)).collect()
}
