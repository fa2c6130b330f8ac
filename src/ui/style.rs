//! Whether colours may be used: `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM=dumb`, and a terminal at the other end.
//! Nothing is said by colour alone.

use std::io::IsTerminal;

/// A way to show a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// What matters.
    Strong,
    /// Help, hints.
    Faint,
    /// A refusal.
    Wrong,
    /// A thing done.
    Right,
}

/// Whether stderr takes colours.
fn on_stderr() -> bool {
    allowed(std::io::stderr().is_terminal(), &|key| std::env::var(key).ok())
}

/// Whether stdout takes colours.
#[must_use]
pub fn on_stdout() -> bool {
    allowed(std::io::stdout().is_terminal(), &|key| std::env::var(key).ok())
}

/// Whether the terminal cannot move its cursor: questions are then asked line by line.
#[must_use]
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// The text in a style, when stderr takes colours.
#[must_use]
pub fn styled(text: &str, style: Style) -> String {
    if !on_stderr() || text.is_empty() {
        return text.to_owned();
    }
    let code = match style {
        Style::Strong => "1",
        Style::Faint => "2",
        Style::Wrong => "31",
        Style::Right => "32",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// The conventions of <https://no-color.org> and <https://bixense.com/clicolors/>.
fn allowed(terminal: bool, environment: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |key: &str| environment(key).is_some_and(|v| !v.is_empty());
    if set("NO_COLOR") || environment("TERM").is_some_and(|t| t == "dumb") {
        return false;
    }
    if environment("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0") {
        return true;
    }
    terminal && environment("CLICOLOR").is_none_or(|v| v != "0")
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn conventions_are_kept() {
        let env = |pairs: &'static [(&str, &str)]| move |key: &str| pairs.iter().find(|(k, _)| *k == key).map(|(_, v)| (*v).to_owned());
        assert!(allowed(true, &env(&[])));
        assert!(!allowed(false, &env(&[])));
        assert!(!allowed(true, &env(&[("NO_COLOR", "1")])));
        assert!(allowed(true, &env(&[("NO_COLOR", "")])), "an empty NO_COLOR does not count");
        assert!(!allowed(true, &env(&[("TERM", "dumb")])));
        assert!(!allowed(true, &env(&[("CLICOLOR", "0")])));
        assert!(allowed(false, &env(&[("CLICOLOR_FORCE", "1")])));
        assert!(!allowed(false, &env(&[("CLICOLOR_FORCE", "0")])));
        assert!(!allowed(true, &env(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")])), "NO_COLOR wins");
    }
}
