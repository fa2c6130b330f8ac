//! The documents of a description: the register gives the description back without loss, every term exists in its
//! vocabulary, the assessment is presumed from the model, the diagram holds every entity and link.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/models.rs"]
mod models;
#[path = "common/ods.rs"]
mod ods;
#[path = "common/postgres.rs"]
mod postgres;

use std::collections::BTreeSet;

use mirai_kit::rgpd::{self, Rendering};
use models::{GUICHET, kit_model};
use serde_json::Value;

const RICHE: &str = include_str!("fixtures/rgpd/riche.yaml");

fn rendering(yaml: &str) -> Rendering {
    rgpd::render_with_warnings("modele.yaml", yaml).unwrap_or_else(|e| panic!("{e:#?}"))
}

fn text<'a>(rendering: &'a Rendering, path: &str) -> &'a str {
    &rendering.outputs.iter().find(|o| o.path == path).unwrap_or_else(|| panic!("{path}")).content
}

fn register(rendering: &Rendering) -> &[u8] {
    &rendering.binaries.iter().find(|(path, _)| path == "registre-des-traitements.ods").expect("the register").1
}

fn all() -> Vec<String> {
    vec![GUICHET.to_owned(), RICHE.to_owned(), kit_model("demo", true), kit_model("demo", false)]
}

#[test]
fn the_register_gives_the_description_back_without_loss() {
    let hostile =
        GUICHET.replace("\"Statistiques de fréquentation\"", "\"  deux  espaces\\tet <b>&amp;</b> 'l''an' \\\"x\\\"\\n=1+1\\n\"").replace("« ", "");
    assert_ne!(hostile, GUICHET);
    for yaml in all().into_iter().chain([hostile]) {
        let rendering = rendering(&yaml);
        let sheets = ods::read(register(&rendering));
        let wanted: Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(ods::description(&sheets), wanted);
        // What comes back makes the same files.
        let again = serde_json::to_string(&ods::description(&sheets)).unwrap();
        let files = |r: Rendering| {
            let skip = |path: &str| path == "modele.yaml" || path == "rendu.yaml" || path.starts_with("versions/") || path == "droits-et-durees.md";
            r.outputs.into_iter().filter(|o| !skip(&o.path)).map(|o| (o.path, o.content)).collect::<Vec<_>>()
        };
        assert_eq!(files(self::rendering(&again)), files(rendering));
    }
}

#[test]
fn the_register_has_the_sheets_of_the_cnil_and_every_field() {
    let rendering = rendering(GUICHET);
    let sheets = ods::read(register(&rendering));
    let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Responsable", "Traitements", "Fiche 1", "Fiche 2", "Données", "Description"]);
    let cells: Vec<&str> = sheets[2].1.iter().flatten().filter_map(Value::as_str).collect();
    for wanted in [
        "Finalité",
        "Base légale (article 6)",
        "Mission d'intérêt public ou exercice de l'autorité publique (article 6.1.e) — Code exemple, art. L. 100-1",
        "Personnes concernées",
        "Transferts hors de l'Union européenne",
    ] {
        assert!(cells.contains(&wanted), "{wanted}: {cells:#?}");
    }
    assert!(cells.iter().any(|c| c.contains("VACUUM FULL")), "what a purge leaves is said");
    let description: Value = serde_saphyr::from_str(GUICHET).unwrap();
    let fields: usize = description["entites"].as_object().unwrap().values().map(|e| e["champs"].as_object().unwrap().len()).sum();
    assert_eq!(sheets[4].1.len(), fields + 1);
    assert_eq!(register(&rendering), register(&self::rendering(GUICHET)), "the same bytes");
}

#[test]
fn every_term_of_the_catalogue_exists() {
    let list = |text: &'static str| -> BTreeSet<&'static str> {
        text.lines().filter(|l| !l.starts_with('#')).map(|l| l.strip_suffix(" !").unwrap_or(l)).collect()
    };
    let (dpv, pd, gdpr) = (
        list(include_str!("fixtures/dpv/dpv.txt")),
        list(include_str!("../src/rgpd/vocabulary/pd.txt")),
        list(include_str!("../src/rgpd/vocabulary/eu-gdpr.txt")),
    );
    assert!(dpv.len() > 1000);
    let mut seen = 0;
    for yaml in all() {
        let rendering = rendering(&yaml);
        let description: Value = serde_saphyr::from_str(&yaml).unwrap();
        for entity in description["entites"].as_object().unwrap().keys() {
            let sheet: Value = serde_json::from_str(text(&rendering, &format!("catalogue/{entity}.jsonld"))).unwrap();
            let context = sheet["@context"].as_object().unwrap();
            assert_eq!(context["dpv"], "https://w3id.org/dpv#");
            let mut terms = Vec::new();
            walk(&sheet, &mut terms);
            for term in terms {
                let (prefix, name) = term.split_once(':').unwrap();
                seen += 1;
                let known = match prefix {
                    "dpv" => dpv.contains(name),
                    "pd" => pd.contains(name),
                    "eu-gdpr" => gdpr.contains(name),
                    "dct" => ["title", "identifier", "isPartOf", "publisher", "description"].contains(&name),
                    "dcat" => ["Dataset", "version", "contactPoint"].contains(&name),
                    "csvw" => ["name", "datatype", "required"].contains(&name),
                    "xsd" => name == "duration",
                    "urn" => true,
                    _ => false,
                };
                assert!(known && (prefix == "urn" || context.contains_key(prefix)), "{term}");
            }
            let personal = sheet["dpv:hasPersonalData"].as_array().map_or(0, Vec::len);
            let other = sheet["dpv:hasData"].as_array().map_or(0, Vec::len);
            assert_eq!(personal + other, description["entites"][entity]["champs"].as_object().unwrap().len(), "{entity}");
        }
    }
    assert!(seen > 500, "{seen}");
}

/// Keys, types and references of a JSON-LD document; not its context.
fn walk(value: &Value, terms: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries.iter().filter(|(key, _)| *key != "@context") {
                match key.as_str() {
                    "@id" => terms.push(value.as_str().unwrap().to_owned()),
                    "@type" => {
                        terms.extend(value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]).iter().map(|v| v.as_str().unwrap().to_owned()));
                    }
                    "@value" | "@language" => {}
                    key => {
                        terms.push(key.to_owned());
                        walk(value, terms);
                    }
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, terms)),
        _ => {}
    }
}

#[test]
fn an_assessment_is_presumed_from_two_criteria() {
    let guichet = rendering(GUICHET);
    let aipd = text(&guichet, "aipd.md");
    assert!(
        aipd.contains("| Données sensibles ou à caractère hautement personnel | oui | déclaré dans la description ; le modèle : usager.nir"),
        "{aipd}"
    );
    assert!(aipd.contains("3 critères sur neuf : analyse présumée nécessaire, et déclarée telle. Référence : AIPD-2025-014."), "{aipd}");
    let refused = |yaml: &str, words: &str| {
        let errors = rgpd::render("m", yaml).expect_err("refused");
        assert!(errors.iter().any(|e| e.what.contains(words) && !e.allowed.is_empty()), "{errors:#?}");
    };
    // What the model shows counts with what is declared: one of each is two.
    let without = GUICHET.replace(
        "{ necessaire: oui, criteres: [donnees-sensibles, personnes-vulnerables, grande-echelle], reference: AIPD-2025-014 }",
        "{ necessaire: non, criteres: [grande-echelle] }",
    );
    refused(&without, "présumée nécessaire (donnees-sensibles, grande-echelle)");
    let reasoned = without.replace("[grande-echelle] }", "[grande-echelle], motif: \"étude AIPD-2024-7 toujours valable\" }");
    assert!(text(&rendering(&reasoned), "aipd.md").contains("écartée par la description. Motif : étude AIPD-2024-7"));
    refused(&GUICHET.replace("grande-echelle]", "gros-volume]"), "« gros-volume » n'est pas un des neuf critères");
    refused(&GUICHET.replace("dpv:PublicBenefit", "dpv:PublicService"), "« dpv:PublicService » n'est pas une finalité");
    assert!(text(&rendering(&kit_model("demo", false)), "aipd.md").contains("aucune analyse n'est présumée"));
}

#[test]
fn the_diagram_holds_every_entity_field_and_link() {
    let rendering = rendering(RICHE);
    let diagram = text(&rendering, "diagramme.md");
    for line in [
        "  \"personne\" {",
        "    numeric_10_2 salaire \"● pd:Salary, bruit\"",
        "    uuid id PK \"● pd:UID, remplacement_aleatoire\"",
        "    boolean actif \"●● pd:Health, suppression\"",
        "  \"personne\" ||--o{ \"dossier\" : \"personne_id\"",
        "  \"reference\" |o--o{ \"personne\" : \"code\"",
    ] {
        assert!(diagram.lines().any(|l| l == line), "{line} in\n{diagram}");
    }
    assert_eq!(diagram.matches("```").count(), 2);
}
