//! A generated project on its first day: written once per set of answers, run by its own `make dev`, stopped by Ctrl-C.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::http;

pub const SERVICES: [&str; 7] = ["application", "portail", "base", "identite", "stockage", "passerelle", "referentiels"];

/// Writes a project, keeping what an earlier run installed for it: what is locked is installed once.
pub fn project(name: &str, answers: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("first_day").join(name);
    let (fresh, app) = (root.join("fresh"), root.join("app"));
    let _ = fs::remove_dir_all(&fresh);
    fs::create_dir_all(&fresh).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mirai-kit"));
    command.args(["new", "demo", "--defaults", "--no-git", "--output"]).arg(&fresh);
    for answer in answers {
        command.args(["--set", answer]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = if fresh.join("demo/app/backend").is_dir() { fresh.join("demo/app") } else { fresh.join("demo") };
    let state = app.join("dev/.etat");
    if state.is_dir() {
        fs::rename(state, written.join("dev/.etat")).unwrap();
    }
    // Projects share what they lock alike.
    for (shared, link) in [("venv", "backend/.venv"), ("stockage-venv", "dev/.etat/stockage-venv")] {
        let (shared, link) = (root.parent().unwrap().join("shared").join(shared), written.join(link));
        if !shared.join("bin/python").exists() {
            let made = Command::new("python3").args(["-m", "venv"]).arg(&shared).status().unwrap();
            assert!(made.success(), "{}", shared.display());
        }
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        if fs::symlink_metadata(&link).is_err() {
            std::os::unix::fs::symlink(&shared, &link).unwrap();
        }
    }
    let _ = fs::remove_dir_all(&app);
    fs::rename(written, &app).unwrap();
    let _ = fs::remove_dir_all(&fresh);
    // Each run begins with an empty database: « make dev » makes one.
    for data in fs::read_dir(app.join("dev/.etat")).into_iter().flatten().flatten() {
        if data.file_name().to_string_lossy().starts_with("postgresql-") {
            fs::remove_dir_all(data.path()).unwrap();
        }
    }
    app
}

/// A port that nobody has.
pub fn free_ports() -> BTreeMap<&'static str, u16> {
    let held: Vec<_> = SERVICES.iter().map(|s| (*s, std::net::TcpListener::bind("127.0.0.1:0").unwrap())).collect();
    held.iter().map(|(s, l)| (*s, l.local_addr().unwrap().port())).collect()
}

/// `make …` in a project.
pub fn make(app: &Path, ports: &BTreeMap<&str, u16>, target: &str) -> Command {
    let mut command = Command::new("make");
    command.args(["-s", target]).current_dir(app).stdin(Stdio::null());
    for (service, port) in ports {
        command.env(format!("DEV_PORT_{}", service.to_uppercase()), port.to_string());
    }
    command
}

/// `make dev`, running.
pub struct Running {
    pub app: PathBuf,
    pub ports: BTreeMap<&'static str, u16>,
    log: PathBuf,
    process: Child,
    mark: String,
}

impl Running {
    /// Starts, and waits until the application says that it is ready.
    pub fn start(app: &Path, settings: &[(&str, &str)]) -> Self {
        let ports = free_ports();
        let log = app.parent().unwrap().join("make-dev.log");
        let output = fs::File::create(&log).unwrap();
        let mark = format!("FIRST_DAY_MARK={}", app.display());
        let (name, value) = mark.split_once('=').unwrap();
        // A terminal's Ctrl-C goes to a whole process group: this one.
        let process = make(app, &ports, "dev")
            .env(name, value)
            .envs(settings.iter().copied())
            .process_group(0)
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut running = Self { app: app.to_owned(), ports, log, process, mark };
        let until = Instant::now() + Duration::from_mins(6);
        while !running.said().contains("Ctrl-C arrête tout") {
            assert!(running.process.try_wait().unwrap().is_none(), "make dev stopped:\n{}", running.said());
            assert!(Instant::now() < until, "make dev is not ready:\n{}", running.said());
            std::thread::sleep(Duration::from_millis(100));
        }
        running
    }

    /// What it printed so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub fn address(&self, service: &str) -> String {
        format!("http://127.0.0.1:{}", self.ports[service])
    }

    /// Another target of the same project, while it runs.
    pub fn make(&self, target: &str) -> (bool, String) {
        let output = make(&self.app, &self.ports, target).output().unwrap();
        (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    }

    /// An access token of the fictional agent.
    pub fn token(&self) -> String {
        let (ok, said) = self.make("dev-jeton");
        assert!(ok && said.starts_with("eyJ"), "{said}");
        said.trim().to_owned()
    }

    /// A sample of `/metrics`, by the beginning of its line.
    pub fn metric(&self, beginning: &str) -> f64 {
        let (status, body) = http::get(self.ports["application"], "/metrics", &[]);
        assert_eq!(status, 200, "{body}");
        body.lines().filter(|l| l.starts_with(beginning)).filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// `demarrer.py redemarrer …`.
    pub fn restart(&self, what: &str) {
        let ran = Command::new("python3").args(["dev/demarrer.py", "redemarrer", what]).current_dir(&self.app).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    /// Process of the application.
    pub fn application(&self) -> Option<u32> {
        self.processes().into_iter().find(|(_, command)| command.contains("-m\0app\0")).map(|(pid, _)| pid)
    }

    /// Every process that `make dev` started: known by its environment, or by the folder it runs in (PostgreSQL overwrites
    /// its environment).
    fn processes(&self) -> Vec<(u32, String)> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
            let marked = fs::read(entry.path().join("environ")).is_ok_and(|e| e.windows(self.mark.len()).any(|w| w == self.mark.as_bytes()));
            let inside = fs::read_link(entry.path().join("cwd")).is_ok_and(|c| c.starts_with(&self.app));
            let ended = fs::read_to_string(entry.path().join("stat")).map_or(true, |s| s.contains(") Z "));
            if (marked || inside) && !ended {
                found.push((pid, fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default()));
            }
        }
        found
    }

    fn signal(&self, signal: Signal) {
        let group = Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        let _ = kill_process_group(group, signal);
    }

    /// Ctrl-C; every process and port is gone afterwards.
    pub fn stop(mut self) {
        let before = self.processes();
        assert!(before.len() > 3, "the processes are not seen: {before:?}");
        self.signal(Signal::INT);
        let until = Instant::now() + Duration::from_mins(1);
        while self.process.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "Ctrl-C stops nothing:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
        let until = Instant::now() + Duration::from_secs(5);
        while !self.processes().is_empty() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(self.processes(), [], "processes are left");
        let said = self.said();
        assert!(said.contains("Tout est arrêté.") && !said.contains("tué") && !said.contains("Traceback"), "{said}");
    }
}

impl Drop for Running {
    /// A test that fails leaves nothing behind either.
    fn drop(&mut self) {
        if self.process.try_wait().ok().flatten().is_none() {
            self.signal(Signal::INT);
            let until = Instant::now() + Duration::from_secs(40);
            while self.process.try_wait().ok().flatten().is_none() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(100));
            }
            let _ = self.process.kill();
        }
    }
}

/// Looks at the portal in a real browser, and answers what was seen.
pub fn browse(running: &Running, fields: &serde_json::Value) -> serde_json::Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/first_day/browser.mjs");
    let out = running.app.parent().unwrap().join("screenshots");
    fs::create_dir_all(&out).unwrap();
    let (portal, fields) = (format!("{}/", running.address("portail")), fields.to_string());
    let modules = crate::tools::folder().join("node/node_modules");
    let chromium = crate::tools::tool("bin/chromium");
    let arguments: [&OsStr; 6] = [script.as_os_str(), modules.as_os_str(), chromium.as_os_str(), out.as_os_str(), portal.as_ref(), fields.as_ref()];
    let ran = crate::tools::run(Path::new("node"), arguments, &running.app);
    serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", ran.said(), running.said()))
}
