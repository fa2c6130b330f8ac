//! Nothing or all, at every instant: the real program is killed, or told that the disk is full, failing or over quota, at
//! each of its system calls in turn. Then the command is run again, and must succeed and leave nothing behind.
//!
//! `strace` injects the faults (Debian package `strace`); without it these tests fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::disallowed_methods, reason = "a test fails by panicking")]

#[path = "common/disk.rs"]
mod disk;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use disk::{git, listing, write_kit};
use tempfile::TempDir;

/// Every call by which the program changes the disk. Between two of them the disk does not change, so that being killed
/// before each of them is being killed anywhere. Those of `openat` that only read are left out (see [`Openings`]).
const CALLS: [&str; 20] = [
    "openat",
    "mkdir",
    "mkdirat",
    "write",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "fsync",
    "fdatasync",
    "syncfs",
    "unlink",
    "unlinkat",
    "rmdir",
    "flock",
    "chmod",
    "fchmod",
    "exit_group",
];

/// Those that may be refused for want of room; removing never is.
const FAILING: [&str; 16] = [
    "openat",
    "mkdir",
    "mkdirat",
    "write",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "fsync",
    "fdatasync",
    "syncfs",
    "flock",
    "chmod",
    "fchmod",
];

/// Which calls of `openat` count.
#[derive(Clone, Copy, PartialEq)]
enum Openings {
    /// Those that create a file.
    Creating,
    /// All, those that read included.
    All,
}

#[derive(Clone, Copy, PartialEq)]
enum Scenario {
    /// `new demo`, where there is nothing.
    NewFolder,
    /// `new .` in a fresh clone.
    FreshClone,
}

#[derive(Debug, PartialEq)]
enum State {
    Nothing,
    All,
    /// In a clone alone: some entries have arrived, and a journal tells the next run to take them back.
    Journaled,
}

/// Files and what they hold.
type Contents = Vec<(String, Vec<u8>)>;

/// A folder for one run.
struct Ground {
    dir: TempDir,
    scenario: Scenario,
}

impl Ground {
    fn new(scenario: Scenario) -> Self {
        let dir = TempDir::new().unwrap();
        write_kit(&dir.path().join("kit"), &["a.md", "b/c/d.txt", "b/run.sh", "f.txt"]);
        fs::create_dir(dir.path().join("work")).unwrap();
        let ground = Self { dir, scenario };
        if scenario == Scenario::FreshClone {
            fs::create_dir(ground.target()).unwrap();
            git(&ground.target(), &["init", "-q", "-b", "main", "--template="]);
        }
        ground
    }

    fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    fn target(&self) -> PathBuf {
        self.work().join("demo")
    }

    /// Runs `mirai-kit new`, below `strace` with the given arguments if any.
    fn run(&self, strace: &[String]) -> Output {
        let program = env!("CARGO_BIN_EXE_mirai-kit");
        let mut command = if strace.is_empty() {
            Command::new(program)
        } else {
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "--signal=none"]).args(strace).arg(program);
            command
        };
        let (folder, name) = match self.scenario {
            Scenario::NewFolder => (self.work(), "demo"),
            Scenario::FreshClone => (self.target(), "."),
        };
        command.args(["new", name, "--defaults", "--kit"]).arg(self.dir.path().join("kit")).current_dir(folder);
        command.env_clear().env("HOME", self.dir.path()).env("PATH", std::env::var_os("PATH").unwrap());
        command.output().expect("strace must be installed: apt-get install strace")
    }

    /// Staging folders, wherever they may be.
    fn leftovers(&self) -> Vec<PathBuf> {
        let folders = [self.work(), self.target(), self.target().join(".git")];
        let entries = folders.iter().filter_map(|f| fs::read_dir(f).ok()).flatten().map(|e| e.unwrap().path());
        entries.filter(|p| p.file_name().unwrap().to_str().unwrap().starts_with(".mirai-kit-")).collect()
    }

    fn state(&self, all: &Contents, context: &str) -> State {
        let held: Vec<_> = listing(&self.work()).into_iter().filter(|p| !p.contains(".mirai-kit-")).collect();
        let nothing: &[&str] = if self.scenario == Scenario::NewFolder { &[] } else { &["demo/", "demo/.git/"] };
        if held == nothing {
            // Not even a staged index or a branch.
            if self.scenario == Scenario::FreshClone {
                assert!(!self.target().join(".git/index").exists() || self.has_journal(), "{context}: an index is left");
                assert!(!self.target().join(".git/refs/heads/main").exists(), "{context}: a branch is left");
            }
            return State::Nothing;
        }
        let branch = self.target().join(".git/refs/heads/main").exists();
        if self.scenario == Scenario::FreshClone && !branch {
            assert!(self.has_journal(), "{context}: part of the files without a journal: {held:?}");
            return State::Journaled;
        }
        let found = contents(&self.target());
        assert!(found == *all, "{context}: neither nothing nor all: {held:?}");
        assert_eq!(git(&self.target(), &["status", "--porcelain"]), "", "{context}");
        State::All
    }

    fn has_journal(&self) -> bool {
        self.leftovers().iter().any(|home| home.join("journal").exists())
    }

    /// The retry: done if it was not, refused if it was; nothing is left behind.
    fn retry(&self, before: &State, all: &Contents, context: &str) {
        let output = self.run(&[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), *before != State::All, "{context}: retry after {before:?}: {said}");
        assert_eq!(self.state(all, context), State::All, "{context}: after the retry");
        assert_eq!(self.leftovers(), [""; 0].map(PathBuf::from), "{context}: after the retry");
        git(&self.target(), &["fsck", "--strict", "--no-progress"]);
    }
}

fn contents(root: &Path) -> Contents {
    let files = listing(root).into_iter().filter(|p| !p.ends_with('/'));
    files.map(|p| (p.clone(), fs::read(root.join(&p)).unwrap())).collect()
}

/// The calls of an undisturbed run, as (name, rank among those of that name), and what the run writes.
fn reference(scenario: Scenario, calls: &[&str], openings: Openings) -> (Vec<(String, usize)>, Contents) {
    let ground = Ground::new(scenario);
    let log = ground.dir.path().join("log");
    let output = ground.run(&["-e".into(), format!("trace={}", calls.join(",")), "-o".into(), log.to_str().unwrap().into()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut ranks = BTreeMap::<&str, usize>::new();
    let mut points = Vec::new();
    for line in fs::read_to_string(log).unwrap().lines() {
        let call = line.split_once(' ').map_or(line, |(_, call)| call.trim_start());
        let Some(name) = calls.iter().find(|name| call.strip_prefix(**name).is_some_and(|rest| rest.starts_with('('))) else { continue };
        let rank = ranks.entry(name).or_default();
        *rank += 1;
        if *name != "openat" || openings == Openings::All || call.contains("O_CREAT") {
            points.push(((*name).to_owned(), *rank));
        }
    }
    assert_eq!(ranks["syncfs"], 1, "one syncfs makes it all durable");
    let all = contents(&ground.target());
    assert_eq!(ground.state(&all, "undisturbed"), State::All);
    (points, all)
}

/// Runs `check` on each (call, rank) of the list, on as many threads as there are processors.
fn each(points: &[(String, usize)], check: impl Fn(&str, usize) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((call, rank)) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(call, *rank);
                }
            });
        }
    });
}

fn killed_at_every_call(scenario: Scenario) {
    let (points, all) = reference(scenario, &CALLS, Openings::Creating);
    let (killed, journaled) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(&points, |call, rank| {
        let ground = Ground::new(scenario);
        let context = format!("killed at {call} number {rank}");
        let injection = format!("inject={call}:signal=KILL:when={rank}");
        let output = ground.run(&["-e".into(), format!("trace={call}"), "-e".into(), injection, "-o".into(), "/dev/null".into()]);
        if output.status.signal() == Some(9) {
            killed.fetch_add(1, Ordering::Relaxed);
        }
        let state = ground.state(&all, &context);
        if state == State::Journaled {
            journaled.fetch_add(1, Ordering::Relaxed);
        }
        ground.retry(&state, &all, &context);
    });
    let (killed, journaled) = (killed.into_inner(), journaled.into_inner());
    eprintln!("{killed} kills at {} points, {journaled} undone from the journal", points.len());
    assert!(killed * 100 >= points.len() * 95, "only {killed} of {} runs were killed", points.len());
    assert_eq!(journaled > 0, scenario == Scenario::FreshClone, "the journal must have been exercised");
}

fn failing_at_every_call(scenario: Scenario, error: &str) {
    // Want of room is said to those who write; a failing disk, to those who read as well.
    let openings = if error == "EIO" { Openings::All } else { Openings::Creating };
    let (points, all) = reference(scenario, &FAILING, openings);
    let refused = AtomicUsize::new(0);
    each(&points, |call, rank| {
        let ground = Ground::new(scenario);
        let context = format!("{error} at {call} number {rank}");
        // A full disk stays full.
        let stays = error == "ENOSPC" && ["mkdir", "mkdirat", "write", "pwrite64", "link", "linkat"].contains(&call);
        let injection = format!("inject={call}:error={error}:when={rank}{}", if stays { "+" } else { "" });
        // Stops the program at this call alone, which is faster; `signal=KILL` does not work that way.
        let output =
            ground.run(&["--seccomp-bpf".into(), "-e".into(), format!("trace={call}"), "-e".into(), injection, "-o".into(), "/dev/null".into()]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code().is_some_and(|code| code != 101), "{context}: {}: {said}", output.status);
        let state = ground.state(&all, &context);
        if output.status.success() {
            assert_eq!(state, State::All, "{context}: success was announced");
            // libgit2 has a second way to write an object; we have none, and it must show.
            assert!(!["mkdirat", "renameat2", "syncfs"].contains(&call), "{context}: success was announced");
        } else {
            refused.fetch_add(1, Ordering::Relaxed);
            // A failure to print comes after the work is done.
            assert!(state == State::Nothing || call == "write", "{context}: {state:?}: {said}");
            assert!(call == "write" || !said.is_empty(), "{context}: nothing was said");
            assert_eq!(ground.leftovers(), [""; 0].map(PathBuf::from), "{context}: {said}");
        }
        ground.retry(&state, &all, &context);
    });
    let refused = refused.into_inner();
    eprintln!("{error}: {refused} refusals at {} points", points.len());
    assert!(refused * 3 >= points.len(), "only {refused} of {} runs failed", points.len());
}

#[test]
fn a_new_folder_is_there_whole_or_not_at_all_wherever_the_program_is_killed() {
    killed_at_every_call(Scenario::NewFolder);
}

#[test]
fn a_fresh_clone_is_filled_or_can_be_taken_back_wherever_the_program_is_killed() {
    killed_at_every_call(Scenario::FreshClone);
}

#[test]
fn a_full_disk_leaves_no_part_of_a_new_folder() {
    failing_at_every_call(Scenario::NewFolder, "ENOSPC");
}

#[test]
fn a_failing_disk_leaves_no_part_of_a_new_folder() {
    failing_at_every_call(Scenario::NewFolder, "EIO");
}

#[test]
fn a_used_up_quota_leaves_no_part_of_a_new_folder() {
    failing_at_every_call(Scenario::NewFolder, "EDQUOT");
}

#[test]
fn a_full_disk_leaves_a_fresh_clone_as_it_was() {
    failing_at_every_call(Scenario::FreshClone, "ENOSPC");
}

#[test]
fn a_failing_disk_leaves_a_fresh_clone_as_it_was() {
    failing_at_every_call(Scenario::FreshClone, "EIO");
}

#[test]
fn a_used_up_quota_leaves_a_fresh_clone_as_it_was() {
    failing_at_every_call(Scenario::FreshClone, "EDQUOT");
}
