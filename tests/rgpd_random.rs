//! Two hundred descriptions drawn at random, each on a real PostgreSQL: the SQL applies, the copies are never empty where they
//! should not be, the view gives a row for each row, the snapshot holds k, every process comes to its end.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;
#[path = "random/model.rs"]
mod random;

use ::postgres::{Client, NoTls, SimpleQueryMessage};
use postgres::{Server, VERSIONS};
use random::{Dice, Twin, draw};

const MODELS: u64 = 200;

struct Session(Client);

/// What was really there to be looked at.
#[derive(Debug, Default)]
struct Seen {
    rows: u64,
    copies: u64,
    views: u64,
    snapshots: u64,
}

impl Session {
    fn open(server: &Server, role: &str, options: &str) -> Self {
        let address = format!("host={} user={role} dbname=hasard options='{options}'", server.socket());
        Self(Client::connect(&address, NoTls).expect("connection"))
    }

    fn run(&mut self, sql: &str) -> Result<String, String> {
        let messages = self.0.simple_query(sql).map_err(|e| format!("{e:?}\n{sql}"))?;
        let rows = messages.iter().filter_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None });
        Ok(rows.map(|row| (0..row.len()).map(|i| row.get(i).unwrap_or("∅")).collect::<Vec<_>>().join("|")).collect::<Vec<_>>().join("\n"))
    }

    /// Each process until it returns 0, as the batch does.
    fn processes(&mut self, seed: u64) -> Result<(), String> {
        let list = self.run("SELECT fonction FROM rgpd.processus() ORDER BY ordre")?;
        for function in list.lines() {
            let mut calls = 0;
            while self.run(&format!("SELECT {function}(100)"))? != "0" {
                calls += 1;
                if calls > 100 {
                    return Err(format!("seed {seed}: {function} never ends"));
                }
            }
        }
        Ok(())
    }
}

/// One model, from nothing; what is wrong with it.
fn judge(seed: u64, admin: &mut Session, owner: &mut Session, app: &mut Session, purge: &mut Session) -> Result<Seen, String> {
    let mut there = Seen::default();
    let model = draw(seed);
    let told = |e: String| format!("seed {seed}: {e}\n{}", model.yaml);
    let outputs = mirai_kit::rgpd::render("m.yaml", &model.yaml)
        .map_err(|errors| told(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    admin.run("DROP SCHEMA IF EXISTS hasard, hasard_anonymise, rgpd CASCADE").map_err(told)?;
    for _ in 0..2 {
        for output in outputs.iter().filter(|o| o.path.starts_with("migrations/")) {
            if output.content.starts_with("-- hors-transaction\n") {
                for block in output.content.split("\n\n").filter(|b| !b.trim().is_empty()) {
                    owner.run(block).map_err(told)?;
                }
            } else {
                owner.run(&format!("BEGIN;\n{}\nCOMMIT", output.content)).map_err(|e| {
                    let _ = owner.run("ROLLBACK");
                    told(format!("{}: {e}", output.path))
                })?;
            }
        }
    }
    let expect = |session: &mut Session, what: &str, sql: &str, wanted: &str| -> Result<(), String> {
        let got = session.run(sql).map_err(told)?;
        if got == wanted { Ok(()) } else { Err(told(format!("{what}: {got} instead of {wanted}: {sql}"))) }
    };
    expect(owner, "control", "SELECT * FROM rgpd.controle_modele()", "")?;
    let mut dice = Dice::new(seed ^ 0xD1CE);
    for table in &model.tables {
        let rows = [0, 1, 4, 60][dice.below(4)];
        app.run(&table.insert(rows)).map_err(told)?;
    }
    purge.processes(seed).map_err(told)?;
    for table in model.tables.iter().filter(|t| t.personal) {
        let name = format!("hasard.\"{}\"", table.name);
        let rows: u64 = owner.run(&format!("SELECT count(*) FROM {name}")).map_err(told)?.parse().expect("a number");
        there.rows += rows;
        for (column, (twin, kind)) in table.columns.iter().filter_map(|c| c.twin.as_ref().map(|t| (c, t))) {
            let (source, twin) = (format!("\"{}\"", column.name), format!("\"{twin}\""));
            let wrong = match kind {
                Twin::Alike | Twin::Keyed => format!("({source} IS NULL) <> ({twin} IS NULL)"),
                Twin::Never => format!("{twin} IS NULL"),
                Twin::Always => format!("{twin} IS NOT NULL"),
            };
            there.copies += u64::from(rows > 0);
            expect(owner, "copy", &format!("SELECT count(*) FROM {name} WHERE {wrong}"), "0")?;
        }
        let view = owner.run(&format!("SELECT to_regclass('hasard_anonymise.\"{}_pseudonymise\"') IS NOT NULL", table.name)).map_err(told)?;
        if view == "t" {
            let both = format!("SELECT (SELECT count(*) FROM hasard_anonymise.\"{}_pseudonymise\") = (SELECT count(*) FROM {name})", table.name);
            expect(admin, "view", &both, "t")?;
            there.views += 1;
        }
        if !table.quasi.is_empty() {
            let groups = table.quasi.iter().map(|c| format!("\"{c}\"")).collect::<Vec<_>>().join(", ");
            let small =
                format!("SELECT count(*) FROM (SELECT FROM hasard_anonymise.\"{}_diffusable\" GROUP BY {groups} HAVING count(*) < 5) g", table.name);
            expect(admin, "k", &small, "0")?;
            let published = admin.run(&format!("SELECT count(*) FROM hasard_anonymise.\"{}_diffusable\"", table.name)).map_err(told)?;
            there.snapshots += u64::from(published != "0");
            expect(admin, "k", &format!("SELECT count(*) FROM rgpd.etat_diffusion() WHERE entite = '{}' AND k_min < seuil", table.name), "0")?;
        }
    }
    // every row past its term
    for table in model.tables.iter().filter(|t| t.root) {
        let start = table.start.as_deref().unwrap_or("depuis");
        app.run(&format!("UPDATE hasard.\"{}\" SET \"{start}\" = now() - interval 'P2Y'", table.name)).map_err(told)?;
        if model.yaml.contains("transfert-puis") {
            let attested = format!(
                "DO $$ BEGIN IF to_regproc('rgpd.attester_transfert_{0}') IS NOT NULL THEN PERFORM rgpd.attester_transfert_{0}(id, 'VERS-1') FROM hasard.\"{0}\"; END IF; END $$",
                table.name
            );
            admin.run(&attested).map_err(told)?;
        }
    }
    purge.processes(seed).map_err(told)?;
    for table in model.tables.iter().filter(|t| t.personal) {
        expect(owner, "purge", &format!("SELECT count(*) FROM hasard.\"{}\" WHERE rgpd_anonymise_le IS NULL", table.name), "0")?;
        let left = format!("SELECT count(*) FROM hasard.\"{0}\" t WHERE to_jsonb(t)::text LIKE '%TEMOIN%'", table.name);
        expect(owner, "purge", &left, "0")?;
    }
    expect(owner, "control", "SELECT * FROM rgpd.controle_modele()", "")?;
    Ok(there)
}

#[test]
fn two_hundred_random_models_hold() {
    let servers: Vec<Server> = VERSIONS.iter().map(|major| Server::with(*major, &[])).collect();
    let (mut wrong, mut seen) = (Vec::new(), Seen::default());
    std::thread::scope(|scope| {
        let share = |(n, server): (usize, &Server)| {
            let outputs = mirai_kit::rgpd::render("m.yaml", &draw(0).yaml).expect("a model");
            let roles = &outputs.iter().find(|o| o.path == "sql/000_roles.sql").expect("roles").content;
            server.ok("postgres", "postgres", roles);
            server.ok("postgres", "postgres", "ALTER ROLE hasard_owner LOGIN; ALTER ROLE hasard_app LOGIN; ALTER ROLE hasard_purge LOGIN; CREATE DATABASE hasard OWNER hasard_owner");
            // The first model closes the database to PUBLIC: connections come after it is opened by name.
            server.ok("postgres", "hasard", "GRANT CONNECT ON DATABASE hasard TO hasard_owner, hasard_app, hasard_purge");
            let key = format!("-c rgpd.cle={}", "5a".repeat(32));
            let mut sessions = [("postgres", ""), ("hasard_owner", ""), ("hasard_app", ""), ("hasard_purge", key.as_str())]
                .map(|(r, o)| Session::open(server, r, o));
            let [admin, owner, app, purge] = &mut sessions;
            let step = u64::try_from(VERSIONS.len()).expect("small");
            (0..MODELS).filter(|seed| seed % step == n as u64).map(|seed| judge(seed, admin, owner, app, purge)).collect::<Vec<_>>()
        };
        let handles: Vec<_> = servers.iter().enumerate().map(|pair| scope.spawn(move || share(pair))).collect();
        for handle in handles {
            for result in handle.join().expect("a thread") {
                match result {
                    Ok(s) => {
                        seen.rows += s.rows;
                        seen.copies += s.copies;
                        seen.views += s.views;
                        seen.snapshots += s.snapshots;
                    }
                    Err(what) => wrong.push(what),
                }
            }
        }
    });
    assert!(wrong.is_empty(), "{} of {MODELS}:\n{}", wrong.len(), wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n\n"));
    assert!(seen.rows > 5000 && seen.copies > 500 && seen.views > 200 && seen.snapshots > 10, "too little to look at: {seen:?}");
}
