//! Where a database archives and where it starts from: an archive belongs to one database only, outside the cluster, apart
//! from those of other environments. Two databases under one `serverName` destroy each other's backups.
//!
//! Names by default: native archive, `serverName` or the Cluster's name (`api/v1/cluster_funcs.go`); native source, `serverName`
//! or the external cluster's name (`GetServerName`); plugin, `serverName` or the Cluster's name, for the source too
//! (plugin-barman-cloud, `internal/cnpgi/operator/config/config.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::of;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced, Platform};
use crate::check::repository::Input::Manifests;
use crate::check::rules::{Kept, Scene};
use crate::check::{Report, cite, items, kind, name, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "cnpg-server-name",
        Manifests,
        Deduced,
        ("archive de base partagée par deux bases", "archive of a database shared by two databases"),
        ("donnez à chaque base, et à chaque recréation, un serverName jamais utilisé", "give each database, and each recreation, a serverName never used before"),
    )
    .because((
        "CloudNativePG, page « Recovery » : une base qui archive dans un dossier non vide ne démarre pas (« Expected empty archive ») ; forcée, elle détruit les sauvegardes de l'autre (EXI-ARCH-9).",
        "CloudNativePG, page \"Recovery\": a database that archives into a folder that is not empty does not start (\"Expected empty archive\"); when forced, it destroys the other's backups (EXI-ARCH-9).",
    )),
    Rule::error(
        "cnpg-archive-check",
        Manifests,
        Deduced,
        ("contrôle de l'archive vide désactivé", "check of the empty archive disabled"),
        ("retirez l'annotation cnpg.io/skipEmptyWalArchiveCheck et changez de serverName", "remove the annotation cnpg.io/skipEmptyWalArchiveCheck and change serverName"),
    )
    .because((
        "Ce contrôle est la seule chose qui empêche une base neuve d'écraser les journaux d'une autre : CloudNativePG le dit réservé aux cas maîtrisés.",
        "This check alone keeps a new database from overwriting the WAL of another: CloudNativePG keeps the annotation for those who know exactly what they do.",
    )),
    Rule::error(
        "cnpg-archive-once",
        Manifests,
        Platform,
        ("deux archivages à la fois", "two archivers at once"),
        ("gardez le greffon, ou barmanObjectStore, jamais les deux", "keep the plugin, or barmanObjectStore, never both"),
    )
    .because((
        "L'opérateur refuse un Cluster dont les journaux partent par deux chemins (internal/webhook/v1, un seul archiveur) ; le passage de l'un à l'autre se fait en un changement.",
        "The operator refuses a Cluster whose WAL leaves by two ways (internal/webhook/v1, one archiver at most); moving from one to the other is one change.",
    )),
    Rule::warning(
        "cnpg-native-backup",
        Manifests,
        Platform,
        ("sauvegarde native dépréciée", "deprecated native backup"),
        ("préparez le passage au greffon barman-cloud (ObjectStore), à demander à l'hébergeur", "prepare the move to the barman-cloud plugin (ObjectStore), to be asked of the host"),
    )
    .because((
        "CloudNativePG : barmanObjectStore est déprécié depuis 1.26 et son retrait est annoncé pour 1.31 (notes de version 1.30.0).",
        "CloudNativePG: barmanObjectStore is deprecated since 1.26, to be removed in 1.31 (release notes of 1.30.0).",
    )),
    Rule::error(
        "cnpg-recovery-source",
        Manifests,
        Platform,
        ("reprise depuis une source qui n'est pas décrite", "recovery from a source that is not described"),
        ("décrivez sous externalClusters la source que bootstrap.recovery nomme, avec son stockage", "describe under externalClusters the source that bootstrap.recovery names, with its store"),
    )
    .because((
        "L'opérateur refuse un Cluster dont recovery.source ne figure pas dans externalClusters ; recovery.backup ne marche pas avec une sauvegarde du greffon (cnpg#7989).",
        "The operator refuses a Cluster whose recovery.source is not in externalClusters; recovery.backup does not work with a backup of the plugin (cnpg#7989).",
    )),
    Rule::error(
        "cnpg-recovery-instant",
        Manifests,
        Platform,
        ("instant de reprise que PostgreSQL refuse au démarrage", "instant of recovery that PostgreSQL refuses when it starts"),
        ("écrivez-le sans « T » ni « Z » : 2026-03-01 10:15:00+00:00", "write it without \"T\" nor \"Z\": 2026-03-01 10:15:00+00:00"),
    )
    .because((
        "CloudNativePG écrit « Z » dans recovery_target_time pour tout instant RFC 3339 en UTC, et PostgreSQL ne le lit pas à cet endroit (cloudnative-pg#10819) ; un instant écrit avec une espace lui est transmis tel quel.",
        "CloudNativePG writes \"Z\" in recovery_target_time for any RFC 3339 instant in UTC, and PostgreSQL does not read it there (cloudnative-pg#10819); an instant written with a space is handed over as it is.",
    )),
    Rule::error(
        "backup-external-s3",
        Manifests,
        Cct,
        ("sauvegardes de production gardées dans le cluster", "production backups kept inside the cluster"),
        ("envoyez-les vers un stockage S3 extérieur au cluster", "send them to an S3 store outside the cluster"),
    )
    .because((
        "EXI-ARCH-4 : la référence des sauvegardes est un stockage S3 résilient, indépendant de la production. Un MinIO du même cluster disparaît avec lui.",
        "EXI-ARCH-4: the reference of backups is a resilient S3 store, independent of production. A MinIO of the same cluster disappears with it.",
    )),
    Rule::error(
        "backup-tls",
        Manifests,
        Deduced,
        ("sauvegardes envoyées sans chiffrement", "backups sent without encryption"),
        ("donnez un point d'accès en https (endpointCA pour une autorité privée)", "give an https endpoint (endpointCA for a private authority)"),
    )
    .because((
        "Une sauvegarde porte toutes les données, personnelles comprises, et les clés du stockage passent avec elle.",
        "A backup carries all data, personal data included, and the keys of the store travel with it.",
    )),
    Rule::warning(
        "backup-location",
        Manifests,
        Deduced,
        ("la production sauvegarde au même endroit qu'un autre environnement", "production backs up to the same place as another environment"),
        ("donnez à la production son propre seau, ou au moins son propre chemin", "give production its own bucket, or at least its own path"),
    )
    .because((
        "EXI-ARCH-4, stockage indépendant : qui a les clés d'un environnement d'essai pourrait effacer les sauvegardes de production.",
        "EXI-ARCH-4, independent storage: whoever holds the keys of a test environment could erase the backups of production.",
    )),
];

/// An archive of a database: where, and under which name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Archive {
    /// Endpoint, without its final slash; empty for that of the provider.
    endpoint: String,
    /// `s3://bucket/path`, without its final slash; a store that is not in the repository is named instead.
    path: String,
    /// Folder below it.
    server: String,
    /// JSON pointer of what describes it in the Cluster.
    field: String,
}

impl Archive {
    fn same(&self, other: &Self) -> bool {
        (&self.endpoint, &self.path, &self.server) == (&other.endpoint, &other.path, &other.server)
    }

    fn shown(&self) -> String {
        format!("{}/{}", self.path, self.server)
    }
}

fn or<'a>(value: &'a str, default: &'a str) -> &'a str {
    if value.is_empty() { default } else { value }
}

/// A native store; none when its path is unknown.
fn native(store: &Value, default: &str, field: &str) -> Option<Archive> {
    let trimmed = |key: &str| text(store, key).trim_end_matches('/').to_owned();
    let path = trimmed("/destinationPath");
    let server = or(text(store, "/serverName"), default).to_owned();
    (!path.is_empty()).then(|| Archive { endpoint: trimmed("/endpointURL"), path, server, field: field.to_owned() })
}

/// The archive that a plugin writes or reads.
fn plugin(parameters: &Value, default: &str, field: &str, stores: &[&Value]) -> Option<Archive> {
    let wanted = text(parameters, "/barmanObjectName");
    let server = or(text(parameters, "/serverName"), default);
    let of_store = stores.iter().find(|s| name(s) == wanted).and_then(|s| native(s.pointer("/spec/configuration")?, server, field));
    let unseen = || Archive { endpoint: String::new(), path: format!("ObjectStore/{wanted}"), server: server.to_owned(), field: field.to_owned() };
    // The name of the folder is the plugin's parameter, whatever the store says.
    (!wanted.is_empty()).then(|| of_store.map_or_else(unseen, |a| Archive { server: server.to_owned(), ..a }))
}

/// The plugins of a database that archive its WAL.
fn archivers(cluster: &Value) -> impl Iterator<Item = (usize, &Value)> {
    let on = |p: &Value, key: &str| p.get(key).and_then(Value::as_bool);
    items(cluster, "/spec/plugins").enumerate().filter(move |(_, p)| on(p, "isWALArchiver") == Some(true) && on(p, "enabled") != Some(false))
}

/// Whether a database archives, natively and by a plugin.
pub(super) fn ways(cluster: &Value) -> (bool, bool) {
    (cluster.pointer("/spec/backup/barmanObjectStore").is_some_and(Value::is_object), archivers(cluster).next().is_some())
}

/// The archives that a database writes.
fn written(cluster: &Value, stores: &[&Value]) -> Vec<Archive> {
    let own = name(cluster);
    let inside = cluster.pointer("/spec/backup/barmanObjectStore").and_then(|s| native(s, own, "/spec/backup/barmanObjectStore"));
    let plugged = archivers(cluster).filter_map(|(i, p)| plugin(p.get("parameters")?, own, &format!("/spec/plugins/{i}/parameters"), stores));
    inside.into_iter().chain(plugged).collect()
}

/// The external cluster that a database starts from.
fn source(cluster: &Value) -> Option<(usize, &Value)> {
    let wanted = text(cluster, "/spec/bootstrap/recovery/source");
    items(cluster, "/spec/externalClusters").enumerate().find(|(_, e)| !wanted.is_empty() && text(e, "/name") == wanted)
}

/// The archive that a database starts from.
fn read(cluster: &Value, stores: &[&Value]) -> Option<Archive> {
    let (index, external) = source(cluster)?;
    let field = format!("/spec/externalClusters/{index}");
    match external.get("barmanObjectStore") {
        Some(store) => native(store, text(external, "/name"), &field),
        None => plugin(external.pointer("/plugin/parameters")?, name(cluster), &field, stores),
    }
}

fn stores(objects: &[Value]) -> Vec<&Value> {
    objects.iter().filter(|o| kind(o) == "ObjectStore" && text(o, "/apiVersion").starts_with("barmancloud.cnpg.io/")).collect()
}

/// Checks the archives of one environment.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let stores = stores(scene.objects);
    let mut seen: Vec<(&Value, Archive)> = Vec::new();
    for cluster in of(scene.objects, "Cluster") {
        let cited = cite(cluster);
        let from = read(cluster, &stores);
        let archives = written(cluster, &stores);
        for archive in &archives {
            let other = seen.iter().find(|(c, a)| a.same(archive) && name(c) != name(cluster));
            let problem = if from.as_ref().is_some_and(|f| f.same(archive)) {
                let place = archive.shown();
                Some(text!("amorcée depuis {place}, elle y archive aussi", "started from {place}, it archives there too"))
            } else {
                other.map(|(c, _)| {
                    let (other, place) = (cite(c), archive.shown());
                    text!("{place} : aussi l'archive de {other}", "{place}: also the archive of {other}")
                })
            };
            report.see_at("cnpg-server-name", &cited, &archive.field, problem);
        }
        seen.extend(archives.into_iter().map(|a| (cluster, a)));

        let skip = text(cluster, "/metadata/annotations/cnpg.io~1skipEmptyWalArchiveCheck");
        let skipped = (skip == "enabled").then(|| format!("cnpg.io/skipEmptyWalArchiveCheck: {skip}"));
        report.see_at("cnpg-archive-check", &cited, "/metadata/annotations/cnpg.io~1skipEmptyWalArchiveCheck", skipped);
        let (inside, plugged) = ways(cluster);
        if inside || plugged {
            let both = (inside && plugged).then(|| "spec.backup.barmanObjectStore + spec.plugins[].isWALArchiver".to_owned());
            report.see_at("cnpg-archive-once", &cited, "/spec/plugins", both);
            let old = inside.then(|| "spec.backup.barmanObjectStore".to_owned());
            report.see_at("cnpg-native-backup", &cited, "/spec/backup/barmanObjectStore", old);
        }
        if let Some(recovery) = cluster.pointer("/spec/bootstrap/recovery") {
            report.see_at("cnpg-recovery-source", &cited, "/spec/bootstrap/recovery", unknown_source(cluster, recovery));
            let instant = text(recovery, "/recoveryTarget/targetTime");
            if !instant.is_empty() {
                let utc = instant.ends_with('Z') || (instant.contains('T') && instant.ends_with("+00:00"));
                report.see_at("cnpg-recovery-instant", &cited, "/spec/bootstrap/recovery/recoveryTarget/targetTime", utc.then(|| instant.to_owned()));
            }
        }
    }
    endpoints(&mut report, scene, &stores);
    report
}

fn unknown_source(cluster: &Value, recovery: &Value) -> Option<Text> {
    let wanted = text(recovery, "/source");
    if wanted.is_empty() {
        let other = ["backup", "volumeSnapshots"].iter().any(|key| recovery.get(key).is_some_and(Value::is_object));
        return (!other).then(|| Text::new("ni source, ni backup, ni volumeSnapshots", "no source, backup nor volumeSnapshots"));
    }
    let stored = |e: &Value| e.get("barmanObjectStore").is_some_and(Value::is_object) || e.get("plugin").is_some_and(Value::is_object);
    match source(cluster) {
        None => Some(text!("source {wanted:?} absente de externalClusters", "source {wanted:?} not in externalClusters")),
        Some((_, external)) if !stored(external) => {
            Some(text!("source {wanted:?} sans barmanObjectStore ni plugin", "source {wanted:?} without barmanObjectStore nor plugin"))
        }
        Some(_) => None,
    }
}

/// Endpoints of the stores that this environment writes to.
fn endpoints(report: &mut Report, scene: &Scene<'_>, stores: &[&Value]) {
    for (index, object) in scene.objects.iter().enumerate() {
        let native = super::is(object, "Cluster").then_some("/spec/backup/barmanObjectStore");
        let plugged = stores.iter().any(|s| std::ptr::eq(*s, object)).then_some("/spec/configuration");
        let Some(place) = native.or(plugged) else { continue };
        let Some(store) = object.pointer(place).filter(|s| s.is_object()) else { continue };
        let endpoint = text(store, "/endpointURL");
        let field = format!("{place}/endpointURL");
        let clear = endpoint.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
        let inside = inside(endpoint);
        if (scene.production)(index) {
            report.see_at("backup-external-s3", &cite(object), &field, inside.then(|| format!("endpointURL: {endpoint}")));
        }
        // Inside the cluster, the network is another matter.
        if !inside {
            report.see_at("backup-tls", &cite(object), &field, clear.then(|| format!("endpointURL: {endpoint}")));
        }
    }
}

/// Whether the host of an endpoint is a Service of the cluster, or the pod itself.
fn inside(endpoint: &str) -> bool {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let loopback = host == "localhost" || host.starts_with("127.");
    let service = host.split('.').skip(1).any(|part| part == "svc") || host.ends_with(".cluster.local");
    loopback || service || (!host.is_empty() && !host.contains('.'))
}

/// Checks that environments do not share an archive.
#[must_use]
pub fn across(kept: &[Kept]) -> Report {
    let mut report = Report::default();
    let mut environments: BTreeMap<&str, Vec<&Kept>> = BTreeMap::new();
    for item in kept {
        if let Some(environment) = item.environment.as_deref() {
            environments.entry(environment).or_default().push(item);
        }
    }
    let mut archives: Vec<(&Kept, Archive)> = Vec::new();
    for items in environments.values() {
        let stores: Vec<&Value> = items.iter().map(|k| &k.object).filter(|o| kind(o) == "ObjectStore").collect();
        for item in items.iter().filter(|k| super::is(&k.object, "Cluster")) {
            // A store that is not here could be another one in each environment.
            let known = written(&item.object, &stores).into_iter().filter(|a| !a.path.starts_with("ObjectStore/"));
            archives.extend(known.map(|a| (*item, a)));
        }
    }
    for (index, (item, archive)) in archives.iter().enumerate() {
        let elsewhere = |(other, _): &&(&Kept, Archive)| other.environment != item.environment;
        let same = archives[..index].iter().filter(elsewhere).find(|(_, a)| a.same(archive));
        let problem = same.map(|(other, _)| {
            let (place, one, two) = (archive.shown(), other.shown(), item.shown());
            text!("{place} : archive de {one} et de {two}", "{place}: archive of {one} and of {two}")
        });
        report.see_part("cnpg-server-name", &item.file, None, &cite(&item.object), problem);
        if item.production {
            let beside = archives
                .iter()
                .filter(elsewhere)
                .find(|(other, a)| !other.production && (&a.endpoint, &a.path) == (&archive.endpoint, &archive.path));
            let problem = beside.map(|(other, _)| {
                let (place, one) = (&archive.path, other.shown());
                text!("{place} : aussi pour {one}", "{place}: also for {one}")
            });
            report.see_part("backup-location", &item.file, None, &cite(&item.object), problem);
        }
    }
    report
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_service_of_the_cluster_is_told_from_an_external_host() {
        let inside = [
            "http://minio:9000",
            "https://minio.stockage.svc",
            "http://s3.ns.svc.cluster.local:9000/",
            "localhost:9000",
            "http://127.0.0.1",
            "https://cle@minio",
        ];
        let outside = ["", "https://s3.exemple.fr", "https://s3.gra.io.cloud.ovh.net/", "https://cle:mdp@s3.exemple.fr:443/x.svc"];
        assert!(inside.iter().all(|e| super::inside(e)), "{inside:?}");
        assert!(!outside.iter().any(|e| super::inside(e)), "{outside:?}");
    }
}
