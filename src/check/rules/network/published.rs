//! What an Ingress publishes: over TLS, and nothing that is not for users.

use serde_json::Value;

use super::Unknown;
use crate::check::rules::Scene;
use crate::check::{Pod, Report, cite, items, kind, labels, name, text};
use crate::text;
use crate::text::Text;

use crate::check::rules::workloads::leads;

/// First folders of paths that only administrators or machines need.
const INNER: [&str; 6] = ["/metrics", "/actuator", "/debug", "/internal", "/prometheus", "/management"];
/// Names of ports that only administrators or machines need.
const PORTS: [&str; 6] = ["metrics", "http-metrics", "admin", "management", "debug", "pprof"];

/// Hosts of a production without TLS.
pub fn encrypted(report: &mut Report, cited: &str, object: &Value) {
    if kind(object) == "Route" {
        let bare = object.pointer("/spec/tls").is_none_or(Value::is_null);
        report.see_at("ingress-tls", cited, "/spec", bare.then(|| Text::new("spec.tls n’est pas écrit", "spec.tls is not written")));
        return;
    }
    if kind(object) != "Ingress" {
        return;
    }
    let all = items(object, "/spec/tls").any(|t| items(t, "/hosts").next().is_none());
    let covered: Vec<&str> = items(object, "/spec/tls").flat_map(|t| items(t, "/hosts")).filter_map(Value::as_str).collect();
    let covers = |host: &str| {
        let wide = host.split_once('.').map(|(_, domain)| format!("*.{domain}"));
        all || covered.contains(&host) || wide.is_some_and(|w| covered.contains(&w.as_str()))
    };
    for (index, rule) in items(object, "/spec/rules").enumerate() {
        let host = text(rule, "/host");
        let problem = (!covers(host)).then(|| text!("{host:?} n’est pas dans spec.tls", "{host:?} is not in spec.tls"));
        report.see_at("ingress-tls", cited, &format!("/spec/rules/{index}/host"), problem);
    }
}

/// Paths that lead to metrics or administration.
pub fn check(report: &mut Report, scene: &Scene<'_>) {
    for object in scene.objects.iter().filter(|o| kind(o) == "Ingress") {
        let rewritten = labels(object, "/metadata/annotations").keys().any(|k| k.ends_with("/rewrite-target") || k.ends_with("/app-root"));
        for (at, rule) in items(object, "/spec/rules").enumerate() {
            for (index, path) in items(rule, "/http/paths").enumerate() {
                let shown = text(path, "/path");
                // A pattern may lead anywhere.
                if rewritten || shown.contains(['(', '*', '$', '[', '\\']) {
                    continue;
                }
                if let Ok(problem) = inner(path, scene) {
                    report.see_at("ingress-api-only", &cite(object), &format!("/spec/rules/{at}/http/paths/{index}/path"), problem);
                }
            }
        }
    }
}

/// What a path publishes besides the application.
fn inner(path: &Value, scene: &Scene<'_>) -> Result<Option<Text>, Unknown> {
    let shown = text(path, "/path").trim_end_matches('/');
    if let Some(known) = INNER.iter().find(|known| under(shown, known)) {
        return Ok(Some(text!("le chemin {shown} publie {known}", "path {shown} publishes {known}")));
    }
    let service = scene.objects.iter().find(|o| kind(o) == "Service" && name(o) == text(path, "/backend/service/name"));
    let service = service.ok_or(Unknown)?;
    let port = items(service, "/spec/ports").find(|p| match text(path, "/backend/service/port/name") {
        "" => p.get("port") == path.pointer("/backend/service/port/number"),
        wanted => text(p, "/name") == wanted,
    });
    let port = port.ok_or(Unknown)?;
    let port_name = text(port, "/name");
    if PORTS.contains(&port_name) {
        return Ok(Some(text!("le chemin {shown:?} mène au port {port_name}", "path {shown:?} leads to port {port_name}")));
    }
    let pods: Vec<&Pod> = scene.pods.iter().filter(|p| leads(service, p)).collect();
    let numbered = |target: &Value| pods.iter().find_map(|p| number(p, target));
    let reached = port.get("targetPort").or_else(|| port.get("port")).and_then(numbered).ok_or(Unknown)?;
    let mut scraped = scene.objects.iter().flat_map(|m| metrics(m, service, &pods)).filter(|(on, _)| *on == reached).peekable();
    if shown.is_empty() && scraped.peek().is_none() {
        return Err(Unknown);
    }
    let exact = text(path, "/pathType") == "Exact";
    let open = scraped.find(|(_, metrics)| if exact { metrics == shown } else { under(metrics, shown) });
    Ok(open.map(|(_, metrics)| text!("le chemin {shown:?} publie aussi {metrics}", "path {shown:?} publishes {metrics} too")))
}

/// Whether a path stands below another, folder by folder.
fn under(path: &str, folder: &str) -> bool {
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn number(pod: &Pod, target: &Value) -> Option<u64> {
    target.as_u64().or_else(|| pod.ports.iter().find(|(name, _)| Some(name.as_str()) == target.as_str()).map(|(_, number)| *number))
}

/// Ports and paths at which a monitor scrapes the pods behind a Service.
fn metrics(monitor: &Value, service: &Value, pods: &[&Pod]) -> Vec<(u64, String)> {
    let wanted = labels(monitor, "/spec/selector/matchLabels");
    let numbered = |target: &Value| pods.iter().find_map(|p| number(p, target));
    let path = |endpoint: &Value| match text(endpoint, "/path") {
        "" => "/metrics".to_owned(),
        path => path.to_owned(),
    };
    match kind(monitor) {
        "ServiceMonitor" => {
            let own = labels(service, "/metadata/labels");
            let ends = items(monitor, "/spec/endpoints").filter(|_| wanted.iter().all(|(k, v)| own.get(k) == Some(v)));
            ends.filter_map(|e| {
                let port = items(service, "/spec/ports").find(|p| text(p, "/name") == text(e, "/port"))?;
                Some((numbered(port.get("targetPort").or_else(|| port.get("port"))?)?, path(e)))
            })
            .collect()
        }
        "PodMonitor" if pods.iter().any(|p| p.carries(&wanted)) => {
            items(monitor, "/spec/podMetricsEndpoints").filter_map(|e| Some((numbered(e.get("port")?)?, path(e)))).collect()
        }
        _ => Vec::new(),
    }
}
