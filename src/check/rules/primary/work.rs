//! What the primary chain does of each change: quality, vulnerabilities, coverage, and its mirroring.

use crate::check::Report;
use crate::check::ci::{Chain, Forge, Job, work};
use crate::check::repository::Input::Code;
use crate::check::repository::{below, file_name, folder, join};
use crate::check::view::View;
use crate::text;
use crate::text::Text;

/// What started a chain says whether it judges changes.
fn judges(chain: &Chain) -> bool {
    chain.forge == Forge::Gitlab || ["pull_request", "push", "merge_group", "workflow_call"].iter().any(|on| chain.triggers.contains(*on))
}

/// Why the failure of a job stops nothing, if so.
fn unheeded(job: &Job, step: bool) -> Option<Text> {
    if job.blocking && !job.manual && step { None } else { Some(Text::new("son échec n'arrête rien", "its failure stops nothing")) }
}

/// Judges the chains, and what a project of ours lacks.
pub fn check(report: &mut Report, view: &mut View<'_>, chains: &[&Chain]) {
    thresholds(report, view);
    for chain in chains {
        for job in &chain.jobs {
            if judges(chain) {
                quality(report, chain, job);
                coverage(report, view, chain, job);
            }
            mirror(report, chain, job);
        }
        scans(report, chain);
        scheduled(report, chain);
    }
    for root in view.projects() {
        missing(report, view, chains, &root);
    }
}

fn quality(report: &mut Report, chain: &Chain, job: &Job) {
    let found: Vec<_> = job.steps.iter().filter(|step| work::quality(&step.command)).collect();
    let Some(first) = found.first() else { return };
    let heeded = found.iter().any(|step| step.blocking && !step.command.excused);
    report.see_part("primary-quality", &chain.file, Some(first.command.line), &job.name, unheeded(job, heeded));
}

/// The scans of a job: line, and whether a finding fails the job.
fn scanned(job: &Job) -> Vec<(usize, bool)> {
    let commands =
        job.steps.iter().filter_map(|step| Some((step.command.line, work::scan(&step.command)? && step.blocking && !step.command.excused)));
    let actions = job.uses.iter().filter_map(|used| Some((used.line, work::scanning_action(used)? && used.blocking)));
    commands.chain(actions).collect()
}

/// One scan that stops is enough: another may well write a report first.
fn scans(report: &mut Report, chain: &Chain) {
    let all: Vec<(&Job, usize, Option<Text>)> =
        chain.jobs.iter().flat_map(|job| scanned(job).into_iter().map(move |(line, fails)| (job, line, unheeded(job, fails)))).collect();
    let Some((job, line, problem)) = all.iter().find(|(_, _, problem)| problem.is_none()).or(all.first()) else { return };
    report.see_part("primary-scan", &chain.file, Some(*line), &job.name, problem.clone());
}

fn scheduled(report: &mut Report, chain: &Chain) {
    if chain.triggers.contains("schedule") && chain.jobs.iter().any(|job| !scanned(job).is_empty()) {
        report.see_in("scheduled-scan", &chain.file, None, None::<Text>);
    }
}

/// Files where a coverage is asked for.
fn configures(path: &str) -> bool {
    let name = file_name(path);
    matches!(name, "pyproject.toml" | "setup.cfg" | "tox.ini" | "pytest.ini" | ".coveragerc" | "package.json" | ".nycrc" | ".nycrc.json")
        || ["jest.config.", "vitest.config.", "vite.config."].iter().any(|start| name.starts_with(start))
}

/// The coverage that a file asks for: line and hundredths.
fn configured(text: &str) -> Option<(usize, f64)> {
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        if let Some(found) = work::threshold(&line.replace("\", \"", " ")) {
            return Some((index + 1, found));
        }
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("fail_under") {
            let number = rest.trim_start_matches([' ', '=']).split_whitespace().next().and_then(|n| n.parse().ok());
            return number.map(|number| (index + 1, number));
        }
        // Jest's coverageThreshold and Vitest's thresholds: the lines, or everything.
        inside |= line.contains("coverageThreshold") || line.contains("thresholds");
        if inside && let Some(rest) = line.trim_start_matches(['"', '\'']).strip_prefix("lines") {
            let digits: String = rest.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
            return digits.parse().ok().map(|number| (index + 1, number));
        }
    }
    None
}

fn low(wanted: f64) -> Option<Text> {
    (wanted < 100.0).then(|| text!("seuil à {wanted} %", "threshold at {wanted} %"))
}

fn thresholds(report: &mut Report, view: &mut View<'_>) {
    for path in view.delivered(Code, configures) {
        let Some(text) = view.text(Code, &path) else { continue };
        if let Some((line, wanted)) = configured(&text) {
            report.see_in("coverage-threshold", &path, Some(line), low(wanted));
        }
    }
}

/// Jobs that measure coverage: a threshold stops them, and their report is kept.
fn coverage(report: &mut Report, view: &mut View<'_>, chain: &Chain, job: &Job) {
    let tests: Vec<_> = job.steps.iter().filter(|step| work::tests(&step.command)).collect();
    let Some(first) = tests.first() else { return };
    let line = Some(first.command.line);
    let words = job.variables.values().cloned().chain(tests.iter().map(|step| step.command.words.join(" ")));
    let mut words = words;
    let asked = words.find_map(|words| work::threshold(&words));
    let root = folder(chain.file.trim_end_matches(file_name(&chain.file)).trim_end_matches(".github/workflows/")).to_owned();
    let files = view.paths(|path| below(path, &root) && configures(path) && crate::check::repository::aside(path).is_none());
    let written = asked.or_else(|| files.iter().find_map(|path| configured(&view.text(Code, path)?).map(|(_, wanted)| wanted)));
    if written.is_some() {
        let heeded = first.blocking && !first.command.excused;
        report.see_part("coverage-gate", &chain.file, line, &job.name, unheeded(job, heeded));
    }
    if let Some(wanted) = asked {
        report.see_part("coverage-threshold", &chain.file, line, &job.name, low(wanted));
    }
    let kept = |words: &str| {
        ["coverage", "couverture", "junit", "cobertura", "rapport", "report", "tests"].iter().any(|word| words.to_lowercase().contains(word))
    };
    if job.keeps.iter().any(|kept_as| kept(kept_as)) {
        report.see_part("coverage-artifact", &chain.file, line, &job.name, None::<Text>);
    }
}

/// The job that asks Cloud π Native to mirror the repository (`mirror.yml` of the catalogue, and its reusable workflow).
fn mirror(report: &mut Report, chain: &Chain, job: &Job) {
    let see = |report: &mut Report, line: usize, problem: Option<Text>| report.see_part("cpin-sync", &chain.file, Some(line), &job.name, problem);
    for used in job.uses.iter().filter(|used| used.name.contains("/sync-cpin.yml@")) {
        let missing =
            ["GITLAB_URL", "GIT_MIRROR_PROJECT_ID", "REPOSITORY_NAME"].iter().find(|input| used.with.get(**input).is_none_or(String::is_empty));
        see(report, used.line, missing.map(|input| text!("{input} manque", "{input} is missing")));
    }
    for step in &job.steps {
        let words = step.command.words.join(" ");
        let trigger =
            step.command.name() == "curl" && words.contains("/trigger/pipeline") && (words.contains("GIT_BRANCH_DEPLOY") || words.contains("MIRROR"));
        let script = step.command.name() == "mirror.sh" || step.command.arguments().any(|word| word.ends_with("/mirror.sh") || word == "mirror.sh");
        if !trigger && !script {
            continue;
        }
        let named = if script { step.command.has("-r") } else { words.contains("PROJECT_NAME") };
        let problem = (!named).then(|| {
            Text::new("le nom interne du dépôt (PROJECT_NAME, -r) manque", "the internal name of the repository (PROJECT_NAME, -r) is missing")
        });
        see(report, step.command.line, problem);
    }
}

/// What a project of ours lacks in the chain of its forge.
fn missing(report: &mut Report, view: &View<'_>, chains: &[&Chain], root: &str) {
    let answer = |key: &str| view.answers.and_then(|answers| answers.get(key)).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let github = answer("chaine_primaire") == "github";
    let own: Vec<&&Chain> = chains.iter().filter(|chain| below(&chain.file, root)).collect();
    let jobs = || own.iter().flat_map(|chain| &chain.jobs);
    let expected = join(root, if github { ".github/workflows" } else { ".gitlab-ci.yml" });
    let mut ask = |rule: &'static str, found: bool| {
        report.see_in(rule, &expected, None, (!found).then(|| Text::new("aucun travail ne le fait", "no job does it")));
    };
    ask(
        "primary-quality",
        own.iter().any(|chain| judges(chain) && chain.jobs.iter().any(|job| job.steps.iter().any(|step| work::quality(&step.command)))),
    );
    ask("primary-scan", jobs().any(|job| !scanned(job).is_empty()));
    if github {
        ask("scheduled-scan", own.iter().any(|chain| chain.triggers.contains("schedule") && chain.jobs.iter().any(|job| !scanned(job).is_empty())));
    }
    if view.has(&join(root, "backend/Dockerfile")) {
        let tested = || jobs().filter(|job| job.steps.iter().any(|step| work::tests(&step.command)));
        ask("coverage-gate", tested().next().is_some());
        ask("coverage-artifact", tested().any(|job| !job.keeps.is_empty()));
    }
    let mirrored = |job: &Job| {
        job.uses.iter().any(|used| used.name.contains("/sync-cpin.yml@"))
            || job.steps.iter().any(|s| s.command.words.join(" ").contains("/trigger/pipeline"))
    };
    if answer("hebergement") == "cloud-pi-native" {
        ask("cpin-sync", jobs().any(mirrored));
    }
}
