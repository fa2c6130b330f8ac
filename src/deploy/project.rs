//! The repositories of a generated project, as their last commits say them: charts with one values file an environment, and
//! Argo CD's Applications.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::DeployError;
use crate::git::Snapshot;
use crate::render::MANIFEST_NAME;
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml::{self, Node};

/// A project: its repositories side by side, or only one.
pub struct Project {
    /// Its repositories, the application's first.
    pub depots: Vec<Depot>,
    /// Repositories of the project that cannot be read here, and why: what they hold could not be taken into account.
    pub absent: Vec<Problem>,
    /// Whether Cloud π Native's console makes the Applications.
    pub console: bool,
}

/// A repository.
pub struct Depot {
    /// Its name on the forge.
    pub name: String,
    /// Its commits.
    pub snapshot: Snapshot,
    /// The files of its last commit, each with the id of its content.
    pub files: BTreeMap<String, String>,
}

/// A chart of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Index of its repository.
    pub depot: usize,
    /// Folder, from the root; empty at the root.
    pub folder: String,
}

impl Chart {
    /// A file of the chart, from the root of its repository.
    #[must_use]
    pub fn file(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }
}

impl Depot {
    /// Where it is, as the person sees it.
    #[must_use]
    pub fn shown(&self) -> String {
        self.snapshot.folder().display().to_string()
    }

    /// A file of the last commit, which the work tree has not changed since.
    ///
    /// # Errors
    /// When git fails, or when the file has changes that are not committed: the branch would silently lack them.
    pub fn committed(&self, path: &str) -> Result<Option<String>, DeployError> {
        if self.snapshot.is_changed(path)? {
            return Err(Problem::new(
                self.snapshot.folder().join(path).display().to_string(),
                Text::new("changements qui ne sont pas enregistrés dans git", "changes that are not committed in git"),
            )
            .hint(Text::new("enregistrez-les ou annulez-les, puis relancez", "commit or undo them, then run again"))
            .into());
        }
        Ok(self.snapshot.read(path)?)
    }
}

/// What `.mirai-kit.yaml` says of a repository.
struct Birth {
    depot: String,
    application: String,
    hosting: String,
    per_module: bool,
}

impl Birth {
    fn read(folder: &Path) -> Result<Option<Self>, Problem> {
        let path = folder.join(MANIFEST_NAME);
        let name = path.display().to_string();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Problem::new(name, text!("lecture impossible : {error}", "cannot be read: {error}"))),
        };
        let value = yaml::parse::<Node>(&name, &text)?.value();
        let said = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Some(Self {
            depot: said("/depot"),
            application: said("/reponses/nom"),
            hosting: said("/reponses/hebergement"),
            per_module: said("/reponses/depots") == "par-module",
        }))
    }
}

impl Project {
    /// Opens the project of a folder: one of its repositories, or the folder that holds them.
    ///
    /// # Errors
    /// When there is none there, or when git cannot read it.
    pub fn open(folder: &Path) -> Result<Self, DeployError> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let own = Birth::read(&folder)?;
        let mut found: Vec<(PathBuf, Birth)> = Vec::new();
        match own {
            Some(own) if own.per_module => {
                let application = own.application.clone();
                let beside = folder.parent().map(children).unwrap_or_default();
                for other in beside.into_iter().filter(|other| *other != folder) {
                    // A neighbour that cannot be read is not of this project as far as anyone can tell.
                    if let Ok(Some(birth)) = Birth::read(&other)
                        && birth.application == application
                    {
                        found.push((other, birth));
                    }
                }
                found.push((folder.clone(), own));
            }
            Some(own) => found.push((folder.clone(), own)),
            None => {
                for child in children(&folder) {
                    if let Some(birth) = Birth::read(&child)? {
                        found.push((child, birth));
                    }
                }
            }
        }
        if found.is_empty() {
            let what = Text::new("pas de projet de mirai-kit dans ce dossier", "no project of mirai-kit in this folder");
            let hint = Text::new(
                "placez-vous dans un dépôt écrit par `mirai-kit new`, ou dans le dossier qui les contient",
                "go to a repository that `mirai-kit new` wrote, or to the folder that holds them",
            );
            return Err(Problem::new(folder.display().to_string(), what).hint(hint).into());
        }
        found.sort_by_key(|(path, birth)| (!path.join("demarches.yaml").is_file(), birth.depot.clone()));
        let console = found.iter().any(|(_, birth)| birth.hosting == "cloud-pi-native");
        let (mut depots, mut absent) = (Vec::new(), Vec::new());
        for (path, birth) in found {
            match Snapshot::open(&path)? {
                Some(snapshot) => {
                    depots.push(Depot { name: birth.depot, files: snapshot.files(None)?.unwrap_or_default(), snapshot });
                }
                None => absent.push(
                    Problem::new(
                        path.display().to_string(),
                        Text::new("n'est pas un dépôt git, ou n'a aucun commit", "is no git repository, or has no commit"),
                    )
                    .hint(Text::new("`git init`, puis un premier commit", "`git init`, then a first commit")),
                ),
            }
        }
        if depots.is_empty() { Err(DeployError::Refused(absent)) } else { Ok(Self { depots, absent, console }) }
    }

    /// The charts that have a values file of an environment.
    #[must_use]
    pub fn charts(&self, environment: &str) -> Vec<Chart> {
        let values = format!("values-{environment}.yaml");
        let mut charts = Vec::new();
        for (depot, of) in self.depots.iter().enumerate() {
            for file in of.files.keys() {
                let folder = match file.rsplit_once('/') {
                    Some((folder, name)) if name == values => folder.to_owned(),
                    None if *file == values => String::new(),
                    _ => continue,
                };
                let chart = Chart { depot, folder };
                if of.files.contains_key(&chart.file("Chart.yaml")) {
                    charts.push(chart);
                }
            }
        }
        charts
    }

    /// Names of the environments that charts have values for.
    #[must_use]
    pub fn environments(&self) -> Vec<String> {
        let names = self.depots.iter().flat_map(|of| of.files.keys());
        let mut names: Vec<_> =
            names.filter_map(|file| file.rsplit('/').next()?.strip_prefix("values-")?.strip_suffix(".yaml").map(str::to_owned)).collect();
        names.sort();
        names.dedup();
        names
    }

    /// An environment that exists.
    ///
    /// # Errors
    /// With the names of those that do.
    pub fn known(&self, option: &str, environment: &str) -> Result<(), DeployError> {
        let names = self.environments();
        if names.iter().any(|name| name == environment) {
            return Ok(());
        }
        let list = names.join(", ");
        let what =
            text!("pas d'environnement « {environment} » dans les charts du projet", "no environment \"{environment}\" in the project's charts");
        Err(Problem::new(option, what).hint(text!("environnements : {list}", "environments: {list}")).into())
    }

    /// A file, as the person sees it.
    #[must_use]
    pub fn shown(&self, depot: usize, path: &str) -> String {
        self.depots[depot].snapshot.folder().join(path).display().to_string()
    }
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).map(|e| e.path()).collect();
    folders.sort();
    folders
}
