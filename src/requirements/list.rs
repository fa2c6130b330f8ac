//! The shape of a requirement list (`docs/requirements.md`). Unknown keys are refused: a typo must not drop a condition
//! and turn a requirement green.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::text::Text;

/// One list at one version, read from `requirements/*.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Format of the file: `mirai-kit/requirements/v1`.
    pub format: String,
    /// Name of the list, without its version.
    pub id: String,
    /// Version: the date of the source.
    pub version: String,
    /// Name for people.
    pub title: Text,
    /// Whether a project is measured against it unless told otherwise.
    #[serde(default)]
    pub default: bool,
    /// Older version that this one replaces (`list@version`).
    #[serde(default)]
    pub supersedes: Option<String>,
    /// The documents that rows cite.
    pub documents: BTreeMap<String, Document>,
    /// Number of rows, checked against the rows: a lost row is a defect that nobody would see.
    pub counts: Counts,
    /// Rows of older lists that this one no longer holds.
    #[serde(default)]
    pub dropped: Vec<Dropped>,
    /// The rows, in the order of the source.
    pub requirements: Vec<Row>,
}

/// A source document.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// Where it is: repository, path and commit.
    pub reference: String,
}

/// Number of rows by level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// All of them.
    pub rows: usize,
    /// Primordial ones.
    #[serde(rename = "P")]
    pub primordial: usize,
    /// Important ones.
    #[serde(rename = "I")]
    pub important: usize,
}

/// A row of an older list that has no successor here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// The row that disappeared.
    pub from: String,
    /// The row of another list that still asks for it.
    #[serde(default)]
    pub to: Option<String>,
    /// What it means for a project.
    pub note: Text,
}

/// Level of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Level {
    /// Primordial: missing it rejects the offer, or asks for a remediation plan.
    P,
    /// Important: counts in the technical score.
    I,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P => "P",
            Self::I => "I",
        })
    }
}

/// One requirement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Id in the source.
    pub id: String,
    /// Tells apart rows to which the source gives the same id.
    #[serde(default)]
    pub slug: Option<String>,
    /// Level.
    pub level: Level,
    /// Category in the source.
    pub category: Text,
    /// Our one-line wording.
    pub text: Text,
    /// Where it stands in the source.
    pub source: Source,
    /// Where it comes from in the other lists.
    #[serde(default)]
    pub lineage: Vec<Lineage>,
    /// List whose every row must be met for this one to be.
    #[serde(default)]
    pub imports: Option<String>,
    /// Row whose condition and facets are this one's too: one proof serves several lists.
    #[serde(default)]
    pub facets_from: Option<String>,
    /// Condition of applicability; always applicable when absent.
    #[serde(default)]
    pub applies: Option<Applies>,
    /// What has to be proven.
    #[serde(default)]
    pub facets: Vec<Facet>,
}

impl Row {
    /// `ID`, or `ID/slug`: the row's key inside its list.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.slug {
            Some(slug) => format!("{}/{slug}", self.id),
            None => self.id.clone(),
        }
    }
}

/// Where a row stands in its source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Key in [`List::documents`].
    pub document: String,
    /// Section, table, line.
    pub section: String,
}

/// When a row applies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applies {
    /// Expression over the answers.
    #[serde(rename = "if")]
    pub condition: String,
    /// Why the row does not apply, when the condition is false.
    pub otherwise: Text,
}

/// How a facet is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// A generated file carries it.
    Generated,
    /// A rule that reads the repository shows it (most often the absence of something).
    Checked,
    /// Organisational: people attest it, a file alone never does.
    Attested,
}

impl How {
    /// As it is written in a list.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Checked => "checked",
            Self::Attested => "attested",
        }
    }
}

/// One thing to prove.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facet {
    /// Id, unique in its row.
    pub id: String,
    /// How it is met.
    pub how: How,
    /// What it is.
    pub title: Text,
    /// Expression over the answers: is it asked for? Always, when absent.
    #[serde(default)]
    pub when: Option<String>,
    /// Row whose facet of the same id this one repeats: the evidence of that one counts here too.
    #[serde(default)]
    pub from: Option<String>,
    /// Rules of `check` that prove it together, in a list of a team's own: no module of the kit brings evidence for it.
    #[serde(default)]
    pub rules: Vec<String>,
    /// A known limit that no evidence can lift.
    #[serde(default)]
    pub limit: Option<Limit>,
}

/// Why a facet cannot be proven with these answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Expression over the answers.
    #[serde(rename = "if")]
    pub condition: String,
    /// What is missing.
    pub text: Text,
}

/// Where a row comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// What happened to it.
    pub relation: Relation,
    /// The row it comes from; absent when it is new.
    #[serde(default)]
    pub from: Option<String>,
    /// What changed.
    #[serde(default)]
    pub note: Option<Text>,
}

/// What happened to a row between two lists. Dropped rows are in [`List::dropped`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    /// Same id, same meaning (the level may differ).
    Same,
    /// Same id, changed meaning; the note says how.
    Extended,
    /// Same meaning under another id.
    Moved,
    /// Without ancestor.
    New,
}

impl Relation {
    /// As it is written in a list.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Extended => "extended",
            Self::Moved => "moved",
            Self::New => "new",
        }
    }
}
