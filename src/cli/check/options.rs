//! The arguments of `check`, and the rules of their combinations.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::check::baseline::Baseline;
use crate::check::catalog::{self, Severity};
use crate::check::report::FORMATS;
use crate::check::repository::extension;
use crate::check::status::Status;
use crate::check::verdict::{FailOn, Selection};
use crate::cli::clock::Now;
use crate::cli::define::{base, flag, option, positional};
use crate::cli::new::read_text;
use crate::cli::{Exit, Failed};
use crate::kit::Kit;
use crate::requirements::{Level, List, Lists};
use crate::text;
use crate::text::{Lang, Problem, Text};

/// The largest list, baseline or rendered stream that is read, in bytes.
const LIMIT: u64 = 16 << 20;

/// The command, in one language.
pub(in crate::cli) fn command(lang: Lang) -> Command {
    let file = Text::new("FICHIER", "FILE");
    let path = |arg: Arg| arg.value_parser(clap::value_parser!(PathBuf));
    let paths = Text::new("Dossiers à vérifier (par défaut : le dossier courant)", "Folders to check (default: the current folder)");
    let many = |id, value: &Text, help: &Text| option(id, lang, value, help).action(ArgAction::Append);
    let command = base(super::NAME, lang, &Text::new("Vérifie des dépôts, exigence par exigence", "Checks repositories, requirement by requirement"))
        .arg(path(positional("path", lang, &Text::new("DOSSIER", "DIR"), &paths).required(false).action(ArgAction::Append).num_args(0..)))
        .arg(many(
            "list",
            &Text::new("LISTE", "LIST"),
            &Text::new(
                "Liste à vérifier, répétable : un nom (pi-native@2024-05-27) remplace les listes par défaut, un fichier .yaml s'y ajoute",
                "List to check, repeatable: a name (pi-native@2024-05-27) replaces the default lists, a .yaml file is added to them",
            ),
        ))
        .arg(
            option(
                "level",
                lang,
                &Text::new("NIVEAU", "LEVEL"),
                &Text::new("Les exigences de ce niveau seulement : P ou I", "Requirements of this level alone: P or I"),
            )
            .value_parser(["P", "I"])
            .ignore_case(true),
        )
        .arg(option(
            "env",
            lang,
            &Text::new("NOM", "NAME"),
            &Text::new("N'évalue que cet environnement (values-NOM.yaml)", "Evaluates this environment alone (values-NAME.yaml)"),
        ))
        .arg(option("format", lang, &Text::new("FORME", "FORMAT"), &forms()).default_value("text").value_parser(FORMATS))
        .arg(
            many(
                "fail_on",
                &Text::new("QUOI", "WHAT"),
                &Text::new(
                    "Ce qui donne le code 5, répétable : error (défaut), warning, never, ou des statuts (failed, partial, to-attest, not-evaluated)",
                    "What gives exit code 5, repeatable: error (default), warning, never, or statuses (failed, partial, to-attest, not-evaluated)",
                ),
            )
            .value_delimiter(',')
            .value_parser(["error", "warning", "never", "failed", "partial", "to-attest", "not-evaluated"]),
        )
        .arg(path(option(
            "baseline",
            lang,
            &file,
            &Text::new("Constats déjà connus : seuls les nouveaux donnent le code 5", "Findings already known: new ones alone give exit code 5"),
        )))
        .arg(path(option(
            "write_baseline",
            lang,
            &file,
            &Text::new("Écrit les constats actuels dans ce fichier, pour --baseline", "Writes the current findings to this file, for --baseline"),
        )))
        .arg(flag(
            "ready",
            lang,
            &Text::new(
                "Échoue aussi tant qu'une démarche n'est pas faite ou qu'une valeur de production reste à compléter",
                "Fails too as long as an outside step is not done or a value of production is still to complete",
            ),
        ))
        .arg(
            path(option(
                "rendered",
                lang,
                &file,
                &Text::new(
                    "Manifestes déjà rendus, jugés comme ceux d'une production, répétable",
                    "Manifests already rendered, judged as those of a production, repeatable",
                ),
            ))
            .action(ArgAction::Append),
        )
        .arg(path(option(
            "helm",
            lang,
            &Text::new("PROGRAMME", "PROGRAM"),
            &Text::new(
                "Le programme helm qui rend les charts (par défaut : celui du PATH)",
                "The helm program that renders charts (default: that of the PATH)",
            ),
        )))
        .arg(path(option(
            "kubectl",
            lang,
            &Text::new("PROGRAMME", "PROGRAM"),
            &Text::new(
                "Le programme kubectl qui construit les kustomizations (par défaut : celui du PATH)",
                "The kubectl program that builds kustomizations (default: that of the PATH)",
            ),
        )));
    rounds(command, lang)
}

/// What is done besides one verdict.
fn rounds(command: Command, lang: Lang) -> Command {
    command
        .arg(flag(
            "fix",
            lang,
            &Text::new("Propose les réparations sûres, en diff, avant de vérifier", "Offers the safe repairs, as a diff, before checking"),
        ))
        .arg(flag("yes", lang, &Text::new("Avec --fix : écrit sans demander", "With --fix: writes without asking")).requires("fix"))
        .arg(
            flag(
                "force",
                lang,
                &Text::new(
                    "Avec --fix : écrit même si git a des changements non enregistrés",
                    "With --fix: writes even when git has uncommitted changes",
                ),
            )
            .requires("fix"),
        )
        .arg(flag("watch", lang, &Text::new("Vérifie de nouveau à chaque changement, jusqu'à Ctrl-C", "Checks again at each change, until Ctrl-C")))
}

fn forms() -> Text {
    let others = FORMATS[1..].join(", ");
    text!("Forme du rapport : text (défaut), {others}", "Form of the report: text (default), {others}")
}

/// What was asked for.
#[expect(clippy::struct_excessive_bools, reason = "one per flag of the command line")]
pub(super) struct Options {
    pub paths: Vec<PathBuf>,
    pub environment: Option<String>,
    pub format: String,
    pub helm: Option<PathBuf>,
    pub kubectl: Option<PathBuf>,
    pub rendered: Vec<(String, String)>,
    pub selection: Selection,
    /// Nothing fails when absent.
    pub fail_on: Option<FailOn>,
    pub baseline: Option<Baseline>,
    pub write_baseline: Option<PathBuf>,
    pub ready: bool,
    pub fix: bool,
    pub yes: bool,
    pub force: bool,
    pub watch: bool,
    pub today: String,
    /// Files that the command line names, and that the verdict depends on.
    pub named: Vec<PathBuf>,
    /// As typed.
    asked: Vec<String>,
}

impl Options {
    /// Reads the arguments, and the files that they name.
    pub fn read(arguments: &ArgMatches) -> Result<Self, Failed> {
        let usage = |problem| (Exit::Usage, vec![problem]);
        let texts = |id: &str| arguments.get_many::<String>(id).into_iter().flatten().cloned().collect::<Vec<_>>();
        let paths = |id: &str| arguments.get_many::<PathBuf>(id).into_iter().flatten().cloned().collect::<Vec<_>>();
        let path = |id: &str| arguments.get_one::<PathBuf>(id).cloned();
        let mut folders = paths("path");
        if folders.is_empty() {
            folders.push(PathBuf::from("."));
        }
        let mut rendered = Vec::new();
        for file in paths("rendered") {
            let content = read_text(&file, LIMIT).map_err(|p| (Exit::Failure, vec![p]))?;
            rendered.push((file.display().to_string(), content));
        }
        if !rendered.is_empty() && folders.len() > 1 {
            let what = Text::new("--rendered ne va qu'avec un seul dossier", "--rendered goes with one folder alone");
            return Err(usage(Problem::new("--rendered", what)));
        }
        let baseline = match path("baseline") {
            None => None,
            Some(file) => {
                let read = read_text(&file, LIMIT).and_then(|text| Baseline::parse(&file.display().to_string(), &text));
                Some(read.map_err(|p| (Exit::Invalid, vec![p]))?)
            }
        };
        let watch = arguments.get_flag("watch");
        if watch && arguments.get_one::<String>("format").is_some_and(|f| f != "text") {
            let what = Text::new("--watch ne va qu'avec --format text", "--watch goes with --format text alone");
            return Err(usage(Problem::new("--watch", what)));
        }
        let level = arguments.get_one::<String>("level").map(|l| if l.eq_ignore_ascii_case("p") { Level::P } else { Level::I });
        let asked = texts("list");
        let lists = asked.iter().filter(|typed| is_file(typed)).map(PathBuf::from);
        let named = lists.chain(paths("rendered")).chain(path("baseline")).collect();
        let now = Now::read(std::env::var("SOURCE_DATE_EPOCH").ok().as_deref()).map_err(usage)?;
        Ok(Self {
            paths: folders,
            environment: arguments.get_one::<String>("env").cloned(),
            format: arguments.get_one::<String>("format").cloned().unwrap_or_else(|| "text".to_owned()),
            helm: super::program("helm", path("helm").as_deref()),
            kubectl: super::program("kubectl", path("kubectl").as_deref()),
            rendered,
            selection: Selection { lists: Vec::new(), level },
            fail_on: fail_on(&texts("fail_on")).map_err(usage)?,
            baseline,
            write_baseline: path("write_baseline"),
            ready: arguments.get_flag("ready"),
            fix: arguments.get_flag("fix"),
            yes: arguments.get_flag("yes"),
            force: arguments.get_flag("force"),
            watch,
            today: now.day(),
            named,
            asked,
        })
    }

    /// The lists of the kit and those of the command line, and which of them are asked for.
    pub fn lists(&mut self, kit: &Kit) -> Result<Lists, Vec<Problem>> {
        let mut texts = Vec::new();
        for file in self.asked.iter().filter(|typed| is_file(typed)) {
            texts.push((file.clone(), read_text(&PathBuf::from(file), LIMIT).map_err(|p| vec![p])?));
        }
        let borrowed: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let lists = Lists::load_with(&kit.files, &borrowed)?;
        let own: Vec<&List> = lists.iter().skip(lists.iter().count() - texts.len()).collect();
        for (list, (file, _)) in own.iter().zip(&texts) {
            unknown_rules(list, file)?;
        }
        let mut named: Vec<String> = Vec::new();
        for typed in self.asked.iter().filter(|typed| !is_file(typed)) {
            named.push(lists.find_list(typed).map_err(|p| vec![p])?.name());
        }
        if named.is_empty() {
            named.extend(lists.iter().filter(|l| l.default).map(List::name));
        }
        named.extend(own.iter().map(|l| l.name()));
        self.selection.lists = named;
        Ok(lists)
    }
}

/// Whether a list is given by its file rather than by its name.
fn is_file(typed: &str) -> bool {
    matches!(extension(typed), "yaml" | "yml") || typed.contains(['/', '\\'])
}

/// A facet of a team's list may name rules: those that exist.
fn unknown_rules(list: &List, file: &str) -> Result<(), Vec<Problem>> {
    let facets = list.requirements.iter().flat_map(|row| row.facets.iter().map(move |facet| (row, facet)));
    let problems: Vec<Problem> = facets
        .flat_map(|(row, facet)| facet.rules.iter().filter(|r| catalog::rule(r).is_none()).map(move |rule| (row.key(), &facet.id, rule)))
        .map(|(row, facet, rule)| {
            Problem::new(file, text!("{row}, facette {facet} : règle inconnue {rule:?}", "{row}, facet {facet}: unknown rule {rule:?}"))
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn fail_on(asked: &[String]) -> Result<Option<FailOn>, Problem> {
    if asked.is_empty() {
        return Ok(Some(FailOn::default()));
    }
    if asked.iter().any(|a| a == "never") {
        let what = Text::new("`never` ne va avec rien d'autre", "`never` goes with nothing else");
        return if asked.len() == 1 { Ok(None) } else { Err(Problem::new("--fail-on", what)) };
    }
    let mut on = FailOn { severities: BTreeSet::new(), statuses: BTreeSet::new() };
    for what in asked {
        match what.as_str() {
            "error" => on.severities.extend([Severity::Error]),
            "warning" => on.severities.extend([Severity::Error, Severity::Warning]),
            status => on.statuses.extend(Status::ALL.into_iter().filter(|s| s.id() == status)),
        }
    }
    Ok(Some(on))
}
