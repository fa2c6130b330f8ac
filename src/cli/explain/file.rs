//! A file of a project that mirai-kit wrote: which module writes it, who owns it, whether it has changed since, which
//! requirements rest on it, which rules read files of its kind. The project is read as it says of itself; nothing runs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{answer, rule};
use crate::check::catalog::{self, Rule};
use crate::check::repository::{Input, extension, file_name};
use crate::cli::new::read_text;
use crate::cli::requirements::{Answer, Room};
use crate::digest::sha256;
use crate::render::{self, Engine, MANIFEST_NAME};
use crate::text;
use crate::text::{Problem, Text};
use crate::yaml;

/// The longest `.mirai-kit.yaml` and file, in bytes.
const LIMIT: u64 = 4 << 20;

/// The project around a file.
struct Project {
    /// What `.mirai-kit.yaml` says.
    manifest: Value,
    /// The file, from the root of its repository, with `/`.
    path: String,
}

pub(super) fn explain(room: &Room, file: &Path) -> Result<Answer, Vec<Problem>> {
    let one = |problem| vec![problem];
    let project = project(file).map_err(one)?;
    let full = full(room, &project)?;
    let recorded = &project.manifest["fichiers"][&project.path];
    let owner = recorded["proprietaire"].as_str().map(str::to_owned);
    let state = match recorded["sha256"].as_str() {
        None => None,
        Some(sum) => Some(sha256(read_text(file, LIMIT).map_err(one)?.as_bytes()) == sum),
    };
    let rules: Vec<&Rule> = input(&project.path).map_or_else(Vec::new, |input| catalog::rules().filter(|rule| rule.reads == input).collect());
    let json = json!({
        "path": project.path, "module": full.module, "owner": owner, "unchanged": state,
        "requirements": full.proofs.iter().map(|(row, facet, title)| json!({ "row": row, "facet": facet, "text": title })).collect::<Vec<_>>(),
        "rules": rules.iter().map(|r| r.id).collect::<Vec<_>>(),
    });
    Ok((page(room, &project.path, &full, owner.as_deref(), state, &rules), answer("file", &json)))
}

fn page(room: &Room, path: &str, written: &Written, owner: Option<&str>, unchanged: Option<bool>, rules: &[&Rule]) -> String {
    let lang = room.lang;
    let module = written.module.as_ref().map_or_else(
        || room.say("aucun : ce fichier est de l'équipe", "none: this file is the team's own").to_owned(),
        |id| {
            let title = room.kit.modules.iter().find(|m| m.id == *id).map(|m| m.title.get(lang).to_owned()).unwrap_or_default();
            if title.is_empty() { id.clone() } else { format!("{id} ({title})") }
        },
    );
    let mut lines = vec![[room.say("module", "module").to_owned(), module]];
    let owner = match owner {
        Some("kit") => Some(room.say("le kit : une mise à jour le remplace", "the kit: an update replaces it")),
        Some("shared") => Some(room.say("partagé : une mise à jour s'y fond", "shared: an update is merged into it")),
        Some("team") => Some(room.say("l'équipe : écrit une fois, plus jamais touché", "the team: written once, never touched again")),
        _ => None,
    };
    lines.extend(owner.map(|owner| [room.say("propriétaire", "owner").to_owned(), owner.to_owned()]));
    let state = unchanged.map(|same| if same { room.say("tel que généré", "as generated") } else { room.say("modifié depuis", "changed since") });
    lines.extend(state.map(|state| [room.say("état", "state").to_owned(), state.to_owned()]));
    lines.extend(
        written
            .proofs
            .iter()
            .map(|(row, facet, text)| [room.say("porte", "carries").to_owned(), room.labelled(&format!("{row}, {facet}"), text.get(lang))]),
    );
    let mut page = format!("{}\n\n{}", crate::ui::sanitize::line(path), room.columns(&lines, 2));
    if !rules.is_empty() {
        let rows: Vec<[String; 3]> =
            rules.iter().map(|r| [r.id.to_owned(), rule::weight(room, r).to_owned(), r.message().get(lang).to_owned()]).collect();
        let _ = write!(
            page,
            "\n  {}\n{}",
            room.say("règles qui lisent ce genre de fichier", "rules that read files of this kind"),
            room.columns(&rows, 4)
        );
    }
    page
}

/// What the kit writes there.
struct Written {
    module: Option<String>,
    /// Row, facet, and the sentence of the module.
    proofs: Vec<(String, String, Text)>,
}

fn full(room: &Room, project: &Project) -> Result<Written, Vec<Problem>> {
    let empty = Map::new();
    let answers = project.manifest["reponses"].as_object().unwrap_or(&empty);
    // Nobody vouches for these answers.
    crate::cli::limits::bound();
    let tree = render::render(&room.kit, answers)?;
    let name = project.manifest["depot"].as_str().unwrap_or_default();
    let prefix = tree.repositories.iter().find(|r| r.name == name).and_then(|r| r.path.as_ref()).map_or_else(String::new, |p| format!("{p}/"));
    let path = format!("{prefix}{}", project.path);
    let module = tree.get(&path).map(|file| file.module.clone());
    let engine = Engine::new(&room.kit.files);
    let one = |problem| vec![problem];
    let scope = render::scope(&room.kit, &engine, answers).map_err(one)?;
    let active = render::active_modules(&room.kit, &engine, &scope).map_err(one)?;
    let proofs = render::proofs(&engine, &active, &scope)?;
    let carried = proofs.into_iter().filter(|p| p.file.as_deref() == Some(path.as_str()));
    Ok(Written { module, proofs: carried.map(|p| (p.requirement, p.facet, p.text.unwrap_or_default())).collect() })
}

/// The nearest project above a file.
fn project(file: &Path) -> Result<Project, Problem> {
    let shown = file.display().to_string();
    let absolute = std::fs::canonicalize(file).map_err(|e| Problem::new(&shown, text!("lecture impossible : {e}", "cannot be read: {e}")))?;
    let root = absolute.ancestors().skip(1).find(|folder| folder.join(MANIFEST_NAME).is_file()).map(PathBuf::from);
    let Some(root) = root else {
        return Err(Problem::new(shown, text!("aucun {MANIFEST_NAME} au-dessus de ce fichier", "no {MANIFEST_NAME} above this file")).hint(
            Text::new(
                "explain ne connaît que les fichiers d'un projet que mirai-kit a écrit",
                "explain knows only files of a project that mirai-kit wrote",
            ),
        ));
    };
    let manifest = root.join(MANIFEST_NAME);
    let name = manifest.display().to_string();
    let manifest: Value = yaml::parse(&name, &read_text(&manifest, LIMIT)?)?;
    let below = absolute.strip_prefix(&root).unwrap_or(&absolute);
    let path = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    Ok(Project { manifest, path })
}

/// The kind of a file, as rules read it; none when no rule reads it by its place alone.
fn input(path: &str) -> Option<Input> {
    let name = file_name(path);
    let inside = |folder: &str| path.split('/').rev().skip(1).any(|part| part == folder);
    Some(match (name, extension(path)) {
        ("Chart.yaml", _) => Input::Charts,
        (".gitlab-ci-dso.yml", _) => Input::Pipelines,
        (".gitlab-ci.yml", _) => Input::Workflows,
        ("modele.yaml", _) => Input::Model,
        (_, "yml" | "yaml") if inside("workflows") => Input::Workflows,
        (_, "yaml" | "yml") if inside("templates") || inside("argocd") => Input::Manifests,
        (name, "yaml" | "yml") if name.starts_with("values") => Input::Values,
        (name, _) if name == "Dockerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile") => Input::Dockerfiles,
        (_, "sql") if inside("migrations") => Input::Migrations,
        ("openapi.json" | "openapi.yaml", _) => Input::Api,
        (_, "py" | "ts" | "js" | "rs" | "go" | "java") => Input::Code,
        (_, "md") => Input::Documents,
        _ => return None,
    })
}
