//! The conformity matrix in Markdown: what a tender jury reads. It says at its head that nothing in it has been verified
//! yet, and every row names what carries it and what is left to do.

use std::fmt::Write as _;

use super::list::{Level, List};
use super::lists::Lists;
use super::statement::{FacetState, FacetStatement, Holds, Proof, RowStatement, Statement, Status, statement};
use crate::text::{Lang, Problem, Text};

/// The files of the `conformity` generator: path relative to the rule's target, and content.
///
/// # Errors
/// The problems of [`statement`].
pub fn outputs(lists: &Lists, proofs: &[Proof], holds: &Holds<'_>, rules: &RulesOf<'_>, lang: Lang) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let statements = statement(lists, proofs, holds)?;
    Ok(vec![("matrice.md".to_owned(), conformity_matrix(lists, &statements, rules, lang))])
}

/// The rules of `check` that prove an evidence together; none when they are not written.
pub type RulesOf<'a> = dyn Fn(&str) -> Vec<&'static str> + 'a;

/// The lists that replace a default one, with their primordial rows that the project leaves open.
#[must_use]
pub fn open_in_newer<'a>(lists: &'a Lists, statements: &'a [Statement]) -> Vec<(&'a List, &'a List, Vec<&'a RowStatement>)> {
    let open = |list: &List| {
        let rows = statements.iter().filter(|s| s.list == list.name()).flat_map(|s| &s.rows);
        rows.filter(|r| r.level == Level::P && !r.closed()).collect()
    };
    lists.newer(&|list| list.default).into_iter().map(|(newer, older)| (newer, older, open(newer))).collect()
}

/// The matrix of the default lists, then the primordial rows that newer lists leave open.
#[must_use]
pub fn conformity_matrix(lists: &Lists, statements: &[Statement], rules: &RulesOf<'_>, lang: Lang) -> String {
    let mut out = String::new();
    line(&mut out, pick(lang, "# Matrice de conformité", "# Conformity matrix"));
    line(&mut out, "");
    line(&mut out, pick(lang, INTRODUCTION.0, INTRODUCTION.1));
    line(&mut out, "");
    summary(&mut out, statements, lang);
    for (newer, older, open) in open_in_newer(lists, statements) {
        newer_list(&mut out, newer, older, &open, rules, lang);
    }
    for statement in statements.iter().filter(|s| s.default) {
        table(&mut out, statement, rules, lang);
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

const INTRODUCTION: (&str, &str) = (
    "Ce document est produit par `mirai-kit` à la génération du projet. Il dit ce que le projet apporte à chaque exigence, \
     où le lire et ce qu’il reste à faire. **Rien n’y est prouvé** : une ligne « généré, à vérifier » désigne des fichiers \
     et la règle qui les examine ; seul l’examen du dépôt tel qu’il est, par cette règle, fait preuve ; `mirai-kit check` l’exécute quand elle est écrite, et dit « non évalué » sinon.\n\n\
     | Statut | Sens |\n| --- | --- |\n\
     | généré, à vérifier | chaque facette est portée par un fichier généré |\n\
     | partiel | des facettes sont portées, celles qui manquent sont nommées |\n\
     | à attester | exigence d’organisation : personnes, dates et pièces à fournir, voir `attestations/` |\n\
     | non couvert | aucun fichier généré ne porte l’exigence |\n\
     | sans objet | la condition indiquée écarte l’exigence |\n\n\
     Niveau **P** : primordiale (son non-respect fait rejeter l’offre, ou impose un plan de remédiation). Niveau **I** : importante.",
    "`mirai-kit` produced this document when the project was generated. It says what the project brings to each requirement, \
     where to read it and what is left to do. **Nothing is proven here**: a row “generated, to verify” names files and the \
     rule that examines them; only that rule run on the repository as it is proves anything; `mirai-kit check` runs it when it is written, and says “not evaluated” otherwise.\n\n\
     | Status | Meaning |\n| --- | --- |\n\
     | generated, to verify | every facet is carried by a generated file |\n\
     | partial | some facets are carried, the missing ones are named |\n\
     | to attest | organisational requirement: people, dates and documents to supply, see `attestations/` |\n\
     | uncovered | no generated file carries the requirement |\n\
     | not applicable | the condition shown sets the requirement aside |\n\n\
     Level **P**: primordial (missing it rejects the offer, or asks for a remediation plan). Level **I**: important.",
);

const COLUMNS: [fn(&Status) -> bool; 5] = [
    |s| matches!(s, Status::Generated),
    |s| matches!(s, Status::Partial),
    |s| matches!(s, Status::ToAttest),
    |s| matches!(s, Status::Uncovered),
    |s| matches!(s, Status::NotApplicable(_)),
];

fn summary(out: &mut String, statements: &[Statement], lang: Lang) {
    line(out, pick(lang, "## Synthèse", "## Summary"));
    line(out, "");
    line(
        out,
        pick(
            lang,
            "| Liste | Niveau | Exigences | Généré, à vérifier | Partiel | À attester | Non couvert | Sans objet |",
            "| List | Level | Requirements | Generated, to verify | Partial | To attest | Uncovered | Not applicable |",
        ),
    );
    line(out, "| --- | --- | --: | --: | --: | --: | --: | --: |");
    for statement in statements {
        for level in [Level::P, Level::I] {
            let rows: Vec<&RowStatement> = statement.rows.iter().filter(|r| r.level == level).collect();
            let counts = COLUMNS.map(|column| rows.iter().filter(|r| column(&r.status)).count().to_string());
            line(out, &format!("| `{}` | {level} | {} | {} |", statement.list, rows.len(), counts.join(" | ")));
        }
    }
    line(out, "");
}

fn newer_list(out: &mut String, newer: &List, older: &List, open: &[&RowStatement], rules: &RulesOf<'_>, lang: Lang) {
    let (name, older) = (newer.name(), older.name());
    line(out, &pick_owned(lang, format!("## Liste plus récente connue : `{name}`"), format!("## Newer known list: `{name}`")));
    line(out, "");
    line(
        out,
        &pick_owned(
            lang,
            format!(
                "Cette liste remplace `{older}` et renumérote des exigences. Exigences primordiales qu’elle laisserait ouvertes : {}.",
                open.len()
            ),
            format!("This list replaces `{older}` and renumbers requirements. Primordial requirements it would leave open: {}.", open.len()),
        ),
    );
    line(out, "");
    if open.is_empty() {
        return;
    }
    line(out, pick(lang, "| Exigence | Énoncé | Statut | Reste à faire |", "| Requirement | Wording | Status | Left to do |"));
    line(out, "| --- | --- | --- | --- |");
    for row in open {
        line(out, &format!("| {} | {} | {} | {} |", row.key, cell(row.text.get(lang)), status(&row.status, lang), remaining(row, rules, lang)));
    }
    line(out, "");
}

fn table(out: &mut String, statement: &Statement, rules: &RulesOf<'_>, lang: Lang) {
    line(out, &format!("## `{}`", statement.list));
    line(out, "");
    line(out, &format!("{}.", statement.title.get(lang)));
    line(out, "");
    line(
        out,
        pick(
            lang,
            "| Exigence | Niveau | Énoncé | Statut | Fichiers et règles | Reste à faire |",
            "| Requirement | Level | Wording | Status | Files and rules | Left to do |",
        ),
    );
    line(out, "| --- | --- | --- | --- | --- | --- |");
    for row in &statement.rows {
        line(
            out,
            &format!(
                "| {} | {} | {} | {} | {} | {} |",
                row.key,
                row.level,
                cell(row.text.get(lang)),
                status(&row.status, lang),
                carried(row, rules, lang),
                remaining(row, rules, lang)
            ),
        );
    }
    line(out, "");
}

fn status(status: &Status, lang: Lang) -> String {
    match status {
        Status::Generated => pick(lang, "généré, à vérifier", "generated, to verify").to_owned(),
        Status::Partial => pick(lang, "**partiel**", "**partial**").to_owned(),
        Status::ToAttest => pick(lang, "à attester", "to attest").to_owned(),
        Status::Uncovered => pick(lang, "**non couvert**", "**uncovered**").to_owned(),
        Status::NotApplicable(why) => {
            let label = pick(lang, "sans objet : ", "not applicable: ");
            format!("{label}{}", cell(why.get(lang)))
        }
    }
}

/// The generated facets, each with its files and the rules that examine them.
fn carried(row: &RowStatement, rules: &RulesOf<'_>, lang: Lang) -> String {
    let facets = row.facets.iter().filter(|f| f.state == FacetState::Generated && !f.proofs.is_empty());
    join(facets.map(|facet| format!("{}{} {}", cell(facet.title.get(lang)), colon(lang), pointers(facet, rules, lang))))
}

/// Files, and the rules that `check` runs over them: those of its catalogue, or the evidence that none proves yet.
fn pointers(facet: &FacetStatement, rules: &RulesOf<'_>, lang: Lang) -> String {
    let mut seen: Vec<String> = Vec::new();
    for proof in &facet.proofs {
        let file = proof.file.as_ref().map(|file| format!("`{file}`"));
        let rule = proof.rule.as_ref().map(|evidence| match rules(evidence).as_slice() {
            [] => format!("{} `{evidence}`", pick(lang, "règle à écrire", "rule to be written")),
            [one] => format!("{} `{one}`", pick(lang, "règle", "rule")),
            several => format!("{} {}", pick(lang, "règles", "rules"), several.iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(", ")),
        });
        let pointer = match (file, rule) {
            (Some(file), Some(rule)) => format!("{file} ({rule})"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => continue,
        };
        if !seen.contains(&pointer) {
            seen.push(pointer);
        }
    }
    seen.join(", ")
}

fn remaining(row: &RowStatement, rules: &RulesOf<'_>, lang: Lang) -> String {
    join(row.remaining().map(|facet| {
        let title = cell(facet.title.get(lang));
        let label = match &facet.state {
            FacetState::Limited(_) | FacetState::Generated => pick(lang, "limite", "limit"),
            FacetState::ToAttest => pick(lang, "à attester", "to attest"),
            FacetState::Missing => pick(lang, "manque", "missing"),
        };
        let mut entry = format!("{label}{} {title}", colon(lang));
        if let FacetState::Limited(why) = &facet.state {
            let _ = write!(entry, " ({})", cell(why.get(lang)));
        }
        let forms = pointers(facet, rules, lang);
        if !forms.is_empty() {
            let _ = write!(entry, ", {forms}");
        }
        entry
    }))
}

fn join(entries: impl Iterator<Item = String>) -> String {
    let entries: Vec<String> = entries.collect();
    if entries.is_empty() { "–".to_owned() } else { entries.join("<br>") }
}

fn colon(lang: Lang) -> &'static str {
    pick(lang, "\u{a0}:", ":")
}

/// A text inside a table's cell: one line, no column separator.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|").replace('<', "&lt;")
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn pick<'a>(lang: Lang, fr: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

fn pick_owned(lang: Lang, fr: String, en: String) -> String {
    Text::new(fr, en).get(lang).to_owned()
}
