//! Words of a Python file (language reference, chapter 2), as far as calls and their literal arguments need.

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Identifier or keyword.
    Name,
    /// A string without its quotes; the pieces of one literal are joined.
    Text,
    /// A formatted string: its value is not known.
    Formatted,
    /// A number.
    Number,
    /// One sign.
    Sign,
}

/// A word, its line and column from 1 and 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// Line.
    pub line: usize,
    /// Column, in bytes.
    pub column: usize,
}

impl Token {
    /// Whether this is that identifier or sign.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Name | Kind::Sign) && self.text == text
    }
}

/// Comments, with their lines.
pub type Comments = Vec<(usize, String)>;

/// The words of a file and its comments; none when a string does not close.
#[must_use]
pub fn lex(text: &str) -> Option<(Vec<Token>, Comments)> {
    let (mut tokens, mut comments): (Vec<Token>, Comments) = (Vec::new(), Vec::new());
    let (mut at, mut line, mut start) = (0, 1, 0);
    while let Some(c) = text[at..].chars().next() {
        let column = at - start;
        let rest = &text[at..];
        if c == '\n' {
            (line, start, at) = (line + 1, at + 1, at + 1);
        } else if c.is_whitespace() {
            at += c.len_utf8();
        } else if c == '#' {
            let end = rest.find('\n').unwrap_or(rest.len());
            comments.push((line, rest[1..end].trim().to_owned()));
            at += end;
        } else if let Some((prefix, quote)) = opening(rest) {
            let body = &rest[prefix.len() + quote.len()..];
            let raw = prefix.contains(['r', 'R']);
            let end = closing(body, quote)?;
            let value = if raw { body[..end].to_owned() } else { unescape(&body[..end]) };
            let kind = if prefix.contains(['f', 'F']) { Kind::Formatted } else { Kind::Text };
            // Literals side by side are one string.
            match tokens.last_mut().filter(|t| matches!(t.kind, Kind::Text | Kind::Formatted)) {
                Some(last) => {
                    last.text.push_str(&value);
                    if kind == Kind::Formatted {
                        last.kind = kind;
                    }
                }
                None => tokens.push(Token { kind, text: value, line, column }),
            }
            let taken = prefix.len() + quote.len() * 2 + end;
            line += rest[..taken].matches('\n').count();
            if let Some(last) = rest[..taken].rfind('\n') {
                start = at + last + 1;
            }
            at += taken;
        } else {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let (kind, end) = if c.is_alphabetic() || c == '_' {
                (Kind::Name, rest.find(|c| !word(c)).unwrap_or(rest.len()))
            } else if c.is_ascii_digit() {
                (Kind::Number, rest.find(|c| !(word(c) || c == '.')).unwrap_or(rest.len()))
            } else {
                (Kind::Sign, c.len_utf8())
            };
            tokens.push(Token { kind, text: rest[..end].to_owned(), line, column });
            at += end;
        }
    }
    Some((tokens, comments))
}

/// Prefix and quotes of a string that starts here.
fn opening(rest: &str) -> Option<(&str, &'static str)> {
    let end = rest.find(['"', '\'']).filter(|end| *end <= 2)?;
    let prefix = &rest[..end];
    let known = prefix.chars().all(|c| "rRbBfFuU".contains(c));
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|q| rest[end..].starts_with(q))?;
    known.then_some((prefix, quote))
}

fn closing(body: &str, quote: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &body[at..];
        if rest.starts_with(quote) {
            return Some(at);
        }
        let c = rest.chars().next()?;
        if c == '\n' && quote.len() == 1 {
            return None;
        }
        at += c.len_utf8();
        if c == '\\' {
            at += body[at..].chars().next()?.len_utf8();
        }
    }
}

fn unescape(body: &str) -> String {
    let mut out = String::new();
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('\n') | None => {}
            Some(other) => out.push(other),
        }
    }
    out
}

/// One argument of a call: its name when it has one, and its words.
pub type Argument<'a> = (Option<&'a str>, &'a [Token]);

/// The arguments of a call whose `(` is the first word; and how many words the call takes.
#[must_use]
pub fn arguments(tokens: &[Token]) -> (Vec<Argument<'_>>, usize) {
    let (mut depth, mut from, mut all) = (0_usize, 1, Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" if token.kind == Kind::Sign => depth += 1,
            ")" | "]" | "}" if token.kind == Kind::Sign => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    all.push(&tokens[from..at]);
                    return (named(all), at + 1);
                }
            }
            "," if token.kind == Kind::Sign && depth == 1 => {
                all.push(&tokens[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    (named(all), tokens.len())
}

fn named(parts: Vec<&[Token]>) -> Vec<Argument<'_>> {
    let filled = parts.into_iter().filter(|p| !p.is_empty());
    filled
        .map(|part| match part {
            [name, equal, value @ ..] if name.kind == Kind::Name && equal.is("=") && !value.first().is_some_and(|v| v.is("=")) => {
                (Some(name.text.as_str()), value)
            }
            _ => (None, part),
        })
        .collect()
}
