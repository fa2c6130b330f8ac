//! From one description of the data (`donnees/modele.yaml`, format `mirai/rgpd/v1`) to its SQL, its process, its rights and
//! its registers. Pure: text in, files out, so that what is written, shown, compared and tested is the same.
//!
//! Rule names and the shape of the SQL were measured on a real server by a prototype; the leak that a choice closes is named
//! where the choice is made.

mod block;
mod check;
mod documents;
pub mod draft;
pub mod live;
mod model;
pub mod natures;
mod plan;
mod read;
mod read_entity;
mod read_field;
mod read_personal;
mod report;
mod rules;
mod sql;
mod types;
mod vocabulary;
mod written;

pub use plan::{Phase, Plan, Source, Step, plan};
pub use report::{RgpdError, RgpdWarning};
pub use written::{NAME as WRITTEN_NAME, Written};

use report::Sink;

use crate::yaml;

/// One file to be written below `donnees/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Relative path, with `/`.
    pub path: String,
    /// UTF-8 text, ending in a newline.
    pub content: String,
}

/// The files of a description, and what a person should look at.
#[derive(Debug)]
pub struct Rendering {
    /// The files, in order of path as they should be read.
    pub outputs: Vec<Output>,
    /// Those that are not text: path and content.
    pub binaries: Vec<(String, Vec<u8>)>,
    /// Version of the model.
    pub version: u32,
    /// Points of attention; nothing is refused for them.
    pub warnings: Vec<RgpdWarning>,
}

/// Renders the files of the `description`; `name` is what refusals call it.
///
/// # Errors
/// Every refusal found, each with its file, line and what is allowed. Nothing is rendered then.
pub fn render(name: &str, description: &str) -> Result<Vec<Output>, Vec<RgpdError>> {
    render_with_warnings(name, description).map(|r| r.outputs)
}

/// As [`render`], with the points of attention.
///
/// # Errors
/// As [`render`].
pub fn render_with_warnings(name: &str, description: &str) -> Result<Rendering, Vec<RgpdError>> {
    let (model, sink) = read(name, description)?;
    let mut outputs = vec![Output { path: "modele.yaml".into(), content: description.to_owned() }];
    outputs.extend(sql::files(&model));
    outputs.extend(sql::trials(&model));
    outputs.extend(documents::files(&model, &sink.warnings));
    outputs.push(Output { path: version_path(model.version), content: description.to_owned() });
    let binaries = documents::binaries(&model);
    let written = Written::of(
        outputs.iter().map(|o| (o.path.as_str(), o.content.as_bytes())).chain(binaries.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))),
    );
    outputs.push(Output { path: WRITTEN_NAME.into(), content: written.text() });
    Ok(Rendering { outputs, binaries, version: model.version, warnings: sink.warnings })
}

/// Where the description of a version is kept, below `donnees/`: what the next one is compared with.
#[must_use]
pub fn version_path(version: u32) -> String {
    format!("versions/modele-v{version}.yaml")
}

/// Reads and judges a description.
fn read(name: &str, description: &str) -> Result<(model::Model, Sink), Vec<RgpdError>> {
    let mut sink = Sink::new(name);
    let root = match yaml::read(description) {
        Ok(root) => root,
        Err(fault) => {
            let allowed = fault.hint.map_or_else(|| "du YAML 1.2 sans clé en double".to_owned(), |hint| hint.fr);
            sink.error(fault.place.map_or(1, |(line, _)| line), fault.what.fr, &allowed);
            return Err(sink.errors);
        }
    };
    let model = read::model(&root, &mut sink);
    if sink.errors.is_empty()
        && let Some(model) = &model
    {
        check::whole(model, &mut sink);
    }
    sink.errors.sort_by_key(|e| e.line);
    match model {
        Some(model) if sink.errors.is_empty() => Ok((model, sink)),
        _ => Err(sink.errors),
    }
}
