//! The reports, one file per format. They are written folder after folder, so that memory does not grow with their number.
//! Paths and names of a repository are hostile text: each format makes them harmless.

mod json;
mod sarif;
mod text;

use super::judge::Located;
pub use super::verdict::Verdict;
use crate::text::Lang;

/// How a report is written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Language of its texts, for the formats that have one.
    pub lang: Lang,
    /// Makes a text of a repository harmless on one line of a terminal.
    pub line: fn(&str) -> String,
}

/// A format: what it writes before the first folder, of each, and after the last.
pub trait Format {
    /// Before the first folder.
    fn head(&mut self) -> String {
        String::new()
    }

    /// One folder.
    fn folder(&mut self, verdict: &Verdict) -> String;

    /// After the last folder.
    fn tail(&mut self) -> String {
        String::new()
    }
}

/// Names of the formats.
pub const FORMATS: [&str; 3] = ["text", "json", "sarif"];

/// The format of a name of [`FORMATS`]; `text` otherwise.
#[must_use]
pub fn format(name: &str, style: Style) -> Box<dyn Format> {
    match name {
        "json" => Box::new(json::Json::default()),
        "sarif" => Box::new(sarif::Sarif::new(style)),
        _ => Box::new(text::Lines::new(style)),
    }
}

/// `file:line`, or what is known of it.
fn place(located: &Located) -> String {
    match located.line {
        Some(line) => format!("{}:{line}", located.file),
        None => located.file.clone(),
    }
}

/// Items of a JSON list written one by one.
#[derive(Debug, Default)]
struct Items {
    some: bool,
}

impl Items {
    /// One more item, with its separator, indented.
    fn next(&mut self, value: &serde_json::Value) -> String {
        let comma = if std::mem::replace(&mut self.some, true) { ",\n" } else { "\n" };
        format!("{comma}{value:#}")
    }
}
