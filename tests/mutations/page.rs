//! `docs/mutations.md`: how many mutations of each kind, how many are seen, what is missed, and why the others break no rule.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::mechanical::Mutation;
use crate::neutral::Reason;

#[derive(Default, Clone, Copy)]
struct Count {
    all: usize,
    seen: usize,
    neutral: usize,
}

#[derive(Default)]
pub struct Page<'a> {
    kinds: BTreeMap<String, Count>,
    /// Number of mutations, by reason and kind.
    reasons: BTreeMap<(Reason<'a>, String), usize>,
    missed: Vec<String>,
}

const HEAD: &str = "\
# Mechanical mutations

Each key and each list item of what two generated projects deploy and run is deleted in turn, and each value altered (a text gets a letter more, a number
one more, a boolean its contrary); each instruction of their Dockerfiles and each statement of their SQL is deleted. The objects are those that helm renders
for the production, with every other manifest, the pipelines and the workflows. Projects: `hebergement=cloud-pi-native`, by default (Vault, native backup, GitHub); `hebergement=argocd` (SOPS,
barman plugin, GitLab). What both have word for word is spoilt once. A mutation is seen when a rule finds more than before, or when a facet is no longer proven.

Written by `MIRAI_UPDATE=1 cargo test --test mutations`; the test fails when this page differs, when the score is below 98 %, or when a reason of
`tests/mutations/neutral.yaml` excuses nothing. One mutation in 127 is also judged on the whole project, and has to give the same. The mistakes that people make are in
`tests/mutations/written.yaml`.
";

impl<'a> Page<'a> {
    pub fn add(&mut self, mutation: &Mutation, seen: bool, reason: Option<Reason<'a>>) {
        let count = self.kinds.entry(mutation.kind.clone()).or_default();
        count.all += 1;
        if seen {
            count.seen += 1;
            return;
        }
        if let Some(reason) = reason {
            count.neutral += usize::from(!reason.missed);
            *self.reasons.entry((reason, mutation.kind.clone())).or_default() += 1;
        }
        if reason.is_none_or(|reason| reason.missed) {
            let because = reason.map_or("no reason is written", |reason| reason.because);
            self.missed.push(format!("`{mutation}`: {because}"));
        }
    }

    fn sum(&self, of: fn(&Count) -> usize) -> usize {
        self.kinds.values().map(of).sum()
    }

    pub fn total(&self) -> usize {
        self.sum(|count| count.all)
    }

    pub fn score(&self) -> f64 {
        crate::score(self.sum(|count| count.seen), self.missed.len())
    }

    pub fn missed(&self) -> &[String] {
        &self.missed
    }

    pub fn summary(&self) -> String {
        let (all, seen, neutral) = (self.total(), self.sum(|c| c.seen), self.sum(|c| c.neutral));
        format!("{all} mutations, {seen} seen, {neutral} break no rule, {} missed: {:.1} %", self.missed.len(), self.score())
    }

    pub fn written(&self) -> String {
        let mut out = format!("{HEAD}\n**{}** of those that break a rule.\n\n", self.summary());
        out += "| what | mutations | seen | break no rule | missed |\n|---|---:|---:|---:|---:|\n";
        for (kind, Count { all, seen, neutral }) in &self.kinds {
            writeln!(out, "| {kind} | {all} | {seen} | {neutral} | {} |", all - seen - neutral).unwrap();
        }
        out += "\n## Missed\n\n";
        for missed in &self.missed {
            writeln!(out, "- {missed}").unwrap();
        }
        out += "\n## Why the others break no rule\n\n| what | mutations | why |\n|---|---:|---|\n";
        let mut reasons: BTreeMap<&str, (Vec<&str>, usize)> = BTreeMap::new();
        for ((reason, kind), number) in self.reasons.iter().filter(|((reason, _), _)| !reason.missed) {
            let (kinds, count) = reasons.entry(reason.because).or_default();
            kinds.push(kind);
            *count += number;
        }
        for (because, (kinds, count)) in reasons {
            let kinds = if kinds.len() > 6 { format!("{} kinds", kinds.len()) } else { kinds.join(", ") };
            writeln!(out, "| {kinds} | {count} | {} |", because.replace('|', "\\|")).unwrap();
        }
        out
    }
}
