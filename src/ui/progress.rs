//! A progress bar on stderr, only when stderr is a terminal that can draw one.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::style;

/// The bar; removed when dropped, so that no message is written over it.
#[derive(Debug)]
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// A bar, or nothing when stderr is not such a terminal.
    #[must_use]
    pub fn new(message: &str) -> Self {
        if !std::io::stderr().is_terminal() || style::is_dumb() {
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message(message.to_owned());
        Self(Some(bar))
    }

    /// Shows how far the work is.
    pub fn at(&self, done: usize, total: usize) {
        if let Some(bar) = &self.0 {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
