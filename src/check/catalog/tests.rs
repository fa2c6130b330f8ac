//! Each rule has a good example, which it examines and leaves alone, and a bad one, which it sees.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{RULES, proving, rule};
use crate::check::repository::Input;
use crate::check::{Report, argo, cnpg, files, kyverno, names, references, services};
use crate::yaml;

const GOOD: &str = include_str!("good.yaml");

fn good() -> Vec<Value> {
    GOOD.split("\n---\n").map(|d| yaml::parse("good.yaml", d).unwrap()).collect()
}

fn judged(objects: &[Value]) -> Report {
    let mut report = kyverno::check(objects, "registre.exemple.fr/demo");
    report.merge(names::check(objects));
    report.merge(argo::check(objects, &|_| false));
    report.merge(services::check(objects));
    report.merge(references::check(objects, &BTreeSet::new()));
    report.merge(cnpg::check(objects));
    report
}

/// Rule, kind to spoil, place, and what to put there.
fn bad() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    vec![
        ("check-labels", "Deployment", "/spec/template/metadata/labels/tier", Value::Null),
        ("labels-list", "Deployment", "/spec/template/metadata/labels/env", json!("production")),
        ("disallow-hostpath", "Deployment", "/spec/template/spec/volumes", json!([{"name": "h", "hostPath": {"path": "/"}}])),
        ("security-context", "Deployment", "/spec/template/spec/securityContext", json!({"runAsUser": 1000})),
        ("disallow-latest", "Deployment", "/spec/template/spec/containers/0/image", json!("registre.exemple.fr/demo/api:latest")),
        ("restrict-image-registry", "Deployment", "/spec/template/spec/containers/0/image", json!("ailleurs.exemple.fr/api:1.0.0")),
        ("need-containers-ressources", "Deployment", "/spec/template/spec/containers/0/resources/limits", Value::Null),
        ("need-liveness-readiness", "Deployment", "/spec/template/spec/containers/0/readinessProbe", Value::Null),
        ("appproject-kinds", "ConfigMap", "/kind", json!("Namespace")),
        ("no-namespace", "ConfigMap", "/metadata/namespace", json!("demo")),
        ("cm-no-credentials", "ConfigMap", "/data/DB_PASSWORD", json!("x")),
        ("restrict-nodeport", "Service", "/spec/type", json!("NodePort")),
        ("disallow-selfprovisionning", "RoleBinding", "/roleRef/name", json!("self-provisioners")),
        ("limit-size-pvc", "PersistentVolumeClaim", "/spec/resources/requests/storage", json!("2Ti")),
        ("names", "ConfigMap", "/metadata/name", json!("Demo_x")),
        ("label-values", "ConfigMap", "/metadata/labels", json!({"app": "a b"})),
        ("service-selector", "Service", "/spec/selector", json!({"app": "autre"})),
        ("service-ports", "Service", "/spec/ports/0/targetPort", json!("autre")),
        ("ingress-backend", "Ingress", "/spec/rules/0/http/paths/0/backend/service/name", json!("autre")),
        ("monitor-selector", "ServiceMonitor", "/spec/selector/matchLabels", json!({"app": "autre"})),
        ("monitor-port", "ServiceMonitor", "/spec/endpoints/0/port", json!("autre")),
        ("pdb-selector", "PodDisruptionBudget", "/spec/selector/matchLabels", json!({"app": "autre"})),
        ("netpol-selector", "NetworkPolicy", "/spec/podSelector/matchLabels", json!({"app": "autre"})),
        ("netpol-peers", "NetworkPolicy", "/spec/ingress/0/from/0/podSelector/matchLabels", json!({"app": "autre"})),
        ("netpol-ports", "NetworkPolicy", "/spec/ingress/0/ports/0/port", json!("autre")),
        ("references", "Deployment", "/spec/template/spec/containers/0/envFrom/0/configMapRef/name", json!("autre")),
        ("reference-keys", "Deployment", "/spec/template/spec/containers/0/env/0/valueFrom/configMapKeyRef/key", json!("AUTRE")),
        ("workload-selector", "Deployment", "/spec/selector/matchLabels", json!({"app": "autre"})),
        ("cnpg-backup", "Cluster", "/spec/backup/barmanObjectStore", Value::Null),
        ("cnpg-retention", "Cluster", "/spec/backup/retentionPolicy", Value::Null),
        ("cnpg-scheduled-backup", "ScheduledBackup", "/spec/cluster/name", json!("autre")),
        ("cnpg-scheduled-backup", "ScheduledBackup", "/spec/suspend", json!(true)),
        ("cnpg-schedule-fields", "ScheduledBackup", "/spec/schedule", json!("30 2 * * *")),
        ("cnpg-guard", "Cluster", "/metadata/annotations", json!({})),
        ("cnpg-guard", "Cluster", "/metadata/annotations/argocd.argoproj.io~1sync-options", json!("Prune=false")),
        ("cnpg-owner-not-app", "Cluster", "/spec/bootstrap/initdb/owner", Value::Null),
        ("cnpg-owner-not-app", "Cluster", "/spec/bootstrap/initdb/owner", json!("demo_app")),
        ("cnpg-owner-not-app", "Deployment", "/spec/template/spec/containers/0/envFrom/0", json!({"secretRef": {"name": "demo-db-owner"}})),
        ("cnpg-resources", "Cluster", "/spec/resources/limits/memory", Value::Null),
        ("cnpg-image", "Cluster", "/spec/imageName", json!("ghcr.io/cloudnative-pg/postgresql:latest")),
        ("appproject-scope", "AppProject", "/spec/sourceRepos/0", json!("*")),
        ("appproject-scope", "AppProject", "/spec/destinations/0/namespace", json!("*")),
        ("appproject-scope", "AppProject", "/spec/clusterResourceWhitelist", json!([{"group": "*", "kind": "*"}])),
        ("argocd-pinned-revision", "Application", "/spec/source/targetRevision", json!("main")),
        ("argocd-pinned-revision", "Application", "/spec/source/targetRevision", json!("1.*")),
    ]
}

fn put(object: &mut Value, place: &str, value: Value) {
    let (parent, key) = place.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    match object.pointer_mut(parent).unwrap_or_else(|| panic!("{place}")) {
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        Value::Object(map) if value.is_null() => drop(map.remove(&key).unwrap_or_else(|| panic!("{place}"))),
        holder => holder[key] = value,
    }
}

#[test]
fn good_objects_are_examined_and_left_alone() {
    let report = judged(&good());
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    for rule in RULES.iter().filter(|r| r.reads == Input::Manifests) {
        assert!(report.examined.get(rule.id).is_some_and(|n| *n > 0), "{} examined nothing", rule.id);
    }
}

#[test]
fn each_rule_sees_its_bad_example() {
    let mut seen = BTreeSet::new();
    for (id, kind, place, value) in bad() {
        let mut objects = good();
        put(objects.iter_mut().find(|o| o["kind"] == kind).unwrap(), place, value);
        assert!(!judged(&objects).of(id).is_empty(), "{id} does not see {kind} {place}");
        seen.insert(id);
    }
    for rule in RULES.iter().filter(|r| r.reads == Input::Manifests) {
        assert!(seen.contains(rule.id), "{} has no bad example", rule.id);
    }
}

#[test]
fn files_have_their_examples() {
    let value = |text: &str| -> Value { yaml::parse("x", text).unwrap() };
    let found = |report: Report| -> Vec<&'static str> {
        assert!(!report.examined.is_empty());
        report.findings.into_iter().map(|f| f.rule).collect()
    };
    let docker = |text: &str| found(files::dockerfile(text));
    assert_eq!(docker("ARG V=3.13\nFROM python:$V AS a\nRUN x \\\n  USER 0\nFROM a\nUSER 10001:0\n"), [""; 0]);
    assert_eq!(docker("FROM a:1\n"), ["dockerfile-user"]);
    assert_eq!(docker("FROM a:1\nUSER 1\nUSER root\n"), ["dockerfile-user"]);
    assert_eq!(docker("FROM a:1\nUSER app\n"), ["dockerfile-user"]);
    assert_eq!(docker("FROM a:1\nUSER 1\nFROM b:1\n"), ["dockerfile-user"], "the user of another stage");
    for image in ["a", "a:latest", "hote:5000/a"] {
        assert_eq!(docker(&format!("FROM {image}\nUSER 1\n")), ["dockerfile-no-latest"], "{image}");
    }
    let pipeline = |text: &str| found(files::pipeline(&value(text)));
    let head = "include: [{project: $CATALOG_PATH, file: [vault-ci.yml]}]\n";
    let good = format!("{head}read_secret: {{extends: '.vault:read_secret'}}\n");
    assert_eq!(pipeline(&good), [""; 0]);
    assert_eq!(pipeline(head), ["dso-pipeline"]);
    assert_eq!(pipeline("read_secret: {extends: '.vault:read_secret'}"), ["dso-pipeline"]);
    assert_eq!(pipeline(&format!("{good}t: {{image: 'python:latest'}}")), ["dso-no-latest"]);
    assert_eq!(pipeline(&format!("{good}t: {{image: {{name: python}}}}")), ["dso-no-latest"]);
    let chart = |version: &str| found(files::chart(&json!({"dependencies": [{"name": "a", "version": version}]})));
    for exact in ["1.2.3", "v1.2.3", "1.2.3-rc.1"] {
        assert_eq!(chart(exact), [""; 0], "{exact}");
    }
    for range in ["", "^1.2.3", "1.2.x", "*", ">=1.0.0", "1.2", "~1.2.3"] {
        assert_eq!(chart(range), ["chart-dependency-pinned"], "{range}");
    }
    assert_eq!(found(files::values("# a-completer\nhost: demo.fr\n")), [""; 0]);
    assert_eq!(found(files::values("host: demo.a-completer.invalid\n")), ["placeholder"]);
}

#[test]
fn the_catalogue_is_whole() {
    let ids: BTreeSet<&str> = RULES.iter().map(|r| r.id).collect();
    assert_eq!(ids.len(), RULES.len(), "an id twice");
    for rule in RULES {
        let (message, hint) = (rule.message(), rule.hint());
        assert!([message.fr, message.en, hint.fr, hint.en].iter().all(|t| t.len() > 5), "{}", rule.id);
    }
    let kit = crate::kit::Kit::embedded().unwrap();
    for evidence in kit.modules.iter().flat_map(|m| &m.evidence).filter_map(|e| e.rule.as_deref()) {
        for id in proving(evidence) {
            assert!(rule(id).is_some(), "{evidence}: {id}");
        }
    }
}
