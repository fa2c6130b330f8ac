//! The first commit of a fresh clone: made without touching its configuration, remotes, index or branch. The caller
//! brings index and branch to their place by renames, so that an interruption leaves no lock behind.

use std::path::Path;

use git2::{ErrorCode, Index, Repository as Git, RepositoryOpenFlags};

use super::commit::{Committed, FirstCommit, add, commit, resolve};
use super::error::{Doing, GitError};
use crate::render::{Repository, Tree};

/// A commit whose objects are written and that nothing names yet.
#[derive(Debug)]
pub struct Prepared {
    /// The commit.
    pub committed: Committed,
    /// The branch that is to name it, such as `refs/heads/main`: the one that the clone is on.
    pub branch: String,
}

/// Whether the repository of this work tree has neither commits on its branch nor staged files.
///
/// # Errors
/// When it is no repository, or libgit2 refuses it (someone else's).
pub fn is_fresh(work_tree: &Path) -> Result<bool, GitError> {
    let git = open(work_tree)?;
    let unborn = match git.head() {
        Err(error) if error.code() == ErrorCode::UnbornBranch => true,
        Err(error) => return Err(error).doing("read HEAD", work_tree),
        Ok(_) => false,
    };
    // An index that exists, be it empty, is someone's: it would have to be replaced.
    let index = git.index().doing("open the index", work_tree)?;
    Ok(unborn && index.is_empty() && !index.path().is_some_and(Path::exists))
}

/// Writes the objects of the first commit of the clone at `work_tree`, and its index at `index_path`. The files are
/// staged at `staged`.
///
/// # Errors
/// When libgit2 refuses or the disk fails.
pub fn prepare_in_clone(
    work_tree: &Path,
    staged: &Path,
    index_path: &Path,
    tree: &Tree,
    repository: &Repository,
    first: &FirstCommit,
) -> Result<Prepared, GitError> {
    let git = open(work_tree)?;
    let mut index = Index::open(index_path).doing("make an index", index_path)?;
    let files = add(&git, &mut index, staged, tree, repository).doing("record the files", work_tree)?;
    let tree_id = index.write_tree_to(&git).doing("write the tree", work_tree)?;
    index.write().doing("write the index", index_path)?;
    let identity = resolve(&git, first);
    let id = commit(&git, tree_id, &identity, first).doing("commit", work_tree)?;
    let head = git.find_reference("HEAD").doing("read HEAD", work_tree)?;
    let branch = head.symbolic_target().ok().flatten().unwrap_or("refs/heads/main").to_owned();
    let committed = Committed { path: None, name: repository.name.clone(), commit: id.to_string(), tree: tree_id.to_string(), files, identity };
    Ok(Prepared { committed, branch })
}

fn open(work_tree: &Path) -> Result<Git, GitError> {
    Git::open_ext(work_tree, RepositoryOpenFlags::NO_SEARCH, std::iter::empty::<&Path>()).doing("open the repository", work_tree)
}
