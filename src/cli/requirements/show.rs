//! `mirai-kit requirements show`: everything known of a requirement, in every list that has it.

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::super::define::{base, positional};
use super::{Answer, Room, brought_json};
use crate::requirements::{Brought, FacetEvidence, Level, Relation, RowRef};
use crate::text::{Lang, Problem, Text};

pub(super) const NAME: &str = "show";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new("Montre une exigence, sa filiation et ce qui la porte", "Shows a requirement, its lineage and what carries it");
    let help = Text::new(
        "LISTE@VERSION/ID[/variante], ou ID seul : toutes les listes qui l'ont",
        "LIST@VERSION/ID[/slug], or ID alone: every list that has it",
    );
    base(NAME, lang, &about).arg(positional("requirement", lang, &Text::new("EXIGENCE", "REQUIREMENT"), &help))
}

pub(super) fn run(room: &Room, arguments: &ArgMatches) -> Result<Answer, Problem> {
    let rows = room.lists.find_rows(arguments.get_one::<String>("requirement").map_or("", String::as_str))?;
    let text = rows.iter().map(|row| page(room, *row)).collect::<Vec<_>>().join("\n");
    let rows: Vec<Value> = rows.iter().map(|row| json(room, *row)).collect();
    Ok((text, json!({"format": "mirai-kit/requirements-show/v1", "requirements": rows})))
}

/// A row of another list that this one comes from, or that comes from it. The relation is that of the younger row;
/// none when the younger list dropped it.
struct Link<'a> {
    relation: Option<Relation>,
    /// None for a row without ancestor, or dropped without a row that still asks for it.
    row: Option<RowRef<'a>>,
    /// The list that dropped it.
    dropped_by: Option<String>,
    note: Option<&'a Text>,
}

fn comes_from<'a>(room: &'a Room, row: RowRef<'a>) -> Vec<Link<'a>> {
    let link = |l: &'a crate::requirements::Lineage| Link {
        relation: Some(l.relation),
        row: l.from.as_deref().and_then(|from| room.lists.row_ref(from)),
        dropped_by: None,
        note: l.note.as_ref(),
    };
    row.row.lineage.iter().map(link).collect()
}

fn becomes<'a>(room: &'a Room, row: RowRef<'a>) -> Vec<Link<'a>> {
    let reference = row.reference();
    let mut links = Vec::new();
    for list in room.lists.iter() {
        for younger in list.rows() {
            let mine = younger.row.lineage.iter().filter(|l| l.from.as_ref() == Some(&reference));
            links.extend(mine.map(|l| Link { relation: Some(l.relation), row: Some(younger), dropped_by: None, note: l.note.as_ref() }));
        }
        for dropped in list.dropped.iter().filter(|d| d.from == reference) {
            let still = dropped.to.as_deref().and_then(|to| room.lists.row_ref(to));
            links.push(Link { relation: None, row: still, dropped_by: Some(list.name()), note: Some(&dropped.note) });
        }
    }
    links
}

pub(in crate::cli) fn page(room: &Room, row: RowRef<'_>) -> String {
    let lang = room.lang;
    let level = match row.row.level {
        Level::P => room.say("P (primordiale)", "P (primordial)"),
        Level::I => room.say("I (importante)", "I (important)"),
    };
    let source = &row.row.source;
    let document = row.list.documents.get(&source.document);
    let cited = document.map_or_else(|| source.document.clone(), |d| format!("{} ({})", d.title, d.reference));
    let holder = room.lists.facets_holder(row);
    let applies = holder.unwrap_or(row).row.applies.as_ref().map_or_else(
        || room.say("toujours", "always").to_owned(),
        |a| {
            format!(
                "{} `{}`{}{}",
                room.say("si", "if"),
                a.condition,
                room.then(),
                room.labelled(room.say("sinon", "otherwise"), a.otherwise.get(lang))
            )
        },
    );
    let mut lines = vec![
        [room.say("liste", "list").to_owned(), row.list.title.get(lang).to_owned()],
        [room.say("niveau", "level").to_owned(), level.to_owned()],
        [room.say("catégorie", "category").to_owned(), row.row.category.get(lang).to_owned()],
        [room.say("énoncé", "wording").to_owned(), row.row.text.get(lang).to_owned()],
        [room.say("source", "source").to_owned(), format!("{} — {cited}", source.section)],
        [room.say("s'applique", "applies").to_owned(), applies],
    ];
    if let Some(imported) = &row.row.imports {
        let import = room.say("satisfaite quand toutes les exigences de cette liste le sont", "met when every requirement of that list is");
        lines.push([room.say("importe", "imports").to_owned(), format!("{imported} ({import})")]);
    }
    let from = room.say("vient de", "comes from");
    lines.extend(comes_from(room, row).iter().map(|link| [from.to_owned(), link_line(room, link)]));
    let becomes_label = room.say("devient", "becomes");
    lines.extend(becomes(room, row).iter().map(|link| [becomes_label.to_owned(), link_line(room, link)]));
    if let Some(holder) = holder {
        lines.push([room.say("facettes", "facets").to_owned(), format!("{} {}", room.say("celles de", "those of"), holder.reference())]);
    }
    let mut page = format!("{}\n\n{}", row.reference(), room.columns(&lines, 2));
    for facet in room.lists.facets(row, &room.kit.modules) {
        page.push('\n');
        page.push_str(&facet_lines(room, &facet));
    }
    page
}

fn link_line(room: &Room, link: &Link<'_>) -> String {
    let mut said = match (&link.dropped_by, &link.row, link.relation) {
        (Some(list), still, _) => {
            let still = still
                .map(|r| format!("{}{} {}", room.then(), room.say("reste demandée par", "still required by"), r.reference()))
                .unwrap_or_default();
            format!("{} {list}{still}", room.say("abandonnée par", "dropped by"))
        }
        (None, Some(row), Some(relation)) => format!("{} ({})", row.reference(), room.relation(relation)),
        (None, _, _) => room.say("aucune autre liste : nouvelle", "no other list: new").to_owned(),
    };
    if let Some(note) = link.note {
        said.push_str(room.then());
        said.push_str(note.get(room.lang));
    }
    said
}

impl Room {
    fn relation(&self, relation: Relation) -> &'static str {
        match relation {
            Relation::Same => self.say("identique", "same"),
            Relation::Extended => self.say("étendue", "extended"),
            Relation::Moved => self.say("déplacée", "moved"),
            Relation::New => self.say("nouvelle", "new"),
        }
    }
}

fn facet_lines(room: &Room, evidence: &FacetEvidence<'_>) -> String {
    let facet = evidence.facet;
    let mut lines = Vec::new();
    let mut line = |label: &str, text: String| lines.push([label.to_owned(), text]);
    if let Some(when) = &facet.when {
        line(room.say("demandée si", "asked if"), format!("`{when}`"));
    }
    if let Some(from) = &facet.from {
        line(room.say("reprend", "repeats"), from.clone());
    }
    if let Some(limit) = &facet.limit {
        line(room.say("limite", "limit"), room.labelled(&format!("{} `{}`", room.say("si", "if"), limit.condition), limit.text.get(room.lang)));
    }
    for brought in &evidence.brought {
        line(room.say("apportée par", "brought by"), brought_line(room, brought));
    }
    if evidence.brought.is_empty() {
        let nobody = if evidence.follows {
            room.say("la liste importée, ligne par ligne", "the imported list, row by row")
        } else {
            room.say("aucun module du kit", "no module of the kit")
        };
        line(room.say("apportée par", "brought by"), nobody.to_owned());
    }
    let head = [[facet.id.clone(), room.how(facet.how).to_owned(), facet.title.get(room.lang).to_owned()]];
    room.columns(&head, 2) + &room.columns(&lines, 6)
}

fn brought_line(room: &Room, brought: &Brought<'_>) -> String {
    let evidence = brought.evidence;
    let mut parts = vec![brought.module.id.clone()];
    parts.extend(evidence.file.as_ref().map(|file| format!("{} `{file}`", room.say("fichier", "file"))));
    parts.extend(evidence.rule.as_ref().map(|rule| format!("{} `{rule}`", room.say("règle", "rule"))));
    parts.extend(evidence.when.as_ref().map(|when| format!("{} `{when}`", room.say("si", "if"))));
    parts.join(", ")
}

pub(in crate::cli) fn json(room: &Room, row: RowRef<'_>) -> Value {
    let link = |l: &Link<'_>| {
        json!({
            "relation": l.relation.map_or("dropped", Relation::as_str),
            "row": l.row.map(|r| r.reference()),
            "dropped_by": l.dropped_by,
            "note": l.note,
        })
    };
    let facet = |f: &FacetEvidence<'_>| {
        json!({
            "id": f.facet.id,
            "how": f.facet.how.as_str(),
            "title": f.facet.title,
            "defined_by": f.origin,
            "when": f.facet.when,
            "limit": f.facet.limit.as_ref().map(|l| json!({"if": l.condition, "text": l.text})),
            "brought": f.brought.iter().map(brought_json).collect::<Vec<_>>(),
        })
    };
    let source = &row.row.source;
    let document = row.list.documents.get(&source.document);
    json!({
        "row": row.reference(),
        "list": row.list.name(),
        "id": row.row.id,
        "slug": row.row.slug,
        "level": row.row.level.to_string(),
        "category": row.row.category,
        "text": row.row.text,
        "source": {"section": source.section, "title": document.map(|d| &d.title), "reference": document.map(|d| &d.reference)},
        "applies": room.lists.facets_holder(row).unwrap_or(row).row.applies.as_ref().map(|a| json!({"if": a.condition, "otherwise": a.otherwise})),
        "imports": row.row.imports,
        "comes_from": comes_from(room, row).iter().map(link).collect::<Vec<_>>(),
        "becomes": becomes(room, row).iter().map(link).collect::<Vec<_>>(),
        "facets_from": row.row.facets_from,
        "facets": room.lists.facets(row, &room.kit.modules).iter().map(facet).collect::<Vec<_>>(),
    })
}
