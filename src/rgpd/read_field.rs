//! Reads one field: type, key, link, values, default. What its `rgpd` block says of a personal one is read by `read_personal`.

use serde_json::Value;

use super::block::Block;
use super::model::{Field, Overlap};
use super::read_personal::personal;
use super::report::Sink;
use super::types::{SqlType, TYPES, is_ident};
use crate::yaml::{Kind, Node};

/// Reads `<entity>.champs.<name>`.
pub(super) fn field(entity: &str, name: &str, line: u64, node: &Node, suffix: &str, sink: &mut Sink) -> Option<Field> {
    let path = format!("{entity}.champs.{name}");
    if !is_ident(name, suffix.len()) || name.starts_with("rgpd_") {
        sink.error(
            line,
            format!("{path} : le nom de champ ne convient pas"),
            &format!("^[a-z_][a-z0-9_]*$, {} caractères au plus, sans préfixe rgpd_", 63 - suffix.len()),
        );
        return None;
    }
    let mut block = Block::new(node, &path, sink);
    let sql = block.need_text("type", sink).and_then(|t| {
        let read = SqlType::parse(&t);
        if read.is_none() {
            sink.error(block.line_of("type"), format!("{path} : le type « {t} » est inconnu"), TYPES);
        }
        read
    });
    let label = block.text("libelle", sink);
    let primary = block.flag("cle_primaire", sink);
    let unique = block.flag("unique", sink);
    let required = block.flag("obligatoire", sink) || primary;
    let values = block.texts("valeurs", sink);
    let reference = block.text("reference", sink).and_then(|r| {
        let pair = r.split_once('.').map(|(e, f)| (e.to_owned(), f.to_owned()));
        if pair.is_none() {
            sink.error(block.line_of("reference"), format!("{path} : la référence « {r} » ne convient pas"), "entite.champ");
        }
        pair
    });
    let renamed_from = block.text("renomme_de", sink);
    let (default_node, tag) = (block.get("defaut"), block.get("rgpd"));
    let block_line = block.line_of("rgpd");
    block.finish(sink);
    let Some(tag) = tag else {
        sink.error(
            line,
            format!("{path} : le bloc « rgpd » manque : tout champ est étiqueté"),
            "rgpd: { personnel: true, … } ou rgpd: { personnel: false, motif: \"…\" }",
        );
        return None;
    };
    if let Some((line, _)) = tag.get("a_confirmer") {
        sink.error(
            line as u64,
            format!("{path} : étiquette proposée par l'import, que personne n'a confirmée"),
            "relire le bloc, le corriger, puis retirer la clé « a_confirmer »",
        );
        return None;
    }
    let sql = sql?;
    if !values.is_empty() && !sql.is_text() {
        sink.error(line, format!("{path} : « valeurs » ne s'applique pas au type {sql}"), "text, char(n), varchar(n)");
    }
    let default = default_node.and_then(|n| read_default(&path, n, &sql, &values, sink)).or_else(|| implied_default(&sql, primary, required));
    let mut field = Field {
        block: tag.value(),
        name: name.to_owned(),
        line,
        renamed_from,
        label,
        sql,
        primary,
        required,
        unique,
        values,
        reference,
        default,
        personal: None,
        reason: None,
        overlap: Overlap::default(),
    };
    let mut tag = Block::new(tag, &format!("{path}.rgpd"), sink);
    match tag.need("personnel", sink).map(|n| (n.line, &n.kind)) {
        Some((_, Kind::Scalar(Value::Bool(true)))) => {
            field.personal = personal(&path, &field, &mut tag, suffix, sink);
            tag.finish(sink);
        }
        Some((_, Kind::Scalar(Value::Bool(false)))) => {
            field.reason = tag.text("motif", sink);
            if field.reason.is_none() {
                sink.error(
                    block_line,
                    format!("{path} : « personnel: false » sans motif"),
                    "motif: \"pourquoi ce champ ne dit rien d'une personne\"",
                );
            }
            tag.finish(sink);
        }
        Some((line, _)) => sink.error(line, format!("{path} : « personnel » ne convient pas"), "true, false"),
        None => {}
    }
    Some(field)
}

fn read_default(path: &str, node: &Node, sql: &SqlType, values: &[String], sink: &mut Sink) -> Option<String> {
    if let Some(t) = node.as_str() {
        match (t, sql) {
            ("maintenant", SqlType::Timestamptz) => return Some("now()".into()),
            ("maintenant", SqlType::Date) => return Some("CURRENT_DATE".into()),
            ("uuid", SqlType::Uuid) => return Some("gen_random_uuid()".into()),
            _ => {}
        }
        if !values.is_empty() && !values.iter().any(|v| v == t) {
            sink.error(node.line, format!("{path} : le défaut n'est pas parmi les valeurs"), &values.join(", "));
            return None;
        }
    }
    sql.literal(&node.value()).map_err(|allowed| sink.error(node.line, format!("{path} : « defaut » ne convient pas au type {sql}"), &allowed)).ok()
}

/// A UUID key is drawn by the database, and a mandatory time stamp is the instant of the insertion.
fn implied_default(sql: &SqlType, primary: bool, required: bool) -> Option<String> {
    match sql {
        SqlType::Uuid if primary => Some("gen_random_uuid()".into()),
        SqlType::Timestamptz if required => Some("now()".into()),
        _ => None,
    }
}
