//! Who may do what, and how long each datum is kept.

use std::fmt::Write as _;

use super::super::model::Model;
use super::super::report::RgpdWarning;
use super::{md, term};

/// `droits-et-durees.md`.
pub(super) fn rights(model: &Model, warnings: &[RgpdWarning]) -> String {
    let mut out = format!(
        "# Droits et durées — {}\n\nÉcrit depuis `modele.yaml` (version {}) : corriger la description, pas ce fichier.\n\n## Rôles de la base\n\n| Rôle | Ce qu'il peut |\n|---|---|\n",
        md(&model.application),
        model.version
    );
    let r = &model.roles;
    let mut role = |name: &str, what: &str| {
        let _ = writeln!(out, "| `{name}` | {what} |");
    };
    role(&r.owner, "propriétaire des tables ; migrations seulement, jamais l'application");
    role(&r.app, "lit et écrit le clair ; n'écrit ni copie ni colonne de gestion");
    if model.is_personal() {
        role(&r.publication, "possède les vues ; ne lit que les copies");
        role(&r.pseudo, "lit les vues pseudonymisées (restent des données personnelles)");
        role(&r.anon, "lira le seul jeu diffusable (niveau « complet ») ; rien aujourd'hui");
        role(&r.dpo, "catalogue, journal, autocontrôle, et fonctions tracées d'accès, d'effacement et de gel");
        role(&r.purge, "exécute les lots de conservation ; ne lit aucune table");
    }
    for entity in &model.entities {
        let _ = write!(out, "\n## Table `{}`\n\n", entity.table);
        if !entity.is_personal() {
            out.push_str("Aucune donnée à caractère personnel.\n");
            continue;
        }
        let _ = write!(
            out,
            "Conservation : {}.\n\n| Champ | Catégorie | Règle de la copie | Nature de la copie (calculée) | Clair lu par | Durée propre |\n|---|---|---|---|---|---|\n",
            md(&term(model, entity))
        );
        for field in &entity.fields {
            let Some(p) = &field.personal else {
                let _ = writeln!(
                    out,
                    "| {} | non personnel : {} | — | — | application, lecture pseudonymisée | — |",
                    md(&field.name),
                    md(field.reason.as_deref().unwrap_or(""))
                );
                continue;
            };
            let own = p.retention.as_ref().map_or_else(|| "—".into(), |(d, s)| format!("{} après « {} »", d.french(), md(s)));
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {own} |",
                md(&field.name),
                md(&p.category),
                p.rule.french(),
                if p.twin.is_some() { p.rule.nature().word() } else { "sans copie" },
                if p.clear_to_app { "application" } else { "personne" },
            );
        }
        out.push_str(
            "\nLa nature est celle de la valeur copiée. La vue garde une ligne par personne : dans son ensemble, elle reste une pseudonymisation.\n",
        );
        let guidance: Vec<String> =
            entity.personal_fields().filter_map(|(f, p)| p.guidance.as_ref().map(|g| format!("- `{}` : {}\n", f.name, md(g)))).collect();
        if !guidance.is_empty() {
            let _ = write!(out, "\nConsignes de saisie :\n\n{}", guidance.concat());
        }
        if entity.retention.is_some() {
            let t = &entity.table;
            let _ = write!(
                out,
                "\n| Droit de la personne | Moyen |\n|---|---|\n| Accès et portabilité (articles 15 et 20) | `rgpd.exporter_{t}(id, référence)` par le délégué |\n| Effacement (article 17) | `rgpd.effacer_{t}(id, référence)` par le délégué ; à tenir aussi dans un registre externe, pour le rejouer après une restauration |\n| Limitation (article 18) | `rgpd.geler_{t}(id, date, référence)` : la purge et l'effacement attendent |\n| Opposition (article 21) | colonne `{}` : la ligne sort des vues pseudonymisées |\n",
                entity.objection
            );
        }
        if entity.follows.is_some() {
            out.push_str(
                "\nL'opposition portée par l'entité suivie ne retire pas ces lignes de leur vue pseudonymisée (aucun lien n'y est lisible).\n",
            );
        }
        if entity.snapshot.is_some() {
            out.push_str("\nUn jeu diffusable est décrit ; il n'est pas publié au niveau « essentiel ».\n");
        }
    }
    if let Some(key) = model.key.as_ref().filter(|_| model.keyed()) {
        let _ = write!(
            out,
            "\n## Clé des pseudonymes\n\nSource : {}, chemin `{}`, rotation tous les {}. Remise au seul lot de conservation, par un fichier monté ; jamais en base.\n",
            md(&key.source),
            md(&key.path),
            key.rotation.french()
        );
    }
    if !warnings.is_empty() {
        out.push_str("\n## Points d'attention\n\n");
        for w in warnings {
            let _ = writeln!(out, "- ligne {} : {}", w.line, md(&w.what));
        }
    }
    out
}
