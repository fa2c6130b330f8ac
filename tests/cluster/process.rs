//! Programs that run beside a test and end with it: when it passes, panics, or is killed.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running program. Its output goes to a file, of which the end is shown when something fails.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program; `prepare` adds its arguments and environment. The kernel kills it when the thread of the test ends,
    /// whatever ends it (`setpriv --pdeathsig`), so an interrupted run leaves nothing behind.
    pub fn start(name: &str, program: &Path, folder: &Path, prepare: impl FnOnce(&mut Command)) -> Self {
        let log = folder.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command.current_dir(folder).stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        prepare(&mut command);
        let child = command.spawn().unwrap_or_else(|e| panic!("setpriv (Debian's util-linux) cannot start {}: {e}", program.display()));
        Self { name: name.to_owned(), child, log }
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
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("--- end of {}:\n{}", self.name, self.last_words());
        }
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
        std::thread::sleep(Duration::from_millis(300));
    }
}
