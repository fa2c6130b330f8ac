//! The published schema of a description, in step with the reader: in every block, the keys that one knows are those that
//! the other knows. The reader lists them when it refuses an unknown key.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use mirai_kit::rgpd;
use serde_json::{Value, json};

const GUICHET: &str = include_str!("fixtures/rgpd/guichet.yaml");
const ALIEN: &str = "cle_inconnue";

/// Every block of a value, by its JSON pointer.
fn blocks(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            out.push(at.to_owned());
            entries.iter().for_each(|(key, value)| blocks(value, &format!("{at}/{key}"), out));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| blocks(item, &format!("{at}/{n}"), out)),
        _ => {}
    }
}

/// The parts of the schema that describe what stands there: several when a block has several shapes.
fn schemas<'a>(schema: &'a Value, pointer: &str, value: &Value) -> Vec<&'a Value> {
    let mut at = vec![schema];
    let mut held = value;
    for part in pointer.split('/').skip(1) {
        held = held.pointer(&format!("/{part}")).expect("a part");
        let step =
            |s: &'a Value| s["properties"].get(part).or_else(|| s.get("items")).or_else(|| s.get("additionalProperties").filter(|a| a.is_object()));
        at = at.into_iter().flat_map(|s| s["oneOf"].as_array().map_or_else(|| vec![s], |shapes| shapes.iter().collect())).filter_map(step).collect();
    }
    let shapes: Vec<&Value> = at.into_iter().flat_map(|s| s["oneOf"].as_array().map_or_else(|| vec![s], |shapes| shapes.iter().collect())).collect();
    // The shape whose constants are those of the block.
    let fits = |s: &&Value| {
        s["properties"].as_object().is_some_and(|p| p.iter().all(|(key, s)| s.get("const").is_none_or(|c| held.get(key).is_none_or(|v| v == c))))
            && s["required"].as_array().is_none_or(|r| r.iter().all(|k| held.get(k.as_str().unwrap()).is_some()))
            && held.as_object().unwrap().keys().all(|k| s["properties"].get(k).is_some())
    };
    shapes.into_iter().filter(fits).collect()
}

#[test]
fn in_every_block_the_schema_and_the_reader_know_the_same_keys() {
    let schema: Value = serde_json::from_str(include_str!("../schemas/rgpd.v1.schema.json")).unwrap();
    let judge = jsonschema::validator_for(&schema).unwrap();
    let mut whole: Value = serde_saphyr::from_str(GUICHET).unwrap();
    // What the example does not use, so that every block is seen.
    whole["entites"]["usager"]["lignes"] = json!({"colonne": "commune", "parametre": "commune"});
    whole["entites"]["usager"]["champs"]["prenom"]["rgpd"]["regle"] = json!({"nom": "masque_partiel", "debut": 1});
    let mut places = Vec::new();
    blocks(&whole, "", &mut places);
    // Blocks whose keys are names that the author chooses.
    let named = |p: &str| p.ends_with("/entites") || p.ends_with("/champs");
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for place in places.iter().filter(|p| !named(p)) {
        let mut changed = whole.clone();
        changed.pointer_mut(place).unwrap().as_object_mut().unwrap().insert(ALIEN.to_owned(), json!("x"));
        assert!(!judge.is_valid(&changed), "the schema takes any key at {place}");
        let errors = rgpd::render("m", &serde_json::to_string(&changed).unwrap()).expect_err(place);
        let refusal = errors.iter().find(|e| e.what.contains(ALIEN)).unwrap_or_else(|| panic!("{place}: {errors:#?}"));
        let read: BTreeSet<String> = refusal.allowed.split(", ").map(str::to_owned).collect();
        let shapes = schemas(&schema, place, &whole);
        assert!(!shapes.is_empty(), "no shape of the schema at {place}");
        let published: BTreeSet<String> = shapes.iter().flat_map(|s| s["properties"].as_object().unwrap().keys().cloned()).collect();
        assert_eq!(read, published, "{place}");
        kinds.insert(place.rsplit('/').next().unwrap().to_owned(), published);
    }
    assert!(kinds.len() > 25, "{:?}", kinds.keys());
}

#[test]
fn what_import_proposes_is_not_a_description_yet() {
    let schema: Value = serde_json::from_str(include_str!("../schemas/rgpd.v1.schema.json")).unwrap();
    let judge = jsonschema::validator_for(&schema).unwrap();
    let mut open: Value = serde_saphyr::from_str(GUICHET).unwrap();
    assert!(judge.is_valid(&open));
    open["entites"]["usager"]["champs"]["nom"]["rgpd"]["a_confirmer"] = json!(true);
    assert!(!judge.is_valid(&open));
    let errors = rgpd::render("m", &serde_json::to_string(&open).unwrap()).expect_err("refused");
    assert!(errors.iter().any(|e| e.what.contains("que personne n'a confirmée") && e.allowed.contains("a_confirmer")), "{errors:#?}");
}
