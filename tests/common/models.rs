//! Descriptions for the tests of `rgpd`, and the way of the project's runner: roles as superuser, the rest as owner.
#![allow(dead_code, reason = "each test file uses its part")]

use mirai_kit::kit::KitFiles;
use mirai_kit::render::{Engine, Escape, Scope};
use mirai_kit::rgpd::{self, Output};
use serde_json::json;

use super::postgres::Server;

/// The prototype's description: two entities, twenty-three fields, a keyed rule.
pub const GUICHET: &str = include_str!("../fixtures/rgpd/guichet.yaml");

/// Fifteen entities, 122 fields, links, articles 9, NIR, every rule, at the complete tier.
pub const AIDES: &str = include_str!("../fixtures/rgpd/aides.yaml");

/// The prototype's description at the complete tier, its snapshot published at k = 5.
pub fn guichet_complete() -> String {
    GUICHET.replace("application: guichet\n", "application: guichet\nniveau: complet\n").replace("      k: 10\n", "      k: 5\n")
}

/// A text without what is drawn at random or read from the clock (identifiers, digests, times of day): a witness of a few digits
/// is found in one of those by chance, one run in ten.
pub fn without_draws(text: &str) -> String {
    let drawn = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}|[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]+";
    regex_lite::Regex::new(drawn).expect("a pattern").replace_all(text, "…").into_owned()
}

/// The prototype's description as a first version.
pub fn guichet_v1() -> String {
    guichet_complete().replace("  version: 2 ", "  version: 1 ").replace("  coexiste_avec: [1]\n", "").replace("regles: r2", "regles: r1")
}

/// A second version of it: a renamed field, a rule that changes, fields and a table added, fields withdrawn.
pub fn guichet_v2() -> String {
    let mut text = guichet_complete();
    let mut change = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    };
    change("  coexiste_avec: [1]\n", "  coexiste_avec: [1]\n  retraits: [usager.commune, demande.note_agent]\n");
    change("      telephone:  ", "      telephone_mobile:  ");
    change("      telephone_mobile:          { type: text, ", "      telephone_mobile: { type: text, renomme_de: telephone, ");
    change("vers: cohorte, pas: 10 }", "vers: cohorte, pas: 20, copie: naissance_vingtaine }");
    let line = |text: &str, name: &str| text.lines().find(|l| l.trim_start().starts_with(name)).expect(name).to_owned() + "\n";
    let (commune, note) = (line(&text, "commune:"), line(&text, "note_agent:"));
    text = text.replace(&commune, "").replace(&note, "");
    text = text.replace(
        "      iban: ",
        "      profession: { type: text, obligatoire: true, defaut: \"inconnue\", rgpd: { personnel: true, categorie: pd:Professional, famille: vie-professionnelle, role: identifiant-direct, regle: { nom: constante, valeur: \"***\" }, apres_purge: \"[anonymisé]\" } }\n      \
         dossier: { type: uuid, obligatoire: true, defaut: uuid, rgpd: { personnel: false, motif: \"numéro tiré au hasard\" } }\n      \
         langue: { type: char(2), obligatoire: true, defaut: \"fr\", valeurs: [fr, en], rgpd: { personnel: false, motif: \"réglage d'affichage\" } }\n      iban: ",
    );
    text + "  piece:\n    table: piece\n    personnes: usager\n    traitements: [instruction-demandes]\n    suit: { entite: demande, par: demande_id }\n    champs:\n      \
        id: { type: uuid, cle_primaire: true, rgpd: { personnel: true, categorie: pd:UID, famille: etat-civil, role: identifiant-technique, regle: { nom: suppression } } }\n      \
        demande_id: { type: uuid, obligatoire: true, reference: demande.id, rgpd: { personnel: true, categorie: pd:UID, famille: etat-civil, role: identifiant-technique, regle: { nom: suppression } } }\n      \
        titre: { type: text, rgpd: { personnel: true, categorie: pd:Communication, famille: vie-personnelle, role: texte-libre, regle: { nom: suppression } } }\n"
}

/// The kit's own description, rendered by the engine.
pub fn kit_model(id: &str, personal: bool) -> String {
    let files = KitFiles::embedded();
    let engine = Engine::new(&files);
    let mut scope = Scope::default();
    scope.set("id", &json!(id));
    scope.set("dcp", &json!(personal));
    match engine.file("modules/rgpd/files/modele.yaml.tera", Escape::Quoted, &scope) {
        Ok(text) => text,
        Err(problem) => panic!("{problem:?}"),
    }
}

/// The files of a description; a refusal fails the test.
pub fn files(yaml: &str) -> Vec<Output> {
    rgpd::render("modele.yaml", yaml).unwrap_or_else(|errors| {
        panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    })
}

/// Creates the roles and the database, then applies the migrations as the owner.
pub fn install(server: &Server, id: &str, yaml: &str) -> Vec<Output> {
    let outputs = files(yaml);
    let roles = outputs.iter().find(|o| o.path == "sql/000_roles.sql").expect("roles");
    for _ in 0..2 {
        server.ok("postgres", "postgres", &roles.content);
    }
    for role in ["owner", "app", "purge", "dpo", "publication", "lecture_pseudonymisee", "lecture_anonymisee"] {
        let name = format!("{id}_{role}");
        server.ok(
            "postgres",
            "postgres",
            &format!("DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN ALTER ROLE {name} LOGIN; END IF; END $$;"),
        );
    }
    server.ok("postgres", "postgres", &format!("CREATE DATABASE {id} OWNER {id}_owner"));
    server.ok(&format!("{id}_owner"), id, "CREATE SCHEMA rgpd; CREATE TABLE rgpd.migration (nom text PRIMARY KEY, empreinte text NOT NULL)");
    apply(server, id, &outputs);
    outputs
}

/// Applies the migrations, in order of number, as the owner.
pub fn apply(server: &Server, id: &str, outputs: &[Output]) {
    apply_to(server, id, id, outputs);
}

/// As [`apply`], on a database that does not bear the name of the application.
pub fn apply_to(server: &Server, id: &str, database: &str, outputs: &[Output]) {
    for output in outputs.iter().filter(|o| o.path.starts_with("migrations/")) {
        if let Err(error) = server.migrate(&format!("{id}_owner"), database, &output.content) {
            panic!("{}: {error}\n{}", output.path, output.content);
        }
    }
}
