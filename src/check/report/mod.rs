//! The reports, one file per format. They are written folder after folder, so that memory does not grow with their number.
//! Paths and names of a repository are hostile text: each format makes them harmless.

mod gitlab;
mod html;
mod identity;
mod json;
mod junit;
mod markdown;
mod sarif;
mod text;
mod words;

use std::collections::BTreeSet;

use super::judge::Located;
use super::status::{Proof, Status};
pub use super::verdict::Verdict;
use crate::requirements::Level;
use crate::text::Lang;

/// How a report is written.
#[derive(Debug, Clone)]
pub struct Style {
    /// Language of its texts, for the formats that have one.
    pub lang: Lang,
    /// The day of the report (`YYYY-MM-DD`), for the formats that people keep.
    pub day: Option<String>,
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
pub const FORMATS: [&str; 7] = ["text", "json", "sarif", "junit", "gitlab", "md", "html"];

/// The format of a name of [`FORMATS`]; `text` otherwise.
#[must_use]
pub fn format(name: &str, style: Style) -> Box<dyn Format> {
    match name {
        "json" => Box::new(json::Json::default()),
        "sarif" => Box::new(sarif::Sarif::new(&style)),
        "junit" => Box::new(junit::Suites::new(style)),
        "gitlab" => Box::new(gitlab::Quality::new(style)),
        "md" => Box::new(markdown::Document::new(style)),
        "html" => Box::new(html::Page::new(style)),
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

/// A file of a folder, from where the command was run.
fn below(folder: &str, file: &str) -> String {
    let path = if matches!(folder, "." | "./") { file.to_owned() } else { crate::check::repository::join(folder.trim_end_matches('/'), file) };
    if path.is_empty() { ".".to_owned() } else { path }
}

/// Rules whose findings make a primordial requirement fail.
fn primordial(verdict: &Verdict) -> BTreeSet<&'static str> {
    let failed = verdict.rows.iter().filter(|row| row.level == Level::P && row.status == Status::Failed);
    let facets = failed.flat_map(|row| &row.facets).filter(|facet| facet.proof == Proof::Failed);
    facets.flat_map(|facet| facet.rules.iter().copied()).collect()
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
