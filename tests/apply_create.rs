//! Creating a project: what is accepted as a target, what arrives, what is refused before anything is written.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking, and prepares its folders")]

#[path = "common/disk.rs"]
mod disk;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use disk::{git, listing, tree, write_kit};
use mirai_kit::apply::{self, ApplyError, Cancel, Options, SafeRelPath, TargetProblem};
use mirai_kit::render::Tree;
use tempfile::TempDir;

fn small() -> Tree {
    tree(&[("README.md", "# Démo\n"), ("a/b/c.txt", "c"), ("a/b-c/d.txt", "d"), ("a/z.txt", "z"), ("run.sh", "#!/bin/sh\n"), ("vide", "")])
}

const SMALL: [&str; 9] = ["README.md", "a/", "a/b-c/", "a/b-c/d.txt", "a/b/", "a/b/c.txt", "a/z.txt", "run.sh", "vide"];

#[test]
fn a_missing_folder_is_created_with_every_file_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    let report = apply::create(&target, &small(), &Options::default()).unwrap();
    assert_eq!((report.files, report.bytes, report.swept), (6, 21, 0));
    assert_eq!(listing(&target), SMALL);
    assert_eq!(fs::read_to_string(target.join("README.md")).unwrap(), "# Démo\n");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no staging folder is left");
}

#[test]
fn an_empty_folder_is_filled_and_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    fs::create_dir(&target).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o2750)).unwrap();
    apply::create(&target, &small(), &Options::default()).unwrap();
    assert_eq!(listing(&target), SMALL);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o7777, 0o2750);
}

#[test]
fn a_folder_that_holds_something_is_refused_naming_it() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let error = apply::create(dir.path(), &small(), &Options::default()).unwrap_err();
    assert!(matches!(&error, ApplyError::Target { problem: TargetProblem::NotEmpty(names), .. } if names == &["notes.txt"]), "{error}");
    assert!(error.to_string().contains("notes.txt") && error.hint().is_some());
    assert_eq!(listing(dir.path()), ["notes.txt"]);
}

#[test]
fn a_raised_flag_stops_the_work_and_removes_what_was_staged() {
    let dir = TempDir::new().unwrap();
    let cancel = Cancel::new();
    let progress = |done: usize, _| {
        if done == 3 {
            cancel.raise();
        }
    };
    let options = Options { cancel: Some(&cancel), progress: Some(&progress), git: None };
    let error = apply::create(&dir.path().join("demo"), &small(), &options).unwrap_err();
    assert!(matches!(error, ApplyError::Cancelled), "{error}");
    assert_eq!(listing(dir.path()), [""; 0]);
}

#[test]
fn a_name_that_a_system_cannot_hold_is_refused_before_anything_is_written() {
    let dir = TempDir::new().unwrap();
    let long = "x".repeat(300);
    for name in ["CON", "nul.txt", ".git", ".GIT", "git~1", "a\nb", "-rf", "~x", "x ", "x.", "a\u{202e}b", &long] {
        let error = apply::create(&dir.path().join(name), &small(), &Options::default()).unwrap_err();
        assert!(matches!(error, ApplyError::Name(_)), "{name:?}: {error}");
        assert!(error.hint().is_some());
    }
    assert_eq!(listing(dir.path()), [""; 0]);
    // What leaves the folder is refused where the name is read, before it becomes a path.
    for name in ["../x", "a/b", "..", "/x", "", "a\\b", "C:x"] {
        assert!(SafeRelPath::name(name).is_err(), "{name:?}");
    }
}

#[test]
fn a_missing_parent_and_a_target_that_is_a_file_are_refused() {
    let dir = TempDir::new().unwrap();
    let error = apply::create(&dir.path().join("no/demo"), &small(), &Options::default()).unwrap_err();
    assert!(matches!(error, ApplyError::Target { problem: TargetProblem::NoParent, .. }), "{error}");
    fs::write(dir.path().join("file"), "").unwrap();
    let error = apply::create(&dir.path().join("file"), &small(), &Options::default()).unwrap_err();
    assert!(matches!(error, ApplyError::Target { problem: TargetProblem::NotFolder, .. }), "{error}");
    assert_eq!(listing(dir.path()), ["file"]);
}

#[test]
fn a_symbolic_link_is_refused_as_a_target_and_followed_once_as_a_parent() {
    let dir = TempDir::new().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    symlink(dir.path().join("nowhere"), dir.path().join("dangling")).unwrap();
    for target in [&link, &dir.path().join("dangling")] {
        let error = apply::create(target, &small(), &Options::default()).unwrap_err();
        assert!(matches!(error, ApplyError::Target { problem: TargetProblem::Symlink, .. }), "{error}");
    }
    assert_eq!(listing(&real), [""; 0]);
    apply::create(&link.join("demo"), &small(), &Options::default()).unwrap();
    assert_eq!(listing(&real.join("demo")), SMALL);
}

#[test]
fn swapping_the_parent_for_a_link_meanwhile_diverts_nothing() {
    let dir = TempDir::new().unwrap();
    let (parent, moved, elsewhere) = (dir.path().join("parent"), dir.path().join("moved"), dir.path().join("elsewhere"));
    fs::create_dir(&parent).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    let swap = |done: usize, _| {
        if done == 2 {
            fs::rename(&parent, &moved).unwrap();
            symlink(&elsewhere, &parent).unwrap();
        }
    };
    apply::create(&parent.join("demo"), &small(), &Options { progress: Some(&swap), ..Options::default() }).unwrap();
    assert_eq!(listing(&moved.join("demo")), SMALL);
    assert_eq!(listing(&elsewhere), [""; 0]);
}

#[test]
fn someone_who_creates_the_target_meanwhile_keeps_what_he_put_there() {
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("demo");
    let taken = |done: usize, _| {
        if done == 2 {
            fs::create_dir(&target).unwrap();
        }
    };
    let error = apply::create(&target, &small(), &Options { progress: Some(&taken), ..Options::default() }).unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("meanwhile")), "{error}");
    assert_eq!(listing(dir.path()), ["demo/"], "nor is a staging folder left");
}

#[test]
fn of_many_runs_at_once_for_one_target_exactly_one_wins_and_the_others_leave_nothing() {
    let dir = TempDir::new().unwrap();
    let (target, tree) = (dir.path().join("demo"), small());
    for _ in 0..20 {
        let wins: usize = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| apply::create(&target, &tree, &Options::default()).is_ok())).collect();
            runs.into_iter().map(|run| usize::from(run.join().unwrap())).sum()
        });
        assert_eq!(wins, 1);
        assert_eq!(listing(&target), SMALL);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        fs::remove_dir_all(&target).unwrap();
    }
}

#[test]
fn a_staging_folder_without_owner_is_swept_and_a_live_one_is_left_alone() {
    let dir = TempDir::new().unwrap();
    let (stale, live) = (dir.path().join(".mirai-kit-00000000000000aa"), dir.path().join(".mirai-kit-00000000000000bb"));
    let (bare, other) = (dir.path().join(".mirai-kit-00000000000000cc"), dir.path().join(".mirai-kit-notes"));
    for folder in [&stale, &live] {
        fs::create_dir_all(folder.join("tree/a")).unwrap();
        fs::write(folder.join("tree/a/b"), "").unwrap();
        fs::write(folder.join("lock"), "").unwrap();
    }
    fs::create_dir(&bare).unwrap();
    fs::create_dir(&other).unwrap();
    symlink("/etc", stale.join("tree/etc")).unwrap();
    let lock = fs::File::open(live.join("lock")).unwrap();
    lock.try_lock().unwrap();
    let report = apply::create(&dir.path().join("demo"), &small(), &Options::default()).unwrap();
    assert_eq!(report.swept, 2);
    assert!(!stale.exists() && !bare.exists() && live.join("tree/a/b").exists() && other.exists());
    assert!(std::path::Path::new("/etc/passwd").exists(), "a link in it is removed, not followed");
}

#[test]
fn modes_follow_the_umask_as_with_git() {
    use std::os::unix::fs::PermissionsExt;
    for (umask, file, script, folder) in [("022", 0o644, 0o755, 0o755), ("077", 0o600, 0o700, 0o700), ("002", 0o664, 0o775, 0o775)] {
        let dir = TempDir::new().unwrap();
        let target = dir.path().join("demo");
        run_with_umask(umask, dir.path());
        let mode = |path: &str| fs::metadata(target.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("LISEZMOI.md"), mode("bin/run.sh"), mode("bin"), mode("")), (file, script, folder, folder), "umask {umask}");
    }
}

/// The real program with a kit of two files, one of them executable.
fn run_with_umask(umask: &str, folder: &std::path::Path) {
    let kit = TempDir::new().unwrap();
    write_kit(kit.path(), &["LISEZMOI.md", "bin/run.sh"]);
    let script = format!("umask {umask} && exec \"$0\" new demo --defaults --no-git --kit \"$1\"");
    let output = Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_mirai-kit")]).arg(kit.path()).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_parent_where_one_may_not_write_is_refused_with_a_hint() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let parent = dir.path().join("ro");
    fs::create_dir(&parent).unwrap();
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write anywhere: it stays root, without that privilege.
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--"]).arg(env!("CARGO_BIN_EXE_mirai-kit"));
    let output = command.args(["new", "demo", "--defaults"]).current_dir(&parent).output().expect("setpriv (util-linux) is installed");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ermission"), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(listing(&parent), [""; 0]);
}

#[test]
fn the_current_folder_is_filled_without_being_replaced() {
    use std::os::unix::fs::MetadataExt;
    let (dir, kit) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let inode = || fs::metadata(dir.path()).unwrap().ino();
    let before = inode();
    write_kit(kit.path(), &["a/b.md"]);
    let output = Command::new(env!("CARGO_BIN_EXE_mirai-kit"))
        .args(["new", ".", "--defaults", "--kit"])
        .arg(kit.path())
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(inode(), before);
    assert_eq!(listing(dir.path()), [".git/", ".mirai-kit.yaml", "a/", "a/b.md"]);
    assert_eq!(git(dir.path(), &["status", "--porcelain"]), "");
}
