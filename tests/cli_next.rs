//! `mirai-kit next`: the first step that is not done, in the project where one stands.

#[path = "common/run.rs"]
mod run;
use run::Test;

const STEPS: &str = "format: mirai-kit/demarches/v1\ndemarches:\n\
  - {id: s3, titre: Compartiment S3, destinataire: Hébergeur, message: [\"Bonjour\"], attend: [{fichier: valeurs.yaml, motif: a-completer}]}\n\
  - {id: dns, titre: Nom de domaine, destinataire: Réseau, message: [\"Bonjour\"]}\n";

#[test]
fn each_step_in_turn_then_none() {
    let test = Test::new().file("demarches.yaml", STEPS).file("valeurs.yaml", "bucket: a-completer\n");
    let page = test.run("next").code(0).stdout;
    assert!(page.contains("Démarche 1 sur 2") && page.contains("Compartiment S3") && page.contains("valeurs.yaml:1"), "{page}");
    let test = test.file("valeurs.yaml", "bucket: sauvegardes\n");
    let page = test.run("next --lang en").code(0).stdout;
    assert!(page.contains("Step 2 of 2") && page.contains("Nom de domaine"), "{page}");
    let test = test.file("demarches.yaml", STEPS.replace("Nom de domaine,", "Nom de domaine, fait: \"2026-01-02\","));
    assert!(test.run("next").code(0).stdout.contains("Les 2 démarches sont faites"));
}

#[test]
fn a_folder_without_project_is_refused() {
    Test::new().run("next").code(3).prints_nothing().says(&["pas de `demarches.yaml`", "→"]);
}
