//! Attacks from each restricted role on real PostgreSQL 15, 17 and 18, with witnesses drawn at random: none of them brings one
//! out, and each succeeds once the one measure that stops it is reverted (what is not seen to fail proves nothing).
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "attacks/list.rs"]
mod list;
#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use ::postgres::{Client, NoTls, SimpleQueryMessage};
use list::{Attack, attacks};
use models::{guichet_complete, install};
use postgres::{Server, VERSIONS};

/// Sixteen letters and digits that nobody can guess.
fn witness() -> String {
    let mut bytes = [0_u8; 8];
    std::fs::File::open("/dev/urandom").expect("random").read_exact(&mut bytes).expect("random");
    bytes.iter().fold(String::from("W"), |text, b| format!("{text}{b:02X}"))
}

fn connect(server: &Server, role: &str) -> Client {
    Client::connect(&format!("host={} user={role} dbname=guichet", server.socket()), NoTls).expect("connection")
}

/// Everything that a role gets back: rows, notices of the copy, errors.
fn said(client: &mut Client, sql: &str) -> String {
    if sql.starts_with("COPY") {
        let mut text = String::new();
        return match client.copy_out(sql) {
            Ok(mut reader) => reader.read_to_string(&mut text).map_or_else(|e| e.to_string(), |_| text),
            Err(error) => format!("{error:?}"),
        };
    }
    match client.simple_query(sql) {
        Ok(messages) => messages.iter().fold(String::new(), |mut text, message| {
            if let SimpleQueryMessage::Row(row) = message {
                for i in 0..row.len() {
                    text.push_str(row.get(i).unwrap_or("∅"));
                    text.push('|');
                }
            }
            text
        }),
        Err(error) => format!("{error:?}"),
    }
}

/// A database whose clear values all hold the witness; the identifiers of three rows: in use, objecting, anonymised.
fn furnish(server: &Server, w: &str) -> BTreeMap<&'static str, String> {
    let mut ids = BTreeMap::new();
    for (name, age, objection) in [("{id}", "P1D", false), ("{opposant}", "P1D", true), ("{clos}", "P4Y", false)] {
        let id = server.ok(
            "guichet_app",
            "guichet",
            &format!(
                "INSERT INTO guichet.usager (civilite, nom, prenom, nir, email, telephone, adresse_voie, code_postal, commune, date_naissance, iban, quotient_familial, situation_handicap, commentaire, cree_le, dernier_contact_le) \
                 VALUES ('M', '{w}', '{w}', substr('{w}', 1, 14) || {}, '{w}@{w}.fr', '{w}', '{w}', '35123', '{w}', '1987-06-05', '{w}', 7771.33, true, '{w}', '2026-03-04 05:06:07.123456+00', now() - interval '{age}') RETURNING id",
                ids.len()
            ),
        );
        server.ok("guichet_app", "guichet", &format!("INSERT INTO guichet.demande (usager_id, objet, note_agent) VALUES ('{id}', 'aide', '{w}')"));
        server.ok("guichet_app", "guichet", &format!("UPDATE guichet.usager SET rgpd_opposition = {objection} WHERE id = '{id}'"));
        ids.insert(name, id);
    }
    server.ok(
        "guichet_app",
        "guichet",
        "INSERT INTO guichet.usager (civilite, nom, prenom, email, code_postal, commune, date_naissance, situation_handicap, cree_le) \
         SELECT 'MME', 'N', 'P', 'e@x', lpad((1 + i % 5)::text, 2, '0') || '000', 'C', date '1950-01-01' + (i % 3) * 3653, false, now() - (i % 4) * interval '31 days' FROM generate_series(1, 200) i",
    );
    server.ok("guichet_dpo", "guichet", &format!("SELECT rgpd.viser_elimination_usager(CURRENT_DATE, 'VISA-{w}')"));
    assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_usager(1000)"), "1");
    server.ok("guichet_dpo", "guichet", &format!("SELECT rgpd.geler_usager('{}', CURRENT_DATE + 9, 'GEL-{w}')", ids["{id}"]));
    assert_ne!(server.ok("guichet_purge", "guichet", "SELECT rgpd.publier_usager()"), "0");
    server.ok("postgres", "guichet", "UPDATE rgpd.publication SET publie_le = publie_le - interval 'P2M'; ANALYZE");
    // the premise of one attack: the application may skip ordinary triggers
    server.ok("postgres", "guichet", "GRANT SET ON PARAMETER session_replication_role TO guichet_app");
    ids
}

#[test]
fn no_attack_brings_a_witness_out_and_each_does_without_its_measure() {
    let list = attacks();
    let kinds: BTreeSet<&str> = list.iter().map(|a| a.role).collect();
    assert!(list.len() >= 60 && kinds.len() == 6, "{} attacks from {kinds:?}", list.len());
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", &guichet_complete());
        let w = witness();
        let ids = furnish(&server, &w);
        let (left, right) = w.split_at(5);
        let fill = |text: &str| {
            let marker = format!("'{left}' || '{right}'");
            ids.iter().fold(text.replace("{marker}", &marker).replace("{w}", &w), |text, (name, id)| text.replace(name, id))
        };
        // Another session whose query holds the witness, for who would look at what others do.
        let mut neighbour = connect(&server, "guichet_owner");
        neighbour.simple_query(&format!("SELECT '{w}'")).expect("neighbour");
        let mut admin = connect(&server, "postgres");
        let mut clients: BTreeMap<&str, Client> =
            kinds.iter().filter(|role| !role.ends_with("_publication")).map(|role| (*role, connect(&server, role))).collect();
        let (mut leaks, mut blunt) = (Vec::new(), Vec::new());
        for Attack { role, what, sql, revert } in &list {
            let (sql, revert) = (fill(sql), fill(revert));
            // The role of publication cannot even connect: it is taken by who may take it.
            let (client, begin) = match clients.get_mut(role) {
                Some(client) => (client, "BEGIN".to_owned()),
                None => (&mut admin, format!("BEGIN; SET LOCAL SESSION AUTHORIZATION {role}")),
            };
            client.simple_query(&begin).expect("begin");
            let heard = said(client, &sql);
            client.simple_query("ROLLBACK").expect("rollback");
            if heard.contains(&w) {
                leaks.push(format!("{role}: {what}: {sql} → {heard}"));
            }
            let reverted = format!("BEGIN; SET LOCAL lock_timeout = '2s'; {revert}; SET LOCAL SESSION AUTHORIZATION {role}");
            if let Err(error) = admin.simple_query(&reverted) {
                blunt.push(format!("{role}: {what}: the revert itself failed: {revert}: {error:?}"));
            } else {
                let heard = said(&mut admin, &sql);
                if !heard.contains(&w) {
                    blunt.push(format!("{role}: {what}: {sql} → {heard}"));
                }
            }
            admin.simple_query("ROLLBACK").expect("rollback");
        }
        assert!(leaks.is_empty(), "{major}: {} leaks: {leaks:#?}", leaks.len());
        assert!(blunt.is_empty(), "{major}: {} attacks that never succeed: {blunt:#?}", blunt.len());
    }
}
