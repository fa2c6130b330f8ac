//! The one resolver: it walks the questions in order and takes each answer from the first source that has it. Prompts,
//! `--defaults` and the refusal of missing answers are three endings of the same walk.

use serde_json::{Map, Value};

use super::given::{Given, Origin};
use super::validate::Validator;
use crate::kit::{Choice, Kit, Question};
use crate::render::{Engine, Scope};
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml::{Kind, Node};

/// The resolved answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// Value of every question, in the order of the kit.
    pub values: Map<String, Value>,
    /// Remarks that do not refuse anything: answers not used, warnings of the kit.
    pub remarks: Vec<Text>,
}

/// How to resolve.
pub struct Options<'a> {
    /// Values that templates of defaults may read besides the answers: `argument` (NAME) and `aujourdhui`.
    pub ambient: Map<String, Value>,
    /// Take the defaults instead of asking.
    pub defaults: bool,
    /// Who asks, when there is a terminal.
    pub prompter: Option<&'a mut dyn Prompter>,
}

/// A question to put to a person.
pub struct Ask<'a> {
    /// The question.
    pub question: &'a Question,
    /// Its choices, if it is closed.
    pub choices: &'a [Choice],
    /// The default, if any.
    pub default: Option<&'a Value>,
    /// For a map: the keys to ask a record for.
    pub keys: &'a [String],
    /// Checks a value; the problems say how to fix it.
    pub check: &'a dyn Fn(&Value) -> Result<Value, Vec<Problem>>,
}

/// Why a prompt gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptError {
    /// Ctrl-C, or the terminal closed.
    Interrupted,
    /// The terminal failed.
    Failed(String),
}

/// Someone who can be asked.
pub trait Prompter {
    /// Asks one question until the answer is valid.
    ///
    /// # Errors
    /// When the person gives up or the terminal fails.
    fn ask(&mut self, ask: &Ask<'_>) -> Result<Value, PromptError>;
}

/// Why answers could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolveError {
    /// Every problem found, in the order of the questions.
    Invalid(Vec<Problem>),
    /// The person gave up, or the terminal failed.
    Prompt(PromptError),
}

impl From<Problem> for ResolveError {
    fn from(problem: Problem) -> Self {
        Self::Invalid(vec![problem])
    }
}

/// Resolves the answers of a kit.
///
/// # Errors
/// Every unknown key, wrong type, invalid value, missing answer and forbidden combination, all at once.
pub fn resolve<'a>(kit: &'a Kit, given: &'a Given, options: Options<'a>) -> Result<Answers, ResolveError> {
    let engine = Engine::new(&kit.files);
    let mut scope = Scope::new(&options.ambient);
    scope.set("data", &Value::Object(kit.data.clone()));
    let mut walk = Walk { kit, given, engine, options, scope, answers: Answers::default(), problems: unknown_keys(kit, given), faulty: Vec::new() };
    for question in kit.questions() {
        walk.one(question)?;
    }
    walk.constraints()?;
    if walk.problems.is_empty() { Ok(walk.answers) } else { Err(ResolveError::Invalid(walk.problems)) }
}

struct Walk<'a> {
    kit: &'a Kit,
    given: &'a Given,
    engine: Engine<'a>,
    options: Options<'a>,
    /// The answers so far, as templates see them.
    scope: Scope,
    answers: Answers,
    problems: Vec<Problem>,
    faulty: Vec<String>,
}

impl Walk<'_> {
    fn record(&mut self, id: &str, value: Value) {
        self.scope.set(id, &value);
        self.answers.values.insert(id.to_owned(), value);
    }

    fn one(&mut self, question: &Question) -> Result<(), ResolveError> {
        let id = &question.id;
        let asked = match &question.when {
            Some(when) => self.engine.expression(&format!("kit.yaml ({id})"), when, &self.scope)?,
            None => true,
        };
        let given = self.given.get(id);
        if !asked {
            if given.is_some() {
                self.answers.remarks.push(text!(
                    "la réponse `{id}` n'est pas utilisée : la question ne se pose pas avec les autres réponses",
                    "answer `{id}` is not used: the question does not arise with the other answers"
                ));
            }
            self.record(id, question.otherwise.clone().unwrap_or(Value::Null));
            return Ok(());
        }
        let (origin, node) = match given {
            Some((origin, node)) => (origin.clone(), Some(node)),
            None => (Origin::Default, None),
        };
        let validator = Validator { kit: self.kit, engine: &self.engine, scope: &self.scope, values: &self.answers.values, origin: &origin };
        let default = validator.default_of(id, question, &self.scope).and_then(|value| match value {
            // A default computed from other answers obeys the same rules as any answer.
            Some(value) => validator.check(id, question, &unplaced(&value)).map(Some),
            None => Ok(None),
        });
        let checked = match node {
            Some(node) => validator.check(id, question, node),
            None => match self.options.prompter.as_deref_mut().filter(|_| !self.options.defaults) {
                Some(prompter) => {
                    let origin = Origin::Prompt;
                    let validator = Validator { origin: &origin, ..validator };
                    let choices = self.kit.choices(question);
                    let keys = validator.keys_of(question);
                    let check = |value: &Value| validator.check(id, question, &unplaced(value));
                    let default = default.as_ref().ok().and_then(Option::as_ref);
                    let ask = Ask { question, choices: &choices, default, keys: &keys, check: &check };
                    Ok(prompter.ask(&ask).map_err(ResolveError::Prompt)?)
                }
                None if self.options.defaults => match default.clone() {
                    Ok(Some(value)) => Ok(value),
                    Ok(None) => Err(vec![missing(question)]),
                    // Most likely made from the refused answer: that one is the user's business.
                    Err(_) if !self.faulty.is_empty() => Err(Vec::new()),
                    Err(problems) => Err(problems.into_iter().map(|p| default_refused(question, p)).collect()),
                },
                None => Err(vec![missing(question)]),
            },
        };
        let value = checked.unwrap_or_else(|problems| {
            self.problems.extend(problems);
            self.faulty.push(id.clone());
            default.ok().flatten().unwrap_or(Value::Null)
        });
        self.record(id, value);
        Ok(())
    }

    fn constraints(&mut self) -> Result<(), ResolveError> {
        for constraint in &self.kit.manifest.constraints {
            if constraint.keys.iter().any(|key| self.faulty.contains(key)) {
                continue;
            }
            if self.engine.expression(&format!("kit.yaml ({})", constraint.id), &constraint.refuse, &self.scope)? {
                let at = constraint
                    .keys
                    .iter()
                    .filter_map(|key| self.given.get(key))
                    .map(|(origin, node)| origin.at(node.line, node.column))
                    .collect::<Vec<_>>()
                    .join(", ");
                let at = if at.is_empty() { constraint.keys.join(", ") } else { at };
                self.problems.push(Problem::new(at, constraint.message.clone()));
            }
        }
        if !self.problems.is_empty() {
            return Ok(());
        }
        for warning in &self.kit.manifest.warnings {
            if self.engine.expression(&format!("kit.yaml ({})", warning.id), &warning.condition, &self.scope)? {
                self.answers.remarks.push(warning.message.clone());
            }
        }
        Ok(())
    }
}

fn missing(question: &Question) -> Problem {
    let id = &question.id;
    let title = &question.title;
    Problem::new(id.clone(), Text::new(format!("réponse manquante : {}", title.fr), format!("missing answer: {}", title.en))).hint(text!(
        "donnez --set {id}=…, une ligne `{id}: …` dans --answers, ou --defaults",
        "give --set {id}=…, a line `{id}: …` in --answers, or --defaults"
    ))
}

fn default_refused(question: &Question, problem: Problem) -> Problem {
    let id = &question.id;
    let what = Text::new(
        format!("la valeur par défaut ne convient pas, {}", problem.what.fr),
        format!("the default value is not valid, {}", problem.what.en),
    );
    Problem { at: id.clone(), what, hint: problem.hint }.hint(text!("donnez --set {id}=…", "give --set {id}=…"))
}

fn unknown_keys(kit: &Kit, given: &Given) -> Vec<Problem> {
    let known: Vec<&str> = kit.questions().map(|q| q.id.as_str()).collect();
    given
        .keys()
        .filter(|(key, _, _)| !known.contains(key))
        .map(|(key, origin, (line, column))| {
            let problem = Problem::new(origin.at(line, column), text!("clé inconnue : `{key}`", "unknown key: `{key}`"));
            let close = known.iter().map(|k| (strsim::jaro_winkler(k, key), *k)).filter(|(score, _)| *score > 0.75);
            if let Some((_, near)) = close.max_by(|a, b| a.0.total_cmp(&b.0)) {
                return problem.hint(text!("vouliez-vous dire `{near}` ?", "did you mean `{near}`?"));
            }
            let list = known.join(", ");
            problem.hint(text!("clés possibles : {list}", "possible keys: {list}"))
        })
        .collect()
}

/// A value that comes from no file.
fn unplaced(value: &Value) -> Node {
    let kind = match value {
        Value::Array(items) => Kind::Seq(items.iter().map(unplaced).collect()),
        Value::Object(entries) => Kind::Map(entries.iter().map(|(k, v)| (k.clone(), (0, 0), unplaced(v))).collect()),
        scalar => Kind::Scalar(scalar.clone()),
    };
    Node { line: 0, column: 0, kind }
}
