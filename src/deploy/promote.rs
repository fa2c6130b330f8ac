//! Promotion: what an environment runs becomes what the next one will run. Image tags are copied from values file to values
//! file, chart revisions from Application to Application; what the first environment has not run is never promoted.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::by_hand;
use super::revision::{Application, after, version};
use super::{Change, Changes, Chart, DeployError, Project, edit};
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml::{self, Node};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Environment that was tested.
    pub from: String,
    /// Environment to change.
    pub to: String,
    /// Tag to make, where one is needed; none: the one after the newest.
    pub revision: Option<String>,
    /// Names of the charts to promote; empty: all.
    pub only: Vec<String>,
}

/// A promotion ready to be written.
#[derive(Debug)]
pub struct Promotion {
    /// What changes, by repository.
    pub changes: Vec<Change>,
    /// Tags to push once their repository's branch is merged, by index of the repository.
    pub tags: BTreeMap<usize, String>,
    /// What was decided, chart by chart.
    pub told: Vec<Text>,
}

/// Works out a promotion.
///
/// # Errors
/// When an environment is unknown, when what runs in `from` cannot be told, or was not tested there.
pub fn promote(project: &Project, asked: &Asked) -> Result<Promotion, DeployError> {
    let (from, to) = (&asked.from, &asked.to);
    project.known("--from", from)?;
    project.known("--to", to)?;
    if from == to {
        return Err(Problem::new("--to", Text::new("les deux environnements sont le même", "both environments are the same")).into());
    }
    let targets = project.charts(to);
    let charts: Vec<_> = project.charts(from).into_iter().filter(|chart| targets.contains(chart)).collect();
    let mut work = Work { project, asked, changes: Changes::default(), tags: BTreeMap::new(), told: Vec::new(), refused: Vec::new() };
    let mut seen = Vec::new();
    for chart in &charts {
        let name = work.name(chart)?;
        if asked.only.is_empty() || asked.only.contains(&name) {
            work.chart(chart, &name)?;
        }
        seen.push(name);
    }
    if let Some(unknown) = asked.only.iter().find(|name| !seen.contains(name)) {
        let list = seen.join(", ");
        let what = text!("pas de chart « {unknown} » dans ces environnements", "no chart \"{unknown}\" in these environments");
        work.refused.push(Problem::new("--only", what).hint(text!("charts : {list}", "charts: {list}")));
    }
    if !work.refused.is_empty() {
        return Err(DeployError::Refused(work.refused));
    }
    Ok(Promotion { changes: work.changes.into_list(), tags: work.tags, told: work.told })
}

struct Work<'p> {
    project: &'p Project,
    asked: &'p Asked,
    changes: Changes,
    tags: BTreeMap<usize, String>,
    told: Vec<Text>,
    refused: Vec<Problem>,
}

/// How a chart's content stands between two commits.
struct Drift {
    /// What every environment renders.
    shared: bool,
    /// The values of the environment to change.
    own: bool,
}

impl Work<'_> {
    fn name(&self, chart: &Chart) -> Result<String, DeployError> {
        let file = chart.file("Chart.yaml");
        let text = self.changes.read(self.project, chart.depot, &file)?;
        let node: Node = yaml::parse(&self.project.shown(chart.depot, &file), &text)?;
        Ok(node.get("name").and_then(|(_, name)| name.as_str()).unwrap_or_default().to_owned())
    }

    fn chart(&mut self, chart: &Chart, name: &str) -> Result<(), DeployError> {
        let source = Application::of(self.project, chart, &self.asked.from)?;
        let target = Application::of(self.project, chart, &self.asked.to)?;
        let depot = &self.project.depots[chart.depot];
        let pinned = match &source {
            Some(application) if version(&application.revision).is_some() => {
                let (tag, from) = (&application.revision, &self.asked.from);
                let Some(_) = depot.snapshot.files(Some(tag))? else {
                    let file = self.project.shown(application.depot, &application.file);
                    let at = depot.shown();
                    let what = text!(
                        "{from} désigne {tag}, une étiquette que {at} n'a pas : rien ne dit ce qui y tourne",
                        "{from} names {tag}, a tag that {at} does not have: nothing tells what runs there"
                    );
                    let hint = Text::new(
                        "récupérez les étiquettes (`git fetch --tags`), ou posez celle-ci",
                        "fetch the tags (`git fetch --tags`), or make this one",
                    );
                    self.refused.push(Problem::new(file, what).hint(hint));
                    return Ok(());
                };
                Some(tag.clone())
            }
            _ => None,
        };
        if let Some(tag) = &pinned
            && self.drift(chart, tag)?.is_none_or(|drift| drift.shared)
        {
            let (at, from) = (depot.shown(), &self.asked.from);
            let what = text!(
                "{name} : la branche courante a changé depuis {tag}, que {from} déploie : promouvoir y ajouterait ce qui n'a pas été essayé",
                "{name}: the current branch changed since {tag}, which {from} deploys: a promotion would add what was not tested"
            );
            let hint = text!(
                "déployez d'abord la branche dans {from}, ou lancez depuis `git switch --detach {tag}`",
                "deploy the branch to {from} first, or run from `git switch --detach {tag}`"
            );
            self.refused.push(Problem::new(at, what).hint(hint));
            return Ok(());
        }
        let images = self.images(chart, name, pinned.as_deref())?;
        let Some(target) = target else {
            let (to, file) = (&self.asked.to, chart.file(&format!("values-{}.yaml", self.asked.to)));
            self.told.push(match images {
                0 => text!("{name} : rien à changer dans {to}", "{name}: nothing to change in {to}"),
                _ => text!(
                    "{name} : {images} valeurs d'image dans {file} ; sa révision n'est pas dans ce projet",
                    "{name}: {images} image values in {file}; its revision is not in this project"
                ),
            });
            return Ok(());
        };
        self.revision(chart, name, &target, pinned.as_deref(), images)
    }

    /// Copies the image tags and digests; how many changed.
    fn images(&mut self, chart: &Chart, name: &str, pinned: Option<&str>) -> Result<usize, DeployError> {
        let depot = &self.project.depots[chart.depot];
        let [from_file, to_file] = [&self.asked.from, &self.asked.to].map(|e| chart.file(&format!("values-{e}.yaml")));
        let tested = match pinned {
            Some(tag) => depot.snapshot.read_at(tag, &from_file)?.flatten().unwrap_or_default(),
            None => self.changes.read(self.project, chart.depot, &from_file)?,
        };
        let tested: Node = yaml::parse(&self.project.shown(chart.depot, &from_file), &tested)?;
        let mut text = self.changes.read(self.project, chart.depot, &to_file)?;
        let current = yaml::parse::<Node>(&self.project.shown(chart.depot, &to_file), &text)?.value();
        let mut changed = 0;
        let mut images = Vec::new();
        find_images(&tested.value(), "", &mut images);
        for (pointer, value) in images {
            let key = pointer[1..].replace('/', ".");
            let line = tested.line_of(&pointer);
            if value.contains("a-completer") {
                let from = &self.asked.from;
                let at = format!("{}:{line}", self.project.shown(chart.depot, &from_file));
                let what =
                    text!("{name} : {from} n'a encore aucune image à promouvoir (`{key}`)", "{name}: {from} has no image to promote yet (`{key}`)");
                let hint = Text::new(
                    "laissez la chaîne construire et déployer une première image, ou promouvez le reste avec --only",
                    "let the pipeline build and deploy a first image, or promote the rest with --only",
                );
                self.refused.push(Problem::new(at, what).hint(hint));
                continue;
            }
            match current.pointer(&pointer) {
                Some(Value::String(there)) if *there == value => continue,
                Some(_) => {}
                // A digest without its tag, or the other way round, would deploy something else.
                None => {
                    self.refused.push(by_hand(&self.project.shown(chart.depot, &to_file), &key));
                    continue;
                }
            }
            let Some(after) = edit::set(&text, &pointer, &Value::String(value)) else {
                self.refused.push(by_hand(&self.project.shown(chart.depot, &to_file), &key));
                continue;
            };
            text = after;
            changed += 1;
        }
        self.changes.write(self.project, chart.depot, &to_file, text)?;
        Ok(changed)
    }

    /// Chooses the revision that the target will deploy.
    fn revision(&mut self, chart: &Chart, name: &str, target: &Application, pinned: Option<&str>, images: usize) -> Result<(), DeployError> {
        let to = &self.asked.to;
        let now = &target.revision;
        if version(now).is_none() {
            self.told.push(text!(
                "{name} : {to} suit {now}, sans étiquette à changer ; {images} valeurs d'image",
                "{name}: {to} follows {now}, no tag to change; {images} image values"
            ));
            return Ok(());
        }
        let planned = self.tags.get(&chart.depot).cloned();
        let same = |drift: Option<Drift>| drift.is_some_and(|d| !d.shared && !d.own) && images == 0;
        let next = if same(self.drift(chart, now)?) {
            self.told.push(text!("{name} : {to} déploie déjà cette révision, {now}", "{name}: {to} already deploys this revision, {now}"));
            return Ok(());
        } else if let (Some(tag), None) = (pinned, &planned)
            && same(self.drift(chart, tag)?)
        {
            tag.to_owned()
        } else {
            let tag = match planned {
                Some(tag) => tag,
                None => self.new_tag(chart, now)?,
            };
            self.tags.insert(chart.depot, tag.clone());
            tag
        };
        self.told.push(if next == *now {
            text!("{name} : {to} attend {now}, à poser ; {images} valeurs d'image", "{name}: {to} waits for {now}, to be made; {images} image values")
        } else {
            text!(
                "{name} : {to} passera de {now} à {next} ; {images} valeurs d'image",
                "{name}: {to} will go from {now} to {next}; {images} image values"
            )
        });
        let text = self.changes.read(self.project, target.depot, &target.file)?;
        let file = self.project.shown(target.depot, &target.file);
        let after = edit::set(&text, Application::POINTER, &Value::String(next)).ok_or_else(|| by_hand(&file, "targetRevision"))?;
        self.changes.write(self.project, target.depot, &target.file, after)
    }

    /// The tag to make in a chart's repository; the one that the target already waits for, when it was never made.
    fn new_tag(&self, chart: &Chart, now: &str) -> Result<String, DeployError> {
        let depot = &self.project.depots[chart.depot];
        let tags = depot.snapshot.tags()?;
        let chosen = self.asked.revision.clone();
        if let Some(tag) = &chosen {
            let problem = if version(tag).is_none() {
                Some(text!("`{tag}` n'est pas une version de la forme v1.2.3", "`{tag}` is no version of the form v1.2.3"))
            } else if tags.contains(tag) {
                let at = depot.shown();
                Some(text!("{at} a déjà l'étiquette {tag} : une étiquette ne se déplace pas", "{at} already has the tag {tag}: a tag does not move"))
            } else {
                None
            };
            if let Some(what) = problem {
                return Err(Problem::new("--revision", what).hint(Text::new("donnez une version nouvelle", "give a new version")).into());
            }
        }
        let waited = (!tags.iter().any(|tag| tag == now)).then(|| now.to_owned());
        Ok(chosen.or(waited).or_else(|| after(&tags)).unwrap_or_else(|| "v0.1.0".to_owned()))
    }

    /// What separates a tag of a chart's repository from its last commit; none when the tag is not there.
    fn drift(&self, chart: &Chart, tag: &str) -> Result<Option<Drift>, DeployError> {
        let depot = &self.project.depots[chart.depot];
        let (Some(then), now) = (depot.snapshot.files(Some(tag))?, &depot.files) else { return Ok(None) };
        let below = if chart.folder.is_empty() { String::new() } else { format!("{}/", chart.folder) };
        let own = chart.file(&format!("values-{}.yaml", self.asked.to));
        let mut drift = Drift { shared: false, own: false };
        for file in then.keys().chain(now.keys()).filter(|file| then.get(*file) != now.get(*file)) {
            let Some(inside) = file.strip_prefix(&below) else { continue };
            if *file == own {
                drift.own = true;
            } else if deployed(inside) {
                drift.shared = true;
            }
        }
        Ok(Some(drift))
    }
}

/// Whether a file of a chart takes part in what every environment deploys.
fn deployed(inside: &str) -> bool {
    inside.starts_with("templates/")
        || inside.starts_with("charts/")
        || inside.starts_with("secrets/")
        || inside.starts_with("sql/")
        || matches!(inside, "Chart.yaml" | "Chart.lock" | "values.yaml" | "values.schema.json")
}

/// The tags and digests of images, by JSON pointer.
fn find_images(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    let Value::Object(entries) = value else { return };
    for (key, inner) in entries {
        let pointer = format!("{at}/{key}");
        match inner {
            Value::String(text) if matches!(key.as_str(), "tag" | "digest") && at.ends_with("/image") => found.push((pointer, text.clone())),
            _ => find_images(inner, &pointer, found),
        }
    }
}
