//! The status of each requirement, from what was judged. A facet is proven only by rules that examined something, found
//! nothing and missed nothing of what they read; a row is met only when each of its facets is proven. What the answers of
//! `.mirai-kit.yaml` cannot tell is taken the hard way: the row applies, the facet is asked for, the limit holds.

use std::convert::Infallible;

use super::judge::Judged;
use super::prove::Ground;
use crate::kit::Kit;
use crate::requirements::{Asked, Level, Lists, Row};
use crate::text;
use crate::text::{Problem, Text};

/// Where a facet stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Its rules examined something and found nothing.
    Proven,
    /// Someone attests it, until a day that has not come: what the attestation says.
    Attested(Text),
    /// A rule found something, or what excused it has ended.
    Failed,
    /// People have to attest it.
    ToAttest,
    /// A decision exempts it: what the derogation says.
    Derogated(Text),
    /// The repository accepts what its rules found, for these reasons.
    Waived(Text),
    /// Nothing can prove it, or values still wait.
    Limited(Text),
    /// Why nothing was proven.
    NotEvaluated(Text),
}

impl Proof {
    /// Whether the facet is met.
    #[must_use]
    pub const fn holds(&self) -> bool {
        matches!(self, Self::Proven | Self::Attested(_))
    }

    /// As the reports for programs write it.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Attested(_) => "attested",
            Self::Failed => "failed",
            Self::ToAttest => "to-attest",
            Self::Derogated(_) => "derogated",
            Self::Waived(_) => "waived",
            Self::Limited(_) => "limited",
            Self::NotEvaluated(_) => "not-evaluated",
        }
    }

    /// What it rests on, or what is missing.
    #[must_use]
    pub const fn why(&self) -> Option<&Text> {
        match self {
            Self::Proven | Self::Failed | Self::ToAttest => None,
            Self::Attested(why) | Self::Derogated(why) | Self::Waived(why) | Self::Limited(why) | Self::NotEvaluated(why) => Some(why),
        }
    }
}

/// One facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetStatus {
    /// Its id.
    pub id: String,
    /// What it is.
    pub title: Text,
    /// Rules that prove it.
    pub rules: Vec<&'static str>,
    /// Where it stands.
    pub proof: Proof,
    /// What else there is to know: a record that ended, or that is not completed.
    pub note: Option<Text>,
}

/// Status of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Every facet is proven.
    Met,
    /// Some facets are proven, or nothing can prove the others.
    Partial,
    /// A rule found something.
    Failed,
    /// Every facet is organisational.
    ToAttest,
    /// Nothing was proven, and some rule has not run.
    NotEvaluated,
    /// Set aside by a condition over the answers.
    NotApplicable,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 6] = [Self::Met, Self::Partial, Self::Failed, Self::ToAttest, Self::NotEvaluated, Self::NotApplicable];

    /// As the reports write it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::ToAttest => "to-attest",
            Self::NotEvaluated => "not-evaluated",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// One row of a list.
#[derive(Debug, Clone)]
pub struct RowStatus {
    /// `list@version/ID[/slug]`.
    pub requirement: String,
    /// Level.
    pub level: Level,
    /// Our wording.
    pub text: Text,
    /// Status.
    pub status: Status,
    /// The condition that sets it aside, or what an imported list leaves open.
    pub why: Option<Text>,
    /// Its facets; none for an imported list.
    pub facets: Vec<FacetStatus>,
}

/// The status of every row of the default lists.
///
/// # Errors
/// When the kit's lists are invalid.
pub fn rows(kit: &Kit, judged: &Judged) -> Result<Vec<RowStatus>, Vec<Problem>> {
    let lists = Lists::load(&kit.files)?;
    let default: Vec<String> = lists.iter().filter(|l| l.default).map(|l| format!("{}/", l.name())).collect();
    let mut rows = every_row(kit, &lists, judged);
    rows.retain(|row| default.iter().any(|list| row.requirement.starts_with(list)));
    Ok(rows)
}

/// The status of every row of every list, in order.
#[must_use]
pub fn every_row(kit: &Kit, lists: &Lists, judged: &Judged) -> Vec<RowStatus> {
    let ground = Ground::new(kit, lists, judged);
    let mut rows = Vec::new();
    for list in lists.iter() {
        for row in &list.requirements {
            let reference = format!("{}/{}", list.name(), row.key());
            let Ok(Some(asked)) = lists.asked(&reference, &|e| Ok::<_, Infallible>(ground.holds(e))) else { continue };
            let (status, facets, why) = match asked {
                Asked::Aside(why) => (Status::NotApplicable, Vec::new(), Some(why.clone())),
                Asked::Facets(holder, asked) => {
                    let facets: Vec<FacetStatus> = asked.into_iter().map(|asked| ground.facet(asked, holder)).collect();
                    (sum(&facets), facets, None)
                }
            };
            rows.push(RowStatus { requirement: reference.clone(), level: row.level, text: row.text.clone(), status, why, facets });
        }
    }
    for list in lists.iter() {
        for row in list.requirements.iter().filter(|r| r.imports.is_some()) {
            import(&mut rows, &format!("{}/{}", list.name(), row.key()), row);
        }
    }
    rows
}

fn sum(facets: &[FacetStatus]) -> Status {
    let any = |wanted: fn(&Proof) -> bool| facets.iter().any(|f| wanted(&f.proof));
    if any(|p| *p == Proof::Failed) {
        Status::Failed
    } else if facets.is_empty() {
        Status::NotEvaluated
    } else if facets.iter().all(|f| f.proof.holds()) {
        Status::Met
    } else if any(|p| matches!(p, Proof::Derogated(_))) {
        Status::Partial
    } else if facets.iter().all(|f| f.proof == Proof::ToAttest) {
        Status::ToAttest
    } else if !any(Proof::holds) && any(|p| matches!(p, Proof::NotEvaluated(_))) {
        Status::NotEvaluated
    } else {
        Status::Partial
    }
}

/// A row that imports a list is met when each row of that list is.
fn import(rows: &mut [RowStatus], reference: &str, row: &Row) {
    let prefix = format!("{}/", row.imports.as_deref().unwrap_or_default());
    let imported: Vec<Status> = rows.iter().filter(|r| r.requirement.starts_with(&prefix)).map(|r| r.status).collect();
    let (all, open) = (imported.len(), imported.iter().filter(|s| !matches!(s, Status::Met | Status::NotApplicable)).count());
    let Some(target) = rows.iter_mut().find(|r| r.requirement == reference) else { return };
    target.facets.clear();
    target.status = if imported.contains(&Status::Failed) {
        Status::Failed
    } else if all == 0 || !imported.iter().any(|s| matches!(s, Status::Met | Status::Partial)) {
        Status::NotEvaluated
    } else if open == 0 {
        Status::Met
    } else {
        Status::Partial
    };
    target.why = Some(text!("{open} lignes ouvertes sur {all} dans la liste importée", "{open} open rows out of {all} in the imported list"));
}
