//! Escaping by target: every interpolation of a template goes through one of these functions, chosen by the name of the
//! file that is written. No peer has it: an answer `a\nadmin: true` or `no` reaches YAML raw in all those measured.

use std::io::{self, Write};

/// How interpolations are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Escape {
    /// A double-quoted literal that YAML 1.1, YAML 1.2, JSON, TOML, Python and JavaScript read alike.
    Quoted,
    /// A `'…'` literal of standard SQL.
    Sql,
    /// A `'…'` word of POSIX shells.
    Shell,
    /// Inline Markdown text.
    Markdown,
    /// HTML and XML text or attribute.
    Html,
    /// Letters, digits and a few marks; anything else is an error.
    Plain,
    /// Nothing: for paths, which [`crate::apply::SafeRelPath`] checks afterwards.
    Path,
}

impl Escape {
    /// The escaping of a file, by its name.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name.rsplit_once('.').map_or("", |(_, suffix)| suffix) {
            "yaml" | "yml" | "json" | "toml" | "py" | "js" | "mjs" | "ts" => Self::Quoted,
            "sql" => Self::Sql,
            "sh" | "bash" => Self::Shell,
            "md" => Self::Markdown,
            "html" | "xml" | "svg" => Self::Html,
            _ => Self::Plain,
        }
    }

    pub(super) fn function(self) -> tera::EscapeFn {
        match self {
            Self::Quoted => quoted,
            Self::Sql => sql,
            Self::Shell => shell,
            Self::Markdown => markdown,
            Self::Html => html,
            Self::Plain => plain,
            Self::Path => |input, output| output.write_all(input.as_bytes()),
        }
    }
}

/// Writes the double-quoted literal. Also used for what the tool writes itself in YAML and JSON.
pub(crate) fn quoted(input: &str, output: &mut dyn Write) -> io::Result<()> {
    output.write_all(b"\"")?;
    for c in input.chars() {
        match c {
            '"' => output.write_all(b"\\\"")?,
            '\\' => output.write_all(b"\\\\")?,
            '\n' => output.write_all(b"\\n")?,
            '\r' => output.write_all(b"\\r")?,
            '\t' => output.write_all(b"\\t")?,
            c if is_invisible(c) => write!(output, "\\u{:04x}", u32::from(c))?,
            c => write!(output, "{c}")?,
        }
    }
    output.write_all(b"\"")
}

/// Control characters, line separators YAML 1.1 breaks at, and the marks that reorder or hide text. All are in the Basic
/// Multilingual Plane, so that four hexadecimal digits are enough in every target language.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{061c}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

fn sql(input: &str, output: &mut dyn Write) -> io::Result<()> {
    write!(output, "'{}'", input.replace('\'', "''"))
}

fn shell(input: &str, output: &mut dyn Write) -> io::Result<()> {
    write!(output, "'{}'", input.replace('\'', r"'\''"))
}

fn markdown(input: &str, output: &mut dyn Write) -> io::Result<()> {
    let chars: Vec<char> = input.chars().collect();
    let list_marker = chars.iter().position(|c| !c.is_ascii_digit()).filter(|&i| i > 0);
    for (i, &c) in chars.iter().enumerate() {
        let around = |j: Option<usize>| j.and_then(|j| chars.get(j)).is_some_and(|c| c.is_alphanumeric());
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' => true,
            '_' => !(around(i.checked_sub(1)) && around(Some(i + 1))),
            '#' | '+' | '-' | '=' if i == 0 => true,
            '.' | ')' => list_marker == Some(i),
            _ => false,
        };
        match c {
            '<' => output.write_all(b"&lt;")?,
            '>' => output.write_all(b"&gt;")?,
            '&' => output.write_all(b"&amp;")?,
            '\n' | '\r' | '\t' => output.write_all(b" ")?,
            c if is_invisible(c) => write!(output, "&#x{:x};", u32::from(c))?,
            c if special => write!(output, "\\{c}")?,
            c => write!(output, "{c}")?,
        }
    }
    Ok(())
}

fn html(input: &str, output: &mut dyn Write) -> io::Result<()> {
    for c in input.chars() {
        match c {
            '<' => output.write_all(b"&lt;")?,
            '>' => output.write_all(b"&gt;")?,
            '&' => output.write_all(b"&amp;")?,
            '"' => output.write_all(b"&quot;")?,
            '\'' => output.write_all(b"&#39;")?,
            c if is_invisible(c) && c != '\n' => write!(output, "&#x{:x};", u32::from(c))?,
            c => write!(output, "{c}")?,
        }
    }
    Ok(())
}

fn plain(input: &str, output: &mut dyn Write) -> io::Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._/@:+- ".contains(c);
    match input.chars().find(|&c| !allowed(c)) {
        None => output.write_all(input.as_bytes()),
        Some(c) => {
            Err(io::Error::new(io::ErrorKind::InvalidData, format!("{c:?} can't be written in this kind of file, which has no known escaping")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(escape: Escape, input: &str) -> String {
        let mut output = Vec::new();
        escape.function()(input, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn quoted_literals_read_back_equal_in_yaml_and_json() {
        for input in ["no", "1e3", "a: b", "x\"y'z", "$(id)", "{{ 7*7 }}", "a\nb", "\u{200f}", "é\u{85}\u{2028}", "\\", "🦀", ""] {
            let literal = escaped(Escape::Quoted, input);
            assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), input);
            assert_eq!(serde_saphyr::from_str::<String>(&literal).unwrap(), input);
        }
    }

    #[test]
    fn sql_and_shell_literals_cannot_be_left() {
        assert_eq!(escaped(Escape::Sql, "l'eau"), "'l''eau'");
        assert_eq!(escaped(Escape::Shell, "a'; rm -rf /"), r"'a'\''; rm -rf /'");
    }

    #[test]
    fn markdown_keeps_words_and_neutralises_marks() {
        assert_eq!(escaped(Escape::Markdown, "a_b <script> *x*\n# y"), r"a_b &lt;script&gt; \*x\* # y");
        assert_eq!(escaped(Escape::Markdown, "# titre"), r"\# titre");
        assert_eq!(escaped(Escape::Markdown, "1. liste"), r"1\. liste");
        assert_eq!(escaped(Escape::Markdown, "_x_"), r"\_x\_");
    }

    #[test]
    fn plain_refuses_what_it_cannot_escape() {
        assert!(Escape::Plain.function()("a\nb", &mut Vec::new()).is_err());
        assert_eq!(escaped(Escape::Plain, "backend/Dockerfile"), "backend/Dockerfile");
    }
}
