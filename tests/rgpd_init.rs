//! `mirai-kit rgpd init` at a terminal and without one, `import` from a script and from a live database: what nobody
//! confirmed is refused; what was confirmed renders, applies on a real PostgreSQL and conforms.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "a test prepares its files, and panics")]
#![cfg(unix)]

#[path = "common/models.rs"]
mod models;
#[path = "common/person.rs"]
mod person;
#[path = "common/postgres.rs"]
mod postgres;
#[path = "common/run.rs"]
mod run;

use std::fs;

use models::{GUICHET, install};
use person::{DOWN, ENTER, Person, UP};
use postgres::Server;
use run::Test;
use serde_json::Value;

/// Renders, installs as the owner, and checks as the officer.
fn conforms(test: &Test, id: &str) {
    test.run("rgpd render").code(0);
    test.run("rgpd render").code(0).says(&["Rien à écrire"]);
    let server = Server::start();
    install(&server, id, &fs::read_to_string(test.folder().join("donnees/modele.yaml")).unwrap());
    let url = format!("postgres:///{id}?host={}&user={id}_dpo", server.socket());
    let done = test.run_with(&["rgpd", "check", "--db", &url]).code(0);
    assert!(done.stdout.contains("Conforme : "), "{}", done.stdout);
}

#[test]
fn a_person_describes_an_entity_and_its_fields_at_the_terminal() {
    let test = Test::new();
    let mut person = Person::shell(&test, "mirai_kit rgpd init; echo code=$?");
    person.answers("Identifiant de l'application", "Guichet !\r");
    person.sees("2 à 21 lettres minuscules");
    person.answers("[application]", "guichet\r");
    person.accepts(&["Organisme responsable", "Son représentant", "Délégué à la protection", "Adresse du délégué"]);
    person.answers("Pourquoi ces données", "Instruire les demandes\r");
    person.chooses("Mission d'intérêt public", ENTER);
    person.accepts(&["Le texte qui la fonde", "Personnes concernées"]);
    person.sees("Les entités (tables)");
    person.chooses("Ajouter", &format!("{DOWN}{ENTER}"));
    person.answers("Nom", "usager\r");
    person.answers("Libellé", "Usager\r");
    person.answers("Conservation après", ENTER);
    person.answers("Entité dont elle suit", ENTER);
    person.chooses("Modifier 1", ENTER);
    person.sees("Les champs");
    for (field, nature, required) in [("nom", 2, UP), ("courriel", 4, UP)] {
        person.chooses("Ajouter", &format!("{DOWN}{ENTER}"));
        person.answers("Entité", "usager\r");
        person.answers("Nom", &format!("{field}\r"));
        // From « à confirmer plus tard », the last one, down to the first ones.
        person.chooses("À confirmer plus tard", &format!("{}{ENTER}", DOWN.repeat(nature)));
        person.answers("Motif", ENTER);
        person.answers("Type SQL", ENTER);
        person.chooses("non", &format!("{required}{ENTER}"));
        person.sees("Terminer");
    }
    person.types(ENTER);
    person.sees("Récapitulatif");
    person.chooses("Écrire la description", ENTER);
    person.ends(0);
    let model = fs::read_to_string(test.folder().join("donnees/modele.yaml")).unwrap();
    let value: Value = serde_saphyr::from_str(&model).unwrap();
    assert_eq!(value["entites"]["usager"]["champs"]["nom"]["rgpd"]["categorie"], "pd:Name", "{model}");
    assert_eq!(value["entites"]["usager"]["champs"]["courriel"]["rgpd"]["apres_purge"], "anonymise@anonymise.invalid");
    assert_eq!(value["entites"]["usager"]["conservation"]["depart"], "modifie_le");
    conforms(&test, "guichet");
    // What exists is not overwritten.
    test.run("rgpd init").code(4).says(&["une description existe déjà"]);
}

const ANSWERS: &str = "application: aide
finalite: Instruire les demandes d'aide
entites:
  - {nom: usager, libelle: Usager}
  - {nom: demande, libelle: Demande, suit: usager}
champs:
  - {entite: usager, nom: nom, nature: nom, obligatoire: true}
  - {entite: usager, nom: date_naissance, nature: date-naissance}
  - {entite: usager, nom: code_postal, nature: code-postal, obligatoire: true}
  - {entite: usager, nom: salaire, nature: revenu}
  - {entite: demande, nom: objet, nature: non-personnel, motif: liste fermée, type: varchar(40), obligatoire: true}
  - {entite: demande, nom: note, nature: texte-libre}
";

#[test]
fn answers_from_a_file_render_apply_and_conform() {
    let test = Test::new().file("r.yaml", ANSWERS);
    test.run("rgpd init --answers r.yaml").code(0).says(&["donnees/modele.yaml : écrit"]);
    conforms(&test, "aide");
    let test = Test::new().file("r.yaml", ANSWERS.replace("nature: texte-libre", "nature: a-confirmer"));
    test.run("rgpd init --answers r.yaml").code(0).says(&["1 points", "que personne n'a confirmée"]);
    test.run("rgpd render").code(3).says(&["que personne n'a confirmée", "a_confirmer"]);
    for (from, to, words) in [
        ("nature: revenu", "nature: argent", "n'est pas un des choix"),
        ("entite: demande, nom: note", "entite: dossier, nom: note", "l'entité « dossier » du champ « note » n'existe pas"),
    ] {
        let test = Test::new().file("r.yaml", ANSWERS.replace(from, to));
        test.run("rgpd init --answers r.yaml").code(3).says(&[words]);
        assert!(!test.folder().join("donnees").exists());
    }
    Test::new().run("rgpd init").code(3).says(&["réponse manquante"]);
}

const DUMP: &str = "
CREATE TABLE public.personne (
    id uuid DEFAULT gen_random_uuid() NOT NULL, nom character varying(80) NOT NULL, nir character(15), situation_handicap boolean,
    zone text, statut text NOT NULL, cree_le timestamp with time zone NOT NULL,
    CONSTRAINT s CHECK ((statut = ANY (ARRAY['ouvert'::text, 'clos'::text])))
);
ALTER TABLE ONLY public.personne ADD CONSTRAINT personne_pkey PRIMARY KEY (id);
";

#[test]
fn import_confirms_nothing_by_itself() {
    let test = Test::new().file("base.sql", DUMP);
    let done = test.run("rgpd import --from-sql base.sql --dry-run").code(0);
    let value: Value = serde_saphyr::from_str(&done.stdout).unwrap();
    let tag = |field: &str| value["entites"]["personne"]["champs"][field]["rgpd"].clone();
    for field in ["id", "nom", "nir", "situation_handicap", "zone", "statut", "cree_le"] {
        assert!(!tag(field)["a_confirmer"].is_null(), "{field}: {}", tag(field));
    }
    assert_eq!((tag("nom")["categorie"].as_str(), tag("nir")["famille"].as_str()), (Some("pd:Name"), Some("nir")));
    assert_eq!(tag("situation_handicap")["sensible"]["article9"], "a-completer", "people choose the exception");
    assert_eq!(tag("zone")["personnel"], Value::Null, "what nothing tells is never said not to be personal");
    assert_eq!(tag("statut")["motif"], "liste fermée");
    assert!(!test.folder().join("donnees").exists());
    test.run("rgpd import --from-sql base.sql").code(0).says(&["à confirmer"]);
    test.run("rgpd render").code(3).says(&["que personne n'a confirmée"]);
}

#[test]
fn import_with_every_column_confirmed_renders() {
    let test = Test::new().file("base.sql", DUMP.replace(" nir character(15), situation_handicap boolean,", ""));
    let set = ["id=lien", "nom=nom", "zone=non-personnel", "zone__motif=zone de service", "statut=non-personnel", "cree_le=horodatage"];
    let mut arguments =
        vec!["rgpd".to_owned(), "import".into(), "--from-sql".into(), "base.sql".into(), "--set".into(), "application=reprise".into()];
    for answer in set {
        arguments.extend(["--set".into(), format!("personne__{answer}")]);
    }
    test.run_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).code(0).says(&["1 points", "conservation : la durée"]);
    let path = test.folder().join("donnees/modele.yaml");
    let model = fs::read_to_string(&path).unwrap();
    assert!(!model.contains("a_confirmer:"), "{model}");
    fs::write(&path, model.replace("base_active: a-completer", "base_active: P2Y")).unwrap();
    conforms(&test, "reprise");
}

#[test]
fn a_live_base_gives_its_tables_and_the_tags_that_it_carries() {
    let server = Server::start();
    install(&server, "guichet", GUICHET);
    let test = Test::new();
    let url = format!("postgres:///guichet?host={}&user=postgres", server.socket());
    let done = test.run_with(&["rgpd", "import", "--from-db", &url, "--schema", "guichet", "--dry-run"]).code(0);
    let (found, wanted): (Value, Value) = (serde_saphyr::from_str(&done.stdout).unwrap(), serde_saphyr::from_str(GUICHET).unwrap());
    for (entity, described) in wanted["entites"].as_object().unwrap() {
        for (key, value) in described.as_object().unwrap().iter().filter(|(key, _)| *key != "champs") {
            assert_eq!(&found["entites"][entity][key], value, "{entity}.{key}");
        }
        let fields = described["champs"].as_object().unwrap();
        let live = found["entites"][entity]["champs"].as_object().unwrap();
        assert_eq!(live.keys().collect::<Vec<_>>(), fields.keys().collect::<Vec<_>>(), "managed columns and twins are left out");
        for (name, field) in fields {
            let kind = |v: &Value| v["type"].as_str().unwrap().replace(' ', "");
            assert_eq!(kind(&live[name]), kind(field), "{entity}.{name}");
            for key in ["cle_primaire", "reference", "valeurs", "unique", "rgpd"] {
                assert_eq!(live[name][key], field[key], "{entity}.{name}.{key}");
            }
        }
    }
}
