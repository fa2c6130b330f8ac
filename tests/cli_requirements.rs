//! `mirai-kit requirements`: consulting the lists, following a row from one list to another, and adding a list of one's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/run.rs"]
mod run;
use run::Test;
use serde_json::{Value, json};

/// What the program prints for people.
#[track_caller]
fn page(arguments: &str) -> String {
    Test::new().run(&format!("requirements {arguments}")).code(0).stdout
}

/// What it prints for programs, once checked against the published schema of that command.
#[track_caller]
fn data(test: &Test, arguments: &str) -> Value {
    let printed = test.run(&format!("requirements {arguments} --format json")).code(0).stdout;
    let command = arguments.split(' ').next().unwrap();
    let path = format!("{}/schemas/requirements-{command}.v1.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let value: Value = serde_json::from_str(&printed).unwrap();
    let errors: Vec<String> = jsonschema::validator_for(&schema).unwrap().iter_errors(&value).map(|e| format!("{} {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{printed}");
    value
}

fn items<'a>(value: &'a Value, pointer: &str) -> &'a Vec<Value> {
    value.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{pointer} in {value:#}"))
}

fn names(value: &Value, pointer: &str) -> Vec<String> {
    items(value, pointer).iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

/// The lines that start with these words, whatever the space between columns.
fn lines_of(page: &str, head: &str) -> Vec<String> {
    let squeezed = page.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    squeezed.filter(|line| line.starts_with(head)).collect()
}

/// A homologation list of a team's own.
const OWN: &str = r#"format: mirai-kit/requirements/v1
id: homologation
version: "2026-02"
title: {fr: "Mesures d’homologation", en: "Homologation measures"}
documents:
  dossier: {title: "Dossier d’homologation", reference: "interne"}
counts: {rows: 2, P: 1, I: 1}
requirements:
  - id: MES-1
    level: P
    category: {fr: "Sauvegarde", en: "Backup"}
    text: {fr: "Les sauvegardes sont planifiées.", en: "Backups are scheduled."}
    source: {document: dossier, section: "3.1"}
    lineage: [{relation: moved, from: pi-native@2024-05-27/EXI-ORG-17/backup}]
    facets_from: pi-native@2024-05-27/EXI-ORG-17/backup
  - id: MES-2
    level: I
    category: {fr: "Journaux", en: "Logs"}
    text: {fr: "Les journaux sont relus.", en: "Logs are read."}
    source: {document: dossier, section: "3.2"}
    lineage: [{relation: new}]
    facets:
      - {id: relecture, how: attested, title: {fr: "relecture mensuelle", en: "monthly reading"}}
"#;

// --- list ---------------------------------------------------------------------------------------------------------

#[test]
fn without_argument_the_rows_of_the_default_lists_then_the_known_lists() {
    let page = page("list");
    let (rows, known) = page.split_once("Listes connues\n").unwrap();
    assert_eq!(rows.lines().filter(|line| line.starts_with("  EXI-")).count(), 17 + 55);
    assert!(rows.contains("mirai@2025-03-10  CCT Mirai, liste du 10 mars 2025 (17 lignes)\n"), "{rows}");
    assert!(!rows.contains("mirai@2025-03-17"), "not a default list");
    assert_eq!(lines_of(known, "pi-native@2024-05-27").concat().matches("55 lignes 26 P 29 I").count(), 1, "{known}");
    assert!(known.contains("mirai@2025-03-17") && known.contains("remplace mirai@2025-03-10"), "{known}");
}

#[test]
fn columns_are_aligned_without_any_colour() {
    let test = Test::new().env("CLICOLOR_FORCE", "1");
    let page = test.run("requirements list pi-native").code(0).stdout;
    assert!(!page.contains('\u{1b}'));
    let heading = page.lines().find(|line| line.trim_start().starts_with("exigence")).unwrap();
    let level = heading.find("niveau").unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("  EXI-")).collect();
    assert_eq!(rows.len(), 55);
    for row in rows {
        assert!(["P", "I"].contains(&row[level..].split_whitespace().next().unwrap()), "{row}");
    }
}

#[test]
fn one_list_one_level() {
    let page = page("list mirai@2025-03-17 --level P --lang en");
    assert!(page.contains("(9 rows out of 18)"), "{page}");
    assert_eq!(page.lines().filter(|line| line.starts_with("  EXI-")).count(), 9);
    let json = data(&Test::new(), "list pi-native --level I");
    assert_eq!(json["level"], "I");
    let shown: Vec<_> = items(&json, "/lists").iter().filter(|list| list["shown"] == true).collect();
    assert_eq!((shown.len(), &shown[0]["list"]), (1, &json!("pi-native@2024-05-27")));
    assert_eq!(items(shown[0], "/requirements").len(), 29);
    assert_eq!(shown[0]["counts"], json!({"rows": 55, "P": 26, "I": 29}));
}

// --- show ---------------------------------------------------------------------------------------------------------

#[test]
fn a_requirement_with_everything_known_of_it() {
    let page = page("show pi-native@2024-05-27/EXI-ORG-17/backup");
    for (label, said) in [
        ("niveau", "P (primordiale)"),
        ("source", "ligne EXI-ORG-17, 2e occurrence"),
        ("s'applique", "si `base_de_donnees == \"postgres\""),
        ("planification", "générée sauvegarde planifiée de la base"),
        ("autres-donnees", "attestée"),
        ("apportée par", "postgres, fichier `{{ infra.postgres.racine }}templates/scheduled-backup.yaml`, règle `cnpg-scheduled-backup`"),
    ] {
        let lines = lines_of(&page, label);
        assert!(lines.iter().any(|line| line.contains(said)), "{label}: {said:?} in {lines:?}\n{page}");
    }
}

#[test]
fn an_id_alone_shows_every_list_that_has_it_with_its_lineage_and_its_limit() {
    let json = data(&Test::new(), "show EXI-ARCH-9");
    let levels: Vec<_> = items(&json, "/requirements").iter().map(|r| (r["list"].as_str().unwrap(), r["level"].as_str().unwrap())).collect();
    assert_eq!(levels, [("mirai@2025-03-10", "I"), ("mirai@2025-03-17", "I"), ("pi-native@2024-05-27", "P")]);
    let mirai = &json["requirements"][0];
    assert_eq!(mirai["comes_from"][0]["row"], "pi-native@2024-05-27/EXI-ARCH-9");
    assert_eq!(mirai["becomes"][0]["row"], "mirai@2025-03-17/EXI-ARCH-9");
    assert_eq!(mirai["facets_from"], "pi-native@2024-05-27/EXI-ARCH-9");
    let recreated = items(mirai, "/facets").iter().find(|f| f["id"] == "recreation").unwrap();
    assert_eq!(recreated["brought"], json!([]));
    assert!(recreated["limit"]["text"]["en"].as_str().unwrap().contains("kept"), "{recreated}");
    assert_eq!(data(&Test::new(), "show exi-arch-9"), json, "case does not matter");
}

#[test]
fn a_dropped_row_says_who_still_requires_it() {
    let page = page("show mirai@2025-03-10/EXI-G-6");
    assert_eq!(
        lines_of(&page, "devient"),
        [
            "devient abandonnée par mirai@2025-03-17 ; reste demandée par pi-native@2024-05-27/EXI-G-6 ; le CDN reste exigé par la liste Cloud π Native"
        ]
    );
}

#[test]
fn every_row_of_every_list_can_be_shown() {
    let test = Test::new();
    let lists = data(&test, "list");
    let known: Vec<_> = items(&lists, "/lists").iter().map(|list| list["list"].as_str().unwrap().to_owned()).collect();
    let mut facets = 0;
    for list in known {
        let rows = data(&test, &format!("list {list}"));
        let shown = items(&rows, "/lists").iter().find(|l| l["shown"] == true).unwrap().clone();
        for row in items(&shown, "/requirements") {
            let reference = row["row"].as_str().unwrap();
            let found = data(&test, &format!("show {reference}"));
            assert_eq!(items(&found, "/requirements").len(), 1, "{reference}");
            facets += items(&found, "/requirements/0/facets").len();
        }
    }
    assert!(facets > 200, "{facets}");
}

// --- what is not found --------------------------------------------------------------------------------------------

#[test]
fn an_unknown_requirement_is_refused_with_the_nearest_ones() {
    let refused = |arguments: &str, says: &[&str]| {
        Test::new().run(&format!("requirements {arguments}")).code(3).prints_nothing().says(says);
    };
    refused("show EXI-ARCH-99", &["exigence inconnue : `EXI-ARCH-99`", "→ les plus proches : `EXI-ARCH-9`"]);
    refused("show pi-native/EXI-DAT-2 --lang en", &["unknown requirement: `pi-native/EXI-DAT-2`", "→ the nearest: `EXI-DATA-2`"]);
    refused("show zzz", &["exigence inconnue : `zzz`", "→ les exigences connues : `mirai-kit requirements list`"]);
    refused(
        "list mirai@2025-03-11",
        &["liste inconnue", "vouliez-vous dire `mirai@2025-03-1", "listes connues : mirai@2025-03-10, mirai@2025-03-17"],
    );
    refused("diff mirai@2025-03-10 zzz", &["liste inconnue : `zzz`", "→ listes connues : mirai@2025-03-10"]);
}

#[test]
fn what_is_ambiguous_is_listed() {
    let refused = |arguments: &str, says: &[&str]| {
        Test::new().run(&format!("requirements {arguments}")).code(3).prints_nothing().says(says);
    };
    refused("list mirai", &["`mirai` désigne plusieurs listes", "→ précisez la version : mirai@2025-03-10, mirai@2025-03-17"]);
    refused("show mirai/EXI-G-6", &["`mirai` désigne plusieurs listes"]);
    refused(
        "show EXI-ORG-17",
        &[
            "`EXI-ORG-17` désigne plusieurs exigences",
            "→ choisissez : ",
            "/EXI-ORG-17/skills (L’équipe est formée",
            "/EXI-ORG-17/backup (L’équipe de",
        ],
    );
    assert!(page("show EXI-ORG-17/backup").contains("pi-native@2024-05-27/EXI-ORG-17/backup"), "unique once its slug is given");
}

#[test]
fn mistakes_of_the_command_line() {
    let refused = |arguments: &str, says: &[&str]| {
        Test::new().run(arguments).code(2).prints_nothing().says(says);
    };
    refused("requirements", &["il manque une commande après `requirements`", "→ la liste : `mirai-kit requirements --help`"]);
    refused("requirements show", &["il manque <EXIGENCE>"]);
    refused("requirements diff mirai@2025-03-10", &["il manque <NOUVELLE>"]);
    refused("requirements list --level X", &["la valeur `X` ne convient pas", "valeurs possibles : P, I"]);
    refused("requirements list --format xml", &["valeurs possibles : text, json"]);
    refused("requirements lsit", &["commande inconnue : `lsit`", "vouliez-vous dire `list` ?"]);
}

// --- diff ---------------------------------------------------------------------------------------------------------

/// (change, old key, new key) of each row.
fn changes(test: &Test, arguments: &str) -> Vec<(String, String, String)> {
    let json = data(test, arguments);
    let key = |side: &Value| side["row"].as_str().map_or("-".to_owned(), |row| row.split_once('/').unwrap().1.to_owned());
    items(&json, "/changes").iter().map(|c| (c["change"].as_str().unwrap().to_owned(), key(&c["from"]), key(&c["to"]))).collect()
}

#[test]
fn from_a_list_to_the_next_one() {
    let page = page("diff mirai@2025-03-10 mirai@2025-03-17");
    for heading in
        ["Identiques : 10", "Étendues : 4", "Déplacées : 1", "Nouvelles : 3", "Abandonnées : 2", "Niveau changé (déjà comptées ci-dessus) : 1"]
    {
        assert!(page.contains(&format!("\n{heading}\n")), "{heading} in:\n{page}");
    }
    assert_eq!(lines_of(&page, "EXI-G-8 → EXI-G-7 P").len(), 1, "{page}");
    assert_eq!(lines_of(&page, "EXI-G-4 I → P").len(), 2, "once as extended, once for its level");
    let json = data(&Test::new(), "diff mirai@2025-03-10 mirai@2025-03-17");
    assert_eq!(json["counts"], json!({"same": 10, "extended": 4, "moved": 1, "new": 3, "dropped": 2, "imported": 0, "level_changed": 1}));
    let cdn = items(&json, "/changes").iter().find(|c| c["from"]["row"] == "mirai@2025-03-10/EXI-G-6").unwrap();
    assert_eq!((&cdn["change"], &cdn["still_required_by"]), (&json!("dropped"), &json!("pi-native@2024-05-27/EXI-G-6")));
}

#[test]
fn every_row_of_both_lists_is_accounted_for() {
    let test = Test::new();
    let lists = ["mirai@2025-03-10", "mirai@2025-03-17", "pi-native@2024-05-27"];
    let rows = |list: &str| match list {
        "mirai@2025-03-10" => 17,
        "mirai@2025-03-17" => 18,
        _ => 55,
    };
    for from in lists {
        for to in lists {
            let changes = changes(&test, &format!("diff {from} {to}"));
            let distinct = |side: fn(&(String, String, String)) -> &String| {
                changes.iter().map(side).filter(|key| *key != "-").collect::<std::collections::BTreeSet<_>>().len()
            };
            assert_eq!((distinct(|c| &c.1), distinct(|c| &c.2)), (rows(from), rows(to)), "{from} {to}");
            assert!(from != to || changes.iter().all(|c| c.0 == "same"), "{from}: a list is the same as itself");
        }
    }
}

#[test]
fn the_way_back_mirrors_the_way_there() {
    let test = Test::new();
    let back = changes(&test, "diff mirai@2025-03-17 mirai@2025-03-10");
    let mut mirrored: Vec<_> = changes(&test, "diff mirai@2025-03-10 mirai@2025-03-17")
        .into_iter()
        .map(|(change, from, to)| {
            let change = match change.as_str() {
                "new" => "dropped",
                "dropped" => "new",
                same => same,
            };
            (change.to_owned(), to, from)
        })
        .collect();
    let mut back = back;
    back.sort();
    mirrored.sort();
    assert_eq!(back, mirrored);
    let page = page("diff mirai@2025-03-17 mirai@2025-03-10");
    assert!(page.contains("en sens inverse : ajoute le règlement européen sur l’IA"), "{page}");
}

#[test]
fn rows_are_followed_through_the_lists_in_between_and_imports_are_not_losses() {
    let through = changes(&Test::new(), "diff pi-native mirai@2025-03-17");
    assert!(through.contains(&("same".into(), "EXI-ARCH-9".into(), "EXI-ARCH-9".into())), "{through:?}");
    assert!(through.contains(&("extended".into(), "EXI-G-3".into(), "EXI-G-3".into())), "{through:?}");
    let json = data(&Test::new(), "diff pi-native mirai@2025-03-10");
    assert_eq!((&json["counts"]["dropped"], &json["counts"]["imported"]), (&json!(0), &json!(40)));
    let backup = items(&json, "/changes").iter().find(|c| c["from"]["row"] == "pi-native@2024-05-27/EXI-ORG-17/backup").unwrap();
    assert_eq!(backup["still_required_by"], "mirai@2025-03-10/EXI-G-7");
}

// --- impact -------------------------------------------------------------------------------------------------------

#[test]
fn what_has_to_be_done_again_when_the_list_changes() {
    let json = data(&Test::new(), "impact mirai@2025-03-10 mirai@2025-03-17");
    let documents = ["ai-sheet", "ai-six-month-review", "container-resources", "ecodesign-sheet"];
    let rules = [documents.as_slice(), &["horizontal-autoscaling", "llm-gateway", "no-gpu-request", "normative-framework"]].concat();
    assert_eq!(names(&json, "/rules"), rules);
    assert_eq!(names(&json, "/modules"), ["backend-fastapi", "documents"]);
    let derogations = names(&json, "/derogations");
    for (key, changed) in [("EXI-G-8", true), ("EXI-G-4", true), ("EXI-G-6", true), ("EXI-G-5", false), ("EXI-ARCH-9", false)] {
        assert_eq!(derogations.contains(&format!("mirai@2025-03-10/{key}")), changed, "{key}");
    }
    let attested = json!({"row": "mirai@2025-03-17/EXI-G-7", "facet": "etalonnage"});
    assert!(items(&json, "/attestations").contains(&attested), "signed under the old id EXI-G-8");
    let effects = |row: &str| -> Vec<(String, String)> {
        let row = items(&json, "/rows").iter().find(|r| r["row"] == row).unwrap_or_else(|| panic!("{row}"));
        items(row, "/facets").iter().map(|f| (f["facet"].as_str().unwrap().into(), f["effect"].as_str().unwrap().into())).collect()
    };
    assert!(effects("mirai@2025-03-17/EXI-G-3").contains(&("ia-act".into(), "add".into())));
    assert!(effects("mirai@2025-03-17/EXI-G-3").contains(&("rgaa".into(), "review".into())));
    assert_eq!(effects("mirai@2025-03-17/EXI-G-7"), [("mesure".into(), "rename".into()), ("etalonnage".into(), "rename".into())]);
    assert!(items(&json, "/rows").iter().all(|r| r["row"] != "mirai@2025-03-17/EXI-ARCH-9"), "nothing changed there");
}

#[test]
fn what_still_serves_another_list_in_force_is_not_to_be_removed() {
    let page = page("impact mirai@2025-03-10 mirai@2025-03-17");
    let gone = lines_of(&page, "plus demandée demande");
    assert!(gone.len() == 1 && gone[0].contains("sert encore à pi-native@2024-05-27/EXI-G-6"), "{gone:?}");
    let rules = lines_of(&page, "règles").concat();
    assert!(rules.starts_with("règles 8 ai-sheet") && !rules.contains("cdn-declared"), "{rules}");
}

#[test]
fn what_no_module_brings_is_said() {
    let test = Test::new().file("mesures.yaml", OWN.replace("{id: relecture, how: attested", "{id: relecture, how: generated"));
    let page = test.run("requirements impact mirai@2025-03-10 homologation --list mesures.yaml --lang en").code(0).stdout;
    let added = lines_of(&page, "add relecture");
    assert!(added.len() == 1 && added[0].ends_with("no module of the kit brings it"), "{added:?}");
}

#[test]
fn a_change_of_level_alone_calls_derogations_into_question() {
    let json = data(&Test::new(), "impact pi-native mirai@2025-03-10");
    let row = items(&json, "/rows").iter().find(|r| r["row"] == "mirai@2025-03-10/EXI-ARCH-9").unwrap();
    assert_eq!((&row["derogation"], &row["facets"]), (&json!("pi-native@2024-05-27/EXI-ARCH-9"), &json!([])));
    assert!(!names(&json, "/rules").contains(&"cnpg-scheduled-backup".to_owned()), "the import keeps those rows in force");
    let import = items(&json, "/rows").iter().find(|r| r["row"] == "mirai@2025-03-10/EXI-G-7").unwrap();
    assert_eq!((&import["facets"][0]["effect"], &import["facets"][0]["uncovered"]), (&json!("add"), &json!(false)), "no module has to bring it");
}

#[test]
fn nothing_changes_from_a_list_to_itself() {
    assert!(page("impact pi-native pi-native").contains("Rien à refaire."));
    let json = data(&Test::new(), "impact pi-native pi-native");
    assert_eq!((items(&json, "/rows").len(), items(&json, "/rules").len(), items(&json, "/derogations").len()), (0, 0, 0));
}

// --- a list of one's own ------------------------------------------------------------------------------------------

#[test]
fn a_team_adds_its_own_list() {
    let test = Test::new().file("mesures.yaml", OWN);
    let page = test.run("requirements list --list mesures.yaml").code(0).stdout;
    assert_eq!(lines_of(&page, "MES-1 P Sauvegarde Les sauvegardes sont planifiées.").len(), 1, "{page}");
    assert!(lines_of(&page, "homologation@2026-02 2 lignes 1 P 1 I").concat().ends_with("de l'équipe"), "{page}");
    let shown = data(&test, "show homologation/MES-1 --list mesures.yaml");
    let planned = &shown["requirements"][0]["facets"][0];
    assert_eq!((&planned["id"], &planned["brought"][0]["module"]), (&json!("planification"), &json!("postgres")), "evidence is shared");
    let moved = changes(&test, "diff pi-native homologation --list mesures.yaml");
    assert!(moved.contains(&("moved".into(), "EXI-ORG-17/backup".into(), "MES-1".into())), "{moved:?}");
    let impact = data(&test, "impact pi-native homologation --list mesures.yaml");
    assert!(items(&impact, "/attestations").contains(&json!({"row": "homologation@2026-02/MES-2", "facet": "relecture"})));
    test.run("requirements show MES-1").code(3).says(&["exigence inconnue : `MES-1`"]);
}

#[test]
fn several_lists_may_be_added_even_when_they_name_one_another_in_a_circle() {
    let first = OWN.replace("lineage: [{relation: new}]", "lineage: [{relation: moved, from: suivi@1/SUI-2}]");
    let second = OWN
        .replace("id: homologation", "id: suivi")
        .replace("2026-02", "1")
        .replace("MES-", "SUI-")
        .replace("lineage: [{relation: new}]", "lineage: [{relation: moved, from: homologation@2026-02/MES-2}]");
    let test = Test::new().file("mesures.yaml", first).file("suivi.yaml", second);
    let both = "--list mesures.yaml --list suivi.yaml";
    let moved = changes(&test, &format!("diff homologation suivi {both}"));
    assert_eq!(
        moved,
        [("new", "-", "SUI-1"), ("moved", "MES-2", "SUI-2"), ("dropped", "MES-1", "-")].map(|(c, a, b)| (c.into(), a.into(), b.into()))
    );
    let elsewhere = changes(&test, &format!("diff mirai@2025-03-10 suivi {both}"));
    assert!(elsewhere.iter().all(|(change, ..)| change == "new" || change == "dropped"), "{elsewhere:?}");
}

#[test]
fn its_mistakes_are_given_with_file_and_line() {
    let line = |needle: &str| OWN.lines().position(|l| l.contains(needle)).unwrap() + 1;
    let mes_2 = line("id: MES-2");
    for (old, new, at, says) in [
        ("counts: {rows: 2", "counts: {rows: 3", line("counts:"), "`counts` ne correspond pas aux lignes : 2 lignes, 1 P, 1 I"),
        (
            "relation: moved, from: pi-native@2024-05-27/EXI-ORG-17/",
            "relation: moved, from: pi-native@2024-05-27/EXI-ORG-71/",
            line("moved"),
            "ligne inconnue",
        ),
        ("facets_from: pi-native@2024-05-27/EXI-ORG-17/", "facets_from: pi-native@2024-05-27/EXI-ORG-71/", line("facets_from"), "ligne inconnue"),
        ("id: MES-2", "id: MES-1", mes_2, "ligne en double : `MES-1`"),
        ("{document: dossier, section: \"3.2\"}", "{document: dosier, section: \"3.2\"}", mes_2 + 4, "document inconnu : `dosier`"),
        ("level: I", "levl: I", mes_2 + 1, "levl"),
        ("how: attested", "how: espéré", line("relecture, how"), "espéré"),
        ("id: homologation", "id: mirai", 2, "une autre liste s'appelle déjà `mirai@2025-03-10`"),
        ("mirai-kit/requirements/v1", "mirai-kit/requirements/v9", 1, "format de liste inconnu"),
    ] {
        let broken = OWN.replacen(old, new, 1);
        assert_ne!(broken, OWN, "{old}");
        let broken = if new == "id: mirai" { broken.replace("\"2026-02\"", "\"2025-03-10\"") } else { broken };
        let test = Test::new().file("mesures.yaml", &broken);
        let done = test.run("requirements list --list mesures.yaml").code(3).prints_nothing();
        assert!(done.stderr.starts_with(&format!("mesures.yaml:{at}:")) && done.stderr.contains(says), "{new}: {at}: {says}\n{}", done.stderr);
    }
    Test::new().run("requirements list --list absent.yaml").code(3).prints_nothing().says(&["absent.yaml: lecture impossible"]);
}

#[test]
fn what_it_holds_cannot_drive_the_terminal_or_break_a_row() {
    let test = Test::new()
        .file("mesures.yaml", OWN.replace("\"Logs\"", "\"\\e[2JLogs\\nEXI-FAUX\"").replace("\"Journaux\"", "\"\\e[2JJournaux\\nEXI-FAUX\""));
    let page = test.run("requirements list homologation --list mesures.yaml").code(0).stdout;
    assert!(page.contains("\\u{1b}[2JJournaux\\nEXI-FAUX") && !page.contains('\u{1b}'), "{page}");
}

#[test]
fn a_kit_of_ones_own_brings_its_own_lists() {
    let kit = format!("{}/templates/mirai", env!("CARGO_MANIFEST_DIR"));
    let with = Test::new().run_with(&["requirements", "list", "--kit", &kit]).code(0).stdout;
    assert_eq!(with, page("list"));
    Test::new().run("requirements list --kit absent").code(3).prints_nothing().says(&["absent", "lecture impossible"]);
}
