//! Reads one field and its `rgpd` block: type, key, link, category, rule, what remains after the term.

use super::model::{After, Field, Personal};
use super::node::{Block, Node, Value};
use super::read_entity::default_moment;
use super::report::Sink;
use super::rules::{NAMES, Rule};
use super::types::{DURATIONS, Duration, SqlType, TYPES, is_ident, lit};
use super::vocabulary;

const ROLES: &[&str] = &["identifiant-direct", "identifiant-technique", "quasi-identifiant", "attribut", "attribut-sensible", "texte-libre"];
const FAMILIES: &[&str] = &[
    "etat-civil",
    "vie-personnelle",
    "vie-professionnelle",
    "economique-financier",
    "connexion",
    "localisation",
    "internet",
    "sensible",
    "infraction",
    "nir",
];
const NIR_NAMES: &[&str] = &["nir", "numero_nir", "nss", "numero_securite_sociale", "num_secu"];

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
    let sql = sql?;
    if !values.is_empty() && !sql.is_text() {
        sink.error(line, format!("{path} : « valeurs » ne s'applique pas au type {sql}"), "text, char(n), varchar(n)");
    }
    let default = default_node.and_then(|n| read_default(&path, n, &sql, &values, sink)).or_else(|| implied_default(&sql, primary, required));
    let mut field =
        Field { name: name.to_owned(), line, label, sql, primary, required, unique, values, reference, default, personal: None, reason: None };
    let mut tag = Block::new(tag, &format!("{path}.rgpd"), sink);
    match tag.need("personnel", sink).map(|n| (n.line, &n.value)) {
        Some((_, Value::Bool(true))) => {
            field.personal = personal(&path, &field, &mut tag, suffix, sink);
            tag.finish(sink);
        }
        Some((_, Value::Bool(false))) => {
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
    if let Value::Text(t) = &node.value {
        match (t.as_str(), sql) {
            ("maintenant", SqlType::Timestamptz) => return Some("now()".into()),
            ("maintenant", SqlType::Date) => return Some("CURRENT_DATE".into()),
            ("uuid", SqlType::Uuid) => return Some("gen_random_uuid()".into()),
            _ => {}
        }
        if !values.is_empty() && !values.contains(t) {
            sink.error(node.line, format!("{path} : le défaut n'est pas parmi les valeurs"), &values.join(", "));
            return None;
        }
    }
    sql.literal(&node.value).map_err(|allowed| sink.error(node.line, format!("{path} : « defaut » ne convient pas au type {sql}"), &allowed)).ok()
}

/// A UUID key is drawn by the database, and a mandatory time stamp is the instant of the insertion.
fn implied_default(sql: &SqlType, primary: bool, required: bool) -> Option<String> {
    match sql {
        SqlType::Uuid if primary => Some("gen_random_uuid()".into()),
        SqlType::Timestamptz if required => Some("now()".into()),
        _ => None,
    }
}

#[expect(clippy::too_many_lines, reason = "one block per key of the description, in its order")]
fn personal(path: &str, field: &Field, tag: &mut Block<'_>, suffix: &str, sink: &mut Sink) -> Option<Personal> {
    let bare = field.sql == SqlType::Timestamptz && ["categorie", "role", "regle"].iter().all(|k| tag.get(k).is_none());
    if bare {
        sink.warn(field.line, format!("{path} : horodatage fin sans rôle, traité comme quasi-identifiant (généralisé au mois)"));
        return Some(default_moment(&field.name, suffix));
    }
    let category = tag.need_text("categorie", sink)?;
    let special = vocabulary::category(&category);
    if special.is_none() {
        sink.error(
            tag.line_of("categorie"),
            format!("{path} : « {category} » n'est pas une catégorie de W3C DPV 2.3"),
            &format!("par exemple {}", vocabulary::near_categories(&category)),
        );
    }
    let family = one_of(path, tag, "famille", FAMILIES, sink);
    let kind = one_of(path, tag, "role", ROLES, sink);
    let article9 = tag.block("sensible", sink).and_then(|mut b| {
        let term = b.need_text("article9", sink)?;
        if !vocabulary::article9(&term) {
            sink.error(
                b.line_of("article9"),
                format!("{path} : « {term} » n'est pas une exception de l'article 9"),
                &vocabulary::gdpr_terms("A9-2-"),
            );
        }
        let reason = b.need_text("motif", sink);
        b.finish(sink);
        Some((term, reason?))
    });
    let sensitive = special == Some(true) || family.as_deref() == Some("sensible") || kind.as_deref() == Some("attribut-sensible");
    if sensitive && tag.get("sensible").is_none() {
        sink.error(
            tag.line,
            format!("{path} : catégorie particulière ({category}) sans exception de l'article 9"),
            "sensible: { article9: eu-gdpr:A9-2-…, motif: \"…\" }",
        );
    }
    let crime = tag.text("fondement_article10", sink);
    if (vocabulary::is_criminal(&category) || family.as_deref() == Some("infraction")) && crime.is_none() {
        sink.error(
            tag.line,
            format!("{path} : donnée d'infraction sans fondement de l'article 10"),
            "fondement_article10: \"texte qui autorise le traitement\"",
        );
    }
    let nir_basis = tag.text("fondement_nir", sink);
    let is_nir = family.as_deref() == Some("nir");
    if is_nir && nir_basis.is_none() {
        sink.error(
            tag.line,
            format!("{path} : NIR sans fondement (décret n° 2019-341, liste limitative)"),
            "fondement_nir: \"décret n° 2019-341 du 19 avril 2019, art. …\"",
        );
    }
    if NIR_NAMES.contains(&field.name.as_str()) && !is_nir {
        sink.error(
            tag.line_of("famille"),
            format!("{path} : ce nom est celui du NIR, la famille n'est pas « nir »"),
            "famille: nir, avec fondement_nir",
        );
    }
    let retention = tag.block("conservation", sink).and_then(|mut b| {
        let text = b.need_text("duree", sink)?;
        let duration = Duration::parse(&text);
        if duration.is_none() {
            sink.error(b.line_of("duree"), format!("{path} : la durée « {text} » ne convient pas"), DURATIONS);
        }
        let start = b.need_text("depart", sink);
        b.finish(sink);
        Some((duration?, start?))
    });
    let delicate = tag.flag("hautement_personnel", sink);
    let guidance = tag.text("consigne_de_saisie", sink);
    let justification = tag.text("justification", sink);
    let (clear_to_app, pseudonym_to_reader) = readers(path, tag, sink);
    let after_node = tag.get("apres_purge");
    let Some(mut rule_block) = tag.block("regle", sink) else {
        sink.error(tag.line, format!("{path} : la clé « regle » manque"), &format!("regle: {{ nom: … }} ({NAMES})"));
        return None;
    };
    let rule_line = rule_block.line;
    let rule = Rule::read(&mut rule_block, &field.sql, sink);
    let named_twin = rule_block.text("copie", sink);
    if rule.is_some() {
        rule_block.finish(sink);
    }
    let (rule, kind) = (rule?, kind?);
    if kind == "texte-libre" && rule != Rule::Suppression && justification.is_none() {
        sink.error(
            rule_line,
            format!("{path} : un texte libre peut tout contenir, sa règle est « suppression »"),
            "regle: { nom: suppression }, ou justification: \"…\"",
        );
    }
    if rule == Rule::Conserver && (["identifiant-direct", "texte-libre", "identifiant-technique"].contains(&kind.as_str()) || sensitive) {
        sink.error(
            rule_line,
            format!("{path} : « conserver » laisserait le clair d'un champ {kind}"),
            "suppression, constante, substitution, remplacement_aleatoire, generalisation, bruit, hachage_hmac",
        );
    }
    let technical = field.primary || field.reference.is_some();
    let allowed_rules = if field.primary { "remplacement_aleatoire, suppression" } else { "suppression" };
    let technical_rule = rule == Rule::Suppression || (field.primary && rule == Rule::RandomReplacement);
    if technical && !technical_rule {
        sink.error(rule_line, format!("{path} : la règle d'une clé ou d'un lien ne peut pas être « {} »", rule.name()), allowed_rules);
    }
    if let Some(copy) = &named_twin
        && (!is_ident(copy, 0) || copy.starts_with("rgpd_"))
    {
        sink.error(
            rule_line,
            format!("{path} : le nom de copie « {copy} » ne convient pas"),
            "^[a-z_][a-z0-9_]*$, 63 caractères au plus, sans préfixe rgpd_",
        );
    }
    let no_twin = rule == Rule::Conserver || (technical && rule == Rule::Suppression);
    let twin = (!no_twin).then(|| named_twin.unwrap_or_else(|| format!("{}{suffix}", field.name)));
    let after = if technical || rule == Rule::Conserver { After::Kept } else { read_after(path, field, after_node, tag.line, sink) };
    Some(Personal {
        category,
        family: family?,
        role: kind,
        article9,
        nir_basis,
        delicate,
        retention,
        rule,
        twin,
        after,
        clear_to_app,
        pseudonym_to_reader,
        guidance,
    })
}

fn read_after(path: &str, field: &Field, node: Option<&Node>, tag_line: u64, sink: &mut Sink) -> After {
    let Some(node) = node else {
        if field.required {
            sink.error(
                tag_line,
                format!("{path} : champ obligatoire sans valeur d'après purge"),
                "apres_purge: une valeur de remplacement du type du champ",
            );
        }
        return After::Null;
    };
    if field.sql.is_moment() && node.value == Value::Text("mois".into()) {
        return After::Month;
    }
    if let Value::Text(t) = &node.value
        && !field.values.is_empty()
        && !field.values.contains(t)
    {
        sink.error(node.line, format!("{path} : la valeur d'après purge n'est pas parmi les valeurs du champ"), &field.values.join(", "));
    }
    if field.unique {
        sink.error(
            node.line,
            format!("{path} : une valeur d'après purge violerait l'unicité dès la deuxième ligne"),
            "un champ unique non obligatoire, mis à NULL",
        );
    }
    match field.sql.literal(&node.value) {
        // char(n) pads: the comparison of the CHECK must use the column's own type.
        Ok(literal) if field.sql.is_text() => After::Literal(format!("{literal}::{}", field.sql)),
        Ok(literal) => After::Literal(literal),
        Err(allowed) => {
            sink.error(node.line, format!("{path} : « apres_purge » ne convient pas au type {}", field.sql), &allowed);
            After::Literal(lit(""))
        }
    }
}

fn readers(path: &str, tag: &mut Block<'_>, sink: &mut Sink) -> (bool, bool) {
    let Some(mut block) = tag.block("lisible_par", sink) else { return (true, true) };
    let mut seen = |key: &'static str, only: &str, sink: &mut Sink| {
        if block.get(key).is_none() {
            return true;
        }
        let names = block.texts(key, sink);
        if names.iter().any(|n| n != only) {
            sink.error(block.line_of(key), format!("{path} : « {key} » nomme un rôle qui ne peut pas lire cette valeur"), &format!("[{only}] ou []"));
        }
        !names.is_empty()
    };
    let result = (seen("clair", "application", sink), seen("pseudonyme", "lecture_pseudonymisee", sink));
    block.finish(sink);
    result
}

fn one_of(path: &str, tag: &mut Block<'_>, key: &'static str, allowed: &[&str], sink: &mut Sink) -> Option<String> {
    let value = tag.need_text(key, sink)?;
    if allowed.contains(&value.as_str()) {
        return Some(value);
    }
    sink.error(tag.line_of(key), format!("{path} : « {key}: {value} » est inconnu"), &allowed.join(", "));
    None
}
