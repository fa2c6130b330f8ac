//! What has to be done again when a project passes from one list to another: rules and modules to look at, attestations
//! to sign, derogations to ask for. A facet that both rows share keeps its proof, unless the meaning of the row changed.

use std::collections::BTreeSet;

use super::evidence::FacetEvidence;
use super::evolution::{Change, Fate};
use super::list::{How, List};
use super::lists::Lists;
use super::lookup::RowRef;
use crate::kit::Module;

/// What happens to the proof of a facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The meaning of the row or of the facet changed: what proves it has to be looked at again, what attests it signed again.
    Review,
    /// The second list alone asks for it.
    Add,
    /// The second list no longer asks for it.
    Remove,
    /// Attested under the old id.
    Rename,
}

impl Effect {
    /// As it is written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Rename => "rename",
        }
    }
}

/// One facet whose proof is concerned.
#[derive(Debug, Clone)]
pub struct FacetImpact<'a> {
    /// What happens to it.
    pub effect: Effect,
    /// The facet and what is brought to it.
    pub facet: FacetEvidence<'a>,
    /// Rows of the lists still in force that ask for it too: what proves it stays.
    pub elsewhere: Vec<String>,
}

impl FacetImpact<'_> {
    /// Whether a file or a rule of the kit has to be looked at.
    fn touches_kit(&self) -> bool {
        self.effect != Effect::Rename && self.elsewhere.is_empty()
    }

    /// Whether nothing of the kit brings what has to be added.
    #[must_use]
    pub fn uncovered(&self) -> bool {
        self.effect == Effect::Add && self.facet.facet.how != How::Attested && !self.facet.follows && self.facet.brought.is_empty()
    }
}

/// One row for which something has to be done.
#[derive(Debug, Clone)]
pub struct Impact<'a> {
    /// What became of the row.
    pub change: Change<'a>,
    /// The facets concerned.
    pub facets: Vec<FacetImpact<'a>>,
}

impl Impact<'_> {
    /// The row that derogations cite and that no longer says the same thing: they have to be asked for again, or withdrawn.
    #[must_use]
    pub fn derogation(&self) -> Option<String> {
        let changed = matches!(self.change.fate, Fate::Extended | Fate::Moved | Fate::Dropped) || self.change.level_changed();
        self.change.from.filter(|_| changed).map(|row| row.reference())
    }

    /// The row as the second list names it, or else the first.
    #[must_use]
    pub fn reference(&self) -> String {
        self.change.to.or(self.change.from).map(|row| row.reference()).unwrap_or_default()
    }
}

/// What has to be done, without the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rules of `check`.
    pub rules: BTreeSet<String>,
    /// Modules of the kit.
    pub modules: BTreeSet<String>,
    /// Attestations, as (row, facet).
    pub attestations: BTreeSet<(String, String)>,
    /// Rows whose derogations no longer hold.
    pub derogations: BTreeSet<String>,
}

impl Totals {
    /// Sums up.
    #[must_use]
    pub fn of(impacts: &[Impact<'_>]) -> Self {
        let mut totals = Self::default();
        for impact in impacts {
            totals.derogations.extend(impact.derogation());
            for facet in &impact.facets {
                if facet.facet.facet.how == How::Attested && facet.elsewhere.is_empty() {
                    totals.attestations.insert((impact.reference(), facet.facet.facet.id.clone()));
                }
                for brought in facet.facet.brought.iter().filter(|_| facet.touches_kit()) {
                    totals.modules.insert(brought.module.id.clone());
                    totals.rules.extend(brought.evidence.rule.clone());
                }
            }
        }
        totals
    }
}

impl Lists {
    /// The rows for which something has to be done when a project measured against `from` is measured against `to`.
    #[must_use]
    pub fn impact<'a>(&'a self, from: &'a List, to: &'a List, modules: &'a [Module]) -> Vec<Impact<'a>> {
        let changes = self.compare(from, to).into_iter();
        let impacts = changes.map(|change| Impact { facets: self.facet_impacts(&change, from, to, modules), change });
        impacts.filter(|impact| !impact.facets.is_empty() || impact.derogation().is_some()).collect()
    }

    fn facet_impacts<'a>(&'a self, change: &Change<'a>, from: &'a List, to: &'a List, modules: &'a [Module]) -> Vec<FacetImpact<'a>> {
        if change.fate == Fate::Imported {
            return Vec::new();
        }
        let of = |row: Option<RowRef<'a>>| row.map(|row| self.facets(row, modules)).unwrap_or_default();
        let (old, new) = (of(change.from), of(change.to));
        // Between two versions of a row, the id of a facet is enough to recognise it.
        let holds = |facets: &[FacetEvidence<'_>], facet: &FacetEvidence<'_>| facets.iter().any(|f| f.facet.id == facet.facet.id);
        let mut impacts = Vec::new();
        for facet in new.iter().cloned() {
            let kept = old.iter().any(|f| same(f, &facet));
            let effect = match change.fate {
                _ if !holds(&old, &facet) => Effect::Add,
                Fate::Extended => Effect::Review,
                _ if !kept => Effect::Review,
                Fate::Moved if facet.facet.how == How::Attested => Effect::Rename,
                _ => continue,
            };
            impacts.push(FacetImpact { effect, facet, elsewhere: Vec::new() });
        }
        for facet in old.into_iter().filter(|facet| !holds(&new, facet)) {
            let elsewhere = self.elsewhere(&facet, from, to, modules);
            impacts.push(FacetImpact { effect: Effect::Remove, facet, elsewhere });
        }
        impacts
    }

    /// The rows of `to` and of the default lists that ask for that facet, once `from` is left.
    fn elsewhere(&self, facet: &FacetEvidence<'_>, from: &List, to: &List, modules: &[Module]) -> Vec<String> {
        let (left, kept) = (from.name(), to.name());
        let in_force = self.iter().filter(|list| list.name() == kept || (list.default && list.name() != left));
        let asks = |row: &RowRef<'_>| self.facets(*row, modules).iter().any(|f| same(f, facet));
        in_force.flat_map(List::rows).filter(asks).map(|row| row.reference()).collect()
    }
}

/// The same facet, whichever rows ask for it.
fn same(a: &FacetEvidence<'_>, b: &FacetEvidence<'_>) -> bool {
    a.origin == b.origin && a.facet.id == b.facet.id
}
