//! Programs that run beside a test and end with it: when it passes, panics, or is killed.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// Go's collector takes a third of the time of these programs, whose heaps are small: memory is given instead, within limits.
pub const GO: [(&str, &str); 2] = [("GOGC", "600"), ("GOMEMLIMIT", "1500MiB")];

type Prepare = Box<dyn Fn(&mut Command) + Send + Sync>;

/// A running program. Its output goes to a file, of which the end is shown when something fails.
pub struct Process {
    pub name: String,
    program: PathBuf,
    folder: PathBuf,
    prepare: Prepare,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program; `prepare` adds its arguments and environment. The kernel kills it when the thread that started it
    /// ends, whatever ends it (`setpriv --pdeathsig`), so an interrupted run leaves nothing behind.
    pub fn start(name: &str, program: &Path, folder: &Path, prepare: impl Fn(&mut Command) + Send + Sync + 'static) -> Self {
        let log = folder.join(format!("{name}.log"));
        let child = spawn(program, folder, &log, &prepare);
        Self { name: name.to_owned(), program: program.into(), folder: folder.into(), prepare: Box::new(prepare), child, log }
    }

    /// The last lines that the program wrote.
    pub fn last_words(&self) -> String {
        let text = std::fs::read(&self.log).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Waits until `ready` says so; fails when the program stops or time runs out.
    pub fn until(&mut self, seconds: u64, mut ready: impl FnMut() -> bool) {
        let started = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} stopped ({status}):\n{}", self.name, self.last_words());
            }
            assert!(started.elapsed() < Duration::from_secs(seconds), "{} is not ready after {seconds} s:\n{}", self.name, self.last_words());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends it as a crash does: without warning.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Starts it again as it was, after `kill`.
    pub fn revive(&mut self) {
        self.child = spawn(&self.program, &self.folder, &self.log, &self.prepare);
    }
}

fn spawn(program: &Path, folder: &Path, log: &Path, prepare: &dyn Fn(&mut Command)) -> Child {
    let output = File::options().create(true).append(true).open(log).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    for (key, value) in GO {
        command.env(key, value);
    }
    command.current_dir(folder).stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
    prepare(&mut command);
    command.spawn().unwrap_or_else(|e| panic!("setpriv (Debian's util-linux) cannot start {}: {e}", program.display()))
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- end of {}:\n{}", self.name, self.last_words());
        }
    }
}

/// A folder that is erased once this value is gone or this process ended, whatever ended it: by another process, that waits
/// for the end of its input. What is shared by several tests is never dropped, and Ctrl-C drops nothing.
pub struct Folder {
    path: PathBuf,
    /// Closed by the kernel at the latest.
    _alive: ChildStdin,
}

impl Folder {
    pub fn new(prefix: &str, parent: &Path) -> Self {
        let path = tempfile::Builder::new().prefix(prefix).tempdir_in(parent).unwrap().keep();
        // A group of its own: Ctrl-C must not reach it. The programs that write there die at the same moment: it insists.
        let script = "cat >/dev/null; for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf \"$1\" && exit; sleep 0.5; done";
        let mut command = Command::new("sh");
        command.args(["-c", script, "janitor"]).arg(&path).process_group(0).current_dir("/");
        let mut janitor = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let alive = janitor.stdin.take().unwrap();
        // Nobody waits for it within this process, except so that it does not stay a zombie.
        std::thread::spawn(move || janitor.wait());
        Self { path, _alive: alive }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Whether something listens there.
pub fn listens(port: u16) -> bool {
    std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Repeats until an answer comes; `Err` is why there is none yet, said when time runs out.
pub fn eventually<T>(what: &str, seconds: u64, mut attempt: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match attempt() {
            Ok(found) => return found,
            Err(why) => assert!(started.elapsed() < Duration::from_secs(seconds), "{what}: not after {seconds} s: {why}"),
        }
        // Most attempts are a kubectl: it costs more than what it asks.
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Repeats until seen, more often: for attempts that cost little. `state` says what was there when time ran out.
pub fn patiently(what: &str, seconds: u64, mut seen: impl FnMut() -> bool, state: impl Fn() -> String) {
    let started = Instant::now();
    while !seen() {
        assert!(started.elapsed() < Duration::from_secs(seconds), "{what}: not after {seconds} s: {}", state());
        std::thread::sleep(Duration::from_millis(500));
    }
}
