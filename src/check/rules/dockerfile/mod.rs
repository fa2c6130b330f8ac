//! Dockerfiles: what the image is built on and of, who runs it, what it carries.

mod images;
mod made;
mod model;
mod rows;
mod run;
pub mod secret;
mod stages;
mod stand_ins;

use std::collections::BTreeSet;

use crate::check::Report;
use crate::check::repository::Input::Dockerfiles;
use crate::check::repository::file_name;
use crate::check::view::View;
use crate::text;
use crate::text::Text;
use model::Model;
pub use rows::RULES;

/// Parts of the name of a Dockerfile whose image is not delivered.
const DEVELOPMENT: [&str; 6] = ["dev", "development", "local", "test", "tests", "e2e"];

/// Checks every Dockerfile. Those of tests, examples and workstations deliver nothing: only what they leak is looked at.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let chains = made::Chains::new(view);
    let delivered: BTreeSet<String> = view.delivered(Dockerfiles, named).into_iter().collect();
    for path in view.paths(named) {
        let Some(content) = view.text(Dockerfiles, &path) else { continue };
        // One by one: read whole, a file with two stages of one name would be refused before the rule sees them.
        let instructions = match parse_dockerfile::parse_iter(&content).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(instructions) => instructions,
            Err(fault) => {
                view.gap(Dockerfiles, &path, text!("Dockerfile illisible : {fault}", "unreadable Dockerfile: {fault}"));
                continue;
            }
        };
        let model = Model::new(&content, &instructions);
        secret::check(&mut report, &path, &model);
        let undelivered = undelivered(&path, &model, &chains);
        stages::copies(&mut report, &path, &model, undelivered.is_none() && delivered.contains(&path));
        if let Some(why) = undelivered {
            view.gap(Dockerfiles, &path, why);
        } else if delivered.contains(&path) {
            stages::check(&mut report, view, &path, &model, &chains);
            run::check(&mut report, &path, &model);
            stand_ins::check(&mut report, view, &path, &model);
        }
    }
    report
}

/// Why an image is not one to deliver.
fn undelivered(path: &str, model: &Model<'_, '_>, chains: &made::Chains) -> Option<Text> {
    if DEVELOPMENT.iter().any(|part| file_name(path).split(['.', '-']).any(|p| p.eq_ignore_ascii_case(part))) {
        return Some(Text::new(
            "image de développement ou d'essai, d'après son nom : laissée de côté",
            "image of development or tests, by its name: left aside",
        ));
    }
    if format!("/{path}").contains("/.github/") {
        return Some(Text::new("image d'une action de GitHub : laissée de côté", "image of a GitHub action: left aside"));
    }
    if model.development() && !chains.name(path) {
        return Some(Text::new(
            "étapes de développement ou d'essai seulement, d'après leurs noms : laissée de côté",
            "stages of development or tests only, by their names: left aside",
        ));
    }
    let command = model.server().filter(|_| !chains.name(path) && !chains.name_folder(path))?;
    Some(text!(
        "serveur de développement ({command}) qu'aucune chaîne ne construit : laissé de côté",
        "development server ({command}) that no chain builds: left aside"
    ))
}

/// Whether a file is a Dockerfile by its name.
fn named(path: &str) -> bool {
    let name = file_name(path).to_lowercase();
    let made = ["dockerignore", "tera", "j2", "tmpl", "template", "tpl", "md", "sh", "txt", "yaml", "yml"];
    let suffix = name.rsplit('.').next().unwrap_or_default();
    let stem =
        name.starts_with("dockerfile.") || name.starts_with("dockerfile-") || name.ends_with(".dockerfile") || name.starts_with("containerfile.");
    name == "dockerfile" || name == "containerfile" || (stem && !made.contains(&suffix))
}
