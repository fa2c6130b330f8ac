//! The PostgreSQL that stands for the instances of CloudNativePG: over TLS, with passwords, and gone with the test.

use std::path::Path;
use std::process::Command;

use crate::process::{Folder, Process};
use crate::tools::{Ran, run};

/// Where it listens: an address of this machine that nothing else uses, so that no port is changed in what is generated.
pub const ADDRESS: &str = "127.77.255.1";

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// A running server. Fields drop in order: the server first, then its files.
pub struct Database {
    _server: Process,
    folder: Folder,
}

/// A command under the account that PostgreSQL accepts: it refuses to run as root. The credentials change, so the signal of the
/// parent's death is asked for again.
fn as_nobody(command: &mut Command, program: &str) {
    command.args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--pdeathsig", "KILL", "--"]);
    command.arg(format!("{PROGRAMS}/{program}"));
}

impl Database {
    pub fn start() -> Self {
        assert!(Path::new(PROGRAMS).join("initdb").exists(), "PostgreSQL 15 is needed in {PROGRAMS}: run `make tools`");
        let folder = Folder::new("cluster-pg-", &std::env::temp_dir());
        let path = folder.path();
        let prepare = format!(
            "chown nobody:nogroup . && setpriv --reuid nobody --regid nogroup --clear-groups {PROGRAMS}/initdb -D data -U postgres -A trust -E UTF8 \
             --locale=C --no-sync && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=base -keyout data/tls.key -out data/tls.crt && \
             chown nobody:nogroup data/tls.key && chmod 600 data/tls.key && \
             printf 'local all all trust\\nhostssl all all 127.0.0.0/8 scram-sha-256\\n' > data/pg_hba.conf"
        );
        let ran = run(Path::new("/bin/sh"), ["-c", &prepare], path);
        assert!(ran.ok, "initdb: {}", ran.said());
        let socket = path.display().to_string();
        let mut server = Process::start("postgres", Path::new("setpriv"), path, move |command| {
            as_nobody(command, "postgres");
            command.args(["-D", "data", "-k", &socket]);
            for setting in [&format!("listen_addresses={ADDRESS}"), "fsync=off", "ssl=on", "ssl_cert_file=tls.crt", "ssl_key_file=tls.key"] {
                command.args(["-c", setting]);
            }
        });
        server.until(60, || psql(path, "postgres", "SELECT 1;").ok);
        Self { _server: server, folder }
    }

    /// What statements print, as superuser; an error fails the test.
    pub fn ok(&self, database: &str, sql: &str) -> String {
        let ran = psql(self.folder.path(), database, sql);
        assert!(ran.ok, "{sql}: {}", ran.said());
        ran.out.trim().to_owned()
    }
}

fn psql(socket: &Path, database: &str, sql: &str) -> Ran {
    let host = socket.display().to_string();
    let arguments = ["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", &host, "-U", "postgres", "-d", database, "-c", sql];
    run(&Path::new(PROGRAMS).join("psql"), arguments, Path::new("/"))
}
