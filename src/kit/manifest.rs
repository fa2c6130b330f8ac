//! The shape of `kit.yaml` and `module.yaml` (documented in `docs/kit.md`). Unknown keys are refused: a typo in a kit must
//! not silently drop a file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::question::Question;
use crate::render::Owner;
use crate::text::Text;

/// `kit.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format of the kit: `mirai-kit/v1`.
    pub format: String,
    /// Short name.
    pub id: String,
    /// Semantic version.
    pub version: String,
    /// Name for people.
    pub title: Text,
    /// Module ids, in the order of questions and of generation.
    pub modules: Vec<String>,
    /// Data files by key.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
    /// Questions of the kit as a whole.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// Values computed from the answers, in order.
    #[serde(default)]
    pub computed: Vec<Computed>,
    /// Combinations of answers that are refused.
    #[serde(default)]
    pub constraints: Vec<Constraint>,
    /// Combinations of answers that deserve a word.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Template of the YAML list of `{path, name}` that become git repositories.
    pub repositories: String,
}

/// A value computed from the answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Computed {
    /// Variable name.
    pub id: String,
    /// Template rendered with YAML escaping, then parsed as YAML.
    pub value: String,
}

/// A combination of answers that is refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// Stable id.
    pub id: String,
    /// Expression: refused when true.
    pub refuse: String,
    /// The answers at fault, to point at them.
    pub keys: Vec<String>,
    /// What is wrong and what to choose instead.
    pub message: Text,
}

/// A combination of answers that is worth a warning.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// Stable id.
    pub id: String,
    /// Expression: warned when true.
    #[serde(rename = "if")]
    pub condition: String,
    /// The warning; `{…}` is not interpolated.
    pub message: Text,
}

/// `module.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// Folder name.
    pub id: String,
    /// Name for people.
    pub title: Text,
    /// One sentence of help.
    #[serde(default)]
    pub help: Option<Text>,
    /// Expression: is the module active? Always, when absent.
    #[serde(default)]
    pub when: Option<String>,
    /// Modules that must be active with this one.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Questions that the module brings.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// What it writes.
    #[serde(default)]
    pub files: Vec<FileRule>,
    /// What it brings to the requirements.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// One rule of generation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRule {
    /// File or folder below `modules/<id>/files`.
    #[serde(default)]
    pub from: Option<String>,
    /// Generator of the tool that produces the files, from the rendered `from`.
    #[serde(default)]
    pub generate: Option<Generator>,
    /// Target path (template).
    pub to: String,
    /// Paths relative to `from` (or to the generator's output) that are left out.
    #[serde(default)]
    pub except: Vec<String>,
    /// The only relative outputs of a generator to keep; all when empty.
    #[serde(default)]
    pub only: Vec<String>,
    /// Expression: is the rule applied?
    #[serde(default)]
    pub when: Option<String>,
    /// Repeats the rule, nested left to right.
    #[serde(default)]
    pub for_each: Vec<ForEach>,
    /// Who owns the files from now on.
    #[serde(default)]
    pub owner: Owner,
    /// Mode 0755.
    #[serde(default)]
    pub executable: bool,
}

/// A repetition of a [`FileRule`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForEach {
    /// Variable that holds the list.
    #[serde(rename = "in")]
    pub list: String,
    /// Loop variable.
    #[serde(rename = "as")]
    pub variable: String,
}

/// A generator of the tool that kits may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generator {
    /// SQL, rights and registers from a data model (room `rgpd`).
    Rgpd,
    /// Conformity matrix from the requirement lists and the evidence of the active modules (room `requirements`).
    Conformity,
    /// One attestation to complete for each facet that people have to attest (room `requirements`).
    Attestations,
}

/// What a module brings to one facet of a requirement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// `list@version/ID` or `list@version/ID/slug`.
    pub requirement: String,
    /// Facet of the requirement's row.
    pub facet: String,
    /// `generated` or `attested`.
    pub how: String,
    /// File that carries it (template).
    #[serde(default)]
    pub file: Option<String>,
    /// Rule of `check` that proves it.
    #[serde(default)]
    pub rule: Option<String>,
    /// Expression: does this evidence apply?
    #[serde(default)]
    pub when: Option<String>,
    /// One sentence.
    #[serde(default)]
    pub text: Option<Text>,
}
