//! Aligned columns on stdout. On a terminal the last column is folded below itself; in a file or a pipe each row stays on
//! one line, for `grep`. Without colour: nothing here needs one.

use std::io::IsTerminal as _;

use dialoguer::console::{Term, measure_text_width};

use super::sanitize;

/// Space between two columns.
const GAP: usize = 2;
/// Narrower than that, folding makes a text harder to read than a long line.
const NARROWEST: usize = 24;

/// Width of the terminal behind stdout, in columns; none when it is a file or a pipe.
#[must_use]
pub fn width() -> Option<usize> {
    let terminal = std::io::stdout().is_terminal();
    terminal.then(|| Term::stdout().size_checked().map(|(_, columns)| usize::from(columns))).flatten()
}

/// Rows of cells, aligned, each line after `indent` spaces. Hostile characters are shown, never obeyed.
#[must_use]
pub fn columns<const N: usize>(rows: &[[String; N]], indent: usize, width: Option<usize>) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| sanitize::line(cell).into_owned()).collect()).collect();
    let wide = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(wide).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = " ".repeat(indent);
        for (cell, width) in row.iter().zip(&widths).take(N.saturating_sub(1)) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width + GAP - measure_text_width(cell)));
        }
        let margin = measure_text_width(&line);
        let last = row.last().map_or("", String::as_str);
        for (number, part) in folded(last, width.map(|w| w.saturating_sub(margin))).iter().enumerate() {
            if number > 0 {
                line = " ".repeat(margin);
            }
            line.push_str(part);
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

/// The text cut at spaces into lines of at most `width` columns; a longer word has its own line.
fn folded(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width.filter(|w| *w >= NARROWEST) else { return vec![text.to_owned()] };
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if measure_text_width(line) + 1 + measure_text_width(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::columns;

    fn rows() -> [[String; 3]; 2] {
        [["EXI-G-1", "P", "une exigence assez longue pour être pliée"], ["EXI-ARCH-18", "I", "été"]].map(|r| r.map(str::to_owned))
    }

    #[test]
    fn columns_are_aligned_and_the_last_one_folds_below_itself() {
        assert_eq!(columns(&rows(), 2, None), "  EXI-G-1      P  une exigence assez longue pour être pliée\n  EXI-ARCH-18  I  été\n");
        let folded = "  EXI-G-1      P  une exigence assez\n                  longue pour être pliée\n  EXI-ARCH-18  I  été\n";
        assert_eq!(columns(&rows(), 2, Some(42)), folded);
    }

    #[test]
    fn a_terminal_too_narrow_is_left_to_fold_by_itself() {
        assert_eq!(columns(&rows(), 2, Some(30)), columns(&rows(), 2, None));
    }

    #[test]
    fn a_cell_cannot_break_its_row() {
        let hostile = [["a\nb".to_owned(), "\u{1b}[2J".to_owned()]];
        assert_eq!(columns(&hostile, 0, None), "a\\nb  \\u{1b}[2J\n");
    }
}
