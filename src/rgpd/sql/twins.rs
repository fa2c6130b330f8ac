//! The twin columns and the trigger that fills them. Stored, not generated: a generated column would be recomputed by the
//! purge, rewrite the table under lock, and could not draw at random (measured).

use std::fmt::Write as _;

use super::super::model::{Entity, Field, Model, Personal};
use super::super::rules::Rule;
use super::super::types::{dollar, lit, q};
use super::{close, full, function, header, managed};

/// `…_copies.sql`: EXPAND only; nothing is dropped, renamed or made mandatory. The contract adds its `invariants` elsewhere,
/// under the lock of what it drops.
pub(super) fn twins(model: &Model, invariants: bool) -> String {
    let mut out = header(model, "Copies d'anonymisation : colonnes ajoutées, déclencheur, invariant.");
    out.push_str("SET LOCAL lock_timeout = '3s';\n");
    for entity in model.entities.iter().filter(|e| e.is_personal()) {
        add_columns(model, entity, &mut out);
        let pseudonyms: Vec<String> = entity
            .twin_fields()
            .filter(|(_, p)| matches!(p.rule, Rule::Hmac { .. } | Rule::Mask { .. }))
            .filter_map(|(_, p)| p.twin.as_ref().map(|t| format!("ALTER COLUMN {} SET STATISTICS 0", q(t))))
            .collect();
        if !pseudonyms.is_empty() {
            let _ = writeln!(out, "ALTER TABLE {} {};", full(model, entity), pseudonyms.join(", "));
        }
        let name = function("anonymiser", entity);
        let _ = write!(
            out,
            "\n-- Sans clé, sans table lue, sans SQL dynamique ; un tirage est fait une fois et gardé (un tirage répété se moyenne).\n\
             CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql\n  SET search_path = pg_catalog, pg_temp AS {};\n\
             REVOKE ALL ON FUNCTION {name}() FROM PUBLIC;\n",
            dollar(&body(model, entity)),
        );
        trigger(model.live && !entity.fresh, &full(model, entity), "zz_rgpd_anonymiser", &name, &mut out);
        if invariants {
            close::invariant(model, entity, &mut out);
        }
    }
    out
}

/// The columns that hold the twins and what manages the row; a table that has them all is not locked.
pub(super) fn add_columns(model: &Model, entity: &Entity, out: &mut String) {
    let mut columns: Vec<(String, String)> =
        entity.twin_fields().filter_map(|(f, p)| p.twin.as_ref().map(|t| (t.clone(), p.rule.twin_type(&f.sql)))).collect();
    columns.extend(managed(model, entity).into_iter().map(|(name, kind, _)| (name, kind.to_owned())));
    missing_columns(model.live && !entity.fresh, &full(model, entity), &columns, out);
}

/// ADD COLUMN for what is missing. On a database in service a table that lacks nothing is not even named: `IF NOT EXISTS`
/// takes the lock that stops every reader all the same.
pub(super) fn missing_columns(live: bool, table: &str, columns: &[(String, String)], out: &mut String) {
    if !live {
        let added = columns.iter().map(|(n, kind)| format!("  ADD COLUMN IF NOT EXISTS {} {kind}", q(n))).collect::<Vec<_>>().join(",\n");
        let _ = write!(out, "\nALTER TABLE {table}\n{added};\n");
        return;
    }
    let names = columns.iter().map(|(n, _)| lit(n)).collect::<Vec<_>>().join(", ");
    let added = columns.iter().map(|(n, kind)| format!("      ADD COLUMN IF NOT EXISTS {} {kind}", q(n))).collect::<Vec<_>>().join(",\n");
    let _ = write!(
        out,
        "\nDO $$\nBEGIN\n  IF EXISTS (SELECT unnest(ARRAY[{names}]) EXCEPT SELECT attname::text FROM pg_catalog.pg_attribute\n             \
         WHERE attrelid = {}::regclass AND attnum > 0 AND NOT attisdropped) THEN\n    ALTER TABLE {table}\n{added};\n  END IF;\nEND\n$$;\n",
        lit(table)
    );
}

/// The trigger. On a database in service, not when it already stands: creating it again stops the writers.
pub(super) fn trigger(live: bool, table: &str, name: &str, function: &str, out: &mut String) {
    if !live {
        let _ = write!(
            out,
            "CREATE OR REPLACE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table}\n  FOR EACH ROW EXECUTE FUNCTION {function}();\n\
             ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};\n"
        );
        return;
    }
    let _ = write!(
        out,
        "DO $$\nBEGIN\n  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = {}::regclass AND tgname = {} AND tgenabled = 'A'\n      \
         AND tgfoid = {}::regprocedure) THEN\n    \
         CREATE OR REPLACE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table}\n      FOR EACH ROW EXECUTE FUNCTION {function}();\n    \
         ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};\n  END IF;\nEND\n$$;\n",
        lit(table),
        lit(name),
        lit(&format!("{function}()")),
    );
}

fn row(entity: &Entity, of: &str) -> String {
    let settled = entity.personal_fields().filter(|(f, _)| !f.overlap.settling);
    let mut columns: Vec<String> = settled.map(|(f, _)| format!("{of}.{}", q(&f.name))).collect();
    columns.push(format!("{of}.\"rgpd_anonymise_le\""));
    format!("ROW({})", columns.join(", "))
}

fn body(model: &Model, entity: &Entity) -> String {
    let mut out = String::from("\n");
    let noise = entity.twin_fields().any(|(_, p)| matches!(p.rule, Rule::Noise { .. }));
    if noise {
        out.push_str("DECLARE alea bytea;\n");
    }
    let _ = write!(
        out,
        "BEGIN\n  IF TG_OP = 'UPDATE' AND OLD.\"rgpd_anonymise_le\" IS NOT NULL THEN\n    \
         -- irréversible, propriétaire compris ; aucune valeur dans le message\n    \
         IF {} IS DISTINCT FROM\n       {} THEN\n      \
         RAISE EXCEPTION 'RGPD : ligne anonymisée, écriture refusée' USING ERRCODE = 'RG001';\n    END IF;\n{}    RETURN NEW;\n  END IF;\n  \
         IF NEW.\"rgpd_anonymise_le\" IS NOT NULL THEN RETURN NEW; END IF;   -- posé par la purge seule (droit de colonne)\n  \
         -- réplication, montée de version majeure : les tirages de la source sont gardés (mode réservé au superutilisateur)\n  \
         IF TG_OP = 'INSERT' AND NEW.\"rgpd_complet\" AND current_setting('session_replication_role') = 'replica' THEN RETURN NEW; END IF;\n",
        row(entity, "NEW"),
        row(entity, "OLD"),
        close::settled(entity),
    );
    for (field, personal) in entity.twin_fields() {
        let Some(twin) = &personal.twin else { continue };
        let (source, twin) = (q(&field.name), q(twin));
        match &personal.rule {
            Rule::Noise { share, step } => noisy(&mut out, &source, &twin, *share, *step),
            Rule::Hmac { .. } => {
                let _ = write!(
                    out,
                    "  -- règle à clé : invalidée ici, remplie par le lot qui seul détient la clé\n  \
                     IF TG_OP = 'INSERT' OR NEW.{source} IS DISTINCT FROM OLD.{source} THEN NEW.{twin} := NULL;\n  \
                     ELSIF current_user <> {} THEN NEW.{twin} := OLD.{twin}; END IF;\n",
                    lit(&model.roles.owner)
                );
            }
            rule if rule.drawn_once() => {
                let _ = writeln!(
                    out,
                    "  NEW.{twin} := CASE WHEN TG_OP = 'INSERT' OR OLD.{twin} IS NULL THEN {} ELSE OLD.{twin} END;",
                    draw(field, personal)
                );
            }
            rule => {
                if let Some(value) = value(rule, &format!("NEW.{source}"), field) {
                    let _ = writeln!(out, "  NEW.{twin} := {value};");
                }
            }
        }
    }
    out.push_str("  NEW.\"rgpd_complet\" := true;\n  RETURN NEW;\nEND\n");
    out
}

fn draw(field: &Field, personal: &Personal) -> String {
    match &personal.rule {
        Rule::Substitution(list, _) => {
            let items = list.iter().map(|n| lit(n)).collect::<Vec<_>>().join(", ");
            format!("(ARRAY[{items}])[1 + (get_byte(uuid_send(gen_random_uuid()), 0) & 15)]")
        }
        _ if field.sql.is_text() => "gen_random_uuid()::text".into(),
        _ => "gen_random_uuid()".into(),
    }
}

fn noisy(out: &mut String, source: &str, twin: &str, share: f64, step: u32) {
    let _ = write!(
        out,
        "  IF NEW.{source} IS NULL THEN NEW.{twin} := NULL;\n  \
         ELSIF TG_OP = 'INSERT' OR NEW.{source} IS DISTINCT FROM OLD.{source} OR OLD.{twin} IS NULL THEN\n    \
         alea := uuid_send(gen_random_uuid());\n    \
         NEW.{twin} := round(NEW.{source} * (1 - {share} + 2 * {share} * (get_byte(alea, 0) * 256 + get_byte(alea, 1)) / 65535.0) / {step}) * {step};\n  \
         ELSE NEW.{twin} := OLD.{twin}; END IF;\n"
    );
}

/// The twin's expression for the rules that only look at the value.
fn value(rule: &Rule, source: &str, field: &Field) -> Option<String> {
    let instant =
        if field.sql == super::super::types::SqlType::Timestamptz { format!("{source} AT TIME ZONE 'UTC'") } else { format!("{source}::timestamp") };
    Some(match rule {
        Rule::Suppression => "NULL".into(),
        Rule::Constant(literal) => literal.clone(),
        // Overseas departments are told by three digits.
        Rule::Department => format!("CASE WHEN {source} LIKE '97%' OR {source} LIKE '98%' THEN left({source}, 3) ELSE left({source}, 2) END"),
        Rule::Cohort(step) => format!("(extract(year FROM {source})::integer / {step}) * {step}"),
        Rule::Month => format!("date_trunc('month', {instant})::date"),
        Rule::Year => format!("date_trunc('year', {instant})::date"),
        Rule::Step(step) => format!("floor({source}::numeric / {step}) * {step}"),
        // Constant length, nothing said of an absent value.
        Rule::Mask { start, end } => format!(
            "CASE WHEN char_length({source}) >= {} THEN left({source}, {start}) || '*****' || right({source}, {end}) ELSE '*****' END",
            start + end + 3
        ),
        Rule::Substitution(..) | Rule::RandomReplacement | Rule::Noise { .. } | Rule::Hmac { .. } | Rule::Keep => return None,
    })
}
