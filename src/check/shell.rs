//! Shell text cut into commands, as far as rules need it: words without their quotes, the line each command starts at, and
//! what precedes it. Nothing is expanded and nothing runs. Bodies of here-documents are data: left out.

/// One simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Line where it starts, from the one given.
    pub line: usize,
    /// Its words, quotes removed, variables as written.
    pub words: Vec<String>,
    /// Whether it reads what the previous command writes.
    pub piped: bool,
    /// Whether `|| true` (or `|| :`, `|| echo …`) follows: its failure stops nothing.
    pub excused: bool,
}

/// Words that stand before a command without changing which program runs.
const PREFIXES: [&str; 19] =
    ["sudo", "exec", "time", "env", "command", "nohup", "if", "then", "else", "elif", "do", "while", "until", "!", "{", "(", "@", "-", "eatmydata"];

impl Command {
    /// The words from the program on: assignments, keywords and wrappers that precede it are left out.
    #[must_use]
    pub fn program(&self) -> &[String] {
        let skipped = self.words.iter().take_while(|word| PREFIXES.contains(&word.as_str()) || assignment(word)).count();
        &self.words[skipped..]
    }

    /// Name of the program, without its folder nor Make's `@`.
    #[must_use]
    pub fn name(&self) -> &str {
        let first = self.program().first().map_or("", String::as_str);
        first.rsplit('/').next().unwrap_or(first).trim_start_matches(['@', '-'])
    }

    /// The words after the program that are no option.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.program().iter().skip(1).map(String::as_str).filter(|word| !word.starts_with('-'))
    }

    /// Whether one of its words is exactly this.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// Value of an option, written `--name=value`, `--name value`.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.words.iter().enumerate().find_map(|(index, word)| match word.strip_prefix(name)? {
            "" => self.words.get(index + 1).map(String::as_str),
            rest => rest.strip_prefix('='),
        })
    }
}

fn assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// Cuts a script whose first line has a number.
#[must_use]
pub fn commands(script: &str, first: usize) -> Vec<Command> {
    let mut cutter = Cutter { line: first, ..Cutter::default() };
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        cutter.text(line);
        cutter.line += 1;
        // Bodies follow their line, in order.
        for (end, tabs) in std::mem::take(&mut cutter.documents) {
            for body in lines.by_ref() {
                cutter.line += 1;
                if (if tabs { body.trim_start_matches('\t') } else { body }).trim_end() == end || body.trim() == end {
                    break;
                }
            }
        }
    }
    cutter.end(false);
    cutter.commands
}

#[derive(Default)]
struct Cutter {
    line: usize,
    /// Line of the first word of the command.
    start: usize,
    word: Option<String>,
    words: Vec<String>,
    quote: Option<char>,
    /// Depth of `$(`, whose text stays in its word.
    nested: usize,
    piped: bool,
    /// The previous operator was `||`.
    or: bool,
    documents: Vec<(String, bool)>,
    commands: Vec<Command>,
}

impl Cutter {
    #[allow(clippy::match_same_arms, reason = "the order of the arms is the grammar")]
    fn text(&mut self, line: &str) {
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match (self.quote, c) {
                (Some(open), c) if c == open => self.quote = None,
                (Some('"') | None, '\\') => {
                    let Some(next) = chars.next() else {
                        // The line goes on: the next one belongs to the command.
                        if self.quote.is_none() && self.nested == 0 {
                            self.close();
                        }
                        return;
                    };
                    self.push(next);
                }
                (None, '$') if chars.peek() == Some(&'(') => {
                    chars.next();
                    self.nested += 1;
                    self.push('$');
                    self.push('(');
                }
                (None, '(') if self.nested > 0 => {
                    self.nested += 1;
                    self.push('(');
                }
                (None, ')') if self.nested > 0 => {
                    self.nested -= 1;
                    self.push(')');
                }
                (open, c) if self.nested > 0 || open.is_some() => self.push(c),
                (None, '\'' | '"') => {
                    self.quote = Some(c);
                    self.word.get_or_insert_with(String::new);
                }
                (None, '#') if self.word.is_none() => break,
                (None, '<') if chars.peek() == Some(&'<') => {
                    chars.next();
                    self.document(&mut chars);
                }
                (None, '|') => {
                    let or = chars.next_if_eq(&'|').is_some();
                    self.end(!or);
                    self.or = or;
                }
                // `2>&1`, `&>file`: a redirection.
                (None, '&') if self.word.as_ref().is_some_and(|w| w.ends_with('>')) || chars.peek() == Some(&'>') => self.push(c),
                (None, ';' | '&' | '(' | ')') => {
                    chars.next_if_eq(&c);
                    self.end(false);
                }
                (None, c) if c.is_whitespace() => self.close(),
                (_, c) => self.push(c),
            }
        }
        if self.quote.is_none() && self.nested == 0 {
            self.end(false);
        } else {
            self.push('\n');
        }
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_with(String::new).push(c);
    }

    fn close(&mut self) {
        if let Some(word) = self.word.take() {
            if self.words.is_empty() {
                self.start = self.line;
            }
            self.words.push(word);
        }
    }

    fn document(&mut self, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
        let tabs = chars.next_if_eq(&'-').is_some();
        // `<<<` gives one word to read.
        if chars.next_if_eq(&'<').is_some() {
            return;
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut end = String::new();
        while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, ';' | '|' | '&' | ')' | '>')) {
            end.extend((!matches!(c, '\'' | '"' | '\\')).then_some(c));
        }
        if !end.is_empty() {
            self.documents.push((end, tabs));
        }
    }

    fn end(&mut self, pipe: bool) {
        self.close();
        let words = std::mem::take(&mut self.words);
        if let Some(first) = words.first() {
            if self.or
                && matches!(first.as_str(), "true" | ":" | "echo" | "printf")
                && let Some(last) = self.commands.last_mut()
            {
                last.excused = true;
            }
            self.commands.push(Command { line: self.start, words, piped: self.piped, excused: false });
        }
        (self.piped, self.or) = (pipe, false);
    }
}

#[cfg(test)]
mod tests {
    use super::commands;

    fn words(script: &str) -> Vec<String> {
        commands(script, 1).iter().map(|c| format!("{}:{}", c.line, c.words.join(" "))).collect()
    }

    #[test]
    fn operators_and_lines_separate_commands_and_quotes_do_not() {
        assert_eq!(words("a 'b; c' && d | e\nf \\\n  g # h\ni"), ["1:a b; c", "1:d", "1:e", "2:f g", "4:i"]);
        let all = commands("curl x | sh; b || true", 7);
        assert!(all[1].piped && !all[0].piped && all[2].excused && !all[0].excused, "{all:?}");
        assert_eq!(all[0].line, 7);
    }

    #[test]
    fn a_body_of_a_here_document_is_no_command() {
        assert_eq!(words("cat <<'FIN' > x\nkubectl apply\nFIN\nb"), ["1:cat > x", "4:b"]);
        assert_eq!(words("x=$(a | b; c) d"), ["1:x=$(a | b; c) d"]);
    }

    #[test]
    fn what_precedes_the_program_is_left_out() {
        for script in ["A=b sudo /usr/bin/make -C x test", "if ! make -C x test", "@make -C x test"] {
            let command = &commands(script, 1)[0];
            assert_eq!((command.name(), command.arguments().collect::<Vec<_>>()), ("make", vec!["x", "test"]), "{script}");
        }
        assert_eq!(commands("x --a=1 --b 2", 1)[0].option("--a"), Some("1"));
        assert_eq!(commands("x --a=1 --b 2", 1)[0].option("--b"), Some("2"));
    }
}
