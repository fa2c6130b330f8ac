//! What is said at the end: what was written, under which identity, and the next three commands.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::options::Place;
use crate::answers::Answers;
use crate::apply::{Report, SafeRelPath};
use crate::git::{Committed, Source};
use crate::kit::Kit;
use crate::render::{self, Repository, Tree};
use crate::requirements::{self, Lists};
use crate::text::{Lang, Problem, Text};
use crate::ui::sanitize::{self, line};
use crate::ui::style::{Style, styled};
use crate::{text, ui};

/// Format of the JSON report; its schema is `schemas/created.v1.schema.json`.
pub const FORMAT: &str = "mirai-kit/created/v1";

/// A creation that succeeded.
pub(super) struct Outcome<'a> {
    pub place: &'a Place,
    pub tree: &'a Tree,
    pub report: &'a Report,
    pub answers: &'a Answers,
    /// What newer lists would leave open.
    pub newer: Vec<Text>,
    pub lang: Lang,
}

/// One line for each list that replaces a default one, with the primordial rows that the project leaves open: those of the
/// matrix.
///
/// # Errors
/// When the lists of the kit are invalid, or cannot be compared with the answers.
pub(super) fn newer(kit: &Kit, answers: &Map<String, Value>) -> Result<Vec<Text>, Vec<Problem>> {
    let lists = Lists::load(&kit.files)?;
    let statements = render::statements(kit, &lists, answers)?;
    let lines = requirements::open_in_newer(&lists, &statements).into_iter().filter(|(.., open)| !open.is_empty()).map(|(newer, older, open)| {
        let (newer, older, count) = (newer.name(), older.name(), open.len());
        let keys = open.iter().map(|row| row.key.as_str()).collect::<Vec<_>>().join(", ");
        text!(
            "liste plus récente connue, {newer} (remplace {older}) : {count} exigences primordiales y resteraient ouvertes ({keys})",
            "newer known list, {newer} (replaces {older}): it would leave {count} primordial requirements open ({keys})"
        )
    });
    Ok(lines.collect())
}

/// Remarks on the answers: they refuse nothing.
pub(super) fn remarks(remarks: &[Text], lang: Lang) {
    for remark in remarks {
        let head = styled(Text::new("attention :", "warning:").get(lang), Style::Strong);
        ui::say(&format!("{head} {}", line(remark.get(lang))));
    }
}

impl Outcome<'_> {
    /// The account for people, on stderr.
    pub fn tell(&self) {
        let mut text = String::new();
        let (files, kib, target) = (self.report.files, self.report.bytes.div_ceil(1024), self.place.target.display().to_string());
        let head = text!("✔ {target} : {files} fichiers, {kib} Kio", "✔ {target}: {files} files, {kib} KiB");
        let _ = writeln!(text, "{}", styled(&line(head.get(self.lang)), Style::Right));
        for Committed { path, name, commit, files, .. } in &self.report.commits {
            let folder = path.as_ref().map_or(".", |p| p.as_str());
            let short = &commit[..commit.len().min(10)];
            let row =
                text!("  {folder} : dépôt {name}, commit {short}, {files} fichiers", "  {folder}: repository {name}, commit {short}, {files} files");
            let _ = writeln!(text, "{}", line(row.get(self.lang)));
        }
        if let Some(Committed { identity, .. }) = self.report.commits.first() {
            let (name, email) = (&identity.name, &identity.email);
            let from = source(identity.source);
            let (fr, en) = (from.fr, from.en);
            let _ = writeln!(
                text,
                "  {}",
                line(text!("identité des commits : {name} <{email}>, {fr}", "identity of the commits: {name} <{email}>, {en}").get(self.lang))
            );
        } else {
            let _ = writeln!(text, "  {}", Text::new("sans dépôt git", "without git repository").get(self.lang));
        }
        if self.report.swept > 0 {
            let swept = self.report.swept;
            let row = text!("  restes de créations interrompues, retirés : {swept}", "  leftovers of interrupted creations, removed: {swept}");
            let _ = writeln!(text, "{}", row.get(self.lang));
        }
        for row in &self.newer {
            let _ = writeln!(text, "  {}", line(row.get(self.lang)));
        }
        let _ = writeln!(text, "{}", Text::new("Ensuite :", "Next:").get(self.lang));
        for command in self.next() {
            let _ = writeln!(text, "  {}", line(&command));
        }
        ui::say(text.trim_end());
    }

    /// The report for programs.
    pub fn json(&self) -> String {
        let repositories: Vec<Value> = self
            .report
            .commits
            .iter()
            .map(|c| {
                json!({
                    "path": c.path.as_ref().map_or(".", |p| p.as_str()),
                    "name": c.name,
                    "commit": c.commit,
                    "tree": c.tree,
                    "files": c.files,
                    "identity": { "name": c.identity.name, "email": c.identity.email, "source": source_id(c.identity.source) },
                })
            })
            .collect();
        let remarks: Vec<&str> = self.answers.remarks.iter().map(|r| r.get(self.lang)).collect();
        let report = json!({
            "format": FORMAT,
            "target": self.place.target.to_string_lossy(),
            "files": self.report.files,
            "bytes": self.report.bytes,
            "repositories": repositories,
            "swept": self.report.swept,
            "remarks": remarks,
            "next": self.next(),
        });
        sanitize::json(&format!("{report:#}\n")).into_owned()
    }

    /// The next three commands.
    fn next(&self) -> [String; 3] {
        // The first repository holds the application, and the list of what is left to ask for.
        let first = self.tree.repositories.first();
        let mut folder = if self.place.here { std::path::PathBuf::new() } else { self.place.target.clone() };
        folder.extend(first.and_then(|r| r.path.as_ref()).map(SafeRelPath::as_str));
        let folder = folder.to_string_lossy();
        let enter = if folder.is_empty() { "git log --stat".to_owned() } else { format!("cd {}", quoted(&folder)) };
        [enter, "mirai-kit next".to_owned(), self.third(first)]
    }

    /// Publish where the repository is known, else try the application.
    fn third(&self, first: Option<&Repository>) -> String {
        let Some(first) = first.filter(|_| !self.report.commits.is_empty()) else {
            return "git init -b main && git add --all && git commit -m Création".to_owned();
        };
        let url = self.url(first);
        let prefix = first.path.as_ref().map_or_else(String::new, |p| format!("{p}/"));
        if self.place.here {
            "git push -u origin main".to_owned()
        } else if !url.contains("a-completer") {
            format!("git remote add origin {} && git push -u origin main", quoted(&url))
        } else if self.tree.get(&format!("{prefix}backend/Makefile")).is_some() {
            "make -C backend test".to_owned()
        } else {
            "git log --stat".to_owned()
        }
    }

    /// Where a repository goes, when the kit asks for a forge.
    fn url(&self, repository: &Repository) -> String {
        let forge = self.answers.values.get("forge").and_then(|f| f.get("primaire")).and_then(Value::as_str);
        forge.map_or_else(|| "<URL>".to_owned(), |forge| format!("{forge}/{}.git", repository.name))
    }
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-:@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn source(source: Source) -> Text {
    match source {
        Source::Environment => {
            Text::new("de l'environnement (GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL)", "from the environment (GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL)")
        }
        Source::Configuration => Text::new("de la configuration de git", "from git's configuration"),
        Source::Fallback => Text::new(
            "de secours : ni l'environnement ni la configuration de git n'en donnent",
            "the fallback: neither the environment nor git's configuration gives one",
        ),
    }
}

fn source_id(source: Source) -> &'static str {
    match source {
        Source::Environment => "environment",
        Source::Configuration => "configuration",
        Source::Fallback => "fallback",
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("démo/app"), "démo/app");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("l'été; rm"), "'l'\\''été; rm'");
        assert_eq!(quoted(""), "''");
    }
}
