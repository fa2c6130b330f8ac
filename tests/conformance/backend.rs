//! The generated back end for real: its own `make test` on the defaults and on variants, then the program served on a
//! throwaway PostgreSQL migrated by its own command, and asked over HTTP. Its SQL, applied twice, leaves one schema.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::corpus::{Case, copy, corpus, fresh};
use crate::postgres::Server;
use crate::tools::{gate, in_parallel, run, tool};

/// Root of the application repository of a project.
fn application(case: &Case) -> PathBuf {
    if case.folder.join("backend").is_dir() { case.folder.clone() } else { case.folder.join("app") }
}

/// One installation at a time.
static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// A virtual environment with the project's locked requirements, made once per content of the lock.
fn environment(backend: &Path) -> PathBuf {
    let lock = backend.join("requirements-dev.txt");
    let digest = Sha256::digest(std::fs::read(&lock).unwrap()).iter().take(6).fold(String::new(), |d, b| format!("{d}{b:02x}"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("venv-{digest}"));
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !folder.join(".pret").exists() {
        let made = run(Path::new("python3"), ["-m".as_ref(), "venv".as_ref(), folder.as_os_str()], Path::new("."));
        assert!(made.ok, "{}", made.said());
        let arguments = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"].map(std::ffi::OsStr::new);
        let ran = run(&folder.join("bin/pip"), arguments.into_iter().chain([lock.as_os_str()]), Path::new("."));
        assert!(ran.ok, "{}", ran.said());
        std::fs::write(folder.join(".pret"), "").unwrap();
    }
    folder
}

/// A copy of the application with its environment in place: `make test` finds it up to date.
pub fn installed(case: &Case, name: &str) -> PathBuf {
    let folder = fresh(name);
    copy(&application(case), &folder);
    let environment = environment(&folder.join("backend"));
    std::os::unix::fs::symlink(&environment, folder.join("backend/.venv")).unwrap();
    // Newer than the lock that was just copied: make has nothing to install.
    std::fs::write(environment.join(".pret"), "").unwrap();
    folder
}

/// The defaults, and the cases that differ most: without a database, and behind each kind of identity.
fn variants() -> Vec<&'static Case> {
    let with = |f: &dyn Fn(&Case) -> bool| corpus().cases.iter().find(|c| c.answer("backend") == "fastapi" && f(c));
    let chosen = [
        corpus().cases.first(),
        with(&|c| c.answer("base_de_donnees") == "aucune" && c.answer("ia") == "aucune"),
        with(&|c| {
            c.answer("base_de_donnees") == "postgres" && c.answer("authentification") == "passage2" && c.answer("donnees_personnelles") == "non"
        }),
        with(&|c| c.answer("base_de_donnees") == "postgres" && c.answer("authentification") == "aucune"),
    ];
    let mut seen = BTreeSet::new();
    chosen.into_iter().flatten().filter(|c| seen.insert(c.id.clone())).collect()
}

#[test]
fn generated_python_passes_its_own_tests() {
    let variants = variants();
    assert!(variants.len() >= 4, "the corpus lacks a variant of the back end");
    let started = Instant::now();
    // One after the other: each starts a PostgreSQL server and times its own shutdowns.
    let passed: usize = variants
        .iter()
        .map(|case| {
            let backend = installed(case, &format!("python-{}", case.id)).join("backend");
            let ran = run(Path::new("make"), ["test"], &backend);
            assert!(ran.ok, "{}: make test: {}", case.id, ran.said());
            assert!(ran.out.contains("100%") || ran.out.contains("100.00%"), "{}: no full coverage: {}", case.id, ran.said());
            let count = ran
                .out
                .lines()
                .rev()
                .find_map(|l| l.split(" passed").next().filter(|_| l.contains(" passed"))?.rsplit(' ').next()?.parse::<usize>().ok());
            count.unwrap_or_else(|| panic!("{}: no number of tests: {}", case.id, ran.said()))
        })
        .sum();
    gate(&format!("generated Python tests ({} variants)", variants.len()), passed, started);
}

#[test]
fn generated_python_tests_bite() {
    let case = &corpus().cases[0];
    let backend = installed(case, "python-bad").join("backend");
    let file = backend.join("app/sante.py");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"/health/live\"", "\"/health/alive\"")).unwrap();
    let ran = run(&backend.join(".venv/bin/pytest"), ["-x", "--no-cov", "tests/test_application.py"], &backend);
    assert!(!ran.ok && ran.out.contains("failed"), "a missing probe passed the generated tests: {}", ran.said());
}

/// Files of a folder in order of name.
fn scripts(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "sql")).collect();
    found.sort();
    found
}

/// What the platform does before the application: roles that may log in, the database, the superuser's scripts.
fn database(server: &Server, application: &Path, id: &str) {
    for role in ["owner", "app", "purge"] {
        server.ok("postgres", "postgres", &format!("CREATE ROLE {id}_{role} LOGIN"));
    }
    server.ok("postgres", "postgres", &format!("CREATE DATABASE {id} OWNER {id}_owner"));
    for script in scripts(&application.join("donnees/sql")) {
        server.ok("postgres", id, &std::fs::read_to_string(script).unwrap());
    }
}

fn migrate(server: &Server, application: &Path, id: &str) -> usize {
    let migrations = scripts(&application.join("donnees/migrations"));
    for migration in &migrations {
        let sql = std::fs::read_to_string(migration).unwrap();
        server.migrate(&format!("{id}_owner"), id, &sql).unwrap_or_else(|e| panic!("{}: {e}", migration.display()));
    }
    migrations.len()
}

pub fn id_of(case: &Case) -> String {
    let slug = case.answer("slug");
    if slug.starts_with(|c: char| c.is_ascii_digit()) { format!("a{slug}") } else { slug.to_owned() }
}

#[test]
fn sql_applied_twice_leaves_one_schema() {
    let mut seen = BTreeSet::new();
    let distinct: Vec<&Case> = corpus()
        .cases
        .iter()
        .filter(|c| application(c).join("donnees/migrations").is_dir())
        .filter(|c| seen.insert(scripts(&application(c).join("donnees/migrations")).iter().map(|p| std::fs::read(p).unwrap()).collect::<Vec<_>>()))
        .collect();
    let started = Instant::now();
    let applied: Vec<usize> = in_parallel(&distinct, |case| {
        let (server, folder, id) = (Server::start(), application(case), id_of(case));
        database(&server, &folder, &id);
        // The runner creates this table before the first file, which grants the right to read it.
        let table = "CREATE SCHEMA IF NOT EXISTS rgpd; CREATE TABLE IF NOT EXISTS rgpd.migration (nom text PRIMARY KEY, sha256 text NOT NULL)";
        server.ok(&format!("{id}_owner"), &id, table);
        let count = migrate(&server, &folder, &id);
        let first = server.schema(&id);
        migrate(&server, &folder, &id);
        assert!(first.contains("CREATE TABLE") && first == server.schema(&id), "{}: a second application changes the schema", case.id);
        server.ok("postgres", &id, &format!("CREATE TABLE {id}.intruse (a int)"));
        assert!(first != server.schema(&id), "{}: the dump does not see a new table", case.id);
        // A migration that can't be replayed, and one that does not parse, are refused by the same way in.
        let once = format!("CREATE TABLE {id}.une_fois (a int);");
        server.migrate(&format!("{id}_owner"), &id, &once).unwrap();
        assert!(server.migrate(&format!("{id}_owner"), &id, &once).is_err(), "{}: a table was created twice", case.id);
        assert!(server.migrate(&format!("{id}_owner"), &id, "CREATE TABEL x (a int);").is_err(), "{}: a misspelt command passed", case.id);
        count
    });
    gate(&format!("SQL applied twice ({} distinct sets, files)", distinct.len()), applied.iter().sum(), started);
}

/// `python -m app`, killed when dropped.
struct Served {
    process: Child,
    port: u16,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Served {
    /// Asks, and returns status and body.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let until = Instant::now() + Duration::from_mins(1);
        let mut stream = loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(stream) => break stream,
                Err(e) => assert!(Instant::now() < until, "the back end does not listen: {e}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("no status: {answer}"));
        let body = if head.to_lowercase().contains("transfer-encoding: chunked") { unchunk(body) } else { body.to_owned() };
        (status, body)
    }
}

fn unchunk(body: &str) -> String {
    let (mut rest, mut whole) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    whole
}

#[test]
fn the_back_end_is_served_and_answers() {
    let wanted =
        |c: &&Case| c.answer("backend") == "fastapi" && c.answer("base_de_donnees") == "postgres" && c.answer("authentification") == "aucune";
    let case = corpus().cases.iter().find(wanted).expect("a back end with a database and no authentication in the pairwise set");
    let started = Instant::now();
    let (folder, id) = (installed(case, "served"), id_of(case));
    let backend = folder.join("backend");
    let server = Server::start();
    database(&server, &folder, &id);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let program = |module: &str, user: &str| {
        let mut command = Command::new(backend.join(".venv/bin/python"));
        let variables = [
            ("DB_HOST", server.socket()),
            ("DB_NAME", &id),
            ("DB_USER", user),
            ("DB_PASSWORD", "inutile"),
            ("DB_SSLMODE", "disable"),
            ("MIGRATIONS", folder.join("donnees/migrations").to_str().unwrap()),
            ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
            ("OPENAI_API_KEY", "inutile"),
            ("LLM_MODEL", "inutile"),
            ("HOTE", "127.0.0.1"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()));
        command.args(["-m", module]).current_dir(&backend).envs(variables).env("PORT", port.to_string()).stdin(Stdio::null());
        command
    };
    let service = Served { process: program("app", &format!("{id}_app")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(), port };
    let mut asked = 0;
    let mut expect = |method: &str, path: &str, body: &str, wanted: u16| {
        let (status, answer) = service.ask(method, path, body);
        assert_eq!(status, wanted, "{method} {path}: {answer}");
        asked += 1;
        answer
    };
    expect("GET", "/health/live", "", 200);
    // Fails closed: the schema is not there yet.
    expect("GET", "/health/ready", "", 503);
    for turn in ["first", "second"] {
        let migrated = program("app.migrer", &format!("{id}_owner")).output().unwrap();
        assert!(migrated.status.success(), "{turn} app.migrer: {}", String::from_utf8_lossy(&migrated.stdout));
    }
    expect("GET", "/health/ready", "", 200);
    let body = if case.answer("donnees_personnelles") == "oui" {
        r#"{"objet": "information", "nom": "Essai", "prenom": "Alix", "courriel": "alix@exemple.fr", "code_postal": "75001"}"#
    } else {
        r#"{"objet": "information"}"#
    };
    let created: Value = serde_json::from_str(&expect("POST", "/api/demandes", body, 201)).unwrap();
    let read: Value = serde_json::from_str(&expect("GET", &format!("/api/demandes/{}", created["id"].as_str().unwrap()), "", 200)).unwrap();
    assert_eq!(read, created);
    expect("GET", "/api/demandes/00000000-0000-4000-8000-000000000000", "", 404);
    expect("POST", "/api/demandes", r#"{"objet": "autre"}"#, 422);
    let metrics = expect("GET", "/metrics", "", 200);
    assert!(metrics.contains("demandes_deposees"), "{metrics}");
    let mut promtool = Command::new(tool("bin/promtool"))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let said = promtool.wait_with_output().unwrap();
    // promtool's own metrics linting may advise (exit 3); what cannot be parsed is exit 1.
    assert!(matches!(said.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&said.stderr));
    gate("back end served (requests)", asked, started);
}
