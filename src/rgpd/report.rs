//! What a description is told: refusals (nothing is written) and points of attention, each with its file and line.

use std::fmt;

use crate::text::{Problem, Text};

/// A refusal: what is wrong, where, what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgpdError {
    /// The name of the description, as given by the caller.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong (French: its reader is the author of the description).
    pub what: String,
    /// What may stand there instead.
    pub allowed: String,
}

impl fmt::Display for RgpdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} : {} ; admis : {}", self.file, self.line, self.what, self.allowed)
    }
}

impl std::error::Error for RgpdError {}

impl From<RgpdError> for Problem {
    fn from(error: RgpdError) -> Self {
        // The reader of these refusals is the author of a French description: one wording serves both languages.
        Self::new(format!("{}:{}", error.file, error.line), Text::same(error.what)).hint(Text::same(format!("admis : {}", error.allowed)))
    }
}

/// A point of attention: the description is accepted, a person should look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgpdWarning {
    /// The name of the description, as given by the caller.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// What deserves a look (French).
    pub what: String,
}

impl fmt::Display for RgpdWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} : {}", self.file, self.line, self.what)
    }
}

/// Where refusals and points of attention gather while a description is read.
#[derive(Debug)]
pub(super) struct Sink {
    file: String,
    pub errors: Vec<RgpdError>,
    pub warnings: Vec<RgpdWarning>,
}

impl Sink {
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), errors: Vec::new(), warnings: Vec::new() }
    }

    pub fn error(&mut self, line: u64, what: impl Into<String>, allowed: &str) {
        self.errors.push(RgpdError { file: self.file.clone(), line, what: what.into(), allowed: allowed.to_owned() });
    }

    pub fn warn(&mut self, line: u64, what: impl Into<String>) {
        self.warnings.push(RgpdWarning { file: self.file.clone(), line, what: what.into() });
    }
}
