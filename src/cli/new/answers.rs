//! From the command line to resolved answers: what was given is checked first, then the person is asked the rest, sees
//! the whole, and may change any of it before anything is written.

use serde_json::{Map, Value};

use std::path::Path;

use super::options::read_text;
use crate::answers::{self, Answers, Ask, Given, PromptError, Prompter, ResolveError};
use crate::cli::Exit;
use crate::kit::Kit;
use crate::text::{Lang, Problem, Text};
use crate::ui::{self, Decision, Session};

/// The largest answers file: a few hundred times the size of a real one.
const LIMIT: u64 = 1024 * 1024;

/// Why there are no answers.
pub(in crate::cli) enum Stop {
    /// The person gave up.
    GaveUp,
    /// Something is wrong.
    Failed(Exit, Vec<Problem>),
}

impl From<ResolveError> for Stop {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Invalid(problems) => Self::Failed(Exit::Invalid, problems),
            ResolveError::Prompt(error) => error.into(),
        }
    }
}

impl From<PromptError> for Stop {
    fn from(error: PromptError) -> Self {
        match error {
            PromptError::Interrupted => Self::GaveUp,
            PromptError::Failed(detail) => Self::Failed(
                Exit::Failure,
                vec![
                    Problem::new("", crate::text!("le terminal ne répond plus : {detail}", "the terminal failed: {detail}"))
                        .hint(Text::new("donnez les réponses par --answers, ou --defaults", "give the answers with --answers, or --defaults")),
                ],
            ),
        }
    }
}

/// Where the answers that nobody gave come from.
#[derive(Clone, Copy)]
pub(in crate::cli) enum How<'a> {
    /// A person; what accepting the whole does, when it is not to create an application.
    Ask(Option<&'a Text>),
    /// The defaults.
    Defaults,
    /// Nowhere: they are refused.
    Refuse,
}

/// Reads `--answers` and every `--set`.
///
/// # Errors
/// Every problem of both.
pub(in crate::cli) fn given(answers: Option<&Path>, set: &[String]) -> Result<Given, Vec<Problem>> {
    let mut given = Given::default();
    let mut problems = Vec::new();
    if let Some(path) = answers {
        let name = path.display().to_string();
        problems.extend(read_text(path, LIMIT).and_then(|text| given.read_file(&name, &text)).err());
    }
    problems.extend(set.iter().filter_map(|flag| given.set(flag).err()));
    if problems.is_empty() { Ok(given) } else { Err(problems) }
}

/// Resolves the answers, with the person's help when `interactive`.
pub(in crate::cli) fn resolve(kit: &Kit, given: &Given, ambient: Map<String, Value>, how: How<'_>, lang: Lang) -> Result<Answers, Stop> {
    let How::Ask(go) = how else {
        return Ok(answers::resolve(kit, given, answers::Options { ambient, defaults: matches!(how, How::Defaults), prompter: None })?);
    };
    already_wrong(kit, given, &ambient)?;
    let mut session = Session::on_terminal(lang);
    if let Some(go) = go {
        session.go = go.clone();
    }
    loop {
        let asking = answers::Options { ambient: ambient.clone(), defaults: false, prompter: Some(&mut session) };
        let decision = match answers::resolve(kit, given, asking) {
            Ok(answers) => match session.review(kit, &answers.values, &|id| given.get(id).is_some())? {
                Decision::Go => return Ok(answers),
                other => other,
            },
            Err(ResolveError::Invalid(problems)) => {
                if !kit.questions().any(|q| session.asked(&q.id)) {
                    return Err(Stop::Failed(Exit::Invalid, problems));
                }
                ui::report(&problems, lang);
                session.pick(kit)?
            }
            Err(error) => return Err(error.into()),
        };
        match decision {
            Decision::Change(id) => session.again(&id),
            Decision::Go | Decision::Cancel => return Err(Stop::GaveUp),
        }
    }
}

/// What is wrong in the file and the flags is said before the first question, all at once.
fn already_wrong(kit: &Kit, given: &Given, ambient: &Map<String, Value>) -> Result<(), Stop> {
    let mut scout = Scout;
    let options = answers::Options { ambient: ambient.clone(), defaults: false, prompter: Some(&mut scout) };
    let Err(ResolveError::Invalid(problems)) = answers::resolve(kit, given, options) else { return Ok(()) };
    let open = |p: &Problem| kit.manifest.constraints.iter().any(|c| c.message == p.what && c.keys.iter().any(|key| given.get(key).is_none()));
    let places: Vec<String> = given.keys().map(|(_, origin, _)| origin.at(0, 0)).collect();
    let ours = |p: &Problem| places.iter().any(|place| p.at.starts_with(place.trim_end_matches(":0:0")));
    let problems: Vec<Problem> = problems.into_iter().filter(|p| ours(p) && !open(p)).collect();
    if problems.is_empty() { Ok(()) } else { Err(Stop::Failed(Exit::Invalid, problems)) }
}

/// Answers every question by its default, without a word.
struct Scout;

impl Prompter for Scout {
    fn ask(&mut self, ask: &Ask<'_>) -> Result<Value, PromptError> {
        Ok(ask.default.cloned().unwrap_or_else(|| Value::String(String::new())))
    }
}
