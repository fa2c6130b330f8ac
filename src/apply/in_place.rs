//! Brings a project to a folder that must stay: a fresh clone that holds nothing but `.git`, the current folder, a mount
//! point. Everything is staged inside (in `.git` for a clone, so that git does not see it), made durable, and then brought
//! entry by entry under a [`Journal`]. A run that is interrupted meanwhile is undone by the next one.
//!
//! In a clone nothing of git's is locked or edited: the commit's objects are written first (nobody sees them), the index
//! arrives by one rename, the branch by the last.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use super::create::{Report, commit};
use super::dir::Dir;
use super::error::{ApplyError, Doing, TargetProblem};
use super::journal::{Journal, Move};
use super::place::Place;
use super::staging::{self, Staging, Swept, TREE};
use super::{Kind, Options, write};
use crate::digest::sha256;
use crate::git;
use crate::render::Tree;

const INDEX: &str = "index";
const BRANCH: &str = "branch";

/// The folders inside the target that may hold a staging folder: itself, and its `.git`.
fn bases(place: &Place, folder: &Dir) -> Result<Vec<Dir>, ApplyError> {
    let git = OsStr::new(".git");
    let mut bases = vec![place.parent.open_dir(&place.name).doing("open", &place.target)?];
    if folder.kind(git).doing("look at", &place.target)? == Some(Kind::Folder) {
        bases.push(folder.open_dir(git).doing("open", place.target.join(git))?);
    }
    Ok(bases)
}

/// Names at the top of the target that an interrupted run brought there, and that the next one will undo. Reads only.
pub(super) fn left_over(place: &Place) -> Result<Vec<String>, ApplyError> {
    let mut names = Vec::new();
    let Some(folder) = &place.folder else { return Ok(names) };
    for base in bases(place, folder)? {
        for name in base.list().doing("list", base.path())?.iter().filter(|n| staging::is_staging(n)) {
            let home = base.open_dir(name).doing("open", base.path().join(name))?;
            let journal = Journal::read(&home).doing("read the journal in", home.path())?;
            names.extend(journal.into_iter().flat_map(|j| j.moves).map(|step| step.to));
        }
    }
    Ok(names)
}

/// Sweeps what interrupted runs left beside the target, and undoes what they left in it.
pub(super) fn recover(place: &Place) -> Result<Swept, ApplyError> {
    let mut all = staging::sweep(&place.parent, |_| Ok::<_, ApplyError>(()))?;
    // Another run beside the target is none of our business.
    all.live = 0;
    let Some(folder) = &place.folder else { return Ok(all) };
    for base in bases(place, folder)? {
        let swept = staging::sweep(&base, |home| match Journal::read(home).doing("read the journal in", home.path())? {
            Some(journal) => journal.recover(home, folder),
            None => Ok(()),
        })?;
        all.removed += swept.removed;
        all.live += swept.live;
    }
    if all.live > 0 {
        return Err(ApplyError::Busy { path: place.target.clone() });
    }
    Ok(all)
}

/// Stages inside the folder, then brings every entry.
pub(super) fn create(place: &Place, folder: &Dir, clone: bool, tree: &Tree, options: &Options<'_>) -> Result<Report, ApplyError> {
    let mut report = Report::of(tree);
    let base = if clone { folder.open_dir(".git".as_ref()) } else { place.parent.open_dir(&place.name) };
    let base = base.doing("open", &place.target)?;
    let staging = Staging::new(&base).doing("create a folder in", base.path())?;
    let home = &staging.home;
    let root = home.create_dir(TREE.as_ref(), false).doing("create a folder in", home.path())?;
    write::write(&root, tree, options)?;

    let mut files: BTreeMap<String, String> = tree.files().map(|(path, file)| (path.as_str().to_owned(), sha256(&file.bytes))).collect();
    let mut entries = root.list().doing("list", root.path())?;
    entries.sort();
    let staged = |name: &str| Move { from: format!("{TREE}/{name}"), to: name.to_owned() };
    let mut moves: Vec<Move> = entries.iter().filter_map(|name| name.to_str()).map(staged).collect();
    if !clone {
        report.commits = commit(&root, tree, options)?;
        if root.kind(".git".as_ref()).doing("look at", root.path())?.is_some() {
            moves.push(staged(".git"));
        }
    } else if let (Some(first), Some(repository)) = (options.git, tree.repositories.first()) {
        options.check_cancelled()?;
        let prepared = git::prepare_in_clone(folder.path(), root.path(), &home.path().join(INDEX), tree, repository, first)?;
        let line = format!("{}\n", prepared.committed.commit);
        home.create_file(BRANCH.as_ref(), line.as_bytes(), false).doing("write", home.path().join(BRANCH))?;
        make_parents(&base, &prepared.branch)?;
        let index = home.read(INDEX.as_ref()).doing("read", home.path().join(INDEX))?;
        files.insert(format!(".git/{INDEX}"), sha256(&index));
        moves.push(Move { from: INDEX.to_owned(), to: format!(".git/{INDEX}") });
        moves.push(Move { from: BRANCH.to_owned(), to: format!(".git/{}", prepared.branch) });
        report.commits.push(prepared.committed);
    }

    let journal = Journal::new(moves, files);
    journal.write(home).doing("write the journal in", home.path())?;
    options.check_cancelled()?;
    root.sync_file_system().doing("make durable", folder.path())?;
    options.check_cancelled()?;
    Journal::commit(home).doing("write the journal in", home.path())?;
    match journal.apply(home, folder) {
        Ok(durable) => {
            report.durable = durable;
            Ok(report)
        }
        Err(error) => {
            if journal.recover(home, folder).is_err() {
                // The next run will do it, from the journal.
                staging.keep();
            }
            Err(error)
        }
    }
}

/// The folders of a branch with a `/` in its name. Empty ones are nothing for git.
fn make_parents(git: &Dir, branch: &str) -> Result<(), ApplyError> {
    let Some((folders, _)) = branch.rsplit_once('/') else { return Ok(()) };
    let mut dir: Option<Dir> = None;
    for part in folders.split('/') {
        let parent = dir.as_ref().unwrap_or(git);
        let next = match parent.kind(part.as_ref()) {
            Ok(None) => parent.create_dir(part.as_ref(), false),
            Ok(Some(_)) => parent.open_dir(part.as_ref()),
            Err(error) => Err(error),
        };
        dir = Some(next.doing("create the folder", parent.path().join(part))?);
    }
    Ok(())
}

/// Says whether a clone can receive the tree.
pub(super) fn check_clone(place: &Place, tree: &Tree) -> Result<(), ApplyError> {
    if tree.repositories.iter().any(|r| r.path.is_some()) {
        return Err(ApplyError::target(&place.target, TargetProblem::ManyRepositories));
    }
    if !git::is_fresh(&place.target)? {
        return Err(ApplyError::target(&place.target, TargetProblem::NotFresh));
    }
    Ok(())
}
