//! Charts of a repository, and what helm makes of them for one environment.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::{Group, stream};
use crate::check::repository::{self, Input, Repository, below, file_name, join};
use crate::check::{helm, text};
use crate::text;
use crate::text::Text;
use crate::yaml;

/// A chart, with the environments of its values files.
pub struct Chart {
    /// Its folder.
    pub folder: String,
    /// Names between `values-` and `.yaml`.
    pub environments: BTreeSet<String>,
    /// Values files that every environment shares, given before its own.
    pub shared: Vec<String>,
}

/// Names that are not environments: files of this name hold what the environments have in common.
const SHARED: [&str; 8] = ["common", "commun", "base", "default", "defaults", "global", "globals", "shared"];

/// The charts that can be rendered; the others are gaps.
pub fn charts(repository: &mut Repository) -> Vec<Chart> {
    let mut charts = Vec::new();
    for folder in repository.charts() {
        let path = join(&folder, "Chart.yaml");
        if repository.left_aside(Input::Manifests, &path) {
            continue;
        }
        let Some(content) = repository.text(Input::Charts, &path) else { continue };
        let value: Value = match yaml::parse(&path, &content) {
            Ok(value) => value,
            Err(problem) => {
                repository.gap(Some(Input::Manifests), &path, problem.what);
                continue;
            }
        };
        // A library renders nothing by itself: the charts that use it are judged with it.
        if text(&value, "/type") == "library" {
            continue;
        }
        let named: BTreeSet<String> = repository
            .files
            .iter()
            .filter(|f| repository::folder(f) == folder)
            .filter_map(|f| file_name(f).strip_prefix("values-")?.strip_suffix(".yaml"))
            .filter(|e| !e.is_empty() && e.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
            .map(str::to_owned)
            .collect();
        let (shared, environments): (BTreeSet<String>, BTreeSet<String>) = named.into_iter().partition(|name| SHARED.contains(&name.as_str()));
        let shared = shared.iter().map(|name| format!("values-{name}.yaml")).collect();
        charts.push(Chart { folder, environments, shared });
    }
    charts
}

/// Adds what the charts render for one environment (none: those that have no values file of an environment, with their
/// defaults). Says whether every chart was rendered.
pub fn render(group: &mut Group, repository: &mut Repository, charts: &[Chart], environment: Option<&str>, program: Option<&Path>) -> bool {
    let mut complete = true;
    for chart in charts {
        let values = match environment {
            Some(environment) if chart.environments.contains(environment) => Some(format!("values-{environment}.yaml")),
            None if chart.environments.is_empty() => {
                let why = Text::new(
                    "aucun values-<environnement>.yaml : rendu avec ses seules valeurs par défaut",
                    "no values-<environment>.yaml: rendered with its defaults alone",
                );
                repository.gap(Some(Input::Manifests), &chart.folder, why);
                None
            }
            _ => continue,
        };
        let files: Vec<&str> = chart.shared.iter().map(String::as_str).chain(values.as_deref()).collect();
        let output = template(repository, chart, &files, program);
        if let Err(why) = output.and_then(|output| stream::rendered(group, &output, &chart.folder, values.is_none())) {
            complete = false;
            repository.gap(Some(Input::Manifests), &chart.folder, why);
        }
    }
    complete
}

fn template(repository: &Repository, chart: &Chart, values: &[&str], program: Option<&Path>) -> Result<String, Text> {
    let Some(program) = program else {
        return Err(Text::new("helm est introuvable : installez-le, ou donnez --helm", "helm is not found: install it, or give --helm"));
    };
    let Some(root) = repository.root() else {
        return Err(Text::new("le chart n'est pas sur un disque", "the chart is not on a disk"));
    };
    // helm follows links: one could show a file of this machine, or never end.
    if let Some(link) = repository.links.iter().find(|l| below(l, &chart.folder)) {
        return Err(text!("lien symbolique dans le chart : {link}", "symbolic link in the chart: {link}"));
    }
    if repository.gaps.iter().any(|g| g.input.is_none() && below(&g.path, &chart.folder)) {
        return Err(Text::new("chart lu en partie seulement", "chart read only in part"));
    }
    helm::template(program, &root.join(&chart.folder), values)
}
