//! What the gates judge, made once per run: the defaults and a pairwise set of answers, rendered through the library,
//! and every chart of each rendered per environment by two versions of helm. Identical charts are rendered once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use mirai_kit::kit::Kit;
use mirai_kit::render;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::answers;
use crate::tools::{gate, in_parallel, run, tool};

/// One generated project.
pub struct Case {
    pub id: String,
    pub answers: Map<String, Value>,
    /// Where it is written.
    pub folder: PathBuf,
    /// Paths of its files, relative.
    pub files: Vec<String>,
    /// Path and name of its repositories.
    pub repositories: Vec<(String, String)>,
    /// Charts by path, with the key of their content.
    pub charts: BTreeMap<String, String>,
}

impl Case {
    pub fn environments(&self) -> Vec<String> {
        self.answers["environnements"].as_array().unwrap().iter().map(|e| e["nom"].as_str().unwrap().to_owned()).collect()
    }

    pub fn answer(&self, id: &str) -> &str {
        self.answers[id].as_str().unwrap_or_default()
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap_or_else(|e| panic!("{}: {path}: {e}", self.id))
    }
}

/// A chart with its dependencies, ready to render.
pub struct Chart {
    pub folder: PathBuf,
    /// Names of the environments that it has a values file for.
    pub environments: BTreeSet<String>,
}

/// A chart rendered for an environment.
pub struct Rendered {
    /// Output of helm 4.
    pub manifest: PathBuf,
    pub objects: Vec<Value>,
}

pub struct Corpus {
    pub cases: Vec<Case>,
    pub charts: BTreeMap<String, Chart>,
    /// By key of chart and environment.
    pub rendered: BTreeMap<(String, String), Rendered>,
}

/// The corpus, made by the first gate that asks.
pub fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(build)
}

/// A folder of this run, emptied.
pub fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Renders answers and writes the tree, without git.
pub fn write(kit: &Kit, answers: &Map<String, Value>, folder: &Path) -> (Vec<String>, Vec<(String, String)>) {
    let tree = render::render(kit, answers).unwrap_or_else(|p| panic!("the kit does not render: {p:#?}\nanswers: {answers:#?}"));
    let mut files = Vec::new();
    for (path, file) in tree.files() {
        let target = folder.join(path.as_str());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(&target, &file.bytes).unwrap();
        if file.executable {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
        }
        files.push(path.as_str().to_owned());
    }
    let repository = |r: &render::Repository| (r.path.as_ref().map_or(String::new(), |p| p.as_str().to_owned()), r.name.clone());
    (files, tree.repositories.iter().map(repository).collect())
}

fn build() -> Corpus {
    let started = Instant::now();
    let kit = Kit::embedded().unwrap_or_else(|p| panic!("the embedded kit is invalid: {p:#?}"));
    let pairs = answers::pairwise(&kit);
    let root = fresh("cases");
    let named = |(index, values)| (if index == 0 { "defaults".to_owned() } else { format!("pair-{index:02}") }, values);
    let sets: Vec<(String, Map<String, Value>)> = pairs.sets.into_iter().enumerate().map(named).collect();
    let mut cases = in_parallel(&sets, |(id, values)| {
        let folder = root.join(id);
        let (files, repositories) = write(&kit, values, &folder);
        Case { id: id.clone(), answers: values.clone(), folder, files, repositories, charts: BTreeMap::new() }
    });
    let folder = root.join("options");
    let (files, repositories) = write(&kit, &cases[0].answers, &folder);
    turned_on(&folder, &files);
    cases.push(Case { id: "options".into(), answers: cases[0].answers.clone(), folder, files, repositories, charts: BTreeMap::new() });
    gate("answers (pairs of choices covered)", pairs.covered, started);
    gate("answers (sets)", cases.len(), started);
    let stand_ins = stand_ins();
    let mut charts = BTreeMap::new();
    for case in &mut cases {
        prepare(case, &stand_ins, &mut charts);
    }
    let keys: Vec<(String, String)> =
        charts.iter().flat_map(|(key, chart): (&String, &Chart)| chart.environments.iter().map(|env| (key.clone(), env.clone()))).collect();
    let output = fresh("rendered");
    let rendered = in_parallel(&keys, |(key, environment)| template(&charts[key], key, environment, &output));
    let rendered: BTreeMap<_, _> = keys.into_iter().zip(rendered).collect();
    gate(&format!("helm template (charts x environments, {} agree)", crate::HELMS.join(" and ")), rendered.len(), started);
    Corpus { cases, charts, rendered }
}

/// What a team turns on by a value, once it has decided to: it is judged like the rest.
fn turned_on(folder: &Path, files: &[String]) {
    let mut turned = 0;
    for file in files.iter().filter(|f| f.contains("/values-")) {
        let production = file.contains("prod");
        let trial = if production { "mode: \"extraction\"" } else { "mode: \"chargement\"" };
        let path = folder.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let on = text
            .replace("mode: \"aucun\"", trial)
            .replace("endpoint: \"\"", "endpoint: \"https://s3.exemple.fr\"")
            .replace("chemin: \"\"", "chemin: \"s3://essais/demo/essais/\"")
            .replace("retention:\n  active: true\n", "retention:\n  active: true\n  rotation: \"ROT-2027-1\"\n")
            .replace("actif: false", "actif: true");
        turned += usize::from(on != text);
        fs::write(&path, on).unwrap();
    }
    assert!(turned >= 4, "the options of {turned} values files: the kit no longer has them");
}

/// The stand-in charts' sources, by repository address of the catalogue.
fn stand_ins() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = fresh("stand-ins");
    let script = here.join("tests/conformance/stand_in_charts/build.py");
    let catalogue = here.join("templates/mirai/catalog/onyxia.yaml");
    let helm = tool("helm4/helm");
    let ran = run(&tool("python/bin/python"), [script.as_os_str(), catalogue.as_os_str(), output.as_os_str(), helm.as_os_str()], here);
    assert!(ran.ok, "stand-in charts: {}", ran.said());
    output.join("src")
}

/// Copies each chart of a project that was not seen before, with its dependencies built from the stand-ins.
fn prepare(case: &mut Case, stand_ins: &Path, charts: &mut BTreeMap<String, Chart>) {
    let environments: BTreeSet<String> = case.environments().into_iter().collect();
    let roots: Vec<String> = case.files.iter().filter_map(|f| f.strip_suffix("/Chart.yaml").map(str::to_owned)).collect();
    // An umbrella comes last: it contains the built copies of the others.
    let (umbrellas, plain): (Vec<_>, Vec<_>) = roots.into_iter().partition(|root| case.read(&format!("{root}/Chart.yaml")).contains("file://../"));
    for root in plain.iter().chain(&umbrellas) {
        let mut hash = Sha256::new();
        let prefix = format!("{root}/");
        for file in case.files.iter().filter(|f| f.starts_with(&prefix)) {
            hash.update(file.len().to_le_bytes());
            hash.update(&file[prefix.len()..]);
            hash.update(fs::read(case.folder.join(file)).unwrap());
        }
        let umbrella = umbrellas.contains(root);
        if umbrella {
            case.charts.values().for_each(|key| hash.update(key));
        }
        let key = hash.finalize().iter().take(10).fold(String::new(), |key, byte| format!("{key}{byte:02x}"));
        if !charts.contains_key(&key) {
            let parent = fresh(&format!("charts/{key}"));
            if umbrella {
                for (sibling, key) in &case.charts {
                    copy(&charts[key].folder, &parent.join(Path::new(sibling).file_name().unwrap()));
                }
            }
            let folder = parent.join(Path::new(root).file_name().unwrap());
            copy(&case.folder.join(root), &folder);
            depend(case, &folder, stand_ins);
            let named = |env: &String| folder.join(format!("values-{env}.yaml")).exists();
            let own: BTreeSet<String> = environments.iter().filter(|e| named(e)).cloned().collect();
            assert_eq!(own, environments, "{}: {root} lacks the values file of an environment", case.id);
            charts.insert(key.clone(), Chart { folder, environments: own });
        }
        case.charts.insert(root.clone(), key);
    }
    assert!(!case.charts.is_empty(), "{}: no chart", case.id);
}

/// `helm dependency build`, the catalogue's repositories replaced by the stand-ins' folders.
fn depend(case: &Case, folder: &Path, stand_ins: &Path) {
    let file = folder.join("Chart.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let chart: Value = mirai_kit::yaml::parse("Chart.yaml", &text).unwrap_or_else(|p| panic!("{}: {p:?}", case.id));
    let Some(dependencies) = chart["dependencies"].as_array() else { return };
    let mut text = text.clone();
    for dependency in dependencies {
        let (name, repository) = (dependency["name"].as_str().unwrap(), dependency["repository"].as_str().unwrap());
        if repository.starts_with("https://") {
            let catalogue = repository.rsplit('/').next().unwrap();
            let source = fs::read_dir(stand_ins).unwrap().map(|e| e.unwrap().path().join(name)).find(|p| p.join("Chart.yaml").exists());
            let source = source.unwrap_or_else(|| panic!("{}: no stand-in for {name} ({catalogue})", case.id));
            text = text.replace(repository, &format!("file://{}", source.display()));
        }
    }
    fs::write(&file, text).unwrap();
    let ran = run(&tool("helm4/helm"), ["dependency", "build", "."], folder);
    assert!(ran.ok, "{}: helm dependency build {}: {}", case.id, folder.display(), ran.said());
}

fn template(chart: &Chart, key: &str, environment: &str, output: &Path) -> Rendered {
    let values = format!("values-{environment}.yaml");
    // A release is named after the Application: on the platform, long (facts: project, environment, two hashes).
    let arguments = ["template", "demo-production-a1b2-infra-backend-c3d4", ".", "-f", &values, "--namespace", "demo"];
    let texts: Vec<String> = crate::HELMS
        .iter()
        .map(|helm| {
            let ran = run(&tool(helm), arguments, &chart.folder);
            assert!(ran.ok, "{helm} template {} -f {values}: {}", chart.folder.display(), ran.said());
            ran.out
        })
        .collect();
    let four = objects(&texts[0]);
    for text in &texts[1..] {
        assert!(four == objects(text), "{} -f {values}: helm 4 and helm 3 render different objects", chart.folder.display());
    }
    let manifest = output.join(format!("{key}-{environment}.yaml"));
    fs::write(&manifest, &texts[0]).unwrap();
    Rendered { manifest, objects: four }
}

/// The objects of a stream of YAML documents. Duplicate keys are errors.
pub fn objects(stream: &str) -> Vec<Value> {
    let mut objects = Vec::new();
    for document in format!("\n{stream}").split("\n---") {
        let value: Value = mirai_kit::yaml::parse("manifest", document).unwrap_or_else(|p| panic!("{}: {}\n{document}", p.at, p.what.en));
        if value.is_object() {
            objects.push(value);
        }
    }
    objects
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
