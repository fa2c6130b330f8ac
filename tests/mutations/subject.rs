//! Conforming projects held in memory, one per hosting target: their files, and the objects that their production runs.

use std::collections::BTreeMap;
use std::fs;

use mirai_kit::check::repository::extension;
use mirai_kit::yaml::{Node, parse};
use serde_json::{Value, json};

use crate::run::Test;
use crate::tools::{run, tool};

/// An object of the production, with the file it comes from.
pub struct Document {
    pub source: String,
    pub value: Value,
}

pub struct Subject {
    /// Hosting target.
    pub name: &'static str,
    pub files: BTreeMap<String, String>,
    /// Chains and raw manifests, as documents.
    pub written: BTreeMap<String, Vec<Value>>,
    /// What helm renders for the production.
    pub documents: Vec<Document>,
}

/// The two targets. The second also takes the other choice of each question that changes what is deployed or run.
const TARGETS: [(&str, &[&str]); 2] = [
    ("cloud-pi-native", &[]),
    ("argocd", &["hebergement=argocd", "secrets=sops", "sauvegarde=plugin", "version_cnpg=newest", "chaine_primaire=gitlab"]),
];

pub fn all() -> Vec<Subject> {
    TARGETS.iter().map(|(name, answers)| Subject::new(name, answers)).collect()
}

/// A generated project whose every outside value is given, so that nothing holds its proofs back.
pub fn project(answers: &[&str]) -> Test {
    let test = Test::new();
    let mut arguments = vec!["new", "demo", "--defaults", "--no-git"];
    for answer in ["services_onyxia=[]", "registre=registre.exemple.fr"].iter().chain(answers) {
        arguments.extend(["--set", answer]);
    }
    test.run_with(&arguments).code(0);
    for (path, content) in test.tree("demo") {
        let at = test.folder().join("demo").join(&path);
        if path.ends_with("values-prod.yaml") {
            fs::write(&at, String::from_utf8(content).unwrap().replace("a-completer", "fourni")).unwrap();
        } else if let Some(written) = path.strip_suffix(".yaml.exemple").filter(|p| p.contains("/secrets/")) {
            let encrypted = sealed(&String::from_utf8(content).unwrap());
            fs::write(test.folder().join("demo").join(format!("{written}.enc.yaml")), encrypted).unwrap();
        }
    }
    test
}

/// What `sops` makes of a `SopsSecret` with `--encrypted-regex '^(data|stringData)$'`: names stay readable, values do not.
fn sealed(example: &str) -> String {
    let line = |line: &str| {
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        let secret = key.starts_with("        ") && !key.contains("cnpg.io/") && !value.is_empty();
        if secret { format!("{key}: ENC[AES256_GCM,data:c2NlbGzDqQ==,iv:aXY=,tag:dGFn,type:str]\n") } else { format!("{line}\n") }
    };
    let text: String = example.lines().map(line).collect();
    text + "sops:\n  lastmodified: \"2026-11-22T00:00:00Z\"\n  mac: ENC[AES256_GCM,data:bWFj,iv:aXY=,tag:dGFn,type:str]\n  encrypted_regex: ^(data|stringData)$\n  version: 3.11.0\n"
}

impl Subject {
    fn new(name: &'static str, answers: &[&str]) -> Self {
        let test = project(answers);
        let mut files: BTreeMap<String, String> =
            test.tree("demo").into_iter().filter_map(|(path, bytes)| Some((path, String::from_utf8(bytes).ok()?))).collect();
        let charts: Vec<String> = files.keys().filter_map(|p| p.strip_suffix("/Chart.yaml")).map(str::to_owned).collect();
        assert!(charts.len() >= 2, "{charts:?}");
        let mut documents = Vec::new();
        for chart in charts {
            documents.extend(rendered(&test, &chart));
            // What is rendered stands for the chart: helm reads no memory.
            files.retain(|path, _| {
                *path != format!("{chart}/Chart.yaml")
                    && !path.starts_with(&format!("{chart}/templates/"))
                    && !path.starts_with(&format!("{chart}/secrets/"))
            });
        }
        let parsed: BTreeMap<String, Vec<Value>> =
            files.iter().filter_map(|(path, content)| Some((path.clone(), documents_of(path, content)?))).collect();
        files.extend(parsed.iter().map(|(path, documents)| (path.clone(), as_json(documents))));
        Self { name, files, written: parsed, documents }
    }
}

fn rendered(test: &Test, chart: &str) -> Vec<Document> {
    let folder = test.folder().join("demo").join(chart);
    let done = run(&tool("helm4/helm"), ["template", "verification", ".", "--values", "values-prod.yaml"], &folder);
    assert!(done.ok, "{}", done.said());
    let mut documents = Vec::new();
    let mut source = String::new();
    for text in done.out.split("\n---\n").map(|t| t.trim_start_matches("---\n")) {
        if let Some(line) = text.lines().find_map(|l| l.strip_prefix("# Source: ")) {
            line.clone_into(&mut source);
        }
        let value: Value = mirai_kit::yaml::read(text).unwrap();
        if value.is_object() {
            documents.push(Document { source: source.clone(), value });
        }
    }
    documents
}

/// Whether a file is a chain, primary or secondary.
pub fn is_chain(path: &str) -> bool {
    path.ends_with(".gitlab-ci.yml") || path.ends_with(".gitlab-ci-dso.yml") || path.contains(".github/workflows/")
}

/// Whether a file holds manifests that no chart renders.
pub fn is_manifest(path: &str, content: &str) -> bool {
    extension(path) == "yaml" && content.contains("apiVersion") && content.contains("kind")
}

/// The documents of a chain or of a manifest.
fn documents_of(path: &str, content: &str) -> Option<Vec<Value>> {
    if !is_chain(path) && !is_manifest(path, content) {
        return None;
    }
    // GitLab's own tag, written as the reader of chains understands it.
    let content = content.replace("!reference [", "[\"!reference\", ");
    let documents = content.split("\n---\n").map(|text| parse::<Node>(path, text).unwrap().value());
    Some(documents.filter(|value| !value.is_null()).collect())
}

/// A YAML file whose every key has its line, as JSON.
pub fn as_json(documents: &[Value]) -> String {
    documents.iter().map(|value| format!("{value:#}\n")).collect::<Vec<_>>().join("---\n")
}

/// What the rules read of the answers, without the sums of the files, which take most of the time.
pub fn answers_alone(manifest: &str) -> String {
    let value: Value = parse(".mirai-kit.yaml", manifest).unwrap();
    json!({"reponses": value["reponses"]}).to_string()
}
