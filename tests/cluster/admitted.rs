//! What the operators' own webhooks, Kyverno and a quota say of everything that is generated; and mistakes that each must
//! refuse, after `check` did.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

use mirai_kit::check::rules::{DOMAINS, Scene, kyverno};
use mirai_kit::check::{self, Pod};
use mirai_kit::kit::Kit;
use serde_json::{Map, Value, json};

use crate::accepted::loose;
use crate::answers;
use crate::corpus::{Case, corpus, objects};
use crate::plane::Plane;
use crate::process::eventually;
use crate::report::{Step, note, print_when_complete};
use crate::shared::shared;
use crate::tools::{gate, in_parallel};

/// Rules of `check` that equal a policy of `policies.yaml`, by the same name.
const TABLE: [&str; 9] = [
    "check-labels",
    "cm-no-credentials",
    "disallow-hostpath",
    "disallow-latest",
    "limit-size-pvc",
    "need-containers-ressources",
    "need-liveness-readiness",
    "restrict-image-registry",
    "restrict-nodeport",
];

/// The registry of the generated projects: one, hence one set of policies.
pub fn registry() -> String {
    let kit = Kit::embedded().unwrap();
    answers::resolved(&kit, &Map::new()).unwrap()["registre"].as_str().unwrap().to_owned()
}

/// Makes the namespace `admis` like the platform's: its table of policies, a quota, and the level of pod security that our own
/// namespaces enforce.
pub fn platform(plane: &Plane) {
    plane.done(&["label", "namespace", "admis", "pod-security.kubernetes.io/enforce=baseline", "politiques=cloud-pi-native"]);
    let hard = json!({"limits.cpu": "64", "limits.memory": "128Gi", "requests.cpu": "64", "requests.memory": "128Gi"});
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "dso-quota", "namespace": "admis"}, "spec": {"hard": hard}});
    plane.apply("quota", &quota.to_string());
    eventually("the quota's state", 120, || {
        let used = plane.done(&["get", "resourcequota", "dso-quota", "--namespace=admis", "-o", "jsonpath={.status.hard}"]);
        if used.is_empty() { Err("no status yet".to_owned()) } else { Ok(()) }
    });
    let registry = registry();
    plane.apply("policies", &include_str!("policies.yaml").replace("REGISTRE", registry.split('/').next().unwrap()));
    // A policy is compiled and enforced some time after it is stored: wait for each to refuse what it must.
    let image = "i";
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "refuse"}, "spec": {"containers": [{"name": "c", "image": image}]}});
    eventually("the policies", 120, || {
        let said = refused(plane, std::slice::from_ref(&pod)).unwrap_or_default();
        if said.contains("table: ") { Ok(()) } else { Err(said) }
    });
}

/// The pods of workloads, as their controllers would create them, under an account that exists.
fn as_pods(objects: &[Value]) -> Vec<Value> {
    let made = |(index, pod): (usize, &Pod)| {
        let mut spec = pod.spec.clone();
        if let Some(spec) = spec.as_object_mut() {
            spec.remove("serviceAccountName");
        }
        // The controller of a StatefulSet mounts the claims that it makes.
        let set = objects.iter().find(|o| check::cite(o) == pod.owner);
        let claims = set.and_then(|o| o.pointer("/spec/volumeClaimTemplates")).and_then(Value::as_array).into_iter().flatten();
        for claim in claims {
            let volume = json!({"name": claim["metadata"]["name"], "emptyDir": {}});
            match spec["volumes"].as_array_mut() {
                Some(volumes) => volumes.push(volume),
                None => spec["volumes"] = json!([volume]),
            }
        }
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("pod-{index}"), "labels": pod.labels}, "spec": spec})
    };
    check::pods(objects).iter().filter(|p| !p.operator).enumerate().map(made).collect()
}

/// The claims of volumes that the controller of a `StatefulSet` would make.
fn as_claims(objects: &[Value]) -> Vec<Value> {
    let sets = objects.iter().filter(|o| o["kind"] == "StatefulSet");
    let templates = sets.filter_map(|o| o.pointer("/spec/volumeClaimTemplates")?.as_array()).flatten();
    let made = |(index, claim): (usize, &Value)| {
        let metadata = json!({"name": format!("volume-{index}")});
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": claim["spec"]})
    };
    templates.enumerate().map(made).collect()
}

/// The policies that a refusal names.
fn policies(said: &str) -> BTreeSet<&str> {
    said.split("table: ").skip(1).filter_map(|s| s.split(':').next()).collect()
}

/// The policies of the table that `check` says these objects break.
fn expected(objects: &[Value], registry: &str) -> BTreeSet<&'static str> {
    let report = kyverno::check(objects, Some(registry));
    report.findings.iter().map(|f| f.rule).filter(|r| TABLE.contains(r)).collect()
}

/// What the cluster says of objects, and of the pods of their workloads; nothing when all are admitted.
fn refused(plane: &Plane, objects: &[Value]) -> Option<String> {
    refused_any(plane, &[objects.to_vec()])
}

/// The same, of several manifests at once.
fn refused_any(plane: &Plane, manifests: &[Vec<Value>]) -> Option<String> {
    let with_pods = |objects: &Vec<Value>| objects.iter().cloned().chain(as_pods(objects)).chain(as_claims(objects)).collect::<Vec<_>>();
    let all: Vec<Value> = manifests.iter().flat_map(with_pods).collect();
    let unplaced: Vec<Value> = all.iter().filter(|o| o.pointer("/metadata/namespace").is_none()).cloned().collect();
    let placed: Vec<Value> = all.iter().filter(|o| o.pointer("/metadata/namespace").is_some()).cloned().collect();
    for (items, namespace) in [(unplaced, "admis"), (placed, "")] {
        if items.is_empty() {
            continue;
        }
        let file = tempfile::NamedTempFile::with_suffix(".json").unwrap();
        std::fs::write(file.path(), json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()).unwrap();
        let path = file.path().display().to_string();
        let mut arguments = vec!["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", &path];
        if !namespace.is_empty() {
            arguments.extend(["--namespace", namespace]);
        }
        let ran = plane.kubectl(&arguments);
        if !ran.ok {
            return Some(ran.err);
        }
    }
    None
}

/// The rules of `check` over objects that do not pass.
fn found(objects: &[Value], registry: &str) -> BTreeSet<&'static str> {
    let scene = Scene {
        objects,
        pods: &check::pods(objects),
        registry: Some(registry),
        file: &|_| "manifest",
        charts: true,
        production: &|_| true,
        unit: &|_| "",
        answers: None,
        alone: false,
    };
    let judges = DOMAINS.iter().flat_map(|d| [d.objects, d.whole]).flatten();
    judges.flat_map(|judge| judge(&scene).findings).map(|f| f.rule).collect()
}

/// Every manifest of a project, its objects, and whether its chart is one of ours.
fn units(case: &Case) -> Vec<(String, Vec<Value>, bool)> {
    let mut units = Vec::new();
    for (path, key) in &case.charts {
        let id = path.rsplit('/').next().unwrap().trim_start_matches("infra-");
        for env in case.environments() {
            let rendered = &corpus().rendered[&(key.clone(), env.clone())];
            units.push((format!("{path} {env}"), rendered.objects.clone(), ["backend", "postgres", "qdrant"].contains(&id)));
        }
    }
    let read = |file: PathBuf| (file.display().to_string(), objects(&std::fs::read_to_string(&file).unwrap()), true);
    units.extend(loose(case).into_iter().map(read));
    units.retain(|(_, objects, _)| !objects.is_empty());
    units
}

#[test]
fn the_operators_admit_everything_as_check_says() {
    let cases: Vec<&Case> = corpus().cases.iter().filter(|c| c.answer("version_cnpg") != "newest").collect();
    let registry = registry();
    let registry = registry.as_str();
    assert!(cases.iter().all(|c| c.answer("registre") == registry), "one registry, one set of policies");
    let cluster = shared();
    let plane = &cluster.plane;
    let started = Instant::now();
    let mut distinct: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (_, objects, _) in cases.iter().flat_map(|c| units(c)) {
        distinct.insert(Value::from(objects.clone()).to_string(), objects);
    }
    // Together what must pass, since each request of kubectl costs more than what it asks; one by one what check refuses.
    let (refusable, passing): (Vec<_>, Vec<_>) = distinct.into_iter().partition(|(_, objects)| !expected(objects, registry).is_empty());
    let mut groups: Vec<Vec<(String, Vec<Value>)>> = passing.chunks(40).map(<[_]>::to_vec).collect();
    groups.extend(refusable.into_iter().map(|one| vec![one]));
    let judged = in_parallel(&groups, |group| {
        let together: Vec<Vec<Value>> = group.iter().map(|(_, objects)| objects.clone()).collect();
        match refused_any(plane, &together) {
            None => group.iter().map(|(key, _)| (key.clone(), None)).collect::<Vec<_>>(),
            Some(said) if group.len() == 1 => vec![(group[0].0.clone(), Some(said))],
            Some(_) => group.iter().map(|(key, objects)| (key.clone(), refused(plane, objects))).collect(),
        }
    });
    let verdicts: BTreeMap<String, Option<String>> = judged.into_iter().flatten().collect();
    let mut failures = BTreeSet::new();
    let mut catalogue = 0;
    for case in &cases {
        let (mut admitted, mut refusals) = (0, 0);
        let units = units(case);
        for (unit, objects, own) in &units {
            let expected = expected(objects, registry);
            let verdict = &verdicts[&Value::from(objects.clone()).to_string()];
            // Each object's refusal names the first policy that it breaks: those named are among what check finds.
            let said = verdict.as_deref().map(policies).unwrap_or_default();
            match verdict {
                None => admitted += 1,
                Some(_) => refusals += 1,
            }
            if *own && verdict.is_some() || verdict.is_some() == expected.is_empty() || !said.is_subset(&expected) {
                failures.insert(format!("{unit}: check finds {expected:?}, the cluster: {verdict:?}"));
            }
        }
        // A chart of the catalogue that the platform refuses counts as well judged: `check` said so before.
        catalogue += refusals;
        note(case, Step::Admitted, admitted + refusals, units.len());
    }
    eprintln!("admitted: {} sets of answers; {catalogue} charts of the catalogue refused, as check says", cases.len());
    gate("admission (CloudNativePG 1.28, table of the platform, quota, pod security; distinct manifests)", verdicts.len(), started);
    print_when_complete();
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.into_iter().collect::<Vec<_>>().join("\n"));
}

/// A mistake: the kind it is made in, what is changed, a word of the engine's refusal, the rule of `check` that sees it (none: it
/// is not in a repository).
type Mistake = (&'static str, fn(&mut Value), &'static str, &'static str);

/// Mistakes in the back end's objects.
const BACKEND: &[Mistake] = &[
    ("Deployment", |o| o["spec"]["template"]["metadata"]["labels"]["tier"] = json!(""), "table: check-labels", "check-labels"),
    (
        "Deployment",
        |o| o["spec"]["template"]["spec"]["containers"][0]["image"] = json!("docker.io/a/b:latest"),
        "table: disallow-latest",
        "disallow-latest",
    ),
    (
        "Deployment",
        |o| o["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.k8s.io/a:1"),
        "table: restrict-image-registry",
        "restrict-image-registry",
    ),
    (
        "Deployment",
        |o| o["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({}),
        "table: need-containers-ressources",
        "need-containers-ressources",
    ),
    (
        "Deployment",
        |o| {
            let container = o["spec"]["template"]["spec"]["containers"][0].as_object_mut().unwrap();
            container.retain(|key, _| !key.ends_with("Probe"));
        },
        "table: need-liveness-readiness",
        "need-liveness-readiness",
    ),
    ("ConfigMap", |o| o["data"]["db_password"] = json!("x"), "table: cm-no-credentials", "cm-no-credentials"),
    ("Service", |o| o["spec"]["type"] = json!("NodePort"), "table: restrict-nodeport", "restrict-nodeport"),
    // The size of a quota is its environment's: no repository tells it, so no rule of `check` can.
    (
        "Deployment",
        |o| {
            o["spec"]["template"]["spec"]["containers"][0]["resources"] =
                json!({"requests": {"cpu": "100", "memory": "1Gi"}, "limits": {"cpu": "100", "memory": "1Gi"}});
        },
        "exceeded quota",
        "",
    ),
    (
        "Deployment",
        |o| o["spec"]["template"]["spec"]["volumes"][0] = json!({"name": "tmp", "hostPath": {"path": "/tmp"}}),
        "PodSecurity",
        "disallow-hostpath",
    ),
    ("Deployment", |o| o["spec"]["template"]["spec"]["hostNetwork"] = json!(true), "PodSecurity", "no-privilege"),
    ("Deployment", |o| o["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = json!(true), "PodSecurity", "no-privilege"),
    ("Deployment", |o| o["spec"]["selector"]["matchLabels"]["app"] = json!("autre"), "does not match template", "workload-selector"),
    ("Service", |o| o["spec"]["ports"][0]["targetPort"] = json!("port-inconnu-et-trop-long"), "must be no more than 15", "service-ports"),
];

/// Mistakes in the database's.
const DATABASE: &[Mistake] = &[
    ("Cluster", |o| o["metadata"]["name"] = json!("a".repeat(51)), "maximum length of a cluster name", "names"),
    (
        "Cluster",
        |o| {
            o["spec"].as_object_mut().unwrap().remove("imageCatalogRef");
            o["spec"]["imageName"] = json!("ghcr.io/cloudnative-pg/postgresql:latest");
        },
        "Can't use 'latest' as image tag",
        "cnpg-image",
    ),
    ("ScheduledBackup", |o| o["spec"]["schedule"] = json!("chaque nuit"), "spec.schedule", "cnpg-schedule-fields"),
];

#[test]
fn what_an_operator_refuses_check_refuses_before() {
    let case = &corpus().cases[0];
    let registry = registry();
    let env = case.environments().pop().unwrap();
    let of = |id: &str| {
        let key = case.charts.iter().find(|(path, _)| path.ends_with(id)).unwrap().1;
        corpus().rendered[&(key.clone(), env.clone())].objects.clone()
    };
    let cluster = shared();
    let plane = &cluster.plane;
    let started = Instant::now();
    let mut failures = Vec::new();
    for (good, mistakes) in [(of("backend"), BACKEND), (of("postgres"), DATABASE)] {
        assert_eq!(refused(plane, &good), None, "the good sample is refused");
        for (index, (kind, change, engine, rule)) in mistakes.iter().enumerate() {
            let mut bad = good.clone();
            change(bad.iter_mut().find(|o| o["kind"] == *kind).unwrap_or_else(|| panic!("no {kind}")));
            let said = refused(plane, &bad).unwrap_or_default();
            let found: Vec<_> = found(&bad, &registry).difference(&found(&good, &registry)).copied().collect();
            if !said.contains(engine) || !rule.is_empty() && !found.contains(rule) {
                failures.push(format!("{kind} {index}: the cluster says {said:?} ({engine} expected), check {found:?} ({rule} expected)"));
            }
        }
    }
    gate("mistakes refused at admission, and by check before", BACKEND.len() + DATABASE.len(), started);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
