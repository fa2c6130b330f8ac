//! Argo CD, object by object: what an `Application` may erase, and how far its project reaches.
//! Fields: `pkg/apis/application/v1alpha1/types.go`.

use serde_json::Value;

use super::floats;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Deduced;
use crate::check::judge::is_prod;
use crate::check::repository::Input::Manifests;
use crate::check::rules::Scene;
use crate::check::{Report, cite, items, kind, name, text};

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::warning(
        "argocd-default-project",
        Manifests,
        Deduced,
        ("Application dans le projet « default »", "Application in the project \"default\""),
        ("donnez-lui un AppProject borné", "give it a bounded AppProject"),
    )
    .because((
        "Argo CD, page « Projects » : « default » autorise tout dépôt, tout cluster et tout type d'objet.",
        "Argo CD, page \"Projects\": \"default\" admits every repository, cluster and kind of object.",
    )),
    Rule::warning(
        "argocd-allow-empty",
        Manifests,
        Deduced,
        ("un rendu vide supprimerait tout", "an empty render would delete everything"),
        ("retirez allowEmpty : true", "remove allowEmpty: true"),
    )
    .because((
        "Argo CD, page « Automated Sync Policy » : avec prune, un chemin vidé par erreur efface tous les objets ; allowEmpty retire la seule protection.",
        "Argo CD, page \"Automated Sync Policy\": with prune, a path emptied by mistake erases every object; allowEmpty removes the only protection.",
    )),
    Rule::warning(
        "argocd-sync-options",
        Manifests,
        Deduced,
        ("option de synchronisation qui remplace, ne valide pas, ou n'existe pas", "sync option that replaces, does not validate, or does not exist"),
        ("retirez-la, ou posez-la sur le seul objet qui en a besoin", "remove it, or set it on the only object that needs it"),
    )
    .because((
        "Argo CD, page « Sync Options » : Replace et Force suppriment et recréent ; Validate=false laisse passer un objet faux. Au niveau de l'Application, tous ses objets sont touchés.",
        "Argo CD, page \"Sync Options\": Replace and Force delete and recreate; Validate=false lets a wrong object through. On an Application, each of its objects is concerned.",
    )),
    Rule::error(
        "stateful-replace",
        Manifests,
        Deduced,
        ("objet à données remplacé par une synchronisation", "object with data replaced by a synchronisation"),
        ("retirez Replace=true et Force=true de ses sync-options", "remove Replace=true and Force=true from its sync-options"),
    )
    .because((
        "Argo CD, page « Sync Options » : l'objet est supprimé puis recréé ; ses volumes peuvent partir avec lui.",
        "Argo CD, page \"Sync Options\": the object is deleted, then created again; its volumes may go with it.",
    )),
    Rule::warning(
        "argocd-ignore-differences",
        Manifests,
        Deduced,
        ("écarts ignorés trop largement", "differences ignored too widely"),
        ("nommez le champ précis et le type d'objet", "name the exact field and the kind of object"),
    )
    .because((
        "EXI-ORG-8 : tout changement passe par git. Un écart ignoré sur toute une spec laisse une modification faite à la main en place, sans que rien ne la signale.",
        "EXI-ORG-8: every change goes through git. A difference ignored on a whole spec leaves a change made by hand in place, and nothing tells.",
    )),
    Rule::error(
        "appproject-roles",
        Manifests,
        Deduced,
        ("rôle de projet qui peut tout, ou hors de son projet", "project role that may do everything, or outside its project"),
        ("nommez la ressource, et des objets de ce projet", "name the resource, and objects of this project"),
    )
    .because((
        "Argo CD, page « Project Roles » : une règle est « p, sujet, ressource, action, projet/objet, effet » ; un astérisque sur la ressource donne aussi les dépôts et les clusters.",
        "Argo CD, page \"Project Roles\": a policy is \"p, subject, resource, action, project/object, effect\"; a star as resource gives repositories and clusters too.",
    )),
    Rule::error(
        "applicationset-revision",
        Manifests,
        Deduced,
        ("ApplicationSet de production sur une révision flottante", "production ApplicationSet on a floating revision"),
        ("désignez une étiquette git ou un commit, dans le générateur comme dans le gabarit", "name a git tag or a commit, in the generator and in the template"),
    )
    .because((
        "EXI-ARCH-9 : configuration à version figée. Un générateur qui suit une branche crée ou retire des Application à chaque envoi.",
        "EXI-ARCH-9: configuration at a pinned version. A generator that follows a branch creates or removes Applications at each push.",
    )),
];

const OPTIONS: &str = "/metadata/annotations/argocd.argoproj.io~1sync-options";

/// Checks each object.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for (index, object) in scene.objects.iter().enumerate() {
        let cited = cite(object);
        let stateful =
            matches!(kind(object), "StatefulSet" | "PersistentVolumeClaim" | "ObjectStore") || crate::check::rules::cnpg::is(object, "Cluster");
        if stateful {
            let wrong = text(object, OPTIONS).split(',').map(str::trim).find(|o| matches!(*o, "Replace=true" | "Force=true"));
            report.see_at("stateful-replace", &cited, OPTIONS, wrong.map(str::to_owned));
        }
        if !text(object, "/apiVersion").starts_with("argoproj.io/") {
            continue;
        }
        let production = (scene.production)(index) || is_prod(text(object, "/metadata/labels/env"));
        match kind(object) {
            "Application" => application(&mut report, &cited, object, ""),
            "ApplicationSet" => {
                application(&mut report, &cited, object, "/spec/template");
                if production {
                    revisions(&mut report, &cited, object);
                }
            }
            "AppProject" => roles(&mut report, &cited, object),
            _ => {}
        }
    }
    report
}

/// An Application, or the template of a set of them.
fn application(report: &mut Report, cited: &str, object: &Value, base: &str) {
    let project = text(object, &format!("{base}/spec/project"));
    // A project by a parameter is known to the generator alone.
    if !project.contains("{{") {
        let default = matches!(project, "" | "default").then(|| format!("project: {project:?}"));
        report.see_at("argocd-default-project", cited, &format!("{base}/spec/project"), default);
    }
    let automated = format!("{base}/spec/syncPolicy/automated");
    if object.pointer(&automated).is_some() {
        let on = |key: &str| object.pointer(&format!("{automated}/{key}")).and_then(Value::as_bool) == Some(true);
        let empties = (on("allowEmpty") && on("prune")).then(|| "prune: true, allowEmpty: true".to_owned());
        report.see_at("argocd-allow-empty", cited, &format!("{automated}/allowEmpty"), empties);
    }
    let list = format!("{base}/spec/syncPolicy/syncOptions");
    for (index, option) in items(object, &list).enumerate() {
        let wrong = option.as_str().filter(|o| matches!(*o, "Replace=true" | "Force=true" | "Validate=false") || !known(o));
        report.see_at("argocd-sync-options", cited, &format!("{list}/{index}"), wrong.map(str::to_owned));
    }
    let list = format!("{base}/spec/ignoreDifferences");
    for (index, ignored) in items(object, &list).enumerate() {
        report.see_at("argocd-ignore-differences", cited, &format!("{list}/{index}"), wide(ignored));
    }
}

/// Whether Argo CD knows an option: a misspelt one is ignored in silence (`docs/user-guide/sync-options.md`, 3.5).
fn known(option: &str) -> bool {
    let Some((key, value)) = option.split_once('=') else { return option.contains("{{") };
    match key {
        "PrunePropagationPolicy" => matches!(value, "foreground" | "background" | "orphan"),
        "Validate"
        | "CreateNamespace"
        | "PruneLast"
        | "Replace"
        | "Force"
        | "ServerSideApply"
        | "ClientSideApplyMigration"
        | "ApplyOutOfSyncOnly"
        | "FailOnSharedResource"
        | "RespectIgnoreDifferences"
        | "SkipDryRunOnMissingResource"
        | "Prune"
        | "Delete"
        | "DisableClientSideApplyMigration" => matches!(value, "true" | "false" | "confirm") || value.contains("{{"),
        _ => key.contains("{{"),
    }
}

/// Why an entry of `ignoreDifferences` hides more than a field.
fn wide(ignored: &Value) -> Option<String> {
    if text(ignored, "/kind") == "*" {
        return Some("kind: *".to_owned());
    }
    let whole = |path: &str| {
        matches!(path.trim_end_matches('/'), "" | "/spec" | "/data" | "/stringData" | "/metadata" | "." | ".spec" | ".data" | ".[]" | ".metadata")
    };
    let paths = items(ignored, "/jsonPointers").chain(items(ignored, "/jqPathExpressions"));
    paths.filter_map(Value::as_str).find(|path| whole(path)).map(|path| format!("{}: {path:?}", text(ignored, "/kind")))
}

fn roles(report: &mut Report, cited: &str, object: &Value) {
    let own = format!("{}/", name(object));
    for (role, entry) in items(object, "/spec/roles").enumerate() {
        for (index, policy) in items(entry, "/policies").filter_map(Value::as_str).enumerate() {
            let parts: Vec<&str> = policy.split(',').map(str::trim).collect();
            let [_, _, resource, _, target, effect] = parts[..] else { continue };
            // A name written by a template is not known.
            if policy.contains("{{") {
                continue;
            }
            let wrong = effect == "allow" && (resource == "*" || !target.starts_with(&own));
            report.see_at("appproject-roles", cited, &format!("/spec/roles/{role}/policies/{index}"), wrong.then(|| policy.to_owned()));
        }
    }
}

fn revisions(report: &mut Report, cited: &str, object: &Value) {
    let mut see = |field: String, revision: &str| {
        if !revision.contains("{{") {
            report.see_at("applicationset-revision", cited, &field, floats(revision).then(|| format!("revision: {revision:?}")));
        }
    };
    for (index, generator) in items(object, "/spec/generators").enumerate() {
        if let Some(git) = generator.get("git") {
            see(format!("/spec/generators/{index}/git/revision"), text(git, "/revision"));
        }
    }
    let base = "/spec/template/spec";
    if let Some(source) = object.pointer(&format!("{base}/source")) {
        see(format!("{base}/source/targetRevision"), text(source, "/targetRevision"));
    }
    for (index, source) in items(object, &format!("{base}/sources")).enumerate() {
        see(format!("{base}/sources/{index}/targetRevision"), text(source, "/targetRevision"));
    }
}
