//! The answers: one resolver (flag > answers file > prompt > default), typed and validated; unknown keys are refused and
//! every problem is reported at once. Prompts are only one of its sources: cargo-generate fixed the silent mode three
//! times in two years because its prompts were mixed with resolution.

mod given;
mod resolve;
mod validate;

pub use given::{Given, Origin};
pub use resolve::{Answers, Ask, Options, PromptError, Prompter, ResolveError, resolve};
