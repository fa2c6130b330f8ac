//! The life of an application under Argo CD: what changes in git arrives with its backup and its migration first, what drifts
//! comes back, what leaves git leaves the cluster except the database.

use std::time::Instant;

use crate::project::{Project, one_environment};
use crate::shared::shared;
use crate::tools::gate;

#[test]
fn an_application_lives_under_argocd() {
    let started = Instant::now();
    let cluster = shared();
    let life = Project::begin(&cluster, "vie", &one_environment());
    let image = "/spec/template/spec/containers/0/image";
    let values = "infra/backend/values-dev.yaml";
    let jobs = ["jobs/vie-backend-sauvegarde", "jobs/vie-backend-migration"];

    // A new version, through a commit: backup and migration run again before it.
    let before = jobs.map(|job| life.show(job, "/metadata/uid"));
    let first = life.show("deployments/vie-backend", image);
    assert!(before.iter().all(|uid| !uid.is_empty()) && !first.is_empty(), "{}", life.state());
    let tag = first.rsplit(':').next().unwrap();
    life.edit(values, |text| text.replace(tag, "essai-2"));
    life.commit();
    life.until("the new version", || life.show("deployments/vie-backend", image).ends_with(":essai-2"));
    for (job, uid) in jobs.iter().zip(&before) {
        assert_ne!(&life.show(job, "/metadata/uid"), uid, "{job} did not run again before the new version");
    }
    life.converge();

    // A revert brings the former version back.
    life.edit(values, |text| text.replace("essai-2", tag));
    life.commit();
    life.until("the former version", || life.show("deployments/vie-backend", image) == first);
    life.converge();

    // What drifts comes back, without any commit.
    life.cluster.plane.done(&["delete", "networkpolicy/vie-backend", &life.space()]);
    life.cluster.plane.done(&["patch", "service/vie-backend", &life.space(), "--type=merge", "-p", r#"{"spec":{"selector":{"app":"autre"}}}"#]);
    life.until("the drift corrected", || {
        !life.show("networkpolicies/vie-backend", "/metadata/uid").is_empty() && life.show("services/vie-backend", "/spec/selector/app") != "autre"
    });

    // Modules removed from git: the back end leaves the cluster, the database does not.
    let database = life.database();
    for module in ["backend", "postgres"] {
        std::fs::remove_file(life.folder.join(format!("argocd/dev/applications/{module}.yaml"))).unwrap();
    }
    life.commit();
    life.until("the back end gone", || life.show("deployments/vie-backend", image).is_empty());
    assert_eq!(life.database(), database, "the database must survive");
    assert!(life.applications().iter().any(|a| a.name == "vie-dev-postgres"), "the Application of the database must survive");
    gate("life of an application (version, revert, drift, removal)", 4, started);
}
