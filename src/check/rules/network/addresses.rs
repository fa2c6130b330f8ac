//! Addresses in the configuration: names of Services, not numbers.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::Value;

use super::Unknown;
use crate::check::rules::Scene;
use crate::check::{Report, cite, helm, items, kind, name, text};
use crate::text;
use crate::text::Text;

/// Ends of the names of variables that hold an address.
const ADDRESSES: [&str; 10] = ["HOST", "HOSTNAME", "URL", "URI", "ADDR", "ADDRESS", "ENDPOINT", "SERVER", "SERVERS", "DSN"];

pub fn check(report: &mut Report, scene: &Scene<'_>) {
    let known = names(scene.objects);
    for pod in scene.pods {
        for container in pod.containers() {
            for (index, variable) in items(container.value, "/env").enumerate() {
                if let Ok(problem) = judged(scene, &known, text(variable, "/name"), text(variable, "/value")) {
                    report.see_at("service-names", &pod.cite(container), &pod.place(container, &format!("/env/{index}/value")), problem);
                }
            }
        }
    }
    for map in scene.objects.iter().filter(|o| kind(o) == "ConfigMap") {
        for (key, value) in map.get("data").and_then(Value::as_object).into_iter().flatten() {
            if let Ok(problem) = judged(scene, &known, key, value.as_str().unwrap_or_default()) {
                report.see_at("service-names", &cite(map), &format!("/data/{}", crate::check::escaped(key)), problem);
            }
        }
    }
}

/// Names that resolve in the namespace: Services, and those that CloudNativePG makes for its clusters and poolers.
fn names(objects: &[Value]) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for object in objects {
        match kind(object) {
            "Service" | "Pooler" => drop(known.insert(name(object).to_owned())),
            "Cluster" => known.extend(["rw", "ro", "r"].map(|end| format!("{}-{end}", name(object)))),
            _ => {}
        }
    }
    known
}

/// What is wrong with the address that a variable holds.
fn judged(scene: &Scene<'_>, known: &BTreeSet<String>, variable: &str, value: &str) -> Result<Option<Text>, Unknown> {
    let host = host(variable, value).ok_or(Unknown)?;
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        // What listens on every interface, and the pod itself, are not another module.
        let own = address.is_loopback() || address.is_unspecified();
        return if own { Err(Unknown) } else { Ok(Some(text!("{variable} désigne l’adresse {host}", "{variable} names the address {host}"))) };
    }
    if let Some((service, rest)) = host.split_once('.') {
        let namespace = rest.split('.').next().unwrap_or_default();
        let inside = rest.split('.').nth(1) == Some("svc");
        if inside && scene.charts && namespace != helm::NAMESPACE {
            // A Service that is not here may well be another project's, or the platform's.
            if !known.contains(service) {
                return Err(Unknown);
            }
            return Ok(Some(text!(
                "{variable} nomme l’espace de noms {namespace:?}, que la console choisit : {service} suffit",
                "{variable} names the namespace {namespace:?}, which the console chooses: {service} is enough"
            )));
        }
        return if inside { Ok(None) } else { Err(Unknown) };
    }
    if host == "localhost" {
        return Err(Unknown);
    }
    let missing = scene.answers.is_some() && !known.contains(host);
    // The module of that name may stand in another repository.
    if missing && scene.alone {
        return Err(Unknown);
    }
    Ok(missing.then(|| text!("{variable} : aucun Service {host:?}", "{variable}: no Service {host:?}")))
}

/// The host of a value that is an address, on one line.
fn host<'a>(variable: &str, value: &'a str) -> Option<&'a str> {
    if value.is_empty() || value.contains(['\n', ' ', ',', '{', '$', '<']) {
        return None;
    }
    let rest = match value.split_once("://") {
        // Followed by a bucket, not by a host.
        Some(("s3" | "gs", _)) => return None,
        Some((_, rest)) => rest,
        None if ADDRESSES.iter().any(|end| variable.to_uppercase().ends_with(end)) => value,
        None => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    let right = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    right.then_some(host)
}
