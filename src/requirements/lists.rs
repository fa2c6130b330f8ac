//! All the lists together: rows refer to one another across lists, so that they are validated as a whole.

use std::collections::BTreeMap;
use std::path::Path;

use super::list::{List, Row};
use super::validate::{located, own_faults, same_name};
use crate::kit::KitFiles;
use crate::text::Problem;
use crate::yaml;

/// The lists of a kit.
#[derive(Debug, Clone)]
pub struct Lists {
    lists: Vec<List>,
    /// Place of each row (list, row) by its reference.
    rows: BTreeMap<String, (usize, usize)>,
}

/// The files of a kit that are requirement lists.
pub fn list_files(files: &KitFiles) -> impl Iterator<Item = &str> {
    files.below("requirements").filter(|path| Path::new(path).extension().is_some_and(|e| e == "yaml"))
}

impl Lists {
    /// Reads and validates every list of a kit.
    ///
    /// # Errors
    /// Every problem found, each with its file and line.
    pub fn load(files: &KitFiles) -> Result<Self, Vec<Problem>> {
        Self::load_with(files, &[])
    }

    /// The lists of a kit, and those that a team adds, given as (name, YAML text).
    ///
    /// # Errors
    /// Every problem found, each with its file and line.
    pub fn load_with(files: &KitFiles, added: &[(&str, &str)]) -> Result<Self, Vec<Problem>> {
        let mut texts = Vec::new();
        let mut problems = Vec::new();
        for path in list_files(files) {
            match files.text(path) {
                Ok(text) => texts.push((path, text)),
                Err(problem) => problems.push(problem),
            }
        }
        texts.extend(added);
        if problems.is_empty() { Self::parse(&texts) } else { Err(problems) }
    }

    /// Parses and validates lists given as (name, YAML text).
    ///
    /// # Errors
    /// Every problem found, each with its file and line.
    pub fn parse(texts: &[(&str, &str)]) -> Result<Self, Vec<Problem>> {
        let mut lists = Vec::new();
        let mut problems = Vec::new();
        for (name, text) in texts {
            match yaml::parse::<List>(name, text) {
                Ok(list) => {
                    problems.extend(located(name, text, own_faults(&list)));
                    lists.push(list);
                }
                Err(problem) => problems.push(problem),
            }
        }
        let mut rows = BTreeMap::new();
        for (i, list) in lists.iter().enumerate() {
            let name = list.name();
            rows.extend(list.requirements.iter().enumerate().map(|(j, row)| (format!("{name}/{}", row.key()), (i, j))));
        }
        let lists = Self { lists, rows };
        if problems.is_empty() {
            for (i, (list, (name, text))) in lists.lists.iter().zip(texts).enumerate() {
                let twice = lists.lists.iter().take(i).any(|earlier| earlier.name() == list.name());
                let faults = if twice { vec![same_name(list)] } else { lists.faults_between(list) };
                problems.extend(located(name, text, faults));
            }
        }
        if problems.is_empty() { Ok(lists) } else { Err(problems) }
    }

    /// The lists, in the order of their files.
    pub fn iter(&self) -> impl Iterator<Item = &List> {
        self.lists.iter()
    }

    /// A list, by `id@version`.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<&List> {
        self.lists.iter().find(|list| list.name() == name)
    }

    /// A row, by `id@version/ID` or `id@version/ID/slug`.
    #[must_use]
    pub fn row(&self, reference: &str) -> Option<&Row> {
        let &(list, row) = self.rows.get(reference)?;
        self.lists.get(list)?.requirements.get(row)
    }

    /// The reference of the row that holds the facets of this one: itself, or the one it takes them from.
    #[must_use]
    pub fn holder<'a>(&'a self, reference: &'a str) -> Option<(&'a str, &'a Row)> {
        let row = self.row(reference)?;
        match &row.facets_from {
            Some(from) => self.row(from).map(|holder| (from.as_str(), holder)),
            None => Some((reference, row)),
        }
    }
}

impl List {
    /// `id@version`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}
