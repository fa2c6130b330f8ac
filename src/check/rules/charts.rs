//! Files of charts that are not templates: dependencies, values of a production.

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::judge::is_prod;
use crate::check::repository::Input::{Charts, Values};
use crate::check::repository::file_name;
use crate::check::view::View;
use crate::check::{Report, items, text};

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "chart-dependency-pinned",
        Charts,
        Cct,
        ("dépendance de chart sans version exacte", "chart dependency without an exact version"),
        ("écrivez une version complète", "write a full version"),
    ),
    Rule::warning(
        "placeholder",
        Values,
        Deduced,
        ("valeur encore à compléter en production", "value still to complete in production"),
        ("lancez `mirai-kit next` pour savoir à qui la demander", "run `mirai-kit next` to know whom to ask"),
    ),
];

/// Checks `Chart.yaml` and the values files of productions.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    for path in view.delivered(Charts, |path| file_name(path) == "Chart.yaml") {
        if let Some(node) = view.yaml(Charts, &path) {
            dependencies(&mut report, &path, &node.value());
        }
    }
    for path in view.paths(|path| file_name(path).strip_prefix("values-").and_then(|n| n.strip_suffix(".yaml")).is_some_and(is_prod)) {
        if let Some(content) = view.text(Values, &path) {
            values(&mut report, &path, &content);
        }
    }
    report
}

fn dependencies(report: &mut Report, path: &str, value: &Value) {
    for dependency in items(value, "/dependencies") {
        let version = text(dependency, "/version");
        let core = version.split(['-', '+']).next().unwrap_or_default();
        let numbers: Vec<&str> = core.trim_start_matches('v').split('.').collect();
        let exact = numbers.len() == 3 && numbers.iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        report.see_part("chart-dependency-pinned", path, None, text(dependency, "/name"), (!exact).then(|| format!("version: {version:?}")));
    }
}

/// Values that still wait for someone's answer.
fn values(report: &mut Report, path: &str, content: &str) {
    for (index, line) in content.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with('#') && !l.trim().is_empty()) {
        let waits = line.contains("a-completer");
        report.see_in("placeholder", path, Some(index + 1), waits.then(|| line.trim().chars().take(120).collect::<String>()));
    }
}
