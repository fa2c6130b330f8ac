//! The attestations that wait to be completed: one form for each facet that people have to attest in this project. An
//! uncompleted form counts for nothing; `check` reads them back (`docs/requirements.md`).

use std::fmt::Write as _;

use super::lists::Lists;
use super::statement::{FacetState, FacetStatement, Holds, Proof, statement};
use crate::text::{Lang, Problem};

/// The files of the `attestations` generator: path relative to the rule's target, and content.
///
/// # Errors
/// The problems of [`statement`].
pub fn attestations(lists: &Lists, proofs: &[Proof], holds: &Holds<'_>, lang: Lang) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let mut forms = Vec::new();
    for statement in statement(lists, proofs, holds)?.iter().filter(|s| s.default) {
        for row in &statement.rows {
            let reference = format!("{}/{}", statement.list, row.key);
            // Rows that share facets share their attestations: the one that holds them has the form.
            if lists.row(&reference).is_none_or(|r| r.facets_from.is_some()) {
                continue;
            }
            let list = statement.list.split('@').next().unwrap_or_default();
            for facet in row.facets.iter().filter(|f| f.state == FacetState::ToAttest) {
                let path = format!("{list}-{}-{}.yaml", row.key.replace('/', "-"), facet.id);
                forms.push((path, form(&reference, row.text.get(lang), facet, lang)));
            }
        }
    }
    Ok(forms)
}

fn form(reference: &str, text: &str, facet: &FacetStatement, lang: Lang) -> String {
    let mut form = String::new();
    let fr = lang == Lang::Fr;
    // Writing to a String cannot fail.
    let _ = writeln!(form, "# {}", line(text));
    let _ = writeln!(form, "# {}{} {}", if fr { "À attester" } else { "To attest" }, if fr { "\u{a0}:" } else { ":" }, line(facet.title.get(lang)));
    for help in facet.proofs.iter().filter_map(|p| p.file.as_ref()) {
        let _ = writeln!(form, "# {}{} {}", if fr { "Voir" } else { "See" }, if fr { "\u{a0}:" } else { ":" }, line(help));
    }
    let _ = writeln!(form, "format: mirai-kit/attestation/v1\nexigence: \"{reference}\"\nfacettes: [\"{}\"]", facet.id);
    let _ = writeln!(form, "par: \"\"\nfonction: \"\"\nle: \"\"\njusqu_au: \"\"\npreuve:\n  fichier: \"\"\n  reference: \"\"\ncommentaire: \"\"");
    form
}

/// A text on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
