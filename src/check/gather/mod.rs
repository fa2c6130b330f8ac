//! From a folder to Kubernetes objects, each with the place it comes from: charts as rendered per environment, raw
//! manifests as they are.

pub mod charts;
pub mod kustomize;
pub mod raw;
pub mod stream;
mod waiting;

use std::collections::BTreeMap;

use serde_json::Value;

use super::judge::Located;
use super::repository::{Input, Repository, join};
use super::{Finding, ORIGIN, Report, Spot, WAITING, items, kind, remember, text as field, unknown_workload};
use crate::text;
use crate::yaml::Node;

/// Where an object comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// File, from the root: the template, for what a chart renders.
    pub file: String,
    /// What is deployed at once with it: the chart that renders it, the folder of a raw manifest.
    pub unit: String,
    /// The document as it is written, when the object is that document, and the line before it.
    pub written: Option<(Node, usize)>,
}

/// Objects with their origin.
#[derive(Default)]
pub struct Group {
    /// The objects; each names its origin under [`ORIGIN`].
    pub objects: Vec<Value>,
    origins: Vec<Origin>,
    /// Lines of the templates that findings stand in.
    templates: BTreeMap<String, Vec<String>>,
}

impl Group {
    /// Adds an object, or each of those that a list holds.
    pub fn add(&mut self, mut object: Value, origin: &Origin) {
        let listed = kind(&object).ends_with("List").then(|| object.get("items").and_then(Value::as_array)).flatten();
        if let Some(items) = listed {
            let inside = Origin { written: None, ..origin.clone() };
            for item in items {
                self.add(item.clone(), &inside);
            }
            return;
        }
        if let Some(map) = object.as_object_mut() {
            map.insert(ORIGIN.to_owned(), self.origins.len().into());
            self.objects.push(object);
            self.origins.push(origin.clone());
        }
    }

    /// Where the object of an index comes from.
    #[must_use]
    pub fn origin(&self, index: usize) -> Option<&Origin> {
        self.origins.get(index)
    }

    /// Marks the objects of a production that hold a value still to be given; rules see the mark in what they cite.
    pub fn mark(&mut self, production: impl Fn(&Self, usize) -> bool) {
        for index in 0..self.objects.len() {
            if production(self, index)
                && waiting::any(&self.objects[index])
                && let Some(map) = self.objects[index].as_object_mut()
            {
                map.insert(WAITING.to_owned(), true.into());
            }
        }
    }

    /// Rules that looked at such a value, with where.
    pub fn waits(&self, report: &Report) -> BTreeMap<&'static str, String> {
        let mut found = BTreeMap::new();
        for (rule, object, field) in &report.looked {
            let (shown, index) = cited(object);
            let Some((object, origin)) = index.and_then(|i| Some((self.objects.get(i)?, self.origins.get(i)?))) else { continue };
            if let Some(value) = waiting::at(object, field) {
                remember(&mut found, rule, format!("{} {shown}: {value}", origin.file));
            }
        }
        found
    }

    /// Kinds that run containers in a way that the rules do not know: what they run was not seen.
    pub fn unknown(&self, repository: &mut Repository) {
        for (object, origin) in self.objects.iter().zip(&self.origins) {
            if kind(object) == "SopsSecret" && items(object, "/spec/secretTemplates").any(|t| field(t, "/name").starts_with("ENC[")) {
                let why = text::Text::new(
                    "noms de Secrets chiffrés : on ne sait lesquels existent",
                    "names of Secrets encrypted: which ones exist is not known",
                );
                repository.gap(Some(Input::Manifests), &origin.file, why);
            }
            if unknown_workload(object) {
                let of = kind(object);
                let why = text!("{of} : type de charge que les règles ne lisent pas", "{of}: kind of workload that the rules do not read");
                repository.gap(Some(Input::Manifests), &origin.file, why);
            }
        }
    }

    /// A finding, with the file and the line of what it cites.
    pub fn locate(&mut self, finding: Finding, repository: &mut Repository) -> Located {
        let (object, index) = cited(&finding.object);
        let detail = text::Text::new(plain(&finding.detail.fr), plain(&finding.detail.en));
        let (file, line) = match finding.spot {
            Spot::File(file, line) => (file, line),
            Spot::Field(field) => self.place(&object, index, &field, repository),
        };
        Located { file, line, rule: finding.rule, object, detail }
    }

    fn place(&mut self, object: &str, index: Option<usize>, field: &str, repository: &mut Repository) -> (String, Option<usize>) {
        let Some(origin) = index.and_then(|i| self.origins.get(i)) else { return Default::default() };
        if let Some((node, before)) = &origin.written {
            return (origin.file.clone(), Some(before + node.line_of(field)));
        }
        let file = origin.file.clone();
        let lines = self.templates.entry(file.clone()).or_insert_with(|| {
            let known = repository.files.contains(&file);
            let text = if known { repository.text(Input::Manifests, &file) } else { None };
            text.unwrap_or_default().lines().map(str::to_owned).collect()
        });
        let wanted = object.split('/').next().unwrap_or_default();
        let line = only(lines, |line| named(field).is_some_and(|key| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'))));
        (file, line.or_else(|| only(lines, |line| line.strip_prefix("kind:").is_some_and(|kind| kind.trim() == wanted))))
    }
}

/// The last key of a JSON pointer.
fn named(field: &str) -> Option<&str> {
    field.rsplit('/').find(|part| !part.is_empty() && !part.bytes().all(|b| b.is_ascii_digit()))
}

/// Line, from 1, of the one line that a template holds of a sort: with two, which one renders the object is not known.
fn only(lines: &[String], wanted: impl Fn(&str) -> bool) -> Option<usize> {
    let mut found = lines.iter().enumerate().filter(|(_, line)| wanted(line.trim_start_matches(['-', ' '])));
    let first = found.next()?;
    found.next().is_none().then_some(first.0 + 1)
}

/// What [`super::cite`] said, without the index of the origin, and that index.
fn cited(object: &str) -> (String, Option<usize>) {
    let index = object.split_once(ORIGIN).and_then(|(_, rest)| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    (plain(object), index)
}

/// A text without the indexes of origins.
fn plain(text: &str) -> String {
    let mut parts = text.split(ORIGIN);
    let mut out = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        out.push_str(rest.strip_prefix(WAITING).unwrap_or(rest));
    });
    out
}

/// Whether helm reads a file as a part of a chart: what stands beside it (pipeline, workflows) is the repository's.
fn chart_part(file: &str, chart: &str) -> bool {
    ["templates", "charts", "crds"].iter().any(|part| super::repository::below(file, &join(chart, part)))
}
