//! The dated study of `docs/study`: its data hold together, and the page says the figures that the data give.

#![allow(clippy::expect_used, reason = "a test panics")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mirai_kit::check::catalog;
use serde_json::Value;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/study").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Commits of the repositories, by name. The first three columns hold no comma.
fn repositories() -> BTreeMap<String, String> {
    let rows = read("repositories.csv");
    let fields = |row: &str| row.splitn(4, ',').map(str::to_owned).collect::<Vec<_>>();
    rows.lines().skip(1).map(fields).map(|row| (row[0].clone(), row[1].clone())).collect()
}

fn sample() -> Vec<Value> {
    mirai_kit::yaml::parse("sample", &read("2026-11-22-sample.yaml")).expect("the data file is YAML")
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{row}: {key}"))
}

#[test]
fn at_least_fifteen_repositories_are_named_at_a_commit() {
    let repositories = repositories();
    assert!(repositories.len() >= 15, "{}", repositories.len());
    for (name, commit) in repositories {
        assert!(name.split('/').count() == 2 && commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{name} {commit}");
    }
}

#[test]
fn each_reviewed_finding_is_of_a_known_rule_and_repository_and_says_why() {
    let repositories = repositories();
    let mut facts = BTreeSet::new();
    for row in sample() {
        assert_eq!(repositories.get(text(&row, "repository")).map(String::as_str), Some(text(&row, "commit")), "{row}");
        assert!(catalog::rule(text(&row, "rule")).is_some(), "{row}");
        assert!(matches!(text(&row, "verdict"), "true" | "false") && text(&row, "why").len() > 5 && !text(&row, "detail").is_empty(), "{row}");
        let fact = ["repository", "rule", "file", "object", "detail"].map(|key| text(&row, key).to_owned());
        assert!(facts.insert(fact), "twice: {row}");
    }
}

#[test]
fn two_hundred_findings_are_reviewed_and_fewer_than_one_in_twenty_is_false() {
    let sample = sample();
    let false_ones = sample.iter().filter(|row| text(row, "verdict") == "false").count();
    assert!(sample.len() >= 200, "{}", sample.len());
    assert!(false_ones * 20 < sample.len(), "{false_ones} of {}", sample.len());
    let said = format!("**{} findings reviewed, {false_ones} false**", sample.len());
    assert!(read("2026-11-22.md").contains(&said), "the page does not say {said}");
}

#[test]
fn what_is_left_in_the_repositories_fetched_after_the_corrections_is_said() {
    let rows = read("repositories.csv");
    let last = rows.lines().map(|row| row.split(',').collect::<Vec<_>>()).filter(|row| row.get(3) == Some(&"3")).map(|row| row[0]);
    let last: BTreeSet<&str> = last.collect();
    let sample = sample();
    let theirs: Vec<&Value> = sample.iter().filter(|row| last.contains(text(row, "repository"))).collect();
    let false_ones = theirs.iter().filter(|row| text(row, "verdict") == "false").count();
    assert!(last.len() >= 5, "{last:?}");
    let said = format!("{false_ones} of {} once two more rules were corrected", theirs.len());
    let page = read("2026-11-22.md").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains(&said), "the page does not say {said}");
}

#[test]
fn the_page_names_each_repository_and_each_false_finding() {
    let page = read("2026-11-22.md");
    for name in repositories().into_keys() {
        assert!(page.contains(&name), "{name}");
    }
    for row in sample().iter().filter(|row| text(row, "verdict") == "false") {
        assert!(page.contains(text(row, "file")), "{row}");
    }
}
