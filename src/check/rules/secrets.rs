//! Secrets in clear: forms that their makers publish, so that what is found is one. Guessing by entropy is left to tools that
//! read the history too (gitleaks, in the chains).

use crate::check::Report;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::repository::Input::Project;
use crate::check::repository::{aside, file_name};
use crate::check::view::View;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "no-clear-token",
        Project,
        Cct,
        ("jeton en clair", "token in clear"),
        ("révoquez-le d'abord, puis retirez-le ; la chaîne le reçoit par une variable masquée", "revoke it first, then remove it; the chain gets it by a masked variable"),
    )
    .because((
        "EXI-ORG-6 et EXI-ARCH-13 : aucun jeton dans les dépôts. Formes publiées par GitLab, GitHub, AWS, Slack, npm, Docker, Vault, OpenAI et Hugging Face.",
        "EXI-ORG-6 and EXI-ARCH-13: no token in the repositories. Forms published by GitLab, GitHub, AWS, Slack, npm, Docker, Vault, OpenAI and Hugging Face.",
    )),
    Rule::error(
        "no-private-key",
        Project,
        Cct,
        ("clé privée dans le dépôt", "private key in the repository"),
        ("remplacez-la partout, puis gardez la nouvelle dans le coffre", "replace it everywhere, then keep the new one in the vault"),
    )
    .because((
        "EXI-ARCH-13 : les secrets passent par le coffre ; une clé poussée une fois reste dans l'historique. Celles des essais sont exceptées.",
        "EXI-ARCH-13: secrets go through the vault; a key pushed once stays in the history. Those of tests are exempt.",
    )),
];

/// Beginning of a token, and the least and the most characters that follow.
const TOKENS: [(&str, usize, usize); 20] = [
    ("glpat-", 20, 300),
    ("gldt-", 20, 64),
    ("glptt-", 40, 40),
    ("glrt-", 20, 64),
    ("ghp_", 36, 36),
    ("gho_", 36, 36),
    ("ghs_", 36, 36),
    ("ghr_", 36, 76),
    ("github_pat_", 82, 82),
    ("AKIA", 16, 16),
    ("ASIA", 16, 16),
    ("xoxb-", 40, 120),
    ("xoxp-", 40, 120),
    ("npm_", 36, 36),
    ("dckr_pat_", 27, 27),
    ("hvs.", 90, 200),
    ("sk-proj-", 40, 200),
    ("hf_", 34, 34),
    ("AIza", 35, 35),
    ("AGE-SECRET-KEY-1", 58, 58),
];

/// Checks every text file but those of locked dependencies.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let locked = ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "Cargo.lock", "poetry.lock", "uv.lock", "go.sum", "composer.lock"];
    let binary = [
        "png", "jpg", "jpeg", "gif", "ico", "webp", "pdf", "woff", "woff2", "ttf", "otf", "eot", "ods", "zip", "tgz", "gz", "jar", "mp4", "mp3",
        "wav", "svg", "bin", "docx", "xlsx", "pptx", "odt",
    ];
    let wanted =
        |path: &str| !locked.contains(&file_name(path)) && !binary.contains(&path.rsplit('.').next().unwrap_or_default().to_lowercase().as_str());
    for path in view.paths(wanted) {
        let Some(text) = view.text(Project, &path) else { continue };
        let mut found = false;
        for (index, line) in text.lines().enumerate() {
            if let Some(token) = token(line) {
                found = true;
                report.see_in("no-clear-token", &path, Some(index + 1), Some(token));
            }
        }
        if !found {
            report.see_in("no-clear-token", &path, None, None::<Text>);
        }
        // Keys of tests open nothing.
        if aside(&path).is_none() {
            report.see_in("no-private-key", &path, key(&text), key(&text).map(|_| "PRIVATE KEY".to_owned()));
        }
    }
    report
}

/// The beginning of a token of a published form, or of a password in an address.
fn token(line: &str) -> Option<String> {
    for (start, least, most) in TOKENS {
        for (at, _) in line.match_indices(start) {
            let before = line[..at].chars().next_back();
            let body: String = line[at + start.len()..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
            let alone = before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
            if alone && (least..=most).contains(&body.len()) && drawn(&body) && !body.to_uppercase().contains("EXAMPLE") {
                return Some(format!("{start}…"));
            }
        }
    }
    address(line)
}

/// Whether characters look drawn at random: letters and digits, few of them repeated.
fn drawn(body: &str) -> bool {
    let mut distinct: Vec<char> = body.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    body.bytes().any(|b| b.is_ascii_digit()) && body.bytes().any(|b| b.is_ascii_alphabetic()) && distinct.len() >= 9
}

/// `https://user:token@host` with a token written out: it is long and looks drawn; a word is an example.
fn address(line: &str) -> Option<String> {
    for (at, _) in line.match_indices("https://") {
        let rest = &line[at + 8..];
        let authority: &str = rest.split(['/', ' ', '"', '\'', '`', '<', '>', ')']).next().unwrap_or_default();
        let Some((user, _)) = authority.rsplit_once('@') else { continue };
        let Some((_, password)) = user.split_once(':') else { continue };
        let written = password.len() >= 16 && password.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if written && drawn(password) {
            return Some("https://…:…@".to_owned());
        }
    }
    None
}

/// Line of a private key that has a body.
fn key(text: &str) -> Option<usize> {
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let header = line.trim_start().trim_start_matches(['"', '\'']);
        if !(header.starts_with("-----BEGIN ") && header.contains("PRIVATE KEY-----")) {
            continue;
        }
        let body = lines.peek().map_or("", |(_, next)| next.trim());
        if body.len() >= 40 && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')) && drawn(body) {
            return Some(index + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{key, token};

    // Assembled here, so that no token stands in this file.
    #[test]
    fn tokens_are_seen_and_what_looks_like_them_is_not() {
        let drawn = "x7Hq2LmZ9bTc4VnR8wKd";
        for line in [format!("t = \"{}{drawn}\"", "glpat-"), format!("url = https://chaine:{drawn}@exemple.fr/a.git")] {
            assert!(token(&line).is_some(), "{line}");
        }
        for line in [
            format!("t = \"{}{}\"", "glpat-", "x".repeat(20)),
            "git push https://chaine:${JETON_DEMANDES_1234}@exemple.fr/a.git".to_owned(),
            "https://utilisateur:motdepasse@exemple.fr".to_owned(),
            format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE"),
            format!("sous_{}{drawn}", "glpat-"),
        ] {
            assert_eq!(token(&line), None, "{line}");
        }
    }

    #[test]
    fn a_private_key_has_a_body() {
        let head = format!("-----BEGIN {} KEY-----", "PRIVATE");
        assert_eq!(key(&format!("a\n{head}\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n")), Some(2));
        assert_eq!(key(&format!("{head}\n...\n")), None);
    }
}
