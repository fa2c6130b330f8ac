//! What becomes of each row from one list to another, read from the lineage: directly, through the lists in between, or
//! backwards when the second list is the older one.

use std::collections::BTreeSet;

use super::list::{List, Relation};
use super::lists::Lists;
use super::lookup::RowRef;
use crate::text::Text;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Same id, same meaning.
    Same,
    /// Changed meaning.
    Extended,
    /// Same meaning under another id.
    Moved,
    /// Only in the second list.
    New,
    /// Only in the first list.
    Dropped,
    /// Only in the first list, which the second one imports whole: still required.
    Imported,
}

impl Fate {
    /// As it is written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => Relation::Same.as_str(),
            Self::Extended => Relation::Extended.as_str(),
            Self::Moved => Relation::Moved.as_str(),
            Self::New => Relation::New.as_str(),
            Self::Dropped => "dropped",
            Self::Imported => "imported",
        }
    }
}

/// One row followed from a list to another.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// What became of it.
    pub fate: Fate,
    /// The row of the first list; none when it is new.
    pub from: Option<RowRef<'a>>,
    /// The row of the second list; none when it is dropped or imported.
    pub to: Option<RowRef<'a>>,
    /// What the lists say of it.
    pub notes: Vec<&'a Text>,
    /// The notes tell the change the other way round: the second list is the older one.
    pub backwards: bool,
    /// The row that still requires what was dropped, or that imports it.
    pub still: Option<RowRef<'a>>,
}

impl Change<'_> {
    /// Whether the level differs.
    #[must_use]
    pub fn level_changed(&self) -> bool {
        matches!((&self.from, &self.to), (Some(from), Some(to)) if from.row.level != to.row.level)
    }
}

/// A row that another one comes from.
#[derive(Debug, Clone)]
struct Ancestor<'a> {
    row: RowRef<'a>,
    extended: bool,
    notes: Vec<&'a Text>,
}

impl Lists {
    /// Every row of both lists: those of `to` in its order, then those of `from` that are no longer there.
    #[must_use]
    pub fn compare<'a>(&'a self, from: &'a List, to: &'a List) -> Vec<Change<'a>> {
        let (before, after) = (from.name(), to.name());
        // The links, from each row of the younger list to those it comes from.
        let mut links: Vec<(RowRef<'a>, RowRef<'a>, Ancestor<'a>, bool)> = Vec::new();
        for row in to.rows() {
            links.extend(self.ancestors(row, &before).into_iter().map(|a| (a.row, row, a, false)));
        }
        if links.is_empty() {
            for row in from.rows() {
                links.extend(self.ancestors(row, &after).into_iter().map(|a| (row, a.row, a, true)));
            }
        }
        let mut changes = Vec::new();
        for row in to.rows() {
            let key = row.row.key();
            let mine = links.iter().filter(|(_, target, ..)| target.row.key() == key);
            let linked: Vec<Change<'a>> = mine.map(|(source, _, ancestor, backwards)| change(*source, row, ancestor, *backwards)).collect();
            if linked.is_empty() {
                let notes = row.row.lineage.iter().filter(|l| l.relation == Relation::New).filter_map(|l| l.note.as_ref()).collect();
                changes.push(Change { fate: Fate::New, from: None, to: Some(row), notes, backwards: false, still: None });
            }
            changes.extend(linked);
        }
        let importing = to.rows().find(|r| r.row.imports.as_ref() == Some(&before));
        for row in from.rows().filter(|row| !links.iter().any(|(source, ..)| source.row.key() == row.row.key())) {
            changes.push(self.left(row, to, importing));
        }
        changes
    }

    /// A row without successor.
    fn left<'a>(&'a self, row: RowRef<'a>, to: &'a List, importing: Option<RowRef<'a>>) -> Change<'a> {
        let gone = Change { fate: Fate::Dropped, from: Some(row), to: None, notes: Vec::new(), backwards: false, still: None };
        if importing.is_some() {
            return Change { fate: Fate::Imported, still: importing, ..gone };
        }
        let reference = row.reference();
        let here = row.list.name();
        let comes_from = |other: &str| {
            let ancestors = self.row_ref(other).map(|r| self.ancestors(r, &here)).unwrap_or_default();
            other == reference || ancestors.iter().any(|a| a.row.reference() == reference)
        };
        match to.dropped.iter().find(|dropped| comes_from(&dropped.from)) {
            Some(dropped) => Change { notes: vec![&dropped.note], still: dropped.to.as_deref().and_then(|r| self.row_ref(r)), ..gone },
            None => gone,
        }
    }

    /// The rows of the list `wanted` that a row comes from; itself when it is one of them.
    fn ancestors<'a>(&'a self, row: RowRef<'a>, wanted: &str) -> Vec<Ancestor<'a>> {
        if row.list.name() == wanted {
            return vec![Ancestor { row, extended: false, notes: Vec::new() }];
        }
        let mut seen = BTreeSet::from([row.reference()]);
        let mut waiting = vec![Ancestor { row, extended: false, notes: Vec::new() }];
        let mut found = Vec::new();
        while let Some(at) = waiting.pop() {
            for lineage in &at.row.row.lineage {
                let Some(row) = lineage.from.as_deref().and_then(|from| self.row_ref(from)) else { continue };
                // A row is followed once: lists that name one another in a circle end here.
                if !seen.insert(row.reference()) {
                    continue;
                }
                let mut next = Ancestor { row, extended: at.extended || lineage.relation == Relation::Extended, notes: at.notes.clone() };
                next.notes.extend(&lineage.note);
                if row.list.name() == wanted { found.push(next) } else { waiting.push(next) }
            }
        }
        found
    }
}

fn change<'a>(from: RowRef<'a>, to: RowRef<'a>, ancestor: &Ancestor<'a>, backwards: bool) -> Change<'a> {
    let fate = if ancestor.extended {
        Fate::Extended
    } else if from.row.key() == to.row.key() {
        Fate::Same
    } else {
        Fate::Moved
    };
    Change { fate, from: Some(from), to: Some(to), notes: ancestor.notes.clone(), backwards, still: None }
}
