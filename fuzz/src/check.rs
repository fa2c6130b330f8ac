//! One file of a repository, whose first byte says which sort: manifest, Dockerfile, pipeline, migration, workflow, values,
//! description of the data or of the API, what a chart renders. Whatever it holds, `check` ends, soon, without a panic.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use mirai_kit::check::judge::{self, Options};
use mirai_kit::check::repository::Repository;

/// A path for each sort; `rendered` stands for what a chart renders.
const PATHS: [&str; 16] = [
    "manifest.yaml",
    "Dockerfile",
    ".gitlab-ci-dso.yml",
    "migrations/001_x.sql",
    ".github/workflows/x.yml",
    "values-prod.yaml",
    "donnees/modele.yaml",
    "openapi.yaml",
    "Chart.yaml",
    ".mirai-kit.yaml",
    ".gitlab-ci.yml",
    "attestations/x.yaml",
    "kustomization.yaml",
    "alembic/versions/x.py",
    "openapi.json",
    "rendered",
];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let path = PATHS[usize::from(*first) % PATHS.len()];
    let mut files = BTreeMap::new();
    let mut rendered = Vec::new();
    if path == "rendered" {
        rendered.push((path.to_owned(), text.to_owned()));
    } else {
        files.insert(path.to_owned(), text.to_owned());
    }
    // A refusal is an answer; a panic or a long run is not.
    let _ = judge::repository(Repository::memory(files), Options { rendered: &rendered, ..Options::default() });
});
