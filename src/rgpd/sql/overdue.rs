//! The rows that are still there past their term: what `rgpd.echeances()` counts for who may not read the tables, and what
//! `rgpd check --db` counts itself where it may.

use std::fmt::Write as _;

use super::super::model::{Entity, Model};
use super::super::types::{Duration, dollar, lit, q};
use super::{close, full, not_held, process};

/// The batch runs once a day: a row is late when two runs have passed it by.
const LENIENCY: &str = "2 days";

/// One count.
pub(in crate::rgpd) struct Overdue {
    pub entity: String,
    pub operation: &'static str,
    /// What the term is, for people.
    pub term: String,
    /// `SELECT count(*) …`
    pub sql: String,
}

/// The counts of a model.
pub(in crate::rgpd) fn counts(model: &Model) -> Vec<Overdue> {
    let mut list = Vec::new();
    for entity in model.entities.iter().filter(|e| e.is_personal()) {
        let mut add = |operation, term: String, sql: String| list.push(Overdue { entity: entity.name.clone(), operation, term, sql });
        if let Some(r) = &entity.retention {
            add("purge", term(&r.duration, &r.start), count(model, entity, &r.duration, &process::due(entity, &r.start)));
        }
        for (duration, start, fields) in process::own_terms(entity) {
            let left = fields.iter().map(|f| close::not_cleared(f)).collect::<Vec<_>>().join(" OR ");
            let names = fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ");
            let condition = format!("{} AND ({left})", process::due(entity, &start));
            add("purge_partielle", format!("{} ({names})", term(&duration, &start)), count(model, entity, &duration, &condition));
        }
        let parent = entity.follows.as_ref().and_then(|f| model.entity(&f.entity).map(|p| (f, p)));
        if let Some((follows, parent)) = parent.filter(|_| !model.end(entity).deletes()) {
            let sql = format!(
                "SELECT count(*) FROM {} s JOIN {} p ON p.{} = s.{} WHERE s.\"rgpd_anonymise_le\" IS NULL AND p.\"rgpd_anonymise_le\" < statement_timestamp() - interval '{LENIENCY}'",
                full(model, entity),
                full(model, parent),
                q(&parent.key().name),
                q(&follows.by),
            );
            add("rattrapage", format!("suit « {} », déjà anonymisée", follows.entity), sql);
        }
    }
    list
}

fn term(duration: &Duration, start: &str) -> String {
    format!("{} après « {start} »", duration.french())
}

fn count(model: &Model, entity: &Entity, duration: &Duration, condition: &str) -> String {
    format!(
        "SELECT count(*) FROM {} s, (SELECT statement_timestamp() - interval {} - interval '{LENIENCY}' AS coupure) c WHERE s.\"rgpd_anonymise_le\" IS NULL AND {condition} AND {}",
        full(model, entity),
        lit(duration.iso()),
        not_held(model, entity, "s"),
    )
}

/// `rgpd.echeances()`: counts alone, no row and no value.
pub(super) fn function_sql(model: &Model, out: &mut String) {
    let rows: Vec<String> =
        counts(model).iter().map(|c| format!("  SELECT {}::text, {}::text, ({})", lit(&c.entity), lit(c.operation), c.sql)).collect();
    let body = if rows.is_empty() { "  SELECT NULL::text, NULL::text, 0::bigint WHERE false".to_owned() } else { rows.join("\n  UNION ALL\n") };
    let _ = write!(
        out,
        "\n-- Lignes encore là deux jours après leur terme : des comptes, ni ligne ni valeur.\n\
         CREATE OR REPLACE FUNCTION rgpd.echeances() RETURNS TABLE (entite text, operation text, en_retard bigint)\n  \
         LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS {};\n",
        dollar(&format!("\n{body}\n"))
    );
}
