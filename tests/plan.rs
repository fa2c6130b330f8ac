//! The plan of a creation: what `--dry-run`, `--json` and `--diff` show is what is written, and showing writes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "a test fails by panicking, and prepares its folders")]

#[path = "common/disk.rs"]
mod disk;

use std::fs;
use std::path::Path;

use disk::{git, listing, repository};
use mirai_kit::apply::{self, ApplyError, Options, SafeRelPath};
use mirai_kit::digest::sha256;
use mirai_kit::plan::{self, Plan};
use mirai_kit::render::{Owner, Repository, Tree, TreeFile};
use serde_json::{Value, json};
use tempfile::TempDir;

fn sample() -> Tree {
    let mut tree = repository(&[
        ("README.md", "# Démo\n\nligne\n"),
        ("a/sans fin.txt", "une\ndeux"),
        ("a/vide", ""),
        ("été.md", "œ\n"),
        ("retours.txt", "a\r\nb\rc\n"),
        ("run.sh", "#!/bin/sh\n"),
    ]);
    let image = TreeFile { bytes: vec![0, 255, 1], executable: false, module: "images".into(), owner: Owner::Team };
    tree.insert(SafeRelPath::new("logo.png").unwrap(), image).unwrap();
    tree.repositories.push(Repository { path: Some(SafeRelPath::new("a").unwrap()), name: "demo-a".into() });
    tree
}

fn schema() -> jsonschema::Validator {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/plan.v1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::meta::validate(&schema).expect("the schema is itself a valid schema");
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn the_json_form_conforms_to_its_published_schema_and_reads_back_equal() {
    let dir = TempDir::new().unwrap();
    let plan = plan::against_disk(&sample(), &dir.path().join("demo")).unwrap();
    let text = plan.to_json().unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let errors: Vec<_> = schema().iter_errors(&value).map(|e| e.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    assert_eq!(
        value["actions"][0],
        json!({
            "action": "create", "path": "README.md", "module": "socle", "owner": "kit", "bytes": 15,
            "sha256": sha256("# Démo\n\nligne\n".as_bytes()), "executable": false,
        })
    );
    assert_eq!(value["repositories"], json!([{"path": ".", "name": "demo"}, {"path": "a", "name": "demo-a"}]));
    assert_eq!(listing(dir.path()), [""; 0], "nothing is written");
}

#[test]
fn the_schema_refuses_what_is_not_a_plan() {
    let dir = TempDir::new().unwrap();
    let good = serde_json::to_value(plan::against_disk(&sample(), &dir.path().join("demo")).unwrap()).unwrap();
    let schema = schema();
    assert!(schema.is_valid(&good));
    let changes: [(&str, Value); 7] = [
        ("/format", json!("mirai-kit/plan/v2")),
        ("/actions/0/path", json!("../x")),
        ("/actions/0/path", json!("/x")),
        ("/actions/0/owner", json!("me")),
        ("/actions/0/bytes", json!(-1)),
        ("/actions/0/sha256", json!("ABC")),
        ("/actions/0/action", json!("destroy")),
    ];
    for (pointer, value) in changes {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!schema.is_valid(&bad), "{pointer}");
    }
    let mut more = good;
    more["actions"][0]["surprise"] = json!(1);
    assert!(!schema.is_valid(&more));
}

#[test]
fn what_is_planned_is_what_is_written() {
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    let plan = plan::against_disk(&sample(), &target).unwrap();
    apply::create(&target, &sample(), &Options::default()).unwrap();
    let written: Vec<_> = listing(&target).into_iter().filter(|p| !p.ends_with('/')).collect();
    assert_eq!(written, plan.actions.iter().map(|a| a.path.clone()).collect::<Vec<_>>());
    for action in plan.actions {
        let bytes = fs::read(target.join(&action.path)).unwrap();
        assert_eq!((action.bytes, action.sha256), (bytes.len() as u64, sha256(&bytes)), "{}", action.path);
    }
}

#[test]
fn the_checksum_is_sha_256() {
    assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn a_target_that_would_be_refused_is_refused_by_the_plan() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("x"), "x").unwrap();
    assert!(matches!(plan::against_disk(&sample(), dir.path()), Err(ApplyError::Target { .. })));
    assert!(matches!(plan::against_disk(&sample(), &dir.path().join("CON")), Err(ApplyError::Name(_))));
}

#[test]
fn git_makes_the_same_files_from_the_diff() {
    let dir = TempDir::new().unwrap();
    let diff = plan::unified(&sample());
    assert!(diff.contains("GIT binary patch\n"));
    assert!(diff.contains("\\ No newline at end of file"));
    fs::write(dir.path().join("x.diff"), &diff).unwrap();
    let target = dir.path().join("demo");
    fs::create_dir(&target).unwrap();
    git(&target, &["init", "-q"]);
    git(&target, &["apply", "--whitespace=nowarn", "../x.diff"]);
    for (path, file) in sample().files() {
        assert_eq!(fs::read(target.join(path.as_str())).unwrap(), file.bytes, "{path}");
    }
    assert_eq!(git(&target, &["-c", "core.quotepath=off", "ls-files", "-o"]).lines().count(), sample().len());
}
