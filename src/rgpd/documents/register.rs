//! The register of article 30, one sheet per processing: the same facts for the text and for the spreadsheet.

use std::fmt::Write as _;

use super::super::model::{Entity, Model, Processing};
use super::super::vocabulary::{CRITERIA, FAMILIES};
use super::{ground, md, term};

/// What stays true after a purge, whatever the rules (measured): it belongs in the register.
pub(super) const AFTER_PURGE: &str = "Après une purge, la valeur claire peut demeurer dans les fichiers de la base jusqu'à leur réécriture (VACUUM FULL ou équivalent), dans les journaux de transaction et dans les sauvegardes jusqu'à leur rotation ; après une restauration, la purge et les effacements demandés sont rejoués.";

/// `registre-des-traitements.md`.
pub(super) fn register(model: &Model) -> String {
    let mut out = format!(
        "# Registre des traitements — {}\n\nTenu au titre de l'article 30 du RGPD, selon le modèle de registre de la CNIL : une fiche par traitement. Le même registre, en tableur : `registre-des-traitements.ods`.\nÉcrit depuis `modele.yaml` (version {} du modèle, vocabulaire W3C DPV {}) : corriger la description, pas ce fichier.\nCe qui reste à renseigner porte « a-completer ». À faire relire par le délégué à la protection des données.\n",
        md(&model.application),
        model.version,
        md(&model.dpv)
    );
    if !model.is_personal() {
        out.push_str(
            "\nLe modèle ne porte aucune donnée à caractère personnel. Motif de chaque champ :\n\n| Table | Champ | Motif |\n|---|---|---|\n",
        );
        for entity in &model.entities {
            for field in &entity.fields {
                let _ = writeln!(out, "| {} | {} | {} |", md(&entity.table), md(&field.name), md(field.reason.as_deref().unwrap_or("—")));
            }
        }
        return out;
    }
    out.push_str("\n## Responsable du traitement\n\n| | |\n|---|---|\n");
    for (label, value) in controller(model) {
        let _ = writeln!(out, "| {label} | {} |", md(&value));
    }
    for (n, processing) in model.processings.iter().enumerate() {
        let _ = write!(out, "\n## Fiche {} : {}\n\n| | |\n|---|---|\n", n + 1, md(&processing.id));
        for (label, value) in facts(model, processing) {
            let _ = writeln!(out, "| {label} | {} |", md(&value));
        }
        out.push_str("\n### Catégories de données\n\n| Famille (CNIL) | Champs | Sensible | Durée de conservation |\n|---|---|---|---|\n");
        for row in families(model, processing) {
            let _ = writeln!(out, "| {} |", row.map(|cell| md(&cell)).join(" | "));
        }
        let _ = write!(out, "\n{AFTER_PURGE}\n");
    }
    out
}

/// Who answers for the processing.
pub(super) fn controller(model: &Model) -> Vec<(&'static str, String)> {
    model.controller.as_ref().map_or_else(Vec::new, |c| {
        vec![
            ("Organisme", c.organisation.clone()),
            ("Représentant", c.representative.clone()),
            ("Délégué à la protection des données", c.dpo_name.clone()),
            ("Contact du délégué", c.dpo_contact.clone()),
        ]
    })
}

fn none(text: String) -> String {
    if text.is_empty() { "—".to_owned() } else { text }
}

/// The lines of a sheet, before the categories of data.
pub(super) fn facts(model: &Model, p: &Processing) -> Vec<(&'static str, String)> {
    let recipients = p.recipients.iter().map(|(name, kind)| format!("{name} ({kind})")).collect::<Vec<_>>().join(" ; ");
    vec![
        ("Finalité", p.purpose.clone()),
        ("Finalité (DPV)", none(p.purpose_dpv.clone().unwrap_or_default())),
        ("Base légale (article 6)", ground(&p.basis, p.basis_text.as_deref())),
        ("Personnes concernées", none(p.persons.join(", "))),
        ("Destinataires", none(recipients)),
        ("Transferts hors de l'Union européenne", p.transfers.clone()),
        ("Analyse d'impact (AIPD)", assessment(model, p)),
        ("Mesures de sécurité", none(p.security.iter().map(|s| s.replace('-', " ")).collect::<Vec<_>>().join(" ; "))),
        (
            "Source des données",
            if p.snapshot_only { "jeu diffusable (niveau « complet »), jamais la base vivante" } else { "base de l'application" }.to_owned(),
        ),
    ]
}

fn assessment(model: &Model, p: &Processing) -> String {
    let held: Vec<&str> = super::presumed(model, p).iter().filter(|c| c.held()).map(|c| c.code).collect();
    let words: Vec<&str> = CRITERIA.iter().filter(|(code, _)| held.contains(code)).map(|(_, words)| *words).collect();
    let criteria = if words.is_empty() { String::new() } else { format!(" ({})", words.join(" ; ")) };
    match (p.dpia_needed, &p.dpia_reference, &p.dpia_reason) {
        (true, Some(reference), _) => format!("nécessaire{criteria}, référence {reference}"),
        (true, None, _) => format!("nécessaire{criteria}, référence a-completer"),
        (false, _, Some(reason)) => format!("non nécessaire, selon la description{criteria} : {reason}"),
        (false, _, None) => format!("non nécessaire, selon la description{criteria}"),
    }
}

/// Family, fields, legal grounds of the sensitive ones, term.
pub(super) fn families(model: &Model, p: &Processing) -> Vec<[String; 4]> {
    let entities: Vec<&Entity> = concerned(model, p).collect();
    let mut rows = Vec::new();
    for (code, family) in FAMILIES {
        for entity in &entities {
            let fields: Vec<_> = entity.personal_fields().filter(|(_, q)| q.family == code).collect();
            if fields.is_empty() {
                continue;
            }
            let names = fields.iter().map(|(f, q)| format!("{}.{} ({})", entity.table, f.name, q.category)).collect::<Vec<_>>().join(", ");
            let special = fields.iter().filter_map(|(_, q)| q.article9.as_ref().map(|(term, why)| ground(term, Some(why))));
            let nir = fields.iter().filter_map(|(_, q)| q.nir_basis.clone());
            let grounds = special.chain(nir).collect::<Vec<_>>().join(" ; ");
            rows.push([family.to_owned(), names, none(grounds), term(model, entity)]);
        }
    }
    rows
}

/// The entities that a processing reads.
pub(super) fn concerned<'a>(model: &'a Model, p: &'a Processing) -> impl Iterator<Item = &'a Entity> {
    model.entities.iter().filter(|e| e.processings.contains(&p.id) && e.is_personal())
}
