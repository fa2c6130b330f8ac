//! Secrets in clear, and services of the platform's base that an application brings along.

mod platform;
mod rows;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Scene;
use crate::check::escaped;
use crate::check::{Report, cite, items, kind, text};
use crate::text;
use crate::text::Text;

pub use rows::RULES;

/// What the name of a key says when its value is a credential.
const SENSITIVE: [&str; 11] = ["PASS", "JETON", "MDP", "PWD", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "AUTH", "SALT", "DSN"];

/// Types of Secret whose values are credentials, whatever their key.
const TYPES: [&str; 5] =
    ["kubernetes.io/basic-auth", "kubernetes.io/ssh-auth", "kubernetes.io/tls", "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"];

/// Keys that hold nothing secret, whatever the type.
const PUBLIC: [&str; 4] = ["ca.crt", "tls.crt", "ca-bundle.crt", "username"];

/// Ends of the names of variables that hold a credential.
const CREDENTIALS: [&str; 12] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "SECRET_KEY",
    "API_KEY",
    "APIKEY",
    "TOKEN",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "CREDENTIALS",
    "SECRETKEY",
];

/// Checks each object alone.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    platform::check(&mut report, scene);
    for object in scene.objects {
        let cited = cite(object);
        match kind(object) {
            "Secret" => clear(&mut report, &cited, object, ""),
            "SopsSecret" => sops(&mut report, &cited, object),
            // What comes from a vault, or is sealed, is not in the repository.
            "VaultStaticSecret" | "VaultDynamicSecret" | "ExternalSecret" | "SealedSecret" => {
                report.see("no-inline-secret", &cited, None::<Text>);
            }
            "ConfigMap" => {
                for (key, value) in object.get("data").and_then(Value::as_object).into_iter().flatten() {
                    let problem = value.as_str().and_then(|v| url(key, v));
                    report.see_at("url-credentials", &cited, &format!("/data/{}", escaped(key)), problem);
                }
            }
            _ => {}
        }
    }
    for pod in scene.pods {
        for container in pod.containers() {
            let cited = pod.cite(container);
            for (index, variable) in items(container.value, "/env").enumerate() {
                let (name, value) = (text(variable, "/name"), text(variable, "/value"));
                let at = pod.place(container, &format!("/env/{index}/value"));
                report.see_at("env-credential", &cited, &at, credential(name, value));
                report.see_at("url-credentials", &cited, &at, url(name, value));
            }
            if (scene.production)(pod.index) {
                let image = text(container.value, "/image");
                let at = pod.place(container, "/image");
                let problem = base(image).map(|(fr, en)| text!("{image} : {fr}", "{image}: {en}"));
                report.see_at("no-bundled-base-service", &cited, &at, problem);
            }
        }
    }
    report
}

/// Values of a Secret that are written as they are.
fn clear(report: &mut Report, cited: &str, object: &Value, below: &str) {
    for (side, encoded) in [("data", true), ("stringData", false)] {
        for (key, value) in object.get(side).and_then(Value::as_object).into_iter().flatten() {
            let Some(value) = value.as_str() else { continue };
            let read = if encoded { decoded(value) } else { value.to_owned() };
            let wanted = TYPES.contains(&text(object, "/type")) || sensitive(key, &read);
            if PUBLIC.contains(&key.as_str()) || !wanted || placeholder(&read) || value.starts_with("ENC[") {
                report.see("no-inline-secret", cited, None::<Text>);
                continue;
            }
            let problem = text!("{side}.{key} est en clair", "{side}.{key} is in clear");
            report.see_at("no-inline-secret", cited, &format!("{below}/{side}/{}", escaped(key)), Some(problem));
        }
    }
}

/// A `SopsSecret` that was not encrypted is a Secret in clear.
fn sops(report: &mut Report, cited: &str, object: &Value) {
    let sealed = object.get("sops").is_some_and(Value::is_object);
    for (index, template) in items(object, "/spec/secretTemplates").enumerate() {
        if sealed {
            report.see("no-inline-secret", cited, None::<Text>);
        } else {
            clear(report, cited, template, &format!("/spec/secretTemplates/{index}"));
        }
    }
}

/// Whether a value is a credential, by its key or, in a file of several lines, by what it assigns. A Secret may also hold
/// plain configuration.
fn sensitive(key: &str, value: &str) -> bool {
    if value.contains("PRIVATE KEY-----") {
        return true;
    }
    let says = |name: &str| SENSITIVE.iter().any(|word| name.to_uppercase().contains(word));
    if !value.trim().contains('\n') {
        return says(key);
    }
    value.lines().filter_map(|line| line.split_once([':', '='])).any(|(name, rest)| {
        let rest = rest.trim().trim_matches(['"', '\'']);
        says(name) && !name.trim_start().starts_with('#') && !rest.contains(' ') && !rest.starts_with('/') && !placeholder(rest)
    })
}

/// What base64 hides; the text itself when it is not base64.
fn decoded(value: &str) -> String {
    let bytes = STANDARD.decode(value.trim()).ok();
    bytes.and_then(|b| String::from_utf8(b).ok()).unwrap_or_else(|| value.to_owned())
}

/// What stands for a value to come, or for none.
fn placeholder(value: &str) -> bool {
    let value = value.trim().to_lowercase();
    let marks = [
        "a-completer",
        "à compléter",
        "changeme",
        "change-me",
        "change_me",
        "replace",
        "todo",
        "your-",
        "your_",
        "example",
        "exemple",
        "xxx",
        "dummy",
        "placeholder",
    ];
    value.len() < 2 || value.starts_with(['<', '$', '{', '%']) || marks.iter().any(|m| value.contains(m)) || !value.contains(char::is_alphanumeric)
}

/// A variable whose name says credential, and whose value is one.
fn credential(name: &str, value: &str) -> Option<String> {
    let upper = name.to_uppercase();
    // etcd's only tells clusters apart.
    let named = CREDENTIALS.iter().any(|end| upper.ends_with(end)) && !upper.ends_with("CLUSTER_TOKEN");
    let plain = value.parse::<f64>().is_ok() || matches!(value, "true" | "false" | "none" | "null");
    // A path, a reference to another variable or to an address is no credential.
    let other = value.starts_with('/') || value.contains("://") || value.contains("$(") || plain;
    (named && !other && !placeholder(value)).then(|| name.to_owned())
}

/// A password inside an address.
fn url(name: &str, value: &str) -> Option<String> {
    if value.contains('\n') {
        return None;
    }
    let (_, rest) = value.split_once("://")?;
    let (user, host) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    // An address that leads nowhere yet gives nothing away.
    let nowhere = ["localhost", "127.0.0.1"].iter().any(|h| host.starts_with(h)) || host.to_lowercase().replace(['-', '_'], "").contains("changeme");
    (!nowhere && !password.is_empty() && !placeholder(password)).then(|| name.to_owned())
}

/// Images of services that the platform's base provides, by the last word of their name.
const BASE: [(&[&str], &str, &str); 6] = [
    (&["keycloak"], "fournisseur d’identité", "identity provider"),
    (&["vault", "openbao"], "coffre", "vault"),
    (&["prometheus", "alertmanager", "grafana", "loki", "kube-state-metrics"], "supervision", "monitoring"),
    (&["harbor-core", "harbor-registry", "registry", "registry-photon"], "registre d’images", "image registry"),
    (&["sonarqube"], "qualité du code", "code quality"),
    (&["argocd", "gitlab-ce", "gitlab-ee", "nexus3"], "chaîne de production", "production chain"),
];

fn base(image: &str) -> Option<(&str, &str)> {
    let name = image.rsplit('/').next()?.split(['@', ':']).next()?;
    BASE.iter().find(|(names, ..)| names.contains(&name)).map(|(_, fr, en)| (*fr, *en))
}
