//! Code Quality of GitLab (<https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>): what a merge
//! request adds or mends, by fingerprint. What was not evaluated is listed too, as information; what the repository or a
//! decision sets aside is not: the other reports have it.

use serde_json::json;

use super::identity::Identities;
use super::words::say;
use super::{Format, Items, Style, Verdict, below, primordial};
use crate::check::catalog::{self, Severity};
use crate::digest::sha256;

/// The report: one list for all folders.
#[derive(Debug)]
pub struct Quality {
    style: Style,
    issues: Items,
}

impl Quality {
    /// A report in one language.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style, issues: Items::default() }
    }

    fn issue(&mut self, check: &str, text: &str, fingerprint: &str, severity: &str, (path, line): (&str, usize)) -> String {
        self.issues.next(&json!({
            "check_name": check, "description": text, "fingerprint": fingerprint, "severity": severity,
            "location": { "path": path, "lines": { "begin": line } },
        }))
    }
}

impl Format for Quality {
    fn head(&mut self) -> String {
        "[".to_owned()
    }

    fn folder(&mut self, verdict: &Verdict) -> String {
        let lang = self.style.lang;
        let primordial = primordial(verdict);
        let mut identities = Identities::default();
        let mut out = String::new();
        for found in verdict.judged.findings.keys() {
            let Some(rule) = catalog::rule(found.rule) else { continue };
            let severity = match rule.severity {
                Severity::Error if primordial.contains(rule.id) => "blocker",
                Severity::Error => "major",
                Severity::Warning => "minor",
            };
            let object = if found.object.is_empty() { String::new() } else { format!(" {}", found.object) };
            let text = format!("{}{object} ({}). {}", rule.message().get(lang), found.detail.get(lang), rule.hint().get(lang));
            let path = below(&verdict.path, &found.file);
            // Two folders may hold the same file.
            let fingerprint = digest(&[&verdict.path, &identities.of(found)]);
            out += &self.issue(rule.id, &text, &fingerprint, severity, (&path, found.line.unwrap_or(1)));
        }
        for gap in &verdict.judged.gaps {
            let why = gap.why();
            let text = format!("{} {}", say(lang, "Non évalué :", "Not evaluated:"), why.get(lang));
            let path = below(&verdict.path, &gap.path);
            out += &self.issue("not-evaluated", &text, &digest(&["gap", &path, &why.en]), "info", (&path, 1));
        }
        out
    }

    fn tail(&mut self) -> String {
        "\n]\n".to_owned()
    }
}

fn digest(parts: &[&str]) -> String {
    sha256(parts.join("\0").as_bytes())
}
