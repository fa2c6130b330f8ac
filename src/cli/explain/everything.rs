//! The list of what can be explained, in short columns.

use std::fmt::Write as _;

use serde_json::json;

use super::{FORMAT, rule};
use crate::check::catalog;
use crate::cli::requirements::{Answer, Room};

pub(super) fn explain(room: &Room) -> Answer {
    let lang = room.lang;
    let rules: Vec<[String; 3]> =
        catalog::rules().map(|r| [r.id.to_owned(), rule::weight(room, r).to_owned(), r.message().get(lang).to_owned()]).collect();
    let mut text = format!("{}\n{}", room.say("Règles de check", "Rules of check"), room.columns(&rules, 2));
    let mut rows = Vec::new();
    for list in room.lists.iter() {
        let lines: Vec<[String; 3]> = list.rows().map(|r| [r.row.key(), r.row.level.to_string(), r.row.text.get(lang).to_owned()]).collect();
        let _ = write!(text, "\n{} {}\n{}", room.say("Exigences de", "Requirements of"), list.name(), room.columns(&lines, 2));
        rows.extend(list.rows().map(|r| json!({ "row": r.reference(), "level": r.row.level.to_string(), "text": r.row.text })));
    }
    let rules: Vec<_> =
        catalog::rules().map(|r| json!({ "id": r.id, "severity": r.severity.id(), "source": r.strength.id(), "message": r.message() })).collect();
    (text, json!({ "format": FORMAT, "kind": "list", "list": { "rules": rules, "requirements": rows } }))
}
