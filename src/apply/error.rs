//! What can go wrong when writing: every error says what happened, where, and what to do next.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::PathError;
use crate::git::GitError;

/// Why nothing was written. Whatever the variant, the target is as it was before the call.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The folder's name is not one that all systems accept.
    #[error("the folder cannot be named so: {0}")]
    Name(#[from] PathError),
    /// The target cannot be the place of a new project.
    #[error("{}: {problem}", path.display())]
    Target {
        /// The target.
        path: PathBuf,
        /// What is wrong with it.
        problem: TargetProblem,
    },
    /// Another run is writing into the same folder.
    #[error("{}: another mirai-kit is writing in this folder", path.display())]
    Busy {
        /// The target.
        path: PathBuf,
    },
    /// A system call failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The first commit failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The [`super::Cancel`] flag was raised.
    #[error("interrupted: nothing was written")]
    Cancelled,
}

/// What is wrong with a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetProblem {
    /// The path ends with something else than a name (`/`, `..`).
    #[error("does not end with a folder name")]
    NoName,
    /// The folder that should hold it is missing.
    #[error("its parent folder does not exist")]
    NoParent,
    /// It is a symbolic link, which is never followed.
    #[error("is a symbolic link, which is never followed")]
    Symlink,
    /// It is a file, a socket…
    #[error("exists and is not a folder")]
    NotFolder,
    /// It holds something.
    #[error("is not empty: it holds {}", listing(.0))]
    NotEmpty(Vec<String>),
    /// Its `.git` is not a folder: linked worktree or submodule.
    #[error("its `.git` is a file (linked worktree or submodule), not a folder")]
    LinkedWorktree,
    /// Its repository already has commits or staged files.
    #[error("its repository already has commits or staged files")]
    NotFresh,
    /// It is a clone, and the project is made of several repositories.
    #[error("is a clone, and this project is made of several repositories")]
    ManyRepositories,
    /// An interrupted run left files there that were changed since.
    #[error("holds an interrupted creation whose files were changed since: {}", listing(.0))]
    ChangedSinceInterruption(Vec<String>),
}

fn listing(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = names.iter().take(SHOWN).map(|n| format!("{n:?}")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

impl ApplyError {
    /// What to do about it, in one sentence.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Target { problem, .. } => Some(match problem {
                TargetProblem::NoName => "give the name of a folder to create, or `.`",
                TargetProblem::NoParent => "create it first, or choose another --output",
                TargetProblem::Symlink => "give the path of the folder itself",
                TargetProblem::NotFolder | TargetProblem::NotEmpty(_) => "choose another name, or move what is in the way",
                TargetProblem::LinkedWorktree | TargetProblem::NotFresh => "use a fresh clone, or create the project in a new folder",
                TargetProblem::ManyRepositories => "answer `depots: mono`, or give the name of a folder to create",
                TargetProblem::ChangedSinceInterruption(_) => "move these files elsewhere, then run the command again",
            }),
            Self::Busy { .. } => Some("wait for it to end, then run the command again"),
            Self::Io { source, .. } => hint_of(source),
            Self::Git(error) => error.hint(),
            Self::Name(_) => Some("choose a short name made of letters, digits, `-`, `_` and `.`"),
            Self::Cancelled => None,
        }
    }

    pub(super) fn target(path: &Path, problem: TargetProblem) -> Self {
        Self::Target { path: path.to_owned(), problem }
    }
}

fn hint_of(source: &io::Error) -> Option<&'static str> {
    Some(match source.kind() {
        ErrorKind::StorageFull => "free some space on this disk, then run the command again",
        ErrorKind::QuotaExceeded => "your disk quota is used up: free some space, then run the command again",
        ErrorKind::ReadOnlyFilesystem => "this file system is read-only: choose another --output",
        ErrorKind::PermissionDenied => "you may not write there: choose another --output, or ask for the right to write",
        ErrorKind::InvalidFilename => "the path is too long for this file system: choose a shorter name or --output",
        ErrorKind::ResourceBusy => "the folder is a mount point or is in use: choose another name",
        ErrorKind::CrossesDevices => "the target is another file system than its parent: choose another --output",
        ErrorKind::AlreadyExists => "someone created it meanwhile: choose another name",
        _ => match source.raw_os_error() {
            Some(5) => "the disk reports a failure: look at the system's log, choose another disk",
            _ => return None,
        },
    })
}

/// Adds to an `io::Error` what was being done, and on what.
pub(super) trait Doing<T> {
    fn doing(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, ApplyError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, ApplyError> {
        self.map_err(|source| ApplyError::Io { action, path: path.into(), source })
    }
}
