//! Reads of the API server, several a second while a test waits: through one `kubectl proxy`, since each `kubectl` costs twenty
//! times what it asks.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::plane::Plane;
use crate::process::{Process, free_port, listens};
use crate::tools::tool;

/// Where the kinds that tests read are served, by the names that `kubectl` knows them by.
const KINDS: &[(&str, &str)] = &[
    ("applications", "apis/argoproj.io/v1alpha1"),
    ("backups", "apis/postgresql.cnpg.io/v1"),
    ("clusters", "apis/postgresql.cnpg.io/v1"),
    ("configmaps", "api/v1"),
    ("cronjobs", "apis/batch/v1"),
    ("deployments", "apis/apps/v1"),
    ("events", "api/v1"),
    ("jobs", "apis/batch/v1"),
    ("networkpolicies", "apis/networking.k8s.io/v1"),
    ("pods", "api/v1"),
    ("resourcequotas", "api/v1"),
    ("servicemonitors", "apis/monitoring.coreos.com/v1"),
    ("services", "api/v1"),
];

/// What is read of a namespace: `jobs`, or `jobs/NAME`, then perhaps a query (`?labelSelector=…`).
fn path(namespace: &str, what: &str) -> String {
    let kind = what.split(['/', '?']).next().unwrap_or_default();
    let served = KINDS.iter().find(|(name, _)| *name == kind).unwrap_or_else(|| panic!("{kind}: say in KINDS where it is served")).1;
    format!("/{served}/namespaces/{namespace}/{what}")
}

impl Plane {
    /// Starts the proxy: it holds the administrator's token, and speaks plainly to this machine alone.
    pub fn proxy(&self) -> u16 {
        let (port, kubeconfig) = (free_port(), self.kubeconfig().display().to_string());
        let mut proxy = Process::start("proxy", &tool("helm3/kubectl"), self.folder(), move |command| {
            command.args(["proxy", "--kubeconfig", &kubeconfig, "--port", &port.to_string()]);
        });
        proxy.until(60, || listens(port));
        self.keep(proxy);
        port
    }

    /// What the server answers: nothing when there is no such object.
    fn answer(&self, path: &str) -> Result<Option<Value>, String> {
        let lost = |e: std::io::Error| format!("GET {path}: {e}");
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, *self.reader.get().expect("a control plane where objects live"))).map_err(lost)?;
        stream.set_read_timeout(Some(Duration::from_mins(1))).map_err(lost)?;
        // A proxy closes the connection of a client of 1.0 at the end of its answer, which is sent whole.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n").map_err(lost)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(lost)?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| format!("GET {path}: cut short"))?;
        let (head, body) = (String::from_utf8_lossy(&answer[..end]), &answer[end + 4..]);
        match head.split(' ').nth(1) {
            Some("200") => serde_json::from_slice(body).map(Some).map_err(|e| format!("GET {path}: {e}")),
            Some("404") => Ok(None),
            _ => Err(format!("GET {path}: {}\n{}", head.lines().next().unwrap_or_default(), String::from_utf8_lossy(body))),
        }
    }

    /// An object of a namespace, or null. The server must answer.
    pub fn read(&self, namespace: &str, what: &str) -> Value {
        self.answer(&path(namespace, what)).unwrap_or_else(|why| panic!("{why}")).unwrap_or_default()
    }

    /// The objects of a namespace, which the server must know the kind of.
    pub fn list(&self, namespace: &str, what: &str) -> Vec<Value> {
        match self.read(namespace, what)["items"].take() {
            Value::Array(items) => items,
            other => panic!("{what} of {namespace}: {other}"),
        }
    }
}
