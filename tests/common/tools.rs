//! The real programs that judge the output. A missing one is a failure that says what to do: nothing is skipped.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests: each crate uses its part and fails by panicking"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Where `make tools` installs.
pub fn folder() -> PathBuf {
    std::env::var_os("MIRAI_TOOLS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools"), PathBuf::from)
}

/// A program installed by `make tools`, by its path below the tools folder (`bin/kubeconform`, `helm4/helm`).
pub fn tool(path: &str) -> PathBuf {
    let program = folder().join(path);
    assert!(program.exists(), "{} is missing: run `make tools`", program.display());
    program
}

/// What a program answered.
pub struct Ran {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Both outputs, for messages.
    pub fn said(&self) -> String {
        format!("{}\n{}", self.out.trim_end(), self.err.trim_end())
    }
}

/// Runs a program in a folder; its own configuration and cache are kept inside `target`.
pub fn run<I, S>(program: &Path, arguments: I, folder: &Path) -> Ran
where
    I: IntoIterator<Item = S>,
    S: AsRef<std::ffi::OsStr>,
{
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("home");
    std::fs::create_dir_all(&home).unwrap();
    let path = format!("{}:{}", self::folder().join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("PATH", path)
        .env("HELM_CACHE_HOME", home.join("helm/cache"))
        .env("HELM_CONFIG_HOME", home.join("helm/config"))
        .env("HELM_DATA_HOME", home.join("helm/data"))
        // Most are Go's, and short: their collector frees what their end frees.
        .env("GOGC", "400")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("{} cannot be run: {e}", program.display()));
    Ran {
        ok: output.status.success(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Says how many objects a gate examined and in how long, past the test runner's capture; zero is a failure.
pub fn gate(name: &str, examined: usize, since: Instant) {
    let line = format!("gate {name}: {examined} examined, {:.1} s\n", since.elapsed().as_secs_f64());
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    assert!(examined > 0, "gate {name} examined nothing: it proves nothing");
}

/// Applies a function to every item, on two threads (the machine has two cores), in order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut mine = Vec::new();
                    loop {
                        let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        let Some(item) = items.get(index) else { return mine };
                        mine.push((index, work(item)));
                    }
                })
            })
            .collect();
        threads.into_iter().flat_map(|t| t.join().expect("a worker thread panicked")).collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
