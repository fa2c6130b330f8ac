//! Whether a work tree has changes that are not committed: what is changed over them could not be told apart, nor undone.

use std::path::Path;

use git2::{ErrorCode, Repository as Git, StatusOptions};

use super::error::{Doing, GitError};

/// Whether the repository that holds a folder has no change of a tracked file; none when no repository holds it.
///
/// # Errors
/// When libgit2 refuses the repository (someone else's).
pub fn is_clean(folder: &Path) -> Result<Option<bool>, GitError> {
    let git = match Git::discover(folder) {
        Ok(git) => git,
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
        Err(error) => return Err(error).doing("open the repository", folder),
    };
    let mut options = StatusOptions::new();
    options.include_untracked(false).include_ignored(false).exclude_submodules(true);
    let changes = git.statuses(Some(&mut options)).doing("compare", folder)?;
    Ok(Some(changes.is_empty()))
}
