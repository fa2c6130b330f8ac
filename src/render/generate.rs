//! The generators that a kit may call by name: what a template can't express (SQL from a data model, a matrix from the
//! requirement lists). They are pure, and open to any kit.

use super::{Engine, Escape, Scope};
use crate::kit::{FileRule, Generator, Kit, Module};
use crate::rgpd;
use crate::text::{Problem, Text};

/// Relative paths and contents that a generator produces.
pub(super) type Outputs = Vec<(String, Vec<u8>)>;

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
            let rendering =
                rgpd::render_with_warnings(&source, &model).map_err(|errors| errors.into_iter().map(Into::into).collect::<Vec<Problem>>())?;
            let texts = rendering.outputs.into_iter().map(|output| (output.path, output.content.into_bytes()));
            Ok(texts.chain(rendering.binaries).collect())
        }
        Generator::Conformity => super::conformity::outputs(kit, engine, active, scope).map(bytes),
        Generator::Attestations => super::conformity::attestations(kit, engine, active, scope).map(bytes),
    }
}

fn bytes(texts: Vec<(String, String)>) -> Outputs {
    texts.into_iter().map(|(path, text)| (path, text.into_bytes())).collect()
}
