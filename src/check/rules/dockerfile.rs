//! Dockerfiles: who runs the image, and what it is built on.

use crate::check::Report;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::repository::Input::{self, Dockerfiles};
use crate::check::repository::file_name;
use crate::check::view::View;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "dockerfile-user",
        Dockerfiles,
        Cct,
        ("image qui s'exécute en root, ou sous un nom", "image that runs as root, or under a name"),
        ("terminez par USER et un numéro autre que 0", "end with USER and a number other than 0"),
    )
    .equals(&["checkov:CKV_DOCKER_3", "checkov:CKV_DOCKER_8", "hadolint:DL3002"]),
    Rule::error(
        "dockerfile-no-latest",
        Dockerfiles,
        Cct,
        ("image de base sans version figée", "base image without a fixed version"),
        ("désignez une étiquette de version, ou une empreinte", "name a version tag, or a digest"),
    )
    .equals(&["checkov:CKV_DOCKER_7", "hadolint:DL3006", "hadolint:DL3007"]),
];

/// Checks every Dockerfile.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let named = |name: &str| name == "Dockerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile") || name == "Containerfile";
    for path in view.paths(|path| named(file_name(path))) {
        if let Some(content) = view.text(Input::Dockerfiles, &path) {
            on_file(&mut report, &path, &content);
        }
    }
    report
}

fn on_file(report: &mut Report, path: &str, content: &str) {
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
                report.see_in("dockerfile-no-latest", path, Some(number), problem);
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
            None => (from, Some(Text::new("la dernière étape n'a pas de USER", "the last stage has no USER"))),
            Some((line, user)) => {
                let id: Option<u32> = user.split(':').next().and_then(|u| u.parse().ok());
                (line, id.is_none_or(|id| id == 0).then(|| Text::same(format!("USER {user:?}"))))
            }
        };
        report.see_in("dockerfile-user", path, Some(line), problem);
    }
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
