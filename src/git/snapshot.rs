//! A repository as its commits say it, and branches prepared beside it: the work tree, the index and the current branch are
//! never touched, and a branch appears whole or not at all (one reference, written last).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::build::TreeUpdateBuilder;
use git2::{Commit, ErrorCode, FileMode, ObjectType, Repository as Git, Signature, Status, Time, TreeWalkMode, TreeWalkResult};

use super::commit::resolve_identity;
use super::error::{Doing, GitError};

/// A repository at its last commit.
pub struct Snapshot {
    git: Git,
    folder: PathBuf,
    head: git2::Oid,
}

/// A content that a file had, and the commit that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Short id of the commit.
    pub commit: String,
    /// The content; none when the file was not there.
    pub content: Option<String>,
}

/// What became of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Branch {
    /// It was made; id of its commit.
    Made(String),
    /// It was there, with the same content.
    Same(String),
    /// It is there with another content: nothing was changed.
    Other(String),
}

impl Snapshot {
    /// The repository whose root is a folder, at its current commit; none when there is none, or no commit yet.
    ///
    /// # Errors
    /// When libgit2 refuses the repository (someone else's) or cannot read it.
    pub fn open(folder: &Path) -> Result<Option<Self>, GitError> {
        let git = match Git::open(folder) {
            Ok(git) => git,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(error).doing("open the repository", folder),
        };
        let head = match git.head().and_then(|head| head.peel_to_commit()) {
            Ok(commit) => commit.id(),
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => return Ok(None),
            Err(error) => return Err(error).doing("read HEAD", folder),
        };
        Ok(Some(Self { git, folder: folder.to_owned(), head }))
    }

    /// The folder of the repository.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether its history is cut (`git clone --depth`): what came before cannot be judged.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        self.git.is_shallow()
    }

    /// Every file of the last commit, or of a tag, with the id of its content; none when the tag is not there.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn files(&self, tag: Option<&str>) -> Result<Option<BTreeMap<String, String>>, GitError> {
        let commit = match tag {
            None => self.git.find_commit(self.head).doing("read HEAD", &self.folder)?,
            Some(tag) => match self.tagged(tag)? {
                Some(commit) => commit,
                None => return Ok(None),
            },
        };
        let tree = commit.tree().doing("read HEAD", &self.folder)?;
        let mut files = BTreeMap::new();
        tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            if entry.kind() == Some(ObjectType::Blob)
                && let Ok(name) = entry.name()
            {
                files.insert(format!("{folder}{name}"), entry.id().to_string());
            }
            TreeWalkResult::Ok
        })
        .doing("read HEAD", &self.folder)?;
        Ok(Some(files))
    }

    /// A file of the last commit; none when it is not there, or is no text.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<String>, GitError> {
        let commit = self.git.find_commit(self.head).doing("read HEAD", &self.folder)?;
        self.content(&commit, path)
    }

    /// A file at a tag; `None` when the tag is not there, `Some(None)` when the file is not.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn read_at(&self, tag: &str, path: &str) -> Result<Option<Option<String>>, GitError> {
        let Some(commit) = self.tagged(tag)? else { return Ok(None) };
        self.content(&commit, path).map(Some)
    }

    /// Names of its tags.
    ///
    /// # Errors
    /// When the references cannot be read.
    pub fn tags(&self) -> Result<Vec<String>, GitError> {
        let names = self.git.tag_names(None).doing("list", &self.folder)?;
        Ok(names.iter().filter_map(|name| name.ok().flatten()).map(str::to_owned).collect())
    }

    /// Whether the work tree or the index has a file otherwise than the last commit.
    ///
    /// # Errors
    /// When libgit2 cannot compare.
    pub fn is_changed(&self, path: &str) -> Result<bool, GitError> {
        match self.git.status_file(Path::new(path)) {
            Ok(status) => Ok(!matches!(status, Status::CURRENT | Status::IGNORED)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
            Err(error) => Err(error).doing("compare", self.folder.join(path)),
        }
    }

    /// Every content that a file had along the first parents of the last commit, oldest first, the same twice in a row once.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn history(&self, path: &str) -> Result<Vec<Version>, GitError> {
        let mut versions: Vec<Version> = Vec::new();
        let mut next = Some(self.git.find_commit(self.head).doing("read HEAD", &self.folder)?);
        while let Some(commit) = next {
            let version = Version { commit: short(&commit), content: self.content(&commit, path)? };
            match versions.last_mut() {
                // The older of two commits with the same content is the one that wrote it.
                Some(last) if last.content == version.content => *last = version,
                _ => versions.push(version),
            }
            // The edge of a shallow clone names a parent that is not there.
            next = match commit.parent(0) {
                Ok(parent) => Some(parent),
                Err(error) if error.code() == ErrorCode::NotFound => None,
                Err(error) => return Err(error).doing("read HEAD", &self.folder),
            };
        }
        versions.reverse();
        Ok(versions)
    }

    /// Makes a branch whose one commit changes files of the last commit, which must all be there.
    ///
    /// # Errors
    /// When an object or the reference cannot be written: no branch is there then.
    pub fn prepare(&self, branch: &str, files: &BTreeMap<String, String>, message: &str, when: (i64, i32)) -> Result<Branch, GitError> {
        let folder = &self.folder;
        let parent = self.git.find_commit(self.head).doing("read HEAD", folder)?;
        let base = parent.tree().doing("read HEAD", folder)?;
        let odb = self.git.odb().doing("record the files", folder)?;
        let mut update = TreeUpdateBuilder::new();
        for (path, content) in files {
            let entry = base.get_path(Path::new(path)).doing("read", folder.join(path))?;
            let mode = if entry.filemode() == 0o100_755 { FileMode::BlobExecutable } else { FileMode::Blob };
            let blob = odb.write(ObjectType::Blob, content.as_bytes()).doing("record the files", folder)?;
            update.upsert(path.as_str(), blob, mode);
        }
        let tree = update.create_updated(&self.git, &base).doing("write the tree", folder)?;
        let name = format!("refs/heads/{branch}");
        if let Ok(there) = self.git.find_reference(&name).and_then(|r| r.peel_to_commit()) {
            let same = there.tree_id() == tree && there.parent_id(0).ok() == Some(self.head);
            return Ok(if same { Branch::Same(short(&there)) } else { Branch::Other(short(&there)) });
        }
        let identity = resolve_identity(&self.git);
        let signature = Signature::new(&identity.name, &identity.email, &Time::new(when.0, when.1)).doing("commit", folder)?;
        let tree = self.git.find_tree(tree).doing("write the tree", folder)?;
        let buffer = self.git.commit_create_buffer(&signature, &signature, message, &tree, &[&parent]).doing("commit", folder)?;
        let commit = odb.write(ObjectType::Commit, &buffer).doing("commit", folder)?;
        self.git.reference(&name, commit, false, "mirai-kit").doing("create the branch", folder)?;
        Ok(Branch::Made(commit.to_string().chars().take(SHORT).collect()))
    }

    /// Takes a branch back, as if it had not been prepared.
    ///
    /// # Errors
    /// When the reference cannot be removed.
    pub fn forget(&self, branch: &str) -> Result<(), GitError> {
        self.git.find_reference(&format!("refs/heads/{branch}")).and_then(|mut r| r.delete()).doing("take back", &self.folder)
    }

    fn tagged(&self, tag: &str) -> Result<Option<Commit<'_>>, GitError> {
        match self.git.find_reference(&format!("refs/tags/{tag}")).and_then(|r| r.peel_to_commit()) {
            Ok(commit) => Ok(Some(commit)),
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => Ok(None),
            Err(error) => Err(error).doing("read", &self.folder),
        }
    }

    fn content(&self, commit: &Commit<'_>, path: &str) -> Result<Option<String>, GitError> {
        let at = || self.folder.join(path);
        let tree = commit.tree().doing("read", at())?;
        let entry = match tree.get_path(Path::new(path)) {
            Ok(entry) => entry,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(error).doing("read", at()),
        };
        let object = entry.to_object(&self.git).doing("read", at())?;
        Ok(object.as_blob().and_then(|blob| String::from_utf8(blob.content().to_vec()).ok()))
    }
}

/// Length of a short id, in characters.
const SHORT: usize = 10;

fn short(commit: &Commit<'_>) -> String {
    commit.id().to_string().chars().take(SHORT).collect()
}
