//! Alembic revisions: what `upgrade()` does, as operations on tables (documentation, « Operation Reference »). What is
//! computed at run time is unknown, and said so.

use super::python::{Argument, Kind, Token, arguments, lex};
use crate::check::sql::{self, Column, Constraint, Name, Op, Statement};

/// A revision, and where it stands among the others.
#[derive(Debug, Default)]
pub struct Revision {
    /// Its id, with its line.
    pub id: Option<(String, usize)>,
    /// The ids that it follows.
    pub down: Vec<String>,
    /// Whether it says more than one line of history: branch labels, dependencies.
    pub branched: bool,
    /// What `upgrade()` does.
    pub statements: Vec<Statement>,
    /// Comments, with their lines.
    pub comments: Vec<(usize, String)>,
    /// Lines within `with op.get_context().autocommit_block():`.
    pub outside: Vec<usize>,
}

/// Operations that change neither a table in use nor its rows.
const OTHER: [&str; 15] = [
    "bulk_insert",
    "drop_constraint",
    "create_table_comment",
    "drop_table_comment",
    "get_bind",
    "get_context",
    "f",
    "inline_literal",
    "invoke",
    "create_exclude_constraint",
    "create_comment",
    "implementation_for",
    "register_operation",
    "context",
    "run_async",
];

/// Reads a revision; none when the file is not one.
#[must_use]
pub fn read(text: &str) -> Option<Revision> {
    let (tokens, comments) = lex(text)?;
    let mut revision = Revision { comments, ..Revision::default() };
    let mut identified = false;
    for (at, token) in tokens.iter().enumerate().filter(|(_, t)| t.column == 0) {
        let value = || value_of(&tokens[at + 1..]);
        match token.text.as_str() {
            "revision" => revision.id = value().first().cloned().map(|id| (id, token.line)),
            "down_revision" => (identified, revision.down) = (true, value()),
            "branch_labels" | "depends_on" => revision.branched |= !value().is_empty(),
            _ => {}
        }
    }
    if !identified {
        return None;
    }
    let start = tokens.windows(2).position(|pair| pair[0].is("def") && pair[0].column == 0 && pair[1].is("upgrade"))?;
    let body = &tokens[start + 2..];
    let end = body.iter().position(|t| t.column == 0 && (t.kind == Kind::Name || t.is("@"))).unwrap_or(body.len());
    Body { out: &mut revision, batch: String::new() }.walk(&body[..end]);
    Some(revision)
}

/// The strings to which a name of the module is set (`None` gives none).
fn value_of(after: &[Token]) -> Vec<String> {
    let Some(equal) = after.iter().position(|t| t.is("=")) else { return Vec::new() };
    let end = after[equal..].iter().position(|t| t.column == 0 && t.kind == Kind::Name).map_or(after.len(), |n| equal + n);
    after[equal..end].iter().filter(|t| t.kind == Kind::Text).map(|t| t.text.clone()).collect()
}

struct Body<'a> {
    out: &'a mut Revision,
    /// Table of the `batch_alter_table` that is open.
    batch: String,
}

impl Body<'_> {
    fn walk(&mut self, tokens: &[Token]) {
        for (at, window) in tokens.windows(4).enumerate() {
            let [object, dot, name, open] = window else { continue };
            if !(dot.is(".") && open.is("(") && name.kind == Kind::Name) {
                continue;
            }
            let (arguments, length) = arguments(&tokens[at + 3..]);
            if name.is("autocommit_block") {
                let inside = tokens[at + 3 + length..].iter().skip(1).take_while(|t| t.line == name.line || t.column > indent(tokens, name.line));
                self.out.outside.extend(inside.map(|t| t.line));
            }
            if object.is("op") && name.is("batch_alter_table") {
                self.batch = string(arguments.first());
            } else if object.is("op") || object.text.starts_with("batch") {
                self.operation(name, &arguments, !object.is("op"));
            } else if name.is("execute") || name.is("exec_driver_sql") {
                self.execute(name.line, arguments.first());
            }
        }
    }

    fn push(&mut self, line: usize, op: Op) {
        self.out.statements.push(Statement { line, op });
    }

    fn operation(&mut self, name: &Token, arguments: &[Argument<'_>], batch: bool) {
        let plain: Vec<&Argument<'_>> = arguments.iter().filter(|(key, _)| key.is_none()).collect();
        let keyed = |wanted: &str| arguments.iter().find(|(key, _)| *key == Some(wanted)).map(|(_, value)| *value);
        let yes = |wanted: &str| keyed(wanted).is_some_and(|value| value.first().is_some_and(|t| t.is("True")));
        let text = |at: usize| string(plain.get(at).copied());
        // In a batch, the table is the batch's and the arguments move up.
        let shift = usize::from(batch);
        let table_at = |at: usize| table(if batch { self.batch.clone() } else { text(at) }, keyed("schema"));
        let line = name.line;
        let not_valid = yes("postgresql_not_valid");
        let op = match name.text.as_str() {
            "create_table" => {
                let columns = plain.iter().skip(1).filter_map(|(_, value)| column(value)).collect();
                Op::CreateTable(table(text(0), keyed("schema")), columns)
            }
            "drop_table" => Op::Drop { what: "table".to_owned(), names: vec![table(text(0), keyed("schema"))], cascade: false },
            "rename_table" => Op::Rename(table(text(0), keyed("schema")), String::new()),
            "add_column" => match plain.get(1 - shift).and_then(|(_, value)| column(value)) {
                Some(column) => Op::AddColumn(table_at(0), column),
                None => Op::Unknown("op.add_column".to_owned()),
            },
            "drop_column" => Op::DropColumn(table_at(0), text(1 - shift), false),
            "alter_column" => {
                let (table, column) = (table_at(0), text(1 - shift));
                if keyed("nullable").is_some_and(|v| v.first().is_some_and(|t| t.is("False"))) {
                    self.push(line, Op::SetNotNull(table.clone(), column.clone()));
                }
                // `existing_type` names what the column was: a text that stays a text at least as long changes nothing.
                let was = keyed("existing_type").map(kind_of);
                if let Some(kind) = keyed("type_").filter(|kind| !was.as_deref().is_some_and(|was| sql::widens(was, &kind_of(kind)))) {
                    self.push(line, Op::ChangeType(table.clone(), column.clone(), kind_of(kind)));
                }
                if keyed("new_column_name").is_some() {
                    self.push(line, Op::Rename(table.clone(), column));
                }
                Op::Alter(table, "alter column".to_owned())
            }
            "create_index" => Op::CreateIndex { table: table_at(1), unique: yes("unique"), concurrently: yes("postgresql_concurrently") },
            "drop_index" => Op::DropIndex { concurrently: yes("postgresql_concurrently") },
            "create_unique_constraint" | "create_primary_key" => {
                Op::AddConstraint { table: table_at(1), name: text(0), kind: Constraint::Unique { ready: false }, not_valid: false }
            }
            "create_foreign_key" => Op::AddConstraint { table: table_at(1), name: text(0), kind: Constraint::Foreign, not_valid },
            "create_check_constraint" => {
                let condition = text(2 - shift).to_lowercase();
                let column = condition.trim().strip_suffix(" is not null").map(|c| c.trim().trim_matches('"').to_owned());
                Op::AddConstraint { table: table_at(1), name: text(0), kind: Constraint::Check(column), not_valid }
            }
            "execute" => return self.execute(line, arguments.first()),
            other if OTHER.contains(&other) => Op::Other(format!("op.{other}")),
            other => Op::Unknown(format!("op.{other}")),
        };
        self.push(line, op);
    }

    /// `op.execute("…")`, also through `text("…")`; an expression of `SQLAlchemy` changes rows, not tables.
    fn execute(&mut self, line: usize, argument: Option<&Argument<'_>>) {
        let Some((_, value)) = argument else { return };
        let wrapped = |words: &[Token]| words.iter().position(|t| t.is("text")).filter(|at| *at <= 2);
        let inner = match wrapped(value) {
            Some(at) => value.get(at + 2),
            None => value.first(),
        };
        let literal = inner.filter(|t| t.kind == Kind::Text);
        let alone = wrapped(value).is_some() || value.len() == 1;
        let Some(literal) = literal.filter(|_| alone) else {
            let known = inner
                .is_some_and(|t| t.kind == Kind::Name && value.iter().any(|t| t.is("insert") || t.is("update") || t.is("select") || t.is("delete")));
            return self.push(line, if known { Op::Other("op.execute".to_owned()) } else { Op::Unknown("op.execute".to_owned()) });
        };
        match sql::read(&literal.text, literal.line, &mut Vec::new()) {
            Ok(statements) => self.out.statements.extend(statements),
            Err(_) => self.push(line, Op::Unknown("op.execute".to_owned())),
        }
    }
}

fn indent(tokens: &[Token], line: usize) -> usize {
    tokens.iter().find(|t| t.line == line).map_or(0, |t| t.column)
}

fn string(argument: Option<&Argument<'_>>) -> String {
    let Some((_, value)) = argument else { return "?".to_owned() };
    // `op.f("name")` names what is already named by the convention.
    value.iter().find(|t| t.kind == Kind::Text).map_or_else(|| "?".to_owned(), |t| t.text.clone())
}

fn table(name: String, schema: Option<&[Token]>) -> Name {
    let schema = schema.and_then(|s| s.first()).filter(|t| t.kind == Kind::Text).map(|t| t.text.clone());
    Name { schema: schema.filter(|s| s != "public").unwrap_or_default(), name }
}

fn kind_of(value: &[Token]) -> String {
    let words = value.iter().filter(|t| !t.is("sa") && !t.is(".") && !t.is("sqlalchemy"));
    words.map(|t| t.text.to_lowercase()).collect::<String>().replace("length=", "").replace("string", "varchar").replace("()", "")
}

/// `sa.Column("name", type, nullable=…, server_default=…)`; none when it is something else.
fn column(value: &[Token]) -> Option<Column> {
    let at = value.iter().position(|t| t.is("Column")).filter(|at| *at <= 2)?;
    let (arguments, _) = arguments(&value[at + 1..]);
    let name = string(arguments.first());
    let keyed = |wanted: &str| arguments.iter().find(|(key, _)| *key == Some(wanted)).map(|(_, value)| *value);
    let is = |wanted: &str, what: &str| keyed(wanted).is_some_and(|v| v.first().is_some_and(|t| t.is(what)));
    let primary = is("primary_key", "True");
    let default = keyed("server_default");
    let volatile = default.and_then(|value| {
        let said = value.iter().map(|t| t.text.to_lowercase()).collect::<String>();
        ["gen_random_uuid", "uuid_generate_v4", "random()", "clock_timestamp", "nextval"].into_iter().find(|f| said.contains(f)).map(str::to_owned)
    });
    Some(Column {
        name,
        kind: arguments.get(1).map(|(_, value)| kind_of(value)).unwrap_or_default(),
        required: primary || is("nullable", "False"),
        filled: default.is_some_and(|v| !v.first().is_some_and(|t| t.is("None")))
            || arguments.iter().any(|(_, v)| v.iter().any(|t| t.is("Identity") || t.is("Computed"))),
        volatile,
        unique: primary || is("unique", "True"),
    })
}
