//! One table at the end: each set of answers, and what each engine said of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use crate::corpus::Case;

/// What an engine does with a set of answers, in the order of the columns.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Accepted,
    Admitted,
    Synced,
    Healthy,
}

const STEPS: [Step; 4] = [Step::Accepted, Step::Admitted, Step::Synced, Step::Healthy];

/// Passed and judged, by step.
type Row = BTreeMap<Step, (usize, usize)>;

static ROWS: Mutex<BTreeMap<(String, String), Row>> = Mutex::new(BTreeMap::new());

/// Notes a verdict. The table is printed once every set of answers noted so far has its four columns.
pub fn note(case: &Case, step: Step, passed: usize, judged: usize) {
    let mut rows = ROWS.lock().unwrap();
    rows.entry((case.answer("hebergement").to_owned(), case.id.clone())).or_default().insert(step, (passed, judged));
}

/// Prints the table if this test was the last that feeds it.
pub fn print_when_complete() {
    let rows = ROWS.lock().unwrap();
    if rows.is_empty() || !rows.values().all(|row| row.len() == STEPS.len()) {
        return;
    }
    let mut table = String::from("\n| hosting | answers | accepted | admitted | synced | healthy |\n|---|---|---|---|---|---|\n");
    for ((hosting, id), row) in rows.iter() {
        write!(table, "| {hosting} | {id} |").unwrap();
        for (passed, judged) in row.values() {
            write!(table, " {passed}/{judged} |").unwrap();
        }
        table.push('\n');
    }
    eprint!("{table}");
}
