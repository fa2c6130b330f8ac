//! Before anything is written: every answer on the screen, and a last word.

use serde_json::{Map, Value};

use super::prompt::{Session, flat};
use super::style::Style;
use crate::answers::PromptError;
use crate::kit::{Kit, Question};
use crate::text::{Lang, Text};

/// What the person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Write.
    Go,
    /// Ask that question again.
    Change(String),
    /// Write nothing.
    Cancel,
}

impl Session {
    /// Shows the answers (those asked or given) and asks what to do.
    ///
    /// # Errors
    /// When the person gives up or the terminal fails.
    pub fn review(&mut self, kit: &Kit, values: &Map<String, Value>, given: &dyn Fn(&str) -> bool) -> Result<Decision, PromptError> {
        self.tell("\nRécapitulatif", "\nSummary", Style::Strong);
        for question in kit.questions() {
            let id = question.id.as_str();
            if let Some(value) = values.get(id).filter(|_| self.asked(id) || given(id)) {
                let colon = if self.lang == Lang::Fr { " :" } else { ":" };
                let line = format!("  {}{colon} {}", question.title.get(self.lang), shown(kit, question, value, self.lang));
                self.screen.say(&line, Style::Right);
            }
        }
        self.screen.say("", Style::Faint);
        let items =
            [self.go.clone(), Text::new("Modifier une réponse", "Change an answer"), Text::new("Annuler sans rien écrire", "Cancel, write nothing")]
                .map(|t| t.get(self.lang).to_owned());
        match self.screen.one(&items, 0)? {
            0 => Ok(Decision::Go),
            1 => self.pick(kit),
            _ => Ok(Decision::Cancel),
        }
    }

    /// After a refused combination: which answer to change, or give up.
    ///
    /// # Errors
    /// When the person gives up or the terminal fails.
    pub fn pick(&mut self, kit: &Kit) -> Result<Decision, PromptError> {
        let questions: Vec<&Question> = kit.questions().filter(|q| self.asked(&q.id)).collect();
        let mut items: Vec<String> = questions.iter().map(|q| q.title.get(self.lang).to_owned()).collect();
        items.push(Text::new("Annuler sans rien écrire", "Cancel, write nothing").get(self.lang).to_owned());
        self.tell("Quelle réponse modifier ?", "Which answer to change?", Style::Strong);
        let chosen = self.screen.one(&items, 0)?;
        Ok(questions.get(chosen).map_or(Decision::Cancel, |q| Decision::Change(q.id.clone())))
    }
}

/// An answer for people: titles of choices rather than their values.
fn shown(kit: &Kit, question: &Question, value: &Value, lang: Lang) -> String {
    let choices = kit.choices(question);
    let title = |v: &Value| choices.iter().find(|c| *v == c.value).map_or_else(|| flat(v), |c| c.title.get(lang).to_owned());
    match value {
        Value::Array(items) if !choices.is_empty() && !items.is_empty() => items.iter().map(title).collect::<Vec<_>>().join(", "),
        Value::Bool(true) => Text::new("oui", "yes").get(lang).to_owned(),
        Value::Bool(false) => Text::new("non", "no").get(lang).to_owned(),
        Value::Object(entries) if question.keyed_by.is_some() => {
            entries.iter().map(|(k, v)| format!("{k} ({})", flat(v))).collect::<Vec<_>>().join(" ; ")
        }
        value => title(value),
    }
}
