//! The database of an environment as git tells it, and the commits that give it a next generation.

use serde_json::{Value, json};

use super::error::by_hand;
use super::generation::{self, State, Written};
use super::{Change, Changes, Chart, DeployError, Project, edit};
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml::{self, Node};

/// A database of an environment: one values file that says its generation, and those who connect to it.
#[derive(Debug)]
pub struct Database {
    /// Its chart.
    pub chart: Chart,
    /// JSON pointer of its values; empty at the root.
    pub at: String,
    /// The values file, as the person sees it.
    pub file: String,
    /// Its states, oldest first; the last one is what the work tree says.
    pub history: Vec<Written>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What could not be judged.
    pub gaps: Vec<Text>,
}

/// A value that names the Cluster to connect to.
struct Client {
    chart: Chart,
    pointer: String,
    cluster: String,
}

/// What a new generation is asked to start from.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// Instant to stop at, RFC 3339; none: the last archived log.
    pub instant: Option<String>,
    /// Generation whose backups are read; none: the current one.
    pub from: Option<i64>,
}

/// A new generation ready to be written.
#[derive(Debug)]
pub struct Bump {
    /// What changes, by repository.
    pub changes: Vec<Change>,
    /// Cluster of today.
    pub before: String,
    /// Cluster to come.
    pub after: String,
    /// Cluster whose backups it starts from.
    pub source: String,
    /// What the person has to see to.
    pub told: Vec<Text>,
}

impl Database {
    /// What it is now.
    #[must_use]
    pub fn state(&self) -> Option<&State> {
        self.history.last().map(|written| &written.state)
    }
}

/// The databases of an environment, judged.
///
/// # Errors
/// When the environment is unknown, or when a file or git cannot be read.
pub fn databases(project: &Project, environment: &str) -> Result<Vec<Database>, DeployError> {
    project.known("--env", environment)?;
    let mut databases = Vec::new();
    let mut clients = Vec::new();
    let values = format!("values-{environment}.yaml");
    for chart in project.charts(environment) {
        let path = chart.file(&values);
        let depot = &project.depots[chart.depot];
        let file = project.shown(chart.depot, &path);
        let defaults = depot.snapshot.read(&chart.file("values.yaml"))?.unwrap_or_default();
        let defaults = if defaults.trim().is_empty() { Value::Null } else { yaml::parse::<Node>(&file, &defaults)?.value() };
        let Some(now) = now(project, &chart, &path)? else { continue };
        let current = yaml::parse::<Node>(&file, &now)?.value();
        find_clients(&current, "", &chart, &mut clients);
        for at in find_generations(&current) {
            let mut history = Vec::new();
            for version in depot.snapshot.history(&path)? {
                // A version that nobody could read was deployed by nobody.
                let Some(read) = version.content.as_deref().and_then(|text| yaml::read::<Node>(text).ok()) else { continue };
                if let Some(state) = State::read(&read.value(), &defaults, &at) {
                    history.push(Written { commit: Some(version.commit), state });
                }
            }
            if let Some(state) = State::read(&current, &defaults, &at)
                && history.last().is_none_or(|last| last.state != state)
            {
                history.push(Written { commit: None, state });
            }
            let mut database = Database { chart: chart.clone(), at, file: file.clone(), history, problems: Vec::new(), gaps: Vec::new() };
            judge(project, &mut database)?;
            databases.push(database);
        }
    }
    for database in &mut databases {
        let Some(expected) = database.state().map(State::cluster) else { continue };
        for client in clients.iter().filter(|client| client.cluster != expected) {
            let (wrong, at) = (&client.cluster, project.shown(client.chart.depot, &client.chart.file(&values)));
            let key = client.pointer[1..].replace('/', ".");
            let what = text!(
                "`{key}` désigne `{wrong}`, et non la génération courante `{expected}` : l'application n'écrirait pas dans cette base",
                "`{key}` names `{wrong}`, not the current generation `{expected}`: the application would not write to this database"
            );
            database.problems.push(Problem::new(at, what).hint(text!("mettez `{key}: {expected}`", "set `{key}: {expected}`")));
        }
        if clients.is_empty() {
            database.gaps.push(Text::new(
                "aucun chart de l'application n'est lisible ici : la base qu'elle désigne n'est pas comparée",
                "no chart of the application can be read here: the database that it names is not compared",
            ));
        }
    }
    Ok(databases)
}

/// What the work tree says, else the last commit.
fn now(project: &Project, chart: &Chart, path: &str) -> Result<Option<String>, DeployError> {
    let snapshot = &project.depots[chart.depot].snapshot;
    match std::fs::read_to_string(snapshot.folder().join(path)) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Ok(snapshot.read(path)?),
    }
}

fn judge(project: &Project, database: &mut Database) -> Result<(), DeployError> {
    database.problems = generation::judge(&database.history, &database.file);
    let depot = &project.depots[database.chart.depot];
    if depot.snapshot.is_shallow() {
        let at = depot.shown();
        database.gaps.push(text!(
            "{at} est un clone superficiel : les générations d'avant ne sont pas jugées (`git fetch --unshallow`)",
            "{at} is a shallow clone: earlier generations are not judged (`git fetch --unshallow`)"
        ));
    }
    let templates = database.chart.file("templates/");
    let mut guarded = None;
    for file in depot.files.keys().filter(|file| file.starts_with(&templates)) {
        let text = depot.snapshot.read(file)?.unwrap_or_default();
        if text.contains("apiVersion: postgresql.cnpg.io/") && text.lines().any(|line| line.trim_end() == "kind: Cluster") {
            guarded = Some((file, text.contains("Prune=false") && text.contains("Delete=false")));
        }
    }
    match guarded {
        Some((_, true)) => {}
        Some((file, false)) => database.problems.push(
            Problem::new(
                project.shown(database.chart.depot, file),
                Text::new(
                    "la garde du Cluster est retirée : une synchronisation peut supprimer la base et ses volumes",
                    "the Cluster's guard is removed: a synchronisation can delete the database and its volumes",
                ),
            )
            .hint(Text::new(
                "remettez `argocd.argoproj.io/sync-options: \"Prune=false,Delete=false\"`",
                "put `argocd.argoproj.io/sync-options: \"Prune=false,Delete=false\"` back",
            )),
        ),
        // A chart that reunites others holds no Cluster of its own: its parts are judged where they are.
        None if !database.at.is_empty() => {}
        None => database.gaps.push(Text::new(
            "aucun modèle de Cluster dans ce chart : sa garde n'est pas jugée",
            "no Cluster template in this chart: its guard is not judged",
        )),
    }
    Ok(())
}

/// Gives the databases of an environment their next generation.
///
/// # Errors
/// When what git says is already dangerous, when the start is impossible, or when a value cannot be changed alone.
pub fn bump(project: &Project, environment: &str, start: &Start) -> Result<Bump, DeployError> {
    let databases = databases(project, environment)?;
    let mut problems: Vec<Problem> = databases.iter().flat_map(|d| d.problems.clone()).collect();
    problems.extend(project.absent.clone());
    let Some(state) = databases.iter().find_map(Database::state).cloned() else {
        let what = text!("aucune base de données dans l'environnement « {environment} »", "no database in environment \"{environment}\"");
        return Err(Problem::new("--env", what).into());
    };
    for other in databases.iter().filter_map(Database::state).filter(|other| **other != state) {
        let (one, two) = (state.cluster(), other.cluster());
        problems.push(Problem::new(
            "--env",
            text!("deux charts ne disent pas la même base : {one}, {two}", "two charts do not say the same database: {one}, {two}"),
        ));
    }
    let next = databases.iter().map(|d| generation::next(&d.history)).max().unwrap_or(state.generation + 1);
    let from = start.from.unwrap_or(state.generation);
    let known = databases.iter().flat_map(|d| &d.history).any(|w| w.state.generation == from);
    if !known {
        let what = text!("la génération {from} n'a jamais existé dans git", "generation {from} never was in git");
        problems.push(Problem::new("--generation", what));
    }
    if !problems.is_empty() {
        return Err(DeployError::Refused(problems));
    }
    let restored = json!({"active": true, "depuis": from, "instant": start.instant.clone().unwrap_or_default()});
    let mut changes = Changes::default();
    let values = format!("values-{environment}.yaml");
    for database in &databases {
        let (depot, path) = (database.chart.depot, database.chart.file(&values));
        let text = changes.read(project, depot, &path)?;
        let text = edit::set(&text, &format!("{}/generation", database.at), &json!(next)).ok_or_else(|| by_hand(&database.file, "generation"))?;
        let text = edit::put(&text, &database.at, "restauration", &restored, "generation").ok_or_else(|| by_hand(&database.file, "restauration"))?;
        changes.write(project, depot, &path, text)?;
    }
    let after = generation::cluster(&state.name, next);
    let mut clients = Vec::new();
    for chart in project.charts(environment) {
        let text = changes.read(project, chart.depot, &chart.file(&values))?;
        find_clients(&yaml::parse::<Node>(&project.shown(chart.depot, &chart.file(&values)), &text)?.value(), "", &chart, &mut clients);
    }
    for client in &clients {
        let (depot, path) = (client.chart.depot, client.chart.file(&values));
        let text = changes.read(project, depot, &path)?;
        let text = edit::set(&text, &client.pointer, &json!(after)).ok_or_else(|| by_hand(&project.shown(depot, &path), &client.pointer))?;
        changes.write(project, depot, &path, text)?;
    }
    let told = databases.iter().flat_map(|d| d.gaps.clone()).collect();
    let source = generation::cluster(&state.name, from);
    Ok(Bump { changes: changes.into_list(), before: state.cluster(), after, source, told })
}

/// Pointers of the mappings that say a generation: the root, or a part of a chart that reunites others.
fn find_generations(values: &Value) -> Vec<String> {
    let says = |value: &Value| value.get("generation").is_some_and(Value::is_i64);
    let mut found = Vec::new();
    if says(values) {
        found.push(String::new());
    }
    let parts = values.as_object().into_iter().flatten().filter(|(_, part)| says(part));
    found.extend(parts.map(|(key, _)| format!("/{key}")));
    found
}

/// The values `bdd.cluster`, at any depth.
fn find_clients(value: &Value, at: &str, chart: &Chart, found: &mut Vec<Client>) {
    let Value::Object(entries) = value else { return };
    for (key, inner) in entries {
        let pointer = format!("{at}/{key}");
        match inner {
            Value::String(cluster) if key == "cluster" && at.ends_with("/bdd") && !cluster.is_empty() => {
                found.push(Client { chart: chart.clone(), pointer, cluster: cluster.clone() });
            }
            _ => find_clients(inner, &pointer, chart, found),
        }
    }
}
