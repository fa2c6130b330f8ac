//! The verdict on a live database: what is wrong, and what this role was not allowed to look at, which is never green.

use super::super::model::Model;
use super::super::sql::{control, overdue};
use super::connect::Reading;
use super::{Database, rights, titles, version};
use crate::rgpd::RgpdError;
use crate::text;
use crate::text::{Problem, Text};

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveFinding {
    /// Code of the rule.
    pub rule: String,
    /// What the rule says.
    pub title: Text,
    /// On what: a column, a role, a table.
    pub object: String,
    /// The fact.
    pub detail: Text,
}

/// What a database is worth.
#[derive(Debug, Default)]
pub struct LiveReport {
    /// The database, without password.
    pub database: String,
    /// Version of the server.
    pub server: String,
    /// The role that looked.
    pub role: String,
    /// What is wrong.
    pub findings: Vec<LiveFinding>,
    /// What this role could not look at, and why.
    pub unseen: Vec<(String, Text)>,
    /// How many questions were answered.
    pub answered: usize,
}

impl LiveReport {
    /// Whether everything was looked at, and nothing is wrong.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.findings.is_empty() && self.unseen.is_empty() && self.answered > 0
    }
}

/// Why there is no verdict.
#[derive(Debug)]
pub enum LiveError {
    /// The description is refused.
    Description(Vec<RgpdError>),
    /// The database does not answer.
    Database(Problem),
}

/// Judges a database against its description; `name` is what refusals call it.
///
/// # Errors
/// When the description is refused, or the connection is lost.
pub fn inspect(name: &str, description: &str, database: &mut Database) -> Result<LiveReport, LiveError> {
    let (model, _) = crate::rgpd::read(name, description).map_err(LiveError::Description)?;
    let shown = database.shown.clone();
    let mut reading = database.reading().map_err(LiveError::Database)?;
    let mut report = LiveReport { database: shown, ..LiveReport::default() };
    server(&mut reading, &mut report).map_err(LiveError::Database)?;
    if tooling(&mut reading, &model, &mut report) {
        generated(&mut reading, &model, &mut report);
    }
    doors(&mut reading, &model, &mut report);
    if model.is_personal() {
        terms(&mut reading, &model, &mut report);
        published(&mut reading, &mut report);
    }
    Ok(report)
}

impl LiveReport {
    fn find(&mut self, rule: &str, object: impl Into<String>, detail: impl Into<Text>) {
        self.findings.push(LiveFinding { rule: rule.to_owned(), title: titles::own(rule), object: object.into(), detail: detail.into() });
    }

    fn unseen(&mut self, rule: &str, why: String) {
        self.unseen.push((rule.to_owned(), Text::same(why)));
    }
}

fn server(reading: &mut Reading<'_>, report: &mut LiveReport) -> Result<(), Problem> {
    let lost = |why: String| Problem::new("", text!("la base ne répond plus : {why}", "the database no longer answers: {why}"));
    report.server = reading.text("SELECT current_setting('server_version')").map_err(lost)?;
    report.role = reading.text("SELECT current_user::text").map_err(lost)?;
    let number = reading.text("SELECT current_setting('server_version_num')").map_err(lost)?;
    let number: i32 = number.parse().map_err(|_| lost(number.clone()))?;
    report.answered += 1;
    for (id, (fr, en)) in version::faults(number) {
        let server = report.server.clone();
        report.find("V01", format!("PostgreSQL {server}"), text!("{id} : {fr}", "{id}: {en}"));
    }
    Ok(())
}

/// Is what the generated control reads there?
fn tooling(reading: &mut Reading<'_>, model: &Model, report: &mut LiveReport) -> bool {
    match reading.ask("SELECT to_regnamespace($1) IS NOT NULL, to_regprocedure('rgpd.lire_etiquette(text)') IS NOT NULL", &[&model.schema]) {
        Err(why) => {
            report.unseen("V02", why);
            false
        }
        Ok(rows) => {
            report.answered += 1;
            let there = |at: usize| rows.first().is_some_and(|row| row.get::<_, bool>(at));
            if !there(0) {
                report.find("V02", model.schema.clone(), Text::new("le schéma des tables n'existe pas", "the schema of the tables does not exist"));
            }
            if !there(1) {
                let what = Text::new("les migrations du modèle n'ont pas été appliquées", "the model's migrations have not been applied");
                report.find("V02", "rgpd.lire_etiquette(text)", what);
            }
            there(0) && there(1)
        }
    }
}

/// The generated control, as this description makes it.
fn generated(reading: &mut Reading<'_>, model: &Model, report: &mut LiveReport) {
    match reading.ask(&format!("SELECT c.a::text, c.b::text, c.d::text FROM ({}) c(a, b, d) ORDER BY 1, 2, 3", control::query(model)), &[]) {
        Err(why) => report.unseen("L01-L99", why),
        Ok(rows) => {
            report.answered += 1;
            for row in rows {
                let (rule, title) = titles::control(row.get(0));
                let text = |at: usize| row.get::<_, Option<String>>(at).unwrap_or_default();
                report.findings.push(LiveFinding { rule, title, object: text(1), detail: Text::same(text(2)) });
            }
        }
    }
}

fn doors(reading: &mut Reading<'_>, model: &Model, report: &mut LiveReport) {
    let (roles, closed) = (rights::roles(model), rights::closed(model));
    let mut schemas = vec![model.schema.clone(), "rgpd".to_owned()];
    if model.is_personal() {
        schemas.push(model.schema_anon.clone());
    }
    for question in rights::QUESTIONS.iter().filter(|q| model.is_personal() || !q.personal) {
        match reading.ask(question.sql, &[&roles, &schemas, &closed]) {
            Err(why) => report.unseen(question.id, why),
            Ok(rows) => {
                report.answered += 1;
                for row in rows {
                    report.find(question.id, row.get::<_, String>(0), Text::same(row.get::<_, String>(1)));
                }
            }
        }
    }
}

/// Entity, operation, rows that are late: what the function answers.
type Told = (String, String, i64);

/// The rows past their term: counted here where the role may read, else by the function that counts for it.
fn terms(reading: &mut Reading<'_>, model: &Model, report: &mut LiveReport) {
    let counts = overdue::counts(model);
    let mut told: Option<Result<Vec<Told>, String>> = None;
    for count in counts {
        let late = reading.ask(&count.sql, &[]).map(|rows| rows.first().map_or(0, |row| row.get::<_, i64>(0))).or_else(|direct| {
            let rows = told.get_or_insert_with(|| {
                let rows = reading.ask("SELECT entite, operation, sum(en_retard)::bigint FROM rgpd.echeances() GROUP BY 1, 2", &[])?;
                Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
            });
            match rows {
                Err(why) => Err(format!("{direct} ; rgpd.echeances() : {why}")),
                Ok(rows) => rows
                    .iter()
                    .find(|(entity, operation, _)| *entity == count.entity && operation == count.operation)
                    .map(|(_, _, late)| *late)
                    .ok_or(direct),
            }
        });
        match late {
            Err(why) => report.unseen("R01", format!("{} : {why}", count.entity)),
            Ok(late) => {
                report.answered += 1;
                if late > 0 {
                    let term = &count.term;
                    report.find("R01", count.entity.clone(), text!("{late} lignes, {term}", "{late} rows, {term}"));
                }
            }
        }
    }
}

/// The published sets, where the model publishes some.
fn published(reading: &mut Reading<'_>, report: &mut LiveReport) {
    match reading.text("SELECT (to_regprocedure('rgpd.etat_diffusion()') IS NOT NULL)::text") {
        Ok(there) if there == "true" => {}
        Ok(_) => return,
        Err(why) => return report.unseen("K01", why),
    }
    match reading.ask("SELECT entite, seuil::bigint, k_min, lignes FROM rgpd.etat_diffusion()", &[]) {
        Err(why) => report.unseen("K01", why),
        Ok(rows) => {
            report.answered += 1;
            for row in rows {
                let (entity, threshold) = (row.get::<_, String>(0), row.get::<_, i64>(1));
                if let Some(k) = row.get::<_, Option<i64>>(2).filter(|k| *k < threshold) {
                    let lines = row.get::<_, i64>(3);
                    report.find("K01", entity, text!("k = {k}, seuil {threshold}, {lines} lignes", "k = {k}, threshold {threshold}, {lines} rows"));
                }
            }
        }
    }
}
