//! Templates of pods, as `pkg/apis/core/validation/validation.go` of Kubernetes judges them.

use serde_json::Value;

use super::{Refused, written};
use crate::check::{Pod, items, text};
use crate::text;
use crate::text::Text;

/// What the API refuses of a template.
pub(super) fn refused(pod: &Pod) -> Refused {
    let mut refused = Refused::new();
    if items(&pod.spec, "/containers").next().is_none() {
        refused.push((pod.field("/spec/containers"), Text::new("aucun conteneur", "no container")));
    }
    for container in pod.containers() {
        let mut see = |field: String, problem: Text| refused.push((pod.place(container, &field), problem));
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            handler(container.value, probe, &["exec", "httpGet", "tcpSocket", "grpc"], &mut see);
        }
        for moment in ["lifecycle/postStart", "lifecycle/preStop"] {
            handler(container.value, moment, &["exec", "httpGet", "tcpSocket", "sleep"], &mut see);
        }
        for (index, variable) in items(container.value, "/env").enumerate() {
            let at = format!("/env/{index}");
            if text(variable, "/name").is_empty() {
                see(at.clone(), Text::new("variable sans nom", "variable without a name"));
            }
            if let Some(from) = variable.get("valueFrom").filter(|v| !v.is_null()) {
                source(
                    from,
                    &format!("{at}/valueFrom"),
                    &["secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef"],
                    &mut see,
                );
                if variable.get("value").is_some_and(|value| value.as_str() != Some("")) {
                    see(at, Text::new("value et valueFrom à la fois", "both value and valueFrom"));
                }
            }
        }
        for (index, from) in items(container.value, "/envFrom").enumerate() {
            source(from, &format!("/envFrom/{index}"), &["configMapRef", "secretRef"], &mut see);
        }
    }
    volumes(pod, &mut refused);
    refused
}

/// A probe or a hook of the life cycle has one handler; a command has a word at least.
fn handler(container: &Value, at: &str, handlers: &[&str], see: &mut impl FnMut(String, Text)) {
    let Some(asked) = container.pointer(&format!("/{at}")).filter(|v| !v.is_null()) else { return };
    let given: Vec<&str> = handlers.iter().copied().filter(|h| asked.get(*h).is_some_and(|v| !v.is_null())).collect();
    let among = handlers.join(", ");
    match given[..] {
        ["exec"] if items(asked, "/exec/command").next().is_none() => {
            see(format!("/{at}/exec"), Text::new("commande vide", "empty command"));
        }
        [_] => {}
        [] => see(format!("/{at}"), text!("aucun moyen parmi {among}", "no handler among {among}")),
        _ => see(format!("/{at}"), text!("plusieurs moyens parmi {among}", "several handlers among {among}")),
    }
}

/// A reference has one source, that has a name, and a key where one is asked.
fn source(from: &Value, at: &str, sources: &[&str], see: &mut impl FnMut(String, Text)) {
    let Some(named) = sources.iter().find(|s| from.get(**s).is_some_and(|v| !v.is_null())) else {
        let among = sources.join(", ");
        return see(at.to_owned(), text!("aucune source parmi {among}", "no source among {among}"));
    };
    let reference = &from[*named];
    let keys: &[&str] = match *named {
        "secretKeyRef" | "configMapKeyRef" => &["name", "key"],
        "secretRef" | "configMapRef" => &["name"],
        _ => &[],
    };
    for key in keys.iter().filter(|key| reference.get(**key).and_then(Value::as_str).is_none_or(str::is_empty)) {
        see(format!("{at}/{named}"), text!("{named} sans {key}", "{named} without {key}"));
    }
}

fn volumes(pod: &Pod, refused: &mut Refused) {
    for (index, volume) in items(&pod.spec, "/volumes").enumerate() {
        let at = pod.field(&format!("/spec/volumes/{index}"));
        let named = [("secret", "secretName"), ("configMap", "name"), ("persistentVolumeClaim", "claimName")];
        for (source, key) in named.into_iter().filter(|(source, _)| volume.get(*source).is_some_and(Value::is_object)) {
            if text(volume, &format!("/{source}/{key}")).is_empty() {
                refused.push((format!("{at}/{source}"), text!("{source} sans {key}", "{source} without {key}")));
            }
        }
        for path in items(volume, "/secret/items").chain(items(volume, "/configMap/items")).map(|item| text(item, "/path")) {
            if written(path) && (path.starts_with('/') || path.split('/').any(|part| part == "..")) {
                refused.push((at.clone(), text!("chemin hors du volume : {path}", "path outside of the volume: {path}")));
            }
        }
    }
}
