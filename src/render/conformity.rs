//! Joins the evidence of the active modules to the requirement lists: conditions evaluated, paths rendered. What the
//! statuses mean is the affair of [`crate::requirements`].

use serde_json::{Map, Value};

use super::{Engine, Scope};
use crate::check::catalog;
use crate::kit::{Evidence, Kit, Module};
use crate::requirements::{self, How, Lists, Proof, Statement};
use crate::text;
use crate::text::{Lang, Problem, Text};

/// The conformity documents. Generated documents are French, whatever the language of the messages.
pub(super) fn outputs(kit: &Kit, engine: &Engine<'_>, active: &[&Module], scope: &Scope) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let lists = Lists::load(&kit.files)?;
    let proofs = proofs(engine, active, scope)?;
    requirements::outputs(&lists, &proofs, &|expression| engine.expression("requirements", expression, scope), &catalog::proving, Lang::Fr)
}

/// One form for each facet that people have to attest.
pub(super) fn attestations(kit: &Kit, engine: &Engine<'_>, active: &[&Module], scope: &Scope) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let lists = Lists::load(&kit.files)?;
    let proofs = proofs(engine, active, scope)?;
    requirements::attestations(&lists, &proofs, &|expression| engine.expression("requirements", expression, scope), Lang::Fr)
}

/// What a project brings to each row of every list, from its answers.
///
/// # Errors
/// Those of rendering.
pub fn statements(kit: &Kit, lists: &Lists, answers: &Map<String, Value>) -> Result<Vec<Statement>, Vec<Problem>> {
    let engine = Engine::new(&kit.files);
    let scope = super::scope(kit, &engine, answers).map_err(|p| vec![p])?;
    let active = super::active_modules(kit, &engine, &scope).map_err(|p| vec![p])?;
    let proofs = proofs(&engine, &active, &scope)?;
    requirements::statement(lists, &proofs, &|expression| engine.expression("requirements", expression, &scope))
}

/// What the active modules bring, with rendered paths.
///
/// # Errors
/// Every invalid condition, path or `how`.
pub fn proofs(engine: &Engine<'_>, active: &[&Module], scope: &Scope) -> Result<Vec<Proof>, Vec<Problem>> {
    let mut proofs = Vec::new();
    let mut problems = Vec::new();
    for module in active {
        for evidence in &module.evidence {
            match proof(engine, module, evidence, scope) {
                Ok(found) => proofs.extend(found),
                Err(problem) => problems.push(problem),
            }
        }
    }
    if problems.is_empty() { Ok(proofs) } else { Err(problems) }
}

fn proof(engine: &Engine<'_>, module: &Module, evidence: &Evidence, scope: &Scope) -> Result<Option<Proof>, Problem> {
    let at = format!("modules/{}/module.yaml ({})", module.id, evidence.requirement);
    if let Some(when) = &evidence.when
        && !engine.expression(&at, when, scope)?
    {
        return Ok(None);
    }
    let how = match evidence.how.as_str() {
        "generated" => How::Generated,
        "attested" => How::Attested,
        other => {
            let hint = Text::new("valeurs admises : generated, attested", "allowed values: generated, attested");
            return Err(Problem::new(at, text!("`how` inconnu : `{other}`", "unknown `how`: `{other}`")).hint(hint));
        }
    };
    Ok(Some(Proof {
        module: module.id.clone(),
        requirement: evidence.requirement.clone(),
        facet: evidence.facet.clone(),
        how,
        file: evidence.file.as_deref().map(|file| engine.path(&at, file, scope)).transpose()?,
        rule: evidence.rule.clone(),
        text: evidence.text.clone(),
    }))
}
