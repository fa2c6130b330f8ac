//! Some files of a folder that lives on: all looked at first, then each one written whole. Nothing is written when one of
//! them is not what the caller saw, and an interruption leaves whole files only: the same call, made again, ends the work.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{Error, ErrorKind};
use std::path::Path;

use super::dir::Dir;
use super::error::{ApplyError, Doing};
use super::replace::replace_in;
use super::{Kind, SafeRelPath};

/// One file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where, below the folder.
    pub path: SafeRelPath,
    /// What it holds until then; none when there is no such file.
    pub before: Option<Vec<u8>>,
    /// What it will hold.
    pub after: Vec<u8>,
}

/// Writes the files. Folders that miss are created; symbolic links are not followed.
///
/// # Errors
/// When a file is not what `before` says, or cannot be written.
pub fn update(folder: &Path, changes: &[Change]) -> Result<(), ApplyError> {
    let root = Dir::open(folder).doing("open", folder)?;
    for change in changes {
        let (parent, name) = change.path.split();
        let path = folder.join(change.path.as_str());
        let found = match existing(&root, parent)? {
            None => None,
            Some(dir) => match dir.kind(OsStr::new(name)).doing("look at", &path)? {
                None => None,
                Some(Kind::File) => Some(dir.read(OsStr::new(name)).doing("read", &path)?),
                Some(_) => return Err(Error::from(ErrorKind::InvalidInput)).doing("replace", path),
            },
        };
        if found != change.before {
            return Err(Error::from(ErrorKind::ResourceBusy)).doing("replace", path);
        }
    }
    let mut parents = BTreeSet::new();
    for change in changes {
        let (parent, name) = change.path.split();
        let dir = made(&root, parent)?;
        replace_in(&dir, OsStr::new(name), change.before.as_deref(), &change.after)?;
        parents.insert(parent.to_owned());
    }
    for parent in parents {
        made(&root, &parent)?.sync().doing("make durable", folder.join(parent))?;
    }
    root.sync().doing("make durable", folder)
}

/// A folder below, when it exists.
fn existing(root: &Dir, path: &str) -> Result<Option<Dir>, ApplyError> {
    let mut dir = root.open_dir(OsStr::new(".")).doing("open", root.path())?;
    for part in path.split('/').filter(|p| !p.is_empty()) {
        match dir.kind(OsStr::new(part)).doing("look at", dir.path().join(part))? {
            None => return Ok(None),
            Some(_) => dir = dir.open_dir(OsStr::new(part)).doing("open", dir.path().join(part))?,
        }
    }
    Ok(Some(dir))
}

/// A folder below, created when it misses.
fn made(root: &Dir, path: &str) -> Result<Dir, ApplyError> {
    let mut dir = root.open_dir(OsStr::new(".")).doing("open", root.path())?;
    for part in path.split('/').filter(|p| !p.is_empty()) {
        let (name, at) = (OsStr::new(part), dir.path().join(part));
        dir = match dir.kind(name).doing("look at", &at)? {
            None => dir.create_dir(name, false).doing("create the folder", &at)?,
            Some(_) => dir.open_dir(name).doing("open", &at)?,
        };
    }
    Ok(dir)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test prepares its folders")]
mod tests {
    use super::{Change, update};
    use crate::apply::SafeRelPath;

    fn change(path: &str, before: Option<&str>, after: &str) -> Change {
        Change { path: SafeRelPath::new(path).unwrap(), before: before.map(Into::into), after: after.into() }
    }

    #[test]
    fn all_files_are_looked_at_before_one_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let read = |path: &str| std::fs::read_to_string(folder.path().join(path)).ok();
        update(folder.path(), &[change("a/b/c.sql", None, "1"), change("d.md", None, "2")]).unwrap();
        assert_eq!((read("a/b/c.sql").as_deref(), read("d.md").as_deref()), (Some("1"), Some("2")));
        // The second one is not what was seen: the first one stays.
        assert!(update(folder.path(), &[change("a/b/c.sql", Some("1"), "3"), change("d.md", Some("other"), "4")]).is_err());
        assert!(update(folder.path(), &[change("e.md", None, "5"), change("d.md", None, "4")]).is_err());
        assert_eq!((read("a/b/c.sql").as_deref(), read("d.md").as_deref(), read("e.md")), (Some("1"), Some("2"), None));
        update(folder.path(), &[change("a/b/c.sql", Some("1"), "3")]).unwrap();
        assert_eq!(read("a/b/c.sql").as_deref(), Some("3"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("a")).unwrap();
        assert!(update(folder.path(), &[change("a/b.md", None, "1")]).is_err());
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
