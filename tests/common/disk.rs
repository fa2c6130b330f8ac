//! Trees, listings and repositories for the tests of `apply`, `git` and `plan`.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "each test uses its part, and panics")]

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use mirai_kit::apply::SafeRelPath;
use mirai_kit::render::{Owner, Repository, Tree, TreeFile};

/// A tree of text files; those in `.sh` are executable.
pub fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, content) in files {
        let file = TreeFile {
            bytes: content.as_bytes().to_vec(),
            executable: Path::new(path).extension().is_some_and(|e| e == "sh"),
            module: "socle".into(),
            owner: Owner::Kit,
        };
        tree.insert(SafeRelPath::new(*path).unwrap(), file).unwrap();
    }
    tree
}

/// The same, as one repository at the root.
pub fn repository(files: &[(&str, &str)]) -> Tree {
    let mut tree = tree(files);
    tree.repositories = vec![Repository { path: None, name: "demo".into() }];
    tree
}

/// Writes a kit without question that generates these files in one repository at the root; `run.sh` is executable.
pub fn write_kit(folder: &Path, files: &[&str]) {
    let sources = folder.join("modules/socle/files");
    fs::create_dir_all(&sources).unwrap();
    let head = "format: mirai-kit/v1\nid: essai\nversion: \"1.0.0\"\ntitle: {fr: \"Essai\", en: \"Trial\"}\nmodules: [socle]\n";
    fs::write(folder.join("kit.yaml"), format!("{head}repositories: '[{{\"path\": \"\", \"name\": \"demo\"}}]'\n")).unwrap();
    let mut module = "id: socle\ntitle: {fr: \"Socle\", en: \"Base\"}\nhelp: {fr: \"Socle\", en: \"Base\"}\nfiles:\n".to_owned();
    for (rank, path) in files.iter().enumerate() {
        let executable = path.ends_with("run.sh");
        writeln!(module, "  - {{from: \"{rank}\", to: \"{path}\", executable: {executable}}}").unwrap();
        fs::write(sources.join(rank.to_string()), format!("contenu {rank}\n")).unwrap();
    }
    fs::write(folder.join("modules/socle/module.yaml"), module).unwrap();
}

/// Every path below a folder, sorted, folders with a final `/`; not below `.git`.
pub fn listing(root: &Path) -> Vec<String> {
    fn walk(root: &Path, at: &Path, out: &mut Vec<String>) {
        for entry in fs::read_dir(at).unwrap() {
            let entry = entry.unwrap();
            let name = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if entry.file_type().unwrap().is_dir() {
                out.push(format!("{name}/"));
                if entry.file_name() != ".git" {
                    walk(root, &entry.path(), out);
                }
            } else {
                out.push(name);
            }
        }
    }
    let mut out = Vec::new();
    walk(root, root, &mut out);
    out.sort();
    out
}

/// Output of the real `git`, which must succeed: the judge of what libgit2 wrote.
pub fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("LC_ALL", "C")
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
