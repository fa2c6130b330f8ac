//! The real cluster (`make cluster`): etcd, an API server, its controllers and the operators' own programs, as processes, judge
//! what the kit generates. No image is pulled and no container runs. Not part of `make test`: the programs take long to build.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests fail by panicking, write in their own folder, and show figures"
)]

#[path = "cluster/accepted.rs"]
mod accepted;
#[path = "cluster/admitted.rs"]
mod admitted;
#[path = "common/answers.rs"]
mod answers;
#[path = "cluster/argocd.rs"]
mod argocd;
#[path = "cluster/broken.rs"]
mod broken;
#[path = "conformance/corpus.rs"]
#[allow(dead_code, reason = "shared with the conformance gates, which use more of it")]
mod corpus;
#[path = "cluster/database.rs"]
mod database;
#[path = "cluster/faults.rs"]
mod faults;
#[path = "cluster/jobs.rs"]
mod jobs;
#[path = "cluster/kubelet.rs"]
mod kubelet;
#[path = "cluster/life.rs"]
mod life;
#[path = "cluster/operators.rs"]
mod operators;
#[path = "cluster/plane.rs"]
mod plane;
#[path = "cluster/process.rs"]
mod process;
#[path = "cluster/project.rs"]
mod project;
#[path = "cluster/read.rs"]
mod read;
#[path = "cluster/report.rs"]
mod report;
#[path = "cluster/shared.rs"]
mod shared;
#[path = "cluster/synced.rs"]
mod synced;
#[path = "common/tools.rs"]
mod tools;

/// The helm that renders what is judged here: make test proves that the other agrees.
const HELMS: [&str; 1] = ["helm4/helm"];
