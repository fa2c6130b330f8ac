//! `CloudNativePG`: a database that is backed up, that a synchronisation cannot delete, and whose owner is not the role of
//! the application. Fields: `api/v1/cluster_types.go`, `scheduledbackup_types.go`.

use serde_json::Value;

use super::{Report, cite, items, kind, name, pods, text};

fn of<'a>(objects: &'a [Value], wanted: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |o| kind(o) == wanted && text(o, "/apiVersion").starts_with("postgresql.cnpg.io/"))
}

/// Checks the objects of one environment.
#[must_use]
pub fn check(objects: &[Value]) -> Report {
    let mut report = Report::default();
    for cluster in of(objects, "Cluster") {
        on_cluster(&mut report, cluster, objects);
    }
    for scheduled in of(objects, "ScheduledBackup") {
        let fields = text(scheduled, "/spec/schedule").split_whitespace().count();
        let wrong = (fields != 6).then(|| format!("schedule {:?} has {fields} fields", text(scheduled, "/spec/schedule")));
        report.see("cnpg-schedule-fields", &cite(scheduled), wrong);
    }
    for catalog in of(objects, "ImageCatalog") {
        for image in items(catalog, "/spec/images") {
            report.see("cnpg-image", &cite(catalog), super::kyverno::floating(text(image, "/image")));
        }
    }
    report
}

fn on_cluster(report: &mut Report, cluster: &Value, objects: &[Value]) {
    let cited = cite(cluster);
    let plugin = items(cluster, "/spec/plugins").any(|p| p.get("isWALArchiver").and_then(Value::as_bool) == Some(true));
    let native = cluster.pointer("/spec/backup/barmanObjectStore").is_some_and(Value::is_object);
    report.see("cnpg-backup", &cited, (!plugin && !native).then(|| "neither spec.backup.barmanObjectStore nor a WAL archiving plugin".into()));

    let stored = of_store(objects);
    let kept = !text(cluster, "/spec/backup/retentionPolicy").is_empty() || (plugin && stored);
    report.see("cnpg-retention", &cited, (!kept).then(|| "no retentionPolicy".into()));

    let planned = of(objects, "ScheduledBackup")
        .any(|s| text(s, "/spec/cluster/name") == name(cluster) && s.pointer("/spec/suspend").and_then(Value::as_bool) != Some(true));
    report.see("cnpg-scheduled-backup", &cited, (!planned).then(|| "no active ScheduledBackup names it".into()));

    let options = text(cluster, "/metadata/annotations/argocd.argoproj.io~1sync-options");
    let guarded = ["Prune", "Delete"]
        .iter()
        .all(|what| options.split(',').any(|o| o.trim().split_once('=').is_some_and(|(k, v)| k == *what && matches!(v, "false" | "confirm"))));
    report.see("cnpg-guard", &cited, (!guarded).then(|| format!("argocd.argoproj.io/sync-options: {options:?}")));

    report.see("cnpg-owner-not-app", &cited, owner(cluster, objects));

    let bounded = ["requests", "limits"].iter().all(|side| {
        ["cpu", "memory"].iter().all(|what| cluster.pointer(&format!("/spec/resources/{side}/{what}")).is_some_and(|v| !v.is_null() && v != ""))
    });
    report.see("cnpg-resources", &cited, (!bounded).then(|| "spec.resources lacks requests or limits of cpu or memory".into()));

    // Without an image of its own the operator picks one, which changes with the operator.
    if cluster.pointer("/spec/imageCatalogRef").is_none() {
        report.see("cnpg-image", &cited, super::kyverno::floating(text(cluster, "/spec/imageName")));
    }
}

fn of_store(objects: &[Value]) -> bool {
    objects.iter().any(|o| kind(o) == "ObjectStore" && !text(o, "/spec/retentionPolicy").is_empty())
}

/// Why the application may own its tables, if it may.
fn owner(cluster: &Value, objects: &[Value]) -> Option<String> {
    let start = ["/spec/bootstrap/initdb", "/spec/bootstrap/recovery"].into_iter().find_map(|p| cluster.pointer(p));
    let owner = start.map_or("", |s| text(s, "/owner"));
    if owner.is_empty() {
        return Some("bootstrap names no owner: the operator's default one is the application's".into());
    }
    let other = items(cluster, "/spec/managed/roles")
        .any(|r| text(r, "/name") != owner && r.get("login").and_then(Value::as_bool) == Some(true) && text(r, "/ensure") != "absent");
    if !other {
        return Some(format!("no managed role may log in besides the owner {owner:?}"));
    }
    let secret = start.map_or("", |s| text(s, "/secret/name"));
    let secret = if secret.is_empty() { format!("{}-app", name(cluster)) } else { secret.to_owned() };
    let server = |owner: &str| ["Deployment/", "StatefulSet/"].iter().any(|k| owner.starts_with(k));
    pods(objects)
        .iter()
        .find(|pod| server(&pod.owner) && pod.spec.to_string().contains(&format!("\"{secret}\"")))
        .map(|pod| format!("{} uses the owner's secret {secret:?}", pod.owner))
}
