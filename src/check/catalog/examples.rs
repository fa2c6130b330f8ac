//! The examples of each rule: files that it leaves alone, and what spoils them. They are its tests, and what
//! `mirai-kit explain` shows. One file per rule, `examples/<id>.yaml`.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::text::Problem;
use crate::yaml;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/check/catalog/examples");

/// Name of the file of an example that holds a stream of rendered objects, judged as what a chart renders.
pub const RENDERED: &str = "rendered.yaml";

/// A change of the files of a good example, by path.
pub type Change = BTreeMap<String, Edit>;

/// A change of one file.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Edit {
    /// Another content.
    Content(String),
    /// Another text in place of the only one that is like this.
    Replace(Replace),
    /// The file is removed (null).
    Removed,
}

/// One text in place of another.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// What stands once in the file.
    pub replace: String,
    /// What stands there instead.
    pub by: String,
}

/// The examples of a rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examples {
    /// Files, by path, in which the rule examines something and finds nothing.
    pub good: BTreeMap<String, String>,
    /// Changes that the rule sees, each alone.
    pub bad: Vec<Change>,
    /// Changes that look alike and that the rule leaves alone, each alone.
    #[serde(default)]
    pub fine: Vec<Change>,
}

impl Examples {
    /// The files of the good example after a change; none when the text to replace does not stand there exactly once.
    #[must_use]
    pub fn with(&self, change: &Change) -> Option<BTreeMap<String, String>> {
        let mut files = self.good.clone();
        for (path, edit) in change {
            let content = match edit {
                Edit::Removed => {
                    files.remove(path)?;
                    continue;
                }
                Edit::Content(content) => content.clone(),
                Edit::Replace(Replace { replace, by }) => {
                    let before = files.get(path).filter(|text| text.matches(replace.as_str()).count() == 1)?;
                    before.replacen(replace, by, 1)
                }
            };
            files.insert(path.clone(), content);
        }
        Some(files)
    }
}

/// The examples of a rule; none when it has none, which a test refuses.
///
/// # Errors
/// When the file is not of this form.
pub fn of(rule: &str) -> Result<Option<Examples>, Problem> {
    let name = format!("{rule}.yaml");
    let Some(text) = FILES.get_file(&name).and_then(|file| file.contents_utf8()) else { return Ok(None) };
    yaml::parse(&name, text).map(Some)
}

/// Ids that have a file of examples.
pub fn ids() -> impl Iterator<Item = &'static str> {
    FILES.files().filter_map(|file| file.path().file_stem()?.to_str())
}
