//! Does the project admit what its Applications ask for? Argo CD refuses to synchronise an `Application` that leaves its
//! `AppProject` (`pkg/apis/application/v1alpha1/app_project_types.go`, `IsSourcePermitted`, `isDestinationMatched`,
//! `IsAppNamespacePermitted`; `util/argo`, `ValidatePermissions`).

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Deduced, Platform};
use crate::check::repository::Input::Manifests;
use crate::check::rules::Scene;
use crate::check::rules::argo::patterns;
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
))
.proves(&["gitops-described"]),
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
        let sources = sources(application);
        if sources.is_empty() {
            report.see_at("application-admitted", &cited, "/spec", Some(Text::new("aucune source", "no source")));
        }
        for (at, source) in &sources {
            report.see_at("application-admitted", &cited, at, incomplete(source, at.starts_with("/spec/sources/")));
        }
        values(&mut report, &cited, application, scene.answers);
        let wanted = text(application, "/spec/project");
        let named: Vec<&Value> = scene.objects.iter().filter(|o| argo(o, "AppProject") && name(o) == wanted).collect();
        if named.is_empty() {
            // A project of ours brings its own; elsewhere it may be anywhere.
            let ours = scene.answers.is_some() && scene.objects.iter().any(|o| argo(&o, "AppProject"));
            if ours && wanted != "default" {
                let problem = text!("projet {wanted:?} absent", "project {wanted:?} missing");
                report.see_at("application-admitted", &cited, "/spec/project", Some(problem));
            }
            continue;
        }
        // Each environment may have its project, under one name: which one holds here is not known.
        let refusals: Vec<_> = named.iter().map(|project| refused(application, &sources, project)).collect();
        for (index, (field, _)) in refusals[0].iter().enumerate() {
            let every = refusals.iter().all(|one| one[index].1.is_some());
            report.see_at("application-admitted", &cited, field, refusals[0][index].1.clone().filter(|_| every));
        }
    }
    report
}

/// What an Application deploys, each with its place: several sources, or else one; the source of a hydrator comes before both.
fn sources(application: &Value) -> Vec<(String, &Value)> {
    if let Some(hydrated) = application.pointer("/spec/sourceHydrator/drySource") {
        return vec![("/spec/sourceHydrator/drySource".to_owned(), hydrated)];
    }
    let many: Vec<_> = items(application, "/spec/sources").enumerate().map(|(index, s)| (format!("/spec/sources/{index}"), s)).collect();
    if !many.is_empty() {
        return many;
    }
    application.pointer("/spec/source").filter(|s| s.is_object()).map(|s| ("/spec/source".to_owned(), s)).into_iter().collect()
}

/// What a source lacks (`validateSourcePermissions`).
fn incomplete(source: &Value, lent: bool) -> Option<Text> {
    let some = |field: &str| !text(source, field).is_empty();
    if !some("/repoURL") {
        Some(Text::new("source sans repoURL", "source without repoURL"))
    } else if !(some("/path") || some("/chart") || lent && some("/ref")) {
        Some(Text::new("source sans path ni chart", "source with neither path nor chart"))
    } else if some("/chart") && !some("/targetRevision") {
        Some(Text::new("chart sans targetRevision", "chart without targetRevision"))
    } else {
        None
    }
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

fn refused(application: &Value, sources: &[(String, &Value)], project: &Value) -> Vec<(String, Option<Text>)> {
    let listed: Vec<&str> = items(project, "/spec/sourceRepos").filter_map(Value::as_str).collect();
    let mut found = Vec::new();
    for (at, source) in sources {
        let url = text(source, "/repoURL");
        if !url.is_empty() && !url.contains("{{") {
            let outside = !patterns::source(&listed, url);
            let problem = outside.then(|| text!("dépôt {url:?} hors du projet", "repository {url:?} outside of the project"));
            found.push((format!("{at}/repoURL"), problem));
        }
    }
    let field = |at: &str| text(application, &format!("/spec/destination/{at}"));
    let (server, cluster, namespace) = (field("server"), field("name"), field("namespace"));
    let shown = if server.is_empty() { cluster } else { server };
    let problem = if shown.is_empty() {
        Some(Text::new("ni server, ni name", "neither server nor name"))
    } else {
        (!namespace.contains("{{") && !shown.contains("{{") && !placed(project, server, cluster, namespace))
            .then(|| text!("destination {shown} {namespace:?} hors du projet", "destination {shown} {namespace:?} outside of the project"))
    };
    found.push(("/spec/destination".to_owned(), problem));
    let (own, its) = (text(application, "/metadata/namespace"), text(project, "/metadata/namespace"));
    let mut others = items(project, "/spec/sourceNamespaces").filter_map(Value::as_str);
    let apart = !own.is_empty() && !its.is_empty() && own != its && !others.any(|n| patterns::namespace(n, own));
    let problem = apart.then(|| text!("espace de noms {own}, projet dans {its}", "namespace {own}, project in {its}"));
    found.push(("/metadata/namespace".to_owned(), problem));
    found
}

/// Whether a destination of the project admits this one. A cluster has an address and a name: the one that is not written here
/// is not known, and may agree.
fn placed(project: &Value, server: &str, cluster: &str, namespace: &str) -> bool {
    let mut admitted = false;
    for known in items(project, "/spec/destinations") {
        let is = |field: &str, value: &str| {
            let pattern = text(known, field);
            if value.is_empty() && !pattern.is_empty() { None } else { Some(patterns::field(pattern, value) && !value.is_empty()) }
        };
        let denies = |field: &str| text(known, field).starts_with('!');
        let (by_name, by_server, inside) = (is("/name", cluster), is("/server", server), patterns::field(text(known, "/namespace"), namespace));
        if inside && (by_name != Some(false) || by_server != Some(false)) {
            admitted = true;
        } else if by_name == Some(false) && denies("/name")
            || by_server == Some(false) && denies("/server") && inside
            || !inside && denies("/namespace") && by_server == Some(true)
        {
            return false;
        }
    }
    admitted
}
