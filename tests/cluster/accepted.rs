//! Everything that is generated, sent to a real API server: structural schemas, defaults, CEL rules, names, values of fields.
//! Nothing is stored (`--dry-run=server`), every field must be known (`--validate=strict`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::corpus::{Case, corpus, fresh};
use crate::plane::Plane;
use crate::tools::{gate, in_parallel};

/// The operators' kinds. The older pair is Cloud π Native's.
pub const OLDER: [&str; 5] = ["cnpg-1.28", "argocd-3.1", "barman", "prometheus", "own"];
const NEWEST: [&str; 5] = ["cnpg-newest", "argocd-newest", "barman", "prometheus", "own"];

/// YAML files that hold Kubernetes objects outside a chart: Argo CD's, and rules for one's own cluster.
pub fn loose(case: &Case) -> Vec<PathBuf> {
    let in_chart = |file: &str| case.charts.keys().any(|root| file.starts_with(&format!("{root}/")));
    let yaml = |file: &str| Path::new(file).extension().is_some_and(|e| e == "yaml");
    let objects = |file: &&String| {
        let text = case.read(file);
        text.starts_with("apiVersion: ") || text.contains("\napiVersion: ")
    };
    case.files.iter().filter(|f| yaml(f) && !in_chart(f)).filter(objects).map(|f| case.folder.join(f)).collect()
}

/// Manifests of a project: what helm renders for each environment, and the loose ones.
pub fn manifests(case: &Case) -> Vec<PathBuf> {
    let rendered = &corpus().rendered;
    let environments = case.environments();
    let of = |key: &String| environments.iter().map(|env| rendered[&(key.clone(), env.clone())].manifest.clone()).collect::<Vec<_>>();
    case.charts.values().flat_map(of).chain(loose(case)).collect()
}

/// What the server says of each distinct manifest: nothing, or why not. Objects that give a namespace keep it.
fn judge(plane: &Plane, files: &[PathBuf]) -> Vec<Option<String>> {
    in_parallel(files, |file| {
        let text = std::fs::read_to_string(file).unwrap();
        // No object and nothing but comments: nothing to send.
        if !text.lines().any(|l| l.starts_with("kind:")) {
            return None;
        }
        let path = file.display().to_string();
        let placed = text.lines().any(|l| l.starts_with("  namespace:"));
        let mut arguments = vec!["apply", "--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts", "-f", &path];
        if !placed {
            arguments.extend(["--namespace", "admis"]);
        }
        let ran = plane.kubectl(&arguments);
        (!ran.ok).then(|| ran.said())
    })
}

fn prepare(plane: &Plane) {
    for name in ["admis", "argocd"] {
        plane.done(&["create", "namespace", name]);
    }
}

/// Judges a part of the cases and says, per answers, how many manifests were accepted.
fn accept(name: &str, crds: &[&str], cases: &[&Case]) {
    let started = Instant::now();
    let plane = Plane::start(crds);
    prepare(&plane);
    // The same bytes are judged once.
    let mut distinct: BTreeMap<Vec<u8>, PathBuf> = BTreeMap::new();
    let by_case: Vec<(&Case, Vec<PathBuf>)> = cases.iter().map(|case| (*case, manifests(case))).collect();
    for file in by_case.iter().flat_map(|(_, files)| files) {
        distinct.entry(std::fs::read(file).unwrap()).or_insert_with(|| file.clone());
    }
    let (bytes, files): (Vec<_>, Vec<_>) = distinct.into_iter().unzip();
    let verdicts: BTreeMap<Vec<u8>, Option<String>> = bytes.into_iter().zip(judge(&plane, &files)).collect();
    let mut failures = BTreeSet::new();
    let mut table = String::new();
    for (case, files) in &by_case {
        let mut accepted = 0;
        for file in files {
            match &verdicts[&std::fs::read(file).unwrap()] {
                None => accepted += 1,
                Some(why) => drop(failures.insert(format!("{}: {}: {why}", case.id, file.display()))),
            }
        }
        let hosting = case.answer("hebergement");
        writeln!(table, "{name}: {} ({hosting}): {accepted}/{} manifests accepted", case.id, files.len()).unwrap();
    }
    eprint!("{table}");
    gate(&format!("API server, {name} (distinct manifests of {} answers)", by_case.len()), files.len(), started);
    assert!(failures.is_empty(), "{} refused:\n{}", failures.len(), failures.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_api_server_accepts_everything_with_the_platform_s_operators() {
    let older: Vec<&Case> = corpus().cases.iter().filter(|c| c.answer("version_cnpg") != "newest").collect();
    assert!(["cloud-pi-native", "argocd"].iter().all(|h| older.iter().any(|c| c.answer("hebergement") == *h)), "both hosting targets");
    accept("CloudNativePG 1.28, Argo CD 3.1", &OLDER, &older);
}

#[test]
fn the_api_server_accepts_everything_with_the_newest_operators() {
    accept("newest operators", &NEWEST, &corpus().cases.iter().collect::<Vec<_>>());
}

#[test]
fn the_api_server_refuses_bad_samples() {
    let plane = Plane::start(&["cnpg-1.28", "argocd-3.1"]);
    prepare(&plane);
    let folder = fresh("bad-cluster");
    let good = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: 80}]}\n";
    let database = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: x}\nspec: {instances: 1, storage: {size: 1Gi}}\n";
    let samples = [
        ("unknown field", good.replace("ports:", "selecteur: {}, ports:"), "field not declared in schema"),
        ("impossible value", good.replace("80", "70000"), "Invalid value"),
        ("bad name", good.replace("name: x", "name: X_y"), "DNS-1035"),
        ("unknown kind", good.replace("Service", "Servicce"), "no matches for kind"),
        ("below the minimum", database.replace("instances: 1", "instances: 0"), "greater than or equal to 1"),
        (
            "CEL rule",
            database.replace(
                "instances: 1",
                "instances: 1, imageName: a:1, imageCatalogRef: {apiGroup: postgresql.cnpg.io, kind: ImageCatalog, name: c, major: 17}",
            ),
            "imageName and imageCatalogRef are mutually exclusive",
        ),
    ];
    let file = folder.join("sample.yaml");
    for text in [good, database] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(judge(&plane, std::slice::from_ref(&file)), [None], "a good sample is refused");
    }
    for (what, text, why) in &samples {
        std::fs::write(&file, text).unwrap();
        let said = judge(&plane, std::slice::from_ref(&file)).remove(0);
        assert!(said.as_ref().is_some_and(|s| s.to_lowercase().contains(&why.to_lowercase())), "{what}: {said:?}");
    }
}
