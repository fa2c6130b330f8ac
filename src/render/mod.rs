//! Pure rendering: (kit, answers) → [`Tree`]. No disk, clock, environment or network, so that dry run, diff, update,
//! batch and tests are the same call.

mod tree;

pub use tree::{Owner, Repository, Tree, TreeError, TreeFile};
