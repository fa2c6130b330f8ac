//! Creating a project: what is accepted as a target, what arrives, what is refused before anything is written.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking, and prepares its folders")]

use std::fs;
use std::path::Path;

use mirai_kit::apply::{self, ApplyError, Cancel, Options, SafeRelPath, TargetProblem};
use mirai_kit::render::{Owner, Tree, TreeFile};
use tempfile::TempDir;

fn tree(files: &[(&str, &str)]) -> Tree {
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

fn small() -> Tree {
    tree(&[("README.md", "# Démo\n"), ("a/b/c.txt", "c"), ("a/b-c/d.txt", "d"), ("a/z.txt", "z"), ("run.sh", "#!/bin/sh\n"), ("vide", "")])
}

/// Every path below a folder, sorted, folders with a final `/`.
fn listing(root: &Path) -> Vec<String> {
    fn walk(root: &Path, at: &Path, out: &mut Vec<String>) {
        for entry in fs::read_dir(at).unwrap() {
            let entry = entry.unwrap();
            let name = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if entry.file_type().unwrap().is_dir() {
                out.push(format!("{name}/"));
                walk(root, &entry.path(), out);
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

const SMALL: [&str; 9] = ["README.md", "a/", "a/b-c/", "a/b-c/d.txt", "a/b/", "a/b/c.txt", "a/z.txt", "run.sh", "vide"];

#[test]
fn a_missing_folder_is_created_with_every_file_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    let report = apply::create(&target, &small(), &Options::default()).unwrap();
    assert_eq!((report.files, report.bytes, report.swept), (6, 21, 0));
    assert_eq!(listing(&target), SMALL);
    assert_eq!(fs::read_to_string(target.join("README.md")).unwrap(), "# Démo\n");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no staging folder is left");
}

#[test]
fn an_empty_folder_is_filled_and_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    fs::create_dir(&target).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o2750)).unwrap();
    apply::create(&target, &small(), &Options::default()).unwrap();
    assert_eq!(listing(&target), SMALL);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o7777, 0o2750);
}

#[test]
fn a_folder_that_holds_something_is_refused_naming_it() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let error = apply::create(dir.path(), &small(), &Options::default()).unwrap_err();
    assert!(matches!(&error, ApplyError::Target { problem: TargetProblem::NotEmpty(names), .. } if names == &["notes.txt"]), "{error}");
    assert!(error.to_string().contains("notes.txt") && error.hint().is_some());
    assert_eq!(listing(dir.path()), ["notes.txt"]);
}

#[test]
fn a_raised_flag_stops_the_work_and_removes_what_was_staged() {
    let dir = TempDir::new().unwrap();
    let cancel = Cancel::new();
    let progress = |done: usize, _| {
        if done == 3 {
            cancel.raise();
        }
    };
    let options = Options { cancel: Some(&cancel), progress: Some(&progress), git: None };
    let error = apply::create(&dir.path().join("demo"), &small(), &options).unwrap_err();
    assert!(matches!(error, ApplyError::Cancelled), "{error}");
    assert_eq!(listing(dir.path()), [""; 0]);
}
