//! What the operator's webhook refuses of a `Cluster` whose fields, one by one, are right: memory against `shared_buffers`, sizes
//! of the journals, parameters that the operator keeps, replicas, roles and variables
//! (`internal/webhook/v1/cluster_webhook.go` and `pkg/postgres/configuration.go` of `CloudNativePG` 1.30).

use std::collections::BTreeSet;

use serde_json::Value;

use super::settings::Wrong;
use crate::check::{escaped, items, quantity, text};
use crate::text;
use crate::text::Text;

const AT: &str = "/spec/postgresql/parameters";

/// Adds what is refused.
pub(super) fn refused(object: &Value, wrong: &mut Wrong) {
    memory(object, wrong);
    journals(object, wrong);
    kept(object, wrong);
    replicas(object, wrong);
    roles(object, wrong);
    start(object, wrong);
    others(object, wrong);
}

/// A parameter, as written; a value that another tool completes is not known.
fn parameter<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    Some(text(object, &format!("{AT}/{name}"))).filter(|value| !value.is_empty() && !value.contains("${") && !value.contains("{{"))
}

/// `parsePostgresQuantityValue`: a bare number is in megabytes, a unit ends with `B`, and thousands are binary.
fn bytes(value: &str) -> Option<u128> {
    let integer = |text: &str| !text.is_empty() && text.trim_start_matches(['+', '-']).bytes().all(|b| b.is_ascii_digit());
    let number = if integer(value) { format!("{value}M") } else { value.strip_suffix('B')?.replace(' ', "") };
    quantity::milli(&if integer(&number) { number } else { format!("{number}i").replace("ki", "Ki") })
}

fn size(object: &Value, name: &str, wrong: &mut Wrong) -> Option<u128> {
    let value = parameter(object, name)?;
    let read = bytes(value);
    if read.is_none() {
        let what = text!("{name} : {value:?} n’est pas une taille (128MB, 1GB…)", "{name}: {value:?} is no size (128MB, 1GB…)");
        wrong.push((format!("{AT}/{name}"), what));
    }
    read
}

/// `validateResources`: the request for memory holds the shared buffers, unless huge pages do.
fn memory(object: &Value, wrong: &mut Wrong) {
    let Some(buffers) = size(object, "shared_buffers", wrong) else { return };
    let asked = |what: &str| object.pointer(&format!("/spec/resources/requests/{what}")).and_then(quantity::of);
    let huge = object.pointer("/spec/resources/requests").and_then(Value::as_object).into_iter().flatten();
    let huge = huge.filter(|(what, _)| what.starts_with("hugepages-")).filter_map(|(_, value)| quantity::of(value)).any(|held| buffers <= held);
    if asked("memory").is_some_and(|memory| memory > 0 && buffers > memory) && !huge {
        let (shown, memory) = (text(object, "/spec/postgresql/parameters/shared_buffers"), &object["spec"]["resources"]["requests"]["memory"]);
        let what = text!(
            "shared_buffers : {shown}, plus que la mémoire demandée ({memory})",
            "shared_buffers: {shown}, more than the memory requested ({memory})"
        );
        wrong.push((format!("{AT}/shared_buffers"), what));
    }
}

/// `validateWalSizeConfiguration`: the least below the most, both below the volume of the journals.
fn journals(object: &Value, wrong: &mut Wrong) {
    let (least, most) = (size(object, "min_wal_size", wrong), size(object, "max_wal_size", wrong));
    let written = |name: &str| parameter(object, name).is_some();
    let known = (least.is_some() || !written("min_wal_size")) && (most.is_some() || !written("max_wal_size"));
    let defaults = (bytes("80MB").unwrap_or_default(), bytes("1GB").unwrap_or_default());
    if known && least.unwrap_or(defaults.0) >= most.unwrap_or(defaults.1) {
        let what = Text::new("min_wal_size n’est pas inférieur à max_wal_size", "min_wal_size is not below max_wal_size");
        wrong.push((AT.to_owned(), what));
    }
    let Some(volume) = object.pointer("/spec/walStorage/size").and_then(quantity::of) else { return };
    for (name, value) in [("min_wal_size", least), ("max_wal_size", most)] {
        if value.is_some_and(|value| value >= volume) {
            let what = text!("{name} n’est pas inférieur à la taille de walStorage", "{name} is not below the size of walStorage");
            wrong.push((format!("{AT}/{name}"), what));
        }
    }
}

/// Parameters that only the operator sets (`FixedConfigurationParameters`), but for those whose value depends on other fields.
const KEPT: [&str; 45] = [
    "allow_system_table_mods",
    "archive_cleanup_command",
    "archive_command",
    "bonjour",
    "bonjour_name",
    "config_file",
    "data_directory",
    "data_sync_retry",
    "event_source",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "jit_provider",
    "log_file_mode",
    "pg_failover_slots.primary_dsn",
    "pg_failover_slots.standby_slot_names",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "recovery_min_apply_delay",
    "recovery_target",
    "recovery_target_action",
    "recovery_target_inclusive",
    "recovery_target_lsn",
    "recovery_target_name",
    "recovery_target_time",
    "recovery_target_timeline",
    "recovery_target_xid",
    "restore_command",
    "ssl_crl_file",
    "ssl_dh_params_file",
    "ssl_ecdh_curve",
    "ssl_passphrase_command",
    "ssl_passphrase_command_supports_reload",
    "ssl_prefer_server_ciphers",
    "stats_temp_directory",
    "synchronized_standby_slots",
    "synchronous_standby_names",
    "syslog_facility",
    "syslog_ident",
    "syslog_sequence_numbers",
    "syslog_split_messages",
    "unix_socket_group",
    "unix_socket_permissions",
];

/// Those that it admits with its own value.
const OWN: [(&str, &str); 10] = [
    ("hot_standby", "true"),
    ("listen_addresses", "*"),
    ("log_destination", "csvlog"),
    ("log_rotation_age", "0"),
    ("log_rotation_size", "0"),
    ("log_truncate_on_rotation", "false"),
    ("logging_collector", "on"),
    ("port", "5432"),
    ("restart_after_crash", "false"),
    ("ssl", "on"),
];

/// `validateConfiguration`.
fn kept(object: &Value, wrong: &mut Wrong) {
    for (name, value) in object.pointer(AT).and_then(Value::as_object).into_iter().flatten() {
        let differs = OWN.iter().any(|(known, own)| known == name && value != own);
        if KEPT.contains(&name.as_str()) || differs {
            let what = text!("{name} : l’opérateur seul le règle", "{name}: the operator alone sets it");
            wrong.push((format!("{AT}/{}", escaped(name)), what));
        }
    }
    let several = object.pointer("/spec/instances").and_then(Value::as_u64).unwrap_or(1) > 1;
    if let Some(level) = parameter(object, "wal_level")
        && (!matches!(level, "logical" | "replica" | "minimal") || level == "minimal" && several)
    {
        wrong.push((format!("{AT}/wal_level"), Text::same(format!("wal_level: {level}"))));
    }
    for name in ["hot_standby_feedback", "sync_replication_slots", "wal_log_hints"] {
        let Some(value) = parameter(object, name) else { continue };
        let read = boolean(value);
        if read.is_none() || name == "wal_log_hints" && read == Some(false) && several {
            wrong.push((format!("{AT}/{name}"), Text::same(format!("{name}: {value}"))));
        }
    }
}

/// `ParsePostgresConfigBoolean`.
fn boolean(value: &str) -> Option<bool> {
    match value.to_lowercase().as_str() {
        "1" | "on" | "y" | "ye" | "yes" | "t" | "tr" | "tru" | "true" => Some(true),
        "0" | "of" | "off" | "n" | "no" | "f" | "fa" | "fal" | "fals" | "false" => Some(false),
        _ => None,
    }
}

/// `validateMinSyncReplicas`, `validateMaxSyncReplicas`, and both styles at once.
fn replicas(object: &Value, wrong: &mut Wrong) {
    let number = |field: &str| object.pointer(&format!("/spec/{field}")).and_then(Value::as_i64);
    let (least, most) = (number("minSyncReplicas").unwrap_or(0), number("maxSyncReplicas").unwrap_or(0));
    if least > most {
        wrong.push(("/spec/minSyncReplicas".to_owned(), Text::same(format!("minSyncReplicas: {least}, maxSyncReplicas: {most}"))));
    }
    let instances = number("instances").unwrap_or(1);
    if most > 0 && most >= instances {
        wrong.push(("/spec/maxSyncReplicas".to_owned(), Text::same(format!("maxSyncReplicas: {most}, instances: {instances}"))));
    }
    if (least > 0 || most > 0) && object.pointer("/spec/postgresql/synchronous").is_some_and(Value::is_object) {
        let what = Text::new("synchronous, et minSyncReplicas ou maxSyncReplicas", "synchronous, and minSyncReplicas or maxSyncReplicas");
        wrong.push(("/spec/postgresql/synchronous".to_owned(), what));
    }
}

/// `validateManagedRoles`.
fn roles(object: &Value, wrong: &mut Wrong) {
    let mut known = BTreeSet::new();
    for (index, role) in items(object, "/spec/managed/roles").enumerate() {
        let name = text(role, "/name");
        let problem = if !known.insert(name) {
            Some(text!("rôle {name} décrit deux fois", "role {name} described twice"))
        } else if matches!(name, "postgres" | "streaming_replica") || name.starts_with("pg_") || name.starts_with("cnpg_") {
            Some(text!("rôle {name} : réservé", "role {name}: reserved"))
        } else if role.get("disablePassword").and_then(Value::as_bool) == Some(true) && role.get("passwordSecret").is_some_and(Value::is_object) {
            Some(text!("rôle {name} : disablePassword et passwordSecret", "role {name}: disablePassword and passwordSecret"))
        } else {
            role.get("connectionLimit").and_then(Value::as_i64).filter(|n| *n < -1).map(|n| Text::same(format!("connectionLimit: {n}")))
        };
        wrong.extend(problem.map(|problem| (format!("/spec/managed/roles/{index}"), problem)));
    }
}

/// `validateBootstrapMethod`, `validateInitDB` (a missing database or owner takes its default before).
fn start(object: &Value, wrong: &mut Wrong) {
    let ways: Vec<&str> = ["initdb", "recovery", "pg_basebackup"]
        .into_iter()
        .filter(|way| object.pointer(&format!("/spec/bootstrap/{way}")).is_some_and(Value::is_object))
        .collect();
    if ways.len() > 1 {
        wrong.push(("/spec/bootstrap".to_owned(), Text::same(ways.join(", "))));
    }
    let segment = object.pointer("/spec/bootstrap/initdb/walSegmentSize").and_then(Value::as_u64).unwrap_or(0);
    if segment > 0 && !segment.is_power_of_two() {
        wrong.push(("/spec/bootstrap/initdb/walSegmentSize".to_owned(), Text::same(format!("walSegmentSize: {segment}"))));
    }
}

/// `validateEnv`, `validateAntiAffinity`, `validateHibernationAnnotation`, `validateExternalClusters`.
fn others(object: &Value, wrong: &mut Wrong) {
    for (index, variable) in items(object, "/spec/env").enumerate() {
        let name = text(variable, "/name").to_uppercase();
        if name.starts_with("PG") || name.starts_with("CNPG_") || matches!(name.as_str(), "POD_NAME" | "NAMESPACE" | "CLUSTER_NAME") {
            let what = text!("variable {name} : réservée à l’opérateur", "variable {name}: reserved to the operator");
            wrong.push((format!("/spec/env/{index}"), what));
        }
    }
    let apart = text(object, "/spec/affinity/podAntiAffinityType");
    if !matches!(apart, "" | "preferred" | "required") {
        wrong.push(("/spec/affinity/podAntiAffinityType".to_owned(), Text::same(format!("podAntiAffinityType: {apart}"))));
    }
    let asleep = "/metadata/annotations/cnpg.io~1hibernation";
    if let Some(value) = object.pointer(asleep).and_then(Value::as_str).filter(|value| !matches!(*value, "on" | "off")) {
        wrong.push((asleep.to_owned(), Text::same(format!("cnpg.io/hibernation: {value}"))));
    }
    let mut known = BTreeSet::new();
    for (index, cluster) in items(object, "/spec/externalClusters").enumerate() {
        let name = text(cluster, "/name");
        if !known.insert(name) {
            let what = text!("base extérieure {name} décrite deux fois", "external cluster {name} described twice");
            wrong.push((format!("/spec/externalClusters/{index}"), what));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{boolean, bytes};

    #[test]
    fn sizes_and_booleans_are_read_as_the_webhook_reads_them() {
        let of = |text| bytes(text).map(|milli| milli / 1000);
        for (size, expected) in [("128", 128 << 20), ("512MB", 512 << 20), ("1 GB", 1 << 30), ("8kB", 8 << 10), ("64B", 64)] {
            assert_eq!(of(size), Some(expected), "{size}");
        }
        for wrong in ["128Mo", "1G", "25%", "x", "B"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        assert_eq!([boolean("ON"), boolean("f"), boolean("peut-être")], [Some(true), Some(false), None]);
    }
}
