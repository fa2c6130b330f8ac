//! The union of two versions: every column and every twin of both, so that one trigger, one purge, one set of rights serve
//! the application of before and the one of after.

use super::super::model::{After, Entity, Field, Model, Personal, Snapshot};
use super::super::rules::Rule;

/// The model that is rendered while both versions are served.
pub(super) fn union(old: &Model, new: &Model) -> Model {
    let mut union = new.clone();
    union.live = true;
    for entity in &mut union.entities {
        match old.entity(&entity.name) {
            Some(before) => merge(before, entity),
            None => entity.fresh = true,
        }
    }
    for entity in &old.entities {
        if new.entity(&entity.name).is_none() {
            union.entities.push(entity.clone());
        }
    }
    // What a withdrawn entity names must stay described.
    for processing in &old.processings {
        if !union.processings.iter().any(|p| p.id == processing.id) {
            union.processings.push(processing.clone());
        }
    }
    if union.key.is_none() {
        union.key.clone_from(&old.key);
    }
    union
}

fn merge(old: &Entity, entity: &mut Entity) {
    for field in &mut entity.fields {
        let Some(before) = old.fields.iter().find(|f| f.name == field.name) else {
            field.overlap.settling = true;
            // The constraint waits for the contract; a renamed field has no value of its own to start from.
            field.required = false;
            if field.renamed_from.is_some() {
                field.default = None;
            }
            continue;
        };
        field.required = before.required && field.required;
        field.unique = before.unique && field.unique;
        let fewer = before.values.iter().filter(|v| !field.values.is_empty() && !field.values.contains(v)).cloned().collect::<Vec<_>>();
        field.values.extend(fewer);
        if before.values.is_empty() {
            field.values.clear();
        }
        match (&before.personal, &field.personal) {
            (Some(a), b) => {
                let kept = b.as_ref().is_some_and(|b| b.twin == a.twin);
                if a.twin.is_some() && !kept {
                    field.overlap.legacy = Some(Box::new(a.clone()));
                }
            }
            (None, Some(_)) => field.overlap.settling = true,
            (None, None) => {}
        }
    }
    for before in &old.fields {
        if entity.fields.iter().any(|f| f.name == before.name) {
            continue;
        }
        let mut field = before.clone();
        field.overlap.retired = true;
        let renamed = entity.fields.iter().any(|f| f.renamed_from.as_deref() == Some(&before.name));
        // The new version does not write it: the previous one must not read an empty value where it never saw any.
        if field.required && field.default.is_none() && !renamed {
            match stand_in(&field) {
                Some(value) => field.default = Some(value),
                None => field.required = false,
            }
        }
        entity.fields.push(field);
    }
    snapshot(old, entity);
}

/// What a row of the new version shows the previous one in a column that only the latter knows.
fn stand_in(field: &Field) -> Option<String> {
    match field.personal.as_ref().map(|p: &Personal| &p.after) {
        Some(After::Literal(value)) => Some(value.clone()),
        Some(After::Month) => Some(if field.sql == super::super::types::SqlType::Date { "CURRENT_DATE".into() } else { "now()".into() }),
        _ => field.values.first().map(|v| super::super::types::lit(v)),
    }
}

/// Both versions of a snapshot published as one: k is then counted on the columns of both (two close releases cross).
fn snapshot(old: &Entity, entity: &mut Entity) {
    let Some(before) = &old.snapshot else { return };
    let Some(after) = &mut entity.snapshot else {
        entity.snapshot = Some(before.clone());
        return;
    };
    let add = |list: &mut Vec<String>, from: &[String], not: &[String]| {
        for name in from {
            if !list.contains(name) && !not.contains(name) {
                list.push(name.clone());
            }
        }
    };
    let Snapshot { quasi, order, attributes, .. } = after;
    add(quasi, &before.quasi, &[]);
    attributes.retain(|a| !quasi.contains(a));
    add(attributes, &before.attributes, quasi);
    add(order, &before.order, &[]);
    after.k = after.k.max(before.k);
}

/// Can a copy of `new` be had from a copy of `old` (a row already anonymised only goes to a coarser rule)? The expression.
pub(in super::super) fn coarser(old: &Rule, new: &Rule, twin: &str) -> Option<String> {
    Some(match (old, new) {
        (Rule::Cohort(a), Rule::Cohort(b)) if b % a == 0 => format!("({twin} / {b}) * {b}"),
        (Rule::Step(a), Rule::Step(b)) if b % a == 0 => format!("floor({twin} / {b}) * {b}"),
        (Rule::Month, Rule::Year) => format!("date_trunc('year', {twin}::timestamp)::date"),
        (Rule::Constant(_), Rule::Constant(value)) => value.clone(),
        _ => return None,
    })
}
