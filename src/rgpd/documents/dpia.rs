//! Whether an impact assessment (article 35) is presumed necessary: the nine criteria, those that the model itself shows and
//! those that only people know.

use std::fmt::Write as _;

use super::super::model::{Model, Processing};
use super::super::vocabulary::{self, CRITERIA};
use super::{md, register};

/// One criterion, for one processing.
pub(in crate::rgpd) struct Criterion {
    pub code: &'static str,
    pub words: &'static str,
    /// The description says so.
    pub declared: bool,
    /// What in the model shows it.
    pub shown: Vec<String>,
    /// What suggests it, for people to look at; it does not count.
    pub hints: Vec<String>,
}

impl Criterion {
    pub fn held(&self) -> bool {
        self.declared || !self.shown.is_empty()
    }
}

/// Words of data subjects whose consent or objection is hard: minors, patients, employees… (WP 248, criterion 7).
const VULNERABLE: [&str; 12] =
    ["enfant", "mineur", "élève", "eleve", "patient", "agent", "salarié", "salarie", "asile", "détenu", "detenu", "victime"];

/// The nine criteria of a processing.
pub(in crate::rgpd) fn presumed(model: &Model, p: &Processing) -> Vec<Criterion> {
    CRITERIA
        .iter()
        .map(|(code, words)| {
            let (mut shown, mut hints) = (Vec::new(), Vec::new());
            match *code {
                "donnees-sensibles" => {
                    for entity in register::concerned(model, p).filter(|_| !p.snapshot_only) {
                        for (field, q) in entity.personal_fields() {
                            let special = q.article9.is_some() || q.delicate || q.nir_basis.is_some() || vocabulary::is_criminal(&q.category);
                            if special || q.family == "infraction" {
                                shown.push(format!("{}.{} ({})", entity.table, field.name, q.category));
                            }
                        }
                    }
                }
                "personnes-vulnerables" => {
                    let named = register::concerned(model, p).filter_map(|e| e.persons.clone()).chain(p.persons.iter().cloned());
                    hints = named.filter(|n| VULNERABLE.iter().any(|w| n.to_lowercase().contains(w))).collect();
                    hints.sort();
                    hints.dedup();
                }
                "croisement-donnees" if register::concerned(model, p).count() > 4 => hints.push("plus de quatre objets métiers réunis".to_owned()),
                _ => {}
            }
            Criterion { code, words, declared: p.dpia_criteria.iter().any(|c| c == code), shown, hints }
        })
        .collect()
}

/// `aipd.md`.
pub(super) fn dpia(model: &Model) -> String {
    let mut out = format!(
        "# Analyse d'impact : présomption — {}\n\nÉcrit depuis `modele.yaml` (version {}) : corriger la description, pas ce fichier.\nUne analyse d'impact (AIPD, article 35 du RGPD) est présumée nécessaire dès que deux des neuf critères des lignes directrices WP 248 sont remplis. Le modèle montre ce qu'il porte ; le reste se déclare dans `aipd.criteres`. Cette présomption ne remplace ni l'analyse, ni l'avis du délégué.\n",
        md(&model.application),
        model.version
    );
    if !model.is_personal() {
        out.push_str("\nLe modèle ne porte aucune donnée à caractère personnel : aucune analyse n'est présumée.\n");
        return out;
    }
    for p in &model.processings {
        let criteria = presumed(model, p);
        let _ = write!(out, "\n## {}\n\n{}\n\n| Critère | Retenu | Ce qui le montre |\n|---|---|---|\n", md(&p.id), md(&p.purpose));
        for c in &criteria {
            let mut why = Vec::new();
            if c.declared {
                why.push("déclaré dans la description".to_owned());
            }
            if !c.shown.is_empty() {
                why.push(format!("le modèle : {}", c.shown.join(", ")));
            }
            if !c.hints.is_empty() && !c.declared {
                why.push(format!("à examiner : {}", c.hints.join(", ")));
            }
            let held = if c.held() { "oui" } else { "—" };
            let _ = writeln!(
                out,
                "| {} | {held} | {} |",
                c.words,
                if why.is_empty() { "à examiner par une personne".into() } else { md(&why.join(" ; ")) }
            );
        }
        let count = criteria.iter().filter(|c| c.held()).count();
        let verdict = match (count >= 2, p.dpia_needed) {
            (true, true) => "analyse présumée nécessaire, et déclarée telle",
            (true, false) => "analyse présumée nécessaire, écartée par la description",
            (false, true) => "analyse déclarée nécessaire",
            (false, false) => "pas de présomption à ce jour, à revoir si le traitement change",
        };
        let reference = match (&p.dpia_reference, &p.dpia_reason) {
            (Some(reference), _) => format!(" Référence : {}.", md(reference)),
            (None, Some(reason)) => format!(" Motif : {}.", md(reason)),
            (None, None) if p.dpia_needed => " Référence : a-completer.".to_owned(),
            (None, None) => String::new(),
        };
        let _ = write!(out, "\n{count} critères sur neuf : {verdict}.{reference}\n");
    }
    out
}
