//! SIGINT and SIGTERM. During the work they raise the writer's [`Cancel`] flag, and a second one ends the program at once
//! (the writer survives that too). At a prompt, where the program waits for a key, a thread puts the terminal back as it
//! was found and ends the program: a flag would only be seen after the next key.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::apply::Cancel;
use crate::cli::Exit;
use crate::text::Lang;

/// What is watched.
#[derive(Debug)]
pub struct Watch {
    prompting: Arc<AtomicBool>,
    left: Arc<AtomicBool>,
    lang: Lang,
}

impl Watch {
    /// Starts watching. With `interactive`, the terminal's state is kept to be put back.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn start(cancel: &Cancel, interactive: bool, lang: Lang) -> io::Result<Self> {
        let watch = Self { prompting: Arc::new(AtomicBool::new(interactive)), left: Arc::default(), lang };
        // At a prompt the console library answers any signal by raising SIGINT once more: that one is not a person's second
        // request, so the thread arms the immediate end, once the questions are over.
        let armed = if interactive { Arc::default() } else { cancel.flag() };
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal raises the flag, the second finds it raised.
            flag::register_conditional_shutdown(signal, i32::from(Exit::Interrupted as u8), Arc::clone(&armed))?;
            flag::register(signal, cancel.flag())?;
        }
        if interactive {
            watch.spawn(armed)?;
        }
        Ok(watch)
    }

    /// The questions are over: from now on signals only raise the flag.
    pub fn working(&self) {
        self.prompting.store(false, Ordering::SeqCst);
    }

    /// Says that nothing was written, once, even when the thread got there first.
    #[must_use]
    pub fn leave(&self) -> Exit {
        if self.left.swap(true, Ordering::SeqCst) {
            // The thread is ending the program.
            std::thread::park_timeout(std::time::Duration::from_secs(1));
        } else {
            farewell(self.lang);
        }
        Exit::Interrupted
    }

    #[cfg(unix)]
    fn spawn(&self, armed: Arc<AtomicBool>) -> io::Result<()> {
        use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
        let saved = tcgetattr(io::stdin())?;
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
        let (prompting, left, lang) = (Arc::clone(&self.prompting), Arc::clone(&self.left), self.lang);
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for _ in signals.forever() {
                if !prompting.load(Ordering::SeqCst) {
                    armed.store(true, Ordering::SeqCst);
                } else if !left.swap(true, Ordering::SeqCst) {
                    // Nothing can be done when the terminal is gone.
                    let _ = tcsetattr(io::stdin(), OptionalActions::Now, &saved);
                    farewell(lang);
                    std::process::exit(i32::from(Exit::Interrupted as u8));
                }
            }
        })?;
        Ok(())
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "same shape on every system")]
    fn spawn(&self, _armed: Arc<AtomicBool>) -> io::Result<()> {
        Ok(())
    }
}

/// Shows the cursor again (prompts hide it) and says that nothing was written.
fn farewell(lang: Lang) {
    let show_cursor = if super::style::is_dumb() { "" } else { "\u{1b}[?25h" };
    let text = match lang {
        Lang::Fr => "Interrompu : rien n'a été écrit.",
        Lang::En => "Interrupted: nothing was written.",
    };
    let _ = write!(io::stderr().lock(), "{show_cursor}\n{text}\n");
}
