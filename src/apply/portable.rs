//! [`Dir`] by paths alone, for systems without `openat`: same rules, without the protection against a folder swapped
//! meanwhile. Each file is synced when written. Compiled everywhere for its tests.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Kind;

/// A folder, by its path.
#[derive(Debug)]
pub struct Dir {
    path: PathBuf,
}

impl Dir {
    /// Opens a folder that the user named.
    pub fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() { Ok(Self { path: path.to_owned() }) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// Opens a folder of this folder, which may not be a link.
    pub fn open_dir(&self, name: &OsStr) -> io::Result<Self> {
        match self.kind(name)? {
            Some(Kind::Folder) => Ok(Self { path: self.path.join(name) }),
            Some(_) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Creates a folder that must not exist.
    #[expect(clippy::disallowed_methods, reason = "apply is the writer")]
    pub fn create_dir(&self, name: &OsStr, _private: bool) -> io::Result<Self> {
        let path = self.path.join(name);
        fs::create_dir(&path)?;
        Ok(Self { path })
    }

    /// Creates a file that must not exist, writes `bytes` and syncs it. There is no executable bit.
    #[expect(clippy::disallowed_methods, reason = "apply is the writer")]
    pub fn create_file(&self, name: &OsStr, bytes: &[u8], _executable: bool) -> io::Result<()> {
        let mut file = File::create_new(self.path.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Opens a file for locking, creating it if needed; with `new`, it must not exist.
    #[expect(clippy::disallowed_methods, reason = "apply is the writer")]
    pub fn open_lock(&self, name: &OsStr, new: bool) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).create_new(new).truncate(false).open(self.path.join(name))
    }

    /// Reads a file whole.
    pub fn read(&self, name: &OsStr) -> io::Result<Vec<u8>> {
        match self.kind(name)? {
            Some(Kind::Symlink) => Err(io::ErrorKind::InvalidInput.into()),
            _ => fs::read(self.path.join(name)),
        }
    }

    /// What stands under a name, if anything.
    pub fn kind(&self, name: &OsStr) -> io::Result<Option<Kind>> {
        match fs::symlink_metadata(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
            Ok(data) if data.is_symlink() => Ok(Some(Kind::Symlink)),
            Ok(data) if data.is_dir() => Ok(Some(Kind::Folder)),
            Ok(data) if data.is_file() => Ok(Some(Kind::File)),
            Ok(_) => Ok(Some(Kind::Other)),
        }
    }

    /// Names below this folder.
    pub fn list(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    /// Renames `name` into `to/new_name`, which must not exist; with `over_empty`, it may be an empty folder.
    #[expect(clippy::disallowed_methods, reason = "apply is the writer")]
    pub fn rename(&self, name: &OsStr, to: &Self, new_name: &OsStr, over_empty: bool) -> io::Result<()> {
        if over_empty && to.kind(new_name)? == Some(Kind::Folder) {
            // Refused unless it is empty. Windows does not rename over a folder.
            to.remove_empty_dir(new_name)?;
        } else if to.kind(new_name)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(self.path.join(name), to.path.join(new_name))
    }

    /// Renames a file over another one of this folder.
    #[expect(clippy::disallowed_methods, reason = "apply is the writer")]
    pub fn rename_over(&self, name: &OsStr, over: &OsStr) -> io::Result<()> {
        fs::rename(self.path.join(name), self.path.join(over))
    }

    /// Gives a file the permissions of another.
    #[expect(clippy::disallowed_methods, reason = "apply is the writer")]
    pub fn copy_file_mode(&self, of: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::set_permissions(self.path.join(to), fs::metadata(self.path.join(of))?.permissions())
    }

    /// Files were synced when written.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "same shape as where it can fail")]
    pub fn sync_file(&self, _name: &OsStr) -> io::Result<()> {
        Ok(())
    }

    /// Removes a file or symbolic link.
    #[expect(clippy::disallowed_methods, reason = "apply is the writer")]
    pub fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Removes an empty folder.
    #[expect(clippy::disallowed_methods, reason = "apply is the writer")]
    pub fn remove_empty_dir(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.path.join(name))
    }

    /// Removes a folder and all that it holds. Absent is fine.
    #[expect(clippy::disallowed_methods, reason = "apply is the writer")]
    pub fn remove_tree(&self, name: &OsStr) -> io::Result<()> {
        match fs::remove_dir_all(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Folders cannot be synced by path: the system does it.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "same shape as where it can fail")]
    pub fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// Files were synced when written.
    pub fn sync_file_system(&self) -> io::Result<()> {
        self.sync()
    }

    /// The same for the same folder, whatever its path: there is one device, and a hash of the resolved path.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.path.canonicalize()?.hash(&mut hasher);
        Ok((0, hasher.finish()))
    }

    /// There are no permission bits to give.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "same shape as where it can fail")]
    pub fn copy_mode(&self, _of: &Self) -> io::Result<()> {
        Ok(())
    }

    /// The path by which it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
