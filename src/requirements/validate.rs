//! What is wrong in a list, with its line: a team that writes its own list has to find the row among hundreds of lines.

use std::collections::BTreeSet;

use super::list::{How, Level, List, Relation, Row};
use super::lists::Lists;
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml::{self, Kind, Node};

/// One step from the root of the file.
#[derive(Debug, Clone, Copy)]
enum Step {
    Key(&'static str),
    Item(usize),
}

/// What is wrong, and where in the structure of the file.
#[derive(Debug)]
pub(super) struct Fault {
    steps: Vec<Step>,
    what: Text,
    hint: Option<Text>,
}

impl Fault {
    fn new(steps: &[Step], what: Text) -> Self {
        Self { steps: steps.to_vec(), what, hint: None }
    }

    fn hint(mut self, hint: Text) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// The faults as problems of the file `name`. Places are looked for only when there is something to say.
pub(super) fn located(name: &str, text: &str, faults: Vec<Fault>) -> Vec<Problem> {
    let root = if faults.is_empty() { None } else { yaml::parse::<Node>(name, text).ok() };
    let at = |steps: &[Step]| {
        root.as_ref().map_or_else(
            || name.to_owned(),
            |root| {
                let (line, column) = place(root, steps);
                format!("{name}:{line}:{column}")
            },
        )
    };
    faults.into_iter().map(|fault| Problem { at: at(&fault.steps), what: fault.what, hint: fault.hint }).collect()
}

/// Line and column of what the steps lead to, or of the deepest node on the way when it is absent.
fn place(root: &Node, steps: &[Step]) -> (u64, u64) {
    let mut node = root;
    for step in steps {
        let next = match (&node.kind, step) {
            (Kind::Map(entries), Step::Key(wanted)) => entries.iter().find(|(key, _, _)| key == wanted).map(|(_, _, value)| value),
            (Kind::Seq(items), Step::Item(index)) => items.get(*index),
            _ => None,
        };
        let Some(next) = next else { break };
        node = next;
    }
    (node.line, node.column)
}

/// The second of two lists of the same name: its rows could not be told apart.
pub(super) fn same_name(list: &List) -> Fault {
    let name = list.name();
    Fault::new(&[Step::Key("id")], text!("une autre liste s'appelle déjà `{name}`", "another list is already called `{name}`"))
        .hint(Text::new("changez `id` ou `version`", "change `id` or `version`"))
}

/// What a list says of itself.
pub(super) fn own_faults(list: &List) -> Vec<Fault> {
    let mut faults = Vec::new();
    if list.format != "mirai-kit/requirements/v1" {
        let format = &list.format;
        faults.push(
            Fault::new(&[Step::Key("format")], text!("format de liste inconnu : {format:?}", "unknown list format: {format:?}"))
                .hint(Text::new("format lu par cette version : mirai-kit/requirements/v1", "format this version reads: mirai-kit/requirements/v1")),
        );
    }
    for (key, value) in [("id", &list.id), ("version", &list.version)] {
        if value.is_empty() || value.contains(|c: char| c == '@' || c == '/' || c.is_whitespace()) {
            faults.push(Fault::new(
                &[Step::Key(key)],
                text!("`{key}` est vide ou contient `@`, `/` ou une espace", "`{key}` is empty or holds `@`, `/` or a space"),
            ));
        }
    }
    let level = |level| list.requirements.iter().filter(|row| row.level == level).count();
    let (rows, primordial, important) = (list.requirements.len(), level(Level::P), level(Level::I));
    let counts = list.counts;
    if (rows, primordial, important) != (counts.rows, counts.primordial, counts.important) {
        faults.push(Fault::new(
            &[Step::Key("counts")],
            text!(
                "`counts` ne correspond pas aux lignes : {rows} lignes, {primordial} P, {important} I",
                "`counts` differs from the rows: {rows} rows, {primordial} P, {important} I"
            ),
        ));
    }
    let mut keys = BTreeSet::new();
    for (index, row) in list.requirements.iter().enumerate() {
        let at = [Step::Key("requirements"), Step::Item(index)];
        let key = row.key();
        if !keys.insert(key.clone()) {
            faults.push(Fault::new(&at, text!("ligne en double : `{key}`", "duplicate row: `{key}`")));
        }
        let document = &row.source.document;
        if !list.documents.contains_key(document) {
            faults.push(Fault::new(
                &[at[0], at[1], Step::Key("source"), Step::Key("document")],
                text!("document inconnu : `{document}`", "unknown document: `{document}`"),
            ));
        }
        faults.extend(row_faults(row, &at));
    }
    faults
}

fn row_faults(row: &Row, at: &[Step; 2]) -> Vec<Fault> {
    let inside = |key| [at[0], at[1], Step::Key(key)];
    let checks = [
        (
            row.facets.is_empty() == row.facets_from.is_none(),
            at.to_vec(),
            Text::new("donnez soit `facets`, soit `facets_from`", "give either `facets` or `facets_from`"),
        ),
        (
            row.facets_from.is_some() && row.applies.is_some(),
            inside("applies").to_vec(),
            Text::new("`applies` vient de la ligne citée par `facets_from`", "`applies` comes from the row that `facets_from` names"),
        ),
        (
            row.lineage.iter().any(|l| (l.relation == Relation::New) != l.from.is_none()),
            inside("lineage").to_vec(),
            Text::new("une filiation a un `from`, sauf `new`", "a lineage has a `from`, except `new`"),
        ),
        (
            row.lineage.iter().any(|l| l.relation == Relation::Extended && l.note.is_none()),
            inside("lineage").to_vec(),
            Text::new("une filiation `extended` dit ce qui change dans `note`", "an `extended` lineage says what changes in `note`"),
        ),
        (
            [&row.text.fr, &row.text.en].iter().any(|t| t.trim().is_empty() || t.contains('\n')),
            inside("text").to_vec(),
            Text::new("l'énoncé tient sur une ligne, dans les deux langues", "the wording holds on one line, in both languages"),
        ),
    ];
    let mut faults: Vec<Fault> = checks.into_iter().filter(|(wrong, ..)| *wrong).map(|(_, steps, what)| Fault::new(&steps, what)).collect();
    let mut facets = BTreeSet::new();
    for (index, facet) in row.facets.iter().enumerate() {
        let at = [at[0], at[1], Step::Key("facets"), Step::Item(index)];
        let id = &facet.id;
        if !facets.insert(id) {
            faults.push(Fault::new(&at, text!("facette en double : `{id}`", "duplicate facet: `{id}`")));
        }
        if facet.how == How::Attested && !facet.rules.is_empty() {
            faults.push(Fault::new(
                &at,
                text!("la facette attestée `{id}` ne se prouve par aucune règle", "attested facet `{id}` is proven by no rule"),
            ));
        }
        if facet.how == How::Attested && facet.limit.is_some() {
            faults.push(Fault::new(&at, text!("la facette attestée `{id}` ne peut porter de limite", "attested facet `{id}` cannot hold a limit")));
        }
    }
    faults
}

fn unknown(steps: &[Step], reference: &str) -> Fault {
    Fault::new(steps, text!("ligne inconnue : `{reference}`", "unknown row: `{reference}`"))
        .hint(Text::new("écrivez liste@version/ID[/slug]", "write list@version/ID[/slug]"))
}

impl Lists {
    /// What a list says of the others.
    pub(super) fn faults_between(&self, list: &List) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, row) in list.requirements.iter().enumerate() {
            let at = [Step::Key("requirements"), Step::Item(index)];
            if let Some(from) = &row.facets_from
                && self.row(from).is_none_or(|holder| holder.facets_from.is_some())
            {
                faults.push(unknown(&[at[0], at[1], Step::Key("facets_from")], from));
            }
            for (index, lineage) in row.lineage.iter().enumerate() {
                if let Some(from) = lineage.from.as_ref().filter(|from| self.row(from).is_none()) {
                    faults.push(unknown(&[at[0], at[1], Step::Key("lineage"), Step::Item(index)], from));
                }
            }
            for (index, facet) in row.facets.iter().enumerate() {
                let same = |holder: &Row| holder.facets_from.is_none() && holder.facets.iter().any(|f| f.id == facet.id);
                if let Some(from) = facet.from.as_ref().filter(|from| !self.row(from).is_some_and(same)) {
                    let at = [at[0], at[1], Step::Key("facets"), Step::Item(index), Step::Key("from")];
                    faults.push(unknown(&at, &format!("{from} ({})", facet.id)));
                }
            }
            if let Some(imported) = row.imports.as_ref().filter(|imported| self.list(imported).is_none()) {
                let at = [at[0], at[1], Step::Key("imports")];
                faults.push(Fault::new(&at, text!("liste importée inconnue : `{imported}`", "unknown imported list: `{imported}`")));
            }
        }
        for (index, dropped) in list.dropped.iter().enumerate() {
            for reference in [Some(&dropped.from), dropped.to.as_ref()].into_iter().flatten() {
                if self.row(reference).is_none() {
                    faults.push(unknown(&[Step::Key("dropped"), Step::Item(index)], reference));
                }
            }
        }
        faults.extend(self.unaccounted(list));
        faults
    }

    /// Every row of a superseded list must have a successor or be declared dropped: none may vanish in silence.
    fn unaccounted(&self, list: &List) -> Vec<Fault> {
        let Some(older) = &list.supersedes else { return Vec::new() };
        let at = [Step::Key("supersedes")];
        let Some(old) = self.list(older) else {
            return vec![Fault::new(&at, text!("liste remplacée inconnue : `{older}`", "unknown superseded list: `{older}`"))];
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
                Fault::new(&at, text!("`{reference}` n'a pas de suite dans cette liste", "`{reference}` has no successor in this list"))
                    .hint(Text::new("ajoutez une filiation, ou une entrée `dropped`", "add a lineage, or a `dropped` entry"))
            })
            .collect()
    }
}
