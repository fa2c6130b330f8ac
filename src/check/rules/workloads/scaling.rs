//! Autoscalers that can work, and do.

use serde_json::Value;

use super::loads::{Load, exists, scales, target};
use crate::check::rules::Scene;
use crate::check::{Report, cite, items, kind, text};
use crate::text;
use crate::text::Text;

pub fn check(report: &mut Report, scene: &Scene<'_>, loads: &[Load<'_>]) {
    for (index, scaler) in scene.objects.iter().enumerate().filter(|(_, o)| scales(o)) {
        let cited = cite(scaler);
        report.see_at("horizontal-autoscaling", &cited, "/spec/scaleTargetRef", broken(scaler, loads));
        if kind(scaler) == "HorizontalPodAutoscaler" {
            report.see_at("autoscaling-range", &cited, "/spec", narrow(scaler, (scene.production)(index)));
        }
    }
    for load in loads {
        if load.scaler.is_some() {
            let written = load.object.pointer("/spec/replicas").filter(|v| !v.is_null());
            report.see_at("autoscaler-owns-replicas", &load.pod.owner, "/spec/replicas", written.map(|n| format!("replicas: {n}")));
        } else if scene.answers.is_some() && load.production && load.pod.kind == "Deployment" && !load.services.is_empty() && own(scene, load) {
            let problem = Text::new("sert du trafic sans autoscaler", "serves traffic without an autoscaler");
            report.see_at("autoscaling-range", &load.pod.owner, "/kind", Some(problem));
        }
    }
}

/// Whether the project wrote the workload: what a vendored chart renders is another's.
fn own(scene: &Scene<'_>, load: &Load<'_>) -> bool {
    !(scene.file)(load.pod.index).contains("/charts/")
}

/// Why an autoscaler cannot work.
fn broken(scaler: &Value, loads: &[Load<'_>]) -> Option<Text> {
    let wanted = target(scaler);
    let of = text(scaler, "/spec/scaleTargetRef/kind");
    if matches!(of, "" | "Deployment" | "StatefulSet" | "Rollout" | "ReplicaSet") && !exists(loads, wanted) {
        return Some(text!("cible absente : {of} {wanted:?}", "missing target: {of} {wanted:?}"));
    }
    let load = loads.iter().find(|l| l.pod.name == wanted)?;
    for what in items(scaler, "/spec/metrics").filter(|m| text(m, "/resource/target/type") == "Utilization").map(|m| text(m, "/resource/name")) {
        // Utilisation is a share of what is requested: a request may be implied by its limit.
        let asked = |c: &Value| ["requests", "limits"].iter().any(|side| c.pointer(&format!("/resources/{side}/{what}")).is_some());
        if let Some(silent) = items(&load.pod.spec, "/containers").find(|c| !asked(c)) {
            let container = text(silent, "/name");
            return Some(text!(
                "mesure {what} en part de la demande, que {container} n’écrit pas",
                "measures {what} as a share of the request, which {container} does not write"
            ));
        }
    }
    None
}

fn narrow(scaler: &Value, production: bool) -> Option<Text> {
    let number = |field: &str| scaler.pointer(&format!("/spec/{field}")).and_then(Value::as_u64);
    let (least, most) = (number("minReplicas").unwrap_or(1), number("maxReplicas")?);
    if most <= least {
        Some(Text::same(format!("minReplicas: {least}, maxReplicas: {most}")))
    } else if production && least < 2 {
        Some(text!("minReplicas : {least} en production", "minReplicas: {least} in production"))
    } else {
        None
    }
}
