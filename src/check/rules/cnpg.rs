//! `CloudNativePG`: a database that is backed up, that a synchronisation cannot delete, and whose owner is not the role of
//! the application. Fields: `api/v1/cluster_types.go`, `scheduledbackup_types.go`.

pub mod archive;
pub mod operation;
mod parameters;
pub mod recovery;
pub mod settings;

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::repository::Input::Manifests;
use crate::check::{Report, cite, items, kind, name, pods, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "cnpg-backup",
        Manifests,
        Cct,
        ("base sans archivage vers un stockage externe", "database without archiving to an external store"),
        ("donnez spec.backup.barmanObjectStore, ou un greffon qui archive", "give spec.backup.barmanObjectStore, or a plugin that archives"),
    )
    .proves(&["cnpg-scheduled-backup"])
    .because((
        "EXI-ARCH-4 et EXI-ARCH-9 : sans archivage continu, une panne perd tout ce qui suit la dernière sauvegarde.",
        "EXI-ARCH-4 and EXI-ARCH-9: without continuous archiving, a failure loses everything since the last backup.",
    )),
    Rule::error(
        "cnpg-retention",
        Manifests,
        Cct,
        ("durée de conservation des sauvegardes non fixée", "retention of backups not set"),
        ("donnez retentionPolicy", "give retentionPolicy"),
    )
    .proves(&["cnpg-backup-retention"])
    .because((
        "EXI-ORG-17 : l'équipe fixe la durée de conservation. Sans elle, les sauvegardes s'accumulent, données personnelles comprises (RGPD).",
        "EXI-ORG-17: the team sets the retention. Without it backups pile up, personal data included (GDPR).",
    )),
    Rule::error(
        "cnpg-scheduled-backup",
        Manifests,
        Cct,
        ("base sans sauvegarde planifiée", "database without a scheduled backup"),
        ("ajoutez un ScheduledBackup actif qui la nomme", "add an active ScheduledBackup that names it"),
    )
    .because((
        "EXI-ORG-17 et EXI-ARCH-9 : données sauvegardées régulièrement ; un Cluster ne se sauvegarde pas de lui-même.",
        "EXI-ORG-17 and EXI-ARCH-9: data saved regularly; a Cluster does not back itself up.",
    )),
    Rule::error(
        "cnpg-schedule-fields",
        Manifests,
        Deduced,
        ("planification qui n'a pas six champs", "schedule that does not have six fields"),
        ("commencez par les secondes : 0 30 2 * * *", "start with seconds: 0 30 2 * * *"),
    )
    .proves(&["cnpg-scheduled-backup"])
    .because((
        "CloudNativePG, « ScheduledBackup » : six champs, secondes d'abord. Cinq champs sont refusés, ou ne disent pas l'heure que l'on croit.",
        "CloudNativePG, \"ScheduledBackup\": six fields, seconds first. Five are refused, or do not say the hour one believes.",
    )),
    Rule::error(
        "cnpg-guard",
        Manifests,
        Deduced,
        ("une synchronisation peut supprimer la base", "a synchronisation may delete the database"),
        (
            "annotez le Cluster : argocd.argoproj.io/sync-options: Prune=false,Delete=false",
            "annotate the Cluster: argocd.argoproj.io/sync-options: Prune=false,Delete=false",
        ),
    )
    .because((
        "CloudNativePG : supprimer un Cluster supprime ses volumes. Cloud π Native synchronise avec prune et allowEmpty.",
        "CloudNativePG: deleting a Cluster deletes its volumes. Cloud π Native synchronises with prune and allowEmpty.",
    )),
    Rule::error(
        "cnpg-owner-not-app",
        Manifests,
        Cct,
        ("l'application possède ses tables", "the application owns its tables"),
        (
            "nommez un propriétaire au bootstrap et un autre rôle de connexion sous managed.roles",
            "name an owner in bootstrap and another login role under managed.roles",
        ),
    )
    .because((
        "EXI-DATA-2 : le propriétaire d'une table passe outre les droits par colonne et les règles par ligne.",
        "EXI-DATA-2: the owner of a table is above its column privileges and row policies.",
    )),
    Rule::error(
        "cnpg-resources",
        Manifests,
        Cct,
        ("base sans demandes ou limites de ressources", "database without resource requests or limits"),
        ("donnez spec.resources", "give spec.resources"),
    )
    .proves(&["container-resources"])
    .because((
        "EXI-G-4, et la règle need-containers-ressources de la plateforme : les pods de la base portent ces valeurs.",
        "EXI-G-4, and the platform's need-containers-ressources: the database's pods carry these values.",
    )),
    Rule::error(
        "cnpg-image",
        Manifests,
        Cct,
        ("image de la base sans version figée", "image of the database without a fixed version"),
        ("désignez une étiquette de version, ou une empreinte", "name a version tag, or a digest"),
    )
    .proves(&["image-pinned"])
    .because((
        "EXI-ARCH-5 et EXI-ARCH-27 : sans version figée, deux instances d'une base peuvent ne pas avoir le même PostgreSQL.",
        "EXI-ARCH-5 and EXI-ARCH-27: without a fixed version, two instances of a database may not run the same PostgreSQL.",
    )),
];

/// Whether an object is the operator's, of a kind.
pub(super) fn is(object: &Value, wanted: &str) -> bool {
    kind(object) == wanted && text(object, "/apiVersion").starts_with("postgresql.cnpg.io/")
}

fn of<'a>(objects: &'a [Value], wanted: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |o| is(o, wanted))
}

/// Checks the objects of one environment.
#[must_use]
pub fn check(objects: &[Value]) -> Report {
    let mut report = Report::default();
    for cluster in of(objects, "Cluster") {
        on_cluster(&mut report, cluster, objects);
    }
    // The plugin adds a container to each pod of the database.
    for store in objects.iter().filter(|o| kind(o) == "ObjectStore" && text(o, "/apiVersion").starts_with("barmancloud.cnpg.io/")) {
        bounded(&mut report, store, "/spec/instanceSidecarConfiguration/resources");
    }
    for scheduled in of(objects, "ScheduledBackup") {
        let fields = text(scheduled, "/spec/schedule").split_whitespace().count();
        let wrong = (fields != 6).then(|| format!("schedule: {:?} ({fields})", text(scheduled, "/spec/schedule")));
        report.see_at("cnpg-schedule-fields", &cite(scheduled), "/spec/schedule", wrong);
    }
    for catalog in of(objects, "ImageCatalog") {
        for (index, image) in items(catalog, "/spec/images").enumerate() {
            let field = format!("/spec/images/{index}/image");
            report.see_at("cnpg-image", &cite(catalog), &field, super::kyverno::floating(text(image, "/image")));
        }
    }
    report
}

fn on_cluster(report: &mut Report, cluster: &Value, objects: &[Value]) {
    let cited = cite(cluster);
    let (native, plugin) = archive::ways(cluster);
    report.see_at(
        "cnpg-backup",
        &cited,
        "/spec/backup",
        (!plugin && !native).then(|| {
            Text::new(
                "ni spec.backup.barmanObjectStore, ni greffon d'archivage des WAL",
                "neither spec.backup.barmanObjectStore nor a WAL archiving plugin",
            )
        }),
    );

    let stored = of_store(objects);
    let kept = !text(cluster, "/spec/backup/retentionPolicy").is_empty() || (plugin && stored);
    report.see_at("cnpg-retention", &cited, "/spec/backup", (!kept).then(|| Text::new("pas de retentionPolicy", "no retentionPolicy")));

    let planned = of(objects, "ScheduledBackup")
        .any(|s| text(s, "/spec/cluster/name") == name(cluster) && s.pointer("/spec/suspend").and_then(Value::as_bool) != Some(true));
    report.see(
        "cnpg-scheduled-backup",
        &cited,
        (!planned).then(|| Text::new("aucun ScheduledBackup actif ne la nomme", "no active ScheduledBackup names it")),
    );

    let options = text(cluster, "/metadata/annotations/argocd.argoproj.io~1sync-options");
    let guarded = ["Prune", "Delete"]
        .iter()
        .all(|what| options.split(',').any(|o| o.trim().split_once('=').is_some_and(|(k, v)| k == *what && matches!(v, "false" | "confirm"))));
    report.see_at(
        "cnpg-guard",
        &cited,
        "/metadata/annotations/argocd.argoproj.io~1sync-options",
        (!guarded).then(|| format!("argocd.argoproj.io/sync-options: {options:?}")),
    );

    // The roles of a replica are those of its source.
    if !replica(cluster) {
        report.see_at("cnpg-owner-not-app", &cited, "/spec/bootstrap", owner(cluster, objects));
    }

    bounded(report, cluster, "/spec/resources");

    // Without an image of its own the operator picks one, which changes with the operator.
    if cluster.pointer("/spec/imageCatalogRef").is_none() {
        report.see_at("cnpg-image", &cited, "/spec/imageName", super::kyverno::floating(text(cluster, "/spec/imageName")));
    } else if let Some(catalog) =
        of(objects, text(cluster, "/spec/imageCatalogRef/kind")).find(|c| name(c) == text(cluster, "/spec/imageCatalogRef/name"))
    {
        let major = cluster.pointer("/spec/imageCatalogRef/major");
        let held = items(catalog, "/spec/images").any(|image| image.get("major") == major);
        let problem = (!held).then(|| {
            let (catalog, major) = (name(catalog), major.cloned().unwrap_or_default());
            text!("le catalogue {catalog} n'a pas d'image de la version {major}", "the catalogue {catalog} has no image of version {major}")
        });
        report.see_at("cnpg-image", &cited, "/spec/imageCatalogRef/major", problem);
    }
}

/// Requests and limits, of processor and of memory.
fn bounded(report: &mut Report, object: &Value, at: &str) {
    let there = |side: &str, what: &str| object.pointer(&format!("{at}/{side}/{what}")).is_some_and(|v| !v.is_null() && v != "");
    let all = ["requests", "limits"].iter().all(|side| ["cpu", "memory"].iter().all(|what| there(side, what)));
    let shown = at.trim_start_matches('/').replace('/', ".");
    let problem = (!all).then(|| text!("{shown} : requests ou limits de cpu ou memory absents", "{shown} lacks requests or limits of cpu or memory"));
    report.see_at("cnpg-resources", &cite(object), at, problem);
}

fn of_store(objects: &[Value]) -> bool {
    objects.iter().any(|o| kind(o) == "ObjectStore" && !text(o, "/spec/retentionPolicy").is_empty())
}

fn replica(cluster: &Value) -> bool {
    let primary = text(cluster, "/spec/replica/primary");
    let own = text(cluster, "/spec/replica/self");
    let own = if own.is_empty() { name(cluster) } else { own };
    cluster.pointer("/spec/replica/enabled").and_then(Value::as_bool).unwrap_or(!primary.is_empty() && primary != own)
}

/// Why the application may own its tables, if it may.
fn owner(cluster: &Value, objects: &[Value]) -> Option<Text> {
    let start = ["/spec/bootstrap/initdb", "/spec/bootstrap/recovery", "/spec/bootstrap/pg_basebackup"].into_iter().find_map(|p| cluster.pointer(p));
    let owner = start.map_or("", |s| text(s, "/owner"));
    if owner.is_empty() {
        return Some(Text::new(
            "bootstrap ne nomme pas de propriétaire : celui que l'opérateur prend par défaut est celui de l'application",
            "bootstrap names no owner: the operator's default one is the application's",
        ));
    }
    let other = items(cluster, "/spec/managed/roles")
        .any(|r| text(r, "/name") != owner && r.get("login").and_then(Value::as_bool) == Some(true) && text(r, "/ensure") != "absent");
    if !other {
        return Some(text!(
            "aucun rôle géré ne peut se connecter, hors le propriétaire {owner:?}",
            "no managed role may log in besides the owner {owner:?}"
        ));
    }
    let secret = start.map_or("", |s| text(s, "/secret/name"));
    let secret = if secret.is_empty() { format!("{}-app", name(cluster)) } else { secret.to_owned() };
    let server = |owner: &str| ["Deployment/", "StatefulSet/"].iter().any(|k| owner.starts_with(k));
    pods(objects).iter().find(|pod| server(&pod.owner) && pod.spec.to_string().contains(&format!("\"{secret}\""))).map(|pod| {
        let pod = &pod.owner;
        text!("{pod} utilise le secret du propriétaire {secret:?}", "{pod} uses the owner's secret {secret:?}")
    })
}
