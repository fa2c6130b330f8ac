//! One connection, and its questions.

use std::path::Path;
use std::sync::Arc;

use postgres::types::ToSql;
use postgres::{Client, NoTls, Row, Transaction};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::{Address, problem, said};
use crate::text;
use crate::text::{Problem, Text};

/// A connection to a database.
pub struct Database {
    client: Client,
    pub(super) shown: String,
}

impl Database {
    /// Connects.
    ///
    /// # Errors
    /// When the server does not answer, refuses the role, or cannot prove who it is.
    pub fn connect(address: &Address) -> Result<Self, Problem> {
        let shown = address.to_string();
        let client = if address.tls {
            let roots = roots(address.roots.as_deref())?;
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|e| Problem::new(&shown, text!("TLS indisponible : {e}", "TLS is not available: {e}")))?
                .with_root_certificates(roots)
                .with_no_client_auth();
            address.config.connect(tokio_postgres_rustls::MakeRustlsConnect::new(config))
        } else {
            address.config.connect(NoTls)
        };
        let client = client.map_err(|e| {
            let detail = said(&e);
            let hint = Text::new(
                "vérifiez l'adresse, le rôle et son mot de passe (PGPASSWORD ou .pgpass), et sslrootcert quand le certificat est interne",
                "check the address, the role and its password (PGPASSWORD or .pgpass), and sslrootcert when the certificate is internal",
            );
            problem(&shown, text!("connexion impossible : {detail}", "cannot connect: {detail}"), hint)
        })?;
        Ok(Self { client, shown })
    }

    /// Begins to read: nothing is written from here on, no question lasts more than a minute or waits for a lock.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) fn reading(&mut self) -> Result<Reading<'_>, Problem> {
        let lost = |e: &postgres::Error| {
            let detail = said(e);
            Problem::new("", text!("la base ne répond plus : {detail}", "the database no longer answers: {detail}"))
        };
        let mut transaction = self.client.build_transaction().read_only(true).start().map_err(|e| lost(&e))?;
        // Row security off: a question that it would filter is an error, never a smaller count.
        transaction
            .batch_execute("SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '3s'; SET LOCAL row_security = off; SET LOCAL search_path = pg_catalog, pg_temp")
            .map_err(|e| lost(&e))?;
        Ok(Reading { transaction })
    }
}

/// A read-only transaction.
pub(super) struct Reading<'a> {
    transaction: Transaction<'a>,
}

impl Reading<'_> {
    /// Asks one question; a refusal leaves the others possible.
    ///
    /// # Errors
    /// What the server answered.
    pub fn ask(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, String> {
        let mut point = self.transaction.transaction().map_err(|e| said(&e))?;
        let rows = point.query(sql, values).map_err(|e| said(&e))?;
        point.commit().map_err(|e| said(&e))?;
        Ok(rows)
    }

    /// Asks for one text.
    ///
    /// # Errors
    /// What the server answered.
    pub fn text(&mut self, sql: &str) -> Result<String, String> {
        let rows = self.ask(sql, &[])?;
        rows.first().map(|row| row.get(0)).ok_or_else(|| "aucune ligne".to_owned())
    }
}

fn roots(file: Option<&Path>) -> Result<rustls::RootCertStore, Problem> {
    let mut store = rustls::RootCertStore::empty();
    let certificates = match file {
        Some(path) => {
            let at = path.display().to_string();
            let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
            read.map_err(|e| Problem::new(at, text!("certificat illisible : {e}", "unreadable certificate: {e}")))?
        }
        None => rustls_native_certs::load_native_certs().certs,
    };
    for certificate in certificates {
        // One that the library cannot read cannot vouch for anything.
        let _ = store.add(certificate);
    }
    if store.is_empty() {
        let at = file.map_or_else(String::new, |f| f.display().to_string());
        let what = Text::new("aucune autorité de certification", "no certification authority");
        return Err(problem(&at, what, Text::new("donnez sslrootcert=FICHIER.pem", "give sslrootcert=FILE.pem")));
    }
    Ok(store)
}
