//! What `check` says of a subject once something in it is spoilt. Only the part of the subject that a mutation touches is judged
//! again, with the files that its rules read; [`Bench::agrees`] compares with the verdict on the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

use mirai_kit::check::judge::{self, Judged, Options};
use mirai_kit::check::repository::{Gap, Repository};
use mirai_kit::check::status::{self, Proof};
use mirai_kit::kit::Kit;

use crate::mechanical::{Mutation, Part};
use crate::subject::{Subject, answers_alone, is_chain, is_manifest};

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
    parts: BTreeMap<Part, Basis>,
    /// The facet that falls, by what the proofs rest on.
    known: Mutex<BTreeMap<Ground, Option<String>>>,
}

impl<'a> Bench<'a> {
    pub fn new(subject: &'a Subject) -> Self {
        let whole = judged(subject.files.clone(), &printed(subject));
        let parts = Part::ALL.map(|part| (part, Basis::new(subject, part))).into();
        Self { subject, proven: proven(&whole), whole, parts, known: Mutex::default() }
    }

    /// Facets proven before anything is spoilt.
    pub fn proven(&self) -> usize {
        self.proven.len()
    }

    /// What sees a mutation: a rule that finds more, or a facet that is proven no more.
    pub fn seen(&self, mutation: &Mutation) -> Option<String> {
        let Basis { files, printed, verdict: before } = &self.parts[&mutation.part];
        let (mut files, mut printed) = (files.clone(), printed.clone());
        mutation.apply(self.subject, &mut files, &mut printed);
        let after = Verdict::of(&judged(files, &printed));
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

    /// Whether the verdict on the whole subject says the same.
    pub fn agrees(&self, mutation: &Mutation, seen: bool) -> bool {
        let (mut files, mut printed) = (self.subject.files.clone(), printed(self.subject));
        mutation.apply(self.subject, &mut files, &mut printed);
        let judged = judged(files, &printed);
        let found = Verdict::of(&judged).more(&Verdict::of(&self.whole)).is_some();
        seen == (found || self.lost(&judged).is_some())
    }
}

/// A part as it is generated, with the files that its rules read.
struct Basis {
    files: BTreeMap<String, String>,
    printed: Vec<String>,
    verdict: Verdict,
}

impl Basis {
    fn new(subject: &Subject, part: Part) -> Self {
        let reads = |path: &str, content: &str| match part {
            Part::Rendered => false,
            Part::Manifests => is_manifest(path, content),
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
        let printed = if part == Part::Rendered { printed(subject) } else { Vec::new() };
        let verdict = Verdict::of(&judged(files.clone(), &printed));
        Self { files, printed, verdict }
    }
}

/// The objects of the production, as helm prints them.
fn printed(subject: &Subject) -> Vec<String> {
    subject.documents.iter().map(|document| document.printed(&document.value)).collect()
}

fn judged(files: BTreeMap<String, String>, printed: &[String]) -> Judged {
    let rendered = [("production".to_owned(), printed.join("---\n"))];
    judge::repository(Repository::memory(files), Options { rendered: &rendered, ..Options::default() }).unwrap()
}

fn proven(judged: &Judged) -> BTreeSet<String> {
    let rows = status::rows(&KIT, judged).unwrap();
    let facets = rows.iter().flat_map(|r| r.facets.iter().map(move |f| (r, f)));
    facets.filter(|(_, f)| f.proof == Proof::Proven).map(|(r, f)| format!("{} {}", r.requirement, f.id)).collect()
}
