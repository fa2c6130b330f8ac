//! `rgpd.controle_modele()` sees a live database that no longer is what was generated: one mutation, one finding.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use models::{GUICHET, install};
use postgres::{Server, VERSIONS};

/// What is done to the database, and the rule that must see it.
const MUTATIONS: &[(&str, &str)] = &[
    ("ALTER TABLE guichet.usager ADD COLUMN surnom text", "L01"),
    ("COMMENT ON COLUMN guichet.usager.nom IS 'Nom. @rgpd {pas du json}'", "L02"),
    ("ALTER TABLE guichet.usager DROP COLUMN nom_anon CASCADE", "L03"),
    (
        "COMMENT ON COLUMN guichet.usager.nom IS 'Nom. @rgpd {\"personnel\": true, \"role\": \"identifiant-direct\", \"regle\": \"substitution\"}'",
        "L04",
    ),
    ("GRANT SELECT (nom) ON guichet.usager TO guichet_publication", "L05"),
    ("GRANT SELECT ON guichet.usager TO guichet_dpo", "L05"),
    ("GRANT UPDATE ON guichet.usager TO guichet_app", "L06"),
    ("GRANT INSERT (rgpd_anonymise_le) ON guichet.demande TO guichet_app", "L06"),
    ("CREATE VIEW guichet_anonymise.fuite WITH (security_barrier = true) AS SELECT nom FROM guichet.usager", "L07"),
    ("CREATE VIEW guichet_anonymise.ouverte AS SELECT nom_anon FROM guichet.usager", "L08"),
    ("ALTER VIEW guichet_anonymise.usager_pseudonymise OWNER TO guichet_owner", "L09"),
    ("GRANT EXECUTE ON FUNCTION rgpd.purger_usager(integer) TO PUBLIC", "L10"),
    ("ALTER FUNCTION rgpd.purger_usager(integer) RESET search_path", "L11"),
    ("ALTER TABLE guichet.usager ENABLE TRIGGER zz_rgpd_anonymiser", "L12"),
    ("DROP TRIGGER zz_rgpd_anonymiser ON guichet.demande", "L12"),
    ("ALTER ROLE guichet_purge SET rgpd.cle = '00'", "L13"),
    ("CREATE STATISTICS guichet.s ON nom, commune FROM guichet.usager", "L14"),
    ("CREATE PUBLICATION p FOR TABLE guichet.usager", "L15"),
    ("CREATE PUBLICATION p FOR ALL TABLES", "L15"),
    ("GRANT pg_read_all_data TO guichet_lecture_anonymisee", "L16"),
    ("GRANT guichet_owner TO guichet_app", "L16"),
    ("DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$", "L17"),
    ("ALTER TABLE guichet.usager ALTER COLUMN nir SET STATISTICS -1", "L18"),
    ("ALTER TABLE guichet.usager DISABLE ROW LEVEL SECURITY", "L19"),
    ("DROP FUNCTION rgpd.clore_demande(uuid[])", "L20"),
    ("ALTER TABLE guichet.usager RENAME COLUMN iban TO rib", "L21"),
    ("ALTER TABLE guichet.usager DROP COLUMN telephone CASCADE", "L22"),
    ("ALTER TABLE guichet.demande ADD COLUMN x text; COMMENT ON COLUMN guichet.demande.x IS 'X. @rgpd {\"personnel\": false}'", "L23"),
    (
        "CREATE TABLE guichet.autre (nom text); COMMENT ON COLUMN guichet.autre.nom IS 'N. @rgpd {\"personnel\": true, \"role\": \"attribut\", \"regle\": \"suppression\"}'",
        "L24",
    ),
    (
        "DO $$ DECLARE c text; BEGIN SELECT conname INTO c FROM pg_constraint WHERE conname LIKE 'usager_rgpd_anonymise%'; EXECUTE format('ALTER TABLE guichet.usager DROP CONSTRAINT %I', c); END $$",
        "L25",
    ),
    ("ALTER TABLE rgpd.journal DISABLE TRIGGER journal_immuable", "L26"),
    ("GRANT USAGE ON SCHEMA guichet TO guichet_lecture_pseudonymisee", "L27"),
    ("ALTER TABLE guichet.demande OWNER TO guichet_app", "L28"),
    (
        "DROP POLICY rgpd_publication ON guichet.usager; CREATE POLICY rgpd_publication ON guichet.usager FOR SELECT TO guichet_publication USING (true)",
        "L29",
    ),
    ("DROP POLICY rgpd_publication ON guichet.demande", "L29"),
    ("ALTER POLICY rgpd_publication ON guichet.demande USING (rgpd_complet)", "L29"),
    ("CREATE POLICY autre ON guichet.usager FOR SELECT TO guichet_publication USING (true)", "L30"),
    ("GRANT SELECT ON guichet_anonymise.usager_pseudonymise TO guichet_lecture_anonymisee", "L31"),
    ("GRANT SELECT (nom) ON guichet_anonymise.usager_pseudonymise TO PUBLIC", "L31"),
    ("ALTER DEFAULT PRIVILEGES FOR ROLE guichet_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC", "L32"),
];

#[test]
fn each_mutation_is_seen() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        install(&server, "guichet", GUICHET);
        assert_eq!(
            server.ok("guichet_dpo", "guichet", "SELECT * FROM rgpd.controle_modele()"),
            "",
            "the officer runs it, and a fresh database conforms"
        );
        let mut missed = Vec::new();
        for (mutation, rule) in MUTATIONS {
            let script = format!("BEGIN; {mutation}; SELECT regle FROM rgpd.controle_modele(); ROLLBACK;");
            let found = server.ok("postgres", "guichet", &script);
            if !found.lines().any(|l| l.starts_with(rule)) {
                missed.push(format!("{rule}: {mutation} → {found}"));
            }
        }
        assert!(missed.is_empty(), "{missed:#?}");
        assert_eq!(server.ok("postgres", "guichet", "SELECT * FROM rgpd.controle_modele()"), "", "each mutation was undone");
    }
}
