//! Why a promotion or a new generation is refused.

use crate::git::GitError;
use crate::text;
use crate::text::{Problem, Text};

/// A refusal; nothing was written.
#[derive(Debug)]
pub enum DeployError {
    /// Git failed.
    Git(GitError),
    /// What the project says cannot be followed, or must not be.
    Refused(Vec<Problem>),
    /// A file that the project should have is not committed.
    Missing {
        /// The file.
        file: String,
    },
    /// The branch to make is there, with another content.
    BranchThere {
        /// The repository.
        depot: String,
        /// The branch.
        branch: String,
        /// Its commit.
        commit: String,
    },
}

impl From<GitError> for DeployError {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

impl From<Problem> for DeployError {
    fn from(problem: Problem) -> Self {
        Self::Refused(vec![problem])
    }
}

impl DeployError {
    /// The refusal as problems to show; git's own failures are worded by the caller.
    ///
    /// # Errors
    /// Git's failure.
    pub fn problems(self) -> Result<Vec<Problem>, GitError> {
        match self {
            Self::Git(error) => Err(error),
            Self::Refused(problems) => Ok(problems),
            Self::Missing { file } => {
                Ok(vec![Problem::new(file, Text::new("fichier absent du dernier commit", "this file is not in the last commit")).hint(Text::new(
                    "enregistrez-le dans git, ou lancez depuis le dossier du projet",
                    "commit it, or run from the project's folder",
                ))])
            }
            Self::BranchThere { depot, branch, commit } => Ok(vec![
                Problem::new(
                    depot,
                    text!(
                        "la branche `{branch}` existe déjà ({commit}), avec un autre contenu",
                        "branch `{branch}` is there ({commit}), with another content"
                    ),
                )
                .hint(text!(
                    "fusionnez-la, ou supprimez-la (`git branch -D {branch}`), puis relancez",
                    "merge it, or remove it (`git branch -D {branch}`), then run again"
                )),
            ]),
        }
    }
}

/// Why a value could not be changed.
pub(super) fn by_hand(file: &str, what: &str) -> Problem {
    Problem::new(
        file,
        text!(
            "`{what}` ne peut pas être changé sans toucher au reste du fichier",
            "`{what}` cannot be changed without touching the rest of the file"
        ),
    )
    .hint(text!(
        "écrivez `{what}` sur une ligne à lui, sans ancre ni bloc, puis relancez",
        "write `{what}` on a line of its own, without anchor or block, then run again"
    ))
}
