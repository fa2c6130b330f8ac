//! The status of each requirement, from what was judged. A facet is proven only by rules that examined something, found
//! nothing and missed nothing of what they read; a row is met only when each of its facets is proven. What the answers of
//! `.mirai-kit.yaml` cannot tell is taken the hard way: the row applies, the facet is asked for, the limit holds.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{self, Severity};
use super::judge::Judged;
use super::repository::{Gap, Input};
use crate::kit::Kit;
use crate::render::{Engine, Scope, scope};
use crate::requirements::{Facet, How, Level, Lists, Row};
use crate::text;
use crate::text::{Problem, Text};

/// Where a facet stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Its rules examined something and found nothing.
    Proven,
    /// A rule found something.
    Failed,
    /// People have to attest it.
    ToAttest,
    /// Nothing can prove it, or values still wait.
    Limited(Text),
    /// Why nothing was proven.
    NotEvaluated(Text),
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
    let engine = Engine::new(&kit.files);
    // Answers that the kit cannot read tell nothing.
    let scope = judged.answers.as_ref().and_then(|a| scope(kit, &engine, a).ok());
    let asker = Asker { engine: &engine, scope: scope.as_ref() };
    let evidence = evidence(kit, &lists);
    let mut rows = Vec::new();
    for list in lists.iter().filter(|l| l.default) {
        for row in &list.requirements {
            let reference = format!("{}/{}", list.name(), row.key());
            let Some((holder_reference, holder)) = lists.holder(&reference) else { continue };
            let mut status = Status::NotApplicable;
            let mut facets = Vec::new();
            let aside = holder.applies.as_ref().filter(|a| asker.holds(&a.condition) == Some(false));
            if aside.is_none() {
                let wanted = holder.facets.iter().filter(|f| f.when.as_deref().is_none_or(|w| asker.holds(w) != Some(false)));
                facets = wanted.map(|f| facet(f, holder_reference, &evidence, &asker, judged)).collect();
                status = sum(&facets);
            }
            let why = aside.map(|a| a.otherwise.clone());
            rows.push(RowStatus { requirement: reference, level: row.level, text: row.text.clone(), status, why, facets });
        }
    }
    for list in lists.iter().filter(|l| l.default) {
        for row in list.requirements.iter().filter(|r| r.imports.is_some()) {
            import(&mut rows, &format!("{}/{}", list.name(), row.key()), row);
        }
    }
    Ok(rows)
}

struct Asker<'a> {
    engine: &'a Engine<'a>,
    scope: Option<&'a Scope>,
}

impl Asker<'_> {
    /// Whether a condition holds; none when the answers do not tell.
    fn holds(&self, condition: &str) -> Option<bool> {
        self.engine.expression("requirements", condition, self.scope?).ok()
    }
}

/// The evidence ids of each facet, whatever the module and its conditions: more is asked for than one project brings.
type Evidence = BTreeMap<(String, String), BTreeSet<String>>;

fn evidence(kit: &Kit, lists: &Lists) -> Evidence {
    let mut all = Evidence::new();
    for item in kit.modules.iter().flat_map(|m| &m.evidence) {
        if let (Some(rule), Some((holder, _))) = (&item.rule, lists.holder(&item.requirement)) {
            all.entry((holder.to_owned(), item.facet.clone())).or_default().insert(rule.clone());
        }
    }
    all
}

fn facet(facet: &Facet, holder: &str, evidence: &Evidence, asker: &Asker<'_>, judged: &Judged) -> FacetStatus {
    let mut named = BTreeSet::new();
    for reference in [Some(holder), facet.from.as_deref()].into_iter().flatten() {
        named.extend(evidence.get(&(reference.to_owned(), facet.id.clone())).into_iter().flatten().map(String::as_str));
    }
    let too_wide = catalog::TOO_WIDE.contains(&(holder, facet.id.as_str()));
    let rules: Vec<&'static str> = if too_wide { Vec::new() } else { named.iter().flat_map(|e| catalog::proving(e)).collect() };
    let unwritten: Vec<&str> = named.iter().copied().filter(|e| too_wide || catalog::proving(e).is_empty()).collect();
    let failed = judged.findings.keys().any(|f| rules.contains(&f.rule) && catalog::rule(f.rule).is_some_and(|r| r.severity == Severity::Error));
    let limit = facet.limit.as_ref().filter(|l| asker.holds(&l.condition) != Some(false));
    let proof = if failed {
        Proof::Failed
    } else if facet.how == How::Attested {
        Proof::ToAttest
    } else if let Some(limit) = limit {
        Proof::Limited(limit.text.clone())
    } else if let Some(why) = unproven(&rules, &unwritten, judged) {
        Proof::NotEvaluated(why)
    } else if waits(&rules, judged) {
        Proof::Limited(Text::new("des valeurs de production restent à compléter", "values of production are still to complete"))
    } else {
        Proof::Proven
    };
    FacetStatus { id: facet.id.clone(), title: facet.title.clone(), rules, proof }
}

/// Why the rules of a facet prove nothing, if so.
fn unproven(rules: &[&'static str], unwritten: &[&str], judged: &Judged) -> Option<Text> {
    if !unwritten.is_empty() {
        let names = unwritten.join(", ");
        return Some(text!("règle pas encore écrite : {names}", "rule not written yet: {names}"));
    }
    if rules.is_empty() {
        return Some(Text::new("aucune règle ne porte cette facette", "no rule carries this facet"));
    }
    let reads: BTreeSet<Input> = rules.iter().filter_map(|r| catalog::rule(r)).map(|r| r.reads).collect();
    let mut gaps = judged.gaps.iter().filter(|g| g.input.is_none_or(|input| reads.contains(&input)));
    if let Some(first) = gaps.next() {
        let (fr, en) = (shown(first, " : ", &first.why.0), shown(first, ": ", &first.why.1));
        let more = gaps.count();
        let (fr_more, en_more) =
            if more == 0 { (String::new(), String::new()) } else { (format!(" (et {more} de plus)"), format!(" (and {more} more)")) };
        return Some(text!("{fr}{fr_more}", "{en}{en_more}"));
    }
    if rules.iter().all(|r| judged.examined.get(r).is_none_or(|n| *n == 0)) {
        return Some(Text::new("aucun objet à examiner", "no object to examine"));
    }
    None
}

fn shown(gap: &Gap, colon: &str, why: &str) -> String {
    if gap.path.is_empty() { why.to_owned() } else { format!("{}{colon}{why}", gap.path) }
}

fn waits(rules: &[&'static str], judged: &Judged) -> bool {
    let manifests = rules.iter().filter_map(|r| catalog::rule(r)).any(|r| r.reads == Input::Manifests);
    manifests && judged.findings.keys().any(|f| f.rule == "placeholder")
}

fn sum(facets: &[FacetStatus]) -> Status {
    let any = |wanted: fn(&Proof) -> bool| facets.iter().any(|f| wanted(&f.proof));
    if any(|p| *p == Proof::Failed) {
        Status::Failed
    } else if facets.is_empty() {
        Status::NotEvaluated
    } else if facets.iter().all(|f| f.proof == Proof::Proven) {
        Status::Met
    } else if facets.iter().all(|f| f.proof == Proof::ToAttest) {
        Status::ToAttest
    } else if !any(|p| *p == Proof::Proven) && any(|p| matches!(p, Proof::NotEvaluated(_))) {
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
