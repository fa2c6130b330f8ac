//! The diagram of the model, in Mermaid: forges show it, and a text diff shows what changed.

use std::fmt::Write as _;

use super::super::model::{Field, Model};
use super::md;

/// `diagramme.md`.
pub(super) fn diagram(model: &Model) -> String {
    let mut out = format!(
        "# Diagramme du modèle — {}\n\nÉcrit depuis `modele.yaml` (version {}) : corriger la description, pas ce fichier. « ● » : donnée personnelle ; « ●● » : catégorie particulière (article 9).\n\n```mermaid\nerDiagram\n",
        md(&model.application),
        model.version
    );
    for entity in &model.entities {
        let _ = writeln!(out, "  \"{}\" {{", entity.table);
        for field in &entity.fields {
            let _ = writeln!(out, "    {} {}{}{}", kind(field), field.name, keys(field), note(field));
        }
        out.push_str("  }\n");
    }
    for entity in &model.entities {
        for field in &entity.fields {
            let Some(target) = field.reference.as_ref().and_then(|(name, _)| model.entity(name)) else { continue };
            let (one, many) = (if field.required { "||" } else { "|o" }, if field.unique { "o|" } else { "o{" });
            let _ = writeln!(out, "  \"{}\" {one}--{many} \"{}\" : \"{}\"", target.table, entity.table, field.name);
        }
    }
    out.push_str("```\n");
    out
}

/// Mermaid takes letters, digits, `_` and `-` in a type.
fn kind(field: &Field) -> String {
    field.sql.to_string().replace(['(', ','], "_").replace(')', "")
}

fn keys(field: &Field) -> String {
    let keys: Vec<&str> = [(field.primary, "PK"), (field.reference.is_some(), "FK"), (field.unique && !field.primary, "UK")]
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, k)| *k)
        .collect();
    if keys.is_empty() { String::new() } else { format!(" {}", keys.join(", ")) }
}

fn note(field: &Field) -> String {
    let Some(personal) = &field.personal else { return String::new() };
    format!(" \"{} {}, {}\"", if field.special() { "●●" } else { "●" }, personal.category, personal.rule.name())
}
