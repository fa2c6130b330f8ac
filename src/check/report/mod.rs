//! The reports, one file per format. Paths and names of a repository are hostile text: `ui` sanitises what is shown.

mod json;
mod sarif;
mod text;

pub use json::json;
pub use sarif::sarif;
pub use text::text;

use super::judge::{Judged, Located};
use super::status::RowStatus;

/// What was judged in one folder.
#[derive(Debug)]
pub struct Verdict {
    /// The folder, as given.
    pub path: String,
    /// What was judged.
    pub judged: Judged,
    /// Status of each requirement.
    pub rows: Vec<RowStatus>,
}

/// `file:line`, or what is known of it.
fn place(located: &Located) -> String {
    match located.line {
        Some(line) => format!("{}:{line}", located.file),
        None => located.file.clone(),
    }
}
