//! Data on stdout, messages on stderr; closed pipes, full disks, colours, hostile characters.

#[path = "common/run.rs"]
mod run;
use run::{Done, Test};

#[test]
fn a_reader_that_leaves_is_no_failure() {
    for arguments in [
        &["--help"][..],
        &["man"],
        &["completions", "bash"],
        &["new", "demo", "--defaults", "--dry-run"],
        &["new", "demo", "--defaults", "--dry-run", "--diff"],
        &["new", "demo", "--defaults", "--json"],
        &["requirements", "list"],
        &["requirements", "show", "EXI-ARCH-9", "--format", "json"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let done: Done = Test::new().command(arguments).stdout(writer).output().unwrap().into();
        let done = done.code(0);
        assert!(!done.stderr.contains("panicked") && !done.stderr.contains("Broken pipe"), "{arguments:?}: {}", done.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_stdout_is_a_failure() {
    for arguments in [&["--help"][..], &["man"], &["new", "demo", "--defaults", "--dry-run"]] {
        #[allow(clippy::disallowed_methods, reason = "the device that is always full")]
        let full = std::fs::File::create("/dev/full").unwrap();
        let done: Done = Test::new().command(arguments).stdout(full).output().unwrap().into();
        done.code(1).says(&["écriture impossible sur la sortie"]);
    }
}

#[test]
fn a_closed_stderr_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let test = Test::new();
    let status = test.command(&["new", "demo", "--defaults", "--no-git"]).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(test.names(), ["demo"]);
}

#[test]
fn messages_go_to_stderr_alone() {
    let done = Test::new().run("new demo --defaults").code(0).prints_nothing();
    done.says(&[
        "✔ demo : ",
        " fichiers",
        "app : dépôt demo-app, commit ",
        "identité des commits : Camille <camille@exemple.fr>, de l'environnement",
        "Ensuite :",
        "cd demo/app",
        "mirai-kit next",
        "make -C backend test",
    ]);
    let placed = "new placed --defaults --set forge.primaire=https://forge.exemple.fr/equipe";
    Test::new().run(placed).code(0).says(&["git remote add origin https://forge.exemple.fr/equipe/placed-app.git && git push -u origin main"]);
    Test::new().run("new demo --defaults --no-git --lang en").code(0).prints_nothing().says(&[
        "✔ demo: ",
        " files",
        "without git repository",
        "Next:",
        "git init",
    ]);
}

#[test]
fn no_colour_without_a_terminal_and_none_when_refused() {
    let coloured = |test: Test| test.run("new demo --set nom=[1]").code(3).stderr.contains('\u{1b}');
    assert!(!coloured(Test::new()));
    assert!(coloured(Test::new().env("CLICOLOR_FORCE", "1")));
    assert!(!coloured(Test::new().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
    assert!(!coloured(Test::new().env("CLICOLOR_FORCE", "1").env("TERM", "dumb")));
}

#[test]
fn hostile_characters_are_shown_not_obeyed() {
    let escape = "\u{1b}]0;titre\u{7}\u{202e}";
    let test = Test::new().file("r.yaml", "nom: \"\\e]0;titre\\a\"\n\"\\e[2Jcle\": 1\n");
    let done = test.run("new demo --defaults --answers r.yaml").code(3).says(&["r.yaml:2:1: clé inconnue : `\\u{1b}[2Jcle`"]);
    assert!(!done.stderr.contains('\u{1b}') && !done.stderr.contains('\u{7}'), "{}", done.stderr);
    let done = Test::new().run_with(&["new", "demo", "--defaults", "--answers", &format!("absent{escape}.yaml")]).code(3);
    assert!(!done.stderr.contains(['\u{1b}', '\u{7}', '\u{202e}']) && done.stderr.contains("absent\\u{1b}]0;titre"), "{}", done.stderr);
    let done = Test::new().run_with(&["new", "demo", &format!("--x{escape}")]).code(2);
    assert!(!done.stderr.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{}", done.stderr);
}

#[test]
fn an_answer_with_a_direction_mark_is_written_and_shown_escaped() {
    let test = Test::new();
    test.run_with(&["new", "demo", "--defaults", "--no-git", "--set", "nom=\"Dé\u{202e}mo\"", "--set", "slug=demo"]).code(0);
    let manifest = test.tree("demo/app").into_iter().find(|(path, _)| path == ".mirai-kit.yaml").unwrap().1;
    let manifest = String::from_utf8(manifest).unwrap();
    assert!(manifest.contains("\"nom\": \"Dé\\u202emo\""), "{manifest}");
}
