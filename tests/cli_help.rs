//! Help, version, manual, completions: in French unless asked otherwise, on stdout.

#[path = "common/run.rs"]
mod run;
use run::Test;

#[test]
fn help_is_french_by_default_and_goes_to_stdout() {
    for arguments in ["--help", "-h"] {
        let done = Test::new().run(arguments).code(0);
        assert!(done.stdout.contains("Usage : mirai-kit") && done.stdout.contains("Crée une application"), "{}", done.stdout);
        assert_eq!(done.stderr, "");
    }
}

#[test]
fn help_is_english_when_asked_before_or_after_the_command() {
    for arguments in ["--lang en --help", "--lang=en --help", "--help --lang en"] {
        let done = Test::new().run(arguments).code(0);
        assert!(done.stdout.contains("Usage: mirai-kit") && done.stdout.contains("Creates a complete application"), "{arguments}: {}", done.stdout);
    }
    let done = Test::new().run("new --lang en --help").code(0);
    assert!(done.stdout.contains("Takes the defaults instead of asking"), "{}", done.stdout);
}

#[test]
fn help_documents_every_exit_code() {
    let help = Test::new().run("--help").code(0).stdout;
    for code in
        ["0    fait", "1    échec", "2    ligne de commande", "3    réponses ou kit", "4    conflits", "5    projet non conforme", "130  interrompu"]
    {
        assert!(help.contains(code), "{code:?} in:\n{help}");
    }
}

#[test]
fn help_of_new_names_every_option_of_the_contract() {
    let help = Test::new().run("new --help").code(0).stdout;
    for option in ["<NOM>", "--output", "--defaults", "--answers", "--set", "--dry-run", "--diff", "--json", "--no-git", "--kit", "--lang"] {
        assert!(help.contains(option), "{option} in:\n{help}");
    }
}

#[test]
fn version_is_that_of_the_package() {
    let done = Test::new().run("--version").code(0);
    assert_eq!(done.stdout, format!("mirai-kit {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_manual_and_the_completions_hold_every_option() {
    let man = Test::new().run("man").code(0).stdout;
    assert!(man.contains(".TH mirai-kit") && man.contains("\\-\\-dry\\-run"), "{man}");
    assert!(man.contains(".SH \"mirai-kit requirements impact\"") && man.contains("\\-\\-level"), "commands of commands too: {man}");
    for (shell, mark) in [
        ("bash", "_mirai-kit()"),
        ("zsh", "#compdef mirai-kit"),
        ("fish", "complete -c mirai-kit"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let script = Test::new().run(&format!("completions {shell}")).code(0).stdout;
        assert!(script.contains(mark) && script.contains("dry-run"), "{shell}:\n{script}");
    }
}
