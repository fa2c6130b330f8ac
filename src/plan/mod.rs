//! What would be done, before anything is: the tree against what is on disk. `--dry-run`, `--diff` and `--json` show a
//! [`Plan`]; [`crate::apply`] carries out the same tree.

mod diff;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use diff::{changed, unified};

use crate::apply::{self, ApplyError};
use crate::digest::sha256;
use crate::render::{Owner, Tree};

/// Format of the JSON form; its schema is `schemas/plan.v1.schema.json`.
pub const FORMAT: &str = "mirai-kit/plan/v1";

/// The actions to carry out, in path order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT`].
    pub format: String,
    /// Folder to write in, as given.
    pub target: String,
    /// One per file.
    pub actions: Vec<Action>,
    /// Folders that become git repositories.
    pub repositories: Vec<PlannedRepository>,
}

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What happens.
    pub action: ActionKind,
    /// Path below the target, with `/` separators.
    pub path: String,
    /// Id of the module that brings the file.
    pub module: String,
    /// Who owns it from now on.
    pub owner: Owner,
    /// Size of the content, in bytes.
    pub bytes: u64,
    /// SHA-256 of the content, in lowercase hexadecimal.
    pub sha256: String,
    /// Whether it may be run.
    pub executable: bool,
}

/// Kinds of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionKind {
    /// The file does not exist and is written.
    Create,
}

/// A folder that becomes a git repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedRepository {
    /// Folder below the target; `.` is the target itself.
    pub path: String,
    /// Repository name on the forge.
    pub name: String,
}

/// The plan of a creation. Reads the target and writes nothing.
///
/// # Errors
/// Those that [`apply::create`] would answer for this target.
pub fn against_disk(tree: &Tree, target: &Path) -> Result<Plan, ApplyError> {
    apply::check_target(target, tree)?;
    let actions = tree.files().map(|(path, file)| Action {
        action: ActionKind::Create,
        path: path.as_str().to_owned(),
        module: file.module.clone(),
        owner: file.owner,
        bytes: file.bytes.len() as u64,
        sha256: sha256(&file.bytes),
        executable: file.executable,
    });
    let repositories = tree
        .repositories
        .iter()
        .map(|repository| PlannedRepository { path: repository.path.as_ref().map_or(".", |p| p.as_str()).to_owned(), name: repository.name.clone() });
    Ok(Plan {
        format: FORMAT.to_owned(),
        target: target.to_string_lossy().into_owned(),
        actions: actions.collect(),
        repositories: repositories.collect(),
    })
}

impl Plan {
    /// The JSON form, indented, with a final newline.
    ///
    /// # Errors
    /// Never for a plan made by [`against_disk`]: serialising it cannot fail.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}
