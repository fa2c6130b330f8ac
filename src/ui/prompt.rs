//! The questions put to a person, type by type: help above, the default shown, validation on Enter with what to do. One
//! session remembers what was answered, so that one answer can be changed at the end without asking the others again.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::lines::Lines;
use super::sanitize;
use super::screen::{Cursor, Screen};
use super::style::{self, Style};
use crate::answers::{Ask, PromptError, Prompter};
use crate::kit::{Choice, Question, QuestionType};
use crate::text::{Lang, Problem, Text};

type Answer<T> = Result<T, PromptError>;

/// What a person answered, in a session of questions.
pub struct Session {
    pub(super) lang: Lang,
    pub(super) screen: Box<dyn Screen>,
    pub(super) known: BTreeMap<String, Remembered>,
    again: Option<String>,
    /// What accepting the whole does, as the review names it.
    pub go: Text,
}

/// An answer, and whether it was the default of its time: such an answer follows its default when others change.
pub(super) struct Remembered {
    value: Value,
    default: bool,
}

impl Session {
    /// A session on the terminal.
    #[must_use]
    pub fn on_terminal(lang: Lang) -> Self {
        let keys = match lang {
            Lang::Fr => "  (espace pour cocher, Entrée pour valider)",
            Lang::En => "  (space to tick, Enter to accept)",
        };
        let screen: Box<dyn Screen> = if style::is_dumb() { Box::new(Lines { lang }) } else { Box::new(Cursor::new(keys)) };
        Self::on(screen, lang)
    }

    pub(super) fn on(screen: Box<dyn Screen>, lang: Lang) -> Self {
        Self { lang, screen, known: BTreeMap::new(), again: None, go: Text::new("Créer l'application", "Create the application") }
    }

    /// Whether a question was asked.
    #[must_use]
    pub fn asked(&self, id: &str) -> bool {
        self.known.contains_key(id)
    }

    /// Asks that question again at the next walk.
    pub fn again(&mut self, id: &str) {
        self.again = Some(id.to_owned());
    }

    pub(super) fn tell(&mut self, fr: &str, en: &str, style: Style) {
        let text = if self.lang == Lang::Fr { fr } else { en };
        self.screen.say(text, style);
    }

    fn refuse(&mut self, problems: &[Problem]) {
        for problem in problems {
            self.screen.say(&format!("  ✗ {}", problem.what.get(self.lang)), Style::Wrong);
            if let Some(hint) = &problem.hint {
                self.screen.say(&format!("    → {}", hint.get(self.lang)), Style::Faint);
            }
        }
    }

    fn announce(&mut self, question: &Question) {
        self.screen.say(&format!("\n{}", question.title.get(self.lang)), Style::Strong);
        self.help(question);
    }

    fn help(&mut self, question: &Question) {
        if let Some(help) = &question.help {
            self.screen.say(&format!("  {}", help.get(self.lang)), Style::Faint);
        }
        if question.multiline {
            self.tell(
                "  (une ligne qui finit par \\ continue sur la suivante)",
                "  (a line that ends with \\ goes on with the next one)",
                Style::Faint,
            );
        }
    }

    /// One value, whose type alone is looked at; an empty line takes the default.
    fn value(&mut self, question: &Question, choices: &[Choice], keys: &[String], default: Option<&Value>, check: &Check<'_>) -> Answer<Value> {
        match question.kind {
            QuestionType::Choice => self.choice(choices, default),
            QuestionType::Choices => self.choices(choices, default),
            QuestionType::Bool => self.boolean(default),
            QuestionType::Record => self.record(question, default, check),
            QuestionType::Records => self.records(question, default, check),
            QuestionType::Map => self.map(question, keys, default, check),
            QuestionType::Text | QuestionType::Int | QuestionType::Date => self.typed(question, default),
        }
    }

    fn typed(&mut self, question: &Question, default: Option<&Value>) -> Answer<Value> {
        let shown = default.filter(|v| !v.is_null() && *v != "").map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let mut text = self.screen.line(shown.as_deref())?;
        if text.is_empty() {
            return Ok(default.cloned().unwrap_or_else(|| Value::String(String::new())));
        }
        while question.multiline && text.ends_with('\\') {
            text.pop();
            text.push('\n');
            text.push_str(&self.screen.line(None)?);
        }
        Ok(match question.kind {
            // What is not a number stays a text, which the check refuses.
            QuestionType::Int => text.trim().parse::<i64>().map_or(Value::String(text), Value::from),
            _ => Value::String(text),
        })
    }

    fn choice(&mut self, choices: &[Choice], default: Option<&Value>) -> Answer<Value> {
        let titles = titles(choices, self.lang);
        let start = choices.iter().position(|c| default.is_some_and(|d| *d == c.value)).unwrap_or(0);
        let chosen = self.screen.one(&titles, start)?;
        choices.get(chosen).map(|c| Value::from(c.value.as_str())).ok_or_else(|| PromptError::Failed("no choice".into()))
    }

    fn choices(&mut self, choices: &[Choice], default: Option<&Value>) -> Answer<Value> {
        let titles = titles(choices, self.lang);
        let given = default.and_then(Value::as_array).cloned().unwrap_or_default();
        let ticked: Vec<bool> = choices.iter().map(|c| given.iter().any(|v| *v == c.value)).collect();
        let chosen = self.screen.many(&titles, &ticked)?;
        Ok(chosen.into_iter().filter_map(|i| choices.get(i)).map(|c| Value::from(c.value.as_str())).collect())
    }

    fn boolean(&mut self, default: Option<&Value>) -> Answer<Value> {
        let items = if self.lang == Lang::Fr { ["oui", "non"] } else { ["yes", "no"] }.map(str::to_owned);
        let start = usize::from(default.and_then(Value::as_bool) == Some(false));
        Ok(Value::Bool(self.screen.one(&items, start)? == 0))
    }

    /// Field by field; each one is refused as soon as it is entered.
    fn record(&mut self, question: &Question, default: Option<&Value>, check: &Check<'_>) -> Answer<Value> {
        let mut record = default.and_then(Value::as_object).cloned().unwrap_or_default();
        for field in &question.fields {
            self.screen.say(&format!("  {}", field.title.get(self.lang)), Style::Strong);
            self.help(field);
            let literal = field.default.clone().filter(|d| !d.as_str().is_some_and(|t| t.contains("{{") || t.contains("{%")));
            let default = record.get(&field.id).cloned().or(literal);
            loop {
                let value = self.value(field, &field.choices, &[], default.as_ref(), &|_| Vec::new())?;
                record.insert(field.id.clone(), value);
                let mut problems = check(&Value::Object(record.clone()));
                problems.retain(|p| p.at == field.id || p.at.starts_with(&format!("{}.", field.id)));
                if problems.is_empty() {
                    break;
                }
                self.refuse(&problems);
            }
        }
        Ok(Value::Object(record))
    }

    fn map(&mut self, question: &Question, keys: &[String], default: Option<&Value>, check: &Check<'_>) -> Answer<Value> {
        let mut map = Map::new();
        for key in keys {
            self.screen.say(&format!("  « {} »", sanitize::line(key)), Style::Strong);
            let so_far = map.clone();
            let below = |record: &Value| {
                let mut map = so_far.clone();
                map.insert(key.clone(), record.clone());
                inside(check(&Value::Object(map)), &format!("{key}."))
            };
            let record = self.record(question, default.and_then(|d| d.get(key)), &below)?;
            map.insert(key.clone(), record);
        }
        Ok(Value::Object(map))
    }

    /// A list editor: finish, add, change, remove.
    fn records(&mut self, question: &Question, default: Option<&Value>, check: &Check<'_>) -> Answer<Value> {
        let mut items = default.and_then(Value::as_array).cloned().unwrap_or_default();
        loop {
            let (mut actions, mut labels) = (vec![Edit::Finish, Edit::Add], Vec::new());
            labels.push(Text::new("Terminer", "Finish").get(self.lang).to_owned());
            labels.push(Text::new("Ajouter", "Add").get(self.lang).to_owned());
            for (i, item) in items.iter().enumerate() {
                self.screen.say(&format!("  {}. {}", i + 1, flat(item)), Style::Faint);
                for (edit, fr, en) in [(Edit::Change(i), "Modifier", "Change"), (Edit::Remove(i), "Retirer", "Remove")] {
                    actions.push(edit);
                    labels.push(format!("{} {} ({})", Text::new(fr, en).get(self.lang), i + 1, flat(item)));
                }
            }
            let chosen = self.screen.one(&labels, 0)?;
            match actions.get(chosen).copied().unwrap_or(Edit::Finish) {
                Edit::Finish => return Ok(Value::Array(items)),
                Edit::Remove(i) => drop(items.remove(i)),
                Edit::Add => self.item(question, &mut items, None, check)?,
                Edit::Change(i) => self.item(question, &mut items, Some(i), check)?,
            }
        }
    }

    /// Enters one record of a list, until it is valid among the others.
    fn item(&mut self, question: &Question, items: &mut Vec<Value>, place: Option<usize>, check: &Check<'_>) -> Answer<()> {
        let before = check(&Value::Array(items.clone()));
        let at = place.unwrap_or(items.len());
        let with = |record: &Value| {
            let mut items = items.clone();
            if at < items.len() {
                items[at] = record.clone();
            } else {
                items.push(record.clone());
            }
            items
        };
        let mut default = items.get(at).cloned();
        loop {
            let below = |record: &Value| inside(check(&Value::Array(with(record))), &format!("[{at}]."));
            let record = self.record(question, default.as_ref(), &below)?;
            let mut problems = check(&Value::Array(with(&record)));
            // Too short a list is said at the end, not while it grows.
            problems.retain(|p| !before.contains(p));
            if problems.is_empty() {
                *items = with(&record);
                return Ok(());
            }
            self.refuse(&problems);
            default = Some(record);
        }
    }
}

impl Prompter for Session {
    fn ask(&mut self, ask: &Ask<'_>) -> Answer<Value> {
        let id = &ask.question.id;
        let again = self.again.as_deref() == Some(id);
        let mut default = ask.default.cloned();
        if let Some(known) = self.known.get(id) {
            let value = if known.default && !again { ask.default.unwrap_or(&known.value) } else { &known.value };
            match (ask.check)(value) {
                Ok(value) if !again => return Ok(value),
                _ => default = Some(value.clone()),
            }
        }
        self.announce(ask.question);
        // Problems are named after the question (`forge.primaire`); fields know only their own part.
        let check = |value: &Value| inside((ask.check)(value).err().unwrap_or_default(), id);
        loop {
            let value = self.value(ask.question, ask.choices, ask.keys, default.as_ref(), &strip_dot(&check))?;
            match (ask.check)(&value) {
                Ok(value) => {
                    self.again = self.again.take().filter(|_| !again);
                    let default = ask.default == Some(&value);
                    self.known.insert(id.clone(), Remembered { value: value.clone(), default });
                    return Ok(value);
                }
                Err(problems) => {
                    self.refuse(&problems);
                    // What was entered in several gestures is kept, to be corrected.
                    if matches!(ask.question.kind, QuestionType::Record | QuestionType::Records | QuestionType::Map) {
                        default = Some(value);
                    }
                }
            }
        }
    }
}

/// The problems of a value, each named from that value's own root.
type Check<'a> = dyn Fn(&Value) -> Vec<Problem> + 'a;

#[derive(Debug, Clone, Copy)]
enum Edit {
    Finish,
    Add,
    Change(usize),
    Remove(usize),
}

/// The problems found below `prefix`, without it.
fn inside(problems: Vec<Problem>, prefix: &str) -> Vec<Problem> {
    let below = |p: Problem| p.at.strip_prefix(prefix).map(str::to_owned).map(|at| Problem { at, ..p });
    problems.into_iter().filter_map(below).collect()
}

/// A record's fields come after a dot, a list's items do not.
fn strip_dot<'a>(check: &'a Check<'a>) -> impl Fn(&Value) -> Vec<Problem> + 'a {
    |value| check(value).into_iter().map(|p| Problem { at: p.at.strip_prefix('.').unwrap_or(&p.at).to_owned(), ..p }).collect()
}

fn titles(choices: &[Choice], lang: Lang) -> Vec<String> {
    choices.iter().map(|c| c.title.get(lang).to_owned()).collect()
}

/// A record on one line: its values, in order.
pub(super) fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => sanitize::line(text).into_owned(),
        Value::Object(fields) => fields.values().map(flat).collect::<Vec<_>>().join(", "),
        Value::Array(items) if items.is_empty() => "—".to_owned(),
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(" ; "),
        other => other.to_string(),
    }
}
