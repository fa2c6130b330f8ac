//! Markdown, for the comment of a merge request and for the conformity file: the verdict, each requirement, the first
//! findings. Bounded, because a forge refuses a comment that is too long (GitHub: 65,536 characters).

use std::fmt::Write as _;

use super::words::{self, ORDER, colon, say};
use super::{Format, Style, Verdict, place};
use crate::check::catalog;
use crate::check::status::{Proof, Status};
use crate::requirements::Level;

/// Findings shown of one folder.
const FINDINGS: usize = 40;
/// Gaps shown of one folder.
const GAPS: usize = 20;
/// The longest text of a cell, in characters.
const LONGEST: usize = 300;

/// Bytes of a report before it is cut: the whole stays below what forges accept.
const ROOM: usize = 60_000;

/// The report.
#[derive(Debug)]
pub struct Document {
    style: Style,
    /// Bytes that may still be written.
    room: usize,
}

impl Document {
    /// A report in one language.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style, room: ROOM }
    }

    /// Text of a sentence that may quote a repository: every mark of Markdown or HTML is neutralised, and what forges read
    /// in a comment: a name after `@`, a number after `#` or `!`, an address. No one is called, nothing is linked.
    fn text(&self, text: &str) -> String {
        let line = self.cut(text).replace("://", "\u{0}//").replace("www.", "www\u{1}");
        let mut out = String::with_capacity(line.len() + 16);
        for c in line.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '@' => out.push_str("&#64;"),
                '#' => out.push_str("&#35;"),
                '!' => out.push_str("&#33;"),
                '\u{0}' => out.push_str("&#58;"),
                '\u{1}' => out.push_str("&#46;"),
                '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                    out.push('\\');
                    out.push(c);
                }
                c => out.push(c),
            }
        }
        out
    }

    /// A path or a name, as code: nothing in it is read.
    fn code(&self, text: &str) -> String {
        let line = self.cut(text);
        let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest + 1);
        let space = if line.starts_with('`') || line.ends_with('`') || line.is_empty() { " " } else { "" };
        // In a table, GitHub and GitLab read a bar as the end of the cell, even in code.
        format!("{fence}{space}{}{space}{fence}", line.replace('|', "\\|"))
    }

    fn cut(&self, text: &str) -> String {
        let line = (self.style.line)(text);
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    fn verdict(&self, out: &mut String, verdict: &Verdict) {
        let lang = self.style.lang;
        let summary = words::summary(verdict);
        let _ = writeln!(out, "**{}**\n\n{}\n", summary.title.get(lang), summary.meaning.get(lang));
        let (failed, open): (Vec<_>, Vec<_>) = words::unmet(verdict).into_iter().partition(|row| row.status == Status::Failed);
        for row in &failed {
            let _ = writeln!(out, "- {}{} {}", self.code(&row.requirement), colon(lang), self.text(row.text.get(lang)));
        }
        if !open.is_empty() {
            let names: Vec<String> = open.iter().map(|row| self.code(&row.requirement)).collect();
            let _ = writeln!(out, "- {}{} {}", say(lang, "À démontrer", "To be shown"), colon(lang), names.join(", "));
        }
        if !failed.is_empty() || !open.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "| {} | {} |", say(lang, "Niveau", "Level"), ORDER.map(|s| words::status(s, lang)).join(" | "));
        let _ = writeln!(out, "| --- |{}", " ---: |".repeat(ORDER.len()));
        for level in [Level::P, Level::I] {
            let count = |status| verdict.rows.iter().filter(|r| r.level == level && r.status == status).count().to_string();
            let _ = writeln!(out, "| {level} | {} |", ORDER.map(count).join(" | "));
        }
    }

    fn rows(&self, out: &mut String, verdict: &Verdict) {
        let lang = self.style.lang;
        let _ = writeln!(out, "\n### {}\n", say(lang, "Exigences", "Requirements"));
        let columns =
            say(lang, "| Exigence | Niveau | État | Énoncé et ce qui manque |", "| Requirement | Level | Status | Wording and what is missing |");
        let _ = writeln!(out, "{columns}\n| --- | --- | --- | --- |");
        for status in ORDER {
            for row in verdict.rows.iter().filter(|r| r.status == status) {
                let mut cell = self.text(row.text.get(lang));
                if let Some(why) = &row.why {
                    let _ = write!(cell, " — {}", self.text(why.get(lang)));
                }
                for facet in row.facets.iter().filter(|f| f.proof != Proof::Proven) {
                    let (word, why) = words::facet(facet, lang);
                    let why = if why.is_empty() { String::new() } else { format!(" ({})", self.text(&why)) };
                    let _ = write!(cell, "<br>• {}{} {word}{why}", self.text(facet.title.get(lang)), colon(lang));
                }
                let _ = writeln!(out, "| {} | {} | {} | {cell} |", self.code(&row.requirement), row.level, words::status(row.status, lang));
            }
        }
    }

    fn findings(&self, out: &mut String, verdict: &Verdict) {
        let lang = self.style.lang;
        let all = &verdict.judged.findings;
        if all.is_empty() {
            let _ = writeln!(out, "\n{}", say(lang, "Aucun constat.", "No finding."));
            return;
        }
        let _ = writeln!(out, "\n### {}\n", say(lang, "Constats", "Findings"));
        let columns = say(lang, "| Gravité | Règle | Où | Constat et remède |", "| Severity | Rule | Where | Finding and remedy |");
        let _ = writeln!(out, "{columns}\n| --- | --- | --- | --- |");
        // Errors first: what is cut must be the least.
        let mut sorted: Vec<_> = all.keys().filter_map(|found| Some((catalog::rule(found.rule)?, found))).collect();
        sorted.sort_by_key(|(rule, _)| rule.severity);
        for (rule, found) in sorted.iter().take(FINDINGS) {
            let object = if found.object.is_empty() { String::new() } else { format!(" {}", self.code(&found.object)) };
            let _ = writeln!(
                out,
                "| {} | {} | {}{object} | {} ({})<br>→ {} |",
                words::severity(rule.severity, lang),
                self.code(rule.id),
                self.code(&place(found)),
                self.text(rule.message().get(lang)),
                self.text(found.detail.get(lang)),
                self.text(rule.hint().get(lang)),
            );
        }
        self.more(out, all.len().saturating_sub(FINDINGS));
    }

    /// What does not make the verdict, and what a newer list would leave open.
    fn beside(&self, out: &mut String, verdict: &Verdict) {
        let lang = self.style.lang;
        let aside = &verdict.judged.aside;
        if !aside.is_empty() {
            let _ = writeln!(out, "\n### {}\n", say(lang, "Écartés du verdict", "Left out of the verdict"));
        }
        for (found, aside) in aside.iter().take(GAPS) {
            let why = aside.cause.shown();
            let _ = writeln!(
                out,
                "- {} {} {}{} {}",
                self.code(&place(found)),
                self.code(found.rule),
                self.code(&found.object),
                colon(lang),
                self.text(why.get(lang))
            );
        }
        self.more(out, aside.len().saturating_sub(GAPS));
        for newer in verdict.newer.iter().filter(|n| !n.open.is_empty()) {
            let names: Vec<String> = newer.open.iter().map(|row| self.code(&row.requirement)).collect();
            let title = words::newer(newer);
            let _ = writeln!(out, "\n### {}\n\n{}", self.text(title.get(lang)), names.join(", "));
        }
    }

    fn gaps(&self, out: &mut String, verdict: &Verdict) {
        let lang = self.style.lang;
        let gaps = &verdict.judged.gaps;
        if gaps.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n### {}\n", say(lang, "Non évalué", "Not evaluated"));
        for gap in gaps.iter().take(GAPS) {
            let path = if gap.path.is_empty() { String::new() } else { format!("{}{} ", self.code(&gap.path), colon(lang)) };
            let _ = writeln!(out, "- {path}{}", self.text(gap.why().get(lang)));
        }
        self.more(out, gaps.len().saturating_sub(GAPS));
    }

    /// The text, cut at the end of a line when there is no room left; it says so, once.
    fn fit(&mut self, mut text: String) -> String {
        if text.len() <= self.room {
            self.room -= text.len();
            return text;
        }
        let first = self.room > 0;
        let end =
            text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= self.room).filter(|(_, c)| *c == '\n').last().map_or(0, |(at, _)| at + 1);
        text.truncate(end);
        self.room = 0;
        if first {
            let cut = say(
                self.style.lang,
                "**Rapport coupé : il est trop long pour un commentaire. Les rapports HTML et JSON ont tout.**",
                "**Report cut: it is too long for a comment. The HTML and JSON reports have everything.**",
            );
            let _ = writeln!(text, "\n{cut}");
        }
        text
    }

    fn more(&self, out: &mut String, left: usize) {
        if left > 0 {
            let (before, after) = (
                say(self.style.lang, "Et", "And"),
                say(self.style.lang, "de plus : le rapport JSON les a tous.", "more: the JSON report has them all."),
            );
            let _ = writeln!(out, "\n{before} {left} {after}");
        }
    }
}

impl Format for Document {
    fn head(&mut self) -> String {
        let lang = self.style.lang;
        let title = say(lang, "Conformité au CCT Mirai", "Conformity to the CCT Mirai");
        let day = self
            .style
            .day
            .as_ref()
            .map_or_else(String::new, |day| format!("\n{} {day}, mirai-kit {}.\n", say(lang, "Établi le", "Made on"), env!("CARGO_PKG_VERSION")));
        format!("# {title}\n{day}")
    }

    fn folder(&mut self, verdict: &Verdict) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n## {} {}\n", say(self.style.lang, "Dossier", "Folder"), self.code(&verdict.path));
        self.verdict(&mut out, verdict);
        self.rows(&mut out, verdict);
        self.findings(&mut out, verdict);
        self.beside(&mut out, verdict);
        self.gaps(&mut out, verdict);
        self.fit(out)
    }
}
