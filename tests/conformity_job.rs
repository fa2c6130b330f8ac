//! The script by which generated repositories run `mirai-kit check` in their chains and before a commit: it writes every
//! report, ends as `check` does, and a program that is missing or not the one expected is a failure, never a success.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::similar_names,
    clippy::type_complexity,
    reason = "a test prepares its files, and panics"
)]

#[path = "common/run.rs"]
mod run;
#[path = "common/tools.rs"]
mod tools;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};

use run::{PROGRAM, Test};
use tools::tool;

fn project() -> Test {
    let test = Test::new();
    test.run("new demo --defaults --no-git").code(0);
    test
}

fn script(test: &Test, repository: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let path = format!("{}:/usr/bin:/bin", tool("helm3/helm").parent().unwrap().display());
    let mut command = Command::new("sh");
    command.arg("scripts/conformite.sh").args(arguments).current_dir(test.folder().join("demo").join(repository));
    command.env_clear().env("PATH", path).envs(variables.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Serves bytes once, and answers where.
fn serve(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len()).unwrap();
        // The other end may hang up.
        let _ = stream.write_all(&bytes);
    });
    format!("http://{address}/mirai-kit")
}

#[test]
fn each_repository_conforms_alone_and_its_reports_are_kept() {
    let test = project();
    for repository in ["app", "infra-backend", "infra-postgres"] {
        let done = script(&test, repository, &[], &[("MIRAI_KIT", PROGRAM)]);
        assert_eq!(done.status.code(), Some(0), "{repository}: {}{}", String::from_utf8_lossy(&done.stdout), said(&done));
        let reports = test.folder().join("demo").join(repository).join("rapport-conformite");
        let mut names: Vec<_> = fs::read_dir(reports).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["code-quality.json", "conformite.html", "conformite.md", "conformite.sarif", "junit.xml"]);
    }
}

#[test]
fn a_repository_that_does_not_conform_fails_and_still_has_its_reports() {
    let test = project();
    let file = test.folder().join("demo/app/backend/Dockerfile");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("USER 10001:0", "USER root")).unwrap();
    let done = script(&test, "app", &[], &[("MIRAI_KIT", PROGRAM)]);
    assert_eq!(done.status.code(), Some(5), "{}", said(&done));
    assert!(fs::read_to_string(test.folder().join("demo/app/rapport-conformite/junit.xml")).unwrap().contains("dockerfile-user"));
    assert_eq!(script(&test, "app", &["--local"], &[("MIRAI_KIT", PROGRAM)]).status.code(), Some(5));
}

#[test]
fn a_program_that_is_missing_or_altered_is_a_failure_that_says_what_to_do() {
    let test = project();
    let sum = "0".repeat(64);
    let wrong = serve(b"#!/bin/sh\nexit 0\n".to_vec());
    let cases: [(&[&str], &[(&str, &str)], &str); 5] = [
        (&[], &[], "MIRAI_KIT_URL"),
        (&["--local"], &[("MIRAI_KIT_URL", "http://127.0.0.1:9/x"), ("MIRAI_KIT_SHA256", &sum)], "introuvable"),
        (&[], &[("MIRAI_KIT_URL", "http://127.0.0.1:9/x")], "MIRAI_KIT_SHA256"),
        (&[], &[("MIRAI_KIT_URL", &wrong), ("MIRAI_KIT_SHA256", &sum)], "empreinte"),
        (&[], &[("MIRAI_KIT", "/absent")], "/absent"),
    ];
    for (arguments, variables, expected) in cases {
        let done = script(&test, "app", arguments, variables);
        assert!(!done.status.success() && said(&done).contains(expected), "{variables:?}: {}", said(&done));
        assert!(!test.folder().join("demo/app/rapport-conformite").exists());
    }
}

#[test]
fn a_program_given_by_address_and_digest_is_run() {
    let test = project();
    let bytes = fs::read(PROGRAM).unwrap();
    let sum = mirai_kit::digest::sha256(&bytes);
    let url = serve(bytes);
    let done = script(&test, "infra-postgres", &[], &[("MIRAI_KIT_URL", &url), ("MIRAI_KIT_SHA256", &sum)]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
}
