//! Secrets that an image would carry: in its variables, and in the files copied into it.

use parse_dockerfile::Instruction;

use super::model::{Model, pairs};
use crate::check::Report;

/// Judges `ENV` and `ARG`: a secret given at build time stays in the history of the image.
pub fn check(report: &mut Report, path: &str, model: &Model<'_, '_>) {
    for (line, step) in model.steps() {
        let (verb, text) = match step {
            Instruction::Env(env) => ("ENV", env.arguments.value.as_ref()),
            Instruction::Arg(arg) => ("ARG", arg.arguments.value.as_ref()),
            _ => continue,
        };
        for (name, value) in pairs(text) {
            let held = secret_name(&name) && literal(&value);
            report.see_in("dockerfile-secret", path, Some(line), held.then(|| format!("{verb} {name}=…")));
            let blind = super::run::blind(&format!("{name}={value}"));
            report.see_in("dockerfile-verified-download", path, Some(line), blind.then(|| format!("{verb} {name}={value}")));
        }
    }
}

/// Whether a variable's name says that its value is a secret: `DB_PASSWORD`, `API_TOKEN`; not `TOKEN_URL`, `PASSWORD_FILE`.
#[must_use]
pub fn secret_name(name: &str) -> bool {
    let upper = name.to_uppercase();
    let last = upper.rsplit(['_', '-']).next().unwrap_or_default();
    let pair = ["API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "SECRET_KEY", "ENCRYPTION_KEY", "SIGNING_KEY"];
    matches!(last, "PASSWORD" | "PASSWD" | "PWD" | "SECRET" | "TOKEN" | "APIKEY" | "CREDENTIAL" | "CREDENTIALS")
        && upper != "PWD"
        && upper != "OLDPWD"
        || pair.iter().any(|end| upper.ends_with(end))
}

/// Whether a value is written out, rather than left to someone or obviously not one.
#[must_use]
pub fn literal(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let lower = value.to_lowercase();
    let dummy = [
        "dummy",
        "fake",
        "none",
        "null",
        "changeme",
        "change-me",
        "change_me",
        "test",
        "example",
        "exemple",
        "placeholder",
        "todo",
        "xxx",
        "build",
        "unset",
        "a-completer",
        "completer",
        "replace",
        "not-",
        "secret",
        "password",
        "passwd",
        "token",
        "mock",
        "redacted",
        "your",
        "true",
        "false",
        "default",
        "ignored",
        "***",
        "...",
        "insecure",
        "temp",
        "tmp",
        "local",
        "sample",
        "invalid",
        "notset",
        "unused",
        "undefined",
        "foo",
        "bar",
    ];
    let written = value.len() >= 6 && !value.contains(['$', '<', '{', '%']) && !value.starts_with('/');
    let repeated = value.bytes().all(|byte| value.starts_with(char::from(byte)));
    written && !repeated && !dummy.iter().any(|word| lower.contains(word))
}

/// Whether a copied file holds secrets by its name; examples of such files are fine.
#[must_use]
pub fn named(source: &str) -> bool {
    let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let sample = ["example", "exemple", "sample", "dist", "template", "test"].iter().any(|word| name.contains(word));
    let exact = ["id_rsa", "id_ed25519", "id_ecdsa", ".netrc", ".pgpass", ".git-credentials", "kubeconfig", ".dockercfg"];
    let env = name == ".env" || (name.starts_with(".env.") && !matches!(name, ".env.defaults"));
    let inside = [".ssh", ".aws", ".kube", ".docker/config.json"].iter().any(|part| source.contains(part));
    !sample && (exact.contains(&name) || env || inside)
}
