//! Why a mutation that nothing sees breaks no rule of the lists.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;

use regex_lite::Regex;
use serde::Deserialize;

use crate::mechanical::Mutation;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Regular expression over « kind/name pointer change ».
    matches: String,
    because: String,
}

pub struct Neutral {
    rows: Vec<(Regex, String)>,
    used: RefCell<BTreeSet<usize>>,
}

impl Neutral {
    pub fn read() -> Self {
        let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mutations/neutral.yaml")).unwrap();
        let rows: Vec<Row> = mirai_kit::yaml::parse("neutral.yaml", &text).unwrap();
        let rows = rows.into_iter().map(|row| (Regex::new(&format!("^(?:{})$", row.matches)).unwrap(), row.because)).collect();
        Self { rows, used: RefCell::default() }
    }

    pub fn reason(&self, mutation: &Mutation) -> Option<&str> {
        let said = mutation.to_string();
        let index = self.rows.iter().position(|(pattern, _)| pattern.is_match(&said))?;
        self.used.borrow_mut().insert(index);
        Some(&self.rows[index].1)
    }

    pub fn unused(&self) -> Vec<&str> {
        let used = self.used.borrow();
        self.rows.iter().enumerate().filter(|(i, _)| !used.contains(i)).map(|(_, (pattern, _))| pattern.as_str()).collect()
    }
}
