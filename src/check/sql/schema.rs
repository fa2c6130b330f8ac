//! The tables of a script, as `rgpd import --from-sql` needs them: columns, types, keys, links, closed lists, comments. What
//! migrations and `pg_dump -s` write is read; a statement of another kind says nothing here.

use std::collections::BTreeMap;

use super::cursor::{Cursor, parts};
use super::lex::{Kind, Token, Unreadable, lex};
use crate::rgpd::draft::{Column, Table};

/// Reads the tables of a script, in its order. Tables dropped or renamed later in it are followed.
///
/// # Errors
/// When the script cannot be read.
pub fn tables(text: &str) -> Result<Vec<Table>, Unreadable> {
    let script = lex(text, 1)?;
    let mut reader = Reader::default();
    for statement in script.tokens.split(|t| t.is(";")).filter(|s| !s.is_empty()) {
        reader.statement(&mut Cursor::new(statement));
    }
    for table in &mut reader.tables {
        for column in &mut table.columns {
            // An enumeration is a text with a closed list, for the description.
            if let Some(values) = reader.enums.get(column.kind.rsplit('.').next().unwrap_or("")) {
                (column.kind, column.values) = ("text".to_owned(), values.clone());
            }
        }
    }
    Ok(reader.tables)
}

#[derive(Default)]
struct Reader {
    tables: Vec<Table>,
    enums: BTreeMap<String, Vec<String>>,
}

impl Reader {
    fn table(&mut self, name: &str) -> Option<&mut Table> {
        self.tables.iter_mut().find(|t| t.name == name)
    }

    fn statement(&mut self, at: &mut Cursor<'_>) {
        if at.eat("create") {
            at.any(&["global", "local"]);
            if at.eat("temporary") || at.eat("temp") {
                return;
            }
            at.eat("unlogged");
            if at.eat("table") {
                self.create(at);
            } else if at.eat("type") {
                let Some(name) = at.name() else { return };
                if at.eat("as enum") {
                    let values = at.group().into_iter().flatten().filter(|t| t.kind == Kind::Text).map(|t| t.text.clone()).collect();
                    self.enums.insert(name.name, values);
                }
            }
        } else if at.eat("alter table") {
            at.eat("if exists");
            at.eat("only");
            let Some(name) = at.name() else { return };
            for action in parts(at.rest) {
                self.alter(&name.name, &mut Cursor::new(action));
            }
        } else if at.eat("drop table") {
            at.eat("if exists");
            for name in at.names() {
                self.tables.retain(|t| t.name != name.name);
            }
        } else if at.eat("comment on") {
            self.comment(at);
        }
    }

    fn create(&mut self, at: &mut Cursor<'_>) {
        at.eat("if not exists");
        let Some(name) = at.name() else { return };
        let Some(body) = at.group() else { return };
        if self.table(&name.name).is_some() {
            return;
        }
        let mut table = Table { schema: name.schema, name: name.name, ..Table::default() };
        for part in parts(body) {
            let mut at = Cursor::new(part);
            let constraint = ["constraint", "primary", "unique", "foreign", "check", "exclude", "like"].iter().any(|word| at.at(word));
            if constraint {
                constrain(&mut table, &mut at);
            } else if let Some(column) = column(&mut at) {
                table.columns.push(column);
            }
        }
        self.tables.push(table);
    }

    fn alter(&mut self, name: &str, at: &mut Cursor<'_>) {
        if at.eat("rename to") {
            if let (Some(new), Some(table)) = (at.identifier(), self.table(name)) {
                table.name = new;
            }
            return;
        }
        let Some(table) = self.table(name) else { return };
        if at.eat("rename") {
            at.eat("column");
            let Some(from) = at.identifier() else { return };
            if let (true, Some(to)) = (at.eat("to"), at.identifier()) {
                table.columns.iter_mut().filter(|c| c.name == from).for_each(|c| c.name.clone_from(&to));
            }
        } else if at.eat("drop column") {
            at.eat("if exists");
            if let Some(gone) = at.identifier() {
                table.columns.retain(|c| c.name != gone);
            }
        } else if at.eat("add") {
            let constraint = ["constraint", "primary", "unique", "foreign", "check"].iter().any(|word| at.at(word));
            if constraint {
                constrain(table, at);
                return;
            }
            at.eat("column");
            at.eat("if not exists");
            if let Some(column) = column(at).filter(|c| table.columns.iter().all(|known| known.name != c.name)) {
                table.columns.push(column);
            }
        } else if at.eat("alter") {
            at.eat("column");
            let Some(name) = at.identifier() else { return };
            let Some(column) = table.columns.iter_mut().find(|c| c.name == name) else { return };
            if at.eat("set not null") {
                column.required = true;
            } else if at.eat("drop not null") {
                column.required = false;
            } else if at.eat("set data type") || at.eat("type") {
                column.kind = kind(at);
            }
        }
    }

    fn comment(&mut self, at: &mut Cursor<'_>) {
        let on_column = at.eat("column");
        if !on_column && !at.eat("table") {
            return;
        }
        let mut words = Vec::new();
        while let Some(word) = at.identifier() {
            words.push(word);
            if !at.eat(".") {
                break;
            }
        }
        let text = if at.eat("is") { at.next().filter(|t| matches!(t.kind, Kind::Text | Kind::Dollar)).map(|t| t.text.clone()) } else { None };
        let (Some(text), Some(last)) = (text, words.pop()) else { return };
        let column = on_column.then(|| last.clone());
        let Some(table) = self.table(&if on_column { words.pop().unwrap_or_default() } else { last }) else { return };
        match column {
            None => table.label = label(&text),
            Some(name) => {
                for column in table.columns.iter_mut().filter(|c| c.name == name) {
                    column.label = label(&text);
                    column.tag = crate::rgpd::draft::tag_of(&text);
                }
            }
        }
    }
}

fn label(comment: &str) -> Option<String> {
    let words = comment.split("@rgpd").next().unwrap_or("").trim().trim_end_matches('.').replace('\n', " ");
    (!words.is_empty()).then_some(words)
}

/// Words of a type, up to what may follow it in a column.
fn kind(at: &mut Cursor<'_>) -> String {
    let ends = ["not", "null", "default", "primary", "unique", "references", "check", "constraint", "generated", "collate", "using", ","];
    let mut text = String::new();
    while let Some(token) = at.rest.first() {
        if ends.iter().any(|end| token.is(end)) {
            break;
        }
        if token.is("(") {
            let inner = at.group().unwrap_or_default();
            text.push('(');
            text.extend(inner.iter().map(|t| t.text.as_str()));
            text.push(')');
            continue;
        }
        let glued = text.is_empty() || token.is(".") || token.is("[") || token.is("]") || text.ends_with('.');
        if !glued {
            text.push(' ');
        }
        text.push_str(&token.text);
        at.next();
    }
    text
}

fn column(at: &mut Cursor<'_>) -> Option<Column> {
    let name = at.identifier()?;
    let mut column = Column { name, kind: kind(at), ..Column::default() };
    while at.next_word(&mut column).is_some() {}
    Some(column)
}

impl Cursor<'_> {
    /// Takes one constraint of a column.
    fn next_word(&mut self, column: &mut Column) -> Option<()> {
        if self.eat("not null") {
            column.required = true;
        } else if self.eat("primary key") {
            (column.primary, column.required) = (true, true);
        } else if self.eat("unique") {
            column.unique = true;
        } else if self.eat("references") {
            let to = self.name()?;
            let key = self.group().and_then(|g| g.first()).map(|t| t.text.clone()).unwrap_or_default();
            column.reference = Some((to.name, key));
        } else if self.eat("check") {
            let inner = self.group()?;
            if let Some((_, values)) = closed_list(inner) {
                column.values = values;
            }
        } else {
            self.next()?;
        }
        Some(())
    }
}

fn constrain(table: &mut Table, at: &mut Cursor<'_>) {
    if at.eat("constraint") {
        at.identifier();
    }
    let named = |group: Option<&[Token]>| -> Vec<String> {
        group.map(|g| parts(g).iter().filter_map(|p| p.first()).map(|t| t.text.clone()).collect()).unwrap_or_default()
    };
    if at.eat("primary key") {
        let columns = named(at.group());
        for column in table.columns.iter_mut().filter(|c| columns.contains(&c.name)) {
            (column.primary, column.required) = (columns.len() == 1, true);
        }
    } else if at.eat("unique") {
        let columns = named(at.group());
        if let [only] = columns.as_slice() {
            table.columns.iter_mut().filter(|c| c.name == *only).for_each(|c| c.unique = true);
        }
    } else if at.eat("foreign key") {
        let columns = named(at.group());
        if !at.eat("references") {
            return;
        }
        let Some(to) = at.name() else { return };
        let keys = named(at.group());
        if let [only] = columns.as_slice() {
            let key = keys.first().cloned().unwrap_or_default();
            table.columns.iter_mut().filter(|c| c.name == *only).for_each(|c| c.reference = Some((to.name.clone(), key.clone())));
        }
    } else if at.eat("check")
        && let Some((name, values)) = at.group().and_then(closed_list)
    {
        table.columns.iter_mut().filter(|c| c.name == name).for_each(|c| c.values.clone_from(&values));
    }
}

/// `column IN ('a', 'b')`, or what PostgreSQL makes of it: `column = ANY (ARRAY['a'::text, 'b'::text])`.
fn closed_list(tokens: &[Token]) -> Option<(String, Vec<String>)> {
    let list = tokens.iter().any(|t| t.is("in")) || (tokens.iter().any(|t| t.is("any")) && tokens.iter().any(|t| t.is("array")));
    let other = tokens.iter().any(|t| t.is("or") || t.is("and") || t.is("not") || t.is("<"));
    let name = tokens.iter().find(|t| t.names())?.text.clone();
    let values: Vec<String> = tokens.iter().filter(|t| t.kind == Kind::Text).map(|t| t.text.clone()).collect();
    (list && !other && !values.is_empty()).then_some((name, values))
}

#[cfg(test)]
mod tests {
    use super::tables;

    #[test]
    fn what_pg_dump_and_migrations_write_is_read() {
        let script = "
CREATE TYPE public.etat AS ENUM ('ouvert', 'clos');
CREATE TABLE public.personne (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    \"nomFamille\" character varying(80) NOT NULL,
    solde numeric(8,2) DEFAULT 0, cree_le timestamp(3) without time zone DEFAULT now() NOT NULL,
    etat public.etat, tags text[],
    civilite text, CONSTRAINT c CHECK ((civilite = ANY (ARRAY['M'::text, 'MME'::text])))
);
ALTER TABLE ONLY public.personne ADD CONSTRAINT personne_pkey PRIMARY KEY (id);
COMMENT ON COLUMN public.personne.civilite IS 'Civilité. @rgpd {\"v\": 1}';
CREATE TABLE IF NOT EXISTS dossier (no serial PRIMARY KEY, statut text CHECK (statut IN ('a', 'b')), a int, b int, UNIQUE (a, b), UNIQUE (a));
ALTER TABLE dossier ADD COLUMN personne_id uuid NOT NULL REFERENCES personne (id) ON DELETE CASCADE, ADD note text;
ALTER TABLE dossier RENAME COLUMN note TO remarque;
CREATE TEMP TABLE t (x int); CREATE TABLE u (x int); DROP TABLE u;
";
        let tables = tables(script).unwrap();
        assert_eq!(tables.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["personne", "dossier"]);
        let line = |t: usize| -> Vec<String> {
            tables[t]
                .columns
                .iter()
                .map(|c| {
                    format!(
                        "{} {}{}{}{}{}",
                        c.name,
                        c.kind,
                        if c.required { " !" } else { "" },
                        if c.primary { " PK" } else { "" },
                        if c.unique { " U" } else { "" },
                        c.reference.as_ref().map_or_else(String::new, |(t, k)| format!(" → {t}.{k}"))
                    )
                })
                .collect()
        };
        assert_eq!(
            line(0),
            [
                "id uuid ! PK",
                "nomFamille character varying(80) !",
                "solde numeric(8,2)",
                "cree_le timestamp(3) without time zone !",
                "etat text",
                "tags text[]",
                "civilite text"
            ]
        );
        assert_eq!(line(1), ["no serial ! PK", "statut text", "a int U", "b int", "personne_id uuid ! → personne.id", "remarque text"]);
        assert_eq!(
            (&tables[0].columns[4].values[..], &tables[0].columns[6].values[..]),
            (&["ouvert".to_owned(), "clos".to_owned()][..], &["M".to_owned(), "MME".to_owned()][..])
        );
        assert_eq!(tables[0].columns[6].label.as_deref(), Some("Civilité"));
        assert_eq!(tables[1].columns[1].values, ["a", "b"]);
    }
}
