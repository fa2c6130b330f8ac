//! Arguments that several commands of the family take.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::cli::define::{flag, option, positional};
use crate::text::{Lang, Text};

/// The project, by its folder.
pub(super) fn folder(lang: Lang) -> Arg {
    let help = Text::new(
        "Dépôt de l'application, ou dossier qui tient modele.yaml (par défaut : le dossier courant)",
        "Application repository, or folder that holds modele.yaml (default: the current folder)",
    );
    positional("folder", lang, &Text::new("DOSSIER", "DIR"), &help).required(false).value_parser(clap::value_parser!(PathBuf))
}

pub(super) fn folder_of(arguments: &ArgMatches) -> &Path {
    arguments.get_one::<PathBuf>("folder").map_or(Path::new("."), |p| p.as_path())
}

/// A database, by its address.
pub(super) fn database(id: &'static str, lang: Lang) -> Arg {
    let help = Text::new(
        "Base : postgres://rôle@hôte:port/base?sslmode=verify-full&sslrootcert=ca.pem ; mot de passe : PGPASSWORD ou .pgpass, jamais affiché",
        "Database: postgres://role@host:port/name?sslmode=verify-full&sslrootcert=ca.pem; password: PGPASSWORD or .pgpass, never shown",
    );
    option(id, lang, &Text::new("ADRESSE", "ADDRESS"), &help)
}

/// Answers given beforehand.
pub(super) fn answers(command: Command, lang: Lang) -> Command {
    let file = Text::new("Fichier de réponses : une ligne `clé: valeur` par réponse", "Answers file: one `key: value` line per answer");
    let set = Text::new("Une réponse, en YAML, répétable", "One answer, in YAML, repeatable");
    command
        .arg(option("answers", lang, &Text::new("FICHIER.yaml", "FILE.yaml"), &file).value_parser(clap::value_parser!(PathBuf)))
        .arg(option("set", lang, &Text::new("CLÉ=VALEUR", "KEY=VALUE"), &set).action(ArgAction::Append))
}

/// Writes nothing.
pub(super) fn dry_run(lang: Lang) -> Arg {
    flag("dry_run", lang, &Text::new("N'écrit rien : dit seulement ce qui le serait", "Writes nothing: only tells what would be"))
}
