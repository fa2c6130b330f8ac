//! Where a project keeps its description, and how what it should hold compares with what stands on the disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::apply::{Change, SafeRelPath};
use crate::cli::new::read_text;
use crate::cli::{Exit, Failed, translate};
use crate::digest::sha256;
use crate::render::MANIFEST_NAME;
use crate::rgpd::{self, Rendering, RgpdError, RgpdWarning, Source, Written};
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml;

/// The largest description, in bytes: some hundred times a rich one.
pub(super) const LIMIT: u64 = 4 << 20;
/// The description.
pub(super) const MODEL: &str = "modele.yaml";
/// The one file that the database's own chart needs too.
const ROLES: &str = "sql/000_roles.sql";

/// A project's description, and what was written from it.
pub(super) struct Project {
    /// Folder that every path is relative to.
    pub root: PathBuf,
    /// Folder of the description below it, with a final `/`; empty when it is the root itself.
    pub data: String,
    /// What refusals call the description.
    pub name: String,
    pub text: String,
    written: Option<Written>,
    /// Folder of the database's chart, below the root.
    chart: Option<&'static str>,
}

/// What is to be done with one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Create,
    Replace,
    Same,
    /// Somebody changed it since it was written.
    Edited,
    /// A migration of this version, already written: a database may have applied it.
    Frozen,
}

/// One file, as it should be and as it is.
pub(super) struct Placed {
    pub fate: Fate,
    pub path: String,
    pub before: Option<Vec<u8>>,
    pub after: Vec<u8>,
}

/// The whole of a rendering, against the disk.
pub(super) struct Wanted {
    pub files: Vec<Placed>,
    /// Files written before, that this description no longer makes.
    pub left: Vec<String>,
    pub warnings: Vec<RgpdWarning>,
}

impl Project {
    /// Finds the description below `folder`.
    pub fn open(folder: &Path) -> Result<Self, Failed> {
        let places = ["donnees/", "app/donnees/", ""];
        let Some(data) = places.iter().find(|data| folder.join(data).join(MODEL).is_file()) else {
            let what = Text::new("aucune description des données (modele.yaml)", "no description of the data (modele.yaml)");
            let hint = Text::new(
                "donnez le dossier du projet, ou commencez par `mirai-kit rgpd init` ou `mirai-kit rgpd import`",
                "give the project's folder, or start with `mirai-kit rgpd init` or `mirai-kit rgpd import`",
            );
            return Err((Exit::Invalid, vec![Problem::new(folder.display().to_string(), what).hint(hint)]));
        };
        let name = format!("{data}{MODEL}");
        let text = read_text(&folder.join(&name), LIMIT).map_err(super::failure)?;
        let chart = ["infra/postgres", "infra-postgres"].into_iter().find(|chart| folder.join(chart).join("Chart.yaml").is_file());
        let mut project = Self { root: folder.to_owned(), data: (*data).to_owned(), name, text, written: None, chart };
        project.written = project.known()?;
        Ok(project)
    }

    /// What was written last time: `rendu.yaml`, else what the generation of the project recorded.
    fn known(&self) -> Result<Option<Written>, Failed> {
        let own = self.root.join(&self.data).join(rgpd::WRITTEN_NAME);
        if own.is_file() {
            let text = read_text(&own, LIMIT).map_err(super::failure)?;
            return Written::read(&own.display().to_string(), &text).map(Some).map_err(|p| super::invalid(vec![p]));
        }
        let Some(base) = self.data.strip_suffix("donnees/") else { return Ok(None) };
        let manifest = self.root.join(base).join(MANIFEST_NAME);
        if !manifest.is_file() {
            return Ok(None);
        }
        let text = read_text(&manifest, LIMIT).map_err(super::failure)?;
        let node: yaml::Node = yaml::parse(&manifest.display().to_string(), &text).map_err(|p| super::invalid(vec![p]))?;
        let mut written = Written::default();
        for (path, entry) in node.value().get("fichiers").and_then(serde_json::Value::as_object).into_iter().flatten() {
            let sum = entry.get("sha256").and_then(serde_json::Value::as_str);
            if let (Some(path), Some(sum)) = (path.strip_prefix("donnees/").filter(|p| *p != MODEL && *p != "README.md"), sum) {
                written.add(path, sum);
            }
        }
        Ok(Some(written))
    }

    /// The description of the latest earlier version, and its name.
    pub fn previous(&self) -> Result<Option<(String, String)>, Failed> {
        let rendering = self.rendering()?;
        for version in (1..rendering.version).rev() {
            let name = format!("{}{}", self.data, rgpd::version_path(version));
            let at = self.root.join(&name);
            if at.is_file() {
                return read_text(&at, LIMIT).map(|text| Some((name, text))).map_err(super::failure);
            }
        }
        Ok(None)
    }

    fn rendering(&self) -> Result<Rendering, Failed> {
        rgpd::render_with_warnings(&self.name, &self.text).map_err(refused)
    }

    /// Renders the description, and compares every file with the disk. After a first version, its migrations are those of the
    /// way from the one before.
    pub fn wanted(&self) -> Result<Wanted, Failed> {
        let mut rendering = self.rendering()?;
        if let Some((name, text)) = self.previous()? {
            let plan = rgpd::plan(Source { name: &name, text: &text }, Source { name: &self.name, text: &self.text }).map_err(refused)?;
            rendering.outputs.retain(|o| !o.path.starts_with("migrations/"));
            rendering.outputs.extend(plan.expand);
            if !plan.served {
                rendering.outputs.extend(plan.contract);
            }
            rendering.warnings = plan.warnings;
        }
        let mut contents: Vec<(String, Vec<u8>)> = rendering.outputs.into_iter().map(|o| (o.path, o.content.into_bytes())).collect();
        contents.extend(rendering.binaries);
        contents.retain(|(path, _)| path != MODEL && path != rgpd::WRITTEN_NAME);
        let mut now = Written::of(contents.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())));
        let mut left = Vec::new();
        for path in self.written.iter().flat_map(Written::paths).filter(|path| now.get(path).is_none()).map(str::to_owned).collect::<Vec<_>>() {
            // Migrations and descriptions of earlier versions stay for ever: a new database applies them all.
            let kept = path.starts_with("migrations/") || path.starts_with("versions/");
            match self.written.as_ref().and_then(|w| w.get(&path)) {
                Some(sum) if kept => now.add(&path, sum),
                _ if self.root.join(&self.data).join(&path).is_file() => left.push(format!("{}{path}", self.data)),
                _ => {}
            }
        }
        let mut files = Vec::new();
        for (path, bytes) in contents {
            if path == ROLES
                && let Some(chart) = self.chart
            {
                files.push(self.place(&format!("{chart}/{ROLES}"), &path, bytes.clone())?);
            }
            files.push(self.place(&format!("{}{path}", self.data), &path, bytes)?);
        }
        let record = format!("{}{}", self.data, rgpd::WRITTEN_NAME);
        let before = self.bytes(&record)?;
        let after = now.text().into_bytes();
        let fate = match &before {
            None => Fate::Create,
            Some(before) if *before == after => Fate::Same,
            Some(_) => Fate::Replace,
        };
        files.push(Placed { fate, path: record, before, after });
        Ok(Wanted { files, left, warnings: rendering.warnings })
    }

    /// Compares one file: `path` below the root, known as `key` in what was written.
    fn place(&self, path: &str, key: &str, after: Vec<u8>) -> Result<Placed, Failed> {
        let before = self.bytes(path)?;
        let fate = match &before {
            None => Fate::Create,
            Some(before) if *before == after => Fate::Same,
            Some(before) if self.written.as_ref().and_then(|w| w.get(key)) != Some(sha256(before).as_str()) => Fate::Edited,
            Some(_) if key.starts_with("migrations/") => Fate::Frozen,
            Some(_) => Fate::Replace,
        };
        Ok(Placed { fate, path: path.to_owned(), before, after })
    }

    fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, Failed> {
        let at = self.root.join(path);
        match std::fs::read(&at) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(super::failure(translate::unreadable(at.display().to_string(), &error))),
        }
    }
}

fn refused(errors: Vec<RgpdError>) -> Failed {
    super::invalid(errors.into_iter().map(Into::into).collect())
}

impl Wanted {
    /// What stands in the way: nothing is written then, unless forced.
    pub fn problems(&self) -> Vec<Problem> {
        let problem = |placed: &Placed| {
            let (what, hint) = match placed.fate {
                Fate::Edited => (
                    Text::new("retouché à la main depuis qu'il a été écrit", "edited since it was written"),
                    Text::new(
                        "reportez la retouche dans modele.yaml, ou remettez le fichier (git checkout) ; --force l'écrase",
                        "carry the edit to modele.yaml, or restore the file (git checkout); --force overwrites it",
                    ),
                ),
                Fate::Frozen => (
                    Text::new(
                        "la description change cette migration, qu'une base a pu appliquer",
                        "the description changes this migration, which a database may have applied",
                    ),
                    Text::new(
                        "augmentez `modele.version` (l'ancienne dans `coexiste_avec`) ; si aucune base ne l'a appliquée, --force la récrit",
                        "raise `modele.version` (the former one in `coexiste_avec`); when no database has applied it, --force writes it again",
                    ),
                ),
                _ => return None,
            };
            Some(Problem::new(placed.path.clone(), what).hint(hint))
        };
        self.files.iter().filter_map(problem).collect()
    }

    /// The files to write.
    pub fn changes(&self) -> Result<Vec<Change>, Failed> {
        let change = |placed: &Placed| {
            let path = SafeRelPath::new(placed.path.clone())
                .map_err(|e| super::failure(Problem::new(placed.path.clone(), text!("chemin refusé : {e}", "path refused: {e}"))))?;
            Ok(Change { path, before: placed.before.clone(), after: placed.after.clone() })
        };
        self.files.iter().filter(|f| f.fate != Fate::Same).map(change).collect()
    }
}
