//! The status of a requirement is never greener than what was examined, whatever the repository: properties over every
//! rule and facet, without a repository.
#![allow(clippy::unwrap_used, reason = "a test panics")]

use mirai_kit::check::catalog::rules;
use mirai_kit::check::judge::{Judged, Located};
use mirai_kit::check::repository::Gap;
use mirai_kit::check::status::{Proof, RowStatus, Status, rows};
use mirai_kit::kit::Kit;
use mirai_kit::text::Text;

fn everything_examined() -> Judged {
    Judged { examined: rules().map(|r| (r.id, 3)).collect(), ..Judged::default() }
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
    for (row, facet, rules) in &facets {
        let mut judged = everything_examined();
        judged.examined.retain(|id, _| !rules.contains(id));
        assert!(!proven(&rows_of(&kit, &judged)).iter().any(|(r, f, _)| r == row && f == facet), "{row} {facet}");
    }
}

fn rows_of(kit: &Kit, judged: &Judged) -> Vec<RowStatus> {
    rows(kit, judged).unwrap()
}
