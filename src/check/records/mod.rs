//! What people write for the verdict: attestations (an organisational facet is met, says someone, until a day) and derogations
//! (a decision lets a facet be, until a day). They are files of the repository, hence hostile too: bounded, typed, unknown
//! keys refused. Format: `docs/requirements.md`; schemas: `schemas/attestation.v1.schema.json`, `schemas/derogation.v1.schema.json`.

mod form;
mod validate;

use crate::check::Report;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::repository::{Input, Repository, extension, file_name, folder, join};
use crate::render::MANIFEST_NAME;
use crate::requirements::Lists;
use crate::text;
use crate::text::Text;

use form::Form;

/// A record that ended.
pub const EXPIRED: &str = "record-expired";
/// A record that claims what it cannot.
pub const INVALID: &str = "record-invalid";

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        EXPIRED,
        Input::Project,
        Cct,
        ("attestation ou dérogation échue", "attestation or derogation that has ended"),
        (
            "renouvelez-la, pièce à l'appui, ou retirez le fichier",
            "renew it with its proof, or remove the file",
        ),
    )
    .because((
        "Une exigence d'organisation n'est tenue que tant que quelqu'un en répond ; une dérogation ne vaut que le temps que dit la décision (CCT Mirai, demandes de dérogation).",
        "An organisational requirement is met only as long as someone answers for it; a derogation is worth the time that the decision says (CCT Mirai, requests for derogation).",
    )),
    Rule::error(
        INVALID,
        Input::Project,
        Cct,
        ("attestation ou dérogation sans valeur", "attestation or derogation without value"),
        (
            "corrigez le champ désigné ; le format est dans docs/requirements.md de mirai-kit",
            "mend the field shown; the format is in mirai-kit's docs/requirements.md",
        ),
    )
    .because((
        "Une pièce qui manque, une date future ou une exigence inconnue feraient croire à une preuve qui n'existe pas.",
        "A missing document, a date to come or an unknown requirement would pass for a proof that is not there.",
    )),
];

/// Most records of a repository: each row of every list has a few facets.
const MOST: usize = 1000;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Someone attests facets.
    Attestation,
    /// A decision exempts facets.
    Derogation,
}

/// What a record is worth today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worth {
    /// It counts.
    Valid,
    /// It ended.
    Expired,
    /// Fields are still empty: their names.
    Uncompleted(Vec<String>),
}

/// A record that names known facets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it says.
    pub kind: Kind,
    /// Its file.
    pub file: String,
    /// Reference of the row that holds the facets.
    pub holder: String,
    /// Facets.
    pub facets: Vec<String>,
    /// Person who attests, or reference of the decision.
    pub by: String,
    /// Its date.
    pub on: String,
    /// Last day; empty when the decision has no end.
    pub until: String,
    /// What it rests on: file of the repository, or reference.
    pub proof: String,
    /// Line of its end, from 1.
    pub line: usize,
    /// What it is worth.
    pub worth: Worth,
}

impl Record {
    /// One sentence.
    #[must_use]
    pub fn shown(&self) -> Text {
        let Self { file, by, on, until, proof, .. } = self;
        let (fr_until, en_until) =
            if until.is_empty() { (String::new(), String::new()) } else { (format!(", jusqu'au {until}"), format!(", until {until}")) };
        match (self.kind, proof.is_empty()) {
            (Kind::Attestation, _) => {
                text!("attesté par {by} le {on}{fr_until} ; pièce : {proof} ({file})", "attested by {by} on {on}{en_until}; proof: {proof} ({file})")
            }
            (Kind::Derogation, _) => text!("dérogation {by} du {on}{fr_until} ({file})", "derogation {by} of {on}{en_until} ({file})"),
        }
    }
}

/// The records of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records(Vec<Record>);

impl Records {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.0.iter()
    }

    /// The best record of a kind about a facet of the row `holder`: a valid one, else an expired one, else an uncompleted one.
    #[must_use]
    pub fn about(&self, kind: Kind, holder: &str, facet: &str) -> Option<&Record> {
        let rank = |record: &&Record| match record.worth {
            Worth::Valid => 0,
            Worth::Expired => 1,
            Worth::Uncompleted(_) => 2,
        };
        self.0.iter().filter(|r| r.kind == kind && r.holder == holder && r.facets.iter().any(|f| f == facet)).min_by_key(rank)
    }

    /// Adds a record, for tests of what statuses make of it.
    pub fn add(&mut self, record: Record) {
        self.0.push(record);
    }
}

/// Reads the records of a repository as they stand on a day (`YYYY-MM-DD`). Without a list to find rows in, there are none.
pub(super) fn read(repository: &mut Repository, lists: Option<&Lists>, today: Option<&str>) -> (Records, Report) {
    let (mut records, mut report) = (Records::default(), Report::default());
    let (Some(lists), Some(today)) = (lists, today) else { return (records, report) };
    for (count, (path, base, kind)) in paths(repository).into_iter().enumerate() {
        if count == MOST {
            let why = text!("plus de {MOST} attestations et dérogations", "more than {MOST} attestations and derogations");
            repository.gap(Some(Input::Project), folder(&path), why);
            break;
        }
        let Some(content) = repository.text(Input::Project, &path) else { continue };
        match Form::read(&content, kind) {
            Ok(form) => records.0.extend(validate::record(&form, &path, &base, kind, &validate::Ground { repository, lists, today }, &mut report)),
            Err(fault) => {
                let line = fault.place.and_then(|(line, _)| usize::try_from(line).ok());
                report.see_in(INVALID, &path, line, Some(fault.what));
            }
        }
    }
    for record in records.iter().filter(|r| !matches!(r.worth, Worth::Uncompleted(_))) {
        // Where another record took over, this one is history.
        let replaced = record.facets.iter().all(|f| records.about(record.kind, &record.holder, f).is_some_and(|r| r.worth == Worth::Valid));
        let until = &record.until;
        report.see_in(EXPIRED, &record.file, Some(record.line), (!replaced).then(|| text!("échue depuis le {until}", "ended on {until}")));
    }
    (records, report)
}

/// The files of records, the folder that their proofs start from, and what they say.
fn paths(repository: &Repository) -> Vec<(String, String, Kind)> {
    let mut bases: Vec<&str> = repository.files.iter().filter(|f| file_name(f) == MANIFEST_NAME).map(|f| folder(f)).collect();
    bases.push("");
    bases.sort_unstable();
    bases.dedup();
    let mut paths = Vec::new();
    for base in bases {
        for (name, kind) in [("attestations", Kind::Attestation), ("derogations", Kind::Derogation)] {
            for at in [join(base, name), join(base, &join("docs/conformite", name))] {
                let yaml = |f: &&String| folder(f) == at && matches!(extension(f), "yaml" | "yml");
                paths.extend(repository.files.iter().filter(yaml).map(|f| (f.clone(), base.to_owned(), kind)));
            }
        }
    }
    paths
}

/// Whether a path stands where records are looked for.
fn is_record(path: &str) -> bool {
    matches!(file_name(folder(path)), "attestations" | "derogations")
}
