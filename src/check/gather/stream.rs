//! Streams of YAML documents: what helm or kubectl prints, and files of several documents.

use serde_json::Value;

use super::{Group, Origin};
use crate::check::repository::{folder, join};
use crate::check::{helm, kind, text};
use crate::text;
use crate::text::Text;
use crate::yaml::{self, Node};

/// The documents of a stream, each with the number of lines before it.
#[must_use]
pub fn documents(stream: &str) -> Vec<(usize, String)> {
    let mut documents = vec![(0, String::new())];
    for (index, line) in stream.lines().enumerate() {
        if line == "---" || line.starts_with("--- ") {
            documents.push((index + 1, String::new()));
        } else if let Some((_, text)) = documents.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    documents
}

/// Adds what `helm template` printed for a chart; `defaults` says that no values file of an environment was given.
///
/// # Errors
/// Why it cannot be read, to be shown as what is not evaluated.
pub fn rendered(group: &mut Group, stream: &str, chart: &str, defaults: bool) -> Result<(), Text> {
    let mut source = String::new();
    let mut unnamed = None;
    for (_, document) in documents(stream) {
        if let Some(path) = document.lines().find_map(|l| l.strip_prefix("# Source: ")) {
            path.clone_into(&mut source);
        }
        let value: Value = yaml::read(&document).map_err(|f| {
            let (source, fr, en) = (origin(&source, chart), f.what.fr, f.what.en);
            text!("{source} : {fr}", "{source}: {en}")
        })?;
        let named = text(&value, "/metadata/name");
        if defaults && (named.starts_with('-') || named.ends_with('-')) {
            unnamed.get_or_insert(format!("{}: {named:?}", origin(&source, chart)));
            continue;
        }
        object(group, value, &source, chart)?;
    }
    unnamed.map_or(Ok(()), |which| {
        Err(text!("les valeurs par défaut laissent un nom incomplet ({which})", "the default values leave a name incomplete ({which})"))
    })
}

/// Adds one object that helm rendered from `source`.
///
/// # Errors
/// When it is no object.
pub fn object(group: &mut Group, mut value: Value, source: &str, chart: &str) -> Result<(), Text> {
    let file = origin(source, chart);
    of_the_release(&mut value);
    if value.is_object() {
        group.add(value, &Origin { file, unit: chart.to_owned(), written: None });
    } else if !value.is_null() {
        return Err(text!("{file} : le rendu n'est pas un objet", "{file}: what is rendered is not an object"));
    }
    Ok(())
}

/// Where helm read it: « # Source: <chart>/templates/x.yaml », or <chart>/charts/<dependency>/templates/x.yaml.
fn origin(source: &str, chart: &str) -> String {
    if source.is_empty() { String::new() } else { source.split_once('/').map_or_else(|| chart.to_owned(), |(_, rest)| join(chart, rest)) }
}

/// Forgets the namespace of the release, which is the platform's choice, in an object and in those that it lists.
fn of_the_release(value: &mut Value) {
    if text(value, "/metadata/namespace") == helm::NAMESPACE
        && let Some(metadata) = value.pointer_mut("/metadata").and_then(Value::as_object_mut)
    {
        metadata.shift_remove("namespace");
    }
    if kind(value).ends_with("List") {
        value.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten().for_each(of_the_release);
    }
}

/// Why an object is not one yet: what it is or what it is named is encrypted, or is a variable of another tool.
#[must_use]
pub fn veiled(value: &Value) -> Option<Text> {
    let names = [kind(value), text(value, "/metadata/name")];
    if names.iter().any(|n| n.starts_with("ENC[")) {
        return Some(Text::new("objet chiffré par SOPS jusqu'à son nom", "object encrypted by SOPS, its name included"));
    }
    (names.iter().any(|n| n.contains("${") || n.contains("{{") || placeholder(n)) || variable(value)).then(|| {
        Text::new("modèle d'un autre outil : un nom ou un champ y est une variable", "model of another tool: a name or a field is a variable")
    })
}

/// Whether a name holds a place to fill, which a script replaces before it applies the file: `<NAME>`, `NAME_OF_THE_APP`.
fn placeholder(name: &str) -> bool {
    let angled = name.find('<').is_some_and(|open| name[open..].contains('>'));
    let runs = |c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    angled || name.split(runs).any(|run| run.contains('_') && run.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Whether a field is nothing but `${VARIABLE}`, which a tool like envsubst completes. What a container runs, and the content of
/// a ConfigMap, may hold variables of their own.
fn variable(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let inside = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            inside.is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'))
        }
        Value::Array(items) => items.iter().any(variable),
        Value::Object(map) => {
            let own = ["args", "command", "env", "data", "stringData", "annotations"];
            map.iter().any(|(key, inner)| !own.contains(&key.as_str()) && variable(inner))
        }
        _ => false,
    }
}

/// Whether a document lost one of the two lines that make it an object: it has the other one, and a name.
fn half(value: &Value) -> bool {
    let (version, of) = (text(value, "/apiVersion"), kind(value));
    let one = version.is_empty() != of.is_empty();
    let shaped = of.starts_with(|c: char| c.is_ascii_uppercase()) || version == "v1" || version.contains("/v1");
    one && shaped && !text(value, "/metadata/name").is_empty()
}

/// Adds the Kubernetes objects of a file, where they are written.
///
/// # Errors
/// Why some documents cannot be read.
pub fn written(group: &mut Group, content: &str, file: &str) -> Result<(), Vec<Text>> {
    let mut faults = Vec::new();
    for (before, document) in documents(content) {
        match yaml::read::<Node>(&document) {
            Ok(node) => {
                let value = node.value();
                if let Some(why) = veiled(&value) {
                    faults.push(why);
                } else if (value.get("apiVersion").is_some() && !kind(&value).is_empty()) || half(&value) {
                    group.add(value, &Origin { file: file.to_owned(), unit: folder(file).to_owned(), written: Some((node, before)) });
                }
            }
            Err(fault) => faults.push(fault.what),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}
