//! The command line: clap definitions, one file per command, thin. Every command ends in an [`Exit`].

mod exit;
mod new;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use exit::Exit;

use crate::text::Lang;

/// Génère, vérifie et tient à jour des applications conformes au CCT Mirai.
#[derive(Debug, Parser)]
#[command(name = "mirai-kit", version, propagate_version = true)]
pub struct Cli {
    /// Langue des messages
    #[arg(long, global = true, value_name = "LANGUE", default_value = "fr", value_parser = ["fr", "en"])]
    lang: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Crée une application
    New(new::New),
}

impl Cli {
    fn lang(&self) -> Lang {
        if self.lang == "en" { Lang::En } else { Lang::Fr }
    }
}

/// Parses the arguments and runs the command.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let usage = error.use_stderr();
            // A closed terminal is no reason to fail twice.
            let _ = error.print();
            return if usage { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    let lang = cli.lang();
    match cli.command {
        Command::New(command) => command.run(lang).into(),
    }
}
