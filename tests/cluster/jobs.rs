//! What the Jobs of the generated chart do, run for real: backup, gate, migration, retention, and the server that becomes ready
//! only when its database is what it expects. CloudNativePG's operator and its S3 are played by this file, and say of a backup
//! what the test wants; the rest is the project's own code, under its own accounts and rights, on a real PostgreSQL.

use std::time::Instant;

use serde_json::{Value, json};

use crate::database::Database;
use crate::kubelet::{Node, runtime};
use crate::process::patiently;
use crate::project::Project;
use crate::shared::shared;
use crate::tools::gate;

const SPACE: &str = "--namespace=travaux-dev";
const VALUES: &str = "infra/backend/values-dev.yaml";
const FIRST: &str = "0.0.0-a-completer";

/// The test's machine: a project, its node and its database.
struct Machine<'a> {
    team: Project<'a>,
    node: Node,
    server: Database,
}

impl Machine<'_> {
    fn kubectl(&self, arguments: &[&str]) -> String {
        self.team.cluster.plane.done(&[arguments, &[SPACE]].concat())
    }

    fn list(&self, what: &str) -> Vec<Value> {
        self.team.cluster.plane.list("travaux-dev", what)
    }

    /// Repeats until seen; meanwhile plays the operator: a backup that has no state yet is completed, or has failed.
    fn until(&self, what: &str, storage_works: bool, mut seen: impl FnMut() -> bool) {
        let seen = || {
            for backup in self.list("backups").iter().filter(|b| b.pointer("/status/phase").is_none()) {
                let at = &backup["metadata"]["creationTimestamp"];
                let status = if storage_works {
                    json!({"phase": "completed", "startedAt": at, "stoppedAt": at})
                } else {
                    json!({"phase": "failed", "error": "essai : le stockage S3 ne répond pas"})
                };
                self.mark(backup, &status);
            }
            seen()
        };
        let state = || format!("{}\n{}\n{}", self.team.state(), self.node.last_words(), self.node.logs("travaux-dev_"));
        patiently(what, 600, seen, state);
    }

    fn mark(&self, backup: &Value, status: &Value) {
        let name = format!("backups.postgresql.cnpg.io/{}", backup["metadata"]["name"].as_str().unwrap());
        self.kubectl(&["patch", &name, "--subresource=status", "--type=merge", "-p", &json!({"status": status}).to_string()]);
    }

    /// Plays CloudNativePG's `initdb` with what the project declares: its roles' script, its owner and its accounts.
    fn initialise(&self) {
        let server = &self.server;
        let secret = |name: &str| format!("secret-de-{name}");
        server.ok("postgres", &format!("CREATE ROLE travaux_owner LOGIN PASSWORD '{}';", secret("owner")));
        server.ok("postgres", "CREATE DATABASE travaux OWNER travaux_owner;");
        let script = self.team.show("configmaps/travaux-db-roles", "/data/000_roles.sql");
        server.ok("travaux", &script);
        for account in ["app", "purge"] {
            let role = format!("travaux_{account}");
            let missing = server.ok("travaux", &format!("SELECT count(*) FROM pg_roles WHERE rolname = '{role}';")) == "0";
            let verb = if missing { "CREATE" } else { "ALTER" };
            server.ok("travaux", &format!("{verb} ROLE {role} LOGIN PASSWORD '{}';", secret(account)));
        }
    }

    fn migrations(&self) -> usize {
        let sql = "SELECT CASE WHEN to_regclass('rgpd.migration') IS NULL THEN 0 ELSE 1 END;";
        if self.server.ok("travaux", sql) == "0" {
            return 0;
        }
        self.server.ok("travaux", "SELECT count(*) FROM rgpd.migration;").parse().unwrap()
    }

    /// Makes a version whose schema has one more table, and the values that deploy it.
    fn version(&self, tag: &str, former: &str, number: u32) {
        let migration = format!("CREATE TABLE travaux_{number} (id integer PRIMARY KEY);\n");
        let file = self.team.folder.join(format!("donnees/migrations/{number}_essai.sql"));
        std::fs::write(file, format!("SET ROLE travaux_owner;\n{migration}")).unwrap();
        self.node.image(&self.team.folder, tag);
        self.team.edit(VALUES, |text| text.replace(&format!("tag: \"{former}\""), &format!("tag: \"{tag}\"")));
    }

    /// The server's pods: image, readiness.
    fn servers(&self) -> Vec<(String, bool)> {
        let pods = self.list("pods");
        let own = pods
            .iter()
            .filter(|p| p["metadata"]["labels"]["app.kubernetes.io/component"] == "serveur" && p["metadata"]["deletionTimestamp"].is_null());
        let ready =
            |p: &Value| p["status"]["conditions"].as_array().is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"));
        let image = |p: &Value| p["spec"]["containers"][0]["image"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
        own.map(|p| (image(p), ready(p))).collect()
    }

    fn serves(&self, tag: &str) -> bool {
        self.servers() == [(tag.to_owned(), true)]
    }
}

#[test]
fn jobs_back_up_gate_and_migrate_for_real() {
    let cluster = shared();
    let answers = json!({"authentification": "aucune", "authentification_motif": "essai sur un cluster de test", "ia": "aucune", "environnements": [{"nom": "dev", "env": "dev"}]});
    let mut team = Project::written(&cluster, "travaux", &answers);
    let node = Node::start(&cluster.plane, "essai", &runtime(&team.folder), "travaux-db-g1-rw");
    node.image(&team.folder, FIRST);
    team.spaces();
    cluster.plane.done(&["annotate", "namespace", "travaux-dev", "scheduler.alpha.kubernetes.io/node-selector=played-by=essai"]);
    // What the operator of secrets would make of what git holds.
    for account in ["owner", "app", "purge"] {
        let (user, password) = (format!("--from-literal=username=travaux_{account}"), format!("--from-literal=password=secret-de-{account}"));
        cluster.plane.done(&["create", "secret", "generic", &format!("travaux-db-{account}"), SPACE, &user, &password]);
    }
    cluster.plane.done(&["create", "secret", "generic", "travaux-rgpd", SPACE, "--from-literal=cle=0123456789abcdef0123456789abcdef"]);
    let started = Instant::now();
    team.roots();
    let machine = Machine { team, node, server: Database::start() };
    let team = &machine.team;

    // First deployment: the gate waits for the database, the migrations are applied, and only then is the server ready.
    machine.until("the database declared", true, || !team.show("configmaps/travaux-db-roles", "/metadata/uid").is_empty());
    machine.initialise();
    machine.until("the first deployment", true, || machine.serves(FIRST) && team.well());
    let first = machine.migrations();
    let files = std::fs::read_dir(team.folder.join("donnees/migrations")).unwrap().count();
    assert_eq!(first, files, "every migration of the image");

    // A backup that fails stops everything: neither migration nor new version, and the former one serves.
    machine.version("essai-1", FIRST, 991);
    team.commit();
    machine.until("the failed backup said", false, || team.said("backend").contains("Job travaux-backend-sauvegarde: "));
    let failed = machine.list("backups").into_iter().filter(|b| b["status"]["phase"] == "failed").count();
    assert!(failed > 0 && machine.migrations() == first && machine.serves(FIRST), "{failed} failed: {:?}", machine.servers());
    eprintln!("failed backup: {}", team.said("backend").chars().take(300).collect::<String>());

    // The storage answers again: the sync, tried again by Argo CD, backs up, migrates, deploys.
    machine.until("the backup, the migration, the new version", true, || machine.serves("essai-1") && team.well());
    assert_eq!(machine.migrations(), first + 1);
    let all = machine.list("backups");
    let own = |b: &&Value| b["metadata"]["labels"]["app.kubernetes.io/version"] == "essai-1" && b["status"]["phase"] == "completed";
    let stopped = all.iter().find(own).expect("a completed backup of this version")["status"]["stoppedAt"].as_str().unwrap().to_owned();
    let order = format!("SELECT appliquee_le >= '{stopped}'::timestamptz FROM rgpd.migration WHERE nom LIKE '991%';");
    assert_eq!(machine.server.ok("travaux", &order), "t", "the backup ends before the migration begins");

    // Hooks skipped, as by a self-heal (a sync of some resources only): the new server is never ready, the former one serves.
    // Argo CD decides nothing meanwhile: it would go on with a whole sync, or not, as its timing has it.
    let automated = |on: bool| {
        let wanted = if on { json!({"prune": true, "selfHeal": true, "allowEmpty": false}) } else { Value::Null };
        let patch = json!({"spec": {"syncPolicy": {"automated": wanted}}}).to_string();
        for name in ["racine", "backend"] {
            let name = format!("application/travaux-dev-{name}");
            cluster.plane.done(&["patch", &name, "--namespace=argocd", "--type=merge", "-p", &patch]);
        }
    };
    automated(false);
    machine.version("essai-2", "essai-1", 992);
    let commit = team.push();
    let only = json!([{"group": "apps", "kind": "Deployment", "name": "travaux-backend", "namespace": "travaux-dev"}]);
    let sync = |resources: Option<&Value>| {
        // Not over an operation under way.
        machine.until("no operation under way", true, || cluster.plane.read("argocd", "applications/travaux-dev-backend")["operation"].is_null());
        let sync = json!({"revision": commit, "resources": resources});
        // As Argo CD's own SetAppOperation: the state of the former operation is cleared, or the new one would be merged with it.
        let operation = json!({"initiatedBy": {"username": "essai"}, "sync": sync});
        let patch = json!({"operation": operation, "status": {"operationState": null}}).to_string();
        cluster.plane.done(&["patch", "application/travaux-dev-backend", "--namespace=argocd", "--type=merge", "-p", &patch]);
    };
    sync(Some(&only));
    machine.until("the server without its migration", true, || machine.servers().iter().any(|(tag, _)| tag == "essai-2"));
    let since = Instant::now();
    while since.elapsed().as_secs() < 15 {
        let servers = machine.servers();
        assert!(servers.contains(&("essai-1".to_owned(), true)) && !servers.contains(&("essai-2".to_owned(), true)), "{servers:?}");
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    assert_eq!(machine.migrations(), first + 1, "nothing migrated");

    // A whole sync does what was skipped.
    sync(None);
    machine.until("the whole sync", true, || machine.serves("essai-2"));
    assert_eq!(machine.migrations(), first + 2);
    automated(true);
    machine.until("all well again", true, || team.well());

    // The gate itself: the migration Job, without a recent backup, refuses.
    for backup in machine.list("backups").iter().filter(|b| b["status"]["phase"] == "completed") {
        machine.mark(backup, &json!({"phase": "completed", "startedAt": "2020-01-01T00:00:00Z", "stoppedAt": "2020-01-01T00:00:01Z"}));
    }
    let mut job: Value = cluster.plane.read("travaux-dev", "jobs/travaux-backend-migration");
    job["metadata"] = json!({"name": "sans-sauvegarde"});
    job["spec"]["template"]["metadata"]["labels"].as_object_mut().unwrap().retain(|k, _| !k.contains("job-name") && !k.contains("controller-uid"));
    for field in ["selector", "manualSelector"] {
        job["spec"].as_object_mut().unwrap().remove(field);
    }
    job["spec"]["backoffLimit"] = json!(0);
    job.as_object_mut().unwrap().remove("status");
    let file = team.folder.parent().unwrap().join("sans-sauvegarde.json");
    std::fs::write(&file, job.to_string()).unwrap();
    machine.kubectl(&["create", "-f", &file.display().to_string()]);
    machine.until("the gate refuses", true, || machine.node.logs("travaux-dev_sans-sauvegarde").contains("aucune sauvegarde complète et récente"));
    machine.until("the Job failed", true, || team.show("jobs/sans-sauvegarde", "/status/failed") == "1");
    assert_eq!(machine.migrations(), first + 2, "nothing migrated");

    // The retention of personal data, under its own role.
    machine.kubectl(&["create", "job", "retention-essai", "--from=cronjob/travaux-backend-retention"]);
    machine.until("the retention", true, || team.show("jobs/retention-essai", "/status/succeeded") == "1");
    gate("Jobs and server run for real (first deployment, failed backup, recovery, hooks skipped, gate, retention)", 6, started);
}
