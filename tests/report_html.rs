//! The HTML report in a real browser: axe finds nothing (light, dark, narrow), the keyboard alone works the filters, nothing
//! hostile runs, nothing is asked from the network, paper has every row, and without script every row is there.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::similar_names, reason = "a test prepares its files, and panics")]

#[path = "common/hostile.rs"]
mod hostile;
#[path = "common/run.rs"]
mod run;
#[path = "common/tools.rs"]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use run::Test;
use serde_json::{Value, json};
use tools::tool;

/// Writes a report, and answers its path and text.
fn page(test: &Test, name: &str, code: i32, arguments: &[&str]) -> (PathBuf, String) {
    let helm = tool("helm4/helm").display().to_string();
    let done = test.run_with(&[&["check", "--helm", &helm, "--format", "html"][..], arguments].concat()).code(code);
    let path = test.folder().join(format!("{name}.html"));
    fs::write(&path, &done.stdout).unwrap();
    (path, done.stdout)
}

fn look(test: &Test, files: &[&PathBuf]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/browser.mjs");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&out).unwrap();
    let mut arguments = vec![script, tools::folder().join("node/node_modules"), tool("bin/chromium"), out];
    arguments.extend(files.iter().map(|file| (*file).clone()));
    let ran = tools::run(Path::new("node"), arguments, &test.folder());
    serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.said()))
}

fn rows(text: &str) -> u64 {
    text.matches("data-kind=\"row\"").count().try_into().unwrap()
}

#[test]
fn the_page_is_accessible_harmless_and_works_by_keyboard_in_both_languages() {
    let since = Instant::now();
    let test = Test::new();
    test.run("new demo --defaults --no-git").code(0);
    hostile::write(&test.folder().join("hostile"));
    let (french, text) = page(&test, "fr", 0, &["demo"]);
    let (english, both) = page(&test, "en", 5, &["hostile", "demo", "--lang", "en"]);
    assert!(text.len() < 300_000 && both.len() < 600_000, "{} {}", text.len(), both.len());
    let broken = test.folder().join("faux.html");
    let spoilt = text.replace(" lang=\"fr\"", "").replace("for=\"texte\"", "").replacen("<h1>", "<img src=\"x\" onerror=\"alert(9)\"><h1>", 1);
    // Without its policy, what a template failed to escape would run: the browser must be seen to notice.
    let policy = spoilt.find("<meta http-equiv").unwrap();
    let end = policy + spoilt[policy..].find('>').unwrap() + 1;
    fs::write(&broken, format!("{}{}", &spoilt[..policy], &spoilt[end..])).unwrap();

    let seen = look(&test, &[&french, &english, &broken]);
    for (file, text, lang) in [(&french, &text, "fr"), (&english, &both, "en")] {
        let seen = &seen[file.to_str().unwrap()];
        let all = rows(text);
        for audit in ["light", "dark", "narrow"] {
            assert_eq!(seen["audits"][audit]["violations"], json!([]), "{lang} {audit}");
            assert!(seen["audits"][audit]["passes"].as_u64().unwrap() > 20);
        }
        for nothing in ["console", "dialogs", "requests"] {
            assert_eq!(seen[nothing], json!([]), "{lang}: {nothing}");
        }
        assert_eq!(seen["lang"], lang);
        assert_eq!(seen["overflow"], 0, "{lang}: a narrow screen has to scroll sideways");
        let alien = seen["alien"].as_array().unwrap();
        assert_eq!(alien.len(), 2, "one style and one script, nothing that data brought: {alien:#?}");
        assert_eq!(seen["bare"], json!({"form": false, "rows": all, "visible": all}));
        keyboard(&seen["keyboard"], all);
    }
    let broken = &seen[broken.to_str().unwrap()];
    assert_ne!(broken["audits"]["light"]["violations"], json!([]), "axe judges nothing");
    assert_ne!(broken["dialogs"], json!([]), "the browser notices nothing");
    tools::gate("report_html", 6, since);
}

fn keyboard(seen: &Value, all: u64) {
    let count = |step: &str| seen[step]["rows"].as_u64().unwrap();
    assert_eq!(count("start"), all);
    assert_eq!(seen["first"]["href"], "#contenu", "the first stop skips to the content");
    assert_eq!(seen["first"]["outline"], "solid", "focus is visible");
    assert_eq!(seen["skipped"]["id"], "contenu");
    assert_eq!(seen["text"]["outline"], "solid");
    let said = |step: &str| seen[step]["said"].as_str().unwrap().to_owned();
    assert!(said("start").contains(&all.to_string()), "{}", said("start"));
    assert!((1..all / 4).contains(&count("typed")) || count("typed") == 0, "{seen:#}");
    assert!(said("typed").starts_with(&count("typed").to_string()), "the count is said: {}", said("typed"));
    assert_eq!(count("entered"), count("typed"), "Enter sends nothing");
    assert_eq!(count("escaped"), all);
    assert_eq!(seen["level"]["levels"], json!(["P"]));
    assert!((1..all).contains(&count("level")));
    let statuses = seen["unchecked"]["statuses"].as_array().unwrap();
    assert!(!statuses.contains(&json!("to-attest")));
    assert!(seen["severity"]["findings"].as_u64().unwrap() < seen["start"]["findings"].as_u64().unwrap());
    assert_eq!(seen["reset"], seen["start"]);
}

#[test]
fn paper_has_every_requirement_and_the_page_asks_for_nothing() {
    let test = Test::new();
    test.run("new demo --defaults --no-git").code(0);
    let (french, text) = page(&test, "papier", 0, &["demo"]);
    look(&test, &[&french]);
    let pdf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report/papier.pdf");
    let printed = tools::run(&tool("bin/pdftotext"), [pdf.to_str().unwrap(), "-"], &test.folder()).out;
    // A key may be cut at the end of a line.
    let printed: String = printed.split_whitespace().collect();
    let json = test.run_with(&["check", "demo", "--helm", &tool("helm4/helm").display().to_string(), "--format", "json"]).stdout;
    let folder: Value = serde_json::from_str::<Value>(&json).unwrap()["folders"][0].clone();
    let requirements = folder["requirements"].as_array().unwrap();
    let missing: Vec<&str> =
        requirements.iter().map(|row| row["requirement"].as_str().unwrap().split_once('/').unwrap().1).filter(|key| !printed.contains(key)).collect();
    assert_eq!((requirements.len(), missing), (72, vec![]));
    assert!(!printed.contains("Échap"), "filters are not printed");
    assert!(text.starts_with("<!DOCTYPE html><html lang=\"fr\">"));
    // An address that a value of the project holds is a text; what a browser follows by itself is an attribute or a style.
    for outside in ["=\"http", "='http", "=http", "url(", "@import", "src="] {
        assert!(!text.replace("http-equiv", "").contains(outside), "{outside}");
    }
}

#[test]
fn the_markup_is_valid() {
    let test = Test::new();
    test.run("new demo --defaults --no-git").code(0);
    hostile::write(&test.folder().join("hostile"));
    let (both, text) = page(&test, "deux", 5, &["hostile", "demo"]);
    let rules = json!({"root": true, "extends": ["html-validate:recommended", "html-validate:document", "html-validate:a11y"],
        // Filters act at once: there is nothing to submit.
        "rules": {"wcag/h32": "off"}});
    fs::write(test.folder().join("regles.json"), rules.to_string()).unwrap();
    let judge = |file: &Path| {
        let arguments = ["-c", "regles.json", file.to_str().unwrap()];
        tools::run(&tool("node/node_modules/.bin/html-validate"), arguments, &test.folder())
    };
    let ran = judge(&both);
    assert!(ran.ok, "{}", ran.said());
    let wrong = test.folder().join("faux.html");
    fs::write(&wrong, text.replacen("<th scope=\"col\">", "<div><th>", 1)).unwrap();
    assert!(!judge(&wrong).ok, "the checker judges nothing");
}
