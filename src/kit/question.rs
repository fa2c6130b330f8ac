//! The shape of a question. Types, choices, bounds and conditions are declared once and serve the prompts, the resolver
//! and the test matrix alike.

use serde::Deserialize;
use serde_json::Value;

use crate::text::Text;

/// A question of a kit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Key of the answer: a contract.
    pub id: String,
    /// What kind of value it takes.
    #[serde(rename = "type")]
    pub kind: QuestionType,
    /// The prompt.
    pub title: Text,
    /// Shown above the prompt.
    #[serde(default)]
    pub help: Option<Text>,
    /// Expression over earlier answers: asked only if true.
    #[serde(default)]
    pub when: Option<String>,
    /// Value when the question is not asked (`when` is false); null when absent.
    #[serde(default)]
    pub otherwise: Option<Value>,
    /// Closed list of values.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Where the closed list is, in the kit's data.
    #[serde(default)]
    pub choices_from: Option<String>,
    /// Default: a literal, or a template rendered with YAML escaping then parsed as YAML. Required when absent.
    #[serde(default)]
    pub default: Option<Value>,
    /// Anchored regular expression of a text.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Least length (characters, items) or value.
    #[serde(default)]
    pub min: Option<i64>,
    /// Greatest length (characters, items) or value.
    #[serde(default)]
    pub max: Option<i64>,
    /// How to fix a refused value.
    #[serde(default)]
    pub hint: Option<Text>,
    /// Whether a text may hold several lines.
    #[serde(default)]
    pub multiline: bool,
    /// Fields of a record.
    #[serde(default)]
    pub fields: Vec<Question>,
    /// Fields whose values differ from one record to the next.
    #[serde(default)]
    pub unique: Vec<String>,
    /// `list.field`: a map has exactly one record per value of that field.
    #[serde(default)]
    pub keyed_by: Option<String>,
}

/// The kinds of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuestionType {
    /// Free text.
    Text,
    /// One of a closed list.
    Choice,
    /// Several of a closed list.
    Choices,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A calendar date, `YYYY-MM-DD`.
    Date,
    /// A record of named fields.
    Record,
    /// A list of records.
    Records,
    /// A record per value of another answer.
    Map,
}

/// One value of a closed list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The value recorded.
    pub value: String,
    /// What people read.
    pub title: Text,
    /// A sentence more.
    #[serde(default)]
    pub help: Option<Text>,
}
