//! Bounds on what a kit from elsewhere may cost: templates run no code, but a loop that doubles a text sixty times is
//! still a template. The process is ended by the system at the bound; nothing has been written at that point.

/// Address space, in bytes, that rendering a kit from a folder may use: some hundred times what the embedded kit takes.
#[cfg(unix)]
const MEMORY: u64 = 1 << 31;
/// Processor time, in seconds, that the whole command may use then.
#[cfg(unix)]
const SECONDS: u64 = 60;

/// Bounds this process, where the system knows how.
#[cfg(unix)]
pub(super) fn bound() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    for (resource, most) in [(Resource::As, MEMORY), (Resource::Cpu, SECONDS)] {
        let Rlimit { current, maximum } = getrlimit(resource);
        let lowest = [current, maximum, Some(most)].into_iter().flatten().min();
        // A system that refuses keeps its own bounds.
        let _ = setrlimit(resource, Rlimit { current: lowest, maximum });
    }
}

#[cfg(not(unix))]
pub(super) fn bound() {}
