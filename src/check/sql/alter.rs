//! `ALTER TABLE`, action by action, and the columns and constraints that it shares with `CREATE TABLE`.

use super::cursor::{Cursor, parts};
use super::lex::{Kind, Token};
use super::{Column, Constraint, Name, Op};

/// Functions whose value differs from row to row: as a default, they rewrite the table (documentation of `ALTER TABLE`).
const VOLATILE: [&str; 11] = [
    "gen_random_uuid",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
    "random",
    "clock_timestamp",
    "timeofday",
    "nextval",
    "gen_random_bytes",
];

/// Words that end the type of a column.
const AFTER_TYPE: [&str; 13] =
    ["not", "null", "default", "primary", "unique", "references", "check", "constraint", "generated", "collate", "using", "compression", "storage"];

/// The actions of `ALTER TABLE`, its name already read.
pub(super) fn actions(table: &Name, cursor: &Cursor<'_>) -> Vec<Op> {
    parts(cursor.rest).into_iter().filter(|part| !part.is_empty()).map(|part| action(table, Cursor::new(part))).collect()
}

fn action(table: &Name, mut cursor: Cursor<'_>) -> Op {
    let other = |what: &str| Op::Alter(table.clone(), what.to_owned());
    let whole = cursor.clone();
    if cursor.eat("add") {
        if let Some(constraint) = constraint(table, cursor.clone()) {
            return constraint;
        }
        cursor.eat("column");
        cursor.eat("if not exists");
        return match column(cursor.rest) {
            Some(column) => Op::AddColumn(table.clone(), column),
            None => Op::Unknown(super::first_words(whole.rest)),
        };
    }
    if cursor.eat("drop") {
        let cascade = cursor.rest.last().is_some_and(|t| t.is("cascade"));
        if cursor.eat("constraint") {
            return if cascade { Op::Drop { what: "constraint".to_owned(), names: vec![table.clone()], cascade } } else { other("drop constraint") };
        }
        cursor.eat("column");
        cursor.eat("if exists");
        return cursor.identifier().map_or_else(|| other("drop"), |name| Op::DropColumn(table.clone(), name, cascade));
    }
    if cursor.eat("alter") {
        cursor.eat("column");
        let Some(name) = cursor.identifier() else { return Op::Unknown(super::first_words(whole.rest)) };
        if cursor.eat("set not null") {
            return Op::SetNotNull(table.clone(), name);
        }
        if cursor.eat("set data type") || cursor.eat("type") {
            return Op::ChangeType(table.clone(), name, kind(&mut cursor));
        }
        return other("alter column");
    }
    if cursor.eat("validate constraint") {
        return cursor.identifier().map_or_else(|| other("validate"), |name| Op::Validate(table.clone(), name));
    }
    if cursor.eat("rename") {
        if cursor.eat("constraint") {
            return other("rename constraint");
        }
        cursor.eat("column");
        let what = if cursor.at("to") { String::new() } else { cursor.identifier().unwrap_or_default() };
        return Op::Rename(table.clone(), what);
    }
    if cursor.eat("set schema") {
        return Op::Rename(table.clone(), String::new());
    }
    let known = ["enable", "disable", "owner", "set", "reset", "inherit", "no", "attach", "detach", "replica", "cluster", "force", "of", "not"];
    cursor.any(&known).map_or_else(|| Op::Unknown(super::first_words(whole.rest)), other)
}

/// A constraint of a table; none when this is a column.
pub(super) fn constraint(table: &Name, mut cursor: Cursor<'_>) -> Option<Op> {
    let name = if cursor.eat("constraint") { cursor.identifier()? } else { String::new() };
    let not_valid = cursor.has("not valid");
    let kind = if cursor.eat("check") {
        let condition = cursor.group().unwrap_or_default();
        Constraint::Check(not_null(condition))
    } else if cursor.eat("foreign key") {
        Constraint::Foreign
    } else if cursor.eat("unique") || cursor.eat("primary key") || cursor.eat("exclude") {
        Constraint::Unique { ready: cursor.has("using index") && !cursor.has("using index tablespace") }
    } else {
        return None;
    };
    Some(Op::AddConstraint { table: table.clone(), name, kind, not_valid })
}

/// The column of `column IS NOT NULL`.
fn not_null(mut condition: &[Token]) -> Option<String> {
    while condition.first().is_some_and(|t| t.is("(")) && condition.last().is_some_and(|t| t.is(")")) {
        condition = &condition[1..condition.len() - 1];
    }
    let mut cursor = Cursor::new(condition);
    let name = cursor.identifier()?;
    (cursor.eat("is not null") && cursor.rest.is_empty()).then_some(name)
}

fn kind(cursor: &mut Cursor<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    while let Some(token) = cursor.rest.first() {
        if AFTER_TYPE.iter().any(|word| token.is(word)) {
            break;
        }
        if let Some(inner) = cursor.group() {
            let size: String = inner.iter().map(|t| t.text.as_str()).collect();
            if let Some(last) = words.last_mut() {
                *last = format!("{last}({size})");
            }
        } else if let Some(token) = cursor.next() {
            words.push(token.text.to_lowercase());
        }
    }
    words.join(" ")
}

/// A column: name, type, constraints.
pub(super) fn column(tokens: &[Token]) -> Option<Column> {
    let mut cursor = Cursor::new(tokens);
    let name = cursor.identifier()?;
    let kind = kind(&mut cursor);
    let mut column = Column { name, ..Column::default() };
    let serial = kind.ends_with("serial") || matches!(kind.as_str(), "serial2" | "serial4" | "serial8");
    if serial {
        (column.filled, column.required, column.volatile) = (true, true, Some(kind.clone()));
    }
    column.kind = kind;
    while cursor.next_is_some() {
        if cursor.eat("not null") {
            column.required = true;
        } else if cursor.eat("primary key") {
            (column.required, column.unique) = (true, true);
        } else if cursor.eat("unique") {
            column.unique = true;
        } else if cursor.eat("default") {
            column.filled = !cursor.at("null");
            let value = cursor.rest;
            column.volatile = value.iter().find(|t| t.kind == Kind::Word && VOLATILE.contains(&t.text.as_str())).map(|t| format!("{}()", t.text));
        } else if cursor.eat("generated") {
            column.filled = true;
            column.volatile = Some("GENERATED".to_owned());
        } else if cursor.group().is_none() {
            cursor.next();
        }
    }
    Some(column)
}

impl Cursor<'_> {
    fn next_is_some(&self) -> bool {
        !self.rest.is_empty()
    }
}
