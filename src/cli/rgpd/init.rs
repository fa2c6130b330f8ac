//! `mirai-kit rgpd init`: a first description, from questions about entities and fields.

use clap::{ArgMatches, Command};
use serde_json::{Map, Value, json};

use super::questions::{self, Asked};
use super::{Exit, Failed, options};
use crate::cli::define::base;
use crate::cli::new::answers::given;
use crate::rgpd::draft::{self, Column, Table};
use crate::rgpd::natures::{MOMENT, Nature, TO_CONFIRM};
use crate::text::{Lang, Text};

pub(super) const NAME: &str = "init";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new("Écrit une première description des données, par questions", "Writes a first description of the data, from questions");
    let more = Text::new(
        "Chaque entité reçoit sa clé (`id`) et deux dates (`cree_le`, `modifie_le`), d'où part sa conservation.\nSans terminal, `entites` et `champs` viennent de --answers ou de --set ; le reste a un défaut à compléter.",
        "Each entity gets its key (`id`) and two dates (`cree_le`, `modifie_le`), from which its retention starts.\nWithout a terminal, `entites` and `champs` come from --answers or --set; the rest has a default to fill in.",
    );
    let command = base(NAME, lang, &about).after_help(more.get(lang).to_owned()).arg(options::folder(lang)).arg(options::dry_run(lang));
    options::answers(command, lang)
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let (folder, path) = questions::place(options::folder_of(arguments))?;
    let set: Vec<String> = arguments.get_many::<String>("set").into_iter().flatten().cloned().collect();
    let given = given(arguments.get_one::<std::path::PathBuf>("answers").map(std::path::PathBuf::as_path), &set).map_err(super::invalid)?;
    let kit = questions::kit(&entities())?;
    let asked = Asked {
        kit: &kit,
        given: &given,
        name: "application",
        defaults: given.get("entites").is_some() && given.get("champs").is_some(),
        go: Text::new("Écrire la description", "Write the description"),
    };
    let values = match questions::answers(&asked, lang) {
        Ok(values) => values,
        Err(stopped) => return stopped,
    };
    let tables = tables(&values)?;
    questions::write(folder, &path, &draft::description(&questions::head(&values), &tables), arguments.get_flag("dry_run"), lang)
}

fn entities() -> Vec<Value> {
    let name = |fr: &str, en: &str| json!({"fr": fr, "en": en});
    let ident = "^[a-z_][a-z0-9_]{0,38}$";
    let hint = name("lettres minuscules sans accent, chiffres et _", "lower-case letters without accent, digits and _");
    vec![
        json!({"id": "entites", "type": "records", "min": 1, "unique": ["nom"],
        "title": name("Les entités (tables)", "The entities (tables)"),
        "help": name("Ce que l'application tient : usager, demande…", "What the application holds: usager, demande…"),
        "fields": [
            {"id": "nom", "type": "text", "pattern": ident, "hint": hint, "title": name("Nom", "Name")},
            {"id": "libelle", "type": "text", "min": 1, "max": 120, "title": name("Libellé", "Label"), "default": "a-completer"},
            {"id": "duree", "type": "text", "pattern": "^P[0-9YMWD]+$", "default": "P3Y",
             "hint": name("une durée ISO 8601 : P3Y, P18M, P90D", "an ISO 8601 duration: P3Y, P18M, P90D"),
             "title": name("Conservation après la dernière modification", "Kept after the last change")},
            {"id": "suit", "type": "text", "pattern": "^([a-z_][a-z0-9_]*)?$", "default": "", "hint": hint,
             "title": name("Entité dont elle suit l'échéance (vide : la sienne)", "Entity whose term it follows (empty: its own)")},
        ]}),
        json!({"id": "champs", "type": "records", "min": 1,
        "title": name("Les champs", "The fields"),
        "help": name("Chaque champ est étiqueté : sa nature, ou le motif pour lequel il ne dit rien d'une personne.", "Every field is tagged: its nature, or the reason why it tells nothing of a person."),
        "fields": [
            {"id": "entite", "type": "text", "pattern": ident, "hint": hint, "title": name("Entité", "Entity")},
            {"id": "nom", "type": "text", "pattern": ident, "hint": hint, "title": name("Nom", "Name")},
            {"id": "nature", "type": "choice", "choices": questions::natures(), "default": TO_CONFIRM, "title": name("Nature", "Nature")},
            {"id": "motif", "type": "text", "default": "", "max": 200, "title": name("Motif, si non personnel", "Reason, when not personal")},
            {"id": "type", "type": "text", "default": "", "pattern": "^[a-z0-9(), ]*$", "title": name("Type SQL (vide : celui de la nature)", "SQL type (empty: the nature's own)"),
             "hint": name("text, char(5), varchar(80), integer, numeric(8,2), date, timestamptz, boolean, uuid", "text, char(5), varchar(80), integer, numeric(8,2), date, timestamptz, boolean, uuid")},
            {"id": "obligatoire", "type": "bool", "default": false, "title": name("Obligatoire ?", "Mandatory?")},
        ]}),
    ]
}

fn tables(values: &Map<String, Value>) -> Result<Vec<Table>, Failed> {
    let records = |id: &str| values.get(id).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |record: &Value, id: &str| record.get(id).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut tables: Vec<Table> = Vec::new();
    for record in records("entites") {
        let key = Column {
            name: "id".into(),
            kind: "uuid".into(),
            required: true,
            primary: true,
            label: Some("Identifiant technique".into()),
            nature: "lien".into(),
            ..Column::default()
        };
        let mut table = Table {
            name: text(&record, "nom"),
            label: Some(text(&record, "libelle")),
            kept: Some(text(&record, "duree")),
            columns: vec![key],
            ..Table::default()
        };
        let parent = text(&record, "suit");
        if !parent.is_empty() {
            let name = format!("{parent}_id");
            table.columns.push(Column {
                name,
                kind: "uuid".into(),
                required: true,
                reference: Some((parent, "id".into())),
                nature: "lien".into(),
                ..Column::default()
            });
        }
        tables.push(table);
    }
    let mut problems = Vec::new();
    for record in records("champs") {
        let (entity, name, nature) = (text(&record, "entite"), text(&record, "nom"), text(&record, "nature"));
        let known = tables.iter().map(|t| t.name.clone()).collect::<Vec<_>>().join(", ");
        let Some(table) = tables.iter_mut().find(|t| t.name == entity) else {
            let what = crate::text!(
                "champs : l'entité « {entity} » du champ « {name} » n'existe pas",
                "champs: entity “{entity}” of field “{name}” does not exist"
            );
            problems.push(crate::text::Problem::new("", what).hint(Text::same(known)));
            continue;
        };
        let kind = Some(text(&record, "type")).filter(|k| !k.is_empty());
        let kind = kind.or_else(|| Nature::find(&nature).map(|n| n.kind.to_owned())).unwrap_or_else(|| "text".to_owned());
        let required = record.get("obligatoire").and_then(Value::as_bool).unwrap_or(false);
        table.columns.push(Column { name, kind, required, nature, reason: Some(text(&record, "motif")), ..Column::default() });
    }
    for table in &mut tables {
        for (name, label) in [("cree_le", "Création"), ("modifie_le", "Dernière modification")] {
            if table.columns.iter().all(|c| c.name != name) {
                table.columns.push(Column {
                    name: name.into(),
                    kind: "timestamptz".into(),
                    required: true,
                    label: Some(label.into()),
                    nature: MOMENT.into(),
                    ..Column::default()
                });
            }
        }
    }
    if problems.is_empty() { Ok(tables) } else { Err((Exit::Invalid, problems)) }
}
