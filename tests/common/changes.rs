//! An object with one of its parts deleted, altered, or with what the lists refuse written in it.

use std::collections::VecDeque;

use serde_json::{Value, json};

/// Every change, those near the root first.
pub fn of(value: &Value) -> Vec<Value> {
    let (mut out, mut waiting) = (Vec::new(), VecDeque::from([String::new()]));
    while let Some(place) = waiting.pop_front() {
        let at = value.pointer(&place).unwrap();
        match at {
            Value::Object(map) => waiting.extend(map.keys().map(|key| format!("{place}/{}", key.replace('~', "~0").replace('/', "~1")))),
            Value::Array(items) => waiting.extend((0..items.len()).map(|index| format!("{place}/{index}"))),
            Value::Null => {}
            scalar => out.extend(others(scalar).into_iter().map(|other| {
                let mut changed = value.clone();
                *changed.pointer_mut(&place).unwrap() = other;
                changed
            })),
        }
        out.extend(without(value, &place));
    }
    out.extend(refused(value));
    out
}

fn others(scalar: &Value) -> Vec<Value> {
    match scalar {
        Value::Bool(on) => vec![json!(!*on)],
        Value::Number(number) => vec![json!(number.as_i64().unwrap_or(7) + 1), json!(0)],
        Value::String(text) => vec![json!(format!("{text}x")), json!("*"), json!(text.rsplit_once(':').map_or("latest", |(name, _)| name))],
        _ => Vec::new(),
    }
}

fn without(value: &Value, place: &str) -> Option<Value> {
    let (parent, key) = place.rsplit_once('/')?;
    let key = key.replace("~1", "/").replace("~0", "~");
    let mut changed = value.clone();
    match changed.pointer_mut(parent)? {
        Value::Object(map) => drop(map.shift_remove(&key)),
        Value::Array(items) => drop(items.remove(key.parse().ok()?)),
        _ => return None,
    }
    Some(changed)
}

/// What no conforming object holds: a field, where its holder is found; a Secret in clear in the place of what a vault gives.
fn refused(value: &Value) -> Vec<Value> {
    let pods = ["/spec/jobTemplate/spec/template/spec", "/spec/template/spec", "/spec"];
    let pod = pods.into_iter().find(|at| value.pointer(&format!("{at}/containers")).is_some());
    let mut all: Vec<(String, &str, Value)> = Vec::new();
    if let Some(pod) = pod {
        let mut add = |at: &str, key: &'static str, value: Value| all.push((format!("{pod}{at}"), key, value));
        let claim = json!([{"name": "donnees", "persistentVolumeClaim": {"claimName": "donnees"}}]);
        let node = json!([{"name": "noeud", "hostPath": {"path": "/"}}]);
        for (key, value) in [("hostNetwork", json!(true)), ("hostPID", json!(true)), ("hostIPC", json!(true)), ("volumes", node), ("volumes", claim)]
        {
            add("", key, value);
        }
        for (key, value) in [
            ("ports", json!([{"containerPort": 22, "hostPort": 22}])),
            ("env", json!([{"name": "DB_PASSWORD", "value": "s3cret-de-demo"}])),
            ("env", json!([{"name": "BROKER", "value": "amqp://demo:s3cret-de-demo@file:5672/"}])),
            ("image", json!("quay.io/keycloak/keycloak:26.0")),
        ] {
            add("/containers/0", key, value);
        }
        for (key, value) in [
            ("privileged", json!(true)),
            ("runAsUser", json!(0)),
            ("procMount", json!("Unmasked")),
            ("capabilities", json!({"add": ["SYS_ADMIN"]})),
            ("seccompProfile", json!({"type": "Unconfined"})),
        ] {
            add("/containers/0/securityContext", key, value);
        }
    }
    let mut of_kind = |kind: &str, at: &str, key: &'static str, added: Value| {
        if value["kind"] == kind {
            all.push((at.to_owned(), key, added));
        }
    };
    of_kind("Service", "/spec", "sessionAffinity", json!("ClientIP"));
    of_kind("Ingress", "/metadata/annotations", "nginx.ingress.kubernetes.io/affinity", json!("cookie"));
    of_kind("Ingress", "/metadata", "annotations", json!({"nginx.ingress.kubernetes.io/affinity": "cookie"}));
    of_kind("Cluster", "/spec", "imagePullPolicy", json!("Always"));
    of_kind("Cluster", "/spec", "postgresUID", json!(26));
    of_kind("ConfigMap", "/data", "DB_PASSWORD", json!("s3cret-de-demo"));
    of_kind("ConfigMap", "/data", "BROKER", json!("amqp://demo:s3cret-de-demo@file:5672/"));
    let applied = all.into_iter().filter_map(|(at, key, added)| {
        let mut changed = value.clone();
        changed.pointer_mut(&at)?.as_object_mut()?.insert(key.to_owned(), added);
        Some(changed)
    });
    let vault = matches!(value["kind"].as_str(), Some("VaultStaticSecret" | "SopsSecret"));
    let clear = json!({"apiVersion": "v1", "kind": "Secret", "metadata": value["metadata"], "stringData": {"password": "s3cret-de-demo"}});
    applied.chain(vault.then_some(clear)).collect()
}
