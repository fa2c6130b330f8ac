//! The operators that judge at admission, as processes: CloudNativePG's manager with its webhooks.

use std::path::Path;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::corpus::objects;
use crate::plane::{Plane, engine};
use crate::process::{Process, eventually, free_port, listens};
use crate::tools::folder;

/// The webhooks of CloudNativePG's own manifest, called at an address instead of through a Service: there is no network of pods.
fn webhooks(port: u16, certificate: &Path) -> Vec<Value> {
    let file = folder().join("cluster/cnpg-webhooks.yaml");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}: run `make cluster-tools`", file.display()));
    let authority = base64::engine::general_purpose::STANDARD.encode(std::fs::read(certificate).unwrap());
    let mut all = objects(&text);
    assert_eq!(all.len(), 2, "a mutating and a validating configuration");
    for webhook in all.iter_mut().flat_map(|o| o["webhooks"].as_array_mut().unwrap()) {
        let path = webhook["clientConfig"]["service"]["path"].as_str().unwrap().to_owned();
        webhook["clientConfig"] = json!({"url": format!("https://127.0.0.1:{port}{path}"), "caBundle": authority});
    }
    all
}

/// Starts CloudNativePG's manager for its webhooks. It watches a namespace where nothing is, since its reconcilers would wait
/// for instances that no container runs.
pub fn cnpg(plane: &Plane) {
    for name in ["cnpg-system", "nulle-part"] {
        plane.done(&["create", "namespace", name]);
    }
    let keys = plane.folder().join("webhooks");
    std::fs::create_dir(&keys).unwrap();
    for kind in ["crt", "key"] {
        std::fs::copy(plane.folder().join(format!("tls.{kind}")), keys.join(format!("apiserver.{kind}"))).unwrap();
    }
    let port = free_port();
    let kubeconfig = plane.kubeconfig();
    let mut manager = Process::start("cnpg", &engine("cnpg"), plane.folder(), move |command| {
        command.args(["controller", "--metrics-bind-address", "127.0.0.1:0", "--webhook-port", &port.to_string()]);
        command.env("KUBECONFIG", &kubeconfig).env("WEBHOOK_CERT_DIR", &keys);
        command.env("OPERATOR_NAMESPACE", "cnpg-system").env("WATCH_NAMESPACE", "nulle-part");
    });
    manager.until(120, || listens(port));
    plane.keep(manager);
    let all = webhooks(port, &plane.folder().join("tls.crt"));
    plane.apply("cnpg-webhooks", &json!({"apiVersion": "v1", "kind": "List", "items": all}).to_string());
    // The API server reads a new configuration within seconds: it is there once a wrong name is refused.
    let wrong = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "a".repeat(51), "namespace": "default"},
        "spec": {"instances": 1, "storage": {"size": "1Gi"}}});
    let file = plane.folder().join("wrong.json");
    std::fs::write(&file, wrong.to_string()).unwrap();
    eventually("CloudNativePG's webhooks", 60, || {
        let ran = plane.kubectl(&["create", "--dry-run=server", "-f", &file.display().to_string()]);
        if ran.said().contains("maximum length of a cluster name") { Ok(()) } else { Err(ran.said()) }
    });
}
