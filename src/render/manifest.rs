//! `.mirai-kit.yaml`: what a generated project remembers of its birth (kit, version, content hash, modules, answers, date,
//! checksums), so that `update` and `check` know what they look at. Written by the tool alone; answers are never secrets.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::escape::quoted;
use super::{Owner, Tree, TreeFile};
use crate::apply::SafeRelPath;
use crate::digest::sha256;
use crate::kit::{Kit, Module};
use crate::text;
use crate::text::Problem;

/// Name of the file, at the root of each repository.
pub const MANIFEST_NAME: &str = ".mirai-kit.yaml";

pub(super) fn add(kit: &Kit, answers: &Map<String, Value>, active: &[&Module], tree: &mut Tree) -> Result<(), Problem> {
    let head = head(kit, answers, active);
    for repository in tree.repositories.clone() {
        let prefix = repository.path.as_ref().map_or_else(String::new, |p| format!("{p}/"));
        let mut text = head.clone();
        line(&mut text, 0, "depot", &repository.name);
        text.push_str("fichiers:\n");
        for (path, file) in tree.files() {
            let Some(relative) = path.as_str().strip_prefix(&prefix) else { continue };
            let sum = sha256(&file.bytes);
            let owner = match file.owner {
                Owner::Kit => "kit",
                Owner::Shared => "shared",
                Owner::Team => "team",
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {}: {{sha256: \"{sum}\", proprietaire: {owner}}}", literal(relative));
        }
        let file = TreeFile { bytes: text.into_bytes(), executable: false, module: "mirai-kit".into(), owner: Owner::Kit };
        let path = SafeRelPath::new(format!("{prefix}{MANIFEST_NAME}"))
            .map_err(|e| Problem::new(MANIFEST_NAME, text!("chemin refusé : {e}", "path refused: {e}")))?;
        tree.insert(path, file).map_err(|e| Problem::new(MANIFEST_NAME, text!("conflit de chemins : {e}", "paths collide: {e}")))?;
    }
    Ok(())
}

fn head(kit: &Kit, answers: &Map<String, Value>, active: &[&Module]) -> String {
    let mut text = String::from("# Écrit par mirai-kit ; ne pas modifier à la main.\nformat: mirai-kit/projet/v1\n");
    line(&mut text, 0, "kit", &kit.manifest.id);
    line(&mut text, 0, "version", &kit.manifest.version);
    line(&mut text, 0, "contenu", &format!("sha256:{}", kit.files.content_hash()));
    text.push_str("modules:\n");
    for module in active {
        let _ = writeln!(text, "  - {}", literal(&module.id));
    }
    text.push_str("reponses:\n");
    for (key, value) in answers {
        node(&mut text, 1, key, value);
    }
    text
}

fn node(text: &mut String, depth: usize, key: &str, value: &Value) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            let _ = writeln!(text, "{indent}{}:", literal_key(key));
            for (key, value) in entries {
                node(text, depth + 1, key, value);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let _ = writeln!(text, "{indent}{}:", literal_key(key));
            for item in items {
                let _ = writeln!(text, "{indent}  - {}", flow(item));
            }
        }
        scalar => {
            let _ = writeln!(text, "{indent}{}: {}", literal_key(key), flow(scalar));
        }
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => literal(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            format!("{{{}}}", entries.iter().map(|(k, v)| format!("{}: {}", literal_key(k), flow(v))).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn line(text: &mut String, depth: usize, key: &str, value: &str) {
    let _ = writeln!(text, "{}{key}: {}", "  ".repeat(depth), literal(value));
}

/// Question ids are plain identifiers; keys of maps (environment names) may be `on` or `1e3`, so they are quoted.
fn literal_key(key: &str) -> String {
    let plain = key.len() > 3 && key.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !matches!(key, "true" | "false" | "null");
    if plain { key.to_owned() } else { literal(key) }
}

fn literal(text: &str) -> String {
    let mut output = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = quoted(text, &mut output);
    String::from_utf8_lossy(&output).into_owned()
}
