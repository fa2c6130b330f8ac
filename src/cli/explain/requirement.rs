//! A requirement, in every list that has it: what `requirements show` says, then what each of its rules looks for.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use super::{answer, rule};
use crate::check::catalog;
use crate::cli::requirements::{Answer, Room, show};
use crate::requirements::{How, RowRef};

pub(super) fn explain(room: &Room, rows: &[RowRef<'_>]) -> Answer {
    let text = rows.iter().map(|row| page(room, *row)).collect::<Vec<_>>().join("\n");
    let each = rows.iter().map(|row| {
        let (rules, unwritten) = rules(room, *row);
        let rules: Vec<_> = rules
            .iter()
            .filter_map(|id| catalog::rule(id))
            .map(|r| json!({ "id": r.id, "severity": r.severity.id(), "message": r.message(), "hint": r.hint() }))
            .collect();
        json!({ "shown": show::json(room, *row), "rules": rules, "unwritten": unwritten, "attested": attested(room, *row) })
    });
    let json = answer("requirements", &each.collect());
    (text, json)
}

fn page(room: &Room, row: RowRef<'_>) -> String {
    let mut page = show::page(room, row);
    let (rules, unwritten) = rules(room, row);
    let mut lines: Vec<[String; 3]> = rules
        .iter()
        .filter_map(|id| catalog::rule(id))
        .map(|r| [r.id.to_owned(), rule::weight(room, r).to_owned(), r.message().get(room.lang).to_owned()])
        .collect();
    let later = room.say("pas encore écrite : la facette reste non évaluée", "not written yet: the facet stays not evaluated");
    lines.extend(unwritten.iter().map(|id| [id.clone(), "-".to_owned(), later.to_owned()]));
    if !lines.is_empty() {
        let _ = write!(page, "\n  {}\n{}", room.say("règles qui la prouvent", "rules that prove it"), room.columns(&lines, 4));
    }
    let attested = attested(room, row);
    if !attested.is_empty() {
        let how = room.say("à attester (docs/conformite/attestations)", "to attest (docs/conformite/attestations)");
        let _ = write!(page, "\n  {}\n{}", how, room.columns(&attested.into_iter().map(|id| [id]).collect::<Vec<_>>(), 4));
    }
    page
}

/// The rules that prove its facets, and the evidence that no rule proves yet.
fn rules(room: &Room, row: RowRef<'_>) -> (BTreeSet<&'static str>, BTreeSet<String>) {
    let (mut rules, mut unwritten) = (BTreeSet::new(), BTreeSet::new());
    for facet in room.lists.facets(row, &room.kit.modules) {
        for evidence in facet.brought.iter().filter_map(|b| b.evidence.rule.as_deref()) {
            let proving = catalog::proving(evidence);
            if proving.is_empty() {
                unwritten.insert(evidence.to_owned());
            }
            rules.extend(proving);
        }
    }
    (rules, unwritten)
}

/// The facets that people attest.
fn attested(room: &Room, row: RowRef<'_>) -> Vec<String> {
    room.lists.facets(row, &room.kit.modules).iter().filter(|f| f.facet.how == How::Attested).map(|f| f.facet.id.clone()).collect()
}
