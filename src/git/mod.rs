//! Git, through the vendored libgit2: no `git` program, hook, template or network is ever used.

mod commit;
mod error;
mod identity;

pub use commit::{Committed, FirstCommit, init_and_commit};
pub use error::GitError;
pub use identity::{FALLBACK_EMAIL, FALLBACK_NAME, Identity, Source};
