//! What a project brings to each row: statuses at generation time, computed from the facets and never greener than them.

use super::asked::{Asked, AskedFacet};
use super::list::{How, Level, Row};
use super::lists::Lists;
use crate::text;
use crate::text::{Problem, Text};

/// Evaluates an expression of a list over the answers of the project.
pub type Holds<'a> = dyn Fn(&str) -> Result<bool, Problem> + 'a;

/// What a module brings to a facet, once its condition is known to hold and its file's path is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Module that brings it.
    pub module: String,
    /// `list@version/ID[/slug]`.
    pub requirement: String,
    /// Facet of the row.
    pub facet: String,
    /// Whether the tool generated it, or only brings the form to attest it.
    pub how: How,
    /// File that carries it.
    pub file: Option<String>,
    /// Rule of `check` that will examine it.
    pub rule: Option<String>,
    /// One sentence.
    pub text: Option<Text>,
}

/// State of one facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FacetState {
    /// Generated files carry it; nothing has verified them yet.
    Generated,
    /// People have to attest it.
    ToAttest,
    /// Nothing carries it.
    Missing,
    /// Nothing can carry it with these answers.
    Limited(Text),
}

/// One facet that the answers ask for.
#[derive(Debug, Clone)]
pub struct FacetStatement {
    /// Its id.
    pub id: String,
    /// What it is.
    pub title: Text,
    /// Where it stands.
    pub state: FacetState,
    /// What is brought to it: files and rules, or forms.
    pub proofs: Vec<Proof>,
}

/// Status of a row at generation time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Every facet is generated, and waits for verification.
    Generated,
    /// Some facets are generated, others are not.
    Partial,
    /// Every facet is organisational.
    ToAttest,
    /// Nothing carries the row.
    Uncovered,
    /// The condition that sets the row aside.
    NotApplicable(Text),
}

/// One row of a list, for this project.
#[derive(Debug, Clone)]
pub struct RowStatement {
    /// Key inside its list.
    pub key: String,
    /// Level.
    pub level: Level,
    /// Wording.
    pub text: Text,
    /// Status.
    pub status: Status,
    /// The facets that the answers ask for.
    pub facets: Vec<FacetStatement>,
}

impl RowStatement {
    /// The facets that are not generated: what remains to do.
    pub fn remaining(&self) -> impl Iterator<Item = &FacetStatement> {
        self.facets.iter().filter(|f| f.state != FacetState::Generated)
    }

    /// Whether the row is generated in full, or set aside.
    #[must_use]
    pub fn closed(&self) -> bool {
        matches!(self.status, Status::Generated | Status::NotApplicable(_))
    }
}

/// One list, for this project.
#[derive(Debug, Clone)]
pub struct Statement {
    /// `list@version`.
    pub list: String,
    /// Name for people.
    pub title: Text,
    /// Whether the project is measured against it by default.
    pub default: bool,
    /// The rows, in the order of the source.
    pub rows: Vec<RowStatement>,
}

/// Computes the statement of every list, imported lists first where a row needs them.
///
/// # Errors
/// When a proof names an unknown row or facet, claims to generate what only people can attest, or when an expression
/// cannot be evaluated.
pub fn statement(lists: &Lists, proofs: &[Proof], holds: &Holds<'_>) -> Result<Vec<Statement>, Vec<Problem>> {
    let problems: Vec<Problem> = proofs.iter().filter_map(|proof| refusal(lists, proof)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    // Evidence may name any row that shares the facets: what counts is the row that holds them.
    let proofs: Vec<Held<'_>> = proofs.iter().filter_map(|proof| Some((lists.holder(&proof.requirement)?.0, proof))).collect();
    let mut statements = Vec::new();
    for list in lists.iter() {
        let name = list.name();
        let rows = list.requirements.iter().map(|row| {
            let reference = format!("{name}/{}", row.key());
            row_statement(lists, &proofs, holds, &reference, row)
        });
        let rows = rows.collect::<Result<Vec<_>, _>>().map_err(|p| vec![p])?;
        statements.push(Statement { list: name, title: list.title.clone(), default: list.default, rows });
    }
    close_imports(lists, &mut statements);
    Ok(statements)
}

/// A proof, after the reference of the row that holds its facet.
type Held<'a> = (&'a str, &'a Proof);

fn refusal(lists: &Lists, proof: &Proof) -> Option<Problem> {
    let (module, requirement, facet) = (&proof.module, &proof.requirement, &proof.facet);
    let at = format!("modules/{module}/module.yaml");
    let Some((_, holder)) = lists.holder(requirement) else {
        return Some(Problem::new(at, text!("preuve d'une ligne inconnue : `{requirement}`", "evidence for an unknown row: `{requirement}`")));
    };
    let Some(found) = holder.facets.iter().find(|f| &f.id == facet) else {
        let known = holder.facets.iter().map(|f| f.id.as_str()).collect::<Vec<_>>().join(", ");
        return Some(
            Problem::new(at, text!("facette inconnue de `{requirement}` : `{facet}`", "unknown facet of `{requirement}`: `{facet}`"))
                .hint(text!("facettes de cette ligne : {known}", "facets of that row: {known}")),
        );
    };
    let attested = |how| how == How::Attested;
    if attested(found.how) != attested(proof.how) {
        return Some(Problem::new(
            at,
            text!(
                "`{requirement}`, facette `{facet}` : ce qui s'atteste ne se génère pas, et inversement",
                "`{requirement}`, facet `{facet}`: what is attested is not generated, and conversely"
            ),
        ));
    }
    if proof.how != How::Attested && proof.file.is_none() {
        return Some(Problem::new(
            at,
            text!("`{requirement}`, facette `{facet}` : preuve sans fichier", "`{requirement}`, facet `{facet}`: evidence without a file"),
        ));
    }
    None
}

fn row_statement(lists: &Lists, proofs: &[Held<'_>], holds: &Holds<'_>, reference: &str, row: &Row) -> Result<RowStatement, Problem> {
    let unknown = || Problem::new(reference, Text::new("ligne sans facettes", "row without facets"));
    let told = |expression: &str| holds(expression).map(Some);
    let (status, facets) = match lists.asked(reference, &told)?.ok_or_else(unknown)? {
        Asked::Aside(why) => (Status::NotApplicable(why.clone()), Vec::new()),
        Asked::Facets(holder, asked) => {
            let facets: Vec<FacetStatement> = asked
                .into_iter()
                .map(|asked| {
                    let facet = asked.facet;
                    let mine = |(held, proof): &&Held<'_>| proof.facet == facet.id && (*held == holder || facet.from.as_deref() == Some(*held));
                    facet_statement(asked, proofs.iter().filter(mine).map(|(_, proof)| (*proof).clone()).collect())
                })
                .collect();
            (status(&facets).ok_or_else(unknown)?, facets)
        }
    };
    Ok(RowStatement { key: row.key(), level: row.level, text: row.text.clone(), status, facets })
}

fn facet_statement(AskedFacet { facet, limit }: AskedFacet<'_>, proofs: Vec<Proof>) -> FacetStatement {
    let state = match (facet.how, limit) {
        (_, Some(limit)) => FacetState::Limited(limit.text.clone()),
        (How::Attested, None) => FacetState::ToAttest,
        (How::Generated | How::Checked, None) if proofs.is_empty() => FacetState::Missing,
        (How::Generated | How::Checked, None) => FacetState::Generated,
    };
    FacetStatement { id: facet.id.clone(), title: facet.title.clone(), state, proofs }
}

/// The status that the facets add up to; none without facets.
fn status(facets: &[FacetStatement]) -> Option<Status> {
    let count = |wanted: fn(&FacetState) -> bool| facets.iter().filter(|f| wanted(&f.state)).count();
    let generated = count(|state| *state == FacetState::Generated);
    let attested = count(|state| *state == FacetState::ToAttest);
    match facets.len() {
        0 => None,
        all if all == generated => Some(Status::Generated),
        all if all == attested => Some(Status::ToAttest),
        _ if generated == 0 => Some(Status::Uncovered),
        _ => Some(Status::Partial),
    }
}

/// A row that imports a list is as green as the least green row of that list.
fn close_imports(lists: &Lists, statements: &mut [Statement]) {
    for list in lists.iter() {
        for row in list.requirements.iter().filter(|row| row.imports.is_some()) {
            let Some(imported) = statements.iter().find(|s| Some(&s.list) == row.imports.as_ref()) else { continue };
            let open: Vec<&RowStatement> = imported.rows.iter().filter(|r| !r.closed()).collect();
            let (name, open_rows, all) = (imported.list.clone(), open.len(), imported.rows.len());
            let primordial = open.iter().filter(|r| r.level == Level::P).count();
            let limit = text!(
                "{open_rows} lignes de `{name}` sur {all} restent ouvertes, dont {primordial} primordiales",
                "{open_rows} rows of `{name}` out of {all} are still open, {primordial} of them primordial"
            );
            let key = row.key();
            let own = list.name();
            let target = statements.iter_mut().filter(|s| s.list == own).flat_map(|s| &mut s.rows).find(|r| r.key == key);
            let Some(target) = target else { continue };
            for facet in &mut target.facets {
                facet.state = if open_rows == 0 { FacetState::Generated } else { FacetState::Limited(limit.clone()) };
            }
            // Rows are counted, not examined: an imported list that is open leaves this row partial, never uncovered.
            target.status = if open_rows == 0 { Status::Generated } else { Status::Partial };
        }
    }
}
