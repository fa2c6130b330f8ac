//! Data for non-production (EXI-DATA-1): `essais/*.psql` take rows out of the pseudonymised views (or, at the complete tier, of
//! the published snapshots) as the role that reads nothing else, and load them into the empty tables of another database.
//! Neither keys, nor pseudonyms made with a key, nor links leave: those are what would join a set to the persons of
//! production. Keys are made anew and links are dealt again.
//!
//! Scripts of psql whose only meta-commands are `\set` and `\copy` on one line, so that the image of the application, which
//! has no psql, runs the very same files.

use std::fmt::Write as _;

use super::super::Output;
use super::super::model::{After, Entity, Field, Model, Personal};
use super::super::rules::Rule;
use super::super::types::{SqlType, derived, lit, q};
use super::{full, rights, shows, snapshot};

const FORMAT: &str = "WITH (FORMAT csv, HEADER";

/// Where a set comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Pseudonymised,
    Published,
}

/// A column of the set: the field that it fills, its name in the view, its type.
struct Column<'a> {
    field: &'a Field,
    name: String,
    kind: String,
}

/// An entity of the set.
struct Part<'a> {
    entity: &'a Entity,
    columns: Vec<Column<'a>>,
}

/// The four scripts; two at the essential tier; none without personal data.
pub(super) fn files(model: &Model) -> Vec<Output> {
    let mut files = Vec::new();
    for (source, suffix) in [(Source::Pseudonymised, ""), (Source::Published, "_diffusable")] {
        let parts = parts(model, source);
        if parts.is_empty() {
            continue;
        }
        files.push(Output { path: format!("essais/extraire{suffix}.psql"), content: extract(model, source, &parts) });
        files.push(Output { path: format!("essais/charger{suffix}.psql"), content: load(model, &parts) });
    }
    files
}

/// The entities of the set, those that others point at first.
fn parts(model: &Model, source: Source) -> Vec<Part<'_>> {
    let mut left: Vec<Part<'_>> = model
        .entities
        .iter()
        .filter(|e| e.is_personal())
        .filter_map(|entity| match source {
            Source::Pseudonymised => {
                let shown = !rights::view_columns(entity).is_empty();
                shown.then(|| Part { entity, columns: entity.fields.iter().filter_map(|f| pseudonymised(model, f)).collect() })
            }
            Source::Published => published(model, entity).map(|columns| Part { entity, columns }),
        })
        .collect();
    let mut done: Vec<Part<'_>> = Vec::new();
    // Whatever has to point at rows that the set does not have cannot be loaded: it is left out, with what needs it.
    while let Some(at) = left.iter().position(|p| ready(model, p.entity, &done)) {
        done.push(left.remove(at));
    }
    done
}

fn ready(model: &Model, entity: &Entity, done: &[Part<'_>]) -> bool {
    entity.fields.iter().filter(|f| f.required || f.primary).all(|f| match target(model, f) {
        Some(target) if target.is_personal() => target.name == entity.name || done.iter().any(|p| p.entity.name == target.name),
        _ => true,
    })
}

fn target<'a>(model: &'a Model, field: &Field) -> Option<&'a Entity> {
    field.reference.as_ref().and_then(|(entity, _)| model.entity(entity))
}

/// May the value of `field` stand in the set as the reader sees it?
fn carried(model: &Model, field: &Field) -> bool {
    let link = target(model, field).is_some_and(Entity::is_personal);
    let kept = field.personal.as_ref().is_none_or(|p| p.rule == Rule::Keep);
    // A copy may say the same of two rows where the column must not.
    let repeats = field.unique && !kept;
    let keyed = field.personal.as_ref().is_some_and(|p| matches!(p.rule, Rule::Hmac { .. }));
    !field.primary && !link && !repeats && !keyed
}

fn pseudonymised<'a>(model: &Model, field: &'a Field) -> Option<Column<'a>> {
    if !carried(model, field) {
        return None;
    }
    let personal = field.personal.as_ref();
    let (name, kind) = match personal {
        None => (field.name.clone(), field.sql.to_string()),
        Some(p) if p.rule == Rule::Keep => (field.name.clone(), field.sql.to_string()),
        Some(p) if shows(p) => (rights::view_name(field, personal), p.rule.twin_type(&field.sql)),
        Some(_) => return None,
    };
    Some(Column { field, name, kind })
}

fn published<'a>(model: &'a Model, entity: &'a Entity) -> Option<Vec<Column<'a>>> {
    let set = entity.snapshot.as_ref().filter(|_| model.complete())?;
    let named = |name: &String| entity.fields.iter().find(|f| f.name == *name);
    let fields = set.quasi.iter().chain(&set.attributes).filter_map(named);
    Some(fields.filter_map(|f| pseudonymised(model, f)).collect())
}

fn names(part: &Part<'_>) -> String {
    if part.columns.is_empty() { "\"ligne\"".into() } else { part.columns.iter().map(|c| q(&c.name)).collect::<Vec<_>>().join(", ") }
}

fn header(model: &Model, what: &str, how: &[&str]) -> String {
    let mut out = format!(
        "-- {what}\n-- Modèle « {} », version {}. Écrit par mirai-kit depuis donnees/modele.yaml : ne pas modifier à la main.\n",
        model.application.replace(['\n', '\r'], " "),
        model.version
    );
    for line in how {
        let _ = writeln!(out, "-- {line}");
    }
    out.push_str("\\set ON_ERROR_STOP on\n");
    out
}

fn extract(model: &Model, source: Source, parts: &[Part<'_>]) -> String {
    let (what, role, nature) = match source {
        Source::Pseudonymised => (
            "Extraction d'un jeu d'essai : les vues pseudonymisées.",
            &model.roles.pseudo,
            "Ce jeu reste une donnée personnelle : accord du délégué, et protection de la production là où il est versé.",
        ),
        Source::Published => (
            "Extraction d'un jeu d'essai : les jeux diffusables, k-anonymes.",
            &model.roles.anon,
            "Un seul niveau de diffusion : ce que le rôle anonymisé lit déjà.",
        ),
    };
    let how = [
        format!("Sous le rôle {role}, qui ne lit aucune table : psql -f extraire….psql, dans le dossier où écrire les fichiers."),
        nature.to_owned(),
        "Ni clé, ni pseudonyme à clé, ni lien, en ordre aléatoire : rien ne rapproche une ligne de celle de la production.".to_owned(),
    ];
    let mut out = header(model, what, &how.iter().map(String::as_str).collect::<Vec<_>>());
    out.push_str("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;\n");
    for part in parts {
        let from = match source {
            Source::Pseudonymised => rights::view(model, part.entity),
            Source::Published => snapshot::table(model, part.entity),
        };
        let list = if part.columns.is_empty() { "1 AS \"ligne\"".into() } else { names(part) };
        let _ = writeln!(out, "\\copy (SELECT {list} FROM {from} ORDER BY gen_random_uuid()) TO '{}.csv' {FORMAT} true)", part.entity.table);
    }
    out.push_str("COMMIT;\n");
    out
}

/// The temporary table that receives the rows of `entity`.
fn stage(entity: &Entity) -> String {
    format!("pg_temp.{}", q(&derived(&format!("essai_{}", entity.table))))
}

fn load(model: &Model, parts: &[Part<'_>]) -> String {
    let mut out = header(
        model,
        "Versement d'un jeu d'essai dans une base hors production, migrée et vide.",
        &[
            "Sous le rôle propriétaire, dans le dossier des fichiers : psql -f charger….psql. Tout ou rien.",
            "Clés tirées ici, liens redistribués ; ce que le jeu ne porte pas prend son défaut, ou une valeur de remplissage.",
        ],
    );
    out.push_str("BEGIN;\nSET LOCAL timezone = 'UTC';\nSET LOCAL client_min_messages = warning;\n");
    let held = parts.iter().map(|p| format!("EXISTS (SELECT FROM {})", full(model, p.entity))).collect::<Vec<_>>().join("\n    OR ");
    let _ = write!(
        out,
        "DO $$\nBEGIN\n  IF {held} THEN\n    \
         RAISE EXCEPTION 'RGPD : la base tient déjà des lignes, un jeu d''essai se verse dans une base vide' USING ERRCODE = 'RG011';\n  END IF;\nEND\n$$;\n"
    );
    for part in parts {
        let mut columns: Vec<String> = vec!["essai_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY".into()];
        columns.push(format!("essai_cle {}", part.entity.key().sql));
        columns.extend(part.columns.iter().map(|c| format!("{} {}", q(&c.name), c.kind)));
        if part.columns.is_empty() {
            columns.push("\"ligne\" integer".into());
        }
        let stage = stage(part.entity);
        let temporary = stage.trim_start_matches("pg_temp.");
        let _ = write!(
            out,
            "\nCREATE TEMPORARY TABLE {temporary} (\n  {}\n) ON COMMIT DROP;\n\\copy {stage} ({}) FROM '{}.csv' {FORMAT} match)\nANALYZE {stage};\n",
            columns.join(",\n  "),
            names(part),
            part.entity.table
        );
    }
    for entity in model.entities.iter().filter(|e| !e.is_personal()) {
        seed(model, entity, parts, &mut out);
    }
    for part in parts {
        insert(model, part, parts, &mut out);
    }
    let checks: Vec<String> =
        parts.iter().map(|p| format!("(SELECT count(*) FROM {}) <> (SELECT count(*) FROM {})", full(model, p.entity), stage(p.entity))).collect();
    let counts: Vec<String> = parts.iter().map(|p| format!("SELECT {}, count(*) FROM {}", lit(&p.entity.table), full(model, p.entity))).collect();
    let _ = write!(
        out,
        "\nDO $$\nBEGIN\n  IF {} THEN\n    RAISE EXCEPTION 'RGPD : le jeu d''essai n''est pas entier' USING ERRCODE = 'RG012';\n  END IF;\nEND\n$$;\n{};\nCOMMIT;\n",
        checks.join("\n    OR "),
        counts.join(" UNION ALL ")
    );
    out
}

/// Rows of a table without personal data that the set points at, unless the team's own migrations already brought them.
fn seed(model: &Model, entity: &Entity, parts: &[Part<'_>], out: &mut String) {
    let points = |f: &Field| f.reference.as_ref().is_some_and(|(to, _)| *to == entity.name);
    let keys: Vec<String> = parts
        .iter()
        .flat_map(|p| {
            p.columns
                .iter()
                .filter(|c| points(c.field))
                .map(|c| format!("SELECT {} FROM {} WHERE {} IS NOT NULL", q(&c.name), stage(p.entity), q(&c.name)))
        })
        .collect();
    let unseen = |f: &Field, e: &Entity| {
        points(f) && (f.required || f.primary) && !parts.iter().any(|p| p.entity.name == e.name && p.columns.iter().any(|c| c.field.name == f.name))
    };
    let needed = model.entities.iter().filter(|e| e.name != entity.name && (!e.is_personal() || parts.iter().any(|p| p.entity.name == e.name)));
    let needed = needed.flat_map(|e| e.fields.iter().map(move |f| (f, e))).any(|(f, e)| unseen(f, e));
    if keys.is_empty() && !needed {
        return;
    }
    let key = entity.key();
    let mut rows = keys;
    if needed {
        rows.push(format!("SELECT {} WHERE NOT EXISTS (SELECT FROM {})", filler(key, "1"), full(model, entity)));
    }
    let others = entity.fields.iter().filter(|f| !f.primary && f.default.is_none() && f.required);
    let (mut columns, mut values) = (vec![q(&key.name)], vec!["s.cle".to_owned()]);
    for field in others {
        columns.push(q(&field.name));
        values.push(match target(model, field) {
            Some(other) if other.name != entity.name => format!("(SELECT o.{0} FROM {1} o LIMIT 1)", q(&other.key().name), full(model, other)),
            Some(_) => "s.cle".into(),
            None => filler(field, "s.n"),
        });
    }
    let _ = write!(
        out,
        "\nINSERT INTO {} ({})\n  SELECT {} FROM (SELECT u.cle, row_number() OVER () AS n FROM ({}) u (cle)) s ON CONFLICT DO NOTHING;\n",
        full(model, entity),
        columns.join(", "),
        values.join(", "),
        rows.join(" UNION ")
    );
}

/// The key of one row of `target`, dealt in turn: as many rows for each, and none twice when there are enough.
fn dealt(target: &Entity) -> String {
    format!("(SELECT p.essai_cle FROM {0} p WHERE p.essai_no = 1 + (s.essai_no - 1) % (SELECT nullif(count(*), 0) FROM {0}))", stage(target))
}

fn insert(model: &Model, part: &Part<'_>, parts: &[Part<'_>], out: &mut String) {
    let entity = part.entity;
    let (table, stage, key) = (full(model, entity), stage(entity), entity.key());
    let linked = |f: &Field| target(model, f).filter(|t| t.is_personal() && parts.iter().any(|p| p.entity.name == t.name));
    let made = match linked(key) {
        Some(target) if target.name != entity.name => dealt(target),
        _ if key.sql == SqlType::Uuid => "gen_random_uuid()".into(),
        _ => filler_unique(&key.sql, "s.essai_no"),
    };
    let _ = write!(out, "\nUPDATE {stage} s SET essai_cle = {made};\n");
    let (mut columns, mut values) = (vec![q(&key.name)], vec!["s.essai_cle".to_owned()]);
    for field in entity.fields.iter().filter(|f| !f.primary) {
        let staged = part.columns.iter().find(|c| c.field.name == field.name);
        let value = if let Some(target) = linked(field) {
            dealt(target)
        } else if let Some(column) = staged {
            carried_value(field, &column.name)
        } else if field.default.is_some() || !field.required {
            continue;
        } else if let Some(target) = target(model, field) {
            format!("(SELECT o.{} FROM {} o LIMIT 1)", q(&target.key().name), full(model, target))
        } else {
            filler(field, "s.essai_no")
        };
        columns.push(q(&field.name));
        values.push(value);
    }
    let _ = write!(out, "INSERT INTO {table} ({})\n  SELECT {}\n  FROM {stage} s ORDER BY s.essai_no;\n", columns.join(", "), values.join(",\n    "));
    if key.sql.is_integer() {
        let _ = writeln!(
            out,
            "SELECT setval(pg_get_serial_sequence({}, {}), greatest(max({key}), 1)) FROM {table}\n  WHERE pg_get_serial_sequence({}, {}) IS NOT NULL HAVING count(*) > 0;",
            lit(&table),
            lit(&key.name),
            lit(&table),
            lit(&key.name),
            key = q(&key.name),
        );
    }
}

/// What the copy gives back in the column's own type.
fn carried_value(field: &Field, name: &str) -> String {
    let (from, kind) = (format!("s.{}", q(name)), &field.sql);
    let rule = field.personal.as_ref().map(|p| &p.rule);
    let value = match rule {
        None | Some(Rule::Keep) => return from,
        Some(Rule::Department) => format!("rpad({from}, 5, '0')::{kind}"),
        Some(Rule::Cohort(_)) => format!("make_date({from}, 1, 1)::{kind}"),
        // Noise may have passed what the column holds.
        Some(Rule::Noise { .. } | Rule::Step(_)) => match largest(kind) {
            Some(largest) => format!("least(greatest({from}, -{largest}), {largest})::{kind}"),
            None => format!("{from}::{kind}"),
        },
        Some(_) => format!("{from}::{kind}"),
    };
    let value = if field.values.is_empty() {
        value
    } else {
        let allowed = field.values.iter().map(|v| lit(v)).collect::<Vec<_>>().join(", ");
        format!("CASE WHEN {from}::text IN ({allowed}) THEN {value} END")
    };
    if field.required { format!("coalesce({value}, {})", filler(field, "s.essai_no")) } else { value }
}

/// The largest number of a type; none for `numeric` alone.
fn largest(kind: &SqlType) -> Option<String> {
    Some(match kind {
        SqlType::Smallint => i16::MAX.to_string(),
        SqlType::Integer => i32::MAX.to_string(),
        SqlType::Bigint => i64::MAX.to_string(),
        SqlType::Numeric(Some((precision, scale))) => {
            let nines = |n: u32| "9".repeat(n as usize);
            format!("0{}.{}0", nines(precision - scale), nines(*scale))
        }
        _ => return None,
    })
}

/// A value that says nothing, for a column that must have one; `no` numbers the row.
fn filler(field: &Field, no: &str) -> String {
    let after = field.personal.as_ref().map(|p: &Personal| &p.after);
    match (after, field.values.first()) {
        _ if field.unique || field.primary => filler_unique(&field.sql, no),
        (Some(After::Literal(literal)), _) => literal.clone(),
        (_, Some(value)) => format!("{}::{}", lit(value), field.sql),
        _ => match &field.sql {
            SqlType::Text | SqlType::Char(_) | SqlType::Varchar(_) => format!("'essai'::{}", field.sql),
            SqlType::Boolean => "false".into(),
            SqlType::Smallint | SqlType::Integer | SqlType::Bigint | SqlType::Numeric(_) => "0".into(),
            SqlType::Date => "DATE '2000-01-01'".into(),
            SqlType::Timestamptz => "TIMESTAMPTZ '2000-01-01 00:00:00+00'".into(),
            SqlType::Jsonb => "JSONB '{}'".into(),
            SqlType::Inet => "INET '192.0.2.1'".into(),
            SqlType::Uuid => "gen_random_uuid()".into(),
        },
    }
}

fn filler_unique(kind: &SqlType, no: &str) -> String {
    match kind {
        SqlType::Text => format!("'essai-' || {no}"),
        SqlType::Char(n) | SqlType::Varchar(n) => format!("lpad({no}::text, {}, '0')", (*n).min(12)),
        SqlType::Uuid => "gen_random_uuid()".into(),
        SqlType::Boolean => format!("({no} = 1)"),
        SqlType::Smallint | SqlType::Integer | SqlType::Bigint | SqlType::Numeric(_) => format!("{no}::{kind}"),
        SqlType::Date => format!("DATE '2000-01-01' + {no}::integer"),
        SqlType::Timestamptz => format!("TIMESTAMPTZ '2000-01-01 00:00:00+00' + {no} * interval '1 second'"),
        SqlType::Jsonb => format!("jsonb_build_object('essai', {no})"),
        SqlType::Inet => format!("INET '10.0.0.0' + {no}"),
    }
}
