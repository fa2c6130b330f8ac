//! The application of version N, with a `lock_timeout` of 100 ms, during the whole way to version N + 1: expand, backfill, purge
//! of every old row, contract. Not one of its statements fails. `make traffic` does it on a million rows; here, on some tens of thousands.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking, and `make traffic` gives its figures")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::postgres::{Client, NoTls};
use mirai_kit::rgpd::{self, Output, Source};
use models::{guichet_v1, guichet_v2, install};
use postgres::{Server, VERSIONS};

/// Rows that are past their term when the migration starts: fewer on the second and third version, unless a number is asked for.
fn old_rows(major: u32) -> u32 {
    let short = if major == VERSIONS[0] { 30_000 } else { 10_000 };
    std::env::var("MIRAI_TRAFFIC_ROWS").map_or(short, |n| n.parse().expect("MIRAI_TRAFFIC_ROWS is a number"))
}

fn connect(server: &Server, role: &str) -> Client {
    Client::connect(&format!("host={} user={role} dbname=guichet", server.socket()), NoTls).expect("connection")
}

/// Statements of one application, over and over; how many, which failed, how long each took.
struct Traffic {
    failures: Vec<String>,
    times: Vec<Duration>,
}

/// Runs `statements` in turn until `stop`, on rows that no other worker touches: `i` keeps the remainder of its seed by 7, which
/// divides the moduli below. What makes a statement wait is then the migration, never a neighbour.
fn work(server: &Server, role: &str, statements: &[&str], seed: i64, stop: &AtomicBool) -> Traffic {
    let mut client = connect(server, role);
    client.batch_execute("SET lock_timeout = '100ms'").expect("lock_timeout");
    let mut traffic = Traffic { failures: Vec::new(), times: Vec::new() };
    let prepared: Vec<_> = statements.iter().map(|sql| client.prepare(sql).expect(sql)).collect();
    let mut i = seed;
    while !stop.load(Ordering::Relaxed) {
        for (statement, sql) in prepared.iter().zip(statements) {
            let started = Instant::now();
            let result = if statement.params().is_empty() { client.query(statement, &[]) } else { client.query(statement, &[&i]) };
            traffic.times.push(started.elapsed());
            if let Err(error) = result {
                traffic.failures.push(format!("{role}: {sql}: {error:?}"));
            }
        }
        i += 7;
        std::thread::sleep(Duration::from_millis(1));
    }
    traffic
}

const ONE: &[&str] = &[
    "INSERT INTO guichet.usager (civilite, nom, prenom, email, telephone, code_postal, commune, date_naissance, quotient_familial, situation_handicap) \
     VALUES ('M', 'UN', 'P', 'e@x', '0601', '35000', 'Rennes', '1985-05-06', $1::bigint % 2996, false) RETURNING id, nom",
    "SELECT id, civilite, nom, prenom, telephone, commune, cree_le FROM guichet.usager WHERE telephone = 'actif' || ($1::bigint % 497)",
    "UPDATE guichet.usager SET commune = 'Brest', dernier_contact_le = now() WHERE telephone = 'actif' || ($1::bigint % 497) RETURNING id",
    "INSERT INTO guichet.demande (usager_id, objet, note_agent) SELECT id, 'aide', 'note' FROM guichet.usager WHERE telephone = 'actif' || ($1::bigint % 497) RETURNING id",
    "DELETE FROM guichet.usager u WHERE u.nom = 'UN' AND u.id IN (SELECT id FROM guichet.usager WHERE nom = 'UN' AND quotient_familial::bigint % 7 = $1::bigint % 7 ORDER BY id LIMIT 1 OFFSET 5) RETURNING id",
];
const TWO: &[&str] = &[
    "INSERT INTO guichet.usager (civilite, nom, prenom, email, telephone_mobile, code_postal, date_naissance, situation_handicap, profession, langue) \
     VALUES ('X', 'DEUX', 'P', 'e@x', '0602', '29000', '1991-01-01', $1::bigint < 0, 'métier', 'en') RETURNING id",
    "SELECT id, nom, telephone_mobile, langue FROM guichet.usager WHERE telephone_mobile = 'actif' || ($1::bigint % 497)",
    "UPDATE guichet.usager SET langue = 'en', dernier_contact_le = now() WHERE telephone_mobile = 'actif' || ($1::bigint % 497) RETURNING id",
];
const READER: &[&str] = &["SELECT ref, civilite, nom, code_postal, quotient_familial FROM guichet_anonymise.usager_pseudonymise LIMIT 20"];

#[test]
fn a_lock_that_is_held_is_seen() {
    let server = Server::start();
    install(&server, "guichet", &guichet_v1());
    let stop = AtomicBool::new(false);
    let failures = std::thread::scope(|scope| {
        let traffic = scope.spawn(|| work(&server, "guichet_app", ONE, 0, &stop));
        std::thread::sleep(Duration::from_millis(300));
        connect(&server, "guichet_owner")
            .batch_execute("BEGIN; LOCK TABLE guichet.usager IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(0.5); COMMIT")
            .expect("locked");
        stop.store(true, Ordering::Relaxed);
        traffic.join().expect("traffic").failures
    });
    assert!(failures.iter().any(|f| f.contains("lock timeout")), "{failures:?}");
}

/// Sends a file as the project's runner does.
fn send(client: &mut Client, output: &Output) {
    let result = if output.content.starts_with("-- hors-transaction\n") {
        output.content.split("\n\n").filter(|b| !b.trim().is_empty()).try_for_each(|block| client.batch_execute(block))
    } else {
        client.batch_execute(&format!("BEGIN;\n{}\nCOMMIT", output.content))
    };
    result.unwrap_or_else(|e| panic!("{}: {e:?}", output.path));
}

fn purge(server: &Server) -> u32 {
    let mut client = connect(server, "guichet_purge");
    let mut total = 0;
    loop {
        let n: i32 = client.query_one("SELECT rgpd.purger_usager(1000)", &[]).expect("purge").get(0);
        if n == 0 {
            return total;
        }
        total += u32::try_from(n).expect("a count");
    }
}

#[test]
fn the_application_in_service_sees_no_failure() {
    VERSIONS.into_iter().for_each(in_service);
}

fn in_service(major: u32) {
    let rows = old_rows(major);
    let server = Server::with(major, &[]);
    let (old, new) = (guichet_v1(), guichet_v2());
    install(&server, "guichet", &old);
    let plan = rgpd::plan(Source { name: "v1.yaml", text: &old }, Source { name: "v2.yaml", text: &new }).expect("a plan");
    for (count, contact, phone) in
        [(rows, "now() - interval 'P4Y' + i * interval '1 second'", "'vieux' || i"), (497, "now()", "'actif' || (i % 497)")]
    {
        server.ok(
            "guichet_app",
            "guichet",
            &format!(
                "INSERT INTO guichet.usager (civilite, nom, prenom, email, telephone, code_postal, commune, date_naissance, quotient_familial, situation_handicap, dernier_contact_le) \
                 SELECT 'M', 'TEMOIN' || i, 'P', 'e@x', {phone}, '35000', 'Rennes', '1985-05-06', i % 2000, false, {contact} FROM generate_series(1, {count}) i"
            ),
        );
    }
    server.ok("guichet_owner", "guichet", "CREATE INDEX ON guichet.usager (telephone); CREATE INDEX ON guichet.usager (nom, id)");
    server.ok("guichet_dpo", "guichet", "SELECT rgpd.viser_elimination_usager(CURRENT_DATE, 'BORD-1')");

    let (one_stops, two_stops) = (AtomicBool::new(false), AtomicBool::new(false));
    let stop_both = || {
        one_stops.store(true, Ordering::Relaxed);
        two_stops.store(true, Ordering::Relaxed);
    };
    let (purged, traffic) = std::thread::scope(|scope| {
        let one: Vec<_> = (0..2)
            .map(|n| {
                scope.spawn({
                    let (server, stop) = (&server, &one_stops);
                    move || work(server, "guichet_app", ONE, n, stop)
                })
            })
            .collect();
        let reader = scope.spawn(|| work(&server, "guichet_lecture_pseudonymisee", READER, 0, &two_stops));
        let migration = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut owner = connect(&server, "guichet_owner");
            plan.expand.iter().filter(|o| o.path.starts_with("migrations/")).for_each(|o| send(&mut owner, o));
            owner.batch_execute("CREATE INDEX CONCURRENTLY ON guichet.usager (telephone_mobile)").expect("index");
            owner
        }));
        let Ok(mut owner) = migration else {
            stop_both();
            panic!("the expand failed");
        };
        let two = scope.spawn(|| work(&server, "guichet_app", TWO, 3, &two_stops));
        let rest = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let purged = purge(&server);
            // version 1 is withdrawn, then its columns
            one_stops.store(true, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(300));
            plan.contract.iter().for_each(|o| send(&mut owner, o));
            std::thread::sleep(Duration::from_millis(300));
            purged
        }));
        stop_both();
        let mut traffic: Vec<Traffic> = one.into_iter().map(|h| h.join().expect("version 1")).collect();
        traffic.push(two.join().expect("version 2"));
        traffic.push(reader.join().expect("the reader"));
        (rest.expect("purge and contract"), traffic)
    });
    let failures: Vec<&String> = traffic.iter().flat_map(|t| &t.failures).collect();
    let mut times: Vec<Duration> = traffic.iter().flat_map(|t| t.times.iter().copied()).collect();
    times.sort();
    let (count, longest, p99) = (times.len(), times[times.len() - 1], times[times.len() * 99 / 100]);
    println!("PostgreSQL {major}, {rows} old rows: {count} statements, {} failures, p99 {p99:?}, longest {longest:?}", failures.len());
    assert!(failures.is_empty(), "{} of {count}: {:#?}", failures.len(), failures.iter().take(5).collect::<Vec<_>>());
    assert_eq!(purged, rows);
    assert!(count > 500 && traffic.iter().all(|t| t.times.len() > 50), "too little traffic to prove anything: {count}");
    assert_eq!(server.ok("postgres", "guichet", "SELECT * FROM rgpd.controle_modele()"), "");
    assert_eq!(
        server.ok("guichet_owner", "guichet", "SELECT count(*) FROM guichet.usager WHERE nom LIKE 'TEMOIN%' AND rgpd_anonymise_le IS NOT NULL"),
        "0"
    );
    assert_eq!(server.ok("guichet_owner", "guichet", "SELECT count(*) FROM guichet.usager WHERE rgpd_anonymise_le IS NOT NULL"), rows.to_string());
}
