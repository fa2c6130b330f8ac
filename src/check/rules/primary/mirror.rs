//! What starts the mirror to Cloud π Native: a workflow that nothing starts mirrors nothing, one that starts too early mirrors what
//! no check has seen. GitHub, « Events that trigger workflows », `workflow_run`: names of workflows, branches of the run.

use crate::check::Report;
use crate::check::ci::{Chain, Forge, texts};
use crate::check::repository::Input::Workflows;
use crate::check::repository::file_name;
use crate::check::view::View;
use crate::text;
use crate::text::Text;
use crate::yaml::Node;

/// Judges the workflows that call the reusable mirror.
pub fn check(report: &mut Report, view: &mut View<'_>, chains: &[&Chain]) {
    let github: Vec<&&Chain> = chains.iter().filter(|chain| chain.forge == Forge::Github).collect();
    let mirrors = |chain: &Chain| chain.jobs.iter().any(|job| job.uses.iter().any(|used| used.name.contains("/sync-cpin.yml@")));
    if !github.iter().any(|chain| mirrors(chain)) {
        return;
    }
    let mut names = Vec::new();
    for chain in &github {
        let own = view.yaml(Workflows, &chain.file).and_then(|node| Some(node.get("name")?.1.as_str()?.to_owned()));
        names.push(own.unwrap_or_else(|| chain.file.clone()));
    }
    for chain in github.iter().filter(|chain| mirrors(chain)) {
        let Some(node) = view.yaml(Workflows, &chain.file) else { continue };
        for job in &chain.jobs {
            for used in job.uses.iter().filter(|used| used.name.contains("/sync-cpin.yml@")) {
                let branch = used.with.get("BRANCH_TO_SYNC").map_or("", String::as_str);
                let condition = node.get("jobs").and_then(|(_, jobs)| jobs.get(&job.name)?.1.get("if")?.1.as_str()).unwrap_or_default().to_owned();
                let started = Started { chain, node: &node, names: &names, branch, condition: &condition };
                report.see_part("cpin-sync", &chain.file, Some(job.line), &job.name, started.problem());
            }
        }
    }
}

struct Started<'a> {
    chain: &'a Chain,
    node: &'a Node,
    /// Workflows of the repository, by their names.
    names: &'a [String],
    /// The branch that is mirrored, when it is written.
    branch: &'a str,
    /// The condition of the job.
    condition: &'a str,
}

impl Started<'_> {
    fn problem(&self) -> Option<Text> {
        if self.chain.triggers.iter().all(|trigger| trigger == "workflow_dispatch") {
            return Some(Text::new("rien ne le lance, sinon une personne", "nothing starts it but a person"));
        }
        if let Some(word) = stuck(self.condition) {
            return Some(text!("if : {word:?} collé à ce qui précède", "if: {word:?} stuck to what precedes"));
        }
        let run = self.node.get("on").and_then(|(_, on)| on.get("workflow_run")).map(|(_, run)| run)?;
        let list = |key: &str| texts(run.get(key).map(|(_, list)| list));
        let known = |wanted: &String| {
            self.names.contains(wanted) || self.chain.file.ends_with(wanted.as_str()) || self.names.iter().any(|n| file_name(n) == wanted)
        };
        if let Some(lost) = list("workflows").iter().find(|wanted| !known(wanted) && !wanted.contains('*')) {
            return Some(text!("workflow_run : {lost:?} n’existe pas", "workflow_run: there is no {lost:?}"));
        }
        if !list("types").iter().any(|of| of == "completed") {
            return Some(Text::new(
                "types : completed attendu, sinon il part avant la fin",
                "types: completed expected, otherwise it starts before the end",
            ));
        }
        let succeeded = self.condition.contains("conclusion") && self.condition.contains("success");
        if !succeeded {
            return Some(Text::new("repris même si la vérification échoue", "mirrored even when the checks fail"));
        }
        let (branches, literal) = (list("branches"), !self.branch.is_empty() && !self.branch.contains("${{"));
        if branches.is_empty() && !self.condition.contains("head_branch") && literal {
            let branch = self.branch;
            return Some(text!("repris à chaque branche, sans lien avec {branch}", "mirrored for each branch, unrelated to {branch}"));
        }
        let other = |known: &String| known != self.branch && !known.contains(['*', '?', '[', '!', '+']);
        (literal && !branches.is_empty() && branches.iter().all(other)).then(|| {
            let (waited, branch) = (branches.join(", "), self.branch);
            text!("attend {waited}, reprend {branch}", "waits for {waited}, mirrors {branch}")
        })
    }
}

/// A word right after a text or a bracket that closes: GitHub does not read such a condition.
fn stuck(condition: &str) -> Option<String> {
    let mut quoted = false;
    let mut closed = false;
    for (at, c) in condition.char_indices() {
        if closed && (c.is_alphanumeric() || c == '_') {
            return Some(condition[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
        quoted ^= c == '\'';
        closed = !quoted && matches!(c, '\'' | ')');
    }
    None
}
