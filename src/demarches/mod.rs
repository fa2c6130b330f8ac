//! `demarches.yaml`: what the project still waits for from outside (a bucket, a DNS name, an SSO client…), and the first
//! of these steps that is not done.
//!
//! A step is done when none of the files that wait for it holds its placeholder any more; a step that no file waits for is
//! done when it has a date in `fait`. A file that cannot be read keeps its step undone: silence is not an answer.

mod page;
mod project;

use serde::Deserialize;

pub use page::page;
pub use project::Project;

use crate::date::is_date;
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml;

/// The file, at the root of the application repository.
pub const FILE: &str = "demarches.yaml";

/// `demarches.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demarches {
    /// Format of the file: `mirai-kit/demarches/v1`.
    pub format: String,
    /// The steps, in the order in which they are best taken.
    #[serde(rename = "demarches")]
    pub steps: Vec<Step>,
}

/// One outside request, or one value that the team has to supply.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Stable id.
    pub id: String,
    /// What is asked.
    #[serde(rename = "titre")]
    pub title: String,
    /// Who is asked.
    #[serde(rename = "destinataire")]
    pub recipient: String,
    /// The prefilled message, one paragraph per item.
    pub message: Vec<String>,
    /// The files that wait for the answer.
    #[serde(rename = "attend", default)]
    pub awaits: Vec<Awaited>,
    /// The command that tells, from the application repository, whether the step is really done; it is shown, never run.
    #[serde(rename = "verifie", default)]
    pub check: Option<String>,
    /// Date of the answer (`YYYY-MM-DD`), for a step that no file waits for.
    #[serde(rename = "fait", default)]
    pub done: Option<String>,
}

/// A file that waits for an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Awaited {
    /// Path relative to the folder of `demarches.yaml`; with one repository per module it starts with `../`.
    #[serde(rename = "fichier")]
    pub file: String,
    /// The placeholder: what the file holds until the answer is written in it.
    #[serde(rename = "motif")]
    pub placeholder: String,
}

/// A place that still waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// The placeholder is still there.
    Placeholder {
        /// File.
        file: String,
        /// Line, from 1.
        line: usize,
        /// What to replace.
        placeholder: String,
    },
    /// The file is not there, so that nobody can tell.
    MissingFile {
        /// File.
        file: String,
    },
    /// No date in `fait`.
    NoDate,
}

/// A step that is not done, and why.
#[derive(Debug, Clone)]
pub struct Undone<'a> {
    /// The step.
    pub step: &'a Step,
    /// Its place in the file, from 1.
    pub number: usize,
    /// What still waits, never empty.
    pub waiting: Vec<Waiting>,
}

/// Reads a file of the project by its path relative to the folder of `demarches.yaml`; none when it is not there.
pub type Reader<'a> = dyn Fn(&str) -> Result<Option<String>, Problem> + 'a;

impl Demarches {
    /// Parses and validates the file.
    ///
    /// # Errors
    /// Every problem found, with its place.
    pub fn parse(name: &str, content: &str) -> Result<Self, Vec<Problem>> {
        let parsed: Self = yaml::parse(name, content).map_err(|p| vec![p])?;
        let problems = parsed.problems(name);
        if problems.is_empty() { Ok(parsed) } else { Err(problems) }
    }

    /// Every step that is not done, in order.
    ///
    /// # Errors
    /// When the reader fails on a file that exists.
    pub fn undone(&self, read: &Reader<'_>) -> Result<Vec<Undone<'_>>, Problem> {
        let mut undone = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let waiting = step.waiting(read)?;
            if !waiting.is_empty() {
                undone.push(Undone { step, number: index + 1, waiting });
            }
        }
        Ok(undone)
    }

    fn problems(&self, name: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.format != "mirai-kit/demarches/v1" {
            let format = &self.format;
            problems.push(Problem::new(name, text!("format inconnu : {format:?}", "unknown format: {format:?}")));
        }
        let mut seen = std::collections::BTreeSet::new();
        for step in &self.steps {
            let id = &step.id;
            let at = format!("{name} ({id})");
            if !seen.insert(id) {
                problems.push(Problem::new(at.clone(), text!("démarche en double : `{id}`", "duplicate step: `{id}`")));
            }
            for awaited in &step.awaits {
                let file = &awaited.file;
                if !contained(file) {
                    problems.push(
                        Problem::new(at.clone(), text!("chemin refusé : `{file}`", "refused path: `{file}`")).hint(Text::new(
                            "donnez un chemin relatif, au plus un dossier au-dessus",
                            "give a relative path, at most one folder above",
                        )),
                    );
                }
                if awaited.placeholder.trim().is_empty() {
                    problems.push(Problem::new(at.clone(), text!("motif vide pour `{file}`", "empty pattern for `{file}`")));
                }
            }
            if step.check.as_ref().is_some_and(|command| command.trim().is_empty() || command.chars().any(char::is_control)) {
                problems.push(Problem::new(at.clone(), text!("`verifie` n'est pas une commande d'une ligne", "`verifie` is not a one-line command")));
            }
            if let Some(date) = step.done.as_ref().filter(|date| !is_date(date)) {
                problems.push(
                    Problem::new(at, text!("`fait` n'est pas une date : `{date}`", "`fait` is not a date: `{date}`"))
                        .hint(Text::new("écrivez AAAA-MM-JJ", "write YYYY-MM-DD")),
                );
            }
        }
        problems
    }
}

impl Step {
    fn waiting(&self, read: &Reader<'_>) -> Result<Vec<Waiting>, Problem> {
        if self.awaits.is_empty() {
            return Ok(if self.done.is_some() { Vec::new() } else { vec![Waiting::NoDate] });
        }
        let mut waiting = Vec::new();
        for Awaited { file, placeholder } in &self.awaits {
            let Some(content) = read(file)? else {
                waiting.push(Waiting::MissingFile { file: file.clone() });
                continue;
            };
            for (index, _) in content.lines().enumerate().filter(|(_, line)| line.contains(placeholder)) {
                waiting.push(Waiting::Placeholder { file: file.clone(), line: index + 1, placeholder: placeholder.clone() });
            }
        }
        Ok(waiting)
    }
}

/// Relative, and no more than one folder above: a step points at the repositories of its own project.
fn contained(path: &str) -> bool {
    let below = path.strip_prefix("../").unwrap_or(path);
    crate::apply::SafeRelPath::new(below).is_ok()
}
