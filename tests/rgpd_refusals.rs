//! Every refusal of the description, with its line and what is allowed; and what is accepted with a warning.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use mirai_kit::rgpd::{RgpdError, render, render_with_warnings};
use models::{GUICHET, kit_model};

/// Replaces `from` (which must occur once) by `to`; answers the text and the line of the change.
fn change(text: &str, from: &str, to: &str) -> (String, u64) {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    let before = text.split(from).next().expect("before");
    (text.replace(from, to), before.lines().count().max(1) as u64 + u64::from(before.ends_with('\n')))
}

fn refusals(yaml: &str) -> Vec<RgpdError> {
    render("donnees/modele.yaml", yaml).expect_err("must be refused")
}

#[test]
fn each_rule_refuses_with_its_line() {
    // (rule of the facts, what is changed, to what, words of the refusal, words of what is allowed)
    let cases: &[(&str, &str, &str, &str, &str)] = &[
        ("1", ", rgpd: { personnel: false, motif: \"liste fermée\" } }", " }", "le bloc « rgpd » manque", "personnel: false"),
        ("1", "personnel: false, motif: \"liste fermée\"", "personnel: false", "sans motif", "motif:"),
        ("2", "categorie: pd:City", "categorie: pd:Town", "« pd:Town » n'est pas une catégorie", "pd:"),
        ("2", "eu-gdpr:A6-1-e, texte", "eu-gdpr:A6-9, texte", "n'est pas une base légale", "eu-gdpr:A6-1-a"),
        ("2", "article9: eu-gdpr:A9-2-b", "article9: eu-gdpr:A9-2-z", "n'est pas une exception de l'article 9", "eu-gdpr:A9-2-j"),
        ("3", "sensible: { article9: eu-gdpr:A9-2-b, motif: \"protection sociale\" }, ", "", "sans exception de l'article 9", "article9"),
        ("4", "fondement_nir: \"décret", "# \"décret", "NIR sans fondement", "fondement_nir"),
        ("5", "regle: { nom: hachage_hmac, contexte: usager.nir.v1 }", "regle: { nom: sha256 }", "hachage sans clé", "hachage_hmac"),
        ("6", "regle: { nom: suppression }, apres_purge: \"[anonymisé]\"", "regle: { nom: suppression }", "sans valeur d'après purge", "apres_purge"),
        ("7", "base_active: P3Y", "base_active: 3 ans", "la durée « 3 ans »", "P3Y"),
        ("8", "valeur\", regle: { nom: suppression }", "valeur\", regle: { nom: masque_partiel, debut: 2 }", "texte libre", "justification"),
        ("11", ", visa_elimination: requis", "", "sans visa d'élimination", "visa_elimination: requis"),
        ("règle", "nom: constante, valeur: \"***@***\"", "nom: chiffrement", "la règle « chiffrement » est inconnue", "masque_partiel"),
        ("type", "type: \"numeric(8,2)\"", "type: \"text); DROP TABLE x; --\"", "le type", "timestamptz"),
        ("nom", "      commune:  ", "      \"com\\\"mune\":  ", "le nom de champ ne convient pas", "^[a-z_]"),
        ("clé inconnue", "table: usager\n    personnes:", "table: usager\n    personne:", "la clé « personne » est inconnue", "personnes"),
        ("généralisation", "vers: departement", "vers: region", "« region » est inconnue", "departement"),
        ("lecteur", "clair: [application]", "clair: [dpo]", "ne peut pas lire", "[application]"),
        ("apres_purge", "apres_purge: \"00000\"", "apres_purge: \"000\"", "ne convient pas au type char(5)", "5 caractères"),
        ("booléen", "unique: true", "unique: yes", "un booléen est attendu, un texte est donné", "true, false"),
        ("mode", "mode: differe ", "mode: synchrone ", "mode synchrone", "differe"),
    ];
    for (rule, from, to, what, allowed) in cases {
        let (yaml, line) = change(GUICHET, from, to);
        let errors = refusals(&yaml);
        let found = errors.iter().find(|e| e.what.contains(what)).unwrap_or_else(|| panic!("{rule}: {errors:#?}"));
        assert!(found.allowed.contains(allowed), "{rule}: {found}");
        // a refusal points at the block or at the value: at most the lines of one field away
        assert!(found.line.abs_diff(line) <= 6 && found.line > 1, "{rule}: line {line}, {found}");
        assert!(found.to_string().starts_with(&format!("donnees/modele.yaml:{} : ", found.line)), "{found}");
    }
}

#[test]
fn what_only_the_whole_tells_is_refused_too() {
    let cases: &[(&str, &str, &str)] = &[
        ("cle:                              # exigée", "ignore:                              # exigée", "la clé « ignore » est inconnue"),
        ("      depart: dernier_contact_le\n", "      depart: nom\n", "le départ « nom » n'est pas une date"),
        ("reference: usager.id", "reference: client.id", "l'entité « client » n'existe pas"),
        ("suit: { entite: usager, par: usager_id }", "suit: { entite: usager, par: id }", "n'est pas une référence"),
        ("    traitements: [instruction-demandes]\n    suit", "    traitements: [autre]\n    suit", "le traitement « autre » n'est pas décrit"),
        ("    suit: { entite: usager, par: usager_id }      # même échéance que l'usager\n", "", "sans échéance"),
        ("    dpo: guichet_dpo\n", "", "le rôle « dpo » manque"),
        ("    dpo: guichet_dpo\n", "    dpo: guichet_app\n", "deux rôles portent le même nom"),
        ("copie: ref_anon", "copie: nom", "porte le nom d'une autre colonne"),
        ("      sort_final: anonymisation ", "      sort_final: oubli ", "le sort final « oubli »"),
    ];
    for (from, to, what) in cases {
        let (yaml, _) = change(GUICHET, from, to);
        let errors = refusals(&yaml);
        assert!(errors.iter().any(|e| e.what.contains(what) && e.line >= 1 && !e.allowed.is_empty()), "{what}: {errors:#?}");
    }
    // a keyed rule without the block that says where the key lives
    let start = GUICHET.find("cle:   ").expect("cle");
    let end = GUICHET.find("entites:").expect("entites");
    let without = format!("{}{}", &GUICHET[..start], &GUICHET[end..]);
    let errors = refusals(&without);
    assert!(
        errors.iter().any(|e| e.what.contains("le bloc « cle » manque")
            && without.lines().nth(usize::try_from(e.line).expect("line") - 1).is_some_and(|l| l.contains("nir:"))),
        "{errors:#?}"
    );
}

#[test]
fn all_refusals_come_at_once_and_yaml_faults_have_their_line() {
    let (yaml, first) = change(GUICHET, "categorie: pd:City", "categorie: pd:Town");
    let (yaml, second) = change(&yaml, "categorie: pd:Income", "categorie: pd:Salaire");
    let lines: Vec<u64> = refusals(&yaml).iter().map(|e| e.line).collect();
    assert_eq!(lines, [first, second]);
    let errors = refusals(&GUICHET.replace("application: guichet\n", "application: guichet\napplication: autre\n"));
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].line, 5, "{}", errors[0]);
    assert_eq!(errors[0].to_string(), "donnees/modele.yaml:5 : clé en double : `application` ; admis : gardez une seule des deux lignes");
    let (yaml, line) = change(GUICHET, "format: mirai/rgpd/v1", "format: !!python/name:os.system x");
    let errors = refusals(&yaml);
    assert!(errors.len() == 1 && errors[0].line == line && errors[0].what.starts_with("YAML invalide : "), "{errors:#?}");
    assert!(!refusals("").is_empty() && !refusals("[1, 2]").is_empty() && !refusals("format: autre/v1\n").is_empty());
}

#[test]
fn points_of_attention_are_said_not_refused() {
    let warnings =
        |yaml: &str| render_with_warnings("m", yaml).expect("accepted").warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let guichet = warnings(GUICHET);
    assert!(guichet.contains("champs.nir : clé unique personnelle") && guichet.contains("jeu diffusable"), "{guichet}");
    let (yaml, _) = change(
        GUICHET,
        "deposee_le: { type: timestamptz, obligatoire: true, rgpd: { personnel: true, categorie: pd:Transactional, famille: connexion, role: quasi-identifiant, regle: { nom: suppression }, apres_purge: mois } }",
        "deposee_le: { type: timestamptz, obligatoire: true, rgpd: { personnel: false, motif: \"date\" } }",
    );
    assert!(warnings(&yaml).contains("deposee_le : horodatage fin"), "{}", warnings(&yaml));
    let twins = render("m", &yaml).expect("accepted").into_iter().find(|o| o.path.ends_with("_copies.sql")).expect("twins").content;
    assert!(twins.contains("\"deposee_le_anon\" date"), "an untagged time stamp is generalised");
}

#[test]
fn the_same_description_gives_the_same_files() {
    for (yaml, count) in [(GUICHET.to_owned(), 20), (kit_model("demo", true), 19), (kit_model("demo", false), 14)] {
        let first = render("m", &yaml).expect("accepted");
        assert_eq!(first, render("m", &yaml).expect("accepted"));
        assert_eq!(first.len(), count, "{:?}", first.iter().map(|o| &o.path).collect::<Vec<_>>());
        assert_eq!(first[0].content, yaml);
        for output in &first {
            assert!(output.content.ends_with('\n') && !output.content.contains('\r'), "{}", output.path);
        }
    }
}

#[test]
fn hostile_text_stays_text() {
    let hostile = "a'; DROP TABLE x; -- $rgpd$ $$ | <b> {{ 7*7 }} @rgpd {}";
    let (yaml, _) = change(&kit_model("demo", true), "libelle: \"Objet\"", &format!("libelle: \"{hostile}\""));
    let outputs = render("m", &yaml).expect("accepted");
    let labels = &outputs.iter().find(|o| o.path.ends_with("_etiquettes.sql")).expect("labels").content;
    assert!(labels.contains("'a''; DROP TABLE x; -- $rgpd$"), "{labels}");
    assert_eq!(labels.matches("@rgpd {}").count(), 0, "the author's text must not pass for a tag");
}

#[test]
fn the_published_schema_agrees() {
    let schema = serde_json::from_str(include_str!("../schemas/rgpd.v1.schema.json")).expect("JSON");
    let judge = jsonschema::validator_for(&schema).expect("a schema");
    let accepts = |yaml: &str| judge.is_valid(&serde_saphyr::from_str::<serde_json::Value>(yaml).expect("YAML"));
    for yaml in [GUICHET, include_str!("fixtures/rgpd/riche.yaml"), &kit_model("demo", true), &kit_model("demo", false)] {
        assert!(accepts(yaml), "{yaml}");
    }
    for (from, to) in [
        ("base_active: P3Y", "base_active: 3 ans"),
        ("nom: hachage_hmac", "nom: sha256"),
        ("personnel: false, motif: \"liste fermée\"", "personnel: false"),
        ("type: \"numeric(8,2)\"", "type: serial"),
    ] {
        let (yaml, _) = change(GUICHET, from, to);
        assert!(!accepts(&yaml), "{to}");
        assert!(render("m", &yaml).is_err(), "{to}");
    }
}

/// The extension takes a constant or a call; a cast is refused (seen on its own provider).
#[test]
fn labels_for_the_extension_hold_constants_and_calls_alone() {
    let mut values = 0;
    for yaml in [models::guichet_complete(), models::AIDES.to_owned()] {
        let outputs = render("m.yaml", &yaml).expect("valid");
        let labels = &outputs.iter().find(|o| o.path.ends_with("_masquage.sql")).expect("labels").content;
        for line in labels.lines().filter(|l| l.contains("SECURITY LABEL FOR anon ON COLUMN")) {
            let label = line.split_once(" IS ").expect("a label").1.replace("''''", "\"");
            let label = label.trim_start_matches("''").trim_end_matches("';").trim_end_matches("''");
            if let Some(value) = label.strip_prefix("MASKED WITH VALUE ") {
                let constant = matches!(value, "NULL" | "true" | "false")
                    || value.trim_matches(['(', ')']).parse::<f64>().is_ok()
                    || (value.len() > 1 && value.starts_with('"') && value.ends_with('"'));
                assert!(constant, "{value}: {line}");
                values += 1;
            } else {
                assert!(label.starts_with("MASKED WITH FUNCTION anon."), "{label}: {line}");
            }
        }
    }
    assert!(values > 20, "{values}");
}
