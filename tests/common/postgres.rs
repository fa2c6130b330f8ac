//! A throwaway PostgreSQL server and `psql` on it. A machine without PostgreSQL fails the test: nothing is skipped.
#![allow(dead_code, clippy::disallowed_methods, reason = "each test file uses its part, and prepares its files")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use tempfile::TempDir;

/// A server of its own, listening on a socket in a temporary folder; stopped and erased when dropped.
pub struct Server {
    folder: TempDir,
    bin: PathBuf,
    clients: PathBuf,
    major: u32,
    /// What its processes are started by, when the tests are root's: PostgreSQL refuses to be.
    account: &'static [&'static str],
    port: Option<String>,
}

const NOBODY: &[&str] = &["runuser", "-u", "nobody", "--"];
/// The commands that it runs by itself may be in root's folders.
const NOBODY_READING: &[&str] =
    &["setpriv", "--reuid=nobody", "--clear-groups", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"];

/// The versions that every proof on a real server runs against.
pub const VERSIONS: [u32; 3] = [15, 17, 18];

/// The folder where `make tools` puts the servers that Debian does not have.
fn tools() -> PathBuf {
    let root = std::env::var_os("MIRAI_TOOLS").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools"), PathBuf::from);
    root.join("postgres")
}

/// The folder of the programs of version `major`.
fn programs(major: u32) -> PathBuf {
    let path = if major == 15 { PathBuf::from("/usr/lib/postgresql/15/bin") } else { tools().join(major.to_string()).join("bin") };
    assert!(path.join("initdb").exists(), "PostgreSQL {major} is needed in {}: run 'make tools'", path.display());
    path
}

fn is_root() -> bool {
    String::from_utf8_lossy(&Command::new("id").arg("-u").output().expect("id").stdout).trim() == "0"
}

fn copied(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status().expect("cp");
    assert!(status.success(), "cp {} {}", from.display(), to.display());
}

impl Server {
    /// Starts the server that the kit's images hold.
    pub fn start() -> Self {
        Self::with(15, &[])
    }

    /// Starts a server of version `major`, with settings of its own.
    pub fn with(major: u32, settings: &[&str]) -> Self {
        Self::filled(major, settings, NOBODY, |server, data| server.create(Path::new(data)))
    }

    /// The same, which archives and restores by the programs of its settings.
    pub fn archiving(major: u32, settings: &[&str]) -> Self {
        Self::filled(major, settings, NOBODY_READING, Self::empty)
    }

    fn empty(&self, data: &str) {
        self.admin("initdb", &["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
    }

    /// The same, on the files that `restore` writes in the folder it is given.
    pub fn restored(major: u32, settings: &[&str], restore: impl FnOnce(&str)) -> Self {
        Self::filled(major, settings, NOBODY_READING, |_, data| {
            restore(data);
            if is_root() {
                let status = Command::new("chown").args(["-R", "nobody", data]).status().expect("chown");
                assert!(status.success());
            }
            let status = Command::new("chmod").args(["700", data]).status().expect("chmod");
            assert!(status.success());
        })
    }

    fn filled(major: u32, settings: &[&str], account: &'static [&'static str], fill: impl FnOnce(&Self, &str)) -> Self {
        // npm's server comes without clients: those of 18 read every older server.
        let (bin, clients) = (programs(major), programs(if major == 15 { 15 } else { 18 }));
        let port = settings.iter().find_map(|s| s.strip_prefix("port=")).map(str::to_owned);
        let server = Self { folder: TempDir::with_prefix("mkpg").expect("temporary folder"), bin, clients, major, account, port };
        let folder = server.folder.path().to_str().expect("path").to_owned();
        if is_root() {
            let status = Command::new("chown").args(["nobody", &folder]).status().expect("chown");
            assert!(status.success());
        }
        let data = format!("{folder}/data");
        fill(&server, &data);
        let mut options = format!("-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=30 -c shared_buffers=16MB");
        for setting in settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        server.admin("pg_ctl", &["-D", &data, "-w", "-s", "-l", &format!("{folder}/log"), "-o", &options, "start"]);
        server
    }

    /// The files of a new cluster: made once for each version, by every test together, then copied.
    fn create(&self, data: &Path) {
        static ONE: Mutex<()> = Mutex::new(());
        let version = Command::new(self.bin.join("initdb")).arg("--version").output().expect("initdb");
        let version: String = String::from_utf8_lossy(&version.stdout).chars().filter(char::is_ascii_digit).collect();
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pg-{}-{version}", if is_root() { "root" } else { "user" }));
        let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !kept.exists() {
            self.empty(data.to_str().expect("path"));
            // Whole, or not there: another test program may look at the same moment.
            let draft = kept.with_extension(std::process::id().to_string());
            copied(data, &draft);
            if std::fs::rename(&draft, &kept).is_err() {
                std::fs::remove_dir_all(&draft).expect("the draft goes");
            }
            return;
        }
        copied(&kept, data);
    }

    /// Puts a file among those of the cluster, as the server wants its secrets: its own, and closed to others.
    pub fn give(&self, name: &str, content: &[u8]) {
        let path = self.data().join(name);
        std::fs::write(&path, content).expect("written");
        let path = path.to_str().expect("path");
        if is_root() {
            assert!(Command::new("chown").args(["nobody", path]).status().expect("chown").success());
        }
        assert!(Command::new("chmod").args(["600", path]).status().expect("chmod").success());
    }

    /// The server's major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The folder of the cluster's files (owned by the account that runs the server).
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the server wrote of itself.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.path().join("log")).expect("the server's log");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Folder of the socket: what a client takes as host.
    pub fn socket(&self) -> &str {
        self.folder.path().to_str().expect("path")
    }

    fn admin(&self, program: &str, args: &[&str]) {
        let path = self.bin.join(program);
        let mut command = if is_root() {
            let mut c = Command::new(self.account[0]);
            c.args(&self.account[1..]).arg(path);
            c
        } else {
            Command::new(path)
        };
        // pg_ctl's server keeps the descriptors it inherits: no pipe, or waiting for its end would never end.
        let status = command.args(args).current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).status().expect(program);
        assert!(status.success(), "{program} {args:?}\n{}", std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
    }

    /// A client program aimed at this server.
    pub fn client(&self, program: &str, user: &str, database: &str) -> Command {
        let mut command = Command::new(self.clients.join(program));
        if let Some(port) = &self.port {
            command.env("PGPORT", port);
        }
        command.env_remove("PGOPTIONS").args(["-h", self.folder.path().to_str().expect("path"), "-U", user, "-d", database]);
        command
    }

    /// Runs `sql` as one script; `transaction`: whole in one transaction. Returns what it printed, or the error.
    pub fn run(&self, user: &str, database: &str, sql: &str, transaction: bool, options: &str) -> Result<String, String> {
        let mut command = self.client("psql", user, database);
        command.args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-f", "-"]);
        if transaction {
            command.arg("-1");
        }
        if !options.is_empty() {
            command.env("PGOPTIONS", options);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("psql");
        child.stdin.take().expect("stdin").write_all(sql.as_bytes()).expect("write to psql");
        outcome(&child.wait_with_output().expect("psql"))
    }

    /// Runs `sql` and returns what it printed; an error fails the test.
    pub fn ok(&self, user: &str, database: &str, sql: &str) -> String {
        self.run(user, database, sql, false, "").unwrap_or_else(|e| panic!("{user}: {sql}\n{e}"))
    }

    /// Runs `sql`, which must fail; returns the error.
    pub fn refused(&self, user: &str, database: &str, sql: &str) -> String {
        match self.run(user, database, sql, false, "") {
            Err(error) => error,
            Ok(out) => panic!("{user}: accepted: {sql}\n{out}"),
        }
    }

    /// Sends a migration as the project's runner does: whole in one transaction, or block by block when it says so.
    pub fn migrate(&self, user: &str, database: &str, sql: &str) -> Result<String, String> {
        if !sql.starts_with("-- hors-transaction\n") {
            return self.run(user, database, sql, true, "");
        }
        let mut command = self.client("psql", user, database);
        command.args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1"]);
        for block in sql.split("\n\n").filter(|b| !b.trim().is_empty()) {
            command.args(["-c", block]);
        }
        outcome(&command.output().expect("psql"))
    }

    /// The schema of a database as text, without what differs between two dumps of the same schema.
    pub fn schema(&self, database: &str) -> String {
        let out = outcome(&self.client("pg_dump", "postgres", database).arg("-s").output().expect("pg_dump")).expect("pg_dump");
        out.lines().filter(|l| !l.starts_with("\\restrict") && !l.starts_with("\\unrestrict")).collect::<Vec<_>>().join("\n")
    }
}

fn outcome(out: &Output) -> Result<String, String> {
    let text = String::from_utf8_lossy(&out.stdout).trim_end().to_owned();
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    if out.status.success() { Ok(text) } else { Err(error) }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that did not start has said why already.
        if self.data().join("postmaster.pid").exists() {
            self.admin("pg_ctl", &["-D", self.data().to_str().expect("path"), "-m", "immediate", "-s", "stop"]);
        }
    }
}
