//! Argo CD's Applications and the revisions that they deploy.

use super::{Chart, DeployError, Project};
use crate::yaml::{self, Node};

/// The Application of a chart in an environment.
#[derive(Debug, Clone)]
pub(super) struct Application {
    /// Index of the repository that holds the file.
    pub depot: usize,
    /// The file.
    pub file: String,
    /// `spec.source.targetRevision`.
    pub revision: String,
}

impl Application {
    /// Where the revision stands.
    pub const POINTER: &str = "/spec/source/targetRevision";

    /// Finds the Application of a chart among `argocd/<environment>/applications/*.yaml`.
    pub fn of(project: &Project, chart: &Chart, environment: &str) -> Result<Option<Self>, DeployError> {
        let folder = format!("argocd/{environment}/applications");
        for (depot, of) in project.depots.iter().enumerate() {
            for file in of.files.keys().filter(|f| f.rsplit_once('/').is_some_and(|(at, _)| at == folder || at.ends_with(&format!("/{folder}")))) {
                let Some(text) = of.committed(file)? else { continue };
                let value = yaml::parse::<Node>(&project.shown(depot, file), &text)?.value();
                let said = |pointer: &str| value.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
                let path = said("/spec/source/path");
                let url = said("/spec/source/repoURL");
                let repository = url.rsplit('/').next().unwrap_or_default().trim_end_matches(".git");
                if path.trim_start_matches("./").trim_matches('.') == chart.folder && repository == project.depots[chart.depot].name {
                    return Ok(Some(Self { depot, file: file.clone(), revision: said(Self::POINTER) }));
                }
            }
        }
        Ok(None)
    }
}

/// A version tag, `v1.2.3`; pre-releases are none.
pub(super) fn version(tag: &str) -> Option<[u64; 3]> {
    let mut parts = tag.strip_prefix('v')?.split('.');
    let mut number = || parts.next().filter(|p| p.len() == 1 || !p.starts_with('0')).and_then(|p| p.parse().ok());
    let version = [number()?, number()?, number()?];
    parts.next().is_none().then_some(version)
}

/// The tag after the newest one; none when no tag is a version.
pub(super) fn after(tags: &[String]) -> Option<String> {
    let [major, minor, patch] = tags.iter().filter_map(|tag| version(tag)).max()?;
    Some(format!("v{major}.{minor}.{}", patch + 1))
}

#[cfg(test)]
mod tests {
    use super::{after, version};

    #[test]
    fn the_next_tag_follows_the_newest_version_as_numbers() {
        let tags = ["v0.9.0", "v0.10.2", "v0.10.10", "essai", "v1.0", "v2.0.0-rc1", "1.5.0"].map(str::to_owned);
        assert_eq!(after(&tags).as_deref(), Some("v0.10.11"));
        assert_eq!(after(&["x".to_owned()]), None);
        assert_eq!(version("v01.0.0"), None);
    }
}
