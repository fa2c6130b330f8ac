//! `mirai-kit db status`: the database of each environment as git says it and, given a kubeconfig, as the cluster has it.

use std::path::PathBuf;

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::super::define::{base, form, is_json, option};
use super::super::requirements::pretty;
use super::super::{Exit, Failed, prepared};
use super::live;
use crate::deploy::database::{self, Database};
use crate::deploy::{DeployError, Depot, Project};
use crate::text;
use crate::text::{Lang, Problem, Text};
use crate::ui;

pub(super) const NAME: &str = "status";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new(
        "Montre la génération de la base, ce qui la menace et, sur le cluster, son état",
        "Shows the database's generation, what threatens it and, on the cluster, its state",
    );
    let file = Text::new("FICHIER", "FILE");
    let path = |id, help: &Text| option(id, lang, &file, help).value_parser(clap::value_parser!(PathBuf));
    prepared::folder(base(NAME, lang, &about), lang)
        .arg(super::environment(lang).help(Text::new("Environnement (par défaut : tous)", "Environment (default: all)").get(lang).to_owned()))
        .arg(path(
            "kubeconfig",
            &Text::new("Regarde aussi le cluster de ce kubeconfig, par kubectl", "Looks at the cluster of this kubeconfig too, by kubectl"),
        ))
        .arg(option(
            "namespace",
            lang,
            &Text::new("ESPACE", "NAMESPACE"),
            &Text::new("Espace de noms (par défaut : celui du kubeconfig)", "Namespace (default: the kubeconfig's)"),
        ))
        .arg(path("kubectl", &Text::new("Programme kubectl (par défaut : celui du PATH)", "kubectl program (default: the one of the PATH)")))
        .arg(form(lang))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let project = prepared::open(arguments)?;
    let environments = match arguments.get_one::<String>("env") {
        Some(environment) => vec![environment.clone()],
        None => project.environments(),
    };
    let live = match arguments.get_one::<PathBuf>("kubeconfig") {
        Some(kubeconfig) => {
            let namespace = arguments.get_one::<String>("namespace").map(String::as_str);
            Some(live::Live::read(kubeconfig, namespace, arguments.get_one::<PathBuf>("kubectl").map(PathBuf::as_path))?)
        }
        None => None,
    };
    let (mut text, mut rows, mut problems) = (String::new(), Vec::new(), Vec::new());
    for environment in &environments {
        for database in database::databases(&project, environment).map_err(prepared::refused)? {
            let row = Row { environment, database: &database, live: live.as_ref(), lang };
            problems.extend(row.problems());
            text.push_str(&row.text());
            rows.push(row.json());
        }
    }
    if rows.is_empty() {
        return Err(prepared::refused(DeployError::Refused(vec![none(&project)])));
    }
    let shown = if is_json(arguments) { pretty(&json!({"format": "mirai-kit/db-status/v1", "databases": rows})) } else { Ok(text) };
    shown.and_then(|shown| ui::data(&shown)).map_err(|p| (Exit::Failure, vec![p]))?;
    prepared::tell_absent(&project, lang);
    ui::report(&problems, lang);
    Ok(if problems.is_empty() { Exit::Done } else { Exit::NonConforming })
}

fn none(project: &Project) -> Problem {
    let at = project.depots.first().map(Depot::shown).unwrap_or_default();
    Problem::new(at, Text::new("ce projet n'a pas de base de données", "this project has no database")).hint(Text::new(
        "la base est dans le dépôt ou le dossier `postgres` : lancez depuis le projet entier",
        "the database is in the `postgres` repository or folder: run from the whole project",
    ))
}

struct Row<'a> {
    environment: &'a str,
    database: &'a Database,
    live: Option<&'a live::Live>,
    lang: Lang,
}

impl Row<'_> {
    fn cluster(&self) -> String {
        self.database.state().map(crate::deploy::generation::State::cluster).unwrap_or_default()
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = self.database.problems.clone();
        if let Some(live) = self.live {
            problems.extend(live.problem(&self.cluster()));
        }
        problems
    }

    fn text(&self) -> String {
        let Some(state) = self.database.state() else { return String::new() };
        let (environment, cluster, generation, file) = (self.environment, self.cluster(), state.generation, &self.database.file);
        let mut lines =
            vec![text!("{environment} : {cluster} (génération {generation}), {file}", "{environment}: {cluster} (generation {generation}), {file}")];
        if let Some(recovery) = &state.recovery {
            let from = crate::deploy::generation::cluster(&state.name, recovery.from);
            let instant = &recovery.instant;
            lines.push(if instant.is_empty() {
                text!("  restaurée depuis {from}, jusqu'au dernier journal archivé", "  restored from {from}, up to the last archived log")
            } else {
                text!("  restaurée depuis {from}, arrêtée à {instant}", "  restored from {from}, stopped at {instant}")
            });
        }
        let mut seen = Vec::new();
        for written in &self.database.history {
            let commit = written.commit.clone().unwrap_or_else(|| Text::new("pas encore enregistrée", "not committed yet").get(self.lang).to_owned());
            if seen.last().is_none_or(|(generation, _)| *generation != written.state.generation) {
                seen.push((written.state.generation, commit));
            }
        }
        let all = seen.iter().map(|(generation, commit)| format!("g{generation} ({commit})")).collect::<Vec<_>>().join(", ");
        lines.push(text!("  générations dans git : {all}", "  generations in git: {all}"));
        for gap in &self.database.gaps {
            let (fr, en) = (&gap.fr, &gap.en);
            lines.push(text!("  non évalué : {fr}", "  not evaluated: {en}"));
        }
        lines.push(match self.live {
            None => Text::new("  cluster : non regardé (--kubeconfig)", "  cluster: not looked at (--kubeconfig)"),
            Some(live) => live.line(&cluster),
        });
        lines.iter().map(|line| line.get(self.lang).to_owned() + "\n").collect()
    }

    fn json(&self) -> Value {
        let state = self.database.state();
        let recovery = state.and_then(|s| s.recovery.as_ref()).map(|r| json!({"from": r.from, "instant": r.instant, "source": r.source}));
        let history = self.database.history.iter().map(|w| json!({"generation": w.state.generation, "commit": w.commit}));
        json!({
            "environment": self.environment,
            "file": self.database.file,
            "cluster": self.cluster(),
            "generation": state.map(|s| s.generation),
            "recovery": recovery,
            "history": history.collect::<Vec<_>>(),
            "problems": self.problems().iter().map(|p| json!({"at": p.at, "message": p.what.get(self.lang)})).collect::<Vec<_>>(),
            "not_evaluated": self.database.gaps.iter().map(|g| g.get(self.lang)).collect::<Vec<_>>(),
            "live": self.live.map(|live| live.json(&self.cluster())),
        })
    }
}
