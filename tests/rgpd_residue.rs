//! After anonymisation no witness is left in a full dump, in the journal, in the planner's statistics or in the server's log; what
//! still holds them is shown too (dead rows in the files, WAL, older backups), with what takes them away.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use std::path::Path;

use ::postgres::{Client, NoTls};
use models::{guichet_complete, install};
use postgres::{Server, VERSIONS};

/// What the generated charts and the register ask of the server: nothing of a value is written to its log.
const QUIET: &[&str] = &[
    "log_statement=all",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "autovacuum=off",
    "wal_recycle=off",
    "min_wal_size=32MB",
];
/// The same server as it comes.
const TALKATIVE: &[&str] = &["log_statement=all", "log_parameter_max_length_on_error=-1"];
const KEY: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

fn connect(server: &Server, role: &str) -> Client {
    Client::connect(&format!("host={} user={role} dbname=guichet", server.socket()), NoTls).expect("connection")
}

/// A word that occurs nowhere else; random enough for one run, and told when a test fails.
fn witness() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_nanos();
    format!("TEMOIN{now:X}")
}

/// Persons past their term, written with bound values, and two refusals whose detail holds a whole row.
fn write(server: &Server, w: &str, count: usize) {
    let mut client = connect(server, "guichet_app");
    let insert = client
        .prepare(
            "INSERT INTO guichet.usager (civilite, nom, prenom, nir, email, telephone, adresse_voie, code_postal, commune, date_naissance, iban, situation_handicap, commentaire, dernier_contact_le) \
             VALUES ($1, $2, $2, $3, $2, $2, $2, '35000', $2, '1980-01-01', $2, true, $2, now() - interval 'P4Y') RETURNING id",
        )
        .expect("prepared");
    for i in 0..count {
        let nir = format!("{i:015}");
        client.query_one(&insert, &[&"M", &w, &nir]).expect("inserted");
    }
    let note =
        client.prepare("INSERT INTO guichet.demande (usager_id, objet, note_agent) SELECT id, 'aide', $1 FROM guichet.usager").expect("prepared");
    client.execute(&note, &[&w]).expect("notes");
    let twice = client.execute(&insert, &[&"M", &w, &format!("{:015}", 0)]).expect_err("unique");
    assert!(format!("{twice:?}").contains("23505"), "{twice:?}");
    let wrong = client.execute(&insert, &[&"Z", &w, &format!("{count:015}")]).expect_err("check");
    assert!(format!("{wrong:?}").contains("23514"), "{wrong:?}");
}

/// Does any file below `folder` hold the bytes?
fn held(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(held(&path, bytes));
        } else if let Ok(content) = std::fs::read(&path)
            && content.windows(bytes.len()).any(|w| w == bytes)
        {
            found.push(path.display().to_string());
        }
    }
    found
}

fn dump(server: &Server) -> String {
    let out = server.client("pg_dump", "postgres", "guichet").output().expect("pg_dump");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

const STATISTICS: &str =
    "SELECT string_agg(concat(stavalues1::text, stavalues2::text, stavalues3::text, stavalues4::text, stavalues5::text), '') FROM pg_statistic";

#[test]
fn nothing_of_an_anonymised_person_is_left() {
    for major in VERSIONS {
        let server = Server::with(major, QUIET);
        install(&server, "guichet", &guichet_complete());
        let w = witness();
        write(&server, &w, 300);
        let statistics = || server.ok("postgres", "guichet", STATISTICS);
        server.ok("guichet_owner", "guichet", "ANALYZE guichet.usager; ANALYZE guichet.demande");
        assert!(statistics().contains(&w), "a column that is not silenced is sampled while it is clear");
        server.ok("guichet_dpo", "guichet", "SELECT rgpd.viser_elimination_usager(CURRENT_DATE, 'BORD-1')");
        let backup = dump(&server);
        assert!(backup.contains(&w));
        let options = format!("-c rgpd.cle={KEY}");
        let run = |sql: &str| server.run("guichet_purge", "guichet", sql, false, &options).expect(sql);
        assert_eq!(run("SELECT rgpd.pseudonymiser_1_usager(1000)"), "300");
        for function in run("SELECT fonction FROM rgpd.processus() WHERE NOT a_cle AND operation <> 'statistiques' ORDER BY ordre").lines() {
            while run(&format!("SELECT {function}(1000)")) != "0" {}
        }
        assert!(statistics().contains(&w), "the samples outlive the purge: the batch must end on an analysis");
        assert_eq!(run("SELECT fonction FROM rgpd.processus() ORDER BY ordre DESC LIMIT 1"), "rgpd.analyser");
        assert_eq!(run("SELECT rgpd.analyser(1000)"), "0");

        let whole = dump(&server);
        assert!(whole.contains("COPY guichet.usager") && whole.contains("[anonymisé]"), "the dump is whole");
        assert!(!whole.contains(&w) && !whole.contains(KEY), "{major}: dump");
        assert!(!statistics().contains(&w), "{major}: statistics");
        let journal = server.ok("postgres", "guichet", "SELECT string_agg(j::text, '') FROM rgpd.journal j");
        assert!(journal.contains("purge") && !journal.contains(&w), "{major}: {journal}");
        let log = server.log();
        assert!(log.contains("INSERT INTO guichet.usager") && log.contains("duplicate key"), "{major}: the log holds the statements");
        assert!(!log.contains(&w) && !log.contains(KEY), "{major}: log");

        // What the purge does not reach, and what does.
        server.ok("postgres", "guichet", "CHECKPOINT");
        let (files, wal) = (server.data().join("base"), server.data().join("pg_wal"));
        assert!(!held(&files, w.as_bytes()).is_empty() && !held(&wal, w.as_bytes()).is_empty(), "{major}: dead rows and WAL still hold the clear");
        server.ok("postgres", "guichet", "VACUUM FULL guichet.usager");
        server.ok("postgres", "guichet", "VACUUM FULL guichet.demande");
        server.ok("postgres", "guichet", "VACUUM FULL pg_statistic");
        for _ in 0..3 {
            server.ok("postgres", "guichet", "SELECT pg_switch_wal()");
            server.ok("postgres", "guichet", "CHECKPOINT");
        }
        assert_eq!(held(&files, w.as_bytes()), Vec::<String>::new(), "{major}: rewritten files");
        assert_eq!(held(&wal, w.as_bytes()), Vec::<String>::new(), "{major}: rotated WAL");
        assert!(backup.contains(&w), "a backup of before keeps it: its rotation, and the replay after a restoration, are in the register");
    }
}

#[test]
fn a_server_as_it_comes_writes_values_to_its_log() {
    let server = Server::with(15, TALKATIVE);
    install(&server, "guichet", &guichet_complete());
    let w = witness();
    write(&server, &w, 1);
    assert!(server.log().contains(&w), "or the other test would see nothing either");
}
