//! The first commit of a repository: exactly the generated files, from memory, so that no filter (`core.autocrlf`, smudge),
//! ignore rule or file system habit changes a byte or a mode.

use std::path::Path;

use git2::{Index, IndexEntry, IndexTime, Oid, Repository as Git, RepositoryInitOptions, Signature, Time};

use super::error::{Doing, GitError};
use super::identity::Identity;
use crate::apply::SafeRelPath;
use crate::render::{Repository, Tree, TreeFile};

/// Branch of a new repository.
const BRANCH: &str = "main";
/// The trailer of a pristine commit (design.md, "Vendor line"): the tree that the kit generated.
pub const TRAILER: &str = "Mirai-Kit-Pristine";

/// What the first commits say.
#[derive(Debug, Clone)]
pub struct FirstCommit {
    /// Message, without the trailer.
    pub message: String,
    /// Author and committer; `None` to ask git's environment and configuration.
    pub identity: Option<Identity>,
    /// Seconds since 1970 and offset from UTC in minutes; `None` for now, here.
    pub time: Option<(i64, i32)>,
}

/// A commit made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Folder of the repository, relative to the target; `None` is the target itself.
    pub path: Option<SafeRelPath>,
    /// Repository name on the forge.
    pub name: String,
    /// Id of the commit.
    pub commit: String,
    /// Id of its tree: the same for the same answers.
    pub tree: String,
    /// Files in it.
    pub files: usize,
    /// Who signed it.
    pub identity: Identity,
}

/// Makes `repository`'s folder below `root` a git repository on branch `main`, whose first commit holds the files of the
/// tree that belong to it, already written there.
///
/// # Errors
/// When libgit2 refuses or the disk fails.
pub fn init_and_commit(root: &Path, tree: &Tree, repository: &Repository, first: &FirstCommit) -> Result<Committed, GitError> {
    let folder = repository.path.as_ref().map_or_else(|| root.to_owned(), |p| root.join(p.as_str()));
    let mut options = RepositoryInitOptions::new();
    options.no_reinit(true).mkdir(false).mkpath(false).external_template(false).initial_head(BRANCH);
    let git = Git::init_opts(&folder, &options).doing("create a repository", &folder)?;
    let mut index = git.index().doing("open the index", &folder)?;
    let files = add(&git, &mut index, &folder, tree, repository).doing("record the files", &folder)?;
    let tree_id = index.write_tree().doing("write the tree", &folder)?;
    index.write().doing("write the index", &folder)?;
    let identity = resolve(&git, first);
    let commit = commit(&git, tree_id, &identity, first).doing("commit", &folder)?;
    let branch = format!("refs/heads/{BRANCH}");
    git.reference(&branch, commit, false, "commit (initial)").doing("create the branch", &folder)?;
    Ok(Committed {
        path: repository.path.clone(),
        name: repository.name.clone(),
        commit: commit.to_string(),
        tree: tree_id.to_string(),
        files,
        identity,
    })
}

pub(super) fn resolve(git: &Git, first: &FirstCommit) -> Identity {
    first.identity.clone().unwrap_or_else(|| resolve_identity(git))
}

/// Who signs a commit of a repository.
pub(super) fn resolve_identity(git: &Git) -> Identity {
    Identity::resolve(Some(git), &|key| std::env::var(key).ok())
}

/// Writes the commit object; nothing names it yet. Not `git_commit_create`, which answers success when the object could
/// not be written (libgit2 1.9.7, `git_commit__create_internal`: a full disk left a branch that named nothing).
pub(super) fn commit(git: &Git, tree: Oid, identity: &Identity, first: &FirstCommit) -> Result<Oid, git2::Error> {
    let signature = match first.time {
        Some((seconds, offset)) => Signature::new(&identity.name, &identity.email, &Time::new(seconds, offset))?,
        None => Signature::now(&identity.name, &identity.email)?,
    };
    let message = format!("{}\n\n{TRAILER}: {tree}\n", first.message.trim_end());
    let content = git.commit_create_buffer(&signature, &signature, &message, &git.find_tree(tree)?, &[])?;
    git.odb()?.write(git2::ObjectType::Commit, &content)
}

/// Adds the repository's files to its index, with what the disk says of them, so that `git status` need not read them.
pub(super) fn add(git: &Git, index: &mut Index, folder: &Path, tree: &Tree, repository: &Repository) -> Result<usize, git2::Error> {
    let odb = git.odb()?;
    let mut files = 0;
    for (path, file) in files_of(tree, repository) {
        let id = odb.write(git2::ObjectType::Blob, &file.bytes)?;
        index.add(&entry(&folder.join(path.as_str()), &path, file, id))?;
        files += 1;
    }
    Ok(files)
}

/// The files of a repository, with their path below it: those below its folder and below no nearer repository.
fn files_of<'t>(tree: &'t Tree, repository: &'t Repository) -> impl Iterator<Item = (SafeRelPath, &'t TreeFile)> {
    let below = |path: &SafeRelPath, of: &Repository| match &of.path {
        Some(folder) => path.below(folder),
        None => Some(path.clone()),
    };
    let depth = |of: &Repository| of.path.as_ref().map_or(0, |p| p.as_str().len() + 1);
    tree.files().filter_map(move |(path, file)| {
        let own = below(path, repository)?;
        let nearer = tree.repositories.iter().any(|r| depth(r) > depth(repository) && below(path, r).is_some());
        (!nearer).then_some((own, file))
    })
}

fn entry(on_disk: &Path, path: &SafeRelPath, file: &TreeFile, id: Oid) -> IndexEntry {
    let mut entry = IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: if file.executable { 0o100_755 } else { 0o100_644 },
        uid: 0,
        gid: 0,
        file_size: u32::try_from(file.bytes.len()).unwrap_or(u32::MAX),
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_str().as_bytes().to_vec(),
    };
    stat(on_disk, &mut entry);
    entry
}

/// The low 32 bits of what the system says: all that the index keeps.
#[cfg(unix)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the index format keeps 32 bits")]
fn stat(on_disk: &Path, entry: &mut IndexEntry) {
    use std::os::unix::fs::MetadataExt;
    let Ok(data) = on_disk.symlink_metadata() else { return };
    entry.ctime = IndexTime::new(data.ctime() as i32, data.ctime_nsec() as u32);
    entry.mtime = IndexTime::new(data.mtime() as i32, data.mtime_nsec() as u32);
    (entry.dev, entry.ino) = (data.dev() as u32, data.ino() as u32);
    (entry.uid, entry.gid) = (data.uid(), data.gid());
}

#[cfg(not(unix))]
fn stat(_on_disk: &Path, _entry: &mut IndexEntry) {}
