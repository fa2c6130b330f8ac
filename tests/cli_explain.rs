//! `mirai-kit explain`: every rule and requirement explains itself in both forms, a file tells where it comes from, and what
//! is unknown is answered by what is near.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test prepares its files, and panics")]

#[path = "common/run.rs"]
mod run;

use std::fs;

use run::Test;
use serde_json::{Value, json};

fn schema(name: &str) -> jsonschema::Validator {
    let path = format!("{}/schemas/{name}.v1.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn explained(test: &Test, arguments: &[&str]) -> Value {
    let printed = test.run_with(&[&["explain", "--format", "json"][..], arguments].concat()).code(0).stdout;
    let value: Value = serde_json::from_str(&printed).unwrap();
    let faults: Vec<String> = schema("explain").iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{arguments:?}: {faults:#?}");
    value
}

fn project() -> Test {
    let test = Test::new();
    test.run("new demo --defaults --no-git").code(0);
    test
}

#[test]
fn alone_it_lists_every_rule_and_requirement_and_each_of_the_first_explains_itself() {
    let test = Test::new();
    let list = explained(&test, &[]);
    let rules = list["list"]["rules"].as_array().unwrap();
    assert!(rules.len() > 40, "{}", rules.len());
    assert_eq!(list["list"]["requirements"].as_array().unwrap().len(), 90);
    for rule in rules {
        let id = rule["id"].as_str().unwrap();
        let one = explained(&test, &[id]);
        assert!(!one["rule"]["examples"]["bad"].as_array().unwrap().is_empty(), "{id}");
        let page = test.run_with(&["explain", id]).code(0).stdout;
        assert!(page.starts_with(id) && page.contains(rule["message"]["fr"].as_str().unwrap()) && page.contains("Mauvais"), "{page}");
    }
    let page = test.run("explain").code(0).stdout;
    assert!(page.contains("disallow-latest") && page.contains("pi-native@2024-05-27"), "{page}");
}

#[test]
fn a_rule_says_why_what_it_equals_what_it_proves_and_how_to_mend() {
    let test = Test::new();
    let page = test.run("--lang en explain disallow-latest").code(0).stdout;
    for expected in ["remedy", "source", "kyverno:disallow-latest", "EXI-ARCH-27", "Good example", "+ "] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    assert!(!page.contains("remède"));
}

#[test]
fn a_requirement_says_its_wording_lineage_rules_and_what_is_attested_in_each_list() {
    let test = Test::new();
    let all = explained(&test, &["exi-arch-27"]);
    let shown: Vec<Value> = all["requirements"].as_array().unwrap().iter().map(|r| r["shown"].clone()).collect();
    assert!(schema("requirements-show").is_valid(&json!({"format": "mirai-kit/requirements-show/v1", "requirements": shown})));
    let page = test.run("explain pi-native@2024-05-27/EXI-ARCH-27").code(0).stdout;
    for expected in ["énoncé", "règles qui la prouvent", "disallow-latest", "à attester"] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
}

#[test]
fn a_file_says_its_module_owner_state_requirements_and_rules() {
    let test = project();
    let file = "demo/infra-postgres/templates/scheduled-backup.yaml";
    let seen = explained(&test, &[file]);
    assert_eq!(seen["file"]["module"], "postgres");
    assert_eq!((&seen["file"]["owner"], &seen["file"]["unchanged"]), (&json!("kit"), &json!(true)));
    assert!(seen["file"]["requirements"].as_array().unwrap().iter().any(|r| r["row"].as_str().unwrap().contains("EXI-")), "{seen:#}");
    assert!(seen["file"]["rules"].as_array().unwrap().contains(&json!("cnpg-scheduled-backup")));
    fs::write(test.folder().join(file), "# autre\n").unwrap();
    assert_eq!(explained(&test, &[file])["file"]["unchanged"], false);
    let page = test.run_with(&["explain", file]).code(0).stdout;
    assert!(page.contains("modifié depuis") && page.contains("postgres"), "{page}");
    fs::write(test.folder().join("demo/app/note.txt"), "x").unwrap();
    let own = explained(&test, &["demo/app/note.txt"]);
    assert_eq!((&own["file"]["module"], &own["file"]["unchanged"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_is_unknown_is_answered_by_what_is_near() {
    let test = Test::new().file("seul.txt", "x");
    test.run("explain disalow-latest").code(3).prints_nothing().says(&["disalow-latest", "disallow-latest"]);
    test.run("explain EXI-ARHC-9").code(3).prints_nothing().says(&["EXI-ARCH-9"]);
    test.run("explain pi-native@2024-05-27/EXI-ARCH-99").code(3).prints_nothing().says(&["EXI-ARCH-9"]);
    test.run("explain zzz").code(3).prints_nothing().says(&["mirai-kit explain"]);
    test.run("explain seul.txt").code(3).prints_nothing().says(&[".mirai-kit.yaml"]);
    let hostile = Test::new().file(".mirai-kit.yaml", "reponses: [x]\n").file("a.md", "x");
    hostile.run("explain a.md").code(3).prints_nothing();
}
