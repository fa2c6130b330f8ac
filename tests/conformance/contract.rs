//! The contract of a back end, seen from outside: the suite of `tests/contract`, written once for every stack, against the
//! running server with a real PostgreSQL and a real OIDC provider.

use std::path::{Path, PathBuf};
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use crate::backend::{id_of, installed};
use crate::corpus::{copy, corpus};
use crate::tools::{Ran, folder, gate, run, tool};

/// The suite's own folder.
fn suite() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract")
}

/// One installation at a time.
static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// The provider with its locked dependencies, installed once per content of the lock.
fn provider() -> PathBuf {
    let source = suite().join("oidc");
    let digest = Sha256::digest(std::fs::read(source.join("package-lock.json")).unwrap());
    let name = digest.iter().take(6).fold(String::from("contract-oidc-"), |d, b| format!("{d}{b:02x}"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    copy(&source, &target);
    if !(target.join(".ready").exists() && target.join("node_modules/oidc-provider").is_dir()) {
        let made = run(Path::new("npm"), ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], &target);
        assert!(made.ok, "npm ci: {}", made.said());
        std::fs::write(target.join(".ready"), "").unwrap();
    }
    target
}

/// Runs the suite, or what `chosen` selects of it, on a back end that takes tokens (`bearer`) or opens sessions (`session`).
fn play(backend: &Path, id: &str, identity: &str, chosen: &[&str]) -> Ran {
    let variables = [
        ("CONTRACT_IDENTITY", identity.as_ref()),
        ("CONTRACT_BACKEND", backend.as_os_str()),
        ("CONTRACT_ID", id.as_ref()),
        ("CONTRACT_OIDC", provider().as_os_str()),
        ("CONTRACT_PROMTOOL", tool("bin/promtool").as_os_str()),
    ]
    .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()));
    assert!(folder().is_dir());
    let script = suite().join("run.sh");
    let arguments = variables.iter().map(String::as_str).chain(["bash", script.to_str().unwrap()]).chain(chosen.iter().copied());
    run(Path::new("env"), arguments, &suite())
}

/// Number in front of a word of pytest's last line (`73 passed, 1 failed in …`).
fn count(said: &str, word: &str) -> usize {
    let line = said.lines().rev().find(|l| l.contains(" in ") && (l.contains("passed") || l.contains("failed"))).unwrap_or_default();
    let mut words = line.trim_matches(['=', ' ']).split([' ', ',']).filter(|w| !w.is_empty()).peekable();
    while let Some(number) = words.next() {
        if words.peek() == Some(&word) {
            return number.parse().unwrap_or(0);
        }
    }
    0
}

#[test]
fn the_generated_back_end_keeps_the_contract() {
    let started = Instant::now();
    let case = &corpus().cases[0];
    let backend = installed(case, "contract").join("backend");
    let ran = play(&backend, &id_of(case), "bearer", &[]);
    assert!(ran.ok, "{}", ran.said());
    let passed = count(&ran.out, "passed");
    assert!(passed >= 70 && !ran.out.contains("skipped"), "{}", ran.said());
    gate("contract of the back end, from outside", passed, started);
}

#[test]
fn the_contract_suite_sees_an_audience_that_nobody_checks() {
    let case = &corpus().cases[0];
    let backend = installed(case, "contract-bad").join("backend");
    let file = backend.join("app/fournisseur.py");
    let text = std::fs::read_to_string(&file).unwrap();
    let bad = text.replace("\"require\": list(exigees)", "\"verify_aud\": False");
    assert!(bad != text, "the sabotage found nothing to change");
    std::fs::write(&file, bad).unwrap();
    let ran = play(&backend, &id_of(case), "bearer", &["-k", "test_a_claim_that_does_not_fit_is_refused or test_the_providers_token"]);
    assert!(!ran.ok && ran.out.contains("another-api"), "{}", ran.said());
    assert!(count(&ran.out, "passed") >= 1, "everything failed, for another reason: {}", ran.said());
}

/// `ProConnect` and `FranceConnect`: the same code opens the session. A database, for the suite's own bench.
fn signing_in() -> &'static crate::corpus::Case {
    let signs_in = |c: &&crate::corpus::Case| {
        c.answer("backend") == "fastapi"
            && c.answer("base_de_donnees") == "postgres"
            && matches!(c.answer("authentification"), "proconnect" | "franceconnect")
    };
    corpus().cases.iter().find(signs_in).expect("a back end that opens sessions in the pairwise set")
}

#[test]
fn the_session_that_the_server_opens_resists_a_lying_provider() {
    let started = Instant::now();
    let case = signing_in();
    let backend = installed(case, "contract-session").join("backend");
    let ran = play(&backend, &id_of(case), "session", &[]);
    assert!(ran.ok, "{}", ran.said());
    let passed = count(&ran.out, "passed");
    assert!(passed >= 45 && !ran.out.contains("skipped"), "{}", ran.said());
    // Two checks taken away are seen, each by its own test.
    let file = backend.join("app/connexion.py");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut bad = text;
    for (check, without) in [
        ("if personne[\"sub\"] != identite[\"sub\"]:", "if False:"),
        ("not secrets.compare_digest(str(identite[\"nonce\"]).encode(), demande[\"nonce\"].encode())", "False"),
    ] {
        assert!(bad.contains(check), "the sabotage found nothing to change: {check}");
        bad = bad.replace(check, without);
    }
    std::fs::write(&file, bad).unwrap();
    let ran = play(&backend, &id_of(case), "session", &["-k", "does_not_fit or another_request or nothing_is_changed"]);
    let said = ran.said();
    let seen = |what: &str| said.lines().any(|l| l.starts_with("FAILED") && l.contains(what));
    assert!(!ran.ok && seen("person-2") && seen("another_request_is_refused_by_its_nonce"), "{said}");
    assert!(count(&ran.out, "passed") >= 5, "everything failed, for another reason: {said}");
    gate("session of the back end, from outside", passed, started);
}
