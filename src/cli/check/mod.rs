//! `mirai-kit check`: the verdict on folders that nobody vouches for.

mod fix;
mod options;
mod watch;

use std::path::Path;

use clap::ArgMatches;

use self::options::Options;
pub(super) use self::options::command;
use super::{Exit, Failed};
use crate::check::baseline::Baseline;
use crate::check::report::{self, Style};
use crate::check::verdict::{Verdict, verdict};
use crate::check::{judge, program};
use crate::kit::Kit;
use crate::requirements::Lists;
use crate::text::{Lang, Problem};
use crate::{apply, ui};

/// Name of the command.
pub(super) const NAME: &str = "check";

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let kit = Kit::embedded().map_err(|p| (Exit::Failure, p))?;
    let options = Options::read(arguments)?;
    let room = Room::open(&kit, options)?;
    if room.options.fix
        && let Some(exit) = fix::run(&room, lang)?
    {
        return Ok(exit);
    }
    if room.options.watch { watch::run(room, arguments, lang) } else { once(&room, lang) }
}

/// What is asked, and what answers it.
struct Room<'a> {
    kit: &'a Kit,
    lists: Lists,
    options: Options,
}

impl<'a> Room<'a> {
    fn open(kit: &'a Kit, mut options: Options) -> Result<Self, Failed> {
        let lists = options.lists(kit).map_err(|p| (Exit::Invalid, p))?;
        Ok(Self { kit, lists, options })
    }

    /// Judges one folder.
    fn judge(&self, path: &Path) -> Result<Verdict, Failed> {
        let options = &self.options;
        let asked = judge::Options {
            environment: options.environment.as_deref(),
            helm: options.helm.as_deref(),
            kubectl: options.kubectl.as_deref(),
            rendered: &options.rendered,
            objects: &[],
            lists: Some(&self.lists),
            today: Some(&options.today),
            ready: options.ready,
        };
        let judged = judge::judge(path, asked).map_err(|p| (if p.at == "--env" { Exit::Usage } else { Exit::Failure }, vec![p]))?;
        let shown = path.display().to_string();
        Ok(verdict(shown, judged, self.kit, &self.lists, &options.selection, options.baseline.as_ref()))
    }
}

/// One round over every folder; the report flows folder by folder.
fn once(room: &Room<'_>, lang: Lang) -> Result<Exit, Failed> {
    let options = &room.options;
    let name = options.format.as_str();
    let style = Style { lang, day: Some(options.today.clone()), line: |text| ui::sanitize::line(text).into_owned() };
    let mut format = report::format(name, style);
    // JSON escapes keep what the terminal must not read; the other formats have no such text left.
    let json = matches!(name, "json" | "sarif" | "gitlab");
    let show = |text: String| if json { ui::data(&ui::sanitize::json(&text)) } else { ui::data(&text) };
    let mut failed = false;
    let mut head = Some(format.head());
    let mut known = Vec::new();
    for path in &options.paths {
        let verdict = room.judge(path)?;
        failed |= options.fail_on.as_ref().is_some_and(|on| verdict.fails(on));
        let text = head.take().unwrap_or_default() + &format.folder(&verdict);
        show(text).map_err(failure)?;
        if options.write_baseline.is_some() {
            known.extend(Baseline::of([&verdict]).folders);
        }
    }
    show(format.tail()).map_err(failure)?;
    if let Some(path) = &options.write_baseline {
        let baseline = Baseline { format: crate::check::baseline::FORMAT.to_owned(), folders: known };
        apply::replace(path, None, baseline.text().as_bytes()).map_err(|e| super::translate::apply(&e))?;
    }
    Ok(if failed { Exit::NonConforming } else { Exit::Done })
}

/// A program of the user's: the one given, or that of the `PATH`.
pub(super) fn program(name: &str, given: Option<&Path>) -> Option<std::path::PathBuf> {
    match given {
        // It runs inside each chart: a relative path would then name something else.
        Some(given) => Some(std::path::absolute(given).unwrap_or_else(|_| given.to_owned())),
        None => program::find(name, std::env::var_os("PATH").as_deref()),
    }
}

fn failure(problem: Problem) -> Failed {
    (Exit::Failure, vec![problem])
}
