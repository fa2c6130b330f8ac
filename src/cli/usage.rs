//! Mistakes of the command line, in both languages: clap speaks English only.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::text;
use crate::text::{Problem, Text};

/// The problem that a parsing error stands for.
pub(super) fn problem(error: &clap::Error) -> Problem {
    let argument = word(error, ContextKind::InvalidArg);
    let value = word(error, ContextKind::InvalidValue);
    let problem = Problem::new(
        "",
        match error.kind() {
            ErrorKind::UnknownArgument => text!("option ou argument inconnu : `{argument}`", "unknown option or argument: `{argument}`"),
            ErrorKind::InvalidSubcommand => {
                let name = word(error, ContextKind::InvalidSubcommand);
                text!("commande inconnue : `{name}`", "unknown command: `{name}`")
            }
            ErrorKind::MissingSubcommand => return missing_command(),
            ErrorKind::MissingRequiredArgument => text!("il manque {argument}", "{argument} is missing"),
            ErrorKind::InvalidValue if value.is_empty() => text!("`{argument}` attend une valeur", "`{argument}` needs a value"),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
                text!("la valeur `{value}` ne convient pas à `{argument}`", "value `{value}` is not valid for `{argument}`")
            }
            ErrorKind::ArgumentConflict => {
                let other = word(error, ContextKind::PriorArg);
                if other == argument {
                    text!("`{argument}` est donné deux fois", "`{argument}` is given twice")
                } else {
                    text!("`{argument}` et `{other}` ne vont pas ensemble", "`{argument}` and `{other}` do not go together")
                }
            }
            ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
                text!("`{argument}` n'a pas le bon nombre de valeurs", "`{argument}` has the wrong number of values")
            }
            ErrorKind::NoEquals => text!("`{argument}` s'écrit avec `=`", "`{argument}` is written with `=`"),
            ErrorKind::InvalidUtf8 => Text::new("un argument n'est pas en UTF-8", "an argument is not UTF-8"),
            _ => {
                let detail = error.to_string();
                let detail = detail.trim().trim_start_matches("error: ");
                text!("ligne de commande incorrecte : {detail}", "wrong command line: {detail}")
            }
        },
    );
    problem.hint(hint(error))
}

/// No command at all.
pub(super) fn missing_command() -> Problem {
    Problem::new("", Text::new("il manque une commande", "a command is missing")).hint(Text::new(
        "par exemple `mirai-kit new mon-application` ; la liste : `mirai-kit --help`",
        "for example `mirai-kit new my-application`; the list: `mirai-kit --help`",
    ))
}

/// A command that is a family, without the one to run.
pub(super) fn missing_subcommand(family: &str) -> Problem {
    Problem::new("", text!("il manque une commande après `{family}`", "a command is missing after `{family}`"))
        .hint(text!("la liste : `mirai-kit {family} --help`", "the list: `mirai-kit {family} --help`"))
}

fn hint(error: &clap::Error) -> Text {
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(near) = near.into_iter().map(|kind| word(error, kind)).find(|w| !w.is_empty()) {
        return text!("vouliez-vous dire `{near}` ?", "did you mean `{near}`?");
    }
    let values = word(error, ContextKind::ValidValue);
    if !values.is_empty() {
        return text!("valeurs possibles : {values}", "possible values: {values}");
    }
    Text::new("l'aide : `mirai-kit --help`, ou `--help` après la commande", "help: `mirai-kit --help`, or `--help` after the command")
}

fn word(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}
