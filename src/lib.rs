//! mirai-kit: generates, checks and keeps up to date application skeletons that conform to the CCT Mirai.
//!
//! The rooms' arrows run downwards only: cli → (kit, answers) → render → plan → apply; `ui` is called by `cli` alone.

pub mod answers;
pub mod apply;
pub mod check;
pub mod cli;
pub mod date;
pub mod demarches;
pub mod deploy;
pub mod digest;
pub mod git;
pub mod kit;
pub mod plan;
pub mod render;
pub mod requirements;
pub mod rgpd;
pub mod text;
pub mod ui;
pub mod yaml;
