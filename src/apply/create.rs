//! Creates a project: checks the target, stages, commits, syncs, renames.

use std::path::Path;

use super::dir::Dir;
use super::error::{ApplyError, Doing};
use super::place::{Place, Way};
use super::staging::{self, Staging, TREE};
use super::{Options, write};
use crate::git::{self, Committed};
use crate::render::Tree;

/// What was done.
#[derive(Debug, Default)]
pub struct Report {
    /// Files written.
    pub files: usize,
    /// Their size, in bytes.
    pub bytes: u64,
    /// First commits, one per repository; empty without git.
    pub commits: Vec<Committed>,
    /// Staging folders of interrupted runs that were swept.
    pub swept: usize,
}

impl Report {
    fn of(tree: &Tree) -> Self {
        let bytes = tree.files().map(|(_, f)| f.bytes.len() as u64).sum();
        Self { files: tree.len(), bytes, ..Self::default() }
    }
}

/// Writes the tree at `target`, all or nothing: in a folder that does not exist, that is empty, or that holds nothing
/// but a fresh clone's `.git`. File modes are 0666 (0777 when executable) less the umask, as with git.
///
/// # Errors
/// See [`ApplyError`]. In every case the target is as it was.
pub fn create(target: &Path, tree: &Tree, options: &Options<'_>) -> Result<Report, ApplyError> {
    let place = Place::find(target)?;
    let way = place.way()?;
    options.check_cancelled()?;
    match way {
        Way::Beside => beside(&place, tree, options),
        Way::InPlace { .. } => Err(ApplyError::target(target, super::TargetProblem::NotFresh)),
    }
}

/// Says whether [`create`] would accept this target, without writing anything.
///
/// # Errors
/// Those of [`create`].
pub fn check_target(target: &Path, _tree: &Tree) -> Result<(), ApplyError> {
    Place::find(target)?.way().map(drop)
}

/// Stages beside the target, then renames once.
fn beside(place: &Place, tree: &Tree, options: &Options<'_>) -> Result<Report, ApplyError> {
    let mut report = Report::of(tree);
    let parent = &place.parent;
    report.swept = staging::sweep(parent, |_| Ok::<_, ApplyError>(()))?.removed;
    let staging = Staging::new(parent).doing("create a folder in", parent.path())?;
    let root = staging.home.create_dir(TREE.as_ref(), false).doing("create a folder in", staging.home.path())?;
    if let Some(existing) = &place.folder {
        root.copy_mode(existing).doing("set the permissions of", root.path())?;
    }
    write::write(&root, tree, options)?;
    report.commits = commit(&root, tree, options)?;
    root.sync_file_system().doing("make durable", parent.path())?;
    options.check_cancelled()?;
    staging.home.rename(TREE.as_ref(), parent, &place.name, place.folder.is_some()).doing("create", &place.target)?;
    parent.sync().doing("make durable", parent.path())?;
    Ok(report)
}

fn commit(root: &Dir, tree: &Tree, options: &Options<'_>) -> Result<Vec<Committed>, ApplyError> {
    let mut commits = Vec::new();
    if let Some(first) = options.git {
        for repository in &tree.repositories {
            options.check_cancelled()?;
            commits.push(git::init_and_commit(root.path(), tree, repository, first)?);
        }
    }
    options.check_cancelled()?;
    Ok(commits)
}
