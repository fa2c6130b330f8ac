//! The pods that a set of objects will run: templates of workloads, and those that the CloudNativePG operator makes of
//! a `Cluster` (their containers are the operator's own, so only labels and ports are known).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{cite, items, kind, labels, name, text};

/// A pod to be.
#[derive(Debug, Clone)]
pub struct Pod {
    /// `Kind/name` of what runs it.
    pub owner: String,
    /// Index of that object among those given.
    pub index: usize,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// JSON pointer, in that object, of what holds the pod's `metadata` and `spec`.
    pub at: &'static str,
    /// Labels of the pod.
    pub labels: BTreeMap<String, String>,
    /// Its spec; empty for the pods that an operator makes.
    pub spec: Value,
    /// Ports by name, with their number.
    pub ports: Vec<(String, u64)>,
    /// Whether an operator makes it (no container of ours).
    pub operator: bool,
}

/// A container of a [`Pod`].
#[derive(Debug, Clone, Copy)]
pub struct Container<'a> {
    /// The container.
    pub value: &'a Value,
    /// Whether it is an init container.
    pub init: bool,
    /// Its place in its list.
    pub index: usize,
}

impl Pod {
    /// Containers, init containers included.
    pub fn containers(&self) -> impl Iterator<Item = Container<'_>> {
        let init = items(&self.spec, "/initContainers").enumerate().map(|(index, value)| Container { value, init: true, index });
        init.chain(items(&self.spec, "/containers").enumerate().map(|(index, value)| Container { value, init: false, index }))
    }

    /// JSON pointer of a field of the pod (`/spec/hostNetwork`, `/metadata/labels`) in the object that runs it.
    #[must_use]
    pub fn field(&self, below: &str) -> String {
        format!("{}{below}", self.at)
    }

    /// JSON pointer of a field of one of its containers in the object that runs it.
    #[must_use]
    pub fn place(&self, container: Container<'_>, below: &str) -> String {
        let list = if container.init { "initContainers" } else { "containers" };
        format!("{}/spec/{list}/{}{below}", self.at, container.index)
    }

    /// Whether it runs to its end, then stops.
    #[must_use]
    pub fn finite(&self) -> bool {
        matches!(self.kind.as_str(), "Job" | "CronJob") || matches!(text(&self.spec, "/restartPolicy"), "Never" | "OnFailure")
    }

    /// How findings cite one of its containers.
    #[must_use]
    pub fn cite(&self, container: Container<'_>) -> String {
        format!("{} ({})", self.owner, text(container.value, "/name"))
    }

    /// Whether it carries every one of these labels.
    #[must_use]
    pub fn carries(&self, wanted: &BTreeMap<String, String>) -> bool {
        wanted.iter().all(|(k, v)| self.labels.get(k) == Some(v))
    }

    /// Whether a port, named or numbered, is one of its ports.
    #[must_use]
    pub fn listens(&self, port: &Value) -> bool {
        match (port.as_str(), port.as_u64()) {
            (Some(wanted), _) => self.ports.iter().any(|(name, _)| name == wanted),
            (None, Some(wanted)) => self.ports.iter().any(|(_, number)| *number == wanted),
            _ => false,
        }
    }
}

/// Where the pod template of a workload stands, by kind. A `Rollout` is Argo's, a `Service` with a template is Knative's.
fn template(object: &Value) -> Option<&'static str> {
    let version = text(object, "/apiVersion");
    match kind(object) {
        "Pod" => Some(""),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => Some("/spec/template"),
        "Rollout" if version.starts_with("argoproj.io/") => Some("/spec/template"),
        "Service" if version.starts_with("serving.knative.dev/") => Some("/spec/template"),
        "CronJob" => Some("/spec/jobTemplate/spec/template"),
        _ => None,
    }
}

/// Every pod that the objects will run.
#[must_use]
pub fn pods(objects: &[Value]) -> Vec<Pod> {
    objects.iter().enumerate().filter_map(|(index, object)| of_workload(object, index).or_else(|| of_cluster(object, index))).collect()
}

/// Whether an object runs containers in a way that is not known here: which pods it makes cannot be told.
#[must_use]
pub fn unknown_workload(object: &Value) -> bool {
    template(object).is_none_or(|at| object.pointer(at).is_none()) && of_cluster(object, 0).is_none() && runs(object)
}

/// Whether a list of containers stands anywhere below.
fn runs(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, inner)| (key == "containers" && inner.is_array()) || runs(inner)),
        Value::Array(items) => items.iter().any(runs),
        _ => false,
    }
}

fn of_workload(object: &Value, index: usize) -> Option<Pod> {
    let at = template(object)?;
    let pod = object.pointer(at)?;
    let spec = pod.get("spec").cloned().unwrap_or_default();
    let mut ports = Vec::new();
    for container in items(&spec, "/containers") {
        for port in items(container, "/ports") {
            let number = port.get("containerPort").and_then(Value::as_u64).unwrap_or_default();
            ports.push((text(port, "/name").to_owned(), number));
        }
    }
    let (kind, name) = (kind(object).to_owned(), name(object).to_owned());
    Some(Pod { owner: cite(object), index, kind, name, at, labels: labels(pod, "/metadata/labels"), spec, ports, operator: false })
}

/// Labels and ports of the instances: CloudNativePG, `pkg/utils/labels_annotations.go` and `pkg/url/url.go`.
fn of_cluster(object: &Value, index: usize) -> Option<Pod> {
    if kind(object) != "Cluster" || !text(object, "/apiVersion").starts_with("postgresql.cnpg.io/") {
        return None;
    }
    let mut own = labels(object, "/spec/inheritedMetadata/labels");
    for (key, value) in [("cnpg.io/cluster", name(object)), ("cnpg.io/podRole", "instance")] {
        own.insert(key.to_owned(), value.to_owned());
    }
    let ports = [("postgresql", 5432), ("metrics", 9187), ("status", 8000)].map(|(n, p)| (n.to_owned(), p)).to_vec();
    let (kind, name) = (kind(object).to_owned(), name(object).to_owned());
    Some(Pod { owner: cite(object), index, kind, name, at: "/spec/inheritedMetadata", labels: own, spec: json!({}), ports, operator: true })
}
