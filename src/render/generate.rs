//! The generators that a kit may call by name: what a template can't express (SQL from a data model, a matrix from the
//! requirement lists). They are pure, and open to any kit.

use super::{Engine, Escape, Scope};
use crate::kit::{FileRule, Generator, Kit, Module};
use crate::rgpd;
use crate::text::{Problem, Text};

/// Relative paths and contents that a generator produces.
pub(super) type Outputs = Vec<(String, String)>;

pub(super) fn run(
    generator: Generator,
    kit: &Kit,
    engine: &Engine<'_>,
    active: &[&Module],
    module: &Module,
    rule: &FileRule,
    scope: &Scope,
) -> Result<Outputs, Vec<Problem>> {
    match generator {
        Generator::Rgpd => {
            let at = format!("modules/{}/module.yaml", module.id);
            let Some(from) = &rule.from else {
                return Err(vec![Problem::new(at, Text::new("`generate: rgpd` a besoin de `from`", "`generate: rgpd` needs `from`"))]);
            };
            let source = format!("modules/{}/files/{from}", module.id);
            let model = engine.file(&source, Escape::Quoted, scope).map_err(|p| vec![p])?;
            let outputs = rgpd::render(&source, &model).map_err(|errors| errors.into_iter().map(Into::into).collect::<Vec<Problem>>())?;
            Ok(outputs.into_iter().map(|output| (output.path, output.content)).collect())
        }
        Generator::Conformity => super::conformity::outputs(kit, engine, active, scope),
        Generator::Attestations => super::conformity::attestations(kit, engine, active, scope),
    }
}
