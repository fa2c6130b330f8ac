//! Rules over files that are not Kubernetes objects: Dockerfiles, the secondary pipeline, `Chart.yaml`, values.

use serde_json::Value;

use super::{Report, items, text};

/// Checks a Dockerfile. Findings cite `line N`.
#[must_use]
pub fn dockerfile(content: &str) -> Report {
    let mut report = Report::default();
    let (mut user, mut stages): (Option<(usize, String)>, Vec<String>) = (None, Vec::new());
    let mut from = 0;
    let mut arguments = Vec::new();
    for (number, line) in logical(content) {
        let mut words = line.split_whitespace();
        let instruction = words.next().unwrap_or_default().to_uppercase();
        let rest: Vec<&str> = words.filter(|w| !w.starts_with("--")).collect();
        match instruction.as_str() {
            "ARG" => arguments.extend(rest.first().and_then(|a| a.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned()))),
            "FROM" => {
                (from, user) = (number, None);
                let mut image = rest.first().copied().unwrap_or_default().to_owned();
                for (key, value) in &arguments {
                    image = image.replace(&format!("${{{key}}}"), value).replace(&format!("${key}"), value);
                }
                let stage = stages.contains(&image.to_lowercase()) || image == "scratch";
                let problem = if stage { None } else { super::kyverno::floating(&image) };
                report.see("dockerfile-no-latest", &format!("line {number}"), problem);
                if rest.get(1).is_some_and(|w| w.eq_ignore_ascii_case("as")) {
                    stages.extend(rest.get(2).map(|s| s.to_lowercase()));
                }
            }
            "USER" => user = Some((number, rest.first().copied().unwrap_or_default().to_owned())),
            _ => {}
        }
    }
    if from > 0 {
        let (line, problem) = match user {
            None => (from, Some("the last stage has no USER".to_owned())),
            Some((line, user)) => {
                let id: Option<u32> = user.split(':').next().and_then(|u| u.parse().ok());
                (line, id.is_none_or(|id| id == 0).then(|| format!("USER {user:?}")))
            }
        };
        report.see("dockerfile-user", &format!("line {line}"), problem);
    }
    report
}

/// Instructions with their first line, continuations joined, comments dropped.
fn logical(content: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (index, line) in content.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (part, more) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut().filter(|_| open) {
            Some((_, whole)) => {
                whole.push(' ');
                whole.push_str(part);
            }
            None => lines.push((index + 1, part.to_owned())),
        }
        open = more;
    }
    lines
}

/// Checks `.gitlab-ci-dso.yml`.
#[must_use]
pub fn pipeline(value: &Value) -> Report {
    let mut report = Report::default();
    let catalogue = value.get("include").is_some_and(|i| i.to_string().contains("$CATALOG_PATH"));
    let reads = value.get("read_secret").is_some_and(|job| job.to_string().contains(".vault:read_secret"));
    let missing: Vec<&str> = [(catalogue, "include of $CATALOG_PATH"), (reads, "job read_secret (.vault:read_secret)")]
        .iter()
        .filter(|(ok, _)| !ok)
        .map(|(_, m)| *m)
        .collect();
    report.see("dso-pipeline", "", (!missing.is_empty()).then(|| format!("missing: {}", missing.join(", "))));
    for (job, body) in value.as_object().into_iter().flatten() {
        let own = body.get("image").map(|i| i.as_str().unwrap_or_else(|| text(i, "/name")));
        let services = items(body, "/services").map(|s| s.as_str().unwrap_or_else(|| text(s, "/name")));
        for image in own.into_iter().chain(services) {
            // A variable's value is the platform's: it is not in the repository.
            let known = !image.contains('$');
            report.see("dso-no-latest", job, if known { super::kyverno::floating(image) } else { None });
        }
    }
    report
}

/// Checks the dependencies of a `Chart.yaml`.
#[must_use]
pub fn chart(value: &Value) -> Report {
    let mut report = Report::default();
    for dependency in items(value, "/dependencies") {
        let version = text(dependency, "/version");
        let core = version.split(['-', '+']).next().unwrap_or_default();
        let numbers: Vec<&str> = core.trim_start_matches('v').split('.').collect();
        let exact = numbers.len() == 3 && numbers.iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        report.see("chart-dependency-pinned", text(dependency, "/name"), (!exact).then(|| format!("version: {version:?}")));
    }
    report
}

/// Looks for values that still wait, in the values of a production. Findings cite `line N`.
#[must_use]
pub fn values(content: &str) -> Report {
    let mut report = Report::default();
    for (index, line) in content.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with('#') && !l.trim().is_empty()) {
        let waits = line.contains("a-completer");
        report.see("placeholder", &format!("line {}", index + 1), waits.then(|| line.trim().chars().take(120).collect()));
    }
    report
}
