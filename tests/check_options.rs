//! What people add to `check`: attestations, derogations, accepted findings, baselines, lists of their own, levels, repairs.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::similar_names, reason = "a test prepares its files, and panics")]

#[path = "common/run.rs"]
mod run;

use std::fs;

use run::{Done, Test};
use serde_json::Value;

/// Noon, 15 January 2026.
const NOW: &str = "1768478400";
const DOCKERFILE: &str = "FROM registre.exemple.fr/python:3.13.1\nUSER root\n";

fn depot(files: &[(&str, &str)]) -> Test {
    let test = Test::new().env("SOURCE_DATE_EPOCH", NOW);
    fs::create_dir(test.folder().join("depot")).unwrap();
    put(&test, files);
    test
}

fn put(test: &Test, files: &[(&str, &str)]) {
    for (path, content) in files {
        let path = test.folder().join("depot").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

fn check(test: &Test, more: &[&str]) -> Done {
    test.run_with(&[&["check", "depot", "--helm", "/nonexistent"][..], more].concat())
}

fn json(test: &Test, more: &[&str], code: i32) -> Value {
    let done = check(test, &[&["--format", "json"][..], more].concat()).code(code);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    valid("check.v1", &value);
    value["folders"][0].clone()
}

#[track_caller]
fn valid(schema: &str, value: &Value) {
    let faults: Vec<String> = validator(schema).iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

fn validator(schema: &str) -> jsonschema::Validator {
    let path = format!("{}/schemas/{schema}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn row<'a>(folder: &'a Value, requirement: &str) -> &'a Value {
    folder["requirements"].as_array().unwrap().iter().find(|r| r["requirement"] == requirement).unwrap()
}

fn found(folder: &Value, rule: &str) -> Vec<(String, u64)> {
    let of = folder["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == rule);
    of.map(|f| (f["file"].as_str().unwrap().to_owned(), f["line"].as_u64().unwrap_or_default())).collect()
}

const ATTESTATION: &str = "format: mirai-kit/attestation/v1
exigence: \"pi-native@2024-05-27/EXI-G-2\"
facettes: [engagement]
par: Camille Durand
le: 2026-01-10
jusqu_au: 2026-06-30
preuve: {fichier: docs/engagement.md}
";
const ENGAGEMENT: [&str; 2] = ["pi-native@2024-05-27/EXI-G-2", "mirai@2025-03-10/EXI-G-2"];

#[test]
fn an_attestation_counts_from_its_date_to_its_end_with_its_proof() {
    let test = depot(&[("docs/engagement.md", "Signé.\n"), ("attestations/engagement.yaml", ATTESTATION)]);
    let folder = json(&test, &[], 0);
    for requirement in ENGAGEMENT {
        assert_eq!(row(&folder, requirement)["status"], "met", "rows that share the facet share its attestation");
        let why = row(&folder, requirement)["facets"][0]["why"]["fr"].as_str().unwrap();
        assert!(why.contains("Camille Durand") && why.contains("2026-06-30") && why.contains("docs/engagement.md"), "{why}");
    }
    for (from, to, status, line) in [
        ("jusqu_au: 2026-06-30", "jusqu_au: 2026-01-14", "failed", Some(("record-expired", 6_u64))),
        ("le: 2026-01-10", "le: 2026-01-16", "to-attest", Some(("record-invalid", 5))),
        ("EXI-G-2", "EXI-G-22", "to-attest", Some(("record-invalid", 2))),
        ("[engagement]", "[engagements]", "to-attest", Some(("record-invalid", 3))),
        ("docs/engagement.md", "docs/absent.md", "to-attest", Some(("record-invalid", 7))),
        ("Camille Durand", "\"\"", "to-attest", None),
        ("{fichier: docs/engagement.md}", "{}", "to-attest", None),
    ] {
        put(&test, &[("attestations/engagement.yaml", &ATTESTATION.replace(from, to))]);
        let folder = json(&test, &[], if line.is_some() { 5 } else { 0 });
        assert_eq!(row(&folder, ENGAGEMENT[0])["status"], status, "{to}");
        let places: Vec<_> = line.iter().map(|(rule, line)| (*rule, ("attestations/engagement.yaml".to_owned(), *line))).collect();
        let seen: Vec<_> =
            ["record-expired", "record-invalid"].iter().flat_map(|rule| found(&folder, rule).into_iter().map(move |p| (*rule, p))).collect();
        assert_eq!(seen, places, "{to}");
    }
    // The last day still counts, and the day comes from the clock.
    put(&test, &[("attestations/engagement.yaml", &ATTESTATION.replace("2026-06-30", "2026-01-15"))]);
    assert_eq!(row(&json(&test, &[], 0), ENGAGEMENT[0])["status"], "met");
}

#[test]
fn a_broken_record_is_told_where_it_is_broken() {
    let test = depot(&[("docs/engagement.md", "Signé.\n")]);
    for (text, line) in [("a: [", 1), ("- a\n", 1), ("format: mirai-kit/attestation/v1\nsignataire: x\n", 2), ("facettes: x\n", 1)] {
        put(&test, &[("docs/conformite/attestations/a.yml", text)]);
        let folder = json(&test, &[], 5);
        assert_eq!(found(&folder, "record-invalid")[0], ("docs/conformite/attestations/a.yml".to_owned(), line), "{text}");
    }
}

#[test]
fn a_derogation_leaves_its_row_partial_with_its_reference_and_its_findings_out_of_the_verdict() {
    let derogation = |requirement: &str, until: &str| {
        format!("format: mirai-kit/derogation/v1\nexigence: \"{requirement}\"\ndecision: DNUM/2026/4\nle: 2026-01-10\njusqu_au: {until}\n")
    };
    let test = depot(&[("Dockerfile", DOCKERFILE)]);
    let failed: Vec<String> = json(&test, &[], 5)["requirements"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["status"] == "failed" && r["requirement"].as_str().unwrap().starts_with("pi-native"))
        .map(|r| r["requirement"].as_str().unwrap().to_owned())
        .collect();
    assert!(!failed.is_empty());
    for (until, status, code) in [("permanente", "partial", 0), ("2026-02-01", "partial", 0), ("2026-01-12", "failed", 5)] {
        for (index, requirement) in failed.iter().enumerate() {
            put(&test, &[(&format!("docs/conformite/derogations/{index}.yaml"), &derogation(requirement, until))]);
        }
        let folder = json(&test, &[], code);
        for requirement in &failed {
            let row = row(&folder, requirement);
            assert_eq!(row["status"], status, "{requirement} {until}");
            assert_eq!(row.to_string().contains("DNUM/2026/4"), code == 0);
        }
        assert_eq!(folder["setAside"].as_array().unwrap().iter().filter(|a| a["cause"] == "derogated").count(), usize::from(code == 0));
    }
    let text = check(&test, &["--fail-on", "never"]).code(0).stdout;
    assert!(text.contains("échue depuis le 2026-01-12"), "{text}");
}

#[test]
fn an_accepted_finding_is_listed_with_its_reason_and_proves_nothing() {
    let accepted = DOCKERFILE.replace("USER root", "# mirai-kit: accepte dockerfile-user — image d'outillage\nUSER root");
    let test = depot(&[("Dockerfile", &accepted)]);
    let folder = json(&test, &[], 0);
    let aside = &folder["setAside"][0];
    assert_eq!((aside["rule"].as_str(), aside["cause"].as_str(), aside["line"].as_u64()), (Some("dockerfile-user"), Some("waived"), Some(3)));
    let facets = folder["requirements"].as_array().unwrap().iter().flat_map(|r| r["facets"].as_array().unwrap());
    let resting: Vec<_> = facets.filter(|f| f["rules"].as_array().unwrap().iter().any(|r| r == "dockerfile-user")).collect();
    assert!(!resting.is_empty() && resting.iter().all(|f| f["status"] != "proven"), "{resting:#?}");
    let text = check(&test, &[]).code(0).stdout;
    assert!(text.contains("image d'outillage") && text.contains("1 acceptés par le dépôt lui-même"), "{text}");
    for (from, rule) in [(" — image d'outillage", "waiver-invalid"), ("dockerfile-user", "waiver-invalid")] {
        put(&test, &[("Dockerfile", &accepted.replacen(from, "", 1))]);
        assert_eq!(found(&json(&test, &[], 5), rule), [("Dockerfile".to_owned(), 2)]);
    }
    put(&test, &[("Dockerfile", &accepted.replace("USER root", "USER 10001"))]);
    assert_eq!(found(&json(&test, &["--fail-on", "warning"], 5), "waiver-unused"), [("Dockerfile".to_owned(), 2)]);
}

#[test]
fn a_baseline_lets_only_what_is_new_fail_and_tells_what_is_fixed() {
    let test = depot(&[("Dockerfile", DOCKERFILE)]);
    check(&test, &["--write-baseline", "connus.json"]).code(5);
    let written = fs::read_to_string(test.folder().join("connus.json")).unwrap();
    valid("baseline.v1", &serde_json::from_str(&written).unwrap());
    let known = ["--baseline", "connus.json"];
    put(&test, &[("Dockerfile", &format!("# une ligne de plus\n\n{DOCKERFILE}"))]);
    let folder = json(&test, &known, 0);
    assert_eq!(folder["setAside"][0]["cause"], "known");
    assert!(folder["requirements"].as_array().unwrap().iter().any(|r| r["status"] == "failed"), "a baseline changes no status");
    check(&test, &["--baseline", "connus.json", "--fail-on", "failed"]).code(5);
    put(&test, &[("autre/Dockerfile", DOCKERFILE)]);
    json(&test, &known, 5);
    fs::remove_dir_all(test.folder().join("depot/autre")).unwrap();
    put(&test, &[("Dockerfile", &DOCKERFILE.replace("root", "10001"))]);
    let folder = json(&test, &known, 0);
    assert_eq!(folder["fixed"][0]["rule"], "dockerfile-user");
    for (content, code) in [("{}", 3), ("{\"format\": \"autre\", \"folders\": []}", 3)] {
        fs::write(test.folder().join("connus.json"), content).unwrap();
        check(&test, &known).code(code).says(&["connus.json"]);
    }
    check(&test, &["--baseline", "absent.json"]).code(3).says(&["absent.json"]);
}

const LIST: &str = "format: mirai-kit/requirements/v1
id: equipe
version: \"2026-01\"
title: {fr: Mesures, en: Measures}
documents: {dossier: {title: D, reference: r}}
counts: {rows: 1, P: 1, I: 0}
requirements:
  - id: MES-1
    level: P
    category: {fr: Images, en: Images}
    text: {fr: Les images ne tournent pas en root., en: Images do not run as root.}
    source: {document: dossier, section: \"1\"}
    facets:
      - {id: utilisateur, how: checked, title: {fr: utilisateur, en: user}, rules: [dockerfile-user]}
";

#[test]
fn a_list_of_ones_own_names_rules_directly() {
    let test = depot(&[("Dockerfile", &DOCKERFILE.replace("root", "10001"))]).file("equipe.yaml", LIST);
    let folder = json(&test, &["--list", "equipe.yaml"], 0);
    assert_eq!(row(&folder, "equipe@2026-01/MES-1")["status"], "met");
    assert!(folder["requirements"].as_array().unwrap().len() > 60, "with the default lists");
    let alone = json(&test, &["--list", "equipe.yaml", "--list", "pi-native"], 0);
    assert_eq!(alone["requirements"].as_array().unwrap().len(), 56);
    assert_eq!(alone["newer"].as_array().unwrap().len(), 0, "no list that is asked for is replaced");
    put(&test, &[("Dockerfile", DOCKERFILE)]);
    assert_eq!(row(&json(&test, &["--list", "equipe.yaml"], 5), "equipe@2026-01/MES-1")["status"], "failed");
    fs::remove_file(test.folder().join("depot/Dockerfile")).unwrap();
    assert_eq!(row(&json(&test, &["--list", "equipe.yaml"], 0), "equipe@2026-01/MES-1")["status"], "not-evaluated");
    for (from, to, said) in [("dockerfile-user", "dockerfile-usr", "dockerfile-usr"), ("how: checked", "how: attested", "attestée")] {
        fs::write(test.folder().join("equipe.yaml"), LIST.replace(from, to)).unwrap();
        check(&test, &["--list", "equipe.yaml"]).code(3).says(&["equipe.yaml", said]);
    }
    check(&test, &["--list", "pi-natif"]).code(3).says(&["pi-natif", "pi-native@2024-05-27"]);
}

#[test]
fn the_newer_list_is_shown_beside_the_verdict() {
    let folder = json(&depot(&[]), &[], 0);
    let newer = &folder["newer"][0];
    assert_eq!((newer["list"].as_str(), newer["replaces"].as_str()), (Some("mirai@2025-03-17"), Some("mirai@2025-03-10")));
    let open = newer["open"].as_array().unwrap();
    assert!(open.iter().all(|r| r["level"] == "P" && r["status"] != "met") && open.iter().any(|r| r["requirement"] == "mirai@2025-03-17/EXI-G-6"));
    let asked = json(&depot(&[]), &["--list", "mirai@2025-03-17"], 0);
    assert_eq!((asked["newer"].as_array().unwrap().len(), asked["requirements"].as_array().unwrap().len()), (0, 18));
}

#[test]
fn levels_and_what_fails_are_chosen() {
    let test = depot(&[("Dockerfile", DOCKERFILE)]);
    for (what, code) in
        [("error", 5), ("warning", 5), ("never", 0), ("failed", 5), ("to-attest", 5), ("not-evaluated", 5), ("partial,failed", 5), ("error,never", 2)]
    {
        check(&test, &["--fail-on", what]).code(code);
    }
    check(&test, &["--fail-on", "rouge"]).code(2);
    let folder = json(&test, &["--level", "p"], 5);
    assert!(folder["requirements"].as_array().unwrap().iter().all(|r| r["level"] == "P"));
    check(&test, &["--level", "X"]).code(2);
    put(&test, &[("Dockerfile", "FROM registre.exemple.fr/python:3.13.1\nUSER 1\n")]);
    for (what, code) in [("error", 0), ("failed", 0), ("to-attest", 5)] {
        check(&test, &["--fail-on", what]).code(code);
    }
}

#[test]
fn ready_fails_while_an_answer_is_awaited() {
    let test = Test::new().env("SOURCE_DATE_EPOCH", NOW);
    test.run("new demo --defaults --no-git").code(0);
    let run = |more: &[&str]| test.run_with(&[&["check", "demo", "--helm", "/nonexistent", "--format", "json"][..], more].concat());
    run(&[]).code(0);
    let done = run(&["--ready"]).code(5);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    let waiting = found(&value["folders"][0], "not-ready");
    assert!(waiting.iter().any(|(file, line)| file == "infra-backend/values-prod.yaml" && *line > 0), "{waiting:#?}");
    assert!(waiting.iter().any(|(file, _)| file == "app/demarches.yaml"), "steps without a file wait for a date: {waiting:#?}");
}

#[test]
fn manifests_rendered_elsewhere_are_judged() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: 'registre.exemple.fr/a:latest'}]}\n";
    let test = depot(&[]).file("rendu.yaml", pod);
    assert!(!found(&json(&test, &["--rendered", "rendu.yaml"], 5), "disallow-latest").is_empty());
    check(&test, &["--rendered", "absent.yaml"]).code(1).says(&["absent.yaml"]);
    test.run_with(&["check", "depot", "depot", "--rendered", "rendu.yaml"]).code(2);
    fs::write(test.folder().join("rendu.yaml"), "a: [").unwrap();
    check(&test, &["--rendered", "rendu.yaml"]).code(1);
}

#[test]
fn forms_are_those_of_the_published_schemas_once_completed() {
    let test = Test::new();
    test.run("new demo --defaults --no-git").code(0);
    let attestation = validator("attestation.v1");
    let mut forms = 0;
    for (path, bytes) in test.tree("demo").into_iter().filter(|(path, _)| path.contains("docs/conformite/attestations/pi-native-")) {
        let text = String::from_utf8(bytes).unwrap();
        let value: Value = mirai_kit::yaml::parse(&path, &text).unwrap();
        assert!(attestation.is_valid(&value), "{path}: {:?}", attestation.iter_errors(&value).map(|e| e.to_string()).collect::<Vec<_>>());
        forms += 1;
    }
    assert!(forms > 30, "{forms}");
    let parse = |text: &str| mirai_kit::yaml::parse::<Value>("x", text).unwrap();
    assert!(attestation.is_valid(&parse(&ATTESTATION.replace("2026-01-10", "\"2026-01-10\"").replace("2026-06-30", "\"2026-06-30\""))));
    assert!(!attestation.is_valid(&parse(&ATTESTATION.replace("par:", "signataire:"))));
    let app = test.folder().join("demo/app/docs/conformite");
    for (file, schema) in [("attestations", "attestation.v1"), ("derogations", "derogation.v1")] {
        let model = fs::read_to_string(app.join(file).join("modele.yaml.exemple")).unwrap();
        assert!(validator(schema).is_valid(&parse(&model)), "{file}");
    }
}
