//! The journal of a creation in a folder that must stay (a fresh clone, the current folder, a mount point): which
//! renames bring the staged entries to their place. The last rename is the point of no return:
//!
//! - its source is still staged: the run was interrupted before it, and the renames done are undone, in reverse;
//! - its source is gone: everything had arrived, and there is only the staging folder to remove.
//!
//! Undoing never loses work: each file must still have the content that was generated, or nothing is touched and the
//! files that changed are named.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;

use serde::{Deserialize, Serialize};

use super::Kind;
use super::dir::Dir;
use super::error::{ApplyError, Doing, TargetProblem};
use crate::digest::sha256;

/// Name of the journal in the staging folder, once it is complete.
pub(super) const JOURNAL: &str = "journal";
const NEW: &str = "journal.new";
const FORMAT: &str = "mirai-kit/journal/v1";

/// One rename, from the staging folder to the target folder. Paths have `/` separators.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Move {
    pub from: String,
    pub to: String,
}

/// The renames to do, and what they bring.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Journal {
    format: String,
    pub moves: Vec<Move>,
    /// SHA-256 of each file, by its path in the target.
    files: BTreeMap<String, String>,
}

impl Journal {
    pub fn new(moves: Vec<Move>, files: BTreeMap<String, String>) -> Self {
        Self { format: FORMAT.to_owned(), moves, files }
    }

    /// Writes it under a name that does not count yet.
    pub fn write(&self, home: &Dir) -> io::Result<()> {
        home.create_file(NEW.as_ref(), &serde_json::to_vec_pretty(self)?, false)
    }

    /// Makes it count, once it is durable itself.
    pub fn commit(home: &Dir) -> io::Result<()> {
        home.rename(NEW.as_ref(), home, JOURNAL.as_ref(), false)?;
        home.sync()
    }

    /// The journal of a staging folder, if it has one.
    pub fn read(home: &Dir) -> io::Result<Option<Self>> {
        if home.kind(JOURNAL.as_ref())?.is_none() {
            return Ok(None);
        }
        let journal: Self = serde_json::from_slice(&home.read(JOURNAL.as_ref())?)?;
        if journal.format != FORMAT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("unknown journal format {:?}", journal.format)));
        }
        Ok(Some(journal))
    }

    /// Does the renames: all but the last, made durable, then the last. Answers whether that one is durable too.
    pub fn apply(&self, home: &Dir, target: &Dir) -> Result<bool, ApplyError> {
        let Some((last, before)) = self.moves.split_last() else { return Ok(true) };
        let failed = |step: &Move| target.path().join(&step.to);
        for step in before {
            let into = rename(home, &step.from, target, &step.to).doing("create", failed(step))?;
            into.map_or(Ok(()), |folder| folder.sync()).doing("make durable", failed(step))?;
        }
        target.sync().doing("make durable", target.path())?;
        let into = rename(home, &last.from, target, &last.to).doing("create", failed(last))?;
        Ok(into.as_ref().unwrap_or(target).sync().is_ok())
    }

    /// Undoes the renames of an interrupted run, unless they were all done.
    pub fn recover(&self, home: &Dir, target: &Dir) -> Result<(), ApplyError> {
        let staged = |step: &Move| exists(home, &step.from).doing("look at", home.path().join(&step.from));
        match self.moves.last() {
            Some(last) if staged(last)? => {}
            _ => return Ok(()),
        }
        let mut done = Vec::new();
        let mut changed = Vec::new();
        for step in &self.moves {
            if !staged(step)? {
                self.changes(target, &step.to, &mut changed).doing("compare", target.path().join(&step.to))?;
                done.push(step);
            }
        }
        if !changed.is_empty() {
            return Err(ApplyError::target(target.path(), TargetProblem::ChangedSinceInterruption(changed)));
        }
        for step in done.iter().rev() {
            if exists(target, &step.to).doing("look at", target.path().join(&step.to))? {
                rename(target, &step.to, home, &step.from).doing("take back", target.path().join(&step.to))?;
            }
        }
        target.sync().doing("make durable", target.path())
    }

    /// Files at or below `path` that are not as they were generated.
    fn changes(&self, target: &Dir, path: &str, changed: &mut Vec<String>) -> io::Result<()> {
        let (dir, name) = open_parent(target, path)?;
        let dir = dir.as_ref().unwrap_or(target);
        match dir.kind(name)? {
            None => {}
            Some(Kind::Folder) => {
                for entry in dir.open_dir(name)?.list()? {
                    match entry.to_str() {
                        Some(entry) => self.changes(target, &format!("{path}/{entry}"), changed)?,
                        None => changed.push(format!("{path}/{}", entry.to_string_lossy())),
                    }
                }
            }
            Some(Kind::File) if self.files.get(path).is_some_and(|sum| dir.read(name).is_ok_and(|b| sha256(&b) == *sum)) => {}
            Some(_) => changed.push(path.to_owned()),
        }
        Ok(())
    }
}

fn exists(root: &Dir, path: &str) -> io::Result<bool> {
    let (dir, name) = match open_parent(root, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    Ok(dir.as_ref().unwrap_or(root).kind(name)?.is_some())
}

/// Answers the folder where it went, unless it is the root itself.
fn rename(from_root: &Dir, from: &str, to_root: &Dir, to: &str) -> io::Result<Option<Dir>> {
    let (from_dir, from_name) = open_parent(from_root, from)?;
    let (to_dir, to_name) = open_parent(to_root, to)?;
    from_dir.as_ref().unwrap_or(from_root).rename(from_name, to_dir.as_ref().unwrap_or(to_root), to_name, false)?;
    Ok(to_dir)
}

/// The folder of a path (`None`: the root itself), and its last part.
fn open_parent<'p>(root: &Dir, path: &'p str) -> io::Result<(Option<Dir>, &'p OsStr)> {
    let mut parts = path.split('/');
    let name = parts.next_back().unwrap_or(path);
    let mut dir: Option<Dir> = None;
    for part in parts {
        dir = Some(dir.as_ref().unwrap_or(root).open_dir(part.as_ref())?);
    }
    Ok((dir, name.as_ref()))
}
