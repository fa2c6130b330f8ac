//! `mirai-kit next`: the first outside request that is not done, read from `demarches.yaml`.

use std::path::Path;

use clap::{ArgMatches, Command};

use super::define::{base, positional};
use super::{Exit, Failed};
use crate::demarches::Project;
use crate::text::{Lang, Text};
use crate::ui;

/// Name of the command.
pub(super) const NAME: &str = "next";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new("Montre la première démarche qui reste à faire", "Shows the first step that is not done");
    let help = Text::new(
        "Dépôt de l'application, ou dossier qui le contient (par défaut : le dossier courant)",
        "Application repository, or the folder that holds it (default: the current folder)",
    );
    let folder =
        positional("folder", lang, &Text::new("DOSSIER", "DIR"), &help).required(false).value_parser(clap::value_parser!(std::path::PathBuf));
    base(NAME, lang, &about).arg(folder)
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let folder = arguments.get_one::<std::path::PathBuf>("folder").map_or(Path::new("."), |p| p.as_path());
    let page = Project::open(folder).and_then(|project| project.next_page(lang).map_err(|p| vec![p])).map_err(|p| (Exit::Invalid, p))?;
    ui::data(&page).map_err(|p| (Exit::Failure, vec![p]))?;
    Ok(Exit::Done)
}
