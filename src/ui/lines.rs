//! Questions line by line, for a terminal that cannot move its cursor (`TERM=dumb`): lists are numbered.

use std::io::{self, BufRead as _, Write as _};

use super::sanitize;
use super::screen::{Screen, io_failure};
use super::style::Style;
use crate::answers::PromptError;
use crate::text::{Lang, Text};

/// Such a terminal.
pub(super) struct Lines {
    pub lang: Lang,
}

impl Lines {
    fn numbered(items: &[String], mark: impl Fn(usize) -> &'static str) {
        for (i, item) in items.iter().enumerate() {
            super::say(&format!("  {}{}. {}", mark(i), i + 1, sanitize::line(item)));
        }
    }

    fn refuse(&self) {
        super::say(Text::new("  répondez par les numéros de la liste", "  answer with the numbers of the list").get(self.lang));
    }

    fn read(prompt: &str) -> Result<String, PromptError> {
        let _ = write!(io::stderr().lock(), "{prompt}");
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            // The terminal is gone, or Ctrl-D.
            Ok(0) => Err(PromptError::Interrupted),
            Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) => Err(io_failure(&error)),
        }
    }
}

impl Screen for Lines {
    fn say(&mut self, text: &str, _style: Style) {
        super::say(&sanitize::lines(text));
    }

    fn line(&mut self, default: Option<&str>) -> Result<String, PromptError> {
        Self::read(&default.map_or_else(|| "  > ".to_owned(), |d| format!("  [{}] > ", sanitize::line(d))))
    }

    fn one(&mut self, items: &[String], default: usize) -> Result<usize, PromptError> {
        Self::numbered(items, |_| "");
        loop {
            let typed = self.line(Some(&(default + 1).to_string()))?;
            match typed.trim() {
                "" => return Ok(default),
                number => match number.parse::<usize>() {
                    Ok(n) if (1..=items.len()).contains(&n) => return Ok(n - 1),
                    _ => self.refuse(),
                },
            }
        }
    }

    fn many(&mut self, items: &[String], chosen: &[bool]) -> Result<Vec<usize>, PromptError> {
        Self::numbered(items, |i| if chosen.get(i) == Some(&true) { "[x] " } else { "[ ] " });
        let given: Vec<usize> = (0..items.len()).filter(|i| chosen.get(*i) == Some(&true)).collect();
        let default = given.iter().map(|i| (i + 1).to_string()).collect::<Vec<_>>().join(" ");
        super::say(Text::new("  numéros séparés par des espaces, 0 pour aucun", "  numbers separated by spaces, 0 for none").get(self.lang));
        loop {
            let typed = self.line(Some(&default))?;
            if typed.trim().is_empty() {
                return Ok(given);
            }
            if typed.trim() == "0" {
                return Ok(Vec::new());
            }
            let numbers: Result<Vec<usize>, _> = typed.split([' ', ',']).filter(|n| !n.is_empty()).map(str::parse::<usize>).collect();
            match numbers {
                Ok(numbers) if numbers.iter().all(|n| (1..=items.len()).contains(n)) => {
                    return Ok((0..items.len()).filter(|i| numbers.contains(&(i + 1))).collect());
                }
                _ => self.refuse(),
            }
        }
    }
}
