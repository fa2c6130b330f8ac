//! What Argo CD is told to deploy, and whether it is all there: a root per environment, one Application a module, sources
//! that exist, and data that outlives what is deleted.

use serde_json::Value;

use super::tree::{Declared, Tree, address, inside};
use crate::check::Report;
use crate::check::repository::Input::Documents;
use crate::check::repository::{below, file_name, folder, join};
use crate::check::view::View;
use crate::check::{items, name, text};
use crate::text;
use crate::text::Text;
use crate::yaml::Node;

/// Sheet of what is entered in the console of Cloud π Native.
const SHEET: &str = "docs/exploitation/console-cloud-pi-native.md";

/// A chart that a project deploys.
struct Module {
    /// Its folder.
    folder: String,
    /// Environments that it has values for.
    environments: Vec<String>,
    /// It only gathers other charts of the project.
    gathers: bool,
    /// It keeps data: a database, a claim, a service of the catalogue.
    keeps: bool,
}

/// Checks the Argo CD objects of a repository.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let tree = Tree::new(view);
    let modules = modules(view);
    for application in &tree.applications {
        waits(&mut report, application);
        sources(&mut report, view, &tree, application);
        guarded(&mut report, &tree, &modules, application);
        described(&mut report, application);
    }
    roots(&mut report, view, &tree);
    one_each(&mut report, view, &tree, &modules);
    sheets(&mut report, view, &modules);
    report
}

fn see(report: &mut Report, rule: &'static str, declared: &Declared, pointer: &str, problem: Option<Text>) {
    report.see_part(rule, &declared.file, Some(declared.line(pointer)), &declared.shown(), problem);
}

const RULES_OVER_SOURCES: [&str; 4] = ["argocd-root-application", "argocd-one-application-per-module", "argocd-source", "gitops-described"];

/// An address that is still to be given shows where the root leads only once it is known.
fn waits(report: &mut Report, application: &Declared) {
    if application.sources().iter().any(|(_, source)| text(source, "/repoURL").contains("a-completer")) {
        let what = format!("{}: repoURL", application.file);
        for rule in RULES_OVER_SOURCES {
            report.wait(rule, &what);
        }
    }
}

fn modules(view: &mut View<'_>) -> Vec<Module> {
    let mut modules = Vec::new();
    for chart in view.charts() {
        let path = join(&chart, "Chart.yaml");
        if crate::check::repository::aside(&path).is_some() {
            continue;
        }
        let Some(value) = view.yaml(crate::check::repository::Input::Charts, &path).map(|node: Node| node.value()) else { continue };
        if text(&value, "/type") == "library" {
            continue;
        }
        let dependencies: Vec<&Value> = items(&value, "/dependencies").collect();
        let local = |d: &&&Value| text(d, "/repository").starts_with("file://");
        let gathers = dependencies.iter().any(|d| local(&d));
        let environment = |path: &String| Some(file_name(path).strip_prefix("values-")?.strip_suffix(".yaml")?.to_owned());
        let environments = view.paths(|path| folder(path) == chart).iter().filter_map(environment).collect();
        let templates = view.paths(|path| below(path, &join(&chart, "templates")));
        let stateful = |content: String| {
            let kinds = ["StatefulSet", "PersistentVolumeClaim"];
            content.lines().any(|l| l.strip_prefix("kind:").is_some_and(|k| kinds.contains(&k.trim())))
                || content.contains("postgresql.cnpg.io/") && content.lines().any(|l| l.trim() == "kind: Cluster")
        };
        let keeps = dependencies.iter().any(|d| !local(&d))
            || templates.iter().any(|path| view.text(crate::check::repository::Input::Manifests, path).is_some_and(stateful));
        modules.push(Module { folder: chart, environments, gathers, keeps });
    }
    modules
}

/// A source of a repository that is here leads to what exists there.
fn sources(report: &mut Report, view: &View<'_>, tree: &Tree, application: &Declared) {
    let sources = application.sources();
    for (at, source) in &sources {
        let Some(root) = tree.repositories.get(&address(source)) else { continue };
        let path = inside(root, text(source, "/path"));
        let exists = |path: &str| view.has(path) || !view.paths(|file| below(file, path)).is_empty();
        let mut missing = Vec::new();
        if !exists(&path) {
            missing.push(path.clone());
        }
        let helm = items(source, "/helm/valueFiles").filter_map(Value::as_str).collect::<Vec<_>>();
        if !helm.is_empty() && !view.has(&join(&path, "Chart.yaml")) {
            missing.push(join(&path, "Chart.yaml"));
        }
        for file in helm {
            let target = match file.strip_prefix('$').and_then(|f| f.split_once('/')) {
                Some((lent, rest)) => {
                    let lender = sources.iter().find(|(_, s)| text(s, "/ref") == lent).map(|(_, s)| address(s));
                    lender.and_then(|address| tree.repositories.get(&address)).map(|root| inside(root, rest))
                }
                None => Some(inside(&path, file)),
            };
            missing.extend(target.filter(|target| !view.has(target)));
        }
        let include = text(source, "/directory/include");
        if !include.is_empty() && !include.contains(['*', '{', '?']) && !view.has(&join(&path, include)) {
            missing.push(join(&path, include));
        }
        let shown = missing.join(", ");
        let problem = (!missing.is_empty()).then(|| text!("{shown} : absent de ce dépôt", "{shown}: not in this repository"));
        see(report, "argocd-source", application, &format!("{at}/path"), problem);
    }
}

/// What keeps data outlives its Application, and a root outlives nothing that it led to.
fn guarded(report: &mut Report, tree: &Tree, modules: &[Module], application: &Declared) {
    if tree.repositories.is_empty() {
        return;
    }
    let led = tree.children(application);
    if !led.is_empty() {
        let cascades = application.cascades() && led.iter().any(|child| !child.cascades());
        let problem = cascades.then(|| {
            Text::new("supprimer la racine supprimerait des modules qui gardent des données", "deleting the root would delete modules that keep data")
        });
        return see(report, "argocd-data-guard", application, "/metadata/finalizers", problem);
    }
    let data = application.rendered().iter().filter_map(|(_, s)| tree.folder_of(s)).any(|at| modules.iter().any(|m| m.keeps && m.folder == at));
    if !data {
        return;
    }
    let prunes = application.value.pointer("/spec/syncPolicy/automated/prune").and_then(Value::as_bool) == Some(true);
    let kept = application.option("Prune=false");
    let (place, problem) = if application.cascades() {
        ("/metadata/finalizers", Some(Text::new("son finalizer supprime les données avec elle", "its finalizer deletes the data with it")))
    } else if prunes {
        (
            "/spec/syncPolicy/automated/prune",
            Some(Text::new("prune : true sur un module qui garde des données", "prune: true on a module that keeps data")),
        )
    } else {
        let problem =
            (!kept).then(|| Text::new("sans Prune=false : retirer ce fichier la supprime", "without Prune=false: removing this file deletes it"));
        ("/metadata/annotations", problem)
    };
    see(report, "argocd-data-guard", application, place, problem);
}

/// An Application that reads a repository describes its deployment; `application-admitted` finds one that reads none.
fn described(report: &mut Report, application: &Declared) {
    if application.sources().iter().any(|(_, source)| !text(source, "/repoURL").is_empty()) {
        see(report, "gitops-described", application, "/spec", None);
    }
}

fn roots(report: &mut Report, view: &mut View<'_>, tree: &Tree) {
    let mut found: Vec<&str> = Vec::new();
    for root in &tree.applications {
        if !tree.children(root).is_empty() {
            found.push(&root.file);
            let by_hand = root.value.pointer("/spec/syncPolicy/automated").is_none() && !tree.repositories.is_empty();
            let problem =
                by_hand.then(|| Text::new("synchronisée à la main : rien n’y est réconcilié", "synchronised by hand: nothing is reconciled"));
            see(report, "argocd-root-application", root, "/spec/syncPolicy", problem);
        }
    }
    // In a project of ours, each environment has its root.
    for promised in view.promised().iter().filter(|path| path.ends_with("/racine.yaml") && path.contains("argocd/")) {
        if !found.contains(&promised.as_str()) {
            let problem = if view.has(promised) {
                Text::new("ne mène à aucune Application", "leads to no Application")
            } else {
                Text::new("le fichier est absent", "the file is missing")
            };
            report.see_in("argocd-root-application", promised, None, Some(problem));
        }
    }
}

/// An Application deploys one module, and each module has its own.
fn one_each(report: &mut Report, view: &mut View<'_>, tree: &Tree, modules: &[Module]) {
    let leaves: Vec<&Declared> = tree.applications.iter().filter(|a| tree.children(a).is_empty()).collect();
    let what = |a: &Declared| {
        let files = a
            .rendered()
            .iter()
            .map(|(_, s)| (address(s), text(s, "/path").to_owned(), text(s, "/chart").to_owned(), s["helm"].to_string()))
            .collect::<Vec<_>>();
        (files, a.value["spec"]["destination"].to_string())
    };
    for (index, leaf) in leaves.iter().enumerate() {
        let rendered = leaf.rendered().len();
        let twin = leaves[..index].iter().find(|other| what(other) == what(leaf)).map(|other| name(&other.value).to_owned());
        let problem = if rendered > 1 {
            Some(text!("déploie {rendered} sources à la fois", "deploys {rendered} sources at once"))
        } else {
            twin.map(|other| text!("déploie la même chose que {other}", "deploys the same as {other}"))
        };
        see(report, "argocd-one-application-per-module", leaf, "/spec", problem);
    }
    let wanted = view.promised().iter().any(|path| path.contains("argocd/") && path.contains("/applications/"));
    if !wanted {
        return;
    }
    for module in modules.iter().filter(|m| !m.gathers && tree.repositories.values().any(|root| below(&m.folder, root))) {
        for environment in &module.environments {
            let values = format!("values-{environment}.yaml");
            let of = |a: &&&Declared| {
                a.rendered().iter().any(|(_, s)| {
                    tree.folder_of(s).as_deref() == Some(module.folder.as_str())
                        && items(s, "/helm/valueFiles").filter_map(Value::as_str).any(|f| file_name(f) == values)
                })
            };
            let count = leaves.iter().filter(of).count();
            let problem = (count != 1).then(|| {
                text!(
                    "{count} Application le déploient en {environment}, une attendue",
                    "{count} Applications deploy it in {environment}, one expected"
                )
            });
            report.see_in("argocd-one-application-per-module", &join(&module.folder, "Chart.yaml"), None, problem);
        }
    }
}

/// On Cloud π Native, what is entered in the console: the address, the path and the values of each module.
fn sheets(report: &mut Report, view: &mut View<'_>, modules: &[Module]) {
    let answer = |key: &str| view.answers.and_then(|a| a.get(key)).and_then(Value::as_str).unwrap_or_default().to_owned();
    if answer("hebergement") != "cloud-pi-native" {
        return;
    }
    let expected: Vec<String> = view.promised().into_iter().filter(|path| path.ends_with(SHEET)).collect();
    for path in expected {
        if !view.has(&path) {
            report.see_in("gitops-described", &path, None, Some(Text::new("le fichier est absent", "the file is missing")));
            continue;
        }
        let Some(content) = view.text(Documents, &path) else { continue };
        let gathered = modules.iter().any(|m| m.gathers);
        let roots = view.projects();
        for module in modules.iter().filter(|m| m.gathers == gathered) {
            let Some(root) = roots.iter().filter(|root| below(&module.folder, root)).max_by_key(|root| root.len()) else { continue };
            let manifest = join(root, crate::render::MANIFEST_NAME);
            let depot = view.yaml(Documents, &manifest).map(|node| text(&node.value(), "/depot").to_owned()).unwrap_or_default();
            let relative = module.folder.strip_prefix(root.as_str()).unwrap_or_default().trim_start_matches('/');
            let shown = if relative.is_empty() { "`.`".to_owned() } else { format!("`{relative}`") };
            let mut lines = content.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with('|'));
            let row = lines.find(|(_, line)| line.contains(&shown) && (!relative.is_empty() || line.contains(&format!("/{depot}.git"))));
            let what = if relative.is_empty() { depot } else { relative.to_owned() };
            let problem = row.is_none().then(|| text!("{what} n’y est pas", "{what} is not in it"));
            report.see_in("gitops-described", &path, row.map(|(index, _)| index + 1), problem);
        }
    }
}
