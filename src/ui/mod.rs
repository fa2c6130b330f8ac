//! What the user sees: data on stdout, messages on stderr.

use std::io::Write as _;

use crate::text::{Lang, Problem};

/// Writes data to stdout.
pub fn data(text: &str) {
    // A reader that closed the pipe has what it wanted.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Writes problems to stderr.
pub fn report(problems: &[Problem], lang: Lang) {
    let mut err = std::io::stderr().lock();
    for problem in problems {
        let at = if problem.at.is_empty() { String::new() } else { format!("{}: ", problem.at) };
        let _ = writeln!(err, "{at}{}", problem.what.get(lang));
        if let Some(hint) = &problem.hint {
            let _ = writeln!(err, "  → {}", hint.get(lang));
        }
    }
}
