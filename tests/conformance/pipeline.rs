//! The secondary chain, loaded by a local runner with the stand-in catalogue in place of the platform's: jobs, stages,
//! needs and includes resolve, and the order is the platform's (`stand_in_catalog/load.sh`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::corpus::{copy, corpus, fresh};
use crate::tools::{Ran, gate, in_parallel, run, tool};

fn load(repository: &Path) -> Ran {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/stand_in_catalog/load.sh");
    let path = format!("{}:{}", tool("python/bin/python").parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let runner = tool("bin/gitlab-ci-local").display().to_string();
    let arguments = [format!("PATH={path}"), "bash".into(), script.display().to_string(), repository.display().to_string(), runner];
    run(Path::new("/usr/bin/env"), arguments, repository)
}

/// Repositories with a secondary chain; one per distinct chain.
fn chains() -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for case in &corpus().cases {
        for (path, _) in &case.repositories {
            let folder = case.folder.join(path);
            if let Ok(text) = std::fs::read(folder.join(".gitlab-ci-dso.yml"))
                && seen.insert((path.starts_with("infra-"), text))
            {
                found.push(folder);
            }
        }
    }
    found
}

#[test]
fn a_local_runner_loads_every_chain() {
    let chains = chains();
    let started = Instant::now();
    let failures: Vec<String> = in_parallel(&chains, |folder| {
        let ran = load(folder);
        if ran.ok { String::new() } else { format!("{}: {}", folder.display(), ran.said()) }
    })
    .into_iter()
    .filter(|f| !f.is_empty())
    .collect();
    gate("gitlab-ci-local (distinct chains)", chains.len(), started);
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_local_runner_refuses_bad_chains() {
    let folder = fresh("bad-chain");
    let good = chains().into_iter().find(|c| c.join(".gitlab-ci-dso.yml").exists()).expect("a chain");
    copy(&good, &folder);
    let file = folder.join(".gitlab-ci-dso.yml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(load(&folder).ok, "the good chain is refused");
    for (what, bad) in [
        ("a job needed that does not exist", format!("{text}\nmauvais:\n  script: [\"true\"]\n  needs: [absent]\n")),
        ("a template that does not exist", format!("{text}\nmauvais:\n  extends: .absent\n  needs: [read_secret]\n")),
        ("a job that does not read secrets first", format!("{text}\nmauvais:\n  script: [\"true\"]\n  needs: []\n")),
    ] {
        std::fs::write(&file, bad).unwrap();
        assert!(!load(&folder).ok, "{what} passed");
    }
}
