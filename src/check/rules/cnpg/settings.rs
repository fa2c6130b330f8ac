//! `CloudNativePG`: what the operator refuses of a `Cluster` and of what goes with it, and the rights of its managed roles.
//! Refusals: `internal/webhook/v1/cluster_webhook.go` and the CRD of 1.28; pkg/api of barman-cloud for the stores.

use serde_json::Value;

use super::{is, of};
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Deduced, Platform};
use crate::check::repository::Input::Manifests;
use crate::check::rules::Scene;
use crate::check::{Report, cite, escaped, items, kind, name, quantity, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "cnpg-refused",
        Manifests,
        Platform,
        ("réglage que l'opérateur refuse", "setting that the operator refuses"),
        ("complétez ou corrigez le champ cité", "complete or mend the field named"),
    )
    .because((
        "Le webhook et le schéma de CloudNativePG refusent l'objet : la synchronisation s'arrête, et la sauvegarde ou la base qu'il décrivait n'existe pas.",
        "The webhook and the schema of CloudNativePG refuse the object: the synchronisation stops, and the backup or database it described does not exist.",
    )),
    Rule::error(
        "cnpg-backup-plugin",
        Manifests,
        Platform,
        ("sauvegarde confiée à un greffon mal nommé ou incomplet", "backup entrusted to a plugin that is misnamed or incomplete"),
        ("nommez barman-cloud.cloudnative-pg.io, avec son barmanObjectName, et le même greffon dans le ScheduledBackup", "name barman-cloud.cloudnative-pg.io, with its barmanObjectName, and the same plugin in the ScheduledBackup"),
    )
    .because((
        "EXI-ARCH-9 : données sauvegardées. L'opérateur n'archive rien par un greffon qu'il ne trouve pas, et une sauvegarde planifiée vers un autre greffon échoue chaque nuit.",
        "EXI-ARCH-9: data saved. The operator archives nothing through a plugin that it does not find, and a scheduled backup to another plugin fails every night.",
    )),
    Rule::warning(
        "cnpg-role-privileges",
        Manifests,
        Deduced,
        ("rôle géré qui passe outre les droits", "managed role above the privileges"),
        ("laissez superuser, createrole, createdb, replication et bypassrls à false", "leave superuser, createrole, createdb, replication and bypassrls at false"),
    )
    .because((
        "EXI-DATA-2 : superuser et bypassrls lisent tout malgré les droits par colonne et les règles par ligne ; createrole et replication y mènent.",
        "EXI-DATA-2: superuser and bypassrls read everything despite column privileges and row policies; createrole and replication lead there.",
    )),
    Rule::warning(
        "cnpg-secret-type",
        Manifests,
        Platform,
        ("secret de rôle qui n'est pas du type attendu", "secret of a role of another type than expected"),
        ("donnez-lui le type kubernetes.io/basic-auth", "give it the type kubernetes.io/basic-auth"),
    )
    .because((
        "CloudNativePG, « Bootstrap » et « Declarative role management » : le secret d'un rôle est de type basic-auth, avec username et password.",
        "CloudNativePG, \"Bootstrap\" and \"Declarative role management\": the secret of a role is of type basic-auth, with username and password.",
    )),
];

/// The plugin of the project itself; another one may archive too, with parameters of its own.
const BARMAN: &str = "barman-cloud.cloudnative-pg.io";

/// Checks each object of the operator.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for object in scene.objects {
        let store = kind(object) == "ObjectStore" && text(object, "/apiVersion").starts_with("barmancloud.cnpg.io/");
        if is(object, "Cluster") {
            refusals(&mut report, object, cluster(object));
            roles(&mut report, object);
            secrets(&mut report, object, scene.objects);
            plugins(&mut report, object);
        } else if store {
            let mut wrong = Vec::new();
            credentials(object, "/spec/configuration", &mut wrong);
            retention(object, "/spec/retentionPolicy", &mut wrong);
            resources(object, "/spec/instanceSidecarConfiguration/resources", &mut wrong);
            refusals(&mut report, object, wrong);
        } else if is(object, "ScheduledBackup") && text(object, "/spec/method") == "plugin" {
            planned(&mut report, object, scene.objects);
        }
    }
    report
}

/// What is refused: where, and why.
pub(super) type Wrong = Vec<(String, Text)>;

fn refusals(report: &mut Report, object: &Value, wrong: Wrong) {
    let cited = cite(object);
    if wrong.is_empty() {
        report.see("cnpg-refused", &cited, None::<Text>);
    }
    for (field, problem) in wrong {
        report.see_at("cnpg-refused", &cited, &field, Some(problem));
    }
}

fn cluster(object: &Value) -> Wrong {
    let mut wrong = Wrong::new();
    for place in ["/spec/storage", "/spec/walStorage"] {
        let Some(storage) = object.pointer(place).or((place == "/spec/storage").then_some(&Value::Null)) else { continue };
        let sized = ["/size", "/pvcTemplate/resources/requests/storage"].iter().any(|at| storage.pointer(at).is_some_and(|v| !v.is_null()));
        if !sized {
            wrong.push((place.to_owned(), Text::new("volume sans taille", "volume without a size")));
        }
    }
    resources(object, "/spec/resources", &mut wrong);
    retention(object, "/spec/backup/retentionPolicy", &mut wrong);
    if object.pointer("/spec/backup/barmanObjectStore").is_some() {
        credentials(object, "/spec/backup/barmanObjectStore", &mut wrong);
    }
    if let Some(catalog) = object.pointer("/spec/imageCatalogRef") {
        let (group, of) = (text(catalog, "/apiGroup"), text(catalog, "/kind"));
        if group != "postgresql.cnpg.io" || !matches!(of, "ImageCatalog" | "ClusterImageCatalog") {
            wrong.push(("/spec/imageCatalogRef".to_owned(), Text::same(format!("imageCatalogRef: {group:?} {of:?}"))));
        }
    }
    for (index, spread) in items(object, "/spec/topologySpreadConstraints").enumerate() {
        let otherwise = text(spread, "/whenUnsatisfiable");
        if !matches!(otherwise, "DoNotSchedule" | "ScheduleAnyway") {
            let field = format!("/spec/topologySpreadConstraints/{index}");
            wrong.push((field, Text::same(format!("whenUnsatisfiable: {otherwise:?}"))));
        }
    }
    super::parameters::refused(object, &mut wrong);
    wrong
}

fn resources(object: &Value, at: &str, wrong: &mut Wrong) {
    for side in ["requests", "limits"] {
        for (what, value) in object.pointer(&format!("{at}/{side}")).and_then(Value::as_object).into_iter().flatten() {
            if quantity::of(value).is_none() {
                wrong.push((
                    format!("{at}/{side}/{}", escaped(what)),
                    text!("{what} : {value} n'est pas une quantité", "{what}: {value} is no quantity"),
                ));
            }
        }
    }
}

/// `^[1-9][0-9]*[dwm]$` in both CRDs.
fn retention(object: &Value, at: &str, wrong: &mut Wrong) {
    let policy = text(object, at);
    let number = policy.strip_suffix(['d', 'w', 'm']).unwrap_or_default();
    let right = !number.is_empty() && !number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit());
    if !policy.is_empty() && !right {
        wrong.push((at.to_owned(), Text::same(format!("retentionPolicy: {policy:?}"))));
    }
}

/// One kind of credentials, and both keys of S3 unless a role of the cloud gives them.
fn credentials(object: &Value, at: &str, wrong: &mut Wrong) {
    let Some(store) = object.pointer(at) else { return };
    let given: Vec<&str> =
        ["s3Credentials", "azureCredentials", "googleCredentials"].into_iter().filter(|key| store.get(*key).is_some_and(Value::is_object)).collect();
    let problem = match given[..] {
        [] => {
            Some(Text::new("ni s3Credentials, ni azureCredentials, ni googleCredentials", "no s3Credentials, azureCredentials nor googleCredentials"))
        }
        ["s3Credentials"] => {
            let s3 = &store["s3Credentials"];
            let named = |key: &str| ["name", "key"].iter().all(|part| !text(s3, &format!("/{key}/{part}")).is_empty());
            let role = s3.get("inheritFromIAMRole").and_then(Value::as_bool) == Some(true);
            let lacks: Vec<&str> = ["accessKeyId", "secretAccessKey"].into_iter().filter(|key| !named(key)).collect();
            let shown = lacks.join(", ");
            (!role && !lacks.is_empty()).then(|| text!("s3Credentials sans {shown}", "s3Credentials without {shown}"))
        }
        [_] => None,
        _ => Some(Text::new("plusieurs sortes de droits d'accès", "several kinds of credentials")),
    };
    wrong.extend(problem.map(|problem| (at.to_owned(), problem)));
}

fn roles(report: &mut Report, object: &Value) {
    for (index, role) in items(object, "/spec/managed/roles").enumerate() {
        let on = ["superuser", "createrole", "createdb", "replication", "bypassrls"];
        let on: Vec<&str> = on.into_iter().filter(|right| role.get(*right).and_then(Value::as_bool) == Some(true)).collect();
        let problem = (!on.is_empty()).then(|| format!("{}: {}", text(role, "/name"), on.join(", ")));
        report.see_at("cnpg-role-privileges", &cite(object), &format!("/spec/managed/roles/{index}"), problem);
    }
}

fn secrets(report: &mut Report, object: &Value, objects: &[Value]) {
    let owner = object.pointer("/spec/bootstrap/initdb/secret/name").map(|_| "/spec/bootstrap/initdb/secret/name".to_owned());
    let roles = (0..items(object, "/spec/managed/roles").count()).map(|i| format!("/spec/managed/roles/{i}/passwordSecret/name"));
    for field in owner.into_iter().chain(roles) {
        let wanted = text(object, &field);
        // What is not in the repository is not known.
        let Some(of) = objects.iter().find_map(|o| type_of(o, wanted)).filter(|_| !wanted.is_empty()) else { continue };
        let problem = (of != "kubernetes.io/basic-auth").then(|| format!("{wanted}: type {of:?}"));
        report.see_at("cnpg-secret-type", &cite(object), &field, problem);
    }
}

/// The type of a Secret that an object gives, when it gives that one.
fn type_of<'a>(object: &'a Value, wanted: &str) -> Option<&'a str> {
    match kind(object) {
        "Secret" if name(object) == wanted => Some(text(object, "/type")),
        "VaultStaticSecret" if text(object, "/spec/destination/name") == wanted => Some(text(object, "/spec/destination/type")),
        "SopsSecret" => items(object, "/spec/secretTemplates").find(|t| text(t, "/name") == wanted).map(|t| text(t, "/type")),
        _ => None,
    }
}

fn enabled(plugin: &Value) -> bool {
    plugin.get("enabled").and_then(Value::as_bool) != Some(false)
}

fn plugins(report: &mut Report, object: &Value) {
    for (index, plugin) in items(object, "/spec/plugins").enumerate().filter(|(_, p)| enabled(p)) {
        let archives = plugin.get("isWALArchiver").and_then(Value::as_bool) == Some(true);
        let (of, store) = (text(plugin, "/name"), text(plugin, "/parameters/barmanObjectName"));
        let problem = if of == BARMAN && store.is_empty() {
            Some(Text::new("pas de barmanObjectName", "no barmanObjectName"))
        } else if archives && of != BARMAN && plugin.pointer("/parameters/barmanObjectName").is_some() {
            Some(text!("greffon inconnu : {of:?}", "unknown plugin: {of:?}"))
        } else {
            None
        };
        report.see_at("cnpg-backup-plugin", &cite(object), &format!("/spec/plugins/{index}"), problem);
    }
}

fn planned(report: &mut Report, object: &Value, objects: &[Value]) {
    let wanted = text(object, "/spec/pluginConfiguration/name");
    let target = of(objects, "Cluster").find(|c| name(c) == text(object, "/spec/cluster/name"));
    let held = target.is_none_or(|c| items(c, "/spec/plugins").any(|p| enabled(p) && text(p, "/name") == wanted));
    let problem = if wanted.is_empty() {
        Some(Text::new("method: plugin sans pluginConfiguration.name", "method: plugin without pluginConfiguration.name"))
    } else {
        (!held).then(|| text!("la base n'a pas le greffon {wanted:?}", "the database has no plugin {wanted:?}"))
    };
    report.see_at("cnpg-backup-plugin", &cite(object), "/spec/pluginConfiguration", problem);
}
