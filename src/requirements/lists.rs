//! All the lists together: rows refer to one another across lists, so that they are validated as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::list::{How, Level, List, Relation, Row};
use crate::kit::KitFiles;
use crate::text;
use crate::text::{Problem, Text};
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
    /// Every problem found, each with its file.
    pub fn load(files: &KitFiles) -> Result<Self, Vec<Problem>> {
        let mut texts = Vec::new();
        let mut problems = Vec::new();
        for path in list_files(files) {
            match files.text(path) {
                Ok(text) => texts.push((path, text)),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Self::parse(&texts) } else { Err(problems) }
    }

    /// Parses and validates lists given as (name, YAML text).
    ///
    /// # Errors
    /// Every problem found, each with its file.
    pub fn parse(texts: &[(&str, &str)]) -> Result<Self, Vec<Problem>> {
        let mut lists = Vec::new();
        let mut problems = Vec::new();
        for (name, text) in texts {
            match yaml::parse::<List>(name, text) {
                Ok(list) => {
                    problems.extend(own_problems(name, &list));
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
            for (list, (name, _)) in lists.lists.iter().zip(texts) {
                problems.extend(lists.problems_between(name, list));
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

    fn problems_between(&self, name: &str, list: &List) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut unknown = |at: String, reference: &str| {
            problems.push(
                Problem::new(at, text!("ligne inconnue : `{reference}`", "unknown row: `{reference}`"))
                    .hint(Text::new("écrivez liste@version/ID[/slug]", "write list@version/ID[/slug]")),
            );
        };
        for row in &list.requirements {
            let at = || format!("{name} ({})", row.key());
            if let Some(from) = &row.facets_from
                && self.row(from).is_none_or(|holder| holder.facets_from.is_some())
            {
                unknown(at(), from);
            }
            for from in row.lineage.iter().filter_map(|l| l.from.as_ref()).filter(|from| self.row(from).is_none()) {
                unknown(at(), from);
            }
            for facet in &row.facets {
                let same = |holder: &Row| holder.facets_from.is_none() && holder.facets.iter().any(|f| f.id == facet.id);
                if let Some(from) = facet.from.as_ref().filter(|from| !self.row(from).is_some_and(same)) {
                    unknown(at(), &format!("{from} ({})", facet.id));
                }
            }
            if let Some(imported) = row.imports.as_ref().filter(|imported| self.list(imported).is_none()) {
                unknown(at(), imported);
            }
        }
        for dropped in &list.dropped {
            for reference in [Some(&dropped.from), dropped.to.as_ref()].into_iter().flatten() {
                if self.row(reference).is_none() {
                    unknown(format!("{name} (dropped)"), reference);
                }
            }
        }
        problems.extend(self.unaccounted(name, list));
        problems
    }

    /// Every row of a superseded list must have a successor or be declared dropped: none may vanish in silence.
    fn unaccounted(&self, name: &str, list: &List) -> Vec<Problem> {
        let Some(older) = &list.supersedes else { return Vec::new() };
        let Some(old) = self.list(older) else {
            return vec![Problem::new(name, text!("liste remplacée inconnue : `{older}`", "unknown superseded list: `{older}`"))];
        };
        let followed: BTreeSet<&str> = list
            .requirements
            .iter()
            .flat_map(|row| row.lineage.iter().filter_map(|l| l.from.as_deref()))
            .chain(list.dropped.iter().map(|d| d.from.as_str()))
            .collect();
        old.requirements
            .iter()
            .map(|row| format!("{older}/{}", row.key()))
            .filter(|reference| !followed.contains(reference.as_str()))
            .map(|reference| {
                Problem::new(name, text!("`{reference}` n'a pas de suite dans cette liste", "`{reference}` has no successor in this list"))
                    .hint(Text::new("ajoutez une filiation, ou une entrée `dropped`", "add a lineage, or a `dropped` entry"))
            })
            .collect()
    }
}

impl List {
    /// `id@version`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}

fn own_problems(name: &str, list: &List) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |at: String, what: Text| problems.push(Problem::new(at, what));
    if list.format != "mirai-kit/requirements/v1" {
        let format = &list.format;
        problem(name.to_owned(), text!("format de liste inconnu : {format:?}", "unknown list format: {format:?}"));
    }
    let level = |level| list.requirements.iter().filter(|row| row.level == level).count();
    let (rows, primordial, important) = (list.requirements.len(), level(Level::P), level(Level::I));
    let counts = list.counts;
    if (rows, primordial, important) != (counts.rows, counts.primordial, counts.important) {
        problem(
            name.to_owned(),
            text!(
                "`counts` ne correspond pas aux lignes : {rows} lignes, {primordial} P, {important} I",
                "`counts` differs from the rows: {rows} rows, {primordial} P, {important} I"
            ),
        );
    }
    let mut keys = BTreeSet::new();
    for row in &list.requirements {
        let key = row.key();
        let at = format!("{name} ({key})");
        if !keys.insert(key.clone()) {
            problem(at.clone(), text!("ligne en double : `{key}`", "duplicate row: `{key}`"));
        }
        if !list.documents.contains_key(&row.source.document) {
            let document = &row.source.document;
            problem(at.clone(), text!("document inconnu : `{document}`", "unknown document: `{document}`"));
        }
        for (text, what) in row_refusals(row) {
            if text {
                problem(at.clone(), what);
            }
        }
        let mut facets = BTreeSet::new();
        for facet in &row.facets {
            let id = &facet.id;
            if !facets.insert(id) {
                problem(at.clone(), text!("facette en double : `{id}`", "duplicate facet: `{id}`"));
            }
            if facet.how == How::Attested && facet.limit.is_some() {
                problem(at.clone(), text!("la facette attestée `{id}` ne peut porter de limite", "attested facet `{id}` cannot hold a limit"));
            }
        }
    }
    problems
}

fn row_refusals(row: &Row) -> Vec<(bool, Text)> {
    let own = !row.facets.is_empty();
    vec![
        (own == row.facets_from.is_some(), Text::new("donnez soit `facets`, soit `facets_from`", "give either `facets` or `facets_from`")),
        (
            row.facets_from.is_some() && row.applies.is_some(),
            Text::new("`applies` vient de la ligne citée par `facets_from`", "`applies` comes from the row that `facets_from` names"),
        ),
        (
            row.lineage.iter().any(|l| (l.relation == Relation::New) != l.from.is_none()),
            Text::new("une filiation a un `from`, sauf `new`", "a lineage has a `from`, except `new`"),
        ),
        (
            row.lineage.iter().any(|l| l.relation == Relation::Extended && l.note.is_none()),
            Text::new("une filiation `extended` dit ce qui change dans `note`", "an `extended` lineage says what changes in `note`"),
        ),
        (
            [&row.text.fr, &row.text.en].iter().any(|t| t.trim().is_empty() || t.contains('\n')),
            Text::new("l'énoncé tient sur une ligne, dans les deux langues", "the wording holds on one line, in both languages"),
        ),
    ]
}
