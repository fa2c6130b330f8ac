//! What a command of a chain does, from the program and its words: tests, quality, scans, coverage, builds of images.

use super::{Job, Use};
use crate::check::shell::Command;

fn script_named(command: &Command, wanted: &[&str]) -> bool {
    let matches = |word: &str| wanted.iter().any(|w| word == *w || word.split([':', '-', '_', '.']).any(|part| part == *w));
    match command.name() {
        "npm" | "pnpm" | "yarn" | "bun" | "npx" | "make" | "just" | "task" | "composer" | "tox" | "nox" | "turbo" | "nx" | "uv" | "poetry"
        | "pdm" | "pipx" | "bundle" | "docker" | "python" | "python3" | "go" | "cargo" | "dotnet" | "mix" => {
            command.program().iter().skip(1).any(|word| matches(word))
        }
        _ => false,
    }
}

/// Whether it runs automated tests.
#[must_use]
pub fn tests(command: &Command) -> bool {
    let skipped = command.words.iter().any(|w| w.contains("skipTests") || w.contains("maven.test.skip"));
    match command.name() {
        "pytest" | "py.test" | "jest" | "vitest" | "phpunit" | "rspec" | "bats" | "ctest" | "mocha" | "gotestsum" | "playwright" | "cypress" => true,
        "mvn" | "mvnw" => !skipped && ["test", "verify", "package", "install", "deploy"].iter().any(|goal| command.has(goal)),
        "gradle" | "gradlew" => ["test", "check", "build"].iter().any(|task| command.has(task)),
        "helm" => command.has("unittest"),
        "docker" => false,
        _ => script_named(command, &["test", "tests", "pytest", "vitest", "jest", "unittest", "nextest", "tox", "coverage", "essais"]),
    }
}

/// Whether it checks the quality of what is written: style, types, charts, manifests.
#[must_use]
pub fn quality(command: &Command) -> bool {
    match command.name() {
        "ruff" | "flake8" | "pylint" | "mypy" | "pyright" | "black" | "eslint" | "tsc" | "biome" | "golangci-lint" | "shellcheck" | "hadolint"
        | "yamllint" | "kubeconform" | "kube-linter" | "kube-score" | "checkov" | "phpstan" | "rubocop" | "ktlint" | "spotless" | "ct"
        | "pre-commit" | "sonar-scanner" | "markdownlint-cli2" | "actionlint" | "conftest" | "mirai-kit" => true,
        "helm" => command.has("lint"),
        "mvn" | "mvnw" | "gradle" | "gradlew" => command
            .words
            .iter()
            .any(|w| ["checkstyle", "spotless", "sonar", "pmd", "spotbugs", "check", "verify"].iter().any(|tool| w.contains(tool))),
        "go" => command.has("vet"),
        "cargo" => command.has("clippy") || command.has("fmt"),
        _ => {
            script_named(
                command,
                &["lint", "linting", "typecheck", "check", "format", "style", "quality", "qualite", "yamllint", "ruff", "mypy", "eslint", "pre"],
            ) || tests(command)
        }
    }
}

/// Whether it looks for known vulnerabilities, and whether a finding fails it.
#[must_use]
pub fn scan(command: &Command) -> Option<bool> {
    let words = &command.words;
    // `docker run … image:tag arguments`: the scanner is the image.
    let inner =
        words.iter().position(|word| word.contains("aquasecurity/trivy") || word.starts_with("aquasec/trivy") || word.contains("anchore/grype"));
    let name = match inner {
        Some(at) if command.name() == "docker" => words[at].split([':', '@']).next().and_then(|image| image.rsplit('/').next()).unwrap_or_default(),
        _ => command.name(),
    };
    let fails = |option: &str| command.option(option).is_some_and(|code| code != "0");
    match name {
        "trivy" => {
            let scans = ["fs", "filesystem", "image", "repo", "repository", "rootfs", "sbom", "config"].iter().any(|verb| command.has(verb));
            scans.then(|| fails("--exit-code"))
        }
        "grype" => Some(command.option("--fail-on").is_some() || command.has("-f")),
        "npm" | "pnpm" | "yarn" | "composer" => command.has("audit").then_some(true),
        "cargo" => (command.has("audit") || command.has("deny")).then_some(true),
        "pip-audit" | "osv-scanner" | "govulncheck" | "bundle-audit" | "safety" => Some(true),
        "snyk" => command.has("test").then_some(true),
        "uvx" | "pipx" | "python" | "python3" => command.words.iter().any(|w| w.contains("pip-audit") || w == "pip_audit").then_some(true),
        "mvn" | "mvnw" | "gradle" | "gradlew" => {
            words.iter().any(|w| w.contains("dependency-check") || w.contains("dependencyCheck")).then_some(true)
        }
        _ => None,
    }
}

/// The same, of an action.
#[must_use]
pub fn scanning_action(used: &Use) -> Option<bool> {
    let name = used.name.split('@').next().unwrap_or_default();
    let input = |key: &str| used.with.get(key).map_or("", String::as_str);
    match name {
        "aquasecurity/trivy-action" => Some(!matches!(input("exit-code"), "" | "0")),
        "anchore/scan-action" => Some(input("fail-build") != "false"),
        "actions/dependency-review-action" => Some(input("warn-only") != "true"),
        // Their findings go to the forge, which blocks by a rule of the repository: unknown here.
        "github/codeql-action/analyze" | "ossf/scorecard-action" => None,
        _ if name.starts_with("google/osv-scanner-action") || name.starts_with("snyk/actions") || name == "pypa/gh-action-pip-audit" => Some(true),
        _ => None,
    }
}

/// The coverage that it asks for, in hundredths, when it names one.
#[must_use]
pub fn threshold(words: &str) -> Option<f64> {
    ["--cov-fail-under=", "--cov-fail-under ", "--fail-under=", "--fail-under-lines ", "--coverage.thresholds.lines=", "--coverage.thresholds.100"]
        .iter()
        .find_map(|option| {
            let (_, rest) = words.split_once(option)?;
            let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            if digits.is_empty() && option.ends_with("100") { Some(100.0) } else { digits.parse().ok() }
        })
}

/// Templates of the catalogue that build and push an image.
pub const IMAGES: [&str; 3] = [".kaniko:build-push", ".kaniko:simple-build-push", ".buildkit:build-push"];
/// Templates of the catalogue that analyse quality.
pub const SONAR: [&str; 2] = [".sonar:sonar-scanner", ".java:sonar"];

/// Whether a job builds an image.
#[must_use]
pub fn builds_image(job: &Job) -> bool {
    let built = |command: &Command| match command.name() {
        "docker" | "podman" | "nerdctl" => command.has("build") || (command.has("buildx") && command.has("bake")),
        "buildah" => command.has("bud") || command.has("build"),
        "executor" => command.option("--destination").is_some() || command.option("--context").is_some(),
        "buildctl" | "buildctl-daemonless.sh" => command.has("build"),
        _ => false,
    };
    job.extends_any(&IMAGES)
        || job.steps.iter().any(|step| built(&step.command))
        || job.uses.iter().any(|used| used.name.starts_with("docker/build-push-action@"))
}

/// Whether a job analyses quality by `SonarQube`.
#[must_use]
pub fn sonar(job: &Job) -> bool {
    let by_hand = |command: &Command| command.name() == "sonar-scanner" || command.words.iter().any(|w| w == "sonar:sonar" || w.ends_with(":sonar"));
    job.extends_any(&SONAR) || job.steps.iter().any(|step| by_hand(&step.command))
}
