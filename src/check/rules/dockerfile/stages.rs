//! What the image is made of: its base, its stages, who runs it, and how.

use std::collections::BTreeMap;

use parse_dockerfile::{Command as Form, Instruction};

use super::images;
use super::made::{Chains, variables};
use super::model::{Model, expand, flag, inner, pairs, run, sources};
use crate::check::Report;
use crate::check::repository::Input::Dockerfiles;
use crate::check::shell::Command;
use crate::check::view::View;
use crate::text;
use crate::text::Text;

/// Judges the stages of an image.
pub fn check(report: &mut Report, view: &mut View<'_>, path: &str, model: &Model<'_, '_>, chains: &Chains) {
    for stage in model.stages.iter().filter(|stage| stage.parent.is_none() && stage.image != "scratch") {
        let given = variables(&stage.written).any(|name| chains.give(name));
        if stage.image.contains('$') || given {
            let image = if given { &stage.written } else { &stage.image };
            let at = stage.line;
            let why = text!("ligne {at} : l'image de base {image} est donnée à la construction", "line {at}: the build gives the base image {image}");
            view.gap(Dockerfiles, path, why);
        } else {
            report.see_in("dockerfile-no-latest", path, Some(stage.line), super::super::kyverno::floating(&stage.image));
        }
    }
    base(report, path, model);
    user(report, view, path, model);
    multi_stage(report, path, model);
    for (line, step) in model.last().into_iter().flat_map(|stage| stage.steps.iter().copied()) {
        match inner(step) {
            Instruction::Expose(expose) => {
                for port in expose.arguments.iter().map(|port| port.value.as_ref()) {
                    if let Ok(number) = port.split(['/', '-']).next().unwrap_or_default().parse::<u32>() {
                        report.see_in("dockerfile-expose", path, Some(line), (number <= 1024).then(|| format!("EXPOSE {port}")));
                    }
                }
            }
            Instruction::Cmd(cmd) => exec_form(report, path, line, "CMD", &cmd.arguments),
            Instruction::Entrypoint(entrypoint) => exec_form(report, path, line, "ENTRYPOINT", &entrypoint.arguments),
            Instruction::Workdir(workdir) => {
                let folder = workdir.arguments.value.trim_matches(['"', '\'']);
                let absolute = folder.starts_with(['/', '$']) || folder.chars().nth(1) == Some(':');
                report.see_in("dockerfile-workdir", path, Some(line), (!absolute).then(|| format!("WORKDIR {folder}")));
            }
            _ => {}
        }
    }
    for (index, stage) in model.stages.iter().enumerate().filter(|(_, stage)| stage.alias.is_some()) {
        let again = model.stages[..index].iter().any(|before| before.alias == stage.alias);
        let name = stage.alias.as_deref().unwrap_or_default();
        report.see_in("dockerfile-stage-names", path, Some(stage.line), again.then(|| format!("AS {name}")));
    }
}

/// The base of what is delivered: the stages that only build are not run.
fn base(report: &mut Report, path: &str, model: &Model<'_, '_>) {
    let chain = model.last();
    let Some(root) = chain.first().filter(|root| root.image != "scratch" && !root.image.contains('$')) else { return };
    let image = &root.image;
    let ended = images::ended(image);
    let unknown =
        (ended.is_none() && !images::recognised(image)).then(|| text!("{image} : éditeur inconnu de la liste", "{image}: publisher not in the list"));
    report.see_in("dockerfile-base-image", path, Some(root.line), unknown);
    report.see_in("dockerfile-base-ended", path, Some(root.line), ended);
}

fn user(report: &mut Report, view: &mut View<'_>, path: &str, model: &Model<'_, '_>) {
    let chain = model.last();
    let Some(last) = chain.last() else { return };
    let (mut values, mut user) = (BTreeMap::new(), None);
    for (line, step) in chain.iter().flat_map(|stage| stage.steps.iter().copied()) {
        match step {
            Instruction::Arg(argument) => values.extend(pairs(&argument.arguments.value)),
            Instruction::Env(env) => values.extend(pairs(&env.arguments.value)),
            Instruction::User(set) => user = Some((line, expand(&set.arguments.value, &values))),
            _ => {}
        }
    }
    let Some((line, user)) = user else {
        let base = chain.first().map_or("", |root| root.image.as_str());
        match images::runs_as_root(base) {
            Some(true) => {
                let problem = text!("aucun USER, sur l'image {base}", "no USER, on the image {base}");
                report.see_in("dockerfile-user", path, Some(last.line), Some(problem));
            }
            Some(false) => report.see_in("dockerfile-user", path, Some(last.line), None::<Text>),
            None => {
                let why =
                    text!("aucun USER : l'image de base {base} décide, et n'est pas lue", "no USER: the base image {base} decides, and is not read");
                view.gap(Dockerfiles, path, why);
            }
        }
        return;
    };
    let id = user.split(':').next().unwrap_or_default().trim_matches(['"', '\'']);
    if id.is_empty() || id.contains('$') {
        view.gap(Dockerfiles, path, text!("l'utilisateur {user} est donné à la construction", "the build gives the user {user}"));
        return;
    }
    let number: Option<u32> = id.parse().ok();
    let shown = format!("USER {user}");
    report.see_in("dockerfile-user", path, Some(line), (number == Some(0) || id == "root").then(|| shown.clone()));
    report.see_in("dockerfile-user-number", path, Some(line), (number.is_none() && id != "root").then_some(shown));
}

/// Programs that build an application or fetch what it depends on.
fn builds(command: &Command) -> bool {
    let first = command.arguments().next().unwrap_or_default();
    match command.name() {
        "npm" | "pnpm" => matches!(first, "install" | "ci" | "i" | "run" | "build"),
        "yarn" => matches!(first, "" | "install" | "build" | "run"),
        "pip" | "pip3" | "uv" | "poetry" | "pdm" => matches!(first, "install" | "sync" | "pip"),
        "python" | "python3" => command.has("pip") && command.has("install"),
        "go" | "cargo" | "dotnet" | "composer" | "bundle" => matches!(first, "build" | "install" | "publish" | "restore"),
        "mvn" | "mvnw" | "gradle" | "gradlew" | "make" | "cmake" | "gcc" | "g++" | "javac" | "tsc" => true,
        _ => false,
    }
}

/// Only what builds something needs a stage of its own for it: an image that adds files to its base has none to leave out.
fn multi_stage(report: &mut Report, path: &str, model: &Model<'_, '_>) {
    let chain = model.last();
    let Some(last) = chain.last() else { return };
    let from_stage = |step: &Instruction<'_>| match step {
        Instruction::Copy(copy) => flag(&copy.options, "from").is_some(),
        Instruction::Run(run) => flag(&run.options, "mount").is_some_and(|mount| mount.contains("from=")),
        _ => false,
    };
    let received = chain.iter().flat_map(|stage| &stage.steps).any(|(_, step)| from_stage(step));
    let built = |stages: &[&super::model::Stage<'_, '_>]| {
        stages.iter().flat_map(|stage| &stage.steps).any(|(line, step)| match step {
            Instruction::Run(step) => run(*line, step).iter().any(builds),
            _ => false,
        })
    };
    let elsewhere: Vec<_> = model.stages.iter().filter(|stage| !chain.iter().any(|kept| kept.line == stage.line)).collect();
    let problem = if received && !elsewhere.is_empty() {
        None
    } else if built(&chain) {
        Some(if model.stages.len() == 1 {
            Text::new("construite en une seule étape : ses outils restent dans l'image", "built in one stage: its tools stay in the image")
        } else {
            Text::new("la dernière étape ne reprend rien des autres par COPY --from", "the last stage takes nothing from the others by COPY --from")
        })
    } else {
        return;
    };
    report.see_in("dockerfile-multi-stage", path, Some(last.line), problem);
}

/// A shell as first process keeps the signals for itself, unless it gives its place (`exec`).
fn exec_form(report: &mut Report, path: &str, line: usize, name: &str, form: &Form<'_>) {
    let problem = match form {
        Form::Shell(text) if !text.value.trim().is_empty() => {
            let replaced = text.value.trim_start().starts_with("exec ") || text.value.contains("&& exec ") || text.value.contains("; exec ");
            (!replaced).then(|| format!("{name} {}", text.value.trim().chars().take(80).collect::<String>()))
        }
        _ => None,
    };
    report.see_in("dockerfile-exec-form", path, Some(line), problem);
}

/// What is brought into the image: links, files that hold secrets, rights.
pub fn copies(report: &mut Report, path: &str, model: &Model<'_, '_>, delivered: bool) {
    for (line, step) in model.steps() {
        let (verb, flags, files) = match step {
            Instruction::Add(add) => ("ADD", &add.options, &add.src),
            Instruction::Copy(copy) => ("COPY", &copy.options, &copy.src),
            _ => continue,
        };
        if let Some(mode) = flag(flags, "chmod").filter(|_| delivered) {
            report.see_in("dockerfile-writable", path, Some(line), super::run::open_mode(mode).then(|| format!("{verb} --chmod={mode}")));
        }
        for source in sources(files) {
            if verb == "ADD" && delivered {
                let link = source.starts_with("https://") || source.starts_with("http://");
                let repository = source.split('#').next().is_some_and(|link| link.strip_suffix(".git").is_some());
                let packed = ["tar", "tgz", "gz", "xz", "bz2", "zst"].iter().any(|end| source.rsplit('.').next() == Some(end));
                let problem = if link && !repository && flag(flags, "checksum").is_none() {
                    Some(text!("ADD {source} : contenu non vérifié (--checksum)", "ADD {source}: content not verified (--checksum)"))
                } else if link || repository || packed || source.contains('$') || source.starts_with("git@") {
                    None
                } else {
                    Some(text!("ADD {source} : COPY suffit", "ADD {source}: COPY is enough"))
                };
                report.see_in("dockerfile-add", path, Some(line), problem);
            }
            if flag(flags, "from").is_none() {
                let held = super::secret::named(source);
                report.see_in("dockerfile-secret", path, Some(line), held.then(|| format!("{verb} {source}")));
            }
        }
    }
}
