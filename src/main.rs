//! Entry point: parses, dispatches and maps the outcome to an exit code. Nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    mirai_kit::cli::run(std::env::args_os())
}
