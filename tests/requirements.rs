//! The requirement lists as data, and the statement made from them: counts of the sources, lineage, statuses that are
//! never greener than their proof.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use mirai_kit::kit::KitFiles;
use mirai_kit::requirements::{FacetState, How, Level, List, Lists, Proof, RowStatement, Statement, Status, conformity_matrix, statement};
use mirai_kit::text::{Lang, Problem, Text};

const PI: &str = "pi-native@2024-05-27";
const MIRAI: &str = "mirai@2025-03-10";
const NEWER: &str = "mirai@2025-03-17";

fn lists() -> Lists {
    Lists::load(&KitFiles::embedded()).expect("embedded lists")
}

/// Evaluates expressions as the engine does, over answers given as JSON.
fn holds(answers: &serde_json::Value) -> impl Fn(&str) -> Result<bool, Problem> + use<> {
    let mut context = tera::Context::new();
    for (key, value) in answers.as_object().expect("answers") {
        context.insert(key.clone(), value);
    }
    let known = std::cell::RefCell::new(std::collections::BTreeMap::<String, bool>::new());
    move |expression| {
        if let Some(&held) = known.borrow().get(expression) {
            return Ok(held);
        }
        let template = format!("{{% if {expression} %}}1{{% endif %}}");
        let rendered = tera::Tera::default().render_str(&template, &context, false);
        let held = rendered.map(|text| text == "1").map_err(|e| Problem::new(expression, Text::same(e.to_string())))?;
        known.borrow_mut().insert(expression.to_owned(), held);
        Ok(held)
    }
}

fn answers(changes: &[(&str, &str)]) -> serde_json::Value {
    let mut answers = serde_json::json!({
        "hebergement": "cloud-pi-native", "depots": "par-module", "exposition": "internet", "sensibilite": "usuel",
        "backend": "fastapi", "base_de_donnees": "postgres", "services_onyxia": ["qdrant"], "ia": "passerelle-mirai",
        "authentification": "sso-mirai", "donnees_personnelles": "oui",
    });
    for (key, value) in changes {
        answers[*key] = serde_saphyr::from_str(value).expect("value");
    }
    answers
}

fn proof(requirement: &str, facet: &str, how: How) -> Proof {
    let file = Some(format!("fichier-{facet}"));
    Proof { module: "essai".into(), requirement: requirement.into(), facet: facet.into(), how, file, rule: None, text: None }
}

fn row<'a>(statements: &'a [Statement], list: &str, key: &str) -> &'a RowStatement {
    let statement = statements.iter().find(|s| s.list == list).expect("list");
    statement.rows.iter().find(|r| r.key == key).expect("row")
}

/// A proof for every facet that a file or a rule can carry.
fn everything(lists: &Lists) -> Vec<Proof> {
    let mut proofs = Vec::new();
    for list in lists.iter() {
        for row in list.requirements.iter().filter(|r| r.facets_from.is_none()) {
            for facet in row.facets.iter().filter(|f| f.how != How::Attested && f.from.is_none()) {
                proofs.push(proof(&format!("{}/{}", list.name(), row.key()), &facet.id, How::Generated));
            }
        }
    }
    proofs
}

#[test]
fn the_lists_have_the_rows_of_their_sources() {
    let lists = lists();
    let counts = |name| {
        let rows = &lists.list(name).expect("list").requirements;
        let primordial = rows.iter().filter(|r| r.level == Level::P).count();
        (rows.len(), primordial, rows.len() - primordial)
    };
    assert_eq!(counts(PI), (55, 26, 29));
    assert_eq!(counts(MIRAI), (17, 8, 9));
    assert_eq!(counts(NEWER), (18, 9, 9));
    assert_eq!(lists.iter().count(), 3);
    let ids: std::collections::BTreeSet<_> = lists.list(PI).expect("list").requirements.iter().map(|r| r.id.clone()).collect();
    assert_eq!(ids.len(), 53, "two ids are used twice by the source");
    let defaults: Vec<_> = lists.iter().filter(|l| l.default).map(List::name).collect();
    assert_eq!(defaults, [MIRAI, PI]);
}

#[test]
fn the_traps_of_the_sources_are_in_the_data() {
    let lists = lists();
    let level = |reference: &str| lists.row(reference).expect(reference).level;
    assert_eq!(level(&format!("{PI}/EXI-ORG-17/skills")), Level::I);
    assert_eq!(level(&format!("{PI}/EXI-ORG-17/backup")), Level::P);
    assert_eq!(level(&format!("{PI}/EXI-ARCH-9")), Level::P);
    assert_eq!(level(&format!("{MIRAI}/EXI-ARCH-9")), Level::I);
    assert_eq!(level(&format!("{MIRAI}/EXI-G-4")), Level::I);
    assert_eq!(level(&format!("{NEWER}/EXI-G-4")), Level::P);
    for absent in ["EXI-ORG-4", "EXI-ORG-5", "EXI-ORG-17"] {
        assert!(lists.row(&format!("{PI}/{absent}")).is_none(), "{absent}");
    }
    let moved = lists.row(&format!("{NEWER}/EXI-G-7")).expect("row");
    assert_eq!(moved.lineage[0].from.as_deref(), Some("mirai@2025-03-10/EXI-G-8"));
}

#[test]
fn a_broken_list_is_refused_with_its_place() {
    let embedded = KitFiles::embedded();
    let good = embedded.text("requirements/mirai-2025-03-17.yaml").expect("list");
    let others =
        ["requirements/mirai-2025-03-10.yaml", "requirements/pi-native-2024-05-27.yaml"].map(|path| (path, embedded.text(path).expect("list")));
    let refusals = |broken: &str| {
        let mut texts = others.to_vec();
        texts.push(("nouvelle.yaml", broken));
        match Lists::parse(&texts) {
            Ok(_) => String::new(),
            Err(problems) => problems.iter().map(|p| format!("{} {}", p.at, p.what.en)).collect::<Vec<_>>().join("\n"),
        }
    };
    assert_eq!(refusals(good), "");
    let cases = [
        ("rows: 18", "rows: 19", "`counts` differs"),
        ("from: mirai@2025-03-10/EXI-G-8}", "from: mirai@2025-03-10/EXI-G-99}", "unknown row: `mirai@2025-03-10/EXI-G-99`"),
        ("  - from: mirai@2025-03-10/EXI-G-6\n", "  - from: mirai@2025-03-10/EXI-G-5\n", "EXI-G-6` has no successor"),
        ("relation: moved, from: mirai@2025-03-10/EXI-G-8", "relation: new, from: mirai@2025-03-10/EXI-G-8", "a lineage has a `from`"),
        ("  - id: EXI-G-9\n", "  - id: EXI-G-8\n", "duplicate row: `EXI-G-8`"),
        ("      - id: bilan\n", "      - id: trame\n", "duplicate facet: `trame`"),
        ("how: attested", "how: hoped", "unknown variant"),
        ("    applies:\n", "    applys:\n", "unknown field"),
        ("document: guide-mirai", "document: guide", "unknown document: `guide`"),
    ];
    for (old, new, expected) in cases {
        assert!(good.contains(old), "{old}");
        let said = refusals(&good.replacen(old, new, 1));
        assert!(said.contains(expected) && said.contains("nouvelle.yaml"), "{old} → {said}");
    }
}

#[test]
fn without_any_proof_nothing_is_green() {
    let lists = lists();
    let statements = statement(&lists, &[], &holds(&answers(&[]))).expect("statement");
    let mut rows = 0;
    for row in statements.iter().flat_map(|s| &s.rows) {
        rows += 1;
        assert_ne!(row.status, Status::Generated, "{}", row.key);
    }
    assert_eq!(rows, 90);
}

#[test]
fn with_every_proof_what_people_attest_and_what_is_limited_stays_open() {
    let lists = lists();
    let statements = statement(&lists, &everything(&lists), &holds(&answers(&[]))).expect("statement");
    let mut generated = 0;
    for row in statements.iter().flat_map(|s| &s.rows) {
        let attested = row.facets.iter().any(|f| f.state == FacetState::ToAttest);
        assert!(!(attested && row.status == Status::Generated), "{}", row.key);
        generated += usize::from(row.status == Status::Generated);
    }
    assert!(generated > 10, "{generated}");
    for list in [PI, MIRAI, NEWER] {
        let row = row(&statements, list, "EXI-ARCH-9");
        assert_eq!(row.status, Status::Partial);
        let open: Vec<_> = row.remaining().map(|f| f.id.as_str()).collect();
        assert_eq!(open, ["recreation"], "a persistent database is never recreated");
    }
    let imported = row(&statements, MIRAI, "EXI-G-7");
    assert_eq!(imported.status, Status::Partial, "the imported list is open");
}

#[test]
fn each_lost_proof_opens_its_row() {
    let lists = lists();
    let all = everything(&lists);
    let holds = holds(&answers(&[]));
    let full = statement(&lists, &all, &holds).expect("statement");
    let mut seen = 0;
    for (index, lost) in all.iter().enumerate() {
        let (list, key) = lost.requirement.split_once('/').expect("reference");
        let carried = row(&full, list, key).facets.iter().any(|f| f.id == lost.facet && f.state == FacetState::Generated);
        let imports = lists.row(&lost.requirement).is_some_and(|r| r.imports.is_some());
        if !carried || imports {
            continue;
        }
        seen += 1;
        let mut fewer = all.clone();
        fewer.remove(index);
        let after = statement(&lists, &fewer, &holds).expect("statement");
        let after = row(&after, list, key);
        assert!(matches!(after.status, Status::Partial | Status::Uncovered), "{} without {}", key, lost.facet);
        assert!(after.remaining().any(|f| f.id == lost.facet && f.state == FacetState::Missing));
    }
    assert!(seen > 80, "{seen}");
}

#[test]
fn conditions_set_rows_aside_by_name() {
    let lists = lists();
    let of = |changes: &[(&str, &str)], key: &str| {
        let statements = statement(&lists, &everything(&lists), &holds(&answers(changes))).expect("statement");
        row(&statements, PI, key).clone()
    };
    assert_eq!(of(&[], "EXI-G-6").status, Status::Partial);
    for exposition in ["rie", "interne"] {
        let Status::NotApplicable(why) = of(&[("exposition", exposition)], "EXI-G-6").status else { panic!("applicable") };
        assert!(why.fr.contains("exposition"), "{}", why.fr);
    }
    let Status::NotApplicable(_) = of(&[("backend", "aucun")], "EXI-ARCH-12").status else { panic!("applicable") };
    let without_base = of(&[("base_de_donnees", "aucune"), ("donnees_personnelles", "non")], "EXI-ARCH-9");
    assert_eq!(without_base.status, Status::Generated, "nothing to take back: {without_base:?}");
    let mono = of(&[("depots", "mono")], "EXI-ARCH-8");
    assert_eq!(mono.status, Status::Partial);
    assert!(mono.remaining().any(|f| f.id == "modules-independants"));
    assert_eq!(of(&[("depots", "mono"), ("hebergement", "argocd")], "EXI-ARCH-8").status, Status::Generated);
    let declared = of(&[("donnees_personnelles", "non")], "EXI-DATA-2");
    assert!(declared.remaining().any(|f| f.id == "absence"), "a « no » has to be confirmed");
}

/// No combination of answers may leave a row that applies without a facet, nor fail to evaluate.
#[test]
fn every_combination_of_answers_has_a_statement() {
    let lists = lists();
    let proofs = everything(&lists);
    let choices: [(&str, [&str; 2]); 9] = [
        ("hebergement", ["cloud-pi-native", "argocd"]),
        ("depots", ["mono", "par-module"]),
        ("exposition", ["internet", "rie"]),
        ("backend", ["fastapi", "aucun"]),
        ("base_de_donnees", ["postgres", "aucune"]),
        ("services_onyxia", ["[]", "[qdrant]"]),
        ("ia", ["passerelle-mirai", "aucune"]),
        ("authentification", ["sso-mirai", "aucune"]),
        ("donnees_personnelles", ["oui", "non"]),
    ];
    for number in 0..(1_usize << choices.len()) {
        let changes: Vec<_> = choices.iter().enumerate().map(|(bit, (key, values))| (*key, values[(number >> bit) & 1])).collect();
        let said = statement(&lists, &proofs, &holds(&answers(&changes)));
        assert!(said.is_ok(), "{changes:?}: {:?}", said.err());
    }
}

#[test]
fn a_proof_that_claims_too_much_is_refused() {
    let lists = lists();
    let holds = holds(&answers(&[]));
    let refusal = |proof: Proof| {
        let problems = statement(&lists, &[proof], &holds).expect_err("refused");
        problems[0].what.en.clone()
    };
    assert!(refusal(proof(&format!("{PI}/EXI-ORG-5"), "raci", How::Generated)).contains("unknown row"));
    assert!(refusal(proof(&format!("{PI}/EXI-ORG-1"), "rasi", How::Generated)).contains("unknown facet"));
    assert!(refusal(proof(&format!("{PI}/EXI-ORG-1"), "engagement", How::Generated)).contains("attested"));
    assert!(refusal(proof(&format!("{PI}/EXI-ORG-1"), "raci", How::Attested)).contains("attested"));
    let mut without_file = proof(&format!("{PI}/EXI-ORG-1"), "raci", How::Generated);
    without_file.file = None;
    assert!(refusal(without_file).contains("without a file"));
}

#[test]
fn one_proof_serves_every_list_that_takes_up_the_row() {
    let lists = lists();
    let proofs = [proof(&format!("{MIRAI}/EXI-ARCH-9"), "reprise", How::Generated)];
    let statements = statement(&lists, &proofs, &holds(&answers(&[]))).expect("statement");
    for list in [PI, MIRAI, NEWER] {
        let row = row(&statements, list, "EXI-ARCH-9");
        let facet = row.facets.iter().find(|f| f.id == "reprise").expect("facet");
        assert_eq!((&facet.state, facet.proofs.len()), (&FacetState::Generated, 1), "{list}");
    }
}

#[test]
fn the_matrix_shows_every_row_and_its_left_over() {
    let lists = lists();
    let statements = statement(&lists, &everything(&lists), &holds(&answers(&[("exposition", "rie")]))).expect("statement");
    for (lang, verify, why) in [(Lang::Fr, "généré, à vérifier", "sans objet : "), (Lang::En, "generated, to verify", "not applicable: ")] {
        let matrix = conformity_matrix(&lists, &statements, &mirai_kit::check::catalog::proving, lang);
        for list in [PI, MIRAI] {
            let section = matrix.split(&format!("## `{list}`\n")).nth(1).expect("section");
            let section = section.split("\n## ").next().expect("section");
            for row in &lists.list(list).expect("list").requirements {
                let line = section.lines().find(|l| l.starts_with(&format!("| {} |", row.key()))).expect("row");
                assert_eq!(line.replace("\\|", "").matches('|').count(), 7, "{line}");
                assert!(line.contains(row.text.get(lang)), "{line}");
            }
        }
        assert!(matrix.contains(verify) && matrix.contains(why));
        assert!(matrix.contains("`fichier-raci`"));
        assert!(
            matrix.contains("`mirai-kit check`") && mirai_kit::cli::command(lang).find_subcommand("check").is_some(),
            "the command it names is there"
        );
        assert!(matrix.contains(if lang == Lang::Fr { "« non évalué » sinon" } else { "“not evaluated” otherwise" }), "and may not know a rule");
        assert!(matrix.ends_with("|\n") && !matrix.contains("\n\n\n"));
        let newer = matrix.split(&format!("`{NEWER}`\n")).nth(1).expect("newer list").split("\n## ").next().expect("section");
        let open = statements.iter().find(|s| s.list == NEWER).expect("newer").rows.iter().filter(|r| r.level == Level::P && !r.closed());
        let mut opened = 0;
        for row in open {
            opened += 1;
            assert!(newer.contains(&format!("| {} |", row.key)), "{}", row.key);
        }
        assert!(opened > 3, "{opened}");
    }
}
