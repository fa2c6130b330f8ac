//! Argo CD: the scope of an `AppProject`, and revisions that cannot move under a production.

pub mod admitted;
pub mod application;
pub mod described;
pub mod kinds;
mod patterns;
mod rows;
mod tree;

pub use rows::RULES as TREE;

use serde_json::Value;

use super::Scene;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::judge::is_prod;
use crate::check::repository::Input::Manifests;
use crate::check::{Report, cite, items, kind, text};

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "appproject-scope",
        Manifests,
        Deduced,
        ("projet Argo CD sans bornes", "Argo CD project without bounds"),
        ("nommez dépôts, espaces de noms et types, sans astérisque", "name repositories, namespaces and kinds, without a star"),
    )
    .because((
        "Argo CD, page « Projects » : un projet sans bornes laisse une Application écrire n'importe où. Cloud π Native n'autorise qu'un espace de noms et aucun objet de portée cluster.",
        "Argo CD, page \"Projects\": a project without bounds lets an Application write anywhere. Cloud π Native admits one namespace and no cluster-scoped object.",
    )),
    Rule::error(
        "argocd-pinned-revision",
        Manifests,
        Cct,
        ("révision flottante en production", "floating revision in production"),
        ("désignez une étiquette git ou un commit", "name a git tag or a commit"),
    )
    .because((
        "EXI-ARCH-9 : configuration à version figée. Sur une branche, un envoi met en production sans promotion. (L'include du catalogue de la chaîne, « ref: main », n'est pas concerné : c'est la plateforme qui le tient.)",
        "EXI-ARCH-9: configuration at a pinned version. On a branch, a push goes to production without a promotion. (The pipeline's catalogue, \"ref: main\", is not concerned: the platform holds it.)",
    )),
];

/// Revisions that move: branches by their usual names, the default one, ranges.
fn floats(revision: &str) -> bool {
    let range = revision.contains(['*', '>', '<', '~', '^', ' ']);
    revision.is_empty() || range || matches!(revision, "HEAD" | "main" | "master" | "develop" | "dev" | "trunk" | "latest")
}

/// Checks raw manifests and rendered objects.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let Scene { objects, production, .. } = scene;
    for (index, object) in objects.iter().enumerate().filter(|(_, o)| text(o, "/apiVersion").starts_with("argoproj.io/")) {
        match kind(object) {
            "AppProject" => project(&mut report, object, scene.answers.is_some()),
            "Application" if production(index) || is_prod(text(object, "/metadata/labels/env")) => revision(&mut report, object, objects),
            _ => {}
        }
    }
    report
}

fn project(report: &mut Report, object: &Value, ours: bool) {
    let mut wide = Vec::new();
    if items(object, "/spec/sourceRepos").any(|r| r == "*") {
        wide.push("sourceRepos: *".to_owned());
    }
    for destination in items(object, "/spec/destinations") {
        for field in ["namespace", "server"] {
            if destination.get(field).is_some_and(|v| v == "*") {
                wide.push(format!("destinations: {field} *"));
            }
        }
    }
    if items(object, "/spec/sourceNamespaces").any(|n| n == "*") {
        wide.push("sourceNamespaces: *".to_owned());
    }
    // Without a list, every kind of a namespace is admitted: what our projects promise not to do.
    if ours && object.pointer("/spec/namespaceResourceWhitelist").is_none_or(Value::is_null) {
        wide.push("namespaceResourceWhitelist: -".to_owned());
    }
    for allowed in items(object, "/spec/clusterResourceWhitelist") {
        wide.push(format!("clusterResourceWhitelist: {}", text(allowed, "/kind")));
    }
    report.see("appproject-scope", &cite(object), (!wide.is_empty()).then(|| wide.join(", ")));
}

fn revision(report: &mut Report, object: &Value, objects: &[Value]) {
    // A root whose project admits nothing but Applications moves no workload: the revision of each module does.
    let own = objects.iter().find(|p| kind(p) == "AppProject" && text(p, "/metadata/name") == text(object, "/spec/project"));
    let mut admitted = own.into_iter().flat_map(|p| items(p, "/spec/namespaceResourceWhitelist")).peekable();
    if admitted.peek().is_some() && admitted.all(|a| text(a, "/kind") == "Application" && text(a, "/group") == "argoproj.io") {
        return;
    }
    let sources = object.pointer("/spec/source").into_iter().chain(items(object, "/spec/sources"));
    for source in sources {
        let wanted = text(source, "/targetRevision");
        report.see("argocd-pinned-revision", &cite(object), floats(wanted).then(|| format!("targetRevision: {wanted:?}")));
    }
}
