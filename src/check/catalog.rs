//! The catalogue: what each rule of `check` says, how much it weighs, how strong its source is, which checks of other tools
//! it equals, and which evidence of the kit's modules it proves. An evidence that no rule proves stays « not evaluated ».
//! Each domain of [`super::rules`] writes its own rows, beside the code that judges.

pub mod examples;

use super::repository::Input;
use super::rules::DOMAINS;
use crate::text::Text;

/// How strong the source of a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// The text of the framework asks for it.
    Cct,
    /// The platform was seen to refuse it, or publishes that it does.
    Platform,
    /// Deduced: without it the application or its data breaks.
    Deduced,
}

impl Strength {
    /// As the reports write it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Cct => "cct",
            Self::Platform => "platform",
            Self::Deduced => "deduced",
        }
    }
}

/// What a finding means for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The repository does not conform.
    Error,
    /// To look at: the repository alone cannot tell.
    Warning,
}

impl Severity {
    /// As the reports write it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable id; the platform's own where it has one.
    pub id: &'static str,
    /// What it reads.
    pub reads: Input,
    /// Weight.
    pub severity: Severity,
    /// Strength of its source.
    pub strength: Strength,
    /// Evidence of the kit's modules that it proves, besides the one of its own id.
    pub proves: &'static [&'static str],
    /// Checks of other tools that look for the same thing: `tool:id` (`kyverno`, `checkov`, `kube-linter`, `kube-score`,
    /// `kubernetes-validate`, `hadolint`).
    pub equals: &'static [&'static str],
    /// Whether it is about what the platform syncs from a chart: a raw manifest may be an administrator's own.
    pub charts_only: bool,
    /// What is wrong, in French and in English.
    message: Words,
    /// What to do, in French and in English.
    hint: Words,
    /// Why the rule exists, and where that is written.
    why: Words,
}

/// French and English.
pub type Words = (&'static str, &'static str);

impl Rule {
    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> Text {
        Text::new(self.message.0, self.message.1)
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> Text {
        Text::new(self.hint.0, self.hint.1)
    }

    /// Why the rule exists, and where that is written; empty when the message says it all.
    #[must_use]
    pub fn why(&self) -> Text {
        Text::new(self.why.0, self.why.1)
    }

    /// A rule whose findings make the repository non-conforming.
    #[must_use]
    pub const fn error(id: &'static str, reads: Input, strength: Strength, message: Words, hint: Words) -> Self {
        let (severity, none) = (Severity::Error, &[] as &[&str]);
        Self { id, reads, severity, strength, proves: none, equals: none, charts_only: false, message, hint, why: ("", "") }
    }

    /// A rule whose findings are to be looked at.
    #[must_use]
    pub const fn warning(id: &'static str, reads: Input, strength: Strength, message: Words, hint: Words) -> Self {
        let mut rule = Self::error(id, reads, strength, message, hint);
        rule.severity = Severity::Warning;
        rule
    }

    /// Names evidence that it proves.
    #[must_use]
    pub const fn proves(mut self, evidence: &'static [&'static str]) -> Self {
        self.proves = evidence;
        self
    }

    /// Names checks of other tools that look for the same thing.
    #[must_use]
    pub const fn equals(mut self, checks: &'static [&'static str]) -> Self {
        self.equals = checks;
        self
    }

    /// Says why it exists: requirement or document, and what happens otherwise.
    #[must_use]
    pub const fn because(mut self, why: Words) -> Self {
        self.why = why;
        self
    }

    /// Judges what charts render alone.
    #[must_use]
    pub const fn of_charts(mut self) -> Self {
        self.charts_only = true;
        self
    }
}

/// Every rule, in the order of the reports.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    DOMAINS.iter().flat_map(|domain| domain.rules)
}

/// The rule of an id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

/// The rules that prove an evidence of the kit's modules, together; none when they are not written yet.
#[must_use]
pub fn proving(evidence: &str) -> Vec<&'static str> {
    rules().filter(|rule| rule.id == evidence || rule.proves.contains(&evidence)).map(|rule| rule.id).collect()
}

#[cfg(test)]
mod tests;
