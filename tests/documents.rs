//! The documents module, over whole rendered projects: every piece of evidence names a row, a facet and a file that is
//! really written; every placeholder is waited for by a step; every step waits for something that is really there.

#![allow(clippy::expect_used, clippy::case_sensitive_file_extension_comparisons, reason = "a test panics; extensions are in lower case")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use mirai_kit::answers::{Given, Options, resolve};
use mirai_kit::demarches::{Demarches, Waiting};
use mirai_kit::kit::Kit;
use mirai_kit::render::{self, Engine, Tree};
use mirai_kit::requirements::{Lists, Proof};
use serde_json::{Map, Value};

fn projects() -> Vec<(String, Map<String, Value>)> {
    let variants: [&[&str]; 12] = [
        &["services_onyxia=[chromadb, mariadb, milvus, mlflow, mongodb, neo4j, opensearch, qdrant, trino]"],
        &["hebergement=argocd", "depots=par-module", "chaine_primaire=gitlab", "secrets=sops"],
        &[],
        &["depots=mono"],
        &["hebergement=argocd", "depots=mono", "chaine_primaire=gitlab"],
        &["hebergement=argocd", "secrets=sops", "sauvegarde=plugin"],
        &["backend=aucun", "services_onyxia=[]"],
        &["backend=aucun", "base_de_donnees=aucune", "exposition=interne"],
        &["base_de_donnees=aucune", "services_onyxia=[]", "ia=aucune"],
        &["authentification=aucune", "authentification_motif=aucun usager, tâche de nuit"],
        &["authentification=passage2", "donnees_personnelles=non", "exposition=rie"],
        &["authentification=franceconnect", "secrets=sops", "depots=mono", "base_de_donnees=aucune"],
    ];
    variants.into_iter().map(|flags| (flags.join(" "), answers(flags))).collect()
}

/// The default answers, changed by flags.
fn answers(flags: &[&str]) -> Map<String, Value> {
    let kit = Kit::embedded().expect("kit");
    let mut given = Given::default();
    for flag in flags {
        given.set(flag).expect("flag");
    }
    let ambient = Map::from_iter([("argument".to_owned(), Value::from("demo")), ("aujourdhui".to_owned(), Value::from("2026-11-22"))]);
    let options = Options { ambient, defaults: true, prompter: None };
    resolve(&kit, &given, options).expect("answers").values
}

struct Project {
    name: String,
    tree: Tree,
    proofs: Vec<Proof>,
}

/// Rendered once for all the tests.
static PROJECTS: LazyLock<Vec<Project>> = LazyLock::new(|| {
    let kit = Kit::embedded().expect("kit");
    let render = |(name, answers): (String, Map<String, Value>)| {
        let engine = Engine::new(&kit.files);
        let scope = render::scope(&kit, &engine, &answers).expect("scope");
        let active = render::active_modules(&kit, &engine, &scope).expect("modules");
        let tree = render::render(&kit, &answers).unwrap_or_else(|p| panic!("{name}: {p:?}"));
        Project { name, tree, proofs: render::proofs(&engine, &active, &scope).expect("proofs") }
    };
    projects().into_iter().map(render).collect()
});

fn text<'a>(tree: &'a Tree, path: &str) -> Option<&'a str> {
    tree.get(path).map(|file| std::str::from_utf8(&file.bytes).expect("UTF-8"))
}

/// Folder of the application repository: empty, or `app/`.
fn root(tree: &Tree) -> &'static str {
    if tree.get("demarches.yaml").is_some() { "" } else { "app/" }
}

/// A path relative to the application repository, from the tree's root.
fn resolved(root: &str, path: &str) -> String {
    path.strip_prefix("../").map_or_else(|| format!("{root}{path}"), str::to_owned)
}

#[test]
fn evidence_names_rows_facets_and_files_that_exist() {
    let kit = Kit::embedded().expect("kit");
    let lists = Lists::load(&kit.files).expect("lists");
    for Project { name, tree, proofs } in PROJECTS.iter() {
        assert!(proofs.len() > 10, "{name}: {}", proofs.len());
        for proof in proofs {
            let (_, row) = lists.holder(&proof.requirement).unwrap_or_else(|| panic!("{}", proof.requirement));
            assert!(row.facets.iter().any(|f| f.id == proof.facet), "{} {}", proof.requirement, proof.facet);
            let file = proof.file.as_ref().unwrap_or_else(|| panic!("{} without a file", proof.requirement));
            assert!(tree.get(file).is_some(), "{name}: {} ({}) names {file}, which is not written", proof.requirement, proof.module);
        }
    }
}

#[test]
fn every_placeholder_is_waited_for_by_a_step() {
    let mut forgotten = BTreeSet::new();
    for Project { name, tree, .. } in PROJECTS.iter() {
        let root = root(tree);
        let content = text(tree, &format!("{root}demarches.yaml")).expect("demarches");
        let demarches = Demarches::parse("demarches.yaml", content).unwrap_or_else(|p| panic!("{name}: {p:?}"));
        let mut seen = 0;
        for (path, file) in tree.files() {
            let path = path.as_str();
            let Ok(content) = std::str::from_utf8(&file.bytes) else { continue };
            for line in content.lines().filter(|line| line.contains("a-completer") && awaited(path, line)) {
                seen += 1;
                let waits = demarches.steps.iter().flat_map(|d| &d.awaits).any(|a| resolved(root, &a.file) == path && line.contains(&a.placeholder));
                if !waits {
                    forgotten.insert(format!("{name}: {path}: {line}"));
                }
            }
        }
        assert!(seen > 5, "{name}: {seen}");
    }
    assert!(forgotten.is_empty(), "no step waits for these: {forgotten:#?}");
}

/// Whether a line with a placeholder is somebody's answer to give, in any file of any repository: not what explains
/// placeholders, nor comments, nor defaults of charts that every environment overrides (those of a service wrapper are
/// not), nor models to be copied outside the repository.
fn awaited(path: &str, line: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // `versions/` keeps a copy of the description, which `rgpd render` writes again once the description is filled in.
    if matches!(name, "demarches.yaml" | ".mirai-kit.yaml" | "Makefile") || name.ends_with(".exemple") || path.contains("donnees/versions/") {
        return false;
    }
    if name.ends_with(".md") {
        let explains = line.contains("`a-completer`") && !line.contains("compartiment") || line.contains("« a-completer »");
        return !explains && !line.contains("\"a-completer\" --") && !line.contains("make a-completer");
    }
    let overridden = name == "values.yaml" && ["backend/", "postgres/"].iter().any(|chart| path.contains(chart));
    !overridden && !line.trim_start().starts_with('#')
}

#[test]
fn every_step_waits_for_something_that_is_there() {
    for Project { name, tree, .. } in PROJECTS.iter() {
        let root = root(tree);
        let content = text(tree, &format!("{root}demarches.yaml")).expect("demarches");
        let demarches = Demarches::parse("demarches.yaml", content).unwrap_or_else(|p| panic!("{name}: {p:?}"));
        let read = |path: &str| Ok(text(tree, &resolved(root, path)).map(str::to_owned));
        let undone = demarches.undone(&read).expect("read");
        assert_eq!(undone.len(), demarches.steps.len(), "{name}: a step is done before it began");
        for step in &undone {
            let missing = step.waiting.iter().filter_map(|w| if let Waiting::MissingFile { file } = w { Some(file) } else { None });
            for file in missing {
                // Encrypted secrets and the catalogue's archives are the team's to bring.
                assert!(
                    file.ends_with(".enc.yaml") || file.ends_with("Chart.lock"),
                    "{name}: {} waits for {file}, which nobody writes",
                    step.step.id
                );
            }
            let places: BTreeSet<_> = step.step.awaits.iter().map(|a| (&a.file, &a.placeholder)).collect();
            for (file, placeholder) in places {
                let found = step.waiting.iter().any(|w| match w {
                    Waiting::Placeholder { file: f, placeholder: m, .. } => f == file && m == placeholder,
                    Waiting::MissingFile { file: f } => f == file,
                    Waiting::NoDate => false,
                });
                assert!(found, "{name}: {} waits for {placeholder:?} in {file}, which lacks it", step.step.id);
            }
        }
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    for Project { name, tree, .. } in PROJECTS.iter() {
        let mut links = 0;
        for (path, file) in tree.files().filter(|(path, file)| path.as_str().ends_with(".md") && file.module == "documents") {
            let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
            let content = std::str::from_utf8(&file.bytes).expect("UTF-8");
            for target in content.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                links += 1;
                let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
                for part in target.split('/') {
                    if part == ".." {
                        parts.pop();
                    } else {
                        parts.push(part);
                    }
                }
                assert!(tree.get(&parts.join("/")).is_some(), "{name}: {path} links to {target}");
            }
        }
        assert!(links > 5, "{name}: {links}");
    }
}
