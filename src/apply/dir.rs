//! A folder held open, and what is done below it by name. Every call is relative to the open folder and none follows a
//! symbolic link (`openat` + `O_NOFOLLOW`, `O_EXCL`), so that nobody can divert a write by swapping a folder meanwhile.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};

use super::Kind;

/// A folder held open. `path` serves messages, and libgit2, which knows paths only.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Dir {
    /// Opens a folder that the user named: this path, and it alone, may go through symbolic links.
    pub fn open(path: &Path) -> io::Result<Self> {
        let fd = rustix::fs::open(path, FOLDER, Mode::empty())?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Opens a folder of this folder.
    pub fn open_dir(&self, name: &OsStr) -> io::Result<Self> {
        let fd = rustix::fs::openat(&self.fd, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Self { fd, path: self.path.join(name) })
    }

    /// Creates a folder that must not exist, and opens it. `private`: for its owner alone, else as the umask says.
    pub fn create_dir(&self, name: &OsStr, private: bool) -> io::Result<Self> {
        let mode = Mode::from_raw_mode(if private { 0o700 } else { 0o777 });
        rustix::fs::mkdirat(&self.fd, name, mode)?;
        self.open_dir(name).inspect_err(|_| {
            let _ = self.remove_empty_dir(name);
        })
    }

    /// Creates a file that must not exist and writes `bytes`. Modes 0666 or 0777 less the umask, as git and cp do.
    pub fn create_file(&self, name: &OsStr, bytes: &[u8], executable: bool) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if executable { 0o777 } else { 0o666 });
        let mut file = File::from(rustix::fs::openat(&self.fd, name, flags, mode)?);
        file.write_all(bytes)?;
        #[cfg(not(target_os = "linux"))]
        file.sync_all()?;
        Ok(())
    }

    /// Opens a file for locking, creating it if needed; with `new`, it must not exist.
    pub fn open_lock(&self, name: &OsStr, new: bool) -> io::Result<File> {
        let exclusive = if new { OFlags::EXCL } else { OFlags::empty() };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | exclusive;
        Ok(File::from(rustix::fs::openat(&self.fd, name, flags, Mode::from_raw_mode(0o600))?))
    }

    /// Reads a file whole.
    pub fn read(&self, name: &OsStr) -> io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&self.fd, name, flags, Mode::empty())?);
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut file, &mut bytes)?;
        Ok(bytes)
    }

    /// What stands under a name, if anything.
    pub fn kind(&self, name: &OsStr) -> io::Result<Option<Kind>> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(kind(FileType::from_raw_mode(stat.st_mode)))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Names below this folder.
    pub fn list(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name.to_vec()));
            }
        }
        Ok(names)
    }

    /// Renames `name` into `to/new_name`, which must not exist; with `over_empty`, it may be an empty folder.
    pub fn rename(&self, name: &OsStr, to: &Self, new_name: &OsStr, over_empty: bool) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_vendor = "apple"))]
        if !over_empty {
            use rustix::io::Errno;
            match rustix::fs::renameat_with(&self.fd, name, &to.fd, new_name, rustix::fs::RenameFlags::NOREPLACE) {
                // This file system, or this kernel, does not know the flag.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                other => return Ok(other?),
            }
        }
        // Without the flag, the system itself refuses to replace anything but an empty folder when a folder is renamed.
        if !over_empty && to.kind(new_name)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(rustix::fs::renameat(&self.fd, name, &to.fd, new_name)?)
    }

    /// Renames a file over another one of this folder.
    pub fn rename_over(&self, name: &OsStr, over: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, name, &self.fd, over)?)
    }

    /// Gives a file the permissions of another.
    pub fn copy_file_mode(&self, of: &OsStr, to: &OsStr) -> io::Result<()> {
        let mode = Mode::from_raw_mode(rustix::fs::statat(&self.fd, of, AtFlags::SYMLINK_NOFOLLOW)?.st_mode & 0o7777);
        Ok(rustix::fs::fchmod(self.open_file(to)?, mode)?)
    }

    /// Makes a file durable.
    pub fn sync_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::fsync(self.open_file(name)?)?)
    }

    fn open_file(&self, name: &OsStr) -> io::Result<OwnedFd> {
        Ok(rustix::fs::openat(&self.fd, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?)
    }

    /// Removes a file or symbolic link.
    pub fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Removes an empty folder.
    pub fn remove_empty_dir(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)?)
    }

    /// Removes a folder and all that it holds. Absent is fine.
    pub fn remove_tree(&self, name: &OsStr) -> io::Result<()> {
        let dir = match self.open_dir(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        for entry in rustix::fs::Dir::read_from(&dir.fd)?.collect::<Result<Vec<_>, _>>()? {
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let folder = match entry.file_type() {
                FileType::Unknown => dir.kind(name)? == Some(Kind::Folder),
                file_type => file_type == FileType::Directory,
            };
            if folder { dir.remove_tree(name)? } else { dir.remove_file(name)? }
        }
        drop(dir);
        self.remove_empty_dir(name)
    }

    /// Makes the names of this folder durable.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.fd)?)
    }

    /// Makes all that was written on this folder's file system durable. Where that does not exist, files were synced
    /// one by one when written and there is nothing left to do but folders' names.
    pub fn sync_file_system(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        return Ok(rustix::fs::syncfs(&self.fd)?);
        #[cfg(not(target_os = "linux"))]
        self.sync()
    }

    /// Device and number: the same for the same folder, whatever its path.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        let metadata = rustix::fs::fstat(&self.fd)?;
        Ok((metadata.st_dev, metadata.st_ino))
    }

    /// Gives this folder the permissions of another.
    pub fn copy_mode(&self, of: &Self) -> io::Result<()> {
        let mode = Mode::from_raw_mode(rustix::fs::fstat(&of.fd)?.st_mode & 0o7777);
        Ok(rustix::fs::fchmod(&self.fd, mode)?)
    }

    /// The path by which it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn kind(file_type: FileType) -> Kind {
    match file_type {
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Symlink,
        FileType::RegularFile => Kind::File,
        _ => Kind::Other,
    }
}
