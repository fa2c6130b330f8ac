//! `mirai-kit requirements list`: the rows of the lists that projects are measured against, or of one list.

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::super::define::{base, option, positional};
use super::{Answer, Room};
use crate::requirements::{List, Row};
use crate::text::{Lang, Problem, Text};

pub(super) const NAME: &str = "list";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new("Liste les exigences, et les listes connues", "Lists the requirements, and the known lists");
    let help = Text::new(
        "Une seule liste, par exemple pi-native@2024-05-27 (par défaut : celles auxquelles un projet est mesuré)",
        "A single list, for example pi-native@2024-05-27 (default: those that a project is measured against)",
    );
    let level = Text::new("Un seul niveau : P (primordiale) ou I (importante)", "A single level: P (primordial) or I (important)");
    base(NAME, lang, &about)
        .arg(positional("name", lang, &Text::new("LISTE@VERSION", "LIST@VERSION"), &help).required(false))
        .arg(option("level", lang, &Text::new("NIVEAU", "LEVEL"), &level).value_parser(["P", "I"]))
}

pub(super) fn run(room: &Room, arguments: &ArgMatches) -> Result<Answer, Problem> {
    let level = arguments.get_one::<String>("level");
    let chosen = match arguments.get_one::<String>("name") {
        Some(typed) => vec![room.lists.find_list(typed)?],
        None => room.lists.iter().filter(|list| list.default || room.own.contains(&list.name())).collect(),
    };
    let rows = |list: &'_ List| -> Vec<Row> {
        list.requirements.iter().filter(|row| level.is_none_or(|level| *level == row.level.to_string())).cloned().collect()
    };
    let mut text = String::new();
    for list in &chosen {
        text.push_str(&group(room, list, &rows(list)));
        text.push('\n');
    }
    text.push_str(&known(room));
    let lists: Vec<Value> = room
        .lists
        .iter()
        .map(|list| {
            let shown = chosen.iter().any(|c| c.name() == list.name());
            let rows: Vec<Value> = rows(list).iter().filter(|_| shown).map(|row| row_json(list, row)).collect();
            json!({
                "list": list.name(),
                "title": list.title,
                "default": list.default,
                "supersedes": list.supersedes,
                "counts": {"rows": list.counts.rows, "P": list.counts.primordial, "I": list.counts.important},
                "shown": shown,
                "requirements": rows,
            })
        })
        .collect();
    Ok((text, json!({"format": "mirai-kit/requirements-list/v1", "level": level, "lists": lists})))
}

fn row_json(list: &List, row: &Row) -> Value {
    json!({
        "row": format!("{}/{}", list.name(), row.key()),
        "id": row.id,
        "slug": row.slug,
        "level": row.level.to_string(),
        "category": row.category,
        "text": row.text,
    })
}

/// The rows of one list, under its name.
fn group(room: &Room, list: &List, rows: &[Row]) -> String {
    let heads = [room.say("exigence", "requirement"), room.say("niveau", "level"), room.say("catégorie", "category"), room.say("énoncé", "wording")];
    let mut cells = vec![heads.map(str::to_owned)];
    cells.extend(
        rows.iter().map(|row| [row.key(), row.level.to_string(), row.category.get(room.lang).to_owned(), row.text.get(room.lang).to_owned()]),
    );
    let shown = if rows.len() == list.requirements.len() {
        format!("{} {}", rows.len(), room.say("lignes", "rows"))
    } else {
        format!("{} {} {}", rows.len(), room.say("lignes sur", "rows out of"), list.requirements.len())
    };
    let title = [[list.name(), format!("{} ({shown})", list.title.get(room.lang))]];
    room.columns(&title, 0) + "\n" + &room.columns(&cells, 2)
}

/// One line per list.
fn known(room: &Room) -> String {
    let line = |list: &List| {
        let counts = list.counts;
        let mut remarks = vec![list.title.get(room.lang).to_owned()];
        if list.default {
            remarks.push(room.say("par défaut", "default").to_owned());
        }
        if room.own.contains(&list.name()) {
            remarks.push(room.say("de l'équipe", "the team's own").to_owned());
        }
        if let Some(older) = &list.supersedes {
            remarks.push(format!("{} {older}", room.say("remplace", "replaces")));
        }
        let count = format!("{} {}", counts.rows, room.say("lignes", "rows"));
        [list.name(), count, format!("{} P", counts.primordial), format!("{} I", counts.important), remarks.join(room.then())]
    };
    let lines: Vec<[String; 5]> = room.lists.iter().map(line).collect();
    format!("{}\n\n", room.say("Listes connues", "Known lists")) + &room.columns(&lines, 2)
}
