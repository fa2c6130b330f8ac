//! Git alone deploys (`GitOps`): nothing in chains, Makefiles and scripts applies to a cluster by hand. Documents and comments may
//! show such commands: they run nothing.

use crate::check::Report;
use crate::check::ci::Chain;
use crate::check::repository::Input::Project;
use crate::check::repository::file_name;
use crate::check::shell::{Command, commands};
use crate::check::view::View;
use crate::text;
use crate::text::Text;

/// Judges the commands of chains, Makefiles and scripts.
pub fn check(report: &mut Report, view: &mut View<'_>, chains: &[Chain]) {
    for chain in chains {
        for (job, step) in chain.jobs.iter().flat_map(|job| job.steps.iter().map(move |step| (job, step))) {
            // A cluster that the job makes and throws away is a test.
            let own = job.steps.iter().any(|step| local(&step.command))
                || job.uses.iter().any(|used| ["kind-action", "k3d", "minikube", "k3s", "setup-kind"].iter().any(|t| used.name.contains(t)));
            let problem = deploys(&step.command).filter(|_| !own);
            report.see_part("no-manual-deploy", &step.file, Some(step.command.line), &job.name, problem);
        }
    }
    let mut scripts = Vec::new();
    for path in view.delivered(Project, named) {
        let Some(text) = view.text(Project, &path) else { continue };
        let script: String = if makefile(&path) { recipes(&text) } else { text };
        scripts.push((path, commands(&script, 1)));
    }
    let throwaway = scripts.iter().find(|(_, all)| all.iter().any(local)).map(|(path, _)| path.clone());
    for (path, all) in scripts.iter().filter(|(path, _)| !development(path)) {
        let mut found = all.iter().filter_map(|command| Some((command.line, deploys(command)?)));
        let Some((line, first)) = found.next() else {
            report.see_in("no-manual-deploy", path, None, None::<Text>);
            continue;
        };
        if let Some(cluster) = &throwaway {
            let why = text!(
                "{path} : déploie peut-être sur le cluster jetable que crée {cluster}",
                "{path}: may deploy to the throw-away cluster that {cluster} makes"
            );
            view.gap(Project, path, why);
            continue;
        }
        let (more, fr) = (found.count(), first.fr);
        let problem = if more == 0 { Text::same(fr) } else { text!("{fr} (et {more} de plus)", "{fr} (and {more} more)") };
        report.see_in("no-manual-deploy", path, Some(line), Some(problem));
    }
}

fn makefile(path: &str) -> bool {
    let name = file_name(path);
    name == "Makefile" || name == "makefile" || name.rsplit('.').next() == Some("mk")
}

fn named(path: &str) -> bool {
    makefile(path) || path.rsplit('.').next().is_some_and(|end| matches!(end, "sh" | "bash"))
}

/// Scripts of a workstation or of a test cluster, by their name.
fn development(path: &str) -> bool {
    let lower = path.to_lowercase();
    ["dev", "local", "kind", "k3d", "minikube", "demo", "demonstration", "test", "essai", "sandbox", "bootstrap", "amorce"]
        .iter()
        .any(|part| lower.split(['/', '.', '-', '_']).any(|p| p == *part))
}

/// A cluster on the machine that runs the command.
fn local(command: &Command) -> bool {
    matches!(command.name(), "kind" | "k3d" | "minikube" | "k3s")
        || command.words.iter().any(|word| word.contains("k3d-") || word.contains("kind-") || word == "docker-desktop")
}

/// The lines of recipes, the others blank so that numbers hold.
fn recipes(text: &str) -> String {
    text.lines().map(|line| line.strip_prefix('\t').map_or("", |rest| rest.trim_start_matches(['@', '-']))).collect::<Vec<_>>().join("\n")
}

/// What it applies to a cluster, if so.
fn deploys(command: &Command) -> Option<Text> {
    let words: Vec<&str> = command.arguments().collect();
    let verb = |wanted: &[&str]| words.iter().take(3).any(|word| wanted.contains(word));
    let dry = command.words.iter().any(|w| w.starts_with("--dry-run") && !w.ends_with("=none")) || command.has("--help") || command.has("-h");
    // Pods that are deleted are made again by what git describes.
    let harmless = (verb(&["rollout"]) && verb(&["status", "history"])) || (verb(&["delete"]) && verb(&["pod", "pods", "po"]));
    let applies = match command.name() {
        "kubectl" | "oc" => {
            verb(&["apply", "create", "replace", "patch", "delete", "scale", "set", "rollout", "edit", "expose", "new-app", "process"])
                && !harmless
                && !verb(&["config", "token"])
                && words.first() != Some(&"process")
        }
        "helm" => verb(&["install", "upgrade", "uninstall", "rollback"]),
        "helmfile" => verb(&["apply", "sync", "destroy"]),
        "argocd" => verb(&["sync", "create", "set", "rollback", "delete"]),
        "skaffold" => verb(&["run", "deploy"]),
        _ => false,
    };
    // `helm plugin install` and `kubectl krew install` bring tools.
    let tools = verb(&["plugin", "krew", "repo", "registry", "completion"]);
    (applies && !dry && !tools).then(|| Text::same(command.words.join(" ").chars().take(100).collect::<String>()))
}
