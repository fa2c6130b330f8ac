//! Migrations: does the version in service bear what the next one does to the model (EXI-ARCH-21), and does it wait for a
//! lock? A removal is right when it is the second of two steps, which only people know: the migration says so with
//! `-- mirai-kit: contract after <version>`. A repository that never says it (and that mirai-kit did not write) is shown
//! what deserves a look, as one warning per file, and proves nothing.

mod chain;
mod coexistence;
mod locks;
mod rows;

pub use rows::RULES;

use crate::check::Report;
use crate::check::migrations::{Migration, migrations, sets};
use crate::check::repository::Input;
use crate::check::sql::Name;
use crate::check::view::View;
use crate::text;
use crate::text::Text;

/// What a migration says of the step that it is.
const MARK: &str = "mirai-kit: contract after";

/// Checks every migration.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let all = migrations(view);
    let autocommit = autocommit(view);
    let committed = all.iter().any(|m| m.own || m.comments.iter().any(|(_, c)| c.starts_with(MARK)));
    for set in sets(&all).into_values() {
        chain::check(&mut report, &set);
        let mut known = coexistence::Known::default();
        for migration in set {
            let marks = marks(&mut report, migration);
            locks::concurrently(&mut report, migration, autocommit);
            if committed {
                coexistence::check(&mut report, migration, &marks, &mut known);
                locks::check(&mut report, migration);
            } else {
                to_review(view, &mut report, migration);
            }
        }
    }
    report
}

/// Where a migration says that it removes what nothing reads any more.
#[derive(Debug, Default)]
struct Marks {
    /// The whole file.
    whole: bool,
    /// Lines of the statements that it covers.
    lines: Vec<usize>,
}

impl Marks {
    fn cover(&self, line: usize) -> bool {
        self.whole || self.lines.contains(&line)
    }
}

fn marks(report: &mut Report, migration: &Migration) -> Marks {
    let mut marks = Marks::default();
    for (line, comment) in &migration.comments {
        let Some(version) = comment.strip_prefix(MARK).map(str::trim) else { continue };
        let problem = wrong(version, migration);
        let right = problem.is_none();
        report.see_in("migration-contract-mark", &migration.path, Some(*line), problem);
        if !right {
            continue;
        }
        match migration.statements.iter().map(|s| s.line).filter(|l| l > line).min() {
            Some(next) if migration.statements.iter().any(|s| s.line < *line) => marks.lines.push(next),
            _ => marks.whole = true,
        }
    }
    marks
}

/// What is wrong with the version of a mark.
fn wrong(version: &str, migration: &Migration) -> Option<Text> {
    let digits = version.trim_start_matches('v');
    let formed = digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    if !formed {
        return Some(text!("« {version} » n'est pas une version", "“{version}” is not a version"));
    }
    // The kit's migrations carry the version of the model in their number.
    let (own, after) = (migration.batch.parse::<u64>().ok()?, digits.parse::<u64>().ok()?);
    (after >= own).then(|| {
        text!("le retrait vient avec la version {own} : {after} ne la précède pas", "the removal comes with version {own}: {after} is not before it")
    })
}

/// Whether Alembic was told to open no transaction.
fn autocommit(view: &mut View<'_>) -> bool {
    let environments = view.named("env.py");
    environments.iter().filter_map(|path| view.text(Input::Code, path)).any(|text| text.to_lowercase().contains("autocommit"))
}

/// Without marks, only people know whether the version in service bears a change.
fn to_review(view: &mut View<'_>, report: &mut Report, migration: &Migration) {
    let found = coexistence::doubtful(migration);
    let first = found.first().map(|(line, _)| *line);
    let problem = first.map(|_| {
        let shown: Vec<&str> = found.iter().take(3).map(|(_, what)| what.as_str()).collect();
        let (shown, more) = (shown.join(" ; "), found.len().saturating_sub(3));
        if more == 0 { Text::same(shown) } else { text!("{shown} ; et {more} de plus", "{shown}; and {more} more") }
    });
    if let Some(line) = first {
        let why = text!(
            "ligne {line} : rien ne dit si la version en service supporte ce changement (« -- {MARK} <version> »)",
            "line {line}: nothing says whether the version in service bears this change (“-- {MARK} <version>”)"
        );
        view.gap(Input::Migrations, &migration.path, why);
    }
    report.see_in("migration-to-review", &migration.path, first, problem);
}

/// Whether two names are those of one table: a schema that is not written may be any.
fn same(a: &Name, b: &Name) -> bool {
    a.name == b.name && (a.schema == b.schema || a.schema.is_empty() || b.schema.is_empty())
}
