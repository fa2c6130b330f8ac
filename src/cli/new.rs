//! `mirai-kit new`: answers, rendering, then writing, all or nothing.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value};

use super::Exit;
use crate::answers::{self, Given, ResolveError};
use crate::apply;
use crate::git::FirstCommit;
use crate::kit::{Kit, KitFiles};
use crate::render;
use crate::text::{Lang, Problem};
use crate::ui;

/// Arguments of `new`.
#[derive(Debug, Args)]
pub struct New {
    /// Dossier à créer (ou `.` dans un clone vide) ; aussi le nom par défaut
    #[arg(value_name = "NOM")]
    name: String,
    /// Dossier où le créer
    #[arg(long, short, value_name = "DOSSIER")]
    output: Option<PathBuf>,
    /// Prend les valeurs par défaut au lieu de demander
    #[arg(long)]
    defaults: bool,
    /// Fichier de réponses (YAML)
    #[arg(long, value_name = "FICHIER")]
    answers: Option<PathBuf>,
    /// Une réponse, en YAML ; `s3.bucket=x` pour un champ
    #[arg(long, value_name = "CLÉ=VALEUR")]
    set: Vec<String>,
    /// Kit à utiliser au lieu de celui du programme (dossier)
    #[arg(long, value_name = "DOSSIER")]
    kit: Option<PathBuf>,
    /// Montre ce qui serait écrit, sans écrire
    #[arg(long)]
    dry_run: bool,
    /// Sans dépôt git ni premier commit
    #[arg(long)]
    no_git: bool,
}

impl New {
    pub(super) fn run(self, lang: Lang) -> Exit {
        match self.attempt() {
            Ok(()) => Exit::Done,
            Err((exit, problems)) => {
                ui::report(&problems, lang);
                exit
            }
        }
    }

    fn attempt(self) -> Result<(), (Exit, Vec<Problem>)> {
        let invalid = |problems| (Exit::Invalid, problems);
        let kit = match &self.kit {
            None => Kit::embedded(),
            Some(folder) => KitFiles::from_folder(folder).map_err(|p| vec![p]).and_then(Kit::load),
        }
        .map_err(invalid)?;
        let mut given = Given::default();
        let mut problems = Vec::new();
        if let Some(path) = &self.answers {
            let name = path.display().to_string();
            match std::fs::read_to_string(path) {
                Ok(text) => problems.extend(given.read_file(&name, &text).err()),
                Err(error) => problems.push(Problem::new(name, crate::text!("lecture impossible : {error}", "cannot be read: {error}"))),
            }
        }
        problems.extend(self.set.iter().filter_map(|flag| given.set(flag).err()));
        if !problems.is_empty() {
            return Err(invalid(problems));
        }
        let mut ambient = Map::new();
        ambient.insert("argument".into(), Value::String(self.name.clone()));
        ambient.insert("aujourdhui".into(), Value::String("2026-11-22".into()));
        let options = answers::Options { ambient, defaults: self.defaults, prompter: None };
        let answers = answers::resolve(&kit, &given, options).map_err(|error| match error {
            ResolveError::Invalid(problems) => (Exit::Invalid, problems),
            ResolveError::Prompt(_) => (Exit::Interrupted, Vec::new()),
        })?;
        let tree = render::render(&kit, &answers.values).map_err(invalid)?;
        let target = self.output.unwrap_or_default().join(&self.name);
        if self.dry_run {
            for (path, _) in tree.files() {
                ui::data(&format!("{path}\n"));
            }
            return Ok(());
        }
        let first = FirstCommit { message: "Création".into(), identity: None, time: None };
        let options = apply::Options { git: (!self.no_git).then_some(&first), ..apply::Options::default() };
        apply::create(&target, &tree, &options).map(drop).map_err(|e| (Exit::Failure, vec![Problem::new("", crate::text!("{e}", "{e}"))]))
    }
}
