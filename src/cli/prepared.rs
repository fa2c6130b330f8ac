//! Changes prepared as branches (`promote`, `db bump`, `db restore`): shown as a diff, made, and what is to be done next.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};

use super::clock::Now;
use super::define::{flag, positional};
use super::{Exit, Failed, translate};
use crate::apply::ApplyError;
use crate::deploy::{self, Change, DeployError, Project};
use crate::git::Branch;
use crate::text;
use crate::text::{Lang, Text};
use crate::{plan, ui};

/// Where the project is, and whether to write.
pub(super) fn arguments(command: Command, lang: Lang) -> Command {
    let dry = Text::new("Montre le diff sans préparer de branche", "Shows the diff without preparing a branch");
    folder(command, lang).arg(flag("dry_run", lang, &dry))
}

/// Where the project is.
pub(super) fn folder(command: Command, lang: Lang) -> Command {
    let help = Text::new(
        "Dépôt du projet, ou dossier qui contient ses dépôts (par défaut : le dossier courant)",
        "Repository of the project, or the folder that holds its repositories (default: the current folder)",
    );
    let folder: Arg = positional("folder", lang, &Text::new("DOSSIER", "DIR"), &help).required(false);
    command.arg(folder.value_parser(clap::value_parser!(PathBuf)))
}

/// Opens the project that the arguments name.
pub(super) fn open(arguments: &ArgMatches) -> Result<Project, Failed> {
    let folder = arguments.get_one::<PathBuf>("folder").map_or(Path::new("."), PathBuf::as_path);
    Project::open(folder).map_err(refused)
}

/// Says which repositories of the project could not be taken into account.
pub(super) fn tell_absent(project: &Project, lang: Lang) {
    for absent in &project.absent {
        let (at, what) = (&absent.at, absent.what.get(lang));
        ui::say(text!("{at} : {what}", "{at}: {what}").get(lang));
    }
}

/// A refusal, worded.
pub(super) fn refused(error: DeployError) -> Failed {
    match error.problems() {
        Ok(problems) => (Exit::Invalid, problems),
        Err(git) => translate::apply(&ApplyError::Git(git)),
    }
}

/// The instant of the commits.
pub(super) fn now() -> Result<Now, Failed> {
    Now::read(std::env::var("SOURCE_DATE_EPOCH").ok().as_deref()).map_err(|p| (Exit::Usage, vec![p]))
}

/// The changes to write, and how to speak of them.
pub(super) struct Prepared<'a> {
    pub project: &'a Project,
    pub changes: &'a [Change],
    pub branch: String,
    pub message: String,
    /// Tags to push once a repository's branch is merged.
    pub tags: &'a BTreeMap<usize, String>,
    /// What to do last.
    pub last: Vec<Text>,
}

impl Prepared<'_> {
    /// Shows the diff, makes the branches unless only shown, and says what follows.
    pub(super) fn write(&self, dry: bool, lang: Lang) -> Result<Exit, Failed> {
        let project = self.project;
        for change in self.changes {
            for (path, (before, after)) in &change.files {
                ui::data(&plan::changed(&project.shown(change.depot, path), before, after)).map_err(|p| (Exit::Failure, vec![p]))?;
            }
        }
        let branch = &self.branch;
        if dry {
            ui::say(
                text!("Rien n'a été écrit (--dry-run) ; branche prévue : {branch}", "Nothing was written (--dry-run); branch planned: {branch}")
                    .get(lang),
            );
            return Ok(Exit::Done);
        }
        let now = now()?;
        let made = deploy::prepare(project, self.changes, branch, &self.message, (now.seconds, now.offset)).map_err(refused)?;
        for one in &made {
            let at = project.depots[one.depot].shown();
            ui::say(
                match &one.branch {
                    Branch::Made(commit) => text!("✔ {at} : branche {branch}, commit {commit}", "✔ {at}: branch {branch}, commit {commit}"),
                    Branch::Same(commit) | Branch::Other(commit) => {
                        text!(
                            "= {at} : la branche {branch} était déjà prête, commit {commit}",
                            "= {at}: branch {branch} was ready already, commit {commit}"
                        )
                    }
                }
                .get(lang),
            );
        }
        ui::say(Text::new("Ensuite :", "Next:").get(lang));
        // What is deployed must exist before anything names it: the repositories that get a tag come first.
        let mut order: Vec<usize> = made.iter().map(|one| one.depot).chain(self.tags.keys().copied()).collect();
        order.sort_by_key(|depot| (!self.tags.contains_key(depot), *depot));
        order.dedup();
        let mut steps = Vec::new();
        for depot in order {
            let at = project.depots[depot].shown();
            if made.iter().any(|one| one.depot == depot) {
                steps.push(text!(
                    "git -C {at} push -u origin {branch}   # puis demande de fusion, relue",
                    "git -C {at} push -u origin {branch}   # then a merge request, reviewed"
                ));
            }
            if let Some(tag) = self.tags.get(&depot) {
                steps.push(text!(
                    "une fois fusionné : git -C {at} fetch && git -C {at} tag -a {tag} -m {tag} origin/main && git -C {at} push origin {tag}",
                    "once merged: git -C {at} fetch && git -C {at} tag -a {tag} -m {tag} origin/main && git -C {at} push origin {tag}"
                ));
            }
        }
        for (number, step) in (1..).zip(steps.iter().chain(&self.last)) {
            let step = step.get(lang);
            ui::say(&format!("  {number}. {step}"));
        }
        Ok(Exit::Done)
    }
}
