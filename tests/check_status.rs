//! The status of a requirement is never greener than what was examined, whatever the repository: properties over every
//! rule and facet, without a repository.
#![allow(clippy::unwrap_used, reason = "a test panics")]

use std::collections::BTreeSet;

use mirai_kit::check::baseline::Baseline;
use mirai_kit::check::catalog::{Severity, rules};
use mirai_kit::check::judge::{Judged, Located};
use mirai_kit::check::records::{Kind, Record, Worth};
use mirai_kit::check::repository::Gap;
use mirai_kit::check::status::{Proof, RowStatus, Status, rows};
use mirai_kit::check::verdict::{FailOn, Selection, Verdict, verdict};
use mirai_kit::check::{Aside, Cause};
use mirai_kit::kit::Kit;
use mirai_kit::requirements::{How, Level, Lists};
use mirai_kit::text::Text;

fn everything_examined() -> Judged {
    let mut judged = Judged::default();
    judged.examined = rules().map(|r| (r.id, 3)).collect();
    judged
}

fn proven(rows: &[RowStatus]) -> Vec<(String, String, Vec<&'static str>)> {
    let facets = rows.iter().flat_map(|r| r.facets.iter().map(move |f| (r, f)));
    facets.filter(|(_, f)| f.proof == Proof::Proven).map(|(r, f)| (r.requirement.clone(), f.id.clone(), f.rules.clone())).collect()
}

fn consistent(rows: &[RowStatus]) {
    for row in rows {
        let all = row.facets.iter().all(|f| f.proof.holds());
        assert!(row.status != Status::Met || all, "{row:?}");
        assert!(row.facets.iter().all(|f| f.proof != Proof::Failed) || row.status == Status::Failed, "{row:?}");
    }
}

#[test]
fn nothing_examined_proves_nothing_and_sets_nothing_aside() {
    let kit = Kit::embedded().unwrap();
    let rows = rows_of(&kit, &Judged::default());
    assert!(rows.len() > 60, "{}", rows.len());
    consistent(&rows);
    assert_eq!(proven(&rows), []);
    // « Partial » without a proof: a known limit, taken as holding since no answers say otherwise, or a list that has some.
    let limited = |r: &RowStatus| r.facets.iter().any(|f| matches!(f.proof, Proof::Limited(_)));
    for row in &rows {
        let allowed = matches!(row.status, Status::NotEvaluated | Status::ToAttest) || (row.status == Status::Partial && limited(row));
        assert!(allowed, "{row:#?}");
    }
}

#[test]
fn each_proof_falls_with_a_finding_of_its_rules_a_gap_or_nothing_to_examine() {
    let kit = Kit::embedded().unwrap();
    let best = rows(&kit, &everything_examined()).unwrap();
    consistent(&best);
    let facets = proven(&best);
    assert!(facets.len() > 10, "{facets:#?}");
    // A value still to complete leaves every facet of what is deployed without proof.
    for rule in rules().filter(|r| r.id != "placeholder") {
        let mut judged = everything_examined();
        let located = Located { file: "f".into(), line: None, rule: rule.id, object: String::new(), detail: Text::default() };
        judged.findings.insert(located, std::collections::BTreeSet::new());
        let spoilt = rows(&kit, &judged).unwrap();
        consistent(&spoilt);
        let left = proven(&spoilt);
        for (row, facet, rules) in &facets {
            let stays = left.iter().any(|(r, f, _)| r == row && f == facet);
            assert_eq!(stays, !rules.contains(&rule.id), "{row} {facet} with a finding of {}", rule.id);
        }
    }
    for input in rules().map(|r| Some(r.reads)).chain([None]) {
        let mut judged = everything_examined();
        judged.gaps.insert(Gap::new(input, "x", Text::same("illisible")));
        let left = proven(&rows(&kit, &judged).unwrap());
        let reads = |id: &str| rules().find(|r| r.id == id).unwrap().reads;
        assert!(left.iter().all(|(_, _, rules)| input.is_some_and(|i| rules.iter().all(|r| reads(r) != i))), "{input:?}: {left:#?}");
    }
    for rule in rules() {
        let mut judged = everything_examined();
        judged.examined.remove(rule.id);
        let left = proven(&rows_of(&kit, &judged));
        assert!(left.iter().all(|(_, _, rules)| !rules.contains(&rule.id)), "{} examined nothing: {left:#?}", rule.id);
    }
}

fn found(rule: &'static str) -> Located {
    Located { file: "f".into(), line: Some(3), rule, object: "o".into(), detail: Text::same("d") }
}

fn record(kind: Kind, holder: &str, facet: &str, worth: Worth) -> Record {
    let on = "2026-01-01".to_owned();
    Record {
        kind,
        file: "attestations/x.yaml".into(),
        holder: holder.into(),
        facets: vec![facet.into()],
        by: "Camille".into(),
        on: on.clone(),
        until: on,
        proof: "PV".into(),
        line: 1,
        worth,
    }
}

/// How good a status is: a row may only go down when something is spoilt, and up when something is shown.
fn rank(status: Status) -> usize {
    [Status::Failed, Status::NotEvaluated, Status::ToAttest, Status::Partial, Status::Met, Status::NotApplicable]
        .iter()
        .position(|s| *s == status)
        .unwrap()
}

#[test]
fn an_attestation_proves_attested_facets_alone_while_it_is_valid() {
    let kit = Kit::embedded().unwrap();
    let lists = Lists::load(&kit.files).unwrap();
    let before = rows_of(&kit, &everything_examined());
    let mut attested = 0;
    for worth in [Worth::Valid, Worth::Expired, Worth::Uncompleted(vec!["par".into()])] {
        for list in lists.iter().filter(|l| l.default) {
            let own = list.requirements.iter().filter(|r| r.facets_from.is_none() && r.imports.is_none());
            let mut judged = everything_examined();
            for row in own.clone() {
                let reference = format!("{}/{}", list.name(), row.key());
                for facet in &row.facets {
                    judged.records.add(record(Kind::Attestation, &reference, &facet.id, worth.clone()));
                }
            }
            let after = rows_of(&kit, &judged);
            consistent(&after);
            for (old, new) in before.iter().zip(&after) {
                let (_, holder) = lists.holder(&old.requirement).unwrap();
                for (was, is) in old.facets.iter().zip(&new.facets) {
                    let how = holder.facets.iter().find(|f| f.id == was.id).unwrap().how;
                    let expected = match (&worth, how, is.proof.clone() != was.proof) {
                        (Worth::Valid, How::Attested, true) => matches!(is.proof, Proof::Attested(_)),
                        (Worth::Expired, How::Attested, true) => is.proof == Proof::Failed,
                        (_, _, changed) => !changed,
                    };
                    assert!(expected, "{worth:?} {} {}: {:?} then {:?}", old.requirement, was.id, was.proof, is.proof);
                    attested += usize::from(matches!(is.proof, Proof::Attested(_)));
                }
                assert!(worth != Worth::Expired || rank(new.status) <= rank(old.status), "{}", old.requirement);
            }
        }
    }
    assert!(attested > 30, "{attested}");
}

#[test]
fn a_derogation_makes_no_row_met_and_excuses_its_own_findings_alone() {
    let kit = Kit::embedded().unwrap();
    let lists = Lists::load(&kit.files).unwrap();
    let best = rows_of(&kit, &everything_examined());
    let mut excused = 0;
    for rule in rules().filter(|r| r.severity == Severity::Error) {
        let touched: Vec<(&RowStatus, &str)> =
            best.iter().flat_map(|r| r.facets.iter().filter(|f| f.rules.contains(&rule.id)).map(move |f| (r, f.id.as_str()))).collect();
        let mut spoilt = everything_examined();
        spoilt.findings.insert(found(rule.id), BTreeSet::new());
        let failed: BTreeSet<String> = rows_of(&kit, &spoilt).into_iter().filter(|r| r.status == Status::Failed).map(|r| r.requirement).collect();
        for all in [true, false] {
            let mut judged = everything_examined();
            judged.findings.insert(found(rule.id), BTreeSet::new());
            let covered: BTreeSet<(String, &str)> = touched
                .iter()
                .map(|(r, f)| (lists.holder(&r.requirement).unwrap().0.to_owned(), *f))
                .take(if all { usize::MAX } else { 1 })
                .collect();
            let every: BTreeSet<(String, &str)> = touched.iter().map(|(r, f)| (lists.holder(&r.requirement).unwrap().0.to_owned(), *f)).collect();
            for (holder, facet) in &covered {
                judged.records.add(record(Kind::Derogation, holder, facet, Worth::Valid));
            }
            let verdict = verdict(".".into(), judged, &kit, &lists, &Selection::default(), None);
            consistent(&verdict.rows);
            for row in verdict.rows.iter().filter(|r| failed.contains(&r.requirement)) {
                let own: Vec<&Proof> = row.facets.iter().filter(|f| f.rules.contains(&rule.id)).map(|f| &f.proof).collect();
                assert!(row.status != Status::Met, "{row:?}");
                if row.status != Status::Failed && !own.is_empty() {
                    assert!(row.status == Status::Partial && own.iter().all(|p| matches!(p, Proof::Derogated(_))), "{row:?}");
                }
            }
            // The finding counts as long as one of the facets that it fails has no derogation.
            let counts = every.is_empty() || covered != every;
            assert_eq!(verdict.fails(&FailOn::default()), counts, "{} all: {all}", rule.id);
            excused += usize::from(!counts);
        }
        for worth in [Worth::Expired, Worth::Uncompleted(Vec::new())] {
            let mut judged = everything_examined();
            judged.findings.insert(found(rule.id), BTreeSet::new());
            for (row, facet) in &touched {
                judged.records.add(record(Kind::Derogation, lists.holder(&row.requirement).unwrap().0, facet, worth.clone()));
            }
            assert!(verdict(".".into(), judged, &kit, &lists, &Selection::default(), None).fails(&FailOn::default()), "{}", rule.id);
        }
    }
    assert!(excused > 10, "{excused}");
}

#[test]
fn what_is_accepted_known_or_of_another_level_proves_nothing() {
    let kit = Kit::embedded().unwrap();
    let lists = Lists::load(&kit.files).unwrap();
    let best = rows_of(&kit, &everything_examined());
    let judged = |verdict: &Verdict| verdict.rows.iter().map(|r| (r.requirement.clone(), r.status)).collect::<Vec<_>>();
    for rule in rules().filter(|r| r.severity == Severity::Error) {
        let mut waived = everything_examined();
        let cause = Cause::Waived { reason: "x".into(), line: 3 };
        waived.aside.insert(found(rule.id), Aside { environments: BTreeSet::new(), cause });
        let rows = rows_of(&kit, &waived);
        consistent(&rows);
        for (old, new) in best.iter().zip(&rows) {
            assert!(rank(new.status) <= rank(old.status), "{}", old.requirement);
            assert!(new.facets.iter().all(|f| !f.rules.contains(&rule.id) || !f.proof.holds()), "{new:?}");
        }
        let spoilt = || {
            let mut judged = everything_examined();
            judged.findings.insert(found(rule.id), BTreeSet::new());
            judged
        };
        let plain = verdict(".".into(), spoilt(), &kit, &lists, &Selection::default(), None);
        assert!(plain.fails(&FailOn::default()));
        let known = verdict(".".into(), spoilt(), &kit, &lists, &Selection::default(), Some(&Baseline::of([&plain])));
        assert!(!known.fails(&FailOn::default()) && known.fixed.as_ref().is_some_and(Vec::is_empty));
        assert_eq!(judged(&known), judged(&plain), "a baseline changes no status");
        let failed = FailOn { severities: BTreeSet::new(), statuses: BTreeSet::from([Status::Failed]) };
        assert_eq!(known.fails(&failed), plain.rows.iter().any(|r| r.status == Status::Failed));
        for level in [Level::P, Level::I] {
            let part = verdict(".".into(), spoilt(), &kit, &lists, &Selection { level: Some(level), ..Selection::default() }, None);
            assert!(part.rows.iter().all(|r| r.level == level));
            let expected: Vec<_> = plain.rows.iter().filter(|r| r.level == level).map(|r| (r.requirement.clone(), r.status)).collect();
            assert_eq!(judged(&part), expected, "a level changes no status");
            // Rows that import a list have no facets of their own, and fail with it.
            let fails = part.rows.iter().any(|r| r.status == Status::Failed && !r.facets.is_empty());
            assert!(!fails || part.fails(&FailOn::default()), "{}: {level}", rule.id);
        }
    }
}

#[test]
fn a_baseline_forgives_what_moves_and_nothing_more() {
    let kit = Kit::embedded().unwrap();
    let lists = Lists::load(&kit.files).unwrap();
    let with = |found: &[Located], baseline: Option<&Baseline>| {
        let mut judged = everything_examined();
        judged.findings.extend(found.iter().map(|f| (f.clone(), BTreeSet::new())));
        verdict("a".into(), judged, &kit, &lists, &Selection::default(), baseline)
    };
    let [one, other] = [found("disallow-latest"), found("names")];
    let baseline = Baseline::of([&with(&[one.clone(), other.clone()], None)]);
    assert_eq!(Baseline::parse("b", &baseline.text()).unwrap(), baseline);
    let moved = Located { line: Some(99), ..one.clone() };
    let verdict = with(std::slice::from_ref(&moved), Some(&baseline));
    assert!(!verdict.fails(&FailOn::default()));
    assert_eq!(verdict.fixed.unwrap().iter().map(|e| e.rule.as_str()).collect::<Vec<_>>(), ["names"]);
    // The same thing once more elsewhere in the file is new.
    assert!(with(&[one.clone(), moved], Some(&baseline)).fails(&FailOn::default()));
    for new in
        [Located { object: "p".into(), ..one.clone() }, Located { file: "g".into(), ..one.clone() }, Located { detail: Text::same("e"), ..one }]
    {
        assert!(with(&[new], Some(&baseline)).fails(&FailOn::default()));
    }
}

fn rows_of(kit: &Kit, judged: &Judged) -> Vec<RowStatus> {
    rows(kit, judged).unwrap()
}
