//! `mirai-kit db restore`: the next generation, as the database was at an instant.

use clap::{ArgMatches, Command};

use super::super::define::{base, option};
use super::super::{Exit, Failed, prepared};
use crate::date;
use crate::deploy::database::Start;
use crate::text;
use crate::text::{Lang, Problem, Text};

pub(super) const NAME: &str = "restore";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new(
        "Prépare la génération suivante, telle que la base était à un instant",
        "Prepares the next generation, as the database was at an instant",
    );
    let to = Text::new("Instant à retrouver (RFC 3339 : 2026-03-01T10:15:00+01:00)", "Instant to go back to (RFC 3339: 2026-03-01T10:15:00+01:00)");
    let generation =
        Text::new("Génération dont lire les sauvegardes (par défaut : la courante)", "Generation whose backups to read (default: the current one)");
    prepared::arguments(base(NAME, lang, &about), lang)
        .arg(super::environment(lang).required(true))
        .arg(option("to", lang, &Text::new("INSTANT", "TIME"), &to).required(true))
        .arg(option("generation", lang, &Text::new("NUMÉRO", "NUMBER"), &generation).value_parser(clap::value_parser!(i64).range(1..)))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let instant = arguments.get_one::<String>("to").cloned().unwrap_or_default();
    let wrong = |what: Text| {
        let hint = Text::new("écrivez par exemple 2026-03-01T10:15:00+01:00", "write for example 2026-03-01T10:15:00+01:00");
        (Exit::Usage, vec![Problem::new("--to", what).hint(hint)])
    };
    let Some(seconds) = date::instant(&instant) else {
        return Err(wrong(text!(
            "{instant:?} n'est pas un instant avec son fuseau (RFC 3339)",
            "{instant:?} is no instant with its zone (RFC 3339)"
        )));
    };
    if seconds > prepared::now()?.seconds {
        return Err(wrong(text!("{instant} est à venir : aucune sauvegarde n'y mène", "{instant} is to come: no backup leads there")));
    }
    super::next(arguments, &Start { instant: Some(instant), from: arguments.get_one::<i64>("generation").copied() }, lang)
}
