//! What the page says of one folder: the verdict first, then each requirement, each finding, and what was not evaluated.

use maud::{Markup, html};

use super::super::words::{self, ORDER, Summary, say};
use super::super::{Verdict, place};
use super::{Page, lang};
use crate::check::catalog;
use crate::check::status::{FacetStatus, RowStatus, Status};
use crate::requirements::Level;
use crate::text;
use crate::text::Text;

/// Findings, and gaps, that a page shows of one folder: the JSON report has them all.
const MOST: usize = 1000;

pub(super) fn section(page: &Page, number: usize, verdict: &Verdict, summary: &Summary) -> Markup {
    let lang = lang(page);
    let id = |part: &str| format!("d{number}-{part}");
    html! {
        section aria-labelledby=(id("titre")) {
            h2 id=(id("titre")) { (say(lang, "Dossier ", "Folder ")) code { (page.clean(&verdict.path)) } }
            (outcome(page, number, verdict, summary))
            (counts(page, number, verdict))
            nav aria-label=(format!("{} {number}", say(lang, "Sommaire du dossier", "Contents of folder"))) {
                ul {
                    li { a href=(format!("#{}", id("exigences"))) { (say(lang, "Exigences", "Requirements")) " (" (verdict.rows.len()) ")" } }
                    li { a href=(format!("#{}", id("constats"))) { (say(lang, "Constats", "Findings")) " (" (verdict.judged.findings.len()) ")" } }
                    li { a href=(format!("#{}", id("non-evalue"))) { (say(lang, "Non évalué", "Not evaluated")) " (" (verdict.judged.gaps.len()) ")" } }
                }
            }
            @if number == 1 { (page.filters()) }
            h3 id=(id("exigences")) { (say(lang, "Exigences", "Requirements")) }
            (requirements(page, number, verdict))
            h3 id=(id("constats")) { (say(lang, "Constats", "Findings")) }
            (findings(page, number, verdict))
            (aside(page, verdict))
            (newer(page, verdict))
            h3 id=(id("non-evalue")) { (say(lang, "Non évalué", "Not evaluated")) }
            (gaps(page, verdict))
        }
    }
}

fn outcome(page: &Page, number: usize, verdict: &Verdict, summary: &Summary) -> Markup {
    let lang = lang(page);
    let (failed, open): (Vec<_>, Vec<_>) = words::unmet(verdict).into_iter().partition(|row| row.status == Status::Failed);
    let examined: usize = verdict.judged.examined.values().sum();
    let rules = verdict.judged.examined.len();
    html! {
        div class=(format!("verdict {}", summary.outcome.id())) {
            p class="title" { (page.say(&summary.title)) }
            p class="meaning" { (page.say(&summary.meaning)) }
            @if !failed.is_empty() {
                ul {
                    @for row in failed { li { a href=(format!("#{}", anchor(number, row))) { (row.requirement) } (page.colon()) span { (page.prose(&row.text)) } } }
                }
            }
            @for list in lists(verdict) {
                @let open: Vec<&RowStatus> = open.iter().copied().filter(|row| split(&row.requirement).0 == list).collect();
                @if !open.is_empty() {
                    p class="meaning" {
                        (say(lang, "À démontrer dans ", "To be shown in ")) (list) (page.colon())
                        @for (index, row) in open.iter().enumerate() {
                            @if index > 0 { ", " }
                            a href=(format!("#{}", anchor(number, row))) { (split(&row.requirement).1) }
                        }
                        "."
                    }
                }
            }
        }
        p class="quiet" {
            (page.say(&text!("{examined} examens par {rules} règles. ", "{examined} examinations by {rules} rules. ")))
            @if !verdict.judged.environments.is_empty() {
                (say(lang, "Environnements rendus", "Environments rendered")) (page.colon())
                (page.clean(&verdict.judged.environments.iter().map(String::as_str).collect::<Vec<_>>().join(", "))) "."
            }
        }
    }
}

/// The lists of a verdict, in its order.
fn lists(verdict: &Verdict) -> Vec<&str> {
    let mut lists: Vec<&str> = Vec::new();
    for row in &verdict.rows {
        let list = split(&row.requirement).0;
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    lists
}

/// `list@version` and the key of a row.
fn split(requirement: &str) -> (&str, &str) {
    requirement.split_once('/').unwrap_or(("", requirement))
}

fn anchor(number: usize, row: &RowStatus) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' };
    format!("d{number}-{}", row.requirement.chars().map(plain).collect::<String>())
}

fn counts(page: &Page, number: usize, verdict: &Verdict) -> Markup {
    let lang = lang(page);
    let count =
        |list: &str, level, status| verdict.rows.iter().filter(|r| split(&r.requirement).0 == list && r.level == level && r.status == status).count();
    let title = say(lang, "Nombre d’exigences par liste, niveau et état", "Number of requirements by list, level and status");
    html! {
        // On a narrow screen it scrolls, which the keyboard must be able to do.
        section class="scroll" tabindex="0" aria-label=(format!("{title} ({number})")) {
            table class="counts" {
                caption { (title) }
                thead {
                    tr {
                        th scope="col" { (say(lang, "Liste et niveau", "List and level")) }
                        @for status in ORDER { th scope="col" { (words::status(status, lang)) } }
                    }
                }
                tbody {
                    @for list in lists(verdict) {
                        @for level in [Level::P, Level::I] {
                            tr {
                                th scope="row" { (list) ", " (level.to_string()) }
                                @for status in ORDER { td { (count(list, level, status)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A tag whose colour only repeats its word.
fn tag(class: &str, word: &str) -> Markup {
    html! { span class=(format!("tag {class}")) { (word) } }
}

fn requirements(page: &Page, number: usize, verdict: &Verdict) -> Markup {
    let lang = lang(page);
    html! {
        @for (index, list) in lists(verdict).into_iter().enumerate() {
            @let id = format!("d{number}-liste{index}");
            p class="quiet" data-empty=(id) hidden { (list) (page.colon()) (say(lang, "aucune exigence ne correspond aux filtres.", "no requirement matches the filters.")) }
            table class="rows" id=(id) {
                caption { (say(lang, "Exigences de la liste ", "Requirements of list ")) (list) }
                thead {
                    tr {
                        th scope="col" { (say(lang, "Exigence", "Requirement")) }
                        th scope="col" class="short" { (say(lang, "État", "Status")) }
                        th scope="col" { (say(lang, "Énoncé et facettes", "Wording and facets")) }
                    }
                }
                tbody { @for row in verdict.rows.iter().filter(|r| split(&r.requirement).0 == list) { (requirement(page, number, row)) } }
            }
        }
    }
}

fn requirement(page: &Page, number: usize, row: &RowStatus) -> Markup {
    let lang = lang(page);
    let (list, key) = split(&row.requirement);
    let level = match row.level {
        Level::P => say(lang, "P, primordiale", "P, primordial"),
        Level::I => say(lang, "I, importante", "I, important"),
    };
    html! {
        tr id=(anchor(number, row)) data-kind="row" data-list=(list) data-level=(row.level.to_string()) data-status=(row.status.id()) {
            th scope="row" { (key) span class="list" { (level) } }
            td class="short" { (tag(row.status.id(), words::status(row.status, lang))) }
            td {
                p { (page.prose(&row.text)) }
                @if let Some(why) = &row.why { p class="quiet" { (page.clean(why.get(lang))) } }
                @if !row.facets.is_empty() { ul { @for facet in &row.facets { (one_facet(page, facet)) } } }
            }
        }
    }
}

fn one_facet(page: &Page, facet: &FacetStatus) -> Markup {
    let lang = lang(page);
    let (word, why) = words::facet(facet, lang);
    html! {
        li {
            (tag(facet.proof.id(), word)) " " (page.prose(&facet.title))
            @if !why.is_empty() { (page.colon()) (page.clean(&why)) }
        }
    }
}

fn findings(page: &Page, number: usize, verdict: &Verdict) -> Markup {
    let lang = lang(page);
    let all = &verdict.judged.findings;
    let id = format!("d{number}-table-constats");
    if all.is_empty() {
        return html! { p { (say(lang, "Aucun constat.", "No finding.")) } };
    }
    html! {
        p class="quiet" data-empty=(id) hidden { (say(lang, "Aucun constat ne correspond aux filtres.", "No finding matches the filters.")) }
        table class="rows" id=(id) {
            caption { (say(lang, "Ce que les règles ont trouvé, fichier par fichier", "What the rules found, file by file")) }
            thead {
                tr {
                    th scope="col" { (say(lang, "Règle", "Rule")) }
                    th scope="col" class="short" { (say(lang, "Gravité", "Severity")) }
                    th scope="col" { (say(lang, "Constat et remède", "Finding and remedy")) }
                }
            }
            tbody {
                @for (found, environments) in all.iter().take(MOST) {
                    @if let Some(rule) = catalog::rule(found.rule) {
                        tr data-kind="finding" data-severity=(rule.severity.id()) {
                            th scope="row" { code { (rule.id) } }
                            td class="short" { (tag(rule.severity.id(), words::severity(rule.severity, lang))) }
                            td {
                                p {
                                    code { (page.clean(&place(found))) }
                                    @if !found.object.is_empty() { " " code { (page.clean(&found.object)) } }
                                    @if !environments.is_empty() { " [" (page.clean(&environments.iter().map(String::as_str).collect::<Vec<_>>().join(", "))) "]" }
                                }
                                p { (page.prose(&rule.message())) (page.colon()) (page.clean(found.detail.get(lang))) }
                                p class="quiet" { "→ " (page.prose(&rule.hint())) }
                            }
                        }
                    }
                }
            }
        }
        @if all.len() > MOST { (more(page, all.len() - MOST)) }
    }
}

/// What does not make the verdict, with its reason, and what a baseline knew and that is gone.
fn aside(page: &Page, verdict: &Verdict) -> Markup {
    let lang = lang(page);
    let all = &verdict.judged.aside;
    let fixed = verdict.fixed.as_deref().unwrap_or_default();
    html! {
        @if !all.is_empty() {
            h3 { (say(lang, "Constats écartés du verdict", "Findings left out of the verdict")) }
            p class="quiet" { (page.say(&Text::new(
                "Acceptés par le dépôt lui-même, sous dérogation, déjà connus ou d’un autre niveau : ils ne rendent aucune facette prouvée.",
                "Accepted by the repository itself, under derogation, already known or of another level: they make no facet proven."))) }
            ul {
                @for (found, aside) in all.iter().take(MOST) {
                    li {
                        code { (found.rule) } " " code { (page.clean(&place(found))) }
                        @if !found.object.is_empty() { " " code { (page.clean(&found.object)) } }
                        (page.colon()) (page.clean(aside.cause.shown().get(lang)))
                    }
                }
            }
            @if all.len() > MOST { (more(page, all.len() - MOST)) }
        }
        @if !fixed.is_empty() {
            h3 { (say(lang, "Corrigés depuis la référence", "Fixed since the baseline")) }
            ul { @for entry in fixed.iter().take(MOST) { li { code { (page.clean(&entry.rule)) } " " code { (page.clean(&entry.file)) } " " (page.clean(&entry.object)) " (×" (entry.count) ")" } } }
        }
    }
}

/// What a newer list would leave open: known, and no part of the verdict.
fn newer(page: &Page, verdict: &Verdict) -> Markup {
    let lang = lang(page);
    html! {
        @for newer in verdict.newer.iter().filter(|n| !n.open.is_empty()) {
            h3 { (page.say(&words::newer(newer))) }
            ul {
                @for row in &newer.open {
                    li { (tag(row.status.id(), words::status(row.status, lang))) " " (split(&row.requirement).1) (page.colon()) (page.prose(&row.text)) }
                }
            }
        }
    }
}

fn gaps(page: &Page, verdict: &Verdict) -> Markup {
    let lang = lang(page);
    let gaps = &verdict.judged.gaps;
    if gaps.is_empty() {
        return html! { p { (say(lang, "Tout ce que les règles lisent a pu être évalué.", "Everything that the rules read could be evaluated.")) } };
    }
    html! {
        ul {
            @for gap in gaps.iter().take(MOST) {
                li {
                    @if !gap.path.is_empty() { code { (page.clean(&gap.path)) } (page.colon()) }
                    (page.clean(gap.why().get(lang)))
                }
            }
        }
        @if gaps.len() > MOST { (more(page, gaps.len() - MOST)) }
    }
}

fn more(page: &Page, left: usize) -> Markup {
    let lang = lang(page);
    html! { p { strong { (say(lang, "Et ", "And ")) (left) (say(lang, " de plus : le rapport JSON les a tous.", " more: the JSON report has them all.")) } } }
}
