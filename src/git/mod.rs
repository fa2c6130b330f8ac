//! Git, through the vendored libgit2: no `git` program, hook, template or network is ever used.

mod clean;
mod clone;
mod commit;
mod error;
mod identity;
mod snapshot;

pub use clean::is_clean;
pub use clone::{Prepared, is_fresh, prepare_in_clone};
pub use commit::{Committed, FirstCommit, TRAILER, init_and_commit};
pub use error::GitError;
pub use identity::{FALLBACK_EMAIL, FALLBACK_NAME, Identity, Source};
pub use snapshot::{Branch, Snapshot, Version};
