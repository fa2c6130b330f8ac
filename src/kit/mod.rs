//! What a kit is: its manifest, modules, questions and files, and where it comes from. The embedded kit has no
//! privilege over one read from a folder. The format is documented in `docs/kit.md`.

mod manifest;
mod question;
mod source;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use manifest::{Computed, Constraint, Evidence, FileRule, ForEach, Generator, Manifest, Module, Warning};
pub use question::{Choice, Question, QuestionType};
pub use source::KitFiles;

use crate::text;
use crate::text::{Problem, Text};
use crate::yaml;

/// A kit, loaded and checked.
#[derive(Debug, Clone)]
pub struct Kit {
    /// `kit.yaml`.
    pub manifest: Manifest,
    /// The modules, in the manifest's order.
    pub modules: Vec<Module>,
    /// Data files of the kit, by key: templates see them as `data.<key>`.
    pub data: Map<String, Value>,
    /// Every file of the kit.
    pub files: KitFiles,
}

impl Kit {
    /// Loads the kit that is embedded in the program.
    ///
    /// # Errors
    /// When the embedded kit is invalid: a defect of the build, seen by its tests.
    pub fn embedded() -> Result<Self, Vec<Problem>> {
        Self::load(KitFiles::embedded())
    }

    /// Loads a kit from its files.
    ///
    /// # Errors
    /// Every problem found, each with the file and line.
    pub fn load(files: KitFiles) -> Result<Self, Vec<Problem>> {
        let manifest: Manifest = parse(&files, "kit.yaml").map_err(|p| vec![p])?;
        let mut problems = Vec::new();
        if manifest.format != "mirai-kit/v1" {
            let format = &manifest.format;
            problems.push(
                Problem::new("kit.yaml", text!("format de kit inconnu : {format:?}", "unknown kit format: {format:?}"))
                    .hint(Text::new("format lu par cette version : mirai-kit/v1", "format this version reads: mirai-kit/v1")),
            );
        }
        let mut modules = Vec::new();
        for id in &manifest.modules {
            match parse::<Module>(&files, &format!("modules/{id}/module.yaml")) {
                Ok(module) => modules.push(module),
                Err(problem) => problems.push(problem),
            }
        }
        let mut data = Map::new();
        for (key, path) in &manifest.data {
            match parse::<Value>(&files, path) {
                Ok(value) => {
                    data.insert(key.clone(), value);
                }
                Err(problem) => problems.push(problem),
            }
        }
        let kit = Self { manifest, modules, data, files };
        problems.extend(kit.inconsistencies());
        if problems.is_empty() { Ok(kit) } else { Err(problems) }
    }

    /// The questions: the manifest's, then those of each module.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.manifest.questions.iter().chain(self.modules.iter().flat_map(|m| &m.questions))
    }

    /// The choices of a question, read from the kit's data when it says so.
    #[must_use]
    pub fn choices(&self, question: &Question) -> Vec<Choice> {
        question.choices_from.as_deref().map_or_else(|| question.choices.clone(), |path| self.choices_from(path))
    }

    fn choices_from(&self, path: &str) -> Vec<Choice> {
        let pointer = format!("/{}", path.strip_prefix("data.").unwrap_or(path).replace('.', "/"));
        let data = Value::Object(self.data.clone());
        let items = data.pointer(&pointer).and_then(Value::as_array).cloned().unwrap_or_default();
        items
            .into_iter()
            .filter_map(|item| {
                let value = item.get("id")?.as_str()?.to_owned();
                let title = serde_json::from_value(item.get("title")?.clone()).ok()?;
                Some(Choice { value, title, help: None })
            })
            .collect()
    }

    fn inconsistencies(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut seen = BTreeSet::new();
        for question in self.questions() {
            let id = &question.id;
            if !seen.insert(id.clone()) {
                problems.push(Problem::new("kit.yaml", text!("question déclarée deux fois : `{id}`", "question declared twice: `{id}`")));
            }
            if question.choices_from.is_some() && self.choices(question).is_empty() {
                problems.push(Problem::new("kit.yaml", text!("la question `{id}` n'a aucun choix", "question `{id}` has no choice")));
            }
        }
        for module in &self.modules {
            for required in &module.requires {
                if !self.manifest.modules.contains(required) {
                    let id = &module.id;
                    problems.push(Problem::new(
                        format!("modules/{id}/module.yaml"),
                        text!("le module `{id}` requiert `{required}`, absent du kit", "module `{id}` requires `{required}`, which the kit lacks"),
                    ));
                }
            }
        }
        problems
    }
}

fn parse<T: DeserializeOwned>(files: &KitFiles, path: &str) -> Result<T, Problem> {
    let text = files.text(path)?;
    yaml::parse(path, text)
}
