//! Stand-ins of the workstation (identity, storage, language models, reference data) that an environment would name or reach: whoever holds
//! the stand-in of an identity provider is anyone.

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Deduced;
use crate::check::repository::Input::Manifests;
use crate::check::rules::Scene;
use crate::check::{Report, cite, items, kind, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[Rule::error(
    "stand-in-in-values",
    Manifests,
    Deduced,
    ("environnement qui nomme une doublure du poste de développement", "environment that names a stand-in of the workstation"),
    ("donnez l’adresse du service réel de cet environnement", "give the address of this environment's real service"),
)
.because((
    "EXI-ARCH-11 : les usagers s’identifient par un fournisseur reconnu. Les doublures de « make dev » acceptent n’importe qui, sans mot de passe.",
    "EXI-ARCH-11: users identify through a recognised provider. The stand-ins of “make dev” accept anyone, without a password.",
))];

/// Variables that name a service which never stands in the pod itself.
const OUTSIDE: [&str; 3] = ["OIDC_ISSUER_URL", "OPENAI_BASE_URL", "S3_ENDPOINT_URL"];
/// Lists of reference data: addresses inside a JSON object.
const LISTS: &str = "REFERENTIELS";
/// Settings of the stand-ins alone.
const PREFIXES: [&str; 2] = ["DOUBLURE_", "PORTAIL_"];
/// Images of stand-ins: they keep no secret and authenticate no one.
const IMAGES: [&str; 4] = ["motoserver/moto", "navikt/mock-oauth2-server", "localstack/localstack", "soluto/oidc-server-mock"];

/// Checks what each environment of a project of ours, and each production, gives to its containers.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let judged = |index: usize| scene.answers.is_some() || (scene.production)(index);
    for pod in scene.pods.iter().filter(|pod| judged(pod.index)) {
        for container in pod.containers() {
            let image = text(container.value, "/image");
            let known = IMAGES.iter().find(|known| image.contains(**known));
            report.see_at("stand-in-in-values", &pod.cite(container), &pod.place(container, "/image"), known.map(|_| image.to_owned()));
            for (index, variable) in items(container.value, "/env").enumerate() {
                let problem = named(text(variable, "/name"), text(variable, "/value"));
                report.see_at("stand-in-in-values", &pod.cite(container), &pod.place(container, &format!("/env/{index}/value")), problem);
            }
        }
    }
    for (_, map) in scene.objects.iter().enumerate().filter(|(index, object)| kind(object) == "ConfigMap" && judged(*index)) {
        for (key, value) in map.get("data").and_then(Value::as_object).into_iter().flatten() {
            let at = format!("/data/{}", crate::check::escaped(key));
            report.see_at("stand-in-in-values", &cite(map), &at, named(key, value.as_str().unwrap_or_default()));
        }
    }
    report
}

/// What a variable says of a stand-in.
fn named(variable: &str, value: &str) -> Option<Text> {
    if PREFIXES.iter().any(|prefix| variable.starts_with(prefix)) {
        return Some(text!("{variable} : réglage d’une doublure", "{variable}: setting of a stand-in"));
    }
    let host = if variable == LISTS {
        value.split("://").skip(1).map(host).find(|host| here(host))
    } else {
        OUTSIDE.contains(&variable).then(|| host(value.split_once("://").map_or(value, |(_, rest)| rest))).filter(|host| here(host))
    };
    host.map(|host| text!("{variable} désigne ce poste ({host})", "{variable} names this machine ({host})"))
}

/// Host of an address without its scheme.
fn host(address: &str) -> &str {
    let host = address.split(['/', '?', '"']).next().unwrap_or_default();
    host.strip_prefix('[').map_or_else(|| host.split(':').next().unwrap_or_default(), |v6| v6.split(']').next().unwrap_or_default())
}

/// Whether a host is the machine itself.
fn here(host: &str) -> bool {
    let named = host == "localhost" || host.ends_with(".localhost") || host == "host.docker.internal" || host == "0.0.0.0";
    named || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
