//! `demarches.yaml`: the first step that is not done, decided from the files that wait for it.

use std::collections::BTreeMap;

use mirai_kit::demarches::{Demarches, Waiting};
use mirai_kit::text::{Problem, Text};

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
    attend:
      - {fichier: "values.yaml", motif: "dns-a-completer"}
"#;

fn reader<'a>(files: &'a BTreeMap<&'a str, &'a str>) -> impl Fn(&str) -> Result<Option<String>, Problem> + 'a {
    |path| Ok(files.get(path).map(|text| (*text).to_owned()))
}

#[test]
fn the_first_undone_names_every_place_that_waits() {
    let demarches = Demarches::parse("demarches.yaml", FILE).expect("file");
    let files = BTreeMap::from([
        ("../infra-postgres/values-prod.yaml", "a: 1\nb: \"https://s3.a-completer.invalid\"\nc: 2\nd: s3.a-completer\n"),
        ("README.md", "fini\n"),
        ("values.yaml", "dns-a-completer\n"),
    ]);
    let next = demarches.next(&reader(&files)).expect("read").expect("undone");
    assert_eq!((next.demarche.id.as_str(), next.number), ("bucket-s3", 1));
    let place = |line| Waiting::Placeholder { file: "../infra-postgres/values-prod.yaml".into(), line, motif: "s3.a-completer".into() };
    assert_eq!(next.waiting, [place(2), place(4)]);
    let undone = demarches.undone(&reader(&files)).expect("read");
    assert_eq!(undone.iter().map(|u| u.demarche.id.as_str()).collect::<Vec<_>>(), ["bucket-s3", "convention", "dns"]);
}

#[test]
fn a_step_is_done_when_no_file_waits_or_when_it_is_dated() {
    let done = BTreeMap::from([("../infra-postgres/values-prod.yaml", "b: ok\n"), ("README.md", "ok\n"), ("values.yaml", "ok\n")]);
    let demarches = Demarches::parse("demarches.yaml", FILE).expect("file");
    let next = demarches.next(&reader(&done)).expect("read").expect("undone");
    assert_eq!((next.demarche.id.as_str(), next.waiting.as_slice()), ("convention", &[Waiting::NoDate][..]));
    let dated = FILE.replace("    message: [\"Bonjour\"]\n  - id: dns", "    message: [\"Bonjour\"]\n    fait: \"2026-11-22\"\n  - id: dns");
    let demarches = Demarches::parse("demarches.yaml", &dated).expect("file");
    assert!(demarches.next(&reader(&done)).expect("read").is_none());
}

#[test]
fn a_file_that_is_not_there_keeps_its_step_undone() {
    let demarches = Demarches::parse("demarches.yaml", FILE).expect("file");
    let files = BTreeMap::from([("README.md", "ok\n")]);
    let next = demarches.next(&reader(&files)).expect("read").expect("undone");
    assert_eq!(next.waiting, [Waiting::MissingFile { file: "../infra-postgres/values-prod.yaml".into() }]);
    let failing = |_: &str| Err(Problem::new("README.md", Text::same("denied")));
    assert_eq!(demarches.next(&failing).expect_err("refused").at, "README.md");
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
        ("    destinataire: \"équipe réseau\"\n", "    destinataire: \"équipe réseau\"\n    fait: \"2026-13-01\"\n", "not a date"),
    ];
    for (old, new, expected) in cases {
        assert!(FILE.contains(old), "{old}");
        let problems = Demarches::parse("demarches.yaml", &FILE.replacen(old, new, 1)).expect_err(old);
        assert!(problems.iter().any(|p| p.what.en.contains(expected) && p.at.starts_with("demarches.yaml")), "{old}: {problems:?}");
    }
}
