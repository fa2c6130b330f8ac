//! `check` on repositories made to hurt: links, bombs, binaries, escapes, endless or chatty programs. It ends, in bounded
//! time, says what it did not judge, and never calls it green.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::similar_names, reason = "a test prepares its files, and panics")]

#[path = "common/run.rs"]
mod run;
#[path = "common/tools.rs"]
mod tools;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, Instant};

use run::Test;
use serde_json::Value;
use tools::tool;

fn folder(test: &Test) -> std::path::PathBuf {
    let path = test.folder().join("depot");
    fs::create_dir_all(path.join("infra/templates")).unwrap();
    path
}

fn judged(test: &Test, helm: &str) -> Value {
    let start = Instant::now();
    let done = test.run_with(&["check", "depot", "--helm", helm, "--format", "json"]);
    assert!(matches!(done.code, Some(0 | 5)), "{done:#?}");
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
    let value = serde_json::from_str::<Value>(&done.stdout).unwrap()["folders"][0].clone();
    let green = value["requirements"].as_array().unwrap().iter().filter(|r| r["status"] == "met").count();
    assert_eq!(green, 0);
    value
}

fn gaps(value: &Value) -> Vec<String> {
    value["notEvaluated"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| format!("{}: {}", g["path"].as_str().unwrap(), g["why"]["en"].as_str().unwrap()))
        .collect()
}

const CHART: &str = "apiVersion: v2\nname: infra\nversion: 0.1.0\n";

#[test]
fn links_are_not_followed_not_even_by_helm() {
    let test = Test::new();
    let depot = folder(&test);
    symlink(".", depot.join("boucle")).unwrap();
    fs::write(depot.join("infra/Chart.yaml"), CHART).unwrap();
    fs::write(test.folder().join("dehors.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {DB_PASSWORD: dehors}\n").unwrap();
    symlink("../../../dehors.yaml", depot.join("infra/templates/lien.yaml")).unwrap();
    let value = judged(&test, &tool("helm4/helm").display().to_string());
    let gaps = gaps(&value);
    for expected in ["boucle: symbolic link", "infra/templates/lien.yaml: symbolic link", "infra: symbolic link in the chart"] {
        assert!(gaps.iter().any(|g| g.contains(expected)), "{expected}: {gaps:#?}");
    }
    assert_eq!(value["findings"].as_array().unwrap().len(), 0, "{value:#}");
}

#[test]
fn what_cannot_be_read_is_a_gap() {
    let test = Test::new();
    let depot = folder(&test);
    let bomb = (1..30).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, i| {
        let p = i - 1;
        format!("{text}a{i}: &a{i} [*a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}]\n")
    });
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
    fs::write(depot.join("bombe.yaml"), format!("{head}{bomb}")).unwrap();
    fs::write(depot.join("binaire.yaml"), [0, 159, 146, 150, 0, 255]).unwrap();
    fs::write(depot.join("long.yaml"), format!("{head}data:\n{}", "  une_cle_longue: une valeur\n".repeat(100_000))).unwrap();
    fs::write(depot.join("profond.yaml"), format!("{head}data: {}", "[".repeat(100_000))).unwrap();
    fs::write(depot.join("Dockerfile"), [0xff, 0xfe, 0, 1]).unwrap();
    fs::write(depot.join(".gitlab-ci-dso.yml"), "a: [b\n").unwrap();
    fs::write(depot.join("infra/Chart.yaml"), "{{ pas du YAML").unwrap();
    let gaps = gaps(&judged(&test, "/nonexistent"));
    for file in ["bombe.yaml", "binaire.yaml", "long.yaml", "profond.yaml", "Dockerfile", ".gitlab-ci-dso.yml", "infra/Chart.yaml"] {
        assert!(gaps.iter().any(|g| g.starts_with(&format!("{file}: "))), "{file}: {gaps:#?}");
    }
}

#[test]
fn a_hundred_thousand_lines_are_read_or_left_out_in_bounded_time() {
    let test = Test::new();
    let depot = folder(&test);
    let lines = (0..100_000).fold("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n".to_owned(), |t, i| format!("{t}  k{i}: a\n"));
    assert!(lines.len() > 1_000_000);
    fs::write(depot.join("lignes.yaml"), &lines[..1_000_000]).unwrap();
    judged(&test, "/nonexistent");
}

#[test]
fn a_deep_tree_is_cut_and_said() {
    let test = Test::new();
    let mut deep = folder(&test);
    for _ in 0..40 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    let gaps = gaps(&judged(&test, "/nonexistent"));
    assert!(gaps.iter().any(|g| g.contains("levels of folders")), "{gaps:#?}");
}

#[test]
fn helm_sees_nothing_of_the_environment_and_a_chatty_or_broken_one_is_a_gap() {
    let test = Test::new();
    let depot = folder(&test);
    fs::write(depot.join("infra/Chart.yaml"), CHART).unwrap();
    let script = |name: &str, body: &str| {
        let path = test.folder().join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    };
    let seen = test.folder().join("vu");
    let spy = script("espion", &format!("/usr/bin/env > {}", seen.display()));
    assert!(test.command(&["check", "depot", "--helm", &spy]).env("HTTPS_PROXY", "x").env("JETON", "y").output().unwrap().status.success());
    let environment = fs::read_to_string(&seen).unwrap();
    assert!(environment.contains("HOME=/nonexistent/mirai-kit") && !environment.contains("JETON") && !environment.contains("PROXY"), "{environment}");
    let chatty = script("bavard", "exec /usr/bin/head -c 40000000 /dev/zero");
    assert!(gaps(&judged(&test, &chatty)).iter().any(|g| g.contains("bytes")));
    let broken = script("casse", "echo 'Error: non' >&2; exit 1");
    assert!(gaps(&judged(&test, &broken)).iter().any(|g| g.contains("helm refuses")));
    let lying = script("menteur", "echo 'a: [b'");
    assert!(gaps(&judged(&test, &lying)).iter().any(|g| g.contains("YAML")));
}

#[test]
fn names_and_values_do_not_drive_the_terminal() {
    let test = Test::new();
    let depot = folder(&test);
    let name = "x\u{1b}[2J\nfaux.yaml";
    fs::write(depot.join(name), "apiVersion: v1\nkind: Service\nmetadata: {name: \"a\\e[31m\\nok\"}\nspec: {type: NodePort}\n").unwrap();
    let done = test.run_with(&["check", "depot", "--helm", "/nonexistent"]).code(5);
    assert!(!done.stdout.contains('\u{1b}') && !done.stdout.contains("\nfaux.yaml") && done.stdout.contains("\\u{1b}[2J"), "{}", done.stdout);
}

#[test]
fn what_hides_in_lists_is_judged_and_unknown_workloads_are_gaps() {
    let test = Test::new();
    let depot = folder(&test);
    let pod = "{containers: [{name: c, image: 'docker.io/a:latest'}]}";
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n  - {{apiVersion: v1, kind: PodList, items: [{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {pod}}}]}}\n"
    );
    fs::write(depot.join("liste.yaml"), list).unwrap();
    fs::write(
        depot.join("serveur.yaml"),
        format!("apiVersion: serving.kserve.io/v1alpha1\nkind: ServingRuntime\nmetadata: {{name: r}}\nspec: {pod}\n"),
    )
    .unwrap();
    let value = judged(&test, "/nonexistent");
    assert!(value["findings"].as_array().unwrap().iter().any(|f| f["rule"] == "disallow-latest" && f["file"] == "liste.yaml"), "{value:#}");
    assert!(gaps(&value).iter().any(|g| g.starts_with("serveur.yaml: ServingRuntime")), "{value:#}");
}

#[test]
fn a_chart_without_environments_and_projects_that_disagree_prove_nothing() {
    let test = Test::new();
    let depot = folder(&test);
    fs::write(depot.join("infra/Chart.yaml"), CHART).unwrap();
    fs::write(
        depot.join("infra/templates/a.yaml"),
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: 'docker.io/a:1'}]}\n",
    )
    .unwrap();
    fs::write(depot.join(".mirai-kit.yaml"), "reponses: {exposition: internet}\n").unwrap();
    fs::write(depot.join("infra/.mirai-kit.yaml"), "reponses: {exposition: rie}\n").unwrap();
    let of_release = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: '{{ .Release.Namespace }}'}\n";
    fs::write(depot.join("infra/templates/b.yaml"), of_release).unwrap();
    fs::write(depot.join("infra/templates/c.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d, namespace: autre}\n").unwrap();
    let hook = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: e, namespace: essai, annotations: {helm.sh/hook: test}}\n";
    fs::write(depot.join("infra/templates/d.yaml"), hook).unwrap();
    let value = judged(&test, &tool("helm4/helm").display().to_string());
    let placed = value["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == "no-namespace").collect::<Vec<_>>();
    assert_eq!(placed.len(), 1, "the release's own namespace and helm's tests are no findings: {placed:#?}");
    assert_eq!(placed[0]["object"], "ConfigMap/d");
    let gaps = gaps(&value);
    assert!(gaps.iter().any(|g| g.contains("defaults alone")) && gaps.iter().any(|g| g.contains("one by one")), "{gaps:#?}");
    let rows = value["requirements"].as_array().unwrap();
    assert!(rows.iter().all(|r| r["status"] != "not-applicable"), "nobody said that a row does not apply");
    let proven = rows.iter().flat_map(|r| r["facets"].as_array().unwrap()).filter(|f| f["status"] == "proven").count();
    assert_eq!(proven, 0);
}

#[test]
fn values_that_environments_share_are_no_environment_and_names_left_empty_are_said() {
    let test = Test::new();
    let depot = folder(&test);
    fs::write(depot.join("infra/Chart.yaml"), CHART).unwrap();
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 'c-{{ .Values.a }}{{ .Values.b }}'}\ndata: {P_PASSWORD: x}\n";
    fs::write(depot.join("infra/templates/a.yaml"), map).unwrap();
    fs::write(depot.join("infra/values.yaml"), "a: ''\nb: ''\n").unwrap();
    let helm = tool("helm4/helm").display().to_string();
    let value = judged(&test, &helm);
    assert_eq!(value["findings"].as_array().unwrap().len(), 0, "a name that values complete is not judged: {value:#}");
    assert!(gaps(&value).iter().any(|g| g.contains("name incomplete")), "{:#?}", gaps(&value));
    fs::write(depot.join("infra/values-common.yaml"), "a: x\n").unwrap();
    fs::write(depot.join("infra/values-prod.yaml"), "b: z\n").unwrap();
    let value = judged(&test, &helm);
    assert_eq!(value["environments"], serde_json::json!(["prod"]));
    assert_eq!(value["findings"][0]["object"], "ConfigMap/c-xz", "{value:#}");
}

#[test]
fn a_folder_that_is_not_there_is_a_failure() {
    Test::new().run("check absent").code(1).says(&["absent", "lecture impossible"]);
}
