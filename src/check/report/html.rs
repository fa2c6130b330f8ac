//! The report for a jury: one page that needs nothing else (no server, no request, no script to be read), in French or in
//! English, for the screen, for paper and for assistive technologies. The templates escape whatever is not markup; what
//! comes from a repository is first made harmless on a line and cut, so that the page stays readable.

mod folder;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::words::{self, ORDER, Outcome, say};
use super::{Format, Style, Verdict};
use crate::check::catalog::Severity;
use crate::text::{Lang, Text};

const CSS: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/filter.js");

/// The longest text of a cell, in characters: a rule may quote a field of any length.
const LONGEST: usize = 600;

/// The page.
#[derive(Debug)]
pub struct Page {
    style: Style,
    /// Folders written so far, by outcome.
    done: Vec<(Outcome, usize)>,
    count: usize,
}

impl Page {
    /// A page in one language.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style, done: vec![(Outcome::Bad, 0), (Outcome::Open, 0), (Outcome::Good, 0)], count: 0 }
    }

    /// What comes from a repository, harmless and short.
    fn clean(&self, text: &str) -> String {
        let line = (self.style.line)(text);
        let cut = match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        };
        self.bound(&cut)
    }

    /// A sentence of ours.
    fn say(&self, text: &Text) -> String {
        self.bound(text.get(self.style.lang))
    }

    /// The same, with what stands between backquotes as code.
    fn prose(&self, text: &Text) -> Markup {
        let said = self.say(text);
        html! {
            @for (index, part) in said.split('`').enumerate() {
                @if index % 2 == 1 { code { (part) } } @else { (part) }
            }
        }
    }

    /// French marks never start a line: the space before them does not break.
    fn bound(&self, text: &str) -> String {
        match self.style.lang {
            Lang::Fr => [" :", " ;", " ?", " !", " »"]
                .iter()
                .fold(text.replace("« ", "«\u{a0}"), |text, mark| text.replace(mark, &mark.replace(' ', "\u{a0}"))),
            Lang::En => text.to_owned(),
        }
    }

    /// The colon, and the space after it.
    fn colon(&self) -> &'static str {
        say(self.style.lang, "\u{a0}: ", ": ")
    }
}

/// The policy allows this style and this script alone, by their digest: nothing else can run, nothing can be asked for.
fn policy() -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'", digest(CSS), digest(SCRIPT))
}

impl Format for Page {
    fn head(&mut self) -> String {
        let lang = self.style.lang;
        let title = say(lang, "Rapport de conformité au CCT Mirai", "Report of conformity to the CCT Mirai");
        let code = say(lang, "fr", "en");
        let head = html! {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                title { (title) " — mirai-kit" }
                style { (PreEscaped(CSS)) }
            }
        };
        let body = html! {
            a class="skip" href="#contenu" { (say(lang, "Aller au contenu", "Skip to the content")) }
            header {
                p { "mirai-kit " (env!("CARGO_PKG_VERSION")) }
                h1 { (title) }
                @if let Some(day) = &self.style.day {
                    p { (say(lang, "Établi le ", "Made on ")) time datetime=(day) { (self.day(day)) } "." }
                }
            }
        };
        let page = html! { (DOCTYPE) (PreEscaped(format!("<html lang=\"{code}\">"))) (head) (PreEscaped("<body>")) (body) (PreEscaped("<main id=\"contenu\" tabindex=\"-1\">")) };
        page.into_string()
    }

    fn folder(&mut self, verdict: &Verdict) -> String {
        self.count += 1;
        let summary = words::summary(verdict);
        if let Some((_, count)) = self.done.iter_mut().find(|(outcome, _)| *outcome == summary.outcome) {
            *count += 1;
        }
        folder::section(self, self.count, verdict, &summary).into_string()
    }

    fn tail(&mut self) -> String {
        let lang = self.style.lang;
        let page = html! {
            @if self.count > 1 { (self.whole()) }
            (PreEscaped("</main>"))
            footer {
                p { (say(lang,
                    "Une facette n’est prouvée que par une règle qui a examiné au moins un objet et n’a rien trouvé, ou par une attestation valide. Ce qui n’a pas pu être évalué le dit, et ne vaut jamais preuve.",
                    "A facet is proven only by a rule that examined at least one object and found nothing, or by a valid attestation. What could not be evaluated says so, and is never a proof.")) }
            }
            script { (PreEscaped(SCRIPT)) }
            (PreEscaped("</body></html>\n"))
        };
        page.into_string()
    }
}

impl Page {
    /// Hidden until the script that makes them work has run.
    fn filters(&self) -> Markup {
        let lang = self.style.lang;
        let count =
            say(lang, "%1 exigences affichées sur %2, %3 constats affichés sur %4.", "%1 requirements shown out of %2, %3 findings shown out of %4.");
        html! {
            form id="filtres" role="search" aria-labelledby="filtres-titre" hidden {
                h3 id="filtres-titre" { (say(lang, "Filtrer", "Filter")) }
                div class="fields" {
                    div class="field" {
                        label for="texte" { (say(lang, "Texte", "Text")) }
                        input id="texte" name="texte" type="search" autocomplete="off" aria-describedby="aide";
                    }
                    div class="field" {
                        label for="liste" { (say(lang, "Liste", "List")) }
                        select id="liste" name="liste" { option value="" { (say(lang, "Toutes", "All")) } }
                    }
                    div class="field" {
                        label for="niveau" { (say(lang, "Niveau", "Level")) }
                        select id="niveau" name="niveau" {
                            option value="" { (say(lang, "Tous", "All")) }
                            option value="P" { (say(lang, "P, primordiale", "P, primordial")) }
                            option value="I" { (say(lang, "I, importante", "I, important")) }
                        }
                    }
                    fieldset {
                        legend { (say(lang, "État des exigences", "Status of requirements")) }
                        div class="boxes" {
                            @for status in ORDER {
                                label { input type="checkbox" name="etat" value=(status.id()) checked; (words::status(status, lang)) }
                            }
                        }
                    }
                    fieldset {
                        legend { (say(lang, "Gravité des constats", "Severity of findings")) }
                        div class="boxes" {
                            @for severity in [Severity::Error, Severity::Warning] {
                                label { input type="checkbox" name="gravite" value=(severity.id()) checked; (words::severity(severity, lang)) }
                            }
                        }
                    }
                    div class="field" {
                        button type="reset" { (say(lang, "Tout afficher", "Show all")) } " "
                        span class="quiet" id="aide" { (say(lang, "ou touche Échap", "or the Escape key")) }
                    }
                }
                p id="compte" role="status" data-words=(count) {}
            }
        }
    }

    /// A date as people write it.
    fn day(&self, iso: &str) -> String {
        const MONTHS: [&str; 12] =
            ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];
        let mut parts = iso.splitn(3, '-');
        let (year, month, day) = (parts.next(), parts.next().and_then(|m| m.parse::<usize>().ok()), parts.next());
        let name = month.and_then(|m| MONTHS.get(m.checked_sub(1)?));
        match (self.style.lang, year, name, day.and_then(|d| d.parse::<u8>().ok())) {
            (Lang::Fr, Some(year), Some(name), Some(day)) => format!("{day}{} {name} {year}", if day == 1 { "er" } else { "" }),
            _ => iso.to_owned(),
        }
    }

    /// The folders together.
    fn whole(&self) -> Markup {
        let lang = self.style.lang;
        let name = |outcome| match outcome {
            Outcome::Bad => say(lang, "Dossiers non conformes", "Folders that do not conform"),
            Outcome::Open => say(lang, "Dossiers dont la conformité reste à démontrer", "Folders whose conformity remains to be shown"),
            Outcome::Good => say(lang, "Dossiers conformes", "Folders that conform"),
        };
        html! {
            section aria-labelledby="ensemble" {
                h2 id="ensemble" { (say(lang, "Ensemble des dossiers", "All folders")) }
                ul { @for (outcome, count) in &self.done { li { (name(*outcome)) (self.colon()) (count) } } }
            }
        }
    }
}

/// Which language a page is written in, for its parts.
fn lang(page: &Page) -> Lang {
    page.style.lang
}
