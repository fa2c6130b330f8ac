//! `mirai-kit requirements diff`: what becomes of each row from one list to another.

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::super::define::base;
use super::{Answer, Room, row_json, two_lists};
use crate::requirements::{Change, Fate};
use crate::text::{Lang, Problem, Text};

pub(super) const NAME: &str = "diff";

const FATES: [Fate; 6] = [Fate::Same, Fate::Extended, Fate::Moved, Fate::New, Fate::Dropped, Fate::Imported];

pub(super) fn command(lang: Lang) -> Command {
    two_lists(base(NAME, lang, &Text::new("Compare deux listes, ligne par ligne", "Compares two lists, row by row")), lang)
}

pub(super) fn run(room: &Room, arguments: &ArgMatches) -> Result<Answer, Problem> {
    let (from, to) = room.two(arguments)?;
    let changes = room.lists.compare(from, to);
    let mut text = format!("{} → {}\n", from.name(), to.name());
    for fate in FATES {
        let cells: Vec<_> = changes.iter().filter(|c| c.fate == fate).map(|c| room.change(c)).collect();
        text.push_str(&group(room, room.fate(fate), &cells));
    }
    let other_level: Vec<_> = changes.iter().filter(|c| c.level_changed()).map(|c| room.change(c)).collect();
    let head = room.say("Niveau changé (déjà comptées ci-dessus)", "Level changed (already counted above)");
    text.push_str(&group(room, head, &other_level));
    let mut counts = serde_json::Map::new();
    for fate in FATES {
        counts.insert(fate.as_str().to_owned(), changes.iter().filter(|c| c.fate == fate).count().into());
    }
    counts.insert("level_changed".to_owned(), other_level.len().into());
    let changes: Vec<Value> = changes.iter().map(change_json).collect();
    let json = json!({
        "format": "mirai-kit/requirements-diff/v1",
        "from": from.name(),
        "to": to.name(),
        "counts": counts,
        "changes": changes,
    });
    Ok((text, json))
}

/// Changes under their heading; nothing when there are none.
fn group(room: &Room, head: &str, cells: &[[String; 3]]) -> String {
    if cells.is_empty() {
        return String::new();
    }
    format!("\n{}\n", room.labelled(head, &cells.len().to_string())) + &room.columns(cells, 2)
}

/// A change, for programs.
pub(super) fn change_json(change: &Change<'_>) -> Value {
    json!({
        "change": change.fate.as_str(),
        "from": row_json(change.from),
        "to": row_json(change.to),
        "level_changed": change.level_changed(),
        "notes": change.notes,
        "backwards": change.backwards,
        "still_required_by": change.still.map(|row| row.reference()),
    })
}

impl Room {
    /// A group of changes, for people.
    fn fate(&self, fate: Fate) -> &'static str {
        match fate {
            Fate::Same => self.say("Identiques", "Same"),
            Fate::Extended => self.say("Étendues", "Extended"),
            Fate::Moved => self.say("Déplacées", "Moved"),
            Fate::New => self.say("Nouvelles", "New"),
            Fate::Dropped => self.say("Abandonnées", "Dropped"),
            Fate::Imported => self.say("Absentes mais exigées par import", "Absent but required by import"),
        }
    }

    /// A change on one line: id, level, wording and notes.
    pub(super) fn change(&self, change: &Change<'_>) -> [String; 3] {
        let pair = |from: Option<String>, to: Option<String>| match (from, to) {
            (Some(from), Some(to)) if from != to => format!("{from} → {to}"),
            (from, to) => to.or(from).unwrap_or_default(),
        };
        let key = pair(change.from.map(|r| r.row.key()), change.to.map(|r| r.row.key()));
        let level = pair(change.from.map(|r| r.row.level.to_string()), change.to.map(|r| r.row.level.to_string()));
        let mut parts: Vec<String> = change.to.or(change.from).map(|r| r.row.text.get(self.lang).to_owned()).into_iter().collect();
        let notes = change.notes.iter().map(|note| note.get(self.lang));
        let backwards = self.say("en sens inverse", "the other way round");
        parts.extend(notes.map(|note| if change.backwards { self.labelled(backwards, note) } else { note.to_owned() }));
        if let Some(still) = change.still {
            parts.push(format!("{} {}", self.say("exigée par", "required by"), still.reference()));
        }
        [key, level, parts.join(" — ")]
    }
}
