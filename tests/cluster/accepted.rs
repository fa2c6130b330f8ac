//! Everything that is generated, sent to a real API server: structural schemas, defaults, CEL rules, names, values of fields.
//! Nothing is stored (`--dry-run=server`), every field must be known (`--validate=strict`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::corpus::{Case, corpus, fresh};
use crate::plane::Plane;
use crate::report::{Step, note, print_when_complete};
use crate::shared::shared;
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

/// Whether a manifest holds an object; helm also renders files with nothing but comments.
fn speaks(file: &Path) -> bool {
    std::fs::read_to_string(file).unwrap().lines().any(|l| l.starts_with("kind:"))
}

/// What the server says of manifests in one request of `kubectl`: nothing, or why not. Objects that give a namespace keep it.
fn ask(plane: &Plane, files: &[&PathBuf]) -> Option<String> {
    let placed = |file: &&&PathBuf| std::fs::read_to_string(file).unwrap().lines().any(|l| l.starts_with("  namespace:"));
    let (placed, free): (Vec<&PathBuf>, Vec<&PathBuf>) = files.iter().filter(|f| speaks(f)).partition(placed);
    for (files, namespace) in [(placed, None), (free, Some("--namespace=libre"))] {
        if files.is_empty() {
            continue;
        }
        let mut arguments = vec!["apply", "--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts"];
        let named: Vec<String> = files.iter().map(|f| format!("--filename={}", f.display())).collect();
        arguments.extend(namespace);
        arguments.extend(named.iter().map(String::as_str));
        let ran = plane.kubectl(&arguments);
        if !ran.ok {
            return Some(ran.said());
        }
    }
    None
}

/// What the server says of each manifest. Together first, since each `kubectl` costs more than what it asks; one by one when
/// something is refused.
fn judge(plane: &Plane, files: &[PathBuf]) -> Vec<Option<String>> {
    let groups: Vec<Vec<&PathBuf>> = files.chunks(40).map(|group| group.iter().collect()).collect();
    let one_by_one = |group: &Vec<&PathBuf>| group.iter().map(|file| ask(plane, &[*file])).collect();
    let verdicts = in_parallel(&groups, |group| match ask(plane, group) {
        None => vec![None; group.len()],
        Some(_) => one_by_one(group),
    });
    verdicts.into_iter().flatten().collect()
}

/// Judges a part of the cases and says, per answers, how many manifests were accepted.
fn accept(plane: &Plane, name: &str, cases: &[&Case], reported: bool) {
    let started = Instant::now();
    // The same bytes are judged once.
    let mut distinct: BTreeMap<Vec<u8>, PathBuf> = BTreeMap::new();
    let by_case: Vec<(&Case, Vec<PathBuf>)> = cases.iter().map(|case| (*case, manifests(case))).collect();
    for file in by_case.iter().flat_map(|(_, files)| files) {
        distinct.entry(std::fs::read(file).unwrap()).or_insert_with(|| file.clone());
    }
    let (bytes, files): (Vec<_>, Vec<_>) = distinct.into_iter().unzip();
    let verdicts: BTreeMap<Vec<u8>, Option<String>> = bytes.into_iter().zip(judge(plane, &files)).collect();
    let mut failures = BTreeSet::new();
    let mut all = (0, 0);
    for (case, files) in &by_case {
        let mut accepted = 0;
        for file in files {
            match &verdicts[&std::fs::read(file).unwrap()] {
                None => accepted += 1,
                Some(why) => drop(failures.insert(format!("{}: {}: {why}", case.id, file.display()))),
            }
        }
        all = (all.0 + accepted, all.1 + files.len());
        if reported {
            note(case, Step::Accepted, accepted, files.len());
        }
    }
    eprintln!("{name}: {} sets of answers, {}/{} manifests accepted", by_case.len(), all.0, all.1);
    gate(&format!("API server, {name} (distinct manifests)"), files.len(), started);
    assert!(failures.is_empty(), "{} refused:\n{}", failures.len(), failures.into_iter().collect::<Vec<_>>().join("\n"));
    print_when_complete();
}

#[test]
fn the_api_server_accepts_everything_with_the_platform_s_operators() {
    let older: Vec<&Case> = corpus().cases.iter().filter(|c| c.answer("version_cnpg") != "newest").collect();
    assert!(["cloud-pi-native", "argocd"].iter().all(|h| older.iter().any(|c| c.answer("hebergement") == *h)), "both hosting targets");
    accept(&shared().plane, "CloudNativePG 1.28, Argo CD 3.1", &older, true);
}

#[test]
fn the_api_server_accepts_everything_with_the_newest_operators() {
    let plane = Plane::start(&NEWEST);
    for name in ["libre", "argocd"] {
        plane.done(&["create", "namespace", name]);
    }
    accept(&plane, "newest operators", &corpus().cases.iter().collect::<Vec<_>>(), false);
}

#[test]
fn the_api_server_refuses_bad_samples() {
    let cluster = shared();
    let plane = &cluster.plane;
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
        assert_eq!(judge(plane, std::slice::from_ref(&file)), [None], "a good sample is refused");
    }
    for (what, text, why) in &samples {
        std::fs::write(&file, text).unwrap();
        let said = judge(plane, std::slice::from_ref(&file)).remove(0);
        assert!(said.as_ref().is_some_and(|s| s.to_lowercase().contains(&why.to_lowercase())), "{what}: {said:?}");
    }
}
