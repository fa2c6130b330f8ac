//! Who reaches whom: network policies, Services, Ingress, what is published, what is scraped, addresses in the configuration.

mod addresses;
mod open;
mod published;
mod rows;

use serde_json::Value;

use super::Scene;
use crate::check::{Pod, Report, cite, items, kind, labels, name, text};
use crate::text;
use crate::text::Text;

pub use rows::RULES;

/// Annotations that stick a visitor to one pod, with the values that mean it (none: any value).
/// ingress-nginx « Sticky sessions », Traefik « Sticky sessions », `HAProxy` « cookie-persistence », OpenShift « Route-specific annotations ».
const STICKY: [(&str, Option<&str>); 6] = [
    ("nginx.ingress.kubernetes.io/affinity", Some("cookie")),
    ("traefik.ingress.kubernetes.io/affinity", Some("true")),
    ("traefik.ingress.kubernetes.io/service.sticky.cookie", Some("true")),
    ("haproxy.org/cookie-persistence", None),
    ("router.openshift.io/cookie_name", None),
    ("nginx.org/sticky-cookie-services", None),
];

/// What cannot be judged, and so is not counted.
struct Unknown;

/// Checks each object alone.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for (index, object) in scene.objects.iter().enumerate() {
        let cited = cite(object);
        match kind(object) {
            "NetworkPolicy" => open::check(&mut report, &cited, object),
            "Service" => service(&mut report, &cited, object),
            "Ingress" | "Route" | "IngressRoute" => {
                sticky(&mut report, &cited, object);
                if (scene.production)(index) {
                    published::encrypted(&mut report, &cited, object);
                }
            }
            _ => {}
        }
    }
    report
}

/// Checks what needs every object of the environment.
#[must_use]
pub fn whole(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    isolated(&mut report, scene);
    published::check(&mut report, scene);
    scraped(&mut report, scene);
    addresses::check(&mut report, scene);
    for object in scene.objects.iter().filter(|o| kind(o) == "StatefulSet") {
        let wanted = text(object, "/spec/serviceName");
        if !wanted.is_empty() {
            let found = scene.objects.iter().find(|o| kind(o) == "Service" && name(o) == wanted);
            let problem = match found {
                None => Some(text!("le Service {wanted:?} n’existe pas", "Service {wanted:?} does not exist")),
                Some(found) if text(found, "/spec/clusterIP") != "None" => {
                    Some(text!("le Service {wanted:?} n’a pas clusterIP: None", "Service {wanted:?} has no clusterIP: None"))
                }
                Some(_) => None,
            };
            report.see_at("statefulset-service", &cite(object), "/spec/serviceName", problem);
        }
    }
    report
}

fn service(report: &mut Report, cited: &str, object: &Value) {
    let affinity = text(object, "/spec/sessionAffinity");
    let stuck = !matches!(affinity, "" | "None");
    report.see_at("no-session-affinity", cited, "/spec/sessionAffinity", stuck.then(|| format!("sessionAffinity: {affinity}")));
    let of = text(object, "/spec/type");
    report.see_at("service-load-balancer", cited, "/spec/type", (of == "LoadBalancer").then(|| "type: LoadBalancer".to_owned()));
    let outside: Vec<&str> = items(object, "/spec/externalIPs").filter_map(Value::as_str).collect();
    let problem = (!outside.is_empty()).then(|| format!("externalIPs: {}", outside.join(", ")));
    report.see_at("service-external-ips", cited, "/spec/externalIPs", problem);
}

fn sticky(report: &mut Report, cited: &str, object: &Value) {
    let annotations = labels(object, "/metadata/annotations");
    let stuck = annotations.iter().find(|(key, value)| {
        STICKY
            .iter()
            .any(|(known, wanted)| key == known && !value.is_empty() && value.as_str() != "false" && wanted.is_none_or(|w| w == value.as_str()))
    });
    report.see_at("no-session-affinity", cited, "/metadata/annotations", stuck.map(|(key, value)| format!("{key}: {value}")));
}

/// Pods that no policy bounds. Where a repository has no policy at all, the platform may write them: nothing is examined.
fn isolated(report: &mut Report, scene: &Scene<'_>) {
    let policies: Vec<&Value> = scene.objects.iter().filter(|o| kind(o) == "NetworkPolicy").collect();
    let foreign = scene.objects.iter().any(|o| ["cilium.io/", "crd.projectcalico.org/"].iter().any(|g| text(o, "/apiVersion").starts_with(g)));
    if foreign || (policies.is_empty() && scene.answers.is_none()) {
        return;
    }
    for policy in &policies {
        for (side, peers) in [("ingress", "from"), ("egress", "to")] {
            let empty = |list: Option<&Value>| list.and_then(Value::as_array).is_none_or(Vec::is_empty);
            let open = items(policy, &format!("/spec/{side}")).any(|rule| empty(rule.get(peers)) && empty(rule.get("ports")));
            let problem = open.then(|| text!("{side} : une règle vide ouvre tout", "{side}: an empty rule opens everything"));
            report.see_at("network-policy-both-ways", &cite(policy), &format!("/spec/{side}"), problem);
        }
    }
    for pod in scene.pods {
        let over = |way: &str| policies.iter().any(|p| governs(p, way) && pod.carries(&labels(p, "/spec/podSelector/matchLabels")));
        let problem = match (over("Ingress"), over("Egress")) {
            (true, true) => None,
            (true, false) => Some(Text::new("aucune NetworkPolicy ne borne ses flux sortants", "no NetworkPolicy bounds its outgoing flows")),
            (false, true) => Some(Text::new("aucune NetworkPolicy ne borne ses flux entrants", "no NetworkPolicy bounds its incoming flows")),
            (false, false) => Some(Text::new("aucune NetworkPolicy ne borne ses flux", "no NetworkPolicy bounds its flows")),
        };
        report.see_at("network-policy-both-ways", &pod.owner, "/kind", problem);
    }
}

/// Whether a policy is about a way: without `policyTypes`, incoming always, outgoing when it has a rule for it.
fn governs(policy: &Value, way: &str) -> bool {
    match policy.pointer("/spec/policyTypes").and_then(Value::as_array) {
        Some(types) => types.iter().any(|t| t == way),
        None => way == "Ingress" || policy.pointer("/spec/egress").is_some(),
    }
}

/// Servers that nothing scrapes. Where a repository has no monitor at all, nothing is examined, unless it is a project of ours.
fn scraped(report: &mut Report, scene: &Scene<'_>) {
    let monitors: Vec<&Value> = scene.objects.iter().filter(|o| matches!(kind(o), "ServiceMonitor" | "PodMonitor")).collect();
    if monitors.is_empty() && scene.answers.is_none() {
        return;
    }
    let services: Vec<&Value> = scene.objects.iter().filter(|o| kind(o) == "Service").collect();
    // What a vendored chart renders is another's.
    let own = |pod: &&Pod| !pod.operator && !pod.finite() && !(scene.file)(pod.index).contains("/charts/");
    for pod in scene.pods.iter().filter(own) {
        let leading: Vec<&&Value> = services.iter().filter(|s| super::workloads::leads(s, pod)).collect();
        // In a project of ours, a server that no Service leads to any more is still one.
        if leading.is_empty() && (scene.answers.is_none() || pod.ports.is_empty()) {
            continue;
        }
        let seen = monitors.iter().any(|m| {
            let wanted = labels(m, "/spec/selector/matchLabels");
            let carried = |s: &Value| {
                let own = labels(s, "/metadata/labels");
                wanted.iter().all(|(k, v)| own.get(k) == Some(v))
            };
            if kind(m) == "PodMonitor" { pod.carries(&wanted) } else { leading.iter().any(|s| carried(s)) }
        });
        let problem =
            (!seen).then(|| Text::new("ni ServiceMonitor ni PodMonitor ne le désigne", "neither a ServiceMonitor nor a PodMonitor selects it"));
        report.see_at("service-monitor", &pod.owner, "/kind", problem);
    }
}
