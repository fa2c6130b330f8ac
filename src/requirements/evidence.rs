//! What the modules of a kit bring to the facets of a row, before any answer is known: paths and conditions as the kit
//! writes them.

use super::list::Facet;
use super::lists::Lists;
use super::lookup::RowRef;
use crate::kit::{Evidence, Module};

/// One contribution of a module.
#[derive(Debug, Clone, Copy)]
pub struct Brought<'a> {
    /// The module.
    pub module: &'a Module,
    /// What it brings.
    pub evidence: &'a Evidence,
}

/// A facet, where it is defined, and what is brought to it.
#[derive(Debug, Clone)]
pub struct FacetEvidence<'a> {
    /// The facet.
    pub facet: &'a Facet,
    /// Reference of the row that defines it: rows of several lists share the facets of one.
    pub origin: String,
    /// It follows from the list that the row imports: no module has to bring anything.
    pub follows: bool,
    /// What modules bring to it.
    pub brought: Vec<Brought<'a>>,
}

impl Lists {
    /// The facets of a row, its own or those it takes from another row.
    #[must_use]
    pub fn facets<'a>(&'a self, row: RowRef<'a>, modules: &'a [Module]) -> Vec<FacetEvidence<'a>> {
        let held = self.facets_holder(row).unwrap_or(row);
        let holder = held.reference();
        let facet = |facet: &'a Facet| {
            let serves = |evidence: &Evidence| {
                let target = self.holder(&evidence.requirement).map(|(target, _)| target);
                evidence.facet == facet.id && (target == Some(holder.as_str()) || (target.is_some() && target == facet.from.as_deref()))
            };
            let brought = modules.iter().flat_map(|module| module.evidence.iter().map(move |evidence| Brought { module, evidence }));
            FacetEvidence {
                facet,
                origin: facet.from.clone().unwrap_or_else(|| holder.clone()),
                follows: held.row.imports.is_some(),
                brought: brought.filter(|b| serves(b.evidence)).collect(),
            }
        };
        held.row.facets.iter().map(facet).collect()
    }

    /// The row whose facets this one takes; none when they are its own.
    #[must_use]
    pub fn facets_holder<'a>(&'a self, row: RowRef<'a>) -> Option<RowRef<'a>> {
        row.row.facets_from.as_deref().and_then(|from| self.row_ref(from))
    }
}
