//! `rgpd.controle_modele()`: the live schema against what was generated. No row = conforming. It reads catalogues only, so
//! the data protection officer may run it.

use std::fmt::Write as _;

use super::super::model::Model;
use super::super::types::{dollar, lit, q};
use super::{close, header, managed, tables};

/// The same questions as one bare query: a live function may be stale, or may have been changed.
pub(in crate::rgpd) fn query(model: &Model) -> String {
    if model.is_personal() { personal(model) } else { plain(model) }
}

/// `…_controle.sql`.
pub(super) fn control(model: &Model) -> String {
    let mut out = header(model, "Autocontrôle : aucune ligne = conforme.");
    let body = query(model);
    let _ = write!(
        out,
        "CREATE OR REPLACE FUNCTION rgpd.controle_modele() RETURNS TABLE (regle text, objet text, detail text)\n  \
         LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS {};\n\
         REVOKE ALL ON FUNCTION rgpd.controle_modele() FROM PUBLIC;\n",
        dollar(&body)
    );
    if model.is_personal() {
        let _ = writeln!(out, "GRANT EXECUTE ON FUNCTION rgpd.controle_modele() TO {};", q(&model.roles.dpo));
    }
    out
}

/// The columns of the schema with their tags.
fn columns(model: &Model) -> String {
    format!(
        "\n  WITH col AS (\n    SELECT c.oid AS rel, a.attnum, n.nspname || '.' || c.relname AS tbl, c.relname AS nom_table, a.attname AS col, a.attstattarget AS stat,\n      \
         c.relrowsecurity, rgpd.lire_etiquette(col_description(c.oid, a.attnum)) AS e\n    \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid\n    \
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped),\n",
        lit(&model.schema)
    )
}

/// The columns that the description declares: (table, column, statistics silenced).
fn expected(model: &Model) -> String {
    let mut rows = Vec::new();
    for entity in &model.entities {
        let mut row = |column: &str, silent: bool| rows.push(format!("({}, {}, {silent})", lit(&entity.table), lit(column)));
        for field in &entity.fields {
            row(&field.name, tables::silent(field));
            for twin in [field.personal.as_ref(), field.overlap.legacy.as_deref()].into_iter().flatten().filter_map(|p| p.twin.as_ref()) {
                row(twin, false);
            }
        }
        for (name, _, _) in managed(model, entity) {
            row(&name, false);
        }
    }
    format!("  attendu (nom_table, col, muet) AS (VALUES\n    {}),\n", rows.join(",\n    "))
}

const COMMON: &str = "  SELECT 'L01 colonne sans étiquette', tbl, col::text FROM col WHERE e IS NULL
  UNION ALL SELECT 'L02 étiquette illisible', tbl, col FROM col WHERE e ? 'erreur'
  UNION ALL SELECT 'L22 colonne décrite absente', a.nom_table, a.col FROM attendu a
     WHERE NOT EXISTS (SELECT FROM col c WHERE c.nom_table = a.nom_table AND c.col = a.col)
  UNION ALL SELECT 'L23 colonne absente de la description', c.tbl, c.col FROM col c
     WHERE NOT EXISTS (SELECT FROM attendu a WHERE a.nom_table = c.nom_table AND a.col = c.col)
";

fn plain(model: &Model) -> String {
    let mut text = columns(model);
    let wanted = expected(model);
    text.push_str(wanted.trim_end_matches(",\n"));
    text.push('\n');
    text.push_str(COMMON);
    let _ = writeln!(
        text,
        "  UNION ALL SELECT 'L24 colonne étiquetée personnelle dans un modèle qui n''en déclare pas', tbl, col FROM col WHERE (e->>'personnel')::boolean\n  \
         UNION ALL SELECT 'L17 TEMP ou CREATE ouvert à PUBLIC', 'public', x.p FROM (VALUES ('TEMPORARY'), ('CREATE')) x(p) WHERE has_database_privilege('public', current_database(), x.p)\n  \
         UNION ALL SELECT 'L16 application membre d''un rôle large', {app}, g.rolname::text FROM pg_roles g WHERE g.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program', {owner}) AND pg_has_role({app}, g.oid, 'MEMBER')",
        app = lit(&model.roles.app),
        owner = lit(&model.roles.owner)
    );
    text
}

fn personal(model: &Model) -> String {
    let r = &model.roles;
    let restricted = [&r.anon, &r.pseudo, &r.dpo, &r.purge, &r.publication].map(|n| lit(n)).join(", ");
    let personal_tables: Vec<String> = model.entities.iter().filter(|e| e.is_personal()).map(|e| lit(&e.table)).collect();
    let mut text = columns(model);
    text.push_str(&expected(model));
    let _ = write!(
        text,
        "  clair AS (SELECT * FROM col WHERE (e->>'personnel')::boolean AND NOT e ? 'copie_de'),\n  \
         interdits (r) AS (SELECT unnest(ARRAY[{restricted}])),\n  \
         portees AS (SELECT DISTINCT rel, tbl, nom_table, relrowsecurity FROM col WHERE nom_table IN ({})),\n  \
         fermetures (nom_table, texte) AS (VALUES\n    {}),\n  \
         invariants (nom_table, nom) AS (VALUES\n    (NULL::text, NULL::text){}),\n  \
         politiques (nom_table, politique, texte) AS (VALUES\n    {}),\n  \
         diffuses (objet) AS (SELECT unnest(ARRAY[{}]::text[]))\n",
        personal_tables.join(", "),
        closings(model),
        invariants(model),
        policies(model),
        snapshots(model),
    );
    text.push_str(COMMON);
    let _ = write!(
        text,
        include_str!("control.sql"),
        app = lit(&r.app),
        owner = lit(&r.owner),
        publication = lit(&r.publication),
        schema = lit(&model.schema),
        anon = lit(&model.schema_anon),
        reader = lit(&r.anon),
        pseudo = lit(&r.pseudo),
    );
    text
}

/// For each personal table, the source of the function that closes its rows.
fn closings(model: &Model) -> String {
    model
        .entities
        .iter()
        .filter(|e| e.is_personal())
        .map(|e| {
            let name = lit(&format!("rgpd.{}({}[])", q(&format!("clore_{}", e.table)), e.key().sql));
            format!("({}, (SELECT p.prosrc FROM pg_proc p WHERE p.oid = to_regprocedure({name})))", lit(&e.table))
        })
        .collect::<Vec<_>>()
        .join(",\n    ")
}

/// What the row policies must say: (table, policy, words that its condition holds).
fn policies(model: &Model) -> String {
    let mut rows = Vec::new();
    for entity in &model.entities {
        let mut row = |policy: &str, text: &str| rows.push(format!("({}, {}, {})", lit(&entity.table), lit(policy), lit(text)));
        if entity.is_personal() {
            row("rgpd_publication", "rgpd_complet");
            row("rgpd_app", "");
        }
        if super::shown_by(model, entity).is_some() {
            row("rgpd_publication", &format!("montrer_{}", entity.table));
        }
        if super::is_root(entity) {
            row("rgpd_publication", &format!("NOT {}", entity.objection));
        }
        if let Some(rows) = &entity.rows {
            row("rgpd_app", &format!("{}.{}", model.schema, rows.parameter));
        }
    }
    rows.join(",\n    ")
}

fn snapshots(model: &Model) -> String {
    model.snapshots().map(|(e, _)| lit(&format!("{}_diffusable", e.table))).collect::<Vec<_>>().join(", ")
}

fn invariants(model: &Model) -> String {
    model.entities.iter().filter(|e| e.is_personal() && !model.end(e).deletes()).fold(String::new(), |mut out, e| {
        let _ = write!(out, ",\n    ({}, {})", lit(&e.table), lit(&close::check_name(e)));
        out
    })
}
