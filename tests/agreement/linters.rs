//! The linters, ours and the others: each reads every case and answers what it sees, where, in one form.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cases::Case;
use crate::run::PROGRAM;
use crate::tools::{in_parallel, run, tool};

/// The other linters that these tests run, as the catalogue writes them.
pub const RUN: [&str; 4] = ["checkov", "kube-score", "kubernetes-validate", "hadolint"];
/// What checkov reads; its other frameworks are not about the files of a project.
pub const FRAMEWORKS: [&str; 5] = ["kubernetes", "dockerfile", "gitlab_ci", "github_actions", "secrets"];
/// Kubernetes of the platform (facts: OpenShift 4.18).
const KUBERNETES: &str = "1.31";

/// Where something was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub case: String,
    pub file: String,
    /// `Kind/name`; empty in a file that is not a manifest.
    pub object: String,
}

/// By check (`tool:id`, or the id of a rule of ours), where it sees something.
pub type Seen = BTreeMap<String, BTreeSet<Place>>;

/// What every linter sees.
pub fn all(cases: &[Case]) -> Seen {
    let halves: Vec<&[Case]> = cases.chunks(cases.len().div_ceil(2)).collect();
    let mut seen = ours(cases);
    for half in in_parallel(&halves, |half| [checkov(half), kube_score(half), kubernetes_validate(half), hadolint(half)]) {
        for (check, places) in half.into_iter().flatten() {
            seen.entry(check).or_default().extend(places);
        }
    }
    seen
}

fn note(seen: &mut Seen, check: &str, case: &Case, file: &str, object: String) {
    assert!(case.files.iter().any(|f| f == file), "{check} cites {file:?}, which is not a file of {}", case.id);
    seen.entry(check.to_owned()).or_default().insert(Place { case: case.id.clone(), file: file.to_owned(), object });
}

fn read_by<'a>(cases: &'a [Case], tool: &str) -> Vec<&'a Case> {
    cases.iter().filter(|case| case.tools.contains(&tool)).collect()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no text at {pointer} of {value:#}"))
}

fn line(value: &Value, pointer: &str) -> usize {
    let number = value.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("no number at {pointer} of {value:#}"));
    usize::try_from(number).unwrap()
}

/// `mirai-kit check`, on each case apart: manifests that stand for what a chart renders are judged as such too.
fn ours(cases: &[Case]) -> Seen {
    let mut seen = Seen::new();
    let reports = in_parallel(cases, |case| {
        let mut arguments = vec!["check".to_owned(), "--format".to_owned(), "json".to_owned()];
        arguments.push(case.folder.display().to_string());
        for file in &case.rendered {
            arguments.extend(["--rendered".to_owned(), case.folder.join(file).display().to_string()]);
        }
        let ran = run(Path::new(PROGRAM), arguments, &crate::cases::root());
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("mirai-kit check: {}: {e}\n{}", case.id, ran.said()));
        report
    });
    for (case, report) in cases.iter().zip(reports) {
        for finding in report.pointer("/folders/0/findings").and_then(Value::as_array).unwrap() {
            // « Kind/name (container) », « Kind/name port x »; jobs and dependencies have no slash.
            let cited = text(finding, "/object").split(' ').next().filter(|o| o.contains('/')).unwrap_or_default();
            let holds = |file: &&String| case.objects[*file].iter().any(|(_, object)| object == cited);
            // What a chart renders is cited by the place in the chart: the object tells more.
            let held = case.manifests().find(holds).map(|file| (file.as_str(), cited.to_owned()));
            let (file, object) = held.unwrap_or_else(|| (text(finding, "/file"), String::new()));
            note(&mut seen, text(finding, "/rule"), case, file, object);
        }
    }
    seen
}

/// checkov, without network, each folder apart: policies that link objects must not link those of two cases.
/// It knows GitLab's pipelines by their usual name alone.
fn checkov(cases: &[Case]) -> Seen {
    let cases = read_by(cases, "checkov");
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agreement/run_checkov.py").display().to_string();
    let mut arguments: Vec<String> = [&driver, "--framework"].into_iter().chain(FRAMEWORKS).map(str::to_owned).collect();
    arguments.extend(["--skip-download", "--quiet", "--compact", "--output", "json", "--"].map(str::to_owned));
    for case in &cases {
        arguments.push(case.folder.display().to_string());
        for file in case.files.iter().filter_map(|f| f.strip_suffix(".gitlab-ci-dso.yml")) {
            let folder = case.folder.join(file);
            fs::copy(folder.join(".gitlab-ci-dso.yml"), folder.join(".gitlab-ci.yml")).unwrap();
        }
    }
    let ran = run(&tool("checkov/bin/python"), arguments, &crate::cases::root());
    assert!(ran.ok, "checkov: {}", ran.err);
    let reports = serde_json::Deserializer::from_str(&ran.out).into_iter::<Value>();
    let mut seen = Seen::new();
    let mut folders = 0;
    for (report, case) in reports.zip(&cases) {
        folders += 1;
        let report = report.unwrap_or_else(|e| panic!("checkov: {e}\n{}", ran.said()));
        if report.is_null() {
            note(&mut seen, "checkov:stops", case, &case.files[0], String::new());
            continue;
        }
        for part in report.as_array().cloned().unwrap_or_else(|| vec![report]) {
            for failed in part.pointer("/results/failed_checks").and_then(Value::as_array).into_iter().flatten() {
                let path = Path::new(text(failed, "/file_abs_path"));
                let file = path.strip_prefix(&case.folder).unwrap().to_str().unwrap().replace(".gitlab-ci.yml", ".gitlab-ci-dso.yml");
                let object = case.role_of(&file, case.object_at(&file, line(failed, "/file_line_range/0")), text(failed, "/check_id"));
                note(&mut seen, &format!("checkov:{}", text(failed, "/check_id")), case, &file, object);
            }
        }
    }
    for case in &cases {
        for file in case.files.iter().filter_map(|f| f.strip_suffix(".gitlab-ci-dso.yml")) {
            fs::remove_file(case.folder.join(file).join(".gitlab-ci.yml")).unwrap();
        }
    }
    assert_eq!(folders, cases.len(), "checkov did not answer for every folder: {}", ran.err);
    seen
}

/// kube-score: what it says is critical or a warning, its optional checks included.
fn kube_score(cases: &[Case]) -> Seen {
    let mut seen = Seen::new();
    for case in read_by(cases, "kube-score").into_iter().filter(|case| !case.objects.is_empty()) {
        let version = format!("v{KUBERNETES}");
        let mut arguments = vec!["score", "--output-format", "json", "--all-default-optional", "--kubernetes-version", &version];
        arguments.extend(case.manifests().map(String::as_str));
        let ran = run(&tool("bin/kube-score"), arguments, &case.folder);
        if ran.err.starts_with("Failed to score files: failed to parse files") {
            for file in case.manifests() {
                note(&mut seen, "kube-score:parse", case, file, String::new());
            }
            continue;
        }
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("kube-score: {}: {e}\n{}", case.id, ran.said()));
        for object in report.as_array().into_iter().flatten() {
            // Its file is the chart's, for what a chart renders: the object tells more.
            let cited = format!("{}/{}", text(object, "/type_meta/kind"), text(object, "/object_meta/name"));
            let holds = |file: &&String| case.objects[*file].iter().any(|(_, object)| *object == cited);
            let file = case.manifests().find(holds).unwrap_or_else(|| panic!("kube-score: {}: no {cited}", case.id));
            for check in object["checks"].as_array().unwrap() {
                // 1: critical, 5: warning, 7: almost right, 10: right.
                if check["skipped"] == false && line(check, "/grade") <= 5 {
                    note(&mut seen, &format!("kube-score:{}", text(check, "/check/id")), case, file, cited.clone());
                }
            }
        }
    }
    seen
}

/// kubernetes-validate against the API server's own schemas: `schema` for an error, `unknown` for a kind that has none.
fn kubernetes_validate(cases: &[Case]) -> Seen {
    let mut seen = Seen::new();
    let with: Vec<&Case> = read_by(cases, "kubernetes-validate").into_iter().filter(|case| !case.objects.is_empty()).collect();
    let paths = with.iter().flat_map(|case| case.manifests().map(|file| case.folder.join(file).display().to_string()));
    let arguments = ["--strict", "-k", KUBERNETES].map(str::to_owned).into_iter().chain(paths);
    let ran = run(&tool("bin/kubernetes-validate"), arguments, &crate::cases::root());
    let said = ran.said();
    for case in with {
        for file in case.manifests() {
            let path = case.folder.join(file).display().to_string();
            let mut examined = 0;
            for line in said.lines() {
                let (Some(level), Some(path_said)) = (line.split(' ').next(), line.split(' ').nth(1)) else { continue };
                if path_said != path {
                    continue;
                }
                examined += 1;
                let cited = |wanted: &str| {
                    let found = case.objects[file].iter().find(|(_, object)| object.to_lowercase() == wanted.to_lowercase());
                    found.map_or(String::new(), |(_, object)| object.clone())
                };
                let after = |word: &str| line.split_once(word).and_then(|(_, rest)| rest.split(' ').next()).unwrap_or_default().to_owned();
                match level {
                    "ERROR" => note(&mut seen, "kubernetes-validate:schema", case, file, cited(&after("for resource "))),
                    "WARN" => {
                        let kind = after("for kind ");
                        let found = case.objects[file].iter().find(|(_, object)| object.starts_with(&format!("{kind}/")));
                        let object = found.map_or(String::new(), |(_, object)| object.clone());
                        note(&mut seen, "kubernetes-validate:unknown", case, file, object);
                    }
                    _ => {}
                }
            }
            assert!(examined > 0, "kubernetes-validate did not read {path}:\n{said}");
        }
    }
    seen
}

/// hadolint, every rule, on Dockerfiles.
fn hadolint(cases: &[Case]) -> Seen {
    let mut seen = Seen::new();
    for case in read_by(cases, "hadolint") {
        for file in case.files.iter().filter(|f| f.rsplit('/').next() == Some("Dockerfile")) {
            let ran = run(&tool("bin/hadolint"), ["--no-fail", "--format", "json", file], &case.folder);
            let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("hadolint: {}: {e}\n{}", case.id, ran.said()));
            for finding in report.as_array().unwrap() {
                note(&mut seen, &format!("hadolint:{}", text(finding, "/code")), case, file, String::new());
            }
        }
    }
    seen
}
