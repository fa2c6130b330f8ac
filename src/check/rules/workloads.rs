//! Workloads as a whole: how many, where, what keeps them up while nodes come and go, what they keep, how they stop, and
//! tasks that are bounded.

mod loads;
mod rows;
mod scaling;
mod stop;

use std::collections::BTreeMap;

use serde_json::Value;

use super::Scene;
use crate::check::{Report, cite, items, kind, labels, name, text};
use crate::text;
use crate::text::Text;
use loads::{Load, loads};

pub(super) use loads::leads;

pub use rows::RULES;

/// Checks each object alone.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for object in scene.objects {
        let cited = cite(object);
        api(&mut report, &cited, object);
        if kind(object) == "CronJob" {
            cron(&mut report, &cited, object);
        }
    }
    for pod in scene.pods.iter().filter(|p| matches!(p.kind.as_str(), "Deployment" | "Rollout" | "ReplicaSet")) {
        let claim = items(&pod.spec, "/volumes").enumerate().find(|(_, v)| v.get("persistentVolumeClaim").is_some());
        let at = pod.field(&format!("/spec/volumes/{}", claim.map_or(0, |(index, _)| index)));
        let problem = claim.map(|(_, v)| {
            let claim = text(v, "/persistentVolumeClaim/claimName");
            text!("garde ses données dans le volume {claim:?}", "keeps its data in the volume {claim:?}")
        });
        report.see_at("stateless-deployment", &pod.owner, &at, problem);
    }
    stop::check(&mut report, scene);
    unique(&mut report, scene);
    report
}

/// Checks what needs every object of the environment.
#[must_use]
pub fn whole(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let loads = loads(scene);
    for load in &loads {
        if load.production {
            if load.scaler.is_none() && !load.services.is_empty() && load.least() > 0 {
                let alone = Some(load.least()).filter(|n| *n < 2);
                let problem = alone.map(|n| text!("{n} réplica en production", "{n} replica in production"));
                report.see_at("production-replicas", &load.pod.owner, "/spec/replicas", problem);
            }
            if load.most() > 1 {
                report.see_at("topology-spread", &load.pod.owner, "/spec/template/spec", load.gathered());
                budget(&mut report, load, scene.objects);
            }
        }
        shared(&mut report, load, scene.objects);
    }
    for object in scene.objects.iter().filter(|o| kind(o) == "PodDisruptionBudget") {
        blocks(&mut report, object, &loads);
    }
    scaling::check(&mut report, scene, &loads);
    report
}

fn budget(report: &mut Report, load: &Load<'_>, objects: &[Value]) {
    let covered = objects.iter().any(|o| kind(o) == "PodDisruptionBudget" && load.pod.carries(&labels(o, "/spec/selector/matchLabels")));
    let problem = (!covered).then(|| {
        Text::new("plusieurs réplicas, et aucun PodDisruptionBudget ne les désigne", "several replicas, and no PodDisruptionBudget selects them")
    });
    report.see_at("disruption-budget", &load.pod.owner, "/kind", problem);
}

/// A budget that never lets a pod go.
fn blocks(report: &mut Report, object: &Value, loads: &[Load<'_>]) {
    let selector = labels(object, "/spec/selector/matchLabels");
    let shown = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let written = |field: &str| object.pointer(&format!("/spec/{field}")).filter(|v| !v.is_null()).map(shown);
    let fewest = loads.iter().filter(|l| !selector.is_empty() && l.pod.carries(&selector)).map(Load::least).min();
    let (most, least) = (written("maxUnavailable"), written("minAvailable"));
    let problem = match (most, least) {
        (Some(most), _) if most == "0" || most == "0%" => Some(format!("maxUnavailable: {most}")),
        (None, Some(least)) if least == "100%" => Some(format!("minAvailable: {least}")),
        (None, Some(least)) => {
            let kept = least.parse::<u64>().ok().zip(fewest).filter(|(kept, fewest)| kept >= fewest && *fewest > 0);
            kept.map(|(kept, fewest)| format!("minAvailable: {kept}, replicas: {fewest}"))
        }
        _ => None,
    };
    report.see_at("disruption-budget-blocks", &cite(object), "/spec", problem);
}

/// A volume that one node only can mount, under pods of several nodes.
fn shared(report: &mut Report, load: &Load<'_>, objects: &[Value]) {
    if !matches!(load.pod.kind.as_str(), "Deployment" | "Rollout" | "ReplicaSet") || load.most() < 2 {
        return;
    }
    for (index, volume) in items(&load.pod.spec, "/volumes").enumerate() {
        let wanted = text(volume, "/persistentVolumeClaim/claimName");
        let Some(claim) = objects.iter().find(|o| kind(o) == "PersistentVolumeClaim" && name(o) == wanted) else { continue };
        let modes: Vec<&str> = items(claim, "/spec/accessModes").filter_map(Value::as_str).collect();
        let alone = !modes.iter().any(|m| matches!(*m, "ReadWriteMany" | "ReadOnlyMany"));
        let problem = alone.then(|| {
            let modes = modes.join(", ");
            text!("{wanted} : {modes}, sous plusieurs réplicas", "{wanted}: {modes}, under several replicas")
        });
        report.see_at("shared-volume", &load.pod.owner, &format!("/spec/template/spec/volumes/{index}"), problem);
    }
}

fn cron(report: &mut Report, cited: &str, object: &Value) {
    let missing: Vec<&str> = ["concurrencyPolicy", "startingDeadlineSeconds"]
        .into_iter()
        .filter(|field| object.pointer(&format!("/spec/{field}")).is_none_or(Value::is_null))
        .collect();
    let missing = (!missing.is_empty()).then(|| missing.join(", "));
    report.see_at("cronjob-bounds", cited, "/spec", missing.map(|m| text!("{m} : non écrit", "{m}: not written")));
}

/// API versions that Kubernetes has removed, with the release that did, and what to write instead:
/// <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>.
const REMOVED: [(&str, &[&str], &str, &str); 24] = [
    ("extensions/v1beta1", &["Ingress"], "1.22", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["NetworkPolicy"], "1.16", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["PodSecurityPolicy"], "1.16", "Pod Security"),
    ("extensions/v1beta1", &["Deployment", "DaemonSet", "ReplicaSet"], "1.16", "apps/v1"),
    ("apps/v1beta1", &["Deployment", "StatefulSet"], "1.16", "apps/v1"),
    ("apps/v1beta2", &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"], "1.16", "apps/v1"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], "1.22", "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", &["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"], "1.22", "rbac.authorization.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"], "1.22", "apiextensions.k8s.io/v1"),
    (
        "admissionregistration.k8s.io/v1beta1",
        &["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"],
        "1.22",
        "admissionregistration.k8s.io/v1",
    ),
    ("apiregistration.k8s.io/v1beta1", &["APIService"], "1.22", "apiregistration.k8s.io/v1"),
    ("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], "1.22", "certificates.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", &["Lease"], "1.22", "coordination.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", &["PriorityClass"], "1.22", "scheduling.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"], "1.22", "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], "1.27", "storage.k8s.io/v1"),
    ("batch/v1beta1", &["CronJob"], "1.25", "batch/v1"),
    ("policy/v1beta1", &["PodDisruptionBudget"], "1.25", "policy/v1"),
    ("policy/v1beta1", &["PodSecurityPolicy"], "1.25", "Pod Security"),
    ("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], "1.25", "autoscaling/v2"),
    ("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], "1.26", "autoscaling/v2"),
    ("discovery.k8s.io/v1beta1", &["EndpointSlice"], "1.25", "discovery.k8s.io/v1"),
    ("node.k8s.io/v1beta1", &["RuntimeClass"], "1.25", "node.k8s.io/v1"),
    ("events.k8s.io/v1beta1", &["Event"], "1.25", "events.k8s.io/v1"),
];

/// Groups of Kubernetes itself that the table covers.
const GROUPS: [&str; 16] = [
    "extensions",
    "apps",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "apiextensions.k8s.io",
    "admissionregistration.k8s.io",
    "apiregistration.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "batch",
    "policy",
    "autoscaling",
    "discovery.k8s.io",
    "node.k8s.io",
];

fn api(report: &mut Report, cited: &str, object: &Value) {
    let version = text(object, "/apiVersion");
    let Some((group, _)) = version.split_once('/') else { return };
    if GROUPS.contains(&group) || group == "events.k8s.io" {
        let removed = REMOVED.iter().find(|(old, kinds, ..)| *old == version && kinds.contains(&kind(object)));
        let problem = removed.map(|(old, _, release, instead)| {
            text!("{old} n’existe plus depuis Kubernetes {release} : {instead}", "{old} is gone since Kubernetes {release}: {instead}")
        });
        report.see_at("api-removed", cited, "/apiVersion", problem);
    }
}

/// Two objects of one kind and name, that one chart renders: the second takes the place of the first.
fn unique(report: &mut Report, scene: &Scene<'_>) {
    if !scene.charts {
        return;
    }
    let mut seen = BTreeMap::new();
    for (index, object) in scene.objects.iter().enumerate().filter(|(_, o)| !name(o).is_empty()) {
        let group = text(object, "/apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
        let id = ((scene.unit)(index), group, kind(object), text(object, "/metadata/namespace"), name(object));
        let double = seen.insert(id, (scene.file)(index));
        let problem = double.map(|first| {
            let second = (scene.file)(index);
            text!("déjà dans {first}, puis dans {second}", "already in {first}, then in {second}")
        });
        report.see_at("unique-objects", &cite(object), "/metadata/name", problem);
    }
}
