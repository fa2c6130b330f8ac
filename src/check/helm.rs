//! Charts as rendered, by the user's own `helm`, on a chart that nobody vouches for: no plugin and no repository configuration
//! ([`super::program`]), schemas left aside (helm would fetch those that they refer to).

use std::path::Path;

use super::program;
use crate::text;
use crate::text::Text;

/// The namespace of the release: an object that names it goes wherever the platform puts the release.
pub const NAMESPACE: &str = "mirai-kit-verification";

/// Renders a chart with its defaults and these values files, the last one winning.
///
/// # Errors
/// Why it could not be rendered, to be shown as the reason of what is not evaluated.
pub fn template(helm: &Path, chart: &Path, values: &[&str]) -> Result<String, Text> {
    // Argo CD ignores helm's test hooks.
    let mut arguments = vec!["template", "verification", ".", "--skip-schema-validation", "--skip-tests", "--namespace", NAMESPACE];
    arguments.extend(values.iter().flat_map(|file| ["--values", file]));
    program::output(helm, "helm", &arguments, chart, refusal)
}

fn refusal(said: &str) -> Text {
    if said.contains("missing in charts/ directory") {
        return Text::new(
            "dépendances absentes de charts/ : lancez `helm dependency build`, que `check` ne lance pas",
            "dependencies missing from charts/: run `helm dependency build`, which `check` does not run",
        );
    }
    let line: String = said.lines().find(|l| l.starts_with("Error")).unwrap_or("").chars().take(300).collect();
    text!("helm refuse ce chart : {line}", "helm refuses this chart: {line}")
}
