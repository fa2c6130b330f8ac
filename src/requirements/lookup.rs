//! From what a person types to lists and rows: full references, unique short forms, and suggestions when nothing fits.

use std::collections::BTreeSet;

use super::list::{List, Row};
use super::lists::Lists;
use crate::text;
use crate::text::{Lang, Problem, Text};

/// A row and the list that holds it.
#[derive(Debug, Clone, Copy)]
pub struct RowRef<'a> {
    /// The list.
    pub list: &'a List,
    /// The row.
    pub row: &'a Row,
}

impl RowRef<'_> {
    /// `list@version/ID[/slug]`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}/{}", self.list.name(), self.row.key())
    }
}

impl List {
    /// The rows, each with its list.
    pub fn rows(&self) -> impl Iterator<Item = RowRef<'_>> {
        self.requirements.iter().map(|row| RowRef { list: self, row })
    }
}

impl Lists {
    /// The row of a full reference.
    #[must_use]
    pub fn row_ref(&self, reference: &str) -> Option<RowRef<'_>> {
        let (list, _) = reference.split_once('/')?;
        Some(RowRef { list: self.list(list)?, row: self.row(reference)? })
    }

    /// The list that `typed` names: `id@version`, or `id` when it has a single version.
    ///
    /// # Errors
    /// When no list fits, or several do: they are named.
    pub fn find_list(&self, typed: &str) -> Result<&List, Problem> {
        if let Some(list) = self.iter().find(|list| list.name().eq_ignore_ascii_case(typed)) {
            return Ok(list);
        }
        let versions: Vec<&List> = self.iter().filter(|list| list.id.eq_ignore_ascii_case(typed)).collect();
        match versions.as_slice() {
            [only] => Ok(only),
            [] => {
                let names: Vec<String> = self.iter().map(List::name).collect();
                let known = names.join(", ");
                let hint = nearest(typed, names, 1).pop().map_or_else(
                    || text!("listes connues : {known}", "known lists: {known}"),
                    |near| text!("vouliez-vous dire `{near}` ? listes connues : {known}", "did you mean `{near}`? known lists: {known}"),
                );
                Err(Problem::new("", text!("liste inconnue : `{typed}`", "unknown list: `{typed}`")).hint(hint))
            }
            several => {
                let names = several.iter().map(|list| list.name()).collect::<Vec<_>>().join(", ");
                Err(Problem::new("", text!("`{typed}` désigne plusieurs listes", "`{typed}` names several lists"))
                    .hint(text!("précisez la version : {names}", "give the version: {names}")))
            }
        }
    }

    /// The rows that `typed` names: one with `list@version/ID[/slug]`, at most one in each list with `ID[/slug]`.
    ///
    /// # Errors
    /// When no row fits (with the nearest ones), or when an id stands for several rows of one list (they are named).
    pub fn find_rows(&self, typed: &str) -> Result<Vec<RowRef<'_>>, Problem> {
        let (searched, wanted) = match typed.split_once('/') {
            Some((head, rest)) if head.contains('@') || self.iter().any(|list| list.id.eq_ignore_ascii_case(head)) => {
                (vec![self.find_list(head)?], rest)
            }
            _ => (self.iter().collect(), typed),
        };
        let mut found = Vec::new();
        for list in &searched {
            let exact = list.rows().find(|r| r.row.key().eq_ignore_ascii_case(wanted));
            let rows: Vec<RowRef<'_>> =
                exact.map_or_else(|| list.rows().filter(|r| r.row.id.eq_ignore_ascii_case(wanted)).collect(), |row| vec![row]);
            if rows.len() > 1 {
                return Err(ambiguous(typed, &rows));
            }
            found.extend(rows);
        }
        if found.is_empty() { Err(unknown(typed, wanted, &searched)) } else { Ok(found) }
    }
}

/// The source gives one id to two requirements.
fn ambiguous(typed: &str, rows: &[RowRef<'_>]) -> Problem {
    let of = |lang| rows.iter().map(|r| format!("{} ({})", r.reference(), r.row.text.get(lang))).collect::<Vec<_>>();
    let (fr, en) = (of(Lang::Fr).join(" ; "), of(Lang::En).join("; "));
    Problem::new("", text!("`{typed}` désigne plusieurs exigences d'une même liste", "`{typed}` names several requirements of one list"))
        .hint(text!("choisissez : {fr}", "choose: {en}"))
}

fn unknown(typed: &str, wanted: &str, searched: &[&List]) -> Problem {
    let keys: BTreeSet<String> = searched.iter().flat_map(|list| list.requirements.iter().map(Row::key)).collect();
    let near = nearest(wanted, keys, 3).into_iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let hint = if near.is_empty() {
        Text::new("les exigences connues : `mirai-kit requirements list`", "the known requirements: `mirai-kit requirements list`")
    } else {
        text!("les plus proches : {near}", "the nearest: {near}")
    };
    Problem::new("", text!("exigence inconnue : `{typed}`", "unknown requirement: `{typed}`")).hint(hint)
}

/// The candidates that look most like what was typed, best first.
#[must_use]
pub fn nearest(typed: &str, candidates: impl IntoIterator<Item = String>, most: usize) -> Vec<String> {
    let typed = typed.to_ascii_lowercase();
    let mut scored: Vec<(f64, String)> = candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&candidate.to_ascii_lowercase(), &typed), candidate))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    // A stable sort: equals keep their order, so that the same mistake has the same answer.
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(most).map(|(_, candidate)| candidate).collect()
}
