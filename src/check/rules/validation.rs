//! What the API server refuses beyond types and required fields: a probe without a handler, a reference without a name, a peer
//! that is nothing, a rule without verbs. Schemas do not say it: `pkg/apis/{core,batch,networking,rbac,autoscaling}/validation`
//! of Kubernetes 1.34 does.

mod pods;
pub(super) mod schedule;

use serde_json::Value;

use super::Scene;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Platform;
use crate::check::repository::Input::Manifests;
use crate::check::{Report, cite, escaped, items, kind, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[Rule::error(
    "api-validation",
    Manifests,
    Platform,
    ("objet que l'API de Kubernetes refuse", "object that the Kubernetes API refuses"),
    ("complétez le champ, ou retirez ce qui l'entoure", "complete the field, or remove what surrounds it"),
)
.because((
    "Les schémas ne disent pas tout : l'API refuse une sonde sans moyen, une référence sans nom, un vis-à-vis réseau vide, un droit sans verbe. \
     Argo CD arrête alors toute la synchronisation.",
    "Schemas do not say everything: the API refuses a probe without a handler, a reference without a name, an empty network peer, a right \
     without a verb. Argo CD then stops the whole synchronisation.",
))];

/// What is refused: where, and why.
pub(super) type Refused = Vec<(String, Text)>;

/// Checks each object.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for pod in scene.pods.iter().filter(|pod| !pod.operator) {
        see(&mut report, &pod.owner, pods::refused(pod));
    }
    for object in scene.objects {
        let judge = match kind(object) {
            "CronJob" => schedule::refused,
            "NetworkPolicy" => peers,
            "Role" | "ClusterRole" => rights,
            "RoleBinding" | "ClusterRoleBinding" => bound,
            "HorizontalPodAutoscaler" => metrics,
            "Namespace" => levels,
            _ => continue,
        };
        see(&mut report, &cite(object), judge(object));
    }
    report
}

fn see(report: &mut Report, cited: &str, refused: Refused) {
    if refused.is_empty() {
        report.see("api-validation", cited, None::<Text>);
    }
    for (field, problem) in refused {
        report.see_at("api-validation", cited, &field, Some(problem));
    }
}

/// A value that a template of another tool writes is not known.
pub(super) fn written(value: &str) -> bool {
    !value.contains("${") && !value.contains("{{") && !value.contains("$(")
}

fn peers(object: &Value) -> Refused {
    let mut refused = Refused::new();
    for (side, list) in [("ingress", "from"), ("egress", "to")] {
        for (rule, entry) in items(object, &format!("/spec/{side}")).enumerate() {
            for (index, peer) in items(entry, &format!("/{list}")).enumerate() {
                let at = format!("/spec/{side}/{rule}/{list}/{index}");
                if ["podSelector", "namespaceSelector", "ipBlock"].iter().all(|key| peer.get(*key).is_none_or(Value::is_null)) {
                    refused.push((at.clone(), Text::new("vis-à-vis vide", "empty peer")));
                }
                let cidrs = peer.pointer("/ipBlock/cidr").into_iter().chain(items(peer, "/ipBlock/except"));
                for cidr in cidrs.filter_map(Value::as_str).filter(|cidr| written(cidr) && !is_cidr(cidr)) {
                    refused.push((format!("{at}/ipBlock"), text!("plage d'adresses fausse : {cidr}", "wrong range of addresses: {cidr}")));
                }
            }
        }
    }
    refused
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match address.parse() {
        Ok(std::net::IpAddr::V4(_)) => 32,
        Ok(std::net::IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length <= most)
}

/// `validation.ValidatePolicyRule`.
fn rights(object: &Value) -> Refused {
    let mut refused = Refused::new();
    for (index, rule) in items(object, "/rules").enumerate() {
        let some = |field: &str| items(rule, field).next().is_some();
        let paths = some("/nonResourceURLs");
        let missing: Vec<&str> =
            ["verbs", "apiGroups", "resources"].into_iter().filter(|field| !some(&format!("/{field}")) && (!paths || *field == "verbs")).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            refused.push((format!("/rules/{index}"), text!("droit sans {missing}", "right without {missing}")));
        }
    }
    refused
}

/// `validation.ValidateRoleBinding`, `ValidateClusterRoleBinding`.
fn bound(object: &Value) -> Refused {
    let mut refused = Refused::new();
    let group = text(object, "/roleRef/apiGroup");
    // An absent group takes the default one.
    if !matches!(group, "" | "rbac.authorization.k8s.io") && written(group) {
        refused.push(("/roleRef/apiGroup".to_owned(), Text::same(format!("roleRef.apiGroup: {group:?}"))));
    }
    let of = text(object, "/roleRef/kind");
    let known = of == "ClusterRole" || (of == "Role" && kind(object) == "RoleBinding");
    if !known && written(of) {
        refused.push(("/roleRef/kind".to_owned(), Text::same(format!("roleRef.kind: {of:?}"))));
    }
    refused
}

/// `autoscaling/validation.validateMetricSpec`.
fn metrics(object: &Value) -> Refused {
    let mut refused = Refused::new();
    if !text(object, "/apiVersion").starts_with("autoscaling/v2") {
        return refused;
    }
    for (index, metric) in items(object, "/spec/metrics").enumerate() {
        let at = format!("/spec/metrics/{index}");
        let source = match text(metric, "/type") {
            "Resource" => "resource",
            "ContainerResource" => "containerResource",
            "Pods" => "pods",
            "Object" => "object",
            "External" => "external",
            // A missing or unknown type is told by the fields of the API.
            _ => continue,
        };
        let Some(read) = metric.get(source).filter(|s| s.is_object()) else {
            refused.push((at, text!("mesure sans {source}", "metric without {source}")));
            continue;
        };
        let needed = match text(read, "/target/type") {
            "Utilization" => "averageUtilization",
            "AverageValue" => "averageValue",
            "Value" => "value",
            _ => continue,
        };
        if read.pointer("/target").is_some_and(|target| target.get(needed).is_none_or(Value::is_null))
            && text(object, "/apiVersion") == "autoscaling/v2"
        {
            refused.push((format!("{at}/{source}/target"), text!("cible sans {needed}", "target without {needed}")));
        }
    }
    refused
}

/// Levels of Pod Security: an admission plugin refuses a namespace with another one.
fn levels(object: &Value) -> Refused {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    let level = |key: &str| ["enforce", "audit", "warn"].iter().any(|mode| key.strip_prefix("pod-security.kubernetes.io/") == Some(*mode));
    let wrong = labels
        .into_iter()
        .flatten()
        .filter(|(key, value)| level(key) && value.as_str().is_some_and(|v| written(v) && !matches!(v, "privileged" | "baseline" | "restricted")));
    wrong.map(|(key, value)| (format!("/metadata/labels/{}", escaped(key)), Text::same(format!("{key}: {value}")))).collect()
}
