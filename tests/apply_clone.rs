//! `new .` in a fresh clone: the files and the first commit arrive without touching its configuration, and a creation
//! interrupted there is undone by the next one, without ever losing someone's work.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking, and prepares its folders")]

#[path = "common/disk.rs"]
mod disk;

use std::fs;
use std::path::{Path, PathBuf};

use disk::{git, listing, repository};
use mirai_kit::apply::{self, ApplyError, Options, TargetProblem};
use mirai_kit::git::{FirstCommit, Identity};
use mirai_kit::render::{Repository, Tree};
use tempfile::TempDir;

fn small() -> Tree {
    repository(&[("README.md", "# Démo\n"), ("a/b.txt", "b\n"), ("run.sh", "#!/bin/sh\n"), (".gitignore", "a/\n")])
}

const SMALL: [&str; 6] = [".git/", ".gitignore", "README.md", "a/", "a/b.txt", "run.sh"];

fn first() -> FirstCommit {
    FirstCommit { message: "Premier dépôt".into(), identity: Some(Identity::fallback()), time: Some((1_700_000_000, 60)) }
}

/// A clone of an empty repository, as a forge gives it.
fn fresh_clone(dir: &TempDir) -> PathBuf {
    git(dir.path(), &["init", "-q", "--bare", "-b", "trunk", "origin.git"]);
    git(dir.path(), &["clone", "-q", "origin.git", "clone"]);
    dir.path().join("clone")
}

fn leftovers(clone: &Path) -> Vec<String> {
    listing(&clone.join(".git")).into_iter().chain(listing(clone)).filter(|p| p.contains("mirai-kit")).collect()
}

#[test]
fn the_clone_gets_files_and_commit_on_its_own_branch_and_keeps_its_remote() {
    let dir = TempDir::new().unwrap();
    let clone = fresh_clone(&dir);
    let config = fs::read(clone.join(".git/config")).unwrap();
    let first = first();
    let report = apply::create(&clone, &small(), &Options { git: Some(&first), ..Options::default() }).unwrap();
    assert_eq!(listing(&clone), SMALL);
    assert_eq!(leftovers(&clone), [""; 0]);
    assert_eq!(fs::read(clone.join(".git/config")).unwrap(), config);
    assert_eq!(git(&clone, &["rev-parse", "HEAD", "trunk"]), format!("{0}\n{0}\n", report.commits[0].commit));
    assert_eq!(git(&clone, &["status", "--porcelain"]), "");
    assert_eq!(git(&clone, &["ls-files"]), ".gitignore\nREADME.md\na/b.txt\nrun.sh\n", "ignored or not");
    git(&clone, &["fsck", "--strict"]);
    git(&clone, &["push", "-q", "origin", "trunk"]);
}

#[test]
fn the_tree_of_a_clone_is_that_of_a_new_folder() {
    let dir = TempDir::new().unwrap();
    let clone = fresh_clone(&dir);
    let first = first();
    let options = Options { git: Some(&first), ..Options::default() };
    let cloned = apply::create(&clone, &small(), &options).unwrap();
    let new = apply::create(&dir.path().join("new"), &small(), &options).unwrap();
    assert_eq!(cloned.commits[0].tree, new.commits[0].tree);
    assert_eq!(cloned.commits[0].commit, new.commits[0].commit);
}

#[test]
fn without_git_the_clone_gets_the_files_alone() {
    let dir = TempDir::new().unwrap();
    let clone = fresh_clone(&dir);
    apply::create(&clone, &small(), &Options::default()).unwrap();
    assert_eq!(listing(&clone), SMALL);
    assert_eq!(git(&clone, &["status", "--porcelain"]), "?? .gitignore\n?? README.md\n?? run.sh\n");
}

#[test]
fn a_clone_that_has_a_commit_or_staged_files_is_refused() {
    let dir = TempDir::new().unwrap();
    let clone = fresh_clone(&dir);
    fs::write(clone.join("x"), "x").unwrap();
    git(&clone, &["add", "x"]);
    fs::remove_file(clone.join("x")).unwrap();
    let refused = |clone: &Path| apply::create(clone, &small(), &Options::default()).unwrap_err();
    assert!(matches!(refused(&clone), ApplyError::Target { problem: TargetProblem::NotFresh, .. }));
    git(&clone, &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x"]);
    assert!(matches!(refused(&clone), ApplyError::Target { problem: TargetProblem::NotFresh, .. }));
    assert_eq!(listing(&clone), [".git/"]);
}

#[test]
fn a_linked_worktree_and_a_project_of_several_repositories_are_refused() {
    let dir = TempDir::new().unwrap();
    let clone = fresh_clone(&dir);
    let mut many = small();
    many.repositories.push(Repository { path: Some(apply::SafeRelPath::new("a").unwrap()), name: "a".into() });
    let error = apply::create(&clone, &many, &Options::default()).unwrap_err();
    assert!(matches!(error, ApplyError::Target { problem: TargetProblem::ManyRepositories, .. }), "{error}");
    let linked = dir.path().join("linked");
    fs::create_dir(&linked).unwrap();
    fs::write(linked.join(".git"), "gitdir: ../clone/.git\n").unwrap();
    let error = apply::create(&linked, &small(), &Options::default()).unwrap_err();
    assert!(matches!(error, ApplyError::Target { problem: TargetProblem::LinkedWorktree, .. }), "{error}");
}

/// What a run killed between two of its last renames leaves: a journal, one entry arrived, the others still staged.
fn interrupted(clone: &Path) -> PathBuf {
    let home = clone.join(".git/.mirai-kit-0123456789abcdef");
    fs::create_dir_all(home.join("tree")).unwrap();
    fs::write(home.join("lock"), "").unwrap();
    fs::write(home.join("tree/z.txt"), "z").unwrap();
    fs::create_dir(clone.join("a")).unwrap();
    fs::write(clone.join("a/b.txt"), "b").unwrap();
    let journal = r#"{"format": "mirai-kit/journal/v1",
        "moves": [{"from": "tree/a", "to": "a"}, {"from": "tree/z.txt", "to": "z.txt"}],
        "files": {"a/b.txt": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
                  "z.txt": "594e519ae499312b29433b7dd8a97ff068defcba9755b6d5d00e84c524d67b06"}}"#;
    fs::write(home.join("journal"), journal).unwrap();
    home
}

#[test]
fn an_interrupted_creation_is_undone_then_done_again() {
    let dir = TempDir::new().unwrap();
    let clone = fresh_clone(&dir);
    interrupted(&clone);
    apply::check_target(&clone, &small()).expect("a dry run sees that the next run will undo it");
    let report = apply::create(&clone, &small(), &Options::default()).unwrap();
    assert_eq!((report.swept, listing(&clone)), (1, SMALL.map(String::from).to_vec()));
    assert_eq!(leftovers(&clone), [""; 0]);
}

#[test]
fn work_done_on_an_interrupted_creation_is_never_lost() {
    let dir = TempDir::new().unwrap();
    for (changed, content) in [("a/b.txt", "mine"), ("a/new.txt", "mine")] {
        let clone = fresh_clone(&dir);
        let home = interrupted(&clone);
        fs::write(clone.join(changed), content).unwrap();
        let error = apply::create(&clone, &small(), &Options::default()).unwrap_err();
        assert!(error.to_string().contains(changed), "{error}");
        assert_eq!(fs::read_to_string(clone.join(changed)).unwrap(), content);
        assert!(home.join("journal").exists());
        fs::remove_dir_all(&clone).unwrap();
        fs::remove_dir_all(dir.path().join("origin.git")).unwrap();
    }
}

#[test]
fn a_run_at_work_in_the_same_clone_is_left_alone() {
    let dir = TempDir::new().unwrap();
    let clone = fresh_clone(&dir);
    let home = interrupted(&clone);
    let lock = fs::File::open(home.join("lock")).unwrap();
    lock.try_lock().unwrap();
    let error = apply::create(&clone, &small(), &Options::default()).unwrap_err();
    assert!(matches!(error, ApplyError::Busy { .. }), "{error}");
    assert!(clone.join("a/b.txt").exists() && home.join("tree/z.txt").exists());
}
