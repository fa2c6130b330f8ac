//! The rights of persons (articles 15 to 18) as traced functions: the data protection officer acts without reading the table.

use std::fmt::Write as _;

use super::super::model::{Entity, Model};
use super::super::types::{dollar, lit, q};
use super::{complete, full, function};

/// Access, erasure, hold and, where the end asks for it, attestation of transfer.
pub(super) fn requests(model: &Model, entity: &Entity, out: &mut String) {
    let (table, id, kind) = (full(model, entity), q(&entity.key().name), entity.key().sql.to_string());
    let name = lit(&entity.name);
    let mut add = |verb: &str, args: &str, returns: &str, body: String| {
        let _ = write!(
            out,
            "\nCREATE OR REPLACE FUNCTION {}({args}) RETURNS {returns} LANGUAGE plpgsql SECURITY DEFINER\n  SET search_path = pg_catalog, pg_temp AS {};\n",
            function(verb, entity),
            dollar(&body)
        );
    };
    add(
        "exporter",
        &format!("p_id {kind}, p_motif text"),
        "jsonb",
        format!(
            "\nDECLARE r jsonb;\nBEGIN\n  -- articles 15 et 20\n  PERFORM rgpd.verifier_motif(p_motif);\n  \
             SELECT {} INTO r FROM {table} t WHERE t.{id} = p_id;\n  \
             PERFORM rgpd.noter('acces', {name}, p_motif, (r IS NOT NULL)::integer, NULL, statement_timestamp());\n  RETURN r;\nEND\n",
            object(model, entity, "t")
        ),
    );
    add(
        "effacer",
        &format!("p_id {kind}, p_motif text"),
        "integer",
        format!(
            "\nDECLARE n integer;\nBEGIN\n  -- article 17 ; rejouable après une restauration (registre externe des demandes)\n  PERFORM rgpd.verifier_motif(p_motif);\n  \
             PERFORM FROM {table} t WHERE t.{id} = p_id AND t.{} >= CURRENT_DATE;\n  \
             IF FOUND THEN RAISE EXCEPTION 'RGPD : ligne gelée, effacement refusé' USING ERRCODE = 'RG007'; END IF;\n  \
             n := {}(ARRAY(SELECT t.{id} FROM {table} t WHERE t.{id} = p_id AND t.\"rgpd_anonymise_le\" IS NULL FOR UPDATE));\n  \
             PERFORM rgpd.noter('effacement', {name}, p_motif, n, NULL, statement_timestamp());\n  RETURN n;\nEND\n",
            q(&entity.hold),
            function("clore", entity)
        ),
    );
    add(
        "geler",
        &format!("p_id {kind}, p_jusqu_au date, p_motif text"),
        "integer",
        format!(
            "\nDECLARE n integer;\nBEGIN\n  -- article 18, contentieux, réquisition ; NULL lève le gel\n  PERFORM rgpd.verifier_motif(p_motif);\n  \
             UPDATE {table} t SET {} = p_jusqu_au WHERE t.{id} = p_id AND t.\"rgpd_anonymise_le\" IS NULL;\n  GET DIAGNOSTICS n = ROW_COUNT;\n  \
             PERFORM rgpd.noter('gel', {name}, p_motif, n, p_jusqu_au, statement_timestamp());\n  RETURN n;\nEND\n",
            q(&entity.hold)
        ),
    );
    if model.end(entity).needs_transfer() {
        add(
            "attester_transfert",
            &format!("p_id {kind}, p_motif text"),
            "integer",
            format!(
                "\nDECLARE n integer;\nBEGIN\n  PERFORM rgpd.verifier_motif(p_motif);\n  \
                 UPDATE {table} t SET \"rgpd_transfere_le\" = statement_timestamp() WHERE t.{id} = p_id AND t.\"rgpd_transfere_le\" IS NULL;\n  \
                 GET DIAGNOSTICS n = ROW_COUNT;\n  PERFORM rgpd.noter('transfert', {name}, p_motif, n, NULL, statement_timestamp());\n  RETURN n;\nEND\n"
            ),
        );
    }
    for (verb, args, body) in complete::requests(model, entity) {
        add(verb, &args, "integer", body);
    }
}

/// The functions of `entity` that the officer may call, with their argument types.
pub(super) fn signatures(model: &Model, entity: &Entity) -> Vec<String> {
    let kind = &entity.key().sql;
    let mut list = vec![
        format!("{}({kind}, text)", function("exporter", entity)),
        format!("{}({kind}, text)", function("effacer", entity)),
        format!("{}({kind}, date, text)", function("geler", entity)),
    ];
    if model.end(entity).needs_transfer() {
        list.push(format!("{}({kind}, text)", function("attester_transfert", entity)));
    }
    list.extend(complete::signatures(model, entity));
    list
}

/// The row as the person gave it, and what hangs from it: the model's columns, never the twins.
fn object(model: &Model, entity: &Entity, alias: &str) -> String {
    // jsonb_build_object takes at most 100 arguments: large rows are built in parts.
    let parts: Vec<String> = entity
        .fields
        .chunks(40)
        .map(|chunk| {
            let pairs = chunk.iter().map(|f| format!("{}, {alias}.{}", lit(&f.name), q(&f.name))).collect::<Vec<_>>().join(", ");
            format!("jsonb_build_object({pairs})")
        })
        .collect();
    let mut text = parts.join(" || ");
    for (child, follows) in model.followers(entity) {
        let below = format!("{alias}c");
        let _ = write!(
            text,
            "\n    || jsonb_build_object({}, (SELECT coalesce(jsonb_agg({}), '[]') FROM {} {below} WHERE {below}.{} = {alias}.{}))",
            lit(&child.name),
            object(model, child, &below),
            full(model, child),
            q(&follows.by),
            q(&entity.key().name)
        );
    }
    text
}
