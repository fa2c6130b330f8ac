//! Runs the real program in a temporary folder, with an environment that holds nothing of the machine's.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "each test uses its part, and panics")]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_mirai-kit");

/// A run to be made: `Test::new().file("r.yaml", "nom: Démo\n").run("new demo --answers r.yaml")`.
pub struct Test {
    dir: TempDir,
    below: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

/// What a run gave.
#[derive(Debug)]
pub struct Done {
    /// Exit code; none when killed by a signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Test {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("maison")).unwrap();
        fs::create_dir(dir.path().join("ici")).unwrap();
        let home = dir.path().join("maison").into_os_string();
        let environment = vec![
            ("HOME".into(), home),
            ("PATH".into(), std::env::var_os("PATH").unwrap()),
            ("TERM".into(), "xterm".into()),
            ("GIT_AUTHOR_NAME".into(), "Camille".into()),
            ("GIT_AUTHOR_EMAIL".into(), "camille@exemple.fr".into()),
        ];
        Self { dir, below: "ici".into(), environment }
    }

    /// The folder where the program runs.
    pub fn folder(&self) -> PathBuf {
        self.dir.path().join(&self.below)
    }

    /// Writes a file there.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.folder().join(name), content).unwrap();
        self
    }

    /// Creates a folder there, and runs in it.
    pub fn inside(mut self, name: &str) -> Self {
        self.below.push(name);
        fs::create_dir(self.folder()).unwrap();
        self
    }

    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.into(), value.into()));
        self
    }

    /// The command, ready to be run, without terminal.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.folder()).env_clear().envs(self.environment.iter().map(|(k, v)| (k, v))).stdin(Stdio::null());
        command
    }

    /// Runs the program with arguments separated by spaces.
    pub fn run(&self, arguments: &str) -> Done {
        self.run_with(&arguments.split(' ').collect::<Vec<_>>())
    }

    /// Runs the program.
    pub fn run_with(&self, arguments: &[&str]) -> Done {
        self.command(arguments).output().unwrap().into()
    }

    /// Names in the folder where the program runs.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Every file below a folder, with its content; not below `.git`.
    pub fn tree(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        fn walk(root: &Path, at: &Path, out: &mut Vec<(String, Vec<u8>)>) {
            for entry in fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    if path.file_name().is_some_and(|n| n != ".git") {
                        walk(root, &path, out);
                    }
                } else {
                    out.push((path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()));
                }
            }
        }
        let root = self.folder().join(name);
        let mut out = Vec::new();
        walk(&root, &root, &mut out);
        out.sort();
        out
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self { code: output.status.code(), stdout: String::from_utf8(output.stdout).unwrap(), stderr: String::from_utf8(output.stderr).unwrap() }
    }
}

impl Done {
    /// Ended with that code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Says each of these on stderr, in this order.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        let mut from = 0;
        for text in texts {
            match self.stderr[from..].find(text) {
                Some(at) => from += at + text.len(),
                None => panic!("{text:?} is not said (in that order) in:\n{}", self.stderr),
            }
        }
        self
    }

    /// Does not say that on stderr.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(!self.stderr.contains(text), "{text:?} is said in:\n{}", self.stderr);
        self
    }

    /// Prints nothing on stdout.
    #[track_caller]
    pub fn prints_nothing(self) -> Self {
        assert_eq!(self.stdout, "", "{self:#?}");
        self
    }
}
