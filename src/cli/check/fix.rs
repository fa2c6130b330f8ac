//! `--fix`: the safe repairs, shown as a diff, asked for, written one file at a time, and judged again.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use super::Room;
use crate::apply::{self, Cancel};
use crate::check::fix::{Repair, repairs};
use crate::check::repository::Repository;
use crate::cli::{Exit, Failed, translate};
use crate::text::{Lang, Problem, Text};
use crate::{git, plan, text, ui};

/// Repairs what can be, in every folder; says whether the person gave up.
pub(super) fn run(room: &Room<'_>, lang: Lang) -> Result<Option<Exit>, Failed> {
    let mut found: Vec<(&Path, Repair)> = Vec::new();
    for path in &room.options.paths {
        let verdict = room.judge(path)?;
        let repository = Repository::walk(path).map_err(super::failure)?;
        found.extend(repairs(&verdict.judged, &|file| repository.exact(file)).into_iter().map(|repair| (path.as_path(), repair)));
    }
    if found.is_empty() {
        ui::say(Text::new("Aucune réparation sûre à proposer.", "No safe repair to offer.").get(lang));
        return Ok(None);
    }
    for (path, repair) in &found {
        let shown = path.join(&repair.file);
        let rules = repair.rules.iter().copied().collect::<Vec<_>>().join(", ");
        ui::data(&format!("# {rules}\n{}", plan::changed(&shown.to_string_lossy(), &repair.before, &repair.after))).map_err(super::failure)?;
    }
    if !room.options.force {
        for path in &room.options.paths {
            refuse_dirty(path)?;
        }
    }
    match agreed(room.options.yes, found.len(), lang)? {
        Answer::Yes => {}
        Answer::No => {
            ui::say(Text::new("Rien n'a été écrit.", "Nothing was written.").get(lang));
            return Ok(None);
        }
        Answer::Gone(exit) => return Ok(Some(exit)),
    }
    for (path, repair) in &found {
        let target: PathBuf = path.join(&repair.file);
        apply::replace(&target, Some(repair.before.as_bytes()), repair.after.as_bytes()).map_err(|e| translate::apply(&e))?;
    }
    let files = found.len();
    ui::say(text!("{files} fichiers réparés ; nouvelle vérification.", "{files} files repaired; checking again.").get(lang));
    Ok(None)
}

fn refuse_dirty(path: &Path) -> Result<(), Failed> {
    let hint = Text::new("enregistrez ou mettez de côté ces changements, ou ajoutez --force", "commit or set aside these changes, or add --force");
    let clean = git::is_clean(path).map_err(|e| translate::apply(&e.into()))?;
    if clean == Some(false) {
        let what = Text::new("des changements ne sont pas enregistrés dans git", "changes are not committed in git");
        return Err((Exit::Failure, vec![Problem::new(path.display().to_string(), what).hint(hint)]));
    }
    Ok(())
}

enum Answer {
    Yes,
    No,
    Gone(Exit),
}

fn agreed(yes: bool, files: usize, lang: Lang) -> Result<Answer, Failed> {
    if yes {
        return Ok(Answer::Yes);
    }
    if !ui::can_ask() {
        ui::say(Text::new("Sans terminal, rien n'est écrit sans --yes.", "Without a terminal, nothing is written without --yes.").get(lang));
        return Ok(Answer::No);
    }
    let cancel = Cancel::new();
    let watch = ui::interrupt::Watch::start(&cancel, true, lang)
        .map_err(|e| super::failure(Problem::new("", text!("signaux inaccessibles : {e}", "signals cannot be watched: {e}"))))?;
    let question = text!("Écrire ces changements dans {files} fichiers ? [o/N] ", "Write these changes to {files} files? [y/N] ");
    let _ = write!(std::io::stderr().lock(), "{}", question.get(lang));
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).is_err() || cancel.is_raised() {
        return Ok(Answer::Gone(watch.leave()));
    }
    watch.working();
    let agreed = matches!(line.trim().to_lowercase().as_str(), "o" | "oui" | "y" | "yes");
    Ok(if agreed { Answer::Yes } else { Answer::No })
}
