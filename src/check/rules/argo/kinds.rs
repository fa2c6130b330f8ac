//! Does the project admit the kinds that its Applications bring? An object whose kind is not listed fails each of its syncs
//! (`pkg/apis/application/v1alpha1/app_project_types.go`, `IsGroupKindNamePermitted`).

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Platform;
use crate::check::repository::Input::Manifests;
use crate::check::repository::{below, folder};
use crate::check::rules::Kept;
use crate::check::rules::argo::patterns;
use crate::check::{Report, cite, items, kind, name, text};
use crate::text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[Rule::error(
    "application-kinds",
    Manifests,
    Platform,
    ("type d'objet que le projet de son Application refuse", "kind of object that the project of its Application refuses"),
    (
        "ajoutez le type à namespaceResourceWhitelist de l'AppProject (un administrateur l'applique), ou retirez l'objet",
        "add the kind to namespaceResourceWhitelist of the AppProject (an administrator applies it), or remove the object",
    ),
)
.because((
    "Argo CD, page « Projects » : un type hors de la liste fait échouer chaque synchronisation (« resource apps:DaemonSet is not permitted in project … »), après les travaux qui la précèdent.",
    "Argo CD, page \"Projects\": a kind outside of the list fails each synchronisation (\"resource apps:DaemonSet is not permitted in project …\"), after the jobs that precede it.",
))];

/// Checks the objects that a chart renders for an environment, or that a folder holds, against the project of the Application
/// that leads there. Judged when both are in this repository, and the project is the only one of its name.
#[must_use]
pub fn across(kept: &[Kept]) -> Report {
    let mut report = Report::default();
    let argo = |k: &&Kept, of: &str| kind(&k.object) == of && text(&k.object, "/apiVersion").starts_with("argoproj.io/");
    for application in kept.iter().filter(|k| argo(k, "Application")) {
        let wanted = text(&application.object, "/spec/project");
        let mut named = kept.iter().filter(|k| argo(k, "AppProject") && name(&k.object) == wanted);
        let (Some(project), None) = (named.next(), named.next()) else { continue };
        let Some(source) = application.object.pointer("/spec/source") else { continue };
        for item in kept.iter().filter(|item| brought(item, source)) {
            let (group, of) = (text(&item.object, "/apiVersion").rsplit_once('/').map_or("", |(group, _)| group), kind(&item.object));
            let shown = if group.is_empty() { of.to_owned() } else { format!("{group}/{of}") };
            let problem = (!admitted(&project.object, group, of))
                .then(|| text!("le projet {wanted} n’admet pas le type {shown}", "project {wanted} does not admit kind {shown}"));
            report.see_part("application-kinds", &item.file, None, &cite(&item.object), problem);
        }
    }
    report
}

/// Whether an Application with this source brings an object: rendered with the values file that it names, or in its folder.
fn brought(item: &Kept, source: &Value) -> bool {
    let path = text(source, "/path").trim_start_matches("./").trim_end_matches('/');
    if path.is_empty() || path == "." {
        return false;
    }
    let mut values = items(source, "/helm/valueFiles").filter_map(Value::as_str).peekable();
    if values.peek().is_none() {
        return source.get("helm").is_none() && folder(&item.file) == path;
    }
    let Some(environment) = item.environment.as_deref() else { return false };
    let wanted = format!("values-{environment}.yaml");
    below(&item.file, path) && values.any(|file| file.rsplit('/').next() == Some(&wanted))
}

/// Whether a project admits a kind, in a namespace or outside of any. A list that is absent admits what is in a namespace.
fn admitted(project: &Value, group: &str, of: &str) -> bool {
    let listed = |list: &str| {
        let matches = |row: &Value| patterns::field(text(row, "/group"), group) && patterns::field(text(row, "/kind"), of);
        project.pointer(&format!("/spec/{list}")).and_then(Value::as_array).map(|rows| rows.iter().any(matches))
    };
    let spaced = listed("namespaceResourceWhitelist").unwrap_or(true) && !listed("namespaceResourceBlacklist").unwrap_or(false);
    spaced || listed("clusterResourceWhitelist").unwrap_or(false)
}
