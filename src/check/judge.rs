//! From a repository to findings: charts rendered per environment, raw manifests, files; every rule of the catalogue over
//! what it reads, each finding with the file it comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::catalog::{self, Severity};
use super::repository::{Gap, Input, Repository, below, file_name, folder, join};
use super::{Report, argo, cite, cnpg, files, helm, kind, kyverno, names, pods, references, services, text};
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml;

/// What to judge, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The one environment to render; all of them when absent.
    pub environment: Option<&'a str>,
    /// The user's `helm`, if there is one.
    pub helm: Option<&'a Path>,
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
    /// What exactly, in English technical terms.
    pub detail: String,
}

/// What was judged.
#[derive(Debug, Default)]
pub struct Judged {
    /// How many objects each rule examined.
    pub examined: BTreeMap<&'static str, usize>,
    /// Findings, with the environments that show them (none for those of plain files).
    pub findings: BTreeMap<Located, BTreeSet<String>>,
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
    /// Number of findings of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.keys().filter(|f| catalog::rule(f.rule).is_some_and(|r| r.severity == severity)).count()
    }

    fn add(&mut self, report: Report, environment: Option<&str>, place: &dyn Fn(&str) -> (String, Option<usize>)) {
        for (rule, count) in report.examined {
            *self.examined.entry(rule).or_default() += count;
        }
        for finding in report.findings {
            let (file, line) = place(&finding.object);
            let object = if finding.object.starts_with("line ") { String::new() } else { finding.object };
            let located = Located { file, line, rule: finding.rule, object, detail: finding.message };
            self.findings.entry(located).or_default().extend(environment.map(str::to_owned));
        }
    }
}

/// Objects with the place each comes from.
#[derive(Default)]
struct Group {
    objects: Vec<Value>,
    places: Vec<(String, Option<usize>)>,
}

impl Group {
    /// Adds an object, or each of those that a list holds.
    fn add(&mut self, object: Value, place: &(String, Option<usize>)) {
        let listed = kind(&object).ends_with("List").then(|| object.get("items").and_then(Value::as_array)).flatten();
        if let Some(items) = listed {
            for item in items {
                self.add(item.clone(), place);
            }
        } else {
            self.objects.push(object);
            self.places.push(place.clone());
        }
    }

    /// Kinds that run containers in a way that the rules do not know: what they run was not seen.
    fn unknown(&self, repository: &mut Repository) {
        for (object, (file, _)) in self.objects.iter().zip(&self.places) {
            if pods(std::slice::from_ref(object)).is_empty() && runs(object) {
                let of = kind(object);
                let why = text!("{of} : type de charge que les règles ne lisent pas", "{of}: kind of workload that the rules do not read");
                repository.gap(Some(Input::Manifests), file, why);
            }
        }
    }

    fn place(&self, cited: &str) -> (String, Option<usize>) {
        // A finding on a container is cited « Kind/name (container) ».
        let object = cited.split(" (").next().unwrap_or(cited);
        let index = self.objects.iter().position(|o| cite(o) == object);
        index.and_then(|i| self.places.get(i).cloned()).unwrap_or_default()
    }
}

/// Whether a list of containers stands anywhere below.
fn runs(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, inner)| (key == "containers" && inner.is_array()) || runs(inner)),
        Value::Array(items) => items.iter().any(runs),
        _ => false,
    }
}

/// Judges one folder.
///
/// # Errors
/// When the folder cannot be read, or has no such environment.
pub fn judge(root: &Path, options: Options<'_>) -> Result<Judged, Problem> {
    let mut repository = Repository::walk(root)?;
    let mut judged = Judged { answers: answers(&mut repository), ..Judged::default() };
    plain_files(&mut repository, &mut judged);
    let charts = charts(&mut repository, &mut judged);
    let all: BTreeSet<&String> = charts.iter().flat_map(|c| &c.environments).collect();
    if let Some(wanted) = options.environment.filter(|wanted| !all.iter().any(|e| e == wanted)) {
        let known = all.iter().map(|e| e.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Problem::new("--env", text!("aucun chart n'a de fichier values-{wanted}.yaml", "no chart has a file values-{wanted}.yaml"))
            .hint(text!("environnements trouvés : {known}", "environments found: {known}")));
    }
    let mut environments: Vec<Option<&str>> =
        all.iter().map(|e| Some(e.as_str())).filter(|e| options.environment.is_none() || *e == options.environment).collect();
    if charts.iter().any(|c| c.environments.is_empty()) && options.environment.is_none() {
        environments.push(None);
    }
    judged.charts = charts.len();
    if let Some(wanted) = options.environment {
        for left in all.iter().filter(|e| *e != &wanted) {
            let why = text!("environnement {left} : laissé de côté par --env", "environment {left}: left aside by --env");
            repository.gap(Some(Input::Manifests), "", why);
        }
    }
    let declared = judged.answers.as_ref().and_then(|a| a.get("registre")).and_then(Value::as_str);
    let registry = declared.filter(|r| !r.is_empty() && !r.contains("a-completer")).map(str::to_owned);
    if registry.is_none() {
        let why = Text::new(
            "registre du projet inconnu (réponse `registre` de .mirai-kit.yaml) : restrict-image-registry n'est pas évaluée",
            "the project's registry is unknown (answer `registre` of .mirai-kit.yaml): restrict-image-registry is not evaluated",
        );
        repository.gap(Some(Input::Values), "", why);
    }
    for environment in environments {
        judged.environments.extend(environment.map(str::to_owned));
        rendered(&mut repository, &mut judged, &charts, environment, options.helm, registry.as_deref());
    }
    raw(&mut repository, &mut judged, &charts, registry.as_deref());
    judged.gaps.append(&mut repository.gaps);
    Ok(judged)
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

/// A chart, with the environments of its values files.
struct Chart {
    folder: String,
    environments: BTreeSet<String>,
}

fn charts(repository: &mut Repository, judged: &mut Judged) -> Vec<Chart> {
    let mut charts = Vec::new();
    for folder in repository.charts() {
        let path = join(&folder, "Chart.yaml");
        let Some(content) = repository.text(Input::Charts, &path) else { continue };
        let value: Value = match yaml::parse(&path, &content) {
            Ok(value) => value,
            Err(problem) => {
                repository.gap(Some(Input::Charts), &path, problem.what.clone());
                repository.gap(Some(Input::Manifests), &path, problem.what);
                continue;
            }
        };
        judged.add(files::chart(&value), None, &|_| (path.clone(), None));
        // A library renders nothing by itself: the charts that use it are judged with it.
        if text(&value, "/type") == "library" {
            continue;
        }
        let environments = repository
            .files
            .iter()
            .filter(|f| super::repository::folder(f) == folder)
            .filter_map(|f| file_name(f).strip_prefix("values-")?.strip_suffix(".yaml"))
            .filter(|e| !e.is_empty() && e.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
            .map(str::to_owned)
            .collect();
        charts.push(Chart { folder, environments });
    }
    charts
}

fn rendered(
    repository: &mut Repository,
    judged: &mut Judged,
    charts: &[Chart],
    environment: Option<&str>,
    program: Option<&Path>,
    registry: Option<&str>,
) {
    let mut group = Group::default();
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
        let output = render(repository, chart, values.as_deref(), program).and_then(|output| collect(&mut group, &output, &chart.folder));
        if let Err(why) = output {
            complete = false;
            repository.gap(Some(Input::Manifests), &chart.folder, why);
        }
    }
    group.unknown(repository);
    let place = |cited: &str| group.place(cited);
    let mut report = admission(&group.objects, registry);
    report.merge(names::check(&group.objects));
    report.merge(argo::check(&group.objects, &|_| environment.is_some_and(argo::is_prod)));
    if complete {
        report.merge(across(&group.objects));
    } else if !group.objects.is_empty() {
        let shown = environment.unwrap_or("-");
        let why = text!(
            "environnement {shown} : les règles entre objets (Services, références, bases) attendent que tous les charts soient rendus",
            "environment {shown}: the rules between objects (Services, references, databases) wait until every chart is rendered"
        );
        repository.gap(Some(Input::Manifests), "", why);
    }
    judged.add(report, environment, &place);
}

/// The platform's table; which registry is the project's own cannot be guessed.
fn admission(objects: &[Value], registry: Option<&str>) -> Report {
    let mut report = kyverno::check(objects, registry.unwrap_or_default());
    if registry.is_none() {
        report.drop_rule("restrict-image-registry");
    }
    report
}

/// The rules that need every object of an environment.
fn across(objects: &[Value]) -> Report {
    let mut report = services::check(objects);
    report.merge(references::check(objects, &BTreeSet::from(["registry-pull-secret".to_owned()])));
    report.merge(cnpg::check(objects));
    report
}

fn render(repository: &Repository, chart: &Chart, values: Option<&str>, program: Option<&Path>) -> Result<String, Text> {
    let Some(program) = program else {
        return Err(Text::new("helm est introuvable : installez-le, ou donnez --helm", "helm is not found: install it, or give --helm"));
    };
    // helm follows links: one could show a file of this machine, or never end.
    if let Some(link) = repository.links.iter().find(|l| below(l, &chart.folder)) {
        return Err(text!("lien symbolique dans le chart : {link}", "symbolic link in the chart: {link}"));
    }
    if repository.gaps.iter().any(|g| g.input.is_none() && below(&g.path, &chart.folder)) {
        return Err(Text::new("chart lu en partie seulement", "chart read only in part"));
    }
    helm::template(program, &repository.root.join(&chart.folder), values)
}

/// The documents of a stream, each with its first line.
fn documents(stream: &str) -> Vec<(usize, String)> {
    let mut documents = vec![(1, String::new())];
    for (index, line) in stream.lines().enumerate() {
        if line == "---" || line.starts_with("--- ") {
            documents.push((index + 2, String::new()));
        } else if let Some((_, text)) = documents.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    documents
}

fn collect(group: &mut Group, stream: &str, chart: &str) -> Result<(), Text> {
    let mut source = String::new();
    for (_, document) in documents(stream) {
        // helm: « # Source: <chart>/templates/x.yaml », or <chart>/charts/<dependency>/templates/x.yaml.
        if let Some(path) = document.lines().find_map(|l| l.strip_prefix("# Source: ")) {
            source = path.split_once('/').map_or_else(|| chart.to_owned(), |(_, rest)| join(chart, rest));
        }
        let mut value: Value = yaml::read(&document).map_err(|f| {
            let (fr, en) = (f.what.fr, f.what.en);
            text!("{source} : {fr}", "{source}: {en}")
        })?;
        if text(&value, "/metadata/namespace") == helm::NAMESPACE
            && let Some(metadata) = value.pointer_mut("/metadata").and_then(Value::as_object_mut)
        {
            metadata.shift_remove("namespace");
        }
        if value.is_object() {
            group.add(value, &(source.clone(), None));
        } else if !value.is_null() {
            return Err(text!("{source} : le rendu n'est pas un objet", "{source}: what is rendered is not an object"));
        }
    }
    Ok(())
}

/// Manifests outside charts, as they are.
fn raw(repository: &mut Repository, judged: &mut Judged, charts: &[Chart], registry: Option<&str>) {
    let yaml = |f: &&String| Path::new(f).extension().is_some_and(|e| e == "yaml" || e == "yml");
    let kustomized: Vec<String> =
        repository.files.iter().filter(|f| matches!(file_name(f), "kustomization.yaml" | "kustomization.yml" | "Kustomization")).cloned().collect();
    for path in &kustomized {
        repository.gap(Some(Input::Manifests), path, Text::new("Kustomize n'est pas encore évalué", "Kustomize is not evaluated yet"));
    }
    let inside: Vec<String> = repository.charts().into_iter().chain(charts.iter().map(|c| c.folder.clone())).collect();
    let left = |f: &&String| !inside.iter().any(|c| chart_part(f, c)) && !kustomized.iter().any(|k| below(f, folder(k)));
    let paths: Vec<String> = repository.files.iter().filter(yaml).filter(left).cloned().collect();
    let mut group = Group::default();
    for path in paths {
        let Some(content) = repository.text(Input::Manifests, &path) else { continue };
        if !(content.contains("apiVersion") && content.contains("kind")) {
            continue;
        }
        for (line, document) in documents(&content) {
            match yaml::read::<Value>(&document) {
                Ok(value) if value.get("apiVersion").is_some() && !kind(&value).is_empty() => {
                    let skipped = document.lines().take_while(|l| l.trim().is_empty() || l.starts_with('#')).count();
                    group.add(value, &(path.clone(), Some(line + skipped)));
                }
                Ok(_) => {}
                Err(fault) => repository.gap(Some(Input::Manifests), &path, fault.what),
            }
        }
    }
    group.unknown(repository);
    let mut report = admission(&group.objects, registry);
    // These two are about what the platform syncs from a chart; a raw manifest may be an administrator's own.
    report.drop_rule("no-namespace");
    report.drop_rule("appproject-kinds");
    report.merge(names::check(&group.objects));
    report.merge(cnpg::check(&group.objects));
    if charts.is_empty() {
        report.merge(services::check(&group.objects));
        report.merge(references::check(&group.objects, &BTreeSet::from(["registry-pull-secret".to_owned()])));
    }
    let production = |index: usize| group.places.get(index).is_some_and(|(path, _)| path.split('/').any(argo::is_prod));
    report.merge(argo::check(&group.objects, &production));
    judged.add(report, None, &|cited| group.place(cited));
}

/// Whether helm reads a file as a part of a chart: what stands beside it (pipeline, workflows) is the repository's.
fn chart_part(file: &str, chart: &str) -> bool {
    ["templates", "charts", "crds"].iter().any(|part| below(file, &join(chart, part)))
}

fn plain_files(repository: &mut Repository, judged: &mut Judged) {
    let line = |cited: &str| cited.strip_prefix("line ").and_then(|n| n.parse().ok());
    for path in repository.files.clone() {
        let name = file_name(&path);
        if name == "Dockerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile") || name == "Containerfile" {
            if let Some(content) = repository.text(Input::Dockerfiles, &path) {
                judged.add(files::dockerfile(&content), None, &|cited| (path.clone(), line(cited)));
            }
        } else if name == ".gitlab-ci-dso.yml" {
            let Some(content) = repository.text(Input::Pipelines, &path) else { continue };
            match yaml::parse::<Value>(&path, &content) {
                Ok(value) => judged.add(files::pipeline(&value), None, &|_| (path.clone(), None)),
                Err(problem) => repository.gap(Some(Input::Pipelines), &path, problem.what),
            }
        } else if ["prod", "production", "prd"].iter().any(|e| name == format!("values-{e}.yaml"))
            && let Some(content) = repository.text(Input::Values, &path)
        {
            judged.add(files::values(&content), None, &|cited| (path.clone(), line(cited)));
        }
    }
    // A repository that mirai-kit wrote has its secondary chain at its root.
    let roots: Vec<&str> = repository.files.iter().filter(|f| file_name(f) == crate::render::MANIFEST_NAME).map(|f| folder(f)).collect();
    for root in roots {
        let expected = join(root, ".gitlab-ci-dso.yml");
        if !repository.files.contains(&expected) {
            let mut report = Report::default();
            report.see("dso-pipeline", "", Some("the file is missing".to_owned()));
            judged.add(report, None, &|_| (expected.clone(), None));
        }
    }
}
