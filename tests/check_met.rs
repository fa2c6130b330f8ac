//! A row is shown met because of its evidence: on a default project completed with values and attestations, what carries a
//! met row is taken away file by file, or what its rules refuse is put beside, and the row turns.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::similar_names, reason = "a test prepares its files, and panics")]

#[path = "common/completed.rs"]
mod completed;
#[path = "common/run.rs"]
mod run;
#[path = "common/tools.rs"]
mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use completed::{Ground, completed, copy, row};
use mirai_kit::check::catalog::examples::RENDERED;
use mirai_kit::check::status::{Proof, RowStatus, Status};
use mirai_kit::render::statements;
use mirai_kit::requirements::How;
use tools::in_parallel;

#[test]
fn each_met_row_turns_when_one_of_the_files_that_carry_it_goes() {
    let (test, ground) = (completed(&[]), Ground::new());
    let root = test.folder().join("demo");
    let whole = ground.check(&root);
    assert_eq!(whole.judged.aside.len(), 0);
    let invalid: Vec<_> = whole.judged.findings.keys().filter(|f| f.rule.starts_with("record-")).collect();
    assert!(invalid.is_empty(), "{invalid:#?}");
    let answers = whole.judged.answers.clone().unwrap();
    let statements = statements(&ground.kit, &ground.lists, &answers).unwrap();
    // File, then the facets of met rows that it carries.
    let mut carried: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let met: Vec<&RowStatus> = whole.rows.iter().filter(|r| r.status == Status::Met).collect();
    assert!(met.len() > 10, "{}", met.len());
    for row in &met {
        let (list, key) = row.requirement.split_once('/').unwrap();
        let stated = statements.iter().find(|s| s.list == list).unwrap().rows.iter().find(|r| r.key == key).unwrap();
        for facet in &row.facets {
            let files: Vec<String> = if let Proof::Attested(why) = &facet.proof {
                vec![why.en.rsplit_once(" (").unwrap().1.trim_end_matches(')').to_owned()]
            } else {
                let proofs = stated.facets.iter().find(|f| f.id == facet.id).map(|f| &f.proofs).unwrap();
                proofs.iter().filter(|p| p.how != How::Attested).filter_map(|p| p.file.clone()).collect()
            };
            for file in files.into_iter().filter(|_| !absence(&facet.id)) {
                assert!(root.join(&file).exists(), "{file}");
                carried.entry(file).or_default().insert((row.requirement.clone(), facet.id.clone()));
            }
        }
    }
    assert!(carried.len() > 10, "{carried:#?}");
    let cases: Vec<(&String, &BTreeSet<(String, String)>)> = carried.iter().collect();
    let stayed: BTreeSet<(String, String)> = in_parallel(&cases, |(file, facets)| {
        let folder = tempfile::tempdir().unwrap();
        copy(&root, folder.path(), file);
        let spoilt = ground.check(folder.path());
        facets.iter().filter(|(requirement, _)| row(&spoilt, requirement).status == Status::Met).cloned().collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .collect();
    // What holds for every object still holds when one of them goes: there, what its rules refuse is put beside the rest.
    let universal: BTreeSet<(String, String)> = met
        .iter()
        .flat_map(|row| row.facets.iter().map(move |f| (row, f)))
        .filter(|(_, f)| f.proof == Proof::Proven && (absence(&f.id) || stayed.iter().any(|(_, facet)| *facet == f.id)))
        .flat_map(|(row, f)| f.rules.iter().map(move |rule| (row.requirement.clone(), (*rule).to_owned())))
        .collect();
    let universal: Vec<(String, String)> = universal.into_iter().collect();
    let stayed: Vec<String> = in_parallel(&universal, |(requirement, rule)| {
        let examples = mirai_kit::check::catalog::examples::of(rule).unwrap().unwrap();
        let turns = examples.bad.iter().any(|change| {
            let folder = tempfile::tempdir().unwrap();
            copy(&root, folder.path(), "");
            let mut files = examples.with(change).unwrap();
            let rendered: Vec<_> = files.remove(RENDERED).map(|stream| (RENDERED.to_owned(), stream)).into_iter().collect();
            for (path, content) in files {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            row(&ground.check_with(folder.path(), &rendered), requirement).status != Status::Met
        });
        (!turns).then(|| format!("{requirement}: {rule}"))
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(stayed.is_empty(), "met beside what its rules refuse: {stayed:#?}");
}

/// Facets that are the absence of something: the file of their evidence is where to look, not what proves it.
fn absence(facet: &str) -> bool {
    facet.starts_with("sans-") || facet == "escalade"
}

#[test]
fn a_persistent_database_leaves_exi_arch_9_partial_and_says_so() {
    let (test, ground) = (completed(&[]), Ground::new());
    let whole = ground.check(&test.folder().join("demo"));
    for list in ["mirai@2025-03-10", "pi-native@2024-05-27"] {
        let row = row(&whole, &format!("{list}/EXI-ARCH-9"));
        let recreation = row.facets.iter().find(|f| f.id == "recreation").unwrap();
        assert!(matches!(&recreation.proof, Proof::Limited(why) if !why.fr.is_empty()), "{recreation:?}");
        assert_eq!(row.status, Status::Partial, "{row:#?}");
    }
}
