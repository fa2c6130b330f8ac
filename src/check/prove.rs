//! Where one facet stands: its rules first, then what people wrote about it. What excuses a facet never proves it.

use std::collections::{BTreeMap, BTreeSet};

use super::Cause;
use super::catalog::{self, Severity};
use super::judge::Judged;
use super::records::{self, Kind, Record, Worth};
use super::repository::{Gap, Input};
use super::status::{FacetStatus, Proof};
use crate::kit::Kit;
use crate::render::{Engine, Scope, scope};
use crate::requirements::{AskedFacet, How, Lists};
use crate::text;
use crate::text::Text;

/// The evidence ids of each facet, whatever the module and its conditions: more is asked for than one project brings.
type Evidence = BTreeMap<(String, String), BTreeSet<String>>;

/// What facets are judged from.
pub(super) struct Ground<'a> {
    engine: Engine<'a>,
    scope: Option<Scope>,
    evidence: Evidence,
    judged: &'a Judged,
}

impl<'a> Ground<'a> {
    pub fn new(kit: &'a Kit, lists: &Lists, judged: &'a Judged) -> Self {
        let engine = Engine::new(&kit.files);
        // Answers that the kit cannot read tell nothing.
        let scope = judged.answers.as_ref().and_then(|answers| scope(kit, &engine, answers).ok());
        let mut evidence = Evidence::new();
        for item in kit.modules.iter().flat_map(|m| &m.evidence) {
            if let (Some(rule), Some((holder, _))) = (&item.rule, lists.holder(&item.requirement)) {
                evidence.entry((holder.to_owned(), item.facet.clone())).or_default().insert(rule.clone());
            }
        }
        Self { engine, scope, evidence, judged }
    }

    /// Whether a condition holds; none when the answers do not tell.
    pub fn holds(&self, condition: &str) -> Option<bool> {
        self.engine.expression("requirements", condition, self.scope.as_ref()?).ok()
    }

    /// Where a facet of the row `holder` stands.
    pub fn facet(&self, asked: AskedFacet<'_>, holder: &str) -> FacetStatus {
        let facet = asked.facet;
        let rows: Vec<&str> = [Some(holder), facet.from.as_deref()].into_iter().flatten().collect();
        let mut named: BTreeSet<&str> = facet.rules.iter().map(String::as_str).collect();
        for reference in &rows {
            named.extend(self.evidence.get(&((*reference).to_owned(), facet.id.clone())).into_iter().flatten().map(String::as_str));
        }
        let about = |kind| rows.iter().filter_map(|row| self.judged.records.about(kind, row, &facet.id)).min_by_key(|r| r.worth != Worth::Valid);
        let mut rules: Vec<&'static str> = named.iter().flat_map(|e| catalog::proving(e)).collect();
        rules.sort_unstable();
        rules.dedup();
        let unwritten: Vec<&str> = named.iter().copied().filter(|e| catalog::proving(e).is_empty()).collect();
        let mut proof = self.unexcused(asked, &rules, &unwritten, about(Kind::Attestation));
        let mut note = None;
        if let Some(record) = about(Kind::Attestation).filter(|_| !proof.holds() && facet.how == How::Attested) {
            note = remark(record);
        }
        if let Some(record) = about(Kind::Derogation).filter(|_| !proof.holds()) {
            match record.worth {
                Worth::Valid => proof = Proof::Derogated(record.shown()),
                Worth::Expired => (proof, note) = (Proof::Failed, remark(record)),
                Worth::Uncompleted(_) => note = remark(record),
            }
        }
        if note.is_some() && proof == Proof::Failed && rules.is_empty() {
            rules.push(records::EXPIRED);
        }
        FacetStatus { id: facet.id.clone(), title: facet.title.clone(), rules, proof, note }
    }

    /// Without any derogation.
    fn unexcused(
        &self,
        AskedFacet { facet, limit }: AskedFacet<'_>,
        rules: &[&'static str],
        unwritten: &[&str],
        attestation: Option<&Record>,
    ) -> Proof {
        let judged = self.judged;
        if judged.findings.keys().any(|f| rules.contains(&f.rule) && is_error(f.rule)) {
            return Proof::Failed;
        }
        if facet.how == How::Attested {
            return match attestation {
                Some(record) if record.worth == Worth::Valid => Proof::Attested(record.shown()),
                Some(record) if record.worth == Worth::Expired => Proof::Failed,
                _ => Proof::ToAttest,
            };
        }
        if let Some(limit) = limit {
            Proof::Limited(limit.text.clone())
        } else if let Some(accepted) = accepted(rules, judged) {
            accepted
        } else if let Some(why) = unproven(rules, unwritten, judged) {
            Proof::NotEvaluated(why)
        } else if let Some(open) = open(rules, judged) {
            Proof::Limited(open)
        } else if let Some(waiting) = waits(rules, judged) {
            Proof::Limited(waiting)
        } else if let Some(doubt) = doubt(rules, judged) {
            Proof::Limited(doubt)
        } else {
            Proof::Proven
        }
    }
}

fn is_error(rule: &str) -> bool {
    catalog::rule(rule).is_some_and(|r| r.severity == Severity::Error)
}

/// What there is to know of a record that does not count.
fn remark(record: &Record) -> Option<Text> {
    let (file, until) = (&record.file, &record.until);
    match &record.worth {
        Worth::Valid => None,
        Worth::Expired => Some(text!("{file} : échue depuis le {until}", "{file}: ended on {until}")),
        Worth::Uncompleted(missing) => {
            let missing = missing.join(", ");
            Some(text!("{file} : à compléter ({missing})", "{file}: to be completed ({missing})"))
        }
    }
}

/// What set aside findings of errors leave of a facet: never a proof. Only what a comment accepts changes the status; the
/// other causes are known after it.
fn accepted(rules: &[&'static str], judged: &Judged) -> Option<Proof> {
    let of = |l: &super::judge::Located| rules.contains(&l.rule) && is_error(l.rule);
    let mut causes = judged.aside.iter().filter(|(found, _)| of(found)).map(|(_, aside)| &aside.cause);
    if causes.clone().any(|cause| !matches!(cause, Cause::Waived { .. })) {
        return Some(Proof::Failed);
    }
    let first = causes.next()?.shown();
    let more = causes.count();
    let (fr, en) = (first.fr, first.en);
    Some(Proof::Waived(if more == 0 { Text::new(fr, en) } else { text!("{fr} (et {more} de plus)", "{en} (and {more} more)") }))
}

/// What a rule that only warns asks people to look at, if anything: until it is gone, set aside or not, it leaves no proof.
fn open(rules: &[&'static str], judged: &Judged) -> Option<Text> {
    let found = judged.findings.keys().chain(judged.aside.keys());
    let named: BTreeSet<&str> = found.map(|f| f.rule).filter(|r| rules.contains(r)).collect();
    let named = named.into_iter().collect::<Vec<_>>().join(", ");
    (!named.is_empty()).then(|| text!("constats à examiner : {named}", "findings to look at: {named}"))
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
    let idle: Vec<&str> = rules.iter().copied().filter(|r| !judged.examines(r)).collect();
    if idle.is_empty() {
        return None;
    }
    let names = idle.join(", ");
    Some(if idle.iter().all(|rule| judged.examines_elsewhere(rule)) {
        text!("rien à examiner en production pour {names}", "nothing to examine in the production for {names}")
    } else {
        text!("rien à examiner pour {names}", "nothing to examine for {names}")
    })
}

fn shown(gap: &Gap, colon: &str, why: &str) -> String {
    if gap.path.is_empty() { why.to_owned() } else { format!("{}{colon}{why}", gap.path) }
}

/// What a rule that proves the facet asks to look at: the facet is not shown while it stands.
fn doubt(rules: &[&'static str], judged: &Judged) -> Option<Text> {
    let mut found = judged.findings.keys().filter(|found| rules.contains(&found.rule));
    let first = found.next()?;
    let (more, file) = (found.count(), &first.file);
    let at = first.line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"));
    let (fr, en) = (&first.detail.fr, &first.detail.en);
    Some(if more == 0 {
        text!("à revoir : {at} : {fr}", "to look at: {at}: {en}")
    } else {
        text!("à revoir : {at} : {fr} (et {more} de plus)", "to look at: {at}: {en} (and {more} more)")
    })
}

/// The value still to be given that one of its rules looked at, if any: what it will be is not known.
fn waits(rules: &[&'static str], judged: &Judged) -> Option<Text> {
    let place = rules.iter().find_map(|rule| judged.waits.get(rule))?;
    Some(text!("valeur de production à compléter : {place}", "value of production still to complete: {place}"))
}
