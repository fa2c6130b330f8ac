//! The first day of a team, for real: `new`, `make dev` without containers, a browser that logs in and creates an object,
//! an application stopped and its database restarted under load, and an image that runs as another user.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::similar_names,
    clippy::type_complexity,
    reason = "a test prepares its files, and panics"
)]

#[path = "first_day/http.rs"]
mod http;
#[path = "first_day/image.rs"]
mod image;
#[path = "first_day/load.rs"]
mod load;
#[path = "first_day/running.rs"]
mod running;
#[path = "common/tools.rs"]
mod tools;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use running::{Running, browse, free_ports, make, project};
use serde_json::{Value, json};

/// One application at a time: they share what is installed, and each times its own stops.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// No page has a violation, a message in the console, or a request to anyone else.
fn clean(seen: &Value, running: &Running, audits: &[&str]) {
    for audit in audits {
        assert_eq!(seen["audits"][audit]["violations"], json!([]), "{audit}");
        assert!(seen["audits"][audit]["passes"].as_u64().unwrap() > 10, "{audit}: {seen:#}");
    }
    let expected = |message: &Value| message.as_str().unwrap().contains("Failed to load resource: the server responded with a status of 422");
    let console: Vec<&Value> = seen["console"].as_array().unwrap().iter().filter(|m| !expected(m)).collect();
    assert!(console.is_empty(), "{console:#?}");
    let ours = ["portail", "identite", "application"].map(|service| running.address(service));
    for request in seen["requests"].as_array().unwrap() {
        assert!(ours.iter().any(|o| request.as_str().unwrap().starts_with(&format!("{o}/"))), "{request}");
    }
    for (page, policy) in seen["policies"].as_object().unwrap() {
        assert!(policy.as_str().is_some_and(|p| p.starts_with("default-src 'none'; style-src 'self';")), "{page}: {policy}");
    }
    assert_eq!(seen["cookies"], json!([{"httpOnly": true, "sameSite": "Lax"}]));
    assert_eq!((&seen["stored"], &seen["token"]), (&json!(0), &json!(false)), "a token is within reach of a script");
    let bitten = seen["bitten"].as_array().unwrap();
    assert!(bitten.contains(&json!("image-alt")) && bitten.contains(&json!("html-has-lang")), "axe judges nothing: {bitten:?}");
    assert_eq!(seen["blocked"], "script-src-elem", "the policy lets a script in");
}

#[test]
fn a_person_sees_the_application_run_logs_in_and_creates_an_object() {
    let _alone = alone();
    let since = Instant::now();
    let running = Running::start(&project("defaults", &[]), &[]);
    let said = running.said();
    for told in [running.address("portail"), running.address("application"), "\neyJ".to_owned(), "make -s dev-jeton".to_owned()] {
        assert!(said.contains(&told), "{told:?} is not printed:\n{said}");
    }
    let (ok, verified) = running.make("dev-verifier");
    assert!(ok && verified.matches('✔').count() == 6, "{verified}");

    let created = || running.metric("demandes_deposees_total{objet=\"rendez-vous\"}");
    let requests = || running.metric("http_request_duration_seconds_count{method=\"POST\",route=\"/api/demandes\",status=\"201\"}");
    let before = (created(), requests());
    let seen = browse(
        &running,
        &json!({"objet": "rendez-vous", "nom": "Imaginaire", "prenom": "Lou", "courriel": "lou@usagers.exemple.fr", "code_postal": "75001",
            "!": {"code_postal": "abc"}}),
    );
    clean(&seen, &running, &["welcome", "provider", "inside", "refused", "done", "narrow"]);
    assert_eq!((&seen["provider"], &seen["person"]), (&json!(true), &json!("camille-martin")));
    assert_eq!((&seen["refused"]["invalid"], &seen["refused"]["kept"]), (&json!("code_postal"), &json!("Imaginaire")));
    assert!(seen["done"].as_str().unwrap().contains("Imaginaire"), "{}", seen["done"]);
    assert!(seen["rows"][0].as_str().unwrap().contains("Imaginaire"), "{}", seen["rows"]);
    assert_eq!(seen["rows"].as_array().unwrap().len(), 4, "three examples and this one: {}", seen["rows"]);
    assert_eq!((&seen["overflow"], &seen["focus"]["outline"]), (&json!(0), &json!("solid")));
    let after = (created(), requests());
    assert_eq!((after.0 - before.0, after.1 - before.1), (1.0, 1.0), "the metrics did not move");

    // The gateway's stand-in answers, and what it costs is counted.
    let bearer = format!("Bearer {}", running.token());
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let mut connection = http::Connection::new(running.ports["application"]);
    let (status, summary) = connection.ask("POST", "/api/resumes", &headers, r#"{"texte": "Une phrase. Une autre."}"#).unwrap();
    assert!(status == 200 && summary.contains("doublure"), "{status} {summary}");
    assert!(running.metric("llm_tokens_total") > 0.0);
    let (status, refused) = connection.ask("POST", "/api/resumes", &headers, r#"{"texte": "Écrire à lou@exemple.fr."}"#).unwrap();
    assert!(status == 422 && refused.contains("email"), "{status} {refused}");

    // One supervisor at a time; what was created is there the next morning, and the examples once.
    let (ok, twice) = running.make("dev");
    assert!(!ok && twice.contains("tourne déjà"), "{twice}");
    let app = running.app.clone();
    running.stop();
    let again = Running::start(&app, &[]);
    let bearer = format!("Bearer {}", again.token());
    let (_, list) = http::get(again.ports["application"], "/api/demandes", &[("Authorization", &bearer)]);
    assert_eq!(serde_json::from_str::<Value>(&list).unwrap()["demandes"].as_array().unwrap().len(), 4, "{list}");
    again.stop();
    tools::gate("first day (pages audited)", 6, since);
}

/// `make load` asks for ten minutes; `make test` runs the same code for less than one.
#[test]
fn under_load_a_stop_and_a_database_restart_lose_nothing_and_do_nothing_twice() {
    let _alone = alone();
    let since = Instant::now();
    let seconds = std::env::var("MIRAI_LOAD_SECONDS").map_or(40, |s| s.parse().expect("seconds"));
    let running = Running::start(&project("defaults", &[]), &[("DEBIT_PAR_MINUTE", "10000000")]);
    let examples = load::stored(&running);
    assert_eq!(examples.len(), 3, "{examples:?}");
    let outcome = load::load(&running, 4, Duration::from_secs(seconds));

    let wrong: Vec<&String> = outcome.clients.iter().flat_map(|c| &c.wrong).collect();
    assert!(wrong.is_empty(), "{} wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    // Outside the restarts, every request is answered: three seconds are left to connections that come back.
    let calm = |at: &&Duration| !outcome.restarts.iter().any(|(from, to)| (*from..*to + Duration::from_secs(3)).contains(at));
    let failures = || outcome.clients.iter().flat_map(|c| c.refused.iter().chain(&c.closed));
    let strays: Vec<&Duration> = failures().filter(calm).collect();
    assert!(strays.is_empty(), "failures outside the restarts {:?}: {strays:?}", outcome.restarts);
    assert!(failures().count() > 0, "the restarts {:?} were not felt: they prove nothing", outcome.restarts);

    let acknowledged: BTreeSet<String> = outcome.clients.iter().flat_map(|c| c.acknowledged.iter().cloned()).collect();
    let total: usize = outcome.clients.iter().map(|c| c.acknowledged.len()).sum();
    assert_eq!(acknowledged.len(), total, "one id for two keys");
    let stored: BTreeSet<String> = load::stored(&running).difference(&examples).cloned().collect();
    assert_eq!(stored.difference(&acknowledged).count(), 0, "done twice, or never acknowledged");
    assert_eq!(acknowledged.difference(&stored).count(), 0, "acknowledged, then lost");
    let (replayed, read) = (outcome.clients.iter().map(|c| c.replayed).sum::<usize>(), outcome.clients.iter().map(|c| c.read).sum::<usize>());
    assert!(replayed > 0 && read > 0);

    let third = outcome.memory.len() / 3;
    assert!(third > 5, "memory was not seen: {:?}", outcome.memory);
    let (first, last) = (load::median(&outcome.memory[..third]), load::median(&outcome.memory[outcome.memory.len() - third..]));
    // Flat: a leak of 200 bytes per request would show in ten minutes.
    assert!(last < first + 4096 + first / 50, "memory grows: {first} then {last} KiB");
    running.stop();
    let (refused, closed): (usize, usize) =
        (outcome.clients.iter().map(|c| c.refused.len()).sum(), outcome.clients.iter().map(|c| c.closed.len()).sum());
    let line = format!(
        "load {seconds} s: {total} objects, {replayed} replays, {read} reads, {refused} refused and {closed} closed during restarts, memory {first} then {last} KiB\n"
    );
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    tools::gate("load (objects)", total, since);
}

#[test]
fn the_image_serves_as_another_user_on_a_read_only_root_and_holds_no_stand_in() {
    let _alone = alone();
    let since = Instant::now();
    let running = Running::start(&project("defaults", &[]), &[]);
    let store = image::Store::new();
    let root = store.build(&running.app);
    assert_eq!(store.inspect("{{.OCIv1.Config.User}} {{.OCIv1.Config.Cmd}}"), "10001:0 [python -m app]");

    let (_, written) = image::run(&root, &["sh", "-c", "for f in /app/x /opt/venv/x /etc/x; do echo x > $f; done; echo x > /tmp/x && cat /tmp/x"]);
    assert!(written.matches("Read-only file system").count() == 3 && written.starts_with("x\n"), "{written}");
    // What only the workstation or the build has.
    let (found, listed) = image::run(&root, &["find", "/app", "-type", "f"]);
    assert!(found && listed.contains("/app/app/__main__.py"), "{listed}");
    for stand_in in ["fournisseur.mjs", "portail.py", "listes.py", "demarrer.py", "exemples.json", "/tests/", "conftest"] {
        assert!(!listed.contains(stand_in), "{stand_in} is in the image: {listed}");
    }
    let (_, pip) = image::run(&root, &["python", "-c", "import pytest"]);
    assert!(pip.contains("ModuleNotFoundError"), "tools of the tests are in the image: {pip}");

    let served = image::Served::start(&root, &running);
    assert_eq!(served.user(), "10042:0 0000000000000000 1");
    let bearer = format!("Bearer {}", running.token());
    let mut connection = http::Connection::new(served.port);
    let mut ask = |method: &str, path: &str, body: &str, status: u16| {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let answer = connection.ask(method, path, &headers, body).unwrap();
        assert_eq!(answer.0, status, "{method} {path}: {} {}", answer.1, served.said());
        answer.1
    };
    ask("GET", "/health/ready", "", 200);
    let body = r#"{"objet": "information", "nom": "Image", "prenom": "Lou", "courriel": "lou@usagers.exemple.fr", "code_postal": "75001"}"#;
    let created: Value = serde_json::from_str(&ask("POST", "/api/demandes", body, 201)).unwrap();
    ask("GET", &format!("/api/demandes/{}", created["id"].as_str().unwrap()), "", 200);
    ask("POST", "/api/resumes", r#"{"texte": "Une phrase."}"#, 200);
    drop(connection);
    let (said, took) = served.stop();
    assert!(said.contains("Application shutdown complete.") && took < Duration::from_secs(10), "after {took:?}: {said}");
    running.stop();
    tools::gate("image (requests)", 4, since);
}

/// Without a database nor a gateway, behind the proxy of the ministry, and behind a provider that signs `userinfo`: the same page
/// logs in, and the same stop leaves nothing. The second takes its PostgreSQL from the registry.
#[test]
fn every_kind_of_identity_and_a_project_without_database_start_and_stop() {
    let _alone = alone();
    let since = Instant::now();
    let simple = json!({"objet": "information"});
    let cases: [(&str, &[&str], &[(&str, &str)], Value, &str); 3] = [
        (
            "aucune",
            &[
                "authentification=aucune",
                "authentification_motif=Consultation publique sans compte",
                "base_de_donnees=aucune",
                "ia=aucune",
                "depots=mono",
            ],
            &[],
            json!({}),
            "anonyme",
        ),
        (
            "passage2",
            &["authentification=passage2", "donnees_personnelles=non", "ia=aucune", "exposition=rie"],
            &[("DEV_POSTGRESQL", "registre")],
            simple,
            "camille-martin",
        ),
        // The application itself signs the person in, and tells no page who it is.
        (
            "proconnect",
            &["authentification=proconnect", "base_de_donnees=aucune"],
            &[],
            json!({"texte": "Une phrase. Une autre."}),
            "session ouverte",
        ),
    ];
    for (name, answers, settings, fields, person) in &cases {
        let running = Running::start(&project(name, answers), settings);
        let (ok, verified) = running.make("dev-verifier");
        assert!(ok && verified.matches('✔').count() == 6, "{name}: {verified}");
        let seen = browse(&running, fields);
        clean(&seen, &running, &["welcome", "inside"]);
        assert_eq!((&seen["person"], &seen["provider"]), (&json!(person), &json!(*name == "proconnect")), "{name}");
        assert_eq!(seen["done"].is_string(), fields.as_object().is_some_and(|f| !f.is_empty()), "{name}: {seen:#}");
        running.stop();
    }
    tools::gate("first day (other answers)", cases.len(), since);
}

/// Runs `make dev` where something is missing, and answers what it says.
fn fails(app: &std::path::Path, settings: &[(&str, &str)]) -> String {
    let output = make(app, &free_ports(), "dev").envs(settings.iter().copied()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success(), "make dev succeeded: {said}");
    assert!(!said.contains("Traceback"), "{said}");
    said
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    let _alone = alone();
    let since = Instant::now();
    let app = project("missing", &[]);
    let mut expected = 0;
    let mut says = |settings: &[(&str, &str)], texts: &[&str]| {
        let said = fails(&app, settings);
        for text in texts {
            assert!(said.contains(text), "{text:?} is not said: {said}");
        }
        expected += 1;
    };
    says(&[("PYTHON", "/nowhere/python3")], &["est introuvable", "installez Python 3.11"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    says(&[("DEV_PORT_PORTAIL", &port)], &[&format!("port déjà pris : {port} (portail)"), "make dev DEV_PORT_PORTAIL="]);
    says(&[("DEV_PORT_PORTAIL", "80")], &["un port va de 1024 à 65535"]);
    // Nothing installed, and a discarded address for a network that is not there.
    std::fs::remove_file(app.join("backend/.venv")).unwrap();
    let nowhere = [("PIP_INDEX_URL", "http://127.0.0.1:9/simple"), ("PIP_NO_CACHE_DIR", "1"), ("PIP_RETRIES", "0"), ("PIP_FIND_LINKS", "")];
    says(&nowhere, &["l'installation a échoué", "atteint l'index de paquets"]);
    // The machine's Python without the machine's PATH.
    let python = tools::run(std::path::Path::new("python3"), ["-c", "import sys; print(sys.executable)"], &app).out;
    // The application's own libraries are not looked for: only what comes next.
    let ready = project("defaults", &[]);
    let run = std::process::Command::new(python.trim())
        .arg("-c")
        .arg("import sys; sys.path.insert(0, 'dev'); from poste import installations, reglages; reglages.charger(); installations._node(reglages.charger())")
        .env("PATH", "/nowhere")
        .current_dir(&ready)
        .output();
    let said = String::from_utf8_lossy(&run.unwrap().stderr).into_owned();
    assert!(said.contains("node est introuvable") && said.contains("Installez Node.js 22"), "{said}");
    let said = fails(&ready, &[("PG_BINDIR", "/nowhere")]);
    assert!(said.contains("PG_BINDIR=/nowhere : initdb n'y est pas"), "{said}");
    tools::gate("first day (what is missing)", expected, since);
}

#[test]
fn the_workstation_is_written_as_carefully_as_the_application() {
    let _alone = alone();
    let since = Instant::now();
    let app = project("defaults", &[]);
    if !app.join("backend/.venv/bin/ruff").exists() {
        Running::start(&app, &[]).stop();
    }
    let backend = app.join("backend/.venv/bin");
    for (program, arguments) in [
        ("ruff", &["check", "."][..]),
        ("ruff", &["format", "--check", "."]),
        ("mypy", &["--strict", "--python-version", "3.11", "demarrer.py", "portail.py", "passerelle.py", "listes.py", "poste"]),
    ] {
        let ran = tools::run(&backend.join(program), arguments, &app.join("dev"));
        assert!(ran.ok, "{program} {arguments:?}: {}", ran.said());
    }
    let mut judged = 0;
    for answers in [
        &[][..],
        &["base_de_donnees=aucune"],
        &["authentification=passage2"],
        &["authentification=aucune", "authentification_motif=Consultation publique sans compte", "ia=aucune", "base_de_donnees=aucune"],
    ] {
        let app = project("compose", answers);
        let compose = app.join("dev/compose.yaml");
        let judge = |file: &std::path::Path| {
            tools::run(&tools::tool("bin/check-jsonschema"), ["--builtin-schema", "vendor.compose-spec", file.to_str().unwrap()], &app)
        };
        let ran = judge(&compose);
        assert!(ran.ok, "{answers:?}: {}", ran.said());
        let text = std::fs::read_to_string(&compose).unwrap();
        assert!(text.lines().filter(|l| l.trim_start().starts_with("- \"") && l.contains(":80")).all(|l| l.contains("127.0.0.1:")), "{text}");
        let wrong = app.join("dev/wrong.yaml");
        std::fs::write(&wrong, text.replacen("network_mode:", "network_moed:", 1)).unwrap();
        assert!(!judge(&wrong).ok, "the schema judges nothing");
        judged += 1;
    }
    tools::gate("first day (compose files)", judged, since);
}
