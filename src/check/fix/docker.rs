//! Dockerfiles: the number of a user that the same file creates.

use super::Edit;
use crate::yaml::line_span;

/// `USER name` becomes its number, when one command of the file gives it.
pub(super) fn user(text: &str, line: usize) -> Option<Edit> {
    let (start, content) = line_span(text, line)?;
    let rest = content.trim_start();
    let value = rest.get(..5).filter(|word| word.eq_ignore_ascii_case("USER ")).and_then(|word| rest.get(word.len()..))?.trim_start();
    let name = value.split([':', ' ', '\t']).next()?;
    let named = !name.is_empty() && name != "root" && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !named || name.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = number(text, name)?;
    let at = start + content.len() - value.len();
    Some(Edit { start: at, end: at + name.len(), text: number, rule: "dockerfile-user-number" })
}

/// The one number that commands of the file give to a user.
fn number(text: &str, name: &str) -> Option<String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut numbers: Vec<String> = Vec::new();
    for command in joined.split(['\n', ';', '&', '|']) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let creates = words.iter().any(|w| matches!(w.rsplit('/').next(), Some("useradd" | "adduser")));
        if !creates || !words.contains(&name) {
            continue;
        }
        let given = words.iter().enumerate().find_map(|(index, word)| match *word {
            "-u" | "--uid" => words.get(index + 1).copied(),
            _ => word.strip_prefix("--uid=").or_else(|| word.strip_prefix("-u").filter(|n| n.bytes().all(|b| b.is_ascii_digit()) && !n.is_empty())),
        });
        numbers.push(given?.to_owned());
    }
    numbers.dedup();
    let [number] = numbers.as_slice() else { return None };
    number.parse::<u32>().ok().filter(|n| *n > 0).map(|n| n.to_string())
}
