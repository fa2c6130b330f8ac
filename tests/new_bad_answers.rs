//! Answers that are refused: with file, line and column, all at once, exit code 3, and nothing written.

#[path = "common/run.rs"]
mod run;
use run::Test;

#[track_caller]
fn refused(answers: impl AsRef<[u8]>, says: &[&str]) {
    let test = Test::new().file("r.yaml", answers);
    test.run("new demo --defaults --answers r.yaml").code(3).prints_nothing().says(says);
    assert_eq!(test.names(), ["r.yaml"]);
}

#[test]
fn every_problem_at_once_in_the_order_of_the_file() {
    refused(
        "nom: 12\nslug: \"Démo\"\nhebergment: argocd\nsensibilite: dr\nexposition: internet\nenvironnements:\n  - {nom: DEV, env: dev}\n  - {nom: prod, env: prud}\ndate: 2026-02-30\n",
        &[
            "r.yaml:1:6: `nom` : un nombre n'est pas accepté ici, il faut un texte\n  → mettez la valeur entre guillemets",
            "r.yaml:2:7: `slug` : \"Démo\" ne convient pas\n  → seulement des lettres minuscules",
            "r.yaml:3:1: clé inconnue : `hebergment`\n  → vouliez-vous dire `hebergement` ?",
            "r.yaml:4:14, r.yaml:5:13: des données Diffusion Restreinte ne s'exposent pas directement sur Internet",
            "r.yaml:7:11: `environnements[0].nom` : \"DEV\" ne convient pas",
            "r.yaml:8:22: `environnements[1].env` : \"prud\" n'est pas un des choix\n  → choix possibles : dev,",
            "r.yaml:9:7: `date` : ",
        ],
    );
}

#[test]
fn the_same_in_english() {
    let test = Test::new().file("r.yaml", "slug: A\nincon: 1\n");
    test.run("new demo --defaults --answers r.yaml --lang en")
        .code(3)
        .says(&["r.yaml:1:7: `slug`: \"A\" is not valid\n  → only lower-case", "r.yaml:2:1: unknown key: `incon`\n  → "]);
}

#[test]
fn a_wrong_answer_does_not_accuse_the_defaults_made_from_it() {
    Test::new().run("new demo --defaults --set slug=A").code(3).says(&["--set slug: `slug` : \"A\" ne convient pas"]).never_says("forge");
}

#[test]
fn duplicate_keys_unknown_fields_and_wrong_shapes() {
    refused("nom: a\nnom: b\n", &["r.yaml:2:1: clé en double : `nom`"]);
    refused(
        "s3: {endpoint: \"https://s3.exemple.fr\", buckett: x}\n",
        &["r.yaml:1:41: `s3` : champ inconnu `buckett`\n  → champs possibles : endpoint, bucket"],
    );
    refused("- nom\n", &["r.yaml:1:1: le fichier de réponses n'est pas une liste de clés et de valeurs"]);
    refused("nom: [a]\n", &["r.yaml:1:6: `nom` : une liste n'est pas accepté"]);
    refused("services_onyxia: qdrant\n", &["r.yaml:1:18: `services_onyxia`"]);
    refused("environnements: [{nom: dev, env: dev}, {nom: dev, env: prod}]\n", &["est donné deux fois pour `nom`"]);
    refused("nom: \"a\n", &["r.yaml:", "YAML invalide"]);
}

#[test]
fn files_that_are_not_what_they_should_be() {
    refused(b"nom: caf\xe9\n", &["r.yaml:1:9: le fichier n'est pas en UTF-8\n  → enregistrez-le en UTF-8"]);
    refused("nom: !!python/object/apply:os.system [\"id\"]\n", &["r.yaml:1:", "YAML invalide", "python"]);
    refused("a: ".to_owned() + &"[".repeat(100_000), &["r.yaml:1:", "YAML invalide"]);
    refused(format!("nom: \"{}\"\n", "x".repeat(10_000_000)), &["r.yaml: plus de 1 Mio"]);
    refused(format!("nom: \"{}\"\n", "x".repeat(900_000)), &["r.yaml:1:6: `nom` : trop long : 900000 caractères, maximum 60"]);
    Test::new().run("new demo --defaults --answers absent.yaml").code(3).says(&["absent.yaml: lecture impossible : fichier ou dossier introuvable"]);
    Test::new().run("new demo --defaults --answers .").code(3).says(&[".: lecture impossible : c'est un dossier"]);
}

#[test]
fn a_bomb_of_aliases_is_refused_quickly() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (from, to) in ('a'..='i').zip('b'..='j') {
        bomb.push_str(&[&format!("{to}: &{to} ["), vec![format!("*{from}"); 10].join(", ").as_str(), "]\n"].concat());
    }
    let start = std::time::Instant::now();
    refused(bomb, &["r.yaml:", "YAML invalide"]);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn a_mark_of_byte_order_and_windows_line_ends_are_read() {
    let test = Test::new().file("r.yaml", "\u{feff}nom: \"Démo\"\r\nslug: demo\r\ndescription: |\r\n  un\r\n  deux\r\n");
    test.run("new demo --defaults --no-git --answers r.yaml").code(0);
    let manifest = String::from_utf8(test.tree("demo/app").into_iter().find(|(p, _)| p == ".mirai-kit.yaml").unwrap().1).unwrap();
    assert!(
        manifest.contains("\"nom\": \"Démo\"\n") && manifest.contains("description: \"un\\ndeux\\n\"\n") && !manifest.contains('\r'),
        "{manifest}"
    );
}

#[test]
fn a_flag_wins_over_the_file_and_may_be_dotted() {
    let test = Test::new().file("r.yaml", "nom: Fichier\ncriticite: low\ns3: {bucket: du-fichier}\n");
    test.run("new demo --defaults --no-git --answers r.yaml --set nom=Drapeau --set s3.endpoint=https://s3.exemple.fr").code(0);
    let manifest = String::from_utf8(test.tree("demo/app").into_iter().find(|(p, _)| p == ".mirai-kit.yaml").unwrap().1).unwrap();
    for line in ["\"nom\": \"Drapeau\"", "criticite: \"low\"", "endpoint: \"https://s3.exemple.fr\"", "bucket: \"du-fichier\""] {
        assert!(manifest.contains(line), "{line} in:\n{manifest}");
    }
}

#[test]
fn flags_that_are_wrong() {
    for (flag, says) in [("nom", "il manque `=`"), ("nom.x=1", "enregistrement"), ("inconnue=1", "clé inconnue"), ("nom={a", "YAML invalide")] {
        Test::new().run_with(&["new", "demo", "--defaults", "--set", flag]).code(3).says(&["--set", says]);
    }
}

#[test]
fn without_terminal_nor_defaults_every_missing_answer_is_named_and_nothing_hangs() {
    let test = Test::new();
    let done = test.run("new demo").code(3).prints_nothing();
    for id in ["description", "slug", "hebergement", "depots", "environnements", "forge", "s3", "ingress", "backend", "services_onyxia", "date"] {
        assert!(done.stderr.contains(&format!("{id}: réponse manquante")), "{id} in:\n{}", done.stderr);
    }
    assert!(!done.stderr.contains("nom: réponse manquante"), "NAME is the answer to nom:\n{}", done.stderr);
    assert!(test.names().is_empty());
    let partial = test.run("new demo --set authentification=aucune").code(3);
    assert!(partial.stderr.contains("authentification_motif: réponse manquante"), "{}", partial.stderr);
}

#[test]
fn a_kit_that_is_wrong() {
    Test::new().run("new demo --defaults --kit absent").code(3).says(&["absent: "]);
    let test = Test::new().inside("kit").file("kit.yaml", "format: mirai-kit/v9\nid: x\n");
    test.run("new demo --defaults --kit .").code(3).says(&["kit.yaml:"]);
}
