//! The words that the reports for people share, and the sentence that sums a verdict up: a wrong green costs the tender, so
//! every format says it the same way.

use super::Verdict;
use crate::check::catalog::Severity;
use crate::check::status::{FacetStatus, Proof, RowStatus, Status};
use crate::check::verdict::Newer;
use crate::requirements::Level;
use crate::text;
use crate::text::{Lang, Text};

/// Every status, the most urgent first.
pub(super) const ORDER: [Status; 6] = [Status::Failed, Status::Partial, Status::NotEvaluated, Status::ToAttest, Status::Met, Status::NotApplicable];

/// One of two words.
pub(super) fn say(lang: Lang, fr: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

/// The colon, with the space that French wants before it.
pub(super) fn colon(lang: Lang) -> &'static str {
    say(lang, " :", ":")
}

/// Name of a status.
pub(super) fn status(status: Status, lang: Lang) -> &'static str {
    match status {
        Status::Met => say(lang, "satisfaite", "met"),
        Status::Partial => say(lang, "partielle", "partial"),
        Status::Failed => say(lang, "en échec", "failed"),
        Status::ToAttest => say(lang, "à attester", "to attest"),
        Status::NotEvaluated => say(lang, "non évaluée", "not evaluated"),
        Status::NotApplicable => say(lang, "sans objet", "not applicable"),
    }
}

/// Name of a severity.
pub(super) fn severity(severity: Severity, lang: Lang) -> &'static str {
    match severity {
        Severity::Error => say(lang, "erreur", "error"),
        Severity::Warning => say(lang, "avertissement", "warning"),
    }
}

/// Where a facet stands, in one word, and what it rests on or what is missing.
pub(super) fn facet(facet: &FacetStatus, lang: Lang) -> (&'static str, String) {
    let word = match &facet.proof {
        Proof::Proven => say(lang, "prouvée", "proven"),
        Proof::Attested(_) => say(lang, "attestée", "attested"),
        Proof::Failed => say(lang, "en échec", "failed"),
        Proof::ToAttest => say(lang, "à attester", "to attest"),
        Proof::Derogated(_) => say(lang, "sous dérogation", "under derogation"),
        Proof::Waived(_) => say(lang, "acceptée par le dépôt", "accepted by the repository"),
        Proof::Limited(_) => say(lang, "limitée", "limited"),
        Proof::NotEvaluated(_) => say(lang, "non évaluée", "not evaluated"),
    };
    let failed = (facet.proof == Proof::Failed).then(|| facet.rules.join(", "));
    let why = failed.or_else(|| facet.proof.why().map(|why| why.get(lang).to_owned()));
    let parts: Vec<String> = why.into_iter().chain(facet.note.as_ref().map(|note| note.get(lang).to_owned())).filter(|p| !p.is_empty()).collect();
    (word, parts.join(say(lang, " ; ", "; ")))
}

/// What the whole comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Every primordial requirement is met or set aside.
    Good,
    /// Some are neither met nor failed: to prove, to attest, to evaluate.
    Open,
    /// Some fail.
    Bad,
}

impl Outcome {
    /// As classes of a page write it.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Open => "open",
            Self::Bad => "bad",
        }
    }
}

/// The verdict in one line, and what it means.
pub(super) struct Summary {
    pub(super) outcome: Outcome,
    pub(super) title: Text,
    pub(super) meaning: Text,
}

/// What a newer list would leave open, in a line.
pub(super) fn newer(newer: &Newer) -> Text {
    let (list, replaces, count) = (&newer.list, &newer.replaces, newer.open.len());
    text!(
        "Liste plus récente connue, {list} (remplace {replaces}) : {count} exigences primordiales ouvertes, hors verdict",
        "Newer known list, {list} (replaces {replaces}): {count} open primordial requirements, not in the verdict"
    )
}

/// Primordial requirements that are not met, the failed ones first.
pub(super) fn unmet(verdict: &Verdict) -> Vec<&RowStatus> {
    let primordial = |status: Status| verdict.rows.iter().filter(move |r| r.level == Level::P && r.status == status);
    [Status::Failed, Status::Partial, Status::NotEvaluated, Status::ToAttest].into_iter().flat_map(primordial).collect()
}

/// Sums a verdict up by its primordial requirements: one that is missed has the offer rejected, or asks for a remediation
/// plan ([`Level::P`]).
pub(super) fn summary(verdict: &Verdict) -> Summary {
    let unmet = unmet(verdict);
    let failed = unmet.iter().filter(|r| r.status == Status::Failed).count();
    let open = unmet.len() - failed;
    let s = |count: usize| if count > 1 { "s" } else { "" };
    if failed > 0 {
        let s = s(failed);
        Summary {
            outcome: Outcome::Bad,
            title: text!(
                "Non conforme : {failed} exigence{s} primordiale{s} (P) en échec",
                "Does not conform: {failed} primordial (P) requirement{s} failed"
            ),
            meaning: Text::new(
                "Une exigence primordiale manquée fait rejeter l’offre, ou demande un plan de remédiation.",
                "A primordial requirement that is missed has the offer rejected, or asks for a remediation plan.",
            ),
        }
    } else if open > 0 {
        let s = s(open);
        Summary {
            outcome: Outcome::Open,
            title: text!(
                "Conformité non démontrée : {open} exigence{s} primordiale{s} (P) à compléter",
                "Conformity not shown: {open} primordial (P) requirement{s} to complete"
            ),
            meaning: Text::new(
                "Aucune n’est en échec, mais il manque une preuve, une attestation ou une évaluation : chaque ligne dit laquelle.",
                "None fails, but a proof, an attestation or an evaluation is missing: each row says which.",
            ),
        }
    } else if verdict.rows.iter().any(|row| row.level == Level::P) {
        Summary {
            outcome: Outcome::Good,
            title: Text::new(
                "Conforme : chaque exigence primordiale (P) demandée est satisfaite ou sans objet",
                "Conforms: each primordial (P) requirement that is asked for is met or not applicable",
            ),
            meaning: Text::new(
                "Chaque facette est prouvée par une règle qui a examiné au moins un objet, ou par une attestation valide.",
                "Each facet is proven by a rule that examined at least one object, or by a valid attestation.",
            ),
        }
    } else {
        Summary {
            outcome: Outcome::Open,
            title: Text::new("Aucune exigence primordiale (P) n’a été demandée", "No primordial (P) requirement was asked for"),
            meaning: Text::new(
                "Ce rapport ne dit rien de la recevabilité d’une offre.",
                "This report says nothing of whether an offer is acceptable.",
            ),
        }
    }
}
