//! `mirai-kit new`: answers, rendering, then writing, all or nothing.

pub(in crate::cli) mod answers;
mod options;
mod outcome;

use serde_json::{Map, Value};

use self::options::Options;
pub(super) use self::options::{command, read_text};
use super::clock::Now;
use super::{Exit, Failed, limits, translate};
use crate::apply::{self, Cancel};
use crate::git::FirstCommit;
use crate::kit::{Kit, KitFiles};
use crate::plan;
use crate::render::{self, Tree};
use crate::text::{Lang, Problem};
use crate::{text, ui};

/// Name of the command.
pub(super) const NAME: &str = "new";

pub(super) fn run(arguments: &clap::ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let options = Options::read(arguments).map_err(|p| (Exit::Usage, p))?;
    let now = Now::read(std::env::var("SOURCE_DATE_EPOCH").ok().as_deref()).map_err(|p| (Exit::Usage, vec![p]))?;
    let place = options.place()?;
    // A target that cannot be written in is said before any question.
    let accepted = if options.dry_run { apply::check_target(&place.target, &Tree::default()) } else { apply::prepare(&place.target) };
    accepted.map_err(|e| translate::apply(&e))?;
    let kit = load(options.kit.as_deref()).map_err(|p| (Exit::Invalid, p))?;
    let mut given = answers::given(options.answers.as_deref(), &options.set).map_err(|p| (Exit::Invalid, p))?;
    let interactive = !options.defaults && ui::can_ask();
    // A person is asked, with the argument as default; a program has already answered.
    if !interactive && kit.questions().any(|q| q.id == "nom") {
        given.argument("nom", if lang == Lang::Fr { "NOM" } else { "NAME" }, &place.name);
    }
    let cancel = Cancel::new();
    let watch = ui::interrupt::Watch::start(&cancel, interactive, lang)
        .map_err(|e| (Exit::Failure, vec![Problem::new("", text!("signaux inaccessibles : {e}", "signals cannot be watched: {e}"))]))?;
    let mut ambient = Map::new();
    ambient.insert("argument".into(), Value::String(place.name.clone()));
    ambient.insert("aujourdhui".into(), Value::String(now.day()));
    let how = match (interactive, options.defaults) {
        (true, _) => answers::How::Ask(None),
        (false, true) => answers::How::Defaults,
        (false, false) => answers::How::Refuse,
    };
    let answers = match answers::resolve(&kit, &given, ambient, how, lang) {
        Ok(answers) => answers,
        Err(answers::Stop::GaveUp) => return Ok(watch.leave()),
        Err(answers::Stop::Failed(exit, problems)) => return Err((exit, problems)),
    };
    watch.working();
    let tree = render::render(&kit, &answers.values).map_err(|p| (Exit::Invalid, p))?;
    let newer = outcome::newer(&kit, &answers.values).map_err(|p| (Exit::Invalid, p))?;
    outcome::remarks(&answers.remarks, lang);
    if options.dry_run {
        return show(&options, &place.target, &tree);
    }
    let first = FirstCommit { message: message(&kit), identity: None, time: Some((now.seconds, now.offset)) };
    let progress = ui::Progress::new(if lang == Lang::Fr { "Écriture" } else { "Writing" });
    let written = apply::create(
        &place.target,
        &tree,
        &apply::Options { git: options.git.then_some(&first), cancel: Some(&cancel), progress: Some(&|done, total| progress.at(done, total)) },
    );
    drop(progress);
    let report = written.map_err(|e| translate::apply(&e))?;
    let outcome = outcome::Outcome { place: &place, tree: &tree, report: &report, answers: &answers, newer, lang };
    outcome.tell();
    if options.json {
        ui::data(&outcome.json()).map_err(|p| (Exit::Failure, vec![p]))?;
    }
    Ok(Exit::Done)
}

/// The kit of a folder, its cost bounded, or the program's own.
///
/// # Errors
/// Every problem of the kit.
pub(super) fn load(folder: Option<&std::path::Path>) -> Result<Kit, Vec<Problem>> {
    match folder {
        None => Kit::embedded(),
        Some(folder) => {
            limits::bound();
            KitFiles::from_folder(folder).map_err(|p| vec![p]).and_then(Kit::load)
        }
    }
}

/// What would be written, on stdout.
fn show(options: &Options, target: &std::path::Path, tree: &Tree) -> Result<Exit, Failed> {
    let failed = |p| (Exit::Failure, vec![p]);
    let plan = plan::against_disk(tree, target).map_err(|e| translate::apply(&e))?;
    let text = if options.json {
        let json = plan.to_json().map_err(|e| failed(Problem::new("", text!("JSON impossible à écrire : {e}", "JSON cannot be written: {e}"))))?;
        ui::sanitize::json(&json).into_owned()
    } else if options.diff {
        plan::unified(tree)
    } else {
        plan.actions.iter().fold(String::new(), |text, action| text + &action.path + "\n")
    };
    ui::data(&text).map_err(failed)?;
    Ok(Exit::Done)
}

fn message(kit: &Kit) -> String {
    let (tool, id, version) = (env!("CARGO_PKG_VERSION"), &kit.manifest.id, &kit.manifest.version);
    format!("Création par mirai-kit {tool} (kit {id} {version})")
}
