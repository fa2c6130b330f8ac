//! Does the project admit what its Applications ask for? Argo CD refuses to synchronise an `Application` that leaves its
//! `AppProject` (`pkg/apis/application/v1alpha1/app_project_types.go`, `IsSourcePermitted`, `IsDestinationPermitted`).

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Deduced, Platform};
use crate::check::repository::Input::Manifests;
use crate::check::rules::Scene;
use crate::check::rules::argo::tree::admits;
use crate::check::{Report, cite, items, kind, name, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
    "application-admitted",
    Manifests,
    Platform,
    ("Application qu'Argo CD refuse de synchroniser", "Application that Argo CD refuses to synchronise"),
    ("accordez sa source, sa destination et son espace de noms à ceux de son AppProject", "make its source, destination and namespace agree with those of its AppProject"),
)
.because((
    "Argo CD, page « Projects » : une Application hors des dépôts ou des destinations de son projet, ou sans source, n'est jamais synchronisée.",
    "Argo CD, page \"Projects\": an Application outside of the repositories or destinations of its project, or without a source, is never synchronised.",
)),
    Rule::error(
        "application-values",
        Manifests,
        Deduced,
        ("Application déployée sans les valeurs de son environnement", "Application deployed without the values of its environment"),
        ("citez values-<environnement>.yaml dans helm.valueFiles", "name values-<environment>.yaml in helm.valueFiles"),
    )
    .because((
        "Sans ce fichier, helm rend les valeurs par défaut du chart : registre, domaine, base et secrets ne sont pas ceux de l'environnement.",
        "Without that file helm renders the chart's default values: registry, domain, database and secrets are not those of the environment.",
    )),
];

/// Checks each Application, and those whose project is here.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let argo = |o: &&Value, of: &str| kind(o) == of && text(o, "/apiVersion").starts_with("argoproj.io/");
    for application in scene.objects.iter().filter(|o| argo(o, "Application")) {
        let cited = cite(application);
        let unsourced = ["/spec/source", "/spec/sources", "/spec/sourceHydrator"].iter().all(|at| application.pointer(at).is_none_or(Value::is_null));
        let problem = unsourced.then(|| Text::new("aucune source", "no source"));
        report.see_at("application-admitted", &cited, "/spec", problem);
        values(&mut report, &cited, application, scene.answers);
        let wanted = text(application, "/spec/project");
        let mut named = scene.objects.iter().filter(|o| argo(o, "AppProject") && name(o) == wanted);
        let Some(project) = named.next() else {
            // A project of ours brings its own; elsewhere it may be anywhere.
            let ours = scene.answers.is_some() && scene.objects.iter().any(|o| argo(&o, "AppProject"));
            if ours && wanted != "default" {
                let problem = text!("projet {wanted:?} absent", "project {wanted:?} missing");
                report.see_at("application-admitted", &cited, "/spec/project", Some(problem));
            }
            continue;
        };
        // The same name twice: which one it is, is not known.
        if named.next().is_some() {
            continue;
        }
        for (field, problem) in refused(application, project) {
            report.see_at("application-admitted", &cited, field, problem);
        }
    }
    report
}

/// In a project of ours, an Application that renders a chart reads the values of an environment.
fn values(report: &mut Report, cited: &str, application: &Value, answers: Option<&serde_json::Map<String, Value>>) {
    let environments = answers.and_then(|a| a.get("environnements")).and_then(Value::as_array);
    let (Some(environments), Some(source)) = (environments, application.pointer("/spec/source")) else { return };
    if source.get("directory").is_some() || text(source, "/path").ends_with("/applications") {
        return;
    }
    let read = |file: &str| environments.iter().any(|e| file.rsplit('/').next() == Some(&format!("values-{}.yaml", text(e, "/nom"))));
    let some = items(source, "/helm/valueFiles").filter_map(Value::as_str).any(read);
    let problem = (!some).then(|| Text::new("aucun fichier values d'un environnement", "no values file of an environment"));
    report.see_at("application-values", cited, "/spec/source/helm/valueFiles", problem);
}

fn refused(application: &Value, project: &Value) -> [(&'static str, Option<Text>); 3] {
    let sources = application.pointer("/spec/source").into_iter().chain(items(application, "/spec/sources"));
    let mut repositories = sources.map(|source| text(source, "/repoURL"));
    let permitted = |url: &str| {
        let all: Vec<&str> = items(project, "/spec/sourceRepos").filter_map(Value::as_str).collect();
        let denied = all.iter().any(|known| known.strip_prefix('!').is_some_and(|known| matches(known, url)));
        !denied && all.iter().any(|known| matches(known, url))
    };
    let outside = repositories.find(|url| !permitted(url) && !url.contains("{{"));
    let source = outside.map(|url| text!("dépôt {url:?} hors du projet", "repository {url:?} outside of the project"));
    let field = |at: &str| text(application, &format!("/spec/destination/{at}"));
    let (server, cluster, namespace) = (field("server"), field("name"), field("namespace"));
    let admitted = items(project, "/spec/destinations").any(|known| {
        let place = if server.is_empty() { ("/name", cluster) } else { ("/server", server) };
        // A cluster has an address and a name: the other one is not known here.
        let other = if server.is_empty() { "/server" } else { "/name" };
        let unknown = text(known, place.0).is_empty() && !text(known, other).is_empty();
        (unknown || matches(text(known, place.0), place.1)) && matches(text(known, "/namespace"), namespace)
    });
    let shown = if server.is_empty() { cluster } else { server };
    let destination = if server.is_empty() && cluster.is_empty() {
        Some(Text::new("ni server, ni name", "neither server nor name"))
    } else {
        (!admitted && !namespace.contains("{{") && !shown.contains("{{"))
            .then(|| text!("destination {shown} {namespace:?} hors du projet", "destination {shown} {namespace:?} outside of the project"))
    };
    let (own, its) = (text(application, "/metadata/namespace"), text(project, "/metadata/namespace"));
    let apart = !own.is_empty()
        && !its.is_empty()
        && own != its
        && items(project, "/spec/sourceNamespaces").all(|n| n.as_str().is_none_or(|n| !matches(n, own)));
    let place = apart.then(|| text!("espace de noms {own}, projet dans {its}", "namespace {own}, project in {its}"));
    [("/spec/source", source), ("/spec/destination", destination), ("/metadata/namespace", place)]
}

/// Argo CD's patterns: stars alone are read here; other signs are taken as a match.
fn matches(pattern: &str, value: &str) -> bool {
    pattern.contains(['?', '[', '{']) || admits(pattern, value)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_is_read_as_argo_cd_reads_it() {
        for (pattern, value) in [("*", ""), ("https://forge/*", "https://forge/a/b.git"), ("a*c*e", "abcde"), ("demo", "demo")] {
            assert!(matches(pattern, value), "{pattern} {value}");
        }
        for (pattern, value) in [("demo", "demo-prod"), ("https://forge/*", "https://autre/a"), ("a*e", "abcd"), ("", "demo")] {
            assert!(!matches(pattern, value), "{pattern} {value}");
        }
    }
}
