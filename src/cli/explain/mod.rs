//! `mirai-kit explain`: what a rule, a requirement or a file of a project is for; alone, the list of what can be explained.

mod everything;
mod file;
mod requirement;
mod rule;

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::define::{base, form, is_json, positional};
use super::requirements::{Answer, Room, pretty};
use super::{Exit, Failed};
use crate::check::catalog;
use crate::requirements::{Row, nearest};
use crate::text;
use crate::text::{Lang, Problem, Text};
use crate::ui;

/// Name of the command.
pub(super) const NAME: &str = "explain";
/// Format of the answer for programs; its schema is `schemas/explain.v1.schema.json`.
const FORMAT: &str = "mirai-kit/explain/v1";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new("Explique une règle, une exigence ou un fichier d'un projet", "Explains a rule, a requirement or a file of a project");
    let help = Text::new(
        "Règle de check (disallow-latest), exigence (EXI-ARCH-9), ou fichier ; sans lui : tout ce qui s'explique",
        "Rule of check (disallow-latest), requirement (EXI-ARCH-9), or file; without it: all that can be explained",
    );
    base(NAME, lang, &about)
        .arg(positional("what", lang, &Text::new("QUOI", "WHAT"), &help).required(false).value_parser(clap::value_parser!(PathBuf)))
        .arg(form(lang))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let invalid = |problems| (Exit::Invalid, problems);
    let room = Room::embedded(lang).map_err(invalid)?;
    let (text, json) = match arguments.get_one::<PathBuf>("what") {
        None => everything::explain(&room),
        Some(what) => explain(&room, what).map_err(invalid)?,
    };
    let shown = if is_json(arguments) { pretty(&json) } else { Ok(text) };
    shown.and_then(|shown| ui::data(&shown)).map_err(|problem| (Exit::Failure, vec![problem]))?;
    Ok(Exit::Done)
}

fn explain(room: &Room, what: &Path) -> Result<Answer, Vec<Problem>> {
    let typed = what.to_str().unwrap_or_default();
    if let Some(rule) = catalog::rule(typed) {
        return rule::explain(room, rule).map_err(|p| vec![p]);
    }
    let named = |row: &Row| row.id.eq_ignore_ascii_case(typed) || row.key().eq_ignore_ascii_case(typed);
    if typed.contains('@') || room.lists.iter().any(|list| list.requirements.iter().any(named)) {
        let rows = room.lists.find_rows(typed);
        if rows.is_ok() || !what.exists() {
            return rows.map(|rows| requirement::explain(room, &rows)).map_err(|p| vec![p]);
        }
    }
    if what.is_file() {
        return file::explain(room, what);
    }
    Err(vec![unknown(room, &what.display().to_string())])
}

fn unknown(room: &Room, typed: &str) -> Problem {
    let rules = catalog::rules().map(|rule| rule.id.to_owned());
    let rows = room.lists.iter().flat_map(|list| list.requirements.iter().map(Row::key));
    let mut names: Vec<String> = rules.chain(rows).collect();
    names.sort();
    names.dedup();
    let near = nearest(typed, names, 3).into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let hint = if near.is_empty() {
        Text::new("tout ce qui s'explique : `mirai-kit explain`", "all that can be explained: `mirai-kit explain`")
    } else {
        text!("les plus proches : {near}", "the nearest: {near}")
    };
    Problem::new("", text!("ni règle, ni exigence, ni fichier : `{typed}`", "no rule, no requirement and no file: `{typed}`")).hint(hint)
}

/// The answer for programs.
fn answer(kind: &str, value: &Value) -> Value {
    json!({ "format": FORMAT, "kind": kind, kind: value })
}
