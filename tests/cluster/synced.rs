//! What is generated, synchronised by Argo CD into a live control plane: the root Application applied once by hand, everything
//! else by sync; and the shape that Cloud π Native's console gives to Applications. Synced and healthy, for every set of answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use mirai_kit::kit::Kit;
use serde_json::{Map, Value, json};

use crate::answers;
use crate::argocd::{ArgoCd, Seen, converge};
use crate::corpus::{Case, copy, corpus, fresh, write};
use crate::plane::Plane;
use crate::report::{Step, note, print_when_complete};
use crate::shared::shared;
use crate::tools::gate;

/// A project whose repositories are on the forge.
struct Delivered {
    case: &'static Case,
    folder: PathBuf,
    /// Name of the repository by its path in the project.
    repositories: BTreeMap<String, String>,
}

/// Renders a case again under an identifier of its own and the forge's addresses, and pushes its repositories.
fn deliver(argo: &ArgoCd, kit: &Kit, case: &'static Case, slug: &str, root: &Path) -> Delivered {
    let mut given: Map<String, Value> = case.answers.clone();
    given.insert("slug".into(), json!(slug));
    given.insert("forge".into(), json!({"primaire": argo.group(), "secondaire": argo.group()}));
    let values = answers::resolved(kit, &given).unwrap_or_else(|e| panic!("{}: {e}", case.id));
    let folder = root.join(slug);
    let (_, repositories) = write(kit, &values, &folder);
    // The archives of the catalogue's charts are committed by the team, as each README asks: here, those of the stand-ins.
    for (path, key) in &case.charts {
        let archives = corpus().charts[key].folder.join("charts");
        if archives.is_dir() && !path.ends_with("ensemble") {
            copy(&archives, &folder.join(path).join("charts"));
        }
    }
    for (path, name) in &repositories {
        argo.push(&folder.join(path), name);
    }
    Delivered { case, folder, repositories: repositories.into_iter().collect() }
}

/// A namespace as the platform provides it: its name says nothing, a quota, a secret to pull images.
fn namespace(plane: &Plane, name: &str) {
    let hard = json!({"limits.cpu": "64", "limits.memory": "256Gi", "requests.cpu": "64", "requests.memory": "256Gi"});
    let pull = json!({".dockerconfigjson": "e30="});
    let items = json!([
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "dso-console"}}},
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "dso-quota", "namespace": name}, "spec": {"hard": hard}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "registry-pull-secret", "namespace": name},
         "type": "kubernetes.io/dockerconfigjson", "data": pull},
    ]);
    plane.apply("namespace", &json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string());
}

impl Delivered {
    /// The three files that `argocd/README.md` says to apply by hand. Returns how many Applications must come of them.
    fn bootstrap(&self, plane: &Plane, environment: &str) -> usize {
        let root = if self.folder.join("argocd").is_dir() { self.folder.join("argocd") } else { self.folder.join("app/argocd") };
        let folder = root.join(environment);
        for name in ["espace.yaml", "projet.yaml", "racine.yaml"] {
            let file = folder.join(name).display().to_string();
            plane.done(&["apply", "--validate=strict", "-f", &file]);
        }
        1 + std::fs::read_dir(folder.join("applications")).unwrap().count()
    }

    /// What the console creates for an environment (facts: chart dso-env 1.9.2): one project, one namespace, one Application per
    /// infrastructure repository, no sync option, prune, self-heal and an empty state allowed.
    fn console(&self, plane: &Plane, group: &str, slug: &str, environment: &str) -> usize {
        let space = format!("{slug}{environment}--0a1b2c3d");
        namespace(plane, &space);
        let project = format!("{slug}-{environment}-a1b2-app");
        let server = "https://kubernetes.default.svc";
        let mut items = vec![
            json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": project, "namespace": "argocd"},
            "spec": {"sourceRepos": [format!("{group}/**")], "destinations": [{"server": server, "namespace": space}],
                "namespaceResourceWhitelist": [{"group": "*", "kind": "*"}], "namespaceResourceBlacklist": [{"group": "v1", "kind": "ResourceQuota"}]}}),
        ];
        let umbrella = self.case.charts.keys().find(|path| path.ends_with("ensemble"));
        let charts: Vec<&String> = umbrella.map_or_else(|| self.case.charts.keys().collect(), |one| vec![one]);
        for (index, chart) in charts.iter().enumerate() {
            let (repository, path) = match self.repositories.get(chart.as_str()) {
                Some(own) => (own, "."),
                None => (&self.repositories[""], chart.as_str()),
            };
            let values = ["values.yaml".to_owned(), format!("values-{environment}.yaml")];
            let source =
                json!({"repoURL": format!("{group}/{repository}.git"), "targetRevision": "main", "path": path, "helm": {"valueFiles": values}});
            items.push(json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
                "metadata": {"name": format!("{slug}-{environment}-a1b2-{repository}-{index:04}"), "namespace": "argocd",
                    "finalizers": ["resources-finalizer.argocd.argoproj.io"]},
                "spec": {"project": project, "source": source, "destination": {"server": server, "namespace": space},
                    "syncPolicy": {"automated": {"prune": true, "selfHeal": true, "allowEmpty": true}}}}));
        }
        plane.apply("console", &json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string());
        charts.len()
    }
}

#[test]
fn everything_is_synced_and_healthy_on_both_hosting_targets() {
    let kit = Kit::embedded().unwrap();
    let cases: Vec<&'static Case> = corpus().cases.iter().filter(|c| c.answer("version_cnpg") != "newest").collect();
    let started = Instant::now();
    let cluster = shared();
    let (plane, argo) = (&cluster.plane, &cluster.argo);
    let root = fresh("synced");
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, case) in cases.iter().enumerate() {
        let slug = format!("essai{index:02}");
        let delivered = deliver(argo, &kit, case, &slug, &root);
        for environment in case.environments() {
            *expected.entry(&case.id).or_default() += match case.answer("hebergement") {
                "argocd" => delivered.bootstrap(plane, &environment),
                _ => delivered.console(plane, &argo.group(), &slug, &environment),
            };
        }
    }
    let all = converge(plane, "essai", expected.values().sum(), 1500);
    for (index, case) in cases.iter().enumerate() {
        let own: Vec<&Seen> = all.iter().filter(|a| a.name.starts_with(&format!("essai{index:02}-"))).collect();
        let count = |well: fn(&Seen) -> bool| own.iter().filter(|a| well(a)).count();
        note(case, Step::Synced, count(|a| a.sync == "Synced"), expected[case.id.as_str()]);
        note(case, Step::Healthy, count(|a| a.health == "Healthy"), expected[case.id.as_str()]);
        assert_eq!(own.len(), expected[case.id.as_str()], "{}: Applications", case.id);
    }
    gate("Argo CD 3.1.7 (Applications synced and healthy)", all.len(), started);
    print_when_complete();
}
