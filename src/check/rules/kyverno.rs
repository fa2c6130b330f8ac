//! The admission rules that Cloud π Native publishes for its clusters (table of `docs/agreement/kyverno.md` of
//! `cloud-pi-native/documentation`, commit 089e2af), plus its vocabulary of labels, the limits of its `AppProject` and the
//! security context that its OpenShift accepts. Rule ids are the platform's own where it has one.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Platform};
use crate::check::repository::Input::Manifests;
use crate::check::{Pod, Report, cite, items, kind, name, pods, text};
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "check-labels",
        Manifests,
        Platform,
        ("étiquettes obligatoires absentes du pod", "mandatory labels missing from the pod"),
        ("ajoutez app, env et tier aux étiquettes du modèle de pod", "add app, env and tier to the labels of the pod template"),
    )
    .equals(&["kyverno:check-labels"]),
    Rule::error(
        "labels-list",
        Manifests,
        Platform,
        ("valeur d'étiquette hors du vocabulaire de la plateforme", "label value outside the platform's vocabulary"),
        ("prenez une des valeurs admises", "take one of the allowed values"),
    ),
    Rule::error(
        "disallow-hostpath",
        Manifests,
        Cct,
        ("volume hostPath", "hostPath volume"),
        ("prenez un emptyDir ou un PersistentVolumeClaim", "use an emptyDir or a PersistentVolumeClaim"),
    )
    .equals(&[
        "kyverno:disallow-hostpath",
        "checkov:CKV_K8S_27",
        "kube-linter:docker-sock",
        "kube-linter:sensitive-host-mounts",
        "kube-linter:writable-host-mount",
    ])
    .proves(&["no-host-path"]),
    Rule::error(
        "security-context",
        Manifests,
        Platform,
        ("contexte de sécurité que la plateforme refuse", "security context that the platform refuses"),
        ("retirez ce champ : OpenShift choisit l'utilisateur et les groupes", "remove that field: OpenShift chooses the user and groups"),
    )
    .equals(&[
        "checkov:CKV_K8S_16",
        "checkov:CKV_K8S_17",
        "checkov:CKV_K8S_18",
        "checkov:CKV_K8S_19",
        "checkov:CKV_K8S_20",
        "checkov:CKV_K8S_25",
        "checkov:CKV_K8S_39",
        "kube-score:container-security-context-privileged",
        "kube-linter:privileged-container",
        "kube-linter:privilege-escalation-container",
        "kube-linter:host-network",
        "kube-linter:host-pid",
        "kube-linter:host-ipc",
    ])
    .proves(&["no-imposed-security-context"]),
    Rule::error(
        "disallow-latest",
        Manifests,
        Cct,
        ("image sans version figée", "image without a fixed version"),
        ("désignez une étiquette de version, ou une empreinte", "name a version tag, or a digest"),
    )
    .equals(&["kyverno:disallow-latest", "checkov:CKV_K8S_14", "kube-score:container-image-tag", "kube-linter:latest-tag"])
    .proves(&["image-pinned"]),
    Rule::error(
        "restrict-image-registry",
        Manifests,
        Platform,
        ("image d'un registre non admis", "image from a registry that is not allowed"),
        ("passez par le registre du projet", "use the project's registry"),
    )
    .equals(&["kyverno:restrict-image-registry"]),
    Rule::error(
        "need-containers-ressources",
        Manifests,
        Cct,
        ("conteneur sans demandes ou limites de ressources", "container without resource requests or limits"),
        ("donnez cpu et memory dans requests et limits", "give cpu and memory in requests and limits"),
    )
    .equals(&[
        "kyverno:need-containers-ressources",
        "checkov:CKV_K8S_10",
        "checkov:CKV_K8S_11",
        "checkov:CKV_K8S_12",
        "checkov:CKV_K8S_13",
        "kube-score:container-resources",
        "kube-linter:unset-cpu-requirements",
        "kube-linter:unset-memory-requirements",
    ])
    .proves(&["container-resources"]),
    Rule::error(
        "need-liveness-readiness",
        Manifests,
        Platform,
        ("conteneur sans sonde", "container without a probe"),
        ("ajoutez livenessProbe et readinessProbe", "add livenessProbe and readinessProbe"),
    )
    .equals(&[
        "kyverno:need-liveness-readiness",
        "checkov:CKV_K8S_8",
        "checkov:CKV_K8S_9",
        "kube-score:pod-probes",
        "kube-linter:no-liveness-probe",
        "kube-linter:no-readiness-probe",
    ]),
    Rule::error(
        "appproject-kinds",
        Manifests,
        Platform,
        ("type d'objet que le projet Argo CD refuse", "kind that the Argo CD project refuses"),
        ("retirez cet objet du chart : il relève de la plateforme", "remove this object from the chart: it belongs to the platform"),
    )
    .of_charts(),
    Rule::error(
        "no-namespace",
        Manifests,
        Platform,
        ("espace de noms imposé par le chart", "namespace set by the chart"),
        ("retirez metadata.namespace", "remove metadata.namespace"),
    )
    .of_charts(),
    Rule::error(
        "cm-no-credentials",
        Manifests,
        Platform,
        ("secret dans un ConfigMap", "credential in a ConfigMap"),
        ("placez cette valeur dans le coffre, et lisez-la d'un Secret", "put this value in the vault, and read it from a Secret"),
    )
    .equals(&["kyverno:cm-no-credentials"]),
    Rule::error(
        "restrict-nodeport",
        Manifests,
        Platform,
        ("Service de type NodePort", "NodePort Service"),
        ("exposez par un Ingress", "expose through an Ingress"),
    )
    .equals(&["kyverno:restrict-nodeport", "kube-score:service-type", "kube-linter:exposed-services"]),
    Rule::error(
        "disallow-selfprovisionning",
        Manifests,
        Platform,
        ("rôle self-provisioners lié", "self-provisioners role bound"),
        ("retirez ce RoleBinding", "remove this RoleBinding"),
    )
    .equals(&["kyverno:disallow-selfprovisionning"]),
    Rule::error(
        "limit-size-pvc",
        Manifests,
        Platform,
        ("volume d'un Tio ou plus, ou taille illisible", "volume of 1 TiB or more, or unreadable size"),
        ("demandez moins d'un Tio", "ask for less than 1 TiB"),
    )
    .equals(&["kyverno:limit-size-pvc"]),
];

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
            on_container(&mut report, container.value, &pod.cite(container), registry, container.init);
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
    report.see("check-labels", &pod.owner, (!missing.is_empty()).then(|| format!("labels missing on the pod: {}", missing.join(", "))));
    for (label, allowed) in VOCABULARY {
        if let Some(value) = pod.labels.get(label) {
            let wrong = !allowed.contains(&value.as_str());
            report.see("labels-list", &pod.owner, wrong.then(|| format!("{label}: {value:?} is not one of {}", allowed.join(", "))));
        }
    }
    if pod.operator {
        return;
    }
    let host = items(&pod.spec, "/volumes").find(|v| v.get("hostPath").is_some());
    report.see("disallow-hostpath", &pod.owner, host.map(|v| format!("volume {:?} is a hostPath", text(v, "/name"))));
    security(report, &pod.owner, &pod.spec, &["runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"]);
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        let on = pod.spec.get(field).and_then(Value::as_bool) == Some(true);
        report.see("security-context", &pod.owner, on.then(|| format!("{field} is true")));
    }
}

fn on_container(report: &mut Report, container: &Value, cited: &str, registry: Option<&str>, init: bool) {
    let image = text(container, "/image");
    report.see("disallow-latest", cited, floating(image));
    if let Some(registry) = registry {
        report.see("restrict-image-registry", cited, foreign(image, registry));
    }
    let missing: Vec<String> = ["requests", "limits"]
        .into_iter()
        .flat_map(|side| ["cpu", "memory"].map(|what| (side, what)))
        .filter(|(side, what)| {
            let value = container.pointer(&format!("/resources/{side}/{what}"));
            !value.is_some_and(|v| v.is_number() || v.as_str().is_some_and(|s| !s.is_empty()))
        })
        .map(|(side, what)| format!("{side}.{what}"))
        .collect();
    report.see("need-containers-ressources", cited, (!missing.is_empty()).then(|| format!("missing: {}", missing.join(", "))));
    if !init {
        let probed = ["livenessProbe", "readinessProbe", "startupProbe"].iter().any(|p| container.get(*p).is_some_and(Value::is_object));
        report.see("need-liveness-readiness", cited, (!probed).then(|| none_of_three(cited)));
    }
    security(report, cited, container, &["runAsUser", "runAsGroup"]);
    let context = container.get("securityContext").cloned().unwrap_or_default();
    for (pointer, refused) in [("/privileged", true), ("/allowPrivilegeEscalation", true)] {
        let wrong = context.pointer(pointer).and_then(Value::as_bool) == Some(refused);
        report.see("security-context", cited, wrong.then(|| format!("{} is {refused}", &pointer[1..])));
    }
    let added = items(&context, "/capabilities/add").count();
    report.see("security-context", cited, (added > 0).then(|| "capabilities are added".to_owned()));
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

fn security(report: &mut Report, cited: &str, holder: &Value, refused: &[&str]) {
    for field in refused {
        let there = holder.pointer(&format!("/securityContext/{field}")).is_some_and(|v| !v.is_null());
        report.see("security-context", cited, there.then(|| format!("securityContext.{field} is set: the cluster chooses it")));
    }
}

/// Why an image's tag may change under it, if it may.
pub(super) fn floating(image: &str) -> Option<String> {
    let last = image.rsplit('/').next().unwrap_or_default();
    if image.is_empty() {
        return Some("no image".to_owned());
    }
    if last.contains('@') {
        return None;
    }
    match last.split_once(':') {
        None | Some((_, "")) => Some(format!("{image:?} has no tag")),
        Some((_, "latest")) => Some(format!("{image:?} is a latest tag")),
        Some(_) => None,
    }
}

fn foreign(image: &str, registry: &str) -> Option<String> {
    let own = format!("{}/", registry.split('/').next().unwrap_or_default());
    let known = REGISTRIES.iter().any(|prefix| image.starts_with(prefix)) || (own.len() > 1 && image.starts_with(&own));
    (!known).then(|| format!("{image:?} comes from no allowed registry ({}, {own})", REGISTRIES.join(", ")))
}

fn on_object(report: &mut Report, object: &Value, made: &BTreeSet<&str>) {
    let cited = cite(object);
    let of = kind(object);
    let refused = REFUSED_KINDS.contains(&of);
    report.see("appproject-kinds", &cited, refused.then(|| format!("{of} is refused by the project's AppProject")));
    // Argo CD reads its own objects in its own namespace: they name it.
    // What makes a namespace is an administrator's, who places what goes into it.
    let namespace = text(object, "/metadata/namespace");
    let placed =
        object.pointer("/metadata/namespace").is_some() && !text(object, "/apiVersion").starts_with("argoproj.io/") && !made.contains(namespace);
    report.see("no-namespace", &cited, placed.then(|| "metadata.namespace is set: the platform chooses it".to_owned()));
    match of {
        "ConfigMap" => {
            for side in ["/data", "/binaryData"] {
                for key in object.pointer(side).and_then(Value::as_object).into_iter().flat_map(|m| m.keys()) {
                    let lower = key.to_lowercase();
                    let bad = ["password", "passwd", "secret_key"].into_iter().find(|w| lower.contains(w));
                    report.see("cm-no-credentials", &cited, bad.map(|w| format!("key {key:?} contains {w:?}")));
                }
            }
        }
        "Service" => {
            let on = text(object, "/spec/type") == "NodePort" || items(object, "/spec/ports").any(|p| p.get("nodePort").is_some());
            report.see("restrict-nodeport", &cited, on.then(|| "the Service is a NodePort".to_owned()));
        }
        "RoleBinding" => {
            let on = text(object, "/roleRef/name").contains("self-provisioner");
            report.see("disallow-selfprovisionning", &cited, on.then(|| "binds the self-provisioners role".to_owned()));
        }
        "PersistentVolumeClaim" => size(report, &cited, text(object, "/spec/resources/requests/storage")),
        "StatefulSet" => {
            for claim in items(object, "/spec/volumeClaimTemplates") {
                size(report, &cited, text(claim, "/spec/resources/requests/storage"));
            }
        }
        "Cluster" if text(object, "/apiVersion").starts_with("postgresql.cnpg.io/") => {
            for pointer in ["/spec/storage/size", "/spec/walStorage/size"] {
                if object.pointer(pointer).is_some() {
                    size(report, &cited, text(object, pointer));
                }
            }
        }
        _ => {}
    }
}

fn size(report: &mut Report, cited: &str, quantity: &str) {
    let problem = match bytes(quantity) {
        None => Some(format!("{quantity:?} is not a size")),
        Some(n) if n >= 1 << 40 => Some(format!("{quantity} is not below 1Ti")),
        Some(_) => None,
    };
    report.see("limit-size-pvc", cited, problem);
}

/// Bytes of a Kubernetes quantity with a whole number (`10Gi`, `500M`).
fn bytes(quantity: &str) -> Option<u128> {
    let digits = quantity.chars().take_while(char::is_ascii_digit).count();
    let number: u128 = quantity[..digits].parse().ok()?;
    let unit: u128 = match &quantity[digits..] {
        "" => 1,
        "k" => 1000,
        "M" => 1000_u128.pow(2),
        "G" => 1000_u128.pow(3),
        "T" => 1000_u128.pow(4),
        "P" => 1000_u128.pow(5),
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        "Pi" => 1 << 50,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests;
