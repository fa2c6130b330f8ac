//! The SQL of a description, one file per step, ordered by number: `version × 100 + step`. Every file can be replayed; the
//! runner gives each its own transaction (`docs/names.md`), so none holds BEGIN or COMMIT.

mod base;
mod close;
mod complete;
mod contract;
pub(super) mod control;
mod expand;
mod labels;
mod mask;
pub(super) mod overdue;
mod process;
mod requests;
mod rights;
mod snapshot;
mod tables;
mod trial;
mod twins;

pub(super) use contract::contract;
pub(super) use expand::expand;

use super::Output;
use super::model::{Entity, Model, Personal};
use super::types::q;

/// All SQL files of `model`.
pub(super) fn files(model: &Model) -> Vec<Output> {
    let mut files = vec![Output { path: "sql/000_roles.sql".into(), content: base::roles(model) }];
    let mut add = |step: u32, name: &str, content: String| {
        files.push(Output { path: format!("migrations/{:03}_{name}.sql", model.version * 100 + step), content });
    };
    add(0, "base", base::base(model));
    add(10, "modele", tables::tables(model));
    if model.is_personal() {
        add(20, "copies", twins::twins(model, true));
    }
    if model.is_personal() || model.entities.iter().flat_map(|e| &e.fields).any(|f| f.reference.is_some()) {
        add(30, "index", tables::indexes(model));
    }
    add(40, "etiquettes", labels::labels(model));
    if model.is_personal() {
        if model.complete() {
            add(45, "masquage", mask::labels(model));
        }
        add(50, "processus", process::process(model));
    }
    if model.snapshots().next().is_some() {
        add(60, "diffusion", snapshot::snapshots(model));
    }
    add(70, "droits", rights::rights(model));
    add(80, "controle", control::control(model));
    files
}

/// The scripts that take a set of data to non-production: of one version, never of the union of two.
pub(super) fn trials(model: &Model) -> Vec<Output> {
    trial::files(model)
}

/// The columns of the view of `entity`: (column of the table, name in the view).
pub(super) fn shown_columns(entity: &Entity) -> Vec<(String, String)> {
    rights::view_columns(entity)
}

/// The columns of the published snapshot of `entity`, with their types; none when it is not published.
pub(super) fn snapshot_columns(model: &Model, entity: &Entity) -> Vec<(String, String)> {
    entity.snapshot.as_ref().filter(|_| model.complete()).map_or_else(Vec::new, |s| snapshot::exposed(entity, s))
}

/// The comment that opens a file.
fn header(model: &Model, what: &str) -> String {
    format!(
        "-- {what}\n-- Modèle « {} », version {}. Écrit par mirai-kit depuis donnees/modele.yaml : ne pas modifier à la main.\n-- Rejouable ; une seule transaction, ouverte par l'outil de migration.\n\n",
        model.application.replace(['\n', '\r'], " "),
        model.version
    )
}

/// `"schema"."table"`.
fn full(model: &Model, entity: &Entity) -> String {
    format!("{}.{}", q(&model.schema), q(&entity.table))
}

/// `rgpd."<verb>_<table>"`: table names leave room for the verb.
fn function(verb: &str, entity: &Entity) -> String {
    format!("rgpd.{}", q(&format!("{verb}_{}", entity.table)))
}

/// Does the entity carry the hold and the objection of its persons?
fn is_root(entity: &Entity) -> bool {
    entity.is_personal() && entity.retention.is_some()
}

/// The condition under which a row of `entity` (alias `alias`) is not held back by a hold of its root.
fn not_held(model: &Model, entity: &Entity, alias: &str) -> String {
    match entity.follows.as_ref().and_then(|f| model.entity(&f.entity).map(|p| (f, p))) {
        None => format!("({alias}.{hold} IS NULL OR {alias}.{hold} < CURRENT_DATE)", hold = q(&entity.hold)),
        Some((follows, parent)) => {
            let above = format!("{alias}p");
            format!(
                "EXISTS (SELECT FROM {} {above} WHERE {above}.{} = {alias}.{} AND {})",
                full(model, parent),
                q(&parent.key().name),
                q(&follows.by),
                not_held(model, parent, &above)
            )
        }
    }
}

/// The function that tells, of a row of `entity`, whether the person at the head of its chain did not object; none at the head.
fn shown_by(model: &Model, entity: &Entity) -> Option<String> {
    let led = is_root(model.root(entity)) && entity.is_personal() && entity.follows.is_some();
    led.then(|| function("montrer", entity))
}

/// The columns of an entity that `rgpd` itself manages, with their types and what they are for.
fn managed(model: &Model, entity: &Entity) -> Vec<(String, &'static str, &'static str)> {
    if !entity.is_personal() {
        return Vec::new();
    }
    let mut columns =
        vec![("rgpd_complet".into(), "boolean", "Copies calculées"), ("rgpd_anonymise_le".into(), "timestamptz", "Anonymisation de la ligne")];
    if is_root(entity) {
        columns.push((entity.hold.clone(), "date", "Gel de la purge (limitation, contentieux)"));
        columns.push((entity.objection.clone(), "boolean NOT NULL DEFAULT false", "Opposition de la personne"));
        if model.end(entity).needs_transfer() {
            columns.push(("rgpd_transfere_le".into(), "timestamptz", "Transfert aux archives attesté"));
        }
    }
    columns
}

/// Is the value of the twin anything but an always empty column?
fn shows(personal: &Personal) -> bool {
    personal.twin.is_some() && personal.rule != super::rules::Rule::Suppression
}
