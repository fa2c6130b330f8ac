//! The report for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::words::{self, ORDER, colon, say};
use super::{Format, Style, Verdict, place};
use crate::check::catalog::{self, Severity};
use crate::check::judge::Located;
use crate::check::status::{Proof, RowStatus};
use crate::text::{Lang, Text};

/// The report; whatever comes from the repository goes through `line`.
#[derive(Debug)]
pub struct Lines {
    style: Style,
}

impl Lines {
    /// A report in one language.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style }
    }
}

impl Format for Lines {
    fn folder(&mut self, verdict: &Verdict) -> String {
        let Style { lang, line, .. } = self.style;
        // Writing to a String cannot fail.
        let mut out = String::new();
        let _ = writeln!(out, "{}", line(&verdict.path));
        findings(&mut out, verdict, lang, line);
        aside(&mut out, verdict, lang, line);
        if !verdict.judged.gaps.is_empty() {
            let _ = writeln!(out, "\n{}", say(lang, "Non évalué", "Not evaluated"));
        }
        for gap in &verdict.judged.gaps {
            let path = if gap.path.is_empty() { "." } else { &gap.path };
            let _ = writeln!(out, "  {}{} {}", line(path), colon(lang), line(gap.why().get(lang)));
        }
        rows(&mut out, &verdict.rows, lang, line);
        newer(&mut out, verdict, lang, line);
        summary(&mut out, verdict, lang);
        out
    }
}

/// Makes a text of the repository harmless on one line.
type Clean = fn(&str) -> String;

/// One line for each place: the objects that share it, and what is said of them, follow one another. How to mend is said
/// once for each rule.
fn findings(out: &mut String, verdict: &Verdict, lang: Lang, line: Clean) {
    let mut explained = BTreeSet::new();
    let all: Vec<(&Located, &BTreeSet<String>)> = verdict.judged.findings.iter().collect();
    let same = |(one, in_one): &(&Located, &BTreeSet<String>), (other, in_other): &(&Located, &BTreeSet<String>)| {
        (&one.file, one.line, one.rule, &one.detail, in_one) == (&other.file, other.line, other.rule, &other.detail, in_other)
    };
    for group in all.chunk_by(same) {
        let Some((found, environments)) = group.first() else { continue };
        let Some(rule) = catalog::rule(found.rule) else { continue };
        let weight = words::severity(rule.severity, lang);
        let environments: Vec<&str> = environments.iter().map(String::as_str).collect();
        let environments = if environments.is_empty() { String::new() } else { format!(" [{}]", environments.join(", ")) };
        let objects: Vec<&str> = group.iter().map(|(found, _)| found.object.as_str()).filter(|object| !object.is_empty()).collect();
        let object = if objects.is_empty() { String::new() } else { format!(" {}", objects.join(", ")) };
        let place = place(found);
        let message = rule.message();
        let all = format!(
            "{place}{} {weight} {}{object}{environments}{} {} ({})",
            colon(lang),
            rule.id,
            colon(lang),
            message.get(lang),
            found.detail.get(lang)
        );
        let _ = writeln!(out, "\n{}", line(&all));
        if explained.insert(rule.id) {
            let _ = writeln!(out, "  → {}", line(rule.hint().get(lang)));
        }
    }
}

/// What does not make the verdict, and why; what a baseline knew and that is gone.
fn aside(out: &mut String, verdict: &Verdict, lang: Lang, line: Clean) {
    if !verdict.judged.aside.is_empty() {
        let _ = writeln!(out, "\n{}", say(lang, "Écartés du verdict", "Left out of the verdict"));
    }
    for (found, aside) in &verdict.judged.aside {
        let all = format!("{}{} {} {}{} {}", place(found), colon(lang), found.rule, found.object, colon(lang), aside.cause.shown().get(lang));
        let _ = writeln!(out, "  {}", line(&all));
    }
    let fixed = verdict.fixed.as_deref().unwrap_or_default();
    if !fixed.is_empty() {
        let _ = writeln!(out, "\n{}", say(lang, "Corrigés depuis la référence", "Fixed since the baseline"));
    }
    for entry in fixed {
        let _ = writeln!(out, "  {}", line(&format!("{}{} {} {} (×{})", entry.file, colon(lang), entry.rule, entry.object, entry.count)));
    }
}

/// What a newer list would leave open; it is no part of the verdict.
fn newer(out: &mut String, verdict: &Verdict, lang: Lang, line: Clean) {
    for newer in verdict.newer.iter().filter(|n| !n.open.is_empty()) {
        let head = words::newer(newer);
        let _ = writeln!(out, "\n{}", line(head.get(lang)));
        for row in &newer.open {
            let _ = writeln!(
                out,
                "  {} ({}) {}{} {}",
                row.requirement,
                row.level,
                words::status(row.status, lang),
                colon(lang),
                line(row.text.get(lang))
            );
        }
    }
}

fn rows(out: &mut String, rows: &[RowStatus], lang: Lang, line: Clean) {
    let _ = writeln!(out, "\n{}", say(lang, "Exigences", "Requirements"));
    for status in ORDER {
        for row in rows.iter().filter(|r| r.status == status) {
            let label = words::status(status, lang);
            let _ = writeln!(out, "  {} ({}) {label}{} {}", row.requirement, row.level, colon(lang), line(row.text.get(lang)));
            if let Some(why) = &row.why {
                let _ = writeln!(out, "      {}", line(why.get(lang)));
            }
            for facet in row.facets.iter().filter(|f| f.proof != Proof::Proven) {
                let mut why = match &facet.proof {
                    Proof::Proven => continue,
                    Proof::Failed => format!("{} ({})", say(lang, "en échec", "failed"), facet.rules.join(", ")),
                    Proof::ToAttest => say(lang, "à attester", "to attest").to_owned(),
                    Proof::Attested(why) | Proof::Derogated(why) | Proof::Waived(why) | Proof::Limited(why) => why.get(lang).to_owned(),
                    Proof::NotEvaluated(why) => format!("{}, {}", say(lang, "non évalué", "not evaluated"), why.get(lang)),
                };
                if let Some(note) = &facet.note {
                    let _ = write!(why, " ({})", note.get(lang));
                }
                let _ = writeln!(out, "      {}{} {}", line(facet.title.get(lang)), colon(lang), line(&why));
            }
        }
    }
}

fn summary(out: &mut String, verdict: &Verdict, lang: Lang) {
    let counts: Vec<String> = ORDER
        .iter()
        .map(|s| format!("{}{} {}", words::status(*s, lang), colon(lang), verdict.rows.iter().filter(|r| r.status == *s).count()))
        .collect();
    let (errors, warnings) = (verdict.judged.count(Severity::Error), verdict.judged.count(Severity::Warning));
    let examined: usize = verdict.judged.examined.values().sum();
    let rules = verdict.judged.examined.len();
    let aside = verdict.judged.aside.len();
    let waived = verdict.aside().get("waived").copied().unwrap_or_default();
    let total = Text::new(
        format!(
            "{errors} erreurs, {warnings} avertissements, {aside} écartés (dont {waived} acceptés par le dépôt lui-même) ; {examined} examens par {rules} règles"
        ),
        format!(
            "{errors} errors, {warnings} warnings, {aside} set aside ({waived} accepted by the repository itself); {examined} examinations by {rules} rules"
        ),
    );
    let _ = writeln!(out, "\n{}\n{}", counts.join(", "), total.get(lang));
}
