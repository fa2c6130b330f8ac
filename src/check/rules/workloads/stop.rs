//! Pods that have the time to stop.

use serde_json::Value;

use crate::check::rules::Scene;
use crate::check::{Report, items, kind, name, text};
use crate::text;

/// Variables that tell a server how long it may take to end what it began, in seconds.
const DELAYS: [&str; 4] = ["ARRET_SECONDES", "GRACEFUL_TIMEOUT", "GRACEFUL_SHUTDOWN_TIMEOUT", "SHUTDOWN_TIMEOUT"];

/// What Kubernetes waits for when nothing is written, in seconds.
const IMPLIED: u64 = 30;

pub fn check(report: &mut Report, scene: &Scene<'_>) {
    for pod in scene.pods.iter().filter(|p| !p.operator && !p.finite()) {
        let written = pod.spec.get("terminationGracePeriodSeconds").and_then(Value::as_u64);
        let grace = written.unwrap_or(IMPLIED);
        let times = items(&pod.spec, "/containers").map(|c| (pause(c), delay(c, scene.objects)));
        let (pause, delay) = times.fold((None, None), |all: (Option<u64>, Option<u64>), one| (all.0.max(one.0), all.1.max(one.1)));
        // Nobody waits for an answer of what listens nowhere.
        if pause.is_none() && delay.is_none() && (written.is_none() || pod.ports.is_empty()) {
            continue;
        }
        let wanted = pause.unwrap_or(0) + delay.unwrap_or(0);
        let short = grace == 0 || grace < wanted || (pause == Some(grace));
        let problem = short.then(|| {
            text!(
                "terminationGracePeriodSeconds : {grace}, pour {wanted} s d’attente et d’arrêt",
                "terminationGracePeriodSeconds: {grace}, for {wanted} s of waiting and stopping"
            )
        });
        report.see_at("graceful-stop", &pod.owner, &pod.field("/spec/terminationGracePeriodSeconds"), problem);
    }
}

/// Seconds that the hook before the stop sleeps.
fn pause(container: &Value) -> Option<u64> {
    if let Some(seconds) = container.pointer("/lifecycle/preStop/sleep/seconds").and_then(Value::as_u64) {
        return Some(seconds);
    }
    let command: Vec<&str> = items(container, "/lifecycle/preStop/exec/command").filter_map(Value::as_str).collect();
    let line = command.join(" ");
    let (_, rest) = line.split_once("sleep")?;
    let digits: String = rest.trim_start_matches([' ', '(']).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Seconds that the server gives itself, from its variables and the `ConfigMap`s that it reads whole.
fn delay(container: &Value, objects: &[Value]) -> Option<u64> {
    let own = items(container, "/env").find(|v| DELAYS.contains(&text(v, "/name"))).and_then(|v| text(v, "/value").parse().ok());
    own.or_else(|| {
        let maps: Vec<&str> = items(container, "/envFrom").map(|f| text(f, "/configMapRef/name")).collect();
        let read = objects.iter().filter(|o| kind(o) == "ConfigMap" && maps.contains(&name(o)));
        read.flat_map(|m| DELAYS.iter().filter_map(move |d| text(m, &format!("/data/{d}")).parse().ok())).next()
    })
}
