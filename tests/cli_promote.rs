//! `mirai-kit promote`: what an environment runs becomes, by reviewed branches, what the next one will run.
#![allow(clippy::unwrap_used, reason = "a test panics")]

#[path = "common/depots.rs"]
mod depots;
#[path = "common/run.rs"]
mod run;

use depots::{at, branch, commit, edit, git, project, read};

const PLACEHOLDER: &str = "tag: \"0.0.0-a-completer\"";

/// The project after its pipeline deployed an image to dev.
fn deployed(more: &[&str]) -> run::Test {
    let test = project(more);
    commit(&test, "demo/infra-backend", "values-dev.yaml", PLACEHOLDER, "tag: \"1.4.0-abc\"");
    test
}

#[test]
fn the_image_tested_goes_to_a_branch_of_its_repository_and_nothing_else_moves() {
    let test = deployed(&[]);
    let before = git(&test, "demo/infra-backend", &["status", "--porcelain", "--branch"]);
    let done = test.run("promote demo --from dev --to prod").code(0);
    assert!(done.stdout.contains("-  tag: \"0.0.0-a-completer\"\n+  tag: \"1.4.0-abc\""), "{}", done.stdout);
    let made = branch(&test, "demo/infra-backend", "promotion/prod-");
    let values = at(&test, "demo/infra-backend", &made, "values-prod.yaml");
    assert_eq!(values, read(&test, "demo/infra-backend/values-prod.yaml").replace(PLACEHOLDER, "tag: \"1.4.0-abc\""));
    assert_eq!(git(&test, "demo/infra-backend", &["status", "--porcelain", "--branch"]), before);
    // The production waits for v0.1.0, which was never made: that tag is to be made, and its Application stays as it is.
    assert!(done.stderr.contains("tag -a v0.1.0"), "{}", done.stderr);
    assert_eq!(git(&test, "demo/app", &["branch", "--format=%(refname:short)"]).trim(), "main");
    git(&test, "demo/infra-backend", &["fsck", "--strict"]);
    // Run again: the same branch, and no other.
    test.run("promote demo --from dev --to prod").code(0).says(&["déjà prête"]);
    branch(&test, "demo/infra-backend", "promotion/prod-");
}

#[test]
fn once_a_revision_is_deployed_the_next_one_is_named_in_the_application() {
    let test = deployed(&[]);
    for depot in ["demo/infra-backend", "demo/infra-postgres"] {
        git(&test, depot, &["tag", "v0.1.0"]);
    }
    let done = test.run("promote demo/app --from dev --to prod --lang en").code(0);
    assert!(done.stderr.contains("backend: prod will go from v0.1.0 to v0.1.1"), "{}", done.stderr);
    assert!(done.stderr.contains("postgres: prod already deploys this revision, v0.1.0"), "{}", done.stderr);
    let made = branch(&test, "demo/app", "promotion/prod-");
    let file = "argocd/prod/applications/backend.yaml";
    let application = at(&test, "demo/app", &made, file);
    assert_eq!(application, read(&test, &format!("demo/app/{file}")).replace("targetRevision: \"v0.1.0\"", "targetRevision: \"v0.1.1\""));
    // The tag exists before anything names it.
    let (tag, app) = (done.stderr.find("tag -a v0.1.1").unwrap(), done.stderr.find("demo/app push").unwrap());
    assert!(tag < app, "{}", done.stderr);
    let chosen = test.run("promote demo --from dev --to prod --revision v0.2.0 --dry-run").code(0);
    assert!(chosen.stdout.contains("+    targetRevision: \"v0.2.0\""), "{}", chosen.stdout);
    test.run("promote demo --from dev --to prod --revision v0.1.0").code(3).says(&["--revision", "ne se déplace pas"]);
    test.run("promote demo --from dev --to prod --revision main").code(3).says(&["--revision", "v1.2.3"]);
}

#[test]
fn a_pinned_environment_promotes_its_tag_and_never_what_came_after() {
    let environments = "environnements=[{nom: dev, env: dev}, {nom: recette, env: qualif}, {nom: prod, env: prod}]";
    let test = deployed(&["--set", environments]);
    let depot = "demo/infra-backend";
    for environment in ["recette", "prod"] {
        commit(&test, depot, &format!("values-{environment}.yaml"), PLACEHOLDER, "tag: \"1.4.0-abc\"");
    }
    let file = "argocd/recette/applications/backend.yaml";
    let recette = read(&test, &format!("demo/app/{file}"));
    let pinned = recette.contains("targetRevision: \"v0.1.0\"");
    if !pinned {
        commit(&test, "demo/app", file, "targetRevision: \"main\"", "targetRevision: \"v0.1.0\"");
    }
    test.run("promote demo --from recette --to prod --only backend").code(3).says(&["v0.1.0", "git fetch --tags"]);
    git(&test, depot, &["tag", "v0.1.0"]);
    git(&test, depot, &["tag", "v0.0.9", "HEAD~1"]);
    commit(&test, "demo/app", "argocd/prod/applications/backend.yaml", "targetRevision: \"v0.1.0\"", "targetRevision: \"v0.0.9\"");
    let done = test.run("promote demo --from recette --to prod --only backend --dry-run").code(0);
    assert!(done.stdout.contains("-    targetRevision: \"v0.0.9\"") && done.stdout.contains("+    targetRevision: \"v0.1.0\""), "{}", done.stdout);
    assert!(!done.stderr.contains("tag -a"), "{}", done.stderr);
    commit(&test, depot, "values.yaml", "# ", "#  ");
    test.run("promote demo --from recette --to prod --only backend").code(3).says(&["a changé depuis v0.1.0", "switch --detach v0.1.0"]);
}

#[test]
fn one_repository_gets_one_branch_and_one_tag() {
    let test = project(&["--set", "depots=mono"]);
    for chart in ["backend", "ensemble"] {
        edit(&test, &format!("demo/infra/{chart}/values-dev.yaml"), PLACEHOLDER, "tag: \"2.0.0\"");
    }
    git(&test, "demo", &["commit", "-qam", "image"]);
    git(&test, "demo", &["tag", "v0.1.0"]);
    let done = test.run("promote demo --from dev --to prod").code(0);
    let made = branch(&test, "demo", "promotion/prod-");
    let changed = git(&test, "demo", &["diff", "--name-only", "main", &made]);
    assert_eq!(
        changed.lines().collect::<Vec<_>>(),
        ["argocd/prod/applications/backend.yaml", "infra/backend/values-prod.yaml", "infra/ensemble/values-prod.yaml"]
    );
    assert_eq!(done.stderr.matches("tag -a v0.1.1").count(), 1, "{}", done.stderr);
}

#[test]
fn what_cannot_be_promoted_is_refused_and_nothing_is_written() {
    let test = project(&[]);
    test.run("promote demo --from dev --to prod").code(3).says(&["values-dev.yaml:", "aucune image", "--only"]);
    test.run("promote demo --from dev --to lune").code(3).says(&["--to", "lune", "dev, prod"]);
    test.run("promote demo --from dev --to dev").code(3).says(&["--to", "le même"]);
    test.run("promote demo --from dev --to prod --only lune").code(3).says(&["--only", "lune", "backend, postgres"]);
    test.run("promote demo --from dev").code(2);
    test.run("promote nulle-part --from dev --to prod").code(3).says(&["pas de projet de mirai-kit"]);
    commit(&test, "demo/infra-backend", "values-dev.yaml", PLACEHOLDER, "tag: \"1.0.0\"");
    edit(&test, "demo/infra-backend/values-prod.yaml", "min: 2", "min: 3");
    test.run("promote demo --from dev --to prod").code(3).says(&["values-prod.yaml", "ne sont pas enregistrés"]);
    for depot in ["demo/app", "demo/infra-backend", "demo/infra-postgres"] {
        assert_eq!(git(&test, depot, &["branch", "--format=%(refname:short)"]).trim(), "main");
    }
}

#[test]
fn a_branch_of_another_content_stops_everything_and_takes_the_others_back() {
    let test = deployed(&[]);
    for depot in ["demo/infra-backend", "demo/infra-postgres"] {
        git(&test, depot, &["tag", "v0.1.0"]);
    }
    let planned = test.run("promote demo --from dev --to prod --dry-run").code(0).stderr;
    let name = planned.lines().find_map(|l| l.split("branche prévue : ").nth(1)).unwrap().to_owned();
    git(&test, "demo/infra-backend", &["branch", &name]);
    test.run("promote demo --from dev --to prod").code(3).says(&["infra-backend", "existe déjà"]);
    assert_eq!(git(&test, "demo/app", &["branch", "--format=%(refname:short)"]).trim(), "main");
}
