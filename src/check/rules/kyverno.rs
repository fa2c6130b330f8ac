//! The admission rules that Cloud π Native publishes for its clusters (table of `docs/agreement/kyverno.md` of
//! `cloud-pi-native/documentation`, commit 089e2af), plus its vocabulary of labels, the limits of its `AppProject` and the
//! security context that its OpenShift accepts. Rule ids are the platform's own where it has one.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::check::pods::Container;
use crate::check::{Pod, Report, cite, items, kind, labels, name, pods, quantity, text};
use crate::text;
use crate::text::Text;

mod rows;

pub use rows::RULES;

/// Registries that `restrict-image-registry` lets through, whatever the project.
pub const REGISTRIES: [&str; 6] = ["docker.io/", "harbor.io/", "registry.redhat.io/", "quay.io/", "bitnami/", "ghcr.io/"];

/// Values that the platform's label list allows (`docs/agreement/labels-list.md`).
const VOCABULARY: [(&str, &[&str]); 3] = [
    ("env", &["dev", "formation", "qualif", "test", "preprod", "prod"]),
    ("tier", &["frontend", "backend", "db", "cache", "auth"]),
    ("criticality", &["high", "medium", "low"]),
];

/// Kinds without a namespace, which a project's `AppProject` refuses, and the one kind that it blacklists.
const REFUSED_KINDS: [&str; 15] = [
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "PersistentVolume",
    "StorageClass",
    "IngressClass",
    "PriorityClass",
    "ClusterPolicy",
    "ClusterImageCatalog",
    "ClusterIssuer",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "ResourceQuota",
];

/// Applies the whole table. `registry` is the project's own registry (`host[:port][/path]`): which one it is cannot be
/// guessed, so its rule examines nothing without it.
#[must_use]
pub fn check(objects: &[Value], registry: Option<&str>) -> Report {
    let mut report = Report::default();
    for pod in pods(objects) {
        on_pod(&mut report, &pod);
        for container in pod.containers() {
            on_container(&mut report, &pod, container, registry);
        }
    }
    let made: BTreeSet<&str> = objects.iter().filter(|o| kind(o) == "Namespace").map(name).collect();
    for object in objects {
        on_object(&mut report, object, &made);
    }
    report
}

fn on_pod(report: &mut Report, pod: &Pod) {
    let missing: Vec<&str> = ["app", "env", "tier"].into_iter().filter(|l| pod.labels.get(*l).is_none_or(String::is_empty)).collect();
    let missing = (!missing.is_empty()).then(|| missing.join(", "));
    let labels = if pod.operator { pod.field("/labels") } else { pod.field("/metadata/labels") };
    let absent = missing.map(|l| text!("absentes du pod : {l}", "missing on the pod: {l}"));
    report.see_at("check-labels", &pod.owner, &labels, absent);
    for (label, allowed) in VOCABULARY {
        if let Some(value) = pod.labels.get(label) {
            let all = allowed.join(", ");
            let problem = (!allowed.contains(&value.as_str()))
                .then(|| text!("{label} : {value:?} n’est pas dans {all}", "{label}: {value:?} is not one of {all}"));
            report.see_at("labels-list", &pod.owner, &format!("{labels}/{label}"), problem);
        }
    }
    if pod.operator {
        return;
    }
    let host = items(&pod.spec, "/volumes").enumerate().find(|(_, v)| v.get("hostPath").is_some());
    let index = host.map_or(0, |(index, _)| index);
    let problem = host.map(|(_, v)| {
        let (name, path) = (text(v, "/name"), text(v, "/hostPath/path"));
        text!("le volume {name:?} monte {path:?} du nœud", "volume {name:?} mounts {path:?} of the node")
    });
    report.see_at("disallow-hostpath", &pod.owner, &pod.field(&format!("/spec/volumes/{index}/hostPath")), problem);
    imposed(report, &pod.owner, &pod.spec, &pod.field("/spec"), &["runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"]);
}

fn on_container(report: &mut Report, pod: &Pod, container: Container<'_>, registry: Option<&str>) {
    let (value, cited) = (container.value, pod.cite(container));
    let at = |below: &str| pod.place(container, below);
    let image = text(value, "/image");
    report.see_at("disallow-latest", &cited, &at("/image"), floating(image));
    if let Some(registry) = registry {
        report.see_at("restrict-image-registry", &cited, &at("/image"), foreign(image, registry));
    }
    let missing: Vec<String> = ["requests", "limits"]
        .into_iter()
        .flat_map(|side| ["cpu", "memory"].map(|what| (side, what)))
        .filter(|(side, what)| {
            let value = value.pointer(&format!("/resources/{side}/{what}"));
            !value.is_some_and(|v| v.is_number() || v.as_str().is_some_and(|s| !s.is_empty()))
        })
        .map(|(side, what)| format!("{side}.{what}"))
        .collect();
    let missing = (!missing.is_empty()).then(|| missing.join(", "));
    report.see_at("need-containers-ressources", &cited, &at("/resources"), missing.map(|m| text!("il manque {m}", "missing: {m}")));
    if !container.init {
        let probed = ["livenessProbe", "readinessProbe", "startupProbe"].iter().any(|p| value.get(*p).is_some_and(Value::is_object));
        report.see_at("need-liveness-readiness", &cited, &at("/name"), (!probed).then(|| none_of_three(&cited)));
    }
    imposed(report, &cited, value, &at(""), &["runAsUser", "runAsGroup"]);
}

/// Whether the policy spares Jobs is not published: its text says every container.
fn none_of_three(cited: &str) -> Text {
    if cited.starts_with("Job/") || cited.starts_with("CronJob/") {
        Text::new(
            "aucune des trois sondes (la règle publiée dit tout conteneur, sans excepter les tâches)",
            "none of the three probes (the published rule says every container, Jobs not excepted)",
        )
    } else {
        Text::new("aucune des trois sondes", "none of the three probes")
    }
}

fn imposed(report: &mut Report, cited: &str, holder: &Value, at: &str, refused: &[&str]) {
    for field in refused {
        let pointer = format!("/securityContext/{field}");
        let there = holder.pointer(&pointer).filter(|v| !v.is_null());
        let problem = there.map(|v| text!("securityContext.{field} : {v}", "securityContext.{field}: {v}"));
        report.see_at("security-context", cited, &format!("{at}{pointer}"), problem);
    }
}

/// Why an image's tag may change under it, if it may.
pub(super) fn floating(image: &str) -> Option<Text> {
    let last = image.rsplit('/').next().unwrap_or_default();
    if image.is_empty() {
        return Some(Text::new("aucune image", "no image"));
    }
    if last.contains('@') {
        return None;
    }
    match last.split_once(':') {
        None | Some((_, "")) => Some(text!("{image:?} n’a pas d’étiquette", "{image:?} has no tag")),
        Some((_, "latest")) => Some(text!("{image:?} est une étiquette latest", "{image:?} is a latest tag")),
        Some(_) => None,
    }
}

fn foreign(image: &str, registry: &str) -> Option<Text> {
    let own = format!("{}/", registry.split('/').next().unwrap_or_default());
    let known = REGISTRIES.iter().any(|prefix| image.starts_with(prefix)) || (own.len() > 1 && image.starts_with(&own));
    let all = REGISTRIES.join(", ");
    (!known).then(|| text!("{image:?} ne vient d’aucun registre admis ({all}, {own})", "{image:?} comes from no allowed registry ({all}, {own})"))
}

fn on_object(report: &mut Report, object: &Value, made: &BTreeSet<&str>) {
    let cited = cite(object);
    let of = kind(object);
    let refused = REFUSED_KINDS.contains(&of);
    let problem = refused.then(|| text!("l’AppProject du projet refuse {of}", "{of} is refused by the project's AppProject"));
    report.see_at("appproject-kinds", &cited, "/kind", problem);
    // Argo CD reads its own objects in its own namespace: they name it.
    // What makes a namespace is an administrator's, who places what goes into it.
    let namespace = text(object, "/metadata/namespace");
    let placed = !namespace.is_empty() && !text(object, "/apiVersion").starts_with("argoproj.io/") && !made.contains(namespace);
    report.see_at("no-namespace", &cited, "/metadata/namespace", placed.then(|| format!("metadata.namespace: {namespace:?}")));
    match of {
        "ConfigMap" => {
            for side in ["data", "binaryData"] {
                for key in object.get(side).and_then(Value::as_object).into_iter().flat_map(|m| m.keys()) {
                    let lower = key.to_lowercase();
                    let bad = ["password", "passwd", "secret_key"].into_iter().find(|w| lower.contains(w));
                    let problem = bad.map(|w| text!("la clé {key:?} contient {w:?}", "key {key:?} contains {w:?}"));
                    report.see_at("cm-no-credentials", &cited, &format!("/{side}/{}", crate::check::escaped(key)), problem);
                }
            }
        }
        "Service" => {
            let opened = items(object, "/spec/ports").find_map(|p| p.get("nodePort").filter(|n| !n.is_null() && n.as_u64() != Some(0)));
            let typed = text(object, "/spec/type") == "NodePort";
            let problem = typed.then(|| "type: NodePort".to_owned()).or_else(|| opened.map(|n| format!("nodePort: {n}")));
            report.see_at("restrict-nodeport", &cited, if typed { "/spec/type" } else { "/spec/ports" }, problem);
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            let role = text(object, "/roleRef/name");
            let on = role.contains("self-provisioner");
            report.see_at("disallow-selfprovisionning", &cited, "/roleRef/name", on.then(|| format!("roleRef: {role:?}")));
        }
        "CronJob" => history(report, &cited, object),
        "Job" => {
            let hooked = labels(object, "/metadata/annotations").keys().any(|k| k == "argocd.argoproj.io/hook" || k == "helm.sh/hook");
            let problem = (!hooked).then(|| {
                Text::new(
                    "ni crochet Argo CD ni crochet helm : supprimé à la fin de sa durée de vie, il serait recréé",
                    "neither an Argo CD nor a helm hook: deleted at the end of its life, it would be created again",
                )
            });
            report.see_at("add-ttl", &cited, "/kind", problem);
        }
        "PersistentVolumeClaim" => size(report, &cited, object, "/spec/resources/requests/storage"),
        "StatefulSet" => {
            for index in 0..items(object, "/spec/volumeClaimTemplates").count() {
                size(report, &cited, object, &format!("/spec/volumeClaimTemplates/{index}/spec/resources/requests/storage"));
            }
        }
        "Cluster" if text(object, "/apiVersion").starts_with("postgresql.cnpg.io/") => {
            for pointer in ["/spec/storage/size", "/spec/walStorage/size"] {
                if object.pointer(pointer).is_some() {
                    size(report, &cited, object, pointer);
                }
            }
            for field in ["postgresUID", "postgresGID"] {
                let written = object.pointer(&format!("/spec/{field}")).filter(|v| !v.is_null());
                report.see_at("security-context", &cited, &format!("/spec/{field}"), written.map(|v| format!("{field}: {v}")));
            }
        }
        _ => {}
    }
}

fn history(report: &mut Report, cited: &str, object: &Value) {
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        let written = object.pointer(&format!("/spec/{field}")).filter(|v| !v.is_null());
        let problem = written.filter(|v| v.as_u64() != Some(5)).map(|v| format!("{field}: {v}"));
        report.see_at("job-history", cited, &format!("/spec/{field}"), problem);
    }
}

fn size(report: &mut Report, cited: &str, object: &Value, pointer: &str) {
    let written = object.pointer(pointer).unwrap_or(&Value::Null);
    let problem = match quantity::of(written) {
        None => Some(text!("{written} n’est pas une taille", "{written} is not a size")),
        Some(n) if n >= 1000 << 40 => Some(text!("{written} n’est pas en dessous de 1Ti", "{written} is not below 1Ti")),
        Some(_) => None,
    };
    report.see_at("limit-size-pvc", cited, pointer, problem);
}

#[cfg(test)]
mod tests;
