//! The only writer of the project: staging, durable rename, and the one path type that may reach the disk.

mod relpath;

pub use relpath::{PathError, SafeRelPath};
