//! Alerts and dashboards: `PrometheusRule` objects, the rule files that the platform's `infra-observability` repository turns
//! into such objects (`files/rules/*/*.yaml.tpl`, injected under `spec:` through helm's templates), Grafana's dashboards.

mod expression;

use serde_json::Value;

use super::Scene;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Platform};
use crate::check::repository::Input::Project;
use crate::check::repository::{aside, extension};
use crate::check::view::View;
use crate::check::{Report, cite, items, kind, text};
use crate::text;
use crate::text::Text;
use crate::yaml::{self, Node};

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "alert-rules",
        Project,
        Platform,
        ("règle d'alerte que Prometheus ou la plateforme refuserait", "alert rule that Prometheus or the platform would refuse"),
        ("donnez à chaque alerte alert, expr et labels.severity ; un fichier de la plateforme commence par « groups: »", "give each alert its alert, expr and labels.severity; a file of the platform starts with \"groups:\""),
    )
    .because((
        "EXI-ORG-15 : les alertes arrivent au plus tôt. Une règle fausse fait refuser tout son fichier par l'opérateur Prometheus ; sans severity, Alertmanager ne sait à qui l'envoyer.",
        "EXI-ORG-15: alerts arrive as early as possible. One wrong rule makes the Prometheus operator refuse its whole file; without a severity, Alertmanager does not know whom to tell.",
    )),
    Rule::error(
        "dashboard",
        Project,
        Cct,
        ("tableau de bord qui n'affiche rien", "dashboard that shows nothing"),
        ("donnez une requête à chaque panneau, et déclarez les variables qu'il emploie", "give each panel a query, and declare the variables that it uses"),
    )
    .because((
        "EXI-ARCH-24 : la performance se lit en temps réel. Grafana affiche un panneau vide, sans erreur, quand la requête ou la source de données manque.",
        "EXI-ARCH-24: performance is read in real time. Grafana shows an empty panel, without an error, when the query or the data source is missing.",
    )),
];

/// Checks `PrometheusRule` objects.
#[must_use]
pub fn objects(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for object in scene.objects.iter().filter(|o| kind(o) == "PrometheusRule") {
        for (at, alert, problem) in alerts(object.get("spec").unwrap_or(&Value::Null), &[], true) {
            report.see_at("alert-rules", &cite(object), &format!("/spec{at}"), problem.map(|p| named(&alert, p)));
        }
    }
    report
}

/// Checks the files of the platform's repository and dashboards; a project of mirai-kit has those that it was given.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let platform = |path: &str| path.ends_with(".yaml.tpl") && path.contains("files/rules/");
    for path in view.paths(platform) {
        let Some(content) = view.text(Project, &path) else { continue };
        if content.lines().next().is_none_or(|first| first.trim_end() != "groups:") {
            let what = Text::new("la première ligne n'est pas « groups: »", "the first line is not \"groups:\"");
            report.see_in("alert-rules", &path, Some(1), Some(what));
            continue;
        }
        let node: Node = match yaml::read(&bare(&content)) {
            Ok(node) => node,
            Err(fault) => {
                let line = fault.place.and_then(|(line, _)| usize::try_from(line).ok());
                report.see_in("alert-rules", &path, line, Some(fault.what));
                continue;
            }
        };
        for (at, alert, problem) in alerts(&node.value(), &["severity"], !path.contains("/logs/")) {
            report.see_part("alert-rules", &path, Some(node.line_of(&at)), &alert, problem);
        }
    }
    for path in view.paths(|path| extension(path) == "json" && aside(path).is_none()) {
        let Some(content) = view.text(Project, &path).filter(|content| content.contains("\"panels\"")) else { continue };
        let Ok(node) = yaml::read::<Node>(&content) else { continue };
        let value = node.value();
        if value.get("schemaVersion").is_some() && value.get("panels").is_some_and(Value::is_array) {
            board(&mut report, &path, &node, &value);
        }
    }
    for path in view.promised() {
        let rule = if platform(&path) {
            "alert-rules"
        } else if path.contains("files/dashboards/") {
            "dashboard"
        } else {
            continue;
        };
        if !view.has(&path) {
            report.see_in(rule, &path, None, Some(Text::new("le fichier est absent", "the file is missing")));
        }
    }
    report
}

/// A file without helm's own signs: `{{`…`}}` around a text that Prometheus reads, alone in the files of the platform.
fn bare(content: &str) -> String {
    let mut out = content.replace("{{ \"{{\" }}", "{{").replace("{{ \"}}\" }}", "}}");
    for (open, close) in [("{{`", "`}}"), ("{{ `", "` }}")] {
        out = out.replace(open, "").replace(close, "");
    }
    out
}

fn named(alert: &str, problem: Text) -> Text {
    let (fr, en) = (problem.fr, problem.en);
    if alert.is_empty() { Text::new(fr, en) } else { text!("{alert} : {fr}", "{alert}: {en}") }
}

/// The alerts of a list of groups: place, name, and what is wrong.
fn alerts(spec: &Value, labels: &[&str], promql: bool) -> Vec<(String, String, Option<Text>)> {
    let mut found = Vec::new();
    let mut groups: Vec<&str> = Vec::new();
    for (group, entry) in items(spec, "/groups").enumerate() {
        let name = text(entry, "/name");
        if name.is_empty() || groups.contains(&name) {
            let what = text!("groupe {name:?} sans nom, ou déjà pris", "group {name:?} without a name, or already taken");
            found.push((format!("/groups/{group}"), String::new(), Some(what)));
        }
        groups.push(name);
        for (index, rule) in items(entry, "/rules").enumerate() {
            let (alert, record, expr) = (text(rule, "/alert"), text(rule, "/record"), text(rule, "/expr"));
            let missing = labels.iter().find(|label| text(rule, &format!("/labels/{label}")).is_empty()).filter(|_| !alert.is_empty());
            let written = rule.get("expr").is_some_and(Value::is_number);
            let problem = if alert.is_empty() == record.is_empty() {
                Some(Text::new("ni alert ni record, ou les deux", "neither alert nor record, or both"))
            } else if expr.trim().is_empty() && !written {
                Some(Text::new("expr absente", "no expr"))
            } else if let Some(fault) = expression::fault(expr, promql).filter(|_| !expr.contains("{{") && !expr.contains("${")) {
                Some(fault)
            } else {
                missing.map(|label| text!("labels.{label} absent", "no labels.{label}"))
            };
            let name = if alert.is_empty() { record } else { alert };
            found.push((format!("/groups/{group}/rules/{index}"), name.to_owned(), problem));
        }
    }
    if found.is_empty() {
        found.push((String::new(), String::new(), Some(Text::new("aucune règle", "no rule"))));
    }
    found
}

/// A dashboard: panels, those of rows included, each with a query over a source that is known.
fn board(report: &mut Report, path: &str, node: &Node, value: &Value) {
    let declared: Vec<&str> = items(value, "/templating/list").map(|v| text(v, "/name")).collect();
    let mut places: Vec<(String, &Value)> = items(value, "/panels").enumerate().map(|(i, panel)| (format!("/panels/{i}"), panel)).collect();
    let inner: Vec<(String, &Value)> = places
        .iter()
        .flat_map(|(at, panel)| items(panel, "/panels").enumerate().map(move |(i, inner)| (format!("{at}/panels/{i}"), inner)))
        .collect();
    places.extend(inner);
    // Rows and texts query nothing by themselves.
    places.retain(|(_, panel)| !matches!(text(panel, "/type"), "row" | "text" | "dashlist" | "alertlist" | "news" | "welcome" | "annolist"));
    if places.is_empty() {
        return report.see_in("dashboard", path, Some(node.line_of("/panels")), Some(Text::new("aucun panneau", "no panel")));
    }
    for (at, panel) in places {
        let queried = |target: &Value| {
            ["expr", "query", "rawSql", "rawQuery", "expression", "target", "jql", "queryText"].iter().any(|key| match target.get(key) {
                Some(Value::String(text)) => !text.trim().is_empty(),
                Some(Value::Bool(raw)) => *raw,
                Some(other) => !other.is_null(),
                None => false,
            })
        };
        let library = panel.get("libraryPanel").is_some();
        // An empty query left beside another one shows nothing more, and hides nothing.
        let silent = !items(panel, "/targets").any(queried);
        let sources = std::iter::once(panel).chain(items(panel, "/targets")).map(|holder| match holder.get("datasource") {
            Some(Value::String(name)) => name.as_str(),
            Some(source) => text(source, "/uid"),
            None => "",
        });
        let lost = sources.filter_map(|uid| uid.strip_prefix("${").and_then(|uid| uid.strip_suffix('}'))).find(|variable| {
            // Inputs are asked for when the dashboard is imported; « DS_… » is how an export names them.
            !declared.contains(variable) && !variable.starts_with("DS_") && !items(value, "/__inputs").any(|i| text(i, "/name") == *variable)
        });
        let title = text(panel, "/title");
        let problem = if silent && !library {
            Some(Text::new("sans requête", "without a query"))
        } else {
            lost.map(|variable| text!("variable {variable} non déclarée", "variable {variable} is not declared"))
        };
        report.see_part("dashboard", path, Some(node.line_of(&at)), title, problem);
    }
}
