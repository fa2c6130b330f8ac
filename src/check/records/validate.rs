//! What a record is worth: it names a row and facets that it may speak of, has a past, an end, and something to show.

use super::form::{Field, Form};
use super::{INVALID, Kind, Record, Worth};
use crate::check::Report;
use crate::check::repository::{Repository, join};
use crate::date::is_date;
use crate::requirements::{How, Lists, Row};
use crate::text;
use crate::text::Text;

/// What records are compared with.
pub(super) struct Ground<'a> {
    pub repository: &'a Repository,
    pub lists: &'a Lists,
    pub today: &'a str,
}

/// The record of a form; none when it is worth nothing, which the report then says.
pub(super) fn record(form: &Form, path: &str, base: &str, kind: Kind, ground: &Ground<'_>, report: &mut Report) -> Option<Record> {
    let mut problems = Problems { path, report, some: false };
    let row = ground.lists.holder(&form.requirement.text).filter(|_| !form.requirement.waits());
    if row.is_none() {
        let named = &form.requirement.text;
        problems.note(&form.requirement, text!("exigence inconnue : {named:?}", "unknown requirement: {named:?}"));
    }
    let facets = row.map_or_else(Vec::new, |(holder, row)| facets(form, kind, holder, row, &mut problems));
    let waiting = waiting(form, kind);
    if !form.proof.file.waits() && !form.proof.reference.waits() {
        problems.note(&form.proof.file, Text::new("donnez `fichier` ou `reference`, pas les deux", "give `fichier` or `reference`, not both"));
    }
    dates(form, kind, ground, &mut problems);
    if !form.proof.file.waits() {
        shown(&form.proof.file, path, base, ground, &mut problems);
    }
    let some = problems.some;
    if !some {
        report.see_in(INVALID, path, None, None::<Text>);
    }
    let (holder, _) = row.filter(|_| !some)?;
    let permanent = kind == Kind::Derogation && form.until.text == PERMANENT;
    let worth = if !waiting.is_empty() {
        Worth::Uncompleted(waiting)
    } else if !permanent && form.until.text.as_str() < ground.today {
        Worth::Expired
    } else {
        Worth::Valid
    };
    let proof = if form.proof.file.text.is_empty() { &form.proof.reference } else { &form.proof.file };
    Some(Record {
        kind,
        file: path.to_owned(),
        holder: holder.to_owned(),
        facets,
        by: form.by.text.clone(),
        on: form.on.text.clone(),
        until: if permanent { String::new() } else { form.until.text.clone() },
        proof: proof.text.clone(),
        line: form.until.line.max(1),
        worth,
    })
}

/// What a decision without an end says in `jusqu_au`.
const PERMANENT: &str = "permanente";

struct Problems<'a> {
    path: &'a str,
    report: &'a mut Report,
    some: bool,
}

impl Problems<'_> {
    fn note(&mut self, field: &Field, what: Text) {
        self.some = true;
        self.report.see_in(INVALID, self.path, (field.line > 0).then_some(field.line), Some(what));
    }
}

/// Fields that someone still has to write.
fn waiting(form: &Form, kind: Kind) -> Vec<String> {
    let by = if kind == Kind::Attestation { "par" } else { "decision" };
    let mut waiting: Vec<String> =
        [(by, &form.by), ("le", &form.on), ("jusqu_au", &form.until)].iter().filter(|(_, f)| f.waits()).map(|(name, _)| (*name).to_owned()).collect();
    // The decision is itself what a derogation rests on.
    let proven = !form.proof.file.waits() || !form.proof.reference.waits();
    if kind == Kind::Attestation && !proven {
        waiting.push("preuve".to_owned());
    }
    waiting
}

/// The facets named, or every one of the row for a derogation that names none.
fn facets(form: &Form, kind: Kind, holder: &str, row: &Row, problems: &mut Problems<'_>) -> Vec<String> {
    if let Some(list) = &row.imports {
        let what =
            text!("{holder} suit la liste {list} : parlez de chacune de ses lignes", "{holder} follows list {list}: speak of each of its rows");
        problems.note(&form.requirement, what);
        return Vec::new();
    }
    if form.facets.is_empty() && kind == Kind::Attestation {
        let what = Text::new("`facettes` ne nomme aucune facette", "`facettes` names no facet");
        problems.note(&form.requirement, what);
    }
    for field in &form.facets {
        let name = &field.text;
        match row.facets.iter().find(|f| f.id == *name) {
            None => {
                let known = row.facets.iter().map(|f| f.id.as_str()).collect::<Vec<_>>().join(", ");
                problems.note(
                    field,
                    text!("facette inconnue de {holder} : {name:?} (facettes : {known})", "unknown facet of {holder}: {name:?} (facets: {known})"),
                );
            }
            Some(facet) if kind == Kind::Attestation && facet.how != How::Attested => {
                problems.note(
                    field,
                    text!(
                        "la facette {name:?} se prouve par une règle : elle ne s'atteste pas",
                        "facet {name:?} is proven by a rule: it cannot be attested"
                    ),
                );
            }
            Some(_) => {}
        }
    }
    if form.facets.is_empty() { row.facets.iter().map(|f| f.id.clone()).collect() } else { form.facets.iter().map(|f| f.text.clone()).collect() }
}

fn dates(form: &Form, kind: Kind, ground: &Ground<'_>, problems: &mut Problems<'_>) {
    let today = ground.today;
    for (name, field) in [("le", &form.on), ("jusqu_au", &form.until)] {
        let text = &field.text;
        let permanent = kind == Kind::Derogation && name == "jusqu_au" && text == PERMANENT;
        if !field.waits() && !is_date(text) && !permanent {
            problems.note(field, text!("`{name}` n'est pas une date AAAA-MM-JJ : {text:?}", "`{name}` is not a date YYYY-MM-DD: {text:?}"));
        }
    }
    let on = &form.on.text;
    if is_date(on) && on.as_str() > today {
        problems.note(&form.on, text!("datée du {on}, après aujourd'hui ({today})", "dated {on}, after today ({today})"));
    }
    let until = &form.until.text;
    if is_date(on) && is_date(until) && until < on {
        problems.note(&form.until, text!("finit le {until}, avant de commencer le {on}", "ends on {until}, before it starts on {on}"));
    }
}

/// The file that is shown has to be there, hold something, and be no record.
fn shown(field: &Field, path: &str, base: &str, ground: &Ground<'_>, problems: &mut Problems<'_>) {
    let file = &field.text;
    let at = join(base, file);
    let what = if crate::apply::SafeRelPath::new(file.as_str()).is_err() {
        text!("pièce hors du dépôt : {file:?}", "proof outside the repository: {file:?}")
    } else if at == path || super::is_record(&at) {
        text!("une attestation ne se prouve pas par une autre : {file:?}", "an attestation is no proof of another: {file:?}")
    } else if !ground.repository.files.contains(&at) {
        text!("pièce introuvable : {file:?}", "proof not found: {file:?}")
    } else if ground.repository.is_empty(&at) {
        text!("pièce vide : {file:?}", "empty proof: {file:?}")
    } else {
        return;
    };
    problems.note(field, what);
}
