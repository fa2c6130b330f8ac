//! What a new version may not do to the previous one: lose data unsaid, change a type, a key or the meaning of a copy that is
//! being read.

use super::super::model::{Entity, Field, Model, Tier};
use super::super::report::Sink;
use super::super::sql::{shown_columns, snapshot_columns};

/// Judges the change from `old` to `new`.
pub(super) fn whole(old: &Model, new: &Model, sink: &mut Sink) {
    if new.version <= old.version {
        sink.error(1, format!("la version {} ne suit pas la version {}", new.version, old.version), "modele.version: un numéro plus grand");
    }
    let names = |m: &Model| {
        let r = &m.roles;
        [&m.schema, &m.schema_anon, &r.owner, &r.app, &r.publication, &r.pseudo, &r.anon, &r.dpo, &r.purge].map(Clone::clone)
    };
    for (a, b) in names(old).into_iter().zip(names(new)) {
        if a != b && !a.is_empty() {
            sink.error(1, format!("« {a} » devient « {b} » : un schéma ou un rôle en service ne se renomme pas"), &a);
        }
    }
    if old.tier == Tier::Complete && new.tier == Tier::Essential {
        sink.error(1, "le niveau passe de « complet » à « essentiel » : visas et registre de la clé seraient perdus", "niveau: complet");
    }
    removals(old, new, sink);
    for entity in &new.entities {
        if let Some(before) = old.entity(&entity.name) {
            changed(before, entity, old, new, sink);
        } else if old.entities.iter().any(|e| e.table == entity.table) {
            sink.error(entity.line, format!("la table « {} » sert déjà à une autre entité", entity.table), "un autre nom de table");
        }
    }
}

/// Data goes away only when the author says so.
fn removals(old: &Model, new: &Model, sink: &mut Sink) {
    let said = |name: &str| new.removals.iter().any(|(n, _)| n == name);
    let mut gone = Vec::new();
    for entity in &old.entities {
        let Some(after) = new.entity(&entity.name) else {
            if !said(&entity.name) {
                let what = format!("l'entité « {} » disparaît : ses données seraient perdues", entity.name);
                sink.error(1, what, &format!("modele.retraits: [{}], ou gardez-la", entity.name));
            }
            gone.push(entity.name.clone());
            continue;
        };
        for field in &entity.fields {
            let kept = after.fields.iter().any(|f| f.name == field.name);
            let renamed = after.fields.iter().any(|f| f.renamed_from.as_deref() == Some(&field.name));
            let name = format!("{}.{}", entity.name, field.name);
            if !kept && !renamed {
                if !said(&name) {
                    let what = format!("le champ « {name} » disparaît : ses données seraient perdues");
                    sink.error(after.line, what, &format!("modele.retraits: [{name}], renomme_de: {} sur son successeur, ou gardez-le", field.name));
                }
                gone.push(name);
            }
        }
    }
    for (name, line) in &new.removals {
        if !gone.contains(name) {
            sink.error(
                *line,
                format!("« {name} » est annoncé retiré et ne l'est pas"),
                "une entité ou un champ de la version précédente, absent de celle-ci",
            );
        }
    }
}

fn changed(old: &Entity, new: &Entity, old_model: &Model, new_model: &Model, sink: &mut Sink) {
    let path = format!("entites.{}", new.name);
    if old.table != new.table {
        sink.error(new.line, format!("{path} : la table « {} » devient « {} »", old.table, new.table), &format!("table: {}", old.table));
    }
    if old.is_personal() && !new.is_personal() {
        sink.error(
            new.line,
            format!("{path} : l'entité cesse d'être personnelle, plus rien ne purgerait ce qu'elle garde"),
            "gardez ses champs personnels, ou retirez-les d'abord",
        );
    }
    if old.is_personal() && (old.hold != new.hold || old.objection != new.objection || old.retention.is_some() != new.retention.is_some()) {
        sink.error(
            new.line,
            format!("{path} : le gel, l'opposition ou l'échéance changent de colonne ou d'entité, ce qu'ils portent serait perdu"),
            &format!("les mêmes colonnes ({}, {}), la même entité de tête", old.hold, old.objection),
        );
    }
    for field in &new.fields {
        match (old.fields.iter().find(|f| f.name == field.name), &field.renamed_from) {
            (Some(before), None) => same(&path, before, field, sink),
            (Some(_), Some(from)) => {
                sink.error(
                    field.line,
                    format!("{path}.champs.{} : « {from} » ne peut pas prendre un nom déjà en service", field.name),
                    "un nom nouveau",
                );
            }
            (None, Some(from)) => renamed(&path, old, new, field, from, sink),
            (None, None) => added(&path, field, sink),
        }
    }
    readers(&path, (old_model, old), (new_model, new), sink);
}

/// A field that both versions know.
fn same(path: &str, old: &Field, new: &Field, sink: &mut Sink) {
    let path = format!("{path}.champs.{}", new.name);
    if old.sql != new.sql {
        sink.error(
            new.line,
            format!("{path} : le type {} devient {} ; la table serait réécrite sous verrou et les lectures préparées cassées", old.sql, new.sql),
            &format!("type: {}, ou un nouveau champ à côté de celui-ci", old.sql),
        );
    }
    if old.primary != new.primary || (new.reference.is_some() && old.reference != new.reference) {
        sink.error(new.line, format!("{path} : la clé ou le lien change"), "un nouveau champ à côté de celui-ci");
    }
    let (Some(a), Some(b)) = (&old.personal, &new.personal) else { return };
    if a.after != b.after {
        sink.error(
            new.line,
            format!("{path} : « apres_purge » change, les lignes déjà anonymisées portent l'ancienne valeur"),
            "la valeur de la version précédente",
        );
    }
    if a.rule != b.rule && a.twin.is_some() && a.twin == b.twin {
        let twin = a.twin.as_deref().unwrap_or_default();
        sink.error(
            new.line,
            format!("{path} : la règle change et la copie « {twin} » garde son nom, elle changerait de sens sous ses lecteurs"),
            &format!("regle: {{ …, copie: {}_r2 }} : les deux copies vivent ensemble jusqu'au retrait", new.name),
        );
    }
}

fn renamed(path: &str, old: &Entity, new: &Entity, field: &Field, from: &str, sink: &mut Sink) {
    let path = format!("{path}.champs.{}", field.name);
    match old.fields.iter().find(|f| f.name == from) {
        None => {
            let known: Vec<&str> = old.fields.iter().map(|f| f.name.as_str()).collect();
            sink.error(field.line, format!("{path} : la version précédente n'a pas de champ « {from} »"), &known.join(", "));
        }
        Some(before) if before.sql != field.sql || before.primary || before.reference != field.reference => {
            sink.error(
                field.line,
                format!("{path} : un renommage garde le type et le lien, et ne touche pas la clé"),
                &format!("type: {}", before.sql),
            );
        }
        Some(_) if new.fields.iter().any(|f| f.name == from) => {
            sink.error(field.line, format!("{path} : « {from} » est encore décrit"), "retirez-le : ses valeurs passent au nouveau nom");
        }
        Some(_) => {}
    }
}

fn added(path: &str, field: &Field, sink: &mut Sink) {
    if field.required && field.default.is_none() {
        sink.error(
            field.line,
            format!(
                "{path}.champs.{} : champ obligatoire ajouté sans défaut : les lignes en place et la version précédente n'en donnent pas",
                field.name
            ),
            "defaut: …, ou obligatoire: false",
        );
    }
}

/// What readers of the previous version see keeps its type under its name.
fn readers(path: &str, old: (&Model, &Entity), new: (&Model, &Entity), sink: &mut Sink) {
    let (before, after) = (shown_columns(old.1), shown_columns(new.1));
    for (column, name) in &before {
        let changed = after.iter().find(|(c, n)| n == name && c != column);
        let twin = |entity: &Entity, c: &str| entity.twin_fields().any(|(_, p)| p.twin.as_deref() == Some(c));
        if let Some((now, _)) = changed
            && twin(old.1, column)
        {
            sink.error(
                new.1.line,
                format!("{path} : dans la vue, « {name} » passerait de la copie « {column} » à « {now} » sous les lecteurs de la version précédente"),
                "regle: { …, copie: un autre nom } : la vue montre les deux",
            );
        }
    }
    let (before, after) = (snapshot_columns(old.0, old.1), snapshot_columns(new.0, new.1));
    for (name, kind) in &before {
        if let Some((_, now)) = after.iter().find(|(n, k)| n == name && k != kind) {
            sink.error(new.1.line, format!("{path}.jeu_diffusable : « {name} » passe du type {kind} à {now}"), "regle: { …, copie: un autre nom }");
        }
    }
}
