//! `docs/agreement.md`: the rules beside the checks that they equal, the differences, and who sees which defect.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use mirai_kit::check::catalog;

use crate::cases::{Case, GOOD, version};
use crate::linters::{RUN, Seen};
use crate::table::{Explained, Pair, Side, Unseen, added};

const HEAD: &str = "# Agreement with other linters

`mirai-kit check` and other linters read the same files: a sound workload, the same spoiled in one way at a time
(`tests/agreement/`), the examples of the rules, and the default project as rendered (without a service of a catalogue).
Written by `MIRAI_UPDATE=1 cargo test --test agreement`; the test fails when this page differs, when a difference has no explanation, when an
explanation explains nothing, or when a check that the catalogue names never agrees with its rule.
";

const LEFT_OUT: &str = "
- kube-linter is not run: the module proxy refuses `golang.stackrox.io/kube-linter` (403), no registry has another build. Its checks in the
  catalogue come from its documentation.
- Kyverno is not run: Cloud π Native publishes what its policies ask, not the policies.
- checkov reads GitLab pipelines by the name `.gitlab-ci.yml` alone: it is given a copy of `.gitlab-ci-dso.yml` under that name.
";

/// Defects that another tool sees and no rule of ours, without explanation; explanations of what is seen, or of no case.
/// A check that some rule equals is not counted: its difference is explained with that rule.
pub fn unseen(cases: &[Case], seen: &Seen, explained: &[Unseen]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut missed = BTreeSet::new();
    for case in cases.iter().filter(|case| case.defect.is_some()) {
        let mut added = added(seen, &case.id, GOOD);
        if added.contains_key("mirai-kit") {
            continue;
        }
        for (tool, checks) in &mut added {
            checks.retain(|check| !catalog::rules().any(|rule| rule.equals.contains(&format!("{tool}:{check}").as_str())));
        }
        added.retain(|_, checks| !checks.is_empty());
        if !added.is_empty() {
            missed.insert(case.id.as_str());
            let explanations = explained.iter().flat_map(|e| &e.cases).filter(|id| **id == case.id).count();
            if explanations != 1 {
                faults.push(format!("{explanations} explanations: no rule of ours sees {} ({added:?})", case.id));
            }
        }
    }
    for id in explained.iter().flat_map(|e| &e.cases).filter(|id| !missed.contains(id.as_str())) {
        faults.push(format!("explains nothing any more: unseen {id}"));
    }
    faults
}

/// The page.
pub fn page(cases: &[Case], seen: &Seen, pairs: &[Pair], explained: &Explained) -> String {
    let mut out = HEAD.to_owned();
    let versions = [("checkov", "--version"), ("kubernetes-validate", "--version"), ("hadolint", "--version")];
    let said: Vec<String> = versions.iter().map(|(tool, argument)| format!("{tool} {}", version(&format!("bin/{tool}"), argument))).collect();
    let _ = writeln!(out, "\nTools: {}, kube-score {}.\n{LEFT_OUT}", said.join(", "), pinned("kube-score"));
    rules(&mut out, pairs);
    differences(&mut out, explained);
    defects(&mut out, cases, seen);
    out.push_str("\n## Defects that another linter sees and no rule of ours\n\n");
    for Unseen { cases, why } in &explained.unseen {
        let _ = writeln!(out, "- {}: {why}", quoted(cases));
    }
    out
}

/// kube-score does not know its own version when Go builds it from a module: its pin does.
fn pinned(tool: &str) -> String {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/tools/go/{tool}/go.mod"));
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find(|l| l.contains(&format!("/{tool} v"))).unwrap();
    line.split(' ').nth(1).unwrap().trim_start_matches('v').to_owned()
}

fn rules(out: &mut String, pairs: &[Pair]) {
    let ids: BTreeSet<&str> = pairs.iter().map(|pair| pair.rule.id).collect();
    let _ = writeln!(out, "## Rules that overlap\n\n{} rules. Counts are objects (files, for those that hold none).\n", ids.len());
    out.push_str("| rule | tool | checks | both | ours only | theirs only |\n|---|---|---|---:|---:|---:|\n");
    let mut total = BTreeMap::new();
    for pair in pairs {
        let checks: Vec<&str> = pair.checks.iter().filter_map(|c| c.split_once(':')).map(|(_, id)| id).collect();
        let counts = [pair.both.len(), pair.ours.len(), pair.theirs.len()];
        let _ = writeln!(out, "| `{}` | {} | {} | {} | {} | {} |", pair.rule.id, pair.tool, quoted(&checks), counts[0], counts[1], counts[2]);
        let sum: &mut [usize; 3] = total.entry(pair.tool).or_default();
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    for (tool, [both, ours, theirs]) in total {
        let _ = writeln!(out, "| all | {tool} | | {both} | {ours} | {theirs} |");
    }
}

fn differences(out: &mut String, explained: &Explained) {
    out.push_str("\n## Differences\n\n| rule | tool | who sees it | where | why |\n|---|---|---|---|---|\n");
    for d in &explained.differences {
        let who = if d.side == Side::Ours { "ours alone" } else { "theirs alone" };
        let kinds = if d.kinds.is_empty() { String::new() } else { format!(" ({})", d.kinds.join(", ")) };
        let _ = writeln!(out, "| `{}` | {} | {who} | {}{kinds} | {} |", d.rule, d.tool, quoted(&d.cases), d.why);
    }
}

fn defects(out: &mut String, cases: &[Case], seen: &Seen) {
    out.push_str("\n## Who sees which defect\n\nWhat each linter says of the spoiled file that it did not say of the sound one.\n\n");
    let _ = writeln!(out, "| case | defect | mirai-kit | {} |\n|---|---|---|{}", RUN.join(" | "), "---|".repeat(RUN.len()));
    for case in cases {
        let Some(defect) = &case.defect else { continue };
        let added = added(seen, &case.id, GOOD);
        let cell = |tool: &str| added.get(tool).map_or(String::new(), |checks| checks.iter().cloned().collect::<Vec<_>>().join(", "));
        let cells: Vec<String> = ["mirai-kit"].into_iter().chain(RUN).map(cell).collect();
        let _ = writeln!(out, "| `{}` | {defect} | {} |", case.id, cells.join(" | "));
    }
}

fn quoted<T: AsRef<str>>(ids: &[T]) -> String {
    ids.iter().map(|id| format!("`{}`", id.as_ref())).collect::<Vec<_>>().join(", ")
}
