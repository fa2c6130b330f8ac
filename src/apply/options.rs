//! How to write: cancellation, progress, first commits.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ApplyError;
use crate::git::FirstCommit;

/// A flag that a signal handler raises; looked at between two files and before the last rename.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not raised.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The flag itself, for `signal_hook::flag::register`.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Raises it.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it is raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// How [`super::create()`] works. The default writes the files alone, without commit, flag or progress.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Makes each repository of the tree a git repository with this first commit; `None` for `--no-git`.
    pub git: Option<&'a FirstCommit>,
    /// Stops the work when raised.
    pub cancel: Option<&'a Cancel>,
    /// Called after each file with the number written and the total.
    pub progress: Option<&'a dyn Fn(usize, usize)>,
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("git", &self.git).field("cancel", &self.cancel).finish_non_exhaustive()
    }
}

impl Options<'_> {
    pub(super) fn check_cancelled(&self) -> Result<(), ApplyError> {
        if self.cancel.is_some_and(Cancel::is_raised) { Err(ApplyError::Cancelled) } else { Ok(()) }
    }

    pub(super) fn report_progress(&self, done: usize, total: usize) {
        if let Some(progress) = self.progress {
            progress(done, total);
        }
    }
}
