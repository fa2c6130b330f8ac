//! The published snapshot (complete tier): a table, not a view, so that a dump of it is a dump of what may be given away. No
//! identifier, random order, every class of quasi-identifiers at least k rows, checked on what is really exposed.

use std::fmt::Write as _;

use super::super::model::{Entity, Field, Model, Personal, Snapshot};
use super::super::types::{dollar, lit, q};
use super::{full, function, header};

/// A column of the snapshot: what it is called, its type, the expression on the source row.
struct Column {
    field: String,
    name: String,
    kind: String,
    source: String,
}

/// The snapshot's table.
pub(super) fn table(model: &Model, entity: &Entity) -> String {
    format!("{}.{}", q(&model.schema_anon), q(&format!("{}_diffusable", entity.table)))
}

fn column(field: &Field, personal: Option<&Personal>) -> Column {
    let twin = personal.and_then(|p| p.twin.as_ref().map(|t| (p, t)));
    let (kind, source) = twin.map_or_else(|| (field.sql.to_string(), field.name.clone()), |(p, t)| (p.rule.twin_type(&field.sql), t.clone()));
    Column { field: field.name.clone(), name: super::rights::view_name(field, personal), kind, source: format!("t.{}", q(&source)) }
}

fn columns(entity: &Entity, names: &[String]) -> Vec<Column> {
    let tags = |f| {
        let f: &Field = f;
        std::iter::once(column(f, f.personal.as_ref())).chain(f.overlap.legacy.as_deref().map(|p| column(f, Some(p))))
    };
    names.iter().filter_map(|n| entity.fields.iter().find(|f| f.name == *n)).flat_map(tags).collect()
}

/// The columns that a reader sees, with their types.
pub(super) fn exposed(entity: &Entity, snapshot: &Snapshot) -> Vec<(String, String)> {
    columns(entity, &snapshot.quasi).into_iter().chain(columns(entity, &snapshot.attributes)).map(|c| (c.name, c.kind)).collect()
}

/// `…_diffusion.sql`.
pub(super) fn snapshots(model: &Model) -> String {
    let mut out = header(model, "Jeux diffusables : k-anonymes, sans identifiant, en ordre aléatoire, publiés par lot.");
    out.push_str(
        "SET LOCAL lock_timeout = '3s';\n\
         CREATE TABLE IF NOT EXISTS rgpd.publication (\n  entite text PRIMARY KEY,\n  publie_le timestamptz NOT NULL,\n  seuil integer NOT NULL,\n  \
         source bigint NOT NULL,\n  lignes bigint NOT NULL,\n  k_min bigint,\n  regles text NOT NULL\n);\n",
    );
    for (entity, snapshot) in model.snapshots() {
        let table = table(model, entity);
        let all = exposed(entity, snapshot);
        let list = all.iter().map(|(n, k)| format!("  {} {k}", q(n))).collect::<Vec<_>>().join(",\n");
        let tag = serde_json::json!({"v": 1, "personnel": false, "jeu_diffusable": entity.name, "k": snapshot.k});
        let comment = lit(&format!("Jeu diffusable, k ≥ {}. @rgpd {tag}", snapshot.k));
        let _ = write!(out, "\nCREATE TABLE IF NOT EXISTS {table} (\n{list}\n);\nCOMMENT ON TABLE {table} IS {comment};\n");
        super::twins::missing_columns(model.live, &table, &all, &mut out);
        let _ = write!(
            out,
            "\nCREATE OR REPLACE FUNCTION {}(p_lot integer DEFAULT 1000) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER\n  \
             SET search_path = pg_catalog, pg_temp AS {};\n",
            function("publier", entity),
            dollar(&body(model, entity, snapshot))
        );
    }
    state(model, &mut out);
    out.push_str("\nREVOKE ALL ON ALL FUNCTIONS IN SCHEMA rgpd FROM PUBLIC;\n");
    out
}

/// Rows whose class is too small give up one more quasi-identifier at each level; the last ones are left out.
fn body(model: &Model, entity: &Entity, snapshot: &Snapshot) -> String {
    let (quasi, attributes) = (columns(entity, &snapshot.quasi), columns(entity, &snapshot.attributes));
    let k = snapshot.k;
    let from = format!("{} t WHERE t.\"rgpd_complet\" AND NOT t.{}", full(model, entity), q(&entity.objection));
    let mut body = format!(
        "\nDECLARE n integer; classe bigint; nouvelles bigint; avant rgpd.publication;\nBEGIN\n  PERFORM rgpd.verifier_lot(p_lot);\n  \
         PERFORM pg_advisory_xact_lock(hashtext('rgpd.publication'), hashtext({entity_name}));\n  \
         SELECT count(*) INTO nouvelles FROM {from};\n  SELECT p.* INTO avant FROM rgpd.publication p WHERE p.entite = {entity_name};\n  \
         -- deux jeux proches se soustraient : ni avant la cadence, ni pour moins de k personnes d'écart (0 : rien n'est publié)\n  \
         IF FOUND AND avant.regles = {regles} AND (avant.publie_le > statement_timestamp() - interval {cadence} OR abs(nouvelles - avant.source) < {k}) THEN\n    \
         RETURN 0;\n  END IF;\n  \
         -- DELETE et non TRUNCATE : un lecteur en cours garde l'ancien jeu entier\n  DELETE FROM {table};\n",
        entity_name = lit(&entity.name),
        regles = lit(&signature(model, entity, snapshot)),
        cadence = lit(snapshot.cadence.iso()),
        table = table(model, entity),
    );
    let names = |prefix: &str, list: &[Column]| -> Vec<String> { (1..=list.len()).map(|i| format!("{prefix}{i}")).collect() };
    let (qs, attrs) = (names("q", &quasi), names("a", &attributes));
    let all: Vec<&String> = qs.iter().chain(&attrs).collect();
    let joined = all.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", ");
    let sources = quasi.iter().chain(&attributes).zip(&all).map(|(c, n)| format!("{} AS {n}", c.source)).collect::<Vec<_>>().join(", ");
    let targets = quasi.iter().chain(&attributes).map(|c| q(&c.name)).collect::<Vec<_>>().join(", ");
    let _ = write!(body, "  INSERT INTO {} ({targets})\n  WITH s AS (SELECT {sources} FROM {from})", table(model, entity));
    // A field given up takes with it the copy of the previous version of its rule.
    let gone = |level: usize, column: &Column| snapshot.order[..level].contains(&column.field);
    for level in 0..=snapshot.order.len() {
        let kept: Vec<&str> = qs.iter().zip(&quasi).filter(|(_, c)| !gone(level, c)).map(|(n, _)| n.as_str()).collect();
        let partition = if kept.is_empty() { String::new() } else { format!("PARTITION BY {}", kept.join(", ")) };
        let source = if level == 0 { "s".to_owned() } else { format!("n{} WHERE taille < {k}", level - 1) };
        let _ = write!(body, ",\n  n{level} AS (SELECT {joined}, count(*) OVER ({partition}) AS taille FROM {source})");
    }
    let unions: Vec<String> = (0..=snapshot.order.len())
        .map(|level| {
            let columns = all.iter().zip(quasi.iter().chain(&attributes));
            let shown: Vec<String> = columns.map(|(n, c)| if gone(level, c) { format!("NULL::{}", c.kind) } else { (*n).clone() }).collect();
            format!("SELECT {} FROM n{level} WHERE taille >= {k}", shown.join(", "))
        })
        .collect();
    let classes = quasi.iter().map(|c| q(&c.name)).collect::<Vec<_>>().join(", ");
    let _ = write!(
        body,
        "\n  SELECT {joined} FROM (\n    {}) AS u ({joined}) ORDER BY gen_random_uuid();\n  GET DIAGNOSTICS n = ROW_COUNT;\n  \
         -- sur ce qui est réellement exposé ; un échec annule tout, l'ancien jeu reste\n  \
         SELECT min(c) INTO classe FROM (SELECT count(*) AS c FROM {table} GROUP BY {classes}) g;\n  \
         IF classe < {k} THEN RAISE EXCEPTION 'RGPD : k-anonymat non atteint, publication refusée' USING ERRCODE = 'RG009'; END IF;\n  \
         INSERT INTO rgpd.publication VALUES ({name}, statement_timestamp(), {k}, nouvelles, n, classe, {regles})\n  \
         ON CONFLICT (entite) DO UPDATE SET publie_le = excluded.publie_le, seuil = excluded.seuil, source = excluded.source,\n    \
         lignes = excluded.lignes, k_min = excluded.k_min, regles = excluded.regles;\n  \
         PERFORM rgpd.noter('publication', {name}, {reason}, n, NULL, statement_timestamp());\n  RETURN n;\nEND\n",
        unions.join("\n    UNION ALL "),
        table = table(model, entity),
        name = lit(&entity.name),
        regles = lit(&signature(model, entity, snapshot)),
        reason = lit(&format!("jeu diffusable, k = {k}")),
    );
    body
}

/// What changes when the published columns change: a new layout is published without waiting for the cadence.
fn signature(model: &Model, entity: &Entity, snapshot: &Snapshot) -> String {
    let text = format!("{:?} {:?} {}", exposed(entity, snapshot), snapshot.order, snapshot.k);
    format!("{} {}", model.rules_version, super::super::types::short_digest(&text, 4))
}

/// `rgpd.etat_diffusion()`: k as counted in the tables themselves.
fn state(model: &Model, out: &mut String) {
    let rows: Vec<String> = model
        .snapshots()
        .map(|(entity, snapshot)| {
            let classes = columns(entity, &snapshot.quasi).iter().map(|c| q(&c.name)).collect::<Vec<_>>().join(", ");
            format!(
                "SELECT {name}::text, {}, (SELECT min(c) FROM (SELECT count(*) AS c FROM {table} GROUP BY {classes}) g), (SELECT count(*) FROM {table}),\n    \
                 (SELECT p.publie_le FROM rgpd.publication p WHERE p.entite = {name})",
                snapshot.k,
                name = lit(&entity.name),
                table = table(model, entity),
            )
        })
        .collect();
    let _ = write!(
        out,
        "\n-- Ce que voit réellement le lecteur ; k_min est vide pour un jeu vide.\n\
         CREATE OR REPLACE FUNCTION rgpd.etat_diffusion() RETURNS TABLE (entite text, seuil integer, k_min bigint, lignes bigint, publie_le timestamptz)\n  \
         LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS {};\n",
        dollar(&format!("\n  {}\n", rows.join("\n  UNION ALL ")))
    );
}
