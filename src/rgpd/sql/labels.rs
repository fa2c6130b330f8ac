//! Tags: a comment on every table and column (`texte. @rgpd {json}`), which needs no extension and follows `pg_dump`, and
//! the view that reads them back.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::super::model::{Entity, Field, Model};
use super::super::types::{lit, q};
use super::{full, header, managed};

/// `…_etiquettes.sql`.
pub(super) fn labels(model: &Model) -> String {
    let mut out = header(model, "Étiquettes : commentaires « texte. @rgpd {json} » et catalogue. Jamais de clé ni de valeur ici.");
    for entity in &model.entities {
        let table = full(model, entity);
        let words = entity.label.clone().unwrap_or_else(|| entity.name.clone());
        let _ = writeln!(out, "COMMENT ON TABLE {table} IS {};", comment(&words, &table_tag(model, entity)));
        let mut column = |name: &str, words: &str, tag: &Map<String, Value>| {
            let _ = writeln!(out, "COMMENT ON COLUMN {table}.{} IS {};", q(name), comment(words, tag));
        };
        for field in &entity.fields {
            column(&field.name, field.label.as_deref().unwrap_or(&field.name), &field_tag(field));
            let tags = [field.personal.as_ref(), field.overlap.legacy.as_deref()].into_iter().flatten();
            for (personal, twin) in tags.filter_map(|p| p.twin.as_ref().map(|t| (p, t))) {
                let nature = personal.rule.nature();
                let still = matches!(nature, super::super::rules::Nature::Pseudonymisation | super::super::rules::Nature::StillPersonal);
                let tag =
                    object(&json!({"v": 1, "personnel": still, "copie_de": field.name, "regle": personal.rule.name(), "nature": nature.word()}));
                column(twin, if still { "Pseudonyme ou masque" } else { "Copie anonymisée" }, &tag);
            }
        }
        for (name, _, words) in managed(model, entity) {
            column(&name, words, &object(&json!({"v": 1, "personnel": false, "gestion": true})));
        }
        out.push('\n');
    }
    let _ = write!(
        out,
        "CREATE OR REPLACE FUNCTION rgpd.lire_etiquette(d text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE\n  \
         SET search_path = pg_catalog, pg_temp AS $$\nBEGIN\n  RETURN (regexp_match(d, '@rgpd (\\{{.*\\}})\\s*$'))[1]::jsonb;\n\
         EXCEPTION WHEN others THEN\n  RETURN jsonb_build_object('erreur', 'étiquette illisible');\nEND $$;\n\
         REVOKE ALL ON FUNCTION rgpd.lire_etiquette(text) FROM PUBLIC;\n\
         CREATE OR REPLACE VIEW rgpd.catalogue WITH (security_barrier = true) AS\n  \
         SELECT n.nspname AS schema, c.relname AS objet, a.attname AS colonne, format_type(a.atttypid, a.atttypmod) AS type,\n         \
         rgpd.lire_etiquette(col_description(c.oid, a.attnum)) AS etiquette,\n         \
         rgpd.lire_etiquette(obj_description(c.oid, 'pg_class')) AS etiquette_table\n  \
         FROM pg_catalog.pg_class c\n  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid\n  \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped;\n",
        lit(&model.schema)
    );
    out
}

fn comment(words: &str, tag: &Map<String, Value>) -> String {
    // The text of the author must not pass for a tag.
    let words = words.replace("@rgpd", "rgpd").replace(['\n', '\r'], " ");
    lit(&format!("{}. @rgpd {}", words.trim_end_matches('.'), Value::Object(tag.clone())))
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn table_tag(model: &Model, entity: &Entity) -> Map<String, Value> {
    let mut tag = object(&json!({"v": 1, "version": model.version, "personnel": entity.is_personal()}));
    if let Some(persons) = &entity.persons {
        tag.insert("personnes".into(), json!(persons));
    }
    if !entity.processings.is_empty() {
        tag.insert("traitements".into(), json!(entity.processings));
        let bases: Vec<&str> = model.processings.iter().filter(|p| entity.processings.contains(&p.id)).map(|p| p.basis.as_str()).collect();
        tag.insert("bases_legales".into(), json!(bases));
    }
    if let Some(r) = &entity.retention {
        tag.insert("conservation".into(), json!(r.duration.iso()));
        tag.insert("depart".into(), json!(r.start));
        tag.insert("sort".into(), json!(r.end.word()));
    }
    if let Some(f) = &entity.follows {
        tag.insert("suit".into(), json!({"entite": f.entity, "par": f.by}));
    }
    tag.insert("bloc".into(), entity.block.clone());
    tag
}

/// The tag of a column: what the control reads, then the author's own block, so that `rgpd import --from-db` gives it back.
fn field_tag(field: &Field) -> Map<String, Value> {
    let mut tag = facts(field);
    tag.insert("bloc".into(), field.block.clone());
    tag
}

fn facts(field: &Field) -> Map<String, Value> {
    let Some(p) = &field.personal else {
        return object(&json!({"v": 1, "personnel": false, "motif": field.reason.as_deref().unwrap_or("")}));
    };
    let mut tag = object(&json!({
        "v": 1, "personnel": true, "cat": p.category, "cnil": p.family, "role": p.role,
        "regle": p.rule.name(), "nature": p.rule.nature().word(),
    }));
    if let Some(twin) = &p.twin {
        tag.insert("copie".into(), json!(twin));
    }
    if let Some((term, _)) = &p.article9 {
        tag.insert("sensible".into(), json!(term));
    }
    if p.delicate {
        tag.insert("hautement_personnel".into(), json!(true));
    }
    if let Some((duration, start)) = &p.retention {
        tag.insert("conservation".into(), json!(duration.iso()));
        tag.insert("depart".into(), json!(start));
    }
    tag
}
