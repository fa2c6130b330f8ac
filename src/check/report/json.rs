//! The report for programs; its schema is `schemas/check.v1.schema.json`. Texts are in both languages.

use serde_json::{Value, json};

use super::{Format, Items, Verdict};
use crate::check::catalog;
use crate::check::status::{FacetStatus, RowStatus};

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
    let aside = judged.aside.iter().filter_map(|(found, aside)| {
        let (rule, cause) = (catalog::rule(found.rule)?, &aside.cause);
        Some(json!({
            "rule": rule.id, "severity": rule.severity.id(), "file": found.file, "line": found.line, "object": found.object,
            "environments": aside.environments, "detail": found.detail, "cause": cause.id(), "why": cause.shown(),
        }))
    });
    let newer = verdict.newer.iter().map(|n| json!({ "list": n.list, "replaces": n.replaces, "open": n.open.iter().map(row).collect::<Vec<_>>() }));
    json!({
        "path": verdict.path, "environments": judged.environments, "charts": judged.charts, "examined": judged.examined,
        "findings": findings.collect::<Vec<_>>(), "setAside": aside.collect::<Vec<_>>(), "fixed": verdict.fixed,
        "notEvaluated": gaps.collect::<Vec<_>>(), "requirements": verdict.rows.iter().map(row).collect::<Vec<_>>(),
        "newer": newer.collect::<Vec<_>>(),
    })
}

fn row(row: &RowStatus) -> Value {
    json!({
        "requirement": row.requirement, "level": row.level.to_string(), "status": row.status.id(), "text": row.text, "why": row.why,
        "facets": row.facets.iter().map(facet).collect::<Vec<_>>(),
    })
}

fn facet(facet: &FacetStatus) -> Value {
    json!({
        "id": facet.id, "title": facet.title, "status": facet.proof.id(), "rules": facet.rules, "why": facet.proof.why(), "note": facet.note,
    })
}
