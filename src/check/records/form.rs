//! The fields of a record, each with its line. Nothing is judged here but the shape of the file.

use crate::check::records::Kind;
use crate::text;
use crate::text::Text;
use crate::yaml::{self, Fault, Kind as Shape, Node};

/// A value, and the line it stands on.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// Its text, trimmed.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
}

impl Field {
    /// Whether someone still has to write it.
    pub fn waits(&self) -> bool {
        self.text.is_empty() || self.text.contains("a-completer")
    }
}

/// What a proof is.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// File of the repository.
    pub file: Field,
    /// Anything else that lasts: number of a case, address.
    pub reference: Field,
}

/// A record, as written.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// Row.
    pub requirement: Field,
    /// Facets.
    pub facets: Vec<Field>,
    /// Person, or reference of the decision.
    pub by: Field,
    /// Date.
    pub on: Field,
    /// Last day.
    pub until: Field,
    /// What it rests on.
    pub proof: Proof,
}

impl Form {
    /// Reads a file.
    ///
    /// # Errors
    /// The first fault of its shape.
    pub fn read(content: &str, kind: Kind) -> Result<Self, Fault> {
        let root: Node = yaml::read(content)?;
        let Shape::Map(entries) = &root.kind else { return Err(fault(&root, Text::new("ce n'est pas une fiche", "this is no record"))) };
        let mut form = Self::default();
        let mut format = String::new();
        for (key, (line, column), node) in entries {
            let line = usize::try_from(*line).unwrap_or(1);
            match (key.as_str(), kind) {
                ("format", _) => format = text_of(node, line)?.text,
                ("exigence", _) => form.requirement = text_of(node, line)?,
                ("facettes", _) => form.facets = list_of(node, line)?,
                ("par", Kind::Attestation) | ("decision", Kind::Derogation) => form.by = text_of(node, line)?,
                ("le", _) => form.on = text_of(node, line)?,
                ("jusqu_au", _) => form.until = text_of(node, line)?,
                ("preuve", _) => form.proof = proof_of(node, line)?,
                // For people alone.
                ("fonction" | "commentaire", Kind::Attestation) | ("commentaire", Kind::Derogation) => drop(text_of(node, line)?),
                ("mesures", Kind::Derogation) => drop(list_of(node, line)?),
                _ => {
                    let what = text!("clé inconnue : `{key}`", "unknown key: `{key}`");
                    return Err(Fault { place: Some((line as u64, *column)), what, hint: None });
                }
            }
        }
        let wanted = match kind {
            Kind::Attestation => "mirai-kit/attestation/v1",
            Kind::Derogation => "mirai-kit/derogation/v1",
        };
        if format != wanted {
            return Err(fault(&root, text!("`format` attendu : {wanted}, lu : {format:?}", "expected `format`: {wanted}, read: {format:?}")));
        }
        Ok(form)
    }
}

fn fault(node: &Node, what: Text) -> Fault {
    Fault { place: Some((node.line, node.column)), what, hint: None }
}

/// A text; a date or a number is one too, null is an empty one.
fn text_of(node: &Node, line: usize) -> Result<Field, Fault> {
    let text = match node.scalar() {
        Some(serde_json::Value::String(text)) => text.trim().to_owned(),
        Some(serde_json::Value::Null) => String::new(),
        Some(other) => other.to_string(),
        None => return Err(fault(node, Text::new("un texte est attendu", "a text is expected"))),
    };
    Ok(Field { text, line })
}

fn list_of(node: &Node, line: usize) -> Result<Vec<Field>, Fault> {
    match &node.kind {
        Shape::Seq(items) => items.iter().map(|item| text_of(item, usize::try_from(item.line).unwrap_or(line))).collect(),
        Shape::Scalar(serde_json::Value::Null) => Ok(Vec::new()),
        _ => Err(fault(node, Text::new("une liste est attendue", "a list is expected"))),
    }
}

fn proof_of(node: &Node, line: usize) -> Result<Proof, Fault> {
    let entries = match &node.kind {
        Shape::Map(entries) => entries.as_slice(),
        Shape::Scalar(value) if value.is_null() || value == "" => &[],
        _ => {
            let what = Text::new("`preuve` attend `fichier` ou `reference`", "`preuve` expects `fichier` or `reference`");
            return Err(fault(node, what));
        }
    };
    let empty = || Field { text: String::new(), line };
    let mut proof = Proof { file: empty(), reference: empty() };
    for (key, (line, column), node) in entries {
        let at = usize::try_from(*line).unwrap_or(1);
        match key.as_str() {
            "fichier" => proof.file = text_of(node, at)?,
            "reference" => proof.reference = text_of(node, at)?,
            _ => return Err(Fault { place: Some((*line, *column)), what: text!("clé inconnue : `{key}`", "unknown key: `{key}`"), hint: None }),
        }
    }
    Ok(proof)
}
