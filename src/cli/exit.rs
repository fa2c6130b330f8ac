//! The exit codes: a contract with scripts (design.md, "Contracts").

use std::process::ExitCode;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something failed: disk, git, terminal.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The answers or the kit are invalid.
    Invalid = 3,
    /// Conflicts are left.
    Conflicts = 4,
    /// The project does not conform, or has drifted.
    NonConforming = 5,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
