//! PostgreSQL scripts, as far as the rules need: what each statement does to tables, roles and rights. A reader of our own
//! over a whole lexer, because the general parsers do not read what migrations are made of: `sqlparser` 0.63 refuses `DO`,
//! `ALTER DEFAULT PRIVILEGES`, `GRANT role TO role`, lists of functions (114 statements of the 1,667 of the public
//! repositories of the study, 16 of the 114 that the kit writes), and the server's own grammar (`pg_query`) is C.
//! A statement whose verb is not known is [`Op::Unknown`]: the caller says so.

mod alter;
mod cursor;
pub mod lex;
mod schema;
mod statement;

pub use schema::tables;
pub use statement::{read, script};

use lex::Token;

/// A table, type or function: its schema when it is given (`public` left out), and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Name {
    /// Schema, empty when not given.
    pub schema: String,
    /// Name.
    pub name: String,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.schema.is_empty() { f.write_str(&self.name) } else { write!(f, "{}.{}", self.schema, self.name) }
    }
}

/// A column as it is declared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type, in lower case, words joined by a space.
    pub kind: String,
    /// `NOT NULL` or `PRIMARY KEY`.
    pub required: bool,
    /// Has a `DEFAULT`, or makes its own value.
    pub filled: bool,
    /// Function of the default whose value differs from row to row.
    pub volatile: Option<String>,
    /// `UNIQUE` or `PRIMARY KEY`.
    pub unique: bool,
}

/// Kind of a constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// `CHECK`; the column, when the condition is `column IS NOT NULL`.
    Check(Option<String>),
    /// `FOREIGN KEY`.
    Foreign,
    /// `UNIQUE`, `PRIMARY KEY` or `EXCLUDE`; whether it takes an index that exists.
    Unique {
        /// `USING INDEX`.
        ready: bool,
    },
}

/// What one statement, or one action of `ALTER TABLE`, does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// `CREATE TABLE`.
    CreateTable(Name, Vec<Column>),
    /// `CREATE VIEW`, also materialised.
    CreateView(Name),
    /// `DROP TABLE`, also views and schemas (`what`).
    Drop {
        /// `table`, `view`, `schema`, `type`, `function`, `sequence`…
        what: String,
        /// What is dropped.
        names: Vec<Name>,
        /// `CASCADE`.
        cascade: bool,
    },
    /// `DROP INDEX`.
    DropIndex {
        /// `CONCURRENTLY`.
        concurrently: bool,
    },
    /// `ADD COLUMN`.
    AddColumn(Name, Column),
    /// `DROP COLUMN`; whether `CASCADE`.
    DropColumn(Name, String, bool),
    /// `RENAME` of a table, view, column, value: what, from, to.
    Rename(Name, String),
    /// `ALTER COLUMN … TYPE`.
    ChangeType(Name, String, String),
    /// `SET NOT NULL`.
    SetNotNull(Name, String),
    /// `ADD CONSTRAINT`.
    AddConstraint {
        /// Table.
        table: Name,
        /// Name of the constraint, empty when the server gives it.
        name: String,
        /// Kind.
        kind: Constraint,
        /// `NOT VALID`.
        not_valid: bool,
    },
    /// `VALIDATE CONSTRAINT`.
    Validate(Name, String),
    /// Another action of `ALTER TABLE`.
    Alter(Name, String),
    /// `CREATE INDEX`.
    CreateIndex {
        /// Table.
        table: Name,
        /// `UNIQUE`.
        unique: bool,
        /// `CONCURRENTLY`.
        concurrently: bool,
    },
    /// `CREATE TRIGGER`: name, table, function.
    CreateTrigger(String, Name, Name),
    /// `TRUNCATE`.
    Truncate(Vec<Name>),
    /// `DELETE` without `WHERE`.
    DeleteAll(Name),
    /// `GRANT` of privileges.
    Grant(Grant),
    /// `CREATE ROLE`, `ALTER ROLE`: name, options.
    Role {
        /// Name.
        name: String,
        /// Whether it is created here.
        created: bool,
        /// `SUPERUSER`, `BYPASSRLS`… that it is given.
        power: Option<String>,
        /// Whether it has a password written in clear.
        password: bool,
    },
    /// `CREATE FUNCTION`: name, whether it runs as its owner, whether it fixes its search path.
    Function {
        /// Name.
        name: Name,
        /// `SECURITY DEFINER`.
        definer: bool,
        /// `SET search_path`.
        path: bool,
    },
    /// `ALTER FUNCTION … SET search_path`.
    FunctionPath(Name),
    /// `COMMENT ON COLUMN`: table, column, text.
    Comment(Name, String, String),
    /// `SET`: the parameter, and whether it ends with the transaction.
    Set(String),
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`, `ROLLBACK`.
    End,
    /// A statement that says nothing to the rules.
    Other(String),
    /// A statement that the reader does not know: its first words.
    Unknown(String),
}

/// `GRANT privileges ON objects TO roles`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grant {
    /// Each privilege, with its columns when it has some.
    pub privileges: Vec<(String, Vec<String>)>,
    /// `table`, `schema`, `function`, `all tables`…; empty for a grant of roles.
    pub what: String,
    /// What it is on.
    pub names: Vec<Name>,
    /// To whom.
    pub to: Vec<String>,
}

/// A statement with its line, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Line of its first word.
    pub line: usize,
    /// What it does.
    pub op: Op,
}

/// A script once read.
#[derive(Debug, Default)]
pub struct Sql {
    /// Its statements, `DO` blocks opened.
    pub statements: Vec<Statement>,
    /// Its comments of one line.
    pub comments: Vec<(usize, String)>,
}

/// The first words of a statement, to name it.
fn first_words(tokens: &[Token]) -> String {
    tokens.iter().take(3).map(|t| t.text.chars().take(24).collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// Whether what fits the first type fits the second, without the table being written anew (documentation of `ALTER TABLE`):
/// a text of no shorter length.
#[must_use]
pub fn widens(from: &str, to: &str) -> bool {
    let length = |kind: &str| -> Option<u64> {
        match kind {
            "text" | "varchar" | "character varying" => Some(u64::MAX),
            _ => kind.strip_prefix("varchar(").or_else(|| kind.strip_prefix("character varying("))?.strip_suffix(')')?.parse().ok(),
        }
    };
    from == to || length(from).zip(length(to)).is_some_and(|(from, to)| to >= from)
}

#[cfg(test)]
mod tests;
