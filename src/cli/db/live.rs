//! What a cluster says of its databases, asked of the user's own kubectl with the user's own kubeconfig (whose login
//! programs need the user's environment).

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::super::check::program;
use super::super::{Exit, Failed};
use crate::text;
use crate::text::{Problem, Text};

/// Clusters and backups of a namespace.
pub(super) struct Live {
    items: Vec<Value>,
}

impl Live {
    /// Asks the cluster.
    ///
    /// # Errors
    /// When kubectl is not there, or when the cluster does not answer it.
    pub(super) fn read(kubeconfig: &Path, namespace: Option<&str>, kubectl: Option<&Path>) -> Result<Self, Failed> {
        let Some(kubectl) = program("kubectl", kubectl) else {
            let what = Text::new("kubectl est introuvable", "kubectl cannot be found");
            return Err((
                Exit::Failure,
                vec![Problem::new("--kubeconfig", what).hint(Text::new("installez-le, ou donnez --kubectl", "install it, or give --kubectl"))],
            ));
        };
        let mut command = Command::new(kubectl);
        command.arg("--kubeconfig").arg(kubeconfig).args(["--request-timeout=15s", "get", "-o", "json"]);
        command.arg("clusters.postgresql.cnpg.io,backups.postgresql.cnpg.io").stdin(Stdio::null());
        if let Some(namespace) = namespace {
            command.args(["-n", namespace]);
        }
        let failed = |why: String| {
            let what = text!("le cluster n'a pas répondu à kubectl : {why}", "the cluster did not answer kubectl: {why}");
            (Exit::Failure, vec![Problem::new(kubeconfig.display().to_string(), what)])
        };
        let done = command.output().map_err(|e| failed(e.to_string()))?;
        if !done.status.success() {
            return Err(failed(String::from_utf8_lossy(&done.stderr).trim().to_owned()));
        }
        let answer: Value = serde_json::from_slice(&done.stdout).map_err(|e| failed(e.to_string()))?;
        Ok(Self { items: answer["items"].as_array().cloned().unwrap_or_default() })
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.items.iter().filter(move |item| item["kind"] == kind)
    }

    fn cluster(&self, name: &str) -> Option<&Value> {
        self.of_kind("Cluster").find(|item| item["metadata"]["name"] == name)
    }

    /// The newest finished backup of a cluster.
    fn backup(&self, name: &str) -> Option<&str> {
        let done = self.of_kind("Backup").filter(|b| b["spec"]["cluster"]["name"] == name && b["status"]["phase"] == "completed");
        done.filter_map(|b| b["status"]["stoppedAt"].as_str()).max()
    }

    /// What is wrong with the Cluster that git asks for.
    pub(super) fn problem(&self, name: &str) -> Option<Problem> {
        let Some(cluster) = self.cluster(name) else {
            return Some(Problem::new(
                name,
                Text::new("git demande ce Cluster, que le cluster n'a pas", "git asks for this Cluster, which the cluster does not have"),
            ));
        };
        let (ready, wanted) = (cluster["status"]["readyInstances"].as_i64().unwrap_or(0), cluster["spec"]["instances"].as_i64().unwrap_or(0));
        if ready < wanted {
            let phase = cluster["status"]["phase"].as_str().unwrap_or("?");
            return Some(Problem::new(
                name,
                text!("{ready} instances prêtes sur {wanted} : {phase}", "{ready} instances ready of {wanted}: {phase}"),
            ));
        }
        None
    }

    /// One line on a Cluster, and on those that an earlier generation left.
    pub(super) fn line(&self, name: &str) -> Text {
        let Some(cluster) = self.cluster(name) else { return Text::new("  cluster : absent", "  cluster: absent") };
        let phase = cluster["status"]["phase"].as_str().unwrap_or("?");
        let backup = self.backup(name);
        let (fr, en) = (backup.unwrap_or("aucune"), backup.unwrap_or("none"));
        let others = self.others(name).join(", ");
        let (more_fr, more_en) = if others.is_empty() {
            (String::new(), String::new())
        } else {
            (format!(" ; autres Cluster : {others}"), format!("; other Clusters: {others}"))
        };
        text!("  cluster : {phase} ; dernière sauvegarde : {fr}{more_fr}", "  cluster: {phase}; last backup: {en}{more_en}")
    }

    fn others(&self, name: &str) -> Vec<&str> {
        let base = name.rsplit_once("-g").map_or(name, |(base, _)| base);
        let names = self.of_kind("Cluster").filter_map(|c| c["metadata"]["name"].as_str());
        names.filter(|other| *other != name && other.rsplit_once("-g").is_some_and(|(b, _)| b == base)).collect()
    }

    /// The same, for programs.
    pub(super) fn json(&self, name: &str) -> Value {
        let cluster = self.cluster(name);
        json!({
            "present": cluster.is_some(),
            "phase": cluster.and_then(|c| c["status"]["phase"].as_str()),
            "ready": cluster.and_then(|c| c["status"]["readyInstances"].as_i64()),
            "last_backup": self.backup(name),
            "others": self.others(name),
        })
    }
}
