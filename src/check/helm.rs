//! Charts as rendered, by the user's own `helm`, on a chart that nobody vouches for: an empty environment, no plugin and no
//! repository configuration, schemas left aside (helm would fetch those that they refer to), time and output bounded.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::text;
use crate::text::Text;

/// The namespace of the release: an object that names it goes wherever the platform puts the release.
pub const NAMESPACE: &str = "mirai-kit-verification";
/// Longest run of helm on one chart and environment.
const TIME: Duration = Duration::from_secs(30);
/// Longest output, in bytes.
const OUTPUT: u64 = 16 << 20;
/// Memory that helm may map, in bytes (Go maps far more than it uses).
#[cfg(target_os = "linux")]
const MEMORY: u64 = 4 << 30;

/// Finds `helm` in the absolute folders of a `PATH`: a relative one could be the repository's own.
#[must_use]
pub fn find(path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
    let name = if cfg!(windows) { "helm.exe" } else { "helm" };
    std::env::split_paths(path?).filter(|folder| folder.is_absolute()).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Renders a chart with its defaults and these values files, the last one winning.
///
/// # Errors
/// Why it could not be rendered, to be shown as the reason of what is not evaluated.
pub fn template(helm: &Path, chart: &Path, values: &[&str]) -> Result<String, Text> {
    let mut command = Command::new(helm);
    // Argo CD ignores helm's test hooks.
    command.args(["template", "verification", ".", "--skip-schema-validation", "--skip-tests", "--namespace", NAMESPACE]);
    for file in values {
        command.args(["--values", file]);
    }
    let nowhere = "/nonexistent/mirai-kit";
    command.current_dir(chart).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS", "KUBECONFIG"] {
        command.env(variable, nowhere);
    }
    let mut child = command.spawn().map_err(|e| text!("helm ne se lance pas : {e}", "helm cannot be started: {e}"))?;
    limit(&child);
    let out = reader(child.stdout.take());
    let err = reader(child.stderr.take());
    let status = wait(&mut child);
    // The readers end with the process: it is dead, and helm starts no other.
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    let seconds = TIME.as_secs();
    match status {
        None => Err(text!("helm a dépassé {seconds} s ou ne répond plus", "helm took more than {seconds} s, or stopped answering")),
        Some(_) if out.len() as u64 > OUTPUT => Err(text!("helm a écrit plus de {OUTPUT} octets", "helm wrote more than {OUTPUT} bytes")),
        Some(false) => Err(refusal(&String::from_utf8_lossy(&err))),
        Some(true) => String::from_utf8(out).map_err(|_| Text::new("la sortie de helm n'est pas en UTF-8", "helm's output is not UTF-8")),
    }
}

fn refusal(said: &str) -> Text {
    if said.contains("missing in charts/ directory") {
        return Text::new(
            "dépendances absentes de charts/ : lancez `helm dependency build`, que `check` ne lance pas",
            "dependencies missing from charts/: run `helm dependency build`, which `check` does not run",
        );
    }
    let line: String = said.lines().find(|l| l.starts_with("Error")).unwrap_or("").chars().take(300).collect();
    text!("helm refuse ce chart : {line}", "helm refuses this chart: {line}")
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
