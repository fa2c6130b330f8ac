//! `/health` and `/metrics` (EXI-ARCH-12): what the cluster calls, as workloads and monitors declare it, and what the
//! application answers, as its contract or its code declares it. One without the other shows nothing.

use serde_json::Value;

use super::Scene;
use super::consumed::own;
use super::workloads::leads;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::migrations::python::{self, Kind};
use crate::check::repository::Input::{Code, Manifests};
use crate::check::repository::{aside, below, extension, file_name, folder, join};
use crate::check::view::View;
use crate::check::{Pod, Report, items, kind, labels, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::warning(
        "health-endpoint",
        Manifests,
        Cct,
        ("sondes qui n'appellent pas /health", "probes that do not call /health"),
        ("faites appeler /health/live par livenessProbe et /health/ready par readinessProbe", "have livenessProbe call /health/live and readinessProbe /health/ready"),
    )
    .because((
        "EXI-ARCH-12 : l'application se supervise par /health. Une sonde HTTP le fait appeler par le cluster : s'il ne répond pas, le pod n'est jamais prêt.",
        "EXI-ARCH-12: the application is monitored through /health. An HTTP probe has the cluster call it: when it does not answer, the pod is never ready.",
    )),
    Rule::warning(
        "health-route",
        Code,
        Cct,
        ("point de santé que l'application ne déclare pas", "health endpoint that the application does not declare"),
        ("déclarez /health dans le contrat OpenAPI ou dans le code", "declare /health in the OpenAPI contract or in the code"),
    )
    .because((
        "EXI-ARCH-12 : /health existe dans l'application, pas seulement dans les manifestes. Lu dans les contrats OpenAPI et dans les routes de Python.",
        "EXI-ARCH-12: /health exists in the application, not only in the manifests. Read in OpenAPI contracts and in Python routes.",
    ))
    .proves(&["health-endpoint"]),
    Rule::warning(
        "metrics-endpoint",
        Manifests,
        Cct,
        ("/metrics que rien ne relève", "/metrics that nothing scrapes"),
        ("donnez path: /metrics à un point du ServiceMonitor", "give path: /metrics to an endpoint of the ServiceMonitor"),
    )
    .because((
        "EXI-ARCH-12 : /metrics est raccordé à la supervision ; Prometheus n'en accepte la réponse qu'à son format.",
        "EXI-ARCH-12: /metrics is connected to monitoring; Prometheus takes an answer in its own format only.",
    )),
    Rule::warning(
        "metrics-route",
        Code,
        Cct,
        ("/metrics que l'application ne déclare pas, ou sans bibliothèque Prometheus", "/metrics that the application does not declare, or without a Prometheus library"),
        ("servez /metrics par une bibliothèque Prometheus, inscrite aux dépendances", "serve /metrics through a Prometheus library, listed among the dependencies"),
    )
    .because((
        "EXI-ARCH-12 : métriques au format Prometheus. Lu dans les contrats OpenAPI, les routes et les dépendances de Python.",
        "EXI-ARCH-12: metrics in Prometheus format. Read in OpenAPI contracts, and in routes and dependencies of Python.",
    ))
    .proves(&["metrics-endpoint"]),
];

/// Checks what needs every object of the environment.
#[must_use]
pub fn whole(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let api = fastapi(scene.answers);
    let services: Vec<&Value> = scene.objects.iter().filter(|o| kind(o) == "Service").collect();
    // The application's own servers, even those that no Service leads to any more.
    let served = |pod: &Pod| services.iter().any(|s| leads(s, pod)) || (api && !pod.ports.is_empty());
    for pod in scene.pods.iter().filter(|pod| own(scene, pod) && !pod.finite() && served(pod)) {
        probes(&mut report, pod, api);
        scraped(&mut report, scene, pod, &services, api);
    }
    report
}

fn fastapi(answers: Option<&serde_json::Map<String, Value>>) -> bool {
    answers.is_some_and(|a| a.get("backend").and_then(Value::as_str) == Some("fastapi"))
}

/// Whether a path is below `/health`, whatever comes before it.
fn of_health(path: &str) -> bool {
    path.split(['/', '?']).any(|part| part == "health")
}

fn probes(report: &mut Report, pod: &Pod, api: bool) {
    for container in pod.containers().filter(|c| !c.init) {
        for probe in ["livenessProbe", "readinessProbe"] {
            let path = container.value.pointer(&format!("/{probe}/httpGet")).map(|get| text(get, "/path"));
            let found = path.is_some_and(of_health);
            // Elsewhere, another path or another kind of probe may do as well.
            if found || api {
                let shown = path.unwrap_or("-");
                let problem = (!found).then(|| text!("{probe} : {shown}", "{probe}: {shown}"));
                report.see_at("health-endpoint", &pod.cite(container), &pod.place(container, &format!("/{probe}/httpGet")), problem);
            }
        }
    }
}

fn scraped(report: &mut Report, scene: &Scene<'_>, pod: &Pod, services: &[&Value], api: bool) {
    let mut seen = false;
    for monitor in scene.objects {
        let (list, selected) = match kind(monitor) {
            "ServiceMonitor" => {
                let wanted = labels(monitor, "/spec/selector/matchLabels");
                let carries = |s: &&&Value| {
                    let own = labels(s, "/metadata/labels");
                    leads(s, pod) && wanted.iter().all(|(k, v)| own.get(k) == Some(v))
                };
                ("/spec/endpoints", services.iter().any(|s| carries(&s)))
            }
            "PodMonitor" => ("/spec/podMetricsEndpoints", pod.carries(&labels(monitor, "/spec/selector/matchLabels"))),
            _ => continue,
        };
        // Without a path, the operator scrapes /metrics.
        seen |= selected && items(monitor, list).any(|e| matches!(text(e, "/path"), "" | "/metrics"));
    }
    if seen || api {
        let problem = (!seen)
            .then(|| Text::new("aucun ServiceMonitor ni PodMonitor ne relève son /metrics", "no ServiceMonitor or PodMonitor scrapes its /metrics"));
        report.see_at("metrics-endpoint", &pod.owner, "/kind", problem);
    }
}

/// Libraries that write the format of Prometheus, by the name of the package.
const LIBRARIES: [&str; 7] = [
    "prometheus-client",
    "prometheus_client",
    "prometheus-fastapi-instrumentator",
    "starlette-exporter",
    "django-prometheus",
    "prometheus-flask-exporter",
    "opentelemetry-exporter-prometheus",
];

/// Checks what the code of each application declares.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let api = fastapi(view.answers);
    let projects = view.projects();
    for project in view.paths(|path| file_name(path) == "pyproject.toml" && aside(path).is_none()) {
        let root = folder(&project).to_owned();
        let held = api && file_name(&root) == "backend" && projects.iter().any(|p| below(&root, p));
        let routes = routes(view, &root);
        let route = |wanted: fn(&str) -> bool| routes.iter().find(|(_, _, path)| wanted(path));
        let health = route(of_health);
        if let Some((file, line, _)) = health {
            report.see_in("health-route", file, *line, None::<Text>);
        } else if held {
            report.see_in("health-route", &project, None, Some(Text::new("aucune route /health", "no route /health")));
        }
        let metrics = route(|path| path == "/metrics");
        let listed = view.paths(|path| folder(path) == root && matches!(extension(path), "txt" | "toml" | "lock"));
        let library = listed.iter().any(|path| view.text(Code, path).is_some_and(|text| depends(&text)));
        match metrics {
            Some((file, line, _)) if library || held => {
                let problem = (!library)
                    .then(|| Text::new("aucune bibliothèque Prometheus parmi les dépendances", "no Prometheus library among the dependencies"));
                report.see_in("metrics-route", file, *line, problem);
            }
            None if held => report.see_in("metrics-route", &project, None, Some(Text::new("aucune route /metrics", "no route /metrics"))),
            _ => {}
        }
    }
    report
}

fn depends(text: &str) -> bool {
    text.lines().map(|line| line.trim().trim_start_matches(['"', '\'', '-', ' '])).any(|line| {
        LIBRARIES.iter().any(|library| line.strip_prefix(library).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-')))
    })
}

/// The routes below a folder: file, line and path, from its `OpenAPI` contract and from the calls of a router that are used as
/// decorators (`@app.get("/x")`: `FastAPI`, Flask, Starlette, Litestar).
fn routes(view: &mut View<'_>, root: &str) -> Vec<(String, Option<usize>, String)> {
    let mut found = Vec::new();
    let contract = join(root, "openapi.json");
    if let Some(value) = view.has(&contract).then(|| view.yaml(Code, &contract)).flatten().map(|node| node.value()) {
        let paths = value.get("paths").and_then(Value::as_object);
        found.extend(paths.into_iter().flatten().map(|(path, _)| (contract.clone(), None, path.clone())));
    }
    for path in view.paths(|path| below(path, root) && extension(path) == "py" && aside(path).is_none()) {
        let Some(content) = view.text(Code, &path).filter(|content| content.contains('@')) else { continue };
        let Some((tokens, _)) = python::lex(&content) else { continue };
        for window in tokens.windows(6) {
            let [at, _, dot, method, open, text] = window else { continue };
            let verb = ["get", "route", "api_route", "head", "websocket_route"].iter().any(|verb| method.is(verb));
            if at.is("@") && dot.is(".") && verb && open.is("(") && text.kind == Kind::Text {
                found.push((path.clone(), Some(text.line), text.text.clone()));
            }
        }
    }
    found
}
