//! Workflows that GitHub refuses to run: « Workflow syntax for GitHub Actions », and the errors of its parser.

use crate::check::Report;
use crate::check::ci::github;
use crate::check::repository::Input::Workflows;
use crate::check::rules::validation::schedule;
use crate::check::view::View;
use crate::text;
use crate::text::Text;
use crate::yaml::{Kind, Node};

/// Judges each workflow as it is written.
pub fn check(report: &mut Report, view: &mut View<'_>) {
    for path in view.delivered(Workflows, github::named) {
        let Some(node) = view.yaml(Workflows, &path) else { continue };
        let mut refused = Vec::new();
        triggers(&node, &mut refused);
        permissions(&node, &mut refused);
        jobs(&node, &mut refused);
        if refused.is_empty() {
            report.see_in("workflow-refused", &path, None, None::<Text>);
        }
        for (line, part, problem) in refused {
            report.see_part("workflow-refused", &path, Some(line), &part, Some(problem));
        }
    }
}

/// Line, job, and what is refused.
type Refused = Vec<(usize, String, Text)>;

/// A key, its line and column, and what it holds.
type Entry = (String, (u64, u64), Node);

fn map<'a>(node: &'a Node, key: &str) -> Option<(usize, &'a [Entry])> {
    match node.get(key) {
        Some((line, Node { kind: Kind::Map(entries), .. })) => Some((line, entries)),
        _ => None,
    }
}

fn empty(node: Option<(usize, &Node)>) -> bool {
    match node.map(|(_, n)| &n.kind) {
        None => true,
        Some(Kind::Scalar(value)) => value.is_null() || value.as_str() == Some(""),
        Some(Kind::Seq(items)) => items.is_empty(),
        Some(Kind::Map(entries)) => entries.is_empty(),
    }
}

fn triggers(node: &Node, refused: &mut Refused) {
    let mut no = |line: usize, problem: Text| refused.push((line, String::new(), problem));
    if empty(node.get("on")) {
        return no(1, Text::new("rien ne le déclenche (on)", "nothing starts it (on)"));
    }
    let Some((_, events)) = map(node, "on") else { return };
    for (event, (line, _), asked) in events {
        let line = usize::try_from(*line).unwrap_or(1);
        match event.as_str() {
            "schedule" => {
                let Kind::Seq(times) = &asked.kind else { continue };
                if times.is_empty() {
                    no(line, Text::new("schedule : aucune planification", "schedule: no cron"));
                }
                for time in times {
                    let cron = time.get("cron").and_then(|(_, c)| c.as_str()).unwrap_or_default();
                    if cron.starts_with('@') || !schedule::standard(cron) {
                        no(line, text!("planification fausse : {cron:?}", "wrong schedule: {cron:?}"));
                    }
                }
            }
            "workflow_run" => {
                if empty(asked.get("workflows")) {
                    no(line, Text::new("workflow_run sans workflows", "workflow_run without workflows"));
                }
                for of in crate::check::ci::texts(asked.get("types").map(|(_, t)| t)) {
                    if !matches!(of.as_str(), "completed" | "requested" | "in_progress") {
                        no(line, text!("workflow_run.types : {of:?}", "workflow_run.types: {of:?}"));
                    }
                }
            }
            "workflow_dispatch" | "workflow_call" => {
                for (name, (line, _), input) in map(asked, "inputs").map(|(_, inputs)| inputs).into_iter().flatten() {
                    let of = input.get("type").and_then(|(_, t)| t.as_str()).unwrap_or("string");
                    if !matches!(of, "string" | "boolean" | "choice" | "number" | "environment") {
                        no(usize::try_from(*line).unwrap_or(1), text!("inputs.{name}.type : {of:?}", "inputs.{name}.type: {of:?}"));
                    }
                }
            }
            _ => {}
        }
    }
}

fn permissions(node: &Node, refused: &mut Refused) {
    let mut holders = vec![(String::new(), node)];
    if let Some((_, jobs)) = map(node, "jobs") {
        holders.extend(jobs.iter().map(|(name, _, job)| (name.clone(), job)));
    }
    for (job, holder) in holders {
        for (scope, (line, _), right) in map(holder, "permissions").map(|(_, all)| all).into_iter().flatten() {
            let right = right.as_str().unwrap_or_default();
            if !matches!(right, "read" | "write" | "none") {
                let problem = text!("permissions.{scope} : {right:?}", "permissions.{scope}: {right:?}");
                refused.push((usize::try_from(*line).unwrap_or(1), job.clone(), problem));
            }
        }
    }
}

fn jobs(node: &Node, refused: &mut Refused) {
    let Some((_, all)) = map(node, "jobs").filter(|(_, all)| !all.is_empty()) else {
        refused.push((1, String::new(), Text::new("aucun travail (jobs)", "no job (jobs)")));
        return;
    };
    for (name, (line, _), job) in all {
        let mut no = |line: usize, problem: Text| refused.push((line, name.clone(), problem));
        let line = usize::try_from(*line).unwrap_or(1);
        for wanted in crate::check::ci::texts(job.get("needs").map(|(_, n)| n)) {
            if !wanted.contains("${{") && !all.iter().any(|(known, _, _)| known.eq_ignore_ascii_case(&wanted)) {
                no(line, text!("needs : {wanted} n'existe pas", "needs: there is no {wanted}"));
            }
        }
        if let Some((line, used)) = job.get("uses") {
            no_reference(line, used.as_str().unwrap_or_default(), &mut no);
            continue;
        }
        if empty(job.get("runs-on")) {
            no(line, Text::new("pas de runs-on", "no runs-on"));
        }
        let steps = match job.get("steps").map(|(_, steps)| &steps.kind) {
            Some(Kind::Seq(steps)) if !steps.is_empty() => steps.as_slice(),
            _ => {
                no(line, Text::new("aucune étape (steps)", "no step (steps)"));
                continue;
            }
        };
        for step in steps {
            let line = usize::try_from(step.line).unwrap_or(line);
            match (step.get("run"), step.get("uses")) {
                (None, None) => no(line, Text::new("étape sans run ni uses", "step without run nor uses")),
                (Some(_), Some(_)) => no(line, Text::new("étape avec run et uses", "step with run and uses")),
                (None, Some((line, used))) => no_reference(line, used.as_str().unwrap_or_default(), &mut no),
                (Some(_), None) => {}
            }
        }
    }
}

/// `owner/name@ref`, `./path` or `docker://image`; a commit has forty digits.
fn no_reference(line: usize, used: &str, no: &mut impl FnMut(usize, Text)) {
    if used.starts_with("./") || used.starts_with("docker://") || used.contains("${{") {
        return;
    }
    let reference = used.split_once('@').map_or("", |(_, reference)| reference);
    let digits = reference.bytes().take_while(u8::is_ascii_hexdigit).count();
    if reference.is_empty() || (digits >= 36 && (digits != 40 || reference.len() != 40)) {
        no(line, text!("uses : {used} : ni étiquette ni commit", "uses: {used}: neither a tag nor a commit"));
    }
}
