//! Sets of answers, all accepted by the library's own resolver: the defaults, a set that covers every feasible pair of
//! choices, and random ones. The choices are read from the kit, so a new one is covered without a word here.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, reason = "tests: each crate uses its part and fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use mirai_kit::answers::{Given, Options, resolve};
use mirai_kit::kit::{Kit, QuestionType};
use serde_json::{Map, Value, json};

/// A small generator of pseudo-random numbers (SplitMix64): the sets are the same at every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Resolves given answers, defaults for the others. `Err` is what the resolver says.
pub fn resolved(kit: &Kit, given: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut source = Given::default();
    source.read_file("answers.yaml", &serde_json::to_string(given).unwrap()).map_err(|p| p.what.en)?;
    let ambient = json!({"argument": "demo", "aujourdhui": "2026-01-15"}).as_object().unwrap().clone();
    match resolve(kit, &source, Options { ambient, defaults: true, prompter: None }) {
        Ok(answers) => Ok(answers.values),
        Err(problem) => Err(format!("{problem:?}")),
    }
}

/// The closed questions and, for each, the values to combine. A question of several choices gets: none, and its
/// choices three at a time (so that each is drawn).
pub fn parameters(kit: &Kit) -> BTreeMap<String, Vec<Value>> {
    let mut parameters = BTreeMap::new();
    for question in kit.questions() {
        let choices: Vec<Value> = kit.choices(question).into_iter().map(|c| Value::String(c.value)).collect();
        match question.kind {
            QuestionType::Choice => drop(parameters.insert(question.id.clone(), choices)),
            QuestionType::Choices => {
                let groups = choices.chunks(3).map(|group| Value::Array(group.to_vec()));
                parameters.insert(question.id.clone(), std::iter::once(json!([])).chain(groups).collect());
            }
            _ => {}
        }
    }
    parameters
}

type Pair = (String, String, String, String);

fn pairs(parameters: &BTreeMap<String, Vec<Value>>, set: &Map<String, Value>) -> BTreeSet<Pair> {
    let mut found = BTreeSet::new();
    let ids: Vec<&String> = parameters.keys().filter(|id| set.get(*id).is_some_and(|v| parameters[*id].contains(v))).collect();
    for (i, a) in ids.iter().enumerate() {
        for b in &ids[i + 1..] {
            found.insert(((*a).clone(), set[*a].to_string(), (*b).clone(), set[*b].to_string()));
        }
    }
    found
}

/// What a pairwise generation gave.
pub struct Pairwise {
    /// Resolved answers, the defaults first.
    pub sets: Vec<Map<String, Value>>,
    /// Number of pairs covered.
    pub covered: usize,
    /// Pairs that no valid set has: constraints and conditions of the kit.
    pub infeasible: Vec<Pair>,
}

/// Free text that every question of a condition needs so that all its choices are reachable.
fn filler(given: &mut Map<String, Value>) {
    if given.get("authentification") == Some(&json!("aucune")) {
        given.insert("authentification_motif".into(), json!("Service interne sans usager identifié."));
    }
}

/// Greedy pairwise cover of the closed questions, within what the resolver accepts.
pub fn pairwise(kit: &Kit) -> Pairwise {
    let parameters = parameters(kit);
    let ids: Vec<&String> = parameters.keys().collect();
    let mut wanted = BTreeSet::new();
    for (i, a) in ids.iter().enumerate() {
        for b in &ids[i + 1..] {
            for va in &parameters[*a] {
                for vb in &parameters[*b] {
                    wanted.insert(((*a).clone(), va.to_string(), (*b).clone(), vb.to_string()));
                }
            }
        }
    }
    let mut random = Random(2026);
    let defaults = resolved(kit, &Map::new()).expect("the defaults are valid");
    let mut missing: BTreeSet<Pair> = wanted.difference(&pairs(&parameters, &defaults)).cloned().collect();
    let mut sets = vec![defaults];
    let mut infeasible = Vec::new();
    while let Some(pair) = missing.first().cloned() {
        let mut best: Option<(usize, Map<String, Value>)> = None;
        let mut tries = 0;
        // The first valid candidates compete; a pair that 60 draws never reach is held infeasible.
        for _ in 0..60 {
            let mut given: Map<String, Value> = parameters.iter().map(|(id, values)| (id.clone(), random.pick(values).clone())).collect();
            // Most conditions are on what is deployed: half of the draws deploy everything.
            if random.below(2) == 0 {
                given.insert("backend".into(), json!("fastapi"));
                given.insert("base_de_donnees".into(), json!("postgres"));
            }
            given.insert(pair.0.clone(), serde_json::from_str(&pair.1).unwrap());
            given.insert(pair.2.clone(), serde_json::from_str(&pair.3).unwrap());
            filler(&mut given);
            let Ok(set) = resolved(kit, &given) else { continue };
            let gained = pairs(&parameters, &set);
            if !gained.contains(&pair) {
                continue;
            }
            let gain = gained.intersection(&missing).count();
            if best.as_ref().is_none_or(|(most, _)| gain > *most) {
                best = Some((gain, set));
            }
            tries += 1;
            if tries == 6 {
                break;
            }
        }
        if let Some((_, set)) = best {
            for covered in pairs(&parameters, &set) {
                missing.remove(&covered);
            }
            sets.push(set);
        } else {
            missing.remove(&pair);
            infeasible.push(pair);
        }
    }
    Pairwise { sets, covered: wanted.len() - infeasible.len(), infeasible }
}
