//! `mirai-kit rgpd diff`: the way from the version in service to the description as it is now. What would lose data is
//! refused, with its line and what to write instead.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::options;
use super::project::{LIMIT, Project};
use crate::cli::define::{base, form, is_json, option};
use crate::cli::new::read_text;
use crate::cli::requirements::pretty;
use crate::cli::{Exit, Failed};
use crate::rgpd::{self, Phase, Plan, Source};
use crate::text::{Lang, Problem, Text};
use crate::ui;

pub(super) const NAME: &str = "diff";

/// Format of the JSON form; its schema is `schemas/rgpd-diff.v1.schema.json`.
const FORMAT: &str = "mirai-kit/rgpd-diff/v1";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new("Dit les étapes d'une version du modèle à la suivante", "Tells the steps from a version of the model to the next");
    let from = Text::new(
        "Description de départ (par défaut : celle de donnees/versions/)",
        "Description to start from (default: that of donnees/versions/)",
    );
    base(NAME, lang, &about)
        .arg(options::folder(lang))
        .arg(option("from", lang, &Text::new("FICHIER.yaml", "FILE.yaml"), &from).value_parser(clap::value_parser!(PathBuf)))
        .arg(form(lang))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let project = Project::open(options::folder_of(arguments))?;
    let given = arguments.get_one::<PathBuf>("from");
    let previous = match given {
        Some(file) => Some((file.display().to_string(), read_text(file, LIMIT).map_err(super::failure)?)),
        None => project.previous()?,
    };
    let Some((name, text)) = previous else {
        let what = Text::new("aucune version précédente", "no previous version");
        let hint = Text::new(
            "augmentez `modele.version` après un premier `rgpd render`, ou donnez --from FICHIER.yaml",
            "raise `modele.version` after a first `rgpd render`, or give --from FILE.yaml",
        );
        return Err(super::invalid(vec![Problem::new(project.name.clone(), what).hint(hint)]));
    };
    let plan = rgpd::plan(Source { name: &name, text: &text }, Source { name: &project.name, text: &project.text })
        .map_err(|errors| super::invalid(errors.into_iter().map(Into::into).collect()))?;
    for warning in &plan.warnings {
        ui::say(&format!("{} {}", Text::new("à voir :", "look at:").get(lang), ui::sanitize::line(&warning.to_string())));
    }
    let page = if is_json(arguments) { pretty(&json(&project, &name, &plan)).map_err(super::failure)? } else { page(&name, &project, &plan, lang) };
    ui::data(&page).map_err(super::failure)?;
    Ok(Exit::Done)
}

fn title(phase: Phase) -> Text {
    match phase {
        Phase::Expand => Text::new("Avant de déployer la nouvelle version (expand)", "Before the new version is deployed (expand)"),
        Phase::Backfill => Text::new("Par lots, les deux versions en service", "By lots, both versions in service"),
        Phase::Contract => Text::new("Une fois l'ancienne version éteinte (contract)", "Once the old version is off (contract)"),
    }
}

fn page(name: &str, project: &Project, plan: &Plan, lang: Lang) -> String {
    let mut out = format!("{} → {}\n", ui::sanitize::line(name), ui::sanitize::line(&project.name));
    for phase in [Phase::Expand, Phase::Backfill, Phase::Contract] {
        let rows: Vec<[String; 2]> = plan.steps.iter().filter(|s| s.phase == phase).map(|s| [s.file.clone(), s.what.get(lang).to_owned()]).collect();
        if !rows.is_empty() {
            let _ = writeln!(out, "\n{}", title(phase).get(lang));
            out.push_str(&ui::columns::columns(&rows, 2, ui::columns::width()));
        }
    }
    if plan.steps.is_empty() {
        out.push_str(Text::new("\nRien à migrer.\n", "\nNothing to migrate.\n").get(lang));
    } else if plan.served {
        let wait = Text::new(
            "\nLa version précédente est en service (`coexiste_avec`) : `rgpd render` écrit l'expand seul.\n",
            "\nThe previous version is in service (`coexiste_avec`): `rgpd render` writes the expand alone.\n",
        );
        out.push_str(wait.get(lang));
    }
    out
}

fn json(project: &Project, name: &str, plan: &Plan) -> Value {
    json!({
        "format": FORMAT,
        "from": name,
        "to": project.name,
        "served": plan.served,
        "steps": plan.steps.iter().map(|s| json!({"phase": s.phase.word(), "file": s.file, "what": s.what})).collect::<Vec<_>>(),
        "warnings": plan.warnings.iter().map(|w| json!({"line": w.line, "what": w.what})).collect::<Vec<_>>(),
    })
}
