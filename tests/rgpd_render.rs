//! `mirai-kit rgpd render`: into a generated project and into a bare folder; twice, after an edit, after a change.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "a test prepares its files, and panics")]

#[path = "common/run.rs"]
mod run;

use std::fs;

use run::Test;
use serde_json::Value;

fn project() -> Test {
    let test = Test::new();
    test.run("new demo --defaults --no-git --set depots=mono").code(0);
    test
}

fn edit(test: &Test, path: &str, from: &str, to: &str) {
    let at = test.folder().join(path);
    let content = fs::read_to_string(&at).unwrap();
    assert!(content.contains(from), "{path}: {from}");
    fs::write(at, content.replace(from, to)).unwrap();
}

#[test]
fn a_fresh_project_already_holds_what_its_description_makes() {
    let test = project();
    let before = test.tree("demo");
    let done = test.run("rgpd render demo").code(0).says(&["Rien à écrire"]);
    assert_eq!(done.stdout, "");
    assert_eq!(before, test.tree("demo"), "nothing is written twice");
}

#[test]
fn a_change_that_no_migration_carries_is_written_alone() {
    let test = project();
    edit(&test, "demo/donnees/modele.yaml", "\"Agents instructeurs\"", "\"Agents du guichet\"");
    let shown = test.run("rgpd render demo --dry-run --diff").code(0).stdout;
    assert!(
        shown.contains("remplacer  donnees/registre-des-traitements.md") && shown.contains("+| Destinataires | Agents du guichet (interne) |"),
        "{shown}"
    );
    assert!(!fs::read_to_string(test.folder().join("demo/donnees/registre-des-traitements.md")).unwrap().contains("guichet"));
    test.run("rgpd render demo").code(0).says(&["fichiers écrits"]);
    assert!(fs::read_to_string(test.folder().join("demo/donnees/registre-des-traitements.md")).unwrap().contains("Agents du guichet"));
    test.run("rgpd render demo").code(0).says(&["Rien à écrire"]);
}

#[test]
fn an_edited_file_and_a_migration_already_written_are_not_overwritten() {
    let test = project();
    edit(&test, "demo/donnees/droits-et-durees.md", "Rôles de la base", "Nos rôles");
    edit(&test, "demo/donnees/modele.yaml", "base_active: P3Y", "base_active: P5Y");
    let before = test.tree("demo");
    test.run("rgpd render demo").code(4).says(&[
        "donnees/migrations/150_processus.sql",
        "qu'une base a pu appliquer",
        "modele.version",
        "donnees/droits-et-durees.md",
        "retouché à la main",
    ]);
    assert_eq!(before, test.tree("demo"), "all or nothing");
    let json: Value = serde_json::from_str(&test.run("rgpd render demo --dry-run --format json").code(4).stdout).unwrap();
    let action = |path: &str| json["files"].as_array().unwrap().iter().find(|f| f["path"] == path).unwrap()["action"].clone();
    assert_eq!(action("donnees/droits-et-durees.md"), "edited");
    assert_eq!(action("donnees/migrations/150_processus.sql"), "frozen");
    assert_eq!(action("donnees/migrations/100_base.sql"), "same");
    test.run("rgpd render demo --force").code(0);
    test.run("rgpd render demo").code(0).says(&["Rien à écrire"]);
    assert!(fs::read_to_string(test.folder().join("demo/donnees/migrations/150_processus.sql")).unwrap().contains("'P5Y'"));
}

#[test]
fn a_project_from_before_the_record_is_known_by_its_manifest() {
    let test = project();
    fs::remove_file(test.folder().join("demo/donnees/rendu.yaml")).unwrap();
    test.run("rgpd render demo").code(0).says(&["1 fichiers écrits"]);
    fs::remove_file(test.folder().join("demo/donnees/rendu.yaml")).unwrap();
    edit(&test, "demo/donnees/registre-des-traitements.md", "Fiche 1", "Fiche une");
    test.run("rgpd render demo").code(4).says(&["registre-des-traitements.md", "retouché à la main"]);
}

#[test]
fn the_chart_of_the_base_gets_its_roles_and_a_bare_folder_is_enough() {
    let test = project();
    let folder = test.folder();
    fs::remove_file(folder.join("demo/infra/postgres/sql/000_roles.sql")).unwrap();
    test.run("rgpd render demo").code(0);
    assert_eq!(
        fs::read(folder.join("demo/infra/postgres/sql/000_roles.sql")).unwrap(),
        fs::read(folder.join("demo/donnees/sql/000_roles.sql")).unwrap()
    );
    fs::create_dir(folder.join("nu")).unwrap();
    fs::copy(folder.join("demo/donnees/modele.yaml"), folder.join("nu/modele.yaml")).unwrap();
    test.run("rgpd render nu").code(0);
    assert!(folder.join("nu/migrations/120_copies.sql").is_file() && folder.join("nu/versions/modele-v1.yaml").is_file());
    test.run("rgpd render maison-absente").code(3).says(&["aucune description", "rgpd init"]);
    fs::write(folder.join("nu/modele.yaml"), "format: mirai/rgpd/v1\n").unwrap();
    test.run("rgpd render nu").code(3).says(&["modele.yaml:", "manque"]);
}

#[test]
fn the_next_version_writes_its_expand_then_its_contract_and_never_touches_the_first() {
    let test = project();
    let model = "demo/donnees/modele.yaml";
    test.run("rgpd diff demo").code(3).says(&["aucune version précédente"]);
    edit(&test, model, "  version: 1\n", "  version: 2\n  coexiste_avec: [1]\n");
    edit(
        &test,
        model,
        "      cloture_le:\n        type: timestamptz\n",
        "      ville:\n        type: text\n        rgpd: {personnel: true, categorie: pd:City, famille: localisation, role: quasi-identifiant, regle: {nom: suppression}}\n      cloture_le:\n        type: timestamptz\n",
    );
    let json: Value = serde_json::from_str(&test.run("rgpd diff demo --format json").code(0).stdout).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../schemas/rgpd-diff.v1.schema.json")).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&json), "{json:#}");
    assert_eq!(json["served"], true);
    assert!(json["steps"].as_array().unwrap().iter().any(|s| s["phase"] == "expand"), "{json:#}");
    let said = test.run("rgpd diff demo").code(0).stdout;
    assert!(said.contains("Avant de déployer") && said.contains("écrit l'expand seul"), "{said}");
    let first = test.tree("demo/donnees/migrations");
    test.run("rgpd render demo").code(0);
    let names = |test: &Test| test.tree("demo/donnees/migrations").into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert!(names(&test).iter().any(|n| n.starts_with("210_")) && !names(&test).iter().any(|n| n.starts_with("29")), "{:?}", names(&test));
    let second = test.tree("demo/donnees/migrations");
    assert!(first.iter().all(|file| second.contains(file)), "the first version's files stay as they were");
    test.run("rgpd render demo").code(0).says(&["Rien à écrire"]);
    edit(&test, model, "  coexiste_avec: [1]\n", "");
    test.run("rgpd render demo").code(0);
    assert!(names(&test).iter().any(|n| n.starts_with("29")), "{:?}", names(&test));
    assert!(second.iter().all(|file| test.tree("demo/donnees/migrations").contains(file)), "the expand stays as it was applied");
    // What would lose data is refused, and nothing is written.
    edit(&test, model, "      telephone:\n", "      portable:\n");
    test.run("rgpd diff demo").code(3).says(&["telephone"]);
    test.run("rgpd render demo").code(3).says(&["telephone"]);
    let json: Value = {
        let test = project();
        serde_json::from_str(&test.run("rgpd render demo --format json").code(0).stdout).unwrap()
    };
    let schema: Value = serde_json::from_str(include_str!("../schemas/rgpd-render.v1.schema.json")).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&json), "{json:#}");
}
