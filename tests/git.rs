//! The first commit of each generated repository, judged by the real `git`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/disk.rs"]
mod disk;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use disk::{git, repository, tree};
use mirai_kit::apply::{self, Options, SafeRelPath};
use mirai_kit::git::{FirstCommit, Identity, Source};
use mirai_kit::render::{Owner, Repository, Tree, TreeFile};
use tempfile::TempDir;

fn first(seconds: i64) -> FirstCommit {
    let identity = Identity { name: "Zoé Éàü".into(), email: "zoe@exemple.fr".into(), source: Source::Configuration };
    FirstCommit { message: "Création de l'application".into(), identity: Some(identity), time: Some((seconds, 60)) }
}

fn create(target: &Path, tree: &Tree, first: &FirstCommit) -> apply::Report {
    apply::create(target, tree, &Options { git: Some(first), ..Options::default() }).unwrap()
}

#[test]
fn one_commit_on_main_with_the_trailer_that_names_its_own_tree() {
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    let report = create(&target, &repository(&[("README.md", "# Démo\n"), ("a/b.txt", "b")]), &first(1_700_000_000));
    let committed = &report.commits[0];
    assert_eq!(git(&target, &["symbolic-ref", "HEAD"]), "refs/heads/main\n");
    assert_eq!(git(&target, &["rev-list", "--all", "--count"]), "1\n");
    assert_eq!(git(&target, &["rev-parse", "HEAD", "HEAD^{tree}"]), format!("{}\n{}\n", committed.commit, committed.tree));
    let trailer = git(&target, &["log", "-1", "--format=%(trailers:key=Mirai-Kit-Pristine,valueonly)"]);
    assert_eq!(trailer.trim(), committed.tree);
    assert_eq!(
        git(&target, &["log", "-1", "--format=%s|%an|%ae|%cn|%aI"]),
        "Création de l'application|Zoé Éàü|zoe@exemple.fr|Zoé Éàü|2023-11-14T23:13:20+01:00\n"
    );
    assert_eq!(git(&target, &["status", "--porcelain", "--ignored"]), "");
    git(&target, &["fsck", "--strict"]);
}

#[test]
fn the_same_tree_has_the_same_id_any_day_and_any_place() {
    let dir = TempDir::new().unwrap();
    let tree = repository(&[("README.md", "x\n"), ("a/b.txt", "b")]);
    let one = create(&dir.path().join("one"), &tree, &first(1_700_000_000)).commits.remove(0);
    let two = create(&dir.path().join("two"), &tree, &first(1_800_000_000)).commits.remove(0);
    assert_eq!(one.tree, two.tree);
    assert_ne!(one.commit, two.commit);
}

#[test]
fn bytes_and_modes_are_those_generated_ignored_or_not_whatever_autocrlf_says() {
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    let mut tree = repository(&[(".gitignore", "*.log\n"), (".gitattributes", "* text=auto\n"), ("x.log", "ignored\n"), ("run.sh", "#!/bin/sh\n")]);
    let odd = TreeFile { bytes: b"a\r\nb\n\xff\0".to_vec(), executable: false, module: "m".into(), owner: Owner::Team };
    tree.insert(SafeRelPath::new("odd.bin").unwrap(), odd).unwrap();
    create(&target, &tree, &first(0));
    let listed = git(&target, &["ls-tree", "-r", "--format=%(objectmode) %(path)", "HEAD"]);
    assert_eq!(listed, "100644 .gitattributes\n100644 .gitignore\n100644 odd.bin\n100755 run.sh\n100644 x.log\n");
    let copy = dir.path().join("copy");
    git(dir.path(), &["clone", "-q", "demo", "copy"]);
    assert_eq!(fs::read(copy.join("odd.bin")).unwrap(), b"a\r\nb\n\xff\0");
    assert_eq!(fs::read(copy.join("run.sh")).unwrap(), b"#!/bin/sh\n");
}

#[test]
fn each_folder_is_a_repository_of_its_own_files_and_the_rest_is_in_none() {
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    let mut tree =
        tree(&[("LISEZMOI.md", "x\n"), ("app/a.txt", "a\n"), ("app/b/c.txt", "c\n"), ("infra-pg/Chart.yaml", "y\n"), ("infra-pg2/z", "z\n")]);
    let path = |p: &str| Some(SafeRelPath::new(p).unwrap());
    tree.repositories =
        vec![Repository { path: path("app"), name: "demo-app".into() }, Repository { path: path("infra-pg"), name: "demo-infra-pg".into() }];
    let report = create(&target, &tree, &first(0));
    let made: Vec<_> = report.commits.iter().map(|c| (c.name.as_str(), c.files)).collect();
    assert_eq!(made, [("demo-app", 2), ("demo-infra-pg", 1)]);
    assert_eq!(git(&target.join("app"), &["ls-files"]), "a.txt\nb/c.txt\n");
    assert_eq!(git(&target.join("infra-pg"), &["ls-files"]), "Chart.yaml\n");
    assert!(!target.join(".git").exists() && !target.join("infra-pg2/.git").exists());
}

#[test]
fn neither_templates_nor_hooks_of_the_machine_reach_the_repository() {
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    create(&target, &repository(&[("a", "a")]), &first(0));
    let hooks = fs::read_dir(target.join(".git/hooks")).into_iter().flatten().map(|e| e.unwrap().file_name().into_string().unwrap());
    assert_eq!(hooks.filter(|name| !name.ends_with(".sample")).collect::<Vec<_>>(), [""; 0], "no hook is installed");
    let config = fs::read_to_string(target.join(".git/config")).unwrap();
    assert!(!config.contains("autocrlf") && !config.contains("hooksPath") && !config.contains("sha256"), "{config}");
}

#[test]
fn git_finds_every_file_unchanged_without_reading_it() {
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    create(&target, &repository(&[("a.txt", "a\n"), ("d/b.txt", "bb\n")]), &first(0));
    let debug = git(&target, &["ls-files", "--debug", "d/b.txt"]);
    assert!(debug.contains("size: 3") && !debug.contains("mtime: 0:0"), "{debug}");
}

#[test]
fn the_identity_is_that_of_the_environment_then_of_the_configuration_then_the_fallback() {
    let dir = TempDir::new().unwrap();
    let repo = git2::Repository::init(dir.path()).unwrap();
    let resolve = |env: &[(&str, &str)]| {
        let env: HashMap<String, String> = env.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let id = Identity::resolve(Some(&repo), &|key| env.get(key).cloned());
        (id.name, id.email, id.source)
    };
    let both = [("GIT_AUTHOR_NAME", "Env"), ("GIT_AUTHOR_EMAIL", "env@x.fr")];
    assert_eq!(resolve(&both), ("Env".into(), "env@x.fr".into(), Source::Environment));
    let mut config = repo.config().unwrap().open_level(git2::ConfigLevel::Local).unwrap();
    config.set_str("user.name", "Conf <x>\n").unwrap();
    config.set_str("user.email", "conf@x.fr").unwrap();
    assert_eq!(resolve(&[]), ("Conf x".into(), "conf@x.fr".into(), Source::Configuration));
    assert_eq!(resolve(&both).0, "Env");
    assert_eq!(resolve(&both[..1]), ("Env".into(), "conf@x.fr".into(), Source::Environment));
    config.set_str("user.name", " . ").unwrap();
    config.set_str("user.email", "").unwrap();
    assert_eq!(resolve(&[]), ("mirai-kit".into(), "mirai-kit@localhost".into(), Source::Fallback));
}
