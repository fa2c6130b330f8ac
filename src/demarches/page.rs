//! The text of `mirai-kit next`: the step, who to write to, the message ready to be pasted, and the places that wait.

use std::fmt::Write as _;

use super::{Undone, Waiting};
use crate::text;
use crate::text::{Lang, Text};

/// The first of the undone steps, among `total`. A finished project gets a sentence, so that no output ever means both
/// « nothing left » and « nothing read ».
#[must_use]
pub fn page(undone: &[Undone<'_>], total: usize, lang: Lang) -> String {
    let Some(next) = undone.first() else {
        let done = text!("Les {total} démarches sont faites.\n", "All {total} steps are done.\n");
        return done.get(lang).to_owned();
    };
    let step = next.step;
    let (number, left) = (next.number, undone.len());
    let (id, title, recipient) = (&step.id, &step.title, &step.recipient);
    let head = text!(
        "Démarche {number} sur {total} ({left} à faire) : {id}\n{title}\n\nÀ : {recipient}\n\n",
        "Step {number} of {total} ({left} left): {id}\n{title}\n\nTo: {recipient}\n\n"
    );
    let mut out = head.get(lang).to_owned();
    for paragraph in &step.message {
        let _ = writeln!(out, "  {paragraph}");
    }
    out.push('\n');
    let check = match (&step.check, next.waiting.contains(&Waiting::NoDate)) {
        (Some(command), _) => text!("Vérifier : {command}\n", "Check: {command}\n"),
        (None, false) => Text::new("Vérifier : mirai-kit next passe à la démarche suivante\n", "Check: mirai-kit next goes on to the next step\n"),
        // Nothing but the answer of a person tells.
        (None, true) => Text::same(""),
    };
    out.push_str(check.get(lang));
    for waiting in &next.waiting {
        let line = match waiting {
            Waiting::Placeholder { file, line, placeholder } => {
                text!("{file}:{line} : remplacer `{placeholder}`", "{file}:{line}: replace `{placeholder}`")
            }
            Waiting::MissingFile { file } => text!(
                "{file} : fichier attendu, introuvable (à créer, ou dépôt à cloner à côté de celui-ci)",
                "{file}: expected file, not found (to be created, or repository to be cloned beside this one)"
            ),
            Waiting::NoDate => text!(
                "demarches.yaml : une fois la réponse reçue, écrire sa date dans `fait` de `{id}`",
                "demarches.yaml: once the answer has come, write its date in `fait` of `{id}`"
            ),
        };
        let _ = writeln!(out, "{}", Text::get(&line, lang));
    }
    out
}
