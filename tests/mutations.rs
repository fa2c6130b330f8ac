//! What `check` sees when a conforming project is spoilt. Mechanical mutations delete or alter in turn each key, each list
//! item, each instruction and each statement of what the project deploys; written ones are the mistakes that people make.
//! A mutation is seen when a finding appears or a proof falls. One that is not seen has to match a reason why it breaks no
//! rule of the lists (`tests/mutations/neutral.yaml`), or it counts as missed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test prepares its files, panics, and says its score"
)]

#[path = "mutations/mechanical.rs"]
mod mechanical;
#[path = "mutations/neutral.rs"]
mod neutral;
#[path = "mutations/page.rs"]
mod page;
#[path = "common/run.rs"]
mod run;
#[path = "mutations/subject.rs"]
mod subject;
#[path = "common/tools.rs"]
mod tools;
#[path = "mutations/verdict.rs"]
mod verdict;
#[path = "mutations/written.rs"]
mod written;

use std::collections::BTreeSet;
use std::time::Instant;

use mechanical::Mutation;
use neutral::Neutral;
use page::Page;
use tools::{gate, in_parallel};
use verdict::Bench;

/// Least share, in percent, of the mutations that break a rule which have to be seen.
const SCORE: f64 = 98.0;

/// One mutation in this many is judged on the whole subject too.
const CHECKED: usize = 127;

#[test]
fn what_is_deleted_or_altered_in_turn_is_seen_or_breaks_no_rule() {
    let since = Instant::now();
    let subjects = subject::all();
    let (neutral, mut page, mut done) = (Neutral::read(), Page::default(), BTreeSet::new());
    for subject in &subjects {
        let bench = Bench::new(subject);
        assert!(bench.proven() > 50, "a baseline that proves nothing loses nothing: {}", bench.proven());
        let mutations = mechanical::all(subject, &mut done);
        let seen = in_parallel(&mutations, |mutation| bench.seen(mutation));
        let all: Vec<_> = mutations.iter().zip(&seen).collect();
        let some: Vec<_> = all.iter().skip(11).step_by(CHECKED).collect();
        let differ = in_parallel(&some, |(mutation, seen)| (!bench.agrees(mutation, seen.is_some())).then(|| mutation.to_string()));
        let differ: Vec<String> = differ.into_iter().flatten().collect();
        assert!(differ.is_empty(), "{}: the part alone and the whole do not say the same:\n{}", subject.name, differ.join("\n"));
        for (mutation, seen) in all {
            page.add(mutation, seen.is_some(), neutral.reason(mutation));
        }
    }
    gate("mechanical mutations", page.total(), since);
    println!("{}", page.summary());
    let unused = neutral.unused();
    assert!(unused.is_empty(), "reasons that excuse nothing (tests/mutations/neutral.yaml):\n{}", unused.join("\n"));
    assert!(page.score() >= SCORE, "{:.1} %, missed:\n{}", page.score(), page.missed().join("\n"));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mutations.md");
    let written = page.written();
    if std::env::var_os("MIRAI_UPDATE").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == written, "docs/mutations.md is out of date: MIRAI_UPDATE=1 cargo test --test mutations");
}

#[test]
fn the_mistakes_that_people_make_are_seen_by_their_rule() {
    let since = Instant::now();
    let written = written::read();
    assert!(written.len() >= 100, "{} written mutations", written.len());
    let base = written::Project::new();
    let missed: Vec<String> = in_parallel(&written, |mutation| base.misses(mutation)).into_iter().flatten().collect();
    gate("written mutations", written.len(), since);
    let score = score(written.len() - missed.len(), missed.len());
    assert!(score >= SCORE, "{score:.1} %, missed:\n{}", missed.join("\n"));
}

/// Share, in percent, of what is seen among what breaks a rule.
#[allow(clippy::cast_precision_loss, reason = "a few thousands")]
fn score(seen: usize, missed: usize) -> f64 {
    100.0 * seen as f64 / (seen + missed).max(1) as f64
}

impl std::fmt::Display for Mutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} {} {}", self.kind, self.name, self.place, self.change.id())
    }
}
