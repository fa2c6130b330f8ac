//! Does what an object names exist? Secrets, ConfigMaps and their keys, service accounts, roles, scale targets,
//! claims; and do the selectors of a workload match its own pods.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Deduced;
use crate::check::repository::Input::Manifests;
use crate::check::{Report, cite, items, kind, labels, name, pods, text};

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::warning(
        "references",
        Manifests,
        Deduced,
        ("objet cité mais absent du dépôt", "object named but absent from the repository"),
        ("créez-le, ou vérifiez que la plateforme le fournit", "create it, or check that the platform supplies it"),
    )
    .equals(&["kube-linter:env-value-from", "kube-linter:non-existent-service-account"]),
    Rule::error(
        "reference-keys",
        Manifests,
        Deduced,
        ("clé absente de l'objet cité", "key missing from the object named"),
        ("nommez une clé qui existe", "name a key that exists"),
    ),
    Rule::error(
        "workload-selector",
        Manifests,
        Deduced,
        ("le sélecteur ne désigne pas ses propres pods", "the selector does not match its own pods"),
        ("reprenez les étiquettes du modèle de pod", "copy the labels of the pod template"),
    )
    .equals(&[
        "kube-score:deployment-pod-selector-labels-match-template-metadata-labels",
        "kube-score:statefulset-pod-selector-labels-match-template-metadata-labels",
        "kube-linter:mismatching-selector",
    ]),
];

/// Checks references among the objects of one environment, all modules together. `provided` holds the names of the
/// Secrets and ConfigMaps that come from elsewhere: the platform, or an outside request that the project documents.
#[must_use]
pub fn check(objects: &[Value], provided: &BTreeSet<String>) -> Report {
    let mut report = Report::default();
    let known = Known::of(objects, provided);
    for pod in pods(objects) {
        let account = text(&pod.spec, "/serviceAccountName");
        // Every namespace has a `default` account.
        if !account.is_empty() && account != "default" {
            known.there(&mut report, &pod.owner, "ServiceAccount", account);
        }
        let mut wanted = Vec::new();
        collect(&pod.spec, &mut wanted);
        for (kind, name, key) in wanted {
            known.there(&mut report, &pod.owner, kind, &name);
            known.keyed(&mut report, &pod.owner, kind, &name, key.as_deref());
        }
    }
    for object in objects {
        on_object(&mut report, &known, object);
    }
    report
}

/// Secrets and ConfigMaps named anywhere in a pod's spec, with the key where one is asked. Optional ones are left out.
fn collect(value: &Value, found: &mut Vec<(&'static str, String, Option<String>)>) {
    match value {
        Value::Object(map) => {
            for (field, inner) in map {
                let optional = inner.get("optional").and_then(Value::as_bool) == Some(true);
                let named = match field.as_str() {
                    // A volume says `secretName`, every other place `name`.
                    "secret" if inner.get("secretName").is_some() => Some(("Secret", text(inner, "/secretName"))),
                    "secretKeyRef" | "secretRef" | "secret" => Some(("Secret", text(inner, "/name"))),
                    "configMapKeyRef" | "configMapRef" | "configMap" => Some(("ConfigMap", text(inner, "/name"))),
                    _ => None,
                };
                if let Some((kind, name)) = named.filter(|(_, name)| !name.is_empty() && !optional) {
                    found.push((kind, name.to_owned(), inner.get("key").and_then(Value::as_str).map(str::to_owned)));
                    for item in items(inner, "/items") {
                        found.push((kind, name.to_owned(), Some(text(item, "/key").to_owned())));
                    }
                }
                if field == "imagePullSecrets" {
                    found.extend(inner.as_array().into_iter().flatten().map(|s| ("Secret", text(s, "/name").to_owned(), None)));
                }
                collect(inner, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// What exists: names by kind, and the keys of those whose content is known.
struct Known {
    names: BTreeMap<&'static str, BTreeSet<String>>,
    keys: BTreeMap<(&'static str, String), BTreeSet<String>>,
    /// SOPS encrypted the name of some Secret: which ones exist is not known.
    sealed: bool,
}

impl Known {
    fn of(objects: &[Value], provided: &BTreeSet<String>) -> Self {
        let mut known = Self { names: BTreeMap::new(), keys: BTreeMap::new(), sealed: false };
        for kind in ["Secret", "ConfigMap"] {
            known.names.insert(kind, provided.clone());
        }
        for object in objects {
            known.add(object);
        }
        known
    }

    fn name(&mut self, kind: &'static str, name: &str) {
        self.names.entry(kind).or_default().insert(name.to_owned());
    }

    fn add(&mut self, object: &Value) {
        let own = name(object);
        match kind(object) {
            "Secret" => {
                self.name("Secret", own);
                self.content("Secret", own, object, &["/data", "/stringData"]);
            }
            "ConfigMap" => {
                self.name("ConfigMap", own);
                self.content("ConfigMap", own, object, &["/data", "/binaryData"]);
            }
            "VaultStaticSecret" => self.name("Secret", text(object, "/spec/destination/name")),
            "SopsSecret" => {
                for template in items(object, "/spec/secretTemplates") {
                    self.name("Secret", text(template, "/name"));
                    self.sealed |= text(template, "/name").starts_with("ENC[");
                }
            }
            // cert-manager, External Secrets and Sealed Secrets write these.
            "Certificate" => self.name("Secret", text(object, "/spec/secretName")),
            "ExternalSecret" => {
                let target = text(object, "/spec/target/name");
                self.name("Secret", if target.is_empty() { own } else { target });
            }
            "SealedSecret" => self.name("Secret", own),
            // CloudNativePG makes these (docs/src/applications.md and certificates.md of its repository).
            "Cluster" => ["app", "superuser", "ca", "server", "replication"].iter().for_each(|s| self.name("Secret", &format!("{own}-{s}"))),
            "ServiceAccount" => self.name("ServiceAccount", own),
            "Role" => self.name("Role", own),
            "Deployment" => self.name("Deployment", own),
            "StatefulSet" => self.name("StatefulSet", own),
            "PersistentVolumeClaim" => self.name("PersistentVolumeClaim", own),
            "ImageCatalog" => self.name("ImageCatalog", own),
            "ObjectStore" => self.name("ObjectStore", own),
            _ => {}
        }
        if kind(object) == "Cluster" {
            self.name("Cluster", own);
        }
    }

    fn content(&mut self, kind: &'static str, own: &str, object: &Value, sides: &[&str]) {
        let keys = sides.iter().filter_map(|s| object.pointer(s)?.as_object()).flat_map(|m| m.keys().cloned()).collect();
        self.keys.insert((kind, own.to_owned()), keys);
    }

    fn there(&self, report: &mut Report, cited: &str, kind: &'static str, name: &str) {
        let there = self.names.get(kind).is_some_and(|names| names.contains(name));
        if !there && kind == "Secret" && self.sealed {
            return;
        }
        report.see("references", cited, (!there).then(|| format!("{kind} {name:?} is neither generated nor documented")));
    }

    fn keyed(&self, report: &mut Report, cited: &str, kind: &'static str, name: &str, key: Option<&str>) {
        if let (Some(key), Some(keys)) = (key, self.keys.get(&(kind, name.to_owned()))) {
            report.see("reference-keys", cited, (!keys.contains(key)).then(|| format!("{kind} {name:?} has no key {key:?}")));
        }
    }
}

/// Whether an object is of an API group other than the one of `CloudNativePG`.
fn other_group(object: &Value) -> bool {
    text(object, "/apiVersion").split_once('/').is_some_and(|(group, _)| group != "postgresql.cnpg.io")
}

fn on_object(report: &mut Report, known: &Known, object: &Value) {
    let cited = cite(object);
    match kind(object) {
        "Deployment" | "StatefulSet" | "DaemonSet" => {
            let selector = labels(object, "/spec/selector/matchLabels");
            let own = labels(object, "/spec/template/metadata/labels");
            let wrong = selector.is_empty() || selector.iter().any(|(k, v)| own.get(k) != Some(v));
            report.see("workload-selector", &cited, wrong.then(|| "spec.selector does not match the labels of its own pods".to_owned()));
            for constraint in items(object, "/spec/template/spec/topologySpreadConstraints") {
                let wanted = labels(constraint, "/labelSelector/matchLabels");
                let wrong = wanted.is_empty() || wanted.iter().any(|(k, v)| own.get(k) != Some(v));
                report.see("workload-selector", &cited, wrong.then(|| "a spread constraint does not select its own pods".to_owned()));
            }
        }
        "HorizontalPodAutoscaler" => {
            let target = object.pointer("/spec/scaleTargetRef").cloned().unwrap_or_default();
            let of = ["Deployment", "StatefulSet"].into_iter().find(|k| *k == kind(&target)).unwrap_or("Deployment");
            known.there(report, &cited, of, text(&target, "/name"));
        }
        "RoleBinding" => {
            if text(object, "/roleRef/kind") == "Role" {
                known.there(report, &cited, "Role", text(object, "/roleRef/name"));
            }
            for subject in items(object, "/subjects").filter(|s| kind(s) == "ServiceAccount") {
                known.there(report, &cited, "ServiceAccount", text(subject, "/name"));
            }
        }
        "Ingress" => {
            let issued = labels(object, "/metadata/annotations").keys().any(|k| k.starts_with("cert-manager.io/"));
            for tls in items(object, "/spec/tls").filter(|t| !issued && t.get("secretName").is_some()) {
                known.there(report, &cited, "Secret", text(tls, "/secretName"));
            }
        }
        // Velero has its Backup, Cluster API its Cluster.
        "ScheduledBackup" | "Backup" | "Pooler" | "Database" | "Cluster" if other_group(object) => {}
        "ScheduledBackup" | "Backup" | "Pooler" | "Database" => known.there(report, &cited, "Cluster", text(object, "/spec/cluster/name")),
        "ObjectStore" => credentials(report, known, &cited, object, "/spec/configuration/s3Credentials"),
        "Cluster" => cluster(report, known, &cited, object),
        "VaultStaticSecret" => {
            for target in items(object, "/spec/rolloutRestartTargets").filter(|t| kind(t) == "Deployment") {
                known.there(report, &cited, "Deployment", text(target, "/name"));
            }
        }
        _ => {}
    }
}

fn credentials(report: &mut Report, known: &Known, cited: &str, object: &Value, pointer: &str) {
    for field in object.pointer(pointer).and_then(Value::as_object).into_iter().flat_map(|m| m.values()) {
        let secret = text(field, "/name");
        if !secret.is_empty() {
            known.there(report, cited, "Secret", secret);
        }
    }
}

fn cluster(report: &mut Report, known: &Known, cited: &str, object: &Value) {
    let catalog = text(object, "/spec/imageCatalogRef/name");
    if !catalog.is_empty() && text(object, "/spec/imageCatalogRef/kind") == "ImageCatalog" {
        known.there(report, cited, "ImageCatalog", catalog);
    }
    for pointer in ["/spec/bootstrap/initdb/secret/name", "/spec/bootstrap/recovery/secret/name", "/spec/superuserSecret/name"] {
        let secret = text(object, pointer);
        if !secret.is_empty() {
            known.there(report, cited, "Secret", secret);
        }
    }
    for role in items(object, "/spec/managed/roles").filter(|r| r.get("passwordSecret").is_some()) {
        known.there(report, cited, "Secret", text(role, "/passwordSecret/name"));
    }
    for side in ["configMapRefs", "secretRefs"] {
        for reference in items(object, &format!("/spec/bootstrap/initdb/postInitApplicationSQLRefs/{side}")) {
            let kind = if side == "secretRefs" { "Secret" } else { "ConfigMap" };
            known.there(report, cited, kind, text(reference, "/name"));
            known.keyed(report, cited, kind, text(reference, "/name"), reference.get("key").and_then(Value::as_str));
        }
    }
    credentials(report, known, cited, object, "/spec/backup/barmanObjectStore/s3Credentials");
    for plugin in items(object, "/spec/plugins") {
        let store = text(plugin, "/parameters/barmanObjectName");
        if !store.is_empty() {
            known.there(report, cited, "ObjectStore", store);
        }
    }
    let source = text(object, "/spec/bootstrap/recovery/source");
    if !source.is_empty() {
        let there = items(object, "/spec/externalClusters").any(|c| text(c, "/name") == source);
        report.see("references", cited, (!there).then(|| format!("recovery source {source:?} is not in externalClusters")));
    }
}

#[cfg(test)]
mod tests;
