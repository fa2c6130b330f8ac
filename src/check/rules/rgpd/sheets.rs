//! One sheet per business object (EXI-DATA-4): each entity that is described has the sheet that its description makes, and no
//! table of the schema that is described is left without one. A sheet may say more; it says nothing else.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::check::Report;
use crate::check::migrations::has_extension;
use crate::check::repository::Input::Model;
use crate::check::repository::{below, extension, folder, join};
use crate::check::sql::{self, Name, Op};
use crate::check::view::View;
use crate::rgpd;
use crate::text;
use crate::text::Text;

/// Checks the sheets of one description.
pub(super) fn check(view: &mut View<'_>, report: &mut Report, path: &str, outputs: &[rgpd::Output]) {
    let root = folder(path);
    let sheets: Vec<&rgpd::Output> = outputs.iter().filter(|output| extension(&output.path) == "jsonld").collect();
    let places: Vec<String> = sheets.iter().map(|sheet| join(root, &sheet.path)).collect();
    // A description that stands alone promises nothing yet.
    if !places.iter().any(|place| view.has(place)) && !view.projects().iter().any(|project| below(path, project)) {
        return;
    }
    for (sheet, place) in sheets.iter().zip(&places) {
        let problem = if view.has(place) {
            let Some(content) = view.text(Model, place) else { continue };
            differs(&content, &sheet.content)
        } else {
            Some(Text::new("fiche absente", "sheet missing"))
        };
        report.see_in("business-object-sheet", place, None, problem);
    }
    forgotten(view, report, root, outputs);
}

/// What the description says and the sheet does not.
fn differs(content: &str, expected: &str) -> Option<Text> {
    let (Ok(Value::Object(found)), Ok(Value::Object(expected))) = (serde_json::from_str(content), serde_json::from_str(expected)) else {
        return Some(Text::new("ce n’est pas un objet JSON", "this is no JSON object"));
    };
    let key = expected.iter().find(|(key, value)| found.get(*key) != Some(value)).map(|(key, _)| key)?;
    Some(text!("{key} n’est pas ce que la description dit", "{key} is not what the description says"))
}

/// Tables that the SQL makes in the schema of the description, and that it does not describe.
fn forgotten(view: &mut View<'_>, report: &mut Report, root: &str, outputs: &[rgpd::Output]) {
    let is_sql = |path: &str| has_extension(path, "sql");
    let mut described = BTreeSet::new();
    for output in outputs.iter().filter(|output| is_sql(&output.path)) {
        described.extend(tables(&output.content).into_iter().map(|(name, _)| name));
    }
    let schemas: BTreeSet<String> = described.iter().map(|name: &Name| name.schema.clone()).collect();
    for script in view.paths(|path| below(path, root) && is_sql(path)) {
        let Some(content) = view.text(Model, &script) else { continue };
        for (table, line) in tables(&content) {
            if schemas.contains(&table.schema) {
                let problem = (!described.contains(&table)).then(|| text!("table {table} sans fiche", "table {table} without a sheet"));
                report.see_in("business-object-sheet", &script, Some(line), problem);
            }
        }
    }
}

fn tables(content: &str) -> Vec<(Name, usize)> {
    let statements = sql::script(content).map(|script| script.statements).unwrap_or_default();
    let made = |op: Op| if let Op::CreateTable(table, _) = op { Some(table) } else { None };
    statements.into_iter().filter_map(|statement| Some((made(statement.op)?, statement.line))).collect()
}
