//! What the generated documents name exists: over a spread of projects, every relative link, every backquoted path, every
//! document that a comment cites, every file and `make` target of a shell block is looked up in the project's own tree.
//! A document that sends its reader to a file which these answers did not produce fails here.
#![allow(clippy::expect_used, clippy::case_sensitive_file_extension_comparisons, reason = "a test panics; extensions are in lower case")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use mirai_kit::answers::{Given, Options, resolve};
use mirai_kit::kit::Kit;
use mirai_kit::render;
use serde_json::{Map, Value};

const ALL: &str = "services_onyxia=[chromadb, mariadb, milvus, mlflow, mongodb, neo4j, opensearch, qdrant, trino]";
const FOUR: &str = "environnements=[{nom: dev, env: dev}, {nom: recette, env: qualif}, {nom: preprod, env: preprod}, {nom: prod, env: prod}]";

/// Answers that change which files exist: repositories, hosting, secrets, backup, every module present and absent.
const SPREAD: [&[&str]; 22] = [
    &[],
    &["depots=mono"],
    &["secrets=sops"],
    &["depots=mono", "secrets=sops", ALL],
    &["hebergement=argocd"],
    &["hebergement=argocd", "depots=par-module"],
    &["hebergement=argocd", "secrets=sops", "sauvegarde=plugin", "version_cnpg=newest", "chaine_primaire=gitlab"],
    &["hebergement=argocd", "depots=par-module", "chaine_primaire=gitlab", "secrets=sops", ALL],
    &["hebergement=argocd", "backend=aucun"],
    &["chaine_primaire=gitlab"],
    &["backend=aucun"],
    &["backend=aucun", "depots=mono", "secrets=sops"],
    &["backend=aucun", "base_de_donnees=aucune", "depots=mono"],
    &["backend=aucun", "base_de_donnees=aucune", "exposition=interne"],
    &["base_de_donnees=aucune"],
    &["base_de_donnees=aucune", "depots=mono", "services_onyxia=[]", "ia=aucune"],
    &["donnees_personnelles=non", "authentification=passage2", "exposition=rie"],
    &["authentification=franceconnect", "services_onyxia=[]"],
    &["authentification=aucune", "authentification_motif=Consultation publique sans compte", "ia=aucune", "secrets=sops", "base_de_donnees=aucune"],
    &["sensibilite=dr", "authentification=proconnect"],
    &["environnements=[{nom: prod, env: prod}]", "slug=3demo"],
    &[FOUR, "depots=mono"],
];

struct Project {
    name: String,
    paths: BTreeSet<String>,
    texts: Vec<(String, String)>,
}

static PROJECTS: LazyLock<Vec<Project>> = LazyLock::new(|| {
    let kit = Kit::embedded().expect("kit");
    SPREAD.iter().map(|flags| project(&kit, flags)).collect()
});

fn project(kit: &Kit, flags: &[&str]) -> Project {
    let name = flags.join(" ");
    let mut given = Given::default();
    for flag in flags {
        given.set(flag).unwrap_or_else(|p| panic!("{flag}: {p:?}"));
    }
    let ambient = Map::from_iter([("argument".to_owned(), Value::from("demo")), ("aujourdhui".to_owned(), Value::from("2026-11-22"))]);
    let answers = resolve(kit, &given, Options { ambient, defaults: true, prompter: None }).unwrap_or_else(|p| panic!("{name}: {p:?}"));
    let tree = render::render(kit, &answers.values).unwrap_or_else(|p| panic!("{name}: {p:?}"));
    let mut texts = Vec::new();
    let mut paths = BTreeSet::from([".mirai-kit.yaml".to_owned()]);
    for (path, file) in tree.files() {
        paths.insert(path.as_str().to_owned());
        if let Ok(text) = std::str::from_utf8(&file.bytes) {
            texts.push((path.as_str().to_owned(), text.to_owned()));
        }
    }
    Project { name, paths, texts }
}

impl Project {
    /// Folder of the application repository: empty, or `app/`.
    fn app(&self) -> &'static str {
        if self.paths.contains("demarches.yaml") { "" } else { "app/" }
    }

    /// Folder of the repository that holds `path`.
    fn repository<'a>(&self, path: &'a str) -> &'a str {
        if self.app().is_empty() { "" } else { path.find('/').map_or("", |end| &path[..=end]) }
    }

    /// Whether a repository holds, at any depth, a file of this name.
    fn holds(&self, repository: &str, name: &str) -> bool {
        !name.contains('/')
            && self.paths.iter().filter(|path| path.starts_with(repository)).any(|path| fits(name, path.rsplit('/').next().unwrap_or(path)))
    }

    /// Whether a file, a folder, or something that a pattern (`<x>`, `*`) stands for, is at `wanted` seen from `folder`.
    fn has(&self, folder: &str, wanted: &str) -> bool {
        let Some(wanted) = joined(folder, wanted) else { return false };
        wanted.is_empty() || self.paths.iter().any(|path| matches(&wanted, path))
    }
}

/// A path from the project's root; `None` when it leaves the project.
fn joined(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

/// Segment by segment; a pattern shorter than the path names a folder.
fn matches(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    pattern.split('/').all(|wanted| segments.next().is_some_and(|segment| fits(wanted, segment)))
}

/// `<x>`, `*` and `…` stand for any text.
fn fits(pattern: &str, segment: &str) -> bool {
    let mut pieces = vec![String::new()];
    let mut rest = pattern.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '<' => {
                rest.by_ref().find(|&c| c == '>');
                pieces.push(String::new());
            }
            '*' | '…' => pieces.push(String::new()),
            other => pieces.last_mut().expect("one piece").push(other),
        }
    }
    let [first, .., last] = pieces.as_slice() else { return pattern == segment };
    let Some(mut middle) = segment.strip_prefix(first.as_str()).and_then(|s| s.strip_suffix(last.as_str())) else { return false };
    for piece in &pieces[1..pieces.len() - 1] {
        let Some(at) = middle.find(piece.as_str()) else { return false };
        middle = &middle[at + piece.len()..];
    }
    true
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The lines of a Markdown text, each with the language of the fenced block that holds it.
fn lines(text: &str) -> impl Iterator<Item = (Option<&str>, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().filter_map(move |line| {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            fence = if fence.is_none() { Some(language.trim()) } else { None };
            return None;
        }
        Some((fence, line))
    })
}

fn markdown(project: &Project) -> impl Iterator<Item = &(String, String)> {
    project.texts.iter().filter(|(path, _)| path.ends_with(".md"))
}

#[test]
fn every_relative_link_leads_to_a_file_or_folder() {
    let mut broken = Vec::new();
    for project in PROJECTS.iter() {
        let mut seen = 0;
        for (path, text) in markdown(project) {
            for (_, line) in lines(text).filter(|(fence, _)| fence.is_none()) {
                for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                    let target = target.split('#').next().unwrap_or(target);
                    if target.is_empty() || target.contains(':') {
                        continue;
                    }
                    seen += 1;
                    if !project.has(folder_of(path), target) {
                        broken.push(format!("[{}] {path} → {target}", project.name));
                    }
                }
            }
        }
        assert!(seen > 8, "{}: {seen} links", project.name);
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A backquoted text that reads as a path of the project: slashes between plain names, or a file name with a known suffix.
fn reads_as_a_path(span: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "._-/*<>…".contains(c);
    let suffixes = [".md", ".yaml", ".yml", ".json", ".sh", ".py", ".toml", ".sql", ".tpl", ".txt", "Makefile", "Dockerfile", "CODEOWNERS"];
    !span.starts_with('/') && span != ".enc.yaml" && span.chars().all(plain) && (span.contains('/') || suffixes.iter().any(|s| span.ends_with(s)))
}

/// Last segments of the paths of the vault.
const VAULT: [&str; 17] = [
    "db-owner",
    "db-app",
    "db-purge",
    "db-s3",
    "oidc",
    "llm",
    "rgpd",
    "<secret>",
    "…",
    "mariadb",
    "milvus",
    "mongodb",
    "neo4j",
    "opensearch",
    "qdrant",
    "trino",
    "chromadb",
];

/// Backquoted texts that name something else than a file, a file that the team is told to add, or what `make dev` writes.
fn is_no_file_of_the_kit(path: &str, span: &str) -> bool {
    let vault = span.split_once('/').is_some_and(|(_, last)| VAULT.contains(&last));
    let added = span.starts_with("charts/") || span.ends_with("/charts/") || span == "Chart.lock";
    let filled = path.contains("docs/conformite/") && (span.contains("<exigence>") || span == "EXI-ORG-18.yaml");
    let state = span.starts_with("dev/.etat");
    vault || added || filled || state || span.contains(".io/") || span == "nvidia.com/gpu"
}

#[test]
fn every_backquoted_path_is_in_its_repository_or_in_the_one_it_names() {
    let mut broken = BTreeSet::new();
    for project in PROJECTS.iter() {
        let mut seen = 0;
        for (path, text) in markdown(project) {
            for (_, line) in lines(text).filter(|(fence, _)| fence.is_none()) {
                for span in line.split('`').skip(1).step_by(2).filter(|span| reads_as_a_path(span)) {
                    if is_no_file_of_the_kit(path, span) {
                        continue;
                    }
                    seen += 1;
                    // A file to encrypt has its model beside it: same folder, same name.
                    let span = &*span.replace("NNN", "*").replace(".enc.yaml", ".yaml.exemple");
                    let repository = project.repository(path);
                    let elsewhere = line.contains("dépôt applicatif") || line.contains("-app`");
                    // The matrix and the module tables write paths from the project's root.
                    let from_root = path.contains("docs/") && !project.app().is_empty() && (span.starts_with("app/") || span.starts_with("infra-"));
                    let chart_of_another = span.starts_with("values") || span.starts_with("secrets/") || span == "Chart.yaml";
                    let found = project.has(folder_of(path), span)
                        || project.has(repository, span)
                        || project.holds(repository, span)
                        || elsewhere && project.has(project.app(), span)
                        || from_root && project.has("", span)
                        || chart_of_another && (project.has("infra/<module>", span) || project.has("infra-<module>", span))
                        || span.starts_with("infra-") && project.has("", span)
                        || span.ends_with(".exemple") && project.holds("", span);
                    if !found {
                        broken.insert(format!("[{}] {path} → {span}", project.name));
                    }
                }
            }
        }
        assert!(seen > 40, "{}: {seen} paths", project.name);
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_document_cited_by_any_file_exists() {
    let folders = ["docs/", "argocd/", "secrets/", "backend/", "donnees/", "observabilite/", "scripts/", "infra/"];
    let mut broken = BTreeSet::new();
    for project in PROJECTS.iter() {
        let mut seen = 0;
        for (path, text) in project.texts.iter().filter(|(path, _)| !path.ends_with(".md") && !path.ends_with("demarches.yaml")) {
            for line in text.lines().filter(|line| line.contains(".md")) {
                for word in line.split(|c: char| !(c.is_alphanumeric() || "._-/<>*".contains(c))) {
                    let word = word.trim_end_matches('.');
                    if !word.ends_with(".md") || !folders.iter().any(|folder| word.starts_with(folder)) {
                        continue;
                    }
                    seen += 1;
                    let elsewhere = line.contains("dépôt applicatif");
                    let found = project.has(folder_of(path), word)
                        || project.has(project.repository(path), word)
                        || project.has(&path[..path.find("templates/").or_else(|| path.find("secrets/")).unwrap_or(0)], word)
                        || elsewhere && project.has(project.app(), word);
                    if !found {
                        broken.insert(format!("[{}] {path} → {word}", project.name));
                    }
                }
            }
        }
        assert!(seen > 1, "{}: {seen} citations", project.name);
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn shell_blocks_use_files_and_targets_that_exist() {
    let mut broken = BTreeSet::new();
    for project in PROJECTS.iter() {
        let mut seen = 0;
        for (path, text) in markdown(project) {
            let from = |word: &str| [folder_of(path), project.repository(path), project.app()].iter().any(|folder| project.has(folder, word));
            for (fence, line) in lines(text) {
                if let Some(rest) = line.split("make ").nth(1).filter(|_| fence == Some("sh") || line.contains("`make ")) {
                    let words: Vec<&str> = rest.split(|c: char| c.is_whitespace() || c == '`').collect();
                    let (folder, target) = if words[0] == "-C" { (words[1], words[2]) } else { ("", words[0]) };
                    let makefile = joined(project.app(), &format!("{folder}/Makefile")).expect("inside");
                    let rules = project.texts.iter().find(|(path, _)| *path == makefile).map(|(_, text)| text.as_str());
                    seen += 1;
                    if !rules.is_some_and(|text| text.lines().any(|rule| rule.starts_with(&format!("{target}:")))) {
                        broken.insert(format!("[{}] {path}: make {rest}", project.name));
                    }
                }
                if fence != Some("sh") {
                    continue;
                }
                for word in line.split_whitespace().filter(|w| [".yaml", ".sh", ".py"].iter().any(|s| w.ends_with(s)) && !w.starts_with('/')) {
                    seen += 1;
                    if !from(word) {
                        broken.insert(format!("[{}] {path}: {line}", project.name));
                    }
                }
            }
        }
        assert!(seen > 3, "{}: {seen} commands", project.name);
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_cited_step_is_in_the_list_of_steps() {
    for project in PROJECTS.iter() {
        let list = format!("{}demarches.yaml", project.app());
        let steps = project.texts.iter().find(|(path, _)| *path == list).map(|(_, text)| text.as_str()).expect("steps");
        let mut seen = 0;
        for (path, text) in markdown(project) {
            for id in text.split("émarche `").skip(1).filter_map(|rest| rest.split('`').next()) {
                seen += 1;
                let listed = steps.lines().any(|line| line == format!("  - id: {id}") || line == format!("  - id: \"{id}\""));
                assert!(listed, "[{}] {path} cites the step {id}, which is not listed", project.name);
            }
        }
        assert!(seen > 0, "{}: no step cited", project.name);
    }
}

#[test]
fn the_judge_of_paths_bites() {
    assert!(fits("values-<environnement>.yaml", "values-dev.yaml") && fits("*.sql", "100_base.sql") && fits("a", "a"));
    assert!(!fits("values-<environnement>.yaml", "values.yaml") && !fits("*.sql", "a.md") && !fits("a", "ab"));
    assert!(matches("docs/adr", "docs/adr/0001.md") && !matches("docs/adr/0002.md", "docs/adr/0001.md") && !matches("docs/a", "docs"));
    assert_eq!(joined("app/docs", "../../infra/x").as_deref(), Some("infra/x"));
    assert_eq!(joined("app", "../../x"), None);
    assert!(reads_as_a_path("docs/adr/") && reads_as_a_path("README.md") && !reads_as_a_path("/api") && !reads_as_a_path("a b/c"));
    let project = &PROJECTS[0];
    assert!(project.has("app/", "docs/adr/README.md") && !project.has("app/", "docs/adr/absent.md") && !project.has("app/", "../infra-absent"));
}
