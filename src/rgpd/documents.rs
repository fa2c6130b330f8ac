//! The documents in French: register of processing (CNIL's model, one sheet per processing), rights and retention.

use std::fmt::Write as _;

use super::Output;
use super::model::{Entity, Model, Processing};
use super::report::RgpdWarning;
use super::vocabulary::FAMILIES;

/// All documents of `model`.
pub(super) fn files(model: &Model, warnings: &[RgpdWarning]) -> Vec<Output> {
    vec![
        Output { path: "registre-des-traitements.md".into(), content: register(model) },
        Output { path: "droits-et-durees.md".into(), content: rights(model, warnings) },
    ]
}

/// Text of the author in a Markdown table or line: one line, no syntax of its own.
fn md(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn register(model: &Model) -> String {
    let mut out = format!(
        "# Registre des traitements — {}\n\nTenu au titre de l'article 30 du RGPD, selon le modèle de registre de la CNIL : une fiche par traitement.\nÉcrit depuis `modele.yaml` (version {} du modèle, vocabulaire W3C DPV {}) : corriger la description, pas ce fichier.\nCe qui reste à renseigner porte « a-completer ». À faire relire par le délégué à la protection des données.\n",
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
    if let Some(c) = &model.controller {
        let _ = write!(
            out,
            "\n## Responsable du traitement\n\n| | |\n|---|---|\n| Organisme | {} |\n| Représentant | {} |\n| Délégué à la protection des données | {} |\n| Contact du délégué | {} |\n",
            md(&c.organisation),
            md(&c.representative),
            md(&c.dpo_name),
            md(&c.dpo_contact)
        );
    }
    for (n, p) in model.processings.iter().enumerate() {
        sheet(model, p, n + 1, &mut out);
    }
    out
}

fn sheet(model: &Model, p: &Processing, n: usize, out: &mut String) {
    let entities: Vec<&Entity> = model.entities.iter().filter(|e| e.processings.contains(&p.id) && e.is_personal()).collect();
    let none = |text: String| if text.is_empty() { "—".to_owned() } else { text };
    let basis = p.basis_text.as_ref().map_or_else(|| md(&p.basis), |t| format!("{} — {}", md(&p.basis), md(t)));
    let recipients = p.recipients.iter().map(|(name, kind)| format!("{} ({})", md(name), md(kind))).collect::<Vec<_>>().join(" ; ");
    let security = p.security.iter().map(|s| md(&s.replace('-', " "))).collect::<Vec<_>>().join(" ; ");
    let dpia = match (p.dpia_needed, &p.dpia_reference) {
        (true, Some(reference)) => format!(
            "nécessaire ({}), référence {}",
            p.dpia_criteria.iter().map(|c| md(&c.replace('-', " "))).collect::<Vec<_>>().join(", "),
            md(reference)
        ),
        (true, None) => "nécessaire, référence a-completer".into(),
        (false, _) => "non nécessaire, selon la description".into(),
    };
    let _ = write!(
        out,
        "\n## Fiche {n} : {}\n\n| | |\n|---|---|\n| Finalité | {} |\n| Finalité (DPV) | {} |\n| Base légale (article 6) | {basis} |\n| Personnes concernées | {} |\n| Destinataires | {} |\n| Transferts hors de l'Union européenne | {} |\n| Analyse d'impact (AIPD) | {dpia} |\n| Mesures de sécurité | {} |\n| Source des données | {} |\n",
        md(&p.id),
        md(&p.purpose),
        none(p.purpose_dpv.as_deref().map(md).unwrap_or_default()),
        none(p.persons.iter().map(|s| md(s)).collect::<Vec<_>>().join(", ")),
        none(recipients),
        md(&p.transfers),
        none(security),
        if p.snapshot_only { "jeu diffusable (niveau « complet »), jamais la base vivante" } else { "base de l'application" },
    );
    out.push_str("\n### Catégories de données\n\n| Famille (CNIL) | Champs | Sensible | Durée de conservation |\n|---|---|---|---|\n");
    for (code, family) in FAMILIES {
        for entity in &entities {
            let fields: Vec<_> = entity.personal_fields().filter(|(_, q)| q.family == code).collect();
            if fields.is_empty() {
                continue;
            }
            let names =
                fields.iter().map(|(f, q)| format!("{}.{} ({})", md(&entity.table), md(&f.name), md(&q.category))).collect::<Vec<_>>().join(", ");
            let special: Vec<String> =
                fields.iter().filter_map(|(_, q)| q.article9.as_ref().map(|(t, why)| format!("{} — {}", md(t), md(why)))).collect();
            let nir: Vec<String> = fields.iter().filter_map(|(_, q)| q.nir_basis.as_ref().map(|t| md(t))).collect();
            let _ = writeln!(out, "| {} | {names} | {} | {} |", family, none([special, nir].concat().join(" ; ")), term(model, entity));
        }
    }
    out.push_str(
        "\nAprès une purge, la valeur claire peut demeurer dans les fichiers de la base jusqu'à leur réécriture (VACUUM FULL ou équivalent), dans les journaux de transaction et dans les sauvegardes jusqu'à leur rotation ; après une restauration, la purge et les effacements demandés sont rejoués.\n",
    );
}

fn term(model: &Model, entity: &Entity) -> String {
    let root = model.root(entity);
    let Some(r) = &root.retention else { return "—".into() };
    let mut text = format!("{} après « {} », puis {}", r.duration.french(), md(&r.start), r.end.word());
    if root.name != entity.name {
        let _ = write!(text, " (suit « {} »)", md(&root.name));
    }
    if let Some((duration, why)) = &r.archive {
        let _ = write!(text, " ; archivage intermédiaire {} ({}), dans une base séparée", duration.french(), md(why));
    }
    text
}

fn rights(model: &Model, warnings: &[RgpdWarning]) -> String {
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
            term(model, entity)
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
        if entity.snapshot {
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
