//! `--dry-run`: what is shown is what a real run writes, and nothing is written.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/run.rs"]
mod run;
use run::Test;
use serde_json::Value;

#[test]
fn the_paths_shown_are_exactly_those_written() {
    let test = Test::new();
    let shown = test.run("new demo --defaults --dry-run").code(0);
    assert!(test.names().is_empty(), "{:?}", test.names());
    test.run("new demo --defaults --no-git").code(0);
    let written: Vec<String> = test.tree("demo").into_iter().map(|(path, _)| path).collect();
    let mut lines: Vec<&str> = shown.stdout.lines().collect();
    lines.sort_unstable();
    assert!(written.len() > 20, "{written:?}");
    assert_eq!(lines, written);
}

#[test]
fn the_diff_applied_by_git_gives_exactly_what_is_written() {
    let test = Test::new();
    let diff = test.run("new demo --defaults --dry-run --diff --set date=2026-01-02").code(0).stdout;
    assert!(test.names().is_empty());
    let test = test.file("p.diff", diff).inside("applique");
    let applied = std::process::Command::new("git")
        .args(["apply", "--whitespace=nowarn", "../p.diff"])
        .current_dir(test.folder())
        .env("GIT_CEILING_DIRECTORIES", "/")
        .output()
        .unwrap();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    let other = Test::new();
    other.run("new demo --defaults --no-git --set date=2026-01-02").code(0);
    let (applied, written) = (test.tree("."), other.tree("demo"));
    assert!(written.len() > 20);
    assert_eq!(applied, written);
}

fn schema(name: &str) -> jsonschema::Validator {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn valid(schema_name: &str, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> = schema(schema_name).iter_errors(&value).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
    value
}

#[test]
fn the_plan_is_json_of_its_published_schema() {
    let test = Test::new();
    let done = test.run("new demo --defaults --dry-run --json").code(0);
    let plan = valid("plan.v1.schema.json", &done.stdout);
    let paths = test.run("new demo --defaults --dry-run").code(0).stdout;
    let planned: Vec<&str> = plan["actions"].as_array().unwrap().iter().map(|a| a["path"].as_str().unwrap()).collect();
    assert_eq!(planned, paths.lines().collect::<Vec<_>>());
    assert!(test.names().is_empty());
}

#[test]
fn the_report_is_json_of_its_published_schema_and_says_what_git_says() {
    let test = Test::new();
    let done = test.run("new demo --defaults --json").code(0);
    let report = valid("created.v1.schema.json", &done.stdout);
    assert_eq!(report["files"], test.tree("demo").len());
    let repositories = report["repositories"].as_array().unwrap();
    assert!(repositories.len() >= 3, "{report}");
    for repository in repositories {
        let folder = test.folder().join("demo").join(repository["path"].as_str().unwrap());
        let head = std::process::Command::new("git").args(["-c", "safe.directory=*", "rev-parse", "HEAD"]).current_dir(folder).output().unwrap();
        assert_eq!(String::from_utf8(head.stdout).unwrap().trim(), repository["commit"].as_str().unwrap());
        assert_eq!(repository["identity"]["source"], "environment");
    }
    let without = valid("created.v1.schema.json", &Test::new().run("new demo --defaults --json --no-git").code(0).stdout);
    assert_eq!(without["repositories"], serde_json::json!([]));
    let mut wrong = report.clone();
    wrong["repositories"][0]["commit"] = "x".into();
    assert!(!schema("created.v1.schema.json").is_valid(&wrong), "the schema refuses what is wrong");
}

#[test]
fn a_target_that_cannot_be_written_in_is_refused_even_for_a_dry_run() {
    let test = Test::new().inside("demo").file("notes.txt", "à moi\n").inside("plus-bas");
    for arguments in ["new demo --output ../.. --defaults --dry-run", "new demo --output ../.. --defaults", "new demo --output ../.."] {
        test.run(arguments)
            .code(1)
            .prints_nothing()
            .says(&["../../demo: n'est pas vide : il contient \"notes.txt\", \"plus-bas\"", "→ choisissez un autre nom"]);
    }
    test.run("new demo --output absent --defaults")
        .code(1)
        .says(&["absent/demo: le dossier qui doit le contenir n'existe pas", "→ créez-le d'abord"]);
}
