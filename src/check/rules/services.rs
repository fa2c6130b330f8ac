//! Does the traffic arrive? Services against the pods and ports behind them, and everything that points at a Service
//! or at a port: Ingress, monitors, network policies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Deduced;
use crate::check::repository::Input::Manifests;
use crate::check::rules::Scene;
use crate::check::{Pod, Report, Spot, cite, items, kind, labels, name, pods, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "service-selector",
        Manifests,
        Deduced,
        ("le Service ne désigne aucun pod", "the Service selects no pod"),
        ("reprenez les étiquettes du modèle de pod", "copy the labels of the pod template"),
    )
    .because((
        "sans pod derrière lui, le Service ne mène nulle part ; rien ne le dit au déploiement (EXI-ARCH-20 : les modules se joignent par nom de service)",
        "Without a pod behind it the Service leads nowhere, and nothing says so at deployment (EXI-ARCH-20: modules reach each other by service name)",
    ))
    .equals(&["kube-score:service-targets-pod", "kube-linter:dangling-service"]),
    Rule::warning(
        "service-ports",
        Manifests,
        Deduced,
        ("le Service vise un port que le pod ne déclare pas", "the Service targets a port that the pod does not declare"),
        ("visez un port du conteneur", "target a port of the container"),
    )
    .because((
        "le trafic serait refusé par le pod ; un port écouté sans être déclaré reste possible, d’où l’avertissement",
        "The pod would refuse the traffic; a port may be listened to without being declared, hence the warning",
    )),
    Rule::error(
        "ingress-backend",
        Manifests,
        Deduced,
        ("l’Ingress vise un Service ou un port absent", "the Ingress targets a missing Service or port"),
        ("nommez un Service et un port du projet", "name a Service and a port of the project"),
    )
    .because((
        "l’Ingress répondrait 503 ; rien ne le dit au déploiement",
        "The Ingress would answer 503, and nothing says so at deployment",
    ))
    .equals(&["kube-score:ingress-targets-service", "kube-linter:dangling-ingress"]),
    Rule::error(
        "monitor-selector",
        Manifests,
        Deduced,
        ("la supervision ne désigne rien", "the monitor selects nothing"),
        ("reprenez les étiquettes du Service ou du pod", "copy the labels of the Service or pod"),
    )
    .because((
        "aucune métrique ne serait collectée, sans erreur visible (EXI-ARCH-12)",
        "No metric would be scraped, without any visible error (EXI-ARCH-12)",
    ))
    .proves(&["service-monitor"])
    .equals(&["kube-linter:dangling-servicemonitor"]),
    Rule::error(
        "monitor-port",
        Manifests,
        Deduced,
        ("la supervision vise un port absent", "the monitor targets a missing port"),
        ("nommez un port existant", "name an existing port"),
    )
    .because((
        "aucune métrique ne serait collectée, sans erreur visible (EXI-ARCH-12)",
        "No metric would be scraped, without any visible error (EXI-ARCH-12)",
    ))
    .proves(&["service-monitor"]),
    Rule::warning(
        "monitor-path",
        Manifests,
        Deduced,
        ("la supervision lit un chemin inattendu", "the monitor reads an unexpected path"),
        ("lisez /metrics", "read /metrics"),
    )
    .because((
        "EXI-ARCH-12 : les métriques sont publiées sur /metrics ; un autre chemin répond 404, sans erreur visible",
        "EXI-ARCH-12: metrics are published on /metrics; another path answers 404, without any visible error",
    ))
    .proves(&["service-monitor"]),
    Rule::error(
        "pdb-selector",
        Manifests,
        Deduced,
        ("le budget d’interruption ne désigne aucun pod", "the disruption budget selects no pod"),
        ("reprenez les étiquettes du modèle de pod", "copy the labels of the pod template"),
    )
    .because((
        "un budget qui ne désigne rien ne protège rien (EXI-ARCH-2)",
        "A budget that selects nothing protects nothing (EXI-ARCH-2)",
    ))
    .proves(&["disruption-budget"]),
    Rule::error(
        "netpol-selector",
        Manifests,
        Deduced,
        ("la politique réseau ne désigne aucun pod", "the network policy selects no pod"),
        ("reprenez les étiquettes du modèle de pod", "copy the labels of the pod template"),
    )
    .because((
        "une politique qui ne désigne rien ne ferme ni n’ouvre rien (EXI-ARCH-14)",
        "A policy that selects nothing closes and opens nothing (EXI-ARCH-14)",
    ))
    .proves(&["network-policy-both-ways"])
    .equals(&["kube-score:networkpolicy-targets-pod", "kube-linter:dangling-networkpolicy"]),
    Rule::warning(
        "netpol-peers",
        Manifests,
        Deduced,
        ("la politique réseau ouvre vers des pods inconnus ici", "the network policy opens to pods unknown here"),
        ("vérifiez les étiquettes du vis-à-vis", "check the labels of the peer"),
    )
    .because((
        "un vis-à-vis mal étiqueté coupe le flux qu’on croyait ouvrir ; il peut aussi être déployé ailleurs, d’où l’avertissement (EXI-ARCH-14)",
        "A peer with other labels cuts the flow that was meant to be open; it may also be deployed elsewhere, hence the warning (EXI-ARCH-14)",
    ))
    .equals(&["kube-linter:dangling-networkpolicypeer-podselector"]),
    Rule::error(
        "netpol-ports",
        Manifests,
        Deduced,
        ("la politique réseau ouvre un port que le pod n'a pas", "the network policy opens a port that the pod does not have"),
        ("nommez un port du pod", "name a port of the pod"),
    )
    .because((
        "le flux utile reste fermé, et un port inutile est ouvert (EXI-ARCH-14)",
        "The useful flow stays closed, and a useless port is open (EXI-ARCH-14)",
    )),
];

/// Judges a scene. Who listens to what a repository calls may stand in another one: alone, it cannot tell.
#[must_use]
pub fn judge(scene: &Scene<'_>) -> Report {
    let mut report = check(scene.objects);
    if scene.alone {
        let before = report.findings.len();
        report.findings.retain(|f| !(f.rule == "netpol-ports" && f.spot == Spot::Field("/spec/egress".to_owned())));
        let unknown = before - report.findings.len();
        if let Some(examined) = report.examined.get_mut("netpol-ports") {
            *examined -= unknown;
        }
    }
    report
}

/// Checks selectors and ports. The objects are those of one environment, all modules together.
#[must_use]
pub fn check(objects: &[Value]) -> Report {
    let mut report = Report::default();
    let pods = pods(objects);
    let unread = objects.iter().any(crate::check::unknown_workload);
    let inhabited: BTreeSet<&str> = pods.iter().filter_map(|p| objects.get(p.index)).map(|o| text(o, "/metadata/namespace")).collect();
    let elsewhere =
        |object: &Value| elsewhere(object, objects, &pods, &|namespace| unread || (!namespace.is_empty() && !inhabited.contains(namespace)));
    for object in objects.iter().filter(|o| !elsewhere(o)) {
        let cited = cite(object);
        match kind(object) {
            "Service" => service(&mut report, &cited, object, &pods),
            "Ingress" => ingress(&mut report, &cited, object, objects),
            "ServiceMonitor" => service_monitor(&mut report, &cited, object, objects),
            "PodMonitor" => pod_monitor(&mut report, &cited, object, &pods),
            "PodDisruptionBudget" => {
                selects(&mut report, "pdb-selector", &cited, (object, "/spec/selector/matchLabels"), &pods);
                budget(&mut report, &cited, object);
            }
            "NetworkPolicy" => network_policy(&mut report, &cited, object, &pods),
            _ => {}
        }
    }
    report
}

/// Whether an object may select nothing here because it looks elsewhere: in a namespace that no workload names (an operator
/// makes pods there), in those that a monitor names, or at pods of a workload that the rules do not read.
fn elsewhere(object: &Value, objects: &[Value], pods: &[Pod], away: &dyn Fn(&str) -> bool) -> bool {
    let pointer = match kind(object) {
        "Service" => "/spec/selector",
        "NetworkPolicy" => "/spec/podSelector/matchLabels",
        _ => "/spec/selector/matchLabels",
    };
    let wanted = labels(object, pointer);
    if kind(object) == "ServiceMonitor" || kind(object) == "PodMonitor" {
        let named = object.pointer("/spec/namespaceSelector").is_some_and(|n| n.as_object().is_some_and(|n| !n.is_empty()));
        let carry = |o: &Value| wanted.iter().all(|(k, v)| labels(o, "/metadata/labels").get(k) == Some(v));
        return named && !pods.iter().any(|p| p.carries(&wanted)) && !objects.iter().any(|o| kind(o) == "Service" && carry(o));
    }
    // A bundle of the Operator Lifecycle Manager holds its deployments inside its ClusterServiceVersion.
    if objects.iter().any(|o| kind(o) == "ClusterServiceVersion") {
        return !pods.iter().any(|p| p.carries(&wanted));
    }
    away(text(object, "/metadata/namespace")) && !pods.iter().any(|p| p.carries(&wanted))
}

fn show(selector: &BTreeMap<String, String>) -> String {
    selector.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",")
}

/// The pods that a selector matches; none is a finding.
fn selects<'a>(report: &mut Report, rule: &'static str, cited: &str, (object, at): (&Value, &str), pods: &'a [Pod]) -> Vec<&'a Pod> {
    let selector = &labels(object, at);
    let behind: Vec<&Pod> = pods.iter().filter(|p| p.carries(selector)).collect();
    let wanted = show(selector);
    report.see_at(rule, cited, at, behind.is_empty().then(|| text!("ne désigne aucun pod ({wanted})", "selects no pod ({wanted})")));
    behind
}

fn service(report: &mut Report, cited: &str, object: &Value, pods: &[Pod]) {
    if labels(object, "/spec/selector").is_empty() {
        return;
    }
    let behind = selects(report, "service-selector", cited, (object, "/spec/selector"), pods);
    for (index, port) in items(object, "/spec/ports").enumerate() {
        let target = port.get("targetPort").or_else(|| port.get("port")).cloned().unwrap_or_default();
        // Pods of Jobs may carry the same labels by mistake: every selected pod must listen. A server that declares no port at
        // all may listen to any number.
        let silent = |p: &Pod| target.is_u64() && p.ports.is_empty() && !p.owner.starts_with("Job/") && !p.owner.starts_with("CronJob/");
        let deaf = behind.iter().find(|p| !p.listens(&target) && !silent(p));
        let problem = deaf.map(|p| {
            let owner = &p.owner;
            text!("vise le port {target}, que {owner} ne déclare pas", "targets port {target}, which {owner} does not declare")
        });
        report.see_at("service-ports", cited, &format!("/spec/ports/{index}"), problem);
    }
}

/// Whether a Service exists and has a port.
fn service_port(objects: &[Value], wanted: &str, port: &Value) -> Result<(), Text> {
    let Some(service) = objects.iter().find(|o| kind(o) == "Service" && name(o) == wanted) else {
        return Err(text!("le Service {wanted:?} n’existe pas", "Service {wanted:?} does not exist"));
    };
    let there = items(service, "/spec/ports").any(|p| match (port.get("name"), port.get("number")) {
        (Some(n), _) => p.get("name") == Some(n),
        (None, Some(n)) => p.get("port") == Some(n),
        _ => false,
    });
    if there { Ok(()) } else { Err(text!("le Service {wanted:?} n’a pas de port {port}", "Service {wanted:?} has no port {port}")) }
}

fn ingress(report: &mut Report, cited: &str, object: &Value, objects: &[Value]) {
    let rules = items(object, "/spec/rules").flat_map(|rule| items(rule, "/http/paths")).map(|path| path.get("backend"));
    // A backend may also be a resource, or be of the form before networking.k8s.io/v1.
    for backend in rules.chain([object.pointer("/spec/defaultBackend")]).flatten().filter(|b| b.get("service").is_some()) {
        let port = backend.pointer("/service/port").cloned().unwrap_or_default();
        report.see_at("ingress-backend", cited, "/spec/rules", service_port(objects, text(backend, "/service/name"), &port).err());
    }
}

/// A budget that holds nothing back.
fn budget(report: &mut Report, cited: &str, object: &Value) {
    // policy/v1: a null selector selects nothing.
    if object.pointer("/spec/selector").is_none_or(Value::is_null) {
        report.see_at("pdb-selector", cited, "/spec", Some(Text::new("pas de sélecteur", "no selector")));
    }
    if ["minAvailable", "maxUnavailable"].iter().all(|key| object.pointer(&format!("/spec/{key}")).is_none()) {
        let problem = Text::new("ni minAvailable ni maxUnavailable", "neither minAvailable nor maxUnavailable");
        report.see_at("pdb-selector", cited, "/spec", Some(problem));
    }
}

/// A monitor that reads nothing.
fn endpoints(report: &mut Report, cited: &str, object: &Value, field: &str) {
    if items(object, field).next().is_none() {
        report.see_at("monitor-port", cited, "/spec", Some(Text::new("aucun point de collecte", "no endpoint")));
    }
}

fn service_monitor(report: &mut Report, cited: &str, object: &Value, objects: &[Value]) {
    let selector = labels(object, "/spec/selector/matchLabels");
    let services: Vec<&Value> = objects
        .iter()
        .filter(|o| kind(o) == "Service")
        .filter(|o| {
            let own = labels(o, "/metadata/labels");
            selector.iter().all(|(k, v)| own.get(k) == Some(v))
        })
        .collect();
    let wanted = show(&selector);
    let problem = services.is_empty().then(|| text!("ne désigne aucun Service ({wanted})", "selects no Service ({wanted})"));
    report.see_at("monitor-selector", cited, "/spec/selector/matchLabels", problem);
    endpoints(report, cited, object, "/spec/endpoints");
    for endpoint in items(object, "/spec/endpoints") {
        let path = text(endpoint, "/path");
        let named =
            ["", "metrics", "prometheus", "federate", "probe"].contains(&path.rsplit('/').next().unwrap_or_default()) || path.contains("metrics/");
        let problem = (!named).then(|| text!("lit {path:?}, qui n’est pas un chemin de métriques", "reads {path:?}, which is no path of metrics"));
        report.see_at("monitor-path", cited, "/spec/endpoints", problem);
        let wanted = text(endpoint, "/port");
        // A port of the pods, not of the Service.
        if wanted.is_empty() && endpoint.get("targetPort").is_some() {
            continue;
        }
        let there = services.iter().any(|s| items(s, "/spec/ports").any(|p| text(p, "/name") == wanted));
        let problem = (!there).then(|| text!("aucun Service désigné ne nomme un port {wanted:?}", "no selected Service names a port {wanted:?}"));
        report.see_at("monitor-port", cited, "/spec/endpoints", problem);
    }
}

fn pod_monitor(report: &mut Report, cited: &str, object: &Value, pods: &[Pod]) {
    let behind = selects(report, "monitor-selector", cited, (object, "/spec/selector/matchLabels"), pods);
    endpoints(report, cited, object, "/spec/podMetricsEndpoints");
    for endpoint in items(object, "/spec/podMetricsEndpoints") {
        let wanted = ["port", "portNumber", "targetPort"].iter().find_map(|key| endpoint.get(*key)).cloned().unwrap_or_default();
        let there = behind.iter().any(|p| p.listens(&wanted));
        let problem = (!there).then(|| text!("aucun pod désigné n’a de port {wanted}", "no selected pod has a port {wanted}"));
        report.see_at("monitor-port", cited, "/spec/podMetricsEndpoints", problem);
    }
}

fn network_policy(report: &mut Report, cited: &str, object: &Value, pods: &[Pod]) {
    let behind = selects(report, "netpol-selector", cited, (object, "/spec/podSelector/matchLabels"), pods);
    for (side, peers, incoming) in [("/spec/ingress", "/from", true), ("/spec/egress", "/to", false)] {
        for rule in items(object, side) {
            let inside: Vec<BTreeMap<String, String>> = items(rule, peers)
                .filter(|peer| peer.get("podSelector").is_some() && peer.get("namespaceSelector").is_none())
                .map(|peer| labels(peer, "/podSelector/matchLabels"))
                .collect();
            for wanted in &inside {
                let there = pods.iter().any(|p| p.carries(wanted));
                let (way, shown) = (&peers[1..], show(wanted));
                let problem = (!there).then(|| text!("{way} {shown} ne désigne aucun pod", "{way} {shown} matches no pod"));
                report.see_at("netpol-peers", cited, side, problem);
            }
            for port in items(rule, "/ports").filter_map(|p| p.get("port")) {
                let targets: Vec<&Pod> = if incoming {
                    behind.clone()
                } else if inside.is_empty() {
                    continue; // outside: nothing here listens
                } else {
                    pods.iter().filter(|p| inside.iter().any(|wanted| p.carries(wanted))).collect()
                };
                let deaf = !targets.iter().any(|p| p.listens(port));
                let problem = deaf.then(|| {
                    let (fr, en) = if incoming { ("en entrée", "ingress") } else { ("en sortie", "egress") };
                    text!(
                        "ouvre le port {port} {fr}, sur lequel aucun pod concerné n’écoute",
                        "opens port {port} {en}, on which no pod concerned listens"
                    )
                });
                report.see_at("netpol-ports", cited, side, problem);
            }
        }
    }
}

#[cfg(test)]
mod tests;
