//! The arguments of `new`, and the rules of their combinations.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::super::define::{base, flag, option, positional};
use super::super::{Exit, Failed, translate};
use crate::apply::SafeRelPath;
use crate::text;
use crate::text::{Lang, Problem, Text};

/// The command, in one language.
pub(in crate::cli) fn command(lang: Lang) -> Command {
    let file = Text::new("FICHIER.yaml", "FILE.yaml");
    let folder = Text::new("DOSSIER", "DIR");
    let path = |arg: Arg| arg.value_parser(clap::value_parser!(PathBuf));
    base(super::NAME, lang, &Text::new("Crée une application complète", "Creates a complete application"))
        .after_help(
            Text::new(
                "Sans terminal rien n'est demandé : les réponses manquantes sont refusées d'un coup (code 3).\n\
             Priorité : --set, puis --answers, puis la question, puis le défaut.",
                "Without a terminal nothing is asked: missing answers are refused at once (code 3).\n\
             Precedence: --set, then --answers, then the question, then the default.",
            )
            .get(lang)
            .to_owned(),
        )
        .arg(positional(
            "name",
            lang,
            &Text::new("NOM", "NAME"),
            &Text::new(
                "Dossier à créer, et nom par défaut de l'application ; `.` dans un clone vide",
                "Folder to create, and default name of the application; `.` in an empty clone",
            ),
        ))
        .arg(path(
            option(
                "output",
                lang,
                &folder,
                &Text::new(
                    "Dossier existant où le créer (par défaut : le dossier courant)",
                    "Existing folder to create it in (default: the current folder)",
                ),
            )
            .short('o'),
        ))
        .arg(flag("defaults", lang, &Text::new("Prend les valeurs par défaut au lieu de demander", "Takes the defaults instead of asking")))
        .arg(path(option(
            "answers",
            lang,
            &file,
            &Text::new("Fichier de réponses : une ligne `clé: valeur` par réponse", "Answers file: one `key: value` line per answer"),
        )))
        .arg(
            option(
                "set",
                lang,
                &Text::new("CLÉ=VALEUR", "KEY=VALUE"),
                &Text::new(
                    "Une réponse, en YAML, répétable ; `s3.bucket=x` pour un champ",
                    "One answer, in YAML, repeatable; `s3.bucket=x` for a field",
                ),
            )
            .action(ArgAction::Append),
        )
        .arg(flag(
            "dry_run",
            lang,
            &Text::new(
                "Écrit sur la sortie les chemins qui seraient créés, et rien d'autre",
                "Prints the paths that would be created, and nothing else",
            ),
        ))
        .arg(flag("diff", lang, &Text::new("Avec --dry-run : les contenus, en diff unifié", "With --dry-run: the contents, as a unified diff")))
        .arg(flag(
            "json",
            lang,
            &Text::new(
                "Pour les programmes : le plan (--dry-run) ou le compte rendu, en JSON",
                "For programs: the plan (--dry-run) or the report, in JSON",
            ),
        ))
        .arg(flag("no_git", lang, &Text::new("Sans dépôt git ni premier commit", "Without git repository or first commit")))
        .arg(path(option(
            "kit",
            lang,
            &folder,
            &Text::new("Kit à utiliser au lieu de celui du programme", "Kit to use instead of the program's own"),
        )))
}

/// What was asked for.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one per flag of the command line")]
pub(super) struct Options {
    name: String,
    output: Option<PathBuf>,
    pub defaults: bool,
    pub answers: Option<PathBuf>,
    pub set: Vec<String>,
    pub dry_run: bool,
    pub diff: bool,
    pub json: bool,
    pub git: bool,
    pub kit: Option<PathBuf>,
}

/// Where to write, and the name that the folder gives.
#[derive(Debug)]
pub(super) struct Place {
    pub target: PathBuf,
    pub name: String,
    /// The target is the current folder.
    pub here: bool,
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// Every combination that makes no sense.
    pub fn read(arguments: &ArgMatches) -> Result<Self, Vec<Problem>> {
        let text = |id: &str| arguments.get_one::<String>(id).cloned();
        let path = |id: &str| arguments.get_one::<PathBuf>(id).cloned();
        let options = Self {
            name: text("name").unwrap_or_default(),
            output: path("output"),
            defaults: arguments.get_flag("defaults"),
            answers: path("answers"),
            set: arguments.get_many::<String>("set").into_iter().flatten().cloned().collect(),
            dry_run: arguments.get_flag("dry_run"),
            diff: arguments.get_flag("diff"),
            json: arguments.get_flag("json"),
            git: !arguments.get_flag("no_git"),
            kit: path("kit"),
        };
        let mut problems = Vec::new();
        if options.diff && !options.dry_run {
            problems.push(
                Problem::new(
                    "--diff",
                    Text::new(
                        "montre ce qui serait écrit, donc n'a de sens qu'avec --dry-run",
                        "shows what would be written, so it only makes sense with --dry-run",
                    ),
                )
                .hint(Text::new("ajoutez --dry-run, ou retirez --diff", "add --dry-run, or remove --diff")),
            );
        }
        if options.diff && options.json {
            problems.push(
                Problem::new("--diff, --json", Text::new("deux formes pour une seule sortie", "two forms for a single output"))
                    .hint(Text::new("choisissez l'une des deux", "choose one of them")),
            );
        }
        if options.name == "." && options.output.is_some() {
            problems.push(Problem::new("--output", Text::new("`.` désigne déjà le dossier courant", "`.` already is the current folder")).hint(
                Text::new("retirez --output, ou donnez le nom du dossier à créer", "remove --output, or give the name of the folder to create"),
            ));
        }
        if problems.is_empty() { Ok(options) } else { Err(problems) }
    }

    /// Where to write. The name is one part of a path that every system accepts, or `.`.
    ///
    /// # Errors
    /// When it is not.
    pub fn place(&self) -> Result<Place, Failed> {
        if self.name == "." {
            let here = std::env::current_dir().map_err(|e| (Exit::Failure, vec![translate::unreadable(".".into(), &e)]))?;
            let name = here.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            return Ok(Place { target: PathBuf::from("."), name, here: true });
        }
        let name = SafeRelPath::name(self.name.as_str()).map_err(|e| (Exit::Usage, vec![translate::path(&e)]))?;
        let target = self.output.as_deref().unwrap_or(Path::new("")).join(name.as_str());
        Ok(Place { target, name: self.name.clone(), here: false })
    }
}

/// A file of the user, read whole but never more than `limit` bytes, as UTF-8.
///
/// # Errors
/// When it cannot be read, is too large, or is not UTF-8: with the line and column of the first wrong byte.
pub(in crate::cli) fn read_text(path: &Path, limit: u64) -> Result<String, Problem> {
    use std::io::Read as _;
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(translate::unreadable(name, &error));
    }
    if bytes.len() as u64 > limit {
        let mib = limit / 1024 / 1024;
        return Err(Problem::new(name, text!("plus de {mib} Mio : ce fichier est trop gros", "more than {mib} MiB: this file is too large"))
            .hint(Text::new("donnez un fichier plus petit", "give a smaller file")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|b| *b == b'\n').count();
        let start = good.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let column = String::from_utf8_lossy(&good[start..]).chars().count() + 1;
        Problem::new(format!("{name}:{line}:{column}"), Text::new("le fichier n'est pas en UTF-8", "the file is not UTF-8")).hint(Text::new(
            "enregistrez-le en UTF-8 (il semble être en Latin-1 ou Windows-1252)",
            "save it as UTF-8 (it looks like Latin-1 or Windows-1252)",
        ))
    })
}
