//! What `mirai-kit check` says beside what other linters say of the same files (issue 3): the catalogue names the checks that
//! its rules equal, every difference has a written explanation, and `docs/agreement.md` shows the table.
//! `MIRAI_UPDATE=1 cargo test --test agreement` writes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests fail by panicking, and write in their own folder")]

#[path = "agreement/cases.rs"]
mod cases;
#[path = "agreement/linters.rs"]
mod linters;
#[path = "agreement/page.rs"]
mod page;
#[path = "common/run.rs"]
mod run;
#[path = "agreement/table.rs"]
mod table;
#[path = "common/tools.rs"]
mod tools;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use mirai_kit::check::catalog;

use linters::{FRAMEWORKS, RUN};
use tools::{folder, gate, run, tool};

/// Tools that the catalogue names and that these tests do not run: why stands in `page.rs`, and `kyverno` has its own tests.
const NAMED: [&str; 2] = ["kyverno", "kube-linter"];

#[test]
fn every_difference_with_the_other_linters_is_explained() {
    let started = Instant::now();
    let cases = cases::all();
    let seen = linters::all(&cases);
    for tool in RUN {
        let count = seen.iter().filter(|(check, _)| check.starts_with(tool)).map(|(_, places)| places.len()).sum();
        gate(&format!("agreement: findings of {tool}"), count, started);
    }
    gate("agreement: cases", cases.len(), started);
    let pairs = table::pairs(&cases, &seen);
    let explained = table::explained();
    let mut faults = table::faults(&pairs, &seen, &explained.differences);
    faults.extend(page::unseen(&cases, &seen, &explained.unseen));
    assert!(faults.is_empty(), "{} faults (tests/agreement/disagreements.yaml):\n{}", faults.len(), faults.join("\n"));
    let written = page::page(&cases, &seen, &pairs, &explained);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/agreement.md");
    if std::env::var_os("MIRAI_UPDATE").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == written, "docs/agreement.md is out of date: MIRAI_UPDATE=1 cargo test --test agreement");
}

#[test]
fn the_catalogue_names_checks_that_exist() {
    let mut arguments = vec!["--list", "--framework"];
    arguments.extend(FRAMEWORKS);
    let checkov = run(&tool("bin/checkov"), arguments, &folder());
    let known: BTreeSet<String> = checkov.out.lines().filter_map(|l| l.split('|').nth(2)).map(|id| format!("checkov:{}", id.trim())).collect();
    let score = run(&tool("bin/kube-score"), ["list"], &folder());
    let known: BTreeSet<String> =
        known.into_iter().chain(score.out.lines().filter_map(|l| l.split(',').next()).map(|id| format!("kube-score:{id}"))).collect();
    gate("agreement: checks that the tools list", known.len(), Instant::now());
    for rule in catalog::rules() {
        for check in rule.equals {
            let (tool, id) = check.split_once(':').unwrap_or_else(|| panic!("{}: {check} has no tool", rule.id));
            let exists = match tool {
                "checkov" | "kube-score" => known.contains(*check),
                "kubernetes-validate" => ["schema", "unknown"].contains(&id),
                // hadolint lists nothing; a code that no case shows fails the other test.
                "hadolint" => id.len() == 6 && ["DL", "SC"].iter().any(|prefix| id.starts_with(prefix)),
                _ => NAMED.contains(&tool),
            };
            assert!(exists, "{}: there is no {check}", rule.id);
        }
    }
}
