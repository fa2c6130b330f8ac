//! `mirai-kit promote`: what an environment runs, prepared as a reviewed change for the next one.

use clap::{ArgAction, ArgMatches, Command};

use super::define::{base, option};
use super::{Exit, Failed, prepared};
use crate::deploy::promote::{Asked, promote};
use crate::digest;
use crate::text;
use crate::text::{Lang, Text};
use crate::ui;

/// Name of the command.
pub(super) const NAME: &str = "promote";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new(
        "Prépare la promotion d'un environnement vers un autre : une branche à relire",
        "Prepares the promotion of an environment to another: a branch to review",
    );
    let environment = Text::new("ENV", "ENVIRONMENT");
    let from = Text::new("Environnement où tout a été essayé", "Environment where everything was tested");
    let to = Text::new("Environnement à mettre à jour", "Environment to update");
    let revision = Text::new(
        "Étiquette à poser sur les dépôts de charts qui ont changé (par défaut : la suivante)",
        "Tag to make on the chart repositories that changed (default: the next one)",
    );
    let only = Text::new("Chart à promouvoir, répétable (par défaut : tous)", "Chart to promote, repeatable (default: all)");
    prepared::arguments(base(NAME, lang, &about), lang)
        .arg(option("from", lang, &environment, &from).required(true))
        .arg(option("to", lang, &environment, &to).required(true))
        .arg(option("revision", lang, &Text::new("ÉTIQUETTE", "TAG"), &revision))
        .arg(option("only", lang, &Text::new("CHART", "NAME"), &only).action(ArgAction::Append))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let said = |id: &str| arguments.get_one::<String>(id).cloned();
    let asked = Asked {
        from: said("from").unwrap_or_default(),
        to: said("to").unwrap_or_default(),
        revision: said("revision"),
        only: arguments.get_many::<String>("only").into_iter().flatten().cloned().collect(),
    };
    let project = prepared::open(arguments)?;
    let promotion = promote(&project, &asked).map_err(prepared::refused)?;
    for told in &promotion.told {
        ui::say(told.get(lang));
    }
    prepared::tell_absent(&project, lang);
    let (from, to) = (&asked.from, &asked.to);
    if promotion.changes.is_empty() && promotion.tags.is_empty() {
        ui::say(text!("Rien à promouvoir de {from} vers {to}.", "Nothing to promote from {from} to {to}.").get(lang));
        return Ok(Exit::Done);
    }
    let mut contents = String::new();
    for (path, (_, after)) in promotion.changes.iter().flat_map(|c| &c.files) {
        contents.extend([path, "\n", after, "\n"]);
    }
    // Named by what it changes: the same promotion has the same branch.
    let branch = format!("promotion/{to}-{}", &digest::sha256(contents.as_bytes())[..8]);
    let mut last = Vec::new();
    if project.console {
        last.push(text!(
            "sur Cloud π Native, la révision de {to} se saisit dans la console (docs/exploitation/console-cloud-pi-native.md)",
            "on Cloud π Native, {to}'s revision is entered in the console (docs/exploitation/console-cloud-pi-native.md)"
        ));
    }
    let message =
        format!("Promotion de {from} vers {to}\n\n{}\n", promotion.told.iter().map(|t| format!("- {}", t.fr)).collect::<Vec<_>>().join("\n"));
    let prepared = prepared::Prepared { project: &project, changes: &promotion.changes, branch, message, tags: &promotion.tags, last };
    prepared.write(arguments.get_flag("dry_run"), lang)
}
