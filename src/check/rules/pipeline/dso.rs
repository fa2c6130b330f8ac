//! The secondary chain: secrets first, tests, quality that stops it, images built from this repository with a tag of their own.

use std::collections::BTreeSet;

use crate::check::Report;
use crate::check::ci::gitlab::{self, Source};
use crate::check::ci::{Chain, Job, texts, work};
use crate::check::repository::Input::Pipelines;
use crate::check::repository::{below, file_name, folder, join};
use crate::check::view::View;
use crate::text;
use crate::text::Text;
use crate::yaml::{Kind, Node};

const READS: &str = ".vault:read_secret";

/// Judges one secondary chain.
pub fn check(report: &mut Report, view: &mut View<'_>, chain: &Chain, source: &Source) {
    let file = chain.file.as_str();
    let secret: Vec<&Job> = chain.jobs.iter().filter(|job| job.extends.contains(READS)).collect();
    let included = source.catalogue.iter().any(|name| name == "vault-ci.yml");
    let missing: Vec<&str> = [(included, "include: $CATALOG_PATH, vault-ci.yml"), (!secret.is_empty(), "extends: .vault:read_secret")]
        .iter()
        .filter(|(ok, _)| !ok)
        .map(|(_, m)| *m)
        .collect();
    let problem = (!missing.is_empty()).then(|| {
        let names = missing.join(", ");
        text!("manque : {names}", "missing: {names}")
    });
    let line = source.entries.get("include").map(|(_, line, _)| *line);
    report.see_in("dso-pipeline", file, line, problem);
    for (line, include) in &source.foreign {
        let get = |key: &str| include.get(key).and_then(|(_, node)| node.as_str());
        if get("project").is_some_and(gitlab::catalogue) {
            let problem = get("ref").filter(|of| *of != "main" && !of.contains('$'));
            let problem = problem.map(|of| {
                text!("ref: {of} : la plateforme ne tient le catalogue que sur main", "ref: {of}: the platform keeps the catalogue on main only")
            });
            report.see_in("dso-pipeline", file, Some(*line), problem);
        }
    }
    for job in &chain.jobs {
        let part = job.name.as_str();
        if let Some(needs) = job.needs.as_ref().filter(|_| job.extends_any(&TEMPLATES) && !job.extends.contains(READS)) {
            let fed = secret.iter().any(|secret| needs.contains(&secret.name));
            let problem =
                (!fed).then(|| Text::new("needs ne nomme pas le travail qui lit les secrets", "needs does not name the job that reads the secrets"));
            report.see_part("dso-secrets-first", file, Some(job.line), part, problem);
        }
        for step in job.steps.iter().filter(|step| work::tests(&step.command)) {
            let problem = unheeded(job, step.blocking && !step.command.excused);
            report.see_part("dso-tests", &step.file, Some(step.command.line), part, problem);
        }
        if work::sonar(job) {
            report.see_part("dso-quality-gate", file, Some(job.line), part, quality(view, chain, job));
        }
        tag(report, file, job);
    }
    images(report, source, file);
    awaited(report, chain, source);
    builds(report, view, chain);
    let own = view.projects().iter().any(|root| *root == folder(file));
    let backend = view.answers.and_then(|answers| answers.get("backend")).and_then(serde_json::Value::as_str);
    if own && backend == Some("fastapi") && view.has(&join(folder(file), "backend/Dockerfile")) {
        let missing = |found: bool| (!found).then(|| Text::new("aucun travail ne le fait", "no job does it"));
        let tested = chain.jobs.iter().flat_map(|job| &job.steps).any(|step| work::tests(&step.command));
        report.see_in("dso-tests", file, None, missing(tested));
        report.see_in("dso-quality-gate", file, None, missing(chain.jobs.iter().any(work::sonar)));
    }
}

/// Templates that read what the first job hands over.
const TEMPLATES: [&str; 8] = [
    ".kaniko:build-push",
    ".kaniko:simple-build-push",
    ".buildkit:build-push",
    ".helm:build-push",
    ".sonar:sonar-scanner",
    ".java:sonar",
    ".java:deploy",
    ".npm:build-publish",
];

/// Why the verdict of a job stops nothing, if so.
fn unheeded(job: &Job, step: bool) -> Option<Text> {
    if !job.blocking {
        Some(Text::new("allow_failure : l'échec n'arrête rien", "allow_failure: a failure stops nothing"))
    } else if job.manual {
        Some(Text::new("when: manual : personne n'est tenu de le lancer", "when: manual: nobody has to start it"))
    } else if !step {
        Some(Text::new("« || true » : l'échec n'arrête rien", "“|| true”: a failure stops nothing"))
    } else {
        None
    }
}

/// An image is built when the tests and the quality analysis have passed: named in `needs`, near or far, or in an earlier stage.
fn awaited(report: &mut Report, chain: &Chain, source: &Source) {
    let stages = source.entries.get("stages").map(|(_, _, node)| texts(Some(node))).unwrap_or_default();
    let rank = |job: &Job| stages.iter().position(|stage| *stage == job.stage);
    let tests = |job: &Job| job.steps.iter().any(|step| work::tests(&step.command));
    let controls: Vec<&Job> = chain.jobs.iter().filter(|job| (tests(job) || work::sonar(job)) && job.blocking && !job.manual).collect();
    for job in chain.jobs.iter().filter(|job| work::builds_image(job)) {
        // Everything that has to end before it, step by step.
        let mut before: Vec<&Job> = Vec::new();
        let mut waiting = vec![job];
        while let Some(current) = waiting.pop() {
            let earlier = |other: &&Job| match &current.needs {
                Some(names) => names.contains(&other.name),
                None => rank(other).zip(rank(current)).is_some_and(|(other, own)| other < own),
            };
            for other in chain.jobs.iter().filter(earlier) {
                if !before.iter().any(|known| known.name == other.name) {
                    before.push(other);
                    waiting.push(other);
                }
            }
        }
        let missed = controls.iter().find(|control| control.name != job.name && !before.iter().any(|known| known.name == control.name));
        let problem = missed.map(|control| {
            let name = &control.name;
            text!("n'attend pas {name}", "does not wait for {name}")
        });
        if !controls.is_empty() {
            report.see_part("dso-image-after-controls", &chain.file, Some(job.line), &job.name, problem);
        }
    }
}

fn quality(view: &mut View<'_>, chain: &Chain, job: &Job) -> Option<Text> {
    let never = || Some(Text::new("le verdict n'est pas attendu", "the verdict is not awaited"));
    if let Some(problem) = unheeded(job, true) {
        return Some(problem);
    }
    if job.variables.get("SONAR_WAIT_QUALITY_GATE").is_some_and(|wait| !wait.contains('$') && !wait.eq_ignore_ascii_case("true")) {
        return never();
    }
    let words: Vec<&String> = job.steps.iter().flat_map(|step| &step.command.words).chain(job.variables.values()).collect();
    if words.iter().any(|word| word.contains("qualitygate.wait=false")) {
        return never();
    }
    // The template waits by itself; a command of one's own waits when told to, here or in its properties.
    let path = join(folder(&chain.file), "sonar-project.properties");
    let properties = if view.has(&path) { view.text(Pipelines, &path) } else { None };
    let told = words.iter().any(|word| word.contains("qualitygate.wait=true") || word.contains("SONAR_PROJECT_PROPERTIES"))
        || properties.is_some_and(|text| text.contains("sonar.qualitygate.wait=true"));
    if job.extends_any(&work::SONAR) || told { None } else { never() }
}

/// The tags that a template pushes: its own list ends in `latest`.
fn tag(report: &mut Report, file: &str, job: &Job) {
    let see = |report: &mut Report, problem: Option<Text>| report.see_part("dso-image-tag", file, Some(job.line), &job.name, problem);
    if job.extends.contains(".kaniko:build-push") {
        let Some(names) = job.variables.get("IMAGE_NAMES") else {
            return see(
                report,
                Some(Text::new("IMAGE_NAMES absent : la liste du gabarit contient latest", "no IMAGE_NAMES: the template's list holds latest")),
            );
        };
        for name in names.split_whitespace().filter(|name| !name.starts_with('$')) {
            let wrong = match name.rsplit_once(':') {
                None | Some((_, "latest" | "")) => Some(Text::same(name)),
                Some(_) => None,
            };
            see(report, wrong);
        }
    } else if job.extends_any(&work::IMAGES)
        && let Some(tag) = job.variables.get("TAG")
    {
        see(report, (tag == "latest").then(|| Text::same("TAG: latest")));
    }
}

/// Images that run the jobs.
fn images(report: &mut Report, source: &Source, file: &str) {
    let name = |node: &Node| node.as_str().or_else(|| node.get("name")?.1.as_str()).map(str::to_owned);
    let mut places: Vec<(&str, usize, &str, String)> = Vec::new();
    for (job, (file, _, body)) in &source.entries {
        if job == "image" || job == "services" {
            continue;
        }
        if let Some((line, image)) = body.get("image") {
            places.extend(name(image).map(|image| (file.as_str(), line, job.as_str(), image)));
        }
        if let Some((line, Node { kind: Kind::Seq(services), .. })) = body.get("services") {
            places.extend(services.iter().filter_map(name).map(|image| (file.as_str(), line, job.as_str(), image)));
        }
    }
    if let Some((file, line, image)) = source.entries.get("image") {
        places.extend(name(image).map(|image| (file.as_str(), *line, "image", image)));
    }
    for (at, line, job, image) in places {
        let at = if at.is_empty() { file } else { at };
        // A variable's value is the platform's: it is not in the repository.
        let known = !image.contains('$');
        report.see_part("dso-no-latest", at, Some(line), job, if known { super::super::kyverno::floating(&image) } else { None });
    }
}

/// Every change is built: each Dockerfile that a job names is there, and in a project of ours each one is named. A repository
/// without an image delivers charts, which Argo CD pulls: its chain has a job that verifies them.
fn builds(report: &mut Report, view: &mut View<'_>, chain: &Chain) {
    let (file, root) = (chain.file.as_str(), folder(&chain.file).to_owned());
    let mut named = BTreeSet::new();
    // A second job may well be tried without stopping anything.
    let one = chain.jobs.iter().any(|job| work::builds_image(job) && job.blocking && !job.manual);
    for job in chain.jobs.iter().filter(|job| work::builds_image(job)) {
        let path = job.variables.get("DOCKERFILE").cloned();
        let whole = job.extends.contains(".kaniko:build-push");
        let problem = if !one {
            unheeded(job, true)
        } else if let Some(path) = path.filter(|path| whole && !path.contains('$')) {
            let path = join(&root, path.trim_start_matches("./"));
            let there = view.has(&path);
            named.insert(path.clone());
            (!there).then(|| text!("DOCKERFILE: {path} : ce fichier n'existe pas", "DOCKERFILE: {path}: there is no such file"))
        } else {
            None
        };
        report.see_part("dso-build", file, Some(job.line), &job.name, problem);
    }
    if !view.projects().contains(&root) {
        return;
    }
    let files = view.paths(|path| below(path, &root) && file_name(path) == "Dockerfile");
    for path in files.iter().filter(|path| !named.contains(*path)) {
        let problem = text!("{path} : aucun travail ne construit cette image", "{path}: no job builds this image");
        report.see_in("dso-build", file, None, Some(problem));
    }
    if files.is_empty() {
        let verifies = chain.jobs.iter().any(|job| job.blocking && job.steps.iter().any(|step| work::quality(&step.command)));
        let problem =
            (!verifies).then(|| Text::new("aucun travail ne vérifie ce que le dépôt livre", "no job verifies what the repository delivers"));
        report.see_in("dso-build", file, None, problem);
    }
}
