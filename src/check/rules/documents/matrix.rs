//! The flow matrix against the network policies: what a policy opens towards pods that the matrix names stands in it, and what
//! it announces towards them is opened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::repository::Input::{Documents, Manifests};
use crate::check::rules::Scene;
use crate::check::view::View;
use crate::check::{Pod, Report, items, kind, labels};
use crate::text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[Rule::warning(
    "flow-matrix-policies",
    Manifests,
    Cct,
    ("matrice des flux qui ne dit pas ce que les NetworkPolicy ouvrent", "flow matrix that does not say what NetworkPolicies open"),
    ("changez ensemble la règle et la ligne de la matrice", "change the rule and the line of the matrix together"),
)
.because((
    "EXI-ARCH-14 : la matrice est lue par qui homologue. Comparée aux flux entrants des pods dont elle porte le nom (`entre accents graves`) ; les flux sortants visent souvent des hôtes, qu'une NetworkPolicy ne nomme pas.",
    "EXI-ARCH-14: who homologates reads the matrix. Compared with the incoming flows of the pods that it names (`between backquotes`); outgoing flows often aim at hosts, which a NetworkPolicy does not name.",
))
.proves(&["flow-matrix"])];

/// The ports that policies open towards pods of one name.
#[derive(Debug, Clone)]
pub struct Opened {
    /// What runs the pods.
    pub name: String,
    /// Numbers.
    pub ports: BTreeSet<u64>,
}

/// What is opened towards each pod that a policy bounds. One that opens every port is left out: there is no list to compare.
#[must_use]
pub fn opened(scene: &Scene<'_>) -> Vec<Opened> {
    let policies: Vec<&Value> = scene.objects.iter().filter(|o| kind(o) == "NetworkPolicy").collect();
    let mut all = Vec::new();
    for pod in scene.pods.iter().filter(|pod| !pod.finite()) {
        let over: Vec<&&Value> = policies.iter().filter(|p| pod.carries(&labels(p, "/spec/podSelector/matchLabels"))).collect();
        let rules: Vec<&Value> = over.iter().flat_map(|p| items(p, "/spec/ingress")).collect();
        if over.is_empty() || rules.iter().any(|rule| items(rule, "/ports").next().is_none()) {
            continue;
        }
        let ports = rules.iter().flat_map(|rule| items(rule, "/ports")).filter_map(|port| number(pod, port.get("port")?)).collect();
        all.push(Opened { name: pod.name.clone(), ports });
    }
    all
}

fn number(pod: &Pod, port: &Value) -> Option<u64> {
    port.as_u64().or_else(|| pod.ports.iter().find(|(name, _)| port.as_str() == Some(name)).map(|(_, number)| *number))
}

/// Compares every matrix with what was opened in every environment.
pub fn check(view: &mut View<'_>, opened: &[Opened]) -> Report {
    let mut report = Report::default();
    let mut all: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for one in opened {
        all.entry(&one.name).or_default().extend(&one.ports);
    }
    for path in view.paths(|path| path.ends_with(super::facts::FLOWS)) {
        let Some(content) = view.text(Documents, &path) else { continue };
        let rows = rows(&content);
        for (name, ports) in &all {
            let own: Vec<&Row> = rows.iter().filter(|(_, to, _)| to == name).collect();
            if own.is_empty() {
                continue;
            }
            let told: BTreeSet<u64> = own.iter().flat_map(|(_, _, ports)| ports).copied().collect();
            let untold: Vec<String> = ports.difference(&told).map(u64::to_string).collect();
            let shown = untold.join(", ");
            let problem =
                (!untold.is_empty()).then(|| text!("port {shown} ouvert vers {name}, et absent", "port {shown} opened towards {name}, and missing"));
            report.see_part("flow-matrix-policies", &path, None, name, problem);
            for (line, _, told) in own {
                let closed: Vec<String> = told.difference(ports).map(u64::to_string).collect();
                let shown = closed.join(", ");
                let problem = (!closed.is_empty()).then(|| {
                    text!("port {shown} vers {name} : aucune NetworkPolicy ne l'ouvre", "port {shown} towards {name}: no NetworkPolicy opens it")
                });
                report.see_part("flow-matrix-policies", &path, Some(*line), name, problem);
            }
        }
    }
    report
}

/// Line, destination and ports.
type Row = (usize, String, BTreeSet<u64>);

/// Each row whose destination is one name between backquotes.
fn rows(content: &str) -> Vec<Row> {
    let (mut header, mut found): (Vec<String>, Vec<Row>) = (Vec::new(), Vec::new());
    for (index, line) in content.lines().enumerate() {
        let Some(row) = line.trim().strip_prefix('|') else {
            header.clear();
            continue;
        };
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        if header.is_empty() {
            header = cells.iter().map(|cell| cell.to_lowercase()).collect();
            continue;
        }
        let cell = |name: &str| header.iter().position(|h| h == name).and_then(|i| cells.get(i)).copied().unwrap_or_default();
        let Some(to) = cell("destination").strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) else { continue };
        let mut ports = BTreeSet::new();
        for part in cell("port").split([',', ' ']).filter(|p| !p.is_empty()) {
            let (from, until) = part.split_once('-').unwrap_or((part, part));
            if let (Ok(from), Ok(until)) = (from.parse::<u64>(), until.parse::<u64>()) {
                ports.extend((from..=until).take(100));
            }
        }
        found.push((index + 1, to.to_owned(), ports));
    }
    found
}
