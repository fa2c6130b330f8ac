//! A program of the user's (`helm`, `kubectl`) run over files that nobody vouches for: an empty environment, no configuration,
//! no input; time, memory and output bounded.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::text;
use crate::text::Text;

/// Longest run.
const TIME: Duration = Duration::from_secs(30);
/// Longest output, in bytes.
const OUTPUT: u64 = 16 << 20;
/// Memory that it may map, in bytes (Go maps far more than it uses).
#[cfg(target_os = "linux")]
const MEMORY: u64 = 4 << 30;
/// Folders that programs look into, led nowhere.
const FOLDERS: [&str; 7] = ["HOME", "XDG_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS", "KUBECONFIG"];

/// Finds a program in the absolute folders of a `PATH`: a relative one could be the repository's own.
#[must_use]
pub fn find(name: &str, path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
    let name = if cfg!(windows) { format!("{name}.exe") } else { name.to_owned() };
    std::env::split_paths(path?).filter(|folder| folder.is_absolute()).map(|folder| folder.join(&name)).find(|program| program.is_file())
}

/// What a program writes, run in a folder.
///
/// # Errors
/// Why it wrote nothing of use, to be shown as the reason of what is not evaluated; `refusal` words what it says itself.
pub fn output(program: &Path, name: &str, arguments: &[&str], folder: &Path, refusal: fn(&str) -> Text) -> Result<String, Text> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in FOLDERS {
        command.env(variable, "/nonexistent/mirai-kit");
    }
    let mut child = command.spawn().map_err(|e| text!("{name} ne se lance pas : {e}", "{name} cannot be started: {e}"))?;
    limit(&child);
    let out = reader(child.stdout.take());
    let err = reader(child.stderr.take());
    let status = wait(&mut child);
    // The readers end with the process: it is dead, and it starts no other.
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    let seconds = TIME.as_secs();
    match status {
        None => Err(text!("{name} a dépassé {seconds} s ou ne répond plus", "{name} took more than {seconds} s, or stopped answering")),
        Some(_) if out.len() as u64 > OUTPUT => Err(text!("{name} a écrit plus de {OUTPUT} octets", "{name} wrote more than {OUTPUT} bytes")),
        Some(false) => Err(refusal(&String::from_utf8_lossy(&err))),
        Some(true) => String::from_utf8(out).map_err(|_| text!("la sortie de {name} n'est pas en UTF-8", "{name}'s output is not UTF-8")),
    }
}

/// Reads an output to its end, keeping no more than the limit: a child that writes too much must not wait on a full pipe.
fn reader(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = (&mut pipe).take(OUTPUT + 1).read_to_end(&mut bytes);
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        bytes
    })
}

/// Whether the process succeeded; none when it had to be killed.
fn wait(child: &mut Child) -> Option<bool> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if start.elapsed() < TIME => std::thread::sleep(Duration::from_millis(10)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn limit(child: &Child) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // A process that has ended already needs no limit.
    if pid.is_some() {
        let _ = prlimit(pid, Resource::As, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) });
    }
}

#[cfg(not(target_os = "linux"))]
fn limit(_child: &Child) {}
