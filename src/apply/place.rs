//! Where a project may be created: a folder that does not exist, that is empty, or that holds nothing but the `.git` of
//! a fresh clone. Anything else is refused, naming what is in the way.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::dir::Dir;
use super::error::{ApplyError, Doing, TargetProblem};
use super::staging::is_staging;
use super::{Kind, SafeRelPath};

/// A target whose parent is held open.
#[derive(Debug)]
pub(super) struct Place {
    /// The target as given.
    pub target: PathBuf,
    /// The folder that holds it.
    pub parent: Dir,
    /// Its name there.
    pub name: OsString,
    /// The target itself, when it exists.
    pub folder: Option<Dir>,
}

/// How a project can be brought to a [`Place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// One rename, from a folder beside the target.
    Beside,
    /// Entry by entry under a journal, because the folder itself must stay.
    InPlace {
        /// Whether it holds a clone's `.git`.
        clone: bool,
    },
}

impl Place {
    /// Opens the target's parent, and the target when it exists. The parent is the user's own word, and may be reached
    /// through symbolic links; the target may not be one.
    pub fn find(target: &Path) -> Result<Self, ApplyError> {
        let (parent, name) = parent_and_name(target)?;
        let parent = Dir::open(&parent).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ApplyError::target(target, TargetProblem::NoParent),
            _ => ApplyError::Io { action: "open", path: parent, source },
        })?;
        let kind = match name.to_str() {
            Some(name) if name.len() > 255 => None,
            _ => parent.kind(&name).doing("look at", target)?,
        };
        let folder = match kind {
            None => {
                SafeRelPath::name(name.to_string_lossy())?;
                None
            }
            Some(Kind::Symlink) => return Err(ApplyError::target(target, TargetProblem::Symlink)),
            Some(Kind::File | Kind::Other) => return Err(ApplyError::target(target, TargetProblem::NotFolder)),
            Some(Kind::Folder) => Some(parent.open_dir(&name).doing("open", target)?),
        };
        Ok(Self { target: target.to_owned(), parent, name, folder })
    }

    /// How to bring a project there, if it is possible at all.
    /// Names in `left_over` are those that an interrupted run brought, which the next one undoes.
    pub fn way(&self, left_over: &[String]) -> Result<Way, ApplyError> {
        let Some(folder) = &self.folder else { return Ok(Way::Beside) };
        let mut held = folder.list().doing("list", &self.target)?;
        held.retain(|name| !is_staging(name) && !left_over.iter().any(|l| l.as_str() == name));
        let clone = held.iter().any(|name| name == ".git");
        held.retain(|name| name != ".git");
        if !held.is_empty() {
            let mut names: Vec<_> = held.iter().map(|n| n.to_string_lossy().into_owned()).collect();
            names.sort();
            return Err(ApplyError::target(&self.target, TargetProblem::NotEmpty(names)));
        }
        if clone && folder.kind(OsStr::new(".git")).doing("look at", &self.target)? != Some(Kind::Folder) {
            return Err(ApplyError::target(&self.target, TargetProblem::LinkedWorktree));
        }
        let stays = || -> io::Result<bool> {
            let own = folder.identity()?;
            // Someone stands in it, or it is a mount point: it cannot be replaced by another folder.
            Ok(Dir::open(Path::new("."))?.identity()? == own || self.parent.identity()?.0 != own.0)
        };
        if clone || stays().doing("look at", &self.target)? { Ok(Way::InPlace { clone }) } else { Ok(Way::Beside) }
    }
}

/// Splits a target into the folder that holds it and its name. `.` and paths that end with `..` are resolved.
fn parent_and_name(target: &Path) -> Result<(PathBuf, OsString), ApplyError> {
    let path = match target.components().next_back() {
        Some(Component::Normal(_)) => target.to_owned(),
        Some(_) => target.canonicalize().doing("look at", target)?,
        None => return Err(ApplyError::target(target, TargetProblem::NoName)),
    };
    let name = path.file_name().ok_or_else(|| ApplyError::target(target, TargetProblem::NoName))?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((parent.to_owned(), name.to_owned()))
}
