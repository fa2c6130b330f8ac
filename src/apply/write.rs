//! Writes a [`Tree`] below a folder: each folder is created once and held open while its files are written, each file
//! costs one `openat`, one `write` and one `close`.

use std::ffi::OsStr;

use super::dir::Dir;
use super::error::Doing;
use super::{ApplyError, Options};
use crate::render::Tree;

/// Writes every file of the tree. Paths come sorted, so that the files of a folder follow each other.
pub(super) fn write(root: &Dir, tree: &Tree, options: &Options<'_>) -> Result<(), ApplyError> {
    let mut open: Vec<(&str, Dir)> = Vec::new();
    for (done, (path, file)) in tree.files().enumerate() {
        options.check_cancelled()?;
        let (folder, name) = path.split();
        while open.last().is_some_and(|(at, _)| !is_in(folder, at)) {
            open.pop();
        }
        let mut at = open.last().map_or(0, |(at, _)| at.len() + 1);
        while at < folder.len() {
            let end = folder[at..].find('/').map_or(folder.len(), |i| at + i);
            let parent = open.last().map_or(root, |(_, dir)| dir);
            let part = OsStr::new(&folder[at..end]);
            let dir = parent.create_dir(part, false).doing("create the folder", parent.path().join(part))?;
            open.push((&folder[..end], dir));
            at = end + 1;
        }
        let dir = open.last().map_or(root, |(_, dir)| dir);
        dir.create_file(name.as_ref(), &file.bytes, file.executable).doing("write", dir.path().join(name))?;
        options.report_progress(done + 1, tree.len());
    }
    Ok(())
}

/// Whether `folder` is `at` or below it.
fn is_in(folder: &str, at: &str) -> bool {
    folder.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
