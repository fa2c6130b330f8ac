//! Manifests: places are those of the YAML reader, changes are of the text.

use super::Edit;
use crate::check::gather::stream;
use crate::yaml::{self, Kind, Node, line_span, offset};

/// What a synchronisation may not do to a database.
const GUARD: &str = "argocd.argoproj.io/sync-options";

/// The document of an object (`Kind/name`), and the lines before it; none when two are called so.
fn document(text: &str, object: &str) -> Option<(Node, usize)> {
    let (kind, name) = object.split_once('/')?;
    let mut found = None;
    for (before, document) in stream::documents(text) {
        let Ok(node) = yaml::read::<Node>(&document) else { continue };
        let named = node.get("metadata").and_then(|(_, m)| m.get("name")).and_then(|(_, n)| n.as_str());
        if node.get("kind").and_then(|(_, k)| k.as_str()) == Some(kind) && named == Some(name) && found.replace((node, before)).is_some() {
            return None;
        }
    }
    found
}

/// A line of the whole text, from a line of a document.
fn at(text: &str, before: usize, line: u64) -> Option<(usize, &str)> {
    line_span(text, before + usize::try_from(line).ok()?)
}

/// Five fields of cron become the six of `CloudNativePG`: at second 0, which is when cron starts too.
pub(super) fn schedule(text: &str, object: &str) -> Option<Edit> {
    let (node, before) = document(text, object)?;
    let (_, value) = node.get("spec")?.1.get("schedule")?;
    let cron = value.as_str().filter(|cron| cron.split_whitespace().count() == 5)?;
    let (start, line) = at(text, before, value.line)?;
    let from = offset(line, value.column)?;
    let inside = from + line.get(from..)?.find(cron)?;
    Some(Edit { start: start + inside, end: start + inside, text: "0 ".to_owned(), rule: "cnpg-schedule-fields" })
}

/// The annotation that keeps Argo CD from deleting a database; one that says something else is left to its author.
pub(super) fn guard(text: &str, object: &str) -> Option<Edit> {
    let (node, before) = document(text, object)?;
    let (_, metadata) = node.get("metadata")?;
    let (name_line, name) = metadata.get("name")?;
    let (_, line) = at(text, before, name.line)?;
    let (after, indent, lines) = if let Some((_, annotations)) = metadata.get("annotations") {
        let Kind::Map(entries) = &annotations.kind else { return None };
        let (_, (first, column), _) = entries.first()?;
        let (_, first_line) = at(text, before, *first)?;
        // In a flow mapping (`{…}`), a new line would not be an entry.
        let plain = offset(first_line, *column).is_some_and(|at| first_line[..at].trim().is_empty());
        if !plain || annotations.get(GUARD).is_some() {
            return None;
        }
        (first.checked_sub(1)?, usize::try_from(*column).ok()?.checked_sub(1)?, format!("{GUARD}: \"Prune=false,Delete=false\""))
    } else {
        if !line.trim_start().starts_with("name:") || name_line as u64 != name.line {
            return None;
        }
        let indent = line.len() - line.trim_start().len();
        (name.line, indent, format!("annotations:\n{}{GUARD}: \"Prune=false,Delete=false\"", " ".repeat(indent + 2)))
    };
    let (start, content) = at(text, before, after)?;
    let end = start + content.len();
    let ending = if text[end..].starts_with("\r\n") { "\r\n" } else { "\n" };
    let inserted = format!("{ending}{}{}", " ".repeat(indent), lines.replace('\n', ending));
    Some(Edit { start: end, end, text: inserted, rule: "cnpg-guard" })
}

/// `imagePullPolicy` as the framework asks for it.
pub(super) fn pull(text: &str, line: usize) -> Option<Edit> {
    let (start, content) = line_span(text, line)?;
    let value = content.trim_start().trim_start_matches("- ").strip_prefix("imagePullPolicy:")?;
    let word = value.split('#').next()?.trim();
    let bare = word.trim_matches(['"', '\'']);
    if !matches!(bare, "Always" | "Never") {
        return None;
    }
    let at = start + content.len() - value.len() + value.find(bare)?;
    Some(Edit { start: at, end: at + bare.len(), text: "IfNotPresent".to_owned(), rule: "image-pull-policy" })
}
