//! Personal data (EXI-DATA-2): the description of the data is valid, and the SQL that is committed holds all that it asks
//! for. What it asks for is read from the SQL that the generator makes of it, statement by statement: the rules hold no
//! second description. A migration may be written by hand, in another file, in another order.

mod sheets;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::repository::Input::{self, Manifests, Model};
use crate::check::repository::{below, file_name, folder, join};
use crate::check::sql::{self, Name, Op};
use crate::check::view::View;
use crate::check::{Report, cite, items, kind, pods};
use crate::rgpd;
use crate::text;
use crate::text::Text;

use super::Scene;

const ASKED: (&str, &str) = (
    "EXI-DATA-2 : le modèle des données personnelles porte dès la conception étiquettes, copies d'anonymisation, règles, processus et droits ; ce que donnees/modele.yaml décrit doit donc être dans le SQL appliqué.",
    "EXI-DATA-2: the model of personal data carries by design tags, anonymisation copies, rules, processes and rights; what donnees/modele.yaml describes must therefore be in the SQL that is applied.",
);

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "rgpd-regles",
        Model,
        Cct,
        ("description des données personnelles refusée", "description of personal data refused"),
        (
            "donnez à chaque champ personnel catégorie, finalité, base légale, durée et règle",
            "give each personal field a category, purpose, legal basis, duration and rule",
        ),
    )
    .because(ASKED),
    Rule::error(
        "rgpd-etiquettes",
        Model,
        Cct,
        ("colonne sans l'étiquette RGPD que la description lui donne", "column without the GDPR tag that the description gives it"),
        ("reprenez le COMMENT ON COLUMN … « @rgpd » que le modèle produit", "take the COMMENT ON COLUMN … “@rgpd” that the model makes"),
    )
    .because(ASKED),
    Rule::error(
        "rgpd-copies",
        Model,
        Cct,
        ("copie d'anonymisation absente du SQL", "anonymisation copy missing from the SQL"),
        (
            "ajoutez la colonne, la fonction et le déclencheur que le modèle produit",
            "add the column, the function and the trigger that the model makes",
        ),
    )
    .because(ASKED),
    Rule::error(
        "rgpd-processus",
        Model,
        Cct,
        ("traitement de conservation ou d'effacement absent du SQL", "retention or erasure process missing from the SQL"),
        ("ajoutez les fonctions et tables que le modèle produit", "add the functions and tables that the model makes"),
    )
    .because(ASKED),
    Rule::error(
        "rgpd-droits",
        Model,
        Cct,
        ("rôle, vue ou droit absent du SQL", "role, view or right missing from the SQL"),
        ("ajoutez les rôles, vues et GRANT que le modèle produit", "add the roles, views and GRANTs that the model makes"),
    )
    .because(ASKED),
    Rule::error(
        "rgpd-clear-column",
        Model,
        Cct,
        ("colonne personnelle en clair ouverte à un rôle de lecture", "clear personal column open to a reading role"),
        ("accordez la copie, jamais la source", "grant the copy, never the source"),
    )
    .proves(&["rgpd-droits"])
    .because((
        "EXI-DATA-2, politique de droits : les rôles de lecture ne voient que les copies anonymisées.",
        "EXI-DATA-2, policy of rights: reading roles only see anonymised copies.",
    )),
    Rule::error(
        "rgpd-drift",
        Model,
        Deduced,
        ("fichier qui n'est plus celui que sa description produit", "file that is no longer the one its description makes"),
        ("régénérez-le, ou changez donnees/modele.yaml", "make it again, or change donnees/modele.yaml"),
    )
    .proves(&["rgpd-etiquettes", "rgpd-copies", "rgpd-processus", "rgpd-droits"])
    .because((
        "Un fichier « Écrit par mirai-kit depuis donnees/modele.yaml » qui dit autre chose trompe qui lit l'un des deux.",
        "A file “written by mirai-kit from donnees/modele.yaml” that says otherwise misleads whoever reads one of the two.",
    )),
    Rule::error(
        "business-object-sheet",
        Model,
        Cct,
        ("objet métier sans fiche, ou fiche qui dit autre chose que sa description", "business object without a sheet, or a sheet that says otherwise than its description"),
        ("décrivez la table dans donnees/modele.yaml, puis lancez « mirai-kit rgpd render »", "describe the table in donnees/modele.yaml, then run “mirai-kit rgpd render”"),
    )
    .because((
        "EXI-DATA-4 : le catalogue des données métiers reçoit une fiche par objet métier ; celle d'un objet oublié, ou d'une version passée, trompe qui la lit.",
        "EXI-DATA-4: the catalogue of business data receives one sheet per business object; that of a forgotten object, or of a past version, misleads whoever reads it.",
    )),
    Rule::error(
        "rgpd-retention-job",
        Manifests,
        Cct,
        ("aucun traitement planifié n'applique la conservation", "no scheduled batch applies retention"),
        ("rendez le CronJob qui lance « python -m app.retention »", "render the CronJob that runs “python -m app.retention”"),
    )
    .proves(&["rgpd-processus"])
    .because((
        "EXI-DATA-2, processus d'anonymisation : une durée que rien n'applique n'est pas un processus.",
        "EXI-DATA-2, anonymisation process: a duration that nothing applies is no process.",
    )),
    Rule::warning(
        "rgpd-undescribed",
        Model,
        Cct,
        ("table qui semble porter des données personnelles, sans description", "table that seems to hold personal data, without a description"),
        ("décrivez-la dans donnees/modele.yaml, ou attestez de l'absence", "describe it in donnees/modele.yaml, or attest the absence"),
    )
    .because(ASKED),
];

/// Sign of what the generator wrote.
const WRITTEN: &str = "Écrit par mirai-kit depuis donnees/modele.yaml";

/// Checks every description of data, and the tables that have none.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let mut described = false;
    for path in view.paths(|path| matches!(file_name(path), "modele.yaml" | "modele.yml")) {
        let Some(content) = view.text(Input::Model, &path) else { continue };
        if !content.lines().any(|line| line.trim_end() == "format: mirai/rgpd/v1") {
            continue;
        }
        described = true;
        match rgpd::render(&path, &content) {
            Ok(mut outputs) => {
                in_service(view, &path, &content, &mut outputs);
                report.see_in("rgpd-regles", &path, None, None::<Text>);
                on_model(view, &mut report, &path, &outputs);
                sheets::check(view, &mut report, &path, &outputs);
            }
            Err(errors) => {
                for error in errors {
                    let line = usize::try_from(error.line).ok();
                    report.see_in("rgpd-regles", &path, line, Some(Text::same(format!("{} ; admis : {}", error.what, error.allowed))));
                }
            }
        }
    }
    if !described {
        undescribed(view, &mut report);
    }
    report
}

/// Facts of SQL scripts: what each facet asks for, in words that two scripts share.
#[derive(Default)]
struct Facts {
    by_rule: BTreeMap<&'static str, BTreeSet<String>>,
    /// Grants to read, with their file and line.
    reads: Vec<(String, usize, sql::Grant)>,
    /// Tables with their personal columns.
    personal: BTreeSet<(Name, String)>,
}

impl Facts {
    fn add(&mut self, rule: &'static str, fact: String) {
        self.by_rule.entry(rule).or_default().insert(fact);
    }

    fn learn(&mut self, path: &str, script: sql::Sql) {
        for statement in script.statements {
            match statement.op {
                Op::Comment(table, column, comment) => {
                    let Some((_, label)) = comment.split_once("@rgpd ") else { continue };
                    let Ok(label) = serde_json::from_str::<Value>(label) else { continue };
                    if label.get("personnel") == Some(&Value::Bool(true)) {
                        self.personal.insert((table.clone(), column.clone()));
                    }
                    self.add("rgpd-etiquettes", format!("{table}.{column} {label}"));
                }
                Op::AddColumn(table, column) => self.add("rgpd-copies", format!("{table}.{} {}", column.name, column.kind)),
                Op::CreateTable(table, columns) => {
                    self.add("rgpd-processus", format!("CREATE TABLE {table}"));
                    for column in columns {
                        self.add("rgpd-copies", format!("{table}.{} {}", column.name, column.kind));
                    }
                }
                Op::CreateTrigger(name, table, function) => self.add("rgpd-copies", format!("CREATE TRIGGER {name} ON {table} ({function})")),
                Op::Function { name, definer, .. } => {
                    self.add("rgpd-processus", format!("CREATE FUNCTION {name}{}", if definer { " SECURITY DEFINER" } else { "" }));
                }
                Op::CreateView(name) => self.add("rgpd-droits", format!("CREATE VIEW {name}")),
                Op::Role { name, created: true, .. } => self.add("rgpd-droits", format!("CREATE ROLE {name}")),
                Op::Grant(grant) => {
                    for (privilege, columns) in &grant.privileges {
                        for name in &grant.names {
                            for to in &grant.to {
                                let columns =
                                    if columns.is_empty() { vec![String::new()] } else { columns.iter().map(|c| format!(" ({c})")).collect() };
                                for column in columns {
                                    self.add("rgpd-droits", format!("GRANT {privilege}{column} ON {} {name} TO {to}", grant.what));
                                }
                            }
                        }
                    }
                    if grant.privileges.iter().any(|(p, _)| p == "select" || p == "all") {
                        self.reads.push((path.to_owned(), statement.line, grant));
                    }
                }
                _ => {}
            }
        }
    }
}

/// While an earlier version is kept beside the description, the files of this one are those of the way from it: they hold
/// both versions.
fn in_service(view: &mut View<'_>, path: &str, content: &str, outputs: &mut Vec<rgpd::Output>) {
    let root = join(folder(path), "versions");
    let number = |p: &str| file_name(p).strip_prefix("modele-v").and_then(|n| n.strip_suffix(".yaml")).and_then(|n| n.parse::<u32>().ok());
    let mut kept: Vec<(u32, String)> = view.paths(|p| below(p, &root)).into_iter().filter_map(|p| number(&p).map(|n| (n, p))).collect();
    kept.sort();
    for (_, earlier) in kept.into_iter().rev() {
        let Some(text) = view.text(Input::Model, &earlier) else { continue };
        let sources = (rgpd::Source { name: &earlier, text: &text }, rgpd::Source { name: path, text: content });
        // The description of this very version is kept too: it is no step of the way.
        let Ok(plan) = rgpd::plan(sources.0, sources.1) else { continue };
        for file in plan.expand.into_iter().chain(plan.contract) {
            match outputs.iter_mut().find(|o| o.path == file.path) {
                Some(there) => there.content = file.content,
                None if view.has(&join(folder(path), &file.path)) => outputs.push(file),
                None => {}
            }
        }
        return;
    }
}

fn on_model(view: &mut View<'_>, report: &mut Report, path: &str, outputs: &[rgpd::Output]) {
    let root = folder(path).to_owned();
    let mut asked = Facts::default();
    for output in outputs.iter().filter(|o| super::super::migrations::has_extension(&o.path, "sql")) {
        let at = join(&root, &output.path);
        // The steps of a version that a team writes by hand carry no such sign.
        if let Some(content) = view.has(&at).then(|| view.text(Input::Model, &at)).flatten().filter(|c| c.contains(WRITTEN)) {
            report.see_in("rgpd-drift", &at, None, drift(&content, &output.content));
        }
        if let Ok(script) = sql::script(&output.content) {
            asked.learn(&at, script);
        }
    }
    let mut held = Facts::default();
    // The roles may be created by the chart of the base alone.
    let mut scripts = view.paths(|p| below(p, &root) && super::super::migrations::has_extension(p, "sql"));
    scripts.extend(view.paths(|p| file_name(p) == "000_roles.sql" && !below(p, &root)));
    for script in scripts {
        let Some(content) = view.text(Input::Model, &script) else { continue };
        match sql::script(&content) {
            Ok(read) => held.learn(&script, read),
            Err(wrong) => view.gap(Input::Model, &script, wrong.what),
        }
    }
    for (rule, facts) in &asked.by_rule {
        for fact in facts {
            let there = held.by_rule.get(rule).is_some_and(|held| held.contains(fact));
            report.see_in(rule, path, None, (!there).then(|| text!("absent du SQL : {fact}", "missing from the SQL: {fact}")));
        }
    }
    readers(report, &asked, &held);
}

/// No role but those that the description gives the clear to may read a personal column.
fn readers(report: &mut Report, asked: &Facts, held: &Facts) {
    let clear = |grant: &sql::Grant, (table, column): &(Name, String)| {
        let on = match grant.what.as_str() {
            "table" => grant.names.contains(table),
            "all tables in schema" => grant.names.iter().any(|schema| schema.name == table.schema),
            _ => false,
        };
        on && grant.privileges.iter().any(|(p, columns)| (p == "select" || p == "all") && (columns.is_empty() || columns.contains(column)))
    };
    let allowed: BTreeSet<(&str, &(Name, String))> = asked
        .reads
        .iter()
        .flat_map(|(_, _, grant)| asked.personal.iter().filter(|p| clear(grant, p)).flat_map(|p| grant.to.iter().map(move |to| (to.as_str(), p))))
        .collect();
    for (file, line, grant) in &held.reads {
        let open = asked.personal.iter().filter(|p| clear(grant, p));
        let wrong: Vec<String> = open
            .flat_map(|p| grant.to.iter().filter(|to| !allowed.contains(&(to.as_str(), p))).map(move |to| format!("{}.{} → {to}", p.0, p.1)))
            .collect();
        report.see_in("rgpd-clear-column", file, Some(*line), wrong.first().map(|first| Text::same(first.clone())));
    }
}

/// The first line that differs.
fn drift(content: &str, expected: &str) -> Option<Text> {
    if content == expected {
        return None;
    }
    let same = content.lines().zip(expected.lines()).take_while(|(a, b)| a == b).count();
    let line = same + 1;
    Some(text!("la ligne {line} n'est pas celle que la description produit", "line {line} is not the one that the description makes"))
}

/// Names of columns that only tell of a person, and those that tell of one when two stand together.
const STRONG: [&str; 11] = [
    "nir",
    "numero_securite_sociale",
    "num_secu",
    "date_naissance",
    "date_de_naissance",
    "birth_date",
    "birthdate",
    "date_of_birth",
    "nom_naissance",
    "lieu_naissance",
    "birthday",
];
const WEAK: [&str; 17] = [
    "prenom",
    "first_name",
    "firstname",
    "given_name",
    "last_name",
    "lastname",
    "family_name",
    "nom_famille",
    "nom",
    "email",
    "courriel",
    "mail",
    "telephone",
    "phone",
    "phone_number",
    "mobile",
    "adresse_postale",
];

/// Those that only a person has.
const PERSON: [&str; 8] = ["prenom", "first_name", "firstname", "given_name", "last_name", "lastname", "family_name", "nom_famille"];

fn undescribed(view: &mut View<'_>, report: &mut Report) {
    let migrations = super::super::migrations::migrations(view);
    for migration in &migrations {
        for statement in &migration.statements {
            let Op::CreateTable(table, columns) = &statement.op else { continue };
            let is = |list: &[&str]| columns.iter().map(|c| c.name.to_lowercase()).filter(|c| list.contains(&c.as_str())).collect::<Vec<_>>();
            let (strong, weak) = (is(&STRONG), is(&WEAK));
            // A name and an address may be those of an organisation.
            let person = weak.iter().any(|name| PERSON.contains(&name.as_str()));
            let tells = !strong.is_empty() || person && weak.len() > 1;
            let shown = strong.into_iter().chain(weak).collect::<Vec<_>>().join(", ");
            report.see_in("rgpd-undescribed", &migration.path, Some(statement.line), tells.then(|| Text::same(format!("{table} ({shown})"))));
        }
    }
}

/// The scheduled batch that applies retention, in a project whose answers name personal data.
pub fn scheduled(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let personal = scene.answers.and_then(|a| a.get("donnees_personnelles")).and_then(Value::as_str) == Some("oui");
    // The charts of the application are there when one of them runs the migrations.
    let runs = |owner: &str, module: &str| {
        pods(scene.objects).iter().any(|pod| {
            pod.owner.starts_with(owner)
                && pod.containers().any(|c| items(c.value, "/command").chain(items(c.value, "/args")).any(|word| word.as_str() == Some(module)))
        })
    };
    if personal && runs("Job/", "app.migrer") {
        let here = scene.objects.iter().find(|o| kind(o) == "CronJob").or_else(|| scene.objects.first()).map(cite).unwrap_or_default();
        let there = runs("CronJob/", "app.retention");
        report.see("rgpd-retention-job", &here, (!there).then(|| Text::same("CronJob app.retention")));
    }
    report
}
