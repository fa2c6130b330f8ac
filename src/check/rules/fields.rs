//! Fields, types and required fields of the API, as the API server and the operators declare them: a misspelt field is
//! dropped in silence by a client-side apply, and a wrong type refuses the whole synchronisation. The tables are made by
//! `tests/tools/python/field_tables.py` from the pinned schemas; a test makes them again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Platform;
use crate::check::repository::Input::Manifests;
use crate::check::{ORIGIN, Report, WAITING, cite, escaped, kind, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[Rule::error(
    "api-fields",
    Manifests,
    Platform,
    (
        "champ que l'API ne connaît pas, de mauvais type, ou obligatoire et absent",
        "field that the API does not know, of the wrong type, or required and missing",
    ),
    (
        "corrigez le nom ou le type ; un nombre attendu comme texte se met entre guillemets",
        "mend the name or the type; a number expected as a text goes between quotes",
    ),
)
.equals(&["kubernetes-validate:schema"])
.because((
    "Argo CD refuse l'objet de mauvais type, et un champ inconnu est ignoré sans message : ce qu'il devait protéger ne l'est pas. \
     Schémas de Kubernetes 1.31 et 1.34, de CloudNativePG, du greffon barman, d'Argo CD et de l'opérateur Prometheus.",
    "Argo CD refuses an object of the wrong type, and an unknown field is ignored in silence: what it was to protect is not. \
     Schemas of Kubernetes 1.31 and 1.34, CloudNativePG, the barman plugin, Argo CD and the Prometheus operator.",
))];

/// Versions of groups that have no stable one, as their operators serve them.
const VERSIONS: [(&str, &[&str]); 3] = [
    ("argoproj.io", &["v1alpha1", "v1beta1"]),
    ("secrets.hashicorp.com", &["v1beta1"]),
    ("isindir.github.com", &["v1alpha1", "v1alpha2", "v1alpha3"]),
];

/// What a field takes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Shape {
    /// `s`tring, `i`nteger, `n`umber, `b`oolean, `q`uantity (text or number), `*` anything.
    Scalar(char),
    /// One of these texts.
    Choice { e: BTreeSet<String> },
    /// A list of a shape.
    List { l: usize },
    /// A map of any keys to a shape.
    Map { m: usize },
    /// Known fields, of which some are required.
    Fields {
        f: BTreeMap<String, usize>,
        #[serde(default)]
        r: Vec<String>,
    },
}

#[derive(Debug, Deserialize)]
struct Tables {
    /// `group/Kind` of everything that the API server itself serves.
    builtin: BTreeSet<String>,
    /// `group/version/Kind`, with the number of its shape.
    kinds: BTreeMap<String, usize>,
    shapes: Vec<Shape>,
}

/// The tables; a test reads them, so that they cannot be wrong at run time.
fn tables() -> Option<&'static Tables> {
    static TABLES: OnceLock<Option<Tables>> = OnceLock::new();
    TABLES.get_or_init(|| serde_json::from_str(include_str!("fields/kinds.json")).ok()).as_ref()
}

/// Checks each object of a kind that the tables know.
#[must_use]
pub fn check(objects: &[Value]) -> Report {
    let mut report = Report::default();
    let Some(tables) = tables() else { return report };
    for object in objects {
        let cited = cite(object);
        let (version, of) = (text(object, "/apiVersion"), kind(object));
        let Some(shape) = tables.kinds.get(&format!("{version}/{of}")) else {
            if let Some(problem) = tables.unknown(version, of) {
                report.see_at("api-fields", &cited, "/apiVersion", Some(problem));
            }
            continue;
        };
        let mut problems = Vec::new();
        if object.get("metadata").is_none_or(Value::is_null) {
            problems.push((String::new(), Text::new("metadata absent", "metadata missing")));
        }
        tables.walk(*shape, object, "", &mut problems);
        if problems.is_empty() {
            report.see("api-fields", &cited, None::<Text>);
        }
        for (field, problem) in problems {
            report.see_at("api-fields", &cited, &field, Some(problem));
        }
    }
    report
}

impl Tables {
    /// Why no API serves that kind, when the tables can tell: an unknown kind in a group of the API server is a misspelt one,
    /// as is a version that none of its kinds has (versions before the first stable one are those of `removed-api`).
    fn unknown(&self, version: &str, kind: &str) -> Option<Text> {
        if version.is_empty() || kind.is_empty() {
            // A raw manifest without them is no manifest; a chart that renders such an object is refused whole.
            return Some(Text::new("apiVersion ou kind absent", "apiVersion or kind missing"));
        }
        let (group, number) = version.rsplit_once('/').unwrap_or(("", version));
        let serves = self.builtin.iter().any(|known| known.rsplit_once('/').is_some_and(|(g, _)| g == group));
        // `v1` `Config` is a kubeconfig.
        if serves && kind != "Config" && !self.builtin.contains(&format!("{group}/{kind}")) {
            return Some(text!("type inconnu : {version} {kind}", "unknown kind: {version} {kind}"));
        }
        let parts = |key: &str| -> Option<(String, String)> {
            let (version, kind) = key.rsplit_once('/')?;
            Some((version.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned()), kind.to_owned()))
        };
        let known = self.kinds.keys().any(|key| parts(key).is_some_and(|(g, k)| g == group && k == kind));
        let stable = !number.contains("alpha") && !number.contains("beta");
        if VERSIONS.iter().any(|(g, versions)| *g == group && !versions.contains(&number)) {
            return Some(text!("version inconnue : {version} {kind}", "unknown version: {version} {kind}"));
        }
        // A kind of a group whose other kinds are known, one letter away from one of them.
        let near = self.kinds.keys().filter_map(|key| parts(key)).find(|(g, k)| g == group && k != kind && strsim::levenshtein(k, kind) == 1);
        if let Some((_, near)) = near.filter(|_| !known) {
            return Some(text!("type inconnu : {version} {kind} ({near} ?)", "unknown kind: {version} {kind} ({near}?)"));
        }
        (known && stable).then(|| text!("version inconnue : {version} {kind}", "unknown version: {version} {kind}"))
    }

    fn walk(&self, shape: usize, value: &Value, at: &str, problems: &mut Vec<(String, Text)>) {
        // The API server drops a null.
        if value.is_null() {
            return;
        }
        let right = match (self.shapes.get(shape), value) {
            (Some(Shape::Fields { f, r }), Value::Object(map)) => {
                for (key, inner) in map.iter().filter(|(key, _)| *key != ORIGIN && *key != WAITING) {
                    let place = format!("{at}/{}", escaped(key));
                    match f.get(key) {
                        Some(known) => self.walk(*known, inner, &place, problems),
                        None => problems.push((place.clone(), text!("champ inconnu : {place}", "unknown field: {place}"))),
                    }
                }
                for missing in r.iter().filter(|key| map.get(*key).is_none_or(Value::is_null)) {
                    problems.push((at.to_owned(), text!("champ obligatoire absent : {at}/{missing}", "required field missing: {at}/{missing}")));
                }
                true
            }
            (Some(Shape::Map { m }), Value::Object(map)) => {
                for (key, inner) in map {
                    self.walk(*m, inner, &format!("{at}/{}", escaped(key)), problems);
                }
                true
            }
            (Some(Shape::List { l }), Value::Array(items)) => {
                for (index, inner) in items.iter().enumerate() {
                    self.walk(*l, inner, &format!("{at}/{index}"), problems);
                }
                true
            }
            (Some(Shape::Choice { e }), Value::String(text)) => {
                if !e.contains(text) {
                    let among = e.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                    problems.push((at.to_owned(), text!("{at} : {text:?} n'est pas parmi {among}", "{at}: {text:?} is not one of {among}")));
                }
                true
            }
            (Some(Shape::Scalar(letter)), _) => match letter {
                's' => value.is_string(),
                'i' => value.is_i64() || value.is_u64(),
                'n' => value.is_number(),
                'b' => value.is_boolean(),
                'q' => value.is_string() || value.is_number(),
                _ => true,
            },
            (None, _) => true,
            _ => false,
        };
        if !right {
            let (fr, en) = self.expected(shape);
            problems.push((at.to_owned(), text!("{at} : {fr} attendu", "{at}: {en} expected")));
        }
    }

    fn expected(&self, shape: usize) -> (&'static str, &'static str) {
        match self.shapes.get(shape) {
            Some(Shape::Scalar('s') | Shape::Choice { .. }) => ("texte", "text"),
            Some(Shape::Scalar('i')) => ("nombre entier", "integer"),
            Some(Shape::Scalar('n')) => ("nombre", "number"),
            Some(Shape::Scalar('b')) => ("booléen", "boolean"),
            Some(Shape::List { .. }) => ("liste", "list"),
            Some(Shape::Map { .. } | Shape::Fields { .. }) => ("dictionnaire", "mapping"),
            _ => ("texte ou nombre", "text or number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_read_and_each_number_is_that_of_a_shape() {
        let tables = tables().unwrap();
        assert!(tables.kinds.len() > 40 && tables.builtin.contains("apps/Deployment") && tables.builtin.contains("/Service"));
        let numbers = tables.shapes.iter().flat_map(|shape| match shape {
            Shape::List { l: n } | Shape::Map { m: n } => vec![*n],
            Shape::Fields { f, .. } => f.values().copied().collect(),
            Shape::Scalar(_) | Shape::Choice { .. } => Vec::new(),
        });
        assert!(numbers.chain(tables.kinds.values().copied()).all(|n| n < tables.shapes.len()));
    }
}
