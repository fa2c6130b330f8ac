//! Changes of values in a YAML text that keep its comments and layout. Each one is read back: but for the value asked for,
//! the document says what it said, or the change is refused.

use serde_json::Value;

use crate::yaml::{self, Kind, Node, line_span, offset};

/// The text with the scalar of a JSON pointer (RFC 6901) replaced; none when there is no scalar there, or when it cannot
/// be replaced alone (an alias, a block scalar).
#[must_use]
pub fn set(text: &str, pointer: &str, to: &Value) -> Option<String> {
    let node: Node = yaml::read(text).ok()?;
    let mut wanted = node.value();
    *wanted.pointer_mut(pointer)? = to.clone();
    let scalar = find(&node, pointer)?;
    scalar.scalar()?;
    let (start, line) = line_span(text, usize::try_from(scalar.line).ok()?)?;
    let from = start + offset(line, scalar.column)?;
    let rest = &line[from - start..];
    let written = literal(to)?;
    ends(rest).into_iter().find_map(|length| {
        let after = format!("{}{written}{}", &text[..from], &text[from + length..]);
        (yaml::read::<Node>(&after).ok()?.value() == wanted).then_some(after)
    })
}

/// The text with a key of a mapping given a value: replaced when it is there, else written on a line of its own after the
/// key `after` of the same mapping, whose value is a scalar.
#[must_use]
pub fn put(text: &str, mapping: &str, key: &str, to: &Value, after: &str) -> Option<String> {
    let pointer = format!("{mapping}/{key}");
    let node: Node = yaml::read(text).ok()?;
    let mut wanted = node.value();
    if let Some(there) = wanted.pointer(&pointer) {
        return match (there, to) {
            (Value::Object(_), Value::Object(parts)) => put_all(text, &pointer, parts),
            _ => set(text, &pointer, to),
        };
    }
    wanted.pointer_mut(mapping)?.as_object_mut()?.insert(key.to_owned(), to.clone());
    let Kind::Map(entries) = &find(&node, mapping)?.kind else { return None };
    let (_, (line, column), value) = entries.iter().find(|(name, _, value)| name == after && value.scalar().is_some())?;
    let indent = usize::try_from(*column).ok()?.checked_sub(1)?;
    let (start, content) = line_span(text, usize::try_from(value.line.max(*line)).ok()?)?;
    let end = start + content.len();
    let ending = if text[end..].starts_with("\r\n") { "\r\n" } else { "\n" };
    let after = format!("{}{ending}{}{key}: {}{}", &text[..end], " ".repeat(indent), literal(to)?, &text[end..]);
    (yaml::read::<Node>(&after).ok()?.value() == wanted).then_some(after)
}

fn put_all(text: &str, pointer: &str, parts: &serde_json::Map<String, Value>) -> Option<String> {
    let mut text = text.to_owned();
    for (key, value) in parts {
        let node: Node = yaml::read(&text).ok()?;
        let Kind::Map(entries) = &find(&node, pointer)?.kind else { return None };
        let (sibling, ..) = entries.first()?;
        text = put(&text, pointer, key, value, &sibling.clone())?;
    }
    Some(text)
}

/// The node of a JSON pointer whose parts need no escape.
fn find<'n>(node: &'n Node, pointer: &str) -> Option<&'n Node> {
    pointer.split('/').skip(1).try_fold(node, |node, part| match &node.kind {
        Kind::Seq(items) => items.get(part.parse::<usize>().ok()?),
        _ => node.get(part).map(|(_, node)| node),
    })
}

/// Where a scalar that starts a text can end: quoted, plain in a block, plain in a flow collection. Reading back decides.
fn ends(rest: &str) -> Vec<usize> {
    if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let closed = rest.char_indices().skip(1).filter(|(_, c)| *c == quote).map(|(at, _)| at + 1);
        return closed.collect();
    }
    let plain = rest.find(" #").map_or(rest, |at| &rest[..at]).trim_end().len();
    let flow = rest.find([',', '}', ']']).map_or(plain, |at| rest[..at].trim_end().len());
    vec![plain, flow]
}

/// A value as this program writes it: texts between double quotes, mappings in one line.
fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Object(parts) => {
            let parts: Option<Vec<_>> = parts.iter().map(|(key, value)| Some(format!("{key}: {}", literal(value)?))).collect();
            Some(format!("{{{}}}", parts?.join(", ")))
        }
        Value::Array(_) => None,
        scalar => Some(scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{put, set};

    const TEXT: &str = "# tête\nimage:\n  tag: \"1.0.0\"   # tenu par la chaîne\n  nom: l'image\ngeneration: 1\nbdd: {cluster: a-db-g1, actif: true}\nliste:\n  - 'a''b'\n";

    #[test]
    fn a_value_changes_alone_and_its_comment_stays() {
        assert_eq!(set(TEXT, "/image/tag", &json!("1.2.0")).unwrap(), TEXT.replace("\"1.0.0\"", "\"1.2.0\""));
        assert_eq!(set(TEXT, "/image/nom", &json!("x")).unwrap(), TEXT.replace("l'image", "\"x\""));
        assert_eq!(set(TEXT, "/generation", &json!(2)).unwrap(), TEXT.replace("generation: 1", "generation: 2"));
        assert_eq!(set(TEXT, "/bdd/cluster", &json!("a-db-g2")).unwrap(), TEXT.replace("a-db-g1", "\"a-db-g2\""));
        assert_eq!(set(TEXT, "/bdd/actif", &json!(false)).unwrap(), TEXT.replace("true", "false"));
        assert_eq!(set(TEXT, "/liste/0", &json!("c")).unwrap(), TEXT.replace("'a''b'", "\"c\""));
    }

    #[test]
    fn what_cannot_change_alone_is_left() {
        let anchored = "a: &x \"1\"\nb: *x\n";
        assert_eq!(set(anchored, "/a", &json!("2")), None);
        assert_eq!(set("a: |\n  bloc\n", "/a", &json!("2")), None);
        assert_eq!(set(TEXT, "/absent", &json!("2")), None);
        assert_eq!(set(TEXT, "/image", &json!("2")), None);
    }

    #[test]
    fn a_mapping_is_written_after_its_sibling_or_changed_in_place() {
        let start = json!({"active": true, "depuis": 1, "instant": ""});
        let once = put(TEXT, "", "restauration", &start, "generation").unwrap();
        assert_eq!(once, TEXT.replace("generation: 1", "generation: 1\nrestauration: {active: true, depuis: 1, instant: \"\"}"));
        let again = put(&once, "", "restauration", &json!({"active": true, "depuis": 2, "instant": "t", "source": ""}), "generation");
        // A flow mapping has no line for one key more.
        assert_eq!(again, None);
        let again = put(&once, "", "restauration", &json!({"depuis": 2, "instant": "t"}), "generation").unwrap();
        assert!(again.contains("{active: true, depuis: 2, instant: \"t\"}"), "{again}");
        let block = "g: 1\nr:\n  a: true\n  # dit quand\n  b: 1\n";
        let done = put(block, "", "r", &json!({"a": false, "b": 2, "c": "x"}), "g").unwrap();
        assert_eq!(done, "g: 1\nr:\n  a: false\n  c: \"x\"\n  # dit quand\n  b: 2\n");
    }

    #[test]
    fn windows_line_endings_stay() {
        assert_eq!(put("g: 1\r\nx: 2\r\n", "", "k", &json!(3), "g").unwrap(), "g: 1\r\nk: 3\r\nx: 2\r\n");
    }
}
