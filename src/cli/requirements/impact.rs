//! `mirai-kit requirements impact`: what a project has to do again when it is measured against another list.

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::super::define::base;
use super::diff::change_json;
use super::{Answer, Room, brought_json, two_lists};
use crate::requirements::{Effect, FacetImpact, Fate, Impact, Totals};
use crate::text::{Lang, Problem, Text};

pub(super) const NAME: &str = "impact";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new(
        "Dit ce qui est à refaire quand on passe d'une liste à une autre",
        "Tells what has to be done again when passing from one list to another",
    );
    two_lists(base(NAME, lang, &about), lang)
}

pub(super) fn run(room: &Room, arguments: &ArgMatches) -> Result<Answer, Problem> {
    let (from, to) = room.two(arguments)?;
    let impacts = room.lists.impact(from, to, &room.kit.modules);
    let totals = Totals::of(&impacts);
    let mut text = format!("{} → {}\n", from.name(), to.name());
    if impacts.is_empty() {
        text.push_str(room.say("\nRien à refaire.\n", "\nNothing to do again.\n"));
    }
    for impact in &impacts {
        text.push('\n');
        text.push_str(&section(room, impact));
    }
    if !impacts.is_empty() {
        text.push('\n');
        text.push_str(&summary(room, &totals));
    }
    let attestations: Vec<Value> = totals.attestations.iter().map(|(row, facet)| json!({"row": row, "facet": facet})).collect();
    let json = json!({
        "format": "mirai-kit/requirements-impact/v1",
        "from": from.name(),
        "to": to.name(),
        "rules": totals.rules,
        "modules": totals.modules,
        "attestations": attestations,
        "derogations": totals.derogations,
        "rows": impacts.iter().map(impact_json).collect::<Vec<_>>(),
    });
    Ok((text, json))
}

impl Room {
    /// What became of one row, for people.
    fn became(&self, fate: Fate) -> &'static str {
        match fate {
            Fate::Same => self.say("Identique", "Same"),
            Fate::Extended => self.say("Étendue", "Extended"),
            Fate::Moved => self.say("Déplacée", "Moved"),
            Fate::New => self.say("Nouvelle", "New"),
            Fate::Dropped => self.say("Abandonnée", "Dropped"),
            Fate::Imported => self.say("Importée", "Imported"),
        }
    }
}

fn section(room: &Room, impact: &Impact<'_>) -> String {
    let [key, level, wording] = room.change(&impact.change);
    let head = room.labelled(room.became(impact.change.fate), &key);
    let mut out = room.columns(&[[head, level, wording]], 0);
    let facets: Vec<[String; 4]> = impact.facets.iter().map(|facet| facet_line(room, facet)).collect();
    out.push_str(&room.columns(&facets, 2));
    if let Some(row) = impact.derogation() {
        let again = room.say(
            "toute dérogation qui la cite est à redemander, ou à retirer",
            "any derogation that names it has to be asked for again, or withdrawn",
        );
        out.push_str(&room.columns(&[[room.say("dérogations", "derogations").to_owned(), row, again.to_owned()]], 2));
    }
    out
}

fn facet_line(room: &Room, impact: &FacetImpact<'_>) -> [String; 4] {
    let effect = match impact.effect {
        Effect::Review => room.say("à revoir", "review"),
        Effect::Add => room.say("à apporter", "add"),
        Effect::Remove => room.say("plus demandée", "no longer asked"),
        Effect::Rename => room.say("à renommer", "rename"),
    };
    let mut parts = vec![impact.facet.facet.title.get(room.lang).to_owned()];
    parts.extend(impact.facet.brought.iter().map(|brought| {
        let rule = brought.evidence.rule.as_ref().map(|rule| format!(" ({} `{rule}`)", room.say("règle", "rule"))).unwrap_or_default();
        format!("{}{rule}", brought.module.id)
    }));
    if impact.uncovered() {
        parts.push(room.say("aucun module du kit ne l'apporte", "no module of the kit brings it").to_owned());
    }
    if !impact.elsewhere.is_empty() {
        parts.push(format!("{} {}", room.say("sert encore à", "still serves"), impact.elsewhere.join(", ")));
    }
    [effect.to_owned(), impact.facet.facet.id.clone(), room.how(impact.facet.facet.how).to_owned(), parts.join(" — ")]
}

fn summary(room: &Room, totals: &Totals) -> String {
    let attestations = totals.attestations.iter().map(|(row, facet)| format!("{row} ({facet})")).collect();
    let line = |label: &str, items: Vec<String>| {
        let names = if items.is_empty() { "—".to_owned() } else { items.join(", ") };
        [label.to_owned(), items.len().to_string(), names]
    };
    let lines = [
        line(room.say("règles", "rules"), totals.rules.iter().cloned().collect()),
        line(room.say("modules du kit", "modules of the kit"), totals.modules.iter().cloned().collect()),
        line(room.say("attestations", "attestations"), attestations),
        line(room.say("dérogations", "derogations"), totals.derogations.iter().cloned().collect()),
    ];
    format!("{}\n", room.say("À refaire", "To do again")) + &room.columns(&lines, 2)
}

fn impact_json(impact: &Impact<'_>) -> Value {
    let facet = |f: &FacetImpact<'_>| {
        json!({
            "facet": f.facet.facet.id,
            "effect": f.effect.as_str(),
            "how": f.facet.facet.how.as_str(),
            "title": f.facet.facet.title,
            "uncovered": f.uncovered(),
            "elsewhere": f.elsewhere,
            "brought": f.facet.brought.iter().map(brought_json).collect::<Vec<_>>(),
        })
    };
    json!({
        "row": impact.reference(),
        "change": change_json(&impact.change),
        "derogation": impact.derogation(),
        "facets": impact.facets.iter().map(facet).collect::<Vec<_>>(),
    })
}
