//! The result of rendering: what would be written, before anything is. Everything downstream (plan, apply, diff, tests)
//! takes a [`Tree`], so that what is shown is what is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::apply::SafeRelPath;

/// Who answers for a generated file after its creation (design.md, "A kit").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// Replaced by an update.
    #[default]
    Kit,
    /// Merged by structure at an update.
    Shared,
    /// Written once, never touched again.
    Team,
}

/// One file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Exact content.
    pub bytes: Vec<u8>,
    /// Whether the file gets mode 0755 instead of 0644.
    pub executable: bool,
    /// Id of the module that brings the file.
    pub module: String,
    /// Who owns it from now on.
    pub owner: Owner,
}

/// A folder of the tree that becomes a git repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Folder, relative to the tree's root; `None` is the root itself.
    pub path: Option<SafeRelPath>,
    /// Repository name on the forge.
    pub name: String,
}

/// Why a file could not be added to a [`Tree`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Two modules produce the same path, or two paths that some file systems do not tell apart.
    #[error("two files for one path: `{first}` (module {first_module}) and `{second}` (module {second_module})")]
    Duplicate {
        /// Path added first.
        first: SafeRelPath,
        /// Module of the first.
        first_module: String,
        /// Path that collides.
        second: SafeRelPath,
        /// Module of the second.
        second_module: String,
    },
    /// A path is both a file and a folder.
    #[error("`{file}` is a file, and `{below}` needs it to be a folder")]
    FileAndFolder {
        /// The path that is a file.
        file: SafeRelPath,
        /// The path below it.
        below: SafeRelPath,
    },
}

/// Every file to write, in path order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<SafeRelPath, TreeFile>,
    folded: BTreeMap<String, SafeRelPath>,
    /// Folders that become git repositories, in the order of the kit.
    pub repositories: Vec<Repository>,
}

impl Tree {
    /// Adds a file.
    ///
    /// # Errors
    /// When the path, or one that a case-insensitive or normalising file system confuses with it, is already taken, or
    /// is needed as a folder.
    pub fn insert(&mut self, path: SafeRelPath, file: TreeFile) -> Result<(), TreeError> {
        let folded = path.folded();
        if let Some(first) = self.folded.get(&folded) {
            return Err(TreeError::Duplicate {
                first: first.clone(),
                first_module: self.files.get(first).map(|f| f.module.clone()).unwrap_or_default(),
                second: path,
                second_module: file.module,
            });
        }
        for (index, _) in folded.match_indices('/') {
            if let Some(parent) = self.folded.get(&folded[..index]) {
                return Err(TreeError::FileAndFolder { file: parent.clone(), below: path });
            }
        }
        let prefix = format!("{folded}/");
        if let Some((_, below)) = self.folded.range(prefix.clone()..).next().filter(|(k, _)| k.starts_with(&prefix)) {
            return Err(TreeError::FileAndFolder { file: path, below: below.clone() });
        }
        self.folded.insert(folded, path.clone());
        self.files.insert(path, file);
        Ok(())
    }

    /// Files in path order.
    pub fn files(&self) -> impl Iterator<Item = (&SafeRelPath, &TreeFile)> {
        self.files.iter()
    }

    /// One file, by its path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&TreeFile> {
        self.files.iter().find(|(p, _)| p.as_str() == path).map(|(_, f)| f)
    }

    /// Number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
