//! Reads what the `rgpd` block says of a personal field: category, legal grounds, readers, rule, what remains after the term.

use super::block::Block;
use super::model::{After, Field, Personal};
use super::read_entity::default_moment;
use super::report::Sink;
use super::rules::{NAMES, Rule};
use super::types::{SqlType, is_ident, lit};
use super::vocabulary::{self, FAMILIES};
use crate::yaml::Node;

const ROLES: [&str; 6] = ["identifiant-direct", "identifiant-technique", "quasi-identifiant", "attribut", "attribut-sensible", "texte-libre"];
const NIR_NAMES: [&str; 5] = ["nir", "numero_nir", "nss", "numero_securite_sociale", "num_secu"];

/// What the data are, for the law.
struct Subject {
    category: String,
    family: Option<String>,
    role: Option<String>,
    article9: Option<(String, String)>,
    /// A special category of article 9, whoever says so: the vocabulary, the family or the role.
    sensitive: bool,
    nir_basis: Option<String>,
}

/// The anonymisation rule and the name that the author chose for its twin.
struct Treatment {
    line: u64,
    rule: Rule,
    named_twin: Option<String>,
}

/// Reads the tag of a field whose `personnel` is true. `None` after a refusal.
pub(super) fn personal(path: &str, field: &Field, tag: &mut Block<'_>, suffix: &str, sink: &mut Sink) -> Option<Personal> {
    let bare = field.sql == SqlType::Timestamptz && ["categorie", "role", "regle"].iter().all(|k| tag.get(k).is_none());
    if bare {
        sink.warn(field.line, format!("{path} : horodatage fin sans rôle, traité comme quasi-identifiant (généralisé au mois)"));
        return Some(default_moment(&field.name, suffix));
    }
    let subject = subject(path, field, tag, sink)?;
    let retention = tag.block("conservation", sink).and_then(|mut b| {
        let duration = b.need_duration("duree", sink);
        let start = b.need_text("depart", sink);
        b.finish(sink);
        Some((duration?, start?))
    });
    let delicate = tag.flag("hautement_personnel", sink);
    let guidance = tag.text("consigne_de_saisie", sink);
    let justification = tag.text("justification", sink);
    let (clear_to_app, pseudonym_to_reader) = readers(path, tag, sink);
    let after_node = tag.get("apres_purge");
    let treatment = treatment(path, field, tag, sink);
    let (Treatment { line, rule, named_twin }, role) = (treatment?, subject.role?);
    if role == "texte-libre" && rule != Rule::Suppression && justification.is_none() {
        sink.error(
            line,
            format!("{path} : un texte libre peut tout contenir, sa règle est « suppression »"),
            "regle: { nom: suppression }, ou justification: \"…\"",
        );
    }
    if rule == Rule::Keep && (["identifiant-direct", "texte-libre", "identifiant-technique"].contains(&role.as_str()) || subject.sensitive) {
        sink.error(
            line,
            format!("{path} : « conserver » laisserait le clair d'un champ {role}"),
            "suppression, constante, substitution, remplacement_aleatoire, generalisation, bruit, hachage_hmac",
        );
    }
    let technical = technical(path, field, line, &rule, sink);
    if let Some(copy) = &named_twin
        && (!is_ident(copy, 0) || copy.starts_with("rgpd_"))
    {
        sink.error(
            line,
            format!("{path} : le nom de copie « {copy} » ne convient pas"),
            "^[a-z_][a-z0-9_]*$, 63 caractères au plus, sans préfixe rgpd_",
        );
    }
    let no_twin = rule == Rule::Keep || (technical && rule == Rule::Suppression);
    let own_name = named_twin.is_some();
    let twin = (!no_twin).then(|| named_twin.unwrap_or_else(|| format!("{}{suffix}", field.name)));
    let after = if technical || rule == Rule::Keep { After::Kept } else { read_after(path, field, after_node, tag.line, sink) };
    Some(Personal {
        category: subject.category,
        family: subject.family?,
        role,
        article9: subject.article9,
        nir_basis: subject.nir_basis,
        delicate,
        retention,
        rule,
        twin,
        own_name,
        after,
        clear_to_app,
        pseudonym_to_reader,
        guidance,
    })
}

/// Reads the category, the family, the role, and the legal grounds that they call for (articles 9 and 10, NIR).
fn subject(path: &str, field: &Field, tag: &mut Block<'_>, sink: &mut Sink) -> Option<Subject> {
    let category = tag.need_text("categorie", sink)?;
    let special = vocabulary::category(&category);
    if special.is_none() {
        sink.error(
            tag.line_of("categorie"),
            format!("{path} : « {category} » n'est pas une catégorie de W3C DPV 2.3"),
            &format!("par exemple {}", vocabulary::near_categories(&category)),
        );
    }
    let family = one_of(path, tag, "famille", &FAMILIES.map(|(code, _)| code), sink);
    let role = one_of(path, tag, "role", &ROLES, sink);
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
    let sensitive = special == Some(true) || family.as_deref() == Some("sensible") || role.as_deref() == Some("attribut-sensible");
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
    Some(Subject { category, family, role, article9, sensitive, nir_basis })
}

/// Reads `regle`.
fn treatment(path: &str, field: &Field, tag: &mut Block<'_>, sink: &mut Sink) -> Option<Treatment> {
    let Some(mut block) = tag.block("regle", sink) else {
        sink.error(tag.line, format!("{path} : la clé « regle » manque"), &format!("regle: {{ nom: … }} ({NAMES})"));
        return None;
    };
    let line = block.line;
    let rule = Rule::read(&mut block, &field.sql, sink);
    let named_twin = block.text("copie", sink);
    if rule.is_some() {
        block.finish(sink);
    }
    Some(Treatment { line, rule: rule?, named_twin })
}

/// Is the field a key or a link? Few rules suit these.
fn technical(path: &str, field: &Field, line: u64, rule: &Rule, sink: &mut Sink) -> bool {
    let technical = field.primary || field.reference.is_some();
    let allowed = if field.primary { "remplacement_aleatoire, suppression" } else { "suppression" };
    let fits = *rule == Rule::Suppression || (field.primary && *rule == Rule::RandomReplacement);
    if technical && !fits {
        sink.error(line, format!("{path} : la règle d'une clé ou d'un lien ne peut pas être « {} »", rule.name()), allowed);
    }
    technical
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
    if field.sql.is_moment() && node.as_str() == Some("mois") {
        return After::Month;
    }
    if let Some(t) = node.as_str()
        && !field.values.is_empty()
        && !field.values.iter().any(|v| v == t)
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
    match field.sql.literal(&node.value()) {
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
