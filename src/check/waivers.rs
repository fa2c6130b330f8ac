//! Findings that a repository accepts in a comment: `mirai-kit: accepte RULE — raison` (or `accept`), on the line, on the line
//! before, or at the head of the file for the whole of it. A repository can silence only itself, and not in silence: what is
//! accepted is listed with its reason, and the facet is no longer proven.

use std::collections::BTreeMap;

use super::Report;
use super::aside::{Aside, Cause};
use super::catalog::{self, Rule, Strength};
use super::judge::{Judged, Located};
use super::records;
use super::repository::{Input, Repository, extension, file_name};
use crate::text;
use crate::text::Text;

/// A comment that cannot be obeyed.
pub const INVALID: &str = "waiver-invalid";
/// A comment that accepts nothing.
pub const UNUSED: &str = "waiver-unused";

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        INVALID,
        Input::Project,
        Strength::Deduced,
        ("constat accepté sans raison, ou règle inconnue", "finding accepted without a reason, or unknown rule"),
        (
            "écrivez : mirai-kit: accepte RÈGLE — raison ; les règles sont dans le rapport",
            "write: mirai-kit: accept RULE — reason; the report names the rules",
        ),
    )
    .because((
        "Ce qui est accepté sans raison ne peut être relu par personne ; une règle mal nommée n'accepte rien et le laisse croire.",
        "What is accepted without a reason cannot be reviewed; a misspelt rule accepts nothing and lets people believe it does.",
    )),
    Rule::warning(
        UNUSED,
        Input::Project,
        Strength::Deduced,
        ("constat accepté qui n'existe pas, ou plus", "accepted finding that is not there, or no longer"),
        ("retirez le commentaire", "remove the comment"),
    )
    .because((
        "Un commentaire qui ne sert plus accepterait demain un constat que personne n'a vu.",
        "A comment that serves no longer would accept tomorrow a finding that nobody saw.",
    )),
];

/// What starts the demand, after the sign of a comment.
const MARK: &str = "mirai-kit:";
/// Signs that start a comment.
const SIGNS: [&str; 8] = ["#", "//", "--", "<!--", "/*", "{{/*", "{{- /*", ";"];
/// Most bytes that are read in search of comments, beyond the files that have findings.
const MOST: usize = 64 << 20;
/// Longest reason that is kept, in characters.
const REASON: usize = 300;

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiver {
    /// From 1.
    line: usize,
    /// Whether it stands for the whole file.
    head: bool,
    rules: Vec<String>,
    reason: String,
    used: bool,
}

/// Sets aside the findings that comments accept, and finds the comments that are wrong.
pub(super) fn apply(repository: &mut Repository, judged: &mut Judged) {
    let mut by_file: BTreeMap<String, Vec<Located>> = BTreeMap::new();
    for found in judged.findings.keys().filter(|f| !own(f.rule)) {
        by_file.entry(found.file.clone()).or_default().push(found.clone());
    }
    let gaps = repository.gaps.clone();
    let mut left = MOST;
    let mut report = Report::default();
    for path in repository.files.clone() {
        let found = by_file.remove(&path).unwrap_or_default();
        if found.is_empty() && (left == 0 || !commented(&path)) {
            continue;
        }
        let Some(content) = repository.text(Input::Project, &path) else { continue };
        if found.is_empty() {
            left = left.saturating_sub(content.len());
        }
        if !content.contains(MARK) {
            continue;
        }
        let mut waivers = waivers(&content, extension(&path) == "md");
        for finding in found {
            if let Some(waiver) = waivers.iter_mut().find(|w| w.accepts(&finding)) {
                waiver.used = true;
                let cause = Cause::Waived { reason: waiver.reason.clone(), line: waiver.line };
                let environments = judged.findings.remove(&finding).unwrap_or_default();
                judged.aside.insert(finding, Aside { environments, cause });
            }
        }
        for waiver in waivers {
            waiver.judge(&path, &mut report);
        }
    }
    // A file that is too long or binary is nobody's proof here: reading it for comments is no gap.
    repository.gaps = gaps;
    judged.plain(report);
}

/// Rules about comments and records: accepting them would be accepting anything.
fn own(rule: &str) -> bool {
    RULES.iter().chain(records::RULES).any(|r| r.id == rule)
}

/// Files that have comments, and that some rule reads.
fn commented(path: &str) -> bool {
    let name = file_name(path);
    let known = ["yaml", "yml", "tpl", "sql", "sh", "py", "toml", "md", "ts", "js", "vue", "java", "go", "html", "tf", "cfg", "conf", "properties"];
    known.contains(&extension(name))
        || name.contains("Dockerfile")
        || matches!(name, "Containerfile" | "Makefile" | "CODEOWNERS" | ".gitignore" | ".helmignore")
}

impl Waiver {
    fn accepts(&self, finding: &Located) -> bool {
        let near = self.head || finding.line.is_some_and(|line| line == self.line || line == self.line + 1);
        near && !self.reason.is_empty() && self.rules.iter().any(|r| r == finding.rule)
    }

    fn judge(&self, path: &str, report: &mut Report) {
        let unknown = self.rules.iter().find(|r| catalog::rule(r).is_none_or(|rule| own(rule.id)));
        let problem = match unknown {
            _ if self.rules.is_empty() => Some(Text::new("aucune règle nommée", "no rule named")),
            Some(rule) => Some(text!("règle inconnue, ou qui ne s'accepte pas : {rule:?}", "unknown rule, or one that cannot be accepted: {rule:?}")),
            None => self.reason.is_empty().then(|| Text::new("pas de raison", "no reason")),
        };
        let valid = problem.is_none();
        report.see_in(INVALID, path, Some(self.line), problem);
        if valid {
            let rules = self.rules.join(", ");
            let unused = (!self.used).then(|| text!("rien à accepter ici pour {rules}", "nothing to accept here for {rules}"));
            report.see_in(UNUSED, path, Some(self.line), unused);
        }
    }
}

/// The comments of a file.
fn waivers(content: &str, markdown: bool) -> Vec<Waiver> {
    let mut head = true;
    let mut waivers = Vec::new();
    for (index, line) in content.lines().enumerate() {
        let text = line.trim();
        let comment = SIGNS.iter().any(|sign| text.starts_with(sign));
        if !(comment || text.is_empty() || text == "---") {
            head = false;
        }
        let Some((before, after)) = line.split_once(MARK) else { continue };
        let before = before.trim_end();
        let signed = if markdown { before.ends_with("<!--") } else { SIGNS.iter().any(|sign| before.ends_with(sign)) };
        let mut words = after.trim_start();
        let Some(rest) = ["accepte ", "accept "].iter().find_map(|verb| words.strip_prefix(verb)).filter(|_| signed) else { continue };
        words = rest.trim();
        for end in ["-->", "*/ -}}", "*/ }}", "*/-}}", "*/}}", "*/"] {
            words = words.strip_suffix(end).unwrap_or(words).trim_end();
        }
        let (rules, reason) = split(words);
        let rules = rules.split([',', ' ']).filter(|r| !r.is_empty()).map(str::to_owned).collect();
        let reason = reason.trim().chars().take(REASON).collect();
        waivers.push(Waiver { line: index + 1, head, rules, reason, used: false });
    }
    waivers
}

/// Rules, and the reason after a dash or a colon.
fn split(words: &str) -> (&str, &str) {
    [" — ", " – ", " -- ", " - ", " : ", ": "]
        .iter()
        .filter_map(|sign| words.split_once(sign))
        .min_by_key(|(rules, _)| rules.len())
        .unwrap_or((words, ""))
}

#[cfg(test)]
mod tests {
    use super::waivers;

    fn read(content: &str) -> Vec<(usize, bool, String, String)> {
        waivers(content, false).into_iter().map(|w| (w.line, w.head, w.rules.join("+"), w.reason)).collect()
    }

    #[test]
    fn any_sign_of_a_comment_will_do_in_both_languages() {
        for line in [
            "# mirai-kit: accepte names — hérité du produit",
            "x: y # mirai-kit: accept names - hérité du produit",
            "// mirai-kit: accepte names : hérité du produit",
            "-- mirai-kit: accepte names -- hérité du produit",
            "<!-- mirai-kit: accepte names — hérité du produit -->",
            "{{- /* mirai-kit: accepte names — hérité du produit */ -}}",
        ] {
            let (_, _, rules, reason) = read(&format!("a: b\n{line}\n")).pop().unwrap();
            assert_eq!((rules.as_str(), reason.as_str()), ("names", "hérité du produit"), "{line}");
        }
        assert_eq!(read("texte mirai-kit: accepte names — x\n"), [], "no comment");
        assert_eq!(waivers("# mirai-kit: accepte names — x\n", true), [], "a heading of Markdown is no comment");
    }

    #[test]
    fn the_head_of_a_file_ends_with_its_first_word() {
        let content = "# syntax=docker/dockerfile:1\n\n# mirai-kit: accepte a, b — x\nFROM x\n# mirai-kit: accepte c\n";
        assert_eq!(read(content), [(3, true, "a+b".into(), "x".into()), (5, false, "c".into(), String::new())]);
    }
}
