//! The secondary chain, `.gitlab-ci-dso.yml`: what Cloud π Native reads of it.

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::repository::Input::{self, Pipelines};
use crate::check::repository::{file_name, join};
use crate::check::view::View;
use crate::check::{Report, items, text};
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "dso-pipeline",
        Pipelines,
        Cct,
        ("chaîne secondaire absente ou incomplète", "secondary chain missing or incomplete"),
        ("incluez $CATALOG_PATH et commencez par read_secret", "include $CATALOG_PATH and start with read_secret"),
    ),
    Rule::error(
        "dso-no-latest",
        Pipelines,
        Cct,
        ("image de la chaîne sans version figée", "image of the chain without a fixed version"),
        ("désignez une étiquette de version", "name a version tag"),
    ),
];

const NAME: &str = ".gitlab-ci-dso.yml";

/// Checks every secondary chain; a project of mirai-kit has one.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    for path in view.delivered(Input::Pipelines, |path| file_name(path) == NAME) {
        if let Some(node) = view.yaml(Input::Pipelines, &path) {
            on_file(&mut report, &path, &node.value());
        }
    }
    for root in view.projects() {
        let expected = join(&root, NAME);
        if !view.has(&expected) {
            report.see_in("dso-pipeline", &expected, None, Some(Text::new("le fichier est absent", "the file is missing")));
        }
    }
    report
}

fn on_file(report: &mut Report, path: &str, value: &Value) {
    let catalogue = value.get("include").is_some_and(|i| i.to_string().contains("$CATALOG_PATH"));
    let reads = value.get("read_secret").is_some_and(|job| job.to_string().contains(".vault:read_secret"));
    let missing: Vec<&str> =
        [(catalogue, "include: $CATALOG_PATH"), (reads, "read_secret: .vault:read_secret")].iter().filter(|(ok, _)| !ok).map(|(_, m)| *m).collect();
    report.see_in(
        "dso-pipeline",
        path,
        None,
        (!missing.is_empty()).then(|| {
            let names = missing.join(", ");
            crate::text!("manque : {names}", "missing: {names}")
        }),
    );
    for (job, body) in value.as_object().into_iter().flatten() {
        let own = body.get("image").map(|i| i.as_str().unwrap_or_else(|| text(i, "/name")));
        let services = items(body, "/services").map(|s| s.as_str().unwrap_or_else(|| text(s, "/name")));
        for image in own.into_iter().chain(services) {
            // A variable's value is the platform's: it is not in the repository.
            let known = !image.contains('$');
            report.see_part("dso-no-latest", path, None, job, if known { super::kyverno::floating(image) } else { None });
        }
    }
}
