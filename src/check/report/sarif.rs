//! SARIF 2.1.0 (OASIS), as code hosts read it: rules, one result per finding with what tells it from the others (suppressed
//! when it does not make the verdict), the status of each requirement. What was not evaluated is a notification of the run: an empty list of results is never a proof.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::identity::Identities;
use super::words::{self, say};
use super::{Format, Items, Style, Verdict, below};
use crate::check::Cause;
use crate::check::catalog::{self, Rule};
use crate::check::judge::Located;
use crate::text::Lang;

/// Notification of what was not evaluated.
const NOT_EVALUATED: &str = "not-evaluated";

/// The report: one run for each folder.
#[derive(Debug)]
pub struct Sarif {
    lang: Lang,
    runs: Items,
}

impl Sarif {
    /// A report in one language.
    #[must_use]
    pub fn new(style: &Style) -> Self {
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
    let rules: Vec<&Rule> = catalog::rules().collect();
    let mut identities = Identities::default();
    let compared = verdict.fixed.is_some();
    let mut result = |found: &Located, environments: &BTreeSet<String>| {
        let index = rules.iter().position(|rule| rule.id == found.rule)?;
        let rule = rules.get(index)?;
        let text = format!("{} {} ({})", rule.message().get(lang), found.object, found.detail.get(lang));
        let mut place = place(verdict, &found.file);
        if let Some(line) = found.line {
            place["physicalLocation"]["region"] = json!({ "startLine": line });
        }
        if !found.object.is_empty() {
            place["logicalLocations"] = json!([{ "fullyQualifiedName": found.object, "kind": "resource" }]);
        }
        let mut result = json!({
            "ruleId": rule.id, "ruleIndex": index, "level": rule.severity.id(), "message": { "text": text }, "locations": [place],
            "partialFingerprints": { "miraiKit/v1": identities.of(found) },
            "properties": { "environments": environments },
        });
        if compared {
            result["baselineState"] = json!("new");
        }
        Some(result)
    };
    let mut results: Vec<Value> = verdict.judged.findings.iter().filter_map(|(found, environments)| result(found, environments)).collect();
    for (found, aside) in &verdict.judged.aside {
        let Some(mut result) = result(found, &aside.environments) else { continue };
        if aside.cause == Cause::Known {
            result["baselineState"] = json!("unchanged");
        }
        let kind = if matches!(aside.cause, Cause::Waived { .. }) { "inSource" } else { "external" };
        result["suppressions"] = json!([{ "kind": kind, "status": "accepted", "justification": aside.cause.shown().get(lang) }]);
        results.push(result);
    }
    let notifications = verdict.judged.gaps.iter().map(|gap| {
        json!({
            "descriptor": { "id": NOT_EVALUATED }, "level": "warning", "message": { "text": gap.why().get(lang) },
            "locations": [place(verdict, &gap.path)],
        })
    });
    let requirements: Map<String, Value> = verdict.rows.iter().map(|row| (row.requirement.clone(), json!(row.status.id()))).collect();
    json!({
        "tool": { "driver": {
            "name": "mirai-kit", "version": env!("CARGO_PKG_VERSION"), "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules.iter().map(|rule| described(rule, lang)).collect::<Vec<_>>(),
            "notifications": [{ "id": NOT_EVALUATED, "shortDescription": { "text": say(lang, "Non évalué", "Not evaluated") } }],
        } },
        "language": say(lang, "fr", "en"),
        // GitHub asks that runs of one tool say apart what they are about.
        "automationDetails": { "id": format!("mirai-kit/{}/", uri(&verdict.path)) },
        "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications.collect::<Vec<_>>() }],
        "results": results,
        "properties": { "requirements": requirements, "verdict": words::summary(verdict).title.get(lang) },
    })
}

/// Where, from the folder in which the command was run.
fn place(verdict: &Verdict, file: &str) -> Value {
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri(&below(&verdict.path, file)) } } })
}

fn described(rule: &Rule, lang: Lang) -> Value {
    let mut described = json!({
        "id": rule.id,
        "shortDescription": { "text": rule.message().get(lang) },
        "help": { "text": rule.hint().get(lang) },
        "defaultConfiguration": { "level": rule.severity.id() },
        "properties": { "source": rule.strength.id(), "equals": rule.equals },
    });
    let why = rule.why();
    if !why.get(lang).is_empty() {
        described["fullDescription"] = json!({ "text": why.get(lang) });
    }
    described
}

/// A URI reference (RFC 3986): whatever is not plain is percent-encoded.
fn uri(path: &str) -> String {
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
