//! Kustomize, through the user's own `kubectl`. A kustomization may fetch from the network, run programs or read what stands
//! outside the repository: [`guard`] reads every file of it beforehand, and one that does any of this is not built.

mod guard;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::{Group, Origin, stream};
use crate::check::judge::environment_of;
use crate::check::program;
use crate::check::repository::{Input, Repository, below, file_name, folder};
use crate::check::{kind, name};
use crate::text;
use crate::text::Text;
use crate::yaml::{self, Node};

/// Whether a file describes a kustomization.
#[must_use]
pub fn described(path: &str) -> bool {
    matches!(file_name(path), "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// What kustomizations build for one environment.
pub struct Built {
    /// The environment that their folders name.
    pub environment: Option<String>,
    /// What they build.
    pub group: Group,
    /// Whether each of them was built.
    pub complete: bool,
}

/// What kustomizations make of a repository.
#[derive(Default)]
pub struct All {
    /// By environment.
    pub built: Vec<Built>,
    /// Files that a kustomization reads: they are no manifests by themselves.
    files: BTreeSet<String>,
    /// Folders of those that were not read.
    folders: BTreeSet<String>,
    /// Folders of them all.
    own: BTreeSet<String>,
}

impl All {
    /// Whether a file is a part of a kustomization, or may be.
    #[must_use]
    pub fn takes(&self, path: &str) -> bool {
        self.files.contains(path) || self.folders.iter().any(|f| below(path, f))
    }

    /// Whether a file stands beside a kustomization that does not name it: a patch that is not in use, or an object that is
    /// not deployed.
    #[must_use]
    pub fn beside(&self, path: &str) -> bool {
        !self.takes(path) && self.own.contains(folder(path))
    }
}

/// Builds the kustomizations of a repository that no other one uses.
pub fn build(repository: &mut Repository, program: Option<&Path>, wanted: Option<&str>) -> All {
    let mut all = All::default();
    let mut read = Vec::new();
    for path in repository.files.iter().filter(|f| described(f)).cloned().collect::<Vec<_>>() {
        if repository.left_aside(Input::Manifests, &path) {
            all.folders.insert(folder(&path).to_owned());
            continue;
        }
        all.own.insert(folder(&path).to_owned());
        let kustomization = guard::read(repository, &path);
        match kustomization.whole() {
            Some(files) => all.files.extend(files.iter().cloned()),
            None => drop(all.folders.insert(folder(&path).to_owned())),
        }
        read.push((path, kustomization));
    }
    // A base is judged as its overlays make it.
    let used: BTreeSet<String> = read.iter().flat_map(|(_, k)| k.folders.iter().cloned()).collect();
    if !read.is_empty() && read.iter().all(|(path, k)| k.component || used.contains(folder(path))) {
        let why = Text::new("kustomizations qui s'appellent en cercle", "kustomizations that call each other in a circle");
        repository.gap(Some(Input::Manifests), &read[0].0, why);
    }
    let mut built: BTreeMap<Option<String>, (Group, bool)> = BTreeMap::new();
    for (path, kustomization) in read.iter().filter(|(path, k)| !k.component && !used.contains(folder(path))) {
        let environment = environment_of(path).map(str::to_owned);
        if wanted.is_some() && environment.as_deref() != wanted {
            let why = Text::new("autre environnement : laissé de côté par --env", "another environment: left aside by --env");
            repository.gap(Some(Input::Manifests), path, why);
            continue;
        }
        let (group, complete) = built.entry(environment).or_insert_with(|| (Group::default(), true));
        let sources = guard::closure(path, kustomization, &read);
        let output = sources.and_then(|sources| Ok((run(repository, path, program)?, sources)));
        let added = output.and_then(|(output, sources)| objects(group, repository, path, &output, &sources));
        if let Err(why) = added {
            *complete = false;
            repository.gap(Some(Input::Manifests), path, why);
        }
    }
    all.built = built.into_iter().map(|(environment, (group, complete))| Built { environment, group, complete }).collect();
    all
}

fn run(repository: &Repository, path: &str, program: Option<&Path>) -> Result<String, Text> {
    let Some(program) = program else {
        return Err(Text::new("kubectl est introuvable : installez-le, ou donnez --kubectl", "kubectl is not found: install it, or give --kubectl"));
    };
    let Some(root) = repository.root() else {
        return Err(Text::new("la kustomization n'est pas sur un disque", "the kustomization is not on a disk"));
    };
    program::output(program, "kubectl", &["kustomize", "."], &root.join(folder(path)), refusal)
}

fn refusal(said: &str) -> Text {
    let line: String = said.lines().find(|l| l.starts_with("error")).unwrap_or("").chars().take(300).collect();
    text!("kubectl refuse cette kustomization : {line}", "kubectl refuses this kustomization: {line}")
}

/// Adds what was built, each object with the file that describes it where only one can.
fn objects(group: &mut Group, repository: &mut Repository, path: &str, output: &str, sources: &BTreeSet<String>) -> Result<(), Text> {
    let mut written: Vec<(Origin, Value)> = Vec::new();
    for file in sources.iter().filter(|f| !described(f)) {
        let Some(content) = repository.text(Input::Manifests, file) else { continue };
        for (before, document) in stream::documents(&content) {
            let Ok(node) = yaml::read::<Node>(&document) else { continue };
            let value = node.value();
            written.push((Origin { file: file.clone(), unit: folder(path).to_owned(), written: Some((node, before)) }, value));
        }
    }
    for (_, document) in stream::documents(output) {
        let value: Value = yaml::read(&document).map_err(|fault| fault.what)?;
        if !value.is_object() {
            continue;
        }
        if let Some(why) = stream::veiled(&value) {
            repository.gap(Some(Input::Manifests), path, why);
            continue;
        }
        let same = |source: &Value| kind(source) == kind(&value) && !name(source).is_empty() && name(&value).contains(name(source));
        let mut from = written.iter().filter(|(_, source)| same(source));
        let unknown = || Origin { file: path.to_owned(), unit: folder(path).to_owned(), written: None };
        let origin = match (from.next(), from.next()) {
            (Some((origin, _)), None) => origin.clone(),
            // A patch names the object too: the one of the same name, if any, is the description itself.
            _ => unknown(),
        };
        group.add(value, &origin);
    }
    Ok(())
}
