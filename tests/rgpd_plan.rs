//! From one version of a model to the next on a database in service: expand, both applications at work, backfill, contract;
//! and what is refused because it would lose data.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "common/models.rs"]
mod models;
#[path = "common/postgres.rs"]
mod postgres;

use mirai_kit::rgpd::{self, Phase, Plan, Source};
use models::{apply, guichet_v1, guichet_v2, install, without_draws};
use postgres::{Server, VERSIONS};

fn plan(old: &str, new: &str) -> Plan {
    rgpd::plan(Source { name: "v1.yaml", text: old }, Source { name: "v2.yaml", text: new })
        .unwrap_or_else(|errors| panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn refusals(old: &str, new: &str) -> String {
    match rgpd::plan(Source { name: "v1.yaml", text: old }, Source { name: "v2.yaml", text: new }) {
        Ok(_) => panic!("accepted"),
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

/// What application 1 writes, and what application 2 writes.
const V1: &str = "INSERT INTO guichet.usager (civilite, nom, prenom, nir, email, telephone, code_postal, commune, date_naissance, quotient_familial, situation_handicap, dernier_contact_le) \
    VALUES ('M', 'TEMOIN', 'P', %nir, 'e@x', '0601', '35000', 'Rennes', '1985-05-06', 1000, false, %date) RETURNING id";
const V2: &str = "INSERT INTO guichet.usager (civilite, nom, prenom, email, telephone_mobile, code_postal, date_naissance, situation_handicap, profession, langue) \
    VALUES ('X', 'TEMOIN2', 'P', 'e@x', '0602', '29000', '1991-01-01', false, 'TEMOINMETIER', 'en') RETURNING id";

fn v1(nir: &str, date: &str) -> String {
    V1.replace("%nir", nir).replace("%date", date)
}

/// Tables, columns, constraints, indexes, functions, triggers, policies, rights: without what tells nothing (order of columns).
fn catalogue(server: &Server, database: &str) -> Vec<String> {
    let sql = "SELECT 'colonne ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '-') || ' ' || coalesce(a.attstattarget::text, '-1') || ' ' || coalesce(col_description(c.oid, a.attnum), '') \
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relnamespace::regnamespace::text ~ 'guichet|rgpd' AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped \
        UNION ALL SELECT 'contrainte ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace::regnamespace::text ~ 'guichet|rgpd' AND contype <> 'n' \
        UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname ~ 'guichet|rgpd' \
        UNION ALL SELECT 'fonction ' || p.oid::regprocedure || ' ' || md5(prosrc) || ' ' || prosecdef || ' ' || coalesce((SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(proacl) x), '') FROM pg_proc p WHERE pronamespace::regnamespace::text ~ 'guichet|rgpd' \
        UNION ALL SELECT 'déclencheur ' || tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal \
        UNION ALL SELECT 'politique ' || tablename || ' ' || policyname || ' ' || roles::text || ' ' || coalesce(qual, '') FROM pg_policies \
        UNION ALL SELECT 'droit ' || grantee || ' ' || table_name || '.' || column_name || ' ' || privilege_type FROM information_schema.column_privileges WHERE table_schema ~ 'guichet|rgpd'";
    let mut lines: Vec<String> = server.ok("postgres", database, sql).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn both_versions_work_between_expand_and_contract() {
    for major in VERSIONS {
        let server = Server::with(major, &[]);
        let (old, new) = (guichet_v1(), guichet_v2());
        install(&server, "guichet", &old);
        let key = format!("-c rgpd.cle={}", "0b".repeat(32));
        let kept = server.ok("guichet_app", "guichet", &v1("'170013500000101'", "now()"));
        let past = server.ok("guichet_app", "guichet", &v1("NULL", "now() - interval 'P4Y'"));
        server.ok("guichet_dpo", "guichet", "SELECT rgpd.viser_elimination_usager(CURRENT_DATE, 'BORD-1')");
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_usager(10)"), "1");
        server.run("guichet_purge", "guichet", "SELECT rgpd.pseudonymiser_1_usager(10)", false, &key).expect("filled");
        let twins = "SELECT ref_anon, nom_anon, nir_anon, quotient_familial_anon, date_naissance_anon FROM guichet.usager ORDER BY id";
        let before = server.ok("guichet_owner", "guichet", twins);

        let plan = plan(&old, &new);
        assert!(plan.served && plan.steps.iter().any(|s| s.phase == Phase::Backfill), "{:#?}", plan.steps);
        apply(&server, "guichet", &plan.expand);
        assert_eq!(server.ok("postgres", "guichet", "SELECT * FROM rgpd.controle_modele()"), "", "{major}");
        let first = server.schema("guichet");
        apply(&server, "guichet", &plan.expand);
        assert!(first == server.schema("guichet"), "{major}: the expand is replayed without a change");
        assert_eq!(server.ok("guichet_owner", "guichet", twins), before, "draws and pseudonyms stay");

        // rows in place were taken up, the anonymised one through its coarser twin
        let taken = |id: &str| {
            let sql = format!(
                "SELECT telephone_mobile, naissance_vingtaine, profession, dossier IS NOT NULL, langue FROM guichet.usager WHERE id = '{id}'"
            );
            server.ok("guichet_owner", "guichet", &sql)
        };
        assert_eq!(taken(&kept), "0601|1980|inconnue|t|fr");
        assert_eq!(taken(&past), "|1980|[anonymisé]|t|fr");

        // both applications write and read; each sees what the other wrote
        let by_one = server.ok("guichet_app", "guichet", &v1("NULL", "now()"));
        let by_two = server.ok("guichet_app", "guichet", V2);
        let both = |id: &str| {
            server.ok(
                "guichet_app",
                "guichet",
                &format!(
                    "SELECT telephone, telephone_mobile, commune, naissance_vingtaine, date_naissance_anon FROM guichet.usager WHERE id = '{id}'"
                ),
            )
        };
        assert_eq!(both(&by_one), "0601|0601|Rennes|1980|1980");
        assert_eq!(both(&by_two), "0602|0602|[anonymisé]|1980|1990", "version 1 reads no empty value where it never saw one");
        server.ok("guichet_app", "guichet", &format!("UPDATE guichet.usager SET telephone = '0611' WHERE id = '{by_two}'; UPDATE guichet.usager SET telephone_mobile = '0622' WHERE id = '{by_one}'"));
        assert!(both(&by_two).starts_with("0611|0611|") && both(&by_one).starts_with("0622|0622|"));
        server.ok("guichet_app", "guichet", &format!("INSERT INTO guichet.demande (usager_id, objet, note_agent) VALUES ('{by_one}', 'aide', 'TEMOINNOTE'); INSERT INTO guichet.piece (demande_id, titre) SELECT id, 'TEMOINTITRE' FROM guichet.demande"));
        let view = server.ok(
            "guichet_lecture_pseudonymisee",
            "guichet",
            "SELECT ref, date_naissance, naissance_vingtaine FROM guichet_anonymise.usager_pseudonymise",
        );
        assert_eq!(view.lines().count(), 4, "{view}");

        // k on the union: the snapshot holds the columns of both versions
        server.ok("guichet_app", "guichet", "INSERT INTO guichet.usager (civilite, nom, prenom, email, code_postal, date_naissance, situation_handicap) SELECT 'M', 'N', 'P', 'e', lpad((1 + i % 7)::text, 5, '0'), date '1940-01-01' + i * 400, false FROM generate_series(1, 400) i");
        assert_ne!(server.ok("guichet_purge", "guichet", "SELECT rgpd.publier_usager()"), "0");
        let classes = "SELECT min(n) >= 5, count(*) > 3 FROM (SELECT count(*) AS n FROM guichet_anonymise.usager_diffusable GROUP BY civilite, code_postal, date_naissance, naissance_vingtaine, cree_le) g";
        assert_eq!(server.ok("guichet_lecture_anonymisee", "guichet", classes), "t|t");

        // the purge clears both clear columns
        server.ok(
            "guichet_owner",
            "guichet",
            &format!("UPDATE guichet.usager SET dernier_contact_le = now() - interval 'P4Y' WHERE id = '{by_two}'"),
        );
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_usager(10)"), "1");
        let row =
            || without_draws(&server.ok("guichet_owner", "guichet", &format!("SELECT to_jsonb(u) FROM guichet.usager u WHERE id = '{by_two}'")));
        let purged = row();
        assert!(!purged.contains("TEMOIN") && !purged.contains("0611"), "{purged}");
        for sql in ["UPDATE guichet.usager SET telephone_mobile = '0699'", "UPDATE guichet.usager SET profession = 'TEMOINMETIER'"] {
            let _ = server.run("guichet_app", "guichet", &format!("{sql} WHERE id = '{by_two}'"), false, "");
            let row = row();
            assert!(!row.contains("0699") && !row.contains("TEMOINMETIER"), "nothing comes back on an anonymised row: {row}");
        }

        // contract, twice
        for _ in 0..2 {
            apply(&server, "guichet", &plan.contract);
        }
        assert_eq!(server.ok("postgres", "guichet", "SELECT * FROM rgpd.controle_modele()"), "", "{major}");
        let late = server.ok("guichet_app", "guichet", V2);
        server.ok("guichet_app", "guichet", &format!("UPDATE guichet.usager SET profession = 'X' WHERE id = '{late}'"));
        server.ok("guichet_owner", "guichet", &format!("UPDATE guichet.usager SET dernier_contact_le = now() - interval 'P4Y' WHERE id = '{late}'"));
        assert_eq!(server.ok("guichet_purge", "guichet", "SELECT rgpd.purger_usager(10)"), "1");
        assert!(server.refused("guichet_app", "guichet", "SELECT commune FROM guichet.usager").contains("42703"));

        // and the database is the one that version 2 would have built from nothing
        server.ok("postgres", "postgres", "CREATE DATABASE neuve OWNER guichet_owner");
        server.ok("guichet_owner", "neuve", "CREATE SCHEMA rgpd; CREATE TABLE rgpd.migration (nom text PRIMARY KEY, empreinte text NOT NULL)");
        models::apply_to(&server, "guichet", "neuve", &models::files(&new));
        let (migrated, fresh) = (catalogue(&server, "guichet"), catalogue(&server, "neuve"));
        let only = |a: &[String], b: &[String]| a.iter().filter(|l| !b.contains(l)).cloned().collect::<Vec<_>>();
        assert!(fresh.len() > 200);
        assert!(migrated == fresh, "{major}: only migrated {:#?}\nonly fresh {:#?}", only(&migrated, &fresh), only(&fresh, &migrated));
    }
}

#[test]
fn what_would_lose_data_is_refused() {
    let (old, new) = (guichet_v1(), guichet_v2());
    let cases: &[(&str, &str, &str)] = &[
        ("  retraits: [usager.commune, demande.note_agent]\n", "  retraits: [usager.commune]\n", "« demande.note_agent » disparaît"),
        ("  retraits: [usager.commune, ", "  retraits: [usager.iban, usager.commune, ", "« usager.iban » est annoncé retiré et ne l'est pas"),
        ("renomme_de: telephone", "renomme_de: fax", "pas de champ « fax »"),
        ("telephone_mobile: { type: text, renomme_de: telephone, ", "telephone_mobile: { type: text, ", "« usager.telephone » disparaît"),
        ("pas: 20, copie: naissance_vingtaine }", "pas: 20 }", "garde son nom"),
        ("objet:      { type: text", "objet:      { type: varchar(20)", "le type text devient varchar(20)"),
        ("defaut: \"inconnue\", ", "", "obligatoire ajouté sans défaut"),
        ("    table: demande\n", "    table: demandes\n", "la table « demande » devient « demandes »"),
        ("  schema: guichet\n", "  schema: accueil\n", "ne se renomme pas"),
        ("  version: 2 ", "  version: 1 ", "ne suit pas la version 1"),
        ("niveau: complet\n", "niveau: essentiel\n", "seraient perdus"),
        ("      gel: rgpd_gel_jusqu_au ", "      gel: rgpd_autre ", "changent de colonne"),
        ("apres_purge: anonymise@anonymise.invalid", "apres_purge: autre@anonymise.invalid", "« apres_purge » change"),
    ];
    for (from, to, what) in cases {
        assert!(new.contains(from), "{from}");
        let changed = new.replacen(from, to, 1).replace("  coexiste_avec: [1]\n", if *to == "  version: 1 " { "" } else { "  coexiste_avec: [1]\n" });
        let changed =
            if *to == "      gel: rgpd_autre " { changed.replace("limitation: rgpd_gel_jusqu_au", "limitation: rgpd_autre") } else { changed };
        let told = refusals(&old, &changed);
        assert!(told.contains(what), "{what}: {told}");
        assert!(told.lines().all(|l| l.starts_with("v2.yaml:") && l.contains("admis : ")), "{told}");
    }
}
