//! SARIF 2.1.0 (OASIS), the minimum that code hosts read: rules, and one result per finding. What was not evaluated is a
//! notification of the run, so that an empty list of results is never taken for a proof.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Verdict;
use super::json::severity;
use crate::check::catalog::{self, RULES};
use crate::text::Lang;

/// The report.
#[must_use]
pub fn sarif(verdicts: &[Verdict], lang: Lang) -> Value {
    let rules = RULES.iter().map(|rule| {
        json!({
            "id": rule.id,
            "shortDescription": { "text": rule.message().get(lang) },
            "help": { "text": rule.hint().get(lang) },
            "defaultConfiguration": { "level": severity(rule.severity) },
            "properties": { "source": rule.strength.id() },
        })
    });
    let mut results = Vec::new();
    let mut notifications = Vec::new();
    for verdict in verdicts {
        for found in verdict.judged.findings.keys() {
            let Some(rule) = catalog::rule(found.rule) else { continue };
            let message = rule.message();
            let text = format!("{} {} ({})", message.get(lang), found.object, found.detail);
            let mut physical = json!({ "artifactLocation": { "uri": uri(&verdict.path, &found.file) } });
            if let Some(line) = found.line {
                physical["region"] = json!({ "startLine": line });
            }
            results.push(json!({
                "ruleId": rule.id, "level": severity(rule.severity), "message": { "text": text },
                "locations": [{ "physicalLocation": physical }],
            }));
        }
        for gap in &verdict.judged.gaps {
            let why = gap.why();
            let uri = uri(&verdict.path, &gap.path);
            notifications.push(json!({
                "level": "warning", "message": { "text": why.get(lang) },
                "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri } } }],
            }));
        }
    }
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "mirai-kit", "version": env!("CARGO_PKG_VERSION"), "rules": rules.collect::<Vec<_>>() } },
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications }],
            "results": results,
        }],
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
