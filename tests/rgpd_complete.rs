//! The complete tier on real PostgreSQL 15, 17 and 18: a rich description replayed, the published snapshot on any data, the
//! archives' visa lot by lot, the rotation of the key, the replay after a restoration, row-level security.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use models::{AIDES, apply, guichet_complete, install};
use postgres::{Server, VERSIONS};

/// `n` persons of the prototype's description; `spread`: how many departments and decades they come from.
fn persons(server: &Server, n: usize, spread: usize) {
    server.ok(
        "guichet_app",
        "guichet",
        &format!(
            "INSERT INTO guichet.usager (civilite, nom, prenom, email, code_postal, commune, date_naissance, quotient_familial, situation_handicap, cree_le, dernier_contact_le) \
             SELECT (ARRAY['M','MME','X'])[1 + i % 3], 'TEMOIN' || i, 'P', 'temoin' || i || '@x', lpad((1 + i % {spread})::text, 2, '0') || '123', 'C', \
             date '1930-01-01' + (i % {spread}) * 3653, 1000, false, now() - (i % {spread}) * interval '31 days', now() FROM generate_series(1, {n}) i"
        ),
    );
}

fn publish(server: &Server) -> String {
    server.ok("guichet_purge", "guichet", "SELECT rgpd.publier_usager()")
}

fn state(server: &Server) -> String {
    server.ok("guichet_dpo", "guichet", "SELECT entite, seuil, k_min, lignes FROM rgpd.etat_diffusion()")
}

/// As if the cadence had passed.
fn later(server: &Server) {
    server.ok("postgres", "guichet", "UPDATE rgpd.publication SET publie_le = publie_le - interval 'P2M'");
}

#[test]
fn a_rich_description_applied_twice_gives_the_same_schema_on_each_version() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        assert!(server.ok("postgres", "postgres", "SHOW server_version").starts_with(&major.to_string()));
        let outputs = install(&server, "aides", AIDES);
        let counts = "SELECT count(DISTINCT c.oid), count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE n.nspname = 'aides' AND c.relkind = 'r' AND a.attname !~ '^rgpd_|_anon$'";
        assert_eq!(server.ok("postgres", "aides", counts), "15|122");
        let first = server.schema("aides");
        apply(&server, "aides", &outputs);
        let second = server.schema("aides");
        let differing: Vec<(&str, &str)> = first.lines().zip(second.lines()).filter(|(a, b)| a != b).take(5).collect();
        assert!(first == second, "{major}: {differing:#?}");
        assert_eq!(server.ok("aides_dpo", "aides", "SELECT * FROM rgpd.controle_modele()"), "", "{major}");
    }
}

#[test]
fn the_snapshot_holds_k_on_any_data() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", &guichet_complete());
        assert_eq!(publish(&server), "0", "an empty table");
        assert_eq!(state(&server), "usager|5||0");
        persons(&server, 4, 1);
        later(&server);
        assert_eq!(publish(&server), "0", "fewer persons than k");
        assert_eq!(server.ok("guichet_lecture_anonymisee", "guichet", "SELECT count(*) FROM guichet_anonymise.usager_diffusable"), "0");
        persons(&server, 300, 1);
        later(&server);
        assert_ne!(publish(&server), "0");
        persons(&server, 500, 9);
        persons(&server, 300, 300);
        later(&server);
        let published: u32 = publish(&server).parse().expect("a number");
        assert!((900..=1104).contains(&published), "{published}");
        let seen = "SELECT min(n) >= 5, count(*) > 3 FROM (SELECT count(*) AS n FROM guichet_anonymise.usager_diffusable GROUP BY civilite, code_postal, date_naissance, cree_le) g";
        assert_eq!(server.ok("guichet_lecture_anonymisee", "guichet", seen), "t|t");
        let text = server.ok("guichet_lecture_anonymisee", "guichet", "SELECT * FROM guichet_anonymise.usager_diffusable");
        assert!(!text.contains("TEMOIN") && !text.contains("temoin"), "no clear value");

        // neither before the cadence, nor for fewer persons than k
        persons(&server, 300, 2);
        assert_eq!(publish(&server), "0", "the cadence");
        later(&server);
        assert_ne!(publish(&server), "0");
        persons(&server, 4, 2);
        later(&server);
        let before = text_of(&server);
        assert_eq!(publish(&server), "0", "two close snapshots subtract");
        assert_eq!(text_of(&server), before);
        // objections leave the snapshot
        server.ok("guichet_app", "guichet", "UPDATE guichet.usager SET rgpd_opposition = true");
        later(&server);
        publish(&server);
        assert_eq!(state(&server), "usager|5||0");
        // a failed publication leaves the snapshot that was there
        server.ok("guichet_app", "guichet", "UPDATE guichet.usager SET rgpd_opposition = false");
        publish(&server);
        later(&server);
        publish(&server);
        let before = text_of(&server);
        assert!(before.len() > 1000);
        later(&server);
        persons(&server, 50, 1);
        server.ok(
            "postgres",
            "guichet",
            "CREATE FUNCTION public.sabotage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.civilite := gen_random_uuid()::text; RETURN NEW; END $$; \
             CREATE TRIGGER sabotage BEFORE INSERT ON guichet_anonymise.usager_diffusable FOR EACH ROW EXECUTE FUNCTION public.sabotage()",
        );
        assert!(server.refused("guichet_purge", "guichet", "SELECT rgpd.publier_usager()").contains("RG009"));
        assert_eq!(text_of(&server), before);
    }
}

fn text_of(server: &Server) -> String {
    server.ok("guichet_lecture_anonymisee", "guichet", "SELECT * FROM guichet_anonymise.usager_diffusable")
}

#[test]
fn a_visa_covers_a_lot_and_no_more() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", &guichet_complete());
        persons(&server, 3, 1);
        server.ok("guichet_owner", "guichet", "UPDATE guichet.usager SET dernier_contact_le = now() - interval 'P4Y' WHERE nom <> 'TEMOIN3'; UPDATE guichet.usager SET dernier_contact_le = now() - interval 'P6Y' WHERE nom = 'TEMOIN1'");
        assert!(server.refused("guichet_purge", "guichet", "SELECT rgpd.purger_usager(10)").contains("RG006"));
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT visees FROM rgpd.simuler_purge_usager()"), "0", "nothing is due without a visa");
        for wrong in ["NULL, 'BORD-1'", "CURRENT_DATE + 1, 'BORD-1'"] {
            assert!(server.refused("guichet_dpo", "guichet", &format!("SELECT rgpd.viser_elimination_usager({wrong})")).contains("RG006"), "{wrong}");
        }
        assert!(server.refused("guichet_purge", "guichet", "SELECT rgpd.viser_elimination_usager(CURRENT_DATE, 'BORD-1')").contains("42501"));
        server.ok("guichet_dpo", "guichet", "SELECT rgpd.viser_elimination_usager((now() - interval 'P5Y')::date, 'BORD-1')");
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_usager(10)"), "1", "what the visa covers");
        server.ok("guichet_dpo", "guichet", "SELECT rgpd.viser_elimination_usager(CURRENT_DATE, 'BORD-2')");
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_usager(10)"), "1");
        assert!(server.refused("guichet_owner", "guichet", "DELETE FROM rgpd.visa").contains("RG002"));
        assert_eq!(server.ok("guichet_dpo", "guichet", "SELECT string_agg(reference, ',' ORDER BY id) FROM rgpd.visa"), "BORD-1,BORD-2");
    }
}

#[test]
fn a_key_is_rotated_without_a_mixture() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", &guichet_complete());
        persons(&server, 5, 1);
        server.ok("guichet_app", "guichet", "UPDATE guichet.usager SET nir = lpad(substr(nom, 7), 15, '1')");
        let with = |key: &str, sql: &str| server.run("guichet_purge", "guichet", sql, false, &format!("-c rgpd.cle={}", key.repeat(32)));
        let twins = || server.ok("guichet_owner", "guichet", "SELECT string_agg(coalesce(nir_anon, '-'), ',' ORDER BY nir) FROM guichet.usager");
        let fill = |key: &str| {
            let mut calls = 0;
            while with(key, "SELECT rgpd.pseudonymiser_1_usager(2)").expect("filled") != "0" {
                calls += 1;
            }
            calls
        };
        assert_eq!(fill("0b"), 3);
        let old = twins();
        assert!(with("0c", "SELECT rgpd.pseudonymiser_1_usager(2)").expect_err("another key").contains("RG008"));
        assert!(with("0b", "SELECT rgpd.tourner_cle('ROT-1')").expect_err("the same key").contains("RG008"));
        assert!(with("0c", "SELECT rgpd.tourner_cle('pas une référence')").expect_err("no reference").contains("RG005"));
        assert!(server.refused("guichet_purge", "guichet", "SELECT rgpd.tourner_cle('ROT-1')").contains("RG004"));
        assert_eq!(with("0c", "SELECT rgpd.tourner_cle('ROT-1')").as_deref(), Ok("1"));
        assert!(with("0b", "SELECT rgpd.pseudonymiser_1_usager(2)").expect_err("the old key is out").contains("RG008"));
        assert_eq!(with("0c", "SELECT rgpd.pseudonymiser_1_usager(2)").as_deref(), Ok("2"));
        assert_eq!(twins().matches('-').count(), 2, "forgotten first");
        assert_eq!(fill("0c"), 2 + 3);
        let new = twins();
        assert!(!new.contains('-') && new.split(',').zip(old.split(',')).all(|(a, b)| a != b && a.len() == 64), "{new}");
        let everything = server.ok(
            "postgres",
            "guichet",
            "SELECT string_agg(c::text, '') || (SELECT string_agg(j::text, '') FROM rgpd.journal j) FROM rgpd.cle c",
        );
        assert!(!everything.contains("0b0b0b") && !everything.contains("0c0c0c"), "the key itself is nowhere: {everything}");
    }
}

#[test]
fn a_restored_backup_is_erased_again() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", &guichet_complete());
        persons(&server, 3, 1);
        let id = server.ok("guichet_app", "guichet", "SELECT id FROM guichet.usager WHERE nom = 'TEMOIN2'");
        server.ok(
            "guichet_app",
            "guichet",
            &format!("INSERT INTO guichet.demande (usager_id, objet, note_agent) VALUES ('{id}', 'aide', 'TEMOINNOTE')"),
        );
        let dump = |args: &[&str]| {
            let out = server.client("pg_dump", "postgres", "guichet").args(args).output().expect("pg_dump");
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            String::from_utf8_lossy(&out.stdout).into_owned()
        };
        let twins = "SELECT string_agg(u.ref_anon::text || u.nom_anon, ',' ORDER BY u.id) FROM guichet.usager u";
        let before = server.ok("guichet_owner", "guichet", twins);
        let (whole, data) = (dump(&[]), dump(&["--data-only", "--disable-triggers", "--schema=guichet"]));
        let naive = dump(&["--data-only", "--schema=guichet"]);
        assert_eq!(server.ok("guichet_dpo", "guichet", &format!("SELECT rgpd.effacer_usager('{id}', 'DEM-1')")), "1");

        server.ok("postgres", "postgres", "CREATE DATABASE restauree OWNER guichet_owner");
        server.run("postgres", "restauree", &whole, false, "").expect("restored");
        assert_eq!(server.ok("guichet_owner", "restauree", twins), before, "twins are restored as they were");
        assert_eq!(server.ok("guichet_owner", "restauree", "SELECT count(*) FROM guichet.usager WHERE nom = 'TEMOIN2'"), "1", "the clear came back");
        let replay = format!("SELECT rgpd.rejouer_effacements_usager(ARRAY['{id}', gen_random_uuid()]::uuid[], 'REST-1')");
        // CONNECT is not in a dump of one database: the migrations, replayed, give it again
        models::apply_to(&server, "guichet", "restauree", &models::files(&guichet_complete()));
        assert_eq!(server.ok("guichet_dpo", "restauree", &replay), "1");
        assert_eq!(server.ok("guichet_dpo", "restauree", &replay), "0", "as many times as one likes");
        let row = server.ok(
            "guichet_owner",
            "restauree",
            &format!("SELECT to_jsonb(u), (SELECT jsonb_agg(to_jsonb(d)) FROM guichet.demande d) FROM guichet.usager u WHERE u.id = '{id}'"),
        );
        assert!(!row.contains("TEMOIN") && !row.contains("temoin"), "{row}");
        assert_eq!(server.ok("guichet_dpo", "restauree", "SELECT * FROM rgpd.controle_modele()"), "");

        // data alone: with triggers disabled the draws are kept, without they are drawn again, which the twins show
        for (script, same) in [(data, true), (naive, false)] {
            server.ok("postgres", "restauree", "TRUNCATE guichet.usager CASCADE");
            server.run("postgres", "restauree", &script, false, "").expect("data restored");
            assert_eq!(server.ok("guichet_owner", "restauree", twins) == before, same);
        }
    }
}

#[test]
fn the_application_sees_the_rows_that_its_session_names() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "aides", AIDES);
        server.ok("aides_app", "aides", "INSERT INTO aides.service (code, nom) VALUES (1, 'a'), (2, 'b')");
        let insert = |session: &str, service: u32| {
            let sql = format!(
                "INSERT INTO aides.agent (nom, prenom, service) VALUES ('N', 'P', {service}); INSERT INTO aides.evenement (nature, service) VALUES ('x', {service})"
            );
            server.run("aides_app", "aides", &sql, false, session)
        };
        assert!(insert("", 1).expect_err("no setting").contains("42501"));
        assert!(insert("-c aides.service=2", 1).expect_err("another service").contains("42501"));
        insert("-c aides.service=1", 1).expect("its own");
        insert("-c aides.service=2", 2).expect("its own");
        let count = |session: &str| {
            server.run("aides_app", "aides", "SELECT (SELECT count(*) FROM aides.agent), (SELECT count(*) FROM aides.evenement)", false, session)
        };
        assert_eq!(count("").as_deref(), Ok("0|0"));
        assert_eq!(count("-c aides.service=").as_deref(), Ok("0|0"));
        assert_eq!(count("-c aides.service=2").as_deref(), Ok("1|1"));
        assert_eq!(
            server
                .run("aides_app", "aides", "DELETE FROM aides.agent; UPDATE aides.evenement SET nature = 'y'", false, "-c aides.service=1")
                .as_deref(),
            Ok("")
        );
        assert_eq!(
            server.ok("aides_owner", "aides", "SELECT (SELECT count(*) FROM aides.agent), (SELECT count(*) FROM aides.evenement WHERE nature = 'y')"),
            "1|1"
        );
    }
}
