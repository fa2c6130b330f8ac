//! The project's own documents: both readmes say the same things, their links lead somewhere, and the list of
//! dependencies is the one of `Cargo.toml`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Level of each heading, in order.
fn headings(text: &str) -> Vec<usize> {
    prose(text).iter().filter(|line| line.starts_with('#')).map(|line| line.chars().take_while(|c| *c == '#').count()).collect()
}

/// Fenced blocks, whole.
fn blocks(text: &str) -> Vec<&str> {
    text.split("```").skip(1).step_by(2).collect()
}

/// Lines outside fenced blocks.
fn prose(text: &str) -> Vec<&str> {
    text.split("```").step_by(2).flat_map(str::lines).collect()
}

fn tables(text: &str) -> Vec<usize> {
    prose(text).iter().filter(|line| line.starts_with('|')).map(|line| line.matches('|').count()).collect()
}

#[test]
fn both_readmes_have_the_same_sections_commands_and_tables() {
    let (english, french) = (read("README.md"), read("LISEZMOI.md"));
    assert!(headings(&english).len() > 5);
    assert_eq!(headings(&english), headings(&french));
    assert!(blocks(&english).len() > 1);
    assert_eq!(blocks(&english), blocks(&french));
    assert_eq!(tables(&english), tables(&french));
}

#[test]
fn the_two_commands_of_the_readme_are_there() {
    let english = read("README.md");
    assert_eq!(blocks(&english)[0], "sh\ncargo run --release -- new demo --defaults\nmake test\n");
}

#[test]
fn links_lead_somewhere() {
    let mut links = 0;
    for document in ["README.md", "LISEZMOI.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        for target in read(document).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            links += 1;
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(), "{document} links to {target}");
        }
    }
    assert!(links > 10, "{links}");
}

#[test]
fn every_direct_dependency_has_its_line_of_reason() {
    let manifest = read("Cargo.toml");
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
        } else if inside && let Some((name, _)) = line.split_once('=') {
            names.push(name.trim().to_owned());
        }
    }
    names.sort();
    names.dedup();
    let mut listed: Vec<String> = Vec::new();
    for line in read("docs/adr/0003-dependances.md").lines() {
        if let Some((name, reason)) = line.strip_prefix("| `").and_then(|rest| rest.split_once("` | ")) {
            assert!(reason.trim_end_matches(" |").len() > 10, "{name} has no reason");
            listed.push(name.to_owned());
        }
    }
    listed.sort();
    assert!(names.len() > 10, "{names:?}");
    assert_eq!(listed, names);
}
