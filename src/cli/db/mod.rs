//! `mirai-kit db`: generations of the database (EXI-ARCH-9), one file per action.

mod bump;
mod live;
mod restore;
mod status;

use clap::{Arg, ArgMatches, Command};

use super::define::{family, option};
use super::prepared::{self, Prepared};
use super::{Exit, Failed, usage};
use crate::deploy::database::{self, Start};
use crate::text;
use crate::text::{Lang, Text};
use crate::ui;

/// Name of the command.
pub(super) const NAME: &str = "db";

pub(super) fn command(lang: Lang) -> Command {
    family(NAME, lang, &Text::new("Suit et renouvelle la base de données d'un environnement", "Follows and renews the database of an environment"))
        .subcommand(bump::command(lang))
        .subcommand(restore::command(lang))
        .subcommand(status::command(lang))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    match arguments.subcommand() {
        Some((bump::NAME, arguments)) => bump::run(arguments, lang),
        Some((restore::NAME, arguments)) => restore::run(arguments, lang),
        Some((status::NAME, arguments)) => status::run(arguments, lang),
        _ => Err((Exit::Usage, vec![usage::missing_subcommand(NAME)])),
    }
}

fn environment(lang: Lang) -> Arg {
    option("env", lang, &Text::new("ENV", "ENVIRONMENT"), &Text::new("Environnement", "Environment"))
}

/// Prepares the next generation, from the backups that `start` names.
fn next(arguments: &ArgMatches, start: &Start, lang: Lang) -> Result<Exit, Failed> {
    let environment = arguments.get_one::<String>("env").cloned().unwrap_or_default();
    let project = prepared::open(arguments)?;
    let bump = database::bump(&project, &environment, start).map_err(prepared::refused)?;
    let (before, after, source) = (&bump.before, &bump.after, &bump.source);
    let until = start.instant.as_ref().map_or_else(
        || Text::new("jusqu'au dernier journal archivé", "up to the last archived log"),
        |instant| text!("arrêtée à {instant}", "stopped at {instant}"),
    );
    let (fr, en) = (&until.fr, &until.en);
    ui::say(
        text!(
            "{environment} : {before} → {after}, restaurée depuis {source}, {fr}",
            "{environment}: {before} → {after}, restored from {source}, {en}"
        )
        .get(lang),
    );
    for told in &bump.told {
        ui::say(told.get(lang));
    }
    let generation = after.rsplit("-g").next().unwrap_or_default();
    let last = vec![
        text!(
            "avant la fusion : une sauvegarde de {before} terminée et l'application arrêtée (ce qui serait écrit entre-temps resterait dans {before})",
            "before the merge: a finished backup of {before} and the application stopped (what is written meanwhile would stay in {before})"
        ),
        text!(
            "après : mirai-kit db status --env {environment} --kubeconfig FICHIER",
            "after: mirai-kit db status --env {environment} --kubeconfig FILE"
        ),
        text!(
            "{before} reste en place (Prune=false) : supprimez-la à la main quand {after} a été vérifiée",
            "{before} stays in place (Prune=false): delete it by hand once {after} has been checked"
        ),
    ];
    let prepared = Prepared {
        project: &project,
        changes: &bump.changes,
        branch: format!("base/{environment}-g{generation}"),
        message: format!("Base de {environment} : génération {generation}\n\n{after} est restaurée depuis {source}, {fr} (EXI-ARCH-9).\n"),
        tags: &std::collections::BTreeMap::new(),
        last,
    };
    prepared.write(arguments.get_flag("dry_run"), lang)
}
