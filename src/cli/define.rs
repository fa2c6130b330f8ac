//! The definition of the command line, from which parsing, help, manual and completions are made. An option cannot be
//! built without its two languages; clap's own English words (headings, default values) are replaced or left out.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{check, db, explain, new, next, pages, promote, requirements, rgpd};
use crate::text::{Lang, Text};

/// The whole command line, in one language.
#[must_use]
pub fn command(lang: Lang) -> Command {
    let name = "mirai-kit";
    family(
        name,
        lang,
        &Text::new(
            "Génère, vérifie et tient à jour des applications conformes au CCT Mirai",
            "Generates, checks and keeps up to date applications that conform to the CCT Mirai",
        ),
    )
    .version(env!("CARGO_PKG_VERSION"))
    .disable_version_flag(true)
    .arg(
        Arg::new("version")
            .long("version")
            .short('V')
            .action(ArgAction::Version)
            .help(Text::new("Affiche la version", "Prints the version").get(lang).to_owned()),
    )
    .arg(
        option(
            "lang",
            lang,
            &Text::new("LANGUE", "LANGUAGE"),
            &Text::new("Langue des messages : fr (défaut) ou en", "Language of the messages: fr (default) or en"),
        )
        .global(true)
        .default_value("fr")
        .value_parser(["fr", "en"]),
    )
    .after_help(exit_codes(lang))
    .subcommand(new::command(lang))
    .subcommand(next::command(lang))
    .subcommand(requirements::command(lang))
    .subcommand(check::command(lang))
    .subcommand(explain::command(lang))
    .subcommand(rgpd::command(lang))
    .subcommand(promote::command(lang))
    .subcommand(db::command(lang))
    .subcommand(pages::completions_command(lang))
    .subcommand(pages::man_command(lang))
}

/// A command, with its help and headings in one language.
pub(super) fn base(name: &'static str, lang: Lang, about: &Text) -> Command {
    let template = match lang {
        Lang::Fr => "{about}\n\nUsage : {usage}\n\n{all-args}{after-help}",
        Lang::En => "{about}\n\nUsage: {usage}\n\n{all-args}{after-help}",
    };
    let help = Text::new("Affiche cette aide", "Prints this help");
    Command::new(name)
        .about(about.get(lang).to_owned())
        .help_template(template)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .arg(Arg::new("help").long("help").short('h').action(ArgAction::Help).help(help.get(lang).to_owned()))
}

/// A command made of others, with their heading in one language.
pub(super) fn family(name: &'static str, lang: Lang, about: &Text) -> Command {
    base(name, lang, about)
        .subcommand_help_heading(Text::new("Commandes", "Commands").get(lang).to_owned())
        .subcommand_value_name(Text::new("COMMANDE", "COMMAND").get(lang).to_owned())
}

/// The form of an answer: for people, or for programs.
pub(super) fn form(lang: Lang) -> Arg {
    option("format", lang, &Text::new("FORME", "FORM"), &Text::new("text (défaut) ou json", "text (default) or json"))
        .value_parser(["text", "json"])
        .default_value("text")
}

/// Whether the answer is for programs.
pub(super) fn is_json(arguments: &ArgMatches) -> bool {
    arguments.get_one::<String>("format").is_some_and(|form| form == "json")
}

/// An option that takes a value.
pub(super) fn option(id: &'static str, lang: Lang, value: &Text, help: &Text) -> Arg {
    flag(id, lang, help).action(ArgAction::Set).value_name(value.get(lang).to_owned()).hide_default_value(true).hide_possible_values(true)
}

/// An option without a value. Underscores of the id are hyphens on the command line.
pub(super) fn flag(id: &'static str, lang: Lang, help: &Text) -> Arg {
    Arg::new(id).long(id.replace('_', "-")).action(ArgAction::SetTrue).help(help.get(lang).to_owned())
}

/// An argument known by its place.
pub(super) fn positional(id: &'static str, lang: Lang, value: &Text, help: &Text) -> Arg {
    Arg::new(id).value_name(value.get(lang).to_owned()).help(help.get(lang).to_owned()).required(true).hide_possible_values(true)
}

fn exit_codes(lang: Lang) -> String {
    Text::new(
        "Codes de retour :\n  0    fait\n  1    échec (disque, git, terminal)\n  2    ligne de commande incorrecte\n  3    réponses ou kit invalides, liste ou exigence inconnue\n  \
         4    conflits à résoudre\n  5    projet non conforme (check : ce que dit --fail-on), ou qui a dérivé\n  130  interrompu : rien n'a été écrit",
        "Exit codes:\n  0    done\n  1    failure (disk, git, terminal)\n  2    wrong command line\n  3    invalid answers or kit, unknown list or requirement\n  \
         4    conflicts left\n  5    project that does not conform (check: what --fail-on says), or has drifted\n  130  interrupted: nothing was written",
    )
    .get(lang)
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of a command, by the argument that carries it.
    fn texts(command: &Command, path: &str, out: &mut Vec<(String, String)>) {
        out.push((path.to_owned(), command.get_about().map(ToString::to_string).unwrap_or_default()));
        for argument in command.get_arguments() {
            out.push((format!("{path} {}", argument.get_id()), argument.get_help().map(ToString::to_string).unwrap_or_default()));
        }
        for sub in command.get_subcommands() {
            texts(sub, &format!("{path} {}", sub.get_name()), out);
        }
    }

    #[test]
    fn every_command_and_argument_has_both_languages() {
        let (mut fr, mut en) = (Vec::new(), Vec::new());
        texts(&command(Lang::Fr), "mirai-kit", &mut fr);
        texts(&command(Lang::En), "mirai-kit", &mut en);
        assert!(fr.len() > 15, "{} texts", fr.len());
        assert_eq!(fr.iter().map(|(id, _)| id).collect::<Vec<_>>(), en.iter().map(|(id, _)| id).collect::<Vec<_>>());
        for ((id, fr), (_, en)) in fr.iter().zip(&en) {
            assert!(!fr.is_empty() && !en.is_empty() && fr != en, "{id}: {fr:?} / {en:?}");
        }
    }

    #[test]
    fn the_definition_is_sound() {
        command(Lang::Fr).debug_assert();
        command(Lang::En).debug_assert();
    }

    /// The help of a command and of all those below it.
    fn render_all(command: &mut Command, pages: &mut Vec<String>) {
        pages.push(command.render_long_help().to_string());
        command.get_subcommands_mut().for_each(|sub| render_all(sub, pages));
    }

    #[test]
    fn no_english_word_of_clap_is_left_in_the_french_help() {
        let mut command = command(Lang::Fr);
        command.build();
        let mut pages = Vec::new();
        render_all(&mut command, &mut pages);
        assert!(pages.len() > 8, "{} pages", pages.len());
        for page in pages {
            for word in ["Usage:", "Print", "[default", "[possible", "Commands", "help for"] {
                assert!(!page.contains(word), "{word:?} in:\n{page}");
            }
        }
    }
}
