//! What closes a row at its term: the invariant of an anonymised row, and the one function that brings rows to it (or
//! deletes them), children first. Purge, erasure and catch-up all go through it.

use std::fmt::Write as _;

use super::super::model::{After, Entity, Field, Model};
use super::super::rules::Rule;
use super::super::types::{SqlType, dollar, lit, q, short_digest};
use super::{full, function};

/// The value that `field` takes once closed; `None` when it is left as it is.
fn closed(field: &Field, alias: &str) -> Option<String> {
    let column = if alias.is_empty() { q(&field.name) } else { format!("{alias}.{}", q(&field.name)) };
    match &field.personal.as_ref()?.after {
        After::Kept => None,
        After::Null => Some("NULL".into()),
        After::Literal(literal) => Some(literal.clone()),
        After::Month if field.sql == SqlType::Timestamptz => Some(format!("date_trunc('month', {column}, 'UTC')")),
        After::Month => Some(format!("date_trunc('month', {column}::timestamp)::date")),
    }
}

/// The condition that `field` is closed.
fn is_closed(field: &Field) -> Option<String> {
    let name = q(&field.name);
    Some(match &field.personal.as_ref()?.after {
        After::Kept => return None,
        After::Null => format!("{name} IS NULL"),
        After::Literal(literal) => format!("{name} IS NOT DISTINCT FROM {literal}"),
        After::Month => format!("{name} IS NOT DISTINCT FROM {}", closed(field, "")?),
    })
}

/// The condition that `field` still holds something to close.
pub(super) fn not_cleared(field: &Field) -> String {
    is_closed(field).map_or_else(|| "false".into(), |c| format!("NOT ({c})"))
}

/// The assignments that close `fields`.
pub(super) fn assignments<'a>(fields: impl Iterator<Item = &'a Field>, alias: &str) -> Vec<String> {
    let mut list = Vec::new();
    for field in fields {
        let Some(value) = closed(field, alias) else { continue };
        list.push(format!("{} = {value}", q(&field.name)));
        if let Some(p) = &field.personal
            && matches!(p.rule, Rule::Hmac { .. } | Rule::Mask { .. })
            && let Some(twin) = &p.twin
        {
            list.push(format!("{} = NULL", q(twin)));
        }
        if let Some(p) = &field.overlap.legacy
            && matches!(p.rule, Rule::Hmac { .. } | Rule::Mask { .. })
            && let Some(twin) = &p.twin
        {
            list.push(format!("{} = NULL", q(twin)));
        }
    }
    list
}

/// Brings the fields that this version adds or tags to the value that closes them, on a row closed before it.
pub(super) fn settled(entity: &Entity) -> String {
    let settling = entity.fields.iter().filter(|f| f.overlap.settling && is_closed(f).is_some());
    settling.fold(String::new(), |mut out, f| {
        if let Some(value) = closed(f, "NEW") {
            let _ = writeln!(out, "    NEW.{} := {value};", q(&f.name));
        }
        out
    })
}

/// The condition that a closed row still waits for [`settled`].
pub(super) fn unsettled(entity: &Entity) -> Vec<String> {
    entity.fields.iter().filter(|f| f.overlap.settling).filter_map(is_closed).map(|c| format!("NOT ({c})")).collect()
}

fn invariant_text(entity: &Entity) -> String {
    let mut terms: Vec<String> = entity.fields.iter().filter(|f| !f.overlap.settling).filter_map(is_closed).collect();
    for (_, p) in entity.twin_fields() {
        if let (Rule::Hmac { .. } | Rule::Mask { .. }, Some(twin)) = (&p.rule, &p.twin) {
            terms.push(format!("{} IS NULL", q(twin)));
        }
    }
    if terms.is_empty() { "true".into() } else { terms.join("\n    AND ") }
}

/// The constraint's name changes with its text, so that a new version adds its own beside the one in service.
pub(super) fn check_name(entity: &Entity) -> String {
    format!("{}_rgpd_anonymise_{}", entity.table, short_digest(&invariant_text(entity), 4))
}

/// CHECK: a row said to be anonymised holds no clear value. Validated later, under a light lock (`…_index.sql`).
pub(super) fn invariant(model: &Model, entity: &Entity, out: &mut String) {
    if model.end(entity).deletes() {
        return;
    }
    let name = check_name(entity);
    let _ = write!(
        out,
        "\n-- Invariant : une ligne dite anonymisée ne contient plus aucune valeur claire.\n\
         DO $$\nBEGIN\n  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = {} AND conrelid = {}::regclass) THEN\n    \
         ALTER TABLE {} ADD CONSTRAINT {} CHECK (\"rgpd_anonymise_le\" IS NULL OR (\n    {}\n    )) NOT VALID;\n  END IF;\nEND\n$$;\n",
        lit(&name),
        lit(&full(model, entity)),
        full(model, entity),
        q(&name),
        invariant_text(entity),
    );
}

/// Does the entity have a closing function?
pub(super) fn closes(model: &Model, entity: &Entity) -> bool {
    entity.is_personal() || (entity.follows.is_some() && model.end(entity).deletes())
}

/// `rgpd.clore_<table>(ids)`: nobody is granted it; the processes below call it.
pub(super) fn function_sql(model: &Model, entity: &Entity, out: &mut String) {
    let key = entity.key();
    let mut body = String::from("\nDECLARE n integer;\nBEGIN\n");
    for (child, follows) in model.followers(entity).filter(|(c, _)| closes(model, c)) {
        let open = if child.is_personal() { " AND c.\"rgpd_anonymise_le\" IS NULL" } else { "" };
        let _ = writeln!(
            body,
            "  PERFORM {}(ARRAY(SELECT c.{} FROM {} c WHERE c.{} = ANY (p_ids){open}));",
            function("clore", child),
            q(&child.key().name),
            full(model, child),
            q(&follows.by)
        );
    }
    let table = full(model, entity);
    let id = q(&key.name);
    if model.end(entity).deletes() {
        let _ = writeln!(body, "  DELETE FROM {table} t WHERE t.{id} = ANY (p_ids);");
    } else {
        let mut set = assignments(entity.fields.iter(), "t");
        set.push("\"rgpd_anonymise_le\" = statement_timestamp()".into());
        let _ = write!(
            body,
            "  -- ligne d'avant les copies : le déclencheur les calcule sur le clair, avant qu'il disparaisse\n  \
             UPDATE {table} t SET \"rgpd_complet\" = NULL WHERE t.{id} = ANY (p_ids) AND t.\"rgpd_complet\" IS NULL;\n  \
             UPDATE {table} t SET\n    {}\n  WHERE t.{id} = ANY (p_ids) AND t.\"rgpd_anonymise_le\" IS NULL;\n",
            set.join(",\n    ")
        );
    }
    body.push_str("  GET DIAGNOSTICS n = ROW_COUNT;\n  RETURN n;\nEND\n");
    let _ = write!(
        out,
        "\nCREATE OR REPLACE FUNCTION {}(p_ids {}[]) RETURNS integer LANGUAGE plpgsql\n  SET search_path = pg_catalog, pg_temp AS {};\n",
        function("clore", entity),
        key.sql,
        dollar(&body)
    );
}
