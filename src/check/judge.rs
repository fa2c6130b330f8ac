//! From a repository to findings: every rule of the catalogue over what it reads, each finding with the file it comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::catalog::{self, Severity};
use super::gather::{Group, charts, kustomize, raw, stream};
use super::records::{self, Records};
use super::repository::{Gap, Input, Repository, file_name};
use super::rules::documents::matrix::Opened;
use super::rules::{DOMAINS, Domain, Kept, Scene, documents};
use super::view::View;
use super::{Aside, Report, pods, ready, waivers};
use crate::requirements::Lists;
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml;

/// What to judge, and with what.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// The one environment to render; all of them when absent.
    pub environment: Option<&'a str>,
    /// The user's `helm`, if there is one.
    pub helm: Option<&'a Path>,
    /// The user's `kubectl`, if there is one.
    pub kubectl: Option<&'a Path>,
    /// Streams of objects already rendered, each with its name: judged as what a chart renders for a production.
    pub rendered: &'a [(String, String)],
    /// Objects already read, each with the place that helm prints before it: judged together, as one more of these streams.
    pub objects: &'a [(&'a str, &'a Value)],
    /// Lists in which the rows of attestations and derogations are looked for; without them, none is read.
    pub lists: Option<&'a Lists>,
    /// Today, `YYYY-MM-DD`: what attestations and derogations are worth depends on it; without it, none is read.
    pub today: Option<&'a str>,
    /// Whether what is still waited for from outside fails.
    pub ready: bool,
}

/// A finding, with its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Located {
    /// File, from the root.
    pub file: String,
    /// Line, from 1, where it is known.
    pub line: Option<usize>,
    /// Id of the rule.
    pub rule: &'static str,
    /// Object, job or dependency; may be empty.
    pub object: String,
    /// What exactly.
    pub detail: Text,
}

/// What was judged.
#[derive(Debug, Default)]
pub struct Judged {
    /// How many objects each rule examined.
    pub examined: BTreeMap<&'static str, usize>,
    /// Of these, those of an environment that has a name and is not a production.
    pub(super) before: BTreeMap<&'static str, usize>,
    /// Findings, with the environments that show them (none for those of plain files).
    pub findings: BTreeMap<Located, BTreeSet<String>>,
    /// Rules that looked at a value of a production which is still to be given, with where.
    pub waits: BTreeMap<&'static str, String>,
    /// What network policies open towards each pod.
    pub(super) opened: Vec<Opened>,
    /// Findings that do not make the verdict.
    pub aside: BTreeMap<Located, Aside>,
    /// Attestations and derogations.
    pub records: Records,
    /// What was not evaluated.
    pub gaps: BTreeSet<Gap>,
    /// The `reponses` of `.mirai-kit.yaml`, when the project has one.
    pub answers: Option<serde_json::Map<String, Value>>,
    /// Charts found.
    pub charts: usize,
    /// Environments rendered.
    pub environments: BTreeSet<String>,
}

impl Judged {
    /// Whether a rule examined something that a proof can rest on: when there is a production, something of it.
    #[must_use]
    pub fn examines(&self, rule: &str) -> bool {
        let count = |counts: &BTreeMap<&'static str, usize>| counts.get(rule).copied().unwrap_or_default();
        let elsewhere = if self.environments.iter().any(|name| is_prod(name)) { count(&self.before) } else { 0 };
        count(&self.examined) > elsewhere
    }

    /// Whether a rule that proves nothing did examine something, of an environment that is not the production.
    #[must_use]
    pub fn examines_elsewhere(&self, rule: &str) -> bool {
        !self.examines(rule) && self.examined.get(rule).is_some_and(|n| *n > 0)
    }

    /// Number of findings of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.keys().filter(|f| catalog::rule(f.rule).is_some_and(|r| r.severity == severity)).count()
    }

    /// Adds what rules saw of plain files.
    pub(super) fn plain(&mut self, report: Report) {
        self.add(report, None, &mut Group::default(), &mut Repository::default());
    }

    /// Adds what the rules saw of a group of objects.
    fn add(&mut self, report: Report, environment: Option<&str>, group: &mut Group, repository: &mut Repository) {
        for (rule, count) in report.examined {
            *self.examined.entry(rule).or_default() += count;
        }
        for (rule, place) in report.waits {
            super::remember(&mut self.waits, rule, place);
        }
        for finding in report.findings {
            let located = group.locate(finding, repository);
            self.findings.entry(located).or_default().extend(environment.map(str::to_owned));
        }
    }
}

/// Judges one folder.
///
/// # Errors
/// When the folder cannot be read, or has no such environment.
pub fn judge(root: &Path, options: Options<'_>) -> Result<Judged, Problem> {
    repository(Repository::walk(root)?, options)
}

/// Judges a repository, wherever its files are.
///
/// # Errors
/// When it has no such environment, or a rendered stream cannot be read.
pub fn repository(mut repository: Repository, options: Options<'_>) -> Result<Judged, Problem> {
    let mut judged = Judged { answers: answers(&mut repository), ..Judged::default() };
    files(&mut repository, &mut judged);
    let charts = charts::charts(&mut repository);
    let environments = environments(&mut repository, &charts, options.environment)?;
    judged.charts = charts.len();
    let registry = registry(&mut repository, judged.answers.as_ref());
    let mut kept = Vec::new();
    for environment in &environments {
        let environment = environment.as_deref();
        judged.environments.extend(environment.map(str::to_owned));
        let mut group = Group::default();
        let complete = charts::render(&mut group, &mut repository, &charts, environment, options.helm);
        if !complete && !group.objects.is_empty() {
            let shown = environment.unwrap_or("-");
            let why = text!(
                "environnement {shown} : les règles qui rapprochent les objets (services, références) attendent que tous les charts soient rendus",
                "environment {shown}: the rules that compare objects (services, references) wait until every chart is rendered"
            );
            repository.gap(Some(Input::Manifests), "", why);
        }
        let production = environment.is_some_and(is_prod);
        objects(
            &mut repository,
            &mut judged,
            group,
            environment,
            &Ground { registry: registry.as_deref(), whole: complete, charts: true },
            &|_, _| production,
            &mut kept,
        );
    }
    for group in given(&options)? {
        objects(
            &mut repository,
            &mut judged,
            group,
            None,
            &Ground { registry: registry.as_deref(), whole: true, charts: true },
            &|_, _| true,
            &mut kept,
        );
    }
    let kustomized = kustomize::build(&mut repository, options.kubectl, options.environment);
    // With other manifests beside, what they describe for the same environment is not known.
    let alone = charts.is_empty() && options.rendered.is_empty() && options.objects.is_empty() && kustomized.built.is_empty();
    let group = raw::manifests(&mut repository, &kustomized);
    for built in kustomized.built {
        let environment = built.environment.as_deref();
        judged.environments.extend(environment.map(str::to_owned));
        let production = environment.is_some_and(is_prod);
        let whole = built.complete && charts.is_empty() && group.objects.is_empty();
        let ground = Ground { registry: registry.as_deref(), whole, charts: false };
        objects(&mut repository, &mut judged, built.group, environment, &ground, &|_, _| production, &mut kept);
    }
    let production = |group: &Group, index: usize| group.origin(index).is_some_and(|origin| origin.file.split('/').any(is_prod));
    objects(
        &mut repository,
        &mut judged,
        group,
        None,
        &Ground { registry: registry.as_deref(), whole: alone, charts: false },
        &production,
        &mut kept,
    );
    let answers = judged.answers.clone();
    for judge in DOMAINS.iter().filter_map(|domain| domain.meeting) {
        let report = judge(&mut View::new(&mut repository, answers.as_ref()), &judged.opened);
        judged.plain(report);
    }
    for judge in DOMAINS.iter().filter_map(|domain| domain.across) {
        judged.add(judge(&kept), None, &mut Group::default(), &mut repository);
    }
    let (records, report) = records::read(&mut repository, options.lists, options.today);
    judged.records = records;
    judged.plain(report);
    if options.ready {
        let report = ready::check(&mut repository, &judged);
        judged.plain(report);
    }
    waivers::apply(&mut repository, &mut judged);
    judged.gaps.append(&mut repository.gaps);
    Ok(judged)
}

/// What is given as already rendered.
fn given(options: &Options<'_>) -> Result<Vec<Group>, Problem> {
    let mut groups = Vec::new();
    for (name, stream) in options.rendered {
        let mut group = Group::default();
        stream::rendered(&mut group, stream, name, false).map_err(|what| Problem::new(name, what))?;
        groups.push(group);
    }
    if !options.objects.is_empty() {
        let mut group = Group::default();
        for (source, object) in options.objects {
            stream::object(&mut group, (*object).clone(), source, "").map_err(|what| Problem::new(*source, what))?;
        }
        groups.push(group);
    }
    Ok(groups)
}

/// Whether a name of environment or folder is that of a production.
#[must_use]
pub fn is_prod(name: &str) -> bool {
    matches!(name, "prod" | "production" | "prd")
}

/// The environment that the path of a raw manifest names, by the usual names of folders.
pub(super) fn environment_of(path: &str) -> Option<&str> {
    let usual =
        ["preprod", "preproduction", "staging", "recette", "qualif", "integration", "integ", "int", "formation", "test", "dev", "development"];
    path.split('/').find(|part| is_prod(part) || usual.contains(part))
}

/// What holds for every object of a group.
struct Ground<'a> {
    registry: Option<&'a str>,
    /// Every object is there.
    whole: bool,
    /// A chart renders them.
    charts: bool,
}

/// Runs the rules over the objects of a group.
fn objects(
    repository: &mut Repository,
    judged: &mut Judged,
    mut group: Group,
    environment: Option<&str>,
    ground: &Ground<'_>,
    production: &dyn Fn(&Group, usize) -> bool,
    kept: &mut Vec<Kept>,
) {
    group.unknown(repository);
    group.mark(production);
    let mut report = Report::default();
    let is_production = |index: usize| production(&group, index);
    let unit = |index: usize| group.origin(index).map_or("", |origin| origin.unit.as_str());
    let scene = Scene {
        objects: &group.objects,
        alone: alone(repository, judged.answers.as_ref()),
        pods: &pods(&group.objects),
        file: &|index| group.origin(index).map_or("", |origin| origin.file.as_str()),
        charts: ground.charts,
        registry: ground.registry,
        production: &is_production,
        unit: &unit,
        answers: judged.answers.as_ref(),
    };
    for domain in DOMAINS {
        let whole = domain.whole.filter(|_| ground.whole);
        for judge in [domain.objects, whole].into_iter().flatten() {
            report.merge(judge(&scene));
        }
    }
    if ground.whole {
        judged.opened.extend(documents::matrix::opened(&scene));
    }
    if !ground.charts {
        for rule in catalog::rules().filter(|rule| rule.charts_only) {
            report.drop_rule(rule.id);
        }
    }
    for (index, object) in group.objects.iter().enumerate() {
        let file = group.origin(index).map_or("", |origin| origin.file.as_str());
        let object = Kept::part(object);
        let environment = environment.or_else(|| environment_of(file)).map(str::to_owned);
        kept.push(Kept { environment, production: production(&group, index), file: file.to_owned(), object });
    }
    let waits = group.waits(&report);
    for (rule, place) in waits {
        super::remember(&mut report.waits, rule, place);
    }
    if environment.is_some_and(|name| !is_prod(name)) {
        for (rule, count) in &report.examined {
            *judged.before.entry(rule).or_default() += count;
        }
    }
    judged.add(report, environment, &mut group, repository);
}

/// Whether this is one repository of a project that has several, without the others.
fn alone(repository: &Repository, answers: Option<&serde_json::Map<String, Value>>) -> bool {
    let several = answers.and_then(|a| a.get("depots")).is_some_and(|depots| depots == "par-module");
    several && repository.files.iter().filter(|f| file_name(f) == crate::render::MANIFEST_NAME).count() == 1
}

/// Runs the rules over plain files.
fn files(repository: &mut Repository, judged: &mut Judged) {
    let answers = judged.answers.clone();
    for judge in DOMAINS.iter().filter_map(|domain: &Domain| domain.files) {
        let report = judge(&mut View::new(repository, answers.as_ref()));
        judged.add(report, None, &mut Group::default(), repository);
    }
}

/// The environments to render; none stands for the charts that name no environment.
fn environments(repository: &mut Repository, charts: &[charts::Chart], wanted: Option<&str>) -> Result<Vec<Option<String>>, Problem> {
    let all: BTreeSet<&String> = charts.iter().flat_map(|c| &c.environments).collect();
    let Some(wanted) = wanted else {
        let unnamed = charts.iter().any(|c| c.environments.is_empty()).then_some(None);
        return Ok(all.into_iter().cloned().map(Some).chain(unnamed).collect());
    };
    let overlays: BTreeSet<&str> = repository.files.iter().filter(|f| kustomize::described(f)).filter_map(|f| environment_of(f)).collect();
    let of_charts = all.iter().any(|e| *e == wanted);
    if !of_charts && !overlays.contains(wanted) {
        let known = all.iter().map(|e| e.as_str()).chain(overlays).collect::<Vec<_>>().join(", ");
        let what = text!(
            "aucun chart n'a de fichier values-{wanted}.yaml, aucune surcouche Kustomize ne porte ce nom",
            "no chart has a file values-{wanted}.yaml, no Kustomize overlay bears this name"
        );
        return Err(Problem::new("--env", what).hint(text!("environnements trouvés : {known}", "environments found: {known}")));
    }
    for left in all.iter().filter(|e| **e != wanted) {
        let why = text!("environnement {left} : laissé de côté par --env", "environment {left}: left aside by --env");
        repository.gap(Some(Input::Manifests), "", why);
    }
    Ok(if of_charts { vec![Some(wanted.to_owned())] } else { Vec::new() })
}

/// The project's own registry: it cannot be guessed.
fn registry(repository: &mut Repository, answers: Option<&serde_json::Map<String, Value>>) -> Option<String> {
    let declared = answers.and_then(|a| a.get("registre")).and_then(Value::as_str);
    let registry = declared.filter(|r| !r.is_empty() && !r.contains("a-completer")).map(str::to_owned);
    if registry.is_none() {
        let why = Text::new(
            "registre du projet inconnu (réponse `registre` de .mirai-kit.yaml) : restrict-image-registry n'est pas évaluée",
            "the project's registry is unknown (answer `registre` of .mirai-kit.yaml): restrict-image-registry is not evaluated",
        );
        repository.gap(Some(Input::Values), "", why);
    }
    registry
}

/// The answers of the project; none when several projects disagree.
fn answers(repository: &mut Repository) -> Option<serde_json::Map<String, Value>> {
    let found: Vec<String> = repository.files.iter().filter(|f| file_name(f) == crate::render::MANIFEST_NAME).cloned().collect();
    let mut answers: Vec<serde_json::Map<String, Value>> = Vec::new();
    for path in found {
        let text = repository.text(Input::Values, &path)?;
        let value: Value = match yaml::parse(&path, &text) {
            Ok(value) => value,
            Err(problem) => {
                repository.gap(Some(Input::Values), &path, problem.what);
                return None;
            }
        };
        answers.extend(value.get("reponses").and_then(Value::as_object).cloned());
    }
    if answers.windows(2).any(|pair| pair[0] != pair[1]) {
        let why = Text::new(
            "plusieurs projets aux réponses différentes : vérifiez-les un à un",
            "several projects with different answers: check them one by one",
        );
        repository.gap(None, "", why);
        return None;
    }
    answers.pop()
}
