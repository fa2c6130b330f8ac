//! `--watch`: judges again when something changed. Folders are looked at every half second (names, sizes, dates): that costs
//! what one walk costs, is bounded like it, and works on mounts and in containers where the system's own notices do not
//! arrive. The files that the command line names (lists, baseline, rendered streams) are looked at and read again likewise.
//! Ctrl-C ends it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use clap::ArgMatches;

use super::{Options, Room};
use crate::apply::Cancel;
use crate::check::repository::Repository;
use crate::cli::{Exit, Failed};
use crate::text::{Lang, Problem};
use crate::{text, ui};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest time without looking at the flag that Ctrl-C raises.
const STEP: Duration = Duration::from_millis(50);

/// Judges until interrupted.
pub(super) fn run(mut room: Room<'_>, arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let cancel = Cancel::new();
    let _watch = ui::interrupt::Watch::start(&cancel, false, lang)
        .map_err(|e| super::failure(Problem::new("", text!("signaux inaccessibles : {e}", "signals cannot be watched: {e}"))))?;
    let mut round: u32 = 0;
    loop {
        let seen = state(&room);
        round += 1;
        match again(&mut room, arguments, round) {
            Ok(()) => drop(super::once(&room, lang)?),
            // What is wrong is being mended, or a save is not over: the next change judges again.
            Err((_, problems)) => ui::report(&problems, lang),
        }
        ui::say(
            text!("— vérification {round}, en attente d'un changement (Ctrl-C pour finir)", "— check {round}, waiting for a change (Ctrl-C to end)")
                .get(lang),
        );
        let mut last = seen;
        loop {
            if rest(&cancel) {
                return Ok(Exit::Interrupted);
            }
            let now = state(&room);
            // A save is often several writes: wait until nothing moves any more.
            if now != seen && now == last {
                break;
            }
            last = now;
        }
    }
}

/// Reads the command line's files again, from the second round on.
fn again(room: &mut Room<'_>, arguments: &ArgMatches, round: u32) -> Result<(), Failed> {
    if round > 1 {
        let options = Options::read(arguments)?;
        *room = Room::open(room.kit, options)?;
    }
    Ok(())
}

/// Waits; says whether to leave.
fn rest(cancel: &Cancel) -> bool {
    let mut left = PAUSE;
    while !cancel.is_raised() && left > Duration::ZERO {
        std::thread::sleep(STEP);
        left = left.saturating_sub(STEP);
    }
    cancel.is_raised()
}

/// What the folders and the files named look like: a number that changes with any name, size or date.
fn state(room: &Room<'_>) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    for path in &room.options.paths {
        let Ok(repository) = Repository::walk(path) else { continue };
        for file in &repository.files {
            (file, dated(&path.join(file))).hash(&mut hasher);
        }
    }
    for file in &room.options.named {
        (file, dated(file)).hash(&mut hasher);
    }
    hasher.finish()
}

fn dated(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    let data = std::fs::symlink_metadata(path).ok()?;
    Some((data.len(), data.modified().ok()))
}
