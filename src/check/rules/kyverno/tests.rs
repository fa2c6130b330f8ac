//! Each rule on a good object, then on the same object with one thing wrong: exactly that rule must speak.

use serde_json::{Value, json};

use super::check;

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "demo-backend"},
        "spec": {"template": {
            "metadata": {"labels": {"app": "demo", "env": "prod", "tier": "backend", "criticality": "medium"}},
            "spec": {
                "securityContext": {"runAsNonRoot": true},
                "volumes": [{"name": "tmp", "emptyDir": {}}],
                "initContainers": [{"name": "attente", "image": "registre.exemple:5000/demo/backend:1",
                    "resources": {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}}],
                "containers": [{
                    "name": "backend", "image": "registre.exemple:5000/demo/backend:abc123",
                    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
                    "livenessProbe": {"httpGet": {"path": "/health/live", "port": "http"}},
                    "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                }],
            },
        }},
    })
}

fn rules(object: Value) -> Vec<&'static str> {
    let mut rules: Vec<_> = check(&[object], Some("registre.exemple:5000/mirai")).findings.into_iter().map(|f| f.rule).collect();
    rules.dedup();
    rules
}

/// The good object, one value changed: `None` removes it.
fn changed(mut object: Value, pointer: &str, value: Option<Value>) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = object.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(map), Some(value)) => drop(map.insert(key.to_owned(), value)),
        (Value::Object(map), None) => drop(map.shift_remove(key).unwrap()),
        (other, _) => panic!("{other} is not an object"),
    }
    object
}

#[test]
fn a_good_workload_passes_and_every_pod_rule_examined_it() {
    let report = check(&[deployment()], Some("registre.exemple:5000/mirai"));
    assert_eq!(report.findings, []);
    for (rule, count) in [
        ("check-labels", 1),
        ("labels-list", 3),
        ("disallow-hostpath", 1),
        ("disallow-latest", 2),
        ("restrict-image-registry", 2),
        ("need-containers-ressources", 2),
        ("need-liveness-readiness", 1),
    ] {
        assert_eq!(report.examined.get(rule), Some(&count), "{rule}");
    }
}

#[test]
fn one_thing_wrong_is_found_by_its_own_rule() {
    let pod = "/spec/template/spec";
    let first = "/spec/template/spec/containers/0";
    let label = "/spec/template/metadata/labels";
    let cases: [(&str, String, Option<Value>); 16] = [
        ("check-labels", format!("{label}/app"), None),
        ("check-labels", format!("{label}/tier"), None),
        ("labels-list", format!("{label}/env"), Some(json!("production"))),
        ("labels-list", format!("{label}/criticality"), Some(json!("haute"))),
        ("disallow-hostpath", format!("{pod}/volumes"), Some(json!([{"name": "x", "hostPath": {"path": "/"}}]))),
        ("security-context", format!("{pod}/securityContext"), Some(json!({"fsGroup": 0}))),
        ("security-context", format!("{first}/securityContext/runAsUser"), Some(json!(1000))),
        ("disallow-latest", format!("{first}/image"), Some(json!("registre.exemple:5000/demo/backend"))),
        ("disallow-latest", format!("{first}/image"), Some(json!("registre.exemple:5000/demo/backend:latest"))),
        ("restrict-image-registry", format!("{first}/image"), Some(json!("gcr.io/demo/backend:1"))),
        ("restrict-image-registry", format!("{first}/image"), Some(json!("registre.exemple:5000.pirate.example/x:1"))),
        ("restrict-image-registry", format!("{first}/image"), Some(json!("nginx:1.27"))),
        ("need-containers-ressources", format!("{first}/resources/limits"), None),
        ("need-containers-ressources", format!("{first}/resources/requests"), Some(json!({"cpu": "", "memory": "1Gi"}))),
        ("need-containers-ressources", format!("{pod}/initContainers"), Some(json!([{"name": "i", "image": "docker.io/x:1"}]))),
        ("need-liveness-readiness", format!("{first}/livenessProbe"), None),
    ];
    for (rule, pointer, value) in cases {
        assert_eq!(rules(changed(deployment(), &pointer, value)), [rule], "{pointer}");
    }
}

#[test]
fn a_digest_is_as_good_as_a_tag() {
    let image = json!(format!("ghcr.io/x/y@sha256:{}", "a".repeat(64)));
    assert_eq!(rules(changed(deployment(), "/spec/template/spec/containers/0/image", Some(image))), [""; 0]);
}

#[test]
fn pods_of_jobs_and_of_a_database_are_seen_too() {
    let pod = deployment().pointer("/spec/template").unwrap().clone();
    let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"},
        "spec": {"jobTemplate": {"spec": {"template": pod}}}});
    assert_eq!(rules(cron.clone()), [""; 0]);
    assert_eq!(rules(changed(cron, "/spec/jobTemplate/spec/template/metadata/labels/app", None)), ["check-labels"]);
    let cluster = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "d"},
        "spec": {"inheritedMetadata": {"labels": {"app": "demo", "env": "prod", "tier": "db"}}, "storage": {"size": "20Gi"}}});
    assert_eq!(rules(cluster.clone()), [""; 0]);
    assert_eq!(rules(changed(cluster.clone(), "/spec/inheritedMetadata/labels/app", None)), ["check-labels"]);
    assert_eq!(rules(changed(cluster.clone(), "/spec/storage/size", Some(json!("1Ti")))), ["limit-size-pvc"]);
    assert_eq!(rules(changed(cluster, "/spec/walStorage", Some(json!({"size": "beaucoup"})))), ["limit-size-pvc"]);
}

#[test]
fn other_kinds_have_their_rules() {
    let service = json!({"kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "ClusterIP", "ports": [{"port": 80}]}});
    assert_eq!(rules(service.clone()), [""; 0]);
    assert_eq!(rules(changed(service.clone(), "/spec/type", Some(json!("NodePort")))), ["restrict-nodeport"]);
    assert_eq!(rules(changed(service.clone(), "/spec/ports", Some(json!([{"port": 80, "nodePort": 30000}])))), ["restrict-nodeport"]);
    assert_eq!(rules(changed(service, "/metadata/namespace", Some(json!("x")))), ["no-namespace"]);
    let map = json!({"kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"DB_HOST": "x"}});
    assert_eq!(rules(map.clone()), [""; 0]);
    assert_eq!(rules(changed(map, "/data", Some(json!({"DB_PASSWORD": "x"})))), ["cm-no-credentials"]);
    let claim =
        |size: &str| json!({"kind": "PersistentVolumeClaim", "metadata": {"name": "p"}, "spec": {"resources": {"requests": {"storage": size}}}});
    assert_eq!(rules(claim("1023Gi")), [""; 0]);
    assert_eq!(rules(claim("1024Gi")), ["limit-size-pvc"]);
    assert_eq!(rules(claim("2T")), ["limit-size-pvc"]);
    assert_eq!(rules(json!({"kind": "ClusterRole", "metadata": {"name": "r"}})), ["appproject-kinds"]);
    assert_eq!(rules(json!({"kind": "ResourceQuota", "metadata": {"name": "r"}})), ["appproject-kinds"]);
    let binding = json!({"kind": "RoleBinding", "metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "self-provisioner"}});
    assert_eq!(rules(binding), ["disallow-selfprovisionning"]);
}
