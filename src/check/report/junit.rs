//! `JUnit` XML, for the test tabs of GitLab and Jenkins: a suite per folder, a case per requirement and a case per rule. A
//! requirement passes only when it is met; what is partial, to attest or not evaluated is skipped with its reason, as is a
//! rule that examined nothing: only proofs are green.

use std::collections::BTreeMap;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::words::{self, colon, say};
use super::{Format, Style, Verdict, place};
use crate::check::catalog::{self, Rule, Severity};
use crate::check::judge::{Judged, Located};
use crate::check::status::{Proof, RowStatus, Status};

/// The report.
#[derive(Debug)]
pub struct Suites {
    style: Style,
}

/// How a case ended.
enum End {
    Passed,
    /// With what was seen all the same.
    Remarked(String),
    Skipped(String),
    /// In short, and whole.
    Failed(String, String),
}

/// One case.
struct Case {
    class: String,
    name: String,
    end: End,
}

impl Suites {
    /// A report in one language.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style }
    }

    fn cases(&self, verdict: &Verdict) -> Vec<Case> {
        let lang = self.style.lang;
        // Jenkins makes packages of what stands between dots; GitLab tells cases apart by class and name.
        let folder = verdict.path.replace('.', "_");
        let rows = verdict.rows.iter().map(|row| {
            let (list, key) = row.requirement.split_once('/').unwrap_or(("", &row.requirement));
            Case { class: format!("{folder}.{list}"), name: format!("{key} ({}) {}", row.level, row.text.get(lang)), end: self.row(row) }
        });
        let mut found: BTreeMap<&str, Vec<&Located>> = BTreeMap::new();
        for finding in verdict.judged.findings.keys() {
            found.entry(finding.rule).or_default().push(finding);
        }
        let class = format!("{folder}.{}", say(lang, "règles", "rules"));
        let rules = catalog::rules().map(|rule| Case {
            class: class.clone(),
            name: rule.id.to_owned(),
            end: self.rule(rule, found.get(rule.id).map_or(&[], Vec::as_slice), &verdict.judged),
        });
        rows.chain(rules).collect()
    }

    fn row(&self, row: &RowStatus) -> End {
        let lang = self.style.lang;
        let status = words::status(row.status, lang);
        let mut lines = vec![status.to_owned()];
        lines.extend(row.why.as_ref().map(|why| why.get(lang).to_owned()));
        for facet in row.facets.iter().filter(|f| f.proof != Proof::Proven) {
            let (word, why) = words::facet(facet, lang);
            let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
            lines.push(format!("{}{} {word}{why}", facet.title.get(lang), colon(lang)));
        }
        match row.status {
            Status::Met => End::Passed,
            Status::Failed => End::Failed(status.to_owned(), lines.join("\n")),
            Status::Partial | Status::ToAttest | Status::NotEvaluated | Status::NotApplicable => End::Skipped(lines.join("\n")),
        }
    }

    fn rule(&self, rule: &Rule, findings: &[&Located], judged: &Judged) -> End {
        let lang = self.style.lang;
        let line = |found: &&Located| format!("{}{} {} ({})", place(found), colon(lang), found.object, found.detail.get(lang));
        let mut lines: Vec<String> = findings.iter().map(line).collect();
        match (findings.len(), rule.severity, judged.examines(rule.id)) {
            (0, _, false) if judged.examines_elsewhere(rule.id) => {
                End::Skipped(say(lang, "aucun objet à examiner en production", "no object to examine in the production").to_owned())
            }
            (0, _, false) => End::Skipped(say(lang, "aucun objet à examiner", "no object to examine").to_owned()),
            (0, _, true) => End::Passed,
            (_, Severity::Error, _) => {
                lines.push(format!("→ {}", rule.hint().get(lang)));
                End::Failed(rule.message().get(lang).to_owned(), lines.join("\n"))
            }
            (_, Severity::Warning, _) => End::Remarked(format!("{}\n{}", rule.message().get(lang), lines.join("\n"))),
        }
    }

    /// Text that XML 1.0 can hold, newlines kept: each line of the repository is made harmless.
    fn clean(&self, text: &str) -> String {
        let line = |text: &str| (self.style.line)(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
        text.split('\n').map(line).collect::<Vec<_>>().join("\n")
    }

    fn suite(&self, verdict: &Verdict) -> std::io::Result<Vec<u8>> {
        let cases = self.cases(verdict);
        let count = |wanted: fn(&End) -> bool| cases.iter().filter(|case| wanted(&case.end)).count().to_string();
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        let mut suite = BytesStart::new("testsuite");
        suite.push_attribute(("name", self.clean(&verdict.path).as_str()));
        suite.push_attribute(("tests", cases.len().to_string().as_str()));
        suite.push_attribute(("failures", count(|end| matches!(end, End::Failed(..))).as_str()));
        suite.push_attribute(("errors", "0"));
        suite.push_attribute(("skipped", count(|end| matches!(end, End::Skipped(_))).as_str()));
        writer.write_event(Event::Start(suite))?;
        for case in &cases {
            self.case(&mut writer, case)?;
        }
        let beside = self.beside(verdict);
        if !beside.is_empty() {
            self.element(&mut writer, "system-out", None, &beside)?;
        }
        writer.write_event(Event::End(BytesEnd::new("testsuite")))?;
        Ok(writer.into_inner())
    }

    /// What is no case: what does not make the verdict, what was not evaluated.
    fn beside(&self, verdict: &Verdict) -> String {
        let lang = self.style.lang;
        let mut lines = Vec::new();
        if !verdict.judged.aside.is_empty() {
            lines.push(say(lang, "Écartés du verdict", "Left out of the verdict").to_owned());
        }
        for (found, aside) in &verdict.judged.aside {
            lines.push(format!("{}{} {} {} ({})", place(found), colon(lang), found.rule, found.object, aside.cause.shown().get(lang)));
        }
        if !verdict.judged.gaps.is_empty() {
            lines.push(say(lang, "Non évalué", "Not evaluated").to_owned());
        }
        for gap in &verdict.judged.gaps {
            lines.push(format!("{}{} {}", gap.path, colon(lang), gap.why().get(lang)));
        }
        lines.join("\n")
    }

    fn case(&self, writer: &mut Writer<Vec<u8>>, case: &Case) -> std::io::Result<()> {
        let mut start = BytesStart::new("testcase");
        start.push_attribute(("classname", self.clean(&case.class).as_str()));
        start.push_attribute(("name", self.clean(&case.name).as_str()));
        writer.write_event(Event::Start(start))?;
        match &case.end {
            End::Passed => {}
            End::Remarked(text) => self.element(writer, "system-out", None, text)?,
            End::Skipped(text) => self.element(writer, "skipped", None, text)?,
            End::Failed(short, text) => self.element(writer, "failure", Some(short), text)?,
        }
        writer.write_event(Event::End(BytesEnd::new("testcase")))
    }

    fn element(&self, writer: &mut Writer<Vec<u8>>, name: &str, message: Option<&str>, text: &str) -> std::io::Result<()> {
        let mut start = BytesStart::new(name);
        if let Some(message) = message {
            start.push_attribute(("message", self.clean(message).as_str()));
        }
        writer.write_event(Event::Start(start))?;
        writer.write_event(Event::Text(BytesText::new(&self.clean(text))))?;
        writer.write_event(Event::End(BytesEnd::new(name)))
    }
}

impl Format for Suites {
    fn head(&mut self) -> String {
        let mut writer = Writer::new(Vec::new());
        let written = writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        text(written.map(|()| writer.into_inner())) + "\n<testsuites name=\"mirai-kit\">\n"
    }

    fn folder(&mut self, verdict: &Verdict) -> String {
        text(self.suite(verdict)) + "\n"
    }

    fn tail(&mut self) -> String {
        "</testsuites>\n".to_owned()
    }
}

/// Writing to a Vec cannot fail.
fn text(written: std::io::Result<Vec<u8>>) -> String {
    String::from_utf8_lossy(&written.unwrap_or_default()).into_owned()
}
