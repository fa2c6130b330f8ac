//! The documents in French: register of processing (CNIL's model, one sheet per processing; text and spreadsheet), rights and
//! retention, presumption of impact assessment, catalogue sheet per business object, diagram.

mod catalogue;
mod diagram;
mod dpia;
mod ods;
mod register;
mod rights;
mod table;

pub(super) use dpia::presumed;

use std::fmt::Write as _;

use super::Output;
use super::model::{Entity, Model};
use super::report::RgpdWarning;
use super::vocabulary;

/// All documents of `model` that are text.
pub(super) fn files(model: &Model, warnings: &[RgpdWarning]) -> Vec<Output> {
    let mut files = vec![
        Output { path: "aipd.md".into(), content: dpia::dpia(model) },
        Output { path: "registre-des-traitements.md".into(), content: register::register(model) },
        Output { path: "droits-et-durees.md".into(), content: rights::rights(model, warnings) },
        Output { path: "diagramme.md".into(), content: diagram::diagram(model) },
    ];
    files.extend(catalogue::sheets(model));
    files
}

/// Those that are not: path and content.
pub(super) fn binaries(model: &Model) -> Vec<(String, Vec<u8>)> {
    vec![("registre-des-traitements.ods".to_owned(), table::workbook(model))]
}

/// Text of the author in a Markdown table or line: one line, no syntax of its own.
fn md(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A legal basis or an exception in words, and what the description says of it.
fn ground(term: &str, why: Option<&str>) -> String {
    let words = vocabulary::grounds(term);
    why.map_or_else(|| words.to_owned(), |why| format!("{words} — {why}"))
}

/// When the rows of an entity end, for people.
fn term(model: &Model, entity: &Entity) -> String {
    let root = model.root(entity);
    let Some(r) = &root.retention else { return "—".into() };
    let mut text = format!("{} après « {} », puis {}", r.duration.french(), r.start, r.end.word());
    if root.name != entity.name {
        let _ = write!(text, " (suit « {} »)", root.name);
    }
    if let Some((duration, why)) = &r.archive {
        let _ = write!(text, " ; archivage intermédiaire {} ({}), dans une base séparée", duration.french(), why);
    }
    text
}
