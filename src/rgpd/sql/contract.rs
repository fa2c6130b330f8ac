//! The contract: once nothing reads the previous version, its columns go. First the functions, views and rights stop naming
//! them, then they are dropped under one short lock: plpgsql does not depend on columns, and a column dropped first makes every
//! write fail (measured).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::Output;
use super::super::model::{Entity, Model};
use super::super::types::q;
use super::expand::{backfill, constraint, lock, renames, stale_indexes};
use super::{close, control, files, full, header, labels, mask, process, rights, snapshot, tables, twins};

/// All files of the contract.
pub(in crate::rgpd) fn contract(old: &Model, union: &Model, new: &Model) -> Vec<Output> {
    let mut outputs = Vec::new();
    let mut add = |step: u32, name: &str, content: String| {
        if !content.is_empty() {
            outputs.push(Output { path: format!("migrations/{:03}_{name}.sql", new.version * 100 + step), content });
        }
    };
    add(90, "retrait_reprise", backfill(old, union, "Avant le retrait : plus aucune ligne n'attend la nouvelle version."));
    add(91, "retrait_contraintes", tightened(old, union, new));
    add(92, "retrait_fonctions", functions(union, new));
    add(95, "retrait", withdrawal(old, union, new));
    let stale = stale_indexes(new, &tables::indexes(union), &tables::indexes(new));
    let indexes = tables::indexes(new);
    let stale = stale.strip_prefix("-- hors-transaction\n").map_or(String::new(), |s| format!("\n{s}"));
    if indexes.lines().count() > 6 {
        add(96, "retrait_index", format!("{indexes}{stale}"));
    }
    outputs
}

/// A constraint of the new version that the previous one could not be held to: (entity, column, kind).
fn stricter<'a>(old: &'a Model, new: &'a Model) -> Vec<(&'a Entity, &'a super::super::model::Field, bool, bool, bool)> {
    let mut list = Vec::new();
    for entity in &new.entities {
        let Some(before) = old.entity(&entity.name) else { continue };
        for field in &entity.fields {
            let was = before.fields.iter().find(|f| f.name == field.name);
            let required = field.required && was.is_none_or(|w| !w.required);
            let unique = field.unique && was.is_none_or(|w| !w.unique);
            let values = !field.values.is_empty() && was.is_some_and(|w| w.values.is_empty() || w.values.iter().any(|v| !field.values.contains(v)));
            if required || unique || values {
                list.push((entity, field, required, unique, values));
            }
        }
    }
    list
}

/// Proved without stopping anyone, so that the final lock has nothing to read.
fn tightened(old: &Model, union: &Model, new: &Model) -> String {
    let mut blocks = Vec::new();
    for (entity, field, required, unique, values) in stricter(old, new) {
        let (table, column) = (full(union, entity), q(&field.name));
        let mut proved = |name: &str, rule: String| {
            let mut text = lock(std::slice::from_ref(&table));
            constraint(&table, name, &rule, &mut text);
            blocks.push(text);
            blocks.push(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {};\n", q(name)));
        };
        if required {
            proved(&tables::constraint(entity, field, "requis"), format!("CHECK ({column} IS NOT NULL)"));
        }
        if values {
            proved(&tables::constraint(entity, field, "valeurs_r"), tables::allowed(field));
        }
        if unique {
            let index = q(&tables::constraint(entity, field, "key"));
            blocks.push(format!("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {table} ({column});\n"));
        }
    }
    if blocks.is_empty() {
        return String::new();
    }
    format!(
        "-- hors-transaction\n-- Contraintes de la nouvelle version, prouvées sans arrêter les écritures. Modèle version {}.\n-- Écrit par mirai-kit depuis donnees/modele.yaml. Rejouable.\n\n{}",
        new.version,
        blocks.join("\n")
    )
}

/// Everything that names columns, rendered for the new version alone.
fn functions(union: &Model, new: &Model) -> String {
    let mut out = header(new, "Retrait : fonctions, étiquettes, vues et droits de la nouvelle version seule.");
    let mut add = |text: String| {
        let body: String = text.lines().skip_while(|l| l.starts_with("-- ") || l.is_empty()).fold(String::new(), |all, l| all + l + "\n");
        out.push_str(&body);
    };
    if new.is_personal() {
        add(twins::twins(new, false));
    }
    add(labels::labels(new));
    if new.is_personal() {
        if new.complete() {
            add(mask::labels(new));
        }
        add(process::process(new));
    }
    if new.snapshots().next().is_some() {
        add(snapshot::snapshots(new));
    }
    add(rights::rights(new));
    add(control::control(new));
    let gone: Vec<&Entity> = union.entities.iter().filter(|e| e.is_personal() && new.entity(&e.name).is_none()).collect();
    if !gone.is_empty() {
        let _ = writeln!(out, "SET ROLE {};", q(&new.roles.publication));
        for entity in gone {
            let _ = writeln!(out, "DROP VIEW IF EXISTS {};", rights::view(union, entity));
        }
        out.push_str("RESET ROLE;\n");
    }
    out
}

/// The signatures of the functions that a rendering creates.
fn created(model: &Model) -> BTreeSet<String> {
    let mut set = BTreeSet::new();
    for file in files(model) {
        for line in file.content.lines() {
            let Some(rest) = line.strip_prefix("CREATE OR REPLACE FUNCTION ") else { continue };
            if let Some((signature, _)) = rest.split_once(" RETURNS ").or_else(|| rest.strip_suffix(')').map(|_| (rest, ""))) {
                set.insert(signature.replace(" DEFAULT 1000", ""));
            }
        }
    }
    set
}

/// The columns that the table of `entity` has in `model`.
fn columns(model: &Model, entity: &Entity) -> Vec<String> {
    let twins = entity.twin_fields().filter_map(|(_, p)| p.twin.clone());
    let managed = super::managed(model, entity).into_iter().map(|(n, ..)| n);
    entity.fields.iter().map(|f| f.name.clone()).chain(twins).chain(managed).collect()
}

fn withdrawal(old: &Model, union: &Model, new: &Model) -> String {
    let (mut locked, mut body, mut dropped) = (Vec::new(), String::new(), Vec::new());
    for entity in &union.entities {
        let table = full(union, entity);
        let Some(after) = new.entity(&entity.name) else {
            if entity.snapshot.is_some() && union.complete() {
                dropped.push(snapshot::table(union, entity));
            }
            dropped.push(table);
            continue;
        };
        let kept = columns(new, after);
        let mut text = String::new();
        if !renames(entity).is_empty() {
            let _ = writeln!(text, "DROP TRIGGER IF EXISTS zy_rgpd_accorder ON {table};");
        }
        let before = old.entity(&entity.name);
        if before.is_some() && entity.is_personal() && close::check_name(entity) != close::check_name(after) {
            let _ = writeln!(text, "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {};", q(&close::check_name(entity)));
            close::invariant(new, after, &mut text);
        }
        for column in columns(union, entity).iter().filter(|c| !kept.contains(c)) {
            let _ = writeln!(text, "ALTER TABLE {table} DROP COLUMN IF EXISTS {};", q(column));
        }
        for (field, _) in renames(after).into_iter().filter(|_| before.is_some()) {
            if let Some(default) = &field.default {
                let _ = writeln!(text, "ALTER TABLE {table} ALTER COLUMN {} SET DEFAULT {default};", q(&field.name));
            }
        }
        for (_, field, required, unique, values) in stricter(old, new).into_iter().filter(|(e, ..)| e.name == entity.name) {
            let (column, named) = (q(&field.name), |suffix: &str| q(&tables::constraint(after, field, suffix)));
            if required {
                let proof = named("requis");
                let _ =
                    writeln!(text, "ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;\nALTER TABLE {table} DROP CONSTRAINT IF EXISTS {proof};");
            }
            if unique {
                constraint_from_index(&table, &tables::constraint(after, field, "key"), &mut text);
            }
            if values {
                let (name, proof) = (named("valeurs"), named("valeurs_r"));
                let _ =
                    writeln!(text, "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name};\nALTER TABLE {table} RENAME CONSTRAINT {proof} TO {name};");
            }
        }
        if let (Some(_), true) = (&entity.snapshot, union.complete()) {
            let snapshot_table = snapshot::table(union, entity);
            if after.snapshot.is_none() || !new.complete() {
                dropped.push(snapshot_table);
            } else {
                let kept = super::snapshot_columns(new, after);
                for (name, _) in super::snapshot_columns(union, entity).iter().filter(|(n, _)| !kept.iter().any(|(k, _)| k == n)) {
                    let _ = writeln!(text, "ALTER TABLE {snapshot_table} DROP COLUMN IF EXISTS {};", q(name));
                }
            }
        }
        if !text.is_empty() {
            locked.push(table);
            body.push_str(&text);
        }
    }
    if !dropped.is_empty() {
        let _ = writeln!(body, "DROP TABLE IF EXISTS {};", dropped.join(", "));
    }
    let stay = created(new);
    let mut gone: BTreeSet<String> = created(old);
    gone.extend(created(union));
    gone.extend(union.entities.iter().filter(|e| !renames(e).is_empty()).map(|e| format!("{}()", super::function("accorder", e))));
    for signature in gone.difference(&stay) {
        let _ = writeln!(body, "DROP FUNCTION IF EXISTS {signature};");
    }
    if body.is_empty() {
        return String::new();
    }
    format!("{}{}{body}", header(new, "Retrait : ce que plus aucune version ne lit."), lock(&locked))
}

/// A unique constraint on the index already built; nothing to do when it stands.
fn constraint_from_index(table: &str, name: &str, out: &mut String) {
    let _ = write!(
        out,
        "DO $$\nBEGIN\n  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = {} AND conrelid = {}::regclass) THEN\n    \
         ALTER TABLE {table} ADD CONSTRAINT {n} UNIQUE USING INDEX {n};\n  END IF;\nEND\n$$;\n",
        super::super::types::lit(name),
        super::super::types::lit(table),
        n = q(name)
    );
}
