//! Reads one entity: its table, its term, who follows whom; its fields are read by `read_field`.

use super::block::{Block, named};
use super::model::{After, End, Entity, Field, Follows, Personal, Retention, RowFilter, Snapshot, Visa};
use super::read_field::field;
use super::report::Sink;
use super::rules::Rule;
use super::types::{SqlType, is_ident};
use crate::yaml::Node;

/// Bytes kept free for what the generators append to a table's name (`_rgpd_anonymise_<digest>`, `attester_transfert_…`).
const TABLE_RESERVE: usize = 24;

/// Reads `entites.<name>`.
pub(super) fn entity(name: &str, line: u64, node: &Node, suffix: &str, sink: &mut Sink) -> Option<Entity> {
    let path = format!("entites.{name}");
    let mut block = Block::new(node, &path, sink);
    if !is_ident(name, TABLE_RESERVE) {
        sink.error(line, format!("le nom d'entité « {name} » ne convient pas"), "^[a-z_][a-z0-9_]*$, 39 caractères au plus");
        return None;
    }
    let table = block.text("table", sink).unwrap_or_else(|| name.to_owned());
    if !is_ident(&table, TABLE_RESERVE) || table.starts_with("pg_") {
        sink.error(
            block.line_of("table"),
            format!("le nom de table « {table} » ne convient pas"),
            "^[a-z_][a-z0-9_]*$, 39 caractères au plus, sans préfixe pg_",
        );
        return None;
    }
    let label = block.text("libelle", sink);
    let persons = block.text("personnes", sink);
    let processings = block.texts("traitements", sink);
    let (mut retention, mut hold) = (None, "rgpd_gel_jusqu_au".to_owned());
    if let Some(b) = block.block("conservation", sink) {
        (retention, hold) = read_retention(b, sink);
    }
    let follows = block.block("suit", sink).and_then(|mut b| {
        let (entity, by) = (b.need_text("entite", sink), b.need_text("par", sink));
        b.finish(sink);
        Some(Follows { entity: entity?, by: by? })
    });
    let mut objection = "rgpd_opposition".to_owned();
    if let Some(mut b) = block.block("droits_des_personnes", sink) {
        for key in ["acces", "effacement"] {
            if b.text(key, sink).is_some_and(|v| v != "fonction") {
                sink.error(b.line_of(key), format!("« {key} » ne convient pas"), "fonction");
            }
        }
        if let Some(column) = b.text("opposition", sink) {
            managed(&column, b.line_of("opposition"), sink);
            objection = column;
        }
        if let Some(column) = b.text("limitation", sink) {
            managed(&column, b.line_of("limitation"), sink);
            hold = column;
        }
        b.finish(sink);
    }
    let snapshot = block.block("jeu_diffusable", sink).and_then(|b| read_snapshot(b, sink));
    let rows = block.block("lignes", sink).and_then(|mut b| {
        let (column, parameter) = (b.need_text("colonne", sink), b.need_text("parametre", sink));
        if parameter.as_ref().is_some_and(|p| !is_ident(p, 0)) {
            sink.error(b.line_of("parametre"), "« parametre » ne convient pas", "^[a-z_][a-z0-9_]*$ : le réglage de session <schéma>.<paramètre>");
        }
        b.finish(sink);
        Some(RowFilter { column: column?, parameter: parameter? })
    });
    let mut fields: Vec<Field> = match block.need("champs", sink) {
        Some(n) => named(n, &format!("{path}.champs"), sink).into_iter().filter_map(|(n, l, v)| field(&path, n, l, v, suffix, sink)).collect(),
        None => Vec::new(),
    };
    let has_persons = persons.is_some() || fields.iter().any(|f| f.personal.is_some());
    if has_persons {
        untagged_moments(&path, &mut fields, suffix, sink);
    }
    block.finish(sink);
    let mut own = node.value();
    if let Some(entries) = own.as_object_mut() {
        entries.shift_remove("champs");
    }
    Some(Entity {
        block: own,
        name: name.to_owned(),
        line,
        table,
        label,
        persons,
        processings,
        retention,
        follows,
        hold,
        objection,
        snapshot,
        rows,
        fresh: false,
        fields,
    })
}

/// A fine time stamp singles a row out: in an entity about people it is a quasi-identifier unless tagged otherwise.
fn untagged_moments(path: &str, fields: &mut [Field], suffix: &str, sink: &mut Sink) {
    for field in fields.iter_mut().filter(|f| f.sql == SqlType::Timestamptz && f.personal.is_none()) {
        sink.warn(
            field.line,
            format!(
                "{path}.champs.{} : horodatage fin d'une entité qui porte des personnes, traité comme quasi-identifiant (généralisé au mois)",
                field.name
            ),
        );
        field.personal = Some(default_moment(&field.name, suffix));
    }
}

/// The tag of a time stamp that says nothing more than `personnel: true`.
pub(super) fn default_moment(name: &str, suffix: &str) -> Personal {
    Personal {
        category: "pd:Transactional".into(),
        family: "connexion".into(),
        role: "quasi-identifiant".into(),
        article9: None,
        nir_basis: None,
        delicate: false,
        retention: None,
        rule: Rule::Month,
        twin: Some(format!("{name}{suffix}")),
        own_name: false,
        after: After::Month,
        clear_to_app: true,
        pseudonym_to_reader: true,
        guidance: None,
    }
}

/// The smallest threshold that is accepted: below five, a class is a household.
const K_FLOOR: i64 = 5;

fn read_snapshot(mut block: Block<'_>, sink: &mut Sink) -> Option<Snapshot> {
    let line = block.line;
    let node = block.need("k", sink);
    let k = node.and_then(crate::yaml::Node::as_i64).filter(|n| (K_FLOOR..=100_000).contains(n)).and_then(|n| u32::try_from(n).ok());
    if let (Some(node), None) = (node, k) {
        sink.error(node.line, "« k » ne convient pas", "un entier de 5 à 100000 : la plus petite classe publiée");
    }
    let quasi = block.texts("quasi_identifiants", sink);
    if quasi.is_empty() {
        sink.error(line, "jeu diffusable sans quasi-identifiant : aucune classe à contrôler", "quasi_identifiants: [champ, …]");
    }
    let order = block.texts("suppression_dans_l_ordre", sink);
    let attributes = block.texts("attributs", sink);
    let cadence = block.need_duration("cadence", sink);
    block.finish(sink);
    Some(Snapshot { line, k: k?, quasi, order, attributes, cadence: cadence? })
}

fn managed(column: &str, line: u64, sink: &mut Sink) {
    if !(column.starts_with("rgpd_") && is_ident(column, 0)) || ["rgpd_anonymise_le", "rgpd_complet", "rgpd_transfere_le"].contains(&column) {
        sink.error(
            line,
            format!("la colonne de gestion « {column} » ne convient pas"),
            "un nom qui commence par rgpd_ et n'est pas déjà pris (rgpd_gel_jusqu_au, rgpd_opposition)",
        );
    }
}

fn read_retention(mut block: Block<'_>, sink: &mut Sink) -> (Option<Retention>, String) {
    let duration = block.need_duration("base_active", sink);
    let start = block.need_text("depart", sink);
    let end = match block.need_text("sort_final", sink).as_deref() {
        Some("anonymisation") => Some(End::Anonymise),
        Some("suppression") => Some(End::Delete),
        Some("transfert-puis-suppression") => Some(End::TransferThenDelete),
        Some("versement") => Some(End::Deposit),
        Some(other) => {
            sink.error(
                block.line_of("sort_final"),
                format!("le sort final « {other} » est inconnu"),
                "anonymisation, suppression, transfert-puis-suppression, versement",
            );
            None
        }
        None => None,
    };
    let archive = block.block("archivage_intermediaire", sink).and_then(|mut b| {
        let duration = b.need_duration("duree", sink);
        let reason = b.need_text("motif", sink);
        b.text("base", sink);
        b.finish(sink);
        Some((duration?, reason?))
    });
    let mut visa = Visa::NotRequired;
    if let Some(mut b) = block.block("archives", sink) {
        let public = match b.need_text("regime", sink).as_deref() {
            Some("archives-publiques") => true,
            Some("archives-privees") | None => false,
            Some(other) => {
                sink.error(b.line_of("regime"), format!("le régime « {other} » est inconnu"), "archives-publiques, archives-privees");
                false
            }
        };
        let reference = b.text("reference", sink);
        match b.text("visa_elimination", sink).as_deref() {
            Some("requis") => visa = reference.filter(|r| !r.contains("a-completer")).map_or(Visa::Missing, Visa::Given),
            None if public => {
                sink.error(b.line, "archives publiques sans visa d'élimination (code du patrimoine, L212-3)", "visa_elimination: requis");
            }
            None => {}
            Some(_) => sink.error(b.line_of("visa_elimination"), "« visa_elimination » ne convient pas", "requis"),
        }
        b.finish(sink);
    }
    let mut hold = "rgpd_gel_jusqu_au".to_owned();
    if let Some(column) = block.text("gel", sink) {
        managed(&column, block.line_of("gel"), sink);
        hold = column;
    }
    let mut guard = 10;
    if let Some(mut b) = block.block("garde_fou", sink) {
        if let Some(node) = b.need("part_max", sink) {
            match node.as_i64().and_then(|n| u8::try_from(n).ok()) {
                Some(n) if (1..=100).contains(&n) => guard = n,
                _ => sink.error(node.line, "« part_max » ne convient pas", "un entier de 1 à 100 (pour cent des lignes)"),
            }
        }
        if b.text("confirmation", sink).is_some_and(|c| c != "requise") {
            sink.error(b.line_of("confirmation"), "« confirmation » ne convient pas", "requise");
        }
        b.finish(sink);
    }
    block.finish(sink);
    let retention = match (duration, start, end) {
        (Some(duration), Some(start), Some(end)) => Some(Retention { duration, start, end, archive, visa, guard }),
        _ => None,
    };
    (retention, hold)
}
