//! What a migration makes the version in service wait for, and what the server refuses (documentation of PostgreSQL:
//! `ALTER TABLE`, `CREATE INDEX`, chapter 13.3 on locks).

use crate::check::Report;
use crate::check::migrations::Migration;
use crate::check::sql::{Constraint, Name, Op};
use crate::text;
use crate::text::Text;

use super::same;

/// What the server refuses in a transaction; judged when the tool is known to open one.
pub(super) fn concurrently(report: &mut Report, migration: &Migration, autocommit: bool) {
    let Some(true) = migration.transaction else { return };
    if autocommit && migration.revision.is_some() {
        return;
    }
    let mut closed = false;
    for statement in &migration.statements {
        // A file that ends its own transaction runs the rest without one.
        closed = (closed || statement.op == Op::End) && statement.op != Op::Begin;
        let (Op::CreateIndex { concurrently, .. } | Op::DropIndex { concurrently }) = statement.op else { continue };
        let outside = closed || migration.revision.as_ref().is_some_and(|r| r.outside.contains(&statement.line));
        let problem = (concurrently && !outside).then(|| Text::same("CONCURRENTLY"));
        report.see_in("migration-concurrently-transaction", &migration.path, Some(statement.line), problem);
    }
}

/// Judges each statement by each rule; tables that the file creates hold no row and serve nobody.
pub(super) fn check(report: &mut Report, migration: &Migration) {
    let mut created: Vec<&Name> = Vec::new();
    let mut bounded = false;
    for statement in &migration.statements {
        let op = &statement.op;
        bounded |= matches!(op, Op::Set(name) if name == "lock_timeout");
        let old = |table: &Name| !created.iter().any(|name| same(name, table));
        let mut see = |rule: &'static str, problem: Option<Text>| report.see_in(rule, &migration.path, Some(statement.line), problem);
        let fact = |table: &Name, what: &str| Some(Text::same(format!("{table} : {what}")));

        see(
            "migration-index-concurrently",
            match op {
                Op::CreateIndex { table, concurrently: false, .. } if old(table) => fact(table, "CREATE INDEX"),
                _ => None,
            },
        );
        see(
            "migration-unique-added",
            match op {
                Op::AddConstraint { table, kind: Constraint::Unique { .. }, .. } if old(table) => fact(table, "UNIQUE"),
                Op::CreateIndex { table, unique: true, .. } if old(table) => fact(table, "CREATE UNIQUE INDEX"),
                _ => None,
            },
        );
        see(
            "migration-not-valid",
            match op {
                Op::AddConstraint { table, kind: Constraint::Foreign, not_valid: false, .. } if old(table) => fact(table, "FOREIGN KEY"),
                Op::AddConstraint { table, kind: Constraint::Check(_), not_valid: false, .. } if old(table) => fact(table, "CHECK"),
                _ => None,
            },
        );
        see(
            "migration-volatile-default",
            match op {
                Op::AddColumn(table, column) if old(table) => {
                    column.volatile.as_ref().map(|what| Text::same(format!("{table} : ADD COLUMN {} {what}", column.name)))
                }
                _ => None,
            },
        );
        see(
            "migration-unbounded-write",
            match op {
                Op::Truncate(tables) => tables.iter().find(|t| old(t)).and_then(|t| fact(t, "TRUNCATE")),
                Op::DeleteAll(table) if old(table) => Some(text!("{table} : DELETE sans WHERE", "{table}: DELETE without WHERE")),
                _ => None,
            },
        );
        see(
            "migration-drop-cascade",
            match op {
                Op::Drop { what, cascade: true, .. } => Some(Text::same(format!("DROP {} … CASCADE", what.to_uppercase()))),
                Op::DropColumn(table, column, true) => fact(table, &format!("DROP COLUMN {column} CASCADE")),
                _ => None,
            },
        );
        let locked = locks(op).filter(|table| old(table));
        see("migration-lock-timeout", locked.filter(|_| !bounded).map(|table| Text::same(table.to_string())));
        if let Op::CreateTable(name, _) = op {
            created.push(name);
        }
    }
}

/// The table on which a statement takes a lock that stops reads or writes.
fn locks(op: &Op) -> Option<&Name> {
    match op {
        Op::AddColumn(table, _)
        | Op::DropColumn(table, ..)
        | Op::Rename(table, _)
        | Op::ChangeType(table, ..)
        | Op::SetNotNull(table, _)
        | Op::AddConstraint { table, .. }
        | Op::CreateTrigger(_, table, _)
        | Op::CreateIndex { table, concurrently: false, .. } => Some(table),
        Op::Alter(table, what) if what != "rename constraint" => Some(table),
        Op::Truncate(tables) => tables.first(),
        Op::Drop { what, names, .. } if what == "table" => names.first(),
        _ => None,
    }
}
