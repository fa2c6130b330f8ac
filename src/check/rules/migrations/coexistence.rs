//! The version in service reads and writes the model that a migration leaves: what would make it fail?

use crate::check::Report;
use crate::check::migrations::Migration;
use crate::check::sql::{Constraint, Name, Op, Statement, widens};
use crate::text::Text;

use super::{Marks, same};

/// What the migrations of a set have done so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Tables, with the version that creates them.
    tables: Vec<(Name, String)>,
    /// Types of columns.
    types: Vec<(Name, String, String)>,
    /// Checks that a column is not null, with their constraint, and whether they are valid.
    checks: Vec<(Name, String, String, bool)>,
}

impl Known {
    fn fresh(&self, table: &Name, batch: &str) -> bool {
        self.tables.iter().any(|(name, of)| of == batch && same(name, table))
    }

    fn kind(&self, table: &Name, column: &str) -> Option<&str> {
        self.types.iter().rev().find(|(t, c, _)| same(t, table) && c == column).map(|(_, _, kind)| kind.as_str())
    }

    /// Whether a valid check already refuses a null there.
    fn checked(&self, table: &Name, column: &str) -> bool {
        self.checks.iter().any(|(t, c, _, valid)| *valid && c == column && same(t, table))
    }

    fn learn(&mut self, op: &Op, batch: &str) {
        match op {
            Op::CreateTable(table, columns) => {
                self.tables.push((table.clone(), batch.to_owned()));
                self.types.extend(columns.iter().map(|c| (table.clone(), c.name.clone(), c.kind.clone())));
            }
            Op::AddColumn(table, column) => self.types.push((table.clone(), column.name.clone(), column.kind.clone())),
            Op::ChangeType(table, column, kind) => self.types.push((table.clone(), column.clone(), kind.clone())),
            Op::AddConstraint { table, name, kind: Constraint::Check(Some(column)), not_valid } => {
                self.checks.push((table.clone(), column.clone(), name.clone(), !not_valid));
            }
            Op::Validate(table, name) => {
                for check in self.checks.iter_mut().filter(|(t, _, n, _)| n == name && same(t, table)) {
                    check.3 = true;
                }
            }
            _ => {}
        }
    }
}

/// The rules on what the version in service still needs.
const REMOVALS: [&str; 6] = [
    "migration-drop-table",
    "migration-drop-column",
    "migration-rename",
    "migration-type-change",
    "migration-set-not-null",
    "migration-required-column",
];

/// Judges each statement of a migration by each rule.
pub(super) fn check(report: &mut Report, migration: &Migration, marks: &Marks, known: &mut Known) {
    for statement in &migration.statements {
        let marked = marks.cover(statement.line);
        for rule in REMOVALS {
            let problem = problem(rule, statement, migration, known).filter(|_| !marked);
            report.see_in(rule, &migration.path, Some(statement.line), problem.map(Text::same));
        }
        known.learn(&statement.op, &migration.batch);
    }
}

fn problem(rule: &str, statement: &Statement, migration: &Migration, known: &Known) -> Option<String> {
    let old = |table: &Name| !known.fresh(table, &migration.batch);
    match (rule, &statement.op) {
        ("migration-drop-table", Op::Drop { what, names, .. }) if matches!(what.as_str(), "table" | "view" | "materialized view" | "schema") => {
            let again = |name: &Name| {
                migration.statements.iter().any(|s| s.line > statement.line && matches!(&s.op, Op::CreateView(made) if same(made, name)))
            };
            let gone: Vec<String> = names.iter().filter(|n| old(n) && !again(n)).map(ToString::to_string).collect();
            (!gone.is_empty()).then(|| format!("DROP {} {}", what.to_uppercase(), gone.join(", ")))
        }
        ("migration-drop-column", Op::DropColumn(table, column, _)) if old(table) => Some(format!("{table} : DROP COLUMN {column}")),
        ("migration-rename", Op::Rename(table, column)) if old(table) => {
            Some(if column.is_empty() { format!("{table} : RENAME") } else { format!("{table} : RENAME {column}") })
        }
        ("migration-type-change", Op::ChangeType(table, column, to)) if old(table) => {
            let from = known.kind(table, column);
            let wider = from.is_some_and(|from| widens(from, to));
            (!wider).then(|| format!("{table}.{column} : {} → {to}", from.unwrap_or("?")))
        }
        ("migration-set-not-null", Op::SetNotNull(table, column)) if old(table) && !known.checked(table, column) => {
            Some(format!("{table}.{column} : SET NOT NULL"))
        }
        ("migration-required-column", Op::AddColumn(table, column)) if old(table) && column.required && !column.filled => {
            Some(format!("{table} : ADD COLUMN {} NOT NULL", column.name))
        }
        _ => None,
    }
}

/// What the version in service might not bear, where no mark tells steps apart.
pub(super) fn doubtful(migration: &Migration) -> Vec<(usize, String)> {
    let mut known = Known::default();
    let mut found = Vec::new();
    for statement in &migration.statements {
        for rule in REMOVALS {
            found.extend(problem(rule, statement, migration, &known).map(|what| (statement.line, what)));
        }
        known.learn(&statement.op, &migration.batch);
    }
    found
}
