//! Deliberately broken kits: each is refused by the engine that is expected to, and by `check` before it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use serde_json::json;

use crate::project::Project;
use crate::shared::shared;
use crate::tools::{gate, run, tool};

/// Who must refuse a broken kit, and where its team reads it.
#[derive(Clone, Copy, Debug)]
enum Engine {
    /// Argo CD, or what the API server told it: in the state of a module's Application.
    Application(&'static str),
    /// The API server at the creation of pods: in the events of their controllers.
    Pods,
    /// None: only `check` sees it.
    Nobody,
}

/// A broken kit: what it is, the file that is changed and how, who refuses it with which words, and the rule of `check` that
/// sees it before (none: nothing in a repository tells it).
struct Broken {
    what: &'static str,
    path: &'static str,
    change: fn(&str) -> String,
    engine: Engine,
    said: &'static str,
    rule: Option<&'static str>,
}

const BACKEND: Engine = Engine::Application("backend");

fn with_object(text: &str, object: &str) -> String {
    format!("{text}\n---\n{object}\n")
}

const BROKEN: &[Broken] = &[
    Broken {
        what: "wrong destination",
        path: "argocd/dev/applications/backend.yaml",
        change: |t| t.replace("namespace: \"refus-dev\"", "namespace: \"kube-system\""),
        engine: BACKEND,
        said: "do not match any of the allowed destinations",
        rule: Some("application-admitted"),
    },
    Broken {
        what: "wrong repository",
        path: "argocd/dev/applications/backend.yaml",
        change: |t| t.replace("repoURL: \"https://", "repoURL: \"https://ailleurs.invalid/"),
        engine: BACKEND,
        said: "is not permitted in project",
        rule: Some("application-admitted"),
    },
    Broken {
        what: "cluster-scoped kind",
        path: "infra/backend/templates/compte.yaml",
        change: |t| with_object(t, "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: trop-large}\nrules: []"),
        engine: BACKEND,
        said: "ClusterRole is not permitted in project",
        rule: Some("appproject-kinds"),
    },
    Broken {
        what: "kind that the project does not list",
        path: "infra/backend/templates/compte.yaml",
        change: |t| with_object(t, "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: partout}\nspec: {replicas: 0}"),
        engine: BACKEND,
        said: "ReplicationController is not permitted in project",
        rule: Some("application-kinds"),
    },
    Broken {
        // Argo CD applies it, the API server drops it: the object differs from git for ever.
        what: "field that the kind does not have",
        path: "infra/backend/templates/service.yaml",
        change: |t| t.replace("\n  type: ClusterIP\n", "\n  type: ClusterIP\n  selecteur: {app: refus}\n"),
        engine: BACKEND,
        said: "Service refus-backend is OutOfSync",
        rule: Some("api-fields"),
    },
    Broken {
        what: "missing label",
        path: "infra/backend/templates/deploiement.yaml",
        change: |t| {
            let own = "{{- include \"backend.etiquettes\" . | nindent 8 }}";
            t.replace(own, &own.replace("| nindent", "| replace \"tier:\" \"palier:\" | nindent"))
        },
        engine: Engine::Pods,
        said: "table: check-labels",
        rule: Some("check-labels"),
    },
    Broken {
        what: "image named latest",
        path: "infra/backend/values-dev.yaml",
        change: |t| t.replace("0.0.0-a-completer", "latest"),
        engine: BACKEND,
        said: "values don't meet the specifications of the schema",
        rule: Some("disallow-latest"),
    },
    Broken {
        what: "serverName reused by the next generation",
        path: "infra/postgres/values-dev.yaml",
        change: |t| t.replace("\ngeneration: 1\n", "\ngeneration: 2\nrestauration: {active: true, depuis: 2}\n"),
        engine: Engine::Application("postgres"),
        said: "une génération ne se réutilise jamais",
        rule: Some("not evaluated: helm refuses this chart"),
    },
    Broken {
        what: "database made smaller",
        path: "infra/postgres/values-dev.yaml",
        change: |t| t.replace("donnees: \"10Gi\"", "donnees: \"1Gi\""),
        engine: Engine::Application("postgres"),
        said: "can't shrink existing storage",
        rule: None,
    },
    Broken {
        what: "floating revision in production",
        path: "argocd/prod/applications/backend.yaml",
        change: |t| t.replace("targetRevision: \"v0.1.0\"", "targetRevision: \"v0.*\""),
        engine: Engine::Nobody,
        said: "",
        rule: Some("argocd-pinned-revision"),
    },
];

/// The rules of `check` with findings in a project, as the program says them.
fn found(folder: &Path) -> BTreeSet<String> {
    let helm = tool("helm3/helm").display().to_string();
    let path = folder.display().to_string();
    let ran = run(Path::new(env!("CARGO_BIN_EXE_mirai-kit")), ["check", &path, "--helm", &helm, "--format", "json"], folder);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.said()));
    let of = |key: &'static str| report["folders"].as_array().unwrap().iter().flat_map(move |f| f[key].as_array().unwrap());
    let rules = of("findings").map(|f| f["rule"].as_str().unwrap().to_owned());
    // What keeps a chart from being judged is no finding, and never green.
    let gaps = of("notEvaluated").filter_map(|g| g["why"]["en"].as_str()?.split(':').next().map(|why| format!("not evaluated: {why}")));
    rules.chain(gaps).collect()
}

#[test]
fn broken_kits_are_refused_by_their_engine_and_by_check_before() {
    let cluster = shared();
    let team = Project::begin(&cluster, "refus", &json!({}));
    let started = Instant::now();
    cluster.plane.done(&["label", "namespace", "refus-dev", "politiques=cloud-pi-native"]);
    let clean = found(&team.folder);
    let database = team.database();
    let mut failures = Vec::new();
    for broken in BROKEN {
        let good = std::fs::read_to_string(team.folder.join(broken.path)).unwrap();
        team.edit(broken.path, broken.change);
        let new: BTreeSet<String> = found(&team.folder).difference(&clean).cloned().collect();
        if broken.rule.is_some_and(|rule| !new.contains(rule)) {
            failures.push(format!("{}: {:?} is expected of check, which finds {new:?}", broken.what, broken.rule));
        }
        team.commit();
        let seen = || match broken.engine {
            Engine::Application(module) => team.said(module),
            Engine::Pods => team.events(),
            Engine::Nobody => String::new(),
        };
        team.until(&format!("{} refused by {:?}", broken.what, broken.engine), || seen().contains(broken.said));
        eprintln!("broken kit, {}: refused by {:?}; check finds {new:?}", broken.what, broken.engine);
        std::fs::write(team.folder.join(broken.path), good).unwrap();
        team.commit();
        if let Engine::Application(module) = broken.engine {
            team.terminate(module);
        } else {
            team.terminate("backend");
        }
        // Nothing is lost: everything is as before once git is.
        team.refresh();
        team.converge();
        assert_eq!(team.database(), database, "{}: the database changed", broken.what);
    }
    gate("broken kits refused by their engine, and by check before", BROKEN.len(), started);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
