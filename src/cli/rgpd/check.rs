//! `mirai-kit rgpd check`: a live database against the description. What is wrong, or could not be looked at, gives code 5.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{ArgMatches, Command};
use serde_json::{Value, json};

use super::options;
use super::project::Project;
use crate::cli::define::{base, form, is_json};
use crate::cli::requirements::pretty;
use crate::cli::{Exit, Failed};
use crate::rgpd::live::{self, Address, Database, LiveError, LiveReport, Secrets};
use crate::text::{Lang, Text};
use crate::ui::sanitize::line;
use crate::{text, ui};

pub(super) const NAME: &str = "check";

/// Format of the JSON form; its schema is `schemas/rgpd-check.v1.schema.json`.
const FORMAT: &str = "mirai-kit/rgpd-check/v1";

pub(super) fn command(lang: Lang) -> Command {
    let about = Text::new("Vérifie une base vivante contre modele.yaml (lecture seule)", "Checks a live database against modele.yaml (read only)");
    let more = Text::new(
        "Rôle conseillé : celui du délégué (dpo), qui lit les catalogues et des comptes, aucune donnée. Code 5 : un écart, ou une question restée sans réponse.",
        "Role to take: the officer's (dpo), which reads catalogues and counts, no data. Code 5: a finding, or a question without an answer.",
    );
    base(NAME, lang, &about)
        .after_help(more.get(lang).to_owned())
        .arg(options::folder(lang))
        .arg(options::database("db", lang).required(true))
        .arg(form(lang))
}

/// What the environment knows of passwords.
pub(super) fn secrets() -> Secrets {
    let file = std::env::var_os("PGPASSFILE").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pgpass"));
    Secrets { password: std::env::var("PGPASSWORD").ok().filter(|p| !p.is_empty()), file: file.or(home) }
}

pub(super) fn run(arguments: &ArgMatches, lang: Lang) -> Result<Exit, Failed> {
    let project = Project::open(options::folder_of(arguments))?;
    let given = arguments.get_one::<String>("db").map_or("", String::as_str);
    let address = Address::read(given, &secrets()).map_err(|p| (Exit::Usage, vec![p]))?;
    let mut database = Database::connect(&address).map_err(super::failure)?;
    let report = live::inspect(&project.name, &project.text, &mut database).map_err(|error| match error {
        LiveError::Description(errors) => super::invalid(errors.into_iter().map(Into::into).collect()),
        LiveError::Database(problem) => super::failure(problem),
    })?;
    let page = if is_json(arguments) { pretty(&json(&report)).map_err(super::failure)? } else { page(&report, lang) };
    ui::data(&page).map_err(super::failure)?;
    Ok(if report.conforms() { Exit::Done } else { Exit::NonConforming })
}

fn page(report: &LiveReport, lang: Lang) -> String {
    let LiveReport { database, server, role, .. } = report;
    let head = text!("{database} — PostgreSQL {server}, rôle {role}", "{database} — PostgreSQL {server}, role {role}");
    let mut out = format!("{}\n", line(head.get(lang)));
    for finding in &report.findings {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "✗ {} {} — {}{}",
            finding.rule,
            line(finding.title.get(lang)),
            line(&finding.object),
            if finding.detail.get(lang).is_empty() { String::new() } else { format!(" ({})", line(finding.detail.get(lang))) }
        );
    }
    for (rule, why) in &report.unseen {
        let label = Text::new("non évalué", "not evaluated");
        let _ = writeln!(out, "? {rule} {} — {}", label.get(lang), line(why.get(lang)));
    }
    let (findings, unseen, answered) = (report.findings.len(), report.unseen.len(), report.answered);
    let sum = if report.conforms() {
        text!("Conforme : {answered} questions, aucun écart.", "Conforming: {answered} questions, no finding.")
    } else {
        let all = answered + unseen;
        text!("{findings} écarts, {unseen} questions sans réponse sur {all}.", "{findings} findings, {unseen} questions without an answer of {all}.")
    };
    out + sum.get(lang) + "\n"
}

fn json(report: &LiveReport) -> Value {
    json!({
        "format": FORMAT,
        "database": report.database,
        "server": report.server,
        "role": report.role,
        "conforms": report.conforms(),
        "answered": report.answered,
        "findings": report.findings.iter().map(|f| json!({"rule": f.rule, "title": f.title, "object": f.object, "detail": f.detail})).collect::<Vec<_>>(),
        "unseen": report.unseen.iter().map(|(rule, why)| json!({"rule": rule, "why": why})).collect::<Vec<_>>(),
    })
}
