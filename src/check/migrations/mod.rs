//! Migrations of a repository, whatever the tool that runs them: SQL files (the kit's, Flyway, Prisma, Drizzle, dbmate…) and
//! Alembic revisions, read into the same operations. What a tool of another form holds (Django, `TypeORM`, Liquibase XML) is a
//! gap.

pub mod alembic;
pub mod python;

use std::collections::BTreeMap;

use crate::check::repository::{Input, below, file_name, folder};
use crate::check::sql::{self, Op, Statement};
use crate::check::view::View;
use crate::text;
use crate::text::Text;

/// A migration that was read.
#[derive(Debug)]
pub struct Migration {
    /// Its file.
    pub path: String,
    /// What it belongs with: folder of the migrations.
    pub set: String,
    /// Version that it takes part in: tables created by one version are not in service before it.
    pub batch: String,
    /// What it does.
    pub statements: Vec<Statement>,
    /// Its comments.
    pub comments: Vec<(usize, String)>,
    /// Whether its tool runs it in a transaction, where that is known.
    pub transaction: Option<bool>,
    /// Number of its name, when it has one, and whether it is the kit's.
    pub number: Option<String>,
    /// A project of mirai-kit holds it.
    pub own: bool,
    /// Its place in the chain, for an Alembic revision.
    pub revision: Option<alembic::Revision>,
}

/// Folders that hold migrations, by the name of one of them.
const FOLDERS: [&str; 8] = ["migrations", "migration", "migrate", "_migrations", "drizzle", "changelog", "changelogs", "versions"];
/// Folders whose scripts serve tests or examples: nothing is in service there.
const ASIDE: [&str; 13] =
    ["test", "tests", "__tests__", "fixtures", "testdata", "e2e", "cypress", "examples", "exemples", "seeds", "dumps", "snippets", "node_modules"];

/// Every migration that can be read, in the order of its set; the others are gaps.
pub fn migrations(view: &mut View<'_>) -> Vec<Migration> {
    let projects = view.projects();
    let mut all = Vec::new();
    let mut unread = Unread::new();
    for path in view.paths(candidate) {
        let own = projects.iter().any(|root| below(&path, root));
        let read = if has_extension(&path, "py") {
            python(view, &path, own, &mut unread)
        } else if has_extension(&path, "sql") {
            script(view, &path, own)
        } else {
            other(view, &path, &mut unread);
            None
        };
        let Some(migration) = read else { continue };
        for statement in &migration.statements {
            if let Op::Unknown(words) = &statement.op {
                let line = statement.line;
                view.gap(
                    Input::Migrations,
                    &path,
                    text!(
                        "ligne {line} : instruction que l'outil ne sait pas lire ({words})",
                        "line {line}: statement that the tool cannot read ({words})"
                    ),
                );
            }
        }
        all.push(migration);
    }
    for ((folder, form), count) in unread {
        view.gap(Input::Migrations, &folder, text!("migrations {form} non lues : {count}", "{form} migrations not read: {count}"));
    }
    all.sort_by(|a, b| (&a.set, natural(&a.path)).cmp(&(&b.set, natural(&b.path))));
    all
}

/// Whether a path ends in this extension, without its dot.
#[must_use]
pub fn has_extension(path: &str, wanted: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case(wanted))
}

/// Whether a path is that of a migration, forward.
fn candidate(path: &str) -> bool {
    let mut folders: Vec<&str> = path.split('/').collect();
    let name = folders.pop().unwrap_or_default();
    let lower = name.to_lowercase();
    if folders.iter().any(|f| ASIDE.contains(f)) || lower.ends_with(".down.sql") || name == "__init__.py" || name == "env.py" {
        return false;
    }
    let inside = folders.iter().any(|f| FOLDERS.contains(f));
    match lower.rsplit_once('.').map(|(_, extension)| extension) {
        // Flyway undoes with `U…__`.
        Some("sql") => (inside || flyway(name).is_some()) && !(name.starts_with('U') && name.contains("__")),
        Some("py" | "ts" | "js") => inside && !lower.ends_with(".d.ts"),
        _ => false,
    }
}

/// Version of a Flyway name: `V1_2__title.sql`.
fn flyway(name: &str) -> Option<String> {
    let (version, _) = name.strip_prefix('V')?.split_once("__")?;
    let digits = !version.is_empty() && version.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '_'));
    digits.then(|| version.replace('_', "."))
}

fn script(view: &mut View<'_>, path: &str, own: bool) -> Option<Migration> {
    let content = view.text(Input::Migrations, path)?;
    let forward = forward(&content);
    let sql = match sql::script(forward) {
        Ok(sql) => sql,
        Err(wrong) => {
            let (line, fr, en) = (wrong.line, wrong.what.fr, wrong.what.en);
            view.gap(Input::Migrations, path, text!("ligne {line} : {fr}", "line {line}: {en}"));
            return None;
        }
    };
    let name = file_name(path);
    let prisma = name == "migration.sql";
    let set = if prisma { folder(folder(path)) } else { folder(path) }.to_owned();
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    let kit = own && name[digits.len()..].starts_with('_') && digits.len() >= 3;
    let number = flyway(name).or_else(|| (kit || !digits.is_empty() && !prisma).then(|| digits.trim_start_matches('0').to_owned()));
    let batch = match digits.parse::<u64>() {
        Ok(number) if kit => format!("{}", number / 100),
        _ => path.to_owned(),
    };
    let transaction = if kit {
        Some(content.lines().next().is_none_or(|line| line.trim() != "-- hors-transaction"))
    } else {
        // Prisma sends several statements at once, which the server runs as one transaction.
        (prisma && sql.statements.len() > 1).then_some(true)
    };
    let transaction = transaction.or_else(|| sql.statements.iter().any(|s| s.op == Op::Begin).then_some(true));
    Some(Migration {
        path: path.to_owned(),
        set,
        batch,
        statements: sql.statements,
        comments: sql.comments,
        transaction,
        number,
        own,
        revision: None,
    })
}

/// The part of a script that goes forward: goose, dbmate, sql-migrate and `MyBatis` hold both ways in one file.
fn forward(content: &str) -> &str {
    let down = |line: &str| {
        let line = line.trim().to_lowercase();
        ["-- +goose down", "-- migrate:down", "-- +migrate down", "-- //@undo", "--//@undo", "-- rollback;"].iter().any(|mark| line.starts_with(mark))
    };
    let mut at = 0;
    for line in content.split_inclusive('\n') {
        if down(line) {
            return &content[..at];
        }
        at += line.len();
    }
    content
}

/// Migrations of a form that is not read, by folder and form.
type Unread = BTreeMap<(String, &'static str), usize>;

fn python(view: &mut View<'_>, path: &str, own: bool, unread: &mut Unread) -> Option<Migration> {
    let content = view.text(Input::Migrations, path)?;
    if !content.contains("down_revision") {
        if content.contains("migrations.Migration") {
            *unread.entry((folder(path).to_owned(), "Django")).or_default() += 1;
        }
        return None;
    }
    let Some(mut revision) = alembic::read(&content) else {
        view.gap(Input::Migrations, path, Text::new("révision Alembic sans upgrade() lisible", "Alembic revision without a readable upgrade()"));
        return None;
    };
    let (statements, comments) = (std::mem::take(&mut revision.statements), std::mem::take(&mut revision.comments));
    let (path, set) = (path.to_owned(), folder(path).to_owned());
    Some(Migration { batch: path.clone(), path, set, statements, comments, transaction: Some(true), number: None, own, revision: Some(revision) })
}

/// Migrations in a programming language are not read; a file of that folder which only helps is none.
fn other(view: &mut View<'_>, path: &str, unread: &mut Unread) {
    let Some(content) = view.text(Input::Migrations, path) else { return };
    let code = ["queryRunner", "knex", "queryInterface", "Kysely", "this.schema"];
    if code.iter().any(|sign| content.contains(sign)) {
        *unread.entry((folder(path).to_owned(), "JavaScript/TypeScript")).or_default() += 1;
    }
}

/// A key that puts `V2` before `V10`.
fn natural(path: &str) -> Vec<(u64, String)> {
    let mut key = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = rest[text..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |n| text + n);
        key.push((0, rest[..text].to_owned()));
        key.push((rest[text..digits].parse().unwrap_or(u64::MAX), String::new()));
        rest = &rest[digits..];
    }
    key
}

/// The sets of migrations, by folder.
#[must_use]
pub fn sets(migrations: &[Migration]) -> BTreeMap<&str, Vec<&Migration>> {
    let mut sets: BTreeMap<&str, Vec<&Migration>> = BTreeMap::new();
    for migration in migrations {
        sets.entry(&migration.set).or_default().push(migration);
    }
    sets
}
