//! Kustomize as `check` builds it, by the real kubectl: overlays are judged as their environment, bases as their overlays make
//! them, and a kustomization that reaches outside the repository is never given to kubectl.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test prepares its files, and panics")]

#[path = "common/run.rs"]
mod run;
#[path = "common/tools.rs"]
mod tools;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use run::Test;
use serde_json::Value;
use tools::tool;

const BASE: &str = "resources: [deploiement.yaml]\nconfigMapGenerator:\n  - {name: demo, literals: [NIVEAU=info]}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  selector: {matchLabels: {app: demo}}\n  template:\n    metadata: {labels: {app: demo}}\n    spec:\n      containers:\n        - name: api\n          image: registre.exemple.fr/demo/api:1.0.0\n          envFrom: [{configMapRef: {name: demo}}]\n";
const OVERLAY: &str = "resources: [../../base]\nnamePrefix: prod-\n";

fn write(test: &Test, files: &[(&str, &str)]) {
    for (path, content) in files {
        let path = test.folder().join("depot").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

fn overlays(test: &Test) {
    let latest = "resources: [../../base]\nimages:\n  - {name: registre.exemple.fr/demo/api, newTag: latest}\n";
    let files = [
        ("base/kustomization.yaml", BASE),
        ("base/deploiement.yaml", DEPLOYMENT),
        ("overlays/dev/kustomization.yaml", latest),
        ("overlays/prod/kustomization.yaml", OVERLAY),
    ];
    write(test, &files);
}

fn judged(test: &Test, kubectl: &str, more: &[&str]) -> Value {
    let arguments = [&["check", "depot", "--kubectl", kubectl, "--format", "json"][..], more].concat();
    let done = test.run_with(&arguments);
    assert!(matches!(done.code, Some(0 | 5)), "{done:#?}");
    serde_json::from_str::<Value>(&done.stdout).unwrap()["folders"][0].clone()
}

fn kubectl() -> String {
    tool("helm4/kubectl").display().to_string()
}

fn of<'a>(value: &'a Value, rule: &str) -> Vec<&'a Value> {
    value["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == rule).collect()
}

fn gaps(value: &Value) -> Vec<String> {
    let gaps = value["notEvaluated"].as_array().unwrap().iter();
    gaps.map(|g| format!("{}: {}", g["path"].as_str().unwrap(), g["why"]["en"].as_str().unwrap())).collect()
}

#[test]
fn an_overlay_is_judged_as_its_environment_and_a_base_as_its_overlays_make_it() {
    let test = Test::new();
    overlays(&test);
    let value = judged(&test, &kubectl(), &[]);
    let latest = of(&value, "disallow-latest");
    assert_eq!(latest.len(), 1, "{value:#}");
    assert_eq!(latest[0]["environments"], serde_json::json!(["dev"]), "the base alone and the production have a fixed version");
    assert_eq!(latest[0]["file"], "base/deploiement.yaml", "{latest:#?}");
    let probes = of(&value, "need-liveness-readiness");
    let names: Vec<&str> = probes.iter().map(|f| f["object"].as_str().unwrap()).collect();
    assert_eq!(names, ["Deployment/api (api)", "Deployment/prod-api (api)"], "never the base alone");
    assert!(of(&value, "references").is_empty(), "a generated ConfigMap is known under the name it takes: {value:#}");
    let gaps = gaps(&value);
    assert!(!gaps.iter().any(|g| g.contains("ustomiz")), "{gaps:#?}");
}

#[test]
fn one_environment_may_be_asked_for() {
    let test = Test::new();
    overlays(&test);
    let value = judged(&test, &kubectl(), &["--env", "prod"]);
    assert!(of(&value, "disallow-latest").is_empty());
    assert_eq!(of(&value, "need-liveness-readiness").len(), 1);
    assert!(gaps(&value).iter().any(|g| g.starts_with("overlays/dev/kustomization.yaml")), "{value:#}");
    assert_eq!(test.run_with(&["check", "depot", "--env", "inconnu"]).code, Some(2));
}

#[test]
fn without_kubectl_nothing_is_built_and_that_is_said() {
    let test = Test::new();
    overlays(&test);
    let done = test.command(&["check", "depot", "--format", "json"]).env("PATH", "/nonexistent").output().unwrap();
    let value = serde_json::from_slice::<Value>(&done.stdout).unwrap()["folders"][0].clone();
    assert!(value["findings"].as_array().unwrap().is_empty());
    assert_eq!(gaps(&value).iter().filter(|g| g.contains("kubectl is not found")).count(), 2, "{value:#}");
}

#[test]
fn what_reaches_outside_is_refused_before_kubectl_runs() {
    let head = "resources: [deploiement.yaml]\n";
    let hostile = [
        "resources: ['https://exemple.fr/base.yaml']\n".to_owned(),
        "resources: ['github.com/exemple/depot//base?ref=v1']\n".to_owned(),
        "resources: ['git@exemple.fr:exemple/depot']\n".to_owned(),
        "resources: [exemple.fr/depot]\n".to_owned(),
        "bases: [../../../ailleurs]\n".to_owned(),
        "components: ['https://exemple.fr/composant']\n".to_owned(),
        "resources: [/etc/hostname]\n".to_owned(),
        "resources: [absent.yaml]\n".to_owned(),
        "resources: 'https://exemple.fr/base.yaml'\nResources: ['https://exemple.fr/base.yaml']\n".to_owned(),
        format!("{head}helmCharts: [{{name: demo, repo: 'https://exemple.fr'}}]\n"),
        format!("{head}helmGlobals: {{chartHome: charts}}\n"),
        format!("{head}generators: [greffon.yaml]\n"),
        format!("{head}transformers: [greffon.yaml]\n"),
        format!("{head}validators: [greffon.yaml]\n"),
        format!("{head}patches: [{{path: 'https://exemple.fr/p.yaml'}}]\n"),
        format!("{head}patches: [{{Path: 'https://exemple.fr/p.yaml'}}]\n"),
        format!("{head}patchesStrategicMerge: ['https://exemple.fr/p.yaml']\n"),
        format!("{head}patchesJson6902: [{{target: {{kind: A, name: a}}, path: ../../p.yaml}}]\n"),
        format!("{head}replacements: [{{path: 'http://exemple.fr/r.yaml'}}]\n"),
        format!("{head}crds: ['https://exemple.fr/crd.json']\n"),
        format!("{head}openapi: {{path: 'https://exemple.fr/schema.json'}}\n"),
        format!("{head}configurations: ['https://exemple.fr/c.yaml']\n"),
        format!("{head}configMapGenerator: [{{name: a, files: ['a=https://exemple.fr/a']}}]\n"),
        format!("{head}configMapGenerator: [{{name: a, files: [/etc/passwd]}}]\n"),
        format!("{head}secretGenerator: [{{name: a, envs: [../../../../etc/environment]}}]\n"),
        format!("{head}secretGenerator: [{{name: a, kvSources: [{{pluginType: Go}}]}}]\n"),
        format!("{head}---\nresources: ['https://exemple.fr/base.yaml']\n"),
        "resources: [../lie]\n".to_owned(),
    ];
    for content in &hostile {
        let test = Test::new();
        write(&test, &[("k/kustomization.yaml", content), ("k/deploiement.yaml", DEPLOYMENT), ("k/greffon.yaml", "a: 1\n")]);
        symlink("/etc", test.folder().join("depot/lie")).unwrap();
        let seen = test.folder().join("lance");
        let spy = test.folder().join("espion");
        fs::write(&spy, format!("#!/bin/sh\n: > {}\n", seen.display())).unwrap();
        fs::set_permissions(&spy, fs::Permissions::from_mode(0o755)).unwrap();
        let value = judged(&test, &spy.display().to_string(), &[]);
        assert!(!seen.exists(), "kubectl was run on {content}");
        assert!(gaps(&value).iter().any(|g| g.starts_with("k/kustomization.yaml: ")), "{content}{:#?}", gaps(&value));
    }
}

#[test]
fn an_overlay_is_refused_for_what_its_base_does() {
    let test = Test::new();
    overlays(&test);
    write(&test, &[("base/kustomization.yaml", "resources: [deploiement.yaml, 'https://exemple.fr/b.yaml']\n")]);
    let value = judged(&test, &kubectl(), &[]);
    for overlay in ["dev", "prod"] {
        let file = format!("overlays/{overlay}/kustomization.yaml: https://exemple.fr/b.yaml");
        assert!(gaps(&value).iter().any(|g| g.starts_with(&file)), "{value:#}");
    }
    assert!(value["findings"].as_array().unwrap().is_empty(), "{value:#}");
}

#[test]
fn links_cycles_and_a_broken_kubectl_are_gaps() {
    let test = Test::new();
    overlays(&test);
    symlink("/etc/hostname", test.folder().join("depot/base/lien.yaml")).unwrap();
    assert!(gaps(&judged(&test, &kubectl(), &[])).iter().any(|g| g.contains("symbolic link in the kustomization: base/lien.yaml")));

    let test = Test::new();
    write(&test, &[("a/kustomization.yaml", "resources: [../b]\n"), ("b/kustomization.yaml", "resources: [../a]\n")]);
    write(&test, &[("c/kustomization.yaml", "resources: [../a]\n")]);
    assert!(gaps(&judged(&test, &kubectl(), &[])).iter().any(|g| g.contains("kubectl refuses this kustomization")));

    let test = Test::new();
    overlays(&test);
    assert!(gaps(&judged(&test, "/bin/false", &[])).iter().any(|g| g.contains("kubectl refuses")));
    assert!(gaps(&judged(&test, "/nonexistent", &[])).iter().any(|g| g.contains("kubectl cannot be started")));
}

#[test]
fn what_a_kustomization_does_not_name_or_another_tool_completes_is_left_aside() {
    let test = Test::new();
    let files = [
        ("base/kustomization.yaml", "resources: [deploiement.yaml, espace.yaml]\n"),
        ("base/deploiement.yaml", DEPLOYMENT),
        ("base/espace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: '${ESPACE}'}\n"),
        (
            "base/retouche.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: autre}\nspec: {template: {spec: {containers: [{name: a}]}}}\n",
        ),
    ];
    write(&test, &files);
    let value = judged(&test, &kubectl(), &[]);
    let objects: Vec<&str> = value["findings"].as_array().unwrap().iter().filter_map(|f| f["object"].as_str()).collect();
    assert!(!objects.is_empty() && objects.iter().all(|object| object.starts_with("Deployment/api")), "{objects:?}");
    let said = gaps(&value);
    assert!(said.iter().any(|g| g.starts_with("base/retouche.yaml: ")), "{said:#?}");
    assert!(said.iter().any(|g| g.contains("model of another tool")), "{said:#?}");
}
