//! Names and label values within what the API server and the operators take.

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Deduced;
use crate::check::repository::Input::Manifests;
use crate::check::{Report, cite, items, kind, labels, name, pods, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "names",
        Manifests,
        Deduced,
        ("nom que Kubernetes ou l’opérateur refuse", "name that Kubernetes or the operator refuses"),
        ("raccourcissez-le ; a-z, 0-9 et -", "shorten it; a-z, 0-9 and -"),
    )
    .because((
        "un nom trop long ou mal formé est refusé à la création, ou par l’opérateur qui y ajoute un suffixe (Kubernetes, « Object Names and IDs »)",
        "A name that is too long or badly formed is refused at creation, or by the operator that appends to it (Kubernetes, “Object Names and IDs”)",
    ))
    .equals(&["kube-linter:invalid-target-ports"]),
    Rule::error(
        "label-values",
        Manifests,
        Deduced,
        ("valeur d’étiquette invalide", "invalid label value"),
        ("63 caractères au plus : lettres, chiffres, -, _ et .", "63 characters at most: letters, digits, -, _ and ."),
    )
    .because((
        "l’API Kubernetes refuse l’objet entier (Kubernetes, « Labels and Selectors »)",
        "The Kubernetes API refuses the whole object (Kubernetes, “Labels and Selectors”)",
    ))
    .equals(&["kube-score:label-values"]),
];

/// Longest name of each kind whose controller appends to it: pods of a `CronJob` get 11 characters more (Kubernetes,
/// `pkg/apis/batch/validation`), those of a CloudNativePG `Cluster` up to 13 (`internal/webhook/v1/cluster_webhook.go`).
fn longest(object: &Value) -> usize {
    match kind(object) {
        "CronJob" => 52,
        "Cluster" if text(object, "/apiVersion").starts_with("postgresql.cnpg.io/") => 50,
        _ => 63,
    }
}

/// Checks the names of objects, containers and ports, and every label.
#[must_use]
pub fn check(objects: &[Value]) -> Report {
    let mut report = Report::default();
    for object in objects {
        let cited = cite(object);
        let max = longest(object);
        // A Service and a Cluster are one label of DNS, the pods of a StatefulSet are named after it. A Deployment, a Job and a
        // CronJob may hold dots (`NameIsDNSSubdomain` in Kubernetes' `pkg/apis/apps/validation` and `pkg/apis/batch/validation`).
        let dots = !matches!(kind(object), "Service" | "Cluster" | "StatefulSet");
        let generated = text(object, "/metadata/generateName");
        // Configuration of a tool (kind, skaffold…) is no object of the API: it has no metadata.
        if object.get("metadata").is_some() || api(text(object, "/apiVersion")) {
            let named = if name(object).is_empty() { generated.trim_end_matches(['-', '.']) } else { name(object) };
            report.see_at("names", &cited, "/metadata/name", dns(named, max, dots));
        }
        on_labels(&mut report, &cited, object, "/metadata/labels");
        if kind(object) == "ApplicationSet" {
            // Its template is one of Argo CD, whose variables are not values yet.
            continue;
        }
        for pointer in ["/spec/template/metadata/labels", "/spec/jobTemplate/spec/template/metadata/labels", "/spec/inheritedMetadata/labels"] {
            on_labels(&mut report, &cited, object, pointer);
        }
    }
    for pod in pods(objects) {
        for container in pod.containers() {
            let cited = pod.cite(container);
            report.see_at("names", &cited, &pod.place(container, "/name"), dns(text(container.value, "/name"), 63, false));
            for (index, port) in items(container.value, "/ports").enumerate() {
                let port = text(port, "/name");
                let wrong = port.len() > 15 || (!port.is_empty() && dns(port, 15, false).is_some());
                let problem = wrong.then(|| {
                    text!(
                        "nom de port {port:?} : 15 caractères au plus, de a à z, de 0 à 9 et -",
                        "port name {port:?}: 15 characters at most, a to z, 0 to 9 and -"
                    )
                });
                report.see_at("names", &cited, &pod.place(container, &format!("/ports/{index}/name")), problem);
            }
        }
    }
    report
}

/// Whether a version is one of the API server's own groups, or of the operators that the rules know.
fn api(version: &str) -> bool {
    let group = version.split_once('/').map_or("", |(group, _)| group);
    matches!(group, "" | "apps" | "batch" | "policy" | "autoscaling" | "argoproj.io")
        || (group.ends_with(".k8s.io") && !group.ends_with(".x-k8s.io") && !group.ends_with("config.k8s.io"))
        || group.ends_with(".cnpg.io")
}

fn dns(name: &str, max: usize, dots: bool) -> Option<Text> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || (dots && c == '.');
    let edges = name.starts_with(['-', '.']) || name.ends_with(['-', '.']);
    if name.is_empty() {
        Some(Text::new("aucun nom", "no name"))
    } else if name.len() > max {
        let length = name.len();
        Some(text!("{name:?} a {length} caractères, {max} au plus", "{name:?} has {length} characters, {max} at most"))
    } else if edges || !name.chars().all(allowed) {
        Some(text!("{name:?} n’est pas un nom DNS", "{name:?} is not a DNS name"))
    } else {
        None
    }
}

fn on_labels(report: &mut Report, cited: &str, object: &Value, pointer: &str) {
    for (key, value) in labels(object, pointer) {
        let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
        let right = value.len() <= 63 && value.chars().all(inside) && edge(value.chars().next()) && edge(value.chars().last());
        let at = format!("{pointer}/{}", crate::check::escaped(&key));
        report.see_at("label-values", cited, &at, (!right).then(|| format!("{key}: {value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;

    fn found(object: &Value) -> Vec<&'static str> {
        check(std::slice::from_ref(object)).findings.into_iter().map(|f| f.rule).collect()
    }

    fn of(kind: &str, name: &str) -> Value {
        json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": kind, "metadata": {"name": name, "labels": {"app": "demo"}}})
    }

    #[test]
    fn each_kind_has_its_limit() {
        for (kind, max) in [("Service", 63), ("CronJob", 52), ("Cluster", 50)] {
            assert_eq!(found(&of(kind, &"a".repeat(max))), [""; 0], "{kind}");
            assert_eq!(found(&of(kind, &"a".repeat(max + 1))), ["names"], "{kind}");
        }
    }

    #[test]
    fn what_is_not_a_dns_name_is_refused() {
        for wrong in ["", "Demo", "demo_x", "-demo", "demo-", "dé", "a.b"] {
            assert_eq!(found(&of("Service", wrong)), ["names"], "{wrong:?}");
        }
        assert_eq!(found(&of("Secret", "a.b")), [""; 0]);
    }

    #[test]
    fn containers_ports_and_labels_are_named_too() {
        let pod = |container: &str, port: &str, label: &str| {
            json!({"kind": "Deployment", "metadata": {"name": "d"}, "spec": {"template": {"metadata": {"labels": {"app": label}},
                "spec": {"containers": [{"name": container, "ports": [{"name": port, "containerPort": 1}]}]}}}})
        };
        assert_eq!(found(&pod("c", "http", "demo")), [""; 0]);
        assert_eq!(found(&pod("C", "http", "demo")), ["names"]);
        assert_eq!(found(&pod("c", "a-port-name-too-long", "demo")), ["names"]);
        assert_eq!(found(&pod("c", "http", "a b")), ["label-values"]);
        assert_eq!(found(&pod("c", "http", &"a".repeat(64))), ["label-values"]);
    }
}
