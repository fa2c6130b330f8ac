//! Network policies that open more than what they are for.

use serde_json::Value;

use crate::check::{Report, items};
use crate::text::Text;

/// Ports that a policy may open to the outside without naming whom: names (5353: pods of OpenShift's DNS), HTTPS, the API.
const OUTSIDE: [u64; 4] = [53, 443, 5353, 6443];

/// Checks each rule of a policy.
pub(super) fn check(report: &mut Report, cited: &str, object: &Value) {
    for (side, list, incoming) in [("ingress", "/from", true), ("egress", "/to", false)] {
        for (index, rule) in items(object, &format!("/spec/{side}")).enumerate() {
            report.see_at("network-policy-open", cited, &format!("/spec/{side}/{index}"), open(rule, list, incoming));
        }
    }
}

/// Why a rule is too wide, if it is.
fn open(rule: &Value, list: &str, incoming: bool) -> Option<Text> {
    let ports: Vec<&Value> = items(rule, "/ports").collect();
    if ports.is_empty() || ports.iter().any(|port| port.get("port").is_none_or(Value::is_null)) {
        // A policy that lets a namespace speak to itself on every port is the platform's own.
        let own = |peer: &Value| peer.get("podSelector").is_some_and(selects_all) && peer.get("namespaceSelector").is_none();
        let inside = items(rule, list).next().is_some() && items(rule, list).all(own);
        return (!inside).then(|| Text::new("tous les ports", "every port"));
    }
    let anyone = items(rule, list).next().is_none() || items(rule, list).any(everywhere);
    let outside = |port: &&Value| port.get("port").and_then(Value::as_u64).is_some_and(|port| OUTSIDE.contains(&port));
    if !anyone || (!incoming && ports.iter().all(outside)) {
        return None;
    }
    Some(if incoming {
        Text::new("tout le cluster peut entrer", "the whole cluster may come in")
    } else {
        Text::new("sort vers n’importe qui", "goes out to anyone")
    })
}

/// Every pod of every namespace.
fn everywhere(peer: &Value) -> bool {
    peer.get("namespaceSelector").is_some_and(selects_all) && peer.get("podSelector").is_none_or(selects_all)
}

/// An empty selector.
fn selects_all(selector: &Value) -> bool {
    let none = |key: &str| match selector.get(key) {
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        _ => true,
    };
    selector.is_object() && none("matchLabels") && none("matchExpressions")
}
