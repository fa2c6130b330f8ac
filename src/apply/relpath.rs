//! [`SafeRelPath`]: the one type through which a path reaches the disk. Seven of copier's twelve security fixes were one
//! missing containment check called in one place more each time; here it cannot be forgotten.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::names;

/// Longest path, in bytes, that is accepted (macOS' `PATH_MAX` is 1024; Linux' is 4096).
pub const MAX_PATH_BYTES: usize = 1024;

/// A relative path, with `/` separators, that is safe to create below a folder on Linux, macOS and Windows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeRelPath(String);

/// Why a path is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path is empty.
    #[error("empty path")]
    Empty,
    /// The path as a whole is refused.
    #[error("refused path {path:?}: {reason}")]
    Refused {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl SafeRelPath {
    /// Checks and wraps a path.
    ///
    /// # Errors
    /// When the path is empty, absolute, leaves its folder, names a device or git's own files, or cannot exist on one of
    /// the three systems.
    pub fn new(path: impl Into<String>) -> Result<Self, PathError> {
        let path: String = path.into();
        if path.is_empty() {
            return Err(PathError::Empty);
        }
        if let Some(reason) = refusal(&path) {
            return Err(PathError::Refused { path, reason });
        }
        Ok(Self(path))
    }

    /// Checks and wraps a name: a path of one part, such as the folder that `new NAME` creates.
    ///
    /// # Errors
    /// As [`SafeRelPath::new`], and when the name has a `/`.
    pub fn name(name: impl Into<String>) -> Result<Self, PathError> {
        let path = Self::new(name)?;
        if path.0.contains('/') {
            return Err(PathError::Refused { path: path.0, reason: "a name has no `/`" });
        }
        Ok(path)
    }

    /// The path, with `/` separators.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder of the path (empty for a file at the root) and its last part.
    #[must_use]
    pub fn split(&self) -> (&str, &str) {
        self.0.rsplit_once('/').unwrap_or(("", &self.0))
    }

    /// The rest of the path below `folder`, if it is strictly below it.
    #[must_use]
    pub fn below(&self, folder: &Self) -> Option<Self> {
        let rest = self.0.strip_prefix(folder.as_str())?.strip_prefix('/')?;
        Some(Self(rest.to_owned()))
    }

    /// The path as a case-insensitive, normalising file system sees it: two paths with the same folded form collide.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.nfc().flat_map(char::to_lowercase).collect()
    }
}

impl fmt::Display for SafeRelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn refusal(path: &str) -> Option<&'static str> {
    if path.len() > MAX_PATH_BYTES {
        return Some("longer than 1024 bytes");
    }
    if path.starts_with('/') {
        return Some("absolute");
    }
    path.split('/').find_map(names::refusal)
}
