//! The scenarios of the study of EXI-DATA-2, and where each is held. PostgreSQL 15, 17 and 18 unless said.
//!
//! | Scenario | Test |
//! | --- | --- |
//! | 1. applied twice, the same dump | `rgpd_sql::applied_twice_the_schema_is_the_same`, `rgpd_complete::a_rich_description_applied_twice…`, `rgpd_random` |
//! | 2. no witness through a restricted role | `rgpd_attacks::no_attack_brings_a_witness_out…`, `rgpd_sql::restricted_roles_see_no_clear_value` |
//! | 3. a draw is independent of the value | `a_draw_says_nothing_of_the_value` |
//! | 4. an update that changes nothing keeps the copies | `rgpd_rich::every_type_and_rule` (noise), `rgpd_sql::twins_follow…` (substitution) |
//! | 5. an update of the source follows, empties the HMAC | `rgpd_sql::twins_follow…`, `rgpd_sql::persons_rights_and_followers` |
//! | 6. the application writes no copy, no `rgpd_*` | `rgpd_sql::twins_follow_and_belong_to_nobody_but_the_trigger` |
//! | 7. key missing, empty, short, not hexadecimal | `rgpd_sql::persons_rights_and_followers` |
//! | 8. pseudonyms by key and context, never the bare digest | `a_pseudonym_depends_on_the_key_and_on_the_context` |
//! | 9. concurrent purges, each row once | `workers_at_once_purge_each_row_once` |
//! | 10. bounds of a term and of a hold | `a_term_ends_on_its_second_and_a_hold_on_its_day`, `rgpd_sql::the_purge_stops_at_the_term` |
//! | 11. the term of a field before the row's | `rgpd_sql::persons_rights_and_followers`, `rgpd_rich` |
//! | 12. no witness in a closed row, below it, in the journal | `rgpd_sql::persons_rights_and_followers`, `rgpd_residue` |
//! | 13. a closed row is not written again | `rgpd_sql::the_purge_stops_at_the_term` |
//! | 14. CHECK refuses a mark without erasure | `rgpd_sql::the_purge_stops_at_the_term` |
//! | 15. the journal only grows, without free text | `rgpd_sql::the_purge_stops_at_the_term`, `the_journal_has_no_room_for_a_text` |
//! | 16. k on any data, failures leave the old set | `rgpd_complete::the_snapshot_holds_k_on_any_data`, `rgpd_random` |
//! | 17. mutations of the model are seen | `rgpd_control::each_mutation_is_seen` |
//! | 18. version 1 in service during the migration | `rgpd_traffic::the_application_in_service_sees_no_failure`, `make traffic` |
//! | 19. two versions together, contract, k on the union | `rgpd_plan::both_versions_work_between_expand_and_contract` |
//! | 20. restorations, then the replay | `rgpd_complete::a_restored_backup_is_erased_again` |
//! | 21. no witness in the statistics | `rgpd_residue`, `rgpd_sql::the_batch_of_the_essential_tier_leaves_no_sample…` |
//! | 22. log and `pg_stat_statements` | `rgpd_residue`, `the_server_keeps_neither_the_key_nor_a_value_of_queries` |
//! | 23. refusals with their line | `rgpd_refusals` (no server) |
//! | 24. tags, description and register, there and back | `rgpd_documents::the_register_gives_the_description_back_without_loss`, `rgpd_init::a_live_base_gives_its_tables…` |
//! | 25. data alone without `--disable-triggers` | `rgpd_complete::a_restored_backup_is_erased_again` |
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use ::postgres::{Client, NoTls};
use models::{AIDES, GUICHET, guichet_complete, install};
use postgres::{Server, VERSIONS};

fn persons(server: &Server, count: usize, contact: &str) {
    server.ok(
        "guichet_app",
        "guichet",
        &format!(
            "INSERT INTO guichet.usager (civilite, nom, prenom, nir, email, code_postal, commune, date_naissance, quotient_familial, situation_handicap, dernier_contact_le) \
             SELECT 'M', 'LEMEME', 'LEMEME', lpad(i::text, 15, '0'), 'e@x', '35000', 'C', '1980-01-01', 3210, false, {contact} FROM generate_series(1, {count}) i"
        ),
    );
}

#[test]
fn a_draw_says_nothing_of_the_value() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", GUICHET);
        persons(&server, 400, "now()");
        // sixteen names, drawn alike whatever the value; as many identifiers as rows; noise on both sides of the value
        let drawn = "SELECT count(DISTINCT nom_anon), count(DISTINCT prenom_anon), count(DISTINCT ref_anon), count(*) FILTER (WHERE ref_anon = id), \
                     count(DISTINCT quotient_familial_anon) > 5, avg(quotient_familial_anon) BETWEEN 3100 AND 3320, min(quotient_familial_anon) >= 2850, max(quotient_familial_anon) <= 3550, \
                     (SELECT max(n) < 60 FROM (SELECT count(*) AS n FROM guichet.usager GROUP BY nom_anon) g) FROM guichet.usager";
        assert_eq!(server.ok("guichet_owner", "guichet", drawn), "16|16|400|0|t|t|t|t|t", "{major}");
    }
}

#[test]
fn a_pseudonym_depends_on_the_key_and_on_the_context() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "aides", AIDES);
        server.ok(
            "aides_app",
            "aides",
            "INSERT INTO aides.usager (civilite, nom, prenom, nir, courriel, code_postal, naissance, handicap) VALUES ('M', 'n', 'p', '170013500000101', 'c', '35000', '1980-01-01', false); \
             INSERT INTO aides.compte (usager_id, identifiant, preferences) SELECT id, '170013500000101', '{}' FROM aides.usager; INSERT INTO aides.compte (usager_id, identifiant, preferences) SELECT id, '170013500000101', '{}' FROM aides.usager",
        );
        let key = format!("-c rgpd.cle={}", "0b".repeat(32));
        for function in ["pseudonymiser_1_usager", "pseudonymiser_1_compte"] {
            server.run("aides_purge", "aides", &format!("SELECT rgpd.{function}(10)"), false, &key).expect(function);
        }
        let told = "SELECT count(DISTINCT c.identifiant_anon), bool_or(c.identifiant_anon = u.nir_anon), bool_or(u.nir_anon = encode(sha256(convert_to(u.nir, 'UTF8')), 'hex')), min(length(u.nir_anon)) \
                    FROM aides.usager u JOIN aides.compte c ON c.usager_id = u.id";
        assert_eq!(
            server.ok("aides_owner", "aides", told),
            "1|f|f|64",
            "{major}: same value and context alike, another context apart, never the bare digest"
        );
    }
}

#[test]
fn workers_at_once_purge_each_row_once() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", GUICHET);
        persons(&server, 2000, "now() - interval 'P4Y'");
        persons_in_use(&server);
        let totals: Vec<i64> = std::thread::scope(|scope| {
            let worker = || {
                let mut client = Client::connect(&format!("host={} user=guichet_purge dbname=guichet", server.socket()), NoTls).expect("connection");
                let mut total = 0_i64;
                loop {
                    let n: i32 = client.query_one("SELECT rgpd.purger_usager(37)", &[]).expect("purge").get(0);
                    total += i64::from(n);
                    if n == 0 {
                        return total;
                    }
                }
            };
            let handles: Vec<_> = (0..4).map(|_| scope.spawn(worker)).collect();
            handles.into_iter().map(|h| h.join().expect("a worker")).collect()
        });
        assert_eq!(totals.iter().sum::<i64>(), 2000, "{major}: {totals:?}");
        assert_eq!(server.ok("guichet_dpo", "guichet", "SELECT sum(lignes) FROM rgpd.journal WHERE operation = 'purge'"), "2000");
        assert_eq!(server.ok("guichet_owner", "guichet", "SELECT count(*) FROM guichet.usager WHERE rgpd_anonymise_le IS NULL"), "1");
    }
}

fn persons_in_use(server: &Server) {
    server.ok(
        "guichet_app",
        "guichet",
        "INSERT INTO guichet.usager (civilite, nom, prenom, email, code_postal, commune, date_naissance, situation_handicap) VALUES ('M', 'A', 'B', 'e@x', '35000', 'C', '1980-01-01', false)",
    );
}

#[test]
fn a_term_ends_on_its_second_and_a_hold_on_its_day() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", GUICHET);
        // The condition of the purge, on a clock of our own: 29 February + 3 years falls on 28 February.
        let due = |at: &str, contact: &str| {
            server.ok("postgres", "guichet", &format!("SET timezone = 'UTC'; SELECT timestamptz '{contact}' < timestamptz '{at}' - interval 'P3Y'"))
        };
        for (at, contact, wanted) in [
            ("2027-03-01 00:00:00+00", "2024-02-29 12:00:00+00", "t"),
            ("2027-02-28 12:00:01+00", "2024-02-28 12:00:00+00", "t"),
            ("2027-02-28 12:00:00+00", "2024-02-28 12:00:00+00", "f"),
            ("2028-02-29 12:00:01+00", "2025-02-28 12:00:00+00", "t"),
        ] {
            assert_eq!(due(at, contact), wanted, "{major}: {contact} at {at}");
        }
        persons(&server, 1, "now() - interval 'P3Y' - interval '1 second'");
        let id = server.ok("guichet_app", "guichet", "SELECT id FROM guichet.usager");
        let hold = |day: &str| server.ok("guichet_dpo", "guichet", &format!("SELECT rgpd.geler_usager('{id}', {day}, 'REQ-1')"));
        hold("CURRENT_DATE + 30");
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_usager(10)"), "0", "a hold in force");
        hold("CURRENT_DATE");
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_usager(10)"), "0", "its last day");
        hold("CURRENT_DATE - 1");
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_usager(10)"), "1", "a hold that is over");
    }
}

#[test]
fn the_server_keeps_neither_the_key_nor_a_value_of_queries() {
    for major in VERSIONS {
        let server = Server::with(major, &["shared_preload_libraries=pg_stat_statements"]);
        install(&server, "guichet", &guichet_complete());
        server.ok("postgres", "guichet", "CREATE EXTENSION pg_stat_statements SCHEMA public");
        let mut client = Client::connect(&format!("host={} user=guichet_app dbname=guichet", server.socket()), NoTls).expect("connection");
        let sql = "INSERT INTO guichet.usager (civilite, nom, prenom, nir, email, code_postal, commune, date_naissance, situation_handicap) VALUES ('M', $1, $1, '170013500000101', $1, '35000', $1, '1980-01-01', false)";
        client.execute(sql, &[&"TEMOINREQUETE"]).expect("inserted");
        let key = "5e".repeat(32);
        server.run("guichet_purge", "guichet", "SELECT rgpd.pseudonymiser_1_usager(10)", false, &format!("-c rgpd.cle={key}")).expect("filled");
        let kept = server.ok("postgres", "guichet", "SELECT string_agg(query, ' ') FROM pg_stat_statements");
        assert!(kept.contains("INSERT INTO guichet.usager") && kept.contains("pseudonymiser_1_usager"), "{major}: it looks at queries");
        assert!(!kept.contains("TEMOINREQUETE") && !kept.contains(&key) && !kept.contains("170013500000101"), "{major}: {kept}");
    }
}

#[test]
fn the_journal_has_no_room_for_a_text() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", &guichet_complete());
        let columns = "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'rgpd.journal'::regclass AND attnum > 0";
        assert_eq!(
            server.ok("guichet_dpo", "guichet", columns),
            "id bigint, operation text, entite text, motif text, regles text, version_modele integer, lignes integer, coupure date, \
             commence_le timestamp with time zone, fini_le timestamp with time zone, par name",
            "{major}"
        );
        // the three texts: a closed list, a name of the model, a reference that no sentence passes for
        for reason in ["'M. Dupont'", "'dem-1'", "'DEM 1'", "''", "NULL", "repeat('A', 41)"] {
            let call = format!("SELECT rgpd.effacer_usager(gen_random_uuid(), {reason})");
            assert!(server.refused("guichet_dpo", "guichet", &call).contains("RG005"), "{major}: {reason}");
        }
        let by_hand = "INSERT INTO rgpd.journal (operation, entite, motif, regles, version_modele, lignes, commence_le) VALUES ('purge', 'x', 'TEMOIN', 'r', 1, 0, now())";
        for role in ["guichet_app", "guichet_dpo", "guichet_purge", "guichet_lecture_pseudonymisee"] {
            assert!(server.refused(role, "guichet", by_hand).contains("42501"), "{major}: {role}");
        }
    }
}
