//! A description being written, by `rgpd init` from answers or by `rgpd import` from tables. A tag is either confirmed by a
//! person or marked `a_confirmer`, which the reader refuses: nothing is ever silently said not to be personal.

use std::fmt::Write as _;

use serde_json::Value;

use super::natures::{MOMENT, NOT_PERSONAL, Nature, TO_CONFIRM};
use super::types::SqlType;

/// The head of a description.
#[derive(Debug, Default, Clone)]
pub struct Head {
    /// Identifier of the application, base of the schemas and roles.
    pub application: String,
    /// Who answers for the processing: organisation, representative, officer, officer's address.
    pub controller: [String; 4],
    /// Why the data are processed.
    pub purpose: String,
    /// Legal basis of article 6, and the text it rests on.
    pub basis: (String, String),
    /// Data subjects.
    pub persons: String,
}

/// A table.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Table {
    /// Its schema, empty when it is not known.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Words for people.
    pub label: Option<String>,
    /// How long its rows are kept after the last change; none: to be filled in.
    pub kept: Option<String>,
    /// What its author wrote of it, when its tag carries it.
    pub block: Option<Value>,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as PostgreSQL writes it.
    pub kind: String,
    /// `NOT NULL`.
    pub required: bool,
    /// Primary key, of this column alone.
    pub primary: bool,
    /// Unique, of this column alone.
    pub unique: bool,
    /// The table and column that it refers to.
    pub reference: Option<(String, String)>,
    /// The closed list of its values.
    pub values: Vec<String>,
    /// Words for people.
    pub label: Option<String>,
    /// Its nature: an id of [`Nature`], `non-personnel`, or `a-confirmer`.
    pub nature: String,
    /// Why it is not personal.
    pub reason: Option<String>,
    /// The tag that it already carries, as its author wrote it.
    pub tag: Option<Value>,
}

/// The nature that the name, the type and the place of a column suggest; none: nothing suggests any.
#[must_use]
pub fn suggestion(table: &Table, column: &Column) -> Option<&'static str> {
    let told = |c: &Column| !c.primary && c.reference.is_none() && Nature::of_name(&c.name).is_some();
    if column.reference.is_some() || (column.primary && table.columns.iter().any(told)) {
        return Some("lien");
    }
    if column.primary {
        return Some(NOT_PERSONAL);
    }
    if let Some(nature) = Nature::of_name(&column.name) {
        return Some(nature.id);
    }
    if sql_type(&column.kind).0.is_some_and(|sql| sql.is_moment()) {
        return Some(MOMENT);
    }
    // A closed list whose name tells nothing: a code, most likely. Still to be confirmed.
    (!column.values.is_empty()).then_some(NOT_PERSONAL)
}

/// The tag that a comment carries, as its author wrote it: what `rgpd render` put there.
#[must_use]
pub fn tag_of(comment: &str) -> Option<Value> {
    let (_, json) = comment.split_once("@rgpd ")?;
    serde_json::from_str::<Value>(json.trim()).ok()?.get("bloc").filter(|b| b.is_object()).cloned()
}

/// The type of the contract nearest to a type of PostgreSQL, and what differs.
fn sql_type(kind: &str) -> (Option<SqlType>, Option<&'static str>) {
    let kind = kind.trim().to_lowercase();
    let (name, args) = kind.split_once('(').map_or((kind.as_str(), ""), |(name, rest)| (name.trim(), rest));
    let args = args.split(')').next().unwrap_or("").replace(' ', "");
    let tail = kind.rsplit(')').next().unwrap_or("").trim().to_owned();
    let with = |base: &str| if args.is_empty() { base.to_owned() } else { format!("{base}({args})") };
    let (text, note) = match name {
        "character varying" | "varchar" if args.is_empty() => ("text".to_owned(), None),
        "character varying" | "varchar" => (with("varchar"), None),
        "character" | "char" | "bpchar" => (if args.is_empty() { "char(1)".to_owned() } else { with("char") }, None),
        "citext" => ("text".to_owned(), Some("citext dans la base")),
        "int" | "int4" | "serial" | "integer" => ("integer".to_owned(), None),
        "int8" | "bigserial" | "bigint" => ("bigint".to_owned(), None),
        "int2" | "smallserial" | "smallint" => ("smallint".to_owned(), None),
        "bool" | "boolean" => ("boolean".to_owned(), None),
        "decimal" | "numeric" => (with("numeric"), None),
        "real" | "float4" | "float8" | "double precision" => ("numeric".to_owned(), Some("nombre flottant dans la base")),
        "timestamptz" | "timestamp with time zone" => ("timestamptz".to_owned(), None),
        "timestamp" if tail == "with time zone" || kind.ends_with("with time zone") => ("timestamptz".to_owned(), None),
        "timestamp" | "timestamp without time zone" => ("timestamptz".to_owned(), Some("sans fuseau dans la base")),
        "json" | "jsonb" => ("jsonb".to_owned(), None),
        "cidr" | "inet" => ("inet".to_owned(), None),
        _ => (kind.clone(), None),
    };
    (SqlType::parse(&text), note)
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// A plain scalar where YAML reads it as it is, quoted otherwise.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-');
    let word = matches!(text, "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n" | "non" | "oui");
    if plain && !word { text.to_owned() } else { quoted(text) }
}

/// Writes a description.
#[must_use]
pub fn description(head: &Head, tables: &[Table]) -> String {
    let id = &head.application;
    let [organisation, representative, officer, contact] = &head.controller;
    let mut out = format!(
        "# Description des données, format « mirai/rgpd/v1 » : la seule source du SQL, des droits et des registres.\n\
         # Ce qui porte « a-completer » ou « a_confirmer » attend une personne ; `mirai-kit rgpd render` dit ce qui reste.\n\
         format: mirai/rgpd/v1\napplication: {id}\nmodele:\n  version: 1\n  regles: r1\npostgres:\n  schema: {id}\n  schema_anonymise: {id}_anonymise\n  roles:\n    \
         proprietaire: {id}_owner\n    application: {id}_app\n    publication: {id}_publication\n    lecture_pseudonymisee: {id}_lecture_pseudonymisee\n    \
         lecture_anonymisee: {id}_lecture_anonymisee\n    dpo: {id}_dpo\n    purge: {id}_purge\nvocabulaire:\n  dpv: \"2.3\"\n  cnil: registre-simplifie-2019\n\n\
         responsable:\n  organisme: {}\n  representant: {}\n  dpo: {{nom: {}, contact: {}}}\n\n\
         traitements:\n  - id: traitement-principal\n    finalite: {}\n    base_legale: {{terme: {}, texte: {}}}\n    personnes: [{}]\n    transferts_hors_ue: aucun\n    \
         # À réévaluer : une analyse d'impact est présumée dès deux des neuf critères (aipd.md).\n    aipd: {{necessaire: {}}}\n    \
         securite: [\"contrôle d'accès par colonne\", \"journal des accès et des purges\", \"purge automatique\"]\n\nentites:\n",
        quoted(organisation),
        quoted(representative),
        quoted(officer),
        quoted(contact),
        quoted(&head.purpose),
        head.basis.0,
        quoted(&head.basis.1),
        scalar(&head.persons),
        quoted("non"),
    );
    for table in tables {
        entity(&mut out, head, tables, table);
    }
    out
}

fn is_personal(column: &Column) -> bool {
    column.tag.as_ref().map_or(column.nature != NOT_PERSONAL && column.nature != TO_CONFIRM, |tag| tag.get("personnel") == Some(&Value::Bool(true)))
}

/// Does the table hold something of a person, apart from keys and dates?
fn of_persons(table: &Table) -> bool {
    table.columns.iter().any(|c| is_personal(c) && (c.tag.is_some() || !["lien", MOMENT].contains(&c.nature.as_str())))
}

fn entity(out: &mut String, head: &Head, tables: &[Table], table: &Table) {
    // Writing to a String cannot fail.
    if let Some(block) = table.block.as_ref().and_then(Value::as_object) {
        let _ = writeln!(out, "  {}:", scalar(&table.name));
        for (key, value) in block {
            let _ = writeln!(out, "    {}: {value}", scalar(key));
        }
        out.push_str("    champs:\n");
        table.columns.iter().for_each(|column| field(out, table, column));
        return;
    }
    let _ = writeln!(out, "  {}:\n    table: {}", scalar(&table.name), scalar(&table.name));
    if let Some(label) = &table.label {
        let _ = writeln!(out, "    libelle: {}", quoted(label));
    }
    if table.columns.iter().any(|c| is_personal(c) || c.nature == TO_CONFIRM) {
        let parent = table.columns.iter().find_map(|c| {
            let (to, _) = c.reference.as_ref().filter(|(to, _)| *to != table.name)?;
            tables.iter().find(|t| t.name == *to && of_persons(t)).map(|t| (t, &c.name))
        });
        let _ = writeln!(out, "    personnes: {}\n    traitements: [traitement-principal]", scalar(&head.persons));
        if let Some((parent, by)) = parent {
            let _ = writeln!(out, "    suit: {{entite: {}, par: {}}}", scalar(&parent.name), scalar(by));
        } else {
            let moments = || table.columns.iter().filter(|c| sql_type(&c.kind).0.is_some_and(|sql| sql.is_moment()));
            let named = |words: &[&str]| moments().find(|c| words.iter().any(|w| c.name.contains(w)));
            let start =
                named(&["modif", "updated", "maj"]).or_else(|| named(&["cree", "created", "creat"])).map_or("a-completer", |c| c.name.as_str());
            let kept = table.kept.as_deref().unwrap_or("a-completer");
            let _ = writeln!(
                out,
                "    conservation:\n      base_active: {kept}\n      depart: {}\n      sort_final: anonymisation\n      garde_fou: {{part_max: 10, confirmation: requise}}",
                scalar(start)
            );
        }
    }
    out.push_str("    champs:\n");
    for column in &table.columns {
        field(out, table, column);
    }
}

fn field(out: &mut String, table: &Table, column: &Column) {
    let (sql, note) = sql_type(&column.kind);
    let kind = sql.as_ref().map_or_else(|| column.kind.clone(), ToString::to_string);
    let _ = writeln!(
        out,
        "      {}:\n        type: {}{}",
        scalar(&column.name),
        if kind.contains(['(', ' ']) { quoted(&kind) } else { scalar(&kind) },
        match (note, &sql) {
            (Some(note), _) => format!("   # {note}"),
            (None, None) => "   # type à revoir".to_owned(),
            _ => String::new(),
        }
    );
    for (is, key) in
        [(column.primary, "cle_primaire"), (column.required && !column.primary, "obligatoire"), (column.unique && !column.primary, "unique")]
    {
        if is {
            let _ = writeln!(out, "        {key}: true");
        }
    }
    if !column.values.is_empty() && sql.as_ref().is_some_and(SqlType::is_text) {
        let _ = writeln!(out, "        valeurs: [{}]", column.values.iter().map(|v| quoted(v)).collect::<Vec<_>>().join(", "));
    }
    if let Some((to, key)) = &column.reference {
        let _ = writeln!(out, "        reference: {}", quoted(&format!("{to}.{key}")));
    }
    if let Some(label) = &column.label {
        let _ = writeln!(out, "        libelle: {}", quoted(label));
    }
    let _ = writeln!(out, "        rgpd: {}", tag(table, column, sql.as_ref()));
}

/// The tag, on one line.
fn tag(table: &Table, column: &Column, sql: Option<&SqlType>) -> String {
    if let Some(tag) = &column.tag {
        // JSON is YAML.
        return tag.to_string();
    }
    let (nature, open) =
        if column.nature == TO_CONFIRM { (suggestion(table, column), "a_confirmer: true, ") } else { (Some(column.nature.as_str()), "") };
    match nature {
        None => "{a_confirmer: \"rien dans le nom ni le type ne dit ce que c'est\"}".to_owned(),
        Some(NOT_PERSONAL) => {
            let reason = column.reason.as_deref().filter(|r| !r.trim().is_empty()).unwrap_or(if column.values.is_empty() {
                "a-completer"
            } else {
                "liste fermée"
            });
            format!("{{{open}personnel: false, motif: {}}}", quoted(reason))
        }
        Some(id) => Nature::find(id).map_or_else(
            || format!("{{a_confirmer: {}}}", quoted(&format!("nature inconnue : {id}"))),
            |nature| format!("{{{open}personnel: true, {}}}", personal(nature, column, sql)),
        ),
    }
}

fn personal(nature: &Nature, column: &Column, sql: Option<&SqlType>) -> String {
    if column.primary {
        let rule = if sql == Some(&SqlType::Uuid) { "{nom: remplacement_aleatoire, copie: ref_anon}" } else { "{nom: suppression}" };
        return format!("categorie: pd:UID, famille: etat-civil, role: identifiant-technique, regle: {rule}");
    }
    let mut text = format!("{}regle: {}", nature.keys(), if column.reference.is_some() { "{nom: suppression}" } else { nature.rule_for(sql) });
    if column.required
        && column.reference.is_none()
        && let Some(after) = after(nature, column, sql)
    {
        let _ = write!(text, ", apres_purge: {after}");
    }
    text
}

/// What stands in a mandatory column once its row is anonymised.
fn after(nature: &Nature, column: &Column, sql: Option<&SqlType>) -> Option<String> {
    if let Some(first) = column.values.first() {
        return Some(quoted(first));
    }
    let word = nature.replacement();
    Some(match sql? {
        SqlType::Text => quoted(word),
        SqlType::Varchar(n) => quoted(&word.chars().take(*n as usize).collect::<String>()),
        SqlType::Char(n) => quoted(&"0".repeat(*n as usize)),
        SqlType::Uuid => quoted("00000000-0000-0000-0000-000000000000"),
        SqlType::Boolean => "false".to_owned(),
        SqlType::Smallint | SqlType::Integer | SqlType::Bigint | SqlType::Numeric(_) => "0".to_owned(),
        SqlType::Date | SqlType::Timestamptz => "mois".to_owned(),
        SqlType::Jsonb => quoted("{}"),
        SqlType::Inet => quoted("0.0.0.0"),
    })
}
