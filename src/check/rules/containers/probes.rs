//! Probes that reach something, and the right thing.

use serde_json::Value;

use super::Seen;
use crate::check::{Report, items, text};
use crate::text;
use crate::text::Text;

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

pub fn check(report: &mut Report, seen: &Seen<'_>) {
    for probe in PROBES {
        let Some(written) = seen.get(&format!("/{probe}")) else { continue };
        if let Some((below, port)) = ["/httpGet/port", "/tcpSocket/port", "/grpc/port"].iter().find_map(|p| Some((p, written.pointer(p)?))) {
            reached(report, seen, probe, below, port);
        }
        if let Some(path) = written.pointer("/httpGet/path").and_then(Value::as_str) {
            let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
            let metrics = path == "/metrics" || path.ends_with("/metrics");
            seen.at(report, "probe-metrics", &format!("/{probe}/httpGet/path"), metrics.then(|| format!("{probe}: {path}")));
        }
    }
    if let (Some(live), Some(ready)) = (seen.get("/livenessProbe"), seen.get("/readinessProbe")) {
        let same = (live == ready).then(|| Text::new("mêmes cible, délais et seuils", "same target, delays and thresholds"));
        seen.at(report, "probe-identical", "/readinessProbe", same);
    }
}

/// A name that no port bears never resolves; a number that is not declared may still be listened to.
fn reached(report: &mut Report, seen: &Seen<'_>, probe: &str, below: &str, port: &Value) {
    let at = format!("/{probe}{below}");
    let declared = || items(seen.container.value, "/ports");
    let number = port.as_u64().or_else(|| port.as_str()?.parse().ok());
    if let Some(number) = number {
        if declared().next().is_some() {
            let there = declared().any(|p| p.get("containerPort").and_then(Value::as_u64) == Some(number));
            let problem = (!there).then(|| text!("{probe} : port {number}", "{probe}: port {number}"));
            seen.at(report, "probe-undeclared-port", &at, problem);
        }
    } else if let Some(name) = port.as_str() {
        let there = declared().any(|p| text(p, "/name") == name);
        seen.at(report, "probe-port", &at, (!there).then(|| text!("{probe} : port {name:?}", "{probe}: port {name:?}")));
    }
}
