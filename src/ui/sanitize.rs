//! Terminal escapes, control characters and text-direction marks that come from an answer, a path or a file are shown,
//! never obeyed (Helm's GHSA-c38g-469g-cmgx printed them raw; "Trojan Source" reverses text with the others).

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text on one line: every hostile character, newlines included, is replaced by its visible escape (`\u{1b}`).
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    replaced(text, |c| hostile(c) || c == '\n')
}

/// The text with its newlines and tabs, other hostile characters being replaced.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    replaced(text, |c| hostile(c) && c != '\t')
}

/// JSON that stays the same value and holds no hostile character (serde escapes only those below U+0020).
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hostile) {
        return Cow::Borrowed(text);
    }
    let mut output = String::with_capacity(text.len());
    for c in text.chars() {
        if hostile(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(output, "\\u{unit:04x}");
            }
        } else {
            output.push(c);
        }
    }
    Cow::Owned(output)
}

fn replaced(text: &str, refused: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&refused) {
        return Cow::Borrowed(text);
    }
    let mut output = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if refused(c) {
            output.extend(c.escape_default());
        } else {
            output.push(c);
        }
    }
    Cow::Owned(output)
}

/// Everything but `\n` that moves the cursor, drives the terminal, hides or reverses text.
fn hostile(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::{json, line, lines};

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in ["", "Démo n° 1 — « été »", "日本語", "a b", "π"] {
            assert_eq!(line(text), text);
            assert_eq!(lines(text), text);
            assert_eq!(json(text), text);
        }
    }

    #[test]
    fn what_drives_a_terminal_is_shown() {
        assert_eq!(line("a\u{1b}]0;x\u{7}b"), "a\\u{1b}]0;x\\u{7}b");
        assert_eq!(line("a\r\nb\tc"), "a\\r\\nb\\tc");
        assert_eq!(line("\u{9b}31m"), "\\u{9b}31m", "the C1 form of ESC [");
        assert_eq!(line("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
        assert_eq!(lines("a\n\tb\u{1b}c"), "a\n\tb\\u{1b}c");
    }

    #[test]
    fn json_keeps_its_value() {
        let hostile = "a\u{7f}\u{9b}\u{202e}\u{e0041}é";
        let raw = serde_json::to_string(hostile).unwrap();
        let safe = json(&raw);
        assert!(safe.chars().all(|c| !super::hostile(c)), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), hostile);
    }
}
