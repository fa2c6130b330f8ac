//! Files as the rules over plain files see them: by path, read once bounded, with a gap for what cannot be read.

use serde_json::{Map, Value};

use super::repository::{Input, Repository, file_name, folder, join};
use crate::render::MANIFEST_NAME;
use crate::yaml::{self, Node};

/// The files of a repository, and what it says of itself.
pub struct View<'a> {
    repository: &'a mut Repository,
    /// The `reponses` of `.mirai-kit.yaml`, when the project has one.
    pub answers: Option<&'a Map<String, Value>>,
}

impl<'a> View<'a> {
    /// The view of a repository.
    pub fn new(repository: &'a mut Repository, answers: Option<&'a Map<String, Value>>) -> Self {
        Self { repository, answers }
    }

    /// Paths of the files that a rule reads, in order.
    #[must_use]
    pub fn paths(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        self.repository.files.iter().filter(|path| wanted(path)).cloned().collect()
    }

    /// The same, but for files that stand among tests, examples or documentation: they are not delivered.
    pub fn delivered(&mut self, input: Input, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut paths = self.paths(wanted);
        paths.retain(|path| !self.repository.left_aside(input, path));
        paths
    }

    /// Paths of the files of one name, whatever their folder.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<String> {
        self.paths(|path| file_name(path) == name)
    }

    /// Whether a file is there.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.repository.files.contains(path)
    }

    /// Folders that mirai-kit wrote: they claim to conform, so what they lack is a finding there, and nothing elsewhere.
    #[must_use]
    pub fn projects(&self) -> Vec<String> {
        self.named(MANIFEST_NAME).iter().map(|path| folder(path).to_owned()).collect()
    }

    /// Files that mirai-kit says it wrote, by the manifests of its projects: one that is missing was removed.
    pub fn promised(&mut self) -> Vec<String> {
        let mut promised = Vec::new();
        for manifest in self.named(MANIFEST_NAME) {
            let Some(node) = self.yaml(Input::Values, &manifest) else { continue };
            let value = node.value();
            let files = value.get("fichiers").and_then(Value::as_object);
            promised.extend(files.into_iter().flatten().map(|(path, _)| join(folder(&manifest), path)));
        }
        promised
    }

    /// Folders of charts, those vendored below another chart left out.
    #[must_use]
    pub fn charts(&self) -> Vec<String> {
        self.repository.charts()
    }

    /// The text of a file; none, and a gap, when it cannot be read.
    pub fn text(&mut self, input: Input, path: &str) -> Option<String> {
        self.repository.text(input, path)
    }

    /// A YAML file with its places; none, and a gap, when it cannot be read.
    pub fn yaml(&mut self, input: Input, path: &str) -> Option<Node> {
        let content = self.repository.text(input, path)?;
        match yaml::parse(path, &content) {
            Ok(node) => Some(node),
            Err(problem) => {
                self.repository.gap(Some(input), path, problem.what);
                None
            }
        }
    }

    /// Notes something that could not be judged.
    pub fn gap(&mut self, input: Input, path: &str, why: crate::text::Text) {
        self.repository.gap(Some(input), path, why);
    }
}
