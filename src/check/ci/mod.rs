//! The chains of a repository, GitLab's and GitHub's, as jobs with their commands: what the rules on tests, scans, quality and
//! deployments look at, whichever forge runs them.

pub mod github;
pub mod gitlab;
pub mod work;

use std::collections::{BTreeMap, BTreeSet};

use super::shell::{Command, commands};
use super::view::View;
use crate::yaml::{Kind, Node};

/// Who runs a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forge {
    /// `.gitlab-ci.yml`.
    Gitlab,
    /// `.gitlab-ci-dso.yml`, the secondary chain.
    Dso,
    /// `.github/workflows/`.
    Github,
}

/// A chain.
#[derive(Debug)]
pub struct Chain {
    /// Its file.
    pub file: String,
    /// Who runs it.
    pub forge: Forge,
    /// What starts it (GitHub): `pull_request`, `push`, `schedule`…
    pub triggers: BTreeSet<String>,
    /// Its jobs, hidden ones left out.
    pub jobs: Vec<Job>,
    /// Every variable that the chain itself gives.
    pub variables: BTreeMap<String, String>,
}

/// A command, and where it is written.
#[derive(Debug, Clone)]
pub struct Step {
    /// File.
    pub file: String,
    /// The command, with its line.
    pub command: Command,
    /// Whether its failure fails the job.
    pub blocking: bool,
}

/// An action or a reusable workflow (GitHub).
#[derive(Debug, Clone)]
pub struct Use {
    /// Line.
    pub line: usize,
    /// `owner/name@ref`.
    pub name: String,
    /// Its inputs.
    pub with: BTreeMap<String, String>,
    /// Whether its failure fails the job.
    pub blocking: bool,
}

/// A job.
#[derive(Debug, Default)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Line of its name.
    pub line: usize,
    /// Its commands.
    pub steps: Vec<Step>,
    /// Actions that it uses.
    pub uses: Vec<Use>,
    /// Names of everything that it extends, near or far.
    pub extends: BTreeSet<String>,
    /// Its image.
    pub image: String,
    /// Its variables, those of the chain included.
    pub variables: BTreeMap<String, String>,
    /// Whether its failure fails the chain.
    pub blocking: bool,
    /// Whether someone has to start it.
    pub manual: bool,
    /// What it keeps: paths and reports, as written.
    pub keeps: Vec<String>,
    /// Jobs that it waits for; none when its stage decides.
    pub needs: Option<Vec<String>>,
    /// Its stage (GitLab).
    pub stage: String,
}

impl Job {
    /// Whether it extends one of these.
    #[must_use]
    pub fn extends_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.extends.contains(*name))
    }
}

/// Every chain of the repository that is delivered with it.
pub fn chains(view: &mut View<'_>) -> Vec<Chain> {
    let mut chains = gitlab::chains(view);
    chains.extend(github::chains(view));
    chains
}

/// The commands of a script, a text or a list of texts, each with its line in the file.
pub(crate) fn script(node: &Node, lines: &[&str], out: &mut Vec<Command>) {
    match &node.kind {
        Kind::Scalar(value) => {
            let Some(text) = value.as_str() else { return };
            let line = usize::try_from(node.line).unwrap_or(1);
            let head = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default().trim();
            // A block starts on the line after its sign.
            let offset = lines.iter().skip(line - 1).take(3).position(|l| l.contains(head)).unwrap_or(0);
            out.extend(commands(text, line + offset));
        }
        Kind::Seq(items) => items.iter().for_each(|item| script(item, lines, out)),
        Kind::Map(_) => {}
    }
}

/// The texts and numbers of a map, by key.
pub(crate) fn pairs(node: Option<&Node>) -> BTreeMap<String, String> {
    let Some(Kind::Map(entries)) = node.map(|n| &n.kind) else { return BTreeMap::new() };
    let text = |node: &Node| match &node.kind {
        Kind::Scalar(value) => Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        Kind::Map(_) => node.get("value").and_then(|(_, n)| n.as_str()).map(str::to_owned),
        Kind::Seq(_) => None,
    };
    entries.iter().filter_map(|(key, _, node)| Some((key.clone(), text(node)?))).collect()
}

/// Whether a YAML boolean is true.
pub(crate) fn is_true(node: Option<&Node>) -> bool {
    node.and_then(Node::scalar).and_then(serde_json::Value::as_bool) == Some(true)
}

/// The texts of a list, or the one text.
pub(crate) fn texts(node: Option<&Node>) -> Vec<String> {
    match node.map(|n| &n.kind) {
        Some(Kind::Scalar(value)) => value.as_str().map(str::to_owned).into_iter().collect(),
        Some(Kind::Seq(items)) => items.iter().filter_map(Node::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
