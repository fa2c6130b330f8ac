//! A node whose pods are real processes of this machine (`kubelet.py`).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::corpus::copy;
use crate::database::ADDRESS;
use crate::plane::Plane;
use crate::process::Process;
use crate::tools::run;

/// A running kubelet.
pub struct Node {
    folder: PathBuf,
    process: Process,
}

impl Node {
    /// Starts it under a name. `hosts`: what resolves to the database.
    pub fn start(plane: &Plane, name: &str, runtime: &Path, hosts: &str) -> Self {
        let folder = plane.folder().join(format!("node-{name}"));
        for part in ["images", "state"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        fs::write(folder.join("hosts"), format!("127.0.0.1 localhost\n{ADDRESS} {hosts}\n")).unwrap();
        let (server, token) = plane.access();
        let settings = json!({"server": server, "token": token, "authority": plane.folder().join("tls.crt"), "node": name,
            "images": folder.join("images"), "state": folder.join("state"), "runtime": runtime, "hosts": folder.join("hosts")});
        fs::write(folder.join("settings.json"), settings.to_string()).unwrap();
        let process = Process::start("kubelet", Path::new("python3"), &folder, |command| {
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/kubelet.py")).arg("settings.json");
        });
        Self { folder, process }
    }

    /// Makes an image of a tag as the Dockerfile does: the program and its migrations.
    pub fn image(&self, project: &Path, tag: &str) {
        let image = self.folder.join("images").join(tag);
        copy(&project.join("backend/app"), &image.join("app"));
        copy(&project.join("donnees/migrations"), &image.join("migrations"));
    }

    /// What the containers of pods wrote, for the names that begin so (`namespace_pod`).
    pub fn logs(&self, prefix: &str) -> String {
        let mut files: Vec<PathBuf> = fs::read_dir(self.folder.join("state")).unwrap().map(|f| f.unwrap().path()).collect();
        files.retain(|f| f.is_file() && f.file_name().unwrap().to_string_lossy().starts_with(prefix));
        files.sort();
        let shown = |f: PathBuf| format!("{}:\n{}", f.file_name().unwrap().display(), fs::read_to_string(&f).unwrap());
        files.into_iter().map(shown).collect()
    }

    pub fn last_words(&self) -> String {
        self.process.last_words()
    }
}

/// The interpreter's environment that the Dockerfile makes in /opt/venv: made once per list of requirements.
pub fn runtime(project: &Path) -> PathBuf {
    let list = project.join("backend/requirements.txt");
    let text = fs::read_to_string(&list).unwrap();
    let key = mirai_kit::digest::sha256(text.as_bytes());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("venv-{}", &key[..12]));
    if !folder.join("complete").exists() {
        drop(fs::remove_dir_all(&folder));
        let path = folder.display().to_string();
        let list = list.display().to_string();
        let pip = folder.join("bin/python");
        let ran = run(Path::new("python3"), ["-m", "venv", &path], project);
        assert!(ran.ok, "{}", ran.said());
        let ran = run(
            &pip,
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:", "-r", &list],
            project,
        );
        assert!(ran.ok, "{}", ran.said());
        fs::write(folder.join("complete"), "").unwrap();
    }
    folder
}
