//! The address of a database and where its password comes from. The password is in no message, and TLS is verified unless
//! the address says otherwise or does not leave the machine.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use postgres::config::Host;

use super::problem;
use crate::text;
use crate::text::{Problem, Text};

/// What the environment may give, as libpq knows it.
#[derive(Default, Clone)]
pub struct Secrets {
    /// `PGPASSWORD`.
    pub password: Option<String>,
    /// `PGPASSFILE`, else `~/.pgpass`.
    pub file: Option<PathBuf>,
}

/// Where to connect. Its `Debug` and `Display` have no password.
pub struct Address {
    pub(super) config: postgres::Config,
    /// Verified TLS, with these roots (the system's when none).
    pub(super) tls: bool,
    pub(super) roots: Option<PathBuf>,
    shown: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.shown)
    }
}

impl Address {
    /// Reads `postgres://role@host:port/name?sslmode=…&sslrootcert=…`.
    ///
    /// # Errors
    /// When it is not such an address, or the password file is readable by others.
    pub fn read(text: &str, secrets: &Secrets) -> Result<Self, Problem> {
        let shape = || Text::new("écrivez postgres://rôle@hôte:5432/base", "write postgres://role@host:5432/name");
        let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) else {
            return Err(problem(
                "",
                Text::new("ce n'est pas l'adresse d'une base PostgreSQL", "this is no address of a PostgreSQL database"),
                shape(),
            ));
        };
        let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut mode, mut roots, mut kept) = (None, None, Vec::new());
        for part in query.split('&').filter(|p| !p.is_empty()) {
            match part.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value.to_owned()),
                Some(("sslrootcert", value)) => roots = Some(PathBuf::from(value)),
                _ => kept.push(part),
            }
        }
        let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        // The parser's own message may quote what it read, the password included.
        let mut config = postgres::Config::from_str(&format!("postgres://{base}{query}"))
            .map_err(|_| problem("", Text::new("adresse de base illisible", "unreadable database address"), shape()))?;
        let shown = shown(&config);
        if config.get_hosts().len() != 1 {
            return Err(problem(&shown, Text::new("un seul hôte est attendu", "one host is expected"), shape()));
        }
        let near = match config.get_hosts().first() {
            Some(Host::Tcp(host)) => matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1"),
            _ => true,
        };
        let tls = match mode.as_deref() {
            Some("disable") => false,
            Some("require" | "verify-full") => true,
            None => !near || roots.is_some(),
            Some(other) => {
                let what = text!("sslmode={other} n'est pas pris en charge", "sslmode={other} is not supported");
                let hint = Text::new(
                    "verify-full (le défaut à distance, certificat et nom vérifiés) ou disable (tunnel déjà chiffré)",
                    "verify-full (the default from afar, certificate and name verified) or disable (tunnel that is already encrypted)",
                );
                return Err(problem(&shown, what, hint));
            }
        };
        config.ssl_mode(if tls { postgres::config::SslMode::Require } else { postgres::config::SslMode::Disable });
        config.application_name("mirai-kit").connect_timeout(std::time::Duration::from_secs(10));
        if config.get_password().is_none() {
            let found = match (&secrets.password, &secrets.file) {
                (Some(password), _) => Some(password.clone()),
                (None, Some(file)) => from_file(file, &config)?,
                (None, None) => None,
            };
            if let Some(password) = found {
                config.password(password);
            }
        }
        Ok(Self { config, tls, roots, shown })
    }
}

fn host(config: &postgres::Config) -> String {
    match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        _ => String::new(),
    }
}

fn port(config: &postgres::Config) -> u16 {
    config.get_ports().first().copied().unwrap_or(5432)
}

fn shown(config: &postgres::Config) -> String {
    format!("postgres://{}@{}:{}/{}", config.get_user().unwrap_or(""), host(config), port(config), config.get_dbname().unwrap_or(""))
}

/// The password of the first line that fits (documentation of libpq, "The Password File").
fn from_file(path: &Path, config: &postgres::Config) -> Result<Option<String>, Problem> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(None) };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let open = std::fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0);
        if open {
            let at = path.display().to_string();
            let what = Text::new("fichier de mots de passe lisible par d'autres", "password file that others can read");
            return Err(problem(&at, what, Text::new("chmod 600", "chmod 600")));
        }
    }
    let host = host(config);
    let host = if host.starts_with('/') { "localhost".to_owned() } else { host };
    let user = config.get_user().unwrap_or("");
    let wanted = [host, port(config).to_string(), config.get_dbname().unwrap_or(user).to_owned(), user.to_owned()];
    Ok(text.lines().filter(|l| !l.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let fits = fields.len() == 5 && fields.iter().zip(&wanted).all(|(field, wanted)| field == "*" || field == wanted);
        fits.then(|| fields[4].clone())
    }))
}

/// Cut at the colons; `\` keeps the next character.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            ':' => {
                fields.push(String::new());
                continue;
            }
            '\\' => chars.next().unwrap_or('\\'),
            c => c,
        };
        if let Some(last) = fields.last_mut() {
            last.push(c);
        }
    }
    fields
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test prepares its files")]
mod tests {
    use super::{Address, Secrets};

    fn read(text: &str) -> Address {
        Address::read(text, &Secrets::default()).unwrap()
    }

    #[test]
    fn tls_is_verified_unless_nothing_leaves_the_machine() {
        assert!(read("postgres://u@base.exemple.fr/x").tls && read("postgresql://u@base/x?sslmode=require").tls);
        assert!(!read("postgres://u@localhost/x").tls && !read("postgres://u@base/x?sslmode=disable").tls);
        let given = read("postgres://u@localhost:5433/x?sslrootcert=/tmp/ca.pem&sslmode=verify-full");
        assert!(given.tls && given.roots.as_deref() == Some(std::path::Path::new("/tmp/ca.pem")));
        for wrong in ["mysql://x", "u@h/x", "postgres://u@h/x?sslmode=verify-ca", "postgres://u@h/x?nimporte=1", "postgres://u@a,b/x"] {
            assert!(Address::read(wrong, &Secrets::default()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_password_is_in_no_text() {
        let address = read("postgres://u:s3cr3t@localhost/x");
        assert_eq!(address.to_string(), "postgres://u@localhost:5432/x");
        assert!(!format!("{address:?}").contains("s3cr3t"));
        let wrong = Address::read("postgres://u:s3cr3t@localhost:port/x", &Secrets::default()).unwrap_err();
        assert!(!format!("{wrong:?}").contains("s3cr3t"), "{wrong:?}");
    }

    #[cfg(unix)]
    #[test]
    fn the_password_file_is_read_as_libpq_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgpass");
        std::fs::write(&file, "# note\nailleurs:*:*:*:non\nbase:5432:x:u:a\\:b\\\\c\n*:*:*:*:dernier\n").unwrap();
        let secrets = Secrets { password: None, file: Some(file.clone()) };
        let with = |mode: u32, text: &str| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            Address::read(text, &secrets).map(|a| a.config.get_password().map(<[u8]>::to_vec))
        };
        assert_eq!(with(0o600, "postgres://u@base/x").unwrap().as_deref(), Some(&b"a:b\\c"[..]));
        assert_eq!(with(0o600, "postgres://v@base/x").unwrap().as_deref(), Some(&b"dernier"[..]));
        assert_eq!(with(0o600, "postgres://u:url@base/x").unwrap().as_deref(), Some(&b"url"[..]));
        assert!(with(0o644, "postgres://u@base/x").is_err());
        let first = Secrets { password: Some("env".into()), ..secrets.clone() };
        assert_eq!(Address::read("postgres://u@base/x", &first).unwrap().config.get_password(), Some(&b"env"[..]));
    }
}
