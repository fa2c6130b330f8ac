//! From one version of a description to the next without stopping the application: what is added first (expand), rendered
//! from the union of both versions, then, once nothing reads the old one, what is withdrawn (contract). What would lose data,
//! or cannot be done while two versions are served, is refused with its line and what to write instead.

mod judge;
mod merge;
mod steps;

use std::collections::BTreeSet;

pub(super) use merge::coarser;

use super::model::Model;
use super::report::{RgpdError, RgpdWarning, Sink};
use super::{Output, read, sql};
use crate::text::Text;

/// A description and what refusals call it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The name that refusals give.
    pub name: &'a str,
    /// The YAML.
    pub text: &'a str,
}

/// When a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Before the new version of the application is deployed.
    Expand,
    /// By lots, after the expand, while both versions are served.
    Backfill,
    /// Once no deployed version reads the old model.
    Contract,
}

impl Phase {
    /// The word of the JSON output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Backfill => "backfill",
            Self::Contract => "contract",
        }
    }
}

/// One thing that the migration does.
#[derive(Debug, Clone)]
pub struct Step {
    /// When.
    pub phase: Phase,
    /// The file that does it, below `donnees/`.
    pub file: String,
    /// What, for a person.
    pub what: Text,
}

/// The way from one version to the next.
#[derive(Debug)]
pub struct Plan {
    /// In the order in which they are done.
    pub steps: Vec<Step>,
    /// The files of the new version while the previous one is served: they take the place of those of `render`.
    pub expand: Vec<Output>,
    /// The files to be applied once nothing reads the previous version.
    pub contract: Vec<Output>,
    /// Does the new description say that the previous version is still served (`coexiste_avec`)? The contract then waits.
    pub served: bool,
    /// Points of attention.
    pub warnings: Vec<RgpdWarning>,
}

/// Plans the way from `previous` to `next`.
///
/// # Errors
/// Refusals of either description, and of the change itself: lost data, a type or a key that changes, a copy that would change
/// its meaning under the readers of the previous version.
pub fn plan(previous: Source<'_>, next: Source<'_>) -> Result<Plan, Vec<RgpdError>> {
    let (old, _) = read(previous.name, previous.text)?;
    let (mut new, read) = read(next.name, next.text)?;
    let mut sink = Sink::new(next.name);
    judge::whole(&old, &new, &mut sink);
    if sink.errors.is_empty() {
        let union = merge::union(&old, &new);
        collisions(&union, &mut sink);
        if sink.errors.is_empty() {
            new.live = true;
            let expand = sql::expand(&old, &union);
            let contract = sql::contract(&old, &union, &new);
            let served = new.coexists.contains(&old.version);
            let mut warnings = read.warnings;
            warnings.extend(sink.warnings);
            return Ok(Plan { steps: steps::list(&old, &new), expand, contract, served, warnings });
        }
    }
    sink.errors.sort_by_key(|e| e.line);
    Err(sink.errors)
}

/// Columns of two versions that would bear one name.
fn collisions(union: &Model, sink: &mut Sink) {
    for entity in &union.entities {
        let twins = entity.twin_fields().filter_map(|(f, p)| p.twin.as_ref().map(|t| (t, f.line)));
        let mut seen = BTreeSet::new();
        for (name, line) in entity.fields.iter().map(|f| (&f.name, f.line)).chain(twins) {
            if !seen.insert(name) {
                let what = format!("entites.{} : la colonne « {name} » servirait aux deux versions pour deux choses", entity.name);
                sink.error(line, what, "un autre nom (champ, ou regle: { …, copie: … })");
            }
        }
    }
}
