//! A person at a real pseudo-terminal: French questions, refused answers corrected, conditions, the review, Ctrl-C.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

#[path = "common/person.rs"]
mod person;
#[path = "common/run.rs"]
mod run;
use std::time::Duration;

use person::{DOWN, ENTER, Person, UP};
use rexpect::process::{Signal, WaitStatus};
use run::Test;

const UNTIL_AUTHENTICATION: [&str; 21] = [
    "Hébergement",
    "Dépôts git",
    "Environnements",
    "Registre d'images",
    "sur la forge primaire",
    "GitLab de la chaîne secondaire",
    "Adresse du service S3",
    "Nom du compartiment",
    "« dev »",
    "Nom de domaine",
    "« prod »",
    "Nom de domaine",
    "Sensibilité",
    "Exposition (EXI-G-6)",
    "Criticité",
    "Serveur applicatif",
    "Base de données",
    "Version de CloudNativePG",
    "Méthode de sauvegarde",
    "Services des catalogues",
    "Secrets",
];

#[test]
fn a_whole_session_in_french() {
    let test = Test::new();
    let mut person = Person::shell(&test, "stty -g >avant; mirai_kit new demo --no-git; echo code=$?; stty -g >apres");
    person.sees("Nom de l'application");
    person.sees("Tel que les usagers");
    person.sees("[demo] > ");
    person.types("Démarches en ligne\r");
    person.accepts(&["Description en une ou deux phrases"]);
    // A refused answer says why and how to fix it, and is asked again.
    person.answers("Identifiant du projet", "Démo !\r");
    person.sees("✗ `slug` : \"Démo !\" ne convient pas");
    person.sees("→ seulement des lettres minuscules sans accent et des chiffres");
    person.answers("[demarchesenligne]", "demarches\r");
    person.accepts(&UNTIL_AUTHENTICATION);
    // A condition on an earlier answer: the reason is asked only when there is no authentication.
    person.answers("Authentification des usagers", &format!("{UP}{ENTER}"));
    person.sees("→ Aucune (à justifier)");
    person.answers("Pourquoi aucune authentification ?", "court\r");
    person.sees("trop court : 5 caractères, minimum 10");
    person.sees("> ");
    person.types("Démonstration interne sans compte.\r");
    person.accepts(&["Intelligence artificielle", "Des données personnelles", "Chaîne primaire", "Date des documents"]);
    // Everything on the screen before anything is written.
    person.sees("Récapitulatif");
    let summary = person.sees("Créer l'application");
    contains_all(
        &summary,
        &[
            "Nom de l'application : Démarches en ligne",
            "Identifiant du projet dans la console : demarches",
            "Environnements : dev, dev ; prod, prod",
            "Pourquoi aucune authentification ? : Démonstration",
        ],
    );
    assert_eq!(test.names(), ["avant"], "nothing is written before the last word");
    person.types(ENTER);
    person.sees("✔ demo : ");
    person.sees("Ensuite :");
    person.ends(0);
    assert_eq!(test.names(), ["apres", "avant", "demo"]);
    terminal_restored(&test);
    let manifest = String::from_utf8(test.tree("demo/app").into_iter().find(|(p, _)| p == ".mirai-kit.yaml").unwrap().1).unwrap();
    contains_all(
        &manifest,
        &[
            r#""nom": "Démarches en ligne""#,
            r#"slug: "demarches""#,
            r#"authentification: "aucune""#,
            r#"authentification_motif: "Démonstration interne sans compte.""#,
        ],
    );
}

/// `stty -g`, before and after.
#[track_caller]
fn terminal_restored(test: &Test) {
    let settings = |name: &str| std::fs::read(test.folder().join(name)).unwrap();
    assert_eq!(settings("avant"), settings("apres"), "the terminal is as it was");
}

#[track_caller]
fn contains_all(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.contains(line), "{line:?} in:\n{text}");
    }
}

/// Everything but `slug` and `criticite` is given.
const MOST: &str = "nom: Démo\ndescription: Essai\nhebergement: argocd\ndepots: mono\nenvironnements: [{nom: dev, env: dev}]\nregistre: r.exemple.fr\n\
    forge: {}\ns3: {}\ningress: {}\nsensibilite: usuel\nexposition: internet\nbackend: fastapi\nbase_de_donnees: aucune\nservices_onyxia: []\nsecrets: vault\n\
    authentification: sso-mirai\nia: aucune\nchaine_primaire: github\ndate: \"2026-01-02\"\n";

#[test]
fn only_what_is_not_given_is_asked_and_one_answer_can_be_changed_at_the_end() {
    let test = Test::new().file("r.yaml", MOST);
    let mut person = Person::answering(&test);
    person.answers("Identifiant du projet", "premier\r");
    person.answers("Criticité", ENTER);
    person.sees("Identifiant du projet dans la console : premier");
    person.chooses("Créer l'application", &format!("{DOWN}{ENTER}"));
    person.sees("Quelle réponse modifier ?");
    person.chooses("Annuler sans rien", ENTER);
    person.sees("[premier] > ");
    person.types("second\r");
    // The other answers are remembered: the review comes at once.
    let asked = person.sees("Récapitulatif");
    assert!(!asked.contains("Criticité\r\n"), "{asked}");
    person.sees("Identifiant du projet dans la console : second");
    person.creates();
    person.ends(0);
    assert_eq!(test.names(), ["demo", "r.yaml"]);
}

#[test]
fn a_list_of_records_is_edited() {
    let answers = MOST.replace("environnements: [{nom: dev, env: dev}]\n", "") + "slug: demo\ncriticite: low\n";
    let test = Test::new().file("r.yaml", answers);
    let mut person = Person::answering(&test);
    person.sees("1. dev, dev");
    person.answers("2. prod, prod", &format!("{DOWN}{ENTER}"));
    person.answers("Nom dans la console", "RECETTE\r");
    person.sees("lettres minuscules et chiffres, 2 à 11 caractères");
    person.sees("> ");
    person.types("dev\r");
    person.answers("Étiquette env", &format!("{DOWN}{DOWN}{ENTER}"));
    // The name must differ from the others.
    person.sees("est donné deux fois pour `nom`");
    person.answers("Nom dans la console", "recette\r");
    person.answers("Étiquette env", ENTER);
    person.sees("3. recette, qualif");
    // Finish, Add, Change 1, Remove 1.
    person.chooses("Retirer 3", &format!("{DOWN}{DOWN}{DOWN}{ENTER}"));
    person.sees("1. prod, prod");
    person.answers("2. recette, qualif", ENTER);
    person.sees("Environnements : prod, prod ; recette, qualif");
    person.creates();
    person.ends(0);
}

#[test]
fn a_forbidden_combination_is_explained_and_can_be_mended() {
    let answers = MOST.replace("exposition: internet\n", "").replace("sensibilite: usuel", "sensibilite: dr") + "slug: demo\ncriticite: low\n";
    let test = Test::new().file("r.yaml", answers);
    let mut person = Person::answering(&test);
    person.answers("Exposition (EXI-G-6)", &format!("{UP}{ENTER}"));
    person.sees("ne s'exposent pas directement sur Internet");
    person.sees("Quelle réponse modifier ?");
    person.chooses("Annuler sans rien", ENTER);
    person.answers("Exposition (EXI-G-6)", &format!("{DOWN}{ENTER}"));
    person.creates();
    person.ends(0);
}

#[test]
fn what_is_wrong_in_the_file_is_said_before_the_first_question() {
    let test = Test::new().file("r.yaml", "nom: 12\ninconnue: 1\n");
    let person = Person::shell(&test, "mirai_kit new demo --answers r.yaml; echo code=$?");
    let before = person.ends(3);
    assert!(before.contains("r.yaml:1:6") && before.contains("r.yaml:2:1") && !before.contains("Description"), "{before}");
}

#[test]
fn cancelling_at_the_review_writes_nothing() {
    let test = Test::new().file("r.yaml", MOST.to_owned() + "slug: demo\n");
    let mut person = Person::shell(&test, "mirai_kit new demo --answers r.yaml; echo code=$?");
    person.answers("Criticité", ENTER);
    person.chooses("Créer l'application", &format!("{UP}{ENTER}"));
    person.sees("rien n'a été écrit");
    person.ends(130);
    assert_eq!(test.names(), ["r.yaml"]);
}

/// Ctrl-C leaves nothing, at a text and at a list (whose cursor is hidden), at once and after a while, and the terminal
/// is as it was. The shell's own trap lets it go on.
#[test]
fn ctrl_c_leaves_nothing_and_restores_the_terminal() {
    for pause in [0, 150] {
        for at_a_list in [false, true] {
            let test = Test::new();
            let mut person = Person::shell(&test, "trap : INT; stty -g >avant; mirai_kit new demo; echo code=$?; stty -g >apres");
            if at_a_list {
                person.accepts(&["Nom de l'application", "Description", "Identifiant"]);
                person.sees("Hébergement");
            }
            person.sees("> ");
            std::thread::sleep(Duration::from_millis(pause));
            person.0.send_control('c').unwrap();
            let seen = person.sees("rien n'a été écrit");
            assert!(seen.contains("\u{1b}[?25h"), "the cursor is shown: {seen:?}");
            person.ends(130);
            assert_eq!(test.names(), ["apres", "avant"]);
            terminal_restored(&test);
        }
    }
}

#[test]
fn a_request_to_end_at_a_prompt_leaves_nothing() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let test = Test::new();
        let mut person = Person::alone(&test, &["new", "demo"]);
        person.sees("> ");
        person.0.process_mut().signal(signal).unwrap();
        person.sees("rien n'a été écrit");
        let status = person.0.process().wait().unwrap();
        assert!(matches!(status, WaitStatus::Exited(_, 130)), "{status:?}");
        assert!(test.names().is_empty());
    }
}

#[test]
fn a_dumb_terminal_is_asked_line_by_line_without_escapes() {
    let answers = MOST.replace("services_onyxia: []\n", "") + "criticite: low\n";
    let test = Test::new().env("TERM", "dumb").file("r.yaml", answers);
    let mut person = Person::answering(&test);
    let mut seen = person.sees("[demo] > ");
    person.types("X\n");
    seen += &person.sees("ne convient pas");
    person.types("\n");
    seen += &person.sees("numéros séparés par des espaces");
    person.types("99\n");
    seen += &person.sees("répondez par les numéros");
    person.types("0\n");
    seen += &person.sees("Créer l'application");
    person.types("1\n");
    seen += &person.ends(0);
    assert!(!seen.contains('\u{1b}'), "{seen:?}");
    assert_eq!(test.names(), ["demo", "r.yaml"]);
}

#[test]
fn the_defaults_ask_nothing_even_at_a_terminal() {
    let test = Test::new();
    let person = Person::shell(&test, "mirai_kit new demo --no-git --defaults; echo code=$?");
    let seen = person.ends(0);
    assert!(!seen.contains("Nom de l'application"), "{seen}");
}

#[test]
fn no_question_when_one_end_is_no_terminal() {
    for redirection in ["</dev/null", "2>/dev/null"] {
        let test = Test::new();
        let person = Person::shell(&test, &format!("mirai_kit new demo {redirection}; echo code=$?"));
        person.ends(3);
        assert!(test.names().is_empty());
    }
}
