//! Rights on the Kubernetes API: who is bound to what, and who carries a token without need.

mod rows;

use std::collections::BTreeSet;

use serde_json::Value;

use super::Scene;
use crate::check::{Report, cite, items, kind, name, text};
use crate::text;
use crate::text::Text;

pub use rows::RULES;

/// Checks each object alone.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for object in scene.objects {
        let cited = cite(object);
        match kind(object) {
            "Role" | "ClusterRole" => {
                for (index, rule) in items(object, "/rules").enumerate() {
                    let at = format!("/rules/{index}");
                    let stars: Vec<&str> = ["apiGroups", "resources", "verbs"].into_iter().filter(|f| has(rule, f, "*")).collect();
                    let problem = (!stars.is_empty()).then(|| format!("{}: *", stars.join(", ")));
                    report.see_at("rbac-wildcard", &cited, &at, problem);
                    report.see_at("rbac-escalation", &cited, &at, escalates(rule));
                }
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                let role = text(object, "/roleRef/name");
                report.see_at(
                    "cluster-admin-binding",
                    &cited,
                    "/roleRef/name",
                    (role == "cluster-admin").then(|| "roleRef: cluster-admin".to_owned()),
                );
                let default = items(object, "/subjects").any(|s| kind(s) == "ServiceAccount" && text(s, "/name") == "default");
                let problem = default.then(|| text!("le compte default reçoit {role:?}", "account default receives {role:?}"));
                report.see_at("default-account-bound", &cited, "/subjects", problem);
            }
            _ => {}
        }
    }
    report
}

fn has(rule: &Value, field: &str, wanted: &str) -> bool {
    items(rule, &format!("/{field}")).any(|v| v == wanted)
}

/// What a rule lets its holder turn into more rights: <https://kubernetes.io/docs/concepts/security/rbac-good-practices/>.
fn escalates(rule: &Value) -> Option<Text> {
    if let Some(verb) = ["bind", "escalate", "impersonate"].into_iter().find(|v| has(rule, "verbs", v)) {
        return Some(text!("le verbe {verb}", "verb {verb}"));
    }
    let may = |verbs: &[&str]| verbs.iter().any(|v| has(rule, "verbs", v));
    // Names bound the reading of Secrets.
    let named = items(rule, "/resourceNames").next().is_some();
    if has(rule, "resources", "secrets") && may(&["get", "list", "watch"]) && !named {
        return Some(Text::new("lit tous les Secrets", "reads every Secret"));
    }
    if ["pods/exec", "pods/attach", "nodes/proxy"].iter().any(|r| has(rule, "resources", r)) && may(&["create", "get"]) {
        return Some(Text::new("entre dans les pods ou les nœuds", "enters pods or nodes"));
    }
    if has(rule, "resources", "serviceaccounts/token") && may(&["create"]) {
        return Some(Text::new("crée des jetons de compte", "creates account tokens"));
    }
    None
}

/// Checks which accounts are used for nothing.
#[must_use]
pub fn whole(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let bound: BTreeSet<&str> = scene
        .objects
        .iter()
        .filter(|o| matches!(kind(o), "RoleBinding" | "ClusterRoleBinding"))
        .flat_map(|b| items(b, "/subjects"))
        .filter(|s| kind(s) == "ServiceAccount")
        .map(|s| text(s, "/name"))
        .collect();
    for pod in scene.pods.iter().filter(|p| !p.operator) {
        let account = match text(&pod.spec, "/serviceAccountName") {
            "" => "default",
            account => account,
        };
        let own = scene.objects.iter().find(|o| kind(o) == "ServiceAccount" && name(o) == account);
        // Rights may be given elsewhere to an account that is not here.
        let said = pod.spec.get("automountServiceAccountToken").or_else(|| own?.get("automountServiceAccountToken"));
        if bound.contains(account) && account != "default" {
            // A token may also come by a volume, with its own audience and life.
            let projected = items(&pod.spec, "/volumes").any(|v| items(v, "/projected/sources").any(|s| s.get("serviceAccountToken").is_some()));
            let problem = (said.and_then(Value::as_bool) == Some(false) && !projected).then(|| {
                text!("le compte {account} a des droits, son jeton n’est pas monté", "account {account} has rights, its token is not mounted")
            });
            report.see_at("account-token-missing", &pod.owner, &pod.field("/spec"), problem);
        }
        if bound.contains(account) || (own.is_none() && account != "default") {
            continue;
        }
        let problem = (said.and_then(Value::as_bool) != Some(false)).then(|| {
            text!(
                "le jeton du compte {account} est monté, sans aucun droit qui serve",
                "the token of account {account} is mounted, without any right to use"
            )
        });
        report.see_at("service-account-token", &pod.owner, &pod.field("/spec"), problem);
    }
    report
}
