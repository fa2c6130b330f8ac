//! Words of a PostgreSQL script (documentation, chapter 4.1): comments kept apart, nested or not; quoted identifiers, strings
//! with and without escapes, dollar quotes; lines that psql reads for itself left out. What cannot be read is an error with
//! its line, never a guess.

/// What a word is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A bare word, in lower case.
    Word,
    /// A quoted identifier, without its quotes.
    Quoted,
    /// A string, without its quotes.
    Text,
    /// A dollar-quoted string, without its quotes.
    Dollar,
    /// A number, a parameter, a placeholder.
    Value,
    /// One sign.
    Sign,
}

/// A word with its line, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// Where it starts.
    pub line: usize,
}

impl Token {
    /// Whether this is that bare word, or that sign.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text == text
    }

    /// Whether it can name something.
    #[must_use]
    pub fn names(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }
}

/// The words of a script, and its comments.
#[derive(Debug, Default)]
pub struct Script {
    /// The words.
    pub tokens: Vec<Token>,
    /// Comments of one line, with their line, without `--` and the spaces around.
    pub comments: Vec<(usize, String)>,
}

/// Why a script cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Line, from 1.
    pub line: usize,
    /// What stands there, in French and in English.
    pub what: crate::text::Text,
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    /// The words since the last `;` are those of a `COPY … FROM stdin`: data follow.
    copy: bool,
    script: Script,
}

/// Reads a script whose first line has this number.
///
/// # Errors
/// At what PostgreSQL would not read: an open string, a backquote (another database's script).
pub fn lex(text: &str, first: usize) -> Result<Script, Unreadable> {
    let mut reader = Reader { rest: text, line: first, copy: false, script: Script::default() };
    let mut start_of_line = true;
    while let Some(c) = reader.rest.chars().next() {
        let fresh = std::mem::replace(&mut start_of_line, c == '\n');
        match c {
            '\\' => reader.psql(),
            c if c.is_whitespace() => {
                start_of_line |= fresh;
                reader.take(c.len_utf8());
            }
            _ => reader.token(c)?,
        }
    }
    Ok(reader.script)
}

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    /// A command of psql runs to the end of its line, and ends a statement (`\gexec`).
    fn psql(&mut self) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let line = self.line;
        self.take(end);
        self.push(Kind::Sign, ";".to_owned(), line);
    }

    fn push(&mut self, kind: Kind, text: String, line: usize) {
        self.script.tokens.push(Token { kind, text, line });
    }

    fn token(&mut self, c: char) -> Result<(), Unreadable> {
        let line = self.line;
        if self.rest.starts_with("--") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            let comment = self.take(end).trim_start_matches('-').trim().to_owned();
            self.script.comments.push((line, comment));
        } else if self.rest.starts_with("/*") {
            self.block(line)?;
        } else if matches!(c, 'e' | 'E') && self.rest[1..].starts_with('\'') {
            self.take(1);
            self.text(true, line)?;
        } else if c == '\'' {
            self.text(false, line)?;
        } else if c == '"' {
            self.quoted(line)?;
        } else if c == '$' {
            self.dollar(line)?;
        } else if c == '`' {
            return Err(unreadable(
                line,
                ("guillemet inversé : ce script n'est pas pour PostgreSQL", "backquote: this script is not for PostgreSQL"),
            ));
        } else if c.is_alphabetic() || c == '_' {
            let end = self.rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(self.rest.len());
            let word = self.take(end).to_lowercase();
            self.copy |= word == "stdin" && self.script.tokens.iter().rev().take_while(|t| !t.is(";")).any(|t| t.is("copy"));
            self.push(Kind::Word, word, line);
        } else if c.is_ascii_digit() {
            let end = self.rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(self.rest.len());
            let value = self.take(end).to_owned();
            self.push(Kind::Value, value, line);
        } else {
            let sign = self.take(c.len_utf8()).to_owned();
            if c == ';' && std::mem::take(&mut self.copy) {
                let end = self.rest.find("\n\\.").unwrap_or(self.rest.len());
                self.take(end);
            }
            self.push(Kind::Sign, sign, line);
        }
        Ok(())
    }

    fn block(&mut self, line: usize) -> Result<(), Unreadable> {
        let (mut depth, mut at) = (0_usize, 0);
        loop {
            let rest = &self.rest[at..];
            let Some(next) = rest.find(['/', '*']) else {
                return Err(unreadable(line, ("commentaire qui ne se ferme pas", "comment that does not close")));
            };
            at += next;
            if self.rest[at..].starts_with("/*") {
                (depth, at) = (depth + 1, at + 2);
            } else if self.rest[at..].starts_with("*/") {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    self.take(at);
                    return Ok(());
                }
            } else {
                at += 1;
            }
        }
    }

    fn text(&mut self, escapes: bool, line: usize) -> Result<(), Unreadable> {
        let mut value = String::new();
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\'' {
                if chars.next_if(|(_, next)| *next == '\'').is_none() {
                    self.take(at + 1);
                    self.push(Kind::Text, value, line);
                    return Ok(());
                }
            } else if escapes && c == '\\' {
                value.extend(chars.next().map(|(_, escaped)| escaped));
                continue;
            }
            value.push(c);
        }
        Err(unreadable(line, ("chaîne qui ne se ferme pas", "string that does not close")))
    }

    fn quoted(&mut self, line: usize) -> Result<(), Unreadable> {
        let mut end = 1;
        while let Some(next) = self.rest[end..].find('"') {
            end += next + 1;
            if self.rest[end..].starts_with('"') {
                end += 1;
                continue;
            }
            let name = self.take(end)[1..end - 1].replace("\"\"", "\"");
            self.push(Kind::Quoted, name, line);
            return Ok(());
        }
        Err(unreadable(line, ("identifiant qui ne se ferme pas", "identifier that does not close")))
    }

    /// `$tag$…$tag$`, `$1`, or a placeholder `${…}` of a migration tool.
    fn dollar(&mut self, line: usize) -> Result<(), Unreadable> {
        let after = &self.rest[1..];
        if let Some(end) = after.strip_prefix('{').and_then(|inner| inner.find('}')) {
            let value = self.take(end + 3).to_owned();
            self.push(Kind::Value, value, line);
            return Ok(());
        }
        let name = after.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(after.len());
        if !after[name..].starts_with('$') || after.starts_with(|c: char| c.is_ascii_digit()) {
            let value = self.take(name + 1).to_owned();
            self.push(Kind::Value, value, line);
            return Ok(());
        }
        let tag = &self.rest[..name + 2];
        let Some(end) = self.rest[tag.len()..].find(tag) else {
            return Err(unreadable(line, ("corps entre dollars qui ne se ferme pas", "dollar-quoted body that does not close")));
        };
        self.take(tag.len());
        let inner = self.line;
        let body = self.take(end).to_owned();
        self.take(tag.len());
        self.push(Kind::Dollar, body, inner);
        Ok(())
    }
}

fn unreadable(line: usize, (fr, en): (&str, &str)) -> Unreadable {
    Unreadable { line, what: crate::text::Text::new(fr, en) }
}
