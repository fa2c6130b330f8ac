//! What GitHub workflows let others do: actions that move, code of strangers run with the repository's rights, text of
//! strangers run as commands.

use crate::check::Report;
use crate::check::ci::{Chain, Forge};
use crate::check::repository::Input::Workflows;
use crate::check::view::View;
use crate::text;
use crate::text::Text;
use crate::yaml::Node;

/// Judges the workflows of GitHub.
pub fn check(report: &mut Report, view: &mut View<'_>, chains: &[&Chain]) {
    for chain in chains.iter().filter(|chain| chain.forge == Forge::Github) {
        let file = chain.file.as_str();
        let foreign = chain.triggers.contains("pull_request_target");
        pinned(report, chain);
        for job in &chain.jobs {
            for used in &job.uses {
                if foreign && used.name.starts_with("actions/checkout@") {
                    let head = used
                        .with
                        .get("ref")
                        .is_some_and(|r| ["pull_request.head", "github.head_ref", "refs/pull/"].iter().any(|part| r.contains(part)));
                    let problem = head.then(|| {
                        Text::new("le code de la demande s'exécute avec les droits du dépôt", "the request's code runs with the repository's rights")
                    });
                    report.see_part("workflow-foreign-code", file, Some(used.line), &job.name, problem);
                }
            }
        }
        injections(report, file, chain);
        if let Some(node) = view.yaml(Workflows, file) {
            permissions(report, file, &node);
        }
    }
}

/// The actions of third parties that may change: one finding a workflow, which names them; each is examined.
fn pinned(report: &mut Report, chain: &Chain) {
    let judged = || chain.jobs.iter().flat_map(|job| &job.uses).filter_map(|used| Some((used, moving(&used.name)?)));
    let mut names: Vec<&str> = judged().filter(|(_, moves)| *moves).map(|(used, _)| used.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let first = judged().find(|(_, moves)| *moves).map(|(used, _)| used.line);
    let still = judged().filter(|(_, moves)| !moves).count();
    for _ in 0..still {
        report.see_in("actions-pinned", &chain.file, None, None::<Text>);
    }
    if !names.is_empty() {
        report.see_in("actions-pinned", &chain.file, first, Some(Text::same(names.join(", "))));
    }
}

/// Whether an action of a third party may change by itself; none for those of GitHub and of this repository.
fn moving(name: &str) -> Option<bool> {
    let (action, reference) = name.split_once('@')?;
    let own = action.starts_with("./") || action.starts_with("actions/") || action.starts_with("github/") || action.starts_with("docker://");
    let digest = reference.len() == 40 && reference.bytes().all(|b| b.is_ascii_hexdigit());
    (!own).then_some(!digest)
}

/// Fields that a stranger writes (GitHub's guide, « Understanding the risk of script injections »).
const STRANGERS: [&str; 11] = [
    "github.event.issue.title",
    "github.event.issue.body",
    "github.event.pull_request.title",
    "github.event.pull_request.body",
    "github.event.pull_request.head.ref",
    "github.event.pull_request.head.label",
    "github.event.comment.body",
    "github.event.review.body",
    "github.event.head_commit.message",
    "github.event.discussion.body",
    "github.head_ref",
];

fn injections(report: &mut Report, file: &str, chain: &Chain) {
    // Only what runs: the same field in `env`, `if` or `with` is text.
    for step in chain.jobs.iter().flat_map(|job| &job.steps) {
        let problem = inserted(&step.command.words.join(" ")).map(|field| text!("{field} collé dans une commande", "{field} pasted into a command"));
        report.see_in("workflow-injection", file, Some(step.command.line), problem);
    }
}

fn inserted(text: &str) -> Option<&'static str> {
    let inside = text.split("${{").skip(1).filter_map(|rest| rest.split("}}").next()).map(str::trim);
    inside.flat_map(|expression| STRANGERS.iter().filter(move |field| expression == **field)).copied().next()
}

fn permissions(report: &mut Report, file: &str, node: &Node) {
    let jobs = match node.get("jobs").map(|(_, jobs)| &jobs.kind) {
        Some(crate::yaml::Kind::Map(jobs)) => jobs.iter().map(|(name, (line, _), job)| (name.as_str(), *line, job)).collect(),
        _ => Vec::new(),
    };
    let all = |node: &Node| node.get("permissions").and_then(|(_, p)| p.as_str()) == Some("write-all");
    let said = node.get("permissions").is_some();
    // A workflow of this repository that a job calls bounds its own token, and is judged for itself.
    let called = |job: &Node| job.get("uses").and_then(|(_, used)| used.as_str()).is_some_and(|used| used.starts_with("./"));
    let unsaid = jobs.iter().find(|(_, _, job)| job.get("permissions").is_none() && !called(job));
    let problem = if all(node) || jobs.iter().any(|(_, _, job)| all(job)) {
        Some(Text::new("permissions: write-all", "permissions: write-all"))
    } else if let Some((name, _, _)) = unsaid.filter(|_| !said) {
        Some(text!("{name} : droits du jeton non déclarés", "{name}: rights of the token not declared"))
    } else {
        None
    };
    let line = node.get("permissions").map(|(line, _)| line).or_else(|| unsaid.and_then(|(_, line, _)| usize::try_from(*line).ok()));
    report.see_in("workflow-permissions", file, line, problem);
}
