//! The attacks: who, what for, the statement, and what takes back the one measure that stops it. `{w}` is the witness, `{marker}`
//! builds it at run time (an error that quotes the statement does not hold it): printed, it says that a door was open.

/// One attack.
pub struct Attack {
    pub role: &'static str,
    pub what: &'static str,
    pub sql: String,
    pub revert: String,
}

const ANON: &str = "guichet_lecture_anonymisee";
const PSEUDO: &str = "guichet_lecture_pseudonymisee";
const DPO: &str = "guichet_dpo";
const PURGE: &str = "guichet_purge";
const APP: &str = "guichet_app";
const PUBLICATION: &str = "guichet_publication";

const VIEW: &str = "guichet_anonymise.usager_pseudonymise";
const SNAPSHOT: &str = "guichet_anonymise.usager_diffusable";

/// All attacks.
pub fn attacks() -> Vec<Attack> {
    let mut list = Vec::new();
    let mut add = |role, what, sql: &str, revert: &str| list.push(Attack { role, what, sql: sql.to_owned(), revert: revert.to_owned() });
    tables(&mut add);
    doors(&mut add);
    publication(&mut add);
    readers(&mut add);
    officer(&mut add);
    batch(&mut add);
    application(&mut add);
    list
}

type Add<'a> = &'a mut dyn FnMut(&'static str, &'static str, &str, &str);

/// The tables are closed to who has no business there: schema, privilege and row policy are one measure.
fn tables(add: Add<'_>) {
    let reads = [
        "SELECT nom FROM guichet.usager",
        "SELECT note_agent FROM guichet.demande",
        "COPY guichet.usager (email) TO STDOUT",
        "COPY (SELECT u FROM guichet.usager u) TO STDOUT",
        "DECLARE c CURSOR FOR SELECT iban FROM guichet.usager; FETCH ALL FROM c",
        "SELECT row_to_json(u) FROM guichet.usager u",
        "DEALLOCATE ALL; PREPARE p AS SELECT commentaire FROM guichet.usager; EXECUTE p",
        "SELECT max(adresse_voie) FROM guichet.usager",
        "SELECT nom::integer FROM guichet.usager WHERE nom LIKE 'W%'",
        "SELECT {marker} FROM guichet.usager WHERE date_naissance = '1987-06-05'",
    ];
    for role in [ANON, PSEUDO, DPO, PURGE] {
        let opened = format!(
            "GRANT USAGE ON SCHEMA guichet TO {role}; GRANT SELECT ON guichet.usager, guichet.demande TO {role}; \
             CREATE POLICY ouverte ON guichet.usager FOR SELECT TO {role} USING (true); CREATE POLICY ouverte ON guichet.demande FOR SELECT TO {role} USING (true)"
        );
        for sql in reads {
            add(role, "table", sql, &opened);
        }
        add(role, "owner's role", "SET ROLE guichet_owner; SELECT nom FROM guichet.usager", &format!("GRANT guichet_owner TO {role}"));
        add(role, "wide role", "SELECT nom FROM guichet.usager", &format!("GRANT pg_read_all_data TO {role}; ALTER ROLE {role} BYPASSRLS"));
    }
    for role in [ANON, PSEUDO, PURGE, APP] {
        let opened = format!("GRANT USAGE ON SCHEMA rgpd TO {role}; GRANT EXECUTE ON FUNCTION rgpd.exporter_usager(uuid, text) TO {role}");
        add(role, "officer's export", "SELECT rgpd.exporter_usager('{id}', 'DEM-1')", &opened);
        let opened = format!("GRANT USAGE ON SCHEMA rgpd TO {role}; GRANT SELECT ON rgpd.journal TO {role}");
        add(role, "references in the journal", "SELECT motif FROM rgpd.journal", &opened);
        let opened = format!("GRANT USAGE ON SCHEMA rgpd TO {role}; GRANT SELECT ON rgpd.visa TO {role}");
        add(role, "references of the visas", "SELECT reference FROM rgpd.visa", &opened);
    }
}

/// Doors that PostgreSQL leaves open to everyone.
fn doors(add: Add<'_>) {
    for role in [ANON, PSEUDO, DPO, PURGE, APP] {
        let database =
            |privilege: &str| format!("DO $$ BEGIN EXECUTE format('GRANT {privilege} ON DATABASE %I TO PUBLIC', current_database()); END $$");
        add(role, "temporary objects", "CREATE TEMP TABLE t (x text); SELECT {marker}", &database("TEMPORARY"));
        add(role, "a schema of its own", "CREATE SCHEMA fuite; SELECT {marker}", &database("CREATE"));
        add(role, "objects in public", "CREATE TABLE public.fuite (x text); SELECT {marker}", "GRANT ALL ON SCHEMA public TO PUBLIC");
        add(role, "settings of roles and databases", "SELECT setconfig FROM pg_db_role_setting", "ALTER ROLE guichet_purge SET rgpd.cle = '{w}'");
        add(
            role,
            "source of functions",
            "SELECT prosrc FROM pg_proc WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'rgpd')",
            "CREATE FUNCTION rgpd.sel() RETURNS text LANGUAGE sql SET search_path = pg_catalog AS $$ SELECT '{w}'::text $$",
        );
        add(role, "comments", "SELECT description FROM pg_description", "COMMENT ON COLUMN guichet.usager.nom IS 'par exemple {w}'");
        add(role, "queries of others", "SELECT query FROM pg_stat_activity", &format!("GRANT pg_read_all_stats TO {role}"));
        add(
            role,
            "statistics of the planner",
            "SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = 'usager' AND attname IN ('nom', 'prenom', 'email')",
            &format!(
                "ALTER TABLE guichet.usager ALTER nom SET STATISTICS 100, ALTER prenom SET STATISTICS 100, ALTER email SET STATISTICS 100; UPDATE guichet.usager SET nom = '{{w}}' WHERE rgpd_anonymise_le IS NULL; \
                 ANALYZE guichet.usager; GRANT USAGE ON SCHEMA guichet TO {role}; GRANT SELECT ON guichet.usager TO {role}; ALTER TABLE guichet.usager DISABLE ROW LEVEL SECURITY"
            ),
        );
        add(
            role,
            "oracle of the HMAC",
            "SELECT {marker} WHERE rgpd.hmac('\\x00', '\\x01') IS NOT NULL",
            &format!(
                "GRANT USAGE ON SCHEMA rgpd TO {role}; GRANT EXECUTE ON FUNCTION rgpd.hmac(bytea, bytea), rgpd.hmac_bloc(bytea, integer) TO PUBLIC"
            ),
        );
    }
    for role in [ANON, DPO, PURGE, APP] {
        let opened = format!("GRANT USAGE ON SCHEMA guichet_anonymise TO {role}; GRANT SELECT ON {VIEW} TO {role}");
        add(role, "live view, one row per person", &format!("SELECT {{marker}} FROM {VIEW} LIMIT 1"), &opened);
    }
    // A door of the server, for who could load a file: the default is closed, and must stay so.
    add(
        ANON,
        "files of the server",
        "SELECT {marker} WHERE pg_read_file('PG_VERSION') <> ''",
        &format!("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {ANON}"),
    );
    add(
        PSEUDO,
        "large objects",
        "SELECT lo_get(424242)",
        "SELECT lo_from_bytea(424242, '{w}'); GRANT SELECT ON LARGE OBJECT 424242 TO PUBLIC; SET LOCAL bytea_output = 'escape'",
    );
}

/// The role that owns the views sees copies only: a view that is rewritten brings no clear value out.
fn publication(add: Add<'_>) {
    for column in ["nom", "prenom", "email", "telephone", "adresse_voie", "commune", "commentaire", "iban"] {
        let opened = format!("GRANT SELECT ({column}) ON guichet.usager TO {PUBLICATION}");
        add(PUBLICATION, "clear column", &format!("SELECT {column} FROM guichet.usager"), &opened);
    }
    add(
        PUBLICATION,
        "rewritten view",
        &format!("DROP VIEW {VIEW}; CREATE VIEW {VIEW} AS SELECT nom FROM guichet.usager; SELECT nom FROM {VIEW}"),
        &format!("GRANT SELECT (nom) ON guichet.usager TO {PUBLICATION}"),
    );
    add(
        PUBLICATION,
        "clear column of a child",
        "SELECT note_agent FROM guichet.demande",
        &format!("GRANT SELECT (note_agent) ON guichet.demande TO {PUBLICATION}"),
    );
    add(
        PUBLICATION,
        "technical identifier",
        "SELECT {marker} FROM guichet.usager WHERE id = '{id}'",
        &format!("GRANT SELECT (id) ON guichet.usager TO {PUBLICATION}"),
    );
    let open = format!(
        "DROP POLICY rgpd_publication ON guichet.usager; CREATE POLICY rgpd_publication ON guichet.usager FOR SELECT TO {PUBLICATION} USING (true)"
    );
    add(PUBLICATION, "person who objects", "SELECT {marker} FROM guichet.usager WHERE rgpd_opposition", &open);
    add(
        PUBLICATION,
        "row whose copies are not made",
        "SELECT {marker} FROM guichet.usager WHERE rgpd_complet IS NULL",
        &format!("{open}; ALTER TABLE guichet.usager DISABLE TRIGGER zz_rgpd_anonymiser; UPDATE guichet.usager SET rgpd_complet = NULL"),
    );
}

/// What the two readers may see tells nothing of the clear value.
fn readers(add: Add<'_>) {
    let view =
        |columns: &str| format!("DROP VIEW {VIEW}; CREATE VIEW {VIEW} AS SELECT {columns} FROM guichet.usager; GRANT SELECT ON {VIEW} TO {PSEUDO}");
    add(PSEUDO, "substituted name", &format!("SELECT nom FROM {VIEW}"), &view("nom"));
    add(PSEUDO, "constant e-mail", &format!("SELECT email FROM {VIEW}"), &view("email"));
    add(
        PSEUDO,
        "domain of the e-mail",
        &format!("SELECT {{marker}} FROM {VIEW} WHERE email LIKE '%.fr'"),
        &view("regexp_replace(email, '^.*@', '***@') AS email"),
    );
    add(PSEUDO, "suppressed column", &format!("SELECT telephone FROM {VIEW}"), &view("telephone"));
    add(PSEUDO, "technical identifier", &format!("SELECT {{marker}} FROM {VIEW} WHERE id = '{{id}}'"), &view("id"));
    add(
        PSEUDO,
        "instant to the microsecond",
        &format!("SELECT {{marker}} FROM {VIEW} WHERE cree_le = '2026-03-04 05:06:07.123456+00'"),
        &view("cree_le"),
    );
    add(PSEUDO, "exact birth", &format!("SELECT {{marker}} FROM {VIEW} WHERE date_naissance::text = '1987-06-05'"), &view("date_naissance"));
    add(PSEUDO, "exact amount", &format!("SELECT {{marker}} FROM {VIEW} WHERE quotient_familial = 7771.33"), &view("quotient_familial"));
    add(PSEUDO, "whole postal code", &format!("SELECT {{marker}} FROM {VIEW} WHERE code_postal = '35123'"), &view("code_postal"));
    add(
        PSEUDO,
        "keyless digest of the NIR",
        &format!("SELECT {{marker}} FROM {VIEW} WHERE nir_anon = encode(sha256(convert_to(substr('{{w}}', 1, 14) || '0', 'UTF8')), 'hex')"),
        "ALTER TABLE guichet.usager DISABLE TRIGGER zz_rgpd_anonymiser; UPDATE guichet.usager SET nir_anon = encode(sha256(convert_to(nir::text, 'UTF8')), 'hex') WHERE nir IS NOT NULL",
    );
    add(
        PSEUDO,
        "noise drawn at each write",
        &format!("SELECT {{marker}} FROM {VIEW} WHERE quotient_familial = 7771.33"),
        "ALTER TABLE guichet.usager DISABLE TRIGGER zz_rgpd_anonymiser; UPDATE guichet.usager SET quotient_familial_anon = quotient_familial",
    );
    add(
        PSEUDO,
        "person who objects",
        &format!("SELECT {{marker}} FROM {VIEW} WHERE ref = (SELECT '{{opposant}}'::uuid)"),
        &format!(
            "DROP POLICY rgpd_publication ON guichet.usager; CREATE POLICY rgpd_publication ON guichet.usager FOR SELECT TO {PUBLICATION} USING (true); \
             ALTER TABLE guichet.usager DISABLE TRIGGER zz_rgpd_anonymiser; UPDATE guichet.usager SET ref_anon = id WHERE rgpd_opposition"
        ),
    );
    let classes = format!("SELECT {{marker}} FROM {SNAPSHOT} GROUP BY civilite, code_postal, date_naissance, cree_le HAVING count(*) < 5");
    let publish = |change: &str| {
        format!(
            "DO $$ BEGIN EXECUTE {change}; DELETE FROM rgpd.publication; \
             INSERT INTO guichet.usager (civilite, nom, prenom, email, code_postal, commune, date_naissance, situation_handicap) VALUES ('X', 'a', 'b', 'c', '97400', 'd', '2001-01-01', false); \
             PERFORM rgpd.publier_usager(); END $$"
        )
    };
    let source = "pg_get_functiondef('rgpd.publier_usager(integer)'::regprocedure)";
    add(ANON, "small class", &classes, &publish(&format!("regexp_replace({source}, '(taille (<|>=)|classe <) 5', '\\1 1', 'g')")));
    add(
        ANON,
        "identifier in the snapshot",
        &format!("SELECT {{marker}} FROM {SNAPSHOT} WHERE ref IS NOT NULL"),
        &format!("ALTER TABLE {SNAPSHOT} ADD COLUMN ref uuid DEFAULT gen_random_uuid()"),
    );
    add(
        ANON,
        "person who objects, in the snapshot",
        &format!("SELECT {{marker}} FROM {SNAPSHOT} WHERE code_postal = '35'"),
        &publish(&format!("regexp_replace(replace({source}, 'AND NOT t.\"rgpd_opposition\"', ''), '(taille (<|>=)|classe <) 5', '\\1 1', 'g')")),
    );
    add(
        PURGE,
        "two close snapshots subtracted",
        "SELECT {marker} WHERE rgpd.publier_usager() > 0",
        &format!("DO $$ BEGIN EXECUTE regexp_replace({source}, 'RETURN 0;', 'NULL;'); END $$"),
    );
}

/// The officer acts by traced functions, on a reference, within the holds.
fn officer(add: Add<'_>) {
    let loose = "CREATE OR REPLACE FUNCTION rgpd.verifier_motif(p_motif text) RETURNS void LANGUAGE sql SET search_path = pg_catalog AS 'SELECT'";
    add(DPO, "access without a reference", "SELECT rgpd.exporter_usager('{id}', 'pour voir')", loose);
    add(
        DPO,
        "a name in the journal",
        "SELECT rgpd.geler_usager('{id}', NULL, 'nom : ' || lower('{w}')); SELECT upper(motif) FROM rgpd.journal WHERE motif LIKE 'nom%'",
        loose,
    );
    add(
        DPO,
        "erasure of a held row",
        "SELECT {marker} WHERE rgpd.effacer_usager('{id}', 'DEM-1') = 1",
        "DO $$ BEGIN EXECUTE replace(pg_get_functiondef('rgpd.effacer_usager(uuid,text)'::regprocedure), 'IF FOUND', 'IF false'); END $$",
    );
    for (what, sql, signature) in [
        ("purge", "SELECT {marker} FROM (SELECT rgpd.purger_usager(10)) x", "rgpd.purger_usager(integer)"),
        ("publication", "SELECT {marker} FROM (SELECT rgpd.publier_usager()) x", "rgpd.publier_usager(integer)"),
        ("completion", "SELECT {marker} FROM (SELECT rgpd.completer_usager(10)) x", "rgpd.completer_usager(integer)"),
    ] {
        add(DPO, what, sql, &format!("GRANT EXECUTE ON FUNCTION {signature} TO {DPO}"));
    }
    let writable = format!("GRANT DELETE, UPDATE, TRUNCATE ON rgpd.journal TO {DPO}; ALTER TABLE rgpd.journal DISABLE TRIGGER journal_immuable");
    add(DPO, "trace removed", "DELETE FROM rgpd.journal RETURNING {marker}", &writable);
    add(DPO, "trace changed", "UPDATE rgpd.journal SET motif = 'X' RETURNING {marker}", &writable);
    add(DPO, "trace emptied", "TRUNCATE rgpd.journal; SELECT {marker}", &writable);
}

/// The batch chooses neither the clock, nor the rows, nor its key.
fn batch(add: Add<'_>) {
    let source = |function: &str| format!("pg_get_functiondef('rgpd.{function}(integer)'::regprocedure)");
    add(
        PURGE,
        "rows that are not due",
        "SELECT {marker} WHERE rgpd.purger_usager(1) > 0",
        &format!(
            "DO $$ BEGIN EXECUTE replace({}, 'statement_timestamp() - interval ''P3Y''', 'statement_timestamp() + interval ''P3Y'''); EXECUTE 'ALTER TABLE rgpd.visa DISABLE TRIGGER ALL; UPDATE rgpd.visa SET jusqu_au = CURRENT_DATE + 2'; END $$",
            source("purger_usager")
        ),
    );
    add(
        PURGE,
        "rows that no visa covers",
        "SELECT {marker} WHERE rgpd.purger_usager(1) > 0",
        &format!(
            "ALTER TABLE guichet.usager DISABLE TRIGGER zz_rgpd_anonymiser; UPDATE guichet.usager SET dernier_contact_le = now() - interval 'P5Y' WHERE nom = 'N'; ALTER TABLE guichet.usager ENABLE ALWAYS TRIGGER zz_rgpd_anonymiser; \
             ALTER TABLE rgpd.visa DISABLE TRIGGER ALL; UPDATE rgpd.visa SET jusqu_au = '1999-01-01'; ALTER TABLE rgpd.visa ENABLE ALWAYS TRIGGER journal_immuable; DO $$ BEGIN EXECUTE replace({}, '::date < visa', '::date IS NOT NULL'); END $$",
            source("purger_usager")
        ),
    );
    let loose = "CREATE OR REPLACE FUNCTION rgpd.verifier_lot(p_lot integer) RETURNS void LANGUAGE sql SET search_path = pg_catalog AS 'SELECT'";
    add(PURGE, "a lot without bound", "SELECT {marker} FROM (SELECT rgpd.completer_usager(2000000000)) x", loose);
    add(PURGE, "the whole table at once", "SELECT {marker} FROM (SELECT rgpd.purger_usager(NULL)) x", loose);
    let keyless =
        format!("DO $$ BEGIN EXECUTE replace({}, 'IF cle IS NULL OR cle !~', 'IF false AND cle !~'); END $$", source("pseudonymiser_1_usager"));
    for (what, key) in [("empty key", ""), ("short key", "00ff")] {
        add(PURGE, what, &format!("SET LOCAL rgpd.cle = '{key}'; SELECT {{marker}} WHERE rgpd.pseudonymiser_1_usager(10) > 0"), &keyless);
    }
    let other = "'0000000000000000000000000000000000000000000000000000000000000000'";
    add(
        PURGE,
        "another key",
        &format!(
            "SET LOCAL rgpd.cle = {other}; SELECT rgpd.pseudonymiser_1_usager(1); SELECT set_config('rgpd.cle', repeat('1', 64), true); SELECT {{marker}} FROM (SELECT rgpd.pseudonymiser_1_usager(1)) x"
        ),
        &format!(
            "DO $$ BEGIN EXECUTE replace({}, 'IF registre.empreinte <>', 'IF false AND registre.empreinte <>'); END $$",
            source("pseudonymiser_1_usager")
        ),
    );
    for (what, sql, signature) in [
        ("erasure", "SELECT {marker} FROM (SELECT rgpd.effacer_usager('{opposant}', 'DEM-1')) x", "rgpd.effacer_usager(uuid, text)"),
        ("hold lifted", "SELECT {marker} FROM (SELECT rgpd.geler_usager('{id}', NULL, 'DEM-1')) x", "rgpd.geler_usager(uuid, date, text)"),
        (
            "visa given to itself",
            "SELECT {marker} FROM (SELECT rgpd.viser_elimination_usager(CURRENT_DATE, 'VISA-1')) x",
            "rgpd.viser_elimination_usager(date, text)",
        ),
    ] {
        add(PURGE, what, sql, &format!("GRANT EXECUTE ON FUNCTION {signature} TO {PURGE}"));
    }
}

/// The application writes the clear; copies and management are not its own.
fn application(add: Add<'_>) {
    for (what, column, value) in [
        ("a copy changed", "nom_anon", "nom"),
        ("an instant of anonymisation", "rgpd_anonymise_le", "rgpd_anonymise_le"),
        ("a hold lifted", "rgpd_gel_jusqu_au", "NULL"),
        ("copies said to be made", "rgpd_complet", "true"),
        ("an identifier changed", "id", "id"),
    ] {
        let sql = format!("UPDATE guichet.usager SET {column} = {value} WHERE id = '{{id}}' RETURNING {{marker}}");
        add(APP, what, &sql, &format!("GRANT UPDATE ({column}) ON guichet.usager TO {APP}"));
    }
    let row = "civilite, nom, prenom, email, code_postal, commune, date_naissance, situation_handicap";
    let values = "'M', 'a', 'b', 'c', '35000', 'd', '1980-01-01', false";
    add(
        APP,
        "a copy written at insertion",
        &format!("INSERT INTO guichet.usager ({row}, nom_anon) VALUES ({values}, 'x') RETURNING {{marker}}"),
        &format!("GRANT INSERT (nom_anon) ON guichet.usager TO {APP}"),
    );
    add(
        APP,
        "triggers skipped",
        &format!(
            "SET LOCAL session_replication_role = replica; INSERT INTO guichet.usager ({row}) VALUES ({values}) RETURNING CASE WHEN nom_anon IS NULL THEN {{marker}} END"
        ),
        "ALTER TABLE guichet.usager ENABLE TRIGGER zz_rgpd_anonymiser",
    );
    let ends = "DO $$ DECLARE c text; BEGIN ALTER TABLE guichet.usager DISABLE TRIGGER zz_rgpd_anonymiser; \
                FOR c IN SELECT conname FROM pg_constraint WHERE conname LIKE 'usager_rgpd_anonymise%' LOOP EXECUTE format('ALTER TABLE guichet.usager DROP CONSTRAINT %I', c); END LOOP; END $$";
    add(APP, "clear back on an anonymised row", "UPDATE guichet.usager SET nom = '{w}' WHERE id = '{clos}' RETURNING {marker}", ends);
    add(
        APP,
        "clear left on an anonymised row",
        "SELECT to_jsonb(u) FROM guichet.usager u WHERE id = '{clos}'",
        &format!("{ends}; UPDATE guichet.usager SET nom = '{{w}}' WHERE id = '{{clos}}'"),
    );
    add(
        APP,
        "clear left below an anonymised row",
        "SELECT note_agent FROM guichet.demande WHERE usager_id = '{clos}'",
        "DO $$ DECLARE c text; BEGIN ALTER TABLE guichet.demande DISABLE TRIGGER zz_rgpd_anonymiser; \
         FOR c IN SELECT conname FROM pg_constraint WHERE conname LIKE 'demande_rgpd_anonymise%' LOOP EXECUTE format('ALTER TABLE guichet.demande DROP CONSTRAINT %I', c); END LOOP; \
         UPDATE guichet.demande SET note_agent = '{w}'; END $$",
    );
    for (what, sql, signature) in [
        ("purge", "SELECT {marker} FROM (SELECT rgpd.purger_usager(10)) x", "rgpd.purger_usager(integer)"),
        ("erasure", "SELECT {marker} FROM (SELECT rgpd.effacer_usager('{opposant}', 'DEM-1')) x", "rgpd.effacer_usager(uuid, text)"),
    ] {
        add(APP, what, sql, &format!("GRANT EXECUTE ON FUNCTION {signature} TO {APP}"));
    }
    add(APP, "publication's role", "SET ROLE guichet_publication; SELECT {marker}", &format!("GRANT guichet_publication TO {APP}"));
    add(APP, "owner's role", "SET ROLE guichet_owner; SELECT {marker}", &format!("GRANT guichet_owner TO {APP}"));
}
