//! Reads the head of a description: versions, schemas, roles, controller, processings, key.

use super::block::{Block, list, named, text};
use super::model::{Controller, Key, Model, Processing, Roles, Tier};
use super::read_entity::entity;
use super::report::Sink;
use super::types::is_ident;
use super::vocabulary;
use crate::yaml::Node;

const FORMAT: &str = "mirai/rgpd/v1";

/// Reads a whole description; what it could not read is in `sink`, and the model is then not to be used.
pub(super) fn model(root: &Node, sink: &mut Sink) -> Option<Model> {
    let mut top = Block::new(root, "description", sink);
    match top.need_text("format", sink) {
        Some(format) if format == FORMAT => {}
        Some(format) => {
            sink.error(top.line_of("format"), format!("le format « {format} » est inconnu"), FORMAT);
            return None;
        }
        None => return None,
    }
    let application = top.need_text("application", sink).unwrap_or_default();
    let tier = match top.text("niveau", sink).as_deref() {
        None | Some("essentiel") => Tier::Essential,
        Some("complet") => Tier::Complete,
        Some(level) => {
            sink.error(top.line_of("niveau"), format!("le niveau « {level} » est inconnu"), "essentiel, complet");
            Tier::Essential
        }
    };
    let Versions { version, rules: rules_version, coexists, removals } = versions(&mut top, sink);
    let names = names(&mut top, sink);
    let dpv = vocabularies(&mut top, sink);
    let controller = top.block("responsable", sink).map(|b| controller(b, sink));
    let processings: Vec<Processing> =
        top.get("traitements").map(|n| list(n, "traitements", sink).iter().filter_map(|n| processing(n, sink)).collect()).unwrap_or_default();
    let key = top.block("cle", sink).and_then(|b| key(b, sink));
    let suffix = names.suffix.clone();
    let entities = match top.need("entites", sink) {
        Some(node) => named(node, "entites", sink).into_iter().filter_map(|(n, l, v)| entity(n, l, v, &suffix, sink)).collect(),
        None => Vec::new(),
    };
    top.finish(sink);
    Some(Model {
        application,
        tier,
        live: false,
        version,
        coexists,
        removals,
        rules_version,
        schema: names.schema,
        schema_anon: names.schema_anon,

        roles: names.roles,
        controller,
        processings,
        key,
        entities,
        dpv,
        raw: root.value(),
    })
}

struct Versions {
    version: u32,
    rules: String,
    coexists: Vec<u32>,
    removals: Vec<(String, u64)>,
}

fn versions(top: &mut Block<'_>, sink: &mut Sink) -> Versions {
    let mut read = Versions { version: 1, rules: "r1".into(), coexists: Vec::new(), removals: Vec::new() };
    let Some(mut block) = top.block("modele", sink) else { return read };
    if let Some(node) = block.need("version", sink) {
        match node.as_i64().and_then(|n| u32::try_from(n).ok()) {
            Some(n) if (1..=999).contains(&n) => read.version = n,
            _ => sink.error(node.line, "la version du modèle ne convient pas", "un entier de 1 à 999"),
        }
    }
    if let Some(node) = block.get("coexiste_avec") {
        for item in list(node, "modele.coexiste_avec", sink) {
            match item.as_i64().and_then(|n| u32::try_from(n).ok()) {
                Some(n) if n >= 1 && n < read.version => read.coexists.push(n),
                _ => sink.error(
                    item.line,
                    "« coexiste_avec » nomme une version qui ne précède pas celle-ci",
                    "les numéros des versions encore en service",
                ),
            }
        }
    }
    if let Some(node) = block.get("retraits") {
        for item in list(node, "modele.retraits", sink) {
            if let Some(name) = text(item, "modele.retraits", sink) {
                read.removals.push((name, item.line));
            }
        }
    }
    read.rules = block.text("regles", sink).unwrap_or_else(|| "r1".into());
    if !is_ident(&read.rules, 0) {
        sink.error(block.line_of("regles"), "« regles » ne convient pas", "r1, r2…");
    }
    block.finish(sink);
    read
}

struct Names {
    schema: String,
    schema_anon: String,
    suffix: String,
    roles: Roles,
}

fn names(top: &mut Block<'_>, sink: &mut Sink) -> Names {
    let empty = Names { schema: String::new(), schema_anon: String::new(), suffix: "_anon".into(), roles: Roles::default() };
    if top.need("postgres", sink).is_none() {
        return empty;
    }
    let Some(mut block) = top.block("postgres", sink) else { return empty };
    let schema = ident(&mut block, "schema", 10, sink).unwrap_or_default();
    let schema_anon = block.text("schema_anonymise", sink).unwrap_or_else(|| format!("{schema}_anonymise"));
    if !is_ident(&schema_anon, 0) {
        sink.error(block.line_of("schema_anonymise"), "« schema_anonymise » ne convient pas", "^[a-z_][a-z0-9_]*$, 63 caractères");
    }
    for (name, key) in [(&schema, "schema"), (&schema_anon, "schema_anonymise")] {
        if ["rgpd", "rgpd_crypto", "public", "information_schema"].contains(&name.as_str()) || name.starts_with("pg_") {
            sink.error(block.line_of(key), format!("le schéma « {name} » est réservé"), "un nom propre à l'application");
        }
    }
    if schema == schema_anon {
        sink.error(block.line_of("schema_anonymise"), "les deux schémas portent le même nom", "deux noms différents");
    }
    let suffix = block.text("suffixe_copie", sink).unwrap_or_else(|| "_anon".into());
    if !(suffix.starts_with('_') && suffix.len() <= 20 && is_ident(&suffix, 0)) {
        sink.error(block.line_of("suffixe_copie"), "« suffixe_copie » ne convient pas", "_anon, ou un autre suffixe qui commence par « _ »");
    }
    let mut roles = Roles::default();
    if block.need("roles", sink).is_some()
        && let Some(mut r) = block.block("roles", sink)
    {
        let line = r.line;
        let mut role = |key: &'static str, needed: bool| {
            if needed || r.get(key).is_some() { ident(&mut r, key, 0, sink).unwrap_or_default() } else { String::new() }
        };
        roles = Roles {
            owner: role("proprietaire", true),
            app: role("application", true),
            publication: role("publication", false),
            pseudo: role("lecture_pseudonymisee", false),
            anon: role("lecture_anonymisee", false),
            dpo: role("dpo", false),
            purge: role("purge", false),
        };
        let mut all = vec![&roles.owner, &roles.app, &roles.publication, &roles.pseudo, &roles.anon, &roles.dpo, &roles.purge];
        all.retain(|r| !r.is_empty());
        let count = all.len();
        all.sort();
        all.dedup();
        if all.len() < count {
            sink.error(line, "deux rôles portent le même nom", "sept noms différents : des droits séparés exigent des rôles séparés");
        }
        r.finish(sink);
    }
    block.finish(sink);
    Names { schema, schema_anon, suffix, roles }
}

fn ident(block: &mut Block<'_>, key: &'static str, reserve: usize, sink: &mut Sink) -> Option<String> {
    let name = block.need_text(key, sink)?;
    if is_ident(&name, reserve) && !name.starts_with("pg_") {
        return Some(name);
    }
    sink.error(
        block.line_of(key),
        format!("l'identifiant « {name} » ne convient pas"),
        &format!("^[a-z_][a-z0-9_]*$, {} caractères au plus, sans préfixe pg_", 63 - reserve),
    );
    None
}

fn vocabularies(top: &mut Block<'_>, sink: &mut Sink) -> String {
    let Some(mut block) = top.block("vocabulaire", sink) else { return "2.3".into() };
    let dpv = block.text("dpv", sink).unwrap_or_else(|| "2.3".into());
    if dpv != "2.3" {
        sink.error(block.line_of("dpv"), format!("la version {dpv} de DPV n'est pas embarquée"), "\"2.3\"");
    }
    block.text("cnil", sink);
    block.finish(sink);
    dpv
}

fn controller(mut block: Block<'_>, sink: &mut Sink) -> Controller {
    let organisation = block.need_text("organisme", sink).unwrap_or_default();
    let representative = block.need_text("representant", sink).unwrap_or_default();
    let (mut dpo_name, mut dpo_contact) = (String::new(), String::new());
    if block.need("dpo", sink).is_some()
        && let Some(mut dpo) = block.block("dpo", sink)
    {
        dpo_name = dpo.need_text("nom", sink).unwrap_or_default();
        dpo_contact = dpo.need_text("contact", sink).unwrap_or_default();
        dpo.finish(sink);
    }
    block.finish(sink);
    Controller { organisation, representative, dpo_name, dpo_contact }
}

fn processing(node: &Node, sink: &mut Sink) -> Option<Processing> {
    let mut block = Block::new(node, "traitement", sink);
    let id = block.need_text("id", sink)?;
    if !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        sink.error(
            block.line_of("id"),
            format!("l'identifiant de traitement « {id} » ne convient pas"),
            "minuscules, chiffres et tirets : instruction-demandes",
        );
    }
    let purpose = block.need_text("finalite", sink).unwrap_or_default();
    let purpose_dpv = block.text("finalite_dpv", sink);
    if let Some(term) = purpose_dpv.as_ref().filter(|term| !vocabulary::purpose(term)) {
        sink.error(
            block.line_of("finalite_dpv"),
            format!("« {term} » n'est pas une finalité de W3C DPV 2.3"),
            &format!("par exemple {}", vocabulary::near_purposes(term)),
        );
    }
    let (mut basis, mut basis_text) = (String::new(), None);
    if block.need("base_legale", sink).is_some()
        && let Some(mut b) = block.block("base_legale", sink)
    {
        basis = b.need_text("terme", sink).unwrap_or_default();
        if !basis.is_empty() && !vocabulary::legal_basis(&basis) {
            sink.error(b.line_of("terme"), format!("« {basis} » n'est pas une base légale de l'article 6"), &vocabulary::gdpr_terms("A6-1-"));
        }
        basis_text = b.text("texte", sink);
        b.finish(sink);
    }
    let persons = block.texts("personnes", sink);
    let mut recipients = Vec::new();
    if let Some(node) = block.get("destinataires") {
        for item in list(node, "destinataires", sink) {
            let mut b = Block::new(item, "destinataire", sink);
            let name = b.need_text("nom", sink).unwrap_or_default();
            let kind = b.need_text("type", sink).unwrap_or_default();
            b.finish(sink);
            recipients.push((name, kind));
        }
    }
    let transfers = block.text("transferts_hors_ue", sink).unwrap_or_else(|| "aucun".into());
    let (mut dpia_needed, mut dpia_criteria, mut dpia_reference, mut dpia_reason, mut dpia_line) = (false, Vec::new(), None, None, block.line);
    if let Some(mut b) = block.block("aipd", sink) {
        match b.need_text("necessaire", sink).as_deref() {
            Some("oui") => dpia_needed = true,
            Some("non") | None => {}
            Some(_) => sink.error(b.line_of("necessaire"), "« necessaire » ne convient pas", "oui, non"),
        }
        dpia_criteria = b.texts("criteres", sink);
        for criterion in dpia_criteria.iter().filter(|c| !vocabulary::CRITERIA.iter().any(|(code, _)| code == c)) {
            sink.error(
                b.line_of("criteres"),
                format!("« {criterion} » n'est pas un des neuf critères de l'analyse d'impact"),
                &vocabulary::CRITERIA.map(|(code, _)| code).join(", "),
            );
        }
        dpia_reference = b.text("reference", sink);
        dpia_reason = b.text("motif", sink);
        dpia_line = b.line;
        b.finish(sink);
    }
    let security = block.texts("securite", sink);
    let snapshot_only = match block.text("sur", sink).as_deref() {
        None => false,
        Some("jeu_diffusable") => true,
        Some(_) => {
            sink.error(block.line_of("sur"), "« sur » ne convient pas", "jeu_diffusable");
            false
        }
    };
    block.finish(sink);
    Some(Processing {
        id,
        purpose,
        purpose_dpv,
        basis,
        basis_text,
        persons,
        recipients,
        transfers,
        dpia_needed,
        dpia_criteria,
        dpia_reference,
        dpia_reason,
        dpia_line,
        security,
        snapshot_only,
    })
}

fn key(mut block: Block<'_>, sink: &mut Sink) -> Option<Key> {
    let source = block.need_text("source", sink);
    let path = block.need_text("chemin", sink);
    let delivery = block.text("remise", sink).unwrap_or_else(|| "fichier-monte".into());
    if delivery != "fichier-monte" {
        sink.error(block.line_of("remise"), "« remise » ne convient pas : la clé ne passe que par un fichier monté dans le lot", "fichier-monte");
    }
    let mode = block.text("mode", sink).unwrap_or_else(|| "differe".into());
    if mode == "synchrone" {
        // Measured (docs/adr/0008): there is no safe rendering of it.
        sink.error(
            block.line_of("mode"),
            "le mode synchrone donnerait la clé aux sessions de l'application : toute injection SQL l'y lirait (current_setting), \
             elle survit à SET ROLE, et un SET littéral la laisse au journal et dans pg_stat_statements",
            "differe : seul le lot reçoit la clé",
        );
    } else if mode != "differe" {
        sink.error(block.line_of("mode"), format!("le mode « {mode} » est inconnu"), "differe");
    }
    let rotation = block.need_duration("rotation", sink);
    block.finish(sink);
    Some(Key { source: source?, path: path?, rotation: rotation? })
}
