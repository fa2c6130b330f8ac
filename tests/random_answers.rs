//! 1,000 random valid sets of answers, every choice and every hostile text at least 20 times each: each output parses under
//! YAML 1.1 (libyaml) and 1.2 (serde-saphyr), JSON and Python, reads back equal where it carries an answer, and nothing of the
//! kit's own syntax remains.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests fail by panicking, and write in their own folder")]

#[path = "common/answers.rs"]
mod answers;
#[path = "common/tools.rs"]
mod tools;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::time::Instant;

use mirai_kit::kit::{Kit, QuestionType};
use mirai_kit::render;
use serde_json::{Map, Value, json};

use answers::{Random, parameters, resolved};
use tools::{gate, in_parallel, run, tool};

const SETS: usize = 1000;
const LEAST: usize = 20;

/// Texts that break a format somewhere. Those with a line feed go to questions of several lines only.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "no",
        "on",
        "y",
        "~",
        "null",
        "1e3",
        "0x1F",
        "012",
        "1_000",
        "12:30:45",
        "2026-01-02",
        "-1",
        ".5",
        "=",
        "<<",
        "a: b",
        "a #b",
        "#c",
        "*a",
        "&b",
        "!x",
        "!!int 3",
        "%d",
        "@a",
        "`a`",
        "- a",
        "? a",
        "[a",
        "{a",
        "]]>",
        "}}",
        "{{ 7*7 }}",
        "{{ 7919*7907 }}",
        "{% raw %}",
        "{# x #}",
        "{{ nom }}",
        "$(id)",
        "${HOME}",
        "`id`",
        "; rm x",
        "| tee",
        "x\"y'z",
        "\\",
        "\\n",
        "a\\",
        "'",
        "\"",
        "'''",
        "\"\"\"",
        "'; DROP TABLE x; --",
        "$$",
        "$1",
        "<b>",
        "<!-- x",
        "--> y",
        "&amp;",
        "[a](b)",
        "**x**",
        "| a | b |",
        "../x",
        "C:\\x",
        "\u{85}x",
        "\u{2028}x",
        "\u{200f}x",
        "\u{202e}x",
        "\u{feff}x",
        "😀",
        "é",
        "e\u{301}",
        "\u{a0}x",
        "---",
        "...",
        "%YAML 1.1",
        "key: |",
        " x",
        "x ",
        "|",
        ">",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("à".repeat(60));
    texts
}

fn multiline() -> Vec<String> {
    let mut texts: Vec<String> =
        ["a\nb", "a\n\nb\n", "\na", "a: b\nc: d", "---\nx: 1", "# t\n\n- x", "EOF\nx", "*/\nx", "\"\"\"\nx", "{{ 7*7 }}\n{% x %}"]
            .map(str::to_owned)
            .to_vec();
    texts.push(format!("long {}", "x".repeat(480)));
    texts
}

/// Draws a set; what the resolver refuses (a constraint of the kit, a character it bars) is drawn again.
struct Draw<'k> {
    kit: &'k Kit,
    random: Random,
    closed: BTreeMap<String, Vec<Value>>,
    hostile: Vec<String>,
    multiline: Vec<String>,
}

impl Draw<'_> {
    fn text(&mut self, many: bool) -> String {
        let of = if many && self.random.below(2) == 0 { &self.multiline } else { &self.hostile };
        self.random.pick(of).clone()
    }

    /// `wanted`: a text that was not drawn enough yet.
    fn given(&mut self, turn: usize, wanted: Option<&String>) -> Map<String, Value> {
        let mut given = Map::new();
        for (id, values) in self.closed.clone() {
            given.insert(id, self.random.pick(&values).clone());
        }
        for question in self.kit.questions().filter(|q| q.kind == QuestionType::Choices) {
            let choices = self.kit.choices(question);
            let chosen: Vec<String> = choices.into_iter().map(|c| c.value).filter(|_| self.random.below(4) == 0).collect();
            given.insert(question.id.clone(), json!(chosen));
        }
        let nom = self.hostile[turn % self.hostile.len()].clone();
        given.insert("nom".into(), json!(nom));
        let slug = format!("{}{}", ["a", "9", "demo", "projet7"][self.random.below(4)], self.random.below(100_000));
        given.insert("slug".into(), json!(slug));
        let description = if turn.is_multiple_of(3) { self.multiline[turn / 3 % self.multiline.len()].clone() } else { self.text(true) };
        given.insert("description".into(), json!(description));
        if let Some(text) = wanted {
            given.insert(if text.contains('\n') || text.chars().count() > 60 { "description" } else { "nom" }.into(), json!(text));
        }
        if given.get("authentification") == Some(&json!("aucune")) {
            let motif = format!("parce que {}", self.text(true));
            given.insert("authentification_motif".into(), json!(motif));
        }
        let labels = ["dev", "formation", "qualif", "test", "preprod", "prod"];
        let count = 1 + self.random.below(4);
        let environments: Vec<Value> = (0..count)
            .map(|i| json!({"nom": format!("{}{i}", ["e", "no", "1e"][self.random.below(3)]), "env": labels[self.random.below(6)]}))
            .collect();
        given.insert("environnements".into(), json!(environments));
        given
    }
}

fn count_choices(kit: &Kit, answers: &Map<String, Value>, counts: &mut BTreeMap<String, usize>) {
    for question in kit.questions() {
        let value = &answers[&question.id];
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        if matches!(question.kind, QuestionType::Choice | QuestionType::Choices) {
            for value in values {
                *counts.entry(format!("{}={value}", question.id)).or_default() += 1;
            }
        }
    }
}

fn draw_all(kit: &Kit) -> Vec<Map<String, Value>> {
    let closed = parameters(kit).into_iter().filter(|(id, _)| kit.questions().any(|q| q.id == *id && q.kind == QuestionType::Choice)).collect();
    let mut draw = Draw { kit, random: Random(17), closed, hostile: hostile(), multiline: multiline() };
    let (mut sets, mut refused, mut turn) = (Vec::new(), BTreeMap::<String, usize>::new(), 0);
    let mut choices = BTreeMap::new();
    let mut texts = BTreeMap::<String, usize>::new();
    let wanted: BTreeSet<String> = hostile().into_iter().chain(multiline()).collect();
    // Turns go on until the floor of every text is reached too.
    loop {
        let enough = |t: &String| texts.get(t).is_some_and(|n| *n >= LEAST) || refused.get(t).is_some_and(|n| *n >= LEAST);
        let lacking = wanted.iter().find(|t| !enough(t)).filter(|_| sets.len() >= SETS);
        if sets.len() >= SETS && lacking.is_none() {
            break;
        }
        assert!(turn < 20 * SETS, "drawing does not end; refused: {refused:?}");
        let given = draw.given(turn, lacking);
        turn += 1;
        match resolved(kit, &given) {
            Ok(answers) => {
                count_choices(kit, &answers, &mut choices);
                for id in ["nom", "description"] {
                    *texts.entry(answers[id].as_str().unwrap().to_owned()).or_default() += 1;
                }
                sets.push(answers);
            }
            Err(why) => {
                let id = ["nom", "description"].into_iter().find(|id| why.contains(&format!("`{id}`")) || why.contains(&format!("at: \"{id}\"")));
                if let Some(text) = id.and_then(|id| given[id].as_str()) {
                    *refused.entry(text.to_owned()).or_default() += 1;
                }
            }
        }
    }
    for question in kit.questions().filter(|q| matches!(q.kind, QuestionType::Choice | QuestionType::Choices)) {
        for choice in kit.choices(question) {
            let key = format!("{}={}", question.id, json!(choice.value));
            let seen = choices.get(&key).copied().unwrap_or_default();
            assert!(seen >= LEAST, "{key} was drawn {seen} times, {LEAST} at least");
        }
    }
    // A text that a question refuses is refused at every draw, never only sometimes; every other one was drawn enough.
    for text in &wanted {
        let (kept, out) = (texts.get(text).copied().unwrap_or_default(), refused.get(text).copied().unwrap_or_default());
        assert!(kept >= LEAST || (kept == 0 && out >= LEAST), "{text:?}: drawn {kept} times, refused {out} times");
    }
    let barred: Vec<&String> = wanted.iter().filter(|t| !texts.contains_key(*t)).collect();
    assert!(barred.len() <= wanted.len() / 5, "too many texts are refused to prove anything: {barred:?}");
    sets
}

fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap();
    name.rsplit_once('.').map_or("", |(_, e)| e)
}

/// What one set gave: contents to parse under YAML 1.1, and problems.
fn examine(kit: &Kit, answers: &Map<String, Value>) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let tree = match render::render(kit, answers) {
        Ok(tree) => tree,
        Err(problems) => return (Vec::new(), vec![format!("does not render: {problems:?}")]),
    };
    let verbatim: HashSet<&[u8]> = kit.files.paths().filter(|p| extension(p) != "tera").filter_map(|p| kit.files.get(p)).collect();
    let (mut contents, mut problems) = (Vec::new(), Vec::new());
    let hostile: Vec<&str> = ["nom", "description", "authentification_motif"].iter().filter_map(|id| answers[*id].as_str()).collect();
    for (path, file) in tree.files() {
        let path = path.as_str();
        if verbatim.contains(file.bytes.as_slice()) {
            continue;
        }
        let text = String::from_utf8_lossy(&file.bytes);
        match extension(path) {
            "yaml" | "yml" | "json" | "py" => contents.push((path.to_owned(), file.bytes.clone())),
            _ => {}
        }
        // Our syntax may remain only where an answer carries it.
        if !hostile.iter().any(|h| h.contains("{%") || h.contains("{#")) && (text.contains("{%") || text.contains("{#")) {
            problems.push(format!("{path}: template syntax remains"));
        }
        // The product of two primes that nothing else would write.
        if text.contains("62615533") {
            problems.push(format!("{path}: an answer was evaluated"));
        }
        if path.ends_with("backend/openapi.json") {
            let info = serde_json::from_str::<Value>(&text).unwrap_or_default()["info"].take();
            if info["title"] != answers["nom"] || info["description"] != answers["description"] {
                problems.push(format!("{path}: reads back {info}"));
            }
        }
    }
    let manifests = tree.files().filter(|(p, _)| p.as_str().ends_with(render::MANIFEST_NAME));
    let mut read = 0;
    for (path, file) in manifests {
        let text = std::str::from_utf8(&file.bytes).unwrap();
        let value: Value = mirai_kit::yaml::parse(path.as_str(), text).unwrap_or_else(|p| panic!("{}: {}", p.at, p.what.en));
        for (id, answer) in answers {
            if value.pointer(&format!("/reponses/{id}")).is_some_and(|v| v != answer) {
                problems.push(format!("{path}: answer {id} reads back {} instead of {answer}", value["reponses"][id]));
            }
            read += usize::from(value.pointer(&format!("/reponses/{id}")).is_some());
        }
    }
    if read < answers.len() / 2 {
        problems.push(format!("only {read} answers of {} are recorded", answers.len()));
    }
    (contents, problems)
}

#[test]
fn a_thousand_random_sets_of_answers() {
    let started = Instant::now();
    let kit = Kit::embedded().unwrap_or_else(|p| panic!("the embedded kit is invalid: {p:#?}"));
    let sets = draw_all(&kit);
    gate("random answers (valid sets)", sets.len(), started);
    let batches: Vec<&[Map<String, Value>]> = sets.chunks(20).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("random");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    let seen = std::sync::Mutex::new(HashSet::new());
    let problems: Vec<String> = in_parallel(&batches, |batch| {
        let mut problems = Vec::new();
        for answers in *batch {
            let (contents, found) = examine(&kit, answers);
            problems.extend(found.into_iter().map(|p| format!("{p} (nom {}, description {})", answers["nom"], answers["description"])));
            for (path, bytes) in contents {
                // One lock for both: two threads must not number two contents alike.
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.insert(bytes.clone()).then(|| seen.len())
                };
                if let Some(number) = number {
                    problems.extend(keep(&folder, number, &path, &bytes, answers));
                }
            }
        }
        problems
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(problems.is_empty(), "{} problems, first ones: {:#?}", problems.len(), &problems[..problems.len().min(20)]);
    let distinct = seen.into_inner().unwrap().len();
    gate("random answers (distinct YAML, JSON and Python)", distinct, started);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/python/yaml11.py");
    let ran = run(&tool("python/bin/python"), [script.as_os_str(), folder.as_os_str()], &folder);
    assert!(ran.ok, "{}", ran.said());
    let examined: usize = ran.out.trim().parse().unwrap_or_else(|_| panic!("{}", ran.said()));
    gate("random answers (same values under YAML 1.1 and in Python)", examined, started);
}

/// Writes a content and, beside it, what YAML 1.2 (or JSON) reads in it: the YAML 1.1 reader must read the same.
fn keep(folder: &Path, number: usize, path: &str, bytes: &[u8], answers: &Map<String, Value>) -> Option<String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Some(format!("{path} is not UTF-8")) };
    if extension(path) == "py" {
        // Python reads it, and the literals that carry answers.
        std::fs::write(folder.join(format!("{number}.py")), text).unwrap();
        let expected = path.ends_with("app/projet.py").then(|| json!({"NOM": answers["nom"], "DESCRIPTION": answers["description"]}));
        std::fs::write(folder.join(format!("{number}.literals")), serde_json::to_vec(&json!({"path": path, "literals": expected})).unwrap()).unwrap();
        return None;
    }
    let documents: Result<Vec<Value>, String> = format!("\n{text}")
        .split("\n---\n")
        .filter(|d| !d.trim().is_empty())
        .map(|d| {
            if extension(path) == "json" {
                serde_json::from_str(d).map_err(|e| e.to_string())
            } else {
                mirai_kit::yaml::parse(path, d).map_err(|p| format!("{}: {}", p.at, p.what.en))
            }
        })
        .collect();
    match documents {
        Err(why) => Some(format!("{path}: {why}")),
        Ok(documents) => {
            std::fs::write(folder.join(format!("{number}.in")), text).unwrap();
            std::fs::write(folder.join(format!("{number}.expected")), serde_json::to_vec(&json!({"path": path, "documents": documents})).unwrap())
                .unwrap();
            None
        }
    }
}

#[test]
fn the_yaml_11_reader_sees_what_changes_meaning() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("random-bad");
    std::fs::create_dir_all(&folder).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/python/yaml11.py");
    for (text, expected) in [("a: no\n", json!([{"a": "no"}])), ("a: 1\na: 2\n", json!([{"a": 2}])), ("a: 12:30:45\n", json!([{"a": "12:30:45"}]))] {
        std::fs::write(folder.join("1.in"), text).unwrap();
        std::fs::write(folder.join("1.expected"), json!({"path": "x.yaml", "documents": expected}).to_string()).unwrap();
        let ran = run(&tool("python/bin/python"), [script.as_os_str(), folder.as_os_str()], &folder);
        assert!(!ran.ok, "{text:?} passed");
    }
}
