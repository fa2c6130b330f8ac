//! The SQL of a description on a real PostgreSQL: replayed, written to, read, purged, under the project's own roles.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use models::{GUICHET, apply, install, kit_model, without_draws};
use postgres::{Server, VERSIONS};

const DEMANDE: &str = "INSERT INTO demo.demande (objet, nom, prenom, courriel, telephone, code_postal, date_naissance, commentaire, modifie_le) VALUES \
    ('information', 'TEMOINNOM', 'TEMOINPRENOM', 'temoin@exemple.fr', '0601020304', '97411', '1984-05-06', 'TEMOINTEXTE', %)";

fn insert(server: &Server, age: &str) -> String {
    server.ok("demo_app", "demo", &format!("{} RETURNING id", DEMANDE.replace('%', age)))
}

#[test]
fn applied_twice_the_schema_is_the_same() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        for (id, yaml) in [("guichet", GUICHET.to_owned()), ("demo", kit_model("demo", true)), ("plat", kit_model("plat", false))] {
            let outputs = install(&server, id, &yaml);
            let first = server.schema(id);
            apply(&server, id, &outputs);
            let second = server.schema(id);
            assert!(first.contains("CREATE TABLE"), "{id}: an empty dump proves nothing");
            let differing: Vec<(&str, &str)> = first.lines().zip(second.lines()).filter(|(a, b)| a != b).take(5).collect();
            assert!(first == second, "{id}: {differing:#?}");
            let control = server.ok("postgres", id, "SELECT * FROM rgpd.controle_modele()");
            assert_eq!(control, "", "{id}");
            assert_eq!(server.ok(&format!("{id}_app"), id, "SELECT count(*) FROM rgpd.migration"), "0", "{id}");
        }
        let roles = server.ok("postgres", "plat", "SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'plat\\_%'");
        assert_eq!(roles, "plat_app,plat_owner");
    }
}

#[test]
fn twins_follow_and_belong_to_nobody_but_the_trigger() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "demo", &kit_model("demo", true));
        let id = insert(&server, "now()");
        let twins = "SELECT ref_anon IS NOT NULL, nom_anon <> nom, courriel_anon, telephone_anon IS NULL, code_postal_anon, date_naissance_anon, \
                 commentaire_anon IS NULL, cree_le_anon = date_trunc('month', cree_le AT TIME ZONE 'UTC')::date, rgpd_complet FROM demo.demande";
        assert_eq!(server.ok("demo_app", "demo", twins), "t|t|***@***|t|974|1980|t|t|t");
        let draws = "SELECT ref_anon, nom_anon, prenom_anon FROM demo.demande";
        let before = server.ok("demo_app", "demo", draws);
        server.ok("demo_app", "demo", "UPDATE demo.demande SET nom = 'AUTRE', code_postal = '75011', date_naissance = '1991-01-01'");
        assert_eq!(server.ok("demo_app", "demo", draws), before, "a draw is made once");
        assert_eq!(server.ok("demo_app", "demo", twins), "t|t|***@***|t|75|1990|t|t|t");

        for column in ["nom_anon", "ref_anon", "rgpd_anonymise_le", "rgpd_complet", "rgpd_gel_jusqu_au", "id"] {
            let error = server.refused("demo_app", "demo", &format!("UPDATE demo.demande SET {column} = NULL"));
            assert!(error.contains("42501"), "{column}: {error}");
        }
        assert!(
            server
                .refused(
                    "demo_app",
                    "demo",
                    "INSERT INTO demo.demande (objet, nom, prenom, courriel, code_postal, nom_anon) VALUES ('information','a','b','c','75001','x')"
                )
                .contains("42501")
        );
        server.ok("demo_app", "demo", "UPDATE demo.demande SET rgpd_opposition = true");
        assert_eq!(server.ok("demo_lecture_pseudonymisee", "demo", "SELECT count(*) FROM demo_anonymise.demande_pseudonymise"), "0", "objection");
        server.ok("demo_app", "demo", &format!("DELETE FROM demo.demande WHERE id = '{id}'"));
    }
}

#[test]
fn restricted_roles_see_no_clear_value() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "demo", &kit_model("demo", true));
        insert(&server, "now()");
        let view = without_draws(&server.ok("demo_lecture_pseudonymisee", "demo", "SELECT * FROM demo_anonymise.demande_pseudonymise"));
        assert!(view.contains("974") && view.contains("***@***"), "the view must show the twins: {view}");
        for witness in ["TEMOIN", "temoin@", "0601020304", "97411", "1984"] {
            assert!(!view.contains(witness), "{witness} in {view}");
        }
        for role in ["demo_lecture_pseudonymisee", "demo_lecture_anonymisee", "demo_dpo", "demo_purge"] {
            for sql in ["SELECT nom FROM demo.demande", "SELECT nom_anon FROM demo.demande", "CREATE TEMP TABLE t (x int)", "CREATE SCHEMA s"] {
                assert!(server.refused(role, "demo", sql).contains("42501"), "{role}: {sql}");
            }
        }
        for column in ["nom", "courriel", "telephone", "code_postal", "date_naissance", "commentaire", "cree_le", "id"] {
            assert!(
                server.refused("postgres", "demo", &format!("SET ROLE demo_publication; SELECT {column} FROM demo.demande")).contains("42501"),
                "{column}"
            );
        }
        assert!(server.refused("demo_lecture_anonymisee", "demo", "SELECT * FROM demo_anonymise.demande_pseudonymise").contains("42501"));
        assert!(server.refused("demo_app", "demo", "SELECT rgpd.purger_demande(10)").contains("42501"));
        assert!(server.refused("demo_purge", "demo", "SELECT rgpd.clore_demande('{}')").contains("42501"));
        assert_ne!(server.ok("demo_dpo", "demo", "SELECT count(*) FROM rgpd.catalogue"), "0");
    }
}

#[test]
fn the_purge_stops_at_the_term() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "demo", &kit_model("demo", true));
        let past = insert(&server, "now() - interval 'P3Y' - interval '1 second'");
        // A minute, not a second: the calls below take time.
        insert(&server, "now() - interval 'P3Y' + interval '1 minute'");
        let held = insert(&server, "now() - interval 'P4Y'");
        assert_eq!(server.ok("demo_dpo", "demo", &format!("SELECT rgpd.geler_demande('{held}', CURRENT_DATE, 'REQ-1')")), "1");
        let plan = server.ok("demo_purge", "demo", "SELECT operation, fonction, a_cle, simulation, part_max FROM rgpd.processus() ORDER BY ordre");
        assert_eq!(
            plan,
            "completion|rgpd.completer_demande|f||\npurge|rgpd.purger_demande|f|rgpd.simuler_purge_demande|10\nstatistiques|rgpd.analyser|f||"
        );
        assert_eq!(server.ok("demo_purge", "demo", "SELECT total, visees, part FROM rgpd.simuler_purge_demande()"), "3|1|33.33");
        assert_eq!(server.ok("demo_purge", "demo", "SELECT rgpd.purger_demande(1000)"), "1");
        assert_eq!(server.ok("demo_purge", "demo", "SELECT rgpd.purger_demande(1000)"), "0");
        assert_eq!(server.ok("demo_app", "demo", "SELECT id FROM demo.demande WHERE rgpd_anonymise_le IS NOT NULL"), past);
        let row = without_draws(&server.ok("demo_owner", "demo", &format!("SELECT to_jsonb(d) FROM demo.demande d WHERE id = '{past}'")));
        for witness in ["TEMOIN", "temoin@", "0601020304", "97411", "1984-05"] {
            assert!(!row.contains(witness), "{witness} in {row}");
        }
        assert!(row.contains("\"code_postal_anon\": \"974\"") && row.contains("[anonymisé]"), "{row}");
        for role in ["demo_app", "demo_owner"] {
            assert!(server.refused(role, "demo", &format!("UPDATE demo.demande SET nom = 'X' WHERE id = '{past}'")).contains("RG001"), "{role}");
        }
        assert!(
            server
                .refused("demo_owner", "demo", "UPDATE demo.demande SET rgpd_anonymise_le = now() WHERE rgpd_anonymise_le IS NULL")
                .contains("23514"),
            "CHECK"
        );
        assert!(server.refused("demo_purge", "demo", "SELECT rgpd.purger_demande(NULL)").contains("RG003"));
        assert!(server.refused("demo_purge", "demo", "SELECT rgpd.purger_demande(50001)").contains("RG003"));
        for sql in ["UPDATE rgpd.journal SET lignes = 0", "DELETE FROM rgpd.journal", "TRUNCATE rgpd.journal"] {
            assert!(server.refused("demo_owner", "demo", sql).contains("RG002"), "{sql}");
        }
        assert_eq!(server.ok("demo_dpo", "demo", "SELECT operation, entite, lignes FROM rgpd.journal ORDER BY id"), "gel|demande|1\npurge|demande|1");
        assert!(server.refused("demo_dpo", "demo", &format!("SELECT rgpd.effacer_demande('{held}', 'REQ-2')")).contains("RG007"));
    }
}

#[test]
fn the_batch_of_the_essential_tier_leaves_no_sample_of_the_clear() {
    for major in VERSIONS {
        let server = Server::with(major, &["autovacuum=off"]);
        install(&server, "demo", &kit_model("demo", true));
        for _ in 0..5 {
            insert(&server, "now() - interval 'P4Y'");
        }
        let samples = "SELECT count(*) FROM pg_statistic WHERE concat(stavalues1::text, stavalues2::text) ~ '97411'";
        server.ok("demo_owner", "demo", "ANALYZE demo.demande");
        assert_ne!(server.ok("postgres", "demo", samples), "0", "{major}: the clear is sampled while it is there");
        for function in server.ok("demo_purge", "demo", "SELECT fonction FROM rgpd.processus() ORDER BY ordre").lines() {
            while server.ok("demo_purge", "demo", &format!("SELECT {function}(100)")) != "0" {}
        }
        assert_eq!(server.ok("postgres", "demo", samples), "0", "{major}: the batch ends on an analysis");
    }
}

#[test]
fn what_follows_a_person_who_objects_leaves_the_views_too() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "riche", include_str!("fixtures/rgpd/riche.yaml"));
        server.ok("riche_app", "riche", "INSERT INTO riche.reference (code, \"order\") VALUES (1, 'un')");
        for n in [1, 2] {
            let rows = format!(
                "INSERT INTO riche.personne (id, \"user\", numero, courriel, secret, badge, age, salaire, points, debut, fin, adresse, details, genre, code) VALUES \
                 ({n}, 'U{n}', {n}, 'c{n}@x', 'S', 'B', 47, 3210, 12, current_date, now(), '192.0.2.77', '{{}}', 'X', 1); \
                 INSERT INTO riche.dossier (personne_id, note, ouvert_le) VALUES ({n}, 'N', now()); \
                 INSERT INTO riche.piece (dossier_id, titre) SELECT id, 'T' FROM riche.dossier WHERE personne_id = {n}"
            );
            server.ok("riche_app", "riche", &rows);
        }
        let views = ["personne", "dossier"].map(|t| format!("(SELECT count(*) FROM riche_anonymise.{t}_pseudonymise)")).join(", ");
        let seen = || server.ok("riche_lecture_pseudonymisee", "riche", &format!("SELECT {views}"));
        let pieces = || server.ok("postgres", "riche", "SET ROLE riche_publication; SELECT count(*) FROM riche.piece WHERE rgpd_complet");
        assert_eq!((seen(), pieces()), ("2|2".into(), "2".into()), "{major}");
        let objection = server.ok(
            "postgres",
            "riche",
            "SELECT attname FROM pg_attribute WHERE attrelid = 'riche.personne'::regclass AND attname LIKE '%opposition%'",
        );
        let object = |value: bool| server.ok("riche_app", "riche", &format!("UPDATE riche.personne SET {objection} = {value} WHERE id = 1"));
        object(true);
        assert_eq!((seen(), pieces()), ("1|1".into(), "1".into()), "{major}: three levels down");
        let asked = server.refused("riche_lecture_pseudonymisee", "riche", "SELECT rgpd.montrer_dossier(1)");
        assert!(asked.contains("42501"), "{major}: the reader does not ask about anybody: {asked}");
        object(false);
        assert_eq!((seen(), pieces()), ("2|2".into(), "2".into()), "{major}");
        assert_eq!(server.ok("postgres", "riche", "SELECT * FROM rgpd.controle_modele()"), "");
    }
}

#[test]
fn rows_older_than_the_twins_are_completed() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        let yaml = kit_model("demo", true);
        install(&server, "demo", &yaml);
        server.ok("postgres", "demo", "ALTER TABLE demo.demande DISABLE TRIGGER zz_rgpd_anonymiser");
        insert(&server, "now()");
        let old = insert(&server, "now() - interval 'P4Y'");
        server.ok("postgres", "demo", "ALTER TABLE demo.demande ENABLE ALWAYS TRIGGER zz_rgpd_anonymiser");
        assert_eq!(server.ok("demo_lecture_pseudonymisee", "demo", "SELECT count(*) FROM demo_anonymise.demande_pseudonymise"), "0");
        assert_eq!(server.ok("demo_purge", "demo", "SELECT rgpd.purger_demande(10)"), "1");
        assert_eq!(
            server.ok("demo_owner", "demo", &format!("SELECT code_postal_anon, date_naissance_anon FROM demo.demande WHERE id = '{old}'")),
            "974|1980",
            "computed before the clear goes"
        );
        assert_eq!(server.ok("demo_purge", "demo", "SELECT rgpd.completer_demande(10)"), "1");
        assert_eq!(server.ok("demo_purge", "demo", "SELECT rgpd.completer_demande(10)"), "0");
        assert_eq!(server.ok("demo_lecture_pseudonymisee", "demo", "SELECT count(*) FROM demo_anonymise.demande_pseudonymise"), "2");
    }
}

#[test]
fn persons_rights_and_followers() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", GUICHET);
        let insert = |nir: &str, age: &str, closed: &str| {
            server.ok(
            "guichet_app",
            "guichet",
            &format!(
                "WITH u AS (INSERT INTO guichet.usager (civilite, nom, prenom, nir, email, code_postal, commune, date_naissance, iban, quotient_familial, situation_handicap, dernier_contact_le, cloture_le) \
                 VALUES ('M', 'TEMOINNOM', 'P', '{nir}', 'e@x', '35000', 'Rennes', '1970-01-01', 'FR76TEMOIN', 1000, true, now() - interval '{age}', now() - interval '{closed}') RETURNING id) \
                 INSERT INTO guichet.demande (usager_id, objet, note_agent) SELECT id, 'aide', 'TEMOINNOTE' FROM u RETURNING usager_id"
            ),
        )
        };
        let recent = insert("170013500000101", "P1D", "P2Y");
        let old = insert("170013500000102", "P3Y1D", "P1D");
        let export = server.ok("guichet_dpo", "guichet", &format!("SELECT rgpd.exporter_usager('{recent}', 'DEM-2026-1')"));
        assert!(export.contains("TEMOINNOM") && export.contains("TEMOINNOTE") && !export.contains("_anon"), "{export}");
        assert!(server.refused("guichet_dpo", "guichet", &format!("SELECT rgpd.exporter_usager('{recent}', 'M. Dupont')")).contains("RG005"));

        // pseudonyms: refused without the right key, equal to the reference HMAC with it
        for options in ["", "-c rgpd.cle=", "-c rgpd.cle=00ff", "-c rgpd.cle=zz00000000000000000000000000000000000000000000000000000000000000"] {
            let error = server.run("guichet_purge", "guichet", "SELECT rgpd.pseudonymiser_1_usager(10)", false, options).expect_err("no key");
            assert!(error.contains("RG004"), "{options}: {error}");
        }
        let key = format!("-c rgpd.cle={}", "0b".repeat(32));
        assert_eq!(server.run("guichet_purge", "guichet", "SELECT rgpd.pseudonymiser_1_usager(10)", false, &key).as_deref(), Ok("2"));
        assert_eq!(server.ok("guichet_owner", "guichet", &format!("SELECT nir_anon FROM guichet.usager WHERE id = '{recent}'")), reference());
        server.ok("guichet_app", "guichet", &format!("UPDATE guichet.usager SET nir = '170013500000199' WHERE id = '{recent}'"));
        assert_eq!(server.ok("guichet_owner", "guichet", &format!("SELECT nir_anon IS NULL FROM guichet.usager WHERE id = '{recent}'")), "t");

        // terms of single fields come before the term of the row
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_1_usager(10)"), "1");
        assert_eq!(
            server.ok("guichet_owner", "guichet", &format!("SELECT nir IS NULL, iban IS NULL, nom FROM guichet.usager WHERE id = '{recent}'")),
            "t|t|TEMOINNOM"
        );

        // the visa's reference is in the description, so the purge runs; the follower goes with its root
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_usager(10)"), "1");
        let left = server.ok("guichet_owner", "guichet", &format!("SELECT to_jsonb(u), (SELECT jsonb_agg(to_jsonb(d)) FROM guichet.demande d WHERE d.usager_id = u.id) FROM guichet.usager u WHERE u.id = '{old}'"));
        assert!(!left.contains("TEMOIN") && !left.contains("Rennes") && !left.contains("35000"), "{left}");
        // a row added below a closed parent is caught up
        server.ok(
            "guichet_app",
            "guichet",
            &format!("INSERT INTO guichet.demande (usager_id, objet, note_agent) VALUES ('{old}', 'aide', 'TEMOINTARD')"),
        );
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.rattraper_demande(10)"), "1");
        assert_eq!(server.ok("guichet_owner", "guichet", "SELECT count(*) FROM guichet.demande WHERE note_agent = 'TEMOINTARD'"), "0");

        assert_eq!(server.ok("guichet_dpo", "guichet", &format!("SELECT rgpd.effacer_usager('{recent}', 'DEM-2026-2')")), "1");
        assert_eq!(
            server.ok("guichet_dpo", "guichet", &format!("SELECT rgpd.effacer_usager('{recent}', 'DEM-2026-2')")),
            "0",
            "replayed after a restoration"
        );
        let dump = server.ok("postgres", "guichet", "SELECT string_agg(to_jsonb(u)::text, '') FROM guichet.usager u")
            + &server.ok("postgres", "guichet", "SELECT string_agg(to_jsonb(j)::text, '') FROM rgpd.journal j");
        assert!(!dump.contains("TEMOIN"), "{dump}");
    }
}

/// HMAC-SHA-256 of the first NIR under the key derived for its context, computed here from RFC 2104 on another SHA-256.
fn reference() -> String {
    let field_key = hmac(&[0x0b; 32], b"usager.nir.v1");
    let digits = |b: &u8| [b >> 4, b & 15].map(|d| char::from_digit(u32::from(d), 16).expect("a digit"));
    hmac(&field_key, b"170013500000101").iter().flat_map(digits).collect()
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    let block = |pad: u8| -> Vec<u8> { (0..64).map(|i| key.get(i).copied().unwrap_or(0) ^ pad).collect() };
    let inner = Sha256::new().chain_update(block(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block(0x5c)).chain_update(inner).finalize().to_vec()
}

#[test]
fn other_ends_delete_or_wait() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        let model = |id: &str, end: &str, archives: &str| {
            kit_model(id, true)
                .replace("sort_final: anonymisation", &format!("sort_final: {end}"))
                .replace("      gel: rgpd_gel_jusqu_au\n", &format!("      gel: rgpd_gel_jusqu_au\n{archives}"))
        };
        let old = |id: &str| {
            server.ok(&format!("{id}_app"), id, &DEMANDE.replace("demo.", &format!("{id}.")).replace('%', "now() - interval 'P4Y'"));
        };
        install(&server, "aaa", &model("aaa", "suppression", ""));
        old("aaa");
        assert_eq!(server.ok("aaa_purge", "aaa", "SELECT rgpd.purger_demande(10)"), "1");
        assert_eq!(server.ok("aaa_app", "aaa", "SELECT count(*) FROM aaa.demande"), "0");

        install(&server, "bbb", &model("bbb", "transfert-puis-suppression", ""));
        old("bbb");
        assert_eq!(server.ok("bbb_purge", "bbb", "SELECT rgpd.purger_demande(10)"), "0", "not transferred yet");
        server.ok("postgres", "bbb", "SELECT rgpd.attester_transfert_demande(id, 'VERS-1') FROM bbb.demande");
        assert_eq!(server.ok("bbb_purge", "bbb", "SELECT rgpd.purger_demande(10)"), "1");

        install(
            &server,
            "ccc",
            &model("ccc", "anonymisation", "      archives: { regime: archives-publiques, reference: a-completer, visa_elimination: requis }\n"),
        );
        old("ccc");
        assert!(server.refused("ccc_purge", "ccc", "SELECT rgpd.purger_demande(10)").contains("RG006"));
        assert_eq!(server.ok("postgres", "ccc", "SELECT * FROM rgpd.controle_modele()"), "");
    }
}
