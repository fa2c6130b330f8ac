//! The twin columns and the trigger that fills them. Stored, not generated: a generated column would be recomputed by the
//! purge, rewrite the table under lock, and could not draw at random (measured).

use std::fmt::Write as _;

use super::super::model::{Entity, Field, Model, Personal};
use super::super::rules::Rule;
use super::super::types::{dollar, lit, q};
use super::{close, full, function, header, managed};

/// `…_copies.sql`: EXPAND only; nothing is dropped, renamed or made mandatory.
pub(super) fn twins(model: &Model) -> String {
    let mut out = header(model, "Copies d'anonymisation : colonnes ajoutées, déclencheur, invariant.");
    out.push_str("SET LOCAL lock_timeout = '3s';\n");
    for entity in model.entities.iter().filter(|e| e.is_personal()) {
        let mut columns: Vec<String> = entity
            .personal_fields()
            .filter_map(|(f, p)| p.twin.as_ref().map(|t| format!("  ADD COLUMN IF NOT EXISTS {} {}", q(t), p.rule.twin_type(&f.sql))))
            .collect();
        columns.extend(managed(model, entity).into_iter().map(|(name, kind, _)| format!("  ADD COLUMN IF NOT EXISTS {} {kind}", q(&name))));
        let _ = write!(out, "\nALTER TABLE {}\n{};\n", full(model, entity), columns.join(",\n"));
        let pseudonyms: Vec<String> = entity
            .personal_fields()
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
             REVOKE ALL ON FUNCTION {name}() FROM PUBLIC;\n\
             CREATE OR REPLACE TRIGGER zz_rgpd_anonymiser BEFORE INSERT OR UPDATE ON {table}\n  FOR EACH ROW EXECUTE FUNCTION {name}();\n\
             ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_rgpd_anonymiser;\n",
            dollar(&body(model, entity)),
            table = full(model, entity),
        );
        close::invariant(model, entity, &mut out);
    }
    out
}

fn row(entity: &Entity, of: &str) -> String {
    let mut columns: Vec<String> = entity.personal_fields().map(|(f, _)| format!("{of}.{}", q(&f.name))).collect();
    columns.push(format!("{of}.\"rgpd_anonymise_le\""));
    format!("ROW({})", columns.join(", "))
}

fn body(model: &Model, entity: &Entity) -> String {
    let mut out = String::from("\n");
    let noise = entity.personal_fields().any(|(_, p)| matches!(p.rule, Rule::Noise { .. }));
    if noise {
        out.push_str("DECLARE alea bytea;\n");
    }
    let _ = write!(
        out,
        "BEGIN\n  IF TG_OP = 'UPDATE' AND OLD.\"rgpd_anonymise_le\" IS NOT NULL THEN\n    \
         -- irréversible, propriétaire compris ; aucune valeur dans le message\n    \
         IF {} IS DISTINCT FROM\n       {} THEN\n      \
         RAISE EXCEPTION 'RGPD : ligne anonymisée, écriture refusée' USING ERRCODE = 'RG001';\n    END IF;\n    RETURN NEW;\n  END IF;\n  \
         IF NEW.\"rgpd_anonymise_le\" IS NOT NULL THEN RETURN NEW; END IF;   -- posé par la purge seule (droit de colonne)\n  \
         -- réplication, montée de version majeure : les tirages de la source sont gardés (mode réservé au superutilisateur)\n  \
         IF TG_OP = 'INSERT' AND NEW.\"rgpd_complet\" AND current_setting('session_replication_role') = 'replica' THEN RETURN NEW; END IF;\n",
        row(entity, "NEW"),
        row(entity, "OLD"),
    );
    let drawn: Vec<(&Field, &Personal)> = entity.personal_fields().filter(|(_, p)| p.rule.drawn_once()).collect();
    if !drawn.is_empty() {
        out.push_str("  IF TG_OP = 'INSERT' OR NEW.\"rgpd_complet\" IS NULL THEN\n");
        for (field, personal) in &drawn {
            if let Some(twin) = &personal.twin {
                let _ = writeln!(out, "    NEW.{} := {};", q(twin), draw(field, personal));
            }
        }
        out.push_str("  ELSE\n");
        for (_, personal) in &drawn {
            if let Some(twin) = &personal.twin {
                let _ = writeln!(out, "    NEW.{t} := OLD.{t};", t = q(twin));
            }
        }
        out.push_str("  END IF;\n");
    }
    for (field, personal) in entity.personal_fields() {
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
