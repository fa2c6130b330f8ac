//! Strict schemas: Kubernetes kinds by kubeconform in two versions, operators' kinds by the API server's own packages
//! (tests/tools/go/crdcheck) against the CRDs of the operators, for both versions of CloudNativePG and Argo CD.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use crate::corpus::{Case, corpus, fresh, objects};
use crate::tools::{Ran, folder, gate, run, tool};

/// Near the platform's, and near the newest that its operators support.
const KUBERNETES: [&str; 2] = ["1.31.0", "1.34.0"];

const OPERATORS: &str = "postgresql.cnpg.io,barmancloud.cnpg.io,monitoring.coreos.com,argoproj.io,secrets.hashicorp.com,isindir.github.com";

/// Every YAML file of the projects that holds Kubernetes objects outside a chart: Argo CD's, and rules for one's own cluster.
fn loose(case: &Case) -> Vec<PathBuf> {
    let in_chart = |file: &str| case.charts.keys().any(|root| file.starts_with(&format!("{root}/")));
    let yaml = |file: &str| Path::new(file).extension().is_some_and(|e| e == "yaml" || e == "yml");
    case.files
        .iter()
        .filter(|f| yaml(f) && !in_chart(f))
        .filter(|f| {
            let text = case.read(f);
            text.starts_with("apiVersion: ") || text.contains("\napiVersion: ")
        })
        .map(|f| case.folder.join(f))
        .collect()
}

/// The files to judge, identical ones once.
fn manifests() -> Vec<PathBuf> {
    let corpus = corpus();
    let mut seen = BTreeSet::new();
    let rendered = corpus.rendered.values().map(|r| r.manifest.clone());
    let loose = corpus.cases.iter().flat_map(loose);
    rendered.chain(loose).filter(|path| seen.insert(std::fs::read(path).unwrap())).collect()
}

fn kubeconform(version: &str, files: &[PathBuf]) -> Ran {
    let local = folder().join("schemas").join(version);
    assert!(local.is_dir(), "no schemas of Kubernetes {version}: run `make tools`");
    let location = format!("{}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json", local.display());
    let skip = SKIPPED.join(",");
    let mut arguments: Vec<String> =
        ["-strict", "-summary", "-output", "json", "-n", "2", "-kubernetes-version", version, "-schema-location", &location, "-skip", &skip]
            .map(str::to_owned)
            .to_vec();
    arguments.extend(files.iter().map(|f| f.display().to_string()));
    run(&tool("bin/kubeconform"), arguments, Path::new("."))
}

/// Kinds of operators, judged by crdcheck instead.
const SKIPPED: [&str; 16] = [
    "postgresql.cnpg.io/v1/Cluster",
    "postgresql.cnpg.io/v1/ScheduledBackup",
    "postgresql.cnpg.io/v1/ImageCatalog",
    "postgresql.cnpg.io/v1/Pooler",
    "postgresql.cnpg.io/v1/Database",
    "postgresql.cnpg.io/v1/Backup",
    "barmancloud.cnpg.io/v1/ObjectStore",
    "monitoring.coreos.com/v1/ServiceMonitor",
    "monitoring.coreos.com/v1/PodMonitor",
    "monitoring.coreos.com/v1/PrometheusRule",
    "argoproj.io/v1alpha1/Application",
    "argoproj.io/v1alpha1/AppProject",
    "argoproj.io/v1alpha1/ApplicationSet",
    "secrets.hashicorp.com/v1beta1/VaultStaticSecret",
    "isindir.github.com/v1alpha3/SopsSecret",
    "kustomize.config.k8s.io/v1beta1/Kustomization",
];

fn crdcheck(cnpg: &str, argocd: &str, files: &[PathBuf]) -> (Ran, usize) {
    let crds = folder().join("crds");
    let mut arguments = Vec::new();
    for set in [cnpg, argocd, "prometheus", "barman", "own"] {
        arguments.extend(["-crds".to_owned(), crds.join(set).display().to_string()]);
    }
    arguments.extend(["-only".to_owned(), OPERATORS.to_owned()]);
    arguments.extend(files.iter().map(|f| f.display().to_string()));
    let ran = run(&tool("bin/crdcheck"), arguments, Path::new("."));
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("crdcheck: {e}: {}", ran.said()));
    let examined = report["examined"].as_object().unwrap().values().map(|n| usize::try_from(n.as_u64().unwrap()).unwrap()).sum();
    (ran, examined)
}

#[test]
fn kubernetes_kinds_are_strictly_valid_in_two_versions() {
    let files = manifests();
    for version in KUBERNETES {
        let started = Instant::now();
        let ran = kubeconform(version, &files);
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("kubeconform: {e}: {}", ran.said()));
        gate(&format!("kubeconform -strict {version}"), usize::try_from(report["summary"]["valid"].as_u64().unwrap()).unwrap(), started);
        assert!(ran.ok, "kubeconform {version}: {:#}", report["resources"]);
    }
}

#[test]
fn kubeconform_refuses_bad_samples() {
    let folder = fresh("bad-kubernetes");
    let good = "apiVersion: v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  ports:\n    - port: 80\n";
    let samples = [
        ("unknown field", good.replace("spec:\n", "spec:\n  selecteur: {}\n")),
        ("wrong type", good.replace("port: 80", "port: http")),
        ("unknown kind", good.replace("kind: Service", "kind: Servicce")),
        ("duplicate key", good.replace("  name: x\n", "  name: x\n  name: y\n")),
    ];
    let file = folder.join("sample.yaml");
    for version in KUBERNETES {
        std::fs::write(&file, good).unwrap();
        assert!(kubeconform(version, std::slice::from_ref(&file)).ok, "the good sample is refused");
        for (what, sample) in &samples {
            std::fs::write(&file, sample).unwrap();
            assert!(!kubeconform(version, std::slice::from_ref(&file)).ok, "{version}: {what} passed");
        }
    }
}

#[test]
fn operators_kinds_are_strictly_valid() {
    let files = manifests();
    // The older pair is Cloud π Native's. What a project says it targets, `newest`, need only be valid there.
    let corpus = corpus();
    let newest_only: BTreeSet<Vec<u8>> = corpus
        .cases
        .iter()
        .filter(|c| c.answer("version_cnpg") == "newest")
        .flat_map(|c| c.charts.values().flat_map(|key| c.environments().into_iter().map(|env| (key.clone(), env))))
        .map(|at| std::fs::read(&corpus.rendered[&at].manifest).unwrap())
        .collect();
    let older: Vec<PathBuf> = files.iter().filter(|f| !newest_only.contains(&std::fs::read(f).unwrap())).cloned().collect();
    for (cnpg, argocd, files) in [("cnpg-1.28", "argocd-3.1", &older), ("cnpg-newest", "argocd-newest", &files)] {
        let started = Instant::now();
        let (ran, examined) = crdcheck(cnpg, argocd, files);
        gate(&format!("crdcheck {cnpg} {argocd}"), examined, started);
        assert!(ran.ok, "{cnpg}: {}", ran.said());
    }
}

#[test]
fn crdcheck_refuses_bad_samples() {
    let corpus = corpus();
    let folder = fresh("bad-operators");
    let started = Instant::now();
    let all = manifests();
    let cases = [
        ("unknown field", "Cluster", "  instances: ", "  postgres: {}\n  instances: "),
        ("below the minimum", "Cluster", "  instances: ", "  instances: 0 # "),
        ("unknown field", "ServiceMonitor", "  endpoints:", "  endpoint: x\n  endpoints:"),
        ("bad enumeration", "VaultStaticSecret", "  type: kv-v2", "  type: kv-v9"),
        ("duplicate key", "ScheduledBackup", "kind: ScheduledBackup", "kind: ScheduledBackup\nkind: ScheduledBackup"),
        ("unknown field", "Application", "\nspec:\n", "\nspec:\n  projet: x\n"),
    ];
    let mut refused = 0;
    for (what, kind, from, to) in cases {
        let documents = all.iter().flat_map(|f| {
            let text = std::fs::read_to_string(f).unwrap();
            format!("\n{text}").split("\n---").map(str::to_owned).collect::<Vec<_>>()
        });
        let sample = documents.into_iter().find(|d| d.contains(&format!("\nkind: {kind}\n")) && d.contains(from));
        let sample = sample.unwrap_or_else(|| panic!("no {kind} with {from:?} among {} charts", corpus.charts.len()));
        assert_eq!(objects(&sample).len(), 1);
        let file = folder.join("sample.yaml");
        std::fs::write(&file, &sample).unwrap();
        let (ran, _) = crdcheck("cnpg-newest", "argocd-newest", std::slice::from_ref(&file));
        assert!(ran.ok, "the good {kind} is refused: {}", ran.said());
        std::fs::write(&file, sample.replacen(from, to, 1)).unwrap();
        let (ran, _) = crdcheck("cnpg-newest", "argocd-newest", std::slice::from_ref(&file));
        assert!(!ran.ok, "{kind}: {what} passed: {}", ran.said());
        refused += 1;
    }
    gate("crdcheck bad samples", refused, started);
}

#[test]
fn the_field_tables_of_check_are_those_of_the_pinned_schemas() {
    let started = Instant::now();
    let made = fresh("field-tables").join("kinds.json");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/python/field_tables.py");
    let arguments = [script.to_owned(), folder().display().to_string(), made.display().to_string()];
    let ran = run(&tool("python/bin/python"), arguments, Path::new("."));
    assert!(ran.ok, "{}", ran.said());
    let held = concat!(env!("CARGO_MANIFEST_DIR"), "/src/check/rules/fields/kinds.json");
    let same = std::fs::read(made).unwrap() == std::fs::read(held).unwrap();
    assert!(same, "run: python tests/tools/python/field_tables.py target/tools src/check/rules/fields/kinds.json");
    gate("field tables", ran.out.split(' ').next().unwrap().parse().unwrap(), started);
}
