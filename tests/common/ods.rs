//! Reads a spreadsheet back, independently of what wrote it: typed cells, row by row, sheet by sheet.
#![allow(dead_code, clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Cursor, Read as _};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value, json};

/// Name and rows of each sheet.
pub type Sheets = Vec<(String, Vec<Vec<Value>>)>;

pub fn read(bytes: &[u8]) -> Sheets {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    {
        let mut first = zip.by_index(0).expect("an entry");
        assert_eq!(first.name().unwrap(), "mimetype", "the type comes first");
        let mut kind = String::new();
        first.read_to_string(&mut kind).unwrap();
        assert_eq!(kind, "application/vnd.oasis.opendocument.spreadsheet");
    }
    let mut text = String::new();
    zip.by_name("content.xml").expect("content").read_to_string(&mut text).unwrap();
    let mut reader = Reader::from_str(&text);
    let mut sheets: Sheets = Vec::new();
    let mut cell: Option<(String, Option<String>, Vec<String>)> = None;
    loop {
        match reader.read_event().expect("XML") {
            Event::Eof => return sheets,
            Event::Start(e) | Event::Empty(e) if e.name().as_ref() == "table:table" => {
                sheets.push((attribute(&e, "table:name").unwrap(), Vec::new()));
            }
            Event::Start(e) | Event::Empty(e) if e.name().as_ref() == "table:table-row" => sheets.last_mut().unwrap().1.push(Vec::new()),
            Event::Empty(e) if e.name().as_ref() == "table:table-cell" => sheets.last_mut().unwrap().1.last_mut().unwrap().push(Value::Null),
            Event::Start(e) if e.name().as_ref() == "table:table-cell" => {
                let value = attribute(&e, "office:value").or_else(|| attribute(&e, "office:boolean-value"));
                cell = Some((attribute(&e, "office:value-type").expect("a type"), value, Vec::new()));
            }
            Event::End(e) if e.name().as_ref() == "table:table-cell" => {
                let (kind, value, lines) = cell.take().expect("a cell");
                let value = match kind.as_str() {
                    "float" | "boolean" => serde_json::from_str(&value.expect("a value")).expect("a number or a boolean"),
                    "string" => Value::String(lines.join("\n")),
                    other => panic!("{other}"),
                };
                sheets.last_mut().unwrap().1.last_mut().unwrap().push(value);
            }
            event => {
                let Some((_, _, lines)) = &mut cell else { continue };
                match event {
                    Event::Start(e) | Event::Empty(e) if e.name().as_ref() == "text:p" => lines.push(String::new()),
                    Event::Empty(e) if e.name().as_ref() == "text:s" => {
                        let count = attribute(&e, "text:c").map_or(1, |c| c.parse().unwrap());
                        lines.last_mut().unwrap().push_str(&" ".repeat(count));
                    }
                    Event::Empty(e) if e.name().as_ref() == "text:tab" => lines.last_mut().unwrap().push('\t'),
                    Event::Text(t) => lines.last_mut().unwrap().push_str(&t),
                    Event::GeneralRef(r) => {
                        let c = match &*r {
                            "lt" => '<',
                            "gt" => '>',
                            "amp" => '&',
                            "quot" => '"',
                            "apos" => '\'',
                            other => panic!("&{other};"),
                        };
                        lines.last_mut().unwrap().push(c);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn attribute(e: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = e.attributes().map(|a| a.expect("an attribute")).find(|a| a.key.as_ref() == name)?;
    Some(found.normalized_value(quick_xml::XmlVersion::default()).expect("a value").into_owned())
}

/// The description that the sheet « Description » holds, path by path.
pub fn description(sheets: &Sheets) -> Value {
    let (_, rows) = sheets.iter().find(|(name, _)| name == "Description").expect("Description");
    let mut root = Value::Object(Map::new());
    for row in &rows[1..] {
        let value = match row[2].as_str().unwrap() {
            "vide" => Value::Null,
            "liste vide" => json!([]),
            "bloc vide" => json!({}),
            _ => row[1].clone(),
        };
        put(&mut root, row[0].as_str().unwrap(), value);
    }
    root
}

fn put(at: &mut Value, path: &str, value: Value) {
    if path.is_empty() {
        *at = value;
        return;
    }
    if let Some((n, rest)) = path.strip_prefix('[').and_then(|p| p.split_once(']')) {
        if at.is_null() {
            *at = json!([]);
        }
        let items = at.as_array_mut().expect("a list");
        let n: usize = n.parse().unwrap();
        assert!(n <= items.len(), "in order");
        if n == items.len() {
            items.push(Value::Null);
        }
        return put(&mut items[n], rest.strip_prefix('.').unwrap_or(rest), value);
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    if at.is_null() {
        *at = json!({});
    }
    let entry = at.as_object_mut().expect("a block").entry(path[..end].to_owned()).or_insert(Value::Null);
    put(entry, path[end..].strip_prefix('.').unwrap_or(&path[end..]), value);
}
