//! Findings that do not make the verdict, and why: they stay in every report, and never turn a facet green.

use std::collections::BTreeSet;

use crate::text;
use crate::text::Text;

/// A finding set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Environments that show it.
    pub environments: BTreeSet<String>,
    /// Why it does not make the verdict.
    pub cause: Cause,
}

/// Why a finding does not make the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A comment of the repository accepts it, with this reason.
    Waived {
        /// The reason given.
        reason: String,
        /// Line of the comment, from 1, in the finding's file.
        line: usize,
    },
    /// Decisions exempt every facet that it fails: what they say.
    Derogated(Vec<Text>),
    /// The baseline knows it.
    Known,
    /// Rows of another level alone rest on its rule.
    OtherLevel,
}

impl Cause {
    /// As the reports for programs write it.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Waived { .. } => "waived",
            Self::Derogated(_) => "derogated",
            Self::Known => "known",
            Self::OtherLevel => "other-level",
        }
    }

    /// As the reports for people write it.
    #[must_use]
    pub fn shown(&self) -> Text {
        match self {
            Self::Waived { reason, line } => text!("accepté dans le fichier, ligne {line} : {reason}", "accepted in the file, line {line}: {reason}"),
            Self::Derogated(by) => {
                let (fr, en) = (join(by, |t| &t.fr), join(by, |t| &t.en));
                text!("sous {fr}", "under {en}")
            }
            Self::Known => Text::new("déjà connu de la référence (--baseline)", "already known by the baseline"),
            Self::OtherLevel => Text::new("ne porte que des exigences d'un autre niveau", "bears on requirements of another level alone"),
        }
    }
}

fn join(texts: &[Text], of: impl Fn(&Text) -> &String) -> String {
    texts.iter().map(|t| of(t).as_str()).collect::<Vec<_>>().join(" ; ")
}
