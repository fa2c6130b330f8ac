//! The platform's admission table on what helm rendered, and what no schema sees: the library's own rules (`check`),
//! over all the charts of an environment together. Each rule's bad samples are its unit tests (`src/check`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use mirai_kit::check::judge::is_prod;
use mirai_kit::check::rules::{DOMAINS, Scene, kyverno, names, references, services};
use mirai_kit::check::{self, Report};
use serde_json::Value;

use crate::corpus::{Case, corpus};
use crate::tools::gate;

/// Secrets that exist without a manifest of ours: the pull secret of each namespace (Cloud π Native, chart dso-ns), and
/// those that the project tells its team to make: a document, an outside request or a model of secrets names them.
fn provided(case: &Case, objects: &[Value]) -> BTreeSet<String> {
    let told = case.files.iter().filter(|f| [".md", "demarches.yaml", ".exemple"].iter().any(|end| f.ends_with(end)));
    let told: BTreeSet<String> = told
        .flat_map(|f| {
            let words = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
            case.read(f).split(words).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let mut provided = BTreeSet::from(["registry-pull-secret".to_owned()]);
    for finding in references::check(objects, &provided).of("references") {
        let named = finding.detail.en.strip_prefix("no object here makes Secret \"").and_then(|m| m.split('"').next());
        provided.extend(named.filter(|name| told.contains(*name)).map(str::to_owned));
    }
    provided
}

/// Rules that the catalogue records as out of reach of a service's values, translated to the ids of `check`.
fn recorded(service: &Value) -> BTreeSet<&'static str> {
    let mut rules = BTreeSet::new();
    for unmet in service["unmet"].as_array().into_iter().flatten() {
        match unmet["rule"].as_str().unwrap() {
            "check-labels" | "app" => drop(rules.insert("check-labels")),
            "disallow-latest" => drop(rules.insert("disallow-latest")),
            "need-containers-ressources" => drop(rules.insert("need-containers-ressources")),
            "need-liveness-readiness" => drop(rules.insert("need-liveness-readiness")),
            "restrict-image-registry" => drop(rules.insert("restrict-image-registry")),
            "cm-no-credentials" => drop(rules.insert("cm-no-credentials")),
            "securityContext" => rules.extend(["security-context", "no-privilege"]),
            "test-sans-ressources" => rules.extend(["check-labels", "disallow-latest", "need-containers-ressources", "need-liveness-readiness"]),
            // Not rules of this table: vocabulary, upkeep of images, clear-text secrets in a chart's own objects.
            "component" | "image-maintenue" | "secret-en-clair" => {}
            other => panic!("the catalogue records an unmet rule that this gate does not know: {other}"),
        }
    }
    rules
}

fn catalogue() -> BTreeMap<String, Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/mirai/catalog/onyxia.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let data: Value = mirai_kit::yaml::parse("onyxia.yaml", &text).unwrap();
    data["services"].as_array().unwrap().iter().map(|s| (s["id"].as_str().unwrap().to_owned(), s.clone())).collect()
}

/// Id of the deployable of a chart's path (`infra/backend`, `infra-backend`).
fn deployable(path: &str) -> &str {
    path.rsplit('/').next().unwrap().trim_start_matches("infra-")
}

/// Every object of an environment, by chart. An umbrella repeats the others: it is left to the admission table.
fn environment(case: &Case, environment: &str) -> Vec<(String, Vec<Value>)> {
    case.charts.iter().map(|(path, key)| (path.clone(), corpus().rendered[&(key.clone(), environment.to_owned())].objects.clone())).collect()
}

fn show(counts: &BTreeMap<&'static str, usize>) -> String {
    counts.iter().map(|(rule, n)| format!("{rule} {n}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_platform_admits_every_pod() {
    let started = Instant::now();
    let services = catalogue();
    let mut total = Report::default();
    let mut failures = BTreeSet::new();
    let mut excused = BTreeSet::new();
    for case in &corpus().cases {
        for env in case.environments() {
            for (path, objects) in environment(case, &env) {
                let report = kyverno::check(&objects, Some(case.answer("registre")));
                let umbrella = deployable(&path) == "ensemble";
                let chosen = case.answers["services_onyxia"].as_array().unwrap().iter().filter_map(Value::as_str);
                let allowed: BTreeSet<_> = if umbrella {
                    chosen.flat_map(|id| recorded(&services[id])).collect()
                } else {
                    services.get(deployable(&path)).map(recorded).unwrap_or_default()
                };
                for finding in &report.findings {
                    let line = format!("{path} {}: {}: {}", finding.object, finding.rule, finding.detail.en);
                    if allowed.contains(finding.rule) {
                        excused.insert(line)
                    } else {
                        failures.insert(format!("{} {line}", case.id))
                    };
                }
                total.merge(report);
            }
        }
    }
    let ours: BTreeSet<&String> =
        excused.iter().filter(|l| ["backend", "postgres", "qdrant"].iter().any(|id| deployable(l.split(' ').next().unwrap()) == *id)).collect();
    assert!(ours.is_empty(), "our own charts and the default service have no excuse: {ours:#?}");
    for rule in [
        "check-labels",
        "need-containers-ressources",
        "restrict-image-registry",
        "need-liveness-readiness",
        "limit-size-pvc",
        "cm-no-credentials",
        "restrict-nodeport",
    ] {
        assert!(total.examined.get(rule).is_some_and(|n| *n > 0), "{rule} examined nothing");
    }
    gate(
        &format!("admission table, {} recorded as unmet by catalogue charts ({})", excused.len(), show(&total.examined)),
        total.examined.values().sum(),
        started,
    );
    assert!(failures.is_empty(), "{} findings: {failures:#?}", failures.len());
}

#[test]
fn parts_of_an_application_agree() {
    let started = Instant::now();
    let catalogue = catalogue();
    let mut total = Report::default();
    let mut failures = BTreeSet::new();
    for case in &corpus().cases {
        for env in case.environments() {
            let all: Vec<Value> =
                environment(case, &env).into_iter().filter(|(path, _)| deployable(path) != "ensemble").flat_map(|(_, objects)| objects).collect();
            // Stand-in charts do not list every port of the real ones: their policies' ports prove nothing.
            // So a port that the catalogue gives to a chosen service counts as listened to.
            let chosen: Vec<&Value> = case.answers["services_onyxia"].as_array().unwrap().iter().map(|id| &catalogue[id.as_str().unwrap()]).collect();
            let listed = |port: u64| chosen.iter().any(|s| s["ports"].as_array().is_some_and(|ports| ports.contains(&Value::from(port))));
            let of_service = |f: &check::Finding| {
                let port = f.detail.en.split(' ').nth(2).and_then(|p| p.parse().ok());
                let own = catalogue.keys().any(|id| f.object.ends_with(&format!("-{id}")));
                f.rule == "netpol-ports" && (own || port.is_some_and(listed))
            };
            for report in [names::check(&all), services::check(&all), references::check(&all, &provided(case, &all))] {
                let judged = report.findings.iter().filter(|f| {
                    // The database opens itself to a back end that this project does not have (yet): nothing is cut off.
                    let nobody = f.rule == "netpol-peers" && f.detail.en.starts_with("from ") && case.answer("backend") == "aucun";
                    !nobody && !of_service(f)
                });
                failures.extend(judged.map(|f| format!("{} {env} {}: {}: {}", case.id, f.object, f.rule, f.detail.en)));
                total.merge(report);
            }
        }
    }
    gate(&format!("references ({})", show(&total.examined)), total.examined.values().sum(), started);
    for rule in ["names", "label-values", "service-selector", "service-ports", "references", "workload-selector"] {
        assert!(total.examined.get(rule).is_some_and(|n| *n > 0), "{rule} examined nothing");
    }
    assert!(failures.is_empty(), "{} findings: {failures:#?}", failures.len());
}

/// Every rule over objects, on all the charts of an environment together: our own charts break none of them. What a chart of
/// the catalogue renders is judged by the admission table above, which knows what its values cannot change.
#[test]
fn no_rule_over_objects_speaks_of_our_own_charts() {
    let started = Instant::now();
    let mut total = Report::default();
    let mut failures = BTreeSet::new();
    // Judged by the gates above, with what they excuse; and the choice of native archives, which its own warning recalls.
    let gated = [services::RULES, references::RULES].into_iter().flatten().map(|r| r.id);
    let elsewhere: BTreeSet<&str> = gated.chain(["cnpg-native-backup"]).collect();
    for case in &corpus().cases {
        for env in case.environments() {
            let charts: Vec<_> = environment(case, &env).into_iter().filter(|(path, _)| deployable(path) != "ensemble").collect();
            let units: Vec<&str> = charts.iter().flat_map(|(path, objects)| objects.iter().map(|_| path.as_str())).collect();
            let objects: Vec<Value> = charts.iter().flat_map(|(_, objects)| objects.clone()).collect();
            let of = |index: usize| units[index];
            let scene = Scene {
                objects: &objects,
                pods: &check::pods(&objects),
                registry: Some(case.answer("registre")),
                file: &of,
                charts: true,
                production: &|_| is_prod(&env),
                unit: &|_| "",
                answers: Some(&case.answers),
                alone: false,
            };
            let mut report = Report::default();
            for domain in DOMAINS {
                for judge in [domain.objects, domain.whole].into_iter().flatten() {
                    report.merge(judge(&scene));
                }
            }
            let own: BTreeSet<String> =
                objects.iter().zip(&units).filter(|(_, u)| ["backend", "postgres"].contains(&deployable(u))).map(|(o, _)| check::cite(o)).collect();
            for finding in report.findings.iter().filter(|f| !elsewhere.contains(f.rule)) {
                let cited = finding.object.split(" (").next().unwrap_or_default();
                if own.contains(cited) || finding.rule == "unique-objects" {
                    failures.insert(format!("{} {env} {}: {}: {}", case.id, finding.object, finding.rule, finding.detail.en));
                }
            }
            total.merge(report);
        }
    }
    gate(&format!("rules over objects ({} of them)", total.examined.len()), total.examined.values().sum(), started);
    for rule in
        ["no-privilege", "topology-spread", "disruption-budget", "network-policy-both-ways", "service-monitor", "graceful-stop", "unique-objects"]
    {
        assert!(total.examined.get(rule).is_some_and(|n| *n > 0), "{rule} examined nothing");
    }
    assert!(failures.is_empty(), "{} findings: {failures:#?}", failures.len());
}
