//! What only the whole description can tell: links, terms, processings, the key, the roles, names that collide.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::presumed;
use super::model::{Entity, Model, Visa};
use super::report::Sink;
use super::rules::{Nature, Rule};
use super::types::{SqlType, is_ident};

/// Judges a description that was read without refusal.
pub(super) fn whole(model: &Model, sink: &mut Sink) {
    if model.entities.is_empty() {
        sink.error(1, "la description ne porte aucune entité", "entites: { nom: { … } }");
    }
    let mut tables = BTreeSet::new();
    for entity in &model.entities {
        if !tables.insert(&entity.table) {
            sink.error(entity.line, format!("entites.{} : la table « {} » est déjà prise", entity.name, entity.table), "une table par entité");
        }
        columns(entity, sink);
        published(model, entity, sink);
        links(model, entity, sink);
        if entity.is_personal() {
            person(model, entity, sink);
        } else if entity.retention.is_some() || entity.follows.is_some() {
            sink.warn(entity.line, format!("entites.{} : aucune donnée personnelle, la conservation n'est pas appliquée", entity.name));
        }
    }
    if model.is_personal() {
        machinery(model, sink);
        assessments(model, sink);
    }
    contexts(model, sink);
}

fn columns(entity: &Entity, sink: &mut Sink) {
    let keys = entity.fields.iter().filter(|f| f.primary).count();
    if keys != 1 {
        sink.error(entity.line, format!("entites.{} : {keys} clés primaires", entity.name), "exactement un champ « cle_primaire: true »");
    }
    let mut names = BTreeMap::new();
    for field in &entity.fields {
        names.insert(field.name.as_str(), field.line);
    }
    for (field, personal) in entity.personal_fields() {
        if let Some(twin) = &personal.twin
            && names.insert(twin, field.line).is_some()
        {
            sink.error(
                field.line,
                format!("entites.{} : la copie « {twin} » porte le nom d'une autre colonne", entity.name),
                "regle: { …, copie: autre_nom }",
            );
        }
        let natural = field.primary && field.sql != SqlType::Uuid;
        if natural || (field.unique && !field.primary) {
            let kind = if field.primary { "clé primaire naturelle" } else { "clé unique" };
            sink.warn(
                field.line,
                format!(
                    "entites.{}.champs.{} : {kind} personnelle : elle révèle l'existence d'une personne à qui peut insérer",
                    entity.name, field.name
                ),
            );
        }
    }
    if entity.hold == entity.objection {
        sink.error(entity.line, format!("entites.{} : le gel et l'opposition portent la même colonne", entity.name), "deux colonnes différentes");
    }
}

/// The snapshot: one row per person, classes made of what generalises, nothing that names.
fn published(model: &Model, entity: &Entity, sink: &mut Sink) {
    if let Some(rows) = &entity.rows {
        let fits = |f: &&super::model::Field| f.name == rows.column && (f.sql.is_text() || f.sql.is_integer() || f.sql == SqlType::Uuid);
        if !entity.fields.iter().any(|f| fits(&f)) {
            let line = entity.line;
            let what = format!("entites.{}.lignes : « {} » n'est pas un champ texte, entier ou uuid", entity.name, rows.column);
            sink.error(line, what, "colonne: un champ de l'entité, parametre: un nom");
        }
    }
    let Some(snapshot) = &entity.snapshot else { return };
    let path = format!("entites.{}.jeu_diffusable", entity.name);
    if !model.complete() {
        sink.warn(snapshot.line, format!("{path} : le jeu diffusable est décrit mais n'est pas publié au niveau « essentiel »"));
        return;
    }
    if entity.retention.is_none() || !entity.is_personal() {
        sink.error(
            snapshot.line,
            format!("{path} : k compte des personnes, l'entité doit en porter une par ligne"),
            "une entité personnelle avec sa propre « conservation »",
        );
    }
    let mut seen = BTreeSet::new();
    for (name, quasi) in snapshot.quasi.iter().map(|n| (n, true)).chain(snapshot.attributes.iter().map(|n| (n, false))) {
        let Some(field) = entity.fields.iter().find(|f| f.name == *name) else {
            sink.error(snapshot.line, format!("{path} : le champ « {name} » n'existe pas"), "un champ de l'entité");
            continue;
        };
        if !seen.insert(name) {
            sink.error(snapshot.line, format!("{path} : le champ « {name} » est nommé deux fois"), "une fois, quasi-identifiant ou attribut");
        }
        let allowed = match &field.personal {
            None => field.reference.is_none() && !field.primary,
            Some(p) if quasi => p.rule == Rule::Keep || p.rule.nature() == Nature::QuasiIdentifier,
            Some(p) => matches!(p.rule.nature(), Nature::Degraded | Nature::Anonymising) && !p.rule.drawn_once() && p.rule != Rule::Suppression,
        };
        if !allowed {
            let admitted = if quasi {
                "un champ à règle « generalisation » ou « conserver », ou non personnel"
            } else {
                "un champ à règle « bruit » ou « constante », ou non personnel (ni clé ni lien)"
            };
            sink.error(snapshot.line, format!("{path} : « {name} » ne peut pas être publié ainsi"), admitted);
        }
    }
    for (i, name) in snapshot.order.iter().enumerate() {
        if !snapshot.quasi.contains(name) || snapshot.order[..i].contains(name) {
            sink.error(
                snapshot.line,
                format!("{path}.suppression_dans_l_ordre : « {name} » n'est pas un quasi-identifiant, ou revient"),
                &snapshot.quasi.join(", "),
            );
        }
    }
}

fn links(model: &Model, entity: &Entity, sink: &mut Sink) {
    for field in &entity.fields {
        let Some((to, column)) = &field.reference else { continue };
        let path = format!("entites.{}.champs.{}", entity.name, field.name);
        let Some(target) = model.entity(to) else {
            sink.error(field.line, format!("{path} : l'entité « {to} » n'existe pas"), &entity_names(model));
            continue;
        };
        let key = target.key();
        if key.name != *column || key.sql != field.sql {
            sink.error(field.line, format!("{path} : une référence vise la clé primaire, du même type"), &format!("{to}.{} ({})", key.name, key.sql));
        }
        let follows = entity.follows.as_ref().is_some_and(|f| f.entity == *to && f.by == field.name);
        if target.is_personal() && model.end(target).deletes() && !follows && to != &entity.name {
            sink.error(
                field.line,
                format!("{path} : les lignes de « {to} » sont supprimées à leur terme, cette référence l'empêcherait"),
                &format!("suit: {{ entite: {to}, par: {} }}", field.name),
            );
        }
    }
    let Some(follows) = &entity.follows else { return };
    let path = format!("entites.{}.suit", entity.name);
    match model.entity(&follows.entity) {
        None => sink.error(entity.line, format!("{path} : l'entité « {} » n'existe pas", follows.entity), &entity_names(model)),
        Some(parent) if !parent.is_personal() => {
            sink.error(
                entity.line,
                format!("{path} : « {} » ne porte pas de donnée personnelle et n'a pas d'échéance", follows.entity),
                "une entité qui porte une « conservation »",
            );
        }
        Some(_) => {
            let linked = entity.fields.iter().any(|f| f.name == follows.by && f.reference.as_ref().is_some_and(|(e, _)| *e == follows.entity));
            if !linked {
                sink.error(
                    entity.line,
                    format!("{path} : « {} » n'est pas une référence vers « {} »", follows.by, follows.entity),
                    &format!("un champ avec reference: {}.<clé>", follows.entity),
                );
            }
            if model.root(entity).follows.is_some() {
                sink.error(
                    entity.line,
                    format!("{path} : les entités se suivent en boucle"),
                    "une chaîne qui finit sur une entité avec « conservation »",
                );
            }
        }
    }
}

fn person(model: &Model, entity: &Entity, sink: &mut Sink) {
    let path = format!("entites.{}", entity.name);
    if entity.persons.is_none() {
        sink.error(entity.line, format!("{path} : données personnelles sans « personnes »"), "personnes: usager, agent…");
    }
    if entity.processings.is_empty() {
        sink.error(
            entity.line,
            format!("{path} : données personnelles sans traitement (finalité et base légale)"),
            "traitements: [identifiant d'un traitement]",
        );
    }
    for id in &entity.processings {
        if !model.processings.iter().any(|p| p.id == *id) {
            let known: Vec<&str> = model.processings.iter().map(|p| p.id.as_str()).collect();
            sink.error(entity.line, format!("{path} : le traitement « {id} » n'est pas décrit"), &known.join(", "));
        }
    }
    match (&entity.retention, &entity.follows) {
        (None, None) => sink.error(
            entity.line,
            format!("{path} : données personnelles sans échéance"),
            "conservation: { base_active: P3Y, depart: …, sort_final: … } ou suit: { entite: …, par: … }",
        ),
        (Some(_), Some(_)) => sink.error(entity.line, format!("{path} : « conservation » et « suit » à la fois"), "l'une ou l'autre"),
        (Some(r), None) => {
            moment(entity, &r.start, &format!("{path}.conservation"), entity.line, sink);
            if r.visa == Visa::Missing {
                sink.warn(entity.line, format!("{path} : visa d'élimination requis et référence absente : la purge reste bloquée (RG006)"));
            }
        }
        (None, Some(_)) => {}
    }
    for (field, personal) in entity.personal_fields() {
        if let Some((_, start)) = &personal.retention {
            moment(entity, start, &format!("{path}.champs.{}.conservation", field.name), field.line, sink);
        }
    }
}

fn moment(entity: &Entity, start: &str, path: &str, line: u64, sink: &mut Sink) {
    let moments: Vec<&str> = entity.fields.iter().filter(|f| f.sql.is_moment()).map(|f| f.name.as_str()).collect();
    match entity.fields.iter().find(|f| f.name == start && f.sql.is_moment()) {
        None => sink.error(line, format!("{path} : le départ « {start} » n'est pas une date de l'entité"), &moments.join(", ")),
        Some(field) if !field.required => {
            sink.warn(line, format!("{path} : le départ « {start} » peut être vide : une ligne sans cette date n'arrive jamais à échéance"));
        }
        Some(_) => {}
    }
}

fn machinery(model: &Model, sink: &mut Sink) {
    let roles = &model.roles;
    let needed = [
        ("publication", &roles.publication),
        ("lecture_pseudonymisee", &roles.pseudo),
        ("lecture_anonymisee", &roles.anon),
        ("dpo", &roles.dpo),
        ("purge", &roles.purge),
    ];
    for (key, name) in needed {
        if name.is_empty() {
            sink.error(
                1,
                format!("postgres.roles : le rôle « {key} » manque alors que le modèle porte des données personnelles"),
                &format!("{key}: <nom du rôle>"),
            );
        }
    }
    if model.controller.is_none() {
        sink.error(
            1,
            "le bloc « responsable » manque alors que le modèle porte des données personnelles",
            "responsable: { organisme, representant, dpo: { nom, contact } }",
        );
    }
    if model.keyed() && model.key.is_none() {
        let line =
            model.entities.iter().flat_map(Entity::personal_fields).find(|(_, p)| matches!(p.rule, Rule::Hmac { .. })).map_or(1, |(f, _)| f.line);
        sink.error(line, "une règle à clé (hachage_hmac) est employée et le bloc « cle » manque", "cle: { source: vault, chemin: …, rotation: P1Y }");
    }
}

/// Two criteria make an assessment presumed necessary: doing without one takes a reason.
fn assessments(model: &Model, sink: &mut Sink) {
    for p in &model.processings {
        let held: Vec<&str> = presumed(model, p).iter().filter(|c| c.held()).map(|c| c.code).collect();
        if held.len() >= 2 && !p.dpia_needed && p.dpia_reason.is_none() {
            sink.error(
                p.dpia_line,
                format!("traitements.{} : analyse d'impact présumée nécessaire ({}), et la description dit le contraire", p.id, held.join(", ")),
                "aipd: { necessaire: oui, reference: … }, ou motif: \"pourquoi elle n'est pas menée\"",
            );
        }
        if p.dpia_needed && p.dpia_reference.is_none() {
            sink.warn(p.dpia_line, format!("traitements.{} : analyse d'impact nécessaire, sa référence manque", p.id));
        }
    }
}

fn contexts(model: &Model, sink: &mut Sink) {
    let mut seen = BTreeMap::new();
    for (field, personal) in model.entities.iter().flat_map(Entity::personal_fields) {
        if let Rule::Hmac { context } = &personal.rule
            && let Some(first) = seen.insert(context.clone(), field.name.clone())
        {
            sink.error(
                field.line,
                format!("le contexte « {context} » sert déjà au champ « {first} » : deux champs se recouperaient"),
                "un contexte par champ : entite.champ.v1",
            );
        }
    }
    debug_assert!(model.entities.iter().all(|e| is_ident(&e.table, 0)));
}

fn entity_names(model: &Model) -> String {
    model.entities.iter().map(|e| e.name.as_str()).collect::<Vec<_>>().join(", ")
}
