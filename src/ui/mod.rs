//! What the user sees: data on stdout, messages on stderr; questions, progress, and the terminal left as it was found.
//! Called by `cli` alone.

pub mod columns;
pub mod interrupt;
mod lines;
mod progress;
mod prompt;
mod review;
pub mod sanitize;
mod screen;
pub mod style;

use std::io::{self, ErrorKind, IsTerminal, Write as _};

pub use progress::Progress;
pub use prompt::Session;
pub use review::Decision;

use crate::text;
use crate::text::{Lang, Problem};
use style::{Style, styled};

/// Writes data to stdout: exact when it goes to a file or a pipe, without hostile characters on a terminal.
///
/// # Errors
/// When stdout cannot be written. A reader that closed the pipe has what it wanted: that is no error.
pub fn data(text: &str) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    let shown = if out.is_terminal() { sanitize::lines(text) } else { text.into() };
    checked(out.write_all(shown.as_bytes()).and_then(|()| out.flush()))
}

/// Writes bytes that the program itself made (help, completions, manual) to stdout.
///
/// # Errors
/// As [`data`].
pub fn raw(bytes: &[u8]) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    checked(out.write_all(bytes).and_then(|()| out.flush()))
}

fn checked(written: io::Result<()>) -> Result<(), Problem> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Problem::new("", text!("écriture impossible sur la sortie : {error}", "cannot write to the output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes one message line to stderr. A stderr that is closed is no reason to fail.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whether a person can be asked: both ends are a terminal.
#[must_use]
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Writes problems to stderr, all of them, in the order of the places they point at.
pub fn report(problems: &[Problem], lang: Lang) {
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    // A stable sort: those without a line keep the order of the questions, after the others.
    sorted.sort_by_key(|problem| place(&problem.at));
    let mut text = String::new();
    for problem in sorted {
        text.push_str(&shown(problem, lang));
    }
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// One problem: `place: message`, then what to do.
fn shown(problem: &Problem, lang: Lang) -> String {
    let at = sanitize::line(&problem.at);
    let at = if at.is_empty() { String::new() } else { format!("{}: ", styled(&at, Style::Strong)) };
    let what = styled(&sanitize::line(problem.what.get(lang)), Style::Wrong);
    let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!("  → {}\n", sanitize::line(hint.get(lang))));
    format!("{at}{what}\n{hint}")
}

/// `file:line:column` as a sorting key; what has no line comes last.
fn place(at: &str) -> (bool, String, u64, u64) {
    let first = at.split(", ").next().unwrap_or(at);
    let mut parts = first.rsplitn(3, ':');
    let (column, line, file) = (parts.next(), parts.next(), parts.next());
    match (file, line.and_then(|l| l.parse().ok()), column.and_then(|c| c.parse().ok())) {
        (Some(file), Some(line), Some(column)) => (false, file.to_owned(), line, column),
        _ => (true, String::new(), 0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::{place, shown};
    use crate::text::{Lang, Problem, Text};

    #[test]
    fn places_sort_by_number_and_those_without_a_line_come_last() {
        let mut at = ["--set b", "f.yaml:10:2", "f.yaml:9:40", "a", "e.yaml:12:1, e.yaml:14:1"];
        at.sort_by_key(|at| place(at));
        assert_eq!(at, ["e.yaml:12:1, e.yaml:14:1", "f.yaml:9:40", "f.yaml:10:2", "--set b", "a"]);
    }

    #[test]
    fn a_problem_cannot_drive_the_terminal() {
        let problem = Problem::new("\u{1b}[2J.yaml:1:1", Text::new("clé \u{1b}]0;x\u{7}", "")).hint(Text::new("a\nb", ""));
        assert_eq!(shown(&problem, Lang::Fr), "\\u{1b}[2J.yaml:1:1: clé \\u{1b}]0;x\\u{7}\n  → a\\nb\n");
    }
}
