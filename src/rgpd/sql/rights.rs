//! The rights: everything withdrawn then granted by column, in one transaction (a REVOKE seen without its GRANT stops the
//! version in service: measured), and the pseudonymised views, owned by a role that cannot read clear values.

use std::fmt::Write as _;

use super::super::model::{Entity, Field, Model, Personal};
use super::super::rules::Rule;
use super::super::types::{dollar, lit, q, short_digest};
use super::{full, header, is_root, managed, requests, shows};

/// `…_droits.sql`.
pub(super) fn rights(model: &Model) -> String {
    let r = &model.roles;
    let mut out = header(model, "Droits : tout est retiré puis accordé, dans la même transaction.");
    out.push_str("SET LOCAL lock_timeout = '3s';\n");
    let (schema, app) = (q(&model.schema), q(&r.app));
    if model.is_personal() {
        let restricted = [&r.pseudo, &r.anon, &r.dpo, &r.purge].map(|n| q(n)).join(", ");
        let (anon, publication) = (q(&model.schema_anon), q(&r.publication));
        // Not on the views that the publication role owns: a second pass would take its own rights away (measured).
        let _ = write!(
            out,
            "REVOKE ALL ON ALL TABLES IN SCHEMA {schema}, rgpd, {anon} FROM PUBLIC, {restricted};\n\
             REVOKE ALL ON ALL TABLES IN SCHEMA {schema}, rgpd FROM {publication};\n\
             REVOKE ALL ON ALL TABLES IN SCHEMA {schema}, rgpd, {anon} FROM {app};\n\
             REVOKE ALL ON ALL FUNCTIONS IN SCHEMA rgpd FROM PUBLIC, {restricted}, {publication}, {app};\n\
             REVOKE ALL ON SCHEMA {schema}, rgpd, {anon} FROM PUBLIC, {restricted}, {publication}, {app};\n"
        );
    } else {
        let _ = write!(
            out,
            "REVOKE ALL ON ALL TABLES IN SCHEMA {schema}, rgpd FROM PUBLIC, {app};\nREVOKE ALL ON SCHEMA {schema}, rgpd FROM PUBLIC, {app};\n"
        );
    }
    let _ = write!(
        out,
        "\n-- Application : le clair, jamais les copies ni les colonnes de gestion en écriture.\nGRANT USAGE ON SCHEMA {schema}, rgpd TO {app};\n"
    );
    for entity in &model.entities {
        application(model, entity, &mut out);
    }
    let _ = write!(
        out,
        "DO $$\nBEGIN\n  -- table des migrations, créée par l'outil qui les applique\n  \
         IF to_regclass('rgpd.migration') IS NOT NULL THEN GRANT SELECT ON rgpd.migration TO {app}; END IF;\nEND\n$$;\n"
    );
    if model.is_personal() {
        publication(model, &mut out);
        processes(model, &mut out);
    }
    out
}

fn application(model: &Model, entity: &Entity, out: &mut String) {
    let (table, app) = (full(model, entity), q(&model.roles.app));
    let columns = |keep: &dyn Fn(&Field) -> bool| -> Vec<String> { entity.fields.iter().filter(|f| keep(f)).map(|f| q(&f.name)).collect() };
    let hidden = entity.personal_fields().any(|(_, p)| !p.clear_to_app);
    if hidden {
        let mut seen = columns(&|f| f.personal.as_ref().is_none_or(|p| p.clear_to_app));
        seen.extend(entity.twin_fields().filter_map(|(_, p)| p.twin.as_ref()).map(|t| q(t)));
        seen.extend(managed(model, entity).into_iter().map(|(n, _, _)| q(&n)));
        let _ = writeln!(out, "GRANT SELECT ({}), DELETE ON {table} TO {app};", seen.join(", "));
    } else {
        let _ = writeln!(out, "GRANT SELECT, DELETE ON {table} TO {app};");
    }
    let insert = columns(&|_| true);
    let mut update = columns(&|f| !f.primary);
    if is_root(entity) {
        update.push(q(&entity.objection));
    }
    let _ = writeln!(out, "GRANT INSERT ({}) ON {table} TO {app};", insert.join(", "));
    if !update.is_empty() {
        let _ = writeln!(out, "GRANT UPDATE ({}) ON {table} TO {app};", update.join(", "));
    }
    if entity.is_personal() || entity.rows.is_some() {
        let seen = row_filter(model, entity);
        policy(model, &table, "rgpd_app", &format!("TO {app} USING ({seen}) WITH CHECK ({seen})"), out);
    }
}

/// Row-level security and one policy of it. On a database in service, a policy that stands as it is described is left alone:
/// ALTER TABLE and CREATE POLICY stop every reader of the table until the end of the transaction.
fn policy(model: &Model, table: &str, name: &str, what: &str, out: &mut String) {
    let digest = format!("rgpd {}", short_digest(what, 8));
    if !model.live {
        let _ = write!(
            out,
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\nDROP POLICY IF EXISTS {name} ON {table};\nCREATE POLICY {name} ON {table} {what};\n\
             COMMENT ON POLICY {name} ON {table} IS {};\n",
            lit(&digest)
        );
        return;
    }
    let _ = writeln!(
        out,
        "DO {};",
        dollar(&format!(
            "\nBEGIN\n  IF NOT (SELECT relrowsecurity FROM pg_catalog.pg_class WHERE oid = {t}::regclass) THEN ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; END IF;\n  \
             IF NOT EXISTS (SELECT FROM pg_catalog.pg_policy WHERE polrelid = {t}::regclass AND polname = {n} AND obj_description(oid, 'pg_policy') = {d}) THEN\n    \
             DROP POLICY IF EXISTS {name} ON {table};\n    CREATE POLICY {name} ON {table} {what};\n    COMMENT ON POLICY {name} ON {table} IS {d};\n  END IF;\nEND\n",
            t = lit(table),
            n = lit(name),
            d = lit(&digest),
        ))
    );
}

/// The rows that a session of the application sees: all of them, or those that its setting names (none without it).
pub(super) fn row_filter(model: &Model, entity: &Entity) -> String {
    let Some((rows, field)) = entity.rows.as_ref().and_then(|r| entity.fields.iter().find(|f| f.name == r.column).map(|f| (r, f))) else {
        return "true".into();
    };
    let setting = lit(&format!("{}.{}", model.schema, rows.parameter));
    format!("{} = NULLIF(current_setting({setting}, true), '')::{}", q(&rows.column), field.sql)
}

/// The name by which readers know what stands for `field`: the field's, unless the author named the twin (two versions of a
/// rule are then read side by side).
pub(super) fn view_name(field: &Field, personal: Option<&Personal>) -> String {
    match personal {
        Some(Personal { twin: Some(_), .. }) if field.primary => "ref".into(),
        Some(Personal { twin: Some(twin), own_name, rule, .. }) if *own_name || matches!(rule, Rule::Hmac { .. }) => twin.clone(),
        _ => field.name.clone(),
    }
}

/// The view of `entity`.
pub(super) fn view(model: &Model, entity: &Entity) -> String {
    format!("{}.{}", q(&model.schema_anon), q(&format!("{}_pseudonymise", entity.table)))
}

/// The columns of the view of `entity`: (column of the table, name in the view).
pub(super) fn view_columns(entity: &Entity) -> Vec<(String, String)> {
    let mut list = Vec::new();
    let tags = |f| {
        let f: &Field = f;
        std::iter::once((f, f.personal.as_ref())).chain(f.overlap.legacy.as_deref().map(|p| (f, Some(p))))
    };
    for (field, personal) in entity.fields.iter().flat_map(tags) {
        match personal {
            None => list.push((field.name.clone(), field.name.clone())),
            Some(p) if p.rule == Rule::Keep => list.push((field.name.clone(), field.name.clone())),
            Some(p) if shows(p) => {
                let Some(twin) = &p.twin else { continue };
                if p.pseudonym_to_reader || !matches!(p.rule, Rule::Hmac { .. }) {
                    list.push((twin.clone(), view_name(field, personal)));
                }
            }
            Some(_) => {}
        }
    }
    list
}

fn publication(model: &Model, out: &mut String) {
    let r = &model.roles;
    let (schema, anon, role) = (q(&model.schema), q(&model.schema_anon), q(&r.publication));
    let _ = write!(
        out,
        "\n-- Rôle de publication : propriétaire des vues, sans droit sur aucune colonne claire ; même une vue réécrite ne sort pas de clair.\n\
         GRANT USAGE ON SCHEMA {schema} TO {role};\nGRANT USAGE, CREATE ON SCHEMA {anon} TO {role};\n"
    );
    let shown: Vec<(&Entity, Vec<(String, String)>)> = model.entities.iter().filter(|e| e.is_personal()).map(|e| (e, view_columns(e))).collect();
    for (entity, columns) in &shown {
        let table = full(model, entity);
        let mut read: Vec<String> = columns.iter().map(|(c, _)| q(c)).collect();
        read.push(q("rgpd_complet"));
        let mut visible = "\"rgpd_complet\"".to_owned();
        if is_root(entity) {
            read.push(q(&entity.objection));
            let _ = write!(visible, " AND NOT {}", q(&entity.objection));
        }
        if let (Some(shown), Some(follows)) = (super::shown_by(model, entity), &entity.follows) {
            let link = entity.fields.iter().find(|f| f.name == follows.by).map_or_else(String::new, |f| f.sql.to_string());
            let _ = write!(visible, " AND {shown}({})", q(&follows.by));
            // A policy runs its functions as who reads the view; without USAGE on their schema, that role cannot name them.
            let _ = writeln!(out, "GRANT EXECUTE ON FUNCTION {shown}({link}) TO {role}, {};", q(&r.pseudo));
        }
        let _ = writeln!(out, "GRANT SELECT ({}) ON {table} TO {role};", read.join(", "));
        policy(model, &table, "rgpd_publication", &format!("FOR SELECT TO {role} USING ({visible})"), out);
    }
    let _ = write!(out, "\n-- Vues vivantes, une ligne par personne : pseudonymisation en droit, donc réservées.\nSET ROLE {role};\n");
    for (entity, columns) in shown.iter().filter(|(_, c)| !c.is_empty()) {
        let view = view(model, entity);
        // Columns of a view are only ever appended in place: over a database in service it is made again, in this transaction.
        let create = if model.live { format!("DROP VIEW IF EXISTS {view};\nCREATE VIEW") } else { "CREATE OR REPLACE VIEW".to_owned() };
        let list = columns.iter().map(|(c, n)| if c == n { q(c) } else { format!("{} AS {}", q(c), q(n)) }).collect::<Vec<_>>().join(", ");
        let _ = write!(
            out,
            "{create} {view} WITH (security_barrier = true) AS\n  SELECT {list}\n  FROM {};\n\
             REVOKE ALL ON {view} FROM PUBLIC;\nGRANT SELECT ON {view} TO {};\n",
            full(model, entity),
            q(&r.pseudo)
        );
    }
    let _ = write!(out, "RESET ROLE;\nGRANT USAGE ON SCHEMA {anon} TO {}, {};\n", q(&r.pseudo), q(&r.anon));
}

/// What the complete tier opens: the snapshots to the anonymised reader alone, the state of publication to the officer.
fn complete(model: &Model, out: &mut String) {
    let (anon, dpo, purge) = (q(&model.roles.anon), q(&model.roles.dpo), q(&model.roles.purge));
    for (entity, _) in model.snapshots() {
        let _ = writeln!(out, "GRANT SELECT ON {} TO {anon};", super::snapshot::table(model, entity));
    }
    if model.snapshots().next().is_some() {
        let _ = writeln!(out, "GRANT EXECUTE ON FUNCTION rgpd.etat_diffusion() TO {dpo};");
    }
    if model.keyed() {
        let _ = writeln!(out, "GRANT EXECUTE ON FUNCTION rgpd.tourner_cle(text) TO {purge};");
    }
    if model.entities.iter().any(|e| super::complete::visa_by_lot(model, e)) {
        let _ = writeln!(out, "GRANT SELECT ON rgpd.visa TO {dpo};");
    }
}

fn processes(model: &Model, out: &mut String) {
    let (dpo, purge) = (q(&model.roles.dpo), q(&model.roles.purge));
    let _ = write!(
        out,
        "\n-- Lot de purge et délégué : des fonctions tracées, aucune table de données.\nGRANT USAGE ON SCHEMA rgpd TO {dpo}, {purge};\n\
         GRANT SELECT ON rgpd.catalogue, rgpd.journal TO {dpo};\n\
         GRANT EXECUTE ON FUNCTION rgpd.lire_etiquette(text), rgpd.processus() TO {dpo};\nGRANT EXECUTE ON FUNCTION rgpd.processus() TO {purge};\n\
         GRANT EXECUTE ON FUNCTION rgpd.echeances() TO {dpo}, {purge};\n"
    );
    let _ = writeln!(out, "GRANT EXECUTE ON FUNCTION rgpd.analyser(integer) TO {purge};");
    if model.complete() {
        complete(model, out);
    }
    for entity in model.entities.iter().filter(|e| e.is_personal()) {
        for name in super::process::lot_functions(model, entity) {
            let _ = writeln!(out, "GRANT EXECUTE ON FUNCTION {name}(integer) TO {purge};");
        }
        if is_root(entity) {
            let _ = writeln!(out, "GRANT EXECUTE ON FUNCTION {}() TO {purge}, {dpo};", super::function("simuler_purge", entity));
            for signature in requests::signatures(model, entity) {
                let _ = writeln!(out, "GRANT EXECUTE ON FUNCTION {signature} TO {dpo};");
            }
        }
    }
    let _ = write!(
        out,
        "DO $$\nBEGIN\n  IF to_regprocedure('rgpd.controle_modele()') IS NOT NULL THEN GRANT EXECUTE ON FUNCTION rgpd.controle_modele() TO {dpo}; END IF;\nEND\n$$;\n"
    );
}
