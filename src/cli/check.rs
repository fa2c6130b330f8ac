//! `mirai-kit check`: the verdict on folders that nobody vouches for, as text, JSON or SARIF.

use std::path::{Path, PathBuf};

use clap::{ArgAction, ArgMatches, Command};

use super::define::{base, option, positional};
use super::{Exit, Failed};
use crate::check::catalog::Severity;
use crate::check::report::{self, FORMATS, Style, Verdict};
use crate::check::{helm, judge, status};
use crate::kit::Kit;
use crate::text::{Lang, Problem, Text};
use crate::ui;

/// Name of the command.
pub(super) const NAME: &str = "check";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new("Vérifie des dépôts, exigence par exigence", "Checks repositories, requirement by requirement");
    let paths = Text::new("Dossiers à vérifier (par défaut : le dossier courant)", "Folders to check (default: the current folder)");
    let environment = Text::new("N'évalue que cet environnement (values-NOM.yaml)", "Evaluates this environment alone (values-NAME.yaml)");
    let format = Text::new("Forme du rapport : text (défaut), json ou sarif", "Form of the report: text (default), json or sarif");
    let program = Text::new(
        "Le programme helm qui rend les charts (par défaut : celui du PATH)",
        "The helm program that renders charts (default: that of the PATH)",
    );
    base(NAME, lang, &about)
        .arg(
            positional("path", lang, &Text::new("DOSSIER", "DIR"), &paths)
                .required(false)
                .action(ArgAction::Append)
                .num_args(0..)
                .value_parser(clap::value_parser!(PathBuf)),
        )
        .arg(option("env", lang, &Text::new("NOM", "NAME"), &environment))
        .arg(option("format", lang, &Text::new("FORME", "FORMAT"), &format).default_value("text").value_parser(FORMATS))
        .arg(option("helm", lang, &Text::new("PROGRAMME", "PROGRAM"), &program).value_parser(clap::value_parser!(PathBuf)))
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let mut paths: Vec<&Path> = arguments.get_many::<PathBuf>("path").into_iter().flatten().map(PathBuf::as_path).collect();
    if paths.is_empty() {
        paths.push(Path::new("."));
    }
    let program = match arguments.get_one::<PathBuf>("helm") {
        // helm runs inside each chart: a relative path would then name something else.
        Some(given) => Some(std::path::absolute(given).unwrap_or_else(|_| given.clone())),
        None => helm::find(std::env::var_os("PATH").as_deref()),
    };
    let options = judge::Options { environment: arguments.get_one::<String>("env").map(String::as_str), helm: program.as_deref(), rendered: &[] };
    let kit = Kit::embedded().map_err(|p| (Exit::Failure, p))?;
    let name = arguments.get_one::<String>("format").map_or("text", String::as_str);
    let mut format = report::format(name, Style { lang, line: |text| ui::sanitize::line(text).into_owned() });
    // JSON escapes keep what the terminal must not read.
    let show = |text: String| if name == "text" { ui::data(&text) } else { ui::data(&ui::sanitize::json(&text)) };
    let mut failed = false;
    let mut head = Some(format.head());
    for path in paths {
        let judged = judge::judge(path, options).map_err(|p| (if p.at == "--env" { Exit::Usage } else { Exit::Failure }, vec![p]))?;
        let rows = status::rows(&kit, &judged).map_err(|p| (Exit::Failure, p))?;
        failed |= judged.count(Severity::Error) > 0;
        let verdict = Verdict { path: path.display().to_string(), judged, rows };
        let text = head.take().unwrap_or_default() + &format.folder(&verdict);
        show(text).map_err(failure)?;
    }
    show(format.tail()).map_err(failure)?;
    Ok(if failed { Exit::NonConforming } else { Exit::Done })
}

fn failure(problem: Problem) -> Failed {
    (Exit::Failure, vec![problem])
}
