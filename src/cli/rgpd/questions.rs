//! The questions of `init` and `import`, put by the one resolver: a kit made in memory, whose last questions depend on what is
//! asked of.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::answers::Given;
use crate::apply::{self, Cancel, Change, SafeRelPath};
use crate::cli::new::answers::{How, Stop, resolve};
use crate::cli::{Exit, Failed, translate};
use crate::kit::{Kit, KitFiles};
use crate::rgpd::draft::Head;
use crate::rgpd::natures::{NATURES, NOT_PERSONAL, TO_CONFIRM};
use crate::text::{Lang, Problem, Text};
use crate::{rgpd, text, ui};

const BASE: &str = include_str!("questions.yaml");

/// The kit of the common questions and of these.
pub(super) fn kit(more: &[Value]) -> Result<Kit, Failed> {
    let mut text = BASE.to_owned();
    for question in more {
        // JSON is YAML.
        let _ = writeln!(text, "  - {question}");
    }
    Kit::load(KitFiles::from_memory([("kit.yaml".to_owned(), text.into_bytes())])).map_err(|p| (Exit::Failure, p))
}

/// The natures that a field may be given.
pub(super) fn natures() -> Vec<Value> {
    let nature = |id: &str, fr: &str, en: &str| json!({"value": id, "title": {"fr": fr, "en": en}});
    let mut list: Vec<Value> = NATURES.iter().map(|n| nature(n.id, n.title.0, n.title.1)).collect();
    list.push(nature(NOT_PERSONAL, "Non personnel (avec un motif)", "Not personal (with a reason)"));
    list.push(nature(TO_CONFIRM, "À confirmer plus tard", "To be confirmed later"));
    list
}

/// What is known before anything is asked.
pub(super) struct Asked<'a> {
    pub kit: &'a Kit,
    pub given: &'a Given,
    /// Name proposed for the application.
    pub name: &'a str,
    /// Whether what nobody gives takes its default when there is no terminal.
    pub defaults: bool,
    pub go: Text,
}

/// Gets the answers, from a person when there is one. `Err(Ok(exit))`: that person gave up.
pub(super) fn answers(asked: &Asked<'_>, lang: Lang) -> Result<Map<String, Value>, Result<Exit, Failed>> {
    let interactive = ui::can_ask();
    let cancel = Cancel::new();
    let watch = ui::interrupt::Watch::start(&cancel, interactive, lang)
        .map_err(|e| Err(super::failure(Problem::new("", text!("signaux inaccessibles : {e}", "signals cannot be watched: {e}")))))?;
    let mut ambient = Map::new();
    ambient.insert("argument".into(), Value::String(asked.name.to_owned()));
    let how = match (interactive, asked.defaults) {
        (true, _) => How::Ask(Some(&asked.go)),
        (false, true) => How::Defaults,
        (false, false) => How::Refuse,
    };
    match resolve(asked.kit, asked.given, ambient, how, lang) {
        Ok(answers) => {
            watch.working();
            Ok(answers.values)
        }
        Err(Stop::GaveUp) => Err(Ok(watch.leave())),
        Err(Stop::Failed(exit, problems)) => Err(Err((exit, problems))),
    }
}

/// The head of the description.
pub(super) fn head(values: &Map<String, Value>) -> Head {
    let text = |id: &str| values.get(id).and_then(Value::as_str).unwrap_or_default().to_owned();
    Head {
        application: text("application"),
        controller: [text("organisme"), text("representant"), text("delegue"), text("contact")],
        purpose: text("finalite"),
        basis: (text("base_legale"), text("texte")),
        persons: text("personnes"),
    }
}

/// Where the description goes; an existing one is never overwritten.
pub(super) fn place(folder: &std::path::Path) -> Result<(&std::path::Path, String), Failed> {
    let path = format!("donnees/{}", super::project::MODEL);
    for held in [path.as_str(), "app/donnees/modele.yaml", super::project::MODEL] {
        if folder.join(held).exists() {
            let what = Text::new("une description existe déjà", "there is a description already");
            let hint =
                Text::new("modifiez-la, puis `mirai-kit rgpd render` ; ou déplacez-la", "edit it, then `mirai-kit rgpd render`; or move it away");
            return Err((Exit::Conflicts, vec![Problem::new(folder.join(held).display().to_string(), what).hint(hint)]));
        }
    }
    Ok((folder, path))
}

/// Writes the description, and says what is left for a person.
pub(super) fn write(folder: &std::path::Path, path: &str, description: &str, dry_run: bool, lang: Lang) -> Result<Exit, Failed> {
    if dry_run {
        ui::data(description).map_err(super::failure)?;
    } else {
        let safe = SafeRelPath::new(path).map_err(|e| super::failure(translate::path(&e)))?;
        let change = Change { path: safe, before: None, after: description.as_bytes().to_vec() };
        apply::update(folder, &[change]).map_err(|e| translate::apply(&e))?;
        ui::say(text!("{path} : écrit.", "{path}: written.").get(lang));
    }
    match rgpd::render(path, description) {
        Ok(_) => ui::say(Text::new("Suite : `mirai-kit rgpd render`.", "Next: `mirai-kit rgpd render`.").get(lang)),
        Err(errors) => {
            let count = errors.len();
            let left = text!("Reste à compléter ou à confirmer, {count} points :", "Left to fill in or to confirm, {count} points:");
            ui::say(left.get(lang));
            ui::report(&errors.into_iter().map(Problem::from).collect::<Vec<_>>(), lang);
        }
    }
    Ok(Exit::Done)
}
