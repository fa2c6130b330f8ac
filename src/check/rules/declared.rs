//! What a chart says of itself and of its values: `Chart.yaml` as helm reads it (helm `pkg/chart/v2/metadata.go`,
//! `dependency.go`), `Chart.lock` beside it, and the values that templates use without anyone declaring them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::check::Report;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Deduced;
use crate::check::repository::Input::{Charts, Values};
use crate::check::repository::{aside, below, extension, file_name, folder, join};
use crate::check::view::View;
use crate::check::{items, text};
use crate::text;
use crate::text::Text;
use crate::yaml::Node;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "chart-fields",
        Charts,
        Deduced,
        ("Chart.yaml que helm refuse", "Chart.yaml that helm refuses"),
        ("corrigez le champ cité", "mend the field named"),
    )
    .because((
        "helm ne charge pas un chart sans apiVersion, name ou version sémantique : Argo CD ne peut rien en rendre (helm, page « Charts », The Chart.yaml File).",
        "helm does not load a chart without apiVersion, name or semantic version: Argo CD can render nothing of it (helm, page \"Charts\", The Chart.yaml File).",
    )),
    Rule::error(
        "chart-lock",
        Charts,
        Deduced,
        ("Chart.lock qui ne suit plus Chart.yaml", "Chart.lock that no longer follows Chart.yaml"),
        ("lancez `helm dependency update`, et versez le fichier", "run `helm dependency update`, and commit the file"),
    )
    .because((
        "`helm dependency build`, que lance Argo CD, s'arrête : « the lock file (Chart.lock) is out of sync with the dependencies file ».",
        "`helm dependency build`, which Argo CD runs, stops: \"the lock file (Chart.lock) is out of sync with the dependencies file\".",
    )),
    Rule::warning(
        "chart-values-declared",
        Values,
        Deduced,
        ("valeur qu'un gabarit emploie et que rien ne déclare", "value that a template uses and nothing declares"),
        ("déclarez-la dans values.yaml, avec sa valeur par défaut", "declare it in values.yaml, with its default"),
    )
    .because((
        "Une valeur absente devient un texte vide, ou « nil pointer » si un champ en est lu : une faute de frappe passe jusqu'au cluster (helm, page « Values »). Une valeur que le gabarit essaie d'abord (if, with, default…) est facultative : elle n'est pas jugée.",
        "A missing value becomes an empty text, or \"nil pointer\" when a field of it is read: a typing mistake goes as far as the cluster (helm, page \"Values\"). A value that the template tries first (if, with, default…) is optional: it is not judged.",
    )),
];

/// Checks each chart that is delivered.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    for chart in view.charts() {
        let path = join(&chart, "Chart.yaml");
        if aside(&path).is_some() {
            continue;
        }
        let Some(node) = view.yaml(Charts, &path) else { continue };
        let value = node.value();
        fields(&mut report, &path, &node, &value);
        lock(&mut report, view, &chart, &value);
        values(&mut report, view, &chart, &value);
    }
    report
}

/// As helm's `Metadata.Validate` does; versions as its library of semantic versions reads them, `1.2` included.
fn fields(report: &mut Report, path: &str, node: &Node, value: &Value) {
    let mut see = |field: &str, problem: Option<Text>| report.see_in("chart-fields", path, Some(node.line_of(&format!("/{field}"))), problem);
    // A model of another tool names its variables; a file with neither name nor version of its form is not helm's.
    let other = text(value, "/name").is_empty() && text(value, "/apiVersion").is_empty();
    if text(value, "/name").contains(['{', '$']) || other {
        return;
    }
    for field in ["apiVersion", "name"] {
        see(field, text(value, &format!("/{field}")).is_empty().then(|| text!("{field} absent", "no {field}")));
    }
    let version = value.get("version").map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).unwrap_or_default();
    see("version", (!semantic(&version)).then(|| format!("version: {version:?}").into()));
    let of = text(value, "/type");
    see("type", (!matches!(of, "" | "application" | "library")).then(|| format!("type: {of:?}").into()));
    let mut aliases = BTreeSet::new();
    for (index, dependency) in items(value, "/dependencies").enumerate() {
        let (name, alias) = (text(dependency, "/name"), text(dependency, "/alias"));
        let called = if alias.is_empty() { name } else { alias };
        let problem = if name.is_empty() {
            Some(Text::new("dépendance sans nom", "dependency without a name"))
        } else if aliases.insert(called.to_owned()) {
            None
        } else {
            Some(text!("dépendance {called} déclarée deux fois", "dependency {called} declared twice"))
        };
        see(&format!("dependencies/{index}"), problem);
    }
}

fn semantic(version: &str) -> bool {
    let version = version.strip_prefix('v').unwrap_or(version);
    let (core, rest) = version.find(['-', '+']).map_or((version, ""), |at| version.split_at(at));
    let numbers: Vec<&str> = core.split('.').collect();
    let number = |n: &&str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) && (n.len() == 1 || !n.starts_with('0'));
    let labels = rest.is_empty() || rest.len() > 1 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'));
    numbers.len() <= 3 && numbers.iter().all(number) && labels
}

fn lock(report: &mut Report, view: &mut View<'_>, chart: &str, value: &Value) {
    let path = join(chart, "Chart.lock");
    let Some(lock) = view.has(&path).then(|| view.yaml(Charts, &path)).flatten() else { return };
    let locked = lock.value();
    let key = |d: &Value| (text(d, "/name").to_owned(), text(d, "/repository").trim_end_matches('/').to_owned());
    let wanted: Vec<&Value> = items(value, "/dependencies").collect();
    let held: Vec<&Value> = items(&locked, "/dependencies").collect();
    for dependency in &wanted {
        let (name, version) = (text(dependency, "/name"), text(dependency, "/version"));
        let same: Vec<&&Value> = held.iter().filter(|d| key(d) == key(dependency)).collect();
        let exact = semantic(version) && version.split('.').count() == 3;
        let agrees = |d: &&&Value| !exact || text(d, "/version").trim_start_matches('v') == version.trim_start_matches('v');
        let problem = if same.is_empty() {
            Some(text!("{name} n'y est pas", "{name} is not in it"))
        } else {
            (!same.iter().any(agrees))
                .then(|| text!("{name} : {version} demandée, une autre retenue", "{name}: {version} asked for, another one locked"))
        };
        report.see_part("chart-lock", &path, None, name, problem);
    }
    for extra in held.iter().filter(|d| !wanted.iter().any(|w| key(w) == key(d))) {
        let name = text(extra, "/name");
        report.see_part("chart-lock", &path, None, name, Some(text!("{name} n'est plus demandé", "{name} is no longer asked for")));
    }
}

/// What may declare a value: defaults, environments, the schema, dependencies.
fn declared(view: &mut View<'_>, chart: &str, value: &Value) -> Option<Vec<Value>> {
    let mut sources = Vec::new();
    let ours = |path: &str| folder(path) == chart && file_name(path).starts_with("values") && matches!(extension(path), "yaml" | "yml");
    for path in view.paths(ours) {
        sources.push(view.yaml(Values, &path)?.value());
    }
    // Each dependency takes its values below its own name, its condition and the tags are read by helm.
    let mut lent = serde_json::Map::new();
    for dependency in items(value, "/dependencies") {
        for name in [text(dependency, "/name"), text(dependency, "/alias")] {
            lent.insert(name.to_owned(), Value::Bool(true));
        }
    }
    lent.insert("global".to_owned(), Value::Bool(true));
    lent.insert("tags".to_owned(), Value::Bool(true));
    sources.push(Value::Object(lent));
    let schema = join(chart, "values.schema.json");
    if view.has(&schema) {
        sources.push(described(&view.yaml(Values, &schema)?.value(), 0));
    }
    Some(sources)
}

/// The values that a schema describes; `true` where it says nothing of what is below.
fn described(schema: &Value, depth: usize) -> Value {
    match schema.get("properties").and_then(Value::as_object).filter(|_| depth < 12) {
        Some(properties) if schema.get("additionalProperties").is_none_or(|a| a == &Value::Bool(false)) => {
            properties.iter().map(|(key, inner)| (key.clone(), described(inner, depth + 1))).collect::<serde_json::Map<_, _>>().into()
        }
        _ => Value::Bool(true),
    }
}

fn values(report: &mut Report, view: &mut View<'_>, chart: &str, value: &Value) {
    let own = view.projects().iter().any(|root| below(chart, root));
    // Argo CD runs no test of helm's, and shows no notes.
    let rendered = |path: &str| matches!(extension(path), "yaml" | "yml" | "tpl") && !format!("/{path}").contains("/templates/test");
    let templates = view.paths(|path| below(path, &join(chart, "templates")) && rendered(path));
    if templates.is_empty() || text(value, "/type") == "library" {
        return;
    }
    let Some(sources) = declared(view, chart, value) else { return };
    // Use, with its first place; and what some action of the chart tries before.
    let (mut used, mut tried): (BTreeMap<String, (String, usize)>, BTreeSet<String>) = (BTreeMap::new(), BTreeSet::new());
    for path in templates {
        let Some(content) = view.text(Charts, &path) else { continue };
        for (line, action, inside) in actions(&content) {
            // What a condition opens may well be there only when it holds: a project of ours declares it all the same.
            let cautious = (inside && !own) || action.split(|c: char| !c.is_alphanumeric()).any(|word| CAUTIOUS.contains(&word));
            for name in uses(&action) {
                if cautious {
                    tried.insert(name);
                } else {
                    used.entry(name).or_insert_with(|| (path.clone(), line));
                }
            }
        }
    }
    for (name, (path, line)) in &used {
        let parts: Vec<&str> = name.split('.').collect();
        // Whoever tries `a`, or `a.b`, knows that what is below may be missing.
        let optional = (1..=parts.len()).any(|end| tried.contains(&parts[..end].join(".")));
        let known = sources.iter().any(|source| reaches(source, &parts));
        if known || !optional {
            report.see_part("chart-values-declared", path, Some(*line), "", (!known).then(|| format!(".Values.{name}")));
        }
    }
}

/// Words of an action that looks whether a value is there.
const CAUTIOUS: [&str; 17] =
    ["if", "with", "range", "default", "required", "hasKey", "empty", "coalesce", "or", "and", "not", "ternary", "get", "dig", "lookup", "eq", "ne"];

/// Whether a path stands in values. What is not a map there may hold anything that a template makes of it; an empty one too.
fn reaches(source: &Value, parts: &[&str]) -> bool {
    let mut at = source;
    for part in parts {
        match at {
            Value::Object(map) if map.is_empty() => return !std::ptr::eq(at, source),
            Value::Object(map) => match map.get(*part) {
                Some(inner) => at = inner,
                None => return false,
            },
            _ => return true,
        }
    }
    true
}

/// The actions of a template, comments left out, each with its line and whether a condition opens it.
fn actions(content: &str) -> Vec<(usize, String, bool)> {
    let mut found = Vec::new();
    let mut open_blocks: Vec<bool> = Vec::new();
    let mut at = 0;
    while let Some(open) = content[at..].find("{{") {
        let start = at + open;
        let body = &content[start + 2..];
        let comment = body.trim_start_matches('-').trim_start().starts_with("/*");
        let Some(length) = (if comment { body.find("*/").and_then(|end| body[end..].find("}}").map(|close| end + close)) } else { body.find("}}") })
        else {
            break;
        };
        if !comment {
            let action = &body[..length];
            let word = action.trim_start_matches('-').trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            found.push((content[..start].matches('\n').count() + 1, action.to_owned(), open_blocks.contains(&true)));
            match word {
                "if" | "with" | "range" => open_blocks.push(true),
                "define" | "block" => open_blocks.push(false),
                "end" => drop(open_blocks.pop()),
                _ => {}
            }
        }
        at = start + 2 + length + 2;
    }
    found
}

/// The values that an action names, texts left out: `.Values.a.b`, `$.Values.a`, `.r.Values.a`.
fn uses(action: &str) -> Vec<String> {
    let mut bare = String::new();
    let mut quote = None;
    for c in action.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '`') => quote = Some(c),
            None => bare.push(c),
        }
    }
    let mut found = Vec::new();
    for (at, _) in bare.match_indices(".Values.") {
        let rest = &bare[at + ".Values.".len()..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches('.');
        if !name.is_empty() {
            found.push(name.to_owned());
        }
    }
    found
}
