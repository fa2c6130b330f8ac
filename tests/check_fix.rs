//! `--fix` and `--watch`: what is shown, asked, written, and what is left alone; on a real terminal where one is needed.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test prepares its files, and panics")]
#![cfg(unix)]

#[path = "common/run.rs"]
mod run;

use std::fs;

use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use run::Test;

const BACKUP: &str = "# la nuit\napiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata:\n  name: s\nspec:\n  cluster: {name: db}\n  schedule: '30 2 * * *'\n";
const FIX: [&str; 5] = ["check", "depot", "--helm", "/nonexistent", "--fix"];

fn depot() -> Test {
    let test = Test::new();
    fs::create_dir(test.folder().join("depot")).unwrap();
    fs::write(test.folder().join("depot/sauvegarde.yaml"), BACKUP).unwrap();
    test
}

fn content(test: &Test) -> String {
    fs::read_to_string(test.folder().join("depot/sauvegarde.yaml")).unwrap()
}

fn on_terminal(test: &Test, arguments: &[&str]) -> PtySession {
    let mut command = test.command(arguments);
    command.stdin(std::process::Stdio::inherit());
    spawn_command(command, Some(20_000)).unwrap()
}

#[test]
fn without_a_terminal_the_diff_is_shown_and_nothing_is_written() {
    let test = depot();
    let done = test.run_with(&FIX).code(5);
    assert!(done.stdout.contains("-  schedule: '30 2 * * *'\n+  schedule: '0 30 2 * * *'\n"), "{}", done.stdout);
    assert!(done.stderr.contains("--yes"), "{}", done.stderr);
    assert_eq!(content(&test), BACKUP);
}

#[test]
fn once_agreed_the_file_is_repaired_and_judged_again() {
    let test = depot();
    let done = test.run_with(&[&FIX[..], &["--yes"]].concat()).code(0);
    assert_eq!(content(&test), BACKUP.replace("'30", "'0 30"));
    assert!(!done.stdout.contains("cnpg-schedule-fields :"), "{}", done.stdout);
    let again = test.run_with(&[&FIX[..], &["--yes"]].concat()).code(0);
    assert!(again.stderr.contains("Aucune réparation"), "{}", again.stderr);
    for (answer, written) in [("n\n", false), ("o\n", true)] {
        let test = depot();
        let mut person = on_terminal(&test, &FIX);
        person.exp_string("[o/N]").unwrap();
        person.send(answer).unwrap();
        person.flush().unwrap();
        person.exp_eof().unwrap();
        assert_eq!(content(&test) != BACKUP, written, "{answer:?}");
    }
}

#[test]
fn ctrl_c_at_the_question_writes_nothing() {
    let test = depot();
    let mut person = on_terminal(&test, &FIX);
    person.exp_string("[o/N]").unwrap();
    person.send_control('c').unwrap();
    person.exp_eof().unwrap();
    let status = person.process().wait().unwrap();
    assert!(matches!(status, WaitStatus::Exited(_, 130)), "{status:?}");
    assert_eq!(content(&test), BACKUP);
}

#[test]
fn uncommitted_changes_are_not_written_over() {
    let test = depot();
    let git = git2::Repository::init(test.folder().join("depot")).unwrap();
    let mut index = git.index().unwrap();
    index.add_path(std::path::Path::new("sauvegarde.yaml")).unwrap();
    index.write().unwrap();
    let yes = [&FIX[..], &["--yes"]].concat();
    test.run_with(&yes).code(1).says(&["git", "--force"]);
    assert_eq!(content(&test), BACKUP);
    let tree = git.find_tree(index.write_tree().unwrap()).unwrap();
    let author = git2::Signature::now("C", "c@exemple.fr").unwrap();
    git.commit(Some("HEAD"), &author, &author, "x", &tree, &[]).unwrap();
    test.run_with(&yes).code(0);
    assert_ne!(content(&test), BACKUP);
    fs::write(test.folder().join("depot/sauvegarde.yaml"), BACKUP.replace("nuit", "nuit et le jour")).unwrap();
    test.run_with(&yes).code(1);
    test.run_with(&[&yes[..], &["--force"]].concat()).code(0);
}

#[test]
fn watching_checks_again_at_each_change_until_ctrl_c() {
    let test = depot();
    let mut person = on_terminal(&test, &["check", "depot", "--helm", "/nonexistent", "--watch"]);
    person.exp_string("cnpg-schedule-fields").unwrap();
    person.exp_string("rification 1,").unwrap();
    fs::write(test.folder().join("depot/sauvegarde.yaml"), BACKUP.replace("'30", "'0 30")).unwrap();
    let between = person.exp_string("rification 2,").unwrap();
    assert!(!between.contains("cnpg-schedule-fields"), "{between}");
    person.send_control('c').unwrap();
    person.exp_eof().unwrap();
    let status = person.process().wait().unwrap();
    assert!(matches!(status, WaitStatus::Exited(_, 130)), "{status:?}");
    test.run("check depot --watch --format json").code(2);
}

#[test]
fn watching_follows_the_lists_baselines_and_rendered_streams_that_are_named() {
    let test = depot().file("ligne-de-base.json", "").file("rendu.yaml", "");
    let list = |title: &str| {
        format!(
            "format: mirai-kit/requirements/v1\nid: equipe\nversion: \"2026-01-01\"\ntitle: {{fr: {title}, en: {title}}}\ndefault: false\ndocuments: {{d: {{title: d, reference: d}}}}\ncounts: {{rows: 1, P: 1, I: 0}}\nrequirements:\n  - id: EQ-1\n    level: P\n    category: {{fr: c, en: c}}\n    text: {{fr: {title}, en: {title}}}\n    source: {{document: d, section: s}}\n    facets:\n      - {{id: a, how: attested, title: {{fr: a, en: a}}}}\n"
        )
    };
    let at = |name: &str| test.folder().join(name);
    fs::write(at("equipe.yaml"), list("premier")).unwrap();
    fs::write(at("rendu.yaml"), BACKUP).unwrap();
    test.run("check depot --helm /nonexistent --write-baseline ligne-de-base.json").code(5);
    let arguments = "check depot --helm /nonexistent --watch --list equipe.yaml --baseline ligne-de-base.json --rendered rendu.yaml";
    let mut person = on_terminal(&test, &arguments.split(' ').collect::<Vec<_>>());
    person.exp_string("rification 1,").unwrap();
    fs::write(at("equipe.yaml"), list("deuxieme")).unwrap();
    person.exp_string("rification 2,").unwrap();
    fs::write(at("rendu.yaml"), BACKUP.replace("'30", "'0 30")).unwrap();
    person.exp_string("rification 3,").unwrap();
    // A file being written is no reason to stop.
    fs::write(at("ligne-de-base.json"), "{").unwrap();
    person.exp_string("ligne-de-base.json").unwrap();
    person.exp_string("rification 4,").unwrap();
    person.send_control('c').unwrap();
    person.exp_eof().unwrap();
}
