//! mirai-kit: generates, checks and keeps up to date application skeletons that conform to the CCT Mirai.
//!
//! The library knows nothing of terminals: `cli` and `ui` of the binary's crate root call the rooms below, whose arrows
//! run downwards only (kit, answers → render → plan → apply).

pub mod apply;
pub mod git;
pub mod plan;
pub mod render;
