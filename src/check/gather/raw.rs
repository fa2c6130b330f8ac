//! Manifests outside charts, as they are.

use std::path::Path;

use super::{Group, chart_part, kustomize, stream};
use crate::check::repository::{Input, Repository, aside};
use crate::text::Text;

/// The raw manifests of a repository, without the parts of charts and kustomizations.
pub fn manifests(repository: &mut Repository, kustomized: &kustomize::All) -> Group {
    let yaml = |f: &&String| Path::new(f).extension().is_some_and(|e| e == "yaml" || e == "yml");
    let charts = repository.charts();
    let left = |f: &&String| !charts.iter().any(|c| chart_part(f, c)) && !kustomized.takes(f);
    let paths: Vec<String> = repository.files.iter().filter(yaml).filter(left).cloned().collect();
    let mut group = Group::default();
    for path in paths {
        let Some(content) = repository.text(Input::Manifests, &path) else { continue };
        let object = content.contains("apiVersion") && content.contains("kind");
        // One of both may be missing by mistake; among tests and documentation, such a file is none of ours, and no gap.
        let half = content.contains("metadata") && (content.contains("apiVersion") || content.contains("kind"));
        if !object && (!half || aside(&path).is_some()) {
            continue;
        }
        if repository.left_aside(Input::Manifests, &path) {
            continue;
        }
        if kustomized.beside(&path) {
            let why = Text::new(
                "la kustomization de ce dossier ne le cite pas : laissé de côté",
                "the kustomization of this folder does not name it: left aside",
            );
            repository.gap(Some(Input::Manifests), &path, why);
            continue;
        }
        for why in stream::written(&mut group, &content, &path).err().into_iter().flatten() {
            repository.gap(Some(Input::Manifests), &path, why);
        }
    }
    group
}
