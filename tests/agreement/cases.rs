//! The files that every linter reads: a sound workload, the same spoiled in one way at a time, the examples of the catalogue's
//! rules, and the default project as rendered for each environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mirai_kit::check::catalog::{self, examples};
use mirai_kit::yaml;
use serde::Deserialize;
use serde_json::Value;

use crate::linters::RUN;
use crate::run::Test;
use crate::tools::{folder, run, tool};

/// The sound files, which every case starts from.
pub const GOOD: &str = "good";

/// A folder that every linter reads.
pub struct Case {
    pub id: String,
    /// What is wrong in it; none when nothing was spoiled on purpose.
    pub defect: Option<String>,
    pub folder: PathBuf,
    /// Paths of its files.
    pub files: Vec<String>,
    /// By file, the first line of each object and its `Kind/name`.
    pub objects: BTreeMap<String, Vec<(usize, String)>>,
    /// Manifests that stand for what a chart renders for a production.
    pub rendered: Vec<String>,
    /// The other linters that read it: all of them, or those that the rule equals when it is an example of a rule.
    pub tools: Vec<&'static str>,
}

impl Case {
    /// The object that stands at a line (from 1) of a manifest; empty in a file that is not one.
    pub fn object_at(&self, file: &str, line: usize) -> String {
        let objects = self.objects.get(file).into_iter().flatten();
        objects.take_while(|(first, _)| *first <= line).last().map_or(String::new(), |(_, object)| object.clone())
    }

    /// The policies of checkov that link objects cite the binding of a role: what they are about is the role that it gives.
    pub fn role_of(&self, file: &str, object: String, check: &str) -> String {
        let Some(name) = object.strip_prefix("RoleBinding/").filter(|_| check.starts_with("CKV2_")) else { return object };
        let stream = fs::read_to_string(self.folder.join(file)).unwrap();
        let documents = stream.split("\n---\n").map(|d| yaml::read::<Value>(d).unwrap());
        let binding = documents.into_iter().find(|d| d["kind"] == "RoleBinding" && d["metadata"]["name"] == name).unwrap();
        format!("{}/{}", binding["roleRef"]["kind"].as_str().unwrap(), binding["roleRef"]["name"].as_str().unwrap())
    }

    /// Paths of the manifests.
    pub fn manifests(&self) -> impl Iterator<Item = &String> {
        self.objects.keys()
    }

    fn write(id: &str, defect: Option<&str>, tools: &[&'static str], files: &BTreeMap<String, String>) -> Self {
        let folder = root().join(id);
        let mut objects = BTreeMap::new();
        for (path, content) in files {
            let target = folder.join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(&target, content).unwrap();
            let found = cite(content);
            if path.rsplit_once('.').is_some_and(|(_, end)| end == "yaml") && !found.is_empty() {
                objects.insert(path.clone(), found);
            }
        }
        // The rules that look at a production alone have one to look at; examples say by the name of a file what is rendered.
        let whole = (defect.is_some() || id == GOOD || id == "default-prod").then(|| objects.keys().cloned().collect());
        let rendered: Vec<String> = whole.unwrap_or_else(|| objects.keys().filter(|file| *file == examples::RENDERED).cloned().collect());
        Self {
            id: id.to_owned(),
            defect: defect.map(str::to_owned),
            folder,
            files: files.keys().cloned().collect(),
            rendered,
            objects,
            tools: tools.to_vec(),
        }
    }
}

/// Where the cases are written.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("agreement")
}

/// Reads a data file of these tests.
pub fn data<T: serde::de::DeserializeOwned>(path: &str) -> T {
    let text = fs::read_to_string(here().join(path)).unwrap();
    yaml::parse(path, &text).unwrap_or_else(|p| panic!("{}: {}", p.at, p.what.en))
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agreement")
}

/// First line and `Kind/name` of each object of a stream.
fn cite(stream: &str) -> Vec<(usize, String)> {
    let (mut found, mut first, mut text) = (Vec::new(), 1, String::new());
    for (index, line) in stream.lines().chain(["---"]).enumerate() {
        if line.trim_end() != "---" {
            text.push_str(line);
            text.push('\n');
            continue;
        }
        if let Ok(value) = yaml::read::<Value>(&text)
            && let (Some(kind), Some(name)) = (value.get("kind").and_then(Value::as_str), value.pointer("/metadata/name").and_then(Value::as_str))
        {
            found.push((first, format!("{kind}/{name}")));
        }
        (first, text) = (index + 1, String::new());
    }
    found
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spoiled {
    id: String,
    defect: String,
    #[serde(default)]
    set: BTreeMap<String, Value>,
    #[serde(default)]
    remove: Vec<String>,
    #[serde(default)]
    add: Vec<Value>,
    #[serde(default)]
    drop: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rewritten {
    id: String,
    defect: String,
    replace: [String; 3],
}

/// Writes every case.
pub fn all() -> Vec<Case> {
    if root().exists() {
        fs::remove_dir_all(root()).unwrap();
    }
    let read = |path: &str| fs::read_to_string(here().join("good").join(path)).unwrap();
    let paths = ["manifests.yaml", "Dockerfile", ".gitlab-ci-dso.yml", ".github/workflows/ci.yml"];
    let good: BTreeMap<String, String> = paths.iter().map(|path| ((*path).to_owned(), read(path))).collect();
    let mut cases = vec![Case::write(GOOD, None, &RUN, &good)];
    let sound: Vec<Value> = good["manifests.yaml"].split("\n---\n").map(|d| yaml::parse("manifests.yaml", d).unwrap()).collect();
    for case in data::<Vec<Spoiled>>("cases/manifests.yaml") {
        let stream = spoil(&sound, &case);
        cases.push(Case::write(&case.id, Some(&case.defect), &RUN, &BTreeMap::from([("manifests.yaml".to_owned(), stream)])));
    }
    for Rewritten { id, defect, replace: [file, from, to] } in data::<Vec<Rewritten>>("cases/files.yaml") {
        let before = &good[&file];
        assert_eq!(before.matches(&from).count(), 1, "{id}: {from:?} does not stand once in {file}");
        let after = before.replacen(&from, &to.replace('§', ""), 1);
        cases.push(Case::write(&id, Some(&defect), &RUN, &BTreeMap::from([(file, after)])));
    }
    for rule in catalog::rules() {
        let named = |tool: &&str| rule.equals.iter().any(|check| check.split(':').next() == Some(tool));
        let tools: Vec<&'static str> = RUN.into_iter().filter(named).collect();
        if tools.is_empty() {
            continue;
        }
        let examples = examples::of(rule.id).unwrap().unwrap_or_else(|| panic!("{} has no examples", rule.id));
        cases.push(Case::write(&format!("rule-{}", rule.id), None, &tools, &examples.good));
        for (index, change) in examples.bad.iter().enumerate() {
            let files = examples.with(change).unwrap();
            cases.push(Case::write(&format!("rule-{}-{}", rule.id, index + 1), None, &tools, &files));
        }
    }
    cases.extend(project());
    cases
}

fn spoil(sound: &[Value], case: &Spoiled) -> String {
    let id = &case.id;
    let mut objects = sound.to_vec();
    for kind in &case.drop {
        objects.retain(|object| object["kind"] != kind.as_str());
    }
    // As they were: a case may change a kind.
    let kinds: Vec<Value> = objects.iter().map(|object| object["kind"].clone()).collect();
    let find = |place: &str| {
        let (kind, pointer) = place.split_once('/').unwrap();
        let index = kinds.iter().position(|k| k == kind).unwrap_or_else(|| panic!("{id}: no {kind}"));
        (index, format!("/{pointer}"))
    };
    for (place, value) in &case.set {
        let (index, pointer) = find(place);
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let value: Value = serde_json::from_str(&value.to_string().replace('§', "")).unwrap();
        match objects[index].pointer_mut(parent).unwrap_or_else(|| panic!("{id}: no {parent}")) {
            Value::Array(items) if key == items.len().to_string() => items.push(value),
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
            holder => drop(holder.as_object_mut().unwrap().insert(key.to_owned(), value)),
        }
    }
    for place in &case.remove {
        let (index, pointer) = find(place);
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let holder = objects[index].pointer_mut(parent).and_then(Value::as_object_mut).unwrap_or_else(|| panic!("{id}: no {parent}"));
        assert!(holder.shift_remove(key).is_some(), "{id}: no {pointer}");
    }
    objects.extend(case.add.iter().cloned());
    assert!(objects != sound, "{id} spoils nothing");
    objects.iter().map(|object| serde_saphyr::to_string(object).unwrap()).collect::<Vec<_>>().join("---\n")
}

/// The default project, without services of a catalogue (their charts are the catalogue's), rendered for each environment;
/// its other files come with the last one.
fn project() -> Vec<Case> {
    let test = Test::new();
    test.run_with(&["new", "demo", "--defaults", "--no-git", "--set", "services_onyxia=[]", "--set", "registre=registre.exemple.fr"]).code(0);
    let mut cases = Vec::new();
    for environment in ["dev", "prod"] {
        let mut files = BTreeMap::new();
        for (path, content) in test.tree("demo") {
            let path = path.trim_start_matches("demo/");
            if let Some(chart) = path.strip_suffix("/Chart.yaml") {
                let values = format!("values-{environment}.yaml");
                let at = test.folder().join("demo").join(chart);
                let ran = run(&tool("helm4/helm"), ["template", "demo", ".", "-f", &values], &at);
                assert!(ran.ok, "{chart}: {}", ran.said());
                files.insert(format!("{}.yaml", chart.replace('/', "-")), ran.out);
            }
            let name = path.rsplit('/').next().unwrap();
            let read = name == "Dockerfile" || name == ".gitlab-ci-dso.yml" || path.contains(".github/workflows/");
            if environment == "prod" && read {
                let below = path.strip_prefix("app/").unwrap_or(path).to_owned();
                files.insert(below, String::from_utf8(content).unwrap());
            }
        }
        assert!(files.len() > 1, "the default project has no chart: {files:#?}");
        cases.push(Case::write(&format!("default-{environment}"), None, &RUN, &files));
    }
    cases
}

/// Version of a tool, as it says it.
pub fn version(program: &str, argument: &str) -> String {
    let ran = run(&tool(program), [argument], &folder());
    let said = ran.said();
    said.split(|c: char| !(c.is_ascii_digit() || c == '.')).find(|w| w.contains('.') && w.len() > 2).unwrap_or_else(|| panic!("{said}")).to_owned()
}
