//! Files that tools read or that state facts: owners, updates, request templates, cost model, flows, hosting.

use serde_json::Value;

use super::sheets::application_roots;
use super::waiting;
use crate::check::Report;
use crate::check::repository::Input::{Documents, Project};
use crate::check::repository::{aside, below, file_name, join};
use crate::check::view::View;
use crate::text;
use crate::text::Text;

/// Judges them.
pub fn check(report: &mut Report, view: &mut View<'_>) {
    owners(report, view);
    updates(report, view);
    templates(report, view);
    costs(report, view);
    hosting(report, view);
    flows(report, view);
    for root in view.projects() {
        absent(report, view, "codeowners", &root, &["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"]);
        absent(
            report,
            view,
            "renovate",
            &root,
            &["renovate.json", ".github/renovate.json", ".github/dependabot.yml", ".renovaterc", ".renovaterc.json", "renovate.json5"],
        );
        let requests = [".github/pull_request_template.md", ".gitlab/merge_request_templates/Default.md"];
        absent(report, view, "test-before-fix", &root, &requests);
    }
    for root in application_roots(view) {
        absent(report, view, "cost-driver-model", &root, &[COSTS]);
        absent(report, view, "flow-matrix", &root, &[FLOWS]);
    }
}

fn absent(report: &mut Report, view: &View<'_>, rule: &'static str, root: &str, any: &[&str]) {
    if !any.iter().any(|path| view.has(&join(root, path))) {
        let problem = Text::new("le fichier est absent", "the file is missing");
        report.see_in(rule, &join(root, any.first().copied().unwrap_or_default()), None, Some(problem));
    }
}

/// Someone owns every file: a rule for everything, or at least one owner per rule, who exists.
fn owners(report: &mut Report, view: &mut View<'_>) {
    for path in view.paths(|path| file_name(path) == "CODEOWNERS" && aside(path).is_none_or(|folder| file_name(folder) == "docs")) {
        let Some(content) = view.text(Project, &path) else { continue };
        let mut any = false;
        for (index, line) in content.lines().enumerate() {
            let rule = line.split('#').next().unwrap_or_default().trim();
            // Sections of GitLab: [Name], ^[Name].
            if rule.is_empty() || rule.starts_with(['[', '^']) {
                continue;
            }
            let mut owners = rule.split_whitespace().skip(1).peekable();
            let problem =
                if owners.peek().is_some() && owners.any(waiting) { Some(text!("à compléter : {rule}", "to be completed: {rule}")) } else { None };
            any |= rule.split_whitespace().nth(1).is_some();
            report.see_in("codeowners", &path, Some(index + 1), problem);
        }
        if !any {
            report.see_in("codeowners", &path, None, Some(Text::new("aucun propriétaire", "no owner")));
        }
    }
}

/// Renovate or Dependabot, which reads the file.
fn updates(report: &mut Report, view: &mut View<'_>) {
    let renovate = |path: &str| matches!(file_name(path), "renovate.json" | ".renovaterc" | ".renovaterc.json") && aside(path).is_none();
    for path in view.paths(renovate) {
        let Some(content) = view.text(Project, &path) else { continue };
        let problem = match serde_json::from_str::<Value>(&content) {
            Err(fault) => Some(text!("JSON invalide : {fault}", "invalid JSON: {fault}")),
            Ok(Value::Object(map)) if map.get("enabled") == Some(&Value::Bool(false)) => Some(Text::new("désactivé", "disabled")),
            Ok(Value::Object(map)) if map.keys().any(|key| key != "$schema" && key != "description") => None,
            Ok(_) => Some(Text::new("aucune règle", "no rule")),
        };
        report.see_in("renovate", &path, None, problem);
    }
    for path in view.paths(|path| matches!(path.rsplit_once(".github/").map(|(_, name)| name), Some("dependabot.yml" | "dependabot.yaml"))) {
        let Some(node) = view.yaml(Project, &path) else { continue };
        let value = node.value();
        let updates = value.get("updates").and_then(Value::as_array).is_some_and(|updates| !updates.is_empty());
        report.see_in("renovate", &path, None, (!updates).then(|| Text::new("aucune règle (updates)", "no rule (updates)")));
    }
}

/// The template of requests reminds of the test that shows the defect.
fn templates(report: &mut Report, view: &mut View<'_>) {
    let named = |path: &str| {
        let lower = path.to_lowercase();
        lower.ends_with("pull_request_template.md") || lower.contains(".gitlab/merge_request_templates/")
    };
    let own = view.projects();
    for path in view.paths(named) {
        let Some(content) = view.text(Documents, &path) else { continue };
        let lower = content.to_lowercase();
        let asks = lower.lines().any(|line| {
            let fix = ["correction", "anomalie", "défaut", "bug", "fix", "corrig"].iter().any(|word| line.contains(word));
            line.contains("test")
                && fix
                && ["avant", "before", "d'abord", "first", "montr", "reprodu", "shows"].iter().any(|word| line.contains(word))
        });
        // Elsewhere a template owes nobody this reminder.
        if asks || own.iter().any(|root| below(&path, root)) {
            let problem =
                (!asks).then(|| Text::new("ne demande pas le test qui montre l'anomalie", "does not ask for the test that shows the defect"));
            report.see_in("test-before-fix", &path, None, problem);
        }
    }
}

const COSTS: &str = "docs/finops/modele-inducteur-de-cout.yaml";

/// The estimate, per transaction or per user, in tokens or in GPU.
fn costs(report: &mut Report, view: &mut View<'_>) {
    for path in view.paths(|path| path == COSTS || path.ends_with(&format!("/{COSTS}"))) {
        let Some(node) = view.yaml(Documents, &path) else { continue };
        let value = node.value();
        let number = |pointer: &str| value.pointer(pointer).and_then(Value::as_f64);
        let spared = matches!(value.get("recours").and_then(Value::as_str), Some("aucun" | "aucune"));
        let mut see = |pointer: &str, problem: Option<Text>| report.see_in("cost-driver-model", &path, Some(node.line_of(pointer)), problem);
        let unit = value.get("unite").and_then(Value::as_str).unwrap_or_default();
        if spared {
            see("/recours", None);
            continue;
        }
        see("/unite", (unit.is_empty() || waiting(unit)).then(|| Text::new("unité absente (jeton ou GPU)", "no unit (token or GPU)")));
        let consumed = ["/par_transaction/jetons_entree/moyenne", "/par_transaction/jetons_sortie/moyenne", "/par_transaction/gpu_secondes"];
        let some = consumed.iter().any(|pointer| number(pointer).is_some_and(|n| n > 0.0));
        see("/par_transaction", (!some).then(|| Text::new("aucune consommation par transaction", "no consumption per transaction")));
        for pointer in ["/par_utilisateur_et_par_jour/transactions/moyenne", "/population/utilisateurs_actifs_par_jour/moyenne"] {
            let there = number(pointer).is_some_and(|n| n > 0.0);
            see(pointer, (!there).then(|| text!("{pointer} : nombre attendu", "{pointer}: a number is expected")));
        }
    }
}

/// What the answers say of the data and of the exposure hold together, in the values too.
fn hosting(report: &mut Report, view: &mut View<'_>) {
    for path in view.named(crate::render::MANIFEST_NAME) {
        let Some(node) = view.yaml(Project, &path) else { continue };
        let Some((_, answers)) = node.get("reponses") else { continue };
        let answer = |key: &str| answers.get(key).and_then(|(line, node)| Some((line, node.as_str()?.to_owned())));
        let (Some((line, sensitivity)), Some((_, exposure))) = (answer("sensibilite"), answer("exposition")) else { continue };
        let problem = (sensitivity == "dr" && exposure == "internet")
            .then(|| Text::new("données Diffusion Restreinte exposées sur Internet", "Diffusion Restreinte data exposed on the Internet"));
        report.see_in("hosting-coherent", &path, Some(line), problem);
        let known = matches!(sensitivity.as_str(), "usuel" | "dr") && matches!(exposure.as_str(), "internet" | "rie" | "interne");
        report.see_in("hosting-coherent", &path, Some(line), (!known).then(|| format!("sensibilite: {sensitivity}, exposition: {exposure}")));
    }
}

pub(super) const FLOWS: &str = "docs/flux/matrice-des-flux.md";

/// Each line of the matrix names its source, its destination, its port and its protocol.
fn flows(report: &mut Report, view: &mut View<'_>) {
    for path in view.paths(|path| path == FLOWS || path.ends_with(&format!("/{FLOWS}"))) {
        let Some(content) = view.text(Documents, &path) else { continue };
        let (mut header, mut rows): (Vec<String>, usize) = (Vec::new(), 0);
        for (index, line) in content.lines().enumerate() {
            let Some(row) = line.trim().strip_prefix('|') else {
                header.clear();
                continue;
            };
            let cells: Vec<String> = row.trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            if header.is_empty() {
                header = cells.iter().map(|cell| cell.to_lowercase()).collect();
                continue;
            }
            if cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':'))) {
                continue;
            }
            let cell = |name: &str| header.iter().position(|h| h == name).and_then(|i| cells.get(i)).map_or("", String::as_str);
            rows += 1;
            let given = cell("port");
            let port = given.split([',', ' ']).filter(|p| !p.is_empty()).all(|p| p.split('-').all(|n| n.parse::<u16>().is_ok())) && !given.is_empty();
            let problem = if let Some(name) = ["source", "destination", "protocole"].iter().find(|name| cell(name).is_empty()) {
                Some(text!("colonne « {name} » vide", "column “{name}” empty"))
            } else if !port {
                Some(text!("port attendu : {given}", "a port is expected: {given}"))
            } else if waiting(row) {
                let shown: String = row.chars().take(90).collect();
                Some(text!("à compléter : {shown}", "to be completed: {shown}"))
            } else {
                None
            };
            report.see_in("flow-matrix", &path, Some(index + 1), problem);
        }
        if rows == 0 {
            report.see_in("flow-matrix", &path, None, Some(Text::new("aucun flux", "no flow")));
        }
    }
}
