//! What an application is written in, and the tests that it holds: by the file that names its dependencies, and the names of
//! its test files. A component is a folder with a Dockerfile.

use crate::check::Report;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::migrations::python;
use crate::check::repository::Input::Code;
use crate::check::repository::{aside, below, file_name, folder, join};
use crate::check::view::View;
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::warning(
        "listed-language",
        Code,
        Cct,
        ("langage que le CCT ne cite pas", "language that the framework does not list"),
        ("prenez un langage cité, ou écrivez la décision et son plan de maintien", "take a listed language, or write the decision and how it will be kept up"),
    )
    .because((
        "EXI-ARCH-1 : TypeScript, Python, Java, Ruby, PHP, Go, Rust, Scala et la famille du C sont cités ; un autre demande de montrer qu'il restera maintenable plus de cinq ans, d'où l'avertissement.",
        "EXI-ARCH-1: TypeScript, Python, Java, Ruby, PHP, Go, Rust, Scala and the C family are listed; another must be shown to stay maintainable for more than five years, hence the warning.",
    )),
    Rule::warning(
        "typed-language",
        Code,
        Cct,
        ("code dont les types ne sont pas vérifiés", "code whose types are not checked"),
        ("configurez mypy ou pyright (strict), ou tsconfig.json avec strict", "configure mypy or pyright (strict), or tsconfig.json with strict"),
    )
    .because((
        "EXI-ARCH-1 préfère les langages typés et outillés. Jugé là où le type est vérifié par un outil qui se règle (Python, TypeScript) ; un langage compilé l'est toujours.",
        "EXI-ARCH-1 prefers typed languages with tooling. Judged where a tool that is configured checks types (Python, TypeScript); a compiled language always is.",
    ))
    .proves(&["listed-language"]),
    Rule::error(
        "backend-tests",
        Code,
        Cct,
        ("composant sans test, ou fichier d'essais sans essai", "component without a test, or test file without a test"),
        ("écrivez un essai par comportement, dans le dossier que la chaîne lance", "write a test for each behaviour, in the folder that the chain runs"),
    )
    .because((
        "EXI-ORG-10 : tests unitaires du back-end ; un fichier d'essais vide passe sans rien vérifier.",
        "EXI-ORG-10: unit tests of the back end; an empty test file passes and verifies nothing.",
    ))
    .proves(&["listed-language"]),
];

/// File that names the dependencies of a language; whether the framework lists it (facts on EXI-ARCH-1).
const LANGUAGES: [(&str, &str, bool); 17] = [
    ("pyproject.toml", "Python", true),
    ("requirements.txt", "Python", true),
    ("package.json", "JavaScript, TypeScript", true),
    ("pom.xml", "Java", true),
    ("build.gradle", "Java", true),
    ("build.gradle.kts", "Java", true),
    ("build.sbt", "Scala", true),
    ("go.mod", "Go", true),
    ("Cargo.toml", "Rust", true),
    ("composer.json", "PHP", true),
    ("Gemfile", "Ruby", true),
    ("CMakeLists.txt", "C, C++", true),
    ("mix.exs", "Elixir", false),
    ("pubspec.yaml", "Dart", false),
    ("stack.yaml", "Haskell", false),
    ("project.clj", "Clojure", false),
    ("rebar.config", "Erlang", false),
];

/// Checks each component.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let projects = view.projects();
    let components: Vec<String> =
        view.paths(|path| file_name(path) == "Dockerfile" && aside(path).is_none()).iter().map(|path| folder(path).to_owned()).collect();
    for root in &components {
        let own = projects.iter().any(|project| below(root, project));
        let files: Vec<(String, &str, bool)> =
            LANGUAGES.iter().map(|(file, language, listed)| (join(root, file), *language, *listed)).filter(|(path, ..)| view.has(path)).collect();
        for (path, language, listed) in &files {
            report.see_in("listed-language", path, None, (!listed).then(|| Text::same(*language)));
        }
        if files.iter().any(|(_, language, _)| *language == "Python") {
            typed(&mut report, view, root, own);
            tested(&mut report, view, root, own);
        }
        // Without the word, another file that this one refers to may ask for it.
        let typescript = join(root, "tsconfig.json");
        let content = view.has(&typescript).then(|| view.text(Code, &typescript)).flatten().map(|text| text.replace(' ', "")).unwrap_or_default();
        if content.contains("\"strict\":") {
            let strict = content.contains("\"strict\":true");
            report.see_in("typed-language", &typescript, None, (!strict).then(|| Text::new("strict n'est pas demandé", "strict is not asked for")));
        }
    }
    report
}

/// Python: mypy or pyright, told to be strict. Elsewhere, a project without either has made another choice.
fn typed(report: &mut Report, view: &mut View<'_>, root: &str, own: bool) {
    let places = [("pyproject.toml", "[tool.mypy]"), ("pyproject.toml", "[tool.pyright]"), ("mypy.ini", "[mypy]"), ("setup.cfg", "[mypy]")];
    for (file, section) in places {
        let path = join(root, file);
        let Some(content) = view.has(&path).then(|| view.text(Code, &path)).flatten() else { continue };
        let mut lines = content.lines().enumerate().skip_while(|(_, line)| line.trim() != section);
        let Some((at, _)) = lines.next() else { continue };
        let mut settings = lines.map(|(_, line)| line.replace(' ', "")).take_while(|line| !line.starts_with('['));
        let strict = settings.any(|line| {
            let line = line.to_lowercase();
            line.starts_with("strict=true") || line.starts_with("disallow_untyped_defs=true") || line.starts_with("typecheckingmode=\"strict\"")
        });
        let strict = strict || !own;
        return report.see_in(
            "typed-language",
            &path,
            Some(at + 1),
            (!strict).then(|| Text::new("strict n'est pas demandé", "strict is not asked for")),
        );
    }
    if own {
        report.see_in(
            "typed-language",
            &join(root, "pyproject.toml"),
            None,
            Some(Text::new("ni mypy ni pyright n'est réglé", "neither mypy nor pyright is configured")),
        );
    }
}

/// Python: files that pytest takes for tests, each with at least one.
fn tested(report: &mut Report, view: &mut View<'_>, root: &str, own: bool) {
    let named = |path: &str| {
        let name = file_name(path);
        below(path, root) && name.strip_suffix(".py").is_some_and(|stem| stem.starts_with("test_") || stem.ends_with("_test"))
    };
    let files = view.paths(named);
    if files.is_empty() && own {
        let what = Text::new("aucun fichier d'essais (test_*.py)", "no test file (test_*.py)");
        return report.see_in("backend-tests", &join(root, "tests"), None, Some(what));
    }
    for path in files {
        let Some(content) = view.text(Code, &path) else { continue };
        let Some((tokens, _)) = python::lex(&content) else { continue };
        let count = tokens.windows(2).filter(|pair| pair[0].is("def") && pair[1].text.starts_with("test")).count();
        // Elsewhere, another kind of file may bear such a name.
        if count == 0 && !own {
            continue;
        }
        let problem = (count == 0).then(|| text!("aucune fonction test… dans ce fichier", "no function test… in this file"));
        report.see_in("backend-tests", &path, None, problem);
    }
}
