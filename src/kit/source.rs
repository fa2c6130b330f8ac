//! Where a kit's files come from: the program itself, or a folder. Reading is bounded to the kit's folder; symbolic links
//! are refused, since a link was how templates leaked files of their user's machine (copier CVE-2026-23968).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use crate::digest::hex;
use crate::text;
use crate::text::{Problem, Text};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates/mirai");

/// Every file of a kit, by its path from the kit's root.
#[derive(Debug, Clone, Default)]
pub struct KitFiles {
    files: BTreeMap<String, Cow<'static, [u8]>>,
}

impl KitFiles {
    /// The files embedded in the program.
    #[must_use]
    pub fn embedded() -> Self {
        let mut files = BTreeMap::new();
        collect_embedded(&EMBEDDED, &mut files);
        Self { files }
    }

    /// Files given in memory (tests, kits fetched from git).
    #[must_use]
    pub fn from_memory(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { files: files.into_iter().map(|(path, bytes)| (path, Cow::Owned(bytes))).collect() }
    }

    /// The files of a folder.
    ///
    /// # Errors
    /// When the folder can't be read, or holds a symbolic link or a special file.
    pub fn from_folder(root: &Path) -> Result<Self, Problem> {
        let mut files = BTreeMap::new();
        collect_folder(root, "", &mut files)?;
        Ok(Self { files })
    }

    /// The content of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(AsRef::as_ref)
    }

    /// The content of a file, as UTF-8 text.
    ///
    /// # Errors
    /// When the file is missing or is not UTF-8.
    pub fn text(&self, path: &str) -> Result<&str, Problem> {
        let bytes = self.get(path).ok_or_else(|| Problem::new(path, Text::new("fichier absent du kit", "file missing from the kit")))?;
        std::str::from_utf8(bytes).map_err(|_| Problem::new(path, Text::new("le fichier n'est pas en UTF-8", "the file is not UTF-8")))
    }

    /// Paths that are a file equal to `prefix`, or below it, in order.
    pub fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.files
            .range(prefix.to_owned()..)
            .map(|(path, _)| path.as_str())
            .take_while(move |path| path.starts_with(prefix))
            .filter(move |path| path.len() == prefix.len() || path.as_bytes().get(prefix.len()) == Some(&b'/'))
    }

    /// Every path, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// SHA-256 of the kit's content, in hexadecimal: what `.mirai-kit.yaml` records as the commit of an embedded kit.
    #[must_use]
    pub fn content_hash(&self) -> String {
        let mut hash = Sha256::new();
        for (path, bytes) in &self.files {
            hash.update((path.len() as u64).to_le_bytes());
            hash.update(path);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        hex(&hash.finalize())
    }
}

fn collect_embedded(dir: &'static Dir<'static>, files: &mut BTreeMap<String, Cow<'static, [u8]>>) {
    for file in dir.files() {
        // include_dir keeps the separators of the machine that built the program.
        let path = file.path().to_string_lossy().replace('\\', "/");
        files.insert(path, Cow::Borrowed(file.contents()));
    }
    for sub in dir.dirs() {
        collect_embedded(sub, files);
    }
}

fn collect_folder(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Cow<'static, [u8]>>) -> Result<(), Problem> {
    let failed = |path: &Path, error: &std::io::Error| {
        let path = path.display().to_string();
        Problem::new(path, text!("lecture impossible : {error}", "cannot be read: {error}"))
    };
    for entry in std::fs::read_dir(folder).map_err(|e| failed(folder, &e))? {
        let entry = entry.map_err(|e| failed(folder, &e))?;
        let path = entry.path();
        let name = entry.file_name().into_string().map_err(|name| {
            Problem::new(name.to_string_lossy(), Text::new("nom de fichier qui n'est pas en UTF-8", "file name that is not UTF-8"))
        })?;
        let key = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let kind = entry.file_type().map_err(|e| failed(&path, &e))?;
        if kind.is_dir() {
            if key != ".git" {
                collect_folder(&path, &key, files)?;
            }
        } else if kind.is_file() {
            files.insert(key, Cow::Owned(std::fs::read(&path).map_err(|e| failed(&path, &e))?));
        } else {
            return Err(Problem::new(
                path.display().to_string(),
                Text::new(
                    "ni un fichier ni un dossier : lien symbolique ou fichier spécial",
                    "neither a file nor a folder: symbolic link or special file",
                ),
            )
            .hint(Text::new("remplacez-le par une copie du fichier", "replace it with a copy of the file")));
        }
    }
    Ok(())
}
