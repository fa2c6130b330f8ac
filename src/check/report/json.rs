//! The report for programs; its schema is `schemas/check.v1.schema.json`. Texts are in both languages.

use serde_json::{Value, json};

use super::{Format, Items, Verdict};
use crate::check::catalog;
use crate::check::status::{FacetStatus, Proof};

/// Format of the report.
const FORMAT: &str = "mirai-kit/check/v1";

/// The report.
#[derive(Debug, Default)]
pub struct Json {
    folders: Items,
}

impl Format for Json {
    fn head(&mut self) -> String {
        format!("{{\"format\": {}, \"folders\": [", json!(FORMAT))
    }

    fn folder(&mut self, verdict: &Verdict) -> String {
        self.folders.next(&folder(verdict))
    }

    fn tail(&mut self) -> String {
        "\n]}\n".to_owned()
    }
}

fn folder(verdict: &Verdict) -> Value {
    let judged = &verdict.judged;
    let findings = judged.findings.iter().filter_map(|(found, environments)| {
        let rule = catalog::rule(found.rule)?;
        Some(json!({
            "rule": rule.id, "severity": rule.severity.id(), "source": rule.strength.id(),
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
