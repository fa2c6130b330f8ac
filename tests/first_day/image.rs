//! The image of the backend, built for real by buildah and run as another user on a read-only root. Where the real base cannot
//! be pulled, a Debian with its Python stands for it, under its name (`make tools` builds it): the Dockerfile is not touched.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::running::Running;
use crate::{http, tools};

/// The name that the Dockerfile gives to its base.
const BASE: &str = "docker.io/library/python:3.13-slim-bookworm";
/// Neither root nor the user of the Dockerfile.
const OTHER: &str = "10042:0";

/// A store of images of its own, without a daemon; erased when dropped.
pub struct Store {
    folder: PathBuf,
}

impl Store {
    pub fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("first_day/images");
        let store = Self { folder };
        store.erase();
        fs::create_dir_all(&store.folder).unwrap();
        let context = tools::folder().join("base");
        assert!(context.join("base.tar").exists(), "{} is missing: run `make tools`", context.join("base.tar").display());
        store.ok(&["bud", "--isolation", "chroot", "--tag", BASE, "."], &context);
        store
    }

    fn command(&self, arguments: &[&str], at: &Path) -> Command {
        let mut command = Command::new(tools::tool("bin/buildah"));
        command.arg("--root").arg(self.folder.join("root")).arg("--runroot").arg(self.folder.join("run"));
        command.args(["--storage-driver", "vfs"]).args(arguments).current_dir(at).stdin(Stdio::null());
        command
    }

    fn ok(&self, arguments: &[&str], at: &Path) -> String {
        let ran = self.command(arguments, at).output().unwrap();
        assert!(ran.status.success(), "buildah {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// Builds the backend's Dockerfile as it is, and answers the folder of the image's files.
    pub fn build(&self, app: &Path) -> PathBuf {
        self.ok(&["bud", "--pull-never", "--isolation", "chroot", "--file", "backend/Dockerfile", "--tag", "backend:test", "."], app);
        let container = self.ok(&["from", "--pull-never", "backend:test"], app);
        self.ok(&["mount", &container], app).into()
    }

    /// What the image says of itself.
    pub fn inspect(&self, template: &str) -> String {
        self.ok(&["inspect", "--type", "image", "--format", template, "backend:test"], &self.folder)
    }

    fn erase(&self) {
        if self.folder.exists() {
            let _ = self.command(&["rm", "--all"], Path::new("/")).output();
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.erase();
    }
}

/// Runs a program of the image on its files: another user, nothing writable but /tmp, no capability, no new privilege.
fn inside<S: AsRef<OsStr>>(root: &Path, variables: &[(String, String)], program: &[S]) -> Command {
    // Bound on itself, then read-only: as `readOnlyRootFilesystem` does. The mounts end with the process.
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && mount -t tmpfs -o mode=1777 tmpfs \"$1/tmp\" \
        && mount --bind /proc \"$1/proc\" && mount -t tmpfs -o mode=755 tmpfs \"$1/dev\" && touch \"$1/dev/urandom\" \"$1/dev/null\" \
        && mount --bind /dev/urandom \"$1/dev/urandom\" && mount --bind /dev/null \"$1/dev/null\" && root=$1 && shift \
        && exec chroot \"$root\" setpriv --reuid \"${1%:*}\" --regid \"${1#*:}\" --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \
           /bin/sh -c 'cd /app && exec \"$@\"' sh \"${@:2}\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "bash", "-c", script, "bash"]).arg(root).arg(OTHER).args(program);
    command
        .env_clear()
        .envs(variables.iter().cloned())
        .env("PATH", "/opt/venv/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null());
    command
}

/// What a program of the image answers.
pub fn run(root: &Path, program: &[&str]) -> (bool, String) {
    let ran = inside(root, &[], program).output().unwrap();
    (ran.status.success(), format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr)))
}

/// The server of the image beside `make dev`, on its database, provider and gateway.
pub struct Served {
    process: Child,
    pub port: u16,
    log: PathBuf,
}

impl Served {
    pub fn start(root: &Path, running: &Running) -> Self {
        let script = "import json, sys; sys.path.insert(0, 'dev'); from poste import reglages, services; print(json.dumps(services.application(reglages.charger())))";
        let mut ask = Command::new("python3");
        ask.args(["-c", script]).current_dir(&running.app);
        for (service, port) in &running.ports {
            ask.env(format!("DEV_PORT_{}", service.to_uppercase()), port.to_string());
        }
        let told = ask.output().unwrap();
        let settings: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&told.stdout).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // The image holds its migrations: the workstation's folder is unknown to it.
        let mut variables: Vec<(String, String)> =
            settings.into_iter().filter(|(name, _)| name != "MIGRATIONS").map(|(name, value)| (name, value.as_str().unwrap().to_owned())).collect();
        variables.push(("PORT".into(), port.to_string()));
        let log = running.app.parent().unwrap().join("image.log");
        let output = fs::File::create(&log).unwrap();
        // The command of the Dockerfile, as its first process gets it.
        let process =
            inside(root, &variables, &["python", "-m", "app"]).stdout(output.try_clone().unwrap()).stderr(output).process_group(0).spawn().unwrap();
        let served = Self { process, port, log };
        let until = Instant::now() + Duration::from_secs(30);
        while http::Connection::new(port).ask("GET", "/health/ready", &[], "").is_err() {
            assert!(Instant::now() < until, "the image does not serve: {}", served.said());
            std::thread::sleep(Duration::from_millis(100));
        }
        served
    }

    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Owner of the process, by its number.
    pub fn user(&self) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = |name: &str| status.lines().find_map(|l| l.strip_prefix(name)).unwrap().split_whitespace().next().unwrap().to_owned();
        format!("{}:{} {} {}", line("Uid:"), line("Gid:"), line("CapBnd:"), line("NoNewPrivs:"))
    }

    /// SIGTERM; what it had written when it ended, and how long that took.
    pub fn stop(mut self) -> (String, Duration) {
        let since = Instant::now();
        let id = rustix::process::Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        self.process.wait().unwrap();
        (self.said(), since.elapsed())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
