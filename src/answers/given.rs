//! What the user gave before any question: the answers file and the `--set` flags, with the place of every value.

use std::collections::BTreeMap;

use crate::text::{Problem, Text};
use crate::yaml::{self, Kind, Node};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An answers file, by its name.
    File(String),
    /// A `--set` flag, by its key.
    Flag(String),
    /// The command's own argument, by its name.
    Argument(&'static str),
    /// The terminal.
    Prompt,
    /// The kit's default.
    Default,
}

impl Origin {
    /// The place of a node, as shown to the user.
    #[must_use]
    pub fn at(&self, line: u64, column: u64) -> String {
        match self {
            Self::File(name) => format!("{name}:{line}:{column}"),
            Self::Flag(key) => format!("--set {key}"),
            Self::Argument(name) => (*name).to_owned(),
            Self::Prompt | Self::Default => String::new(),
        }
    }
}

/// Values given by key, with their origin. A flag wins over the file.
#[derive(Debug, Clone, Default)]
pub struct Given {
    values: BTreeMap<String, (Origin, Node)>,
    keys: Vec<(String, Origin, (u64, u64))>,
}

impl Given {
    /// Reads an answers file.
    ///
    /// # Errors
    /// When it is not a YAML mapping.
    pub fn read_file(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let node: Node = yaml::parse(name, text)?;
        match node.kind {
            Kind::Map(entries) => {
                for (key, place, node) in entries {
                    let origin = Origin::File(name.to_owned());
                    self.keys.push((key.clone(), origin.clone(), place));
                    self.values.insert(key, (origin, node));
                }
                Ok(())
            }
            Kind::Scalar(serde_json::Value::Null) => Ok(()),
            _ => Err(Problem::new(
                format!("{name}:{}:{}", node.line, node.column),
                Text::new("le fichier de réponses n'est pas une liste de clés et de valeurs", "the answers file is not a mapping of keys to values"),
            )
            .hint(Text::new("écrivez une ligne `clé: valeur` par réponse", "write one `key: value` line per answer"))),
        }
    }

    /// Adds a `--set KEY=VALUE` flag; `KEY` may be dotted (`s3.bucket`), `VALUE` is YAML.
    ///
    /// # Errors
    /// When there is no `=`, the value is not YAML, or a dotted key goes through something that is not a record.
    pub fn set(&mut self, flag: &str) -> Result<(), Problem> {
        let at = || format!("--set {flag}");
        let Some((path, value)) = flag.split_once('=') else {
            return Err(
                Problem::new(at(), Text::new("il manque `=`", "`=` is missing")).hint(Text::new("écrivez --set clé=valeur", "write --set key=value"))
            );
        };
        let mut node: Node = yaml::parse(&at(), value)?;
        let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        let origin = Origin::Flag(path.to_owned());
        self.keys.push((key.to_owned(), origin.clone(), (0, 0)));
        if let Some(rest) = rest {
            let fields: Vec<&str> = rest.split('.').collect();
            if let Some((_, base)) = self.values.remove(key) {
                node = merged(base, &fields, node)
                    .ok_or_else(|| Problem::new(at(), text!("`{key}` n'est pas un enregistrement", "`{key}` is not a record")))?;
            } else {
                node = nested(&fields, node);
            }
        }
        self.values.insert(key.to_owned(), (origin, node));
        Ok(())
    }

    /// Takes the command's argument as the answer to `key`, unless a flag or the file gives one.
    pub fn argument(&mut self, key: &str, name: &'static str, value: &str) {
        let node = || Node { line: 0, column: 0, kind: Kind::Scalar(value.into()) };
        self.values.entry(key.to_owned()).or_insert_with(|| (Origin::Argument(name), node()));
    }

    /// The value given for a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&(Origin, Node)> {
        self.values.get(key)
    }

    /// Every key given, with its origin and place.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &Origin, (u64, u64))> {
        self.keys.iter().map(|(key, origin, place)| (key.as_str(), origin, *place))
    }
}

use crate::text;

fn nested(fields: &[&str], value: Node) -> Node {
    fields.iter().rev().fold(value, |inner, field| {
        let (line, column) = (inner.line, inner.column);
        Node { line, column, kind: Kind::Map(vec![((*field).to_owned(), (line, column), inner)]) }
    })
}

fn merged(base: Node, fields: &[&str], value: Node) -> Option<Node> {
    let Some((field, rest)) = fields.split_first() else { return Some(value) };
    let Kind::Map(mut entries) = base.kind else { return None };
    match entries.iter_mut().find(|(key, _, _)| key == field) {
        Some(entry) => entry.2 = merged(entry.2.clone(), rest, value)?,
        None => entries.push(((*field).to_owned(), (value.line, value.column), nested(rest, value))),
    }
    Some(Node { kind: Kind::Map(entries), ..base })
}
