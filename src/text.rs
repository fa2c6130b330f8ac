//! Bilingual texts: every message for people is written in French and in English at the place that raises it, so that
//! neither language can drift from the other or from the code.

use serde::{Deserialize, Serialize};

/// Language of the messages (`--lang`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// French, the default: the users are French administrations and their contractors.
    #[default]
    Fr,
    /// English.
    En,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Builds a text from its two versions.
    pub fn new(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { fr: fr.into(), en: en.into() }
    }

    /// The same words in both languages (a path, a name).
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { en: text.clone(), fr: text }
    }

    /// The text in one language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fr => &self.fr,
            Lang::En => &self.en,
        }
    }
}

/// A technical fact (a field and its value), the same in every language.
impl From<String> for Text {
    fn from(fact: String) -> Self {
        Self::same(fact)
    }
}

/// Formats a [`Text`]: `text!("français {x}", "English {x}")`.
#[macro_export]
macro_rules! text {
    ($fr:literal, $en:literal $(,)?) => {
        $crate::text::Text::new(format!($fr), format!($en))
    };
}

/// What went wrong, where, and what to do: the one shape of every refusal shown to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `file:line:column`, `--set key`, a question's id…; empty when the whole command is concerned.
    pub at: String,
    /// What happened.
    pub what: Text,
    /// What to do, when there is something to do.
    pub hint: Option<Text>,
}

impl Problem {
    /// A problem without a hint.
    pub fn new(at: impl Into<String>, what: Text) -> Self {
        Self { at: at.into(), what, hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: Text) -> Self {
        self.hint = Some(hint);
        self
    }
}
