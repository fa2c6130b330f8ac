//! `mirai-kit rgpd`: from the description of the data to its SQL and documents, and back from a live database. One file per
//! command.

mod check;
mod diff;
mod import;
mod init;
mod options;
mod project;
mod questions;
mod render;

use clap::{ArgMatches, Command};

use super::define::family;
use super::{Exit, Failed, usage};
use crate::text::{Lang, Problem, Text};

/// Name of the family.
pub(super) const NAME: &str = "rgpd";

pub(super) fn command(lang: Lang) -> Command {
    family(
        NAME,
        lang,
        &Text::new("Décrit les données, et tout ce qui en découle (EXI-DATA-2)", "Describes the data, and all that follows (EXI-DATA-2)"),
    )
    .subcommand(init::command(lang))
    .subcommand(import::command(lang))
    .subcommand(render::command(lang))
    .subcommand(diff::command(lang))
    .subcommand(check::command(lang))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    match arguments.subcommand() {
        Some((init::NAME, arguments)) => init::run(arguments, lang),
        Some((import::NAME, arguments)) => import::run(arguments, lang),
        Some((render::NAME, arguments)) => render::run(arguments, lang),
        Some((diff::NAME, arguments)) => diff::run(arguments, lang),
        Some((check::NAME, arguments)) => check::run(arguments, lang),
        _ => Err((Exit::Usage, vec![usage::missing_subcommand(NAME)])),
    }
}

fn failure(problem: Problem) -> Failed {
    (Exit::Failure, vec![problem])
}

fn invalid(problems: Vec<Problem>) -> Failed {
    (Exit::Invalid, problems)
}
