//! From one description of the data (`donnees/modele.yaml`, format `mirai/rgpd/v1`) to its SQL, its process, its rights and
//! its registers. Pure: text in, files out, so that what is written, shown, compared and tested is the same.
//!
//! Rule names and the shape of the SQL were measured on a real server by a prototype; the leak that a choice closes is named
//! where the choice is made.

mod block;
mod check;
mod documents;
mod model;
mod read;
mod read_entity;
mod read_field;
mod read_personal;
mod report;
mod rules;
mod sql;
mod types;
mod vocabulary;

pub use report::{RgpdError, RgpdWarning};

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
    let Some(model) = model.filter(|_| sink.errors.is_empty()) else { return Err(sink.errors) };
    let mut outputs = vec![Output { path: "modele.yaml".into(), content: description.to_owned() }];
    outputs.extend(sql::files(&model));
    outputs.extend(documents::files(&model, &sink.warnings));
    Ok(Rendering { outputs, warnings: sink.warnings })
}
