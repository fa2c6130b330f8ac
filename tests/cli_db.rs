//! `mirai-kit db`: generations of the database, from git and from a cluster.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test prepares its files, and panics")]

#[path = "common/depots.rs"]
mod depots;
#[path = "common/run.rs"]
mod run;

use std::fs;

use depots::{at, commit, edit, git, project, read};
use run::Test;
use serde_json::Value;

const POSTGRES: &str = "demo/infra-postgres";
const VALUES: &str = "values-prod.yaml";

fn merge(test: &Test, branch: &str) {
    for depot in [POSTGRES, "demo/infra-backend"] {
        git(test, depot, &["merge", "-q", "--ff-only", branch]);
    }
}

fn status(test: &Test, code: i32, more: &str) -> Value {
    serde_json::from_str(&test.run(&format!("db status demo --env prod --format json{more}")).code(code).stdout).unwrap()
}

#[test]
fn a_bump_makes_the_next_generation_and_moves_the_application_with_it() {
    let test = project(&[]);
    let done = test.run("db bump demo --env prod").code(0).says(&["demo-db-g1 → demo-db-g2", "db status --env prod"]);
    assert!(done.stdout.contains("+generation: 2\n+restauration: {active: true, depuis: 1, instant: \"\"}"), "{}", done.stdout);
    let values = at(&test, POSTGRES, "base/prod-g2", VALUES);
    assert_eq!(
        values,
        read(&test, &format!("{POSTGRES}/{VALUES}"))
            .replace("generation: 1\n", "generation: 2\nrestauration: {active: true, depuis: 1, instant: \"\"}\n")
    );
    assert!(at(&test, "demo/infra-backend", "base/prod-g2", VALUES).contains("cluster: \"demo-db-g2\""));
    merge(&test, "base/prod-g2");
    let found = status(&test, 0, "");
    assert_eq!((found["databases"][0]["cluster"].as_str(), found["databases"][0]["recovery"]["from"].as_i64()), (Some("demo-db-g2"), Some(1)));
    // And again, in place of what the first one wrote.
    test.run("db bump demo --env prod").code(0).says(&["demo-db-g2 → demo-db-g3"]);
    merge(&test, "base/prod-g3");
    assert!(read(&test, &format!("{POSTGRES}/{VALUES}")).contains("generation: 3\nrestauration: {active: true, depuis: 2, instant: \"\"}\n"));
    // The other environment has its own numbers.
    assert!(read(&test, &format!("{POSTGRES}/values-dev.yaml")).contains("generation: 1\n"));
}

#[test]
fn a_restoration_stops_at_an_instant_that_has_passed() {
    let test = project(&[]);
    let done = test.run("db restore demo --env dev --to 2026-11-30T10:15:00+01:00").code(0).says(&["arrêtée à 2026-11-30T10:15:00+01:00"]);
    assert!(done.stdout.contains("+restauration: {active: true, depuis: 1, instant: \"2026-11-30T10:15:00+01:00\"}"), "{}", done.stdout);
    test.run("db restore demo --env dev --to 2027-01-01T00:00:00Z").code(2).says(&["--to", "à venir"]);
    test.run("db restore demo --env dev --to 2026-11-30T10:15:00").code(2).says(&["--to", "fuseau"]);
    test.run("db restore demo --env dev --to 2026-11-30T10:15:00Z --generation 7").code(3).says(&["--generation", "jamais"]);
}

#[test]
fn the_chart_renders_the_recovery_that_was_prepared() {
    let helm = std::env::var_os("MIRAI_TOOLS").map(|tools| std::path::Path::new(&tools).join("helm4/helm")).expect("MIRAI_TOOLS: run by make test");
    let test = project(&[]);
    test.run("db restore demo --env prod --to 2026-11-30T10:15:00Z").code(0);
    merge(&test, "base/prod-g2");
    let done =
        std::process::Command::new(helm).args(["template", "demo", ".", "-f", VALUES]).current_dir(test.folder().join(POSTGRES)).output().unwrap();
    let rendered = String::from_utf8(done.stdout).unwrap();
    for text in [
        "name: \"demo-db-g2\"",
        "source: \"demo-db-g1\"",
        "targetTime: \"2026-11-30 10:15:00+00:00\"",
        "serverName: \"demo-db-g2\"",
        "serverName: \"demo-db-g1\"",
    ] {
        assert!(rendered.contains(text), "{text} in:\n{rendered}\n{}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn dangerous_edits_are_refused_with_their_reason() {
    type Edit = (&'static str, &'static str);
    let cases: [(&[Edit], &str); 4] = [
        (&[("generation: 1\n", "generation: 3\n")], "génération sautée : 1 puis 3"),
        (&[("generation: 1\n", "generation: 1\nrestauration: {active: true, depuis: 0, source: \"s3://autre/\"}\n")], "a changé sur place"),
        (
            &[
                ("generation: 1\n", "generation: 2\nrestauration: {active: true, depuis: 1}\n"),
                ("generation: 2\nrestauration: {active: true, depuis: 1}\n", "generation: 1\n"),
            ],
            "a déjà servi",
        ),
        (&[("generation: 1\n", "generation: 2\nrestauration: {active: true, depuis: 2}\n")], "ne la précède pas"),
    ];
    for (edits, reason) in cases {
        let test = project(&[]);
        for (from, to) in edits {
            commit(&test, POSTGRES, VALUES, from, to);
        }
        test.run("db bump demo --env prod").code(3).says(&[VALUES, reason]);
        let found = status(&test, 5, "");
        assert!(found["databases"][0]["problems"].to_string().contains(reason), "{found:#}");
    }
    let test = project(&[]);
    edit(&test, &format!("{POSTGRES}/templates/cluster.yaml"), "Prune=false,Delete=false", "Validate=false");
    git(&test, POSTGRES, &["commit", "-qam", "garde"]);
    test.run("db bump demo --env prod").code(3).says(&["templates/cluster.yaml", "garde"]);
    let test = project(&[]);
    commit(&test, "demo/infra-backend", VALUES, "demo-db-g1", "demo-db-g9");
    test.run("db status demo").code(5).says(&["bdd.cluster", "demo-db-g9", "demo-db-g1"]);
}

#[test]
fn an_edit_is_judged_before_it_is_committed() {
    let test = project(&[]);
    status(&test, 0, "");
    edit(&test, &format!("{POSTGRES}/{VALUES}"), "generation: 1\n", "generation: 4\n");
    let found = status(&test, 5, "");
    assert_eq!(found["databases"][0]["history"][1]["commit"], Value::Null);
    test.run("db bump demo --env prod").code(3).says(&["génération sautée"]);
}

#[test]
fn what_is_not_there_is_said_and_never_green() {
    let test = project(&[]);
    test.run("db status demo --env lune").code(3).says(&["--env", "dev, prod"]);
    test.run("db bump demo").code(2);
    test.run("db").code(2).says(&["db --help"]);
    // Alone, the database cannot be compared with what the application names.
    fs::rename(test.folder().join(POSTGRES), test.folder().join("seul")).unwrap();
    let page = test.run("db status seul --env prod").code(0).stdout;
    assert!(page.contains("non évalué") && page.contains("cluster : non regardé"), "{page}");
    let none = project(&["--set", "base_de_donnees=aucune", "--set", "donnees_personnelles=non"]);
    none.run("db status demo").code(3).says(&["pas de base de données"]);
}

#[test]
fn a_cluster_that_differs_from_git_is_a_finding() {
    let test = project(&[]);
    let answer = |phase: &str, ready: u8| {
        format!(
            r#"{{"items":[{{"kind":"Cluster","metadata":{{"name":"demo-db-g1"}},"spec":{{"instances":3}},"status":{{"phase":"{phase}","readyInstances":{ready}}}}},
            {{"kind":"Cluster","metadata":{{"name":"demo-db-g0"}}}},
            {{"kind":"Backup","spec":{{"cluster":{{"name":"demo-db-g1"}}}},"status":{{"phase":"completed","stoppedAt":"2026-11-30T02:31:00Z"}}}}]}}"#
        )
    };
    let kubectl = test.folder().join("kubectl");
    // Stands in for the cluster: it answers what the file beside it says, to the question that is expected.
    fs::write(&kubectl, "#!/bin/sh\ncase \"$*\" in *clusters.postgresql.cnpg.io,backups.postgresql.cnpg.io*) cat \"$(dirname \"$0\")/reponse.json\";; *) exit 1;; esac\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let more = format!(" --kubeconfig kc --namespace demo-prod --kubectl {}", kubectl.display());
    fs::write(test.folder().join("reponse.json"), answer("Cluster in healthy state", 3)).unwrap();
    let page = test.run(&format!("db status demo --env prod{more}")).code(0).stdout;
    assert!(page.contains("Cluster in healthy state ; dernière sauvegarde : 2026-11-30T02:31:00Z ; autres Cluster : demo-db-g0"), "{page}");
    fs::write(test.folder().join("reponse.json"), answer("Failing over", 2)).unwrap();
    status(&test, 5, &more);
    fs::write(test.folder().join("reponse.json"), "{\"items\":[]}").unwrap();
    test.run(&format!("db status demo --env prod{more}")).code(5).says(&["demo-db-g1", "n'a pas"]);
    fs::write(test.folder().join("reponse.json"), "rien").unwrap();
    test.run(&format!("db status demo --env prod{more}")).code(1).says(&["kc", "n'a pas répondu"]);
}
