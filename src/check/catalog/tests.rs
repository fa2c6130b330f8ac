//! Each rule has examples: it examines the good one and leaves it alone, sees each bad one, and leaves alone each fine one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::examples::{self, Examples, RENDERED};
use super::{Rule, proving, rules};
use crate::check::judge::{self, Judged, Options};
use crate::check::repository::Repository;
use crate::requirements::Lists;

static LISTS: LazyLock<Lists> = LazyLock::new(|| Lists::load(&crate::kit::Kit::embedded().unwrap().files).unwrap());

/// Judges files held in memory; a stream of rendered objects goes the way of `--rendered`.
fn judged(mut files: BTreeMap<String, String>) -> Judged {
    let rendered: Vec<_> = files.remove(RENDERED).map(|stream| (RENDERED.to_owned(), stream)).into_iter().collect();
    let options = Options { rendered: &rendered, lists: Some(&LISTS), today: Some("2026-01-15"), ready: true, ..Options::default() };
    judge::repository(Repository::memory(files), options).unwrap()
}

fn findings(judged: &Judged, rule: &Rule) -> Vec<String> {
    let of = judged.findings.keys().filter(|f| f.rule == rule.id);
    of.map(|f| format!("{}:{:?} {} {}", f.file, f.line, f.object, f.detail.en)).collect()
}

fn of(rule: &Rule) -> Examples {
    examples::of(rule.id).unwrap().unwrap_or_else(|| panic!("{} has no examples", rule.id))
}

#[test]
fn a_good_example_is_examined_and_left_alone() {
    for rule in rules() {
        let judged = judged(of(rule).good);
        assert_eq!(findings(&judged, rule), [""; 0], "{}", rule.id);
        assert!(judged.examined.get(rule.id).is_some_and(|n| *n > 0), "{} examined nothing; gaps: {:?}", rule.id, judged.gaps);
    }
}

#[test]
fn each_bad_example_is_seen() {
    for rule in rules() {
        let examples = of(rule);
        assert!(!examples.bad.is_empty(), "{} has no bad example", rule.id);
        for change in &examples.bad {
            let files = examples.with(change).unwrap_or_else(|| panic!("{}: {change:?} changes nothing", rule.id));
            assert!(!findings(&judged(files), rule).is_empty(), "{} does not see {change:?}", rule.id);
        }
    }
}

#[test]
fn what_only_looks_alike_is_left_alone() {
    for rule in rules() {
        let examples = of(rule);
        for change in &examples.fine {
            let files = examples.with(change).unwrap_or_else(|| panic!("{}: {change:?} changes nothing", rule.id));
            assert_eq!(findings(&judged(files), rule), [""; 0], "{}: {change:?}", rule.id);
        }
    }
}

#[test]
fn the_catalogue_is_whole() {
    let ids: BTreeSet<&str> = rules().map(|r| r.id).collect();
    assert_eq!(ids.len(), rules().count(), "an id twice");
    for rule in rules() {
        let (message, hint) = (rule.message(), rule.hint());
        assert!([message.fr, message.en, hint.fr, hint.en].iter().all(|t| t.len() > 5), "{}", rule.id);
        let pairs = rule.equals.iter().all(|check| check.split_once(':').is_some_and(|(tool, id)| !tool.is_empty() && !id.is_empty()));
        assert!(pairs, "{}: {:?}", rule.id, rule.equals);
    }
    for id in examples::ids() {
        assert!(ids.contains(id), "examples of an unknown rule: {id}");
    }
}

#[test]
fn each_evidence_that_a_rule_claims_to_prove_is_one_of_the_kit() {
    let kit = crate::kit::Kit::embedded().unwrap();
    let known: BTreeSet<&str> = kit.modules.iter().flat_map(|m| &m.evidence).filter_map(|e| e.rule.as_deref()).collect();
    for rule in rules() {
        for evidence in rule.proves {
            assert!(known.contains(evidence) && proving(evidence).contains(&rule.id), "{}: {evidence}", rule.id);
        }
    }
}
