//! `demarches.yaml`: the first step that is not done, decided from the files that wait for it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use mirai_kit::demarches::{Demarches, Project, Undone, Waiting, page};
use mirai_kit::text::{Lang, Problem, Text};

const FILE: &str = r#"format: mirai-kit/demarches/v1
demarches:
  - id: bucket-s3
    titre: "Ouvrir un espace S3"
    destinataire: "équipe d’hébergement"
    message: ["Bonjour,", "Nous demandons un espace de stockage."]
    attend:
      - {fichier: "../infra-postgres/values-prod.yaml", motif: "s3.a-completer"}
      - {fichier: "README.md", motif: "espace-a-completer"}
  - id: convention
    titre: "Signer la convention d’usage"
    destinataire: "direction d’application"
    message: ["Bonjour"]
  - id: dns
    titre: "Réserver un nom"
    destinataire: "équipe réseau"
    message: ["Bonjour"]
    verifie: "dig +short demo.exemple.fr"
    attend:
      - {fichier: "values.yaml", motif: "dns-a-completer"}
"#;

fn reader<'a>(files: &'a BTreeMap<&'a str, &'a str>) -> impl Fn(&str) -> Result<Option<String>, Problem> + 'a {
    |path| Ok(files.get(path).map(|text| (*text).to_owned()))
}

/// The first step that is not done; none when all are.
fn first<'a>(demarches: &'a Demarches, files: &BTreeMap<&str, &str>) -> Option<Undone<'a>> {
    demarches.undone(&reader(files)).expect("read").into_iter().next()
}

#[test]
fn the_first_undone_names_every_place_that_waits() {
    let demarches = Demarches::parse("demarches.yaml", FILE).expect("file");
    let files = BTreeMap::from([
        ("../infra-postgres/values-prod.yaml", "a: 1\nb: \"https://s3.a-completer.invalid\"\nc: 2\nd: s3.a-completer\n"),
        ("README.md", "fini\n"),
        ("values.yaml", "dns-a-completer\n"),
    ]);
    let next = first(&demarches, &files).expect("undone");
    assert_eq!((next.step.id.as_str(), next.number), ("bucket-s3", 1));
    let place = |line| Waiting::Placeholder { file: "../infra-postgres/values-prod.yaml".into(), line, placeholder: "s3.a-completer".into() };
    assert_eq!(next.waiting, [place(2), place(4)]);
    let undone = demarches.undone(&reader(&files)).expect("read");
    assert_eq!(undone.iter().map(|u| u.step.id.as_str()).collect::<Vec<_>>(), ["bucket-s3", "convention", "dns"]);
}

#[test]
fn a_step_is_done_when_no_file_waits_or_when_it_is_dated() {
    let done = BTreeMap::from([("../infra-postgres/values-prod.yaml", "b: ok\n"), ("README.md", "ok\n"), ("values.yaml", "ok\n")]);
    let demarches = Demarches::parse("demarches.yaml", FILE).expect("file");
    let next = first(&demarches, &done).expect("undone");
    assert_eq!((next.step.id.as_str(), next.waiting.as_slice()), ("convention", &[Waiting::NoDate][..]));
    let dated = FILE.replace("    message: [\"Bonjour\"]\n  - id: dns", "    message: [\"Bonjour\"]\n    fait: \"2026-11-22\"\n  - id: dns");
    let demarches = Demarches::parse("demarches.yaml", &dated).expect("file");
    assert!(first(&demarches, &done).is_none());
}

#[test]
fn a_file_that_is_not_there_keeps_its_step_undone() {
    let demarches = Demarches::parse("demarches.yaml", FILE).expect("file");
    let files = BTreeMap::from([("README.md", "ok\n")]);
    let next = first(&demarches, &files).expect("undone");
    assert_eq!(next.waiting, [Waiting::MissingFile { file: "../infra-postgres/values-prod.yaml".into() }]);
    let failing = |_: &str| Err(Problem::new("README.md", Text::same("denied")));
    assert_eq!(demarches.undone(&failing).expect_err("refused").at, "README.md");
}

#[test]
fn a_broken_file_is_refused_with_its_place() {
    let cases = [
        ("demarches/v1", "demarches/v9", "unknown format"),
        ("id: convention", "id: dns", "duplicate step: `dns`"),
        ("\"README.md\"", "\"/etc/passwd\"", "refused path"),
        ("\"../infra-postgres", "\"../../infra-postgres", "refused path"),
        ("\"dns-a-completer\"", "\" \"", "empty pattern"),
        ("titre:", "titel:", "unknown field"),
        ("    destinataire: \"équipe réseau\"\n", "    destinataire: \"équipe réseau\"\n    fait: \"22/11/2026\"\n", "not a date"),
        ("\"dig +short demo.exemple.fr\"", "\" \"", "not a one-line command"),
        ("\"dig +short demo.exemple.fr\"", "\"dig\\nrm\"", "not a one-line command"),
        ("    destinataire: \"équipe réseau\"\n", "    destinataire: \"équipe réseau\"\n    fait: \"2026-13-01\"\n", "not a date"),
    ];
    for (old, new, expected) in cases {
        assert!(FILE.contains(old), "{old}");
        let problems = Demarches::parse("demarches.yaml", &FILE.replacen(old, new, 1)).expect_err(old);
        assert!(problems.iter().any(|p| p.what.en.contains(expected) && p.at.starts_with("demarches.yaml")), "{old}: {problems:?}");
    }
}

#[test]
fn the_page_says_what_to_do_and_never_stays_silent() {
    let demarches = Demarches::parse("demarches.yaml", FILE).expect("file");
    let files = BTreeMap::from([("../infra-postgres/values-prod.yaml", "x\nb: s3.a-completer\n"), ("values.yaml", "dns-a-completer\n")]);
    let undone = demarches.undone(&reader(&files)).expect("read");
    let shown = page(&undone, 3, Lang::Fr);
    for expected in [
        "Démarche 1 sur 3 (3 à faire) : bucket-s3",
        "Ouvrir un espace S3",
        "À : équipe d’hébergement",
        "  Nous demandons un espace de stockage.",
        "../infra-postgres/values-prod.yaml:2 : remplacer `s3.a-completer`",
        "README.md : fichier attendu, introuvable",
    ] {
        assert!(shown.contains(expected), "{expected}\n---\n{shown}");
    }
    assert!(page(&undone, 3, Lang::En).contains("Step 1 of 3 (3 left)"));
    // Each step says what verifies it: its command, the files that wait, or nothing but the date of an answer.
    let checks = |from: usize| page(&undone[from..], 3, Lang::Fr).lines().find(|l| l.starts_with("Vérifier")).map(str::to_owned);
    assert_eq!(checks(0).expect("files"), "Vérifier : mirai-kit next passe à la démarche suivante");
    assert_eq!(checks(1), None);
    assert_eq!(checks(2).expect("command"), "Vérifier : dig +short demo.exemple.fr");
    assert_eq!(page(&[], 3, Lang::Fr), "Les 3 démarches sont faites.\n");
}

#[test]
fn a_project_is_found_from_its_repository_and_from_the_folder_above() {
    let folder = tempfile::tempdir().expect("folder");
    let missing = Project::open(folder.path()).expect_err("nothing there");
    assert!(missing[0].hint.is_some());
    let app = folder.path().join("app");
    #[expect(clippy::disallowed_methods, reason = "a test's own folder")]
    {
        std::fs::create_dir(&app).expect("app");
        std::fs::write(app.join("demarches.yaml"), FILE).expect("file");
        std::fs::write(app.join("README.md"), "espace-a-completer\n").expect("file");
        std::fs::create_dir(folder.path().join("infra-postgres")).expect("infra");
        std::fs::write(folder.path().join("infra-postgres/values-prod.yaml"), "fini\n").expect("file");
    }
    for open in [folder.path(), app.as_path()] {
        let shown = Project::open(open).expect("project").next_page(Lang::Fr).expect("page");
        assert!(shown.contains("README.md:1 : remplacer `espace-a-completer`"), "{shown}");
        assert!(!shown.contains("values-prod.yaml"), "{shown}");
    }
}
