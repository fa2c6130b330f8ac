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
}

impl Pod {
    /// Containers, init containers included.
    pub fn containers(&self) -> impl Iterator<Item = Container<'_>> {
        let init = items(&self.spec, "/initContainers").map(|value| Container { value, init: true });
        init.chain(items(&self.spec, "/containers").map(|value| Container { value, init: false }))
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

/// Where the pod template of a workload stands, by kind.
fn template(kind: &str) -> Option<&'static str> {
    match kind {
        "Pod" => Some(""),
        // Argo Rollouts has the template of a Deployment.
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "Rollout" => Some("/spec/template"),
        "CronJob" => Some("/spec/jobTemplate/spec/template"),
        _ => None,
    }
}

/// Every pod that the objects will run.
#[must_use]
pub fn pods(objects: &[Value]) -> Vec<Pod> {
    objects.iter().filter_map(|object| of_workload(object).or_else(|| of_cluster(object))).collect()
}

/// Whether an object runs containers in a way that is not known here: which pods it makes cannot be told.
#[must_use]
pub fn unknown_workload(object: &Value) -> bool {
    pods(std::slice::from_ref(object)).is_empty() && runs(object)
}

/// Whether a list of containers stands anywhere below.
fn runs(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, inner)| (key == "containers" && inner.is_array()) || runs(inner)),
        Value::Array(items) => items.iter().any(runs),
        _ => false,
    }
}

fn of_workload(object: &Value) -> Option<Pod> {
    let pod = object.pointer(template(kind(object))?)?;
    let spec = pod.get("spec").cloned().unwrap_or_default();
    let mut ports = Vec::new();
    for container in items(&spec, "/containers") {
        for port in items(container, "/ports") {
            let number = port.get("containerPort").and_then(Value::as_u64).unwrap_or_default();
            ports.push((text(port, "/name").to_owned(), number));
        }
    }
    Some(Pod { owner: cite(object), labels: labels(pod, "/metadata/labels"), spec, ports, operator: false })
}

/// Labels and ports of the instances: CloudNativePG, `pkg/utils/labels_annotations.go` and `pkg/url/url.go`.
fn of_cluster(object: &Value) -> Option<Pod> {
    if kind(object) != "Cluster" || !text(object, "/apiVersion").starts_with("postgresql.cnpg.io/") {
        return None;
    }
    let mut own = labels(object, "/spec/inheritedMetadata/labels");
    for (key, value) in [("cnpg.io/cluster", name(object)), ("cnpg.io/podRole", "instance")] {
        own.insert(key.to_owned(), value.to_owned());
    }
    let ports = [("postgresql", 5432), ("metrics", 9187), ("status", 8000)].map(|(n, p)| (n.to_owned(), p)).to_vec();
    Some(Pod { owner: cite(object), labels: own, spec: json!({}), ports, operator: true })
}
