//! Generations of a database (EXI-ARCH-9): each deployment of the strict level makes a new Cluster, restored from the
//! backups of the one before. A generation is never used twice: its backups would be written over, and the operator refuses
//! a `serverName` whose folder is not empty.

use serde_json::Value;

use crate::text;
use crate::text::{Problem, Text};

/// What a values file says of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Base of its names.
    pub name: String,
    /// Number of the Cluster, from 1.
    pub generation: i64,
    /// From which backups it starts; none: an empty database.
    pub recovery: Option<Recovery>,
}

/// From which backups a generation starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The generation to read.
    pub from: i64,
    /// Instant to stop at, RFC 3339; empty: the last archived log.
    pub instant: String,
    /// Where to read when it is not the current place; empty otherwise.
    pub source: String,
}

impl State {
    /// Reads the values of an environment over those of the chart, at the JSON pointer of the database's chart; none when
    /// they do not tell a generation.
    #[must_use]
    pub fn read(environment: &Value, chart: &Value, at: &str) -> Option<Self> {
        let said = |pointer: &str| environment.pointer(&format!("{at}{pointer}")).or_else(|| chart.pointer(&format!("{at}{pointer}")));
        let text = |pointer: &str| said(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let recovery = said("/restauration/active").and_then(Value::as_bool).unwrap_or(false).then(|| Recovery {
            from: said("/restauration/depuis").and_then(Value::as_i64).unwrap_or(0),
            instant: text("/restauration/instant"),
            source: text("/restauration/source"),
        });
        Some(Self { name: text("/nom"), generation: said("/generation")?.as_i64()?, recovery })
    }

    /// Name of the Cluster and `serverName` of its backups.
    #[must_use]
    pub fn cluster(&self) -> String {
        cluster(&self.name, self.generation)
    }
}

/// Name of the Cluster of a generation.
#[must_use]
pub fn cluster(name: &str, generation: i64) -> String {
    format!("{name}-db-g{generation}")
}

/// A state, and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Short id of the commit; none for what is not committed.
    pub commit: Option<String>,
    /// The state.
    pub state: State,
}

/// The number after every one ever used.
#[must_use]
pub fn next(history: &[Written]) -> i64 {
    history.iter().map(|w| w.state.generation).max().unwrap_or(0) + 1
}

/// What is dangerous in the newest state, by the states before it, oldest first. `at` names the file.
#[must_use]
pub fn judge(history: &[Written], at: &str) -> Vec<Problem> {
    let Some(last) = history.last() else { return Vec::new() };
    let current = last.state.generation;
    // The states of the current generation, up to the last one.
    let start = history.iter().rposition(|w| w.state.generation != current).map_or(0, |i| i + 1);
    let (before, during) = history.split_at(start);
    let highest = before.iter().map(|w| w.state.generation).max();
    let mut problems = Vec::new();
    let server = last.state.cluster();
    if let Some(used) = before.iter().rfind(|w| w.state.generation == current) {
        let commit = said(used);
        problems.push(problem(
            at,
            text!(
                "la génération {current} a déjà servi ({commit}) : serverName `{server}` serait réutilisé",
                "generation {current} was used before ({commit}): serverName `{server}` would be reused"
            ),
        ));
    } else if let Some(highest) = highest.filter(|highest| *highest > current) {
        problems.push(problem(
            at,
            text!(
                "la génération recule de {highest} à {current} : `{server}` n'est pas une génération nouvelle",
                "the generation goes back from {highest} to {current}: `{server}` is no new generation"
            ),
        ));
    } else if let Some(previous) = before.last().map(|w| w.state.generation).filter(|previous| current > previous + 1) {
        problems.push(problem(at, text!("génération sautée : {previous} puis {current}", "a generation is skipped: {previous}, then {current}")));
    }
    let moved = |pair: &(&Written, &Written)| pair.0.state.recovery != pair.1.state.recovery || pair.0.state.name != pair.1.state.name;
    if let Some((_, edited)) = during.iter().zip(during.iter().skip(1)).find(moved) {
        let commit = said(edited);
        problems.push(problem(
            at,
            text!(
                "l'amorçage de la génération {current} a changé sur place ({commit}) : un Cluster déjà créé ne se réamorce pas",
                "the bootstrap of generation {current} changed in place ({commit}): a Cluster that is there is not bootstrapped again"
            ),
        ));
    }
    if let Some(recovery) = &last.state.recovery
        && recovery.from >= current
        && recovery.source.is_empty()
    {
        let from = recovery.from;
        problems.push(problem(
            at,
            text!(
                "la génération {current} se restaurerait depuis {from}, qui ne la précède pas",
                "generation {current} would be restored from {from}, which does not come before it"
            ),
        ));
    }
    problems
}

fn said(written: &Written) -> String {
    written.commit.clone().unwrap_or_else(|| "…".to_owned())
}

fn problem(at: &str, what: Text) -> Problem {
    Problem::new(at, what).hint(Text::new(
        "revenez au dernier état sain (`git revert`), puis `mirai-kit db bump` ou `mirai-kit db restore`",
        "go back to the last sound state (`git revert`), then `mirai-kit db bump` or `mirai-kit db restore`",
    ))
}

#[cfg(test)]
mod tests {
    use super::{Recovery, State, Written, judge, next};

    fn written(states: &[(i64, Option<i64>)]) -> Vec<Written> {
        let state = |(generation, from): &(i64, Option<i64>)| State {
            name: "demo".to_owned(),
            generation: *generation,
            recovery: from.map(|from| Recovery { from, instant: String::new(), source: String::new() }),
        };
        states.iter().map(|s| Written { commit: Some("abc".to_owned()), state: state(s) }).collect()
    }

    #[test]
    fn each_dangerous_edit_has_its_reason_and_the_sound_ones_none() {
        for sound in [&[(1, None)][..], &[(1, None), (2, Some(1))], &[(1, None), (2, Some(1)), (3, Some(2))], &[(4, Some(3))]] {
            assert_eq!(judge(&written(sound), "v"), []);
        }
        for (states, reason) in [
            (&[(1, None), (2, Some(1)), (1, None)][..], "déjà servi"),
            (&[(2, None), (3, Some(2)), (1, None)], "recule"),
            (&[(1, None), (3, Some(1))], "sautée"),
            (&[(1, None), (1, Some(0))], "sur place"),
            (&[(1, None), (2, Some(1)), (2, None)], "sur place"),
            (&[(1, None), (2, Some(2))], "ne la précède pas"),
        ] {
            let found = judge(&written(states), "v");
            assert_eq!(found.len(), 1, "{states:?}: {found:?}");
            assert!(found[0].what.fr.contains(reason), "{found:?}");
        }
        assert_eq!(next(&written(&[(1, None), (3, Some(1)), (2, Some(1))])), 4);
    }
}
