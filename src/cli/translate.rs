//! The errors of the rooms below, in both languages. The rooms say them in English (library callers read them too); their
//! short phrases are translated from one table, and a test reads the rooms' sources so that none is forgotten.

use std::io::{self, ErrorKind};

use crate::apply::{ApplyError, PathError, TargetProblem};
use crate::cli::Exit;
use crate::git::GitError;
use crate::text;
use crate::text::{Problem, Text};

/// What a failure to write becomes: an exit code and a problem.
pub(super) fn apply(error: &ApplyError) -> (Exit, Vec<Problem>) {
    let problem = match error {
        ApplyError::Name(error) => return (Exit::Usage, vec![path(error)]),
        ApplyError::Target { path, problem } => Problem::new(path.display().to_string(), target(problem)),
        ApplyError::Busy { path } => Problem::new(
            path.display().to_string(),
            Text::new("un autre mirai-kit écrit dans ce dossier", "another mirai-kit is writing in this folder"),
        ),
        ApplyError::Io { action, path, source } => {
            let (verb, en, fr_source) = (french(action), action, system(source));
            let of = if verb.starts_with(['a', 'e', 'é', 'i', 'o', 'u', 'h']) { "d'" } else { "de " };
            Problem::new(path.display().to_string(), text!("impossible {of}{verb} : {fr_source}", "cannot {en}: {source}"))
        }
        ApplyError::Git(GitError { action, path, source }) => {
            let (verb, detail) = (french(action), source.message());
            Problem::new(path.display().to_string(), text!("git ne peut pas {verb} : {detail}", "git cannot {action}: {detail}"))
        }
        ApplyError::Cancelled => Problem::new("", Text::new("interrompu : rien n'a été écrit", "interrupted: nothing was written")),
    };
    let exit = if matches!(error, ApplyError::Cancelled) { Exit::Interrupted } else { Exit::Failure };
    (exit, vec![hinted(problem, error.hint())])
}

/// Why a name or a path is refused.
pub(super) fn path(error: &PathError) -> Problem {
    let what = match error {
        PathError::Empty => Text::new("le nom est vide", "the name is empty"),
        PathError::Refused { path, reason } => {
            let shown: String = path.chars().take(60).collect();
            let shown = if shown.len() < path.len() { format!("{shown}…") } else { shown };
            let why = french(reason);
            text!("nom refusé, {shown:?} : {why}", "refused name, {shown:?}: {reason}")
        }
    };
    hinted(Problem::new("", what), Some("choose a short name made of letters, digits, `-`, `_` and `.`"))
}

fn target(problem: &TargetProblem) -> Text {
    let list = |names: &[String]| {
        let more = if names.len() > 5 { ", …" } else { "" };
        names.iter().take(5).map(|n| format!("{n:?}")).collect::<Vec<_>>().join(", ") + more
    };
    let fr = match problem {
        TargetProblem::NoName => "ne finit pas par un nom de dossier".to_owned(),
        TargetProblem::NoParent => "le dossier qui doit le contenir n'existe pas".to_owned(),
        TargetProblem::Symlink => "est un lien symbolique, qui n'est jamais suivi".to_owned(),
        TargetProblem::NotFolder => "existe et n'est pas un dossier".to_owned(),
        TargetProblem::NotEmpty(names) => format!("n'est pas vide : il contient {}", list(names)),
        TargetProblem::LinkedWorktree => "son `.git` est un fichier (arbre de travail lié ou sous-module), pas un dossier".to_owned(),
        TargetProblem::NotFresh => "son dépôt a déjà des commits ou des fichiers indexés".to_owned(),
        TargetProblem::ManyRepositories => "est un clone, alors que ce projet est fait de plusieurs dépôts".to_owned(),
        TargetProblem::ChangedSinceInterruption(names) => {
            format!("contient une création interrompue dont des fichiers ont changé depuis : {}", list(names))
        }
    };
    Text::new(fr, problem.to_string())
}

fn hinted(problem: Problem, hint: Option<&'static str>) -> Problem {
    match hint {
        Some(en) => problem.hint(Text::new(french(en), en)),
        None => problem,
    }
}

/// What the system answered, for the usual cases; its own words otherwise.
fn system(error: &io::Error) -> String {
    let fr = match error.kind() {
        ErrorKind::StorageFull => "le disque est plein",
        ErrorKind::QuotaExceeded => "le quota de disque est atteint",
        ErrorKind::ReadOnlyFilesystem => "système de fichiers en lecture seule",
        ErrorKind::PermissionDenied => "permission refusée",
        ErrorKind::NotFound => "fichier ou dossier introuvable",
        ErrorKind::NotADirectory => "ce n'est pas un dossier",
        ErrorKind::IsADirectory => "c'est un dossier",
        ErrorKind::AlreadyExists => "existe déjà",
        ErrorKind::InvalidFilename => "nom trop long ou invalide",
        ErrorKind::CrossesDevices => "autre système de fichiers",
        ErrorKind::ResourceBusy => "il a changé entre-temps",
        ErrorKind::InvalidInput => "ce n'est pas un fichier ordinaire",
        ErrorKind::FileTooLarge => "fichier trop grand",
        _ => return error.to_string(),
    };
    fr.to_owned()
}

/// Why a file given by the user could not be read.
pub(super) fn unreadable(at: String, error: &io::Error) -> Problem {
    let fr = system(error);
    Problem::new(at, text!("lecture impossible : {fr}", "cannot be read: {error}"))
}

/// The French of a phrase; the phrase itself when the table lacks it (the test below says so).
fn french(en: &'static str) -> &'static str {
    TABLE.iter().find(|(phrase, _)| *phrase == en).map_or(en, |(_, fr)| fr)
}

const TABLE: &[(&str, &str)] = &[
    // Actions (`apply`, `git`).
    ("commit", "enregistrer le commit"),
    ("compare", "comparer"),
    ("create", "créer"),
    ("create a folder in", "créer un dossier dedans"),
    ("create a repository", "créer un dépôt"),
    ("create the branch", "créer la branche"),
    ("create the folder", "créer le dossier"),
    ("list", "lister"),
    ("look at", "l'examiner"),
    ("make an index", "préparer un index"),
    ("make durable", "garantir l'écriture sur le disque"),
    ("open", "ouvrir"),
    ("open the index", "ouvrir l'index"),
    ("open the repository", "ouvrir le dépôt"),
    ("read", "lire"),
    ("read HEAD", "lire HEAD"),
    ("read the journal in", "lire le journal dedans"),
    ("record the files", "enregistrer les fichiers"),
    ("remove", "retirer"),
    ("replace", "remplacer"),
    ("set the permissions of", "régler les permissions"),
    ("take back", "annuler"),
    ("write", "écrire"),
    ("write the index", "écrire l'index"),
    ("write the journal in", "écrire le journal dedans"),
    ("write the tree", "écrire l'arbre"),
    // Why a path is refused (`apply::names`, `apply::relpath`).
    ("absolute", "chemin absolu"),
    ("a name has no `/`", "un nom ne contient pas de `/`"),
    ("contains a backslash", "contient une barre oblique inverse"),
    ("contains a control character", "contient un caractère de contrôle"),
    ("contains an invisible or text-direction character", "contient un caractère invisible ou de sens d'écriture"),
    ("contains one of < > : \" | ? *", "contient un des caractères < > : \" | ? *"),
    ("has a `.` or `..` part", "contient `.` ou `..`"),
    ("has a part longer than 255 bytes", "dépasse 255 octets"),
    ("has a part that Windows takes for a device", "Windows y verrait un périphérique"),
    ("has a part that ends with a dot or a space, which Windows drops", "finit par un point ou une espace, que Windows retire"),
    ("has a part that git takes for its own", "git y verrait un de ses fichiers"),
    ("has a part that starts with `-`, which commands take for an option", "commence par `-`, que les commandes prennent pour une option"),
    ("has a part that starts with `~`, which shells expand", "commence par `~`, que les shells remplacent"),
    ("has an empty part (doubled or final `/`)", "contient une partie vide (`/` doublé ou final)"),
    ("longer than 1024 bytes", "dépasse 1024 octets"),
    // What to do (`ApplyError::hint`, `GitError::hint`).
    ("give the name of a folder to create, or `.`", "donnez le nom d'un dossier à créer, ou `.`"),
    ("create it first, or choose another --output", "créez-le d'abord, ou choisissez un autre --output"),
    ("give the path of the folder itself", "donnez le chemin du dossier lui-même"),
    ("choose another name, or move what is in the way", "choisissez un autre nom, ou déplacez ce qui gêne"),
    ("use a fresh clone, or create the project in a new folder", "prenez un clone neuf, ou créez le projet dans un nouveau dossier"),
    ("answer `depots: mono`, or give the name of a folder to create", "répondez `depots: mono`, ou donnez le nom d'un dossier à créer"),
    ("move these files elsewhere, then run the command again", "mettez ces fichiers ailleurs, puis relancez la commande"),
    ("wait for it to end, then run the command again", "attendez qu'il finisse, puis relancez la commande"),
    (
        "choose a short name made of letters, digits, `-`, `_` and `.`",
        "choisissez un nom court fait de lettres, chiffres, `-`, `_` et `.` ; le dossier qui le contient se donne par --output",
    ),
    ("free some space on this disk, then run the command again", "libérez de la place sur ce disque, puis relancez la commande"),
    (
        "your disk quota is used up: free some space, then run the command again",
        "votre quota est épuisé : libérez de la place, puis relancez la commande",
    ),
    ("this file system is read-only: choose another --output", "choisissez un autre --output"),
    (
        "you may not write there: choose another --output, or ask for the right to write",
        "choisissez un autre --output, ou demandez le droit d'écrire",
    ),
    ("the path is too long for this file system: choose a shorter name or --output", "choisissez un nom ou un --output plus court"),
    ("the folder is a mount point or is in use: choose another name", "ce dossier est un point de montage ou est utilisé : choisissez un autre nom"),
    ("the target is another file system than its parent: choose another --output", "choisissez un autre --output"),
    ("someone created it meanwhile: choose another name", "quelqu'un l'a créé entre-temps : choisissez un autre nom"),
    (
        "the disk reports a failure: look at the system's log, choose another disk",
        "le disque signale une panne : regardez le journal du système, choisissez un autre disque",
    ),
    (
        "this repository belongs to someone else: `git config --global --add safe.directory <folder>` if you trust it",
        "ce dépôt appartient à quelqu'un d'autre : `git config --global --add safe.directory <dossier>` si vous lui faites confiance",
    ),
    (
        "look at the disk's space and permissions, or run without git (--no-git)",
        "regardez la place et les permissions du disque, ou lancez sans git (--no-git)",
    ),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use regex_lite::Regex;

    use super::TABLE;

    /// The phrases that the rooms' sources hold: actions, reasons of refusal, hints.
    fn phrases() -> Vec<String> {
        let text = r#""((?:[^"\\]|\\.)+)""#;
        let patterns = [r"\.doing\(", "action: ", "reason: ", "Some\\(", "=> "].map(|head| format!("{head}{text}"));
        let mut found = Vec::new();
        for room in ["src/apply", "src/git"] {
            for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(room)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_none_or(|e| e != "rs") {
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                for pattern in &patterns {
                    let pattern = Regex::new(pattern).unwrap();
                    found.extend(pattern.captures_iter(code).map(|c| c[1].replace("\\\"", "\"")));
                }
            }
        }
        found
    }

    #[test]
    fn every_phrase_of_the_rooms_is_translated() {
        let found = phrases();
        assert!(found.len() > 60, "{} phrases found", found.len());
        let missing: Vec<_> = found.iter().filter(|phrase| !TABLE.iter().any(|(en, _)| en == phrase)).collect();
        assert!(missing.is_empty(), "no French for {missing:#?}");
    }
}
