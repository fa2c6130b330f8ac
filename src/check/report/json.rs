//! The report for programs; its schema is `schemas/check.v1.schema.json`. Texts are in both languages.

use serde_json::{Value, json};

use super::Verdict;
use crate::check::catalog::{self, Severity};
use crate::check::status::{FacetStatus, Proof};

/// Format of the report.
pub const FORMAT: &str = "mirai-kit/check/v1";

/// The report.
#[must_use]
pub fn json(verdicts: &[Verdict]) -> Value {
    json!({ "format": FORMAT, "folders": verdicts.iter().map(folder).collect::<Vec<_>>() })
}

fn folder(verdict: &Verdict) -> Value {
    let judged = &verdict.judged;
    let findings = judged.findings.iter().filter_map(|(found, environments)| {
        let rule = catalog::rule(found.rule)?;
        Some(json!({
            "rule": rule.id, "severity": severity(rule.severity), "source": rule.strength.id(),
            "file": found.file, "line": found.line, "object": found.object, "environments": environments,
            "message": rule.message(), "hint": rule.hint(), "detail": found.detail,
        }))
    });
    let gaps = judged.gaps.iter().map(|gap| json!({ "path": gap.path, "why": gap.why() }));
    let rows = verdict.rows.iter().map(|row| {
        json!({
            "requirement": row.requirement, "level": row.level.to_string(), "status": row.status.id(), "text": row.text, "why": row.why,
            "facets": row.facets.iter().map(facet).collect::<Vec<_>>(),
        })
    });
    json!({
        "path": verdict.path, "environments": judged.environments, "charts": judged.charts, "examined": judged.examined,
        "findings": findings.collect::<Vec<_>>(), "notEvaluated": gaps.collect::<Vec<_>>(), "requirements": rows.collect::<Vec<_>>(),
    })
}

/// As the reports write it.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn facet(facet: &FacetStatus) -> Value {
    let (status, why) = match &facet.proof {
        Proof::Proven => ("proven", None),
        Proof::Failed => ("failed", None),
        Proof::ToAttest => ("to-attest", None),
        Proof::Limited(why) => ("limited", Some(why)),
        Proof::NotEvaluated(why) => ("not-evaluated", Some(why)),
    };
    json!({ "id": facet.id, "title": facet.title, "status": status, "rules": facet.rules, "why": why })
}
