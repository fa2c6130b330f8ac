//! Dockerfiles: who runs the image, and what it is built on.

use crate::check::Report;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::repository::Input::{self, Dockerfiles};
use crate::check::repository::file_name;
use crate::check::view::View;
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "dockerfile-user",
        Dockerfiles,
        Cct,
        ("image qui s'exécute en root", "image that runs as root"),
        ("terminez par USER et un numéro autre que 0", "end with USER and a number other than 0"),
    )
    .equals(&["checkov:CKV_DOCKER_3", "checkov:CKV_DOCKER_8", "hadolint:DL3002"]),
    Rule::warning(
        "dockerfile-user-number",
        Dockerfiles,
        Deduced,
        ("image qui s'exécute sous un nom, non sous un numéro", "image that runs under a name, not a number"),
        ("donnez le numéro de cet utilisateur : USER 10001", "give the number of that user: USER 10001"),
    )
    .because((
        "Avec runAsNonRoot, Kubernetes refuse de lancer une image dont l'utilisateur n'est pas un numéro : il ne peut savoir si c'est root.",
        "With runAsNonRoot, Kubernetes refuses to start an image whose user is not a number: it cannot tell whether that is root.",
    )),
    Rule::error(
        "dockerfile-no-latest",
        Dockerfiles,
        Cct,
        ("image de base sans version figée", "base image without a fixed version"),
        ("désignez une étiquette de version, ou une empreinte", "name a version tag, or a digest"),
    )
    .equals(&["checkov:CKV_DOCKER_7", "hadolint:DL3006", "hadolint:DL3007"]),
];

/// Images of the Docker library that do not run as root, or not always: what a file without `USER` runs as is not known.
const LIBRARY_WITH_USER: [&str; 14] = [
    "elasticsearch",
    "kibana",
    "logstash",
    "solr",
    "jetty",
    "memcached",
    "haproxy",
    "varnish",
    "sonarqube",
    "neo4j",
    "flink",
    "eclipse-mosquitto",
    "hitch",
    "crate",
];

/// Parts of the name of a Dockerfile whose image is not delivered.
const DEVELOPMENT: [&str; 6] = ["dev", "development", "local", "test", "tests", "e2e"];

/// Checks every Dockerfile.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let named = |name: &str| name == "Dockerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile") || name == "Containerfile";
    for path in view.delivered(Input::Dockerfiles, |path| named(file_name(path))) {
        if DEVELOPMENT.iter().any(|part| file_name(&path).split(['.', '-']).any(|p| p == *part)) {
            let why = Text::new(
                "image de développement ou d'essai, d'après son nom : laissée de côté",
                "image of development or tests, by its name: left aside",
            );
            view.gap(Input::Dockerfiles, &path, why);
        } else if let Some(content) = view.text(Input::Dockerfiles, &path) {
            for why in on_file(&mut report, &path, &content) {
                view.gap(Input::Dockerfiles, &path, why);
            }
        }
    }
    report
}

/// A stage of the build.
#[derive(Clone, Default)]
struct Stage {
    name: String,
    /// Line of its last `USER`, or else of its `FROM`.
    line: usize,
    /// Its last `USER`, or that of the stage which it continues.
    user: Option<String>,
    /// The image that it is built on, other stages left aside.
    base: String,
}

/// Judges a file; returns what it leaves to the build or to another image.
fn on_file(report: &mut Report, path: &str, content: &str) -> Vec<Text> {
    let (mut stages, mut variables, mut gaps): (Vec<Stage>, Vec<(String, String)>, Vec<Text>) = Default::default();
    for (number, line) in logical(content) {
        let mut words = line.split_whitespace();
        let instruction = words.next().unwrap_or_default().to_uppercase();
        let rest: Vec<&str> = words.filter(|w| !w.starts_with("--")).collect();
        let first = rest.first().copied().unwrap_or_default();
        match instruction.as_str() {
            "ARG" | "ENV" => {
                let given = rest.iter().filter_map(|a| a.split_once('='));
                variables.extend(given.map(|(k, v)| (k.to_owned(), v.trim_matches(['"', '\'']).to_owned())));
            }
            "FROM" => {
                let base = resolved(first, &variables);
                let known = stages.iter().find(|stage| !stage.name.is_empty() && stage.name == base.to_lowercase()).cloned();
                if base.contains('$') {
                    gaps.push(text!(
                        "ligne {number} : l'image de base {base} est donnée à la construction",
                        "line {number}: the build gives the base image {base}"
                    ));
                } else {
                    let problem = if known.is_some() || base == "scratch" { None } else { super::kyverno::floating(&base) };
                    report.see_in("dockerfile-no-latest", path, Some(number), problem);
                }
                let name = if rest.get(1).is_some_and(|w| w.eq_ignore_ascii_case("as")) { rest.get(2) } else { None };
                let continued = known.unwrap_or(Stage { base, ..Stage::default() });
                stages.push(Stage { name: name.map_or_else(String::new, |n| n.to_lowercase()), line: number, ..continued });
            }
            "USER" => {
                if let Some(stage) = stages.last_mut() {
                    (stage.line, stage.user) = (number, Some(resolved(first, &variables)));
                }
            }
            _ => {}
        }
    }
    if let Some(last) = stages.last() {
        gaps.extend(who(report, path, last));
    }
    gaps
}

/// Who runs the image, which is its last stage; returns what the file does not say of it.
fn who(report: &mut Report, path: &str, last: &Stage) -> Option<Text> {
    let line = Some(last.line);
    let Some(user) = &last.user else {
        let base = &last.base;
        match runs_as_root(base) {
            Some(true) => report.see_in("dockerfile-user", path, line, Some(text!("aucun USER, sur l'image {base}", "no USER, on the image {base}"))),
            Some(false) => report.see_in("dockerfile-user", path, line, None::<Text>),
            None => {
                return Some(text!(
                    "aucun USER : l'image de base {base} décide, et n'est pas lue",
                    "no USER: the base image {base} decides, and is not read"
                ));
            }
        }
        return None;
    };
    let id = user.split(':').next().unwrap_or_default();
    if id.is_empty() || id.contains('$') {
        return Some(text!("l'utilisateur {user} est donné à la construction", "the build gives the user {user}"));
    }
    let number: Option<u32> = id.parse().ok();
    let shown = format!("USER {user}");
    report.see_in("dockerfile-user", path, line, (number == Some(0) || id == "root").then(|| shown.clone()));
    report.see_in("dockerfile-user-number", path, line, (number.is_none() && id != "root").then_some(shown));
    None
}

/// Whether an image runs as root when nothing says otherwise; none when that is not known. The images of the Docker library
/// do, but for a few; those without root say so (README of distroless, of docker-nginx-unprivileged; Dockerfile of Keycloak).
fn runs_as_root(image: &str) -> Option<bool> {
    let image = image.trim_start_matches("docker.io/");
    let (repository, tag) = image.split('@').next().unwrap_or_default().split_once(':').unwrap_or((image, ""));
    let distroless = repository.starts_with("gcr.io/distroless/");
    if (distroless && tag.ends_with("nonroot")) || repository == "nginxinc/nginx-unprivileged" || repository == "quay.io/keycloak/keycloak" {
        return Some(false);
    }
    let library = repository.strip_prefix("library/").unwrap_or(repository);
    let root = distroless || repository == "scratch" || (!library.contains('/') && !LIBRARY_WITH_USER.contains(&library));
    root.then_some(true)
}

/// A word with the variables that the file gives a value.
fn resolved(word: &str, variables: &[(String, String)]) -> String {
    let mut word = word.trim_matches('"').to_owned();
    for (key, value) in variables.iter().rev() {
        word = word.replace(&format!("${{{key}}}"), value);
        if word == format!("${key}") || word.starts_with(&format!("${key}:")) || word.ends_with(&format!("${key}")) {
            word = word.replace(&format!("${key}"), value);
        }
    }
    word
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
