//! Workloads with what surrounds them: Services that lead to them, what scales them, whether they stand in a production.

use serde_json::Value;

use crate::check::rules::Scene;
use crate::check::{Pod, items, kind, labels, name, text};
use crate::text::Text;

/// A workload that keeps running.
pub struct Load<'a> {
    /// Its pods.
    pub pod: &'a Pod,
    /// The object itself.
    pub object: &'a Value,
    /// The autoscaler that targets it.
    pub scaler: Option<&'a Value>,
    /// Services that select it.
    pub services: Vec<&'a Value>,
    /// Whether it stands in a production.
    pub production: bool,
}

/// Deployments, `StatefulSet`s and what resembles them.
pub fn loads<'a>(scene: &Scene<'a>) -> Vec<Load<'a>> {
    let scalers: Vec<&Value> = scene.objects.iter().filter(|o| scales(o)).collect();
    let services: Vec<&Value> = scene.objects.iter().filter(|o| kind(o) == "Service").collect();
    let kept = |p: &&Pod| matches!(p.kind.as_str(), "Deployment" | "StatefulSet" | "ReplicaSet" | "Rollout");
    let load = |pod: &'a Pod| Load {
        pod,
        object: &scene.objects[pod.index],
        scaler: scalers.iter().copied().find(|s| targets(s, pod)),
        services: services.iter().copied().filter(|s| leads(s, pod)).collect(),
        production: (scene.production)(pod.index),
    };
    scene.pods.iter().filter(kept).map(load).collect()
}

/// Whether an object is an autoscaler: Kubernetes' own, or KEDA's.
pub fn scales(object: &Value) -> bool {
    kind(object) == "HorizontalPodAutoscaler" || (kind(object) == "ScaledObject" && text(object, "/apiVersion").starts_with("keda.sh/"))
}

fn targets(scaler: &Value, pod: &Pod) -> bool {
    let of = text(scaler, "/spec/scaleTargetRef/kind");
    text(scaler, "/spec/scaleTargetRef/name") == pod.name && (of.is_empty() || of == pod.kind)
}

/// Whether a Service leads to a pod.
pub fn leads(service: &Value, pod: &Pod) -> bool {
    let selector = labels(service, "/spec/selector");
    !selector.is_empty() && pod.carries(&selector)
}

impl Load<'_> {
    fn bound(&self, of_horizontal: &str, of_keda: &str, implied: u64) -> u64 {
        match self.scaler {
            None => self.object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1),
            Some(scaler) => {
                let field = if kind(scaler) == "ScaledObject" { of_keda } else { of_horizontal };
                scaler.pointer(&format!("/spec/{field}")).and_then(Value::as_u64).unwrap_or(implied)
            }
        }
    }

    /// The fewest replicas it may have.
    pub fn least(&self) -> u64 {
        self.bound("minReplicas", "minReplicaCount", 1)
    }

    /// The most replicas it may have.
    pub fn most(&self) -> u64 {
        self.bound("maxReplicas", "maxReplicaCount", 100)
    }

    /// What keeps its replicas from being apart, over zones and over nodes.
    pub fn gathered(&self) -> Option<Text> {
        let mut keys = Vec::new();
        let spec = &self.pod.spec;
        for constraint in items(spec, "/topologySpreadConstraints") {
            if self.pod.carries(&labels(constraint, "/labelSelector/matchLabels")) && constraint.get("labelSelector").is_some() {
                keys.push(text(constraint, "/topologyKey"));
            }
        }
        let required = items(spec, "/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution");
        let preferred = items(spec, "/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution");
        for term in required.chain(preferred.filter_map(|p| p.get("podAffinityTerm"))) {
            if self.pod.carries(&labels(term, "/labelSelector/matchLabels")) {
                keys.push(text(term, "/topologyKey"));
            }
        }
        let has = |ends: &str| keys.iter().any(|k| k.ends_with(ends));
        match (has("/zone"), has("/hostname")) {
            (true, true) => None,
            (true, false) => Some(Text::new("répartis entre zones, pas entre nœuds", "spread over zones, not over nodes")),
            (false, true) => Some(Text::new("répartis entre nœuds, pas entre zones", "spread over nodes, not over zones")),
            (false, false) => {
                Some(Text::new("rien ne répartit ses réplicas entre zones ni entre nœuds", "nothing spreads its replicas over zones or nodes"))
            }
        }
    }
}

/// The name that an autoscaler targets.
pub fn target(scaler: &Value) -> &str {
    text(scaler, "/spec/scaleTargetRef/name")
}

/// Whether a workload of a name exists.
pub fn exists(loads: &[Load<'_>], wanted: &str) -> bool {
    loads.iter().any(|l| name(l.object) == wanted)
}
