//! GitHub workflows.

use super::{Chain, Forge, Job, Step, Use, is_true, pairs, script, texts};
use crate::check::repository::Input::Workflows;
use crate::check::repository::folder;
use crate::check::view::View;
use crate::yaml::{Kind, Node};

/// Whether a path is that of a workflow.
#[must_use]
pub fn named(path: &str) -> bool {
    let yaml = path.rsplit('.').next().is_some_and(|end| matches!(end, "yml" | "yaml"));
    yaml && (folder(path) == ".github/workflows" || folder(path).ends_with("/.github/workflows"))
}

/// The workflows of the repository.
pub fn chains(view: &mut View<'_>) -> Vec<Chain> {
    let mut chains = Vec::new();
    for path in view.delivered(Workflows, named) {
        let (Some(text), Some(node)) = (view.text(Workflows, &path), view.yaml(Workflows, &path)) else { continue };
        chains.push(chain(&path, &text, &node));
    }
    chains
}

fn chain(path: &str, text: &str, node: &Node) -> Chain {
    let lines: Vec<&str> = text.lines().collect();
    let on = node.get("on").map(|(_, on)| on);
    let triggers = match on.map(|n| &n.kind) {
        Some(Kind::Map(entries)) => entries.iter().map(|(key, _, _)| key.clone()).collect(),
        _ => texts(on).into_iter().collect(),
    };
    let variables = pairs(node.get("env").map(|(_, n)| n));
    let mut jobs = Vec::new();
    if let Some((_, Node { kind: Kind::Map(entries), .. })) = node.get("jobs") {
        for (name, (line, _), body) in entries {
            let mut job = Job { name: name.clone(), line: usize::try_from(*line).unwrap_or(1), ..Job::default() };
            job.variables.clone_from(&variables);
            fill(&mut job, path, body, &lines);
            jobs.push(job);
        }
    }
    Chain { file: path.to_owned(), forge: Forge::Github, triggers, jobs, variables }
}

fn fill(job: &mut Job, path: &str, body: &Node, lines: &[&str]) {
    let get = |key: &str| body.get(key).map(|(_, node)| node);
    job.blocking = !is_true(get("continue-on-error"));
    job.variables.extend(pairs(get("env")));
    job.needs = get("needs").map(|needs| texts(Some(needs)));
    job.image = get("container").map(|c| c.as_str().or_else(|| c.get("image")?.1.as_str()).unwrap_or_default().to_owned()).unwrap_or_default();
    if let Some((line, uses)) = body.get("uses") {
        job.uses.extend(action(line, uses, get("with"), true));
    }
    let Some(Kind::Seq(steps)) = get("steps").map(|n| &n.kind) else { return };
    for step in steps {
        let get = |key: &str| step.get(key).map(|(_, node)| node);
        let blocking = !is_true(get("continue-on-error"));
        job.variables.extend(pairs(get("env")));
        if let Some((line, uses)) = step.get("uses") {
            let used = action(line, uses, get("with"), blocking);
            if let Some(kept) = used.as_ref().filter(|used| used.name.starts_with("actions/upload-artifact@")) {
                job.keeps.extend(["name", "path"].iter().filter_map(|key| kept.with.get(*key)).cloned());
            }
            job.uses.extend(used);
        }
        if let Some(run) = get("run") {
            let mut commands = Vec::new();
            script(run, lines, &mut commands);
            job.steps.extend(commands.into_iter().map(|command| Step { file: path.to_owned(), command, blocking }));
        }
    }
}

fn action(line: usize, uses: &Node, with: Option<&Node>, blocking: bool) -> Option<Use> {
    Some(Use { line, name: uses.as_str()?.to_owned(), with: pairs(with), blocking })
}
