//! Why a mutation that nothing sees breaks no rule of the lists.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;

use regex_lite::Regex;
use serde::Deserialize;

use crate::mechanical::{Change, Mutation};

/// Which mutations, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Kinds of objects, or `pipeline`, `workflow`, `Dockerfile`, `SQL`.
    of: Vec<String>,
    /// Names of the objects, paths of the files, as patterns; any when absent.
    #[serde(default)]
    named: Option<String>,
    /// JSON pointers (first words of the line in a text): `*` is one part, `**` any number, `{a,b}` one of several.
    at: Vec<String>,
    /// The one change; both when absent.
    #[serde(default)]
    change: Option<String>,
    /// Whether it breaks a rule all the same.
    #[serde(default)]
    missed: bool,
    because: String,
}

/// What is said of a mutation that nothing sees.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason<'a> {
    pub missed: bool,
    pub because: &'a str,
}

pub struct Neutral {
    rows: Vec<(Row, Vec<Regex>)>,
    used: RefCell<BTreeSet<(usize, usize)>>,
}

impl Neutral {
    pub fn read() -> Self {
        let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mutations/neutral.yaml")).unwrap();
        let rows: Vec<Row> = mirai_kit::yaml::parse("neutral.yaml", &text).unwrap();
        let known =
            |change: &Option<String>| change.as_deref().is_none_or(|c| [Change::Deleted, Change::Altered].iter().any(|known| known.id() == c));
        assert!(rows.iter().all(|row| known(&row.change)), "a change is deleted or altered");
        let rows = rows.into_iter().map(|row| {
            let at = row.at.iter().map(|at| pattern(at)).collect();
            (row, at)
        });
        Self { rows: rows.collect(), used: RefCell::default() }
    }

    pub fn reason(&self, mutation: &Mutation) -> Option<Reason<'_>> {
        for (index, (row, places)) in self.rows.iter().enumerate() {
            let named = row.named.as_ref().is_none_or(|named| pattern(named).is_match(&mutation.name));
            let changed = row.change.as_ref().is_none_or(|change| change == mutation.change.id());
            if !named || !changed || !row.of.contains(&mutation.kind) {
                continue;
            }
            if let Some(place) = places.iter().position(|place| place.is_match(&mutation.place)) {
                self.used.borrow_mut().insert((index, place));
                return Some(Reason { missed: row.missed, because: &row.because });
            }
        }
        None
    }

    /// Patterns that excuse nothing.
    pub fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        let all = self.rows.iter().enumerate().flat_map(|(i, (row, _))| row.at.iter().enumerate().map(move |(j, at)| ((i, j), row, at)));
        all.filter(|(key, ..)| !used.contains(key)).map(|(_, row, at)| format!("{} {at}", row.of.join(","))).collect()
    }
}

fn pattern(glob: &str) -> Regex {
    let mut out = String::from("^");
    let mut rest = glob.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                out.push_str(".*");
            }
            '*' => out.push_str("[^/]+"),
            '{' => out.push_str("(?:"),
            '}' => out.push(')'),
            ',' => out.push('|'),
            c if c.is_ascii_alphanumeric() || c == '/' || c == ' ' || !c.is_ascii() => out.push(c),
            c => {
                out.push('\\');
                out.push(c);
            }
        }
    }
    out.push('$');
    Regex::new(&out).unwrap()
}
