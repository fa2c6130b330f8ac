//! Finds `demarches.yaml` of a project on the disk and reads the files that it names.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Demarches, FILE};
use crate::text;
use crate::text::{Lang, Problem, Text};

/// The steps of a project, with the folder from which their paths start.
#[derive(Debug)]
pub struct Project {
    folder: PathBuf,
    /// The steps.
    pub demarches: Demarches,
}

impl Project {
    /// Opens the project of a folder: the application repository itself, or the folder that holds it as `app/` beside
    /// its infrastructure repositories.
    ///
    /// # Errors
    /// When no `demarches.yaml` is there, or when it is invalid.
    pub fn open(folder: &Path) -> Result<Self, Vec<Problem>> {
        for folder in [folder.to_owned(), folder.join("app")] {
            let path = folder.join(FILE);
            let name = path.display().to_string();
            match std::fs::read_to_string(&path) {
                Ok(content) => return Ok(Self { folder, demarches: Demarches::parse(&name, &content)? }),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(vec![Problem::new(name, text!("lecture impossible : {error}", "cannot be read: {error}"))]),
            }
        }
        let folder = folder.display().to_string();
        let problem = Problem::new(folder, Text::new("pas de `demarches.yaml` dans ce dossier", "no `demarches.yaml` in this folder"));
        Err(vec![problem.hint(Text::new(
            "placez-vous dans le dépôt de l'application écrit par `mirai-kit new`",
            "go to the application repository that `mirai-kit new` wrote",
        ))])
    }

    /// Reads one file that the steps name; none when it is not there.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn read(&self, file: &str) -> Result<Option<String>, Problem> {
        match std::fs::read(self.folder.join(file)) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Problem::new(file, text!("lecture impossible : {error}", "cannot be read: {error}"))),
        }
    }

    /// What `mirai-kit next` prints.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn next_page(&self, lang: Lang) -> Result<String, Problem> {
        let undone = self.demarches.undone(&|file| self.read(file))?;
        Ok(super::page(&undone, self.demarches.steps.len(), lang))
    }
}
