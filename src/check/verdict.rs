//! The verdict on one folder: which rows are asked for, which findings count, and whether that fails. Statuses are computed
//! before anything is set aside for another reason than a comment, so that nothing here can make a row greener.

use std::collections::{BTreeMap, BTreeSet};

use super::aside::{Aside, Cause};
use super::baseline::{Baseline, Entry};
use super::catalog::{self, Severity};
use super::judge::{Judged, Located};
use super::status::{FacetStatus, Proof, RowStatus, Status, every_row};
use crate::kit::Kit;
use crate::requirements::{Level, List, Lists};
use crate::text::Text;

/// What was judged in one folder.
#[derive(Debug)]
pub struct Verdict {
    /// The folder, as given.
    pub path: String,
    /// What was judged.
    pub judged: Judged,
    /// Status of each requirement that is asked for.
    pub rows: Vec<RowStatus>,
    /// Newer lists that are known: their primordial rows that are open. They make no verdict.
    pub newer: Vec<Newer>,
    /// Findings of the baseline that are gone; none without a baseline.
    pub fixed: Option<Vec<Entry>>,
}

/// A list that replaces one of those that are asked for.
#[derive(Debug, Clone)]
pub struct Newer {
    /// `list@version`.
    pub list: String,
    /// The list that it replaces.
    pub replaces: String,
    /// Its primordial rows that are neither met nor set aside.
    pub open: Vec<RowStatus>,
}

/// Which rows are asked for.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Names of lists; those that are asked for by default when empty.
    pub lists: Vec<String>,
    /// The one level; all of them when absent.
    pub level: Option<Level>,
}

impl Selection {
    fn wants(&self, list: &List) -> bool {
        if self.lists.is_empty() { list.default } else { self.lists.contains(&list.name()) }
    }
}

/// What makes a verdict fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailOn {
    /// Weights of findings.
    pub severities: BTreeSet<Severity>,
    /// Statuses of rows.
    pub statuses: BTreeSet<Status>,
}

impl Default for FailOn {
    fn default() -> Self {
        Self { severities: BTreeSet::from([Severity::Error]), statuses: BTreeSet::new() }
    }
}

/// The verdict on what was judged. Names of lists in the selection are those of `lists`.
#[must_use]
pub fn verdict(path: String, mut judged: Judged, kit: &Kit, lists: &Lists, selection: &Selection, baseline: Option<&Baseline>) -> Verdict {
    let every = every_row(kit, lists, &judged);
    let of = |list: &List| {
        let prefix = format!("{}/", list.name());
        every.iter().filter(move |row| row.requirement.starts_with(&prefix)).cloned()
    };
    let asked: Vec<&List> = lists.iter().filter(|l| selection.wants(l)).collect();
    let all: Vec<RowStatus> = asked.iter().flat_map(|l| of(l)).collect();
    let newer = lists.newer(&|list| selection.wants(list)).into_iter().map(|(list, older)| {
        let open = |row: &RowStatus| row.level == Level::P && !matches!(row.status, Status::Met | Status::NotApplicable);
        Newer { list: list.name(), replaces: older.name(), open: of(list).filter(open).collect() }
    });
    let newer = newer.collect();
    let wanted = |row: &RowStatus| selection.level.is_none_or(|level| row.level == level);
    derogate(&mut judged, &all);
    if selection.level.is_some() {
        other_level(&mut judged, &all, &wanted);
    }
    let fixed = baseline.map(|baseline| {
        let (known, fixed) = baseline.compare(&path, judged.findings.keys());
        set_aside(&mut judged, known, &Cause::Known);
        fixed
    });
    Verdict { path, judged, rows: all.into_iter().filter(wanted).collect(), newer, fixed }
}

impl Verdict {
    /// Whether it fails.
    #[must_use]
    pub fn fails(&self, on: &FailOn) -> bool {
        on.severities.iter().any(|severity| self.judged.count(*severity) > 0) || self.rows.iter().any(|row| on.statuses.contains(&row.status))
    }

    /// Findings set aside for a cause, by its id.
    #[must_use]
    pub fn aside(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for aside in self.judged.aside.values() {
            *counts.entry(aside.cause.id()).or_default() += 1;
        }
        counts
    }
}

fn set_aside(judged: &mut Judged, found: Vec<Located>, cause: &Cause) {
    for located in found {
        if let Some(environments) = judged.findings.remove(&located) {
            judged.aside.insert(located, Aside { environments, cause: cause.clone() });
        }
    }
}

/// The facets that rest on a rule, with their rows.
fn resting<'a>(rows: &'a [RowStatus], rule: &'a str) -> impl Iterator<Item = (&'a RowStatus, &'a FacetStatus)> {
    rows.iter().flat_map(|row| row.facets.iter().map(move |f| (row, f))).filter(move |(_, f)| f.rules.contains(&rule))
}

/// A derogation excuses a finding when no facet that it fails is left without one.
fn derogate(judged: &mut Judged, rows: &[RowStatus]) {
    let mut excused: BTreeMap<&'static str, Vec<Text>> = BTreeMap::new();
    for rule in catalog::rules() {
        let facets: Vec<&FacetStatus> = resting(rows, rule.id).map(|(_, f)| f).collect();
        let decisions: BTreeSet<Text> =
            facets.iter().filter_map(|f| if let Proof::Derogated(why) = &f.proof { Some(why.clone()) } else { None }).collect();
        if !decisions.is_empty() && facets.iter().all(|f| matches!(f.proof, Proof::Derogated(_))) {
            excused.insert(rule.id, decisions.into_iter().collect());
        }
    }
    for (rule, decisions) in excused {
        let found: Vec<Located> = judged.findings.keys().filter(|f| f.rule == rule).cloned().collect();
        set_aside(judged, found, &Cause::Derogated(decisions));
    }
}

/// Findings on which only rows of another level rest. Those on which no row rests always count: the platform refuses them.
fn other_level(judged: &mut Judged, rows: &[RowStatus], wanted: &dyn Fn(&RowStatus) -> bool) {
    let other = |rule: &str| {
        let mut resting = resting(rows, rule).map(|(row, _)| row).peekable();
        resting.peek().is_some() && !resting.any(wanted)
    };
    let found: Vec<Located> = judged.findings.keys().filter(|f| other(f.rule)).cloned().collect();
    set_aside(judged, found, &Cause::OtherLevel);
}
