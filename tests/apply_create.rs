//! Creating a project: what is accepted as a target, what arrives, what is refused before anything is written.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking, and prepares its folders")]

#[path = "common/disk.rs"]
mod disk;

use std::fs;

use disk::{listing, tree};
use mirai_kit::apply::{self, ApplyError, Cancel, Options, TargetProblem};
use mirai_kit::render::Tree;
use tempfile::TempDir;

fn small() -> Tree {
    tree(&[("README.md", "# Démo\n"), ("a/b/c.txt", "c"), ("a/b-c/d.txt", "d"), ("a/z.txt", "z"), ("run.sh", "#!/bin/sh\n"), ("vide", "")])
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
