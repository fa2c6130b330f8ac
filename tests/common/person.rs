//! A person at a real pseudo-terminal.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses its part, and panics")]

use rexpect::session::{PtySession, spawn_command};

use super::run::{PROGRAM, Test};

pub const ENTER: &str = "\r";
pub const UP: &str = "\u{1b}[A";
pub const DOWN: &str = "\u{1b}[B";

/// A session at the terminal. rexpect reads bytes as Latin-1: texts are turned both ways.
pub struct Person(pub PtySession);

impl Person {
    /// Runs a shell line, in which `mirai-kit` is the program.
    pub fn shell(test: &Test, line: &str) -> Self {
        let mut command = test.command(&[]);
        let environment: Vec<_> = command.get_envs().map(|(k, v)| (k.to_owned(), v.unwrap().to_owned())).collect();
        command = std::process::Command::new("sh");
        let line = format!("mirai_kit() {{ \"{PROGRAM}\" \"$@\"; }}; stty rows 40 cols 100; {line}");
        command.args(["-c", &line]).current_dir(test.folder()).env_clear().envs(environment);
        Self(spawn_command(command, Some(20_000)).unwrap())
    }

    /// Runs `new demo` with the answers of `r.yaml`.
    pub fn answering(test: &Test) -> Self {
        Self::shell(test, "mirai_kit new demo --no-git --answers r.yaml; echo code=$?")
    }

    /// Runs the program itself.
    pub fn alone(test: &Test, arguments: &[&str]) -> Self {
        let mut command = test.command(arguments);
        command.stdin(std::process::Stdio::inherit());
        Self(spawn_command(command, Some(20_000)).unwrap())
    }

    /// Waits until the program shows that; gives what came before.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> String {
        let bytes: String = text.bytes().map(char::from).collect();
        match self.0.exp_string(&bytes) {
            Ok(before) => unturned(&before),
            Err(error) => panic!("{text:?} is not shown: {}", unturned(&error.to_string())),
        }
    }

    pub fn types(&mut self, text: &str) {
        self.0.send(text).unwrap();
        self.0.flush().unwrap();
    }

    /// Sees a question, then answers it.
    #[track_caller]
    pub fn answers(&mut self, question: &str, keys: &str) {
        self.sees(question);
        // The prompt itself, below the title and its help.
        self.sees("> ");
        self.types(keys);
    }

    /// Sees an item of a list on the screen, then chooses with these keys.
    #[track_caller]
    pub fn chooses(&mut self, item: &str, keys: &str) {
        self.sees(item);
        self.types(keys);
    }

    /// Accepts every question from this one to that one.
    #[track_caller]
    pub fn accepts(&mut self, questions: &[&str]) {
        for question in questions {
            self.answers(question, ENTER);
        }
    }

    /// Accepts what the review shows.
    #[track_caller]
    pub fn creates(&mut self) {
        self.chooses("Créer l'application", ENTER);
    }

    /// Sees the exit code that the shell echoes, then the end; gives what came before the code.
    #[track_caller]
    pub fn ends(mut self, code: u8) -> String {
        let seen = self.sees(&format!("code={code}"));
        self.0.exp_eof().unwrap();
        seen
    }
}

pub fn unturned(text: &str) -> String {
    String::from_utf8_lossy(&text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect::<Vec<_>>()).into_owned()
}
