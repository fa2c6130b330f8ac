//! The life of a generated project between environments: promotion of what was tested, generations of the database.
//!
//! Everything is read from git's commits and prepared as commits on a new branch, to be reviewed and merged: nothing is
//! changed in a work tree, nothing is sent anywhere.

pub mod database;
pub mod edit;
pub mod error;
pub mod generation;
mod project;
pub mod promote;
mod revision;

pub use error::DeployError;
pub use project::{Chart, Depot, Project};

use std::collections::BTreeMap;

use crate::git::Branch;

/// What one repository has to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Index of the repository in [`Project::depots`].
    pub depot: usize,
    /// Files, from the root of the repository: content before and after.
    pub files: BTreeMap<String, (String, String)>,
}

/// A branch made in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Index of the repository in [`Project::depots`].
    pub depot: usize,
    /// What became of the branch.
    pub branch: Branch,
}

/// The changes of several files, by repository, in the order of the repositories.
#[derive(Debug, Default)]
struct Changes(BTreeMap<usize, BTreeMap<String, (String, String)>>);

impl Changes {
    /// The content of a file, with the changes already made to it.
    fn read(&self, project: &Project, depot: usize, path: &str) -> Result<String, DeployError> {
        if let Some((_, after)) = self.0.get(&depot).and_then(|files| files.get(path)) {
            return Ok(after.clone());
        }
        project.depots[depot].committed(path)?.ok_or_else(|| DeployError::Missing { file: project.shown(depot, path) })
    }

    fn write(&mut self, project: &Project, depot: usize, path: &str, after: String) -> Result<(), DeployError> {
        let before = match self.0.get(&depot).and_then(|files| files.get(path)) {
            Some((before, _)) => before.clone(),
            None => self.read(project, depot, path)?,
        };
        if before != after {
            self.0.entry(depot).or_default().insert(path.to_owned(), (before, after));
        }
        Ok(())
    }

    fn into_list(self) -> Vec<Change> {
        self.0.into_iter().map(|(depot, files)| Change { depot, files }).collect()
    }
}

/// Makes the branches, all of them or none.
///
/// # Errors
/// When a file to change has changes that are not committed, when the branch is there with another content, or when git
/// fails; the branches already made are taken back.
pub fn prepare(project: &Project, changes: &[Change], branch: &str, message: &str, when: (i64, i32)) -> Result<Vec<Made>, DeployError> {
    let mut made: Vec<Made> = Vec::new();
    for change in changes {
        let files = change.files.iter().map(|(path, (_, after))| (path.clone(), after.clone())).collect();
        let depot = &project.depots[change.depot];
        let done = depot.snapshot.prepare(branch, &files, message, when).map_err(DeployError::from).and_then(|done| match done {
            Branch::Other(commit) => Err(DeployError::BranchThere { depot: depot.shown(), branch: branch.to_owned(), commit }),
            done => Ok(done),
        });
        match done {
            Ok(branch) => made.push(Made { depot: change.depot, branch }),
            Err(error) => {
                for one in made.iter().filter(|m| matches!(m.branch, Branch::Made(_))) {
                    // The first failure is what the person has to know.
                    let _ = project.depots[one.depot].snapshot.forget(branch);
                }
                return Err(error);
            }
        }
    }
    Ok(made)
}
