//! Values of charts against the schema that the chart gives for them, as helm judges them before it renders anything:
//! `values.yaml`, then the values of the environment over it. `check` renders without schemas (one could make helm fetch what
//! it refers to); here no reference is followed outside of the file.

use serde_json::Value;

use crate::check::Report;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::repository::Input::{self, Values};
use crate::check::repository::{file_name, folder, join};
use crate::check::view::View;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[Rule::error(
    "values-schema",
    Values,
    Cct,
    ("valeurs que le schéma du chart refuse, ou schéma absent", "values that the chart's schema refuses, or schema missing"),
    (
        "corrigez la valeur citée, ou le schéma ; un chart généré garde son values.schema.json",
        "mend the value named, or the schema; a generated chart keeps its values.schema.json",
    ),
)
.because((
    "EXI-ARCH-22 : la configuration vient des valeurs. Le schéma arrête une faute avant le cluster ; helm refuse sinon tout le chart au déploiement.",
    "EXI-ARCH-22: configuration comes from values. The schema stops a mistake before the cluster; helm refuses the whole chart otherwise.",
))];

const SCHEMA: &str = "values.schema.json";
/// Most faults shown for a file of values.
const SHOWN: usize = 10;

/// Checks the values of each chart that has a schema; a chart of mirai-kit has one.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let promised = view.promised();
    for chart in view.charts() {
        let path = join(&chart, SCHEMA);
        if view.has(&path) {
            on_chart(&mut report, view, &chart, &path);
        } else if promised.contains(&path) {
            report.see_in("values-schema", &path, None, Some(Text::new("le fichier est absent", "the file is missing")));
        }
    }
    report
}

fn on_chart(report: &mut Report, view: &mut View<'_>, chart: &str, path: &str) {
    let Some(schema) = view.yaml(Input::Values, path) else { return };
    let validator = match jsonschema::validator_for(&schema.value()) {
        Ok(validator) => validator,
        Err(error) => {
            let why = error.to_string();
            return view.gap(Input::Values, path, crate::text!("schéma illisible : {why}", "schema that cannot be read: {why}"));
        }
    };
    let base = join(chart, "values.yaml");
    let defaults = if view.has(&base) { view.yaml(Input::Values, &base).map(|node| node.value()) } else { None };
    let ours = |path: &str| folder(path) == chart && file_name(path).strip_prefix("values-").is_some_and(|n| n.strip_suffix(".yaml").is_some());
    let mut files = view.paths(ours);
    if files.is_empty() && view.has(&base) {
        files.push(base.clone());
    }
    for file in files {
        let Some(node) = view.yaml(Input::Values, &file) else { continue };
        let mut values = defaults.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        overlay(&mut values, &node.value());
        let mut faults = validator.iter_errors(&values).peekable();
        if faults.peek().is_none() {
            report.see_in("values-schema", &file, None, None::<Text>);
        }
        for fault in faults.take(SHOWN) {
            let place = fault.instance_path().to_string();
            let shown = if place.is_empty() { "/" } else { &place };
            report.see_in("values-schema", &file, Some(node.line_of(&place)), Some(format!("{shown}: {}", shortened(&fault.to_string()))));
        }
    }
}

/// Values over others, as helm lays them: maps are merged, a null removes a key.
fn overlay(under: &mut Value, over: &Value) {
    let (Value::Object(under), Value::Object(over)) = (&mut *under, over) else { return };
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (_, Value::Null) => drop(under.shift_remove(key)),
            (Some(inner @ Value::Object(_)), Value::Object(_)) => overlay(inner, value),
            _ => drop(under.insert(key.clone(), value.clone())),
        }
    }
}

/// A message of bounded length: it may quote a whole value.
fn shortened(message: &str) -> String {
    message.chars().take(160).collect()
}
