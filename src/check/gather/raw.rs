//! Manifests outside charts, as they are.

use std::path::Path;

use super::{Group, chart_part, stream};
use crate::check::repository::{Input, Repository, below, file_name, folder};
use crate::text::Text;

/// The raw manifests of a repository.
pub fn manifests(repository: &mut Repository) -> Group {
    let yaml = |f: &&String| Path::new(f).extension().is_some_and(|e| e == "yaml" || e == "yml");
    let kustomized: Vec<String> =
        repository.files.iter().filter(|f| matches!(file_name(f), "kustomization.yaml" | "kustomization.yml" | "Kustomization")).cloned().collect();
    for path in &kustomized {
        repository.gap(Some(Input::Manifests), path, Text::new("Kustomize n'est pas encore évalué", "Kustomize is not evaluated yet"));
    }
    let charts = repository.charts();
    let left = |f: &&String| !charts.iter().any(|c| chart_part(f, c)) && !kustomized.iter().any(|k| below(f, folder(k)));
    let paths: Vec<String> = repository.files.iter().filter(yaml).filter(left).cloned().collect();
    let mut group = Group::default();
    for path in paths {
        let Some(content) = repository.text(Input::Manifests, &path) else { continue };
        if !(content.contains("apiVersion") && content.contains("kind")) {
            continue;
        }
        if repository.left_aside(Input::Manifests, &path) {
            continue;
        }
        for why in stream::written(&mut group, &content, &path).err().into_iter().flatten() {
            repository.gap(Some(Input::Manifests), &path, why);
        }
    }
    group
}
