//! Every other file by its own tool: yamllint on all YAML, shellcheck on scripts, hadolint on Dockerfiles, gitleaks and a
//! JSON Schema of their vendor on the rest, promtool on rules and their tests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use crate::corpus::{corpus, fresh, objects};
use crate::tools::{gate, run, tool};

/// Relative path of a file in its project, and where it stands; contents seen already are left out.
fn distinct(wanted: impl Fn(&str) -> bool) -> Vec<(String, PathBuf)> {
    let mut seen = BTreeSet::new();
    let files = corpus().cases.iter().flat_map(|c| c.files.iter().map(move |f| (f.clone(), c.folder.join(f))));
    files.filter(|(f, path)| wanted(f) && seen.insert((f.clone(), std::fs::read(path).unwrap()))).collect()
}

fn ends(file: &str, endings: &[&str]) -> bool {
    endings.iter().any(|e| file.ends_with(e))
}

fn base(file: &str) -> &str {
    file.rsplit('/').next().unwrap()
}

/// Templates of charts are not YAML before helm renders them; what helm rendered is judged instead.
fn plain_yaml(file: &str) -> bool {
    ends(file, &[".yaml", ".yml"]) && !file.contains("/templates/")
}

/// Runs a tool on many files, some at a time.
fn on_all(program: &str, options: &[&str], files: &[PathBuf]) -> (bool, String) {
    let (mut ok, mut said) = (true, String::new());
    for some in files.chunks(200) {
        let arguments = options.iter().map(|o| (*o).to_owned()).chain(some.iter().map(|f| f.display().to_string()));
        let ran = run(&tool(program), arguments, Path::new("."));
        ok &= ran.ok;
        if !ran.ok {
            said.push_str(&ran.said());
        }
    }
    (ok, said)
}

/// A gate over files: the tool must accept them all, and refuse a bad sample.
fn judge(name: &str, program: &str, options: &[&str], files: &[(String, PathBuf)], bad: (&str, &str)) {
    let started = Instant::now();
    let paths: Vec<PathBuf> = files.iter().map(|(_, p)| p.clone()).collect();
    let (ok, said) = on_all(program, options, &paths);
    gate(name, paths.len(), started);
    assert!(ok, "{name}: {said}");
    let sample = fresh(&format!("bad-{}", name.replace(' ', "-"))).join(bad.0);
    std::fs::write(&sample, bad.1).unwrap();
    let (ok, said) = on_all(program, options, &[sample]);
    assert!(!ok, "{name}: the bad sample passed: {said}");
}

#[test]
fn yaml_is_clean_without_duplicate_keys() {
    let rules = "{extends: default, rules: {line-length: disable, document-start: disable, comments-indentation: disable, truthy: {check-keys: false}, comments: {min-spaces-from-content: 1}, braces: {max-spaces-inside: 1}}}";
    judge("yamllint", "bin/yamllint", &["--strict", "-d", rules], &distinct(plain_yaml), ("bad.yaml", "a: 1\na: 2\n"));
}

#[test]
fn rendered_manifests_have_no_duplicate_keys() {
    let files: Vec<_> = corpus().rendered.values().map(|r| (String::new(), r.manifest.clone())).collect();
    let rules = "{rules: {key-duplicates: enable}}";
    judge("yamllint on rendered manifests", "bin/yamllint", &["--strict", "-d", rules], &files, ("bad.yaml", "a:\n  b: 1\n  b: 2\n"));
}

#[test]
fn scripts_pass_shellcheck() {
    let files = distinct(|f| ends(f, &[".sh"]));
    judge("shellcheck", "bin/shellcheck", &["--severity=style"], &files, ("bad.sh", "#!/bin/sh\nfor f in $(ls *); do rm $f; done\n"));
}

#[test]
fn dockerfiles_pass_hadolint() {
    let files = distinct(|f| base(f).starts_with("Dockerfile"));
    judge(
        "hadolint",
        "bin/hadolint",
        &["--failure-threshold", "info"],
        &files,
        ("Dockerfile", "FROM python:latest\nRUN cd /x && apt-get install curl\n"),
    );
}

#[test]
fn json_parses() {
    let started = Instant::now();
    let files = distinct(|f| ends(f, &[".json"]));
    for (file, path) in &files {
        let text = std::fs::read_to_string(path).unwrap();
        serde_json::from_str::<Value>(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
    }
    assert!(serde_json::from_str::<Value>("{\"a\": 1,}").is_err(), "a trailing comma passed");
    gate("JSON files", files.len(), started);
}

#[test]
fn no_secret_leaks() {
    let started = Instant::now();
    let scan = |folder: &Path| {
        run(&tool("bin/gitleaks"), ["dir", "--no-banner", "--redact", "--exit-code", "7", &folder.display().to_string()], Path::new("."))
    };
    let cases = &corpus().cases;
    let ran = scan(cases[0].folder.parent().unwrap());
    gate("gitleaks (files)", cases.iter().map(|c| c.files.len()).sum(), started);
    assert!(ran.ok, "{}", ran.said());
    let bad = fresh("bad-gitleaks");
    // Assembled here, so that no token stands in this file either.
    std::fs::write(bad.join("config.py"), format!("token = \"{}{}\"\n", "glpat-", "x7Hq2LmZ9bTc4VnR8wKd")).unwrap();
    assert!(!scan(&bad).ok, "a GitLab token passed");
}

/// Name of the gate, which files, the vendor's schema in check-jsonschema, a bad sample.
type Schema = (&'static str, fn(&str) -> bool, &'static str, &'static str);

const SCHEMAS: [Schema; 3] = [
    ("GitHub workflows schema", |f| f.contains(".github/workflows/"), "vendor.github-workflows", "on: push\njobs: {a: {etapes: []}}\n"),
    ("Renovate schema", |f| ends(f, &["renovate.json"]), "vendor.renovate", "{\"extends\": 3}\n"),
    (
        "GitLab CI schema",
        |f| base(f).starts_with(".gitlab-ci") && ends(f, &[".yml"]),
        "vendor.gitlab-ci",
        "a: {script: [x], etape: b, when: parfois}\n",
    ),
];

#[test]
fn vendors_schemas_are_met() {
    for (name, wanted, schema, bad) in SCHEMAS {
        let files = distinct(wanted);
        let transform: &[&str] = if schema == "vendor.gitlab-ci" { &["--data-transform", "gitlab-ci"] } else { &[] };
        let options: Vec<&str> = ["--builtin-schema", schema].iter().chain(transform).copied().collect();
        let extension = if schema == "vendor.renovate" { "bad.json" } else { "bad.yml" };
        judge(name, "bin/check-jsonschema", &options, &files, (extension, bad));
    }
}

/// Rules as Prometheus reads them: from `PrometheusRule` objects, and from the platform's `*.yaml.tpl`, which the
/// observability chart injects below `spec:`.
#[test]
fn prometheus_accepts_every_rule() {
    let started = Instant::now();
    let folder = fresh("rules");
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    let mut keep = |text: String, from: &str| {
        if seen.insert(text.clone()) {
            let path = folder.join(format!("{}-{}.yaml", files.len(), base(from).replace('.', "-")));
            std::fs::write(&path, text).unwrap();
            files.push((from.to_owned(), path));
        }
    };
    for rendered in corpus().rendered.values() {
        for rule in rendered.objects.iter().filter(|o| o["kind"] == "PrometheusRule") {
            keep(serde_json::to_string(&rule["spec"]).unwrap(), rule["metadata"]["name"].as_str().unwrap());
        }
    }
    for (file, path) in distinct(|f| ends(f, &[".yaml"]) && !f.contains("/templates/")) {
        let text = std::fs::read_to_string(&path).unwrap();
        if text.contains("kind: PrometheusRule") {
            for rule in objects(&text) {
                keep(serde_json::to_string(&rule["spec"]).unwrap(), &file);
            }
        }
    }
    for (file, path) in distinct(|f| f.contains("rules/metrics/") && ends(f, &[".yaml.tpl"])) {
        let text = std::fs::read_to_string(&path).unwrap();
        // Helm's own escape of Prometheus templates: {{ "{{" }} … {{ "}}" }} and {{ `…` }}.
        let text = text
            .replace("{{ \"{{\" }}", "{{")
            .replace("{{ \"}}\" }}", "}}")
            .replace("{{`", "")
            .replace("`}}", "")
            .replace("{{ `", "")
            .replace("` }}", "");
        keep(text, &file);
    }
    let (ok, said) = on_all("bin/promtool", &["check", "rules"], &files.iter().map(|(_, p)| p.clone()).collect::<Vec<_>>());
    gate("promtool check rules", files.len(), started);
    assert!(ok, "{said}");
    let bad = folder.join("bad.yaml");
    std::fs::write(&bad, "groups: [{name: g, rules: [{alert: A, expr: 'rate(x[5m]', for: 5m}]}]\n").unwrap();
    assert!(!on_all("bin/promtool", &["check", "rules"], &[bad]).0, "a wrong expression passed");
}

#[test]
fn generated_rule_tests_pass() {
    let started = Instant::now();
    let tests = distinct(|f| {
        ends(f, &[".yaml", ".yml"])
            && (f.contains("/tests/") || f.contains("/essais/"))
            && (f.contains("rules") || f.contains("regles") || f.contains("observabilite"))
    });
    let mut examined = 0;
    for (file, path) in &tests {
        let text = std::fs::read_to_string(path).unwrap();
        if !text.contains("rule_files:") {
            continue;
        }
        examined += text.matches("alertname:").count();
        let ran = run(&tool("bin/promtool"), ["test", "rules", base(file)], path.parent().unwrap());
        assert!(ran.ok, "{file}: {}", ran.said());
        let wrong = text.replacen("exp_alerts:", "exp_alerts:\n          - exp_labels: {inattendu: oui}\n", 1);
        if wrong != text {
            let copy = path.with_file_name("zz-essai-faux.yml");
            std::fs::write(&copy, wrong).unwrap();
            let ran = run(&tool("bin/promtool"), ["test", "rules", "zz-essai-faux.yml"], path.parent().unwrap());
            std::fs::remove_file(&copy).unwrap();
            assert!(!ran.ok, "{file}: an alert that is not raised was accepted");
        }
    }
    gate("promtool test rules (expected alerts)", examined, started);
}
