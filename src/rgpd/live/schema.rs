//! The tables of a live database, for `rgpd import --from-db`. Columns that mirai-kit itself manages, and twins, are left out.

use super::super::draft::{Column, Table, tag_of};
use super::Database;
use super::connect::Reading;
use crate::text;
use crate::text::{Problem, Text};

const TABLES: &str = "SELECT n.nspname::text, c.relname::text, obj_description(c.oid, 'pg_class'), c.oid
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'rgpd')
    AND ($1::text IS NULL OR n.nspname = $1)
  ORDER BY 1, c.oid";

const COLUMNS: &str = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, col_description(a.attrelid, a.attnum),
    coalesce((SELECT k.contype = 'p' FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.conkey = ARRAY[a.attnum] AND k.contype = 'p'), false),
    EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.conkey = ARRAY[a.attnum] AND k.contype = 'u'),
    (SELECT t.relname::text FROM pg_constraint k JOIN pg_class t ON t.oid = k.confrelid WHERE k.conrelid = a.attrelid AND k.conkey = ARRAY[a.attnum] AND k.contype = 'f' ORDER BY k.oid LIMIT 1),
    (SELECT f.attname::text FROM pg_constraint k JOIN pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1]
       WHERE k.conrelid = a.attrelid AND k.conkey = ARRAY[a.attnum] AND k.contype = 'f' ORDER BY k.oid LIMIT 1),
    coalesce((SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid),
      (SELECT array_agg(m[1]) FROM pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''((?:[^'']|'''')*)''::', 'g') m
         WHERE k.conrelid = a.attrelid AND k.conkey = ARRAY[a.attnum] AND k.contype = 'c' AND pg_get_constraintdef(k.oid) ~ '= ANY \\(+ARRAY\\['), ARRAY[]::text[]),
    EXISTS (SELECT FROM pg_enum e WHERE e.enumtypid = a.atttypid)
  FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// Reads the tables of one schema; the only one that holds some when none is named.
///
/// # Errors
/// When the catalogues cannot be read, or several schemas hold tables.
pub fn tables(database: &mut Database, schema: Option<&str>) -> Result<Vec<Table>, Problem> {
    let shown = database.shown.clone();
    let mut reading = database.reading()?;
    let failed = |why: String| Problem::new(&shown, text!("catalogues illisibles : {why}", "unreadable catalogues: {why}"));
    let mut tables = Vec::new();
    for row in reading.ask(TABLES, &[&schema]).map_err(failed)? {
        let comment: Option<String> = row.get(2);
        let columns = columns(&mut reading, row.get(3)).map_err(failed)?;
        tables.push(Table {
            schema: row.get(0),
            name: row.get(1),
            block: comment.as_deref().and_then(tag_of),
            label: comment.and_then(|c| words(&c)),
            columns,
            ..Table::default()
        });
    }
    let mut schemas: Vec<&str> = tables.iter().map(|t| t.schema.as_str()).collect();
    schemas.dedup();
    if schemas.len() > 1 {
        let list = schemas.join(", ");
        return Err(Problem::new(&shown, text!("plusieurs schémas tiennent des tables : {list}", "several schemas hold tables: {list}"))
            .hint(Text::new("choisissez-en un par --schema", "choose one with --schema")));
    }
    Ok(tables)
}

fn columns(reading: &mut Reading<'_>, table: u32) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    for row in reading.ask(COLUMNS, &[&table])? {
        let name: String = row.get(0);
        let comment: Option<String> = row.get(3);
        let comment = comment.unwrap_or_default();
        if name.starts_with("rgpd_") || comment.contains("\"copie_de\"") {
            continue;
        }
        let reference = row.get::<_, Option<String>>(6).zip(row.get::<_, Option<String>>(7));
        let values: Vec<String> = row.get::<_, Vec<String>>(8).into_iter().map(|v| v.replace("''", "'")).collect();
        let kind = if row.get(9) { "text".to_owned() } else { row.get(1) };
        columns.push(Column {
            name,
            kind,
            required: row.get(2),
            primary: row.get(4),
            unique: row.get(5),
            reference,
            values,
            label: words(&comment),
            tag: tag_of(&comment),
            ..Column::default()
        });
    }
    Ok(columns)
}

fn words(comment: &str) -> Option<String> {
    let words = comment.split("@rgpd").next().unwrap_or("").trim().trim_end_matches('.').replace('\n', " ");
    (!words.is_empty()).then_some(words)
}
