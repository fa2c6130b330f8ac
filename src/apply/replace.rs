//! One file in place of another, whole or not at all: written beside it, made durable, renamed over it.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::dir::Dir;
use super::error::{ApplyError, Doing};

/// Writes a file that may exist. With `expected`, it must still hold these bytes: someone else's change is not lost.
/// A symbolic link is not followed: it would be replaced elsewhere than where the user looks.
///
/// # Errors
/// When the file cannot be written, or holds something else than `expected`; it is then as it was.
pub fn replace(path: &Path, expected: Option<&[u8]>, bytes: &[u8]) -> Result<(), ApplyError> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or(OsStr::new("."));
    let dir = Dir::open(parent).doing("open", parent)?;
    replace_in(&dir, name, expected, bytes)?;
    dir.sync().doing("make durable", parent)
}

/// [`replace`] in a folder that is held open, which the caller makes durable.
pub(super) fn replace_in(dir: &Dir, name: &OsStr, expected: Option<&[u8]>, bytes: &[u8]) -> Result<(), ApplyError> {
    let path = dir.path().join(name);
    let kind = dir.kind(name).doing("look at", &path)?;
    if !matches!(kind, None | Some(super::Kind::File)) {
        return Err(std::io::Error::from(std::io::ErrorKind::InvalidInput)).doing("replace", path);
    }
    if let Some(expected) = expected
        && dir.read(name).doing("read", &path)? != expected
    {
        return Err(std::io::Error::from(std::io::ErrorKind::ResourceBusy)).doing("replace", path);
    }
    let mut beside = OsString::from(".mirai-kit-");
    beside.push(std::process::id().to_string());
    beside.push("-");
    beside.push(name);
    let written = dir.create_file(&beside, bytes, false).and_then(|()| {
        if kind.is_some() {
            dir.copy_file_mode(name, &beside)?;
        }
        dir.sync_file(&beside)?;
        dir.rename_over(&beside, name)
    });
    if written.is_err() {
        // What is left would be a stranger in the user's folder.
        let _ = dir.remove_file(&beside);
    }
    written.doing("write", path)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test prepares its folders")]
mod tests {
    use super::replace;

    #[test]
    fn a_file_is_replaced_whole_with_its_mode_and_a_change_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sh");
        replace(&path, None, b"1").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o750)).unwrap();
        }
        replace(&path, Some(b"1"), b"2").unwrap();
        assert!(replace(&path, Some(b"1"), b"3").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"2");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o750);
            let link = folder.path().join("lien");
            std::os::unix::fs::symlink("a.sh", &link).unwrap();
            assert!(replace(&link, None, b"4").is_err());
        }
        assert!(replace(&folder.path().join("absent/b"), None, b"x").is_err());
    }
}
