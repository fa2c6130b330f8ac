//! A Dockerfile as the rules read it: stages with the image they start from, arguments expanded, instructions with lines.

use std::borrow::Cow;
use std::collections::BTreeMap;

use parse_dockerfile::{Command as Form, Flag, FromInstruction, Instruction, RunInstruction, Source, UnescapedString};

use crate::check::shell::{Command, commands};

/// A stage.
pub struct Stage<'s, 'a> {
    /// Line of its `FROM`.
    pub line: usize,
    /// What it starts from, arguments replaced by their defaults.
    pub image: String,
    /// What it starts from, as written.
    pub written: String,
    /// The earlier stage that it starts from.
    pub parent: Option<usize>,
    /// Its name, in lower case.
    pub alias: Option<String>,
    /// Its instructions, each with its line.
    pub steps: Vec<(usize, &'s Instruction<'a>)>,
}

/// The stages of a file, in order.
pub struct Model<'s, 'a> {
    /// Its stages.
    pub stages: Vec<Stage<'s, 'a>>,
}

impl<'s, 'a> Model<'s, 'a> {
    /// The stages of a parsed file.
    #[must_use]
    pub fn new(text: &str, instructions: &'s [Instruction<'a>]) -> Self {
        let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        let line = |offset: usize| starts.partition_point(|start| *start <= offset);
        let mut arguments = BTreeMap::new();
        let mut stages: Vec<Stage<'s, 'a>> = Vec::new();
        for instruction in instructions {
            match (instruction, stages.last_mut()) {
                (Instruction::From(from), _) => {
                    let stage = Self::stage(from, line(from.from.span.start), &arguments, &stages);
                    stages.push(stage);
                }
                (Instruction::Arg(argument), None) => arguments.extend(pairs(&argument.arguments.value)),
                (other, Some(stage)) => stage.steps.push((line(start(other)), other)),
                (_, None) => {}
            }
        }
        Self { stages }
    }

    fn stage(from: &FromInstruction<'_>, line: usize, arguments: &BTreeMap<String, String>, before: &[Stage<'_, '_>]) -> Stage<'s, 'a> {
        let image = expand(&from.image.value, arguments);
        let name = image.to_lowercase();
        let parent = before.iter().rposition(|stage| stage.alias.as_deref() == Some(&name));
        let alias = from.as_.as_ref().map(|(_, alias)| alias.value.to_lowercase());
        Stage { line, image, written: from.image.value.to_string(), parent, alias, steps: Vec::new() }
    }

    /// The stage that is delivered: the one named after production (`--target`), or else the last that is not for development.
    fn delivered(&self) -> Option<usize> {
        let named = |names: &'static [&str]| move |stage: &Stage<'_, '_>| stage.alias.as_deref().is_some_and(|alias| names.contains(&alias));
        let production = named(&["prod", "production", "release"]);
        let last = self.stages.iter().rposition(|stage| !workstation(stage)).or(self.stages.len().checked_sub(1));
        self.stages.iter().rposition(production).or(last)
    }

    /// The delivered stage and those that it starts from, the oldest first: what the image holds and runs.
    #[must_use]
    pub fn last(&self) -> Vec<&Stage<'s, 'a>> {
        let mut chain = Vec::new();
        let mut next = self.delivered();
        while let Some(stage) = next.and_then(|index| self.stages.get(index)) {
            chain.push(stage);
            next = stage.parent;
        }
        chain.reverse();
        chain
    }

    /// Whether the file makes nothing but images of development or tests: each stage that runs something, or is of no use to
    /// another, is named so.
    #[must_use]
    pub fn development(&self) -> bool {
        let used = |index: usize, stage: &Stage<'_, '_>| {
            let named = |from: &str| from.parse() == Ok(index) || stage.alias.as_deref() == Some(&from.to_lowercase());
            let copied = |step: &Instruction<'_>| match inner(step) {
                Instruction::Copy(copy) => flag(&copy.options, "from").is_some_and(named),
                _ => false,
            };
            self.stages.iter().any(|other| other.parent == Some(index) || other.steps.iter().any(|(_, step)| copied(step)))
        };
        let runs = |stage: &Stage<'_, '_>| stage.steps.iter().any(|(_, step)| matches!(step, Instruction::Cmd(_) | Instruction::Entrypoint(_)));
        let mut ends = self.stages.iter().enumerate().filter(|(index, stage)| runs(stage) || !used(*index, stage)).peekable();
        ends.peek().is_some() && ends.all(|(_, stage)| workstation(stage))
    }

    /// The command of a development server that the image runs, if it runs one: a package manager's script `dev`, or its tool.
    #[must_use]
    pub fn server(&self) -> Option<String> {
        let steps = self.last().into_iter().flat_map(|stage| stage.steps.iter().copied());
        let form = steps.fold(None, |last, (line, step)| match step {
            Instruction::Cmd(cmd) => Some((line, &cmd.arguments)),
            Instruction::Entrypoint(entrypoint) => Some((line, &entrypoint.arguments)),
            _ => last,
        });
        let (line, form) = form?;
        spelt(line, form).into_iter().find_map(|command| {
            let words: Vec<&str> = command.arguments().filter(|word| !word.starts_with('-') && *word != "run").collect();
            let first = words.first().copied().unwrap_or_default();
            let serves = match command.name() {
                "npm" | "pnpm" | "yarn" | "bun" => matches!(first, "dev" | "start:dev" | "serve:dev"),
                "next" | "nuxt" | "astro" => first == "dev",
                "vite" => matches!(first, "" | "dev" | "serve"),
                _ => false,
            };
            serves.then(|| command.words.join(" "))
        })
    }

    /// Every instruction, those that children inherit (`ONBUILD`) included.
    pub fn steps(&self) -> impl Iterator<Item = (usize, &'s Instruction<'a>)> {
        self.stages.iter().flat_map(|stage| stage.steps.iter().copied()).map(|(line, step)| (line, inner(step)))
    }
}

/// Whether a stage is named after development or tests, alone or after what it is of (`backend-development`).
fn workstation(stage: &Stage<'_, '_>) -> bool {
    let last = stage.alias.as_deref().and_then(|alias| alias.rsplit(['-', '_']).next());
    last.is_some_and(|last| ["dev", "development", "test", "tests", "debug", "e2e", "lint"].contains(&last))
}

/// The instruction that an `ONBUILD` holds.
#[must_use]
pub fn inner<'s, 'a>(step: &'s Instruction<'a>) -> &'s Instruction<'a> {
    match step {
        Instruction::Onbuild(held) => inner(&held.instruction),
        other => other,
    }
}

fn start(instruction: &Instruction<'_>) -> usize {
    match instruction {
        Instruction::Add(i) => i.add.span.start,
        Instruction::Arg(i) => i.arg.span.start,
        Instruction::Cmd(i) => i.cmd.span.start,
        Instruction::Copy(i) => i.copy.span.start,
        Instruction::Entrypoint(i) => i.entrypoint.span.start,
        Instruction::Env(i) => i.env.span.start,
        Instruction::Expose(i) => i.expose.span.start,
        Instruction::From(i) => i.from.span.start,
        Instruction::Healthcheck(i) => i.healthcheck.span.start,
        Instruction::Label(i) => i.label.span.start,
        Instruction::Maintainer(i) => i.maintainer.span.start,
        Instruction::Onbuild(i) => i.onbuild.span.start,
        Instruction::Run(i) => i.run.span.start,
        Instruction::Shell(i) => i.shell.span.start,
        Instruction::Stopsignal(i) => i.stopsignal.span.start,
        Instruction::User(i) => i.user.span.start,
        Instruction::Volume(i) => i.volume.span.start,
        Instruction::Workdir(i) => i.workdir.span.start,
        _ => 0,
    }
}

/// The commands of a `RUN`, with their lines.
#[must_use]
pub fn run(line: usize, run: &RunInstruction<'_>) -> Vec<Command> {
    let mut all = spelt(line, &run.arguments);
    if matches!(run.arguments, Form::Shell(_)) {
        for document in &run.here_docs {
            all.extend(commands(&document.value, line + 1));
        }
    }
    all
}

/// The commands of a `RUN`, a `CMD` or an `ENTRYPOINT`, in either form.
fn spelt(line: usize, form: &Form<'_>) -> Vec<Command> {
    match form {
        Form::Shell(text) => {
            // Comments between continued lines are Docker's, not the shell's.
            let kept: Vec<&str> = text.value.lines().map(|l| if l.trim_start().starts_with('#') { "\\" } else { l }).collect();
            commands(&kept.join("\n"), line)
        }
        Form::Exec(words) => {
            let words: Vec<String> = words.value.iter().map(|w| w.value.to_string()).collect();
            match words.as_slice() {
                [shell, option, script] if shell.ends_with("sh") && option.contains('c') => commands(script, line),
                _ => vec![Command { line, words, piped: false, excused: false }],
            }
        }
        _ => Vec::new(),
    }
}

/// Sources of a `COPY` or an `ADD`, as written; here-documents left out.
pub fn sources<'a>(sources: &'a [Source<'a>]) -> impl Iterator<Item = &'a str> {
    sources.iter().filter_map(|source| match source {
        Source::Path(path) => Some(path.value.as_ref()),
        _ => None,
    })
}

/// Value of a flag (`--from`, `--chmod`…).
#[must_use]
pub fn flag<'a>(flags: &'a [Flag<'a>], name: &str) -> Option<&'a str> {
    flags.iter().find(|f| f.name.value == name).map(|f| f.value.as_ref().map_or("", |v: &UnescapedString<'_>| v.value.as_ref()))
}

/// The names and values of an `ENV` or an `ARG`: `A=1 B="x y"`, or the old form `A 1`.
#[must_use]
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let words = commands(&text.replace(['|', '&', ';', '(', ')', '<', '#'], "_"), 1).into_iter().flat_map(|c| c.words).collect::<Vec<_>>();
    match words.as_slice() {
        [name, rest @ ..] if !name.contains('=') && !rest.is_empty() => vec![(name.clone(), rest.join(" "))],
        words => words.iter().filter_map(|w| w.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
    }
}

/// Replaces the variables whose value is known; the others stay as they are written.
#[must_use]
pub fn expand(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest: Cow<'_, str> = text.into();
    // Values may hold variables in turn; what they bring is bounded.
    for _ in 0..16 {
        let Some((before, after)) = rest.split_once('$') else { break };
        out.push_str(before);
        let (name, default, tail) = if let Some((inner, tail)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            let (name, default) = inner.split_once(":-").map_or((inner, None), |(name, default)| (name, Some(default)));
            (name, default, tail)
        } else {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            (&after[..end], None, &after[end..])
        };
        match values.get(name).map(String::as_str).or(default) {
            Some(value) if out.len() < 4096 => rest = format!("{value}{tail}").into(),
            _ => {
                out.push('$');
                out.push_str(name);
                rest = tail.to_owned().into();
            }
        }
    }
    out.push_str(&rest);
    out
}
