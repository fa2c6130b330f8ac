//! One sheet per business object (EXI-DATA-4), for a catalogue of data: DCAT for the object, DPV for what is personal in it.

use serde_json::{Map, Value, json};

use super::super::Output;
use super::super::model::{Entity, Field, Model};
use super::super::rules::Nature;

/// `catalogue/<entity>.jsonld`.
pub(super) fn sheets(model: &Model) -> Vec<Output> {
    model
        .entities
        .iter()
        .map(|entity| {
            let text = serde_json::to_string_pretty(&sheet(model, entity)).unwrap_or_default();
            Output { path: format!("catalogue/{}.jsonld", entity.name), content: text + "\n" }
        })
        .collect()
}

fn french(text: &str) -> Value {
    json!({"@value": text, "@language": "fr"})
}

fn reference(term: &str) -> Value {
    json!({"@id": term})
}

fn sheet(model: &Model, entity: &Entity) -> Value {
    let id = format!("urn:mirai:{}:{}", model.schema, entity.name);
    let mut sheet = json!({
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "csvw": "http://www.w3.org/ns/csvw#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
            "dpv": "https://w3id.org/dpv#",
            "pd": "https://w3id.org/dpv/pd#",
            "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        },
        "@id": id,
        "@type": "dcat:Dataset",
        "dct:title": french(entity.label.as_deref().unwrap_or(&entity.name)),
        "dct:identifier": format!("{}.{}", model.schema, entity.table),
        "dct:isPartOf": format!("urn:mirai:{}", model.schema),
        "dcat:version": model.version.to_string(),
    });
    let Some(out) = sheet.as_object_mut() else { return sheet };
    if let Some(c) = &model.controller {
        // What is still to be filled in is no fact for a catalogue.
        let known = |text: &str| !text.contains("a-completer");
        if known(&c.organisation) {
            out.insert("dct:publisher".into(), french(&c.organisation));
        }
        if known(&c.dpo_contact) {
            out.insert("dcat:contactPoint".into(), json!(c.dpo_contact));
        }
    }
    let (personal, other): (Vec<&Field>, Vec<&Field>) = entity.fields.iter().partition(|f| f.personal.is_some());
    if !other.is_empty() {
        out.insert("dpv:hasData".into(), other.iter().map(|f| field(&id, f)).collect());
    }
    if personal.is_empty() {
        return sheet;
    }
    out.insert("dpv:hasPersonalData".into(), personal.iter().map(|f| field(&id, f)).collect());
    if let Some(persons) = &entity.persons {
        out.insert("dpv:hasDataSubject".into(), json!({"@type": "dpv:DataSubject", "dct:title": french(persons)}));
    }
    out.insert("dpv:hasProcess".into(), processes(model, entity));
    if let Some(r) = &model.root(entity).retention {
        out.insert(
            "dpv:hasStorageCondition".into(),
            json!({
                "@type": "dpv:StorageCondition",
                "dpv:hasDuration": {"@value": r.duration.iso(), "@type": "xsd:duration"},
                "dct:description": french(&super::term(model, entity)),
            }),
        );
    }
    sheet
}

fn processes(model: &Model, entity: &Entity) -> Value {
    let one = |p: &super::super::model::Processing| {
        let mut process = Map::new();
        process.insert("@type".into(), json!("dpv:Process"));
        process.insert("dct:identifier".into(), json!(p.id));
        process.insert("dct:title".into(), french(&p.purpose));
        if let Some(term) = &p.purpose_dpv {
            process.insert("dpv:hasPurpose".into(), reference(term));
        }
        process.insert("dpv:hasLegalBasis".into(), reference(&p.basis));
        if !p.recipients.is_empty() {
            let recipients: Vec<Value> = p.recipients.iter().map(|(name, _)| json!({"@type": "dpv:Recipient", "dct:title": french(name)})).collect();
            process.insert("dpv:hasRecipient".into(), json!(recipients));
        }
        Value::Object(process)
    };
    model.processings.iter().filter(|p| entity.processings.contains(&p.id)).map(one).collect()
}

fn field(id: &str, field: &Field) -> Value {
    let mut out = json!({
        "@id": format!("{id}#{}", field.name),
        "csvw:name": field.name,
        "csvw:datatype": field.sql.to_string(),
        "csvw:required": field.required,
        "dct:title": french(field.label.as_deref().unwrap_or(&field.name)),
    });
    let Some(map) = out.as_object_mut() else { return out };
    match &field.personal {
        None => {
            map.insert("@type".into(), json!("dpv:NonPersonalData"));
            if let Some(reason) = &field.reason {
                map.insert("dct:description".into(), french(reason));
            }
        }
        Some(p) => {
            let kind = if p.article9.is_some() { "dpv:SpecialCategoryPersonalData" } else { "dpv:PersonalData" };
            map.insert("@type".into(), json!([kind, p.category]));
            if let Some((term, why)) = &p.article9 {
                map.insert("dpv:hasLegalBasis".into(), reference(term));
                map.insert("dpv:hasJustification".into(), french(why));
            }
            let measure = match p.rule.nature() {
                _ if p.twin.is_none() => None,
                Nature::Pseudonymisation => Some("dpv:DeterministicPseudonymisation"),
                Nature::StillPersonal => Some("dpv:Pseudonymisation"),
                Nature::Anonymising | Nature::QuasiIdentifier | Nature::Degraded => Some("dpv:Anonymisation"),
            };
            if let Some(measure) = measure {
                map.insert("dpv:hasTechnicalOrganisationalMeasure".into(), reference(measure));
            }
        }
    }
    out
}
