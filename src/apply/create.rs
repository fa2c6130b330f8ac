//! Creates a project: checks the target, stages, commits, syncs, renames.

use std::path::Path;

use super::dir::Dir;
use super::error::{ApplyError, Doing};
use super::place::{Place, Way};
use super::staging::{Staging, TREE};
use super::{Options, in_place, write};
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
    /// Whether the system confirmed that the last step will survive a power cut. The project is there either way.
    pub durable: bool,
}

impl Report {
    pub(super) fn of(tree: &Tree) -> Self {
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
    options.check_cancelled()?;
    let recovered = in_place::recover(&place)?.removed;
    let way = check(&place, tree, &[])?;
    let mut report = match (way, &place.folder) {
        (Way::InPlace { clone }, Some(folder)) => in_place::create(&place, folder, clone, tree, options),
        _ => beside(&place, tree, options),
    }?;
    report.swept += recovered;
    Ok(report)
}

/// Undoes what interrupted runs left at this target, then says whether [`create`] would accept it: to be called before
/// the questions, so that a refusal comes first and leaves no litter.
///
/// # Errors
/// Those of [`create`].
pub fn prepare(target: &Path) -> Result<(), ApplyError> {
    let place = Place::find(target)?;
    in_place::recover(&place)?;
    check(&place, &Tree::default(), &[]).map(drop)
}

/// Says whether [`create`] would accept this target, without writing anything.
///
/// # Errors
/// Those of [`create`].
pub fn check_target(target: &Path, tree: &Tree) -> Result<(), ApplyError> {
    let place = Place::find(target)?;
    check(&place, tree, &in_place::left_over(&place)?).map(drop)
}

fn check(place: &Place, tree: &Tree, left_over: &[String]) -> Result<Way, ApplyError> {
    let way = place.way(left_over)?;
    if way == (Way::InPlace { clone: true }) && left_over.is_empty() {
        in_place::check_clone(place, tree)?;
    }
    Ok(way)
}

/// Stages beside the target, then renames once.
fn beside(place: &Place, tree: &Tree, options: &Options<'_>) -> Result<Report, ApplyError> {
    let mut report = Report::of(tree);
    let parent = &place.parent;
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
    report.durable = parent.sync().is_ok();
    Ok(report)
}

pub(super) fn commit(root: &Dir, tree: &Tree, options: &Options<'_>) -> Result<Vec<Committed>, ApplyError> {
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
