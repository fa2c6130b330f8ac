//! What breaks around a sync: what its user then sees, and that nothing is lost. Each fault ends with every Application synced
//! and healthy again, and with the same database.

use std::time::Instant;

use serde_json::json;

use crate::process::listens;
use crate::project::{Project, one_environment};
use crate::shared::Cluster;
use crate::tools::gate;

const VALUES: &str = "infra/backend/values-dev.yaml";
const IMAGE: &str = "/spec/template/spec/containers/0/image";

impl Project<'_> {
    /// Commits a new version of the back end's image.
    fn deliver(&self, tag: &str) {
        let image = self.show("deployments/panne-backend", IMAGE);
        let former = image.rsplit(':').next().unwrap().to_owned();
        self.edit(VALUES, |text| text.replace(&former, tag));
        self.commit();
    }

    fn serves(&self, tag: &str) -> bool {
        self.show("deployments/panne-backend", IMAGE).ends_with(&format!(":{tag}"))
    }

    /// Waits for a word in what the user reads, and keeps it for the report.
    fn reads(&self, fault: &str, word: &str, read: impl Fn() -> String) {
        let mut text = String::new();
        self.until(&format!("{fault}: « {word} »"), || {
            text = read();
            text.contains(word)
        });
        let line = text.split(['\n', ';']).find(|l| l.contains(word)).unwrap_or_default();
        eprintln!("fault, {fault}: the user reads « {} »", line.trim().chars().take(220).collect::<String>());
    }

    /// All is well with the version expected, and the database is the one of before.
    fn unharmed(&self, fault: &str, tag: &str, database: &str) {
        self.until(&format!("{fault}: {tag} deployed"), || self.serves(tag));
        self.converge();
        assert_eq!(self.database(), database, "{fault}: the database changed");
    }
}

#[test]
fn what_breaks_around_a_sync_is_said_and_nothing_is_lost() {
    let cluster = Cluster::start();
    let plane = &cluster.plane;
    let team = Project::begin(&cluster, "panne", &one_environment());
    let started = Instant::now();
    let database = team.database();
    let space = "--namespace=panne-dev";

    // The API server stops while a sync runs.
    team.deliver("essai-1");
    team.until("a sync under way", || team.said("backend").contains("Running: "));
    plane.kill("kube-apiserver");
    let refused = plane.kubectl(&["get", "applications", "--namespace=argocd"]);
    assert!(!refused.ok && refused.said().contains("refused"), "without its API server, nothing answers: {}", refused.said());
    plane.revive("kube-apiserver", || plane.kubectl(&["get", "--raw", "/readyz"]).ok);
    team.unharmed("API server restarted during a sync", "essai-1", &database);

    // The repo-server stops: what runs goes on, and the next commit waits.
    plane.kill("argocd-repo-server");
    team.deliver("essai-2");
    team.reads("repo-server killed", "connection refused", || team.said("backend"));
    assert!(team.serves("essai-1") && team.said("backend").contains("Healthy"), "what runs must go on: {}", team.said("backend"));
    plane.revive("argocd-repo-server", || listens(cluster.argo.repositories));
    team.refresh();
    team.unharmed("repo-server killed", "essai-2", &database);

    // The forge stops.
    plane.kill("forge");
    team.refresh();
    team.reads("git server down", "connection refused", || team.said("backend"));
    assert!(team.serves("essai-2") && team.said("backend").contains("Healthy"), "what runs must go on: {}", team.said("backend"));
    plane.revive("forge", || cluster.argo.serves());
    team.deliver("essai-3");
    team.unharmed("git server down", "essai-3", &database);

    // The namespace's quota is used up: the backup that precedes the new version cannot start, so nothing of it does.
    let quota = |cpu: &str| {
        let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "dso-quota", "namespace": "panne-dev"},
            "spec": {"hard": {"requests.cpu": cpu}}});
        plane.apply("fault-quota", &quota.to_string());
    };
    quota("10m");
    team.until("the quota enforced", || !team.show("resourcequotas/dso-quota", "/status/used").is_empty());
    team.deliver("essai-4");
    team.reads("quota exceeded", "exceeded quota", || team.events());
    team.reads("quota exceeded", "waiting for completion of hook batch/Job/panne-backend-sauvegarde", || team.said("backend"));
    assert!(team.serves("essai-3"), "no backup, no new version");
    quota("64");
    team.unharmed("quota exceeded", "essai-4", &database);

    // A policy of the platform refuses an object: the sync fails and names it; the commit is taken back.
    plane.done(&["label", "namespace", "panne-dev", "politiques=cloud-pi-native"]);
    let service = "infra/backend/templates/service.yaml";
    team.edit(service, |text| text.replace("type: ClusterIP", "type: NodePort"));
    team.commit();
    team.reads("policy refusing", "restrict-nodeport", || team.said("backend"));
    assert_eq!(team.show("services/panne-backend", "/spec/type"), "ClusterIP", "the refused object must stay as it was");
    team.edit(service, |text| text.replace("type: NodePort", "type: ClusterIP"));
    team.commit();
    team.terminate("backend");
    team.unharmed("policy refusing", "essai-4", &database);

    // A kind disappears with its operator: the sync names it, and goes on once it is back.
    let kind = "servicemonitors.monitoring.coreos.com";
    plane.done(&["delete", "crd", kind]);
    team.deliver("essai-5");
    team.reads("CRD missing", "ServiceMonitor", || team.said("backend"));
    plane.crds_of(&["prometheus"]);
    team.terminate("backend");
    team.refresh();
    team.unharmed("CRD missing", "essai-5", &database);
    assert!(!plane.done(&["get", kind, "--all-namespaces", "-o", "name"]).is_empty(), "the objects of the kind are back");
    let left = plane.done(&["get", "pods", space, "-o", "name"]);
    assert!(!left.is_empty(), "the application runs");
    gate("faults around a sync (said, and recovered)", 6, started);
}
