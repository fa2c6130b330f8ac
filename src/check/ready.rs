//! `--ready`: what is still waited for from outside (`demarches.yaml`), and the placeholders left in production values, fail.

use super::catalog::{Rule, Strength};
use super::judge::Judged;
use super::repository::{Input, Repository, file_name, folder, join};
use super::{Finding, Report, Spot};
use crate::demarches::{Demarches, FILE, Waiting};
use crate::text;
use crate::text::Text;

/// The rule; judged with `--ready` alone.
pub const NOT_READY: &str = "not-ready";

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[Rule::error(
    NOT_READY,
    Input::Project,
    Strength::Deduced,
    ("mise en production impossible : une réponse de l'extérieur manque", "not ready for production: an outside answer is missing"),
    ("lancez `mirai-kit next` pour savoir à qui la demander", "run `mirai-kit next` to know whom to ask"),
)
.because((
    "Une valeur provisoire en production est une panne, ou un secret et un domaine qui ne sont à personne ; jugée avec --ready seulement.",
    "A temporary value in production is an outage, or a secret and a domain that belong to nobody; judged with --ready alone.",
))];

/// Judges the steps of every project, and what productions still hold.
pub(super) fn check(repository: &mut Repository, judged: &Judged) -> Report {
    let mut report = Report::default();
    let steps: Vec<String> = repository.files.iter().filter(|f| file_name(f) == FILE).cloned().collect();
    for path in steps {
        let Some(content) = repository.text(Input::Project, &path) else {
            report.see_in(NOT_READY, &path, None, Some(Text::new("démarches illisibles", "unreadable steps")));
            continue;
        };
        match Demarches::parse(&path, &content) {
            Ok(demarches) => undone(&demarches, &path, repository, &mut report),
            Err(problems) => {
                for problem in problems {
                    report.see_in(NOT_READY, &path, None, Some(problem.what));
                }
            }
        }
    }
    for found in judged.findings.keys().filter(|f| f.rule == "placeholder") {
        let known = report.findings.iter().any(|f| f.spot == Spot::File(found.file.clone(), found.line));
        report.see_in(NOT_READY, &found.file, found.line, (!known).then(|| found.detail.clone()));
    }
    report
}

fn undone(demarches: &Demarches, path: &str, repository: &Repository, report: &mut Report) {
    let at = folder(path);
    let read = |file: &str| Ok(within(at, file).and_then(|path| repository.peek(&path)));
    let Ok(undone) = demarches.undone(&read) else { return };
    *report.examined.entry(NOT_READY).or_default() += demarches.steps.len();
    for step in undone {
        let id = &step.step.id;
        for waiting in step.waiting {
            let (file, line, detail) = match waiting {
                Waiting::Placeholder { file, line, placeholder } => (file, Some(line), Text::same(placeholder)),
                Waiting::MissingFile { file } => {
                    let detail = text!("{file} : absent de ce qui est vérifié", "{file}: not in what is checked");
                    (String::new(), None, detail)
                }
                Waiting::NoDate => (String::new(), None, Text::new("`fait` n'a pas de date", "`fait` has no date")),
            };
            let file = if file.is_empty() { path.to_owned() } else { within(at, &file).unwrap_or(file) };
            report.findings.push(Finding { rule: NOT_READY, object: id.clone(), spot: Spot::File(file, line), detail });
        }
    }
}

/// A path of a step, from the root of what is checked; none outside of it.
fn within(folder_of_steps: &str, file: &str) -> Option<String> {
    match file.strip_prefix("../") {
        None => Some(join(folder_of_steps, file)),
        Some(_) if folder_of_steps.is_empty() => None,
        Some(rest) => Some(join(folder(folder_of_steps), rest)),
    }
}
