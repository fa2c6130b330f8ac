//! `mirai-kit rgpd import`: a description from tables that exist. Names and types suggest a nature for each column; a person
//! confirms it, or the tag stays marked `a_confirmer`, which nothing accepts.

use clap::{ArgGroup, ArgMatches, Command};
use serde_json::{Map, Value, json};

use super::questions::{self, Asked};
use super::{Exit, Failed, options};
use crate::check::sql;
use crate::cli::define::{base, option};
use crate::cli::new::{answers::given, read_text};
use crate::rgpd::draft::{self, Column, Table};
use crate::rgpd::live::{self, Address, Database};
use crate::rgpd::natures::{NOT_PERSONAL, TO_CONFIRM};
use crate::text::{Lang, Problem, Text};
use crate::ui;

pub(super) const NAME: &str = "import";

/// The largest script, in bytes.
const LIMIT: u64 = 64 << 20;

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new("Écrit une description à partir de tables existantes", "Writes a description from existing tables");
    let more = Text::new(
        "Chaque colonne est une question, `<table>__<colonne>`, dont la réponse est une nature (--set usager__nom=nom).\nSans terminal, ce que ni --answers ni --set ne confirme est écrit « a_confirmer » : `rgpd render` le refuse jusqu'à ce qu'une personne l'ait relu.",
        "Each column is a question, `<table>__<column>`, whose answer is a nature (--set usager__nom=nom).\nWithout a terminal, what neither --answers nor --set confirms is written “a_confirmer”: `rgpd render` refuses it until a person has read it.",
    );
    let file = Text::new("Script SQL : migrations, ou pg_dump -s", "SQL script: migrations, or pg_dump -s");
    let schema = Text::new("Schéma des tables, quand il y en a plusieurs", "Schema of the tables, when there are several");
    let command = base(NAME, lang, &about)
        .after_help(more.get(lang).to_owned())
        .arg(options::folder(lang))
        .arg(option("from_sql", lang, &Text::new("FICHIER.sql", "FILE.sql"), &file).value_parser(clap::value_parser!(std::path::PathBuf)))
        .arg(options::database("from_db", lang))
        .group(ArgGroup::new("from").args(["from_sql", "from_db"]).required(true))
        .arg(option("schema", lang, &Text::new("NOM", "NAME"), &schema))
        .arg(options::dry_run(lang));
    options::answers(command, lang)
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let (folder, path) = questions::place(options::folder_of(arguments))?;
    let mut tables = read(arguments)?;
    if tables.is_empty() {
        let what = Text::new("aucune table trouvée", "no table found");
        return Err((
            Exit::Invalid,
            vec![
                Problem::new("", what)
                    .hint(Text::new("donnez un script qui crée des tables, ou --schema", "give a script that creates tables, or --schema")),
            ],
        ));
    }
    let set: Vec<String> = arguments.get_many::<String>("set").into_iter().flatten().cloned().collect();
    let given = given(arguments.get_one::<std::path::PathBuf>("answers").map(std::path::PathBuf::as_path), &set).map_err(super::invalid)?;
    let kit = questions::kit(&columns(&tables, ui::can_ask()))?;
    let name = tables[0].schema.clone();
    let asked = Asked {
        kit: &kit,
        given: &given,
        name: if name.is_empty() { "application" } else { &name },
        defaults: true,
        go: Text::new("Écrire la description", "Write the description"),
    };
    let values = match questions::answers(&asked, lang) {
        Ok(values) => values,
        Err(stopped) => return stopped,
    };
    confirm(&mut tables, &values);
    questions::write(folder, &path, &draft::description(&questions::head(&values), &tables), arguments.get_flag("dry_run"), lang)
}

fn read(arguments: &ArgMatches) -> Result<Vec<Table>, Failed> {
    let schema = arguments.get_one::<String>("schema").map(String::as_str);
    let mut tables = if let Some(file) = arguments.get_one::<std::path::PathBuf>("from_sql") {
        let content = read_text(file, LIMIT).map_err(super::failure)?;
        let name = file.display().to_string();
        let tables = sql::tables(&content).map_err(|e| super::invalid(vec![Problem::new(format!("{name}:{}", e.line), e.what)]))?;
        tables.into_iter().filter(|t| schema.is_none_or(|s| t.schema == s || (s == "public" && t.schema.is_empty()))).collect()
    } else {
        let url = arguments.get_one::<String>("from_db").map_or("", String::as_str);
        let address = Address::read(url, &super::check::secrets()).map_err(|p| (Exit::Usage, vec![p]))?;
        let mut database = Database::connect(&address).map_err(super::failure)?;
        live::tables(&mut database, schema).map_err(super::failure)?
    };
    let keys: Vec<(String, String)> =
        tables.iter().filter_map(|t: &Table| t.columns.iter().find(|c| c.primary).map(|c| (t.name.clone(), c.name.clone()))).collect();
    for column in tables.iter_mut().flat_map(|t| &mut t.columns) {
        // `REFERENCES t` alone means its key.
        if let Some((to, key)) = &mut column.reference
            && key.is_empty()
            && let Some((_, found)) = keys.iter().find(|(table, _)| table == to)
        {
            key.clone_from(found);
        }
    }
    Ok(tables)
}

fn id(table: &Table, column: &Column) -> String {
    format!("{}__{}", table.name, column.name)
}

/// One question per column that carries no tag yet.
fn columns(tables: &[Table], person: bool) -> Vec<Value> {
    let mut list = Vec::new();
    for (table, column) in tables.iter().flat_map(|t| t.columns.iter().map(move |c| (t, c))).filter(|(_, c)| c.tag.is_none()) {
        let suggested = draft::suggestion(table, column);
        let (fr, en) = match suggested {
            Some(_) => ("proposé d'après le nom et le type", "suggested by the name and the type"),
            None => ("rien dans le nom ni le type ne dit ce que c'est", "neither the name nor the type tells what it is"),
        };
        let must = if column.required { ", NOT NULL" } else { "" };
        let title = format!("{}.{} ({}{must})", table.name, column.name, column.kind);
        // A person sees the suggestion first, and confirms it; without one, nothing is confirmed.
        let default = if person { suggested.unwrap_or(TO_CONFIRM) } else { TO_CONFIRM };
        let question = id(table, column);
        list.push(json!({"id": question, "type": "choice", "choices": questions::natures(), "default": default,
            "title": {"fr": title, "en": title}, "help": {"fr": fr, "en": en}}));
        list.push(json!({"id": format!("{question}__motif"), "type": "text", "max": 200, "min": 3,
            "when": format!("{question} == \"{NOT_PERSONAL}\""), "default": if column.values.is_empty() { "a-completer" } else { "liste fermée" },
            "title": {"fr": "Pourquoi ce champ ne dit-il rien d'une personne ?", "en": "Why does this field tell nothing of a person?"}}));
    }
    list
}

fn confirm(tables: &mut [Table], values: &Map<String, Value>) {
    for table in tables {
        for at in 0..table.columns.len() {
            let question = id(table, &table.columns[at]);
            let said = |id: &str| values.get(id).and_then(Value::as_str).map(str::to_owned);
            let column = &mut table.columns[at];
            column.nature = said(&question).unwrap_or_else(|| TO_CONFIRM.to_owned());
            column.reason = said(&format!("{question}__motif"));
        }
    }
}
