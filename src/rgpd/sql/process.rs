//! The processes: journal without personal data, completion, pseudonyms, retention by row and by field, and the list that
//! the batch reads. Each call does one bounded lot, without a clock parameter: the purge role does not choose the time.

use std::fmt::Write as _;

use super::super::model::{Entity, Field, Model, Visa};
use super::super::rules::Rule;
use super::super::types::{Duration, dollar, lit, q};
use super::{close, complete, full, function, header, is_root, not_held, requests};

const DEFINER: &str = "SECURITY DEFINER\n  SET search_path = pg_catalog, pg_temp";

/// The terms that belong to single fields, grouped by duration and start.
pub(super) fn own_terms(entity: &Entity) -> Vec<(Duration, String, Vec<&Field>)> {
    let mut groups: Vec<(Duration, String, Vec<&Field>)> = Vec::new();
    for (field, personal) in entity.personal_fields() {
        let Some((duration, start)) = &personal.retention else { continue };
        match groups.iter_mut().find(|(d, s, _)| d == duration && s == start) {
            Some((_, _, fields)) => fields.push(field),
            None => groups.push((duration.clone(), start.clone(), vec![field])),
        }
    }
    groups
}

/// One line of `rgpd.processus()`.
struct Step {
    order: usize,
    entity: String,
    operation: &'static str,
    function: String,
    keyed: bool,
    guard: Option<(String, u8)>,
}

/// `…_processus.sql`.
pub(super) fn process(model: &Model) -> String {
    let mut out = header(model, "Processus : journal, complétion, pseudonymes, purge, droits des personnes.");
    journal(model, &mut out);
    let mut steps = Vec::new();
    for (i, entity) in model.entities.iter().enumerate() {
        if close::closes(model, entity) {
            close::function_sql(model, entity, &mut out);
        }
        if !entity.is_personal() {
            continue;
        }
        completion(model, entity, &mut out);
        objection(model, entity, &mut out);
        let mut step = |order: usize, operation, verb: &str, keyed, guard| {
            steps.push(Step {
                order: order + i,
                entity: entity.name.clone(),
                operation,
                function: format!("rgpd.{verb}_{}", entity.table),
                keyed,
                guard,
            });
        };
        step(1000, "completion", "completer", false, None);
        for (n, (field, twin, context)) in keyed(entity).into_iter().enumerate() {
            pseudonyms(model, entity, (field, twin, context), n + 1, &mut out);
            step(2000, "pseudonymes", &format!("pseudonymiser_{}", n + 1), true, None);
        }
        for (n, (duration, start, fields)) in own_terms(entity).iter().enumerate() {
            field_term(model, entity, n + 1, duration, start, fields, &mut out);
            step(3000, "purge_partielle", &format!("purger_{}", n + 1), false, None);
        }
        if let Some(retention) = &entity.retention {
            row_term(model, entity, &mut out);
            let simulation = format!("rgpd.simuler_purge_{}", entity.table);
            step(4000, "purge", "purger", false, Some((simulation, retention.guard)));
        }
        if entity.follows.is_some() && !model.end(entity).deletes() {
            catch_up(model, entity, &mut out);
            step(5000, "rattrapage", "rattraper", false, None);
        }
        if model.snapshots().any(|(e, _)| e.name == entity.name) {
            step(6000, "publication", "publier", false, None);
        }
        if is_root(entity) {
            requests::requests(model, entity, &mut out);
        }
    }
    complete::statistics(model, &mut out);
    let function = "rgpd.analyser".to_owned();
    steps.push(Step { order: 9000, entity: "*".into(), operation: "statistiques", function, keyed: false, guard: None });
    steps.sort_by_key(|s| s.order);
    list(&steps, &mut out);
    super::overdue::function_sql(model, &mut out);
    out.push_str("\nREVOKE ALL ON ALL FUNCTIONS IN SCHEMA rgpd FROM PUBLIC;\n");
    out
}

/// The fields with a keyed rule, their twin and the context of their key.
pub(super) fn keyed(entity: &Entity) -> Vec<(&Field, &str, &str)> {
    entity
        .twin_fields()
        .filter_map(|(f, p)| match (&p.rule, &p.twin) {
            (Rule::Hmac { context }, Some(twin)) => Some((f, twin.as_str(), context.as_str())),
            _ => None,
        })
        .collect()
}

fn journal(model: &Model, out: &mut String) {
    let _ = write!(
        out,
        "-- Journal sans donnée personnelle : ni identifiant de ligne, ni valeur, des comptes. En ajout seul.\n\
         CREATE TABLE IF NOT EXISTS rgpd.journal (\n  \
         id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  \
         operation text NOT NULL CHECK (operation IN (
    'purge', 'purge_partielle', 'rattrapage', 'effacement', 'acces', 'gel', 'transfert', 'publication', 'rotation', 'rejeu', 'visa')),\n  \
         entite text NOT NULL,\n  motif text NOT NULL,\n  regles text NOT NULL,\n  version_modele integer NOT NULL,\n  \
         lignes integer NOT NULL CHECK (lignes >= 0),\n  coupure date,\n  commence_le timestamptz NOT NULL,\n  \
         fini_le timestamptz NOT NULL DEFAULT clock_timestamp(),\n  par name NOT NULL DEFAULT session_user\n);\n\
         CREATE OR REPLACE FUNCTION rgpd.journal_immuable() RETURNS trigger LANGUAGE plpgsql\n  SET search_path = pg_catalog, pg_temp AS $$\n\
         BEGIN RAISE EXCEPTION 'RGPD : journal en ajout seul' USING ERRCODE = 'RG002'; END $$;\n\
         CREATE OR REPLACE TRIGGER journal_immuable BEFORE UPDATE OR DELETE OR TRUNCATE ON rgpd.journal\n  \
         FOR EACH STATEMENT EXECUTE FUNCTION rgpd.journal_immuable();\n\
         ALTER TABLE rgpd.journal ENABLE ALWAYS TRIGGER journal_immuable;\n\
         CREATE OR REPLACE FUNCTION rgpd.noter(p_operation text, p_entite text, p_motif text, p_lignes integer, p_coupure date, p_debut timestamptz)\n  \
         RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS {};\n\
         CREATE OR REPLACE FUNCTION rgpd.verifier_lot(p_lot integer) RETURNS void LANGUAGE plpgsql\n  SET search_path = pg_catalog, pg_temp AS $$\n\
         BEGIN\n  IF p_lot IS NULL OR p_lot NOT BETWEEN 1 AND 50000 THEN\n    \
         RAISE EXCEPTION 'RGPD : taille de lot hors bornes (1 à 50000)' USING ERRCODE = 'RG003';\n  END IF;\nEND $$;\n\
         CREATE OR REPLACE FUNCTION rgpd.verifier_motif(p_motif text) RETURNS void LANGUAGE plpgsql\n  SET search_path = pg_catalog, pg_temp AS $$\n\
         BEGIN\n  IF p_motif IS NULL OR p_motif !~ '^[A-Z0-9-]{{3,40}}$' THEN\n    \
         RAISE EXCEPTION 'RGPD : une référence de demande est attendue (majuscules, chiffres, tirets)' USING ERRCODE = 'RG005';\n  END IF;\nEND $$;\n",
        dollar(&format!(
            "\n  INSERT INTO rgpd.journal (operation, entite, motif, regles, version_modele, lignes, coupure, commence_le)\n  \
             VALUES (p_operation, p_entite, p_motif, {}, {}, p_lignes, p_coupure, p_debut)\n",
            lit(&model.rules_version),
            model.version
        ))
    );
    if model.keyed() {
        out.push_str(HMAC);
    }
    complete::registers(model, out);
}

/// HMAC-SHA-256 (RFC 2104) on the server's own `sha256`: no extension. The two blocks are computed once per lot.
const HMAC: &str = "\n-- HMAC-SHA-256 (RFC 2104) sur sha256() du serveur : aucune extension. Les deux blocs sont préparés une fois par lot.
CREATE OR REPLACE FUNCTION rgpd.hmac_bloc(p_cle bytea, p_octet integer) RETURNS bytea LANGUAGE plpgsql IMMUTABLE
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE bloc bytea := decode(repeat('00', 64), 'hex'); cle bytea := p_cle;
BEGIN
  IF length(cle) > 64 THEN cle := sha256(cle); END IF;
  FOR i IN 0..63 LOOP
    bloc := set_byte(bloc, i, p_octet # CASE WHEN i < length(cle) THEN get_byte(cle, i) ELSE 0 END);
  END LOOP;
  RETURN bloc;
END $$;
CREATE OR REPLACE FUNCTION rgpd.hmac(p_cle bytea, p_message bytea) RETURNS bytea LANGUAGE sql IMMUTABLE
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(rgpd.hmac_bloc(p_cle, 92) || sha256(rgpd.hmac_bloc(p_cle, 54) || p_message)) $$;
";

fn definer(out: &mut String, name: &str, args: &str, returns: &str, body: &str) {
    let _ = write!(out, "\nCREATE OR REPLACE FUNCTION {name}({args}) RETURNS {returns} LANGUAGE plpgsql {DEFINER} AS {};\n", dollar(body));
}

fn completion(model: &Model, entity: &Entity, out: &mut String) {
    let (table, id) = (full(model, entity), q(&entity.key().name));
    let body = format!(
        "\nDECLARE n integer;\nBEGIN\n  PERFORM rgpd.verifier_lot(p_lot);\n  \
         UPDATE {table} t SET \"rgpd_complet\" = NULL WHERE t.{id} = ANY (ARRAY(\n    \
         SELECT s.{id} FROM {table} s WHERE s.\"rgpd_complet\" IS NULL AND s.\"rgpd_anonymise_le\" IS NULL LIMIT p_lot FOR UPDATE SKIP LOCKED));\n  \
         GET DIAGNOSTICS n = ROW_COUNT;\n  RETURN n;\nEND\n"
    );
    definer(out, &function("completer", entity), "p_lot integer DEFAULT 1000", "integer", &body);
}

/// What follows a person who objects (article 21) leaves the views with that person. The role of publication reads no key: a
/// function follows the links for it.
fn objection(model: &Model, entity: &Entity, out: &mut String) {
    let (Some(name), Some(follows)) = (super::shown_by(model, entity), &entity.follows) else { return };
    let Some(link) = entity.fields.iter().find(|f| f.name == follows.by) else { return };
    let (mut at, mut joined) = (entity, String::new());
    let mut key = "p_lien".to_owned();
    let mut depth = 0;
    while let Some(parent) = at.follows.as_ref().and_then(|f| model.entity(&f.entity)) {
        let (above, from) = (format!("a{depth}"), if depth == 0 { "FROM" } else { " JOIN" });
        let on = if depth == 0 { String::new() } else { format!(" ON {above}.{} = {key}", q(&parent.key().name)) };
        let _ = write!(joined, "{from} {} {above}{on}", full(model, parent));
        key = parent.follows.as_ref().map_or_else(|| format!("{above}.{}", q(&parent.objection)), |f| format!("{above}.{}", q(&f.by)));
        at = parent;
        depth += 1;
        if depth > model.entities.len() {
            return;
        }
    }
    let first = model.entity(&follows.entity).map_or_else(String::new, |p| q(&p.key().name));
    let _ = write!(
        out,
        "\n-- Opposition (article 21) : ce qui suit la personne sort des vues avec elle.\n\
         CREATE OR REPLACE FUNCTION {name}(p_lien {}) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER\n  \
         SET search_path = pg_catalog, pg_temp AS {};\n",
        link.sql,
        dollar(&format!("\n  SELECT NOT EXISTS (SELECT {joined} WHERE a0.{first} = p_lien AND {key})\n"))
    );
}

fn pseudonyms(model: &Model, entity: &Entity, (field, twin, context): (&Field, &str, &str), n: usize, out: &mut String) {
    let (table, id, source, twin) = (full(model, entity), q(&entity.key().name), q(&field.name), q(twin));
    let (register, guard) = complete::key_guard(model, &table, &id, &twin, context);
    let body = format!(
        "\nDECLARE n integer; k bytea; interne bytea; externe bytea; cle text := current_setting('rgpd.cle', true);{register}\nBEGIN\n  \
         PERFORM rgpd.verifier_lot(p_lot);\n  \
         IF cle IS NULL OR cle !~ '^[0-9a-f]{{64}}$' THEN\n    RAISE EXCEPTION 'RGPD : clé absente ou invalide' USING ERRCODE = 'RG004';\n  END IF;\n  \
         {guard}  -- clé dérivée par champ : deux champs ne se recoupent pas\n  \
         k := rgpd.hmac(decode(cle, 'hex'), {}::bytea);\n  interne := rgpd.hmac_bloc(k, 54);\n  externe := rgpd.hmac_bloc(k, 92);\n  \
         UPDATE {table} t SET {twin} = encode(sha256(externe || sha256(interne || convert_to(t.{source}::text, 'UTF8'))), 'hex')\n  \
         WHERE t.{id} = ANY (ARRAY(\n    SELECT s.{id} FROM {table} s WHERE s.{source} IS NOT NULL AND s.{twin} IS NULL AND s.\"rgpd_anonymise_le\" IS NULL\n    \
         LIMIT p_lot FOR UPDATE SKIP LOCKED));\n  GET DIAGNOSTICS n = ROW_COUNT;\n  RETURN n;\nEND\n",
        lit(context)
    );
    definer(out, &function(&format!("pseudonymiser_{n}"), entity), "p_lot integer DEFAULT 1000", "integer", &body);
}

/// The condition that the instant or the date `start` of alias `s` is past the term.
pub(super) fn due(entity: &Entity, start: &str) -> String {
    let dated = entity.fields.iter().any(|f| f.name == start && f.sql == super::super::types::SqlType::Date);
    format!("s.{} < coupure{}", q(start), if dated { "::date" } else { "" })
}

fn note(entity: &Entity, operation: &str, reason: &str) -> String {
    format!("PERFORM rgpd.noter({}, {}, {}, n, coupure::date, debut);", lit(operation), lit(&entity.name), lit(reason))
}

fn field_term(model: &Model, entity: &Entity, n: usize, duration: &Duration, start: &str, fields: &[&Field], out: &mut String) {
    let (table, id) = (full(model, entity), q(&entity.key().name));
    let names = fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ");
    let left = fields.iter().map(|f| close::not_cleared(f)).collect::<Vec<_>>().join(" OR ");
    let body = format!(
        "\nDECLARE n integer; debut timestamptz := clock_timestamp(); coupure timestamptz := statement_timestamp() - interval {iso};\nBEGIN\n  \
         PERFORM rgpd.verifier_lot(p_lot);\n  UPDATE {table} t SET {} WHERE t.{id} = ANY (ARRAY(\n    \
         SELECT s.{id} FROM {table} s WHERE s.\"rgpd_anonymise_le\" IS NULL AND {} AND ({left})\n      AND {}\n    \
         ORDER BY s.{} LIMIT p_lot FOR UPDATE SKIP LOCKED));\n  GET DIAGNOSTICS n = ROW_COUNT;\n  IF n > 0 THEN {} END IF;\n  RETURN n;\nEND\n",
        close::assignments(fields.iter().copied(), "t").join(", "),
        due(entity, start),
        not_held(model, entity, "s"),
        q(start),
        note(entity, "purge_partielle", &format!("conservation {} après {start} ({names})", duration.iso())),
        iso = lit(duration.iso()),
    );
    definer(out, &function(&format!("purger_{n}"), entity), "p_lot integer DEFAULT 1000", "integer", &body);
}

fn row_term(model: &Model, entity: &Entity, out: &mut String) {
    let Some(retention) = &entity.retention else { return };
    let (table, id) = (full(model, entity), q(&entity.key().name));
    let iso = lit(retention.duration.iso());
    let transferred = if retention.end.needs_transfer() { " AND s.\"rgpd_transfere_le\" IS NOT NULL" } else { "" };
    let target = format!("{}{transferred}\n      AND {}", due(entity, &retention.start), not_held(model, entity, "s"));
    let by_lot = complete::visa_by_lot(model, entity);
    let target = if by_lot { format!("{target}\n      AND s.{}::date < visa", q(&retention.start)) } else { target };
    let declared = if by_lot {
        format!(" visa date := (SELECT max(v.jusqu_au) FROM rgpd.visa v WHERE v.entite = {});", lit(&entity.name))
    } else {
        String::new()
    };
    let visa = if by_lot {
        // The visa of a lot, not of the table for ever: only what it covers is eliminated.
        "  IF visa IS NULL THEN RAISE EXCEPTION 'RGPD : aucun visa d''élimination des archives' USING ERRCODE = 'RG006'; END IF;\n"
    } else if retention.visa == Visa::Missing {
        "  RAISE EXCEPTION 'RGPD : visa d''élimination des archives absent de la description' USING ERRCODE = 'RG006';\n"
    } else {
        ""
    };
    let body = format!(
        "\nDECLARE n integer; debut timestamptz := clock_timestamp(); coupure timestamptz := statement_timestamp() - interval {iso};{declared}\nBEGIN\n  \
         PERFORM rgpd.verifier_lot(p_lot);\n{visa}  n := {}(ARRAY(\n    SELECT s.{id} FROM {table} s WHERE s.\"rgpd_anonymise_le\" IS NULL AND {target}\n    \
         ORDER BY s.{} LIMIT p_lot FOR UPDATE SKIP LOCKED));\n  IF n > 0 THEN {} END IF;\n  RETURN n;\nEND\n",
        function("clore", entity),
        q(&retention.start),
        note(entity, "purge", &format!("conservation {} après {}", retention.duration.iso(), retention.start)),
    );
    definer(out, &function("purger", entity), "p_lot integer DEFAULT 1000", "integer", &body);
    let body = format!(
        "\nDECLARE coupure timestamptz := statement_timestamp() - interval {iso};{declared}\nBEGIN\n  \
         RETURN QUERY SELECT count(*), count(*) FILTER (WHERE d), round(100.0 * count(*) FILTER (WHERE d) / greatest(count(*), 1), 2)\n  \
         FROM (SELECT {target} AS d FROM {table} s WHERE s.\"rgpd_anonymise_le\" IS NULL) v;\nEND\n"
    );
    out.push_str("\n-- Garde-fou : part des lignes visées, avant d'exécuter (P3D écrit pour P3Y viderait la base).");
    definer(out, &function("simuler_purge", entity), "", "TABLE (total bigint, visees bigint, part numeric)", &body);
}

/// Rows added below a parent that is already anonymised: the parent's purge will not come back for them.
fn catch_up(model: &Model, entity: &Entity, out: &mut String) {
    let Some((follows, parent)) = entity.follows.as_ref().and_then(|f| model.entity(&f.entity).map(|p| (f, p))) else { return };
    let id = q(&entity.key().name);
    let body = format!(
        "\nDECLARE n integer; debut timestamptz := clock_timestamp();\nBEGIN\n  PERFORM rgpd.verifier_lot(p_lot);\n  \
         n := {}(ARRAY(\n    SELECT s.{id} FROM {} s JOIN {} p ON p.{} = s.{}\n    \
         WHERE s.\"rgpd_anonymise_le\" IS NULL AND p.\"rgpd_anonymise_le\" IS NOT NULL LIMIT p_lot FOR UPDATE OF s SKIP LOCKED));\n  \
         IF n > 0 THEN PERFORM rgpd.noter('rattrapage', {}, 'ligne ajoutée après la clôture', n, NULL, debut); END IF;\n  RETURN n;\nEND\n",
        function("clore", entity),
        full(model, entity),
        full(model, parent),
        q(&parent.key().name),
        q(&follows.by),
        lit(&entity.name)
    );
    definer(out, &function("rattraper", entity), "p_lot integer DEFAULT 1000", "integer", &body);
}

fn list(steps: &[Step], out: &mut String) {
    let rows: Vec<String> = steps
        .iter()
        .map(|s| {
            let (simulation, guard) = s.guard.as_ref().map_or(("NULL".into(), "NULL".into()), |(f, g)| (lit(f), g.to_string()));
            format!("    ({}, {}, {}, {}, {}, {simulation}, {guard})", s.order, lit(&s.entity), lit(s.operation), lit(&s.function), s.keyed)
        })
        .collect();
    let _ = write!(
        out,
        "\n-- Ce que le lot exécute, dans l'ordre : chaque fonction est rappelée jusqu'à rendre 0, après sa simulation s'il y en a une.\n\
         CREATE OR REPLACE FUNCTION rgpd.processus()\n  \
         RETURNS TABLE (ordre integer, entite text, operation text, fonction text, a_cle boolean, simulation text, part_max integer)\n  \
         LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS {};\n",
        dollar(&format!("\n  VALUES\n{}\n", rows.join(",\n")))
    );
}

/// The functions of `entity` that take the size of a lot, which the purge role may call.
pub(super) fn lot_functions(model: &Model, entity: &Entity) -> Vec<String> {
    let mut list = vec![function("completer", entity)];
    list.extend((1..=keyed(entity).len()).map(|n| function(&format!("pseudonymiser_{n}"), entity)));
    list.extend((1..=own_terms(entity).len()).map(|n| function(&format!("purger_{n}"), entity)));
    if entity.retention.is_some() {
        list.push(function("purger", entity));
    }
    if entity.follows.is_some() && !model.end(entity).deletes() {
        list.push(function("rattraper", entity));
    }
    if model.snapshots().any(|(e, _)| e.name == entity.name) {
        list.push(function("publier", entity));
    }
    list
}
