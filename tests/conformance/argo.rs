//! What no engine judges of the files around charts: the app-of-apps, the chains, the documents, the description of the data.
//! The judgements are the rules of `check`, whose bad samples are their examples; here they are run over every set of answers.

use std::collections::BTreeMap;
use std::time::Instant;

use mirai_kit::check::catalog::{Severity, rule};
use mirai_kit::check::judge::{Options, judge};
use mirai_kit::check::rules::{argo, declared, pipeline};

use crate::corpus::corpus;
use crate::tools::{gate, in_parallel};

#[test]
fn no_rule_over_files_finds_an_error_in_what_is_generated() {
    let started = Instant::now();
    let cases: Vec<_> = corpus().cases.iter().collect();
    // Charts are judged as rendered by the gates of `platform.rs`: without helm, files and raw manifests alone are.
    let judged = in_parallel(&cases, |case| (case.id.clone(), judge(&case.folder, Options::default()).unwrap()));
    let mut examined: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for (id, judged) in &judged {
        for (rule, count) in &judged.examined {
            *examined.entry(rule).or_default() += count;
        }
        let errors = judged.findings.keys().filter(|f| rule(f.rule).is_some_and(|r| r.severity == Severity::Error));
        failures.extend(errors.map(|f| format!("{id} {}:{:?} {}: {}", f.file, f.line, f.rule, f.detail.en)));
    }
    gate(&format!("rules over files ({} of them)", examined.len()), examined.values().sum(), started);
    for rule in argo::TREE.iter().chain(declared::RULES).chain(pipeline::RULES).map(|r| r.id).filter(|id| !FOREIGN.contains(id)) {
        assert!(examined.get(rule).is_some_and(|n| *n > 0), "{rule} examined nothing");
    }
    assert!(failures.is_empty(), "{} findings: {failures:#?}", failures.len());
}

/// Rules over what the kit does not write: lock files are made by helm when dependencies are fetched.
const FOREIGN: [&str; 1] = ["chart-lock"];
