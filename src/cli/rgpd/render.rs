//! `mirai-kit rgpd render`: the SQL and the documents of the description, written into the project. The same description
//! writes nothing twice; what a person edited, or a database may have applied, is not overwritten.

use std::fmt::Write as _;

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::options;
use super::project::{Fate, Project, Wanted};
use crate::cli::define::{base, flag, form, is_json};
use crate::cli::requirements::pretty;
use crate::cli::{Exit, Failed, translate};
use crate::digest::sha256;
use crate::text::{Lang, Text};
use crate::{apply, plan, text, ui};

pub(super) const NAME: &str = "render";

/// Format of the JSON form; its schema is `schemas/rgpd-render.v1.schema.json`.
const FORMAT: &str = "mirai-kit/rgpd-render/v1";

pub(super) fn command(lang: Lang) -> Command {
    let about =
        Text::new("Écrit le SQL et les documents de modele.yaml dans le projet", "Writes the SQL and the documents of modele.yaml into the project");
    base(NAME, lang, &about)
        .arg(options::folder(lang))
        .arg(options::dry_run(lang))
        .arg(flag("diff", lang, &Text::new("Montre aussi les contenus, en diff unifié", "Shows the contents too, as a unified diff")))
        .arg(flag(
            "force",
            lang,
            &Text::new(
                "Écrase aussi les fichiers retouchés et les migrations déjà écrites de cette version",
                "Overwrites edited files and already written migrations of this version too",
            ),
        ))
        .arg(form(lang))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let project = Project::open(options::folder_of(arguments))?;
    let wanted = project.wanted()?;
    for warning in &wanted.warnings {
        ui::say(&format!("{} {}", Text::new("à voir :", "look at:").get(lang), ui::sanitize::line(&warning.to_string())));
    }
    let problems = if arguments.get_flag("force") { Vec::new() } else { wanted.problems() };
    let json = is_json(arguments);
    let mut page = if json { String::new() } else { listing(&wanted, lang) };
    if arguments.get_flag("diff") && !json {
        page.push_str(&diff(&wanted));
    }
    if json {
        page = pretty(&report(&project, &wanted)).map_err(super::failure)?;
    }
    ui::data(&page).map_err(super::failure)?;
    if !problems.is_empty() {
        return Err((Exit::Conflicts, problems));
    }
    let changes = wanted.changes()?;
    let count = changes.len();
    if arguments.get_flag("dry_run") {
        return Ok(Exit::Done);
    }
    apply::update(&project.root, &changes).map_err(|e| translate::apply(&e))?;
    let done = if count == 0 {
        Text::new("Rien à écrire : le projet suit sa description.", "Nothing to write: the project follows its description.")
    } else {
        text!("{count} fichiers écrits.", "{count} files written.")
    };
    ui::say(done.get(lang));
    for path in &wanted.left {
        let left = text!("{path} : n'est plus produit par la description ; à retirer", "{path}: no longer made from the description; to be removed");
        ui::say(left.get(lang));
    }
    Ok(Exit::Done)
}

fn word(fate: Fate) -> Text {
    match fate {
        Fate::Create => Text::new("créer", "create"),
        Fate::Replace => Text::new("remplacer", "replace"),
        Fate::Same => Text::new("inchangé", "same"),
        Fate::Edited => Text::new("retouché", "edited"),
        Fate::Frozen => Text::new("figé", "frozen"),
    }
}

fn listing(wanted: &Wanted, lang: Lang) -> String {
    let rows: Vec<[String; 2]> =
        wanted.files.iter().filter(|f| f.fate != Fate::Same).map(|f| [word(f.fate).get(lang).to_owned(), f.path.clone()]).collect();
    ui::columns::columns(&rows, 0, ui::columns::width())
}

fn diff(wanted: &Wanted) -> String {
    let mut out = String::new();
    for file in wanted.files.iter().filter(|f| f.fate != Fate::Same) {
        let before = file.before.clone().unwrap_or_default();
        match (std::str::from_utf8(&before), std::str::from_utf8(&file.after)) {
            (Ok(before), Ok(after)) if !after.contains('\0') => out.push_str(&plan::changed(&file.path, before, after)),
            _ => {
                let path = &file.path;
                // Writing to a String cannot fail.
                let _ = writeln!(out, "Binary files a/{path} and b/{path} differ");
            }
        }
    }
    out
}

fn report(project: &Project, wanted: &Wanted) -> Value {
    let fate = |fate: Fate| word(fate).en;
    json!({
        "format": FORMAT,
        "description": project.name,
        "files": wanted.files.iter().map(|f| json!({"path": f.path, "action": fate(f.fate), "sha256": sha256(&f.after)})).collect::<Vec<_>>(),
        "left": wanted.left,
        "warnings": wanted.warnings.iter().map(|w| json!({"line": w.line, "what": w.what})).collect::<Vec<_>>(),
    })
}
