//! Recovery by a value: the template of a database has a branch that starts it from a backup, and a value opens that branch.
//! Read in the template itself: what a chart renders by default shows the other branch.

use serde_json::Value;

use crate::check::Report;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::repository::Input::{Charts, Values};
use crate::check::repository::{below, join};
use crate::check::view::View;
use crate::text::Text;
use crate::yaml::Node;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[Rule::error(
    "cnpg-recovery-by-value",
    Charts,
    Cct,
    ("base qu'aucune valeur ne relance depuis une sauvegarde", "database that no value restarts from a backup"),
    (
        "donnez au gabarit du Cluster une branche bootstrap.recovery, ouverte par une valeur, et sa source sous externalClusters",
        "give the template of the Cluster a branch bootstrap.recovery, opened by a value, and its source under externalClusters",
    ),
)
.because((
    "EXI-ARCH-9 et EXI-ORG-18 : reprendre les données et répéter la restauration sans écrire de manifeste le jour de l'incident.",
    "EXI-ARCH-9 and EXI-ORG-18: take the data back, and rehearse it, without writing a manifest on the day of the incident.",
))];

/// Checks the templates of databases.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let projects = view.projects();
    for chart in view.charts() {
        let templates = join(&chart, "templates");
        for path in view.paths(|path| below(path, &templates) && [".yaml", ".yml", ".tpl"].iter().any(|e| path.ends_with(e))) {
            let Some(content) = view.text(Charts, &path) else { continue };
            if !(content.contains("kind: Cluster") && content.contains("postgresql.cnpg.io/")) {
                continue;
            }
            let values = join(&chart, "values.yaml");
            let values = if view.has(&values) { view.yaml(Values, &values).map(|node: Node| node.value()) } else { None };
            match branch(&content, &values.unwrap_or_default()) {
                Ok(()) => report.see_in("cnpg-recovery-by-value", &path, None, None::<Text>),
                // Elsewhere, the branch may stand in a helper, or the team may restore in another way.
                Err((line, what)) if projects.iter().any(|p| below(&path, p)) => report.see_in("cnpg-recovery-by-value", &path, line, Some(what)),
                Err(_) => {}
            }
        }
    }
    report
}

/// What is missing from the branch of recovery, and where.
fn branch(template: &str, values: &Value) -> Result<(), (Option<usize>, Text)> {
    let lines: Vec<&str> = template.lines().collect();
    let conditions = conditions(&lines);
    let Some(at) = key(&lines, "recovery") else {
        return Err((
            key(&lines, "bootstrap").map(|i| i + 1),
            Text::new("bootstrap n'a pas de branche recovery", "bootstrap has no branch recovery"),
        ));
    };
    let line = Some(at + 1);
    let opened = conditions[at].iter().flat_map(|c| paths(c)).any(|path| values.pointer(&path).is_some());
    if !opened {
        return Err((line, Text::new("aucune valeur déclarée n'ouvre la branche recovery", "no declared value opens the branch recovery")));
    }
    if !block(&lines, at).any(|l| l.starts_with("source:")) {
        return Err((line, Text::new("la branche recovery ne nomme pas de source", "the branch recovery names no source")));
    }
    let stored = key(&lines, "externalClusters").is_some_and(|i| {
        block(&lines, i).any(|l| l.starts_with("barmanObjectStore:") || l.starts_with("plugin:"))
            && block(&lines, i).any(|l| l.starts_with("- name:"))
    });
    if !stored {
        return Err((line, Text::new("externalClusters ne décrit pas la source", "externalClusters does not describe the source")));
    }
    Ok(())
}

/// Index of the first line that holds a key.
fn key(lines: &[&str], wanted: &str) -> Option<usize> {
    lines.iter().position(|l| l.trim_start().strip_prefix(wanted).is_some_and(|rest| rest.starts_with(':')))
}

/// Lines deeper than one, that follow it, without their indent; template actions are passed over.
fn block<'a>(lines: &'a [&'a str], at: usize) -> impl Iterator<Item = &'a str> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let own = lines.get(at).map_or(0, |l| depth(l));
    lines[(at + 1).min(lines.len())..]
        .iter()
        .filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with("{{") && !l.trim_start().starts_with('#'))
        .take_while(move |l| depth(l) > own)
        .map(|l| l.trim_start())
}

/// The conditions that each line stands under.
fn conditions(lines: &[&str]) -> Vec<Vec<String>> {
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        all.push(open.clone());
        for action in line.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(action, _)| action.trim_matches(['-', ' '])) {
            let word = action.split_whitespace().next().unwrap_or_default();
            match word {
                "if" | "with" | "range" | "define" | "block" => open.push(action.to_owned()),
                // The other branch: the same value decides, and its own condition.
                "else" => {
                    let before = open.pop().unwrap_or_default();
                    open.push(format!("{before} {action}"));
                }
                "end" => {
                    open.pop();
                }
                _ => {}
            }
        }
    }
    all
}

/// JSON pointers of the `.Values.a.b` of a condition.
fn paths(condition: &str) -> impl Iterator<Item = String> {
    let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    condition.split(".Values.").skip(1).map(move |rest| {
        let path: String = rest.chars().take_while(|c| name(*c)).collect();
        format!("/{}", path.trim_end_matches('.').replace('.', "/"))
    })
}
