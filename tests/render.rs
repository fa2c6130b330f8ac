//! What rendering promises: pure, strict, contained, whatever the kit.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use mirai_kit::kit::{Kit, KitFiles};
use mirai_kit::render::{self, Tree};
use mirai_kit::text::Problem;
use serde_json::{Map, Value, json};

/// A kit of one module, from its file rules and files.
struct MiniKit {
    rules: String,
    files: Vec<(String, Vec<u8>)>,
}

impl MiniKit {
    fn new(rules: &str) -> Self {
        Self { rules: rules.to_owned(), files: Vec::new() }
    }

    fn file(mut self, path: &str, content: &str) -> Self {
        self.files.push((format!("modules/m/files/{path}"), content.as_bytes().to_vec()));
        self
    }

    fn kit(mut self) -> Kit {
        let manifest = "format: mirai-kit/v1\nid: mini\nversion: '1'\ntitle: {fr: m, en: m}\nmodules: [m]\n\
            computed: [{id: shout, value: '{{ nom ~ \"!\" }}'}]\nrepositories: '[{path: \"\", name: r}]'\n\
            questions: [{id: nom, type: text, title: {fr: n, en: n}}, {id: items, type: choices, title: {fr: i, en: i}}]\n";
        self.files.push(("kit.yaml".into(), manifest.into()));
        let module = format!("id: m\ntitle: {{fr: m, en: m}}\nfiles:\n{}", self.rules);
        self.files.push(("modules/m/module.yaml".into(), module.into_bytes()));
        Kit::load(KitFiles::from_memory(self.files)).expect("the mini kit is valid")
    }

    fn render(self, answers: &Value) -> Result<Tree, Vec<Problem>> {
        let answers: Map<String, Value> = answers.as_object().cloned().unwrap_or_default();
        render::render(&self.kit(), &answers)
    }
}

fn text(tree: &Tree, path: &str) -> String {
    String::from_utf8(tree.get(path).unwrap_or_else(|| panic!("{path} is not in the tree")).bytes.clone()).unwrap()
}

fn refusal(result: Result<Tree, Vec<Problem>>) -> String {
    result.unwrap_err().iter().map(|p| format!("{}: {}", p.at, p.what.en)).collect::<Vec<_>>().join("\n")
}

const ALL: &str = "  - {from: ., to: ''}\n";

#[test]
fn only_tera_files_are_rendered_and_the_suffix_drops() {
    let tree = MiniKit::new("  - {from: d, to: out}\n")
        .file("d/chart.yaml", "x: {{ .Values.a }}\n")
        .file("d/values.yaml.tera", "nom: {{ nom }}\nshout: {{ shout }}\n")
        .render(&json!({"nom": "no", "items": []}))
        .unwrap();
    assert_eq!(text(&tree, "out/chart.yaml"), "x: {{ .Values.a }}\n");
    assert_eq!(text(&tree, "out/values.yaml"), "nom: \"no\"\nshout: \"no!\"\n");
}

#[test]
fn an_answer_is_never_a_template() {
    let tree = MiniKit::new("  - {from: v.yaml.tera, to: v.yaml}\n")
        .file("v.yaml.tera", "nom: {{ nom }}\n")
        .render(&json!({"nom": "{{ 7*7 }}{% if x %}", "items": []}))
        .unwrap();
    assert_eq!(text(&tree, "v.yaml"), "nom: \"{{ 7*7 }}{% if x %}\"\n");
}

#[test]
fn rules_repeat_over_lists_with_conditions() {
    let rules = "  - {from: v.yaml.tera, to: '{{ i }}-{{ j }}.yaml', when: 'i != j', for_each: [{in: items, as: i}, {in: items, as: j}]}\n";
    let tree = MiniKit::new(rules).file("v.yaml.tera", "i: {{ i }}\nj: {{ j }}\n").render(&json!({"nom": "x", "items": ["a", "b"]})).unwrap();
    let paths: Vec<_> = tree.files().map(|(p, _)| p.as_str()).collect();
    assert_eq!(paths, [".mirai-kit.yaml", "a-b.yaml", "b-a.yaml"]);
    assert_eq!(text(&tree, "a-b.yaml"), "i: \"a\"\nj: \"b\"\n");
}

#[test]
fn an_undefined_variable_is_an_error_even_in_a_condition() {
    for template in ["{{ typo }}\n", "{% if typo %}x{% endif %}\n", "{{ nom ~ typo }}\n", "{% if false %}{{ typo }}{% endif %}\n"] {
        let result = MiniKit::new("  - {from: v.md.tera, to: v.md}\n").file("v.md.tera", template).render(&json!({"nom": "x", "items": []}));
        let refusal = refusal(result);
        assert!(refusal.contains("typo") && refusal.contains("modules/m/files/v.md.tera"), "{template:?} gave {refusal}");
    }
}

#[test]
fn a_path_never_leaves_its_folder() {
    for nom in ["../../x", "/etc/passwd", ".git/hooks/post-commit", "a\\b", "CON", "a\nb", "", "x/../../y", ".GIT/config", "a/./b"] {
        let result = MiniKit::new("  - {from: v.md, to: '{{ nom }}/'}\n  - {from: v.md, to: '{{ nom }}'}\n")
            .file("v.md", "x\n")
            .render(&json!({"nom": nom, "items": []}));
        assert!(result.is_err(), "{nom:?} was accepted");
    }
}

#[test]
fn two_files_never_share_a_path_even_on_a_mac() {
    for (a, b) in [("README.md", "readme.md"), ("\u{e9}.md", "e\u{301}.md"), ("a", "a/b"), ("A", "a/b")] {
        let rules = format!("  - {{from: x, to: '{a}'}}\n  - {{from: x, to: '{b}'}}\n");
        let refusal = refusal(MiniKit::new(&rules).file("x", "1").render(&json!({"nom": "x", "items": []})));
        assert!(refusal.contains("collide"), "{a} and {b} gave {refusal}");
    }
}

#[test]
fn a_missing_file_and_a_template_error_name_the_place() {
    let missing = refusal(MiniKit::new("  - {from: nowhere, to: x}\n").render(&json!({"nom": "x", "items": []})));
    assert!(missing.contains("modules/m/files/nowhere"), "{missing}");
    let broken = MiniKit::new("  - {from: a.md.tera, to: a.md}\n").file("a.md.tera", "{% if %}\n").render(&json!({"nom": "x", "items": []}));
    assert!(refusal(broken).contains("modules/m/files/a.md.tera"));
}

#[test]
fn plain_targets_refuse_what_they_cannot_escape() {
    let kit = || MiniKit::new("  - {from: Dockerfile.tera, to: Dockerfile}\n").file("Dockerfile.tera", "LABEL x={{ nom }}\n");
    assert!(kit().render(&json!({"nom": "a\nRUN rm -rf /", "items": []})).is_err());
    assert!(kit().render(&json!({"nom": "demo-1", "items": []})).is_ok());
}

#[test]
fn the_same_answers_give_the_same_bytes_and_the_manifest_says_them() {
    let render = || {
        MiniKit::new(ALL.replace("from: .", "from: d").as_str())
            .file("d/a.yaml.tera", "nom: {{ nom }}\n")
            .render(&json!({"nom": "oui : \"x\"\n", "items": ["on", "1e3"]}))
            .unwrap()
    };
    assert_eq!(render(), render());
    let manifest: Value = serde_saphyr::from_str(&text(&render(), ".mirai-kit.yaml")).unwrap();
    assert_eq!(manifest["reponses"]["nom"], json!("oui : \"x\"\n"));
    assert_eq!(manifest["reponses"]["items"], json!(["on", "1e3"]));
    assert_eq!(manifest["fichiers"].as_object().unwrap().len(), 1);
}

#[test]
fn the_embedded_kit_has_no_static_problem() {
    let kit = Kit::embedded().expect("the embedded kit loads");
    let problems: Vec<String> = render::lint(&kit).iter().map(|p| format!("{}: {}", p.at, p.what.en)).collect();
    assert!(problems.is_empty(), "{problems:#?}");
}
