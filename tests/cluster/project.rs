//! One generated application on the team's own Argo CD, in one repository, and what its team does with it.

use std::path::{Path, PathBuf};

use mirai_kit::kit::Kit;
use serde_json::{Map, Value, json};

use crate::admitted::registry;
use crate::answers;
use crate::argocd::{Seen, applications};
use crate::corpus::{fresh, write};
use crate::process::patiently;
use crate::shared::Cluster;
use crate::tools::run;

/// One environment: what happens in a single one is not made in two. That all come up is `synced.rs`'s to show.
pub fn one_environment() -> Value {
    json!({"environnements": [{"nom": "dev", "env": "dev"}]})
}

pub struct Project<'a> {
    pub cluster: &'a Cluster,
    pub slug: &'static str,
    pub folder: PathBuf,
    repository: String,
    /// Applications of its environments, roots included.
    count: usize,
}

impl<'a> Project<'a> {
    /// Writes it, pushes it, applies what a person applies, and waits until all is well.
    pub fn begin(cluster: &'a Cluster, slug: &'static str, own: &Value) -> Self {
        let mut project = Self::written(cluster, slug, own);
        project.spaces();
        project.roots();
        project.converge();
        project
    }

    /// Writes it with answers of its own, and pushes it.
    pub fn written(cluster: &'a Cluster, slug: &'static str, own: &Value) -> Self {
        let kit = Kit::embedded().unwrap();
        let forge = json!({"primaire": cluster.argo.group(), "secondaire": cluster.argo.group()});
        let given = json!({"slug": slug, "hebergement": "argocd", "services_onyxia": [], "forge": forge, "registre": registry()});
        let mut given: Map<_, _> = given.as_object().unwrap().clone();
        given.extend(own.as_object().unwrap().clone());
        let values = answers::resolved(&kit, &given).unwrap();
        let folder = fresh(&format!("projects/{slug}"));
        let (_, repositories) = write(&kit, &values, &folder);
        let repository = repositories[0].1.clone();
        let project = Self { cluster, slug, folder, repository, count: 0 };
        // Nothing is changed but the pause before a failed sync is tried again.
        for environment in project.environments() {
            for module in std::fs::read_dir(environment.join("applications")).unwrap().map(|e| e.unwrap().path()) {
                let text = std::fs::read_to_string(&module).unwrap();
                std::fs::write(module, text.replace("duration: \"30s\"", "duration: \"5s\"")).unwrap();
            }
        }
        cluster.argo.push(&project.folder, &project.repository);
        project
    }

    fn environments(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.folder.join("argocd")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect()
    }

    fn by_hand(&self, environment: &Path, name: &str) {
        self.cluster.plane.done(&["apply", "--validate=strict", "-f", &environment.join(name).display().to_string()]);
    }

    /// Applies the namespaces, by hand as the README says.
    pub fn spaces(&self) {
        for environment in self.environments() {
            self.by_hand(&environment, "espace.yaml");
        }
    }

    /// Applies the projects and the root Applications: everything else comes of them.
    pub fn roots(&mut self) {
        for environment in self.environments() {
            self.by_hand(&environment, "projet.yaml");
            self.by_hand(&environment, "racine.yaml");
            self.count += 1 + std::fs::read_dir(environment.join("applications")).unwrap().count();
        }
    }

    /// Commits without telling Argo CD; the commit.
    pub fn push(&self) -> String {
        self.cluster.argo.push(&self.folder, &self.repository);
        run(Path::new("/usr/bin/git"), ["rev-parse", "HEAD"], &self.folder).out.trim().to_owned()
    }

    /// Whether every Application is there, synced and healthy.
    pub fn well(&self) -> bool {
        let all = self.applications();
        all.len() == self.count && all.iter().all(Seen::well)
    }

    /// Waits until all is well. Git is looked at again and again, as Argo CD's own poll does: an Application whose specification
    /// was refused is only judged again then, even once it is right.
    pub fn converge(&self) {
        let mut attempts = 0;
        let well = || {
            attempts += 1;
            // Every ten seconds.
            if attempts % 20 == 0 {
                self.refresh();
            }
            self.well()
        };
        patiently("every Application synced and healthy", 900, well, || self.state());
    }

    pub fn applications(&self) -> Vec<Seen> {
        applications(&self.cluster.plane, &format!("{}-", self.slug), &format!("app={}", self.slug))
    }

    pub fn space(&self) -> String {
        format!("--namespace={}-dev", self.slug)
    }

    /// Commits what was changed, and has Argo CD look at once.
    pub fn commit(&self) {
        self.push();
        self.refresh();
    }

    /// Has Argo CD look at git at once, as its poll or a forge's webhook would.
    pub fn refresh(&self) {
        let names: Vec<String> = self.applications().into_iter().map(|a| format!("application/{}", a.name)).collect();
        let mut arguments = vec!["annotate", "--namespace=argocd", "--overwrite"];
        arguments.extend(names.iter().map(String::as_str));
        arguments.push("argocd.argoproj.io/refresh=normal");
        self.cluster.plane.done(&arguments);
    }

    pub fn edit(&self, path: &str, change: impl Fn(&str) -> String) {
        let file = self.folder.join(path);
        let text = std::fs::read_to_string(&file).unwrap();
        let changed = change(&text);
        assert_ne!(text, changed, "{path}: nothing was changed");
        std::fs::write(file, changed).unwrap();
    }

    /// A field of an object of the first environment, by its pointer; empty when either is not there.
    pub fn show(&self, what: &str, field: &str) -> String {
        match self.cluster.plane.read(&format!("{}-dev", self.slug), what).pointer(field) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    pub fn until(&self, what: &str, mut seen: impl FnMut() -> bool) {
        patiently(what, 600, &mut seen, || self.state());
    }

    pub fn state(&self) -> String {
        self.applications().iter().map(Seen::shown).collect::<Vec<_>>().join("\n")
    }

    /// What an Application says, by the name of its module in the first environment.
    pub fn said(&self, module: &str) -> String {
        let name = format!("{}-dev-{module}", self.slug);
        self.applications().into_iter().find(|a| a.name == name).map(|a| a.shown()).unwrap_or_default()
    }

    /// Why the controllers could not create pods, as events tell it.
    pub fn events(&self) -> String {
        let events = self.cluster.plane.list(&format!("{}-dev", self.slug), "events?fieldSelector=reason%3DFailedCreate");
        let text = |event: &Value, field: &str| event.pointer(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let line = |e: &Value| format!("{} {}: {}", text(e, "/involvedObject/kind"), text(e, "/involvedObject/name"), text(e, "/message"));
        events.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Ends the operation of a module, as `argocd app terminate-op` does: a sync that fails is tried again at its own revision,
    /// for minutes, before Argo CD looks at a newer commit (`retry.refresh` came with 3.2).
    pub fn terminate(&self, module: &str) {
        let name = format!("applications/{}-dev-{module}", self.slug);
        let phase = || self.cluster.plane.read("argocd", &name)["status"]["operationState"]["phase"].take();
        if phase() == "Running" {
            let patch = r#"{"status":{"operationState":{"phase":"Terminating"}}}"#;
            self.cluster.plane.done(&["patch", &name, "--namespace=argocd", "--type=merge", "-p", patch]);
            self.until("the operation ended", || {
                let phase = phase();
                phase != "Running" && phase != "Terminating"
            });
        }
    }

    /// What must never change by itself: the database's identity, and the number of its specifications.
    pub fn database(&self) -> String {
        let all = self.cluster.plane.list(&format!("{}-dev", self.slug), "clusters");
        assert!(!all.is_empty(), "no database");
        all.iter().map(|c| format!("{} {}", c["metadata"]["uid"], c["metadata"]["generation"])).collect::<Vec<_>>().join(" ")
    }
}
