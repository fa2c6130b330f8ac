//! One statement, by its verb. `DO` blocks are opened: what their body runs is read as the rest is.

use super::alter::{actions, column, constraint};
use super::cursor::{Cursor, parts};
use super::lex::{Kind, Token, Unreadable, lex};
use super::{Grant, Name, Op, Sql, Statement, first_words};

/// Verbs that change neither tables, roles nor rights in a way that the rules judge.
const OTHER: [&str; 46] = [
    "select",
    "insert",
    "update",
    "merge",
    "with",
    "values",
    "security",
    "analyze",
    "vacuum",
    "notify",
    "listen",
    "unlisten",
    "reindex",
    "cluster",
    "refresh",
    "copy",
    "call",
    "perform",
    "revoke",
    "reset",
    "show",
    "lock",
    "explain",
    "discard",
    "prepare",
    "deallocate",
    "import",
    "load",
    "checkpoint",
    "reassign",
    "savepoint",
    "release",
    "abort",
    "declare",
    "fetch",
    "move",
    "close",
    "raise",
    "return",
    "null",
    "get",
    "assert",
    "exit",
    "continue",
    "if",
    "for",
];

/// Deepest `DO` or `EXECUTE` within another.
const MAX_DEPTH: usize = 4;

/// Reads a whole script.
///
/// # Errors
/// At what no PostgreSQL would read.
pub fn script(text: &str) -> Result<Sql, Unreadable> {
    let mut sql = Sql::default();
    for statement in read(text, 1, &mut sql.comments)? {
        sql.statements.push(statement);
    }
    Ok(sql)
}

/// Reads the statements of a text whose first line has this number; its comments are added to `comments`.
///
/// # Errors
/// At what no PostgreSQL would read.
pub fn read(text: &str, first: usize, comments: &mut Vec<(usize, String)>) -> Result<Vec<Statement>, Unreadable> {
    let script = lex(text, first)?;
    comments.extend(script.comments);
    let mut statements = Vec::new();
    for tokens in split(&script.tokens) {
        statement(tokens, 0, &mut statements)?;
    }
    Ok(statements)
}

/// Cuts at the `;` that no parenthesis and no `BEGIN ATOMIC … END` holds.
fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut from, mut depth, mut atomic, mut cases, mut all) = (0, 0_usize, false, 0_usize, Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth = depth.saturating_sub(1);
        } else if token.is("atomic") && at > 0 && tokens[at - 1].is("begin") {
            atomic = true;
        } else if atomic && token.is("case") {
            cases += 1;
        } else if atomic && token.is("end") {
            atomic = cases > 0;
            cases = cases.saturating_sub(1);
        } else if token.is(";") && depth == 0 && !atomic {
            all.push(&tokens[from..at]);
            from = at + 1;
        }
    }
    all.push(&tokens[from..]);
    all.into_iter().filter(|part| !part.is_empty()).collect()
}

fn statement(tokens: &[Token], depth: usize, out: &mut Vec<Statement>) -> Result<(), Unreadable> {
    let Some(line) = tokens.first().map(|t| t.line) else { return Ok(()) };
    let mut cursor = Cursor::new(tokens);
    if cursor.eat("do") {
        let Some(body) = tokens.iter().find(|t| matches!(t.kind, Kind::Dollar | Kind::Text)) else {
            out.push(Statement { line, op: Op::Unknown(first_words(tokens)) });
            return Ok(());
        };
        return block(body, depth, out);
    }
    let ops = one(cursor, tokens);
    out.extend(ops.into_iter().map(|op| Statement { line, op }));
    Ok(())
}

/// The body of a `DO` block: its statements follow `BEGIN`, `THEN`, `ELSE`, `LOOP` and `;`.
fn block(body: &Token, depth: usize, out: &mut Vec<Statement>) -> Result<(), Unreadable> {
    if depth >= MAX_DEPTH {
        out.push(Statement { line: body.line, op: Op::Unknown("DO".to_owned()) });
        return Ok(());
    }
    let inner = lex(&body.text, body.line)?.tokens;
    let opens = |t: &Token| ["begin", "then", "else", "loop", "declare"].iter().any(|word| t.is(word));
    for tokens in inner.split(|t| t.is(";") || opens(t)).filter(|part| !part.is_empty()) {
        let verb = &tokens[0];
        if verb.is("execute") {
            dynamic(tokens, depth, out)?;
        } else if ["alter", "create", "drop", "truncate", "delete", "grant", "set"].iter().any(|word| verb.is(word)) {
            statement(tokens, depth + 1, out)?;
        }
    }
    Ok(())
}

/// `EXECUTE 'text'` and `EXECUTE format('text', …)`: the text is read; anything else cannot be known.
fn dynamic(tokens: &[Token], depth: usize, out: &mut Vec<Statement>) -> Result<(), Unreadable> {
    let mut cursor = Cursor::new(&tokens[1..]);
    cursor.eat("format");
    cursor.eat("(");
    let unknown = Statement { line: tokens[0].line, op: Op::Unknown("EXECUTE".to_owned()) };
    match cursor.next().filter(|t| matches!(t.kind, Kind::Text | Kind::Dollar)) {
        // A text that is then joined to another is not whole.
        Some(text) if depth < MAX_DEPTH && !cursor.at("|") => {
            let text_of = text.text.replace("%I", "_").replace("%s", "_").replace("%L", "''").replace("%1$I", "_").replace("%1$s", "_");
            match lex(&text_of, text.line) {
                Ok(script) => split(&script.tokens).into_iter().try_for_each(|tokens| statement(tokens, depth + 1, out))?,
                Err(_) => out.push(unknown),
            }
        }
        _ => out.push(unknown),
    }
    Ok(())
}

fn one(mut cursor: Cursor<'_>, tokens: &[Token]) -> Vec<Op> {
    let unknown = || vec![Op::Unknown(first_words(tokens))];
    if cursor.eat("create") {
        return vec![create(cursor).unwrap_or_else(|| Op::Unknown(first_words(tokens)))];
    }
    if cursor.eat("alter") {
        return alter(cursor, tokens);
    }
    if cursor.eat("drop") {
        return vec![drop(cursor)];
    }
    if cursor.eat("truncate") {
        cursor.eat("table");
        return vec![Op::Truncate(cursor.names())];
    }
    if cursor.eat("delete from") {
        cursor.eat("only");
        let all = !cursor.has("where") && !cursor.has("using");
        return cursor.name().map_or_else(unknown, |name| vec![if all { Op::DeleteAll(name) } else { Op::Other("delete".to_owned()) }]);
    }
    if cursor.eat("grant") {
        return vec![grant(cursor)];
    }
    if cursor.eat("comment on column") {
        return vec![comment(&mut cursor).unwrap_or_else(|| Op::Other("comment".to_owned()))];
    }
    if cursor.eat("comment") {
        return vec![Op::Other("comment".to_owned())];
    }
    if cursor.eat("set") {
        let _ = cursor.eat("local") || cursor.eat("session");
        return vec![Op::Set(cursor.identifier().unwrap_or_default())];
    }
    if cursor.eat("begin") || cursor.eat("start") {
        return vec![Op::Begin];
    }
    if cursor.eat("commit") || cursor.eat("end") || cursor.eat("rollback") {
        return vec![Op::End];
    }
    // `SELECT set_config('lock_timeout', …)`, as dumps do.
    if cursor.has("set_config")
        && let Some(name) = tokens.iter().find(|t| t.kind == Kind::Text)
    {
        return vec![Op::Set(name.text.clone())];
    }
    if cursor.at("(") {
        return vec![Op::Other("select".to_owned())];
    }
    cursor.any(&OTHER).map_or_else(unknown, |verb| vec![Op::Other(verb.to_owned())])
}

fn create(mut cursor: Cursor<'_>) -> Option<Op> {
    cursor.eat("or replace");
    let _ = cursor.any(&["global", "local"]);
    let temporary = cursor.any(&["temporary", "temp", "unlogged"]);
    if cursor.eat("table") {
        cursor.eat("if not exists");
        let name = cursor.name()?;
        let body = cursor.group().unwrap_or_default();
        let columns =
            parts(body).into_iter().filter(|p| !p.is_empty() && constraint(&name, Cursor::new(p)).is_none() && !p[0].is("like")).filter_map(column);
        return Some(Op::CreateTable(name.clone(), columns.collect()));
    }
    let unique = cursor.eat("unique");
    if cursor.eat("index") {
        let concurrently = cursor.eat("concurrently");
        cursor.eat("if not exists");
        while !cursor.eat("on") {
            cursor.next()?;
        }
        cursor.eat("only");
        return Some(Op::CreateIndex { table: cursor.name()?, unique, concurrently });
    }
    cursor.eat("recursive");
    if cursor.eat("view") || cursor.eat("materialized view") {
        cursor.eat("if not exists");
        return Some(Op::CreateView(cursor.name()?));
    }
    if cursor.eat("function") || cursor.eat("procedure") {
        let name = cursor.name()?;
        return Some(Op::Function { name, definer: cursor.has("security definer"), path: cursor.has("set search_path") });
    }
    let constraint_trigger = cursor.eat("constraint");
    if cursor.eat("trigger") {
        let name = cursor.identifier()?;
        while !cursor.eat("on") {
            cursor.next()?;
        }
        let table = cursor.name()?;
        while !(cursor.eat("execute function") || cursor.eat("execute procedure")) {
            cursor.next()?;
        }
        return Some(Op::CreateTrigger(name, table, cursor.name()?));
    }
    if cursor.eat("role") || cursor.eat("user") || cursor.eat("group") {
        if cursor.eat("mapping") {
            return Some(Op::Other("create".to_owned()));
        }
        return Some(role(&mut cursor, true));
    }
    let known = [
        "sequence",
        "type",
        "schema",
        "extension",
        "policy",
        "domain",
        "aggregate",
        "operator",
        "cast",
        "collation",
        "server",
        "foreign",
        "publication",
        "subscription",
        "rule",
        "event",
        "database",
        "text",
        "statistics",
        "tablespace",
        "language",
        "trusted",
        "access",
        "conversion",
        "default",
        "transform",
    ];
    (constraint_trigger || temporary.is_some() || cursor.any(&known).is_some()).then(|| Op::Other("create".to_owned()))
}

fn role(cursor: &mut Cursor<'_>, created: bool) -> Op {
    let name = cursor.identifier().unwrap_or_default();
    let power = ["superuser", "bypassrls", "replication", "createrole"].into_iter().find(|word| cursor.rest.iter().any(|t| t.is(word)));
    // `%L` and placeholders are no passwords; a hash is not one in clear (documentation of CREATE ROLE).
    let literal = cursor.rest.windows(2).find(|pair| pair[0].is("password") && pair[1].kind == Kind::Text).map(|pair| pair[1].text.as_str());
    let password =
        literal.is_some_and(|text| !text.is_empty() && !["SCRAM-SHA-256$", "md5", "${", ":", "{{", "__"].iter().any(|sign| text.starts_with(sign)));
    Op::Role { name, created, power: power.map(str::to_uppercase), password }
}

fn alter(mut cursor: Cursor<'_>, tokens: &[Token]) -> Vec<Op> {
    cursor.eat("foreign");
    if cursor.eat("table") {
        if cursor.eat("all in") {
            return vec![Op::Other("alter".to_owned())];
        }
        cursor.eat("if exists");
        cursor.eat("only");
        let Some(table) = cursor.name() else { return vec![Op::Unknown(first_words(tokens))] };
        cursor.eat("*");
        return actions(&table, &cursor);
    }
    if cursor.eat("role") || cursor.eat("user") || cursor.eat("group") {
        if cursor.eat("mapping") {
            return vec![Op::Other("alter".to_owned())];
        }
        return vec![role(&mut cursor, false)];
    }
    if cursor.eat("function") || cursor.eat("procedure") || cursor.eat("routine") {
        let name = cursor.name().unwrap_or_default();
        let path = cursor.has("set search_path");
        return vec![if path { Op::FunctionPath(name) } else { Op::Other("alter".to_owned()) }];
    }
    let named = ["view", "materialized view", "type", "schema"];
    if cursor.any(&named).is_some() {
        cursor.eat("if exists");
        let name = cursor.name().unwrap_or_default();
        // A value of an enumeration keeps its rows; what reads it by name does not.
        let renames = cursor.has("rename to") || cursor.has("rename column") || cursor.has("rename value") || cursor.has("rename attribute");
        return vec![if renames || cursor.at("set") && cursor.has("set schema") {
            Op::Rename(name, String::new())
        } else {
            Op::Other("alter".to_owned())
        }];
    }
    let known = [
        "default",
        "index",
        "sequence",
        "database",
        "extension",
        "policy",
        "trigger",
        "domain",
        "publication",
        "subscription",
        "aggregate",
        "collation",
        "conversion",
        "event",
        "language",
        "large",
        "operator",
        "rule",
        "server",
        "statistics",
        "system",
        "tablespace",
        "text",
    ];
    vec![cursor.any(&known).map_or_else(|| Op::Unknown(first_words(tokens)), |_| Op::Other("alter".to_owned()))]
}

fn drop(mut cursor: Cursor<'_>) -> Op {
    let cascade = cursor.rest.last().is_some_and(|t| t.is("cascade"));
    if cursor.eat("index") {
        return Op::DropIndex { concurrently: cursor.at("concurrently") };
    }
    let what = cursor.any(&["table", "view", "materialized view", "schema", "type", "function", "sequence", "procedure", "domain", "database"]);
    let Some(what) = what else {
        return if cascade { Op::Drop { what: "object".to_owned(), names: Vec::new(), cascade } } else { Op::Other("drop".to_owned()) };
    };
    cursor.eat("if exists");
    Op::Drop { what: what.to_owned(), names: cursor.names(), cascade }
}

fn grant(mut cursor: Cursor<'_>) -> Op {
    let mut grant = Grant::default();
    let end = cursor.rest.iter().position(|t| t.is("on") || t.is("to")).unwrap_or(cursor.rest.len());
    let on = cursor.rest.get(end).is_some_and(|t| t.is("on"));
    for part in parts(&cursor.rest[..end]) {
        let mut part = Cursor::new(part);
        let Some(word) = part.identifier() else { continue };
        part.eat("privileges");
        let columns = part.group().map(|inner| parts(inner).into_iter().filter_map(|c| c.first()).map(|t| t.text.clone()).collect());
        grant.privileges.push((word, columns.unwrap_or_default()));
    }
    cursor.rest = cursor.rest.get(end + 1..).unwrap_or_default();
    if on {
        let kinds =
            ["all tables in schema", "all sequences in schema", "all functions in schema", "all routines in schema", "all procedures in schema"];
        let one =
            ["table", "sequence", "database", "function", "procedure", "routine", "schema", "type", "domain", "language", "tablespace", "parameter"];
        let what = cursor.any(&kinds).or_else(|| cursor.any(&one)).unwrap_or("table");
        what.clone_into(&mut grant.what);
        grant.names = cursor.names();
        while !cursor.rest.is_empty() && !cursor.eat("to") {
            cursor.next();
        }
    }
    while let Some(token) = cursor.next() {
        if token.is("with") || token.is("granted") {
            break;
        }
        if token.names() && !token.is("group") {
            grant.to.push(token.text.clone());
        }
    }
    Op::Grant(grant)
}

fn comment(cursor: &mut Cursor<'_>) -> Option<Op> {
    let mut parts = vec![cursor.identifier()?];
    while cursor.eat(".") {
        parts.push(cursor.identifier()?);
    }
    let column = parts.pop()?;
    let name = parts.pop()?;
    let schema = parts.pop().filter(|s| s != "public").unwrap_or_default();
    let text = cursor.rest.iter().find(|t| t.kind == Kind::Text || t.kind == Kind::Dollar)?;
    cursor.eat("is").then(|| Op::Comment(Name { schema, name }, column, text.text.clone()))
}
