//! `rendu.yaml`: the checksums of what was written from a description, so that the next rendering tells a file of its own
//! from one that somebody edited, and never touches a migration that a database may have applied.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use crate::digest::sha256;
use crate::text::{Problem, Text};
use crate::{text, yaml};

/// Its name, beside the description.
pub const NAME: &str = "rendu.yaml";

const FORMAT: &str = "mirai-kit/rgpd-rendu/v1";

/// The files of a rendering, by path, with their checksum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written(BTreeMap<String, String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    fichiers: BTreeMap<String, String>,
}

impl Written {
    /// That of these files; the description is the team's, and no file holds its own checksum.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let ours = |path: &str| path != "modele.yaml" && path != NAME;
        Self(files.into_iter().filter(|(path, _)| ours(path)).map(|(path, bytes)| (path.to_owned(), sha256(bytes))).collect())
    }

    /// Reads one.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(name: &str, text: &str) -> Result<Self, Problem> {
        let document: Document = yaml::parse(name, text)?;
        if document.format != FORMAT {
            let format = document.format;
            return Err(Problem::new(name, text!("format inconnu : {format:?}", "unknown format: {format:?}"))
                .hint(Text::new("prenez la version de mirai-kit qui l'a écrit", "use the version of mirai-kit that wrote it")));
        }
        Ok(Self(document.fichiers))
    }

    /// The checksum of a file, when it was written.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Adds a file.
    pub fn add(&mut self, path: &str, sum: &str) {
        self.0.insert(path.to_owned(), sum.to_owned());
    }

    /// The document.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!(
            "# Écrit par mirai-kit : empreinte de chaque fichier rendu depuis modele.yaml. Une retouche à la main s'y voit.\nformat: {FORMAT}\nfichiers:\n"
        );
        for (path, sum) in &self.0 {
            // Paths are made of identifiers of the contract; writing to a String cannot fail.
            let _ = writeln!(out, "  \"{path}\": \"{sum}\"");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Written;

    #[test]
    fn what_is_written_reads_back() {
        let files: [(&str, &[u8]); 3] = [("modele.yaml", b"x"), ("migrations/100_base.sql", b"y"), ("rendu.yaml", b"z")];
        let written = Written::of(files);
        assert_eq!(written.paths().collect::<Vec<_>>(), ["migrations/100_base.sql"]);
        assert_eq!(Written::read("rendu.yaml", &written.text()).unwrap(), written);
        assert!(Written::read("rendu.yaml", "format: autre/v1\nfichiers: {}\n").is_err());
    }
}
