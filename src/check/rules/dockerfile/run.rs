//! What `RUN` does: packages, downloads, rights.

use std::collections::BTreeSet;

use parse_dockerfile::Instruction;

use super::model::{Model, run};
use crate::check::Report;
use crate::check::shell::Command;
use crate::text::Text;

/// Judges the commands of every stage, and what they leave in the last one.
pub fn check(report: &mut Report, path: &str, model: &Model<'_, '_>) {
    let delivered: Vec<usize> = model.last().iter().map(|stage| stage.line).collect();
    let removed = removed(model);
    for stage in &model.stages {
        for (line, step) in &stage.steps {
            let Instruction::Run(step) = super::model::inner(step) else { continue };
            let commands = run(*line, step);
            for (index, command) in commands.iter().enumerate() {
                let at = Some(command.line);
                report.see_in("dockerfile-verified-download", path, at, unverified(command));
                let shell = command.piped && matches!(command.name(), "sh" | "bash" | "ash" | "dash" | "zsh" | "python" | "python3");
                let fetched = index.checked_sub(1).and_then(|before| commands.get(before)).is_some_and(|c| matches!(c.name(), "curl" | "wget"));
                report.see_in("dockerfile-piped-script", path, at, (shell && fetched).then(|| shown(&commands[index - 1])));
                if command.name() == "chmod" {
                    let open = command.program().iter().skip(1).any(|word| open_mode(word));
                    report.see_in("dockerfile-writable", path, at, open.then(|| shown(command)));
                }
            }
            packages(report, path, &commands, delivered.contains(&stage.line), &removed);
        }
    }
}

fn shown(command: &Command) -> String {
    command.words.join(" ").chars().take(100).collect()
}

/// Whether a mode lets everyone write.
#[must_use]
pub fn open_mode(mode: &str) -> bool {
    let octal = mode.len() >= 3 && mode.bytes().all(|b| (b'0'..=b'7').contains(&b));
    let last = mode.bytes().last().unwrap_or_default();
    (octal && matches!(last, b'2' | b'3' | b'6' | b'7')) || matches!(mode, "a+w" | "o+w" | "a+rw" | "a+rwx" | "ugo+rwx" | "a=rwx" | "o+rwx" | "a+rwX")
}

/// A manager of packages that installs, and the packages.
fn installed(command: &Command) -> Option<(&str, Vec<&str>)> {
    let mut words = command.arguments();
    let verb = words.next().unwrap_or_default();
    let manager = command.name();
    let installs = match manager {
        "apt-get" | "apt" | "yum" | "dnf" | "microdnf" | "tdnf" | "zypper" => command.has("install"),
        "apk" => command.has("add"),
        _ => return None,
    };
    installs.then(|| (manager, std::iter::once(verb).chain(words).filter(|word| !matches!(*word, "install" | "add")).collect()))
}

/// Whether a command takes packages away.
fn removes(command: &Command) -> bool {
    let verbs = ["purge", "remove", "autoremove", "del", "erase"];
    matches!(command.name(), "apt-get" | "apt" | "yum" | "dnf" | "microdnf" | "apk") && verbs.iter().any(|verb| command.has(verb))
}

/// The packages that some step of what is delivered takes away again.
fn removed(model: &Model<'_, '_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (line, step) in model.last().iter().flat_map(|stage| stage.steps.iter().copied()) {
        let Instruction::Run(step) = super::model::inner(step) else { continue };
        for command in run(line, step).iter().filter(|command| removes(command)) {
            names.extend(command.arguments().map(str::to_owned));
        }
    }
    names
}

fn packages(report: &mut Report, path: &str, commands: &[Command], delivered: bool, removed: &BTreeSet<String>) {
    let cleaned = commands.iter().any(removes);
    // What is upgraded is installed again.
    let any_install = commands.iter().any(|c| installed(c).is_some() || (matches!(c.name(), "apt-get" | "apt") && c.has("upgrade")));
    for command in commands {
        let at = Some(command.line);
        if matches!(command.name(), "apt-get" | "apt") {
            let problem = apt(command, any_install);
            report.see_in("dockerfile-packages", path, at, problem);
        }
        let sudo = command.words.first().is_some_and(|word| word == "sudo");
        let (_, names) = installed(command).unwrap_or_default();
        if delivered && (sudo || !names.is_empty()) {
            let door = names.iter().find(|name| matches!(base(name), "sudo" | "doas" | "openssh" | "openssh-server" | "dropbear" | "telnetd"));
            let problem = if sudo { Some("sudo".to_owned()) } else { door.map(|name| (*name).to_owned()) };
            report.see_in("dockerfile-no-sudo-ssh", path, at, problem);
        }
        if delivered && !names.is_empty() {
            let tools: Vec<&str> = names.iter().copied().filter(|name| tool(base(name)) && !removed.contains(base(name))).collect();
            report.see_in("dockerfile-final-tooling", path, at, (!tools.is_empty() && !cleaned).then(|| tools.join(", ")));
        }
    }
}

/// Name of a package without its version.
fn base(name: &str) -> &str {
    name.split(['=', '~', '>', '<']).next().unwrap_or(name)
}

/// Packages that build or edit: nothing that an application needs to run.
fn tool(name: &str) -> bool {
    let known = [
        "build-essential",
        "build-base",
        "gcc",
        "g++",
        "clang",
        "make",
        "cmake",
        "automake",
        "git",
        "maven",
        "gradle",
        "vim",
        "nano",
        "emacs",
        "gdb",
        "strace",
    ];
    known.contains(&name) || name.ends_with("-dev") || name.ends_with("-devel")
}

/// Pinned packages are not asked for: Debian's mirrors drop a version as soon as a correction replaces it.
fn apt(command: &Command, installs: bool) -> Option<Text> {
    if command.name() == "apt" && (command.has("install") || command.has("update")) {
        return Some(Text::new("apt : interface instable, préférez apt-get", "apt: unstable interface, prefer apt-get"));
    }
    if command.has("dist-upgrade") {
        return Some(Text::new(
            "apt-get dist-upgrade : l'image de base ne se remplace pas ainsi",
            "apt-get dist-upgrade: not a way to replace the base image",
        ));
    }
    if command.has("update") && !installs {
        return Some(Text::new(
            "apt-get update seul dans son RUN : la liste reste en cache",
            "apt-get update alone in its RUN: the list stays cached",
        ));
    }
    let lean =
        command.words.iter().any(|w| w == "--no-install-recommends" || w.contains("Install-Recommends=0") || w.contains("install-recommends=false"));
    (command.has("install") && !lean)
        .then(|| Text::new("apt-get install sans --no-install-recommends", "apt-get install without --no-install-recommends"))
}

/// The option that turns off the verification of what is fetched.
fn unverified(command: &Command) -> Option<String> {
    let words = &command.words;
    let any = |wanted: &[&str]| words.iter().find(|word| wanted.contains(&word.as_str())).cloned();
    let named = match command.name() {
        "curl" => any(&["-k", "--insecure"])
            .or_else(|| words.iter().find(|w| w.len() < 8 && w.starts_with('-') && !w.starts_with("--") && w.contains('k')).cloned()),
        "wget" => any(&["--no-check-certificate"]),
        "pip" | "pip3" | "python" | "python3" => words.iter().find(|w| w.starts_with("--trusted-host")).cloned(),
        "apk" => any(&["--allow-untrusted"]),
        "apt-get" | "apt" => any(&["--allow-unauthenticated", "--force-yes"]),
        "yum" | "yum-config-manager" | "dnf" | "microdnf" | "tdnf" | "zypper" => any(&["--nogpgcheck", "--no-gpg-checks"])
            .or_else(|| words.iter().find(|w| w.starts_with("--setopt=sslverify")).filter(|w| w.ends_with(['0', 'e'])).cloned()),
        "rpm" => any(&["--nosignature"]),
        "npm" | "yarn" | "pnpm" => words.windows(2).find(|w| w[0].ends_with("strict-ssl") && w[1] == "false").map(|w| w.join(" ")),
        "git" => words.windows(2).find(|w| w[0] == "http.sslVerify" && w[1] == "false").map(|w| w.join(" ")),
        _ => None,
    };
    named.or_else(|| words.iter().find(|word| blind(word)).cloned()).map(|what| format!("{} {what}", command.name()))
}

/// Assignments that turn off the verification of certificates, for a command or for good.
#[must_use]
pub fn blind(assignment: &str) -> bool {
    let Some((name, value)) = assignment.split_once('=') else { return false };
    let off = matches!(value.trim_matches(['"', '\'']), "0" | "false" | "False" | "off");
    match name {
        "PYTHONHTTPSVERIFY" | "NODE_TLS_REJECT_UNAUTHORIZED" | "NPM_CONFIG_STRICT_SSL" => off,
        "GIT_SSL_NO_VERIFY" | "PIP_TRUSTED_HOST" => !off && !value.is_empty(),
        _ => false,
    }
}
