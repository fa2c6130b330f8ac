//! What a row asks for: whether it applies, which facets, which limits. One reading for the matrix, which knows every answer,
//! and for `check`, which may know none: what cannot be told is taken the hard way (the row applies, the facet is asked for,
//! the limit holds).

use super::List;
use super::list::{Facet, Limit};
use super::lists::Lists;
use crate::text::Text;

/// What a row asks for.
#[derive(Debug, Clone)]
pub enum Asked<'a> {
    /// The condition that sets it aside.
    Aside(&'a Text),
    /// Its facets, with the reference of the row that holds them.
    Facets(&'a str, Vec<AskedFacet<'a>>),
}

/// A facet that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct AskedFacet<'a> {
    /// The facet.
    pub facet: &'a Facet,
    /// What no evidence can lift.
    pub limit: Option<&'a Limit>,
}

impl Lists {
    /// What the row of a reference asks for; none when there is no such row.
    ///
    /// # Errors
    /// When `holds` fails: an expression that cannot be evaluated. It answers none when the answers do not tell.
    pub fn asked<'a, E>(&'a self, reference: &'a str, holds: &dyn Fn(&str) -> Result<Option<bool>, E>) -> Result<Option<Asked<'a>>, E> {
        let Some((holder, row)) = self.holder(reference) else { return Ok(None) };
        if let Some(applies) = &row.applies
            && holds(&applies.condition)? == Some(false)
        {
            return Ok(Some(Asked::Aside(&applies.otherwise)));
        }
        let mut facets = Vec::new();
        for facet in &row.facets {
            if let Some(when) = &facet.when
                && holds(when)? == Some(false)
            {
                continue;
            }
            let limit = match &facet.limit {
                Some(limit) if holds(&limit.condition)? != Some(false) => Some(limit),
                _ => None,
            };
            facets.push(AskedFacet { facet, limit });
        }
        Ok(Some(Asked::Facets(holder, facets)))
    }

    /// The lists that replace one of those asked for, without being asked for: each with the one that it replaces.
    #[must_use]
    pub fn newer<'a>(&'a self, asked: &dyn Fn(&List) -> bool) -> Vec<(&'a List, &'a List)> {
        let pair = |list: &'a List| {
            let older = self.list(list.supersedes.as_deref()?)?;
            asked(older).then_some((list, older))
        };
        self.iter().filter(|l| !asked(l)).filter_map(pair).collect()
    }
}
