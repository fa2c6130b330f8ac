//! How a question reaches a person. Two ways: a terminal whose cursor moves (dialoguer), and line by line
//! ([`super::lines`]), for `TERM=dumb`. What is asked, and in which order, is the business of [`super::prompt`].

use std::fmt;
use std::io::ErrorKind;

use dialoguer::console::{Term, truncate_str};
use dialoguer::theme::Theme;
use dialoguer::{Input, MultiSelect, Select};

use super::sanitize;
use super::style::{Style, styled};
use crate::answers::PromptError;

/// The gestures that prompts are made of.
pub(super) trait Screen {
    /// Shows a line.
    fn say(&mut self, text: &str, style: Style);
    /// Reads one line of text; an empty one is returned as it is.
    fn line(&mut self, default: Option<&str>) -> Result<String, PromptError>;
    /// Has one item chosen.
    fn one(&mut self, items: &[String], default: usize) -> Result<usize, PromptError>;
    /// Has any number of items chosen.
    fn many(&mut self, items: &[String], chosen: &[bool]) -> Result<Vec<usize>, PromptError>;
}

/// A terminal whose cursor moves.
pub(super) struct Cursor {
    term: Term,
    /// Above a list of boxes: which keys do what.
    pub keys: &'static str,
}

impl Cursor {
    pub fn new(keys: &'static str) -> Self {
        Self { term: Term::stderr(), keys }
    }

    /// Lines longer than the screen would be counted wrong when the list is drawn again.
    fn fitted(&self, items: &[String]) -> Vec<String> {
        let width = usize::from(self.term.size().1).saturating_sub(8).max(20);
        items.iter().map(|item| truncate_str(&sanitize::line(item), width, "…").into_owned()).collect()
    }
}

impl Screen for Cursor {
    fn say(&mut self, text: &str, style: Style) {
        super::say(&styled(&sanitize::lines(text), style));
    }

    fn line(&mut self, default: Option<&str>) -> Result<String, PromptError> {
        let mut input = Input::<String>::with_theme(&Plain).with_prompt("").allow_empty(true);
        if let Some(default) = default {
            input = input.default(sanitize::line(default).into_owned()).show_default(true);
        }
        let typed = input.interact_text_on(&self.term).map_err(failure)?;
        // An accepted default comes back as it was shown: the caller takes its own.
        Ok(if default.is_some_and(|d| sanitize::line(d) == typed) { String::new() } else { typed })
    }

    fn one(&mut self, items: &[String], default: usize) -> Result<usize, PromptError> {
        let items = self.fitted(items);
        let chosen = Select::with_theme(&Plain).items(&items).default(default).interact_on(&self.term).map_err(failure)?;
        self.say(&format!("  → {}", items.get(chosen).map_or("", String::as_str)), Style::Right);
        Ok(chosen)
    }

    fn many(&mut self, items: &[String], chosen: &[bool]) -> Result<Vec<usize>, PromptError> {
        let items = self.fitted(items);
        self.say(self.keys, Style::Faint);
        let chosen = MultiSelect::with_theme(&Plain).items(&items).defaults(chosen).interact_on(&self.term).map_err(failure)?;
        let titles: Vec<&str> = chosen.iter().filter_map(|i| items.get(*i).map(String::as_str)).collect();
        self.say(&format!("  → {}", if titles.is_empty() { "—".to_owned() } else { titles.join(", ") }), Style::Right);
        Ok(chosen)
    }
}

pub(super) fn failure(error: dialoguer::Error) -> PromptError {
    let dialoguer::Error::IO(error) = error;
    io_failure(&error)
}

pub(super) fn io_failure(error: &std::io::Error) -> PromptError {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::UnexpectedEof | ErrorKind::NotConnected => PromptError::Interrupted,
        _ => PromptError::Failed(error.to_string()),
    }
}

/// No word of English, no colour: titles and help are shown above.
struct Plain;

impl Theme for Plain {
    fn format_input_prompt(&self, f: &mut dyn fmt::Write, _prompt: &str, default: Option<&str>) -> fmt::Result {
        match default {
            Some(default) => write!(f, "  [{default}] > "),
            None => write!(f, "  > "),
        }
    }

    fn format_input_prompt_selection(&self, f: &mut dyn fmt::Write, _prompt: &str, sel: &str) -> fmt::Result {
        write!(f, "  → {}", sanitize::line(sel))
    }
}
