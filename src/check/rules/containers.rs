//! One pod, one container at a time: rights, file system, ports, probes, quantities, and what the API server refuses
//! although it has the right form.

mod probes;
mod rows;

use std::collections::BTreeSet;

use serde_json::Value;

use super::Scene;
use crate::check::pods::Container;
use crate::check::{Pod, Report, cite, items, kind, quantity, text};
use crate::text;
use crate::text::Text;

pub use rows::RULES;

/// Smallest memory that a container starts in, in thousandths of a byte: runtimes want several MiB, so anything below one is
/// a mistake of unit.
const LEAST_MEMORY: u128 = 1000 << 20;

/// Checks every pod of ours; those that an operator makes have no container here.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for pod in scene.pods.iter().filter(|p| !p.operator) {
        on_pod(&mut report, pod, scene.objects);
        for container in pod.containers() {
            let cited = pod.cite(container);
            let seen = Seen { pod, container, cited: &cited };
            rights(&mut report, &seen);
            storage(&mut report, &seen, scene.objects);
            ports(&mut report, &seen);
            pull(&mut report, &cited, container.value, &pod.place(container, "/imagePullPolicy"));
            environment(&mut report, &seen);
            resources(&mut report, &seen);
            probes::check(&mut report, &seen);
        }
    }
    for cluster in scene.objects.iter().filter(|o| kind(o) == "Cluster" && text(o, "/apiVersion").starts_with("postgresql.cnpg.io/")) {
        pull(&mut report, &cite(cluster), &cluster["spec"], "/spec/imagePullPolicy");
    }
    report
}

/// A container under examination.
struct Seen<'a> {
    pod: &'a Pod,
    container: Container<'a>,
    cited: &'a str,
}

impl Seen<'_> {
    /// Counts one thing examined below the container.
    fn at(&self, report: &mut Report, rule: &'static str, below: &str, problem: Option<impl Into<Text>>) {
        report.see_at(rule, self.cited, &self.pod.place(self.container, below), problem);
    }

    /// The value below the container.
    fn get(&self, below: &str) -> Option<&Value> {
        self.container.value.pointer(below).filter(|v| !v.is_null())
    }
}

fn on_pod(report: &mut Report, pod: &Pod, objects: &[Value]) {
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        let on = pod.spec.get(field).and_then(Value::as_bool) == Some(true);
        report.see_at("no-privilege", &pod.owner, &pod.field(&format!("/spec/{field}")), on.then(|| format!("{field}: true")));
    }
    let root = pod.spec.pointer("/securityContext/runAsNonRoot").and_then(Value::as_bool) == Some(false);
    report.see_at("runs-as-root", &pod.owner, &pod.field("/spec/securityContext"), root.then(|| "runAsNonRoot: false".to_owned()));
    let mut containers: Vec<&str> = pod.containers().map(|c| text(c.value, "/name")).collect();
    twice(report, pod, &pod.field("/spec/containers"), ("conteneur", "container"), &mut containers);
    let mut volumes: Vec<&str> = items(&pod.spec, "/volumes").map(|v| text(v, "/name")).collect();
    twice(report, pod, &pod.field("/spec/volumes"), ("volume", "volume"), &mut volumes);
    let written = text(&pod.spec, "/restartPolicy");
    let right = match pod.kind.as_str() {
        "Job" | "CronJob" => matches!(written, "Never" | "OnFailure"),
        // Whoever makes a bare pod chooses.
        "Pod" | "Service" => true,
        _ => matches!(written, "" | "Always"),
    };
    let of = kind(&objects[pod.index]);
    let problem = (!right).then(|| text!("restartPolicy : {written:?} sous un {of}", "restartPolicy: {written:?} under a {of}"));
    report.see_at("restart-policy", &pod.owner, &pod.field("/spec/restartPolicy"), problem);
}

/// Finds names that stand twice.
fn twice(report: &mut Report, pod: &Pod, at: &str, of: (&str, &str), names: &mut Vec<&str>) {
    names.retain(|n| !n.is_empty());
    names.sort_unstable();
    let double = names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
    let (fr, en) = of;
    report.see_at("pod-duplicates", &pod.owner, at, double.map(|n| text!("deux fois le {fr} {n:?}", "{en} {n:?} twice")));
}

fn rights(report: &mut Report, seen: &Seen<'_>) {
    for field in ["privileged", "allowPrivilegeEscalation"] {
        let below = format!("/securityContext/{field}");
        let on = seen.get(&below).and_then(Value::as_bool) == Some(true);
        seen.at(report, "no-privilege", &below, on.then(|| format!("{field}: true")));
    }
    let added: Vec<&str> = items(seen.container.value, "/securityContext/capabilities/add").filter_map(Value::as_str).collect();
    let problem = (!added.is_empty()).then(|| format!("capabilities.add: {}", added.join(", ")));
    seen.at(report, "no-privilege", "/securityContext/capabilities/add", problem);
    let mount = seen.get("/securityContext/procMount").and_then(Value::as_str).filter(|m| *m != "Default");
    let root = seen.get("/securityContext/runAsNonRoot").and_then(Value::as_bool) == Some(false);
    seen.at(report, "runs-as-root", "/securityContext/runAsNonRoot", root.then(|| "runAsNonRoot: false".to_owned()));
    seen.at(report, "no-privilege", "/securityContext/procMount", mount.map(|m| format!("procMount: {m}")));
    let declared = seen.get("/securityContext/readOnlyRootFilesystem").and_then(Value::as_bool);
    let problem = match declared {
        Some(true) => None,
        Some(false) => Some(Text::same("readOnlyRootFilesystem: false")),
        None => Some(Text::new("readOnlyRootFilesystem n’est pas écrit", "readOnlyRootFilesystem is not written")),
    };
    seen.at(report, "read-only-root", "/securityContext", problem);
}

fn storage(report: &mut Report, seen: &Seen<'_>, objects: &[Value]) {
    let mounts: Vec<(&str, &str)> =
        items(seen.container.value, "/volumeMounts").map(|m| (text(m, "/name"), text(m, "/mountPath").trim_end_matches('/'))).collect();
    let spec = &seen.pod.spec;
    let claims: Vec<&str> = items(&objects[seen.pod.index], "/spec/volumeClaimTemplates").map(|c| text(c, "/metadata/name")).collect();
    for (index, (name, _)) in mounts.iter().enumerate() {
        let there = claims.contains(name) || items(spec, "/volumes").any(|v| text(v, "/name") == *name);
        let problem = (!there).then(|| text!("aucun volume {name:?}", "no volume {name:?}"));
        seen.at(report, "volume-mount", &format!("/volumeMounts/{index}/name"), problem);
    }
    let mut paths: Vec<&str> = mounts.iter().map(|(_, path)| *path).collect();
    paths.sort_unstable();
    let double = paths.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
    let problem = double.map(|p| text!("deux montages sur {p:?}", "two mounts on {p:?}"));
    seen.at(report, "pod-duplicates", "/volumeMounts", problem);
    let locked = seen.get("/securityContext/readOnlyRootFilesystem").and_then(Value::as_bool) == Some(true);
    let tmp = mounts.iter().find(|(_, path)| *path == "/tmp").map(|(name, _)| *name);
    if !locked && tmp.is_none() {
        return;
    }
    let volume = tmp.and_then(|name| items(spec, "/volumes").find(|v| text(v, "/name") == name));
    let problem = match (tmp, volume) {
        (None, _) => Some(Text::new("racine en lecture seule, et rien n’est monté sur /tmp", "read-only root, and nothing is mounted on /tmp")),
        (Some(_), Some(volume)) if volume.get("emptyDir").is_some() => None,
        (Some(name), _) => {
            Some(text!("le volume {name:?} monté sur /tmp n’est pas un emptyDir", "volume {name:?} mounted on /tmp is not an emptyDir"))
        }
    };
    seen.at(report, "tmp-empty-dir", "/volumeMounts", problem);
}

fn ports(report: &mut Report, seen: &Seen<'_>) {
    let mut names = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for (index, port) in items(seen.container.value, "/ports").enumerate() {
        let number = port.get("containerPort").and_then(Value::as_u64).unwrap_or_default();
        let at = |field: &str| format!("/ports/{index}/{field}");
        seen.at(report, "unprivileged-port", &at("containerPort"), (1..=1024).contains(&number).then(|| format!("containerPort: {number}")));
        let host = port.get("hostPort").and_then(Value::as_u64).filter(|n| *n > 0);
        seen.at(report, "host-port", &at("hostPort"), host.map(|n| format!("hostPort: {n}")));
        let name = text(port, "/name");
        let again = !name.is_empty() && !names.insert(name);
        let same = number > 0 && !numbers.insert((number, text(port, "/protocol").replace("TCP", "")));
        let problem = (again || same).then(|| {
            let shown = if again { name.to_owned() } else { number.to_string() };
            text!("deux fois le port {shown}", "port {shown} twice")
        });
        seen.at(report, "pod-duplicates", &at(if again { "name" } else { "containerPort" }), problem);
    }
}

fn pull(report: &mut Report, cited: &str, holder: &Value, at: &str) {
    let written = text(holder, "/imagePullPolicy");
    let wrong = !matches!(written, "" | "IfNotPresent");
    report.see_at("image-pull-policy", cited, at, wrong.then(|| format!("imagePullPolicy: {written}")));
}

/// Variables that name a file or a folder of authorities.
const AUTHORITIES: [&str; 6] = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE"];

fn environment(report: &mut Report, seen: &Seen<'_>) {
    let mut names = BTreeSet::new();
    for (index, variable) in items(seen.container.value, "/env").enumerate() {
        let name = text(variable, "/name");
        let double = !name.is_empty() && !names.insert(name);
        seen.at(report, "env-duplicate", &format!("/env/{index}/name"), double.then(|| text!("{name} deux fois", "{name} twice")));
        let path = text(variable, "/value");
        // An image brings its own authorities there.
        let own = ["/etc/ssl/", "/etc/pki/", "/usr/"].iter().any(|folder| path.starts_with(folder));
        if AUTHORITIES.contains(&name) && path.starts_with('/') && !own {
            let mounted = items(seen.container.value, "/volumeMounts").any(|m| {
                let folder = text(m, "/mountPath").trim_end_matches('/');
                path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            });
            let problem = (!mounted).then(|| text!("{name} désigne {path:?}, que rien ne monte", "{name} names {path:?}, which nothing mounts"));
            seen.at(report, "internal-ca-mount", &format!("/env/{index}/value"), problem);
        }
    }
}

fn resources(report: &mut Report, seen: &Seen<'_>) {
    let side = |side: &str| seen.get(&format!("/resources/{side}")).and_then(Value::as_object).cloned().unwrap_or_default();
    let (requests, limits) = (side("requests"), side("limits"));
    for (side, values) in [("requests", &requests), ("limits", &limits)] {
        for (what, value) in values.iter().filter(|(_, v)| !v.is_null() && *v != "") {
            let at = format!("/resources/{side}/{}", crate::check::escaped(what));
            let amount = quantity::of(value);
            let problem = match amount {
                None => Some(text!("{side}.{what} : {value} n’est pas une quantité", "{side}.{what}: {value} is not a quantity")),
                Some(n) if what == "memory" && n < LEAST_MEMORY => {
                    Some(text!("{side}.memory : {value} fait moins d’un Mio", "{side}.memory: {value} is less than 1 MiB"))
                }
                Some(_) => None,
            };
            seen.at(report, "resource-quantities", &at, problem);
        }
    }
    for (what, asked) in &requests {
        if let (Some(asked_for), Some(most)) = (quantity::of(asked), limits.get(what).and_then(quantity::of)) {
            let limit = &limits[what];
            let problem =
                (asked_for > most).then(|| text!("{what} : {asked} demandé, {limit} au plus", "{what}: {asked} requested, {limit} at most"));
            seen.at(report, "requests-within-limits", &format!("/resources/requests/{}", crate::check::escaped(what)), problem);
        }
    }
    let gpu = requests.iter().chain(&limits).find(|(what, value)| accelerator(what) && quantity::of(value) != Some(0));
    seen.at(report, "no-gpu-request", "/resources", gpu.map(|(what, value)| format!("{what}: {value}")));
}

/// Resources of the device plugins of GPU vendors (`nvidia.com/gpu`, `nvidia.com/mig-1g.5gb`, `amd.com/gpu`, `gpu.intel.com/i915`).
fn accelerator(resource: &str) -> bool {
    resource.split_once('/').is_some_and(|(vendor, what)| vendor == "nvidia.com" || what == "gpu" || vendor.starts_with("gpu."))
}
