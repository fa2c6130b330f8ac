//! Data for non-production (EXI-DATA-1), with psql alone: taken out by a role that reads no table, loaded into an empty database
//! by its owner. As many rows, no witness in the files nor in a full dump of where they went, nothing that joins the two.
#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "a test prepares its files, and panics")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;
#[path = "random/model.rs"]
mod random;

use std::path::Path;

use mirai_kit::rgpd::Output;
use models::{AIDES, apply_to, files, guichet_complete, install, without_draws};
use postgres::{Server, VERSIONS};
use random::draw;
use tempfile::TempDir;

const KEY: &str = "-c rgpd.cle=5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// Runs a script of the project, as its header says: psql, in the folder of the files.
fn psql(server: &Server, role: &str, database: &str, folder: &Path, script: &Output) -> Result<String, String> {
    let file = folder.join(script.path.rsplit('/').next().expect("a name"));
    std::fs::write(&file, &script.content).expect("written");
    let mut command = server.client("psql", role, database);
    let out = command.args(["-X", "-q", "-At", "-v", "VERBOSITY=verbose", "-f"]).arg(&file).current_dir(folder).output().expect("psql");
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    if out.status.success() { Ok(String::from_utf8_lossy(&out.stdout).trim_end().to_owned()) } else { Err(error) }
}

fn script<'a>(outputs: &'a [Output], name: &str) -> &'a Output {
    outputs.iter().find(|o| o.path == format!("essais/{name}.psql")).expect(name)
}

/// A second database of the same model, migrated and empty.
fn elsewhere(server: &Server, id: &str, outputs: &[Output]) -> String {
    let name = format!("{id}_essai");
    server.ok("postgres", "postgres", &format!("CREATE DATABASE {name} OWNER {id}_owner"));
    server.ok(&format!("{id}_owner"), &name, "CREATE SCHEMA rgpd; CREATE TABLE rgpd.migration (nom text PRIMARY KEY, empreinte text NOT NULL)");
    apply_to(server, id, &name, outputs);
    name
}

fn dump(server: &Server, database: &str) -> String {
    let out = server.client("pg_dump", "postgres", database).output().expect("pg_dump");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn text(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).expect("readable").flatten().filter(|e| e.path().extension().is_some_and(|x| x == "csv")) {
        all.push_str(&std::fs::read_to_string(entry.path()).expect("a text"));
    }
    all
}

#[test]
fn a_set_leaves_without_a_person_and_loads_whole() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        let outputs = install(&server, "guichet", &guichet_complete());
        let to = elsewhere(&server, "guichet", &outputs);
        server.ok(
            "guichet_app",
            "guichet",
            "INSERT INTO guichet.usager (civilite, nom, prenom, nir, email, telephone, adresse_voie, code_postal, commune, date_naissance, iban, quotient_familial, situation_handicap, commentaire, cree_le, dernier_contact_le) \
             SELECT 'MME', 'TEMOIN' || i, 'TEMOIN', lpad(i::text, 15, '7'), 'TEMOIN' || i, 'TEMOIN', 'TEMOIN', '3512' || i % 10, 'TEMOIN', '1987-06-05', 'TEMOIN', 7771.33, true, 'TEMOIN', \
             now() - interval '40 days', now() FROM generate_series(1, 60) i; \
             INSERT INTO guichet.demande (usager_id, objet, note_agent) SELECT id, 'aide', 'TEMOIN' FROM guichet.usager, generate_series(1, 2)",
        );
        server.ok("guichet_app", "guichet", "UPDATE guichet.usager SET rgpd_opposition = true WHERE nom = 'TEMOIN60'");
        server.run("guichet_purge", "guichet", "SELECT rgpd.pseudonymiser_1_usager(1000)", false, KEY).expect("pseudonyms");
        let identifiers = "SELECT id::text, ref_anon::text, nir_anon FROM guichet.usager";
        let identifiers = server.ok("guichet_owner", "guichet", identifiers);

        // who reads no table, and nobody else of those who read
        let folder = TempDir::new().expect("folder");
        let extract = script(&outputs, "extraire");
        assert!(psql(&server, "guichet_lecture_anonymisee", "guichet", folder.path(), extract).expect_err("refused").contains("42501"));
        psql(&server, "guichet_lecture_pseudonymisee", "guichet", folder.path(), extract).expect("taken out");
        let set = text(folder.path());
        assert!(set.lines().count() > 100 && set.contains("***@***") && set.contains("aide"), "{set}");
        let read = without_draws(&set);
        for clear in ["TEMOIN", "1987", "3512", "7771.33", "777777"] {
            assert!(!read.contains(clear), "{major}: {clear} in {read}");
        }
        let known: Vec<&str> = identifiers.split(['|', '\n']).collect();
        assert!(known.len() == 180 && known.iter().all(|k| k.len() >= 36 && !set.contains(k)), "{major}: what joins the set to production");

        // into an empty database, and into no other
        let load = script(&outputs, "charger");
        assert!(psql(&server, "guichet_owner", "guichet", folder.path(), load).expect_err("production").contains("RG011"));
        assert!(psql(&server, "guichet_app", &to, folder.path(), load).is_err(), "the owner's business");
        assert_eq!(psql(&server, "guichet_owner", &to, folder.path(), load).as_deref(), Ok("usager|59\ndemande|118"), "{major}");
        assert!(psql(&server, "guichet_owner", &to, folder.path(), load).expect_err("twice").contains("RG011"));
        let whole = dump(&server, &to);
        assert!(whole.contains("COPY guichet.usager") && whole.contains("***@***"));
        let read = without_draws(&whole);
        assert!(read.len() < whole.len() && read.contains("***@***"));
        for clear in ["TEMOIN", "1987-06-05", "3512", "7771.33"] {
            assert!(!read.contains(clear), "{major}: {clear} in {read}");
        }
        assert!(known.iter().all(|k| !whole.contains(k)), "{major}: what joins the two databases");
        let seen = "SELECT count(DISTINCT id), min(code_postal), min(date_naissance), count(DISTINCT nom) > 3, bool_and(nom_anon IS NOT NULL AND rgpd_complet), (SELECT count(DISTINCT usager_id) FROM guichet.demande) FROM guichet.usager";
        assert_eq!(server.ok("guichet_owner", &to, seen), "59|35000|1980-01-01|t|t|59", "{major}");
        assert_eq!(server.ok("guichet_dpo", &to, "SELECT * FROM rgpd.controle_modele()"), "");
        // the application works on it
        server.ok("guichet_app", &to, "UPDATE guichet.usager SET nom = 'X'; DELETE FROM guichet.demande; DELETE FROM guichet.usager");

        // a file that lost a line is not loaded in part
        let cut = std::fs::read_to_string(folder.path().join("demande.csv")).expect("the file");
        std::fs::write(folder.path().join("demande.csv"), cut.replacen("objet", "autre", 1)).expect("changed");
        assert!(psql(&server, "guichet_owner", &to, folder.path(), load).is_err(), "another column");
        assert_eq!(server.ok("guichet_owner", &to, "SELECT count(*) FROM guichet.usager"), "0", "all or nothing");

        // the published set, by its own reader
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.publier_usager()"), "59");
        let folder = TempDir::new().expect("folder");
        let extract = script(&outputs, "extraire_diffusable");
        assert!(psql(&server, "guichet_lecture_pseudonymisee", "guichet", folder.path(), extract).expect_err("refused").contains("42501"));
        psql(&server, "guichet_lecture_anonymisee", "guichet", folder.path(), extract).expect("taken out");
        let loaded = psql(&server, "guichet_owner", &to, folder.path(), script(&outputs, "charger_diffusable"));
        assert_eq!(loaded.as_deref(), Ok("usager|59"), "{major}");
        assert!(!dump(&server, &to).contains("TEMOIN"));
    }
}

/// Rows in every table, those that others point at first.
fn furnish(server: &Server) {
    server.ok("aides_app", "aides", "INSERT INTO aides.service (code, nom) VALUES (1, 'a'), (2, 'b')");
    server.ok(
        "aides_app",
        "aides",
        "INSERT INTO aides.usager (civilite, nom, prenom, nir, courriel, code_postal, naissance, handicap) SELECT 'M', 'TEMOIN', 'TEMOIN', lpad(i::text, 15, '7'), 'TEMOIN', '35000', '1987-06-05', false FROM generate_series(1, 20) i; \
         INSERT INTO aides.compte (usager_id, identifiant, preferences) SELECT id, 'TEMOIN', '{}' FROM aides.usager",
    );
    for service in [1, 2] {
        let sql = format!(
            "INSERT INTO aides.agent (nom, prenom, service) SELECT 'TEMOIN', 'TEMOIN', {service} FROM generate_series(1, 3); INSERT INTO aides.evenement (nature, service) VALUES ('x', {service})"
        );
        server.run("aides_app", "aides", &sql, false, &format!("-c aides.service={service}")).expect("rows");
    }
}

#[test]
fn a_set_of_a_rich_model_and_of_models_drawn_at_random_loads() {
    std::thread::scope(|scope| {
        for (n, major) in VERSIONS.into_iter().enumerate() {
            scope.spawn(move || {
                let server = Server::with(major, &[]);
                let outputs = install(&server, "aides", AIDES);
                let to = elsewhere(&server, "aides", &outputs);
                furnish(&server);
                let folder = TempDir::new().expect("folder");
                psql(&server, "aides_lecture_pseudonymisee", "aides", folder.path(), script(&outputs, "extraire")).expect("taken out");
                let loaded = psql(&server, "aides_owner", &to, folder.path(), script(&outputs, "charger")).expect("loaded");
                for counted in ["usager|20", "compte|20", "agent|6"] {
                    assert!(loaded.lines().any(|l| l == counted), "{major}: {loaded}");
                }
                assert!(!text(folder.path()).contains("TEMOIN") && !dump(&server, &to).contains("TEMOIN"), "{major}");
                assert_eq!(server.ok("aides_owner", &to, "SELECT count(*) FROM aides.agent a JOIN aides.service s ON s.code = a.service"), "6");

                let roles = files(&draw(0).yaml);
                server.ok("postgres", "postgres", &roles.iter().find(|o| o.path == "sql/000_roles.sql").expect("roles").content);
                server.ok("postgres", "postgres", "ALTER ROLE hasard_owner LOGIN; ALTER ROLE hasard_app LOGIN; ALTER ROLE hasard_lecture_pseudonymisee LOGIN; ALTER ROLE hasard_lecture_anonymisee LOGIN; ALTER ROLE hasard_purge LOGIN");
                let mut rows = 0_u64;
                for seed in (0..18).filter(|seed| seed % VERSIONS.len() == n) {
                    rows += random_model(&server, u64::try_from(seed).expect("small"));
                }
                assert!(rows > 100, "too little to look at: {rows}");
            });
        }
    });
}

/// One random model, there and back; the rows that were loaded.
fn random_model(server: &Server, seed: u64) -> u64 {
    let model = draw(seed);
    let outputs = files(&model.yaml);
    if !outputs.iter().any(|o| o.path == "essais/extraire.psql") {
        assert!(!model.tables.iter().any(|t| t.personal), "seed {seed}: a personal table without a set");
        return 0;
    }
    for database in ["depart", "arrivee"] {
        server.ok("postgres", "postgres", &format!("DROP DATABASE IF EXISTS {database}"));
        server.ok("postgres", "postgres", &format!("CREATE DATABASE {database} OWNER hasard_owner"));
        apply_to(server, "hasard", database, &outputs);
    }
    for table in &model.tables {
        server.ok("hasard_app", "depart", &table.insert(40));
    }
    let mut rows = 0;
    let mut sets = vec![("", "hasard_lecture_pseudonymisee")];
    if outputs.iter().any(|o| o.path == "essais/extraire_diffusable.psql") {
        for set in model.tables.iter().filter(|t| !t.quasi.is_empty()) {
            server.ok("postgres", "depart", &format!("SELECT rgpd.\"publier_{}\"()", set.name));
        }
        sets.push(("_diffusable", "hasard_lecture_anonymisee"));
    }
    for (suffix, role) in sets {
        let folder = TempDir::new().expect("folder");
        let told = |e: String| panic!("seed {seed}: {e}\n{}\n{}", script(&outputs, &format!("charger{suffix}")).content, model.yaml);
        psql(server, role, "depart", folder.path(), script(&outputs, &format!("extraire{suffix}"))).unwrap_or_else(told);
        let loaded = psql(server, "hasard_owner", "arrivee", folder.path(), script(&outputs, &format!("charger{suffix}"))).unwrap_or_else(told);
        for line in loaded.lines().filter(|l| l.contains('|')) {
            let (table, count) = line.split_once('|').expect("two columns");
            let from = if suffix.is_empty() { format!("\"{table}_pseudonymise\"") } else { format!("\"{table}_diffusable\"") };
            assert_eq!(server.ok("postgres", "depart", &format!("SELECT count(*) FROM hasard_anonymise.{from}")), count, "seed {seed}: {table}");
            rows += count.parse::<u64>().expect("a count");
        }
        assert!(!dump(server, "arrivee").contains("TEMOIN"), "seed {seed}");
        let tables: Vec<String> = model.tables.iter().map(|t| format!("hasard.\"{}\"", t.name)).collect();
        server.ok("postgres", "arrivee", &format!("TRUNCATE {}", tables.join(", ")));
    }
    rows
}
