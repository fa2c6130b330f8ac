//! A conforming project held in memory: its files, and the objects that its production runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use mirai_kit::check::judge::{self, Options};
use mirai_kit::check::repository::Repository;
use mirai_kit::check::status::{self, Proof};
use mirai_kit::kit::Kit;
use serde_json::Value;

use crate::run::Test;
use crate::tools::tool;

/// An object of the production, with the file it comes from.
#[derive(Clone)]
pub struct Document {
    pub source: String,
    pub value: Value,
}

#[derive(Clone)]
pub struct Subject {
    pub files: BTreeMap<String, String>,
    pub documents: Vec<Document>,
}

/// What `check` said.
pub struct Seen {
    pub findings: BTreeSet<String>,
    pub proven: BTreeSet<String>,
}

impl Seen {
    /// Whether another verdict is worse: something found that was not, or a proof lost.
    pub fn worse(&self, other: &Self) -> bool {
        !other.findings.is_subset(&self.findings) || !self.proven.is_subset(&other.proven)
    }
}

/// A generated project whose every outside value is given, so that nothing holds its proofs back.
pub fn project() -> Test {
    let test = Test::new();
    test.run_with(&["new", "demo", "--defaults", "--no-git", "--set", "services_onyxia=[]", "--set", "registre=registre.exemple.fr"]).code(0);
    for (path, content) in test.tree("demo") {
        if path.ends_with("values-prod.yaml") {
            let given = String::from_utf8(content).unwrap().replace("a-completer", "fourni");
            fs::write(test.folder().join("demo").join(path), given).unwrap();
        }
    }
    test
}

impl Subject {
    pub fn baseline() -> Self {
        let test = project();
        let mut files: BTreeMap<String, String> =
            test.tree("demo").into_iter().filter_map(|(path, bytes)| Some((path, String::from_utf8(bytes).ok()?))).collect();
        let charts: Vec<String> = files.keys().filter_map(|p| p.strip_suffix("/Chart.yaml")).map(str::to_owned).collect();
        assert!(charts.len() >= 2, "{charts:?}");
        let mut documents = Vec::new();
        for chart in charts {
            let folder = test.folder().join("demo").join(&chart);
            let done = crate::tools::run(&tool("helm4/helm"), ["template", "verification", ".", "--values", "values-prod.yaml"], &folder);
            assert!(done.ok, "{}", done.said());
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
            // What is rendered stands for the chart: helm reads no memory.
            files.remove(&format!("{chart}/Chart.yaml"));
            files.retain(|path, _| !path.starts_with(&format!("{chart}/templates/")));
        }
        Self { files, documents }
    }

    pub fn verdict(&self) -> Seen {
        let stream: Vec<String> = self.documents.iter().map(|d| format!("# Source: {}\n{}\n", d.source, d.value)).collect();
        let rendered = [("production".to_owned(), stream.join("---\n"))];
        let judged = judge::repository(Repository::memory(self.files.clone()), Options { rendered: &rendered, ..Options::default() }).unwrap();
        let kit = Kit::embedded().unwrap();
        let rows = status::rows(&kit, &judged).unwrap();
        let facets = rows.iter().flat_map(|r| r.facets.iter().map(move |f| (r, f)));
        Seen {
            findings: judged.findings.keys().map(|f| format!("{} {} {} {}", f.rule, f.file, f.object, f.detail.en)).collect(),
            proven: facets.filter(|(_, f)| f.proof == Proof::Proven).map(|(r, f)| format!("{} {}", r.requirement, f.id)).collect(),
        }
    }
}
