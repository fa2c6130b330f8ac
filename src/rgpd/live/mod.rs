//! A live database against its description: what `rgpd check --db` and `rgpd import --from-db` read. Nothing is ever written:
//! one read-only transaction, in which every question stands alone, so that one that is refused is said and not guessed.

mod address;
mod connect;
mod inspect;
mod rights;
mod schema;
mod titles;
mod version;

pub use address::{Address, Secrets};
pub use connect::Database;
pub use inspect::{LiveError, LiveFinding, LiveReport, inspect};
pub use schema::tables;

use crate::text::{Problem, Text};

/// What the server answered, in one line; a query is never shown.
fn said(error: &postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return format!("{} ({})", db.message(), db.code().code());
    }
    let mut text = error.to_string();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let more = deeper.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = deeper.source();
    }
    text
}

fn problem(at: &str, what: Text, hint: Text) -> Problem {
    Problem::new(at, what).hint(hint)
}
