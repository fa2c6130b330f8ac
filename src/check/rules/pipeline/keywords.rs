//! What GitLab refuses of a keyword (« CI/CD YAML syntax reference »): values, durations, expressions of `rules`.

use crate::check::Report;
use crate::check::ci::gitlab::Source;
use crate::text;
use crate::text::Text;
use crate::yaml::{Kind, Node};

/// Judges each job, and the chain itself.
pub fn check(report: &mut Report, source: &Source) {
    for (name, (file, line, node)) in &source.entries {
        let mut wrong = Vec::new();
        match name.as_str() {
            "workflow" => {
                rules(node, &mut wrong);
                if let Some((_, cancel)) = node.get("auto_cancel") {
                    one_of(cancel, "on_new_commit", &["conservative", "interruptible", "none"], &mut wrong);
                }
            }
            "include" | "variables" | "stages" | "spec" | "cache" | "before_script" | "after_script" | "services" | "artifacts" => continue,
            "image" => image(node, &mut wrong),
            _ => job(node, &mut wrong),
        }
        if wrong.is_empty() {
            report.see_part("pipeline-keywords", file, Some(*line), name, None::<Text>);
        }
        for problem in wrong {
            report.see_part("pipeline-keywords", file, Some(*line), name, Some(problem));
        }
    }
}

fn job(node: &Node, wrong: &mut Vec<Text>) {
    rules(node, wrong);
    one_of(node, "when", &["on_success", "on_failure", "always", "manual", "delayed", "never"], wrong);
    if let Some((_, given)) = node.get("image") {
        image(given, wrong);
    }
    if let Some(coverage) = node.get("coverage").and_then(|(_, c)| c.as_str())
        && !(coverage.len() > 2 && coverage.starts_with('/') && coverage.ends_with('/'))
    {
        wrong.push(text!("coverage : {coverage} n'est pas entre deux /", "coverage: {coverage} is not between two /"));
    }
    if let Some((_, artifacts)) = node.get("artifacts") {
        one_of(artifacts, "when", &["on_success", "on_failure", "always"], wrong);
        if let Some(time) = artifacts.get("expire_in").and_then(|(_, t)| t.as_str()).filter(|t| !t.contains('$') && !duration(t)) {
            wrong.push(text!("expire_in : {time:?}", "expire_in: {time:?}"));
        }
        if let Some((_, report)) = artifacts.get("reports").and_then(|(_, r)| r.get("coverage_report")) {
            one_of(report, "coverage_format", &["cobertura", "jacoco"], wrong);
            wrong.extend(
                ["coverage_format", "path"]
                    .iter()
                    .filter(|key| report.get(key).is_none())
                    .map(|key| text!("coverage_report sans {key}", "coverage_report without {key}")),
            );
        }
    }
    if let Some((_, Node { kind: Kind::Seq(items), .. })) = node.get("needs") {
        let named = |item: &Node| item.as_str().is_some() || ["job", "pipeline", "project"].iter().any(|key| item.get(key).is_some());
        wrong
            .extend(items.iter().filter(|i| matches!(i.kind, Kind::Map(_)) && !named(i)).map(|_| Text::new("needs sans job", "needs without a job")));
    }
}

fn image(node: &Node, wrong: &mut Vec<Text>) {
    if matches!(node.kind, Kind::Map(_)) && node.get("name").is_none() {
        wrong.push(Text::new("image sans name", "image without a name"));
    }
}

fn one_of(node: &Node, key: &str, among: &[&str], wrong: &mut Vec<Text>) {
    let Some(value) = node.get(key).and_then(|(_, n)| n.as_str()) else { return };
    if !among.contains(&value) && !value.contains('$') {
        let among = among.join(", ");
        wrong.push(text!("{key} : {value:?} n'est pas parmi {among}", "{key}: {value:?} is not one of {among}"));
    }
}

/// « 30 days », « 1h 30min », « never » (the gem `chronic_duration`).
fn duration(time: &str) -> bool {
    let words = time.replace(',', " ").replace(" and ", " ");
    let word = |part: &str| {
        let unit = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let known = [
            "", "s", "sec", "second", "m", "min", "mn", "minute", "h", "hr", "hour", "d", "day", "w", "wk", "week", "mo", "mos", "month", "y", "yr",
            "year",
        ];
        known.contains(&unit) || unit.strip_suffix('s').is_some_and(|one| known.contains(&one))
    };
    time == "never" || (time.bytes().any(|b| b.is_ascii_digit()) && words.split_whitespace().all(word))
}

fn rules(node: &Node, wrong: &mut Vec<Text>) {
    let Some((_, Node { kind: Kind::Seq(items), .. })) = node.get("rules") else { return };
    for rule in items.iter().filter(|rule| matches!(rule.kind, Kind::Map(_))) {
        one_of(rule, "when", &["on_success", "on_failure", "always", "manual", "delayed", "never"], wrong);
        let Some(condition) = rule.get("if").and_then(|(_, c)| c.as_str()) else { continue };
        if !expression(condition) {
            wrong.push(text!("if : {condition}", "if: {condition}"));
        }
        for (name, near) in condition.split('$').skip(1).filter_map(misspelt) {
            wrong.push(text!("if : {name} n'existe pas ({near} ?)", "if: there is no {name} ({near}?)"));
        }
    }
}

/// Variables of GitLab that conditions name (« Predefined CI/CD variables »).
const PREDEFINED: [&str; 22] = [
    "CI_COMMIT_AUTHOR",
    "CI_COMMIT_BEFORE_SHA",
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_MESSAGE",
    "CI_COMMIT_REF_NAME",
    "CI_COMMIT_REF_PROTECTED",
    "CI_COMMIT_REF_SLUG",
    "CI_COMMIT_SHA",
    "CI_COMMIT_SHORT_SHA",
    "CI_COMMIT_TAG",
    "CI_COMMIT_TITLE",
    "CI_DEFAULT_BRANCH",
    "CI_ENVIRONMENT_NAME",
    "CI_MERGE_REQUEST_ID",
    "CI_MERGE_REQUEST_IID",
    "CI_MERGE_REQUEST_LABELS",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "CI_OPEN_MERGE_REQUESTS",
    "CI_PIPELINE_SOURCE",
    "CI_PROJECT_NAMESPACE",
    "CI_PROJECT_PATH",
];

/// A name one letter away from that of a variable of GitLab, and that variable: it is always empty, so the job never runs.
fn misspelt(rest: &str) -> Option<(&str, &'static str)> {
    let rest = rest.trim_start_matches('{');
    let name = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())];
    let near = PREDEFINED.iter().find(|known| name.starts_with("CI_") && strsim::levenshtein(known, name) == 1)?;
    (!PREDEFINED.contains(&name) && name != "CI_COMMIT_TAGS").then_some((name, near))
}

/// Whether GitLab's lexer and parser read a condition: operands and operators in turn, parentheses closed.
fn expression(condition: &str) -> bool {
    let (mut rest, mut open, mut operand) = (condition.trim(), 0_u32, false);
    while !rest.is_empty() {
        let taken = if let Some(operator) = ["==", "!=", "=~", "!~", "&&", "||"].iter().find(|o| rest.starts_with(**o)) {
            if !std::mem::replace(&mut operand, false) {
                return false;
            }
            operator.len()
        } else if rest.starts_with('(') {
            if operand {
                return false;
            }
            open += 1;
            1
        } else if rest.starts_with(')') {
            if !operand || open == 0 {
                return false;
            }
            open -= 1;
            1
        } else if let Some(length) = value(rest) {
            if std::mem::replace(&mut operand, true) {
                return false;
            }
            length
        } else {
            return false;
        };
        rest = rest[taken..].trim_start();
    }
    operand && open == 0
}

/// Length of the variable, text, pattern or null that a condition begins with.
fn value(text: &str) -> Option<usize> {
    let word = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    let first = text.chars().next()?;
    match first {
        '$' => {
            let name = text[1..]
                .strip_prefix('{')
                .map_or_else(|| text[1..].find(word).unwrap_or(text.len() - 1), |rest| rest.find('}').map_or(0, |end| end + 2));
            (name > 0).then_some(name + 1)
        }
        '"' | '\'' => text[1..].find(first).map(|end| end + 2),
        '/' => {
            let mut escaped = false;
            let end = text.char_indices().skip(1).find(|(_, c)| {
                let closes = *c == '/' && !escaped;
                escaped = *c == '\\' && !escaped;
                closes
            })?;
            let flags = text[end.0 + 1..].find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len() - end.0 - 1);
            Some(end.0 + 1 + flags)
        }
        _ => (text.starts_with("null") && text[4..].chars().next().is_none_or(word)).then_some(4),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, expression};

    #[test]
    fn a_condition_is_read_as_gitlab_reads_it() {
        for good in ["$A", "$A == \"x\" && ($B != null || $C =~ /^v\\/[0-9]+$/i)", "${A} == $B", "\"a\" == 'b'"] {
            assert!(expression(good), "{good}");
        }
        for bad in ["$A == nullx", "$A == \"push\"x", "$A $B", "($A", "== $A", "$A &&", "", "A == 1"] {
            assert!(!expression(bad), "{bad}");
        }
    }

    #[test]
    fn a_duration_has_units() {
        assert!(
            ["30 days", "1h 30min", "never", "1 week and 2 days", "42", "1 year", "3 mins 4 sec", "47 yrs 6 mos and 4d"].iter().all(|t| duration(t))
        );
        assert!(!["30 daysx", "soon", ""].iter().any(|t| duration(t)));
    }
}
