//! The life of an application under Argo CD: what changes in git arrives with its backup and its migration first, what drifts
//! comes back, what leaves git leaves the cluster except the database; and what a project does not allow is refused.

use std::path::{Path, PathBuf};
use std::time::Instant;

use mirai_kit::kit::Kit;
use serde_json::{Map, json};

use crate::accepted::OLDER;
use crate::answers;
use crate::argocd::{ArgoCd, applications, converge};
use crate::corpus::{fresh, write};
use crate::operators;
use crate::plane::Plane;
use crate::process::eventually;
use crate::tools::{gate, run, tool};

/// One application on the team's own Argo CD, in one repository.
struct Life {
    plane: Plane,
    argo: ArgoCd,
    folder: PathBuf,
    repository: String,
    /// Applications of its environments, roots included.
    count: usize,
}

const SPACE: &str = "--namespace=vie-dev";

impl Life {
    fn begin() -> Self {
        let kit = Kit::embedded().unwrap();
        let mut plane = Plane::start(&OLDER);
        plane.live();
        plane.done(&["create", "namespace", "argocd"]);
        operators::cnpg(&mut plane);
        let argo = ArgoCd::start(&mut plane);
        let forge = json!({"primaire": argo.group(), "secondaire": argo.group()});
        let given = json!({"slug": "vie", "hebergement": "argocd", "services_onyxia": [], "forge": forge, "registre": "registre.exemple.fr"});
        let given: Map<_, _> = given.as_object().unwrap().clone();
        let values = answers::resolved(&kit, &given).unwrap();
        let folder = fresh("life").join("vie");
        let (_, repositories) = write(&kit, &values, &folder);
        let repository = repositories[0].1.clone();
        argo.push(&folder, &repository);
        let mut count = 0;
        for environment in std::fs::read_dir(folder.join("argocd")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
            for name in ["espace.yaml", "projet.yaml", "racine.yaml"] {
                plane.done(&["apply", "--validate=strict", "-f", &environment.join(name).display().to_string()]);
            }
            count += 1 + std::fs::read_dir(environment.join("applications")).unwrap().count();
        }
        converge(&plane, count, 600);
        Self { plane, argo, folder, repository, count }
    }

    /// Commits what was changed, and has Argo CD look at once.
    fn commit(&self) {
        self.argo.push(&self.folder, &self.repository);
        self.plane.done(&["annotate", "applications", "--all", "--namespace=argocd", "argocd.argoproj.io/refresh=hard", "--overwrite"]);
    }

    fn edit(&self, path: &str, change: impl Fn(&str) -> String) {
        let file = self.folder.join(path);
        let text = std::fs::read_to_string(&file).unwrap();
        let changed = change(&text);
        assert_ne!(text, changed, "{path}: nothing was changed");
        std::fs::write(file, changed).unwrap();
    }

    fn show(&self, what: &str, field: &str) -> String {
        self.plane.kubectl(&["get", what, SPACE, "-o", &format!("jsonpath={{{field}}}")]).out
    }

    fn until(&self, what: &str, mut seen: impl FnMut() -> bool) {
        eventually(what, 180, || if seen() { Ok(()) } else { Err(self.state()) });
    }

    fn state(&self) -> String {
        applications(&self.plane).iter().map(|a| format!("{} {} {} ({})", a.name, a.sync, a.health, a.said)).collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn an_application_lives_under_argocd() {
    let started = Instant::now();
    let life = Life::begin();
    let image = ".spec.template.spec.containers[0].image";
    let values = "infra/backend/values-dev.yaml";
    let jobs = ["job/vie-backend-sauvegarde", "job/vie-backend-migration"];

    // A new version, through a commit: backup and migration run again before it.
    let before = jobs.map(|job| life.show(job, ".metadata.uid"));
    let first = life.show("deployment/vie-backend", image);
    assert!(before.iter().all(|uid| !uid.is_empty()) && !first.is_empty(), "{}", life.state());
    let tag = first.rsplit(':').next().unwrap();
    life.edit(values, |text| text.replace(tag, "essai-2"));
    life.commit();
    life.until("the new version", || life.show("deployment/vie-backend", image).ends_with(":essai-2"));
    for (job, uid) in jobs.iter().zip(&before) {
        assert_ne!(&life.show(job, ".metadata.uid"), uid, "{job} did not run again before the new version");
    }
    converge(&life.plane, life.count, 180);

    // A revert brings the former version back.
    life.edit(values, |text| text.replace("essai-2", tag));
    life.commit();
    life.until("the former version", || life.show("deployment/vie-backend", image) == first);
    converge(&life.plane, life.count, 180);

    // What drifts comes back, without any commit.
    life.plane.done(&["delete", "networkpolicy/vie-backend", SPACE]);
    life.plane.done(&["patch", "service/vie-backend", SPACE, "--type=merge", "-p", r#"{"spec":{"selector":{"app":"autre"}}}"#]);
    life.until("the drift corrected", || {
        !life.show("networkpolicy/vie-backend", ".metadata.uid").is_empty() && life.show("service/vie-backend", ".spec.selector.app") != "autre"
    });

    // Modules removed from git: the back end leaves the cluster, the database does not.
    let database = life.show("clusters.postgresql.cnpg.io", ".items[0].metadata.uid");
    assert!(!database.is_empty());
    for module in ["backend", "postgres"] {
        std::fs::remove_file(life.folder.join(format!("argocd/dev/applications/{module}.yaml"))).unwrap();
    }
    life.commit();
    life.until("the back end gone", || life.show("deployment/vie-backend", image).is_empty());
    assert_eq!(life.show("clusters.postgresql.cnpg.io", ".items[0].metadata.uid"), database, "the database must survive");
    assert!(applications(&life.plane).iter().any(|a| a.name == "vie-dev-postgres"), "the Application of the database must survive");
    gate("life of an application (version, revert, drift, removal)", 4, started);
}

/// A broken kit: what it is, the file that is changed and how, a word of what Argo CD says, the rule of `check` that sees it
/// before (none: `check` does not yet compare Applications and charts with their `AppProject`).
type Broken = (&'static str, &'static str, fn(&str) -> String, &'static str, Option<&'static str>);

const BROKEN: &[Broken] = &[
    (
        "wrong destination",
        "argocd/dev/applications/backend.yaml",
        |t| t.replace("namespace: \"vie-dev\"", "namespace: \"kube-system\""),
        "do not match any of the allowed destinations",
        None,
    ),
    (
        "wrong repository",
        "argocd/dev/applications/backend.yaml",
        |t| t.replace("repoURL: \"https://", "repoURL: \"https://ailleurs.invalid/"),
        "is not permitted in project",
        None,
    ),
    (
        "cluster-scoped kind",
        "infra/backend/templates/compte.yaml",
        |t| format!("{t}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: trop-large}}\nrules: []\n"),
        "ClusterRole is not permitted in project",
        Some("appproject-kinds"),
    ),
];

/// The rules of `check` with findings in a project, as the program says them.
fn found(folder: &Path) -> Vec<String> {
    let helm = tool("helm3/helm").display().to_string();
    let path = folder.display().to_string();
    let ran = run(Path::new(env!("CARGO_BIN_EXE_mirai-kit")), ["check", &path, "--helm", &helm, "--format", "json"], folder);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.said()));
    let findings = report["folders"].as_array().unwrap().iter().flat_map(|f| f["findings"].as_array().unwrap());
    findings.map(|f| f["rule"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn argocd_refuses_what_its_project_does_not_allow() {
    let started = Instant::now();
    let life = Life::begin();
    let clean = found(&life.folder);
    for (what, path, change, said, rule) in BROKEN {
        let good = std::fs::read_to_string(life.folder.join(path)).unwrap();
        life.edit(path, change);
        let all = found(&life.folder);
        let new: Vec<&str> = all.iter().filter(|rule| !clean.contains(rule)).map(String::as_str).collect();
        assert!(rule.is_none_or(|rule| new.contains(&rule)), "{what}: {rule:?} is expected of check, which finds {new:?}");
        life.commit();
        life.until(&format!("{what} refused"), || applications(&life.plane).iter().any(|a| a.name == "vie-dev-backend" && a.said.contains(said)));
        eprintln!("broken kit, {what}: refused by Argo CD; check finds {new:?}");
        std::fs::write(life.folder.join(path), good).unwrap();
        life.commit();
        // Nothing is lost: everything is as before once git is.
        converge(&life.plane, life.count, 300);
    }
    gate("broken kits refused by Argo CD", BROKEN.len(), started);
}
