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
#[path = "common/run.rs"]
mod run;
#[path = "mutations/subject.rs"]
mod subject;
#[path = "common/tools.rs"]
mod tools;
#[path = "mutations/written.rs"]
mod written;

use std::collections::BTreeMap;
use std::time::Instant;

use mechanical::Mutation;
use neutral::Neutral;
use subject::Subject;
use tools::{gate, in_parallel};

/// Least share, in percent, of the mutations that break a rule which have to be seen.
const SCORE: f64 = 98.0;

#[test]
fn what_is_deleted_or_altered_in_turn_is_seen_or_breaks_no_rule() {
    let since = Instant::now();
    let subject = Subject::baseline();
    let before = subject.verdict();
    assert!(before.proven.len() > 10, "a baseline that proves nothing loses nothing: {:#?}", before.proven);
    let mutations = mechanical::all(&subject);
    let seen = in_parallel(&mutations, |mutation| before.worse(&mutation.applied(&subject).verdict()));
    let neutral = Neutral::read();
    let mut excused: BTreeMap<&str, usize> = BTreeMap::new();
    let mut missed = Vec::new();
    for (mutation, _) in mutations.iter().zip(&seen).filter(|(_, seen)| !**seen) {
        match neutral.reason(mutation) {
            Some(reason) => *excused.entry(reason).or_default() += 1,
            None => missed.push(mutation.to_string()),
        }
    }
    let found = seen.iter().filter(|seen| **seen).count();
    gate("mechanical mutations", mutations.len(), since);
    let score = score(found, missed.len());
    let reasons: Vec<String> = excused.iter().map(|(reason, count)| format!("{count:5}  {reason}")).collect();
    let total: usize = excused.values().sum();
    println!("{} mutations, {found} seen, {total} break no rule, {} missed: {score:.1} %\n{}", mutations.len(), missed.len(), reasons.join("\n"));
    for unused in neutral.unused() {
        println!("reason that excuses nothing: {unused}");
    }
    assert!(score >= SCORE, "{score:.1} %, missed:\n{}", missed.join("\n"));
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

#[allow(clippy::cast_precision_loss, reason = "a few thousands")]
fn score(seen: usize, missed: usize) -> f64 {
    100.0 * seen as f64 / (seen + missed).max(1) as f64
}

impl std::fmt::Display for Mutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.subject, self.place, self.change.id())
    }
}
