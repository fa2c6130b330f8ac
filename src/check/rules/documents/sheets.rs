//! Documents in Markdown: where each is, which parts it must hold, which columns are filled later.

use crate::check::Report;
use crate::check::repository::Input::Documents;
use crate::check::repository::{file_name, join};
use crate::check::view::View;
use crate::text;
use crate::text::Text;

/// Gives an answer of the project as text; empty when it has none.
type Answer<'a> = &'a dyn Fn(&str) -> String;

/// A document.
struct Sheet {
    rule: &'static str,
    /// Its path in a project of ours; elsewhere its name is enough.
    path: &'static str,
    /// Words that its headings or tables must hold, each in a part that says something.
    parts: &'static [&'static str],
    /// Columns that life fills later.
    later: &'static [&'static str],
    /// Whether a project of ours has it, by its answers.
    asked: fn(Answer<'_>) -> bool,
}

const SHEETS: [Sheet; 10] = [
    Sheet { rule: "normative-framework", path: "docs/conformite/cadre-normatif.md", parts: &["RGAA", "RGS", "RGI"], later: &[], asked: |_| true },
    Sheet {
        rule: "ecodesign-sheet",
        path: "docs/conformite/fiche-ecoconception.md",
        parts: &["Ressources", "Élasticité"],
        later: &["Mesuré"],
        asked: |_| true,
    },
    Sheet {
        rule: "runbook",
        path: "docs/exploitation/runbook.md",
        parts: &["Joindre", "Restaurer", "Incidents"],
        later: &["Moyen", "Horaires"],
        asked: |_| true,
    },
    Sheet {
        rule: "restore-test-plan",
        path: "docs/exploitation/plan-de-test-restauration.md",
        parts: &["Objectifs", "Exercice", "Compte rendu"],
        later: &["Date", "Mené par", "Durée", "Perte constatée", "Cibles tenues", "Suites", "Exercice"],
        asked: |answer| answer("base_de_donnees") == "postgres" || !matches!(answer("services_onyxia").as_str(), "" | "[]"),
    },
    Sheet {
        rule: "ai-sheet",
        path: "docs/conformite/fiche-ia.md",
        parts: &["Finalité", "Contrôle humain", "Information des usagers"],
        later: &[],
        asked: |answer| !matches!(answer("ia").as_str(), "" | "aucune"),
    },
    // What is asked for is the frame of the review: its measures come after six months of use.
    Sheet {
        rule: "ai-six-month-review",
        path: "docs/conformite/bilan-ia-six-mois.md",
        parts: &["jetons", "Alternatives"],
        later: &["Mesure", "Qualité attendue", "Coût", "Retenue ?"],
        asked: |answer| !matches!(answer("ia").as_str(), "" | "aucune"),
    },
    Sheet {
        rule: "security-context-decision",
        path: "docs/adr/0010-contexte-de-securite.md",
        parts: &["Contexte", "Décision", "Conséquences"],
        later: &[],
        asked: |answer| answer("backend") == "fastapi",
    },
    Sheet { rule: "data-classification", path: "docs/adr/0001-hebergement.md", parts: &["sensibilité", "Décision"], later: &[], asked: |_| true },
    Sheet {
        rule: "cdn-declared",
        path: "docs/conformite/demande-cdn.md",
        parts: &["Nom de domaine", "Origine", "Trafic"],
        later: &[],
        asked: |answer| answer("exposition") == "internet",
    },
    Sheet { rule: "security-policy", path: "SECURITY.md", parts: &["Sécurité|Security|vulnérabilité|vulnerabilit"], later: &[], asked: |_| true },
];

/// Judges each document where it stands, and what a project of ours lacks.
pub fn check(report: &mut Report, view: &mut View<'_>) {
    let answers = view.answers.cloned().unwrap_or_default();
    let answer = |key: &str| answers.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default();
    let roots = application_roots(view);
    for sheet in &SHEETS {
        let mut paths: Vec<String> = view.paths(|path| path == sheet.path || path.ends_with(&format!("/{}", sheet.path)));
        if sheet.rule == "security-policy" {
            paths = view
                .paths(|path| file_name(path) == "SECURITY.md" && crate::check::repository::aside(path).is_none() && path.split('/').count() <= 3);
        }
        for path in paths {
            if let Some(content) = view.text(Documents, &path) {
                judge(report, sheet, &path, &content);
            }
        }
        for root in &roots {
            let expected = join(root, sheet.path);
            if (sheet.asked)(&answer) && !view.has(&expected) {
                report.see_in(sheet.rule, &expected, None, Some(Text::new("le document est absent", "the document is missing")));
            }
        }
    }
    raci(report, view, &roots);
}

/// Roots of the projects that hold the application's documents: the infrastructure repositories do not.
pub fn application_roots(view: &View<'_>) -> Vec<String> {
    let mut roots = view.projects();
    let application = |root: &String| root.is_empty() || file_name(root) == "app" || view.has(&join(root, "demarches.yaml"));
    // A single repository given alone stands at the root.
    roots
        .retain(|root| application(root) && (view.has(&join(root, "demarches.yaml")) || view.has(&join(root, "docs/README.md")) || !root.is_empty()));
    roots
}

fn judge(report: &mut Report, sheet: &Sheet, path: &str, content: &str) {
    let words = content.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    let lower = content.to_lowercase();
    let absent = sheet.parts.iter().find(|part| !part.split('|').any(|wanted| lower.contains(&wanted.to_lowercase())));
    // What only says where the document is, is not it.
    if words < 20 && content.contains("](") {
        return;
    }
    let problem = if words < 20 {
        Some(Text::new("le document est presque vide", "the document is almost empty"))
    } else {
        absent.map(|part| text!("« {part} » n'est pas traité", "“{part}” is not dealt with"))
    };
    report.see_in(sheet.rule, path, None, problem);
    for (line, what) in unfilled(content, sheet.later) {
        report.see_in(sheet.rule, path, Some(line), Some(what));
    }
}

/// Lines that wait for words: placeholders, and cells without any in columns that are not filled later.
fn unfilled(content: &str, later: &[&str]) -> Vec<(usize, Text)> {
    let mut found = Vec::new();
    let mut header: Vec<String> = Vec::new();
    let mut code = false;
    for (index, line) in content.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            code = !code;
        }
        if super::waiting(trimmed) && !code {
            let shown: String = trimmed.chars().take(100).collect();
            found.push((index + 1, text!("à compléter : {shown}", "to be completed: {shown}")));
            continue;
        }
        let Some(row) = trimmed.strip_prefix('|').filter(|_| !code) else {
            header.clear();
            continue;
        };
        let cells: Vec<String> = row.trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        if header.is_empty() {
            header = cells;
            continue;
        }
        if cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':' | ' '))) && cells.iter().any(|cell| cell.contains('-')) {
            continue;
        }
        let empty = header.iter().zip(&cells).find(|(name, cell)| cell.is_empty() && !name.is_empty() && !later.contains(&name.as_str()));
        if let Some((name, _)) = empty {
            found.push((index + 1, text!("colonne « {name} » vide", "column “{name}” empty")));
        }
    }
    found
}

/// One answers for each activity, and someone does it.
fn raci(report: &mut Report, view: &mut View<'_>, roots: &[String]) {
    const RULE: &str = "raci-present";
    const PATH: &str = "docs/conformite/matrice-de-responsabilite.md";
    for path in view.paths(|path| path == PATH || path.ends_with(&format!("/{PATH}"))) {
        let Some(content) = view.text(Documents, &path) else { continue };
        let mut rows = 0;
        for (index, line) in content.lines().enumerate() {
            let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
            let letters =
                |cell: &str| !cell.is_empty() && cell.split([',', ' ']).filter(|l| !l.is_empty()).all(|l| matches!(l, "R" | "A" | "C" | "I"));
            if !line.trim().starts_with('|') || !cells.iter().skip(1).any(|cell| letters(cell)) {
                continue;
            }
            rows += 1;
            let count = |letter: &str| cells.iter().skip(1).filter(|cell| cell.split([',', ' ']).any(|l| l == letter)).count();
            let what = cells[0];
            let problem = match (count("A"), count("R")) {
                (1, done) if done > 0 => None,
                (1, _) => Some(text!("« {what} » : personne ne réalise", "“{what}”: nobody does it")),
                (answers, _) => Some(text!(
                    "« {what} » : {answers} parties en répondent, une seule attendue",
                    "“{what}”: {answers} parties answer for it, one is expected"
                )),
            };
            report.see_in(RULE, &path, Some(index + 1), problem);
        }
        if rows == 0 {
            report.see_in(RULE, &path, None, Some(Text::new("aucune activité répartie", "no activity shared out")));
        }
    }
    for root in roots.iter().map(|root| join(root, PATH)).filter(|expected| !view.has(expected)).collect::<Vec<_>>() {
        report.see_in(RULE, &root, None, Some(Text::new("le document est absent", "the document is missing")));
    }
}
