//! `mirai-kit completions` and `mirai-kit man`: made from the same definition as the parser, so that they cannot drift.

use clap::{ArgMatches, Command};
use clap_complete::Shell;

use super::define::{self, base, positional};
use super::{Exit, Failed};
use crate::text::{Lang, Problem, Text};
use crate::{text, ui};

/// Name of the command that prints completions.
pub(super) const COMPLETIONS: &str = "completions";
/// Name of the command that prints the manual.
pub(super) const MAN: &str = "man";

pub(super) fn completions_command(lang: Lang) -> Command {
    base(COMPLETIONS, lang, &Text::new("Écrit le script de complétion d'un shell", "Prints the completion script of a shell")).arg(
        positional(
            "shell",
            lang,
            &Text::new("SHELL", "SHELL"),
            &Text::new("bash, zsh, fish, powershell ou elvish", "bash, zsh, fish, powershell or elvish"),
        )
        .value_parser(clap::value_parser!(Shell)),
    )
}

pub(super) fn man_command(lang: Lang) -> Command {
    base(MAN, lang, &Text::new("Écrit la page de manuel (roff)", "Prints the manual page (roff)"))
}

pub(super) fn completions(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let Some(shell) = arguments.get_one::<Shell>("shell") else { return Err((Exit::Usage, vec![super::usage::missing_command()])) };
    let mut page = Vec::new();
    clap_complete::generate(*shell, &mut define::command(lang), "mirai-kit", &mut page);
    print(&page)
}

pub(super) fn man(lang: Lang) -> Result<Exit, Failed> {
    let mut command = define::command(lang);
    command.build();
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command.clone()).render(&mut page).and_then(|()| {
        // One page holds every command: there are few of them.
        command.get_subcommands().try_for_each(|sub| section(sub, &mut page))
    });
    if let Err(error) = rendered {
        return Err((Exit::Failure, vec![Problem::new("", text!("manuel impossible à écrire : {error}", "the manual cannot be written: {error}"))]));
    }
    print(&page)
}

/// A command of the manual, then those below it.
fn section(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let man = clap_mangen::Man::new(command.clone());
    page.extend_from_slice(format!(".SH \"{}\"\n", command.get_bin_name().unwrap_or(command.get_name())).as_bytes());
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    command.get_subcommands().try_for_each(|sub| section(sub, page))
}

fn print(page: &[u8]) -> Result<Exit, Failed> {
    ui::raw(page).map_err(|p| (Exit::Failure, vec![p]))?;
    Ok(Exit::Done)
}
