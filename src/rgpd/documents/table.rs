//! The register as a spreadsheet: controller, list of the processings, one sheet each, the data field by field, and the whole
//! description path by path, from which it can be written again without loss.

use serde_json::Value;

use super::super::model::{Entity, Field, Model};
use super::ods::{self, Cell, Sheet};
use super::{ground, register, term};

/// `registre-des-traitements.ods`.
pub(super) fn workbook(model: &Model) -> Vec<u8> {
    let mut sheets = vec![head(model), list(model)];
    sheets.extend(model.processings.iter().enumerate().map(|(n, p)| {
        let mut rows = vec![vec![text("Traitement"), text(&p.id)]];
        rows.extend(register::facts(model, p).into_iter().map(|(label, value)| vec![title(label), text(&value)]));
        rows[0][0] = title("Traitement");
        rows.push(Vec::new());
        rows.push(["Famille (CNIL)", "Champs", "Sensible", "Durée de conservation"].map(title).to_vec());
        rows.extend(register::families(model, p).into_iter().map(|row| row.map(|cell| text(&cell)).to_vec()));
        rows.push(Vec::new());
        rows.push(vec![title("Après une purge"), text(register::AFTER_PURGE)]);
        Sheet { name: format!("Fiche {}", n + 1), headings: 1, widths: vec![55, 110, 60, 60], rows }
    }));
    sheets.push(data(model));
    let mut rows = vec![["Chemin", "Valeur", "Nature"].map(title).to_vec()];
    flatten("", &model.raw, &mut rows);
    sheets.push(Sheet { name: "Description".into(), headings: 1, widths: vec![110, 100, 25], rows });
    ods::file(&sheets).unwrap_or_default()
}

fn title(text: &str) -> Cell {
    Cell::Head(text.to_owned())
}

/// Words to be read: a quotation mark or a colon never begins a line.
fn text(text: &str) -> Cell {
    let mut text = text.replace("« ", "«\u{a0}");
    for mark in ["»", ";", ":", "!", "?"] {
        text = text.replace(&format!(" {mark}"), &format!("\u{a0}{mark}"));
    }
    Cell::Text(text)
}

/// A value of the description, as it was written.
fn exact(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// Words, in the sheets that people read: a boolean is shown in the language of whoever opens it.
fn yes(is: bool) -> Cell {
    text(if is { "oui" } else { "non" })
}

fn head(model: &Model) -> Sheet {
    let mut rows = vec![
        vec![title("Registre des traitements"), text(&model.application)],
        vec![title("Tenu au titre de"), text("l'article 30 du RGPD, selon le modèle de registre de la CNIL")],
        vec![title("Écrit depuis"), text("modele.yaml : corriger la description, pas ce fichier")],
        vec![title("Version du modèle"), text(&model.version.to_string())],
        vec![title("Vocabulaire"), text(&format!("W3C DPV {}, familles du registre de la CNIL", model.dpv))],
    ];
    rows.extend(register::controller(model).into_iter().map(|(label, value)| vec![title(label), text(&value)]));
    if !model.is_personal() {
        rows.push(vec![title("Données personnelles"), text("aucune : le motif de chaque champ est dans la feuille « Données »")]);
    }
    Sheet { name: "Responsable".into(), headings: 0, widths: vec![65, 140], rows }
}

fn list(model: &Model) -> Sheet {
    let mut rows =
        vec![["N°", "Traitement", "Finalité", "Base légale", "Personnes concernées", "Données sensibles", "Analyse d'impact"].map(title).to_vec()];
    for (n, p) in model.processings.iter().enumerate() {
        let sensitive = register::concerned(model, p).flat_map(Entity::personal_fields).any(|(_, q)| q.article9.is_some() || q.nir_basis.is_some());
        rows.push(vec![
            Cell::Number((n + 1).to_string()),
            text(&p.id),
            text(&p.purpose),
            text(&ground(&p.basis, None)),
            text(&p.persons.join(", ")),
            yes(sensitive),
            yes(p.dpia_needed),
        ]);
    }
    Sheet { name: "Traitements".into(), headings: 1, widths: vec![12, 45, 80, 45, 40, 25, 25], rows }
}

fn data(model: &Model) -> Sheet {
    let titles = [
        "Table",
        "Champ",
        "Libellé",
        "Type",
        "Personnel",
        "Catégorie ou motif",
        "Famille (CNIL)",
        "Rôle",
        "Fondement (articles 9, NIR)",
        "Règle de la copie",
        "Nature de la copie (calculée)",
        "Conservation",
        "Clair lu par",
    ];
    let mut rows = vec![titles.map(title).to_vec()];
    for entity in &model.entities {
        for field in &entity.fields {
            let mut row = vec![text(&entity.table), text(&field.name), text(field.label.as_deref().unwrap_or("")), text(&field.sql.to_string())];
            row.push(yes(field.personal.is_some()));
            row.extend(tag(field));
            let own = field.personal.as_ref().and_then(|p| p.retention.as_ref()).map(|(d, start)| format!("{} après « {start} »", d.french()));
            let kept = if entity.is_personal() { own.unwrap_or_else(|| term(model, entity)) } else { String::new() };
            row.push(text(&kept));
            row.push(text(if field.personal.as_ref().is_none_or(|p| p.clear_to_app) { "application" } else { "personne" }));
            rows.push(row);
        }
    }
    Sheet { name: "Données".into(), headings: 1, widths: vec![28, 32, 40, 25, 24, 40, 30, 32, 50, 50, 32, 55, 22], rows }
}

/// Category, family, role, grounds, rule, nature.
fn tag(field: &Field) -> Vec<Cell> {
    let Some(p) = &field.personal else {
        let mut cells = vec![text(field.reason.as_deref().unwrap_or(""))];
        cells.resize(6, Cell::Empty);
        return cells;
    };
    let special = p.article9.as_ref().map(|(term, why)| ground(term, Some(why)));
    let grounds = special.into_iter().chain(p.nir_basis.clone()).collect::<Vec<_>>().join(" ; ");
    let nature = if p.twin.is_some() { p.rule.nature().word() } else { "sans copie" };
    vec![text(&p.category), text(&p.family), text(&p.role), text(&grounds), text(&p.rule.french()), text(nature)]
}

/// Every value of the description, by its path: keys are identifiers, so that `.` and `[n]` are never part of one.
fn flatten(path: &str, value: &Value, rows: &mut Vec<Vec<Cell>>) {
    let mut leaf = |value: Cell, kind: &str| rows.push(vec![exact(path), value, exact(kind)]);
    match value {
        Value::Null => leaf(Cell::Empty, "vide"),
        Value::Bool(b) => leaf(Cell::Bool(*b), "booléen"),
        Value::Number(n) => leaf(Cell::Number(n.to_string()), "nombre"),
        Value::String(t) => leaf(exact(t), "texte"),
        Value::Array(items) if items.is_empty() => leaf(Cell::Empty, "liste vide"),
        Value::Object(entries) if entries.is_empty() => leaf(Cell::Empty, "bloc vide"),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| flatten(&format!("{path}[{n}]"), item, rows)),
        Value::Object(entries) => {
            for (key, value) in entries {
                flatten(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value, rows);
            }
        }
    }
}
