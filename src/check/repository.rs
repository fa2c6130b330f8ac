//! What a repository holds that `check` can judge. The repository is hostile: no symbolic link is followed, and the number,
//! depth and size of what is read are bounded. Whatever is left out for one of these reasons is a [`Gap`], never silence.
//! `.git` and `node_modules` are not looked into. A repository may also be held in memory: examples, mutations, fuzzing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::text;
use crate::text::{Problem, Text};

/// Most entries of a walk.
const MAX_ENTRIES: usize = 20_000;
/// Deepest folder of a walk.
const MAX_DEPTH: usize = 24;
/// Longest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// What a rule reads. A gap in it leaves the rule without proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Kubernetes objects: charts as rendered, and raw manifests.
    Manifests,
    /// `Chart.yaml`.
    Charts,
    /// Values files of environments.
    Values,
    /// Dockerfiles.
    Dockerfiles,
    /// `.gitlab-ci-dso.yml`.
    Pipelines,
    /// Workflows of the primary factory: GitHub, GitLab.
    Workflows,
    /// SQL migrations.
    Migrations,
    /// Description of the API.
    Api,
    /// Description of the data (`donnees/modele.yaml`), and what is made of it.
    Model,
    /// Source code, its dependencies, its tests.
    Code,
    /// Documents for people.
    Documents,
    /// Other files, by their presence: scripts, configuration of tools.
    Project,
}

/// Something that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// What it belongs to; none when it may be anything.
    pub input: Option<Input>,
    /// Path from the root.
    pub path: String,
    /// Why, in French and in English.
    pub why: (String, String),
}

impl Gap {
    /// A gap, with its reason.
    #[must_use]
    pub fn new(input: Option<Input>, path: &str, why: Text) -> Self {
        Self { input, path: path.to_owned(), why: (why.fr, why.en) }
    }

    /// The reason.
    #[must_use]
    pub fn why(&self) -> Text {
        Text::new(&self.why.0, &self.why.1)
    }
}

/// Where the files are.
#[derive(Debug)]
enum Source {
    Disk(PathBuf),
    Memory(BTreeMap<String, String>),
}

impl Default for Source {
    fn default() -> Self {
        Self::Memory(BTreeMap::new())
    }
}

/// The regular files of a folder.
#[derive(Debug, Default)]
pub struct Repository {
    source: Source,
    /// Paths of the files, from the root, with `/`.
    pub files: BTreeSet<String>,
    /// Symbolic links, not followed.
    pub links: BTreeSet<String>,
    /// What was left out.
    pub gaps: BTreeSet<Gap>,
}

impl Repository {
    /// Files held in memory. Charts are not rendered there: helm reads a disk.
    #[must_use]
    pub fn memory(files: BTreeMap<String, String>) -> Self {
        Self { files: files.keys().cloned().collect(), source: Source::Memory(files), ..Self::default() }
    }

    /// The folder, when it is on a disk.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        match &self.source {
            Source::Disk(root) => Some(root),
            Source::Memory(_) => None,
        }
    }

    /// Walks a folder.
    ///
    /// # Errors
    /// When the folder itself cannot be read.
    pub fn walk(root: &Path) -> Result<Self, Problem> {
        let mut repository = Self { source: Source::Disk(root.to_owned()), ..Self::default() };
        let shown = root.display().to_string();
        std::fs::read_dir(root).map_err(|e| Problem::new(shown, text!("lecture impossible : {e}", "cannot be read: {e}")))?;
        let mut entries = 0;
        let mut waiting = vec![(String::new(), 0)];
        while let Some((below, depth)) = waiting.pop() {
            if depth > MAX_DEPTH {
                repository.gap(None, &below, text!("plus de {MAX_DEPTH} niveaux de dossiers", "more than {MAX_DEPTH} levels of folders"));
                continue;
            }
            let listed = match std::fs::read_dir(root.join(&below)) {
                Ok(listed) => listed,
                Err(e) => {
                    repository.gap(None, &below, text!("lecture impossible : {e}", "cannot be read: {e}"));
                    continue;
                }
            };
            for entry in listed {
                entries += 1;
                if entries > MAX_ENTRIES {
                    repository.gap(None, &below, text!("plus de {MAX_ENTRIES} fichiers", "more than {MAX_ENTRIES} files"));
                    return Ok(repository);
                }
                repository.entry(entry, &below, depth, &mut waiting);
            }
        }
        Ok(repository)
    }

    fn entry(&mut self, entry: std::io::Result<std::fs::DirEntry>, below: &str, depth: usize, waiting: &mut Vec<(String, usize)>) {
        let named = entry.and_then(|e| e.file_type().map(|kind| (e.file_name(), kind)));
        let (name, kind) = match named {
            Ok(named) => named,
            Err(e) => return self.gap(None, below, text!("lecture impossible : {e}", "cannot be read: {e}")),
        };
        let Some(name) = name.to_str() else {
            let what = Text::new("nom de fichier qui n'est pas en UTF-8", "file name that is not UTF-8");
            return self.gap(None, &join(below, &name.to_string_lossy()), what);
        };
        let path = join(below, name);
        if name == ".git" {
            return;
        }
        if kind.is_symlink() {
            self.links.insert(path.clone());
            self.gap(None, &path, Text::new("lien symbolique, non suivi", "symbolic link, not followed"));
        } else if kind.is_dir() {
            if name != "node_modules" {
                waiting.push((path, depth + 1));
            }
        } else if kind.is_file() {
            self.files.insert(path);
        }
    }

    /// Notes something left out.
    pub fn gap(&mut self, input: Option<Input>, path: &str, why: Text) {
        self.gaps.insert(Gap::new(input, path, why));
    }

    /// Whether a file stands among tests, examples or documentation: it is then left aside, and said to be.
    pub fn left_aside(&mut self, input: Input, path: &str) -> bool {
        let Some(folder) = aside(path).map(str::to_owned) else { return false };
        let why = Text::new(
            "essais, exemples ou documentation : laissés de côté (pour les juger, donnez ce dossier à `check`)",
            "tests, examples or documentation: left aside (give this folder to `check` to have them judged)",
        );
        self.gap(Some(input), &folder, why);
        true
    }

    /// The text of a file; none, and a gap, when it is too long, not UTF-8 or unreadable.
    pub fn text(&mut self, input: Input, path: &str) -> Option<String> {
        let why = match self.bytes(path) {
            Err(e) => text!("lecture impossible : {e}", "cannot be read: {e}"),
            Ok(bytes) if bytes.len() as u64 > MAX_BYTES => text!("plus de {MAX_BYTES} octets", "more than {MAX_BYTES} bytes"),
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => return Some(text),
                Err(_) => Text::new("le fichier n'est pas en UTF-8", "the file is not UTF-8"),
            },
        };
        self.gap(Some(input), path, why);
        None
    }

    /// The text of a file as far as it can be read, without a word about what cannot.
    #[must_use]
    pub fn peek(&self, path: &str) -> Option<String> {
        if !self.files.contains(path) {
            return None;
        }
        self.bytes(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The text of a file that can be read whole, for who writes it back.
    #[must_use]
    pub fn exact(&self, path: &str) -> Option<String> {
        let bytes = self.files.contains(path).then(|| self.bytes(path).ok()).flatten()?;
        if bytes.len() as u64 > MAX_BYTES { None } else { String::from_utf8(bytes).ok() }
    }

    /// The first bytes of a file, one more than is read at most.
    fn bytes(&self, path: &str) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match &self.source {
            Source::Disk(root) => File::open(root.join(path))?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?,
            Source::Memory(files) => files.get(path).ok_or(std::io::ErrorKind::NotFound)?.as_bytes().read_to_end(&mut bytes)?,
        };
        Ok(bytes)
    }

    /// Whether a file holds nothing; one that cannot be read shows nothing either.
    #[must_use]
    pub fn is_empty(&self, path: &str) -> bool {
        match &self.source {
            Source::Disk(root) => std::fs::symlink_metadata(root.join(path)).map_or(true, |m| m.len() == 0),
            Source::Memory(files) => files.get(path).is_none_or(String::is_empty),
        }
    }

    /// Folders with a `Chart.yaml`, those vendored below another chart left out (helm renders them with it).
    #[must_use]
    pub fn charts(&self) -> Vec<String> {
        let all: Vec<&str> = self.files.iter().filter(|f| file_name(f) == "Chart.yaml").map(|f| folder(f)).collect();
        let vendored = |chart: &str| all.iter().any(|parent| *parent != chart && below(chart, &join(parent, "charts")));
        all.iter().filter(|chart| !vendored(chart)).map(|chart| (*chart).to_owned()).collect()
    }
}

/// Folders whose files are not delivered: tests, examples, documentation, development.
const ASIDE: [&str; 20] = [
    "test",
    "tests",
    "testdata",
    "testing",
    "e2e",
    "fixtures",
    "__tests__",
    "example",
    "examples",
    "exemple",
    "exemples",
    "sample",
    "samples",
    "hack",
    "doc",
    "docs",
    "mock",
    "mocks",
    "bouchons",
    ".devcontainer",
];

/// The folder of tests, examples or documentation that a file stands in.
#[must_use]
pub fn aside(path: &str) -> Option<&str> {
    let mut end = 0;
    for part in folder(path).split('/') {
        end += part.len();
        if ASIDE.contains(&part) {
            return path.get(..end);
        }
        end += 1;
    }
    None
}

/// Name of a file, without its folders.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Extension of a file, without its dot; empty when it has none.
#[must_use]
pub fn extension(path: &str) -> &str {
    Path::new(file_name(path)).extension().and_then(|e| e.to_str()).unwrap_or_default()
}

/// Folder of a file; empty at the root.
#[must_use]
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path below a folder.
#[must_use]
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Whether a path is a folder or stands below it.
#[must_use]
pub fn below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
