//! What Cloud π Native's console sets up, and manifests have to name as it is: the project's engine of the vault, the way in, and
//! the secret that pulls images (documentation of the platform, « Gestion des secrets » and « Registre d'images »).

use serde_json::Value;

use crate::check::rules::Scene;
use crate::check::{Report, cite, items, kind, name, text};
use crate::text;
use crate::text::Text;

/// Checks a project whose answers say that this platform runs it.
pub(super) fn check(report: &mut Report, scene: &Scene<'_>) {
    let answer = |key: &str| scene.answers.and_then(|a| a.get(key)).and_then(Value::as_str);
    if answer("hebergement") != Some("cloud-pi-native") {
        return;
    }
    let slug = answer("slug").unwrap_or_default();
    for object in scene.objects.iter().filter(|o| kind(o) == "VaultStaticSecret") {
        for (field, expected) in [("/spec/mount", slug), ("/spec/vaultAuthRef", "vault-auth")] {
            let given = text(object, field);
            let key = field.rsplit('/').next().unwrap_or_default();
            let problem = (given != expected && !expected.is_empty())
                .then(|| text!("{key} : {given:?}, la console a créé {expected:?}", "{key}: {given:?}, the console made {expected:?}"));
            report.see_at("vault-console", &cite(object), field, problem);
        }
    }
    let Some(host) = scene.registry.and_then(|r| r.split('/').next()) else { return };
    for pod in scene.pods.iter().filter(|pod| !pod.operator) {
        let own = format!("{host}/");
        if !pod.containers().any(|c| text(c.value, "/image").starts_with(&own)) {
            continue;
        }
        let account = scene.objects.iter().find(|o| kind(o) == "ServiceAccount" && name(o) == text(&pod.spec, "/serviceAccountName"));
        let some = items(&pod.spec, "/imagePullSecrets").next().is_some() || account.is_some_and(|a| items(a, "/imagePullSecrets").next().is_some());
        let problem = (!some).then(|| Text::new("imagePullSecrets absent", "no imagePullSecrets"));
        report.see_at("image-pull-secret", &pod.owner, &pod.field("/spec"), problem);
    }
}
