//! The requirement lists (data of the kit) and what a project brings to each of their rows.
//!
//! A row is split into facets, because « done » is never one thing: a backup that is planned, kept and restorable is three
//! proofs. A status is computed from the facets and is never greener than them: at generation time nothing has been
//! examined yet, so the best status is « generated, to be verified ». Ids clash between lists (`EXI-G-6` has three
//! meanings), so a row is always named with its list: `mirai@2025-03-10/EXI-G-6`.

mod asked;
mod evidence;
mod evolution;
mod forms;
mod impact;
mod list;
mod lists;
mod lookup;
mod matrix;
mod statement;
mod validate;

pub use asked::{Asked, AskedFacet};
pub use evidence::{Brought, FacetEvidence};
pub use evolution::{Change, Fate};
pub use forms::attestations;
pub use impact::{Effect, FacetImpact, Impact, Totals};
pub use list::{Applies, Counts, Document, Dropped, Facet, How, Level, Limit, Lineage, List, Relation, Row, Source};
pub use lists::{Lists, list_files};
pub use lookup::{RowRef, nearest};
pub use matrix::{RulesOf, conformity_matrix, open_in_newer, outputs};
pub use statement::{FacetState, FacetStatement, Holds, Proof, RowStatement, Statement, Status, statement};
