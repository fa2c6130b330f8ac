//! Where the Argo CD objects of a repository lead: roots to Applications, Applications to charts and values files that are
//! there, through projects that admit them. Sources are compared with the repositories whose address is known, those that
//! mirai-kit wrote; what stands in another one is not guessed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::check::gather::stream;
use crate::check::repository::Input::Manifests;
use crate::check::repository::{below, extension, file_name, folder, join};
use crate::check::view::View;
use crate::check::{items, kind, name, text};
use crate::yaml::{self, Node};

/// An object of Argo CD, where it is written.
pub struct Declared {
    /// File.
    pub file: String,
    /// Lines before its document.
    before: usize,
    node: Node,
    /// The object.
    pub value: Value,
}

impl Declared {
    /// Line of one of its fields.
    pub fn line(&self, pointer: &str) -> usize {
        self.before + self.node.line_of(pointer)
    }

    /// How findings name it.
    pub fn shown(&self) -> String {
        format!("{}/{}", kind(&self.value), name(&self.value))
    }

    /// Its sources, each with its place.
    pub fn sources(&self) -> Vec<(String, &Value)> {
        let one = self.value.pointer("/spec/source").map(|source| ("/spec/source".to_owned(), source));
        let many = items(&self.value, "/spec/sources").enumerate().map(|(index, source)| (format!("/spec/sources/{index}"), source));
        one.into_iter().chain(many).collect()
    }

    /// What its sources render: those that only lend values files (`ref`) render nothing.
    pub fn rendered(&self) -> Vec<(String, &Value)> {
        let mut sources = self.sources();
        sources.retain(|(_, s)| !text(s, "/path").is_empty() || !text(s, "/chart").is_empty() || text(s, "/ref").is_empty());
        sources
    }

    /// Whether it holds this annotation or finalizer text.
    pub fn option(&self, wanted: &str) -> bool {
        let options = text(&self.value, "/metadata/annotations/argocd.argoproj.io~1sync-options");
        options.split(',').any(|option| option.trim() == wanted)
    }

    /// Whether deleting it deletes what it deployed.
    pub fn cascades(&self) -> bool {
        items(&self.value, "/metadata/finalizers").filter_map(Value::as_str).any(|f| f.starts_with("resources-finalizer.argocd.argoproj.io"))
    }
}

/// What a repository says of Argo CD.
#[derive(Default)]
pub struct Tree {
    /// Applications.
    pub applications: Vec<Declared>,
    /// Sets of them.
    pub sets: Vec<Declared>,
    /// Projects.
    pub projects: Vec<Declared>,
    /// Folder of each repository by its address.
    pub repositories: BTreeMap<String, String>,
}

impl Tree {
    /// Reads it.
    pub fn new(view: &mut View<'_>) -> Self {
        let mut tree = Self { repositories: repositories(view), ..Self::default() };
        let charts = view.charts();
        let template = |path: &str| charts.iter().any(|chart| below(path, &join(chart, "templates")) || below(path, &join(chart, "charts")));
        let yaml = |path: &str| matches!(extension(path), "yaml" | "yml") && !template(path);
        for path in view.paths(yaml) {
            let Some(content) = view.text(Manifests, &path).filter(|content| content.contains("argoproj.io/")) else { continue };
            if crate::check::repository::aside(&path).is_some() {
                continue;
            }
            for (before, document) in stream::documents(&content) {
                let Ok(node) = yaml::read::<Node>(&document) else { continue };
                let value = node.value();
                if !text(&value, "/apiVersion").starts_with("argoproj.io/") || stream::veiled(&value).is_some() {
                    continue;
                }
                let list = match kind(&value) {
                    "Application" => &mut tree.applications,
                    "ApplicationSet" => &mut tree.sets,
                    "AppProject" => &mut tree.projects,
                    _ => continue,
                };
                list.push(Declared { file: path.clone(), before, node, value });
            }
        }
        tree
    }

    /// The folder that a source designates here; none when its repository is not known, or when nothing is there.
    pub fn folder_of(&self, source: &Value) -> Option<String> {
        let root = self.repositories.get(&address(source))?;
        Some(inside(root, text(source, "/path")))
    }

    /// The Applications and sets that a root leads to.
    pub fn children(&self, root: &Declared) -> Vec<&Declared> {
        let mut found = Vec::new();
        for (_, source) in root.sources() {
            let path = text(source, "/path").trim_matches('/').trim_start_matches("./");
            if path.is_empty() || path == "." || source.get("helm").is_some() {
                continue;
            }
            let recurse = source.pointer("/directory/recurse").and_then(Value::as_bool) == Some(true);
            let include = text(source, "/directory/include");
            let known = self.folder_of(source);
            let led = |file: &str| {
                let at = folder(file);
                let here = |at: &str| known.as_ref().map_or_else(|| at == path || at.ends_with(&format!("/{path}")), |known| at == known);
                let deeper = || recurse && (1..at.len()).any(|end| at.as_bytes().get(end) == Some(&b'/') && here(&at[..end]));
                (here(at) || deeper()) && (include.is_empty() || include.contains('*') || include == file_name(file))
            };
            found.extend(self.applications.iter().chain(&self.sets).filter(|child| led(&child.file) && child.file != root.file));
        }
        found
    }
}

/// Address of a source.
pub fn address(source: &Value) -> String {
    text(source, "/repoURL").trim_end_matches('/').to_owned()
}

/// A path of a repository, from the root of what is checked.
pub fn inside(root: &str, path: &str) -> String {
    let path = path.trim_start_matches("./").trim_matches('/');
    if path.is_empty() || path == "." { root.to_owned() } else { join(root, path) }
}

/// Folder of each repository that mirai-kit wrote, by its address on either forge.
fn repositories(view: &mut View<'_>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for manifest in view.named(crate::render::MANIFEST_NAME) {
        let Some(node) = view.yaml(Manifests, &manifest) else { continue };
        let value = node.value();
        let depot = text(&value, "/depot");
        for forge in ["primaire", "secondaire"] {
            let base = text(&value, &format!("/reponses/forge/{forge}")).trim_end_matches('/');
            if !base.is_empty() && !depot.is_empty() {
                found.insert(format!("{base}/{depot}.git"), folder(&manifest).to_owned());
            }
        }
    }
    found
}
