//! What a kustomization would do besides reading the repository's own files, seen before anything is run: everything that it
//! names must be a file or a kustomization found by the walk. What does not exist there, kustomize would try to clone.
//!
//! Fields: kustomize, `api/types/kustomization.go`. An unknown one refuses the whole.

use std::collections::BTreeSet;

use serde_json::Value;

use super::described;
use crate::check::repository::{Input, Repository, below, folder, join};
use crate::check::{items, text as field};
use crate::text;
use crate::text::Text;
use crate::yaml;

/// Most kustomizations that one builds upon.
const MOST: usize = 100;

/// Fields that only change what is there already.
const HARMLESS: [&str; 17] = [
    "apiVersion",
    "kind",
    "metadata",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "images",
    "imageTags",
    "replicas",
    "vars",
    "generatorOptions",
    "buildMetadata",
    "sortOptions",
    "inventory",
];
/// Lists of kustomizations or files.
const RESOURCES: [&str; 3] = ["resources", "bases", "components"];
/// Lists of files, or of texts written in place.
const FILES: [&str; 3] = ["configurations", "crds", "patchesStrategicMerge"];
/// Generators of ConfigMap and Secret.
const GENERATORS: [&str; 2] = ["configMapGenerator", "secretGenerator"];
/// Lists of changes, each of which may name a file.
const PATCHES: [&str; 3] = ["patches", "patchesJson6902", "replacements"];
/// What an item of these lists may hold: Go reads keys whatever their case, so anything else refuses the whole.
const OF_GENERATOR: [&str; 9] = ["name", "namespace", "behavior", "files", "literals", "env", "envs", "options", "type"];
const OF_PATCH: [&str; 6] = ["path", "patch", "target", "options", "source", "targets"];

/// What a kustomization names.
pub struct Kustomization {
    /// Folders of the kustomizations it builds upon.
    pub folders: BTreeSet<String>,
    /// Files it reads.
    files: BTreeSet<String>,
    /// A component adds to others and builds nothing by itself.
    pub component: bool,
    /// Why it must not be built.
    refused: Option<Text>,
}

impl Kustomization {
    /// Every file that it reads, when nothing of it was refused.
    pub fn whole(&self) -> Option<&BTreeSet<String>> {
        self.refused.is_none().then_some(&self.files)
    }
}

/// Reads one kustomization.
pub fn read(repository: &mut Repository, path: &str) -> Kustomization {
    let mut seen = Kustomization { folders: BTreeSet::new(), files: BTreeSet::from([path.to_owned()]), component: false, refused: None };
    let Some(content) = repository.text(Input::Manifests, path) else {
        seen.refused = Some(Text::new("kustomization illisible", "kustomization that cannot be read"));
        return seen;
    };
    let value: Value = match yaml::read(&content) {
        Ok(value) => value,
        Err(fault) => {
            seen.refused = Some(fault.what);
            return seen;
        }
    };
    seen.component = field(&value, "/kind") == "Component";
    if let Err(why) = named(&value, folder(path), repository, &mut seen) {
        seen.refused = Some(why);
    }
    seen
}

fn named(value: &Value, base: &str, repository: &Repository, seen: &mut Kustomization) -> Result<(), Text> {
    let known = |key: &str| [&HARMLESS[..], &RESOURCES, &FILES, &GENERATORS, &PATCHES, &["openapi"]].iter().any(|keys| keys.contains(&key));
    only(value, known)?;
    let generators: Vec<&Value> = listed(value, &GENERATORS).collect();
    let patches: Vec<&Value> = listed(value, &PATCHES).collect();
    generators.iter().try_for_each(|g| only(g, |key| OF_GENERATOR.contains(&key)))?;
    patches.iter().try_for_each(|p| only(p, |key| OF_PATCH.contains(&key)))?;
    value.get("openapi").map_or(Ok(()), |o| only(o, |key| key == "path"))?;
    for entry in listed(value, &RESOURCES) {
        let path = inside(base, entry.as_str().unwrap_or_default())?;
        if repository.files.contains(&path) {
            seen.files.insert(path);
        } else if repository.files.iter().any(|f| described(f) && folder(f) == path) {
            seen.folders.insert(path);
        } else {
            return Err(absent(entry));
        }
    }
    let mut files: Vec<&Value> = listed(value, &FILES).collect();
    files.extend(patches.iter().filter_map(|p| p.get("path")));
    files.extend(value.pointer("/openapi/path"));
    let mut sources: Vec<String> = Vec::new();
    for generator in generators {
        let listed = items(generator, "/files").chain(items(generator, "/envs")).chain(generator.get("env"));
        // « key=file ».
        sources.extend(listed.filter_map(Value::as_str).map(|f| f.split_once('=').map_or(f, |(_, file)| file).to_owned()));
    }
    // A patch may be written in place: a mapping, not a path.
    let plain = files.into_iter().filter(|f| !f.as_str().is_some_and(|text| yaml::read::<Value>(text).is_ok_and(|v| v.is_object())));
    sources.extend(plain.map(|f| f.as_str().unwrap_or_default().to_owned()));
    for source in sources {
        let path = inside(base, &source)?;
        if !repository.files.contains(&path) {
            return Err(absent(&Value::from(source)));
        }
        seen.files.insert(path);
    }
    if let Some(link) = repository.links.iter().find(|l| below(l, base)) {
        return Err(text!("lien symbolique dans la kustomization : {link}", "symbolic link in the kustomization: {link}"));
    }
    if repository.gaps.iter().any(|g| g.input.is_none() && below(&g.path, base)) {
        return Err(Text::new("kustomization lue en partie seulement", "kustomization read only in part"));
    }
    Ok(())
}

/// The items of lists of a mapping.
fn listed<'a>(value: &'a Value, keys: &'static [&'static str]) -> impl Iterator<Item = &'a Value> {
    keys.iter().filter_map(|key| value.get(key)?.as_array()).flatten()
}

fn only(value: &Value, known: impl Fn(&str) -> bool) -> Result<(), Text> {
    match value.as_object().into_iter().flatten().map(|(key, _)| key).find(|key| !known(key)) {
        None => Ok(()),
        Some(key) => {
            let key: String = key.chars().take(60).collect();
            Err(text!(
                "champ {key} : `check` ne construit ni greffon, ni chart, ni champ inconnu",
                "field {key}: `check` builds no plugin, chart nor unknown field"
            ))
        }
    }
}

fn absent(entry: &Value) -> Text {
    let shown: String = entry.as_str().unwrap_or("?").chars().take(120).collect();
    text!(
        "{shown} n'est pas dans ce dépôt : une base distante n'est jamais chargée",
        "{shown} is not in this repository: a remote base is never loaded"
    )
}

/// A path named from a folder, when it stays in the repository.
fn inside(base: &str, entry: &str) -> Result<String, Text> {
    let refused = || absent(&Value::from(entry));
    // URLs, `git@`, `?ref=`, absolute paths, drives.
    if entry.is_empty() || entry.starts_with('/') || entry.contains([':', '?', '@', '\\', '\0']) {
        return Err(refused());
    }
    let mut parts: Vec<&str> = base.split('/').filter(|p| !p.is_empty()).collect();
    for part in entry.split('/').filter(|p| !p.is_empty() && *p != ".") {
        if part == ".." {
            parts.pop().ok_or_else(refused)?;
        } else {
            parts.push(part);
        }
    }
    Ok(parts.into_iter().fold(String::new(), |path, part| join(&path, part)))
}

/// Every file that a kustomization reads, with those it builds upon.
///
/// # Errors
/// Why it must not be built: its own reason, or that of one of them.
pub fn closure(path: &str, own: &Kustomization, all: &[(String, Kustomization)]) -> Result<BTreeSet<String>, Text> {
    let mut files = BTreeSet::new();
    let mut visited = BTreeSet::from([folder(path).to_owned()]);
    let mut waiting = vec![own];
    while let Some(kustomization) = waiting.pop() {
        if let Some(why) = &kustomization.refused {
            return Err(why.clone());
        }
        if visited.len() > MOST {
            return Err(text!("plus de {MOST} kustomizations en cascade", "more than {MOST} kustomizations upon each other"));
        }
        files.extend(kustomization.files.iter().cloned());
        for wanted in &kustomization.folders {
            if visited.insert(wanted.clone()) {
                let found = all.iter().find(|(other, _)| folder(other) == wanted);
                // Left aside among tests or examples: not read, so not vouched for.
                let Some((_, found)) = found else {
                    return Err(text!("{wanted} : kustomization laissée de côté", "{wanted}: kustomization left aside"));
                };
                waiting.push(found);
            }
        }
    }
    Ok(files)
}
