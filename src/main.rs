//! Entry point: parses, dispatches and maps the error to an exit code. Nothing else.

fn main() {}
