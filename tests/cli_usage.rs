//! Mistakes of the command line: exit code 2, in the chosen language, with what to do; nothing is written.

#[path = "common/run.rs"]
mod run;
use run::Test;

#[track_caller]
fn refused(arguments: &[&str], says: &[&str]) {
    let test = Test::new();
    test.run_with(arguments).code(2).prints_nothing().says(says);
    assert!(test.names().is_empty(), "{:?}", test.names());
}

#[test]
fn no_command() {
    refused(&["--lang", "fr"], &["il manque une commande", "→", "mirai-kit new"]);
    refused(&["--lang", "en"], &["a command is missing", "→"]);
}

#[test]
fn unknown_command_option_or_argument() {
    refused(&["nwe"], &["commande inconnue : `nwe`", "→"]);
    refused(&["new", "demo", "--defualts"], &["option ou argument inconnu : `--defualts`", "vouliez-vous dire `--defaults` ?"]);
    refused(&["new", "demo", "encore"], &["option ou argument inconnu : `encore`"]);
    refused(&["--lang", "en", "new", "demo", "--defualts"], &["unknown option or argument: `--defualts`", "did you mean `--defaults`?"]);
}

#[test]
fn missing_name() {
    refused(&["new"], &["il manque <NOM>"]);
    refused(&["new", "--lang=en"], &["<NAME> is missing"]);
}

#[test]
fn missing_or_wrong_value() {
    refused(&["new", "demo", "--answers"], &["`--answers <FICHIER.yaml>` attend une valeur"]);
    refused(&["--lang", "de", "new", "demo"], &["la valeur `de` ne convient pas à `--lang <LANGUE>`", "valeurs possibles : fr, en"]);
    refused(&["completions", "tcsh"], &["la valeur `tcsh` ne convient pas"]);
    refused(&["new", "demo", "--output", "a", "--output", "b"], &["est donné deux fois"]);
}

#[test]
fn combinations_that_make_no_sense() {
    refused(&["new", "demo", "--defaults", "--diff"], &["--diff: montre ce qui serait écrit", "ajoutez --dry-run"]);
    refused(&["new", "demo", "--defaults", "--dry-run", "--diff", "--json"], &["--diff, --json: deux formes", "choisissez"]);
    refused(&["new", ".", "--output", "x", "--defaults"], &["--output: `.` désigne déjà le dossier courant"]);
    refused(&["new", ".", "--output", "x", "--diff", "--json"], &["--diff:", "--diff, --json:", "--output:"]);
}

#[test]
fn names_that_some_system_refuses() {
    let long = "a".repeat(300);
    for (name, reason) in [
        ("../x", "contient `.` ou `..`"),
        ("..", "contient `.` ou `..`"),
        ("a/b", "ne contient pas de `/`"),
        ("/", "chemin absolu"),
        ("a\\b", "barre oblique inverse"),
        ("CON", "périphérique"),
        ("nul.txt", "périphérique"),
        (long.as_str(), "dépasse 255 octets"),
        ("a\nb", "caractère de contrôle"),
        ("a\u{1b}[2Jb", "caractère de contrôle"),
        ("a\u{202e}b", "sens d'écriture"),
        (".git", "git y verrait"),
        (".GIT", "git y verrait"),
        ("git~1", "git y verrait"),
        ("~", "commence par `~`"),
        ("fin.", "finit par un point"),
        ("", "le nom est vide"),
    ] {
        refused(&["new", "--defaults", "--", name], &[reason, "→ choisissez un nom court"]);
    }
    refused(&["new", "--defaults", "--", "-x"], &["commence par `-`"]);
    refused(&["new", "--defaults", "--lang", "en", "--", "CON"], &["refused name, \"CON\": has a part that Windows takes for a device"]);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let test = Test::new();
    let mut command = test.command(&["new", "--defaults"]);
    let done: run::Done = command.arg(OsStr::from_bytes(b"d\xe9mo")).output().unwrap().into();
    done.code(2).says(&["n'est pas en UTF-8"]);
    assert!(test.names().is_empty());
}

#[test]
fn a_source_date_epoch_that_is_no_number() {
    let test = Test::new().env("SOURCE_DATE_EPOCH", "hier");
    test.run("new demo --defaults").code(2).says(&["SOURCE_DATE_EPOCH: \"hier\" n'est pas un nombre de secondes", "→"]);
    assert!(test.names().is_empty());
}
