//! The steps of a plan, for a person: what is done, when, by which file.

use super::super::model::{Entity, Model};
use super::{Phase, Step};
use crate::text;
use crate::text::Text;

/// The steps, in order.
pub(super) fn list(old: &Model, new: &Model) -> Vec<Step> {
    let mut steps = Vec::new();
    let file = |step: u32, name: &str| format!("migrations/{:03}_{name}.sql", new.version * 100 + step);
    let mut add = |phase: Phase, file: String, what: Text| steps.push(Step { phase, file, what });
    for entity in &new.entities {
        let table = &entity.table;
        let Some(before) = old.entity(&entity.name) else {
            add(Phase::Expand, file(10, "modele"), text!("nouvelle table « {table} »", "new table “{table}”"));
            continue;
        };
        fields(before, entity, &mut |phase, step, name, what| add(phase, file(step, name), what));
        terms(before, entity, &mut |what| add(Phase::Expand, file(50, "processus"), what));
    }
    for table in old.entities.iter().filter(|e| new.entity(&e.name).is_none()).map(|e| &e.table) {
        add(Phase::Contract, file(95, "retrait"), text!("table « {table} » supprimée, avec ses données", "table “{table}” dropped, with its data"));
    }
    if new.is_personal() {
        add(
            Phase::Expand,
            file(70, "droits"),
            text!("droits accordés pour les deux versions, en une transaction", "rights granted for both versions, in one transaction"),
        );
    }
    steps.sort_by_key(|s| s.phase);
    steps
}

fn fields(before: &Entity, entity: &Entity, add: &mut dyn FnMut(Phase, u32, &str, Text)) {
    let table = &entity.table;
    for field in &entity.fields {
        let name = &field.name;
        let Some(was) = before.fields.iter().find(|f| f.name == *name) else {
            match &field.renamed_from {
                Some(from) => {
                    add(
                        Phase::Expand,
                        5,
                        "extension",
                        text!(
                            "« {table}.{name} » prend la suite de « {from} » ; un déclencheur accorde les deux noms",
                            "“{table}.{name}” carries on “{from}”; a trigger keeps both names alike"
                        ),
                    );
                    add(
                        Phase::Backfill,
                        85,
                        "reprise",
                        text!(
                            "« {table}.{name} » reçoit les valeurs de « {from} », par lots",
                            "“{table}.{name}” receives the values of “{from}”, by lots"
                        ),
                    );
                    add(
                        Phase::Contract,
                        95,
                        "retrait",
                        text!(
                            "« {table}.{from} » supprimée : ses valeurs sont dans « {name} »",
                            "“{table}.{from}” dropped: its values are in “{name}”"
                        ),
                    );
                }
                None => add(Phase::Expand, 5, "extension", text!("colonne « {table}.{name} » ajoutée", "column “{table}.{name}” added")),
            }
            continue;
        };
        let twin = |f: &super::super::model::Field| f.personal.as_ref().and_then(|p| p.twin.clone());
        match (twin(was), twin(field)) {
            (a, Some(b)) if a.as_ref() != Some(&b) => {
                add(
                    Phase::Expand,
                    5,
                    "extension",
                    text!("copie « {table}.{b} » ajoutée, tenue à côté de l'ancienne", "twin “{table}.{b}” added, kept beside the old one"),
                );
                add(
                    Phase::Backfill,
                    85,
                    "reprise",
                    text!(
                        "« {table}.{b} » calculée pour les lignes en place ; une ligne déjà anonymisée ne reçoit qu'une copie plus grossière que l'ancienne, sinon rien",
                        "“{table}.{b}” computed for the rows in place; a row already anonymised only receives a coarser twin than the old one, or none"
                    ),
                );
                if let Some(a) = a {
                    add(Phase::Contract, 95, "retrait", text!("copie « {table}.{a} » supprimée", "twin “{table}.{a}” dropped"));
                }
            }
            (Some(a), None) => {
                add(
                    Phase::Expand,
                    40,
                    "etiquettes",
                    text!(
                        "« {table}.{name} » n'est plus dite personnelle : à justifier",
                        "“{table}.{name}” is no longer said to be personal: to be justified"
                    ),
                );
                add(Phase::Contract, 95, "retrait", text!("copie « {table}.{a} » supprimée", "twin “{table}.{a}” dropped"));
            }
            _ => {}
        }
        if field.required && !was.required {
            add(Phase::Contract, 95, "retrait", text!("« {table}.{name} » devient obligatoire", "“{table}.{name}” becomes mandatory"));
        }
        if was.required && !field.required {
            add(
                Phase::Expand,
                5,
                "extension",
                text!(
                    "« {table}.{name} » peut être vide : l'ancienne version doit l'admettre",
                    "“{table}.{name}” may be empty: the old version must bear it"
                ),
            );
        }
        if field.unique && !was.unique {
            add(Phase::Contract, 95, "retrait", text!("« {table}.{name} » devient unique", "“{table}.{name}” becomes unique"));
        }
    }
    for field in &before.fields {
        let stays = entity.fields.iter().any(|f| f.name == field.name || f.renamed_from.as_deref() == Some(&field.name));
        if !stays {
            let name = &field.name;
            add(Phase::Contract, 95, "retrait", text!("« {table}.{name} » supprimée, avec ses données", "“{table}.{name}” dropped, with its data"));
        }
    }
}

/// A shorter term is due at once for more rows: the share guard of the purge stops it until a person confirms.
fn terms(before: &Entity, entity: &Entity, add: &mut dyn FnMut(Text)) {
    let (Some(a), Some(b)) = (&before.retention, &entity.retention) else { return };
    if a.duration != b.duration || a.start != b.start || a.end != b.end {
        let (was, now) = (format!("{} {} {}", a.duration.iso(), a.start, a.end.word()), format!("{} {} {}", b.duration.iso(), b.start, b.end.word()));
        let table = &entity.table;
        add(text!(
            "échéance de « {table} » : {was} → {now} ; à simuler avant la première purge",
            "term of “{table}”: {was} → {now}; simulate before the first purge"
        ));
    }
}
