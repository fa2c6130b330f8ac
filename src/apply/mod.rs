//! The only writer of the project: staging, durable rename, and the one path type that may reach the disk.
//!
//! A project is made ready in a staging folder beside its target, first commits included, made durable, and shown by one
//! rename. Interrupted at any instant, nothing or all of it is there, and the next run sweeps what is left over.

mod create;
#[cfg(unix)]
mod dir;
#[cfg(not(unix))]
#[path = "portable.rs"]
mod dir;
#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, reason = "a test fails by panicking, and prepares its folders")]
mod dir_tests;
mod error;
mod in_place;
mod journal;
mod names;
mod options;
mod place;
#[cfg(all(test, unix))]
mod portable;
mod relpath;
mod replace;
mod staging;
mod update;
mod write;

pub use create::{Report, check_target, create, prepare};
pub use error::{ApplyError, TargetProblem};
pub use options::{Cancel, Options};
pub use relpath::{MAX_PATH_BYTES, PathError, SafeRelPath};
pub use replace::replace;
pub use update::{Change, update};

/// What stands under a name of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Symlink,
    Other,
}
