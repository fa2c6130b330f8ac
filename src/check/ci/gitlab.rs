//! GitLab chains: local includes, `extends`, `default` and `!reference` resolved as GitLab does; what comes from elsewhere is
//! known to be missing. Names of the catalogue are those of Cloud π Native's (`cloud-pi-native/gitlab-ci-catalog`).

use std::collections::BTreeMap;

use super::{Chain, Forge, Job, Step, is_true, pairs, script, texts};
use crate::check::repository::Input::{self, Pipelines, Workflows};
use crate::check::repository::{file_name, folder, join};
use crate::check::view::View;
use crate::text;
use crate::yaml::{self, Kind, Node};

/// Name of the secondary chain, spelt exactly (`GITLAB_CI_CONFIG_PATH` of the console).
pub const DSO: &str = ".gitlab-ci-dso.yml";
/// Name of GitLab's own chain.
pub const OWN: &str = ".gitlab-ci.yml";

/// Keywords at the root of a file that are no job (GitLab's reference of CI/CD YAML).
const KEYWORDS: [&str; 13] = [
    "image",
    "services",
    "stages",
    "types",
    "before_script",
    "after_script",
    "variables",
    "cache",
    "include",
    "workflow",
    "default",
    "spec",
    "artifacts",
];

/// Hidden jobs of the platform's catalogue, by file.
pub const CATALOGUE: [(&str, &[&str]); 8] = [
    ("vault-ci.yml", &[".vault:read_secret"]),
    ("kaniko-ci.yml", &[".kaniko:build-push", ".kaniko:simple-build-push"]),
    ("buildkit-ci.yml", &[".buildkit:build-push"]),
    ("helm-ci.yml", &[".helm:build-push"]),
    ("sonar-ci.yml", &[".sonar:sonar-scanner"]),
    ("java-mvn.yml", &[".java:init", ".java:build", ".java:sonar", ".java:deploy"]),
    ("node-npm.yml", &[".npm:build-publish"]),
    ("mirror.yml", &[".repo_pull_sync"]),
];

/// Stands for the tag of `!reference [job, key]`, which YAML readers do not know.
const REFERENCE: &str = "!reference";

/// A file with those that it includes.
#[derive(Debug, Default)]
pub struct Source {
    /// The main file.
    pub file: String,
    /// Jobs and keywords by name, each with its file, its line and what it holds.
    pub entries: BTreeMap<String, (String, usize, Node)>,
    /// Text of each file.
    texts: BTreeMap<String, String>,
    /// Files of the catalogue that are included.
    pub catalogue: Vec<String>,
    /// Whether jobs may come from files that are not here.
    pub elsewhere: bool,
    /// Includes of other origins: line and what it includes.
    pub foreign: Vec<(usize, Node)>,
}

/// Whether a project is the platform's catalogue.
#[must_use]
pub fn catalogue(project: &str) -> bool {
    project
        .split_once("CATALOG_PATH")
        .is_some_and(|(before, after)| before.ends_with(['$', '{']) && !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

/// The chains of the repository, jobs resolved.
pub fn chains(view: &mut View<'_>) -> Vec<Chain> {
    sources(view).iter().map(Source::chain).collect()
}

/// The chains of the repository, as written.
pub fn sources(view: &mut View<'_>) -> Vec<Source> {
    let mut sources = Vec::new();
    for (name, input) in [(DSO, Pipelines), (OWN, Workflows)] {
        for path in view.delivered(input, |path| file_name(path) == name) {
            let mut source = Source { file: path.clone(), ..Source::default() };
            if source.read(view, input, &path, 0) {
                sources.push(source);
            }
        }
    }
    sources
}

impl Source {
    /// Reads a file and what it includes of this repository.
    fn read(&mut self, view: &mut View<'_>, input: Input, path: &str, depth: usize) -> bool {
        // GitLab takes 150 includes; a file that includes itself is one of them.
        if depth > 8 || self.texts.contains_key(path) {
            return false;
        }
        let Some(text) = view.text(input, path) else { return false };
        let node = match yaml::parse::<Node>(path, &text.replace("!reference [", &format!("[\"{REFERENCE}\", "))) {
            Ok(node) => node,
            Err(problem) => {
                view.gap(input, path, problem.what);
                return false;
            }
        };
        self.texts.insert(path.to_owned(), text);
        if let Some((line, include)) = node.get("include") {
            let items: Vec<&Node> = if let Kind::Seq(items) = &include.kind { items.iter().collect() } else { vec![include] };
            for item in items {
                self.include(view, input, path, line, item, depth);
            }
        }
        let Kind::Map(entries) = node.kind else { return true };
        for (name, (line, _), node) in entries {
            self.entries.insert(name, (path.to_owned(), usize::try_from(line).unwrap_or(1), node));
        }
        true
    }

    fn include(&mut self, view: &mut View<'_>, input: Input, path: &str, line: usize, item: &Node, depth: usize) {
        let line = usize::try_from(item.line).unwrap_or(line);
        let local = item.as_str().or_else(|| item.get("local")?.1.as_str());
        if let Some(local) = local.filter(|l| !l.starts_with("http")) {
            // From the root of the repository that the chain belongs to.
            let target = join(folder(&self.file), local.trim_start_matches('/'));
            if local.contains(['*', '$']) || !view.has(&target) {
                self.elsewhere = true;
                let why = text!("include {local} : fichier qui n'est pas lu", "include {local}: file that is not read");
                view.gap(input, path, why);
            } else {
                self.read(view, input, &target, depth + 1);
            }
            return;
        }
        let project = item.get("project").and_then(|(_, p)| p.as_str()).unwrap_or_default();
        if catalogue(project) {
            self.catalogue.extend(texts(item.get("file").map(|(_, f)| f)).iter().map(|f| f.trim_start_matches('/').to_owned()));
        } else {
            self.elsewhere = true;
        }
        self.foreign.push((line, item.clone()));
    }

    /// Names and lines of the jobs that run.
    pub fn jobs(&self) -> impl Iterator<Item = (&str, &str, usize, &Node)> {
        let job = |name: &str| !name.starts_with('.') && !KEYWORDS.contains(&name);
        self.entries.iter().filter(move |(name, _)| job(name)).map(|(name, (file, line, node))| (name.as_str(), file.as_str(), *line, node))
    }

    /// The lines of a file.
    #[must_use]
    pub fn lines(&self, file: &str) -> Vec<&str> {
        self.texts.get(file).map(|text| text.lines().collect()).unwrap_or_default()
    }

    /// The value of a keyword of a job: its own, or that of what it extends (the last named first), or the default.
    #[must_use]
    pub fn lookup(&self, name: &str, key: &str) -> Option<(&str, usize, &Node)> {
        let inherited = matches!(
            key,
            "image" | "services" | "before_script" | "after_script" | "artifacts" | "cache" | "interruptible" | "retry" | "tags" | "timeout"
        );
        let default = || {
            let (file, _, node) = self.entries.get("default")?;
            let (line, node) = node.get(key)?;
            Some((file.as_str(), line, node))
        };
        self.own(name, key, 0).or_else(|| if inherited { default() } else { None })
    }

    fn own(&self, name: &str, key: &str, depth: usize) -> Option<(&str, usize, &Node)> {
        // GitLab allows eleven levels.
        if depth > 11 {
            return None;
        }
        let (file, _, node) = self.entries.get(name)?;
        if let Some((line, found)) = node.get(key) {
            return Some((file, line, found));
        }
        texts(node.get("extends").map(|(_, e)| e)).iter().rev().find_map(|parent| self.own(parent, key, depth + 1))
    }

    /// Everything that a job extends.
    #[must_use]
    pub fn ancestors(&self, name: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut waiting = vec![name.to_owned()];
        while let Some(name) = waiting.pop() {
            let parents = self.entries.get(&name).map(|(_, _, node)| texts(node.get("extends").map(|(_, e)| e))).unwrap_or_default();
            for parent in parents {
                if !found.contains(&parent) {
                    found.push(parent.clone());
                    waiting.push(parent);
                }
            }
        }
        found
    }

    /// The variables of a job, those of what it extends and of the chain included.
    fn variables(&self, name: &str, depth: usize) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        if let Some((_, _, node)) = self.entries.get(name).filter(|_| depth < 12) {
            for parent in texts(node.get("extends").map(|(_, e)| e)) {
                all.extend(self.variables(&parent, depth + 1));
            }
            all.extend(pairs(node.get("variables").map(|(_, v)| v)));
        }
        all
    }

    fn commands(&self, file: &str, node: &Node, depth: usize, out: &mut Vec<Step>) {
        let Kind::Seq(items) = &node.kind else {
            let mut commands = Vec::new();
            script(node, &self.lines(file), &mut commands);
            out.extend(commands.into_iter().map(|command| Step { file: file.to_owned(), command, blocking: true }));
            return;
        };
        if let [tag, job, key, ..] = items.as_slice()
            && tag.as_str() == Some(REFERENCE)
        {
            let (job, key) = (job.as_str().unwrap_or_default(), key.as_str().unwrap_or_default());
            if let Some((file, _, node)) = self.lookup(job, key).filter(|_| depth < 10) {
                self.commands(file, node, depth + 1, out);
            }
            return;
        }
        for item in items {
            self.commands(file, item, depth + 1, out);
        }
    }

    fn chain(&self) -> Chain {
        let global = self.entries.get("variables").map(|(_, _, node)| pairs(Some(node))).unwrap_or_default();
        let forge = if file_name(&self.file) == DSO { Forge::Dso } else { Forge::Gitlab };
        let jobs = self.jobs().map(|(name, _, line, _)| self.job(name, line, &global)).collect();
        Chain { file: self.file.clone(), forge, triggers: std::collections::BTreeSet::new(), jobs, variables: global }
    }

    fn job(&self, name: &str, line: usize, global: &BTreeMap<String, String>) -> Job {
        let value = |key: &str| self.lookup(name, key).map(|(_, _, node)| node);
        let mut steps = Vec::new();
        for key in ["before_script", "script", "after_script"] {
            if let Some((file, _, node)) = self.lookup(name, key) {
                self.commands(file, node, 0, &mut steps);
            }
        }
        let failure = value("allow_failure");
        let manual = value("when").and_then(Node::as_str) == Some("manual");
        let mut variables = global.clone();
        variables.extend(self.variables(name, 0));
        Job {
            name: name.to_owned(),
            line,
            steps,
            uses: Vec::new(),
            extends: self.ancestors(name).into_iter().collect(),
            image: value("image").map(|i| i.as_str().or_else(|| i.get("name")?.1.as_str()).unwrap_or_default().to_owned()).unwrap_or_default(),
            variables,
            // Exit codes that are excused excuse some failures.
            blocking: !is_true(failure) && !failure.is_some_and(|f| matches!(f.kind, Kind::Map(_))),
            manual,
            keeps: value("artifacts").map(kept).unwrap_or_default(),
            needs: value("needs").map(needs),
            stage: value("stage").and_then(Node::as_str).unwrap_or("test").to_owned(),
        }
    }
}

fn kept(artifacts: &Node) -> Vec<String> {
    let mut kept = texts(artifacts.get("paths").map(|(_, p)| p));
    if let Some((_, Node { kind: Kind::Map(reports), .. })) = artifacts.get("reports") {
        kept.extend(reports.iter().map(|(name, _, _)| format!("reports:{name}")));
    }
    kept
}

/// Names of the jobs of this chain that a list of `needs` waits for.
#[must_use]
pub fn needs(node: &Node) -> Vec<String> {
    let Kind::Seq(items) = &node.kind else { return texts(Some(node)) };
    let here = |item: &Node| item.get("pipeline").is_none() && item.get("project").is_none();
    let name = |item: &Node| item.as_str().or_else(|| item.get("job")?.1.as_str()).map(str::to_owned);
    items.iter().filter(|item| here(item)).filter_map(name).collect()
}
