//! What the complete tier adds to the processes: the archives' visa lot by lot, the rotation of the key, the replay of
//! erasures after a restoration.

use std::fmt::Write as _;

use super::super::model::{Entity, Model, Visa};
use super::super::types::{dollar, lit, q};
use super::{full, function};

/// Does the purge of `entity` wait for a visa written in the database?
pub(super) fn visa_by_lot(model: &Model, entity: &Entity) -> bool {
    model.complete() && entity.retention.as_ref().is_some_and(|r| r.visa != Visa::NotRequired)
}

/// The registers that these processes write.
pub(super) fn registers(model: &Model, out: &mut String) {
    if !model.complete() {
        return;
    }
    if model.entities.iter().any(|e| visa_by_lot(model, e)) {
        out.push_str(
            "\n-- Visas d'élimination (code du patrimoine, L212-3), un par bordereau ; en ajout seul.\n\
             CREATE TABLE IF NOT EXISTS rgpd.visa (\n  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  entite text NOT NULL,\n  \
             jusqu_au date NOT NULL,\n  reference text NOT NULL,\n  pose_le timestamptz NOT NULL DEFAULT clock_timestamp(),\n  par name NOT NULL DEFAULT session_user\n);\n\
             CREATE OR REPLACE TRIGGER journal_immuable BEFORE UPDATE OR DELETE OR TRUNCATE ON rgpd.visa\n  \
             FOR EACH STATEMENT EXECUTE FUNCTION rgpd.journal_immuable();\n\
             ALTER TABLE rgpd.visa ENABLE ALWAYS TRIGGER journal_immuable;\n",
        );
    }
    if model.keyed() {
        rotation(model, out);
    }
}

/// `pg_statistic` keeps samples of clear values until the next ANALYZE (measured): the batch ends on one.
pub(super) fn statistics(model: &Model, out: &mut String) {
    let tables: Vec<String> = model.entities.iter().filter(|e| e.is_personal()).map(|e| format!("  ANALYZE {};\n", full(model, e))).collect();
    let _ = write!(
        out,
        "\n-- Les statistiques du planificateur gardent des valeurs claires jusqu'au prochain ANALYZE : le lot finit par là.\n\
         CREATE OR REPLACE FUNCTION rgpd.analyser(p_lot integer DEFAULT 1000) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER\n  \
         SET search_path = pg_catalog, pg_temp AS {};\n",
        dollar(&format!("\nBEGIN\n  PERFORM rgpd.verifier_lot(p_lot);\n{}  RETURN 0;\nEND\n", tables.concat()))
    );
}

/// The key's print tells a batch that holds another key; the rotation forgets the old pseudonyms before it makes new ones, so
/// that two keys are never mixed.
fn rotation(model: &Model, out: &mut String) {
    let contexts: Vec<String> = model.entities.iter().flat_map(super::process::keyed).map(|(_, _, context)| format!("({})", lit(context))).collect();
    let body = format!(
        "\nDECLARE n integer; cle text := current_setting('rgpd.cle', true);\nBEGIN\n  PERFORM rgpd.verifier_motif(p_motif);\n  \
         IF cle IS NULL OR cle !~ '^[0-9a-f]{{64}}$' THEN RAISE EXCEPTION 'RGPD : clé absente ou invalide' USING ERRCODE = 'RG004'; END IF;\n  \
         IF EXISTS (SELECT FROM rgpd.cle c WHERE c.empreinte = rgpd.empreinte(cle, c.contexte)) THEN\n    \
         RAISE EXCEPTION 'RGPD : la clé fournie est celle en service, la rotation en attend une autre' USING ERRCODE = 'RG008';\n  END IF;\n  \
         INSERT INTO rgpd.cle (contexte, empreinte, etat)\n  SELECT v.contexte, rgpd.empreinte(cle, v.contexte), 'oubli' FROM (VALUES {}) v (contexte)\n  \
         ON CONFLICT (contexte) DO UPDATE SET empreinte = excluded.empreinte, etat = 'oubli', depuis = clock_timestamp();\n  \
         GET DIAGNOSTICS n = ROW_COUNT;\n  PERFORM rgpd.noter('rotation', 'cle', p_motif, n, NULL, statement_timestamp());\n  RETURN n;\nEND\n",
        contexts.join(", ")
    );
    let _ = write!(
        out,
        "\n-- Empreinte de la clé en service (elle ne la révèle pas : 256 bits tirés au hasard). Un lot qui tient une autre clé est refusé (RG008).\n\
         CREATE TABLE IF NOT EXISTS rgpd.cle (\n  contexte text PRIMARY KEY,\n  empreinte text NOT NULL,\n  \
         etat text NOT NULL CHECK (etat IN ('courante', 'oubli')),\n  depuis timestamptz NOT NULL DEFAULT clock_timestamp()\n);\n\
         CREATE OR REPLACE FUNCTION rgpd.empreinte(p_cle text, p_contexte text) RETURNS text LANGUAGE sql IMMUTABLE\n  SET search_path = pg_catalog, pg_temp AS $$\n  \
         SELECT left(encode(rgpd.hmac(decode(p_cle, 'hex'), convert_to('empreinte:' || p_contexte, 'UTF8')), 'hex'), 16) $$;\n\
         -- Rotation : appelée une fois avec la nouvelle clé ; les lots suivants oublient les anciens pseudonymes, puis remplissent.\n\
         CREATE OR REPLACE FUNCTION rgpd.tourner_cle(p_motif text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER\n  \
         SET search_path = pg_catalog, pg_temp AS {};\n",
        dollar(&body)
    );
}

/// What a batch of pseudonyms does first: it holds the registered key, and what another key made is forgotten.
pub(super) fn key_guard(model: &Model, table: &str, id: &str, twin: &str, context: &str) -> (String, String) {
    if !model.complete() {
        return (String::new(), String::new());
    }
    let context = lit(context);
    let guard = format!(
        "  INSERT INTO rgpd.cle (contexte, empreinte, etat) VALUES ({context}, rgpd.empreinte(cle, {context}), 'courante') ON CONFLICT DO NOTHING;\n  \
         SELECT c.* INTO registre FROM rgpd.cle c WHERE c.contexte = {context} FOR UPDATE;\n  \
         IF registre.empreinte <> rgpd.empreinte(cle, {context}) THEN\n    \
         RAISE EXCEPTION 'RGPD : ce n''est pas la clé en service, passez par rgpd.tourner_cle' USING ERRCODE = 'RG008';\n  END IF;\n  \
         IF registre.etat = 'oubli' THEN\n    \
         UPDATE {table} t SET {twin} = NULL WHERE t.{id} = ANY (ARRAY(\n      SELECT s.{id} FROM {table} s WHERE s.{twin} IS NOT NULL LIMIT p_lot FOR UPDATE));\n    \
         GET DIAGNOSTICS n = ROW_COUNT;\n    IF n > 0 THEN RETURN n; END IF;\n    \
         UPDATE rgpd.cle SET etat = 'courante' WHERE contexte = {context};\n  END IF;\n"
    );
    (" registre rgpd.cle;".into(), guard)
}

/// The officer's functions of the complete tier: (verb, arguments, body).
pub(super) fn requests(model: &Model, entity: &Entity) -> Vec<(&'static str, String, String)> {
    if !model.complete() {
        return Vec::new();
    }
    let (table, id, kind) = (full(model, entity), q(&entity.key().name), entity.key().sql.to_string());
    let name = lit(&entity.name);
    let mut list = vec![(
        "rejouer_effacements",
        format!("p_ids {kind}[], p_motif text"),
        format!(
            "\nDECLARE n integer;\nBEGIN\n  -- une sauvegarde restaurée ramène le clair : le registre externe des demandes est rejoué, autant de fois qu'il faut\n  \
             PERFORM rgpd.verifier_motif(p_motif);\n  \
             n := {}(ARRAY(SELECT t.{id} FROM {table} t WHERE t.{id} = ANY (p_ids) AND t.\"rgpd_anonymise_le\" IS NULL FOR UPDATE));\n  \
             PERFORM rgpd.noter('rejeu', {name}, p_motif, n, NULL, statement_timestamp());\n  RETURN n;\nEND\n",
            function("clore", entity)
        ),
    )];
    if visa_by_lot(model, entity) {
        list.push((
            "viser_elimination",
            "p_jusqu_au date, p_motif text".into(),
            format!(
                "\nBEGIN\n  -- le visa couvre les lignes dont le départ précède cette date\n  PERFORM rgpd.verifier_motif(p_motif);\n  \
                 IF p_jusqu_au IS NULL OR p_jusqu_au > CURRENT_DATE THEN\n    \
                 RAISE EXCEPTION 'RGPD : un visa porte sur des lignes déjà nées' USING ERRCODE = 'RG006';\n  END IF;\n  \
                 INSERT INTO rgpd.visa (entite, jusqu_au, reference) VALUES ({name}, p_jusqu_au, p_motif);\n  \
                 PERFORM rgpd.noter('visa', {name}, p_motif, 0, p_jusqu_au, statement_timestamp());\n  RETURN 1;\nEND\n"
            ),
        ));
    }
    list
}

/// The functions above, with their argument types.
pub(super) fn signatures(model: &Model, entity: &Entity) -> Vec<String> {
    requests(model, entity)
        .iter()
        .map(|(verb, ..)| match *verb {
            "viser_elimination" => format!("{}(date, text)", function(verb, entity)),
            _ => format!("{}({}[], text)", function(verb, entity), entity.key().sql),
        })
        .collect()
}
