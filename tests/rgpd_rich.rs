//! A model with every type and rule, a chain of three entities and reserved words as names, on a real PostgreSQL.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use models::{apply, install, without_draws};
use postgres::{Server, VERSIONS};

const RICHE: &str = include_str!("fixtures/rgpd/riche.yaml");

/// A person, a file and a piece below; `age` is the age of everything.
fn insert(server: &Server, n: u32, age: &str) {
    server.ok(
        "riche_app",
        "riche",
        &format!(
            "INSERT INTO riche.personne (id, \"user\", numero, courriel, secret, badge, age, salaire, points, debut, fin, adresse, details, genre, code) VALUES \
             ({n}, 'TEMOIN{n}', 777{n}, 'temoin{n}@exemple.fr', 'TEMOINSECRET', 'TEMOINBADGE', 47, 3210, 12, current_date - interval '{age}', now() - interval '{age}', '192.0.2.77', '{{\"t\": \"TEMOINJSON\"}}', 'X', 1); \
             INSERT INTO riche.dossier (personne_id, note, ouvert_le) VALUES ({n}, 'TEMOINNOTE', now() - interval '{age}'); \
             INSERT INTO riche.piece (dossier_id, titre) SELECT id, 'TEMOINTITRE' FROM riche.dossier WHERE personne_id = {n}"
        ),
    );
}

#[test]
fn every_type_and_rule() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        let outputs = install(&server, "riche", RICHE);
        assert!(outputs.iter().any(|o| o.path == "migrations/300_base.sql"), "numbers come from the version");
        let first = server.schema("riche");
        apply(&server, "riche", &outputs);
        assert!(first == server.schema("riche"), "replayed");
        assert_eq!(server.ok("postgres", "riche", "SELECT * FROM rgpd.controle_modele()"), "");

        server.ok("riche_app", "riche", "INSERT INTO riche.reference (code, \"order\") VALUES (1, 'un')");
        insert(&server, 1, "P1D");
        insert(&server, 2, "P2Y");
        let noise = "SELECT salaire_anon, badge_anon FROM riche.personne WHERE id = 1";
        let before = server.ok("riche_app", "riche", noise);
        for _ in 0..5 {
            server.ok("riche_app", "riche", "UPDATE riche.personne SET age = 48 WHERE id = 1");
        }
        assert_eq!(server.ok("riche_app", "riche", noise), before, "a draw repeated would average out");
        let twins = "SELECT courriel_anon, age_anon, points_anon, debut_anon = date_trunc('year', debut)::date, fin_anon = date_trunc('month', fin AT TIME ZONE 'UTC')::date, \
                 salaire_anon % 100 = 0 AND salaire_anon BETWEEN 2800 AND 3600, user_anon IS NULL FROM riche.personne WHERE id = 1";
        assert_eq!(server.ok("riche_app", "riche", twins), "t*****|40|0|t|t|t|t");
        assert!(server.refused("riche_app", "riche", "SELECT secret FROM riche.personne").contains("42501"), "the application does not read it back");

        let key = format!("-c rgpd.cle={}", "ab".repeat(32));
        for n in [1, 2] {
            let filled = server.run("riche_purge", "riche", &format!("SELECT rgpd.pseudonymiser_{n}_personne(10)"), false, &key);
            assert_eq!(filled.as_deref(), Ok("2"));
        }
        let view = without_draws(&server.ok(
            "riche_lecture_pseudonymisee",
            "riche",
            "SELECT * FROM riche_anonymise.personne_pseudonymise, riche_anonymise.dossier_pseudonymise",
        ));
        assert!(!view.contains("TEMOIN") && !view.contains("exemple.fr") && !view.contains("777"), "{view}");
        let columns = server.ok("postgres", "riche", "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'riche_anonymise.personne_pseudonymise'::regclass AND attnum > 0");
        assert_eq!(columns, "user_anon,courriel,badge,age,salaire,points,debut,fin,genre,code");

        // each process until it returns 0, as the batch does
        let plan = server.ok("riche_purge", "riche", "SELECT fonction FROM rgpd.processus() WHERE NOT a_cle ORDER BY ordre");
        assert_eq!(
            plan.lines().collect::<Vec<_>>(),
            [
                "rgpd.completer_personne",
                "rgpd.completer_dossier",
                "rgpd.completer_piece",
                "rgpd.purger_1_personne",
                "rgpd.purger_1_dossier",
                "rgpd.purger_personne",
                "rgpd.rattraper_dossier",
                "rgpd.rattraper_piece",
                "rgpd.analyser"
            ]
        );
        let mut done = Vec::new();
        for name in plan.lines() {
            let mut total = 0;
            loop {
                let n: u32 = server.ok("riche_purge", "riche", &format!("SELECT {name}(1)")).parse().expect("a number");
                total += n;
                if n == 0 {
                    break;
                }
            }
            done.push(total);
        }
        assert_eq!(done, [0, 0, 0, 1, 1, 1, 0, 0, 0], "{plan}");
        let left = without_draws(&server.ok(
        "postgres",
        "riche",
        "SELECT to_jsonb(p), to_jsonb(d), to_jsonb(i) FROM riche.personne p JOIN riche.dossier d ON d.personne_id = p.id JOIN riche.piece i ON i.dossier_id = d.id WHERE p.id = 2",
    ));
        assert!(
            !left.is_empty() && !left.contains("TEMOIN") && !left.contains("192.0.2.77") && !left.contains("7772") && !left.contains("exemple.fr"),
            "{left}"
        );
        let export = server.ok("riche_dpo", "riche", "SELECT rgpd.exporter_personne(1, 'DEM-1')");
        assert!(export.contains("TEMOINTITRE") && export.contains("TEMOINSECRET"), "{export}");
        assert_eq!(server.ok("postgres", "riche", "SELECT * FROM rgpd.controle_modele()"), "");
    }
}
