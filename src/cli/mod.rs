//! The command line: the definition of every command in both languages, one file per command, thin. Every command ends
//! in an [`Exit`].

mod check;
mod clock;
mod db;
mod define;
mod exit;
mod explain;
mod limits;
mod new;
mod next;
mod pages;
mod prepared;
mod promote;
mod requirements;
mod rgpd;
mod translate;
mod usage;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::ArgMatches;
use clap::error::ErrorKind;

pub use define::command;
pub use exit::Exit;

use crate::text::{Lang, Problem};
use crate::ui;

/// How a command failed: the exit code, and what to show.
type Failed = (Exit, Vec<Problem>);

/// Parses the arguments and runs the command.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let lang = language(&arguments);
    let done = match command(lang).try_get_matches_from(arguments) {
        Ok(matches) => dispatch(&matches, lang),
        Err(error) => parsing(&error),
    };
    match done {
        Ok(exit) => exit.into(),
        Err((exit, problems)) => {
            ui::report(&problems, lang);
            exit.into()
        }
    }
}

fn dispatch(matches: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    match matches.subcommand() {
        Some((new::NAME, arguments)) => new::run(arguments, lang),
        Some((next::NAME, arguments)) => next::run(arguments, lang),
        Some((requirements::NAME, arguments)) => requirements::run(arguments, lang),
        Some((check::NAME, arguments)) => check::run(arguments, lang),
        Some((explain::NAME, arguments)) => explain::run(arguments, lang),
        Some((rgpd::NAME, arguments)) => rgpd::run(arguments, lang),
        Some((promote::NAME, arguments)) => promote::run(arguments, lang),
        Some((db::NAME, arguments)) => db::run(arguments, lang),
        Some((pages::COMPLETIONS, arguments)) => pages::completions(arguments, lang),
        Some((pages::MAN, _)) => pages::man(lang),
        _ => Err((Exit::Usage, vec![usage::missing_command()])),
    }
}

/// Help and version are answers, on stdout; the rest are mistakes of the command line.
fn parsing(error: &clap::Error) -> Result<Exit, Failed> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let page = error.render();
            let text = if ui::style::on_stdout() { page.ansi().to_string() } else { page.to_string() };
            ui::raw(text.as_bytes()).map_err(|p| (Exit::Failure, vec![p]))?;
            Ok(Exit::Done)
        }
        _ => Err((Exit::Usage, vec![usage::problem(error)])),
    }
}

/// The language is needed before parsing, for the help and the mistakes themselves. The last `--lang` wins.
fn language(arguments: &[OsString]) -> Lang {
    let mut lang = Lang::default();
    let mut arguments = arguments.iter().skip(1).take_while(|a| *a != "--").map(OsString::as_os_str);
    while let Some(argument) = arguments.next() {
        let value = if argument == "--lang" { arguments.next() } else { argument.to_str().and_then(|a| a.strip_prefix("--lang=")).map(OsStr::new) };
        lang = match value.and_then(OsStr::to_str) {
            Some("en") => Lang::En,
            Some("fr") => Lang::Fr,
            _ => lang,
        };
    }
    lang
}
