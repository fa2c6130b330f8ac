//! A control plane of one test: etcd and kube-apiserver with throwaway keys, and kube-controller-manager, kube-scheduler and
//! kwok when objects must live. Everything listens on 127.0.0.1 and ends with the test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};

use crate::corpus::objects;
use crate::process::{Folder, Process, eventually, free_port, listens};
use crate::tools::{self, Ran, run, tool};

/// A program built by `make cluster-tools`.
pub fn engine(name: &str) -> PathBuf {
    let program = tools::folder().join("cluster/bin").join(name);
    assert!(program.exists(), "{} is missing: run `make cluster-tools`", program.display());
    program
}

/// The CRDs of a folder, without their texts: the API server judges by none of them, and every program that reads its schemas
/// (at each apply, for Argo CD) reads them all, most of its bytes.
fn crds(folder: &Path) -> Vec<Value> {
    // Megabytes of YAML, which several control planes want.
    static READ: Mutex<BTreeMap<PathBuf, Vec<Value>>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap();
    if let Some(all) = read.get(folder) {
        return all.clone();
    }
    let files = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}: run `make tools cluster-tools`", folder.display()));
    let files = files.map(|f| f.unwrap().path()).filter(|f| !f.ends_with("kustomization.yaml"));
    let mut all: Vec<Value> = files.flat_map(|f| objects(&std::fs::read_to_string(f).unwrap())).collect();
    assert!(!all.is_empty() && all.iter().all(|o| o["kind"] == "CustomResourceDefinition"), "{}", folder.display());
    all.iter_mut().for_each(without_texts);
    read.insert(folder.to_owned(), all.clone());
    all
}

/// Removes descriptions: strings, unlike a property that would bear this name.
fn without_texts(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, value| key != "description" || !value.is_string());
            fields.values_mut().for_each(without_texts);
        }
        Value::Array(items) => items.iter_mut().for_each(without_texts),
        _ => {}
    }
}

/// A running control plane. Fields drop in order: processes first, then their files.
pub struct Plane {
    processes: Mutex<Vec<Process>>,
    folder: Folder,
    port: u16,
    /// Where `kubectl proxy` listens, once objects live.
    pub(crate) reader: OnceLock<u16>,
}

impl Plane {
    /// etcd and the API server, with the CRDs of these folders (below `target/tools/crds`).
    pub fn start(crds: &[&str]) -> Self {
        let folder = Folder::new("cluster-", Path::new(env!("CARGO_TARGET_TMPDIR")));
        let plane = Self { processes: Mutex::default(), folder, port: free_port(), reader: OnceLock::new() };
        plane.keys();
        let etcd = plane.etcd();
        plane.api_server(etcd);
        plane.crds_of(crds);
        plane
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.folder().join("kubeconfig")
    }

    /// Keys of this run: the server's certificate, self-signed and its own authority; the key of service accounts; the
    /// administrator's token.
    fn keys(&self) {
        let openssl = Path::new("/usr/bin/openssl");
        let name = ["-subj", "/CN=mirai-cluster", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
        let mut certificate = vec!["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
        certificate.extend(["-keyout", "tls.key", "-out", "tls.crt"]);
        certificate.extend(name);
        let accounts = vec!["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "accounts.key"];
        let public = vec!["pkey", "-in", "accounts.key", "-pubout", "-out", "accounts.pub"];
        for arguments in [certificate, accounts, public] {
            let ran = run(openssl, &arguments, self.folder());
            assert!(ran.ok, "openssl {arguments:?}: {}", ran.said());
        }
        let token = run(openssl, ["rand", "-hex", "24"], self.folder()).out.trim().to_owned();
        std::fs::write(self.folder().join("tokens.csv"), format!("{token},admin,admin,\"system:masters\"\n")).unwrap();
        let authority = self.folder().join("tls.crt");
        let mut config = String::from("apiVersion: v1\nkind: Config\ncurrent-context: c\n");
        write!(config, "clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:{}', ", self.port).unwrap();
        writeln!(config, "certificate-authority: '{}'}}}}]", authority.display()).unwrap();
        writeln!(config, "users: [{{name: u, user: {{token: {token}}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]").unwrap();
        std::fs::write(self.kubeconfig(), config).unwrap();
    }

    fn etcd(&self) -> u16 {
        let (client, peer) = (free_port(), free_port());
        let mut etcd = Process::start("etcd", &engine("etcd"), self.folder(), move |command| {
            let address = |port| format!("http://127.0.0.1:{port}");
            command.args(["--data-dir", "etcd", "--unsafe-no-fsync", "--log-level", "warn"]);
            command.args(["--listen-client-urls", &address(client), "--advertise-client-urls", &address(client)]);
            command.args(["--listen-peer-urls", &address(peer), "--initial-advertise-peer-urls", &address(peer)]);
            command.args(["--initial-cluster", &format!("default={}", address(peer))]);
        });
        etcd.until(60, || listens(client));
        self.keep(etcd);
        client
    }

    fn api_server(&self, etcd: u16) {
        let admission = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- name: PodNodeSelector\n  configuration: \
            {podNodeSelectorPluginConfig: {clusterDefaultNodeSelector: played-by=kwok}}\n";
        std::fs::write(self.folder().join("admission.yaml"), admission).unwrap();
        let port = self.port;
        let mut server = Process::start("kube-apiserver", &engine("kube-apiserver"), self.folder(), move |command| {
            command.args(["--etcd-servers", &format!("http://127.0.0.1:{etcd}"), "--secure-port", &port.to_string()]);
            command.args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"]);
            command.args([
                "--service-cluster-ip-range=10.0.0.0/16",
                "--authorization-mode=RBAC",
                "--allow-privileged=true",
                "--token-auth-file=tokens.csv",
                // A namespace's pods go to kwok's node, unless it is annotated with another.
                "--enable-admission-plugins=PodNodeSelector",
                "--admission-control-config-file=admission.yaml",
                // Who waits for whom under load: nothing here is judged by it.
                "--enable-priority-and-fairness=false",
            ]);
            command.args(["--tls-cert-file=tls.crt", "--tls-private-key-file=tls.key", "--cert-dir=run"]);
            command.args(["--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=accounts.pub"]);
            command.args(["--service-account-signing-key-file=accounts.key"]);
        });
        let arguments = ["get", "--raw", "/readyz"].map(str::to_owned);
        server.until(120, || self.kubectl(&arguments).ok);
        self.keep(server);
    }

    /// Applies CRDs, together since each change has the server build its schemas again, and waits until they are served.
    pub fn crds_of(&self, folders: &[&str]) {
        let all: Vec<Value> = folders.iter().flat_map(|name| crds(&tools::folder().join("crds").join(name))).collect();
        let file = self.folder().join(format!("crds-{}.json", folders.join("-")));
        std::fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": all}).to_string()).unwrap();
        let named = format!("--filename={}", file.display());
        // A busy machine makes a request time out, and a CRD without any status yet is an error to `kubectl wait`.
        for verb in [&["apply", "--server-side"][..], &["wait", "--for=condition=Established", "--timeout=60s"]] {
            eventually("CRDs served", 120, || {
                let ran = self.kubectl(&[verb, &[named.as_str()]].concat());
                if ran.ok { Ok(()) } else { Err(ran.said()) }
            });
        }
    }

    /// Where it answers, and the administrator's token.
    pub fn access(&self) -> (String, String) {
        let tokens = std::fs::read_to_string(self.folder().join("tokens.csv")).unwrap();
        (format!("https://127.0.0.1:{}", self.port), tokens.split(',').next().unwrap().to_owned())
    }

    /// What makes objects live: controllers, the scheduler, and kwok for a node and its pods.
    pub fn live(&self) {
        let kubeconfig = self.kubeconfig().display().to_string();
        let ports = [free_port(), free_port()];
        let config = kubeconfig.clone();
        let manager = Process::start("kube-controller-manager", &engine("kube-controller-manager"), self.folder(), move |command| {
            let kubeconfig = &config;
            command.args(["--kubeconfig", kubeconfig, "--authentication-kubeconfig", kubeconfig, "--authorization-kubeconfig", kubeconfig]);
            command.args(["--leader-elect=false", "--bind-address=127.0.0.1", "--cert-dir=run"]);
            command.args(["--secure-port", &ports[0].to_string(), "--service-account-private-key-file=accounts.key", "--root-ca-file=tls.crt"]);
            // Without a metrics API or volumes, the first two would only say so: stages.yaml plays them. No kubelet says that the node lives.
            // Hundreds of Deployments come at once: its default of 20 requests per second is what would be waited for.
            command.args(["--node-monitor-grace-period=24h", "--kube-api-qps=300", "--kube-api-burst=600"]);
            command.arg("--controllers=*,-horizontal-pod-autoscaler-controller,-persistentvolume-binder-controller");
        });
        // The plugins that look at volumes: claims here are bound to nothing (stages.yaml).
        let disabled = ["VolumeBinding", "VolumeRestrictions", "VolumeZone", "NodeVolumeLimits"].map(|name| format!("{{name: {name}}}")).join(", ");
        let profile = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nleaderElection: {leaderElect: false}\n";
        let config = format!(
            "{profile}clientConnection: {{kubeconfig: '{kubeconfig}', qps: 300, burst: 600}}\nprofiles: [{{plugins: {{multiPoint: {{disabled: [{disabled}]}}}}}}]\n"
        );
        std::fs::write(self.folder().join("scheduler.yaml"), config).unwrap();
        let config = kubeconfig.clone();
        let scheduler = Process::start("kube-scheduler", &engine("kube-scheduler"), self.folder(), move |command| {
            command.args(["--config=scheduler.yaml", "--bind-address=127.0.0.1", "--cert-dir=run", "--secure-port", &ports[1].to_string()]);
            command.args(["--authentication-kubeconfig", &config, "--authorization-kubeconfig", &config]);
        });
        let stages = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/stages.yaml");
        let port = free_port();
        let kwok = Process::start("kwok", &engine("kwok"), self.folder(), move |command| {
            command.args([
                "--kubeconfig",
                &kubeconfig,
                "--manage-nodes-with-label-selector=played-by=kwok",
                "--manage-all-nodes=false",
                "--config",
                stages,
            ]);
            command.args(["--server-address", &format!("127.0.0.1:{port}")]);
        });
        for process in [manager, scheduler, kwok] {
            self.keep(process);
        }
        self.reader.set(self.proxy()).unwrap();
        self.apply("node", "apiVersion: v1\nkind: Node\nmetadata: {name: kwok, labels: {kubernetes.io/hostname: kwok, played-by: kwok}}\n");
        self.done(&["wait", "--for=condition=Ready", "--timeout=120s", "node/kwok"]);
    }

    /// Keeps a program running as long as the control plane.
    pub fn keep(&self, process: Process) {
        self.processes.lock().unwrap().push(process);
    }

    /// Ends a program as a crash does.
    pub fn kill(&self, name: &str) {
        self.with(name, Process::kill);
    }

    /// Starts it again, and waits until it is ready.
    pub fn revive(&self, name: &str, ready: impl FnMut() -> bool) {
        self.with(name, |process| {
            process.revive();
            process.until(120, ready);
        });
    }

    fn with(&self, name: &str, work: impl FnOnce(&mut Process)) {
        let mut all = self.processes.lock().unwrap();
        work(all.iter_mut().find(|p| p.name == name).unwrap_or_else(|| panic!("no {name} runs")));
    }

    /// The last words of everything that runs.
    pub fn last_words(&self) -> String {
        let all = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().flat_map(|p| ["--- end of ".to_owned(), p.name.clone(), ":\n".to_owned(), p.last_words(), "\n".to_owned()]).collect()
    }

    /// `kubectl`, as administrator. Its cache of what the server knows is this run's: its own place is the user's home.
    pub fn kubectl<S: AsRef<str>>(&self, arguments: &[S]) -> Ran {
        let own = [format!("--kubeconfig={}", self.kubeconfig().display()), format!("--cache-dir={}", self.folder().join("cache").display())];
        let all = own.iter().map(String::as_str).chain(arguments.iter().map(AsRef::as_ref));
        run(&tool("helm3/kubectl"), all, Path::new("/"))
    }

    /// `kubectl` that must succeed; its output.
    pub fn done<S: AsRef<str>>(&self, arguments: &[S]) -> String {
        let ran = self.kubectl(arguments);
        let shown: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        assert!(ran.ok, "kubectl {}: {}", shown.join(" "), ran.said());
        ran.out
    }

    /// Applies text, which must be accepted.
    pub fn apply(&self, name: &str, text: &str) {
        let file = self.folder().join(format!("{name}.yaml"));
        std::fs::write(&file, text).unwrap();
        self.done(&["apply", "--server-side", "--force-conflicts", "--validate=strict", "-f", &file.display().to_string()]);
    }
}
