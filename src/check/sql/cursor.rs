//! A place in the words of a statement.

use super::Name;
use super::lex::{Kind, Token};

/// Reads words forward.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub rest: &'a [Token],
}

impl<'a> Cursor<'a> {
    pub fn new(tokens: &'a [Token]) -> Self {
        Self { rest: tokens }
    }

    pub fn at(&self, word: &str) -> bool {
        self.rest.first().is_some_and(|t| t.is(word))
    }

    pub fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Takes these words if they come next.
    pub fn eat(&mut self, words: &str) -> bool {
        let count = words.split(' ').count();
        let there = self.rest.len() >= count && words.split(' ').zip(self.rest).all(|(word, token)| token.is(word));
        if there {
            self.rest = &self.rest[count..];
        }
        there
    }

    /// Takes the first of these words that comes next.
    pub fn any(&mut self, words: &[&'static str]) -> Option<&'static str> {
        words.iter().copied().find(|word| self.eat(word))
    }

    pub fn has(&self, words: &str) -> bool {
        let wanted: Vec<&str> = words.split(' ').collect();
        self.rest.windows(wanted.len()).any(|window| window.iter().zip(&wanted).all(|(token, word)| token.is(word)))
    }

    pub fn identifier(&mut self) -> Option<String> {
        let first = self.rest.first().filter(|t| t.names() || t.kind == Kind::Value)?;
        self.rest = &self.rest[1..];
        Some(first.text.clone())
    }

    pub fn name(&mut self) -> Option<Name> {
        let mut parts = vec![self.identifier()?];
        while self.at(".") && self.rest.get(1).is_some_and(Token::names) {
            self.rest = &self.rest[1..];
            parts.extend(self.identifier());
        }
        let name = parts.pop()?;
        let schema = parts.pop().filter(|s| s != "public").unwrap_or_default();
        Some(Name { schema, name })
    }

    /// Names with commas between them; what stands between parentheses after a name is left out.
    pub fn names(&mut self) -> Vec<Name> {
        let mut names = Vec::new();
        loop {
            self.eat("only");
            let Some(name) = self.name() else { return names };
            names.push(name);
            self.eat("*");
            self.group();
            if !self.eat(",") {
                return names;
            }
        }
    }

    /// Takes what stands between the parenthesis that comes next and its pair.
    pub fn group(&mut self) -> Option<&'a [Token]> {
        if !self.at("(") {
            return None;
        }
        let mut depth = 0_usize;
        for (at, token) in self.rest.iter().enumerate() {
            if token.is("(") {
                depth += 1;
            } else if token.is(")") {
                depth -= 1;
                if depth == 0 {
                    let inner = &self.rest[1..at];
                    self.rest = &self.rest[at + 1..];
                    return Some(inner);
                }
            }
        }
        let inner = &self.rest[1..];
        self.rest = &[];
        Some(inner)
    }
}

/// The parts of a list, cut at the commas that no parenthesis holds.
pub(super) fn parts(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut depth, mut from, mut parts) = (0_usize, 0, Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        if token.is("(") || token.is("[") {
            depth += 1;
        } else if token.is(")") || token.is("]") {
            depth = depth.saturating_sub(1);
        } else if token.is(",") && depth == 0 {
            parts.push(&tokens[from..at]);
            from = at + 1;
        }
    }
    parts.push(&tokens[from..]);
    parts
}
