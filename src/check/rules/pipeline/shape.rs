//! What GitLab refuses to run: stages, needs and templates that are not there, jobs that do nothing; and includes that change
//! by themselves.

use crate::check::Report;
use crate::check::ci::gitlab::{CATALOGUE, Source, needs};
use crate::check::ci::texts;
use crate::text;
use crate::text::Text;
use crate::yaml::{Kind, Node};

/// Stages when a chain names none (GitLab's reference, `stages`).
const STAGES: [&str; 3] = ["build", "test", "deploy"];

/// Judges one chain.
pub fn check(report: &mut Report, source: &Source) {
    for (line, include) in &source.foreign {
        report.see_in("pipeline-include-pinned", &source.file, Some(*line), floating(include));
    }
    let named = source.entries.get("stages").map(|(_, _, node)| texts(Some(node)));
    let known =
        |stage: &str| stage == ".pre" || stage == ".post" || named.as_ref().map_or(STAGES.contains(&stage), |all| all.iter().any(|s| s == stage));
    for (name, file, line, node) in source.jobs() {
        let at = Some(line);
        if !matches!(node.kind, Kind::Map(_)) {
            report.see_part("pipeline-job", file, at, name, Some(Text::new("un travail est un ensemble de mots-clés", "a job is a set of keywords")));
            continue;
        }
        let parents = source.ancestors(name);
        let unread = parents.iter().any(|parent| !source.entries.contains_key(parent));
        let full = |node: &Node| !matches!(&node.kind, Kind::Seq(items) if items.is_empty());
        let works = ["script", "trigger", "run", "pages"].iter().any(|key| source.lookup(name, key).is_some_and(|(_, _, node)| full(node)));
        if works || !unread {
            let problem = (!works).then(|| Text::new("ni script, ni trigger", "neither script nor trigger"));
            report.see_part("pipeline-job", file, at, name, problem);
        }
        // Stages of an include that is not read are not known, unless this chain names its own.
        if let Some((file, line, stage)) = source.lookup(name, "stage").filter(|_| named.is_some() || !source.elsewhere)
            && let Some(stage) = stage.as_str().filter(|stage| !stage.contains('$'))
        {
            report.see_part("pipeline-stages", file, Some(line), name, (!known(stage)).then(|| format!("stage: {stage}")));
        }
        // « job config chosen stage test does not exist »: the default of a job that names none. Templates of the catalogue name
        // none, but those of node-npm.yml and java-mvn.yml.
        let told = |parent: &String| {
            source.entries.contains_key(parent) || [".vault:", ".kaniko:", ".buildkit:", ".sonar:"].iter().any(|of| parent.starts_with(of))
        };
        if source.lookup(name, "stage").is_none() && named.is_some() && parents.iter().all(told) {
            let problem = (!known("test"))
                .then(|| Text::new("pas de stage : « test », par défaut, n'est pas déclaré", "no stage: “test”, the default, is not declared"));
            report.see_part("pipeline-stages", file, at, name, problem);
        }
        waits(report, source, name, named.as_deref());
        for parent in parents.iter().filter(|parent| !source.entries.contains_key(*parent)) {
            if let Some(found) = template(source, parent) {
                let line = node.get("extends").map_or(line, |(line, _)| line);
                report.see_part("pipeline-extends", file, Some(line), name, found.err());
            }
        }
        for _ in parents.iter().filter(|parent| source.entries.contains_key(*parent)) {
            report.see_part("pipeline-extends", file, at, name, None::<Text>);
        }
    }
}

fn waits(report: &mut Report, source: &Source, name: &str, stages: Option<&[String]>) {
    let Some((file, line, node)) = source.lookup(name, "needs") else { return };
    let optional = |wanted: &str| {
        let Kind::Seq(items) = &node.kind else { return false };
        items.iter().any(|item| item.get("job").is_some_and(|(_, job)| job.as_str() == Some(wanted)) && item.get("optional").is_some())
    };
    let rank = |job: &str| {
        let stage = source.lookup(job, "stage").and_then(|(_, _, stage)| stage.as_str()).unwrap_or("test");
        stages.and_then(|all| all.iter().position(|s| s == stage))
    };
    for wanted in needs(node) {
        // A name in parallel matrices holds its values: « job: [a, b] ».
        let base = wanted.split(": [").next().unwrap_or_default().to_owned();
        if wanted.contains('$') || optional(&wanted) {
            continue;
        }
        let there = source.entries.contains_key(&base);
        if !there && source.elsewhere {
            continue;
        }
        let later = matches!((rank(name), rank(&base)), (Some(own), Some(other)) if other > own);
        let problem = if !there {
            Some(text!("needs: {wanted} : ce travail n'existe pas", "needs: {wanted}: there is no such job"))
        } else if later {
            Some(text!("needs: {wanted} : ce travail vient plus tard", "needs: {wanted}: that job comes later"))
        } else {
            None
        };
        report.see_part("pipeline-needs", file, Some(line), name, problem);
    }
}

/// Whether a template that is not in this repository is there, and what is wrong otherwise; none when it cannot be known.
fn template(source: &Source, name: &str) -> Option<Result<(), Text>> {
    let file = CATALOGUE.iter().find(|(_, jobs)| jobs.contains(&name)).map(|(file, _)| *file);
    if file.is_some_and(|file| source.catalogue.iter().any(|included| included == file)) {
        return Some(Ok(()));
    }
    if source.elsewhere {
        return None;
    }
    Some(Err(match file {
        Some(file) => text!("extends: {name} : {file} n'est pas inclus", "extends: {name}: {file} is not included"),
        None => text!("extends: {name} : ce gabarit n'existe pas", "extends: {name}: there is no such template"),
    }))
}

/// What an include of another place may become without a change here. The platform's catalogue is read on `main` by design.
fn floating(include: &Node) -> Option<Text> {
    let get = |key: &str| include.get(key).map(|(_, node)| node.as_str().unwrap_or_default());
    let project = get("project").unwrap_or_default();
    if project.contains("CATALOG_PATH") {
        return None;
    }
    if let Some(remote) = get("remote").or_else(|| include.as_str().filter(|link| link.starts_with("http"))) {
        return get("integrity").is_none().then(|| text!("remote: {remote} : sans integrity", "remote: {remote}: without integrity"));
    }
    if let Some(component) = get("component") {
        let version = component.rsplit_once('@').map_or("", |(_, version)| version);
        return moves(version).then(|| format!("component: {component}").into());
    }
    // Templates come with GitLab itself.
    if project.is_empty() {
        return None;
    }
    let reference = get("ref").unwrap_or_default();
    moves(reference).then(|| text!("project: {project} : ref {reference:?}", "project: {project}: ref {reference:?}"))
}

fn moves(reference: &str) -> bool {
    matches!(reference, "" | "main" | "master" | "develop" | "dev" | "HEAD" | "~latest")
}
