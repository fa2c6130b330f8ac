//! `mirai-kit db bump`: the next generation, restored from the last archived log of the current one.

use clap::{ArgMatches, Command};

use super::super::define::base;
use super::super::{Exit, Failed, prepared};
use crate::deploy::database::Start;
use crate::text::{Lang, Text};

pub(super) const NAME: &str = "bump";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new(
        "Prépare la génération suivante, restaurée depuis la sauvegarde de la courante",
        "Prepares the next generation, restored from the current one's backup",
    );
    prepared::arguments(base(NAME, lang, &about), lang).arg(super::environment(lang).required(true))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    super::next(arguments, &Start::default(), lang)
}
