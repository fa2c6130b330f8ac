//! What can go wrong with git.

use std::path::PathBuf;

/// Why a repository or its first commit could not be made.
#[derive(Debug, thiserror::Error)]
#[error("git cannot {action} in {}: {}", path.display(), source.message())]
pub struct GitError {
    /// What was being done.
    pub action: &'static str,
    /// In which folder.
    pub path: PathBuf,
    /// What libgit2 answered.
    pub source: git2::Error,
}

impl GitError {
    /// What to do about it, in one sentence.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self.source.code() {
            git2::ErrorCode::Owner => {
                Some("this repository belongs to someone else: `git config --global --add safe.directory <folder>` if you trust it")
            }
            _ if self.source.class() == git2::ErrorClass::Os => Some("look at the disk's space and permissions, or run without git (--no-git)"),
            _ => None,
        }
    }
}

/// Adds to libgit2's error what was being done, and where.
pub(super) trait Doing<T> {
    fn doing(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, GitError>;
}

impl<T> Doing<T> for Result<T, git2::Error> {
    fn doing(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, GitError> {
        self.map_err(|source| GitError { action, path: path.into(), source })
    }
}
