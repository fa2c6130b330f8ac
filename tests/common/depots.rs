//! A generated project in git repositories, changed by commits as a team would.
#![allow(dead_code, clippy::unwrap_used, clippy::disallowed_methods, reason = "each test uses its part, and panics")]

use std::fs;
use std::process::Command;

use super::run::{Done, Test};

/// Noon, 1 December 2026.
pub const NOW: &str = "1796126400";

/// A project as `new` makes it; its one git identity and instant.
pub fn project(more: &[&str]) -> Test {
    let test = Test::new().env("SOURCE_DATE_EPOCH", NOW);
    let arguments = ["new", "demo", "--defaults", "--set", "registre=registre.exemple.fr", "--set", "services_onyxia=[]"];
    test.run_with(&[&arguments[..], more].concat()).code(0);
    test
}

/// Runs git in a folder of the project.
pub fn git(test: &Test, folder: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(test.folder().join(folder)).env("GIT_CONFIG_GLOBAL", "/dev/null");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Camille").env(format!("GIT_{role}_EMAIL"), "camille@exemple.fr");
    }
    let done: Done = command.output().unwrap().into();
    assert_eq!(done.code, Some(0), "git {arguments:?}: {}", done.stderr);
    done.stdout
}

pub fn read(test: &Test, path: &str) -> String {
    fs::read_to_string(test.folder().join(path)).unwrap()
}

/// Replaces a text that the file must hold.
pub fn edit(test: &Test, path: &str, from: &str, to: &str) {
    let content = read(test, path);
    assert!(content.contains(from), "{path} has no {from:?}:\n{content}");
    fs::write(test.folder().join(path), content.replace(from, to)).unwrap();
}

/// The same, committed.
pub fn commit(test: &Test, depot: &str, path: &str, from: &str, to: &str) {
    edit(test, &format!("{depot}/{path}"), from, to);
    git(test, depot, &["commit", "-qam", "essai"]);
}

/// A file as a branch has it.
pub fn at(test: &Test, depot: &str, branch: &str, path: &str) -> String {
    git(test, depot, &["show", &format!("{branch}:{path}")])
}

/// The one branch of a repository whose name starts so.
pub fn branch(test: &Test, depot: &str, start: &str) -> String {
    let all = git(test, depot, &["branch", "--format=%(refname:short)"]);
    let mut found = all.lines().filter(|name| name.starts_with(start));
    let one = found.next().unwrap_or_else(|| panic!("no branch {start}… in {depot}: {all}")).to_owned();
    assert_eq!(found.next(), None, "{all}");
    one
}
