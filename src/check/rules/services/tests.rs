//! A small application whose parts agree, then one value wrong at a time: exactly one rule must speak.

use serde_json::{Value, json};

use super::check;

fn application() -> Vec<Value> {
    vec![
        json!({"kind": "Deployment", "metadata": {"name": "api"}, "spec": {"template": {
            "metadata": {"labels": {"app": "demo", "component": "python"}},
            "spec": {"containers": [{"name": "api", "ports": [{"name": "http", "containerPort": 8080}]}]}}}}),
        json!({"kind": "Service", "metadata": {"name": "api", "labels": {"app": "demo"}},
            "spec": {"selector": {"component": "python"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}}),
        json!({"kind": "Ingress", "metadata": {"name": "api"}, "spec": {"rules": [{"http": {"paths": [
            {"path": "/api", "backend": {"service": {"name": "api", "port": {"name": "http"}}}}]}}]}}),
        json!({"kind": "ServiceMonitor", "metadata": {"name": "api"},
            "spec": {"selector": {"matchLabels": {"app": "demo"}}, "endpoints": [{"port": "http"}]}}),
        json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "demo-db-g1"}, "spec": {}}),
        json!({"kind": "PodMonitor", "metadata": {"name": "db"}, "spec": {
            "selector": {"matchLabels": {"cnpg.io/cluster": "demo-db-g1"}}, "podMetricsEndpoints": [{"port": "metrics"}]}}),
        json!({"kind": "NetworkPolicy", "metadata": {"name": "api"}, "spec": {
            "podSelector": {"matchLabels": {"component": "python"}},
            "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 8080}]}],
            "egress": [
                {"to": [{"podSelector": {"matchLabels": {"cnpg.io/cluster": "demo-db-g1"}}}], "ports": [{"port": 5432}]},
                {"ports": [{"port": 443}]}]}}),
        json!({"kind": "PodDisruptionBudget", "metadata": {"name": "api"}, "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "demo"}}}}),
    ]
}

#[test]
fn parts_that_agree_pass_and_are_counted() {
    let report = check(&application());
    assert_eq!(report.findings, []);
    for rule in ["service-selector", "service-ports", "ingress-backend", "netpol-peers", "pdb-selector"] {
        assert_eq!(report.examined.get(rule), Some(&1), "{rule}");
    }
    for rule in ["monitor-selector", "monitor-port", "netpol-ports"] {
        assert_eq!(report.examined.get(rule), Some(&2), "{rule}");
    }
}

#[test]
fn one_wrong_value_is_found_by_its_own_rule() {
    let cases = [
        ("service-ports", 1, "/spec/ports/0/targetPort", json!("web")),
        ("service-ports", 1, "/spec/ports/0/targetPort", json!(8081)),
        ("service-selector", 1, "/spec/selector", json!({"component": "java"})),
        ("ingress-backend", 2, "/spec/rules/0/http/paths/0/backend/service/name", json!("absent")),
        ("ingress-backend", 2, "/spec/rules/0/http/paths/0/backend/service/port", json!({"number": 8080})),
        ("monitor-port", 3, "/spec/endpoints/0/port", json!("metrics")),
        ("monitor-port", 5, "/spec/podMetricsEndpoints/0/port", json!("http")),
        ("netpol-ports", 6, "/spec/ingress/0/ports/0/port", json!(8081)),
        ("netpol-ports", 6, "/spec/egress/0/ports/0/port", json!(5433)),
    ];
    for (rule, index, pointer, value) in cases {
        let mut objects = application();
        *objects[index].pointer_mut(pointer).unwrap() = value;
        let found: Vec<_> = check(&objects).findings.into_iter().map(|f| f.rule).collect();
        assert_eq!(found, [rule], "{pointer}");
    }
}

#[test]
fn a_selector_that_matches_nothing_is_found() {
    let cases = [
        ("monitor-selector", 3, "/spec/selector/matchLabels/app"),
        ("monitor-selector", 5, "/spec/selector/matchLabels/cnpg.io~1cluster"),
        ("netpol-selector", 6, "/spec/podSelector/matchLabels/component"),
        ("pdb-selector", 7, "/spec/selector/matchLabels/app"),
        ("netpol-peers", 6, "/spec/egress/0/to/0/podSelector/matchLabels/cnpg.io~1cluster"),
    ];
    for (rule, index, pointer) in cases {
        let mut objects = application();
        *objects[index].pointer_mut(pointer).unwrap() = json!("autre");
        assert!(!check(&objects).of(rule).is_empty(), "{pointer}");
    }
}
