//! Does what an object names exist? Secrets, ConfigMaps and their keys, service accounts, roles, scale targets,
//! claims; and do the selectors of a workload match its own pods.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Deduced;
use crate::check::repository::Input::Manifests;
use crate::check::{Report, cite, items, kind, labels, name, pods, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::warning(
        "references",
        Manifests,
        Deduced,
        ("objet cité mais absent du dépôt", "object named but absent from the repository"),
        ("créez-le, ou vérifiez que la plateforme le fournit", "create it, or check that the platform supplies it"),
    )
    .because((
        "le pod attendrait toujours l’objet absent ; il peut aussi venir d’ailleurs (coffre, opérateur, console), d’où l’avertissement",
        "The pod would wait for the missing object for ever; it may also come from elsewhere (vault, operator, console), hence the warning",
    ))
    .equals(&["kube-linter:env-value-from", "kube-linter:non-existent-service-account"]),
    Rule::error(
        "reference-keys",
        Manifests,
        Deduced,
        ("clé absente de l’objet cité", "key missing from the object named"),
        ("nommez une clé qui existe", "name a key that exists"),
    )
    .because((
        "le conteneur ne démarrerait pas (CreateContainerConfigError)",
        "The container would not start (CreateContainerConfigError)",
    )),
    Rule::error(
        "workload-selector",
        Manifests,
        Deduced,
        ("le sélecteur ne désigne pas ses propres pods", "the selector does not match its own pods"),
        ("reprenez les étiquettes du modèle de pod", "copy the labels of the pod template"),
    )
    .because((
        "l’API Kubernetes refuse une charge qui ne désigne pas ses propres pods ; une contrainte de répartition qui en désigne d’autres ne répartit rien",
        "The Kubernetes API refuses a workload that does not select its own pods; a spread constraint that selects others spreads nothing",
    ))
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
            known.there(&mut report, (&pod.owner, &pod.field("/spec/serviceAccountName")), "ServiceAccount", account);
        }
        let mut wanted = Vec::new();
        collect(&pod.spec, &pod.field("/spec"), &mut wanted);
        for Cited { kind, name, key, at } in wanted {
            known.there(&mut report, (&pod.owner, &at), kind, &name);
            known.keyed(&mut report, (&pod.owner, &at), kind, &name, key.as_deref());
        }
    }
    for object in objects {
        on_object(&mut report, &known, object);
    }
    report
}

/// An object that a pod names, and the key that it wants of it.
struct Cited {
    kind: &'static str,
    name: String,
    key: Option<String>,
    /// JSON pointer of the reference.
    at: String,
}

/// Secrets and ConfigMaps named anywhere in a pod's spec, with the key where one is asked. Optional ones are left out.
fn collect(value: &Value, at: &str, found: &mut Vec<Cited>) {
    match value {
        Value::Object(map) => {
            for (field, inner) in map {
                let at = format!("{at}/{field}");
                named(field, inner, &at, found);
                collect(inner, &at, found);
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| collect(item, &format!("{at}/{index}"), found)),
        _ => {}
    }
}

/// What one field of a spec names.
fn named(field: &str, inner: &Value, at: &str, found: &mut Vec<Cited>) {
    let optional = inner.get("optional").and_then(Value::as_bool) == Some(true);
    let named = match field {
        // A volume says `secretName`, every other place `name`.
        "secret" if inner.get("secretName").is_some() => Some(("Secret", "secretName")),
        "secretKeyRef" | "secretRef" | "secret" => Some(("Secret", "name")),
        "configMapKeyRef" | "configMapRef" | "configMap" => Some(("ConfigMap", "name")),
        _ => None,
    };
    if let Some((kind, place)) = named.filter(|_| !optional) {
        let name = inner.get(place).and_then(Value::as_str).unwrap_or_default().to_owned();
        if !name.is_empty() {
            let key = inner.get("key").and_then(Value::as_str).map(str::to_owned);
            for item in items(inner, "/items") {
                let key = Some(text(item, "/key").to_owned());
                found.push(Cited { kind, name: name.clone(), key, at: format!("{at}/items") });
            }
            found.push(Cited { kind, name, key, at: format!("{at}/{place}") });
        }
    }
    if field == "imagePullSecrets" {
        let secrets = inner.as_array().into_iter().flatten();
        found.extend(secrets.map(|s| Cited { kind: "Secret", name: text(s, "/name").to_owned(), key: None, at: at.to_owned() }));
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
            // The operator writes the Secret only when told to: `destination.create` is false by default.
            "VaultStaticSecret" if object.pointer("/spec/destination/create").and_then(Value::as_bool) == Some(true) => {
                self.name("Secret", text(object, "/spec/destination/name"));
            }
            "SopsSecret" => {
                for template in items(object, "/spec/secretTemplates") {
                    // SOPS encrypts values, and leaves keys as they are.
                    self.name("Secret", text(template, "/name"));
                    self.content("Secret", text(template, "/name"), template, &["/data", "/stringData"]);
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

    fn there(&self, report: &mut Report, (cited, at): (&str, &str), kind: &'static str, name: &str) {
        let there = self.names.get(kind).is_some_and(|names| names.contains(name));
        if !there && kind == "Secret" && self.sealed {
            return;
        }
        let problem = (!there).then(|| text!("aucun objet d’ici ne produit {kind} {name:?}", "no object here makes {kind} {name:?}"));
        report.see_at("references", cited, at, problem);
    }

    fn keyed(&self, report: &mut Report, (cited, at): (&str, &str), kind: &'static str, name: &str, key: Option<&str>) {
        if let (Some(key), Some(keys)) = (key, self.keys.get(&(kind, name.to_owned()))) {
            let problem = (!keys.contains(key)).then(|| text!("{kind} {name:?} n’a pas de clé {key:?}", "{kind} {name:?} has no key {key:?}"));
            report.see_at("reference-keys", cited, at, problem);
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
            let problem = wrong.then(|| {
                Text::new(
                    "spec.selector ne désigne pas les étiquettes de ses propres pods",
                    "spec.selector does not match the labels of its own pods",
                )
            });
            report.see_at("workload-selector", &cited, "/spec/selector", problem);
            for constraint in items(object, "/spec/template/spec/topologySpreadConstraints") {
                let wanted = labels(constraint, "/labelSelector/matchLabels");
                let wrong = wanted.is_empty() || wanted.iter().any(|(k, v)| own.get(k) != Some(v));
                let problem = wrong.then(|| {
                    Text::new("une contrainte de répartition ne désigne pas ses propres pods", "a spread constraint does not select its own pods")
                });
                report.see_at("workload-selector", &cited, "/spec/template/spec/topologySpreadConstraints", problem);
            }
        }
        "HorizontalPodAutoscaler" => {
            let target = object.pointer("/spec/scaleTargetRef").cloned().unwrap_or_default();
            let of = ["Deployment", "StatefulSet"].into_iter().find(|k| *k == kind(&target)).unwrap_or("Deployment");
            known.there(report, (&cited, "/spec/scaleTargetRef/name"), of, text(&target, "/name"));
            // The scale of a Deployment is looked for in the group that the target names.
            let version = text(&target, "/apiVersion");
            let problem = (kind(&target) == of && version != "apps/v1").then(|| format!("scaleTargetRef.apiVersion: {version:?}"));
            report.see_at("references", &cited, "/spec/scaleTargetRef/apiVersion", problem);
        }
        "RoleBinding" => {
            if text(object, "/roleRef/kind") == "Role" {
                known.there(report, (&cited, "/roleRef/name"), "Role", text(object, "/roleRef/name"));
            }
            for subject in items(object, "/subjects").filter(|s| kind(s) == "ServiceAccount") {
                known.there(report, (&cited, "/subjects"), "ServiceAccount", text(subject, "/name"));
            }
        }
        "Ingress" => {
            let issued = labels(object, "/metadata/annotations").keys().any(|k| k.starts_with("cert-manager.io/"));
            for tls in items(object, "/spec/tls").filter(|t| !issued && t.get("secretName").is_some()) {
                known.there(report, (&cited, "/spec/tls"), "Secret", text(tls, "/secretName"));
            }
        }
        // Velero has its Backup, Cluster API its Cluster.
        "ScheduledBackup" | "Backup" | "Pooler" | "Database" | "Cluster" if other_group(object) => {}
        "ScheduledBackup" | "Backup" | "Pooler" | "Database" => {
            known.there(report, (&cited, "/spec/cluster/name"), "Cluster", text(object, "/spec/cluster/name"));
        }
        "ObjectStore" => credentials(report, known, &cited, object, "/spec/configuration/s3Credentials"),
        "Cluster" => cluster(report, known, &cited, object),
        "VaultStaticSecret" => {
            for target in items(object, "/spec/rolloutRestartTargets").filter(|t| kind(t) == "Deployment") {
                known.there(report, (&cited, "/spec/rolloutRestartTargets"), "Deployment", text(target, "/name"));
            }
        }
        _ => {}
    }
}

fn credentials(report: &mut Report, known: &Known, cited: &str, object: &Value, pointer: &str) {
    for field in object.pointer(pointer).and_then(Value::as_object).into_iter().flat_map(|m| m.values()) {
        let secret = text(field, "/name");
        if !secret.is_empty() {
            known.there(report, (cited, pointer), "Secret", secret);
            known.keyed(report, (cited, pointer), "Secret", secret, field.get("key").and_then(Value::as_str));
        }
    }
}

fn cluster(report: &mut Report, known: &Known, cited: &str, object: &Value) {
    let catalog = text(object, "/spec/imageCatalogRef/name");
    if !catalog.is_empty() && text(object, "/spec/imageCatalogRef/kind") == "ImageCatalog" {
        known.there(report, (cited, "/spec/imageCatalogRef/name"), "ImageCatalog", catalog);
    }
    for pointer in ["/spec/bootstrap/initdb/secret/name", "/spec/bootstrap/recovery/secret/name", "/spec/superuserSecret/name"] {
        let secret = text(object, pointer);
        if !secret.is_empty() {
            known.there(report, (cited, pointer), "Secret", secret);
        }
    }
    for role in items(object, "/spec/managed/roles").filter(|r| r.get("passwordSecret").is_some()) {
        known.there(report, (cited, "/spec/managed/roles"), "Secret", text(role, "/passwordSecret/name"));
    }
    for side in ["configMapRefs", "secretRefs"] {
        for reference in items(object, &format!("/spec/bootstrap/initdb/postInitApplicationSQLRefs/{side}")) {
            let kind = if side == "secretRefs" { "Secret" } else { "ConfigMap" };
            let place = (cited, "/spec/bootstrap/initdb/postInitApplicationSQLRefs");
            known.there(report, place, kind, text(reference, "/name"));
            known.keyed(report, place, kind, text(reference, "/name"), reference.get("key").and_then(Value::as_str));
        }
    }
    credentials(report, known, cited, object, "/spec/backup/barmanObjectStore/s3Credentials");
    for plugin in items(object, "/spec/plugins") {
        let store = text(plugin, "/parameters/barmanObjectName");
        if !store.is_empty() {
            known.there(report, (cited, "/spec/plugins"), "ObjectStore", store);
        }
    }
    let source = text(object, "/spec/bootstrap/recovery/source");
    if !source.is_empty() {
        let there = items(object, "/spec/externalClusters").any(|c| text(c, "/name") == source);
        let problem = (!there).then(|| {
            text!("la source de reprise {source:?} n’est pas dans externalClusters", "recovery source {source:?} is not in externalClusters")
        });
        report.see_at("references", cited, "/spec/bootstrap/recovery/source", problem);
    }
}

#[cfg(test)]
mod tests;
