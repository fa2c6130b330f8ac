//! Objects that name only what exists, then one reference broken at a time.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::check;

fn application() -> Vec<Value> {
    vec![
        json!({"kind": "Deployment", "metadata": {"name": "api"}, "spec": {
        "selector": {"matchLabels": {"app": "demo"}},
        "template": {"metadata": {"labels": {"app": "demo", "env": "dev"}}, "spec": {
            "serviceAccountName": "api",
            "imagePullSecrets": [{"name": "registry-pull-secret"}],
            "topologySpreadConstraints": [{"labelSelector": {"matchLabels": {"app": "demo"}}}],
            "volumes": [{"name": "cle", "secret": {"secretName": "cle"}}, {"name": "conf", "configMap": {"name": "conf", "items": [{"key": "a.yaml", "path": "a"}]}}],
            "containers": [{"name": "api",
                "envFrom": [{"configMapRef": {"name": "conf"}}],
                "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                        {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "a.yaml"}}}]}],
        }}}}),
        json!({"kind": "ServiceAccount", "metadata": {"name": "api"}}),
        json!({"kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"a.yaml": "x"}}),
        json!({"kind": "VaultStaticSecret", "metadata": {"name": "v"}, "spec": {"destination": {"create": true, "name": "db"},
            "rolloutRestartTargets": [{"kind": "Deployment", "name": "api"}]}}),
        json!({"kind": "SopsSecret", "metadata": {"name": "s"}, "spec": {"secretTemplates": [{"name": "cle"}]}}),
        json!({"kind": "Role", "metadata": {"name": "r"}}),
        json!({"kind": "RoleBinding", "metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "r"},
            "subjects": [{"kind": "ServiceAccount", "name": "api"}]}),
        json!({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}}}),
        json!({"kind": "ImageCatalog", "metadata": {"name": "pg"}}),
        json!({"kind": "ObjectStore", "metadata": {"name": "store"}, "spec": {"configuration": {"s3Credentials": {"accessKeyId": {"name": "db", "key": "A"}}}}}),
        json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "g1"}, "spec": {
            "imageCatalogRef": {"kind": "ImageCatalog", "name": "pg"},
            "bootstrap": {"initdb": {"secret": {"name": "db"}, "postInitApplicationSQLRefs": {"configMapRefs": [{"name": "conf", "key": "a.yaml"}]}},
                          "recovery": {"source": "precedent"}},
            "managed": {"roles": [{"name": "x", "passwordSecret": {"name": "db"}}]},
            "backup": {"barmanObjectStore": {"s3Credentials": {"accessKeyId": {"name": "db", "key": "A"}}}},
            "plugins": [{"parameters": {"barmanObjectName": "store"}}],
            "externalClusters": [{"name": "precedent"}]}}),
        json!({"kind": "ScheduledBackup", "metadata": {"name": "n"}, "spec": {"cluster": {"name": "g1"}}}),
        json!({"kind": "Ingress", "metadata": {"name": "i"}, "spec": {"tls": [{"secretName": "cle"}]}}),
    ]
}

fn rules(objects: &[Value]) -> Vec<&'static str> {
    check(objects, &BTreeSet::from(["registry-pull-secret".to_owned()])).findings.into_iter().map(|f| f.rule).collect()
}

#[test]
fn what_names_only_what_exists_passes_and_is_counted() {
    let objects = application();
    assert_eq!(rules(&objects), [""; 0]);
    let examined = check(&objects, &BTreeSet::from(["registry-pull-secret".to_owned()])).examined;
    assert!(examined["references"] >= 18 && examined["reference-keys"] >= 3 && examined["workload-selector"] == 2, "{examined:?}");
}

#[test]
fn a_name_that_nothing_bears_is_found() {
    let pod = "/spec/template/spec";
    let cases = [
        (0, format!("{pod}/serviceAccountName")),
        (0, format!("{pod}/imagePullSecrets/0/name")),
        (0, format!("{pod}/volumes/0/secret/secretName")),
        (0, format!("{pod}/volumes/1/configMap/name")),
        (0, format!("{pod}/containers/0/envFrom/0/configMapRef/name")),
        (0, format!("{pod}/containers/0/env/0/valueFrom/secretKeyRef/name")),
        (3, "/spec/rolloutRestartTargets/0/name".to_owned()),
        (6, "/roleRef/name".to_owned()),
        (6, "/subjects/0/name".to_owned()),
        (7, "/spec/scaleTargetRef/name".to_owned()),
        (9, "/spec/configuration/s3Credentials/accessKeyId/name".to_owned()),
        (10, "/spec/imageCatalogRef/name".to_owned()),
        (10, "/spec/bootstrap/initdb/secret/name".to_owned()),
        (10, "/spec/bootstrap/initdb/postInitApplicationSQLRefs/configMapRefs/0/name".to_owned()),
        (10, "/spec/bootstrap/recovery/source".to_owned()),
        (10, "/spec/managed/roles/0/passwordSecret/name".to_owned()),
        (10, "/spec/backup/barmanObjectStore/s3Credentials/accessKeyId/name".to_owned()),
        (10, "/spec/plugins/0/parameters/barmanObjectName".to_owned()),
        (11, "/spec/cluster/name".to_owned()),
        (12, "/spec/tls/0/secretName".to_owned()),
    ];
    for (index, pointer) in cases {
        let mut objects = application();
        *objects[index].pointer_mut(&pointer).unwrap() = json!("absent");
        let found = rules(&objects);
        assert!(found.iter().all(|r| *r == "references") && !found.is_empty(), "{pointer}: {found:?}");
    }
}

#[test]
fn a_key_that_is_not_there_is_found() {
    for pointer in ["/spec/template/spec/containers/0/env/1/valueFrom/configMapKeyRef/key", "/spec/template/spec/volumes/1/configMap/items/0/key"] {
        let mut objects = application();
        *objects[0].pointer_mut(pointer).unwrap() = json!("absente");
        assert_eq!(rules(&objects), ["reference-keys"], "{pointer}");
    }
}

#[test]
fn a_workload_that_does_not_select_its_own_pods_is_found() {
    for pointer in ["/spec/selector/matchLabels", "/spec/template/spec/topologySpreadConstraints/0/labelSelector/matchLabels"] {
        let mut objects = application();
        *objects[0].pointer_mut(pointer).unwrap() = json!({"app": "autre"});
        assert_eq!(rules(&objects), ["workload-selector"], "{pointer}");
    }
}
