//! SARIF 2.1.0 (OASIS), the minimum that code hosts read: rules, and one result per finding. What was not evaluated is a
//! notification of the run, so that an empty list of results is never taken for a proof.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Format, Items, Style, Verdict};
use crate::check::catalog::{self, Rule};
use crate::text::Lang;

/// The report: one run for each folder.
#[derive(Debug)]
pub struct Sarif {
    lang: Lang,
    runs: Items,
}

impl Sarif {
    /// A report in one language.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { lang: style.lang, runs: Items::default() }
    }
}

impl Format for Sarif {
    fn head(&mut self) -> String {
        let schema = json!("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json");
        format!("{{\"$schema\": {schema}, \"version\": \"2.1.0\", \"runs\": [")
    }

    fn folder(&mut self, verdict: &Verdict) -> String {
        self.runs.next(&run(verdict, self.lang))
    }

    fn tail(&mut self) -> String {
        "\n]}\n".to_owned()
    }
}

fn run(verdict: &Verdict, lang: Lang) -> Value {
    let results = verdict.judged.findings.keys().filter_map(|found| {
        let rule = catalog::rule(found.rule)?;
        let text = format!("{} {} ({})", rule.message().get(lang), found.object, found.detail.get(lang));
        let mut physical = json!({ "artifactLocation": { "uri": uri(&verdict.path, &found.file) } });
        if let Some(line) = found.line {
            physical["region"] = json!({ "startLine": line });
        }
        let level = rule.severity.id();
        Some(json!({ "ruleId": rule.id, "level": level, "message": { "text": text }, "locations": [{ "physicalLocation": physical }] }))
    });
    let notifications = verdict.judged.gaps.iter().map(|gap| {
        json!({
            "level": "warning", "message": { "text": gap.why().get(lang) },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&verdict.path, &gap.path) } } }],
        })
    });
    json!({
        "tool": { "driver": { "name": "mirai-kit", "version": env!("CARGO_PKG_VERSION"), "rules": catalog::rules().map(|r| described(r, lang)).collect::<Vec<_>>() } },
        "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications.collect::<Vec<_>>() }],
        "results": results.collect::<Vec<_>>(),
    })
}

fn described(rule: &Rule, lang: Lang) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.message().get(lang) },
        "help": { "text": rule.hint().get(lang) },
        "defaultConfiguration": { "level": rule.severity.id() },
        "properties": { "source": rule.strength.id() },
    })
}

/// A URI reference (RFC 3986): whatever is not plain is percent-encoded.
fn uri(folder: &str, file: &str) -> String {
    let path = if folder == "." { file.to_owned() } else { crate::check::repository::join(folder, file) };
    let path = if path.is_empty() { "." } else { &path };
    path.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
