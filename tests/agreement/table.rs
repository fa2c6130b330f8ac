//! Rule by rule and tool by tool: where both see something, where one alone does; each difference with its explanation.

use std::collections::{BTreeMap, BTreeSet};

use mirai_kit::check::catalog::{self, Rule};
use serde::Deserialize;

use crate::cases::{Case, GOOD, data};
use crate::linters::{Place, RUN, Seen};

/// Who sees something that the other does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Ours,
    Theirs,
}

/// A rule beside the checks of one tool.
pub struct Pair {
    pub rule: &'static Rule,
    pub tool: &'static str,
    pub checks: Vec<&'static str>,
    pub both: BTreeSet<Place>,
    pub ours: BTreeSet<Place>,
    pub theirs: BTreeSet<Place>,
}

impl Pair {
    fn side(&self, side: Side) -> &BTreeSet<Place> {
        match side {
            Side::Ours => &self.ours,
            Side::Theirs => &self.theirs,
        }
    }
}

/// Why a rule and a tool differ, in some cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    pub rule: String,
    pub tool: String,
    pub side: Side,
    /// Cases, by id; a `*` at the end stands for the rest of it (examples of a rule, which have a number).
    pub cases: Vec<String>,
    /// Kinds of objects, all of them when there is none.
    #[serde(default)]
    pub kinds: Vec<String>,
    pub why: String,
}

impl Difference {
    fn covers(&self, case: &str, place: &Place) -> bool {
        let kind = place.object.split('/').next().unwrap_or_default();
        let named = case.strip_suffix('*').map_or(place.case == case, |start| place.case.starts_with(start));
        named && (self.kinds.is_empty() || self.kinds.iter().any(|k| k == kind))
    }
}

/// Why no rule of ours sees a defect that another tool sees.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unseen {
    pub cases: Vec<String>,
    pub why: String,
}

/// What stands in `disagreements.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    pub differences: Vec<Difference>,
    pub unseen: Vec<Unseen>,
}

/// The explanations.
pub fn explained() -> Explained {
    data("disagreements.yaml")
}

/// The checks of a tool that a rule equals.
fn checks(rule: &'static Rule, tool: &str) -> Vec<&'static str> {
    rule.equals.iter().copied().filter(|check| check.split(':').next() == Some(tool)).collect()
}

/// Every rule beside every tool that has a check equal to it. A rule may be worth several checks, and a check several rules:
/// one of them is enough on each side. What a spoiled case shows as its sound files do counts once, with these; examples
/// count for their own rule.
pub fn pairs(cases: &[Case], seen: &Seen) -> Vec<Pair> {
    let (none, spoiled): (_, BTreeSet<&str>) =
        (BTreeSet::new(), cases.iter().filter(|case| case.defect.is_some()).map(|case| case.id.as_str()).collect());
    let at = |check: &str| seen.get(check).unwrap_or(&none);
    let mut pairs = Vec::new();
    for rule in catalog::rules() {
        let example =
            |case: &str| case.strip_prefix("rule-").is_none_or(|rest| rest.trim_end_matches(|c: char| c == '-' || c.is_ascii_digit()) == rule.id);
        for tool in RUN {
            let checks = checks(rule, tool);
            if checks.is_empty() {
                continue;
            }
            let theirs: BTreeSet<&Place> = checks.iter().flat_map(|check| at(check)).collect();
            let another = |place: &Place| {
                let mut of = checks.iter().filter(|check| at(check).contains(place));
                of.all(|check| catalog::rules().any(|r| r.equals.contains(check) && at(r.id).contains(place)))
            };
            // 0: both, 1: ours alone, 2: theirs alone.
            let state = |place: &Place| match (at(rule.id).contains(place), theirs.contains(place)) {
                (true, true) => Some(0),
                (true, false) => Some(1),
                (false, true) if !another(place) => Some(2),
                _ => None,
            };
            let mut sets = [const { BTreeSet::new() }; 3];
            for place in at(rule.id).iter().chain(theirs.iter().copied()).filter(|place| example(&place.case)) {
                let now = state(place);
                let before = state(&Place { case: GOOD.to_owned(), ..place.clone() });
                if let Some(index) = now.filter(|_| !(spoiled.contains(place.case.as_str()) && now == before)) {
                    sets[index].insert(place.clone());
                }
            }
            let [both, ours, theirs] = sets;
            pairs.push(Pair { rule, tool, checks, both, ours, theirs });
        }
    }
    pairs
}

/// Differences without explanation, explanations without difference, checks never seen to agree with their rule.
pub fn faults(pairs: &[Pair], seen: &Seen, explained: &[Difference]) -> Vec<String> {
    let mut faults = Vec::new();
    for pair in pairs {
        for side in [Side::Ours, Side::Theirs] {
            for place in pair.side(side) {
                let known = |d: &&Difference| d.rule == pair.rule.id && d.tool == pair.tool && d.side == side;
                let explanations = explained.iter().filter(known).filter(|d| d.cases.iter().any(|case| d.covers(case, place))).count();
                if explanations != 1 {
                    let (rule, tool, Place { case, file, object }) = (pair.rule.id, pair.tool, place);
                    faults.push(format!("{explanations} explanations: {rule}, {tool}, {side:?} only: {case} {file} {object}"));
                }
            }
        }
        for check in &pair.checks {
            let agree = seen.get(*check).is_some_and(|places| places.iter().any(|p| pair.both.contains(p)));
            if !agree {
                faults.push(format!("{} is said to equal {check}, and no case shows them agree", pair.rule.id));
            }
        }
    }
    for d in explained {
        let pair = pairs.iter().find(|pair| pair.rule.id == d.rule && pair.tool == d.tool);
        let stale = |case: &&String| !pair.is_some_and(|pair| pair.side(d.side).iter().any(|place| d.covers(case, place)));
        for case in d.cases.iter().filter(stale) {
            faults.push(format!("explains nothing any more: {}, {}, {:?} only: {case}", d.rule, d.tool, d.side));
        }
    }
    faults
}

/// What each case adds to what its sound files already show, by tool: `mirai-kit`, then the others.
pub fn added(seen: &Seen, case: &str, good: &str) -> BTreeMap<&'static str, BTreeSet<String>> {
    let kind = |place: &Place| place.object.split('/').next().unwrap_or_default().to_owned();
    let mut added: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (check, places) in seen {
        let of = |id: &str| -> BTreeSet<(String, String)> { places.iter().filter(|p| p.case == id).map(|p| (p.file.clone(), kind(p))).collect() };
        if of(case).difference(&of(good)).next().is_some() {
            let (tool, id) = check.split_once(':').unwrap_or(("mirai-kit", check));
            let tool = RUN.into_iter().find(|t| *t == tool).unwrap_or("mirai-kit");
            added.entry(tool).or_default().insert(id.to_owned());
        }
    }
    added
}
