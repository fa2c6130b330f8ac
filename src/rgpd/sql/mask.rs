//! SECURITY LABELs for the PostgreSQL Anonymizer (extension `anon`), for the teams that have it (static masking, masked
//! dumps). Without the extension the file does nothing: a label for an unknown provider would stop the migration (measured).
//!
//! Grammar and functions: documentation of the extension, version 2 (« Declare masking rules », « Masking functions »). The labels
//! were taken, and the rows masked, by the provider of version 1.3 built by hand; version 2, in Rust, was read.

use std::fmt::Write as _;

use super::super::model::{After, Field, Model, Personal};
use super::super::rules::Rule;
use super::super::types::{SqlType, dollar, lit, q};
use super::{full, header};

/// `…_masquage.sql`.
pub(super) fn labels(model: &Model) -> String {
    let mut out = header(model, "Masquage par l'extension « anon » quand elle est installée ; sans elle, ce fichier ne fait rien.");
    let mut body = String::from(
        "\nBEGIN\n  IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'anon') THEN RETURN; END IF;\n  \
         -- dans un EXECUTE : le fournisseur n'est cherché que s'il existe\n",
    );
    for entity in model.entities.iter().filter(|e| e.is_personal()) {
        for (field, personal) in entity.personal_fields() {
            let Some(rule) = label(field, personal) else { continue };
            let statement = format!("SECURITY LABEL FOR anon ON COLUMN {}.{} IS {}", full(model, entity), q(&field.name), lit(&rule));
            let _ = writeln!(body, "  EXECUTE {};", lit(&statement));
        }
    }
    body.push_str("END\n");
    let _ = writeln!(out, "SET LOCAL lock_timeout = '3s';\nDO {};", dollar(&body));
    out
}

/// The label of a field; a key, a link or a kept value has none.
fn label(field: &Field, personal: &Personal) -> Option<String> {
    if field.primary || field.reference.is_some() {
        return None;
    }
    let value = |text: &str| Some(format!("MASKED WITH VALUE {}", constant(text)));
    let call = |text: String| Some(format!("MASKED WITH FUNCTION {text}"));
    let column = q(&field.name);
    // What the type or a constraint forbids falls back on the value that the purge leaves, which they accept.
    let neutral = match &personal.after {
        After::Literal(text) => text.clone(),
        _ if !field.required => "NULL".to_owned(),
        _ => return moment(field, &column),
    };
    match &personal.rule {
        Rule::Keep => None,
        Rule::Constant(literal) => value(literal),
        _ if !field.values.is_empty() || field.unique => value(&neutral),
        Rule::Substitution(_, "noms-neutres") if field.sql == SqlType::Text => call("anon.dummy_last_name()".into()),
        Rule::Substitution(..) if field.sql == SqlType::Text => call("anon.dummy_first_name()".into()),
        Rule::Mask { start, end } if field.sql == SqlType::Text => call(format!("anon.partial({column}, {start}, '*****', {end})")),
        Rule::Noise { share, .. } if field.sql.is_number() => call(format!("anon.noise({column}, {share})")),
        _ => value(&neutral),
    }
}

/// A literal without its type: the extension takes a constant alone, refuses a cast (versions 1.3 and 2.2: seen on the first, read
/// in the tests of the second), and casts it to the column's type itself.
fn constant(literal: &str) -> &str {
    match (literal.find('\''), literal.rfind('\'')) {
        (Some(from), Some(to)) if from < to => &literal[from..=to],
        _ => literal,
    }
}

/// A moment that cannot be empty is shaken by the extension.
fn moment(field: &Field, column: &str) -> Option<String> {
    field.sql.is_moment().then(|| format!("MASKED WITH FUNCTION anon.dnoise({column}, '90 days'::interval)"))
}
