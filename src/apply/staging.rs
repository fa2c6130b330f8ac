//! The staging folder: everything is made ready there, on the target's own file system, before one rename shows it.
//!
//! Layout: `.mirai-kit-<16 hex digits>/` holding `lock`, locked by its owner as long as it lives, and `tree`. A folder
//! of that name whose lock can be taken has lost its owner (killed, power cut): the next run sweeps it.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, Hasher};
use std::io;

use super::Kind;
use super::dir::Dir;
use super::journal::JOURNAL;

const PREFIX: &str = ".mirai-kit-";
const LOCK: &str = "lock";
/// Where the new project grows, below the staging folder.
pub(super) const TREE: &str = "tree";

/// A staging folder that this process owns. Dropped, it is removed with all that it still holds.
#[derive(Debug)]
pub(super) struct Staging<'p> {
    parent: &'p Dir,
    name: OsString,
    /// The staging folder.
    pub home: Dir,
    lock: Option<File>,
    kept: bool,
}

impl<'p> Staging<'p> {
    /// Creates and locks a staging folder below `parent`.
    pub fn new(parent: &'p Dir) -> io::Result<Self> {
        let mut last = None;
        // A sweeper may take a folder in the instant between its creation and its locking: then start again.
        for _ in 0..8 {
            match Self::attempt(parent) {
                Ok(Some(staging)) => return Ok(staging),
                Ok(None) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| io::ErrorKind::ResourceBusy.into()))
    }

    fn attempt(parent: &'p Dir) -> io::Result<Option<Self>> {
        let name = OsString::from(format!("{PREFIX}{:016x}", std::hash::RandomState::new().build_hasher().finish()));
        let home = parent.create_dir(&name, true)?;
        let mut staging = Self { parent, name, home, lock: None, kept: false };
        let lock = staging.home.open_lock(LOCK.as_ref(), true)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            // No locks on this file system: nobody can then take this folder for a stale one.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        if is_removed(&lock)? {
            return Ok(None);
        }
        staging.lock = Some(lock);
        Ok(Some(staging))
    }

    /// Leaves the folder as it is for the next run.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // What resists is left to the next run's sweep.
        let _ = match self.lock {
            Some(_) => remove(self.parent, &self.name, &self.home),
            None => self.parent.remove_empty_dir(&self.name),
        };
    }
}

/// Removes what a staging folder holds, its lock last, then itself.
fn remove(parent: &Dir, name: &OsStr, home: &Dir) -> io::Result<()> {
    // First the journal: without its staged files it would say that all of them have arrived.
    match home.remove_file(JOURNAL.as_ref()) {
        Ok(()) => home.sync()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    for entry in home.list()? {
        match home.kind(&entry)? {
            Some(Kind::Folder) => home.remove_tree(&entry)?,
            Some(_) if entry != LOCK => home.remove_file(&entry)?,
            _ => {}
        }
    }
    match home.remove_file(LOCK.as_ref()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    parent.remove_empty_dir(name)
}

/// What a sweep found.
#[derive(Debug, Default)]
pub(super) struct Swept {
    /// Staging folders removed.
    pub removed: usize,
    /// Staging folders whose owner is at work.
    pub live: usize,
}

/// Whether a name is that of a staging folder.
pub(super) fn is_staging(name: &OsStr) -> bool {
    let digits = name.to_str().and_then(|n| n.strip_prefix(PREFIX));
    digits.is_some_and(|d| d.len() == 16 && d.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Removes the staging folders below `parent` that have lost their owner. `recover` is called first on each, locked.
/// One that cannot be opened, locked or removed (someone else's) is left alone.
pub(super) fn sweep<E>(parent: &Dir, mut recover: impl FnMut(&Dir) -> Result<(), E>) -> Result<Swept, E> {
    let mut swept = Swept::default();
    let names = parent.list().unwrap_or_default();
    for name in names.into_iter().filter(|n| is_staging(n)) {
        let Ok(home) = parent.open_dir(&name) else { continue };
        let Ok(lock) = home.open_lock(LOCK.as_ref(), false) else { continue };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                swept.live += 1;
                continue;
            }
            Err(TryLockError::Error(_)) => continue,
        }
        recover(&home)?;
        if remove(parent, &name, &home).is_ok() {
            swept.removed += 1;
        }
    }
    Ok(swept)
}

#[cfg(unix)]
fn is_removed(lock: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(lock.metadata()?.nlink() == 0)
}

/// Where an open file cannot be removed, it is there.
#[cfg(not(unix))]
fn is_removed(_lock: &File) -> io::Result<bool> {
    Ok(false)
}
