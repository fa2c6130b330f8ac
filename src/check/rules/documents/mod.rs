//! Documents: one shows something only when the parts that matter hold words other than those of its template.

mod facts;
pub mod matrix;
mod rows;
mod sheets;

pub use rows::RULES;

use crate::check::Report;
use crate::check::view::View;

/// Checks the documents of a repository; a project of mirai-kit has those that its answers ask for.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    sheets::check(&mut report, view);
    facts::check(&mut report, view);
    report
}

/// Whether a text still waits for someone: the placeholders of the kit, and the usual words.
#[must_use]
pub fn waiting(text: &str) -> bool {
    let lower = text.to_lowercase();
    let whole = |word: &str| lower.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    ["a-completer", "à compléter", "a completer", "à renseigner", "à préciser", "to be completed", "lorem ipsum", "xxxx"]
        .iter()
        .any(|p| lower.contains(p))
        || ["todo", "tbd", "fixme"].iter().any(|word| whole(word))
}
