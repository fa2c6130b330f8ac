//! The app-of-apps: every source of every Application is a repository that was generated, its path and its value files
//! exist there, roots lead to children, projects allow what their Applications ask.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use crate::corpus::{Case, corpus, objects};
use crate::tools::gate;

fn texts<'a>(value: &'a Value, pointer: &str) -> Vec<&'a str> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Folder of each repository by its address on either forge.
fn repositories(case: &Case) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for (path, name) in &case.repositories {
        for forge in ["primaire", "secondaire"] {
            let base = case.answers["forge"][forge].as_str().unwrap();
            found.insert(format!("{base}/{name}.git"), case.folder.join(path));
        }
    }
    found
}

/// Problems of one Application against the generated repositories; adds what it checked to `examined`.
fn application(app: &Value, repositories: &BTreeMap<String, PathBuf>, examined: &mut usize) -> Vec<String> {
    let mut problems = Vec::new();
    let name = app["metadata"]["name"].as_str().unwrap_or_default();
    let spec = &app["spec"];
    let mut sources: Vec<&Value> = spec["sources"].as_array().into_iter().flatten().collect();
    sources.extend(spec.get("source"));
    if sources.is_empty() {
        problems.push(format!("{name}: no source"));
    }
    let url = |s: &Value| s["repoURL"].as_str().unwrap_or_default().to_owned();
    let refs: BTreeMap<&str, &PathBuf> = sources.iter().filter_map(|s| Some((s["ref"].as_str()?, repositories.get(&url(s))?))).collect();
    for source in &sources {
        *examined += 1;
        let Some(root) = repositories.get(&url(source)) else {
            problems.push(format!("{name}: {} is not a generated repository", url(source)));
            continue;
        };
        let Some(path) = source["path"].as_str() else { continue };
        let folder = root.join(path);
        if !folder.is_dir() {
            problems.push(format!("{name}: {path} does not exist in {}", url(source)));
        }
        for file in texts(source, "/helm/valueFiles") {
            *examined += 1;
            let target = match file.strip_prefix('$').and_then(|f| f.split_once('/')) {
                Some((name, rest)) => refs.get(name).map(|root| root.join(rest)),
                None => Some(folder.join(file)),
            };
            if !target.is_some_and(|t| t.is_file()) {
                problems.push(format!("{name}: value file {file} does not exist"));
            }
        }
        if let Some(include) = source.pointer("/directory/include").and_then(Value::as_str) {
            *examined += 1;
            if !include.contains('*') && !folder.join(include).is_file() {
                problems.push(format!("{name}: {include} does not exist"));
            }
        }
    }
    problems
}

/// The Argo CD objects of a project, with the folder of each.
fn declared(case: &Case) -> Vec<(String, Value)> {
    let yaml = |f: &&String| Path::new(f.as_str()).extension().is_some_and(|e| e == "yaml");
    let files = case.files.iter().filter(|f| f.starts_with("argocd/") || f.starts_with("app/argocd/")).filter(yaml);
    files.flat_map(|f| objects(&case.read(f)).into_iter().map(|o| (f.clone(), o))).collect()
}

#[test]
fn the_app_of_apps_leads_to_what_exists() {
    let started = Instant::now();
    let (mut examined, mut problems) = (0, Vec::new());
    for case in &corpus().cases {
        let repositories = repositories(case);
        let declared = declared(case);
        let of = |kind: &str| declared.iter().filter(|(_, o)| o["kind"] == kind).map(|(_, o)| o.clone()).collect::<Vec<_>>();
        let (applications, projects) = (of("Application"), of("AppProject"));
        for app in &applications {
            problems.extend(application(app, &repositories, &mut examined).into_iter().map(|p| format!("{}: {p}", case.id)));
            let project = projects.iter().find(|p| p["metadata"]["name"] == app["spec"]["project"]);
            let Some(project) = project else {
                problems.push(format!("{}: {}: its AppProject is not declared", case.id, app["metadata"]["name"]));
                continue;
            };
            let destination = app.pointer("/spec/destination/namespace");
            let allowed = project["spec"]["destinations"].as_array().into_iter().flatten().any(|d| d.get("namespace") == destination);
            if !allowed {
                problems.push(format!("{}: {}: its project does not allow namespace {destination:?}", case.id, app["metadata"]["name"]));
            }
        }
        // One child per deployable and environment, and one root per environment.
        let expected = case.charts.keys().filter(|c| !c.ends_with("ensemble")).count() * case.environments().len();
        let children = applications.iter().filter(|a| !a["metadata"]["name"].as_str().unwrap().ends_with("-racine")).count();
        let roots = applications.len() - children;
        if !applications.is_empty() && (children < expected || roots != case.environments().len()) {
            problems.push(format!("{}: {roots} roots and {children} children for {expected} modules x environments", case.id));
        }
    }
    gate("app-of-apps (sources and value files)", examined, started);
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn a_wrong_application_is_refused() {
    let case = corpus().cases.iter().find(|c| !declared(c).is_empty()).expect("a project with an app-of-apps");
    let known = repositories(case);
    let (_, app) = declared(case).into_iter().find(|(_, o)| o["kind"] == "Application" && o.pointer("/spec/source/helm").is_some()).unwrap();
    assert!(application(&app, &known, &mut 0).is_empty());
    for (pointer, value) in [
        ("/spec/source/repoURL", serde_json::json!("https://ailleurs.invalid/x.git")),
        ("/spec/source/path", serde_json::json!("infra/absent")),
        ("/spec/source/helm/valueFiles", serde_json::json!(["values-absent.yaml"])),
    ] {
        let mut bad = app.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!application(&bad, &known, &mut 0).is_empty(), "{pointer}");
    }
}
