//! The first day of a team, for real: `new`, `make dev` without containers, a browser that logs in and creates an object,
//! an application stopped and its database restarted under load, and an image that runs as another user.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::similar_names,
    reason = "a test prepares its files, and panics"
)]

#[path = "first_day/http.rs"]
mod http;
#[path = "first_day/running.rs"]
mod running;
#[path = "common/tools.rs"]
mod tools;

use std::time::Instant;

use running::{Running, browse, project};
use serde_json::{Value, json};

/// No page has a violation, a message in the console, or a request to anyone else.
fn clean(seen: &Value, running: &Running, audits: &[&str]) {
    for audit in audits {
        assert_eq!(seen["audits"][audit]["violations"], json!([]), "{audit}");
        assert!(seen["audits"][audit]["passes"].as_u64().unwrap() > 10, "{audit}: {seen:#}");
    }
    let expected = |message: &Value| message.as_str().unwrap().contains("Failed to load resource: the server responded with a status of 422");
    let console: Vec<&Value> = seen["console"].as_array().unwrap().iter().filter(|m| !expected(m)).collect();
    assert!(console.is_empty(), "{console:#?}");
    let ours = [running.address("portail"), running.address("identite")];
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
    let since = Instant::now();
    let running = Running::start(&project("defaults", &[]), &[]);
    let said = running.said();
    for told in [running.address("portail"), running.address("application"), "\neyJ".to_owned(), "make -s dev-jeton".to_owned()] {
        assert!(said.contains(&told), "{told:?} is not printed:\n{said}");
    }
    let (ok, verified) = running.make("dev-verifier");
    assert!(ok && verified.matches('✔').count() == 5, "{verified}");

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
