//! `mirai-kit rgpd check --db` on a real PostgreSQL: a conforming base, then one fault at a time, each seen and named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "a test prepares its files, and panics")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;
#[path = "common/run.rs"]
mod run;

use std::path::Path;
use std::process::Command;

use models::{GUICHET, guichet_complete, install};
use postgres::{Server, VERSIONS};
use run::{Done, Test};
use serde_json::Value;

struct Base {
    server: Server,
    test: Test,
}

impl Base {
    fn new() -> Self {
        let server = Server::start();
        install(&server, "guichet", GUICHET);
        Self { server, test: Test::new().file("modele.yaml", GUICHET) }
    }

    fn check(&self, role: &str, more: &[&str]) -> Done {
        let url = format!("postgres:///guichet?host={}&user={role}", self.server.socket());
        self.test.run_with(&[&["rgpd", "check", "--db", &url][..], more].concat())
    }

    fn sql(&self, sql: &str) {
        self.server.ok("postgres", "guichet", sql);
    }
}

/// One usager whose term was `late` days ago.
fn usager(late: i64) -> String {
    format!(
        "INSERT INTO guichet.usager (civilite, nom, prenom, email, code_postal, commune, date_naissance, situation_handicap, dernier_contact_le) \
         VALUES ('M', 'TEMOIN', 'P', 'e@x.fr', '75001', 'Paris', '1980-01-01', false, now() - interval 'P3Y' - interval '{late} days')"
    )
}

#[test]
fn a_base_that_conforms_then_each_fault_is_named() {
    let base = Base::new();
    for role in ["guichet_dpo", "guichet_owner", "postgres"] {
        let done = base.check(role, &[]).code(0);
        assert!(done.stdout.contains("Conforme : ") && done.stdout.contains(role), "{}", done.stdout);
    }
    // What is done, what undoes it, and the words that must be said.
    let faults: &[(&str, &str, &[&str])] = &[
        (
            "ALTER TABLE guichet.usager ADD COLUMN surnom text",
            "ALTER TABLE guichet.usager DROP COLUMN surnom",
            &["L01 colonne sans étiquette", "guichet.usager (surnom)"],
        ),
        (
            "GRANT SELECT (nom) ON guichet.usager TO guichet_dpo",
            "REVOKE SELECT (nom) ON guichet.usager FROM guichet_dpo",
            &["L05", "nom / guichet_dpo"],
        ),
        (
            "CREATE ROLE intrus; GRANT SELECT ON guichet.usager TO intrus",
            "REVOKE ALL ON guichet.usager FROM intrus",
            &["D01 droit accordé", "guichet.usager (SELECT → intrus)"],
        ),
        (
            "GRANT UPDATE (nom) ON guichet.usager TO PUBLIC",
            "REVOKE UPDATE (nom) ON guichet.usager FROM PUBLIC",
            &["D01", "guichet.usager.nom (UPDATE → PUBLIC)"],
        ),
        (
            "GRANT EXECUTE ON FUNCTION rgpd.exporter_usager(uuid, text) TO intrus",
            "REVOKE ALL ON FUNCTION rgpd.exporter_usager(uuid, text) FROM intrus",
            &["D01", "exporter_usager(uuid,text) (EXECUTE → intrus)"],
        ),
        ("GRANT guichet_app TO intrus", "REVOKE guichet_app FROM intrus", &["D02", "intrus (membre de guichet_app)"]),
        ("ALTER ROLE guichet_purge BYPASSRLS", "ALTER ROLE guichet_purge NOBYPASSRLS", &["D03", "guichet_purge (BYPASSRLS)"]),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE guichet_owner IN SCHEMA guichet GRANT SELECT ON TABLES TO intrus",
            "ALTER DEFAULT PRIVILEGES FOR ROLE guichet_owner IN SCHEMA guichet REVOKE SELECT ON TABLES FROM intrus",
            &["D04", "SELECT → intrus"],
        ),
        ("ALTER DATABASE guichet SET log_statement = 'all'", "ALTER DATABASE guichet RESET log_statement", &["D05", "log_statement (all)"]),
        (&usager(3), "DELETE FROM guichet.usager", &["R01 lignes encore là", "usager (1 lignes, 3 ans après « dernier_contact_le »)"]),
    ];
    for (fault, cure, words) in faults {
        base.sql(fault);
        let seen = base.check("guichet_dpo", &[]).code(5).stdout;
        for word in *words {
            assert!(seen.contains(word), "{fault}: {word} in\n{seen}");
        }
        base.sql(cure);
        base.check("guichet_dpo", &[]).code(0);
    }
    // A stale control of the base's own does not hide what this description asks for.
    base.sql("CREATE OR REPLACE FUNCTION rgpd.controle_modele() RETURNS TABLE (regle text, objet text, detail text) LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS 'SELECT NULL::text, NULL::text, NULL::text WHERE false'; ALTER TABLE guichet.usager DROP COLUMN nom_anon CASCADE");
    let seen = base.check("guichet_dpo", &[]).code(5).stdout;
    assert!(seen.contains("L03 copie déclarée absente"), "{seen}");
}

#[test]
fn bounds_of_a_term_a_hold_and_what_a_role_may_not_see() {
    let base = Base::new();
    base.sql(&usager(1));
    base.check("guichet_owner", &[]).code(0);
    base.sql(&usager(3));
    base.check("guichet_owner", &[]).code(5);
    base.sql("UPDATE guichet.usager SET rgpd_gel_jusqu_au = CURRENT_DATE");
    base.check("guichet_owner", &[]).code(0);
    // The reader of the view may look at nothing: that is said, and is not green.
    let done = base.check("guichet_lecture_pseudonymisee", &["--format", "json"]).code(5);
    let json: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(json["conforms"], false);
    let unseen: Vec<&str> = json["unseen"].as_array().unwrap().iter().map(|u| u["rule"].as_str().unwrap()).collect();
    assert!(unseen.contains(&"R01") && unseen.contains(&"V02"), "{json:#}");
    let schema: Value = serde_json::from_str(include_str!("../schemas/rgpd-check.v1.schema.json")).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&json), "{json:#}");
}

#[test]
fn an_empty_base_a_wrong_address_and_a_password_that_is_never_shown() {
    let server = Server::start();
    server.ok("postgres", "postgres", "CREATE DATABASE vide");
    let test = Test::new().file("modele.yaml", GUICHET);
    let url = format!("postgres://postgres:s3cr3t@/vide?host={}", server.socket());
    let done = test.run_with(&["rgpd", "check", "--db", &url]).code(5);
    assert!(done.stdout.contains("V02 schéma ou outillage rgpd absent"), "{}", done.stdout);
    assert!(!done.stdout.contains("s3cr3t") && !done.stderr.contains("s3cr3t"));
    for (url, code) in
        [("mysql://u:s3cr3t@h/x", 2), ("postgres://u:s3cr3t@localhost:1/x", 1), ("postgres://u:s3cr3t@localhost/x?sslmode=verify-ca", 2)]
    {
        let done = test.run_with(&["rgpd", "check", "--db", url]).code(code);
        assert!(!done.stderr.contains("s3cr3t") && !done.stderr.is_empty(), "{}", done.stderr);
    }
    test.run("rgpd check").code(2).says(&["--db"]);
}

#[test]
fn a_published_set_below_its_threshold_is_named() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        let model = guichet_complete();
        install(&server, "guichet", &model);
        server.ok(
            "guichet_app",
            "guichet",
            "INSERT INTO guichet.usager (civilite, nom, prenom, email, code_postal, commune, date_naissance, situation_handicap) \
             SELECT 'M', 'N', 'P', 'e@x', '35000', 'C', '1980-01-01', false FROM generate_series(1, 20)",
        );
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.publier_usager()"), "20");
        let test = Test::new().file("modele.yaml", &model);
        let check = || test.run_with(&["rgpd", "check", "--db", &format!("postgres:///guichet?host={}&user=guichet_dpo", server.socket())]);
        check().code(0);
        server.ok(
            "postgres",
            "guichet",
            "DELETE FROM guichet_anonymise.usager_diffusable WHERE ctid NOT IN (SELECT ctid FROM guichet_anonymise.usager_diffusable LIMIT 3)",
        );
        let seen = check().code(5).stdout;
        assert!(seen.contains("K01") && seen.contains("usager"), "{major}: {seen}");
    }
}

/// Runs openssl in `folder`.
fn openssl(folder: &Path, arguments: &str) {
    let out = Command::new("/usr/bin/openssl").args(arguments.split(' ')).current_dir(folder).output().expect("openssl, of Debian's base");
    assert!(out.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn who_the_server_is_gets_proven_before_anything_is_said() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::with(15, &["listen_addresses=127.0.0.1", &format!("port={port}")]);
    install(&server, "guichet", GUICHET);
    let made = tempfile::tempdir().unwrap();
    let folder = made.path();
    for authority in ["notre", "autre"] {
        openssl(
            folder,
            &format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={authority} -keyout {authority}.key -out {authority}.pem"
            ),
        );
    }
    std::fs::write(folder.join("noms"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(folder, "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout serveur.key -out serveur.csr");
    openssl(folder, "x509 -req -in serveur.csr -CA notre.pem -CAkey notre.key -CAcreateserial -days 2 -extfile noms -out serveur.pem");

    let test = Test::new().file("modele.yaml", GUICHET);
    let (ours, other) = (folder.join("notre.pem"), folder.join("autre.pem"));
    let check = |host: &str, roots: Option<&Path>| {
        let roots = roots.map_or_else(String::new, |r| format!("&sslrootcert={}", r.display()));
        test.run_with(&["rgpd", "check", "--db", &format!("postgres://guichet_dpo@{host}:{port}/guichet?sslmode=verify-full{roots}")])
    };
    // A server that does not speak TLS is not talked to in clear.
    check("localhost", Some(&ours)).code(1);
    for (name, file) in [("server.crt", "serveur.pem"), ("server.key", "serveur.key")] {
        server.give(name, &std::fs::read(folder.join(file)).unwrap());
    }
    server.ok("postgres", "postgres", "ALTER SYSTEM SET ssl = on");
    server.ok("postgres", "postgres", "SELECT pg_reload_conf()");
    let encrypted = || server.ok("postgres", "postgres", "SHOW ssl") == "on";
    assert!(
        (0..100).any(|_| encrypted() || {
            std::thread::sleep(std::time::Duration::from_millis(50));
            false
        }),
        "{}",
        server.log()
    );

    let done = check("localhost", Some(&ours)).code(0);
    assert!(done.stdout.contains("Conforme : "), "{}", done.stdout);
    for (why, host, roots) in [
        ("authorities of this machine alone", "localhost", None),
        ("another authority", "localhost", Some(other.as_path())),
        ("another name", "127.0.0.1", Some(ours.as_path())),
    ] {
        let done = check(host, roots).code(1);
        assert!(done.stderr.contains("connexion impossible") && done.stdout.is_empty(), "{why}: {} {}", done.stdout, done.stderr);
    }
    let said = check("127.0.0.1", Some(&ours)).code(1).stderr;
    assert!(said.contains("127.0.0.1") && said.to_lowercase().contains("certificat"), "the reason is told: {said}");
}
