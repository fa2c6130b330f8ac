//! Argo CD as processes: redis, repo-server and application controller, with a forge of this machine that serves what the kit
//! generates. Nothing of Argo CD is replaced; kwok plays what would need a container (`stages.yaml`).

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::plane::{Plane, engine};
use crate::process::{GO, Process, eventually, free_port, listens};
use crate::tools::{run, tool};

/// A forge and an Argo CD of a control plane.
pub struct ArgoCd {
    forge: PathBuf,
    port: u16,
    /// Where the repo-server listens.
    pub repositories: u16,
}

/// An Application as its status shows it.
pub struct Seen {
    pub name: String,
    pub sync: String,
    pub health: String,
    pub said: String,
}

impl Seen {
    pub fn well(&self) -> bool {
        self.sync == "Synced" && self.health == "Healthy"
    }

    pub fn shown(&self) -> String {
        format!("{} {} {} ({})", self.name, self.sync, self.health, self.said)
    }
}

impl ArgoCd {
    pub fn start(plane: &Plane) -> Self {
        let folder = plane.folder().to_path_buf();
        let forge = folder.join("forge");
        for name in ["forge", "tmp", "argo-tls", "argo-ssh", "home/.kube"] {
            std::fs::create_dir_all(folder.join(name)).unwrap();
        }
        std::fs::copy(plane.kubeconfig(), folder.join("home/.kube/config")).unwrap();
        // Argo CD finds a forge's certificate by its host.
        std::fs::copy(folder.join("tls.crt"), folder.join("argo-tls/127.0.0.1")).unwrap();
        std::fs::write(folder.join("argo-ssh/ssh_known_hosts"), "").unwrap();
        configure(plane);
        let port = free_port();
        let mut git = Process::start("forge", Path::new("/usr/bin/python3"), &folder, move |command| {
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/git_server.py"));
            command.arg("forge").arg(port.to_string()).args(["tls.crt", "tls.key"]);
        });
        git.until(30, || listens(port));
        plane.keep(git);
        let redis = free_port();
        let mut store = Process::start("redis", &engine("redis-server"), &folder, move |command| {
            command.args(["--bind", "127.0.0.1", "--port", &redis.to_string(), "--save", "", "--appendonly", "no"]);
        });
        store.until(30, || listens(redis));
        plane.keep(store);
        let (repositories, metrics, home) = (free_port(), free_port(), folder.clone());
        let mut server = Process::start("argocd-repo-server", &engine("argocd-repo-server"), &folder, move |command| {
            environment(command, &home);
            command.args(["--address", "127.0.0.1", "--port", &repositories.to_string(), "--disable-tls", "--loglevel=warn"]);
            command.args(["--metrics-address", "127.0.0.1", "--metrics-port", &metrics.to_string()]);
            command.args(["--redis", &format!("127.0.0.1:{redis}"), "--parallelismlimit=2"]);
        });
        server.until(60, || listens(repositories));
        plane.keep(server);
        let (metrics, home) = (free_port(), folder.clone());
        // Its temporary files go to /dev/shm, and stay there when it is killed: it gets one of its own.
        let own = "mount -t tmpfs tmpfs /dev/shm && exec \"$0\" \"$@\"";
        let program = engine("argocd-application-controller");
        let mut controller = Process::start("argocd-application-controller", Path::new("unshare"), &folder, move |command| {
            environment(command, &home);
            command.args(["--mount", "--propagation", "private", "sh", "-c", own]).arg(&program);
            command.args(["--namespace=argocd", "--repo-server-plaintext", "--repo-server", &format!("127.0.0.1:{repositories}")]);
            command.args(["--redis", &format!("127.0.0.1:{redis}"), "--metrics-port", &metrics.to_string(), "--loglevel=warn"]);
            // Each test asks for a look at git when it has committed: what is polled besides costs, and proves nothing.
            command.args(["--app-resync=3600", "--app-resync-jitter=0", "--kubeconfig"]).arg(home.join("kubeconfig"));
            // Its defaults are for a server that others use: 50 requests per second, and two seconds between waves.
            command.env("ARGOCD_K8S_CLIENT_QPS", "400").env("ARGOCD_K8S_CLIENT_BURST", "800").env("ARGOCD_SYNC_WAVE_DELAY", "1");
        });
        controller.until(60, || true);
        plane.keep(controller);
        Self { forge, port, repositories }
    }

    /// Whether the forge listens.
    pub fn serves(&self) -> bool {
        listens(self.port)
    }

    /// Address of the forge's group of projects.
    pub fn group(&self) -> String {
        format!("https://127.0.0.1:{}/demo", self.port)
    }

    /// Commits a folder as a repository of the forge; its first commit bears the tag that production names.
    pub fn push(&self, folder: &Path, name: &str) {
        let git = |arguments: &[&str]| {
            let identity = ["-c", "user.name=mirai", "-c", "user.email=mirai@exemple.invalid", "-c", "init.defaultBranch=main"];
            let ran = run(Path::new("/usr/bin/git"), identity.iter().chain(arguments), folder);
            assert!(ran.ok, "git {arguments:?} in {}: {}", folder.display(), ran.said());
        };
        let target = self.forge.join("demo").join(format!("{name}.git"));
        let target = target.display().to_string();
        let first = !folder.join(".git").exists();
        if first {
            git(&["init", "--quiet"]);
            git(&["init", "--quiet", "--bare", &target]);
        }
        // The archives of charts are committed, as the READMEs ask.
        git(&["add", "--all", "--force"]);
        git(&["commit", "--quiet", "--message", "Livraison"]);
        if first {
            git(&["tag", "v0.1.0"]);
        }
        git(&["push", "--quiet", "--force", "--tags", &target, "main"]);
    }
}

/// The environment of Argo CD's programs: their own home, helm by its name, no keyring.
fn environment(command: &mut std::process::Command, folder: &Path) {
    let helm = tool("helm3/helm");
    let path = format!("{}:{}", helm.parent().unwrap().display(), std::env::var("PATH").unwrap());
    command.env_clear().env("PATH", path).env("HOME", folder.join("home")).env("TMPDIR", folder.join("tmp"));
    command.env("ARGOCD_GPG_ENABLED", "false").env("ARGOCD_TLS_DATA_PATH", folder.join("argo-tls"));
    command.envs(GO).env("ARGOCD_SSH_DATA_PATH", folder.join("argo-ssh")).env("ARGOCD_FAKE_IN_CLUSTER", "true");
}

/// What an installation of Argo CD declares, at its defaults.
fn configure(plane: &Plane) {
    let part = json!({"app.kubernetes.io/part-of": "argocd"});
    let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "argocd", "labels": part}});
    let names = ["argocd-cm", "argocd-cmd-params-cm", "argocd-gpg-keys-cm", "argocd-rbac-cm", "argocd-ssh-known-hosts-cm", "argocd-tls-certs-cm"];
    let mut items: Vec<Value> = names.into_iter().map(map).collect();
    items.push(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "argocd-secret", "namespace": "argocd", "labels": part},
        "stringData": {"server.secretkey": "cle-de-cet-essai"}}));
    plane.apply("argocd", &json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string());
}

/// The Applications whose name begins so, among those of these labels (empty: all), as their status shows them.
pub fn applications(plane: &Plane, prefix: &str, selector: &str) -> Vec<Seen> {
    let list = plane.list("argocd", &format!("applications?labelSelector={selector}"));
    let text = |o: &Value, p: &str| o.pointer(p).and_then(Value::as_str).unwrap_or_default().to_owned();
    let seen = |o: &Value| {
        let all = |p: &str| o.pointer(p).and_then(Value::as_array).cloned().unwrap_or_default();
        let mut said: Vec<String> = all("/status/conditions").iter().map(|c| text(c, "/message")).collect();
        let results = all("/status/operationState/syncResult/resources");
        let failed = results.iter().filter(|r| r["status"] == "SyncFailed" || r["hookPhase"] == "Failed" || r["hookPhase"] == "Error");
        said.extend(failed.map(|r| format!("{} {}: {}", text(r, "/kind"), text(r, "/name"), text(r, "/message"))));
        let resources = all("/status/resources");
        let late = resources.iter().filter(|r| r.get("status").is_some_and(|s| s != "Synced"));
        said.extend(late.map(|r| format!("{} {} is {}", text(r, "/kind"), text(r, "/name"), text(r, "/status"))));
        said.push(format!("{}: {}", text(o, "/status/operationState/phase"), text(o, "/status/operationState/message")));
        let said = said.join("; ");
        Seen { name: text(o, "/metadata/name"), sync: text(o, "/status/sync/status"), health: text(o, "/status/health/status"), said }
    };
    list.iter().map(seen).filter(|a| a.name.starts_with(prefix)).collect()
}

/// Waits until that many Applications of a prefix exist and all are synced and healthy; gives them.
pub fn converge(plane: &Plane, prefix: &str, expected: usize, seconds: u64) -> Vec<Seen> {
    eventually("every Application synced and healthy", seconds, || {
        let all = applications(plane, prefix, "");
        let late: Vec<String> = all.iter().filter(|a| !a.well()).map(Seen::shown).collect();
        if all.len() == expected && late.is_empty() { Ok(all) } else { Err(format!("{} of {expected}; {}", all.len(), late.join("\n"))) }
    })
}
