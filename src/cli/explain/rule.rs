//! A rule: why it exists, what it reads, what proves it wrong or right, and which facets rest on it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::answer;
use crate::check::catalog::examples::{self, Change, Edit, Examples};
use crate::check::catalog::{Rule, Severity, Strength};
use crate::check::repository::Input;
use crate::cli::requirements::{Answer, Room};
use crate::text::{Problem, Text};
use crate::ui::sanitize;

/// A facet that rests on a rule.
struct Resting {
    row: String,
    facet: String,
    title: Text,
}

pub(super) fn explain(room: &Room, rule: &Rule) -> Result<Answer, Problem> {
    let examples = examples::of(rule.id)?;
    let facets = resting(room, rule);
    let json = json!({
        "id": rule.id, "severity": rule.severity.id(), "source": rule.strength.id(), "reads": reads(rule.reads).en, "chartsOnly": rule.charts_only,
        "message": rule.message(), "hint": rule.hint(), "why": rule.why(), "equals": rule.equals,
        "facets": facets.iter().map(|f| json!({ "row": f.row, "facet": f.facet, "title": f.title })).collect::<Vec<_>>(),
        "examples": examples.as_ref().map(|e| json!({
            "good": e.good, "bad": e.bad.iter().map(change).collect::<Vec<_>>(), "fine": e.fine.iter().map(change).collect::<Vec<_>>(),
        })),
    });
    Ok((page(room, rule, &facets, examples.as_ref()), answer("rule", &json)))
}

/// Weight of a rule, for people.
pub(super) fn weight(room: &Room, rule: &Rule) -> &'static str {
    match rule.severity {
        Severity::Error => room.say("erreur", "error"),
        Severity::Warning => room.say("avertissement", "warning"),
    }
}

fn page(room: &Room, rule: &Rule, facets: &[Resting], examples: Option<&Examples>) -> String {
    let lang = room.lang;
    let strength = match rule.strength {
        Strength::Cct => room.say("texte du CCT", "text of the CCT"),
        Strength::Platform => room.say("plateforme observée", "observed platform"),
        Strength::Deduced => {
            room.say("déduite : sans elle, l'application ou ses données cassent", "deduced: without it the application or its data breaks")
        }
    };
    let mut lines = vec![
        [room.say("constat", "finding").to_owned(), rule.message().get(lang).to_owned()],
        [room.say("remède", "remedy").to_owned(), rule.hint().get(lang).to_owned()],
        [room.say("gravité", "severity").to_owned(), weight(room, rule).to_owned()],
        [room.say("source", "source").to_owned(), strength.to_owned()],
    ];
    let why = rule.why();
    if !why.get(lang).is_empty() {
        lines.push([room.say("pourquoi", "why").to_owned(), why.get(lang).to_owned()]);
    }
    let mut read = reads(rule.reads).get(lang).to_owned();
    if rule.charts_only {
        read.push_str(room.say(", rendus par un chart seulement", ", as charts render them only"));
    }
    lines.push([room.say("lit", "reads").to_owned(), read]);
    lines.extend(rule.equals.iter().map(|check| [room.say("équivaut à", "equals").to_owned(), (*check).to_owned()]));
    lines.extend(facets.iter().map(|f| [room.say("prouve", "proves").to_owned(), room.labelled(&f.row, f.title.get(lang))]));
    let mut page = format!("{}\n\n{}", rule.id, room.columns(&lines, 2));
    if let Some(examples) = examples {
        let _ = writeln!(page, "\n{}", room.say("Bon exemple", "Good example"));
        for (path, content) in &examples.good {
            block(&mut page, path, content);
        }
        for bad in &examples.bad {
            let _ = writeln!(page, "\n{}", room.say("Mauvais : le même, où", "Bad: the same, where"));
            shown(room, &mut page, bad);
        }
    }
    page
}

fn block(page: &mut String, path: &str, content: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(page, "  # {}", sanitize::line(path));
    for line in content.lines() {
        let _ = writeln!(page, "  {}", sanitize::line(line));
    }
}

fn shown(room: &Room, page: &mut String, change: &Change) {
    for (path, edit) in change {
        match edit {
            Edit::Content(content) => block(page, path, content),
            Edit::Removed => {
                let _ = writeln!(page, "  # {} {}", sanitize::line(path), room.say("n'est pas là", "is not there"));
            }
            Edit::Replace(replace) => {
                let _ = writeln!(page, "  # {}", sanitize::line(path));
                for (mark, text) in [('-', &replace.replace), ('+', &replace.by)] {
                    for line in text.lines() {
                        let _ = writeln!(page, "  {mark} {}", sanitize::line(line));
                    }
                }
            }
        }
    }
}

fn change(change: &Change) -> Value {
    let edit = |edit: &Edit| match edit {
        Edit::Content(content) => json!(content),
        Edit::Replace(replace) => json!({ "replace": replace.replace, "by": replace.by }),
        Edit::Removed => Value::Null,
    };
    change.iter().map(|(path, e)| (path.clone(), edit(e))).collect::<serde_json::Map<_, _>>().into()
}

/// The facets whose evidence this rule is part of.
fn resting(room: &Room, rule: &Rule) -> Vec<Resting> {
    let proves = |evidence: &str| evidence == rule.id || rule.proves.contains(&evidence);
    let mut found = Vec::new();
    for row in room.lists.iter().flat_map(crate::requirements::List::rows) {
        for facet in room.lists.facets(row, &room.kit.modules) {
            let evidence: BTreeSet<&str> = facet.brought.iter().filter_map(|b| b.evidence.rule.as_deref()).collect();
            if evidence.into_iter().any(proves) {
                found.push(Resting { row: row.reference(), facet: facet.facet.id.clone(), title: facet.facet.title.clone() });
            }
        }
    }
    found
}

/// What an input is, for people.
pub(super) fn reads(input: Input) -> Text {
    match input {
        Input::Manifests => Text::new("objets Kubernetes : charts rendus, manifestes", "Kubernetes objects: charts as rendered, manifests"),
        Input::Charts => Text::same("Chart.yaml"),
        Input::Values => Text::new("fichiers de valeurs des environnements", "values files of environments"),
        Input::Dockerfiles => Text::same("Dockerfile"),
        Input::Pipelines => Text::same(".gitlab-ci-dso.yml"),
        Input::Workflows => Text::new("chaîne primaire : GitHub, GitLab", "primary chain: GitHub, GitLab"),
        Input::Migrations => Text::new("migrations SQL", "SQL migrations"),
        Input::Api => Text::new("description de l'API", "description of the API"),
        Input::Model => Text::new("modèle de données, et ce qui en est tiré", "data model, and what is made of it"),
        Input::Code => Text::new("code, dépendances, tests", "code, dependencies, tests"),
        Input::Documents => Text::new("documents", "documents"),
        Input::Project => Text::new("autres fichiers du projet, par leur présence", "other files of the project, by their presence"),
    }
}
