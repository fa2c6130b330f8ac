//! `mirai-kit requirements`: the requirement lists, one file per question that is asked of them.

mod diff;
mod impact;
mod list;
pub(in crate::cli) mod show;

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

use super::define::{family, form, is_json, option};
use super::new::{load, read_text};
use super::{Exit, Failed, usage};
use crate::kit::Kit;
use crate::requirements::{Brought, How, List, Lists, RowRef};
use crate::text;
use crate::text::{Lang, Problem, Text};
use crate::ui;

/// Name of the command.
pub(super) const NAME: &str = "requirements";

/// The largest list: thirty times the longest one known.
const LIMIT: u64 = 4 * 1024 * 1024;

pub(super) fn command(lang: Lang) -> Command {
    family(NAME, lang, &Text::new("Consulte et compare les listes d'exigences", "Consults and compares the requirement lists"))
        .subcommand(sources(list::command(lang), lang))
        .subcommand(sources(show::command(lang), lang))
        .subcommand(sources(diff::command(lang), lang))
        .subcommand(sources(impact::command(lang), lang))
}

/// Where the lists come from, and the form of the answer: the same for the four commands.
fn sources(command: Command, lang: Lang) -> Command {
    let path = |arg: Arg| arg.value_parser(clap::value_parser!(PathBuf));
    let own = Text::new(
        "Liste de l'équipe, au même format (mesures d'homologation…), répétable",
        "A list of the team's own, in the same format (homologation measures…), repeatable",
    );
    command
        .arg(path(option("own", lang, &Text::new("FICHIER.yaml", "FILE.yaml"), &own).long("list").action(ArgAction::Append)))
        .arg(path(option(
            "kit",
            lang,
            &Text::new("DOSSIER", "DIR"),
            &Text::new("Kit à utiliser au lieu de celui du programme", "Kit to use instead of the program's own"),
        )))
        .arg(form(lang))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let Some((name, arguments)) = arguments.subcommand() else {
        return Err((Exit::Usage, vec![usage::missing_subcommand(NAME)]));
    };
    let invalid = |problems| (Exit::Invalid, problems);
    let room = Room::open(arguments, lang).map_err(invalid)?;
    let answer = match name {
        list::NAME => list::run(&room, arguments),
        show::NAME => show::run(&room, arguments),
        diff::NAME => diff::run(&room, arguments),
        _ => impact::run(&room, arguments),
    };
    let (text, json) = answer.map_err(|problem| invalid(vec![problem]))?;
    let shown = if is_json(arguments) { pretty(&json) } else { Ok(text) };
    shown.and_then(|shown| ui::data(&shown)).map_err(|problem| (Exit::Failure, vec![problem]))?;
    Ok(Exit::Done)
}

/// What a command answers: for people, and for programs.
pub(in crate::cli) type Answer = (String, Value);

pub(in crate::cli) fn pretty(json: &Value) -> Result<String, Problem> {
    let text =
        serde_json::to_string_pretty(json).map_err(|e| Problem::new("", text!("JSON impossible à écrire : {e}", "JSON cannot be written: {e}")))?;
    Ok(ui::sanitize::json(&text).into_owned() + "\n")
}

/// The lists, the kit whose modules bring evidence, and how to speak.
pub(in crate::cli) struct Room {
    pub(in crate::cli) kit: Kit,
    pub(in crate::cli) lists: Lists,
    /// Names of the lists given with `--list`.
    own: Vec<String>,
    pub(in crate::cli) lang: Lang,
    width: Option<usize>,
}

impl Room {
    fn open(arguments: &ArgMatches, lang: Lang) -> Result<Self, Vec<Problem>> {
        let kit = load(arguments.get_one::<PathBuf>("kit").map(PathBuf::as_path))?;
        let paths = arguments.get_many::<PathBuf>("own").into_iter().flatten();
        let mut texts = Vec::new();
        for path in paths {
            texts.push((path.display().to_string(), read_text(path, LIMIT).map_err(|p| vec![p])?));
        }
        let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let lists = Lists::load_with(&kit.files, &texts)?;
        let kept = lists.iter().count() - texts.len();
        let own = lists.iter().skip(kept).map(List::name).collect();
        Ok(Self { kit, lists, own, lang, width: ui::columns::width() })
    }

    /// The program's own kit and lists.
    pub(in crate::cli) fn embedded(lang: Lang) -> Result<Self, Vec<Problem>> {
        let kit = load(None)?;
        let lists = Lists::load(&kit.files)?;
        Ok(Self { kit, lists, own: Vec::new(), lang, width: ui::columns::width() })
    }

    /// A text in the chosen language.
    pub(in crate::cli) fn say(&self, fr: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Fr => fr,
            Lang::En => en,
        }
    }

    /// `label : value`, with the space that the language wants.
    pub(in crate::cli) fn labelled(&self, label: &str, value: &str) -> String {
        format!("{label}{} {value}", self.say(" :", ":"))
    }

    /// Between two remarks.
    fn then(&self) -> &'static str {
        self.say(" ; ", "; ")
    }

    pub(in crate::cli) fn columns<const N: usize>(&self, rows: &[[String; N]], indent: usize) -> String {
        ui::columns::columns(rows, indent, self.width)
    }

    /// How a facet is met, for people.
    fn how(&self, how: How) -> &'static str {
        match how {
            How::Generated => self.say("générée", "generated"),
            How::Checked => self.say("contrôlée", "checked"),
            How::Attested => self.say("attestée", "attested"),
        }
    }

    /// Two lists given as FROM and TO.
    fn two<'a>(&'a self, arguments: &ArgMatches) -> Result<(&'a List, &'a List), Problem> {
        let typed = |id: &str| arguments.get_one::<String>(id).map_or("", String::as_str);
        Ok((self.lists.find_list(typed("from"))?, self.lists.find_list(typed("to"))?))
    }
}

/// Two lists by their places.
fn two_lists(command: Command, lang: Lang) -> Command {
    let list = |id, value: Text, help: Text| super::define::positional(id, lang, &value, &help);
    command
        .arg(list(
            "from",
            Text::new("ANCIENNE", "FROM"),
            Text::new("Liste de départ, par exemple mirai@2025-03-10", "List to start from, for example mirai@2025-03-10"),
        ))
        .arg(list(
            "to",
            Text::new("NOUVELLE", "TO"),
            Text::new("Liste d'arrivée, par exemple mirai@2025-03-17", "List to go to, for example mirai@2025-03-17"),
        ))
}

/// A row as the other rows name it.
fn row_json(row: Option<RowRef<'_>>) -> Value {
    row.map_or(Value::Null, |r| json!({"row": r.reference(), "level": r.row.level.to_string(), "text": r.row.text}))
}

fn brought_json(brought: &Brought<'_>) -> Value {
    let evidence = brought.evidence;
    json!({
        "module": brought.module.id,
        "how": evidence.how,
        "file": evidence.file,
        "rule": evidence.rule,
        "when": evidence.when,
        "text": evidence.text,
    })
}
