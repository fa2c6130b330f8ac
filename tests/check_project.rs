//! `check` on generated projects: nothing fails as generated, each mutation is seen by its rule, and what is not evaluated
//! is never green. Charts are rendered by the real helm, in both versions.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::similar_names, reason = "a test prepares its files, and panics")]

#[path = "common/run.rs"]
mod run;
#[path = "common/tools.rs"]
mod tools;

use std::collections::BTreeSet;
use std::fs;

use run::Test;
use serde_json::Value;
use tools::{in_parallel, tool};

/// A project whose every chart can be rendered: services of the catalogue need their dependencies downloaded.
fn whole() -> Test {
    let test = Test::new();
    let set = ["--set", "services_onyxia=[]", "--set", "registre=registre.exemple.fr"];
    test.run_with(&[&["new", "demo", "--defaults", "--no-git"][..], &set].concat()).code(0);
    test
}

fn check(test: &Test, helm: &str, code: i32) -> Value {
    let done = test.run_with(&["check", "demo", "--helm", helm, "--format", "json"]).code(code);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    let faults: Vec<String> = schema().iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    value["folders"][0].clone()
}

fn schema() -> jsonschema::Validator {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/check.v1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn helm() -> String {
    tool("helm4/helm").display().to_string()
}

fn list<'a>(folder: &'a Value, key: &str) -> &'a Vec<Value> {
    folder[key].as_array().unwrap()
}

fn errors(folder: &Value) -> BTreeSet<String> {
    list(folder, "findings").iter().filter(|f| f["severity"] == "error").map(|f| f["rule"].as_str().unwrap().to_owned()).collect()
}

fn rows(folder: &Value, status: &str) -> BTreeSet<String> {
    list(folder, "requirements").iter().filter(|r| r["status"] == status).map(|r| r["requirement"].as_str().unwrap().to_owned()).collect()
}

fn edit(test: &Test, file: &str, from: &str, to: &str) {
    let path = test.folder().join("demo").join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} does not hold {from:?}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_generated_project_has_no_error_and_its_undownloaded_chart_is_not_evaluated() {
    let test = Test::new();
    test.run("new demo --defaults --no-git").code(0);
    let folder = check(&test, &helm(), 0);
    assert_eq!(errors(&folder), BTreeSet::new());
    assert!(list(&folder, "notEvaluated").iter().any(|g| g["path"] == "infra-qdrant" && g["why"]["fr"].as_str().unwrap().contains("charts/")));
    assert!(list(&folder, "notEvaluated").iter().any(|g| g["why"]["en"].as_str().unwrap().contains("restrict-image-registry")));
    let resources = facet(&folder, "pi-native@2024-05-27/EXI-G-4", "ressources-bornees");
    assert_eq!(resources["status"], "not-evaluated", "one chart of three was not seen");
    assert_eq!(rows(&folder, "met"), of_pi_native(&WITHOUT_CHARTS));
}

/// Rows of a default project that files alone show: its language, its tests.
const WITHOUT_CHARTS: [&str; 2] = ["EXI-ORG-10", "EXI-ARCH-1"];

fn of_pi_native(rows: &[&str]) -> BTreeSet<String> {
    rows.iter().map(|row| format!("pi-native@2024-05-27/{row}")).collect()
}

fn facet(folder: &Value, row: &str, facet: &str) -> Value {
    let row = list(folder, "requirements").iter().find(|r| r["requirement"] == row).unwrap();
    list(row, "facets").iter().find(|f| f["id"] == facet).unwrap().clone()
}

#[test]
fn a_whole_project_is_judged_alike_by_both_helms_and_placeholders_hold_its_facets_back() {
    let test = whole();
    let folder = check(&test, &helm(), 0);
    let older = check(&test, &tool("helm3/helm").display().to_string(), 0);
    assert_eq!(folder, older);
    assert_eq!(list(&folder, "notEvaluated").len(), 0, "{folder:#}");
    assert!(folder["examined"].as_object().unwrap().len() > 35, "{}", folder["examined"]);
    assert_eq!(rows(&folder, "failed"), BTreeSet::new());
    // What holds a placeholder, and nothing else, is held back.
    assert_eq!(rows(&folder, "met"), of_pi_native(&[&WITHOUT_CHARTS[..], &["EXI-ARCH-18", "EXI-ARCH-19", "EXI-ARCH-20"]].concat()));
    for (row, idle, rule) in [("EXI-ARCH-5", "versions-figees", "chart-dependency-pinned"), ("EXI-ARCH-7", "autorites-racines", "internal-ca-mount")]
    {
        let facet = facet(&folder, &format!("pi-native@2024-05-27/{row}"), idle);
        assert_eq!(facet["status"], "not-evaluated", "{rule} has nothing to examine: {facet}");
        assert!(folder["examined"].get(rule).is_none(), "{rule}");
    }
    assert!(list(&folder, "findings").iter().any(|f| f["rule"] == "placeholder" && f["file"] == "infra-backend/values-prod.yaml" && f["line"] == 10));
    let state = |f: &Value| facet(f, "pi-native@2024-05-27/EXI-ARCH-27", "version")["status"].clone();
    assert_eq!(state(&folder), "limited");
    for module in ["backend", "postgres"] {
        let path = test.folder().join(format!("demo/infra-{module}/values-prod.yaml"));
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("a-completer", "fourni")).unwrap();
    }
    assert_eq!(state(&check(&test, &helm(), 0)), "proven", "the very same facet, once values are given");
    edit(&test, "infra-backend/values-prod.yaml", "0.0.0-fourni", "latest");
    // The chart's own schema refuses that tag, but a hostile schema could fetch: the rule alone judges.
    let spoilt = check(&test, &helm(), 5);
    assert_eq!(state(&spoilt), "failed");
    assert!(rows(&spoilt, "failed").contains("mirai@2025-03-10/EXI-G-7"), "an imported list fails with its rows");
}

#[test]
fn every_mutation_is_seen_by_its_rule() {
    const DEPLOYMENT: &str = "infra-backend/templates/deploiement.yaml";
    const CLUSTER: &str = "infra-postgres/templates/cluster.yaml";
    let resources = "            {{- toYaml .Values.ressources.serveur | nindent 12 }}";
    let mutations = [
        ("need-containers-ressources", DEPLOYMENT, resources, "            requests: {cpu: 10m, memory: 64Mi}"),
        ("disallow-latest", "infra-backend/values-prod.yaml", "0.0.0-a-completer", "latest"),
        ("disallow-hostpath", DEPLOYMENT, "      volumes:\n", "      volumes:\n        - {name: hote, hostPath: {path: /}}\n"),
        (
            "service-selector",
            "infra-backend/templates/service.yaml",
            "{{- include \"backend.selecteur\" (dict \"r\" . \"role\" \"serveur\") | nindent 4 }}",
            "app: autre",
        ),
        ("workload-selector", DEPLOYMENT, "(dict \"r\" . \"role\" \"serveur\")", "(dict \"r\" . \"role\" \"autre\")"),
        ("restrict-image-registry", "infra-backend/values-prod.yaml", "registre.exemple.fr", "ailleurs.exemple.fr"),
        ("cm-no-credentials", "infra-backend/templates/configuration.yaml", "  ARRET_SECONDES:", "  DB_PASSWORD: \"secret\"\n  ARRET_SECONDES:"),
        ("argocd-pinned-revision", "app/argocd/prod/applications/backend.yaml", "\"v0.1.0\"", "\"main\""),
        (
            "appproject-scope",
            "app/argocd/prod/projet.yaml",
            "clusterResourceWhitelist: []",
            "clusterResourceWhitelist: [{group: \"*\", kind: \"*\"}]",
        ),
        ("cnpg-guard", CLUSTER, "\"Prune=false,Delete=false\"", "\"Prune=true\""),
        ("cnpg-owner-not-app", CLUSTER, "      owner: {{ printf \"%s_owner\" .Values.nom | quote }}\n      secret:", "      secret:"),
        ("cnpg-retention", CLUSTER, "    retentionPolicy: {{ .Values.sauvegarde.retention | quote }}\n", ""),
        ("cnpg-schedule-fields", "infra-postgres/templates/scheduled-backup.yaml", "  schedule: ", "  schedule: \"30 2 * * *\" # "),
        ("dockerfile-user", "app/backend/Dockerfile", "USER 10001:0", "USER root"),
        ("dockerfile-no-latest", "app/backend/Dockerfile", "python:3.13-slim-bookworm AS", "python:latest AS"),
        ("dso-pipeline", "app/.gitlab-ci-dso.yml", ".vault:read_secret", ".autre"),
        ("dso-no-latest", "app/.gitlab-ci-dso.yml", "python:3.13-slim-bookworm", "python:latest"),
        ("need-liveness-readiness", DEPLOYMENT, "          startupProbe:", "          autre:"),
    ];
    let missed: Vec<String> = in_parallel(&mutations, |(rule, file, from, to)| {
        let test = whole();
        edit(&test, file, from, to);
        if *rule == "cnpg-owner-not-app" || *rule == "need-liveness-readiness" {
            // The text stands in more than one place: the others go too.
            strip(&test, rule);
        }
        let folder = check(&test, &helm(), 5);
        let findings = list(&folder, "findings");
        let seen = findings.iter().any(|f| f["rule"] == *rule && f["file"].as_str().unwrap().starts_with(file.split('/').next().unwrap()));
        (!seen).then(|| format!("{rule}: {:?}", errors(&folder)))
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

fn strip(test: &Test, rule: &str) {
    if rule == "need-liveness-readiness" {
        for probe in ["          livenessProbe:", "          readinessProbe:"] {
            edit(test, "infra-backend/templates/deploiement.yaml", probe, &probe.replace("Probe", "Autre"));
        }
    } else {
        edit(test, "infra-postgres/templates/cluster.yaml", "      owner: {{ printf \"%s_owner\" .Values.nom | quote }}\n", "");
    }
}

#[test]
fn a_deleted_scheduled_backup_or_pipeline_is_seen() {
    for (rule, file, row) in [
        ("cnpg-scheduled-backup", "infra-postgres/templates/scheduled-backup.yaml", "pi-native@2024-05-27/EXI-ORG-17/backup"),
        ("dso-pipeline", "infra-postgres/.gitlab-ci-dso.yml", "pi-native@2024-05-27/EXI-ORG-6"),
    ] {
        let test = whole();
        fs::remove_file(test.folder().join("demo").join(file)).unwrap();
        let folder = check(&test, &helm(), 5);
        assert!(errors(&folder).contains(rule), "{rule}: {:?}", errors(&folder));
        assert!(rows(&folder, "failed").contains(row), "{row}");
    }
}

#[test]
fn one_environment_alone_proves_nothing_for_the_others() {
    let test = whole();
    let done = test.run_with(&["check", "demo", "--helm", &helm(), "--env", "dev", "--format", "json"]).code(0);
    let folder = serde_json::from_str::<Value>(&done.stdout).unwrap()["folders"][0].clone();
    assert_eq!(folder["environments"], serde_json::json!(["dev"]));
    assert!(list(&folder, "notEvaluated").iter().any(|g| g["why"]["fr"].as_str().unwrap().contains("prod")));
    test.run_with(&["check", "demo", "--helm", &helm(), "--env", "recette"]).code(2).says(&["values-recette.yaml", "dev, prod"]);
}

#[test]
fn without_helm_manifests_are_not_evaluated_and_nothing_is_green() {
    let test = whole();
    let folder = check(&test, "/nonexistent", 0);
    for chart in ["infra-backend", "infra-postgres"] {
        assert!(list(&folder, "notEvaluated").iter().any(|g| g["path"] == chart), "{chart}");
    }
    assert_eq!(rows(&folder, "met"), of_pi_native(&WITHOUT_CHARTS));
    assert_eq!(facet(&folder, "pi-native@2024-05-27/EXI-ARCH-27", "version")["status"], "not-evaluated");
    let text = test.run_with(&["check", "demo", "--helm", "/nonexistent"]).code(0).stdout;
    assert!(text.contains("Non évalué") && text.contains("helm ne se lance pas"), "{text}");
    let english = test.run_with(&["--lang", "en", "check", "demo", "--helm", "/nonexistent"]).code(0).stdout;
    assert!(english.contains("Not evaluated") && english.contains("helm cannot be started") && !english.contains("évalué"), "{english}");
}

#[test]
fn sarif_holds_a_result_per_finding_and_says_what_was_not_evaluated() {
    let test = whole();
    edit(&test, "app/backend/Dockerfile", "USER 10001:0", "USER root");
    let sarif: Value =
        serde_json::from_str(&test.run_with(&["check", "demo", "--helm", "/nonexistent", "--format", "sarif"]).code(5).stdout).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let ids: BTreeSet<&str> = list(&run["tool"]["driver"], "rules").iter().map(|r| r["id"].as_str().unwrap()).collect();
    let results = list(run, "results");
    assert!(results.iter().all(|r| ids.contains(r["ruleId"].as_str().unwrap())));
    let user = results.iter().find(|r| r["ruleId"] == "dockerfile-user").unwrap();
    let place = &user["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "demo/app/backend/Dockerfile");
    let line = fs::read_to_string(test.folder().join("demo/app/backend/Dockerfile")).unwrap().lines().position(|l| l == "USER root").unwrap() + 1;
    assert_eq!(place["region"]["startLine"], line);
    assert!(!list(&run["invocations"][0], "toolExecutionNotifications").is_empty());
}

#[test]
fn the_matrix_says_what_check_does() {
    let test = whole();
    let matrix = fs::read_to_string(test.folder().join("demo/app/docs/conformite/matrice.md")).unwrap();
    assert!(matrix.contains("`mirai-kit check` l’exécute quand elle est écrite, et dit « non évalué » sinon"), "{matrix}");
}
