//! A row is shown met because of objects: on completed projects, each object of the production that a met row rests on is
//! taken away, or one of its fields is deleted or altered, or what the row refuses is written in it, and the row turns. The
//! charts are rendered once, and the objects judged in memory; one change of each rule goes through the whole verdict.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::similar_names, reason = "a test prepares its files, and panics")]

#[path = "common/changes.rs"]
mod changes;
#[path = "common/completed.rs"]
mod completed;
#[path = "common/run.rs"]
mod run;
#[path = "common/tools.rs"]
mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Instant;

use completed::{Ground, completed, row};
use mirai_kit::check::catalog;
use mirai_kit::check::helm;
use mirai_kit::check::judge::{self, Judged, Options, is_prod};
use mirai_kit::check::repository::{Input, Repository};
use mirai_kit::check::rules::{argo, documents};
use mirai_kit::check::status::{Proof, Status};
use mirai_kit::check::verdict::Verdict;
use serde_json::{Value, json};
use tools::{gate, in_parallel, tool};

/// Answers that change what is deployed, besides the defaults.
const SETS: [&[&str]; 4] = [
    &[],
    &["depots=mono", "hebergement=argocd", "secrets=sops", "chaine_primaire=gitlab", "sauvegarde=plugin"],
    &["backend=aucun", "secrets=sops"],
    &["base_de_donnees=aucune", "exposition=interne", "authentification=passage2", "ia=aucune"],
];

/// An object that a chart renders for an environment.
struct Document {
    environment: String,
    chart: String,
    source: String,
    value: Value,
}

impl Document {
    fn shown(&self) -> String {
        format!("{} {} {}/{}", self.environment, self.source, self.value["kind"], self.value["metadata"]["name"])
    }
}

/// Objects by their index, and what stands in their place.
type Changed<'a> = BTreeMap<usize, Option<&'a Value>>;

struct Project {
    test: run::Test,
    documents: Vec<Document>,
    /// The answers, which objects are judged with.
    manifests: BTreeMap<String, String>,
}

impl Project {
    fn new(answers: &[&str]) -> Self {
        let test = completed(answers);
        let files: BTreeMap<String, String> =
            test.tree("demo").into_iter().filter_map(|(path, bytes)| Some((path, String::from_utf8(bytes).ok()?))).collect();
        let charts = files.keys().filter_map(|path| path.strip_suffix("/Chart.yaml"));
        let values = |chart: &str| {
            let named = files.keys().filter_map(|path| path.strip_prefix(chart)?.strip_prefix("/values-")?.strip_suffix(".yaml").map(str::to_owned));
            named.collect::<Vec<_>>()
        };
        let renders: Vec<(String, String)> =
            charts.flat_map(|chart| values(chart).into_iter().map(move |environment| (chart.to_owned(), environment))).collect();
        let documents = in_parallel(&renders, |(chart, environment)| {
            let folder = test.folder().join("demo").join(chart);
            let stream = helm::template(&tool("helm4/helm"), &folder, &[&format!("values-{environment}.yaml")]).unwrap();
            let of = |(source, value)| Document { environment: environment.clone(), chart: chart.clone(), source, value };
            read(&stream).into_iter().map(of).collect::<Vec<_>>()
        });
        let answers = |text: &str| json!({"reponses": mirai_kit::yaml::read::<Value>(text).unwrap()["reponses"]}).to_string();
        let manifests =
            files.iter().filter(|(path, _)| path.ends_with(".mirai-kit.yaml")).map(|(path, text)| (path.clone(), answers(text))).collect();
        Self { test, documents: documents.into_iter().flatten().collect(), manifests }
    }

    /// What rules say of the objects of the production. The other environments are of the same templates, and some rules spare
    /// them.
    fn probe(&self, changed: &Changed<'_>) -> Judged {
        let objects: Vec<(&str, &Value)> = self.changed(|d| is_prod(&d.environment), changed).collect();
        judge::repository(Repository::memory(self.manifests.clone()), Options { objects: &objects, ..Options::default() }).unwrap()
    }

    fn changed<'a>(&'a self, wanted: impl Fn(&Document) -> bool + 'a, changed: &'a Changed<'a>) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.documents.iter().enumerate().filter(move |(_, d)| wanted(d)).filter_map(move |(index, document)| {
            let value = changed.get(&index).map_or(Some(&document.value), |value| *value)?;
            Some((document.source.as_str(), value))
        })
    }

    /// The whole verdict, when helm renders that.
    fn verdict(&self, ground: &Ground, program: &Path, changed: &Changed<'_>) -> Verdict {
        let folder = tempfile::tempdir().unwrap();
        let streams: BTreeSet<(&str, &str)> = self.documents.iter().map(|d| (d.chart.as_str(), d.environment.as_str())).collect();
        for (chart, environment) in streams {
            let mut stream = String::new();
            for (source, value) in self.changed(|d| d.chart == chart && d.environment == environment, changed) {
                writeln!(stream, "---\n# Source: {source}\n{value}").unwrap();
            }
            fs::write(folder.path().join(format!("{}-values-{environment}.yaml", chart.rsplit('/').next().unwrap())), stream).unwrap();
        }
        symlink(program, folder.path().join("helm")).unwrap();
        ground.check_by(&folder.path().join("helm"), &self.test.folder().join("demo"), &[])
    }
}

/// Stands for helm: prints the stream beside it that is named after the chart and its values.
fn printer(folder: &Path) -> PathBuf {
    let path = folder.join("imprime");
    fs::write(&path, "#!/bin/sh\nfor last; do :; done\nexec /bin/cat \"${0%/*}/${PWD##*/}-$last\"\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn read(stream: &str) -> Vec<(String, Value)> {
    let (mut source, mut found) = (String::new(), Vec::new());
    for text in format!("\n{stream}").split("\n---") {
        if let Some(line) = text.lines().find_map(|l| l.strip_prefix("# Source: ")) {
            line.clone_into(&mut source);
        }
        let value: Value = mirai_kit::yaml::read(text).unwrap();
        if value.is_object() {
            found.push((source.clone(), value));
        }
    }
    found
}

/// Whether a rule judges rendered objects: the tree of Argo CD and the flow matrix are files, spoilt in `check_met.rs`.
fn over_objects(id: &str) -> bool {
    let files = argo::TREE.iter().chain(documents::matrix::RULES).any(|rule| rule.id == id);
    !files && catalog::rule(id).is_some_and(|rule| rule.reads == Input::Manifests)
}

fn speaks(judged: &Judged, rule: &str) -> bool {
    judged.findings.keys().any(|f| f.rule == rule)
}

fn count(judged: &Judged, rule: &str) -> usize {
    judged.examined.get(rule).copied().unwrap_or_default()
}

/// An object, the rules that it turns, each with what stands in its place then, and those that nothing turns.
struct Case {
    index: usize,
    changes: Vec<Value>,
    by: Vec<(String, Option<Value>)>,
    open: BTreeSet<String>,
}

impl Case {
    /// What the object carries: without it, each of these rules examines less.
    fn new(project: &Project, with: &Judged, index: usize, rules: &BTreeSet<String>) -> Self {
        let without = project.probe(&[(index, None)].into());
        let mut case = Self { index, changes: changes::of(&project.documents[index].value), by: Vec::new(), open: BTreeSet::new() };
        for rule in rules {
            let carried = count(with, rule).saturating_sub(count(&without, rule));
            // Without this object, something is missing, or nothing else of the production is examined and the rule proves nothing.
            if speaks(&without, rule) || (carried > 0 && count(&without, rule) == 0) {
                case.by.push((rule.clone(), None));
            } else if carried > 0 {
                case.open.insert(rule.clone());
            }
        }
        case
    }
}

/// How many changes are tried before what they turned is counted.
const ROUND: usize = 16;

/// One change of each object at once: which rule seems to be turned by which change of which object.
fn candidates(project: &Project, cases: &[Case]) -> Vec<(usize, usize, BTreeSet<String>)> {
    let mut open: Vec<BTreeSet<String>> = cases.iter().map(|case| case.open.clone()).collect();
    let mut found = Vec::new();
    let most = cases.iter().map(|case| case.changes.len()).max().unwrap_or_default();
    for first in (0..most).step_by(ROUND) {
        let round: Vec<usize> = (first..most.min(first + ROUND)).collect();
        let spoken = in_parallel(&round, |at| {
            let some = cases.iter().enumerate().filter(|(case, _)| !open[*case].is_empty());
            let changed: Changed<'_> = some.filter_map(|(_, case)| Some((case.index, Some(case.changes.get(*at)?)))).collect();
            if changed.is_empty() { BTreeSet::new() } else { project.probe(&changed).findings.into_keys().map(|f| (f.object, f.rule)).collect() }
        });
        for (at, spoken) in round.iter().zip(spoken) {
            for (case, open) in cases.iter().zip(&mut open).enumerate().map(|(at, pair)| ((at, pair.0), pair.1)) {
                let object = &project.documents[case.1.index].value;
                let cited = format!("{}/{}", object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
                let about = |(of, rule): &(String, &'static str)| of.starts_with(&cited).then_some(*rule);
                let rules: BTreeSet<String> = spoken.iter().filter_map(about).filter_map(|rule| open.take(rule)).collect();
                if !rules.is_empty() {
                    found.push((case.0, *at, rules));
                }
            }
        }
    }
    found
}

/// Fills what each case turns: candidates alone first, then each change of what is left.
fn turn(project: &Project, cases: &mut [Case]) {
    let found = candidates(project, cases);
    let alone = |case: &Case, at: usize| project.probe(&[(case.index, Some(&case.changes[at]))].into());
    let sure = in_parallel(&found, |(case, at, rules)| {
        let judged = alone(&cases[*case], *at);
        rules.iter().filter(|rule| speaks(&judged, rule)).cloned().collect::<Vec<_>>()
    });
    for ((case, at, _), rules) in found.iter().zip(sure) {
        let case = &mut cases[*case];
        for rule in rules {
            case.open.remove(&rule);
            case.by.push((rule, Some(case.changes[*at].clone())));
        }
    }
    let left = in_parallel(cases, |case| {
        let (mut open, mut by) = (case.open.clone(), Vec::new());
        for (at, change) in case.changes.iter().enumerate() {
            if open.is_empty() {
                break;
            }
            let judged = alone(case, at);
            by.extend(open.extract_if(.., |rule| speaks(&judged, rule)).map(|rule| (rule, Some(change.clone()))));
        }
        (open, by)
    });
    for (case, (open, by)) in cases.iter_mut().zip(left) {
        case.open = open;
        case.by.extend(by);
    }
}

#[test]
fn each_object_that_a_met_row_rests_on_turns_it() {
    let since = Instant::now();
    let ground = Ground::new();
    let tools = tempfile::tempdir().unwrap();
    let program = printer(tools.path());
    let (mut objects, mut confirmed, mut faults) = (0, BTreeSet::new(), Vec::new());
    // What another set of answers has word for word, judged by the same rules, is spoilt there alone.
    let mut done: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for answers in SETS {
        let project = Project::new(answers);
        let whole = project.verdict(&ground, &program, &Changed::new());
        let met: Vec<_> = whole.rows.iter().filter(|r| r.status == Status::Met).collect();
        assert!(met.len() > 5, "{answers:?}: {}", met.len());
        let mut resting: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (row, facet) in met.iter().flat_map(|row| row.facets.iter().map(move |f| (row, f))).filter(|(_, f)| f.proof == Proof::Proven) {
            for rule in &facet.rules {
                resting.entry((*rule).to_owned()).or_default().insert(row.requirement.clone());
            }
        }
        let base = project.probe(&Changed::new());
        let rules: BTreeSet<String> = resting.keys().filter(|rule| over_objects(rule) && count(&base, rule) > 0).cloned().collect();
        let spoken: Vec<_> = base.findings.keys().filter(|f| rules.contains(f.rule)).collect();
        assert!(spoken.is_empty(), "{answers:?}: {spoken:#?}");
        let mut carried = Vec::new();
        for (index, document) in project.documents.iter().enumerate().filter(|(_, d)| is_prod(&d.environment)) {
            let known = done.entry(document.value.to_string()).or_default();
            let new: BTreeSet<String> = rules.difference(known).cloned().collect();
            known.extend(new.iter().cloned());
            carried.push((index, new));
        }
        let mut cases = in_parallel(&carried, |(index, rules)| Case::new(&project, &base, *index, rules));
        turn(&project, &mut cases);
        let mut sample: Vec<(&str, usize, Option<&Value>)> = Vec::new();
        for case in &cases {
            objects += usize::from(!case.by.is_empty());
            faults.extend(case.open.iter().map(|rule| format!("{answers:?} {}: nothing turns {rule}", project.documents[case.index].shown())));
            for (rule, change) in case.by.iter().filter(|(rule, _)| confirmed.insert(rule.clone())) {
                sample.push((rule, case.index, change.as_ref()));
            }
        }
        let stayed = in_parallel(&sample, |(rule, index, change)| {
            let spoilt = project.verdict(&ground, &program, &[(*index, *change)].into());
            let stays = resting[*rule].iter().filter(|requirement| row(&spoilt, requirement).status == Status::Met);
            stays.map(|r| format!("{answers:?} {}: {r} stays met ({rule})", project.documents[*index].shown())).collect::<Vec<_>>()
        });
        faults.extend(stayed.into_iter().flatten());
        let untried: Vec<_> = rules.difference(&confirmed).collect();
        assert!(untried.is_empty(), "{answers:?}: no object carries {untried:?}");
        gate(&format!("{answers:?}"), cases.len(), since);
    }
    gate("objects that a met row rests on", objects, since);
    gate("rules through the whole verdict", confirmed.len(), since);
    assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
}
