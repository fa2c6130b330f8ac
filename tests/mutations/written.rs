//! Mistakes that people make, each in one file of a generated project, rendered by the real helm.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::run::Test;
use crate::subject;
use crate::tools::tool;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The file, from the project's root.
    file: String,
    /// What stands there, once; the end of the file when absent. With neither this nor `by`, the file is removed.
    #[serde(default)]
    replace: Option<String>,
    /// What stands there instead; `@@` stands for nothing, so that no token is written whole in this repository.
    #[serde(default)]
    by: Option<String>,
    /// The rule that sees it.
    rule: String,
}

pub fn read() -> Vec<Written> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mutations/written.yaml")).unwrap();
    mirai_kit::yaml::parse("written.yaml", &text).unwrap()
}

/// The project as generated, and what is found in it.
pub struct Project {
    base: Test,
    found: Vec<String>,
}

impl Project {
    pub fn new() -> Self {
        let base = subject::project(&[]);
        let found = found(&base);
        Self { base, found }
    }

    /// The mutation, when its rule finds nothing more than before.
    pub fn misses(&self, written: &Written) -> Option<String> {
        let test = Test::new();
        copy(&self.base.folder().join("demo"), &test.folder().join("demo"));
        let path = test.folder().join("demo").join(&written.file);
        match (&written.replace, &written.by) {
            (None, None) => {
                if let Err(e) = fs::remove_file(&path) {
                    return Some(format!("{}: {e}", written.file));
                }
            }
            (replace, by) => {
                let before = fs::read_to_string(&path).unwrap_or_default();
                let by = &by.as_deref().unwrap_or_default().replace("@@", "");
                let spoilt = match replace {
                    Some(from) if before.matches(from.as_str()).count() != 1 => {
                        return Some(format!("{} does not hold once {from:?}", written.file));
                    }
                    Some(from) => before.replacen(from, by, 1),
                    None => before + by,
                };
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, spoilt).unwrap();
            }
        }
        let new: Vec<String> = found(&test).into_iter().filter(|f| !self.found.contains(f)).collect();
        let seen = new.iter().any(|f| f.split(' ').next() == Some(&written.rule));
        (!seen).then(|| format!("{} in {}: {:?} → {:?}; new findings: {new:?}", written.rule, written.file, written.replace, written.by))
    }
}

fn found(test: &Test) -> Vec<String> {
    let helm = tool("helm4/helm").display().to_string();
    let done = test.run_with(&["check", "demo", "--helm", &helm, "--format", "json"]);
    let value: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|e| panic!("{e}: {done:?}"));
    let findings = value["folders"][0]["findings"].as_array().unwrap();
    findings.iter().map(|f| format!("{} {} {} {}", f["rule"].as_str().unwrap(), f["file"], f["object"], f["detail"]["en"])).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
