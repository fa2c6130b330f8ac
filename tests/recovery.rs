//! Recovery, with the programs that do it (`make cluster`): what `new`, `db bump` and `db restore` write is rendered by helm,
//! and played as CloudNativePG's instances play it, by PostgreSQL and barman-cloud against a local S3 server. What was
//! written before the backup is there afterwards, what was archived since too, and nothing past the instant that was asked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test prepares its files, panics, and shows what a program said"
)]

#[path = "common/depots.rs"]
mod depots;
#[path = "common/postgres.rs"]
mod postgres;
#[path = "cluster/process.rs"]
#[allow(dead_code, reason = "shared with the cluster's tests, which use more of it")]
mod process;
#[path = "common/run.rs"]
mod run;
#[path = "common/tools.rs"]
mod tools;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use depots::{commit, git, project};
use postgres::Server;
use process::{Process, eventually, free_port, listens};
use run::Test;
use serde_json::Value;
use tools::{gate, tool};

const POSTGRES: &str = "demo/infra-postgres";
const VALUES: &str = "values-prod.yaml";
const BUCKET: &str = "sauvegardes";

/// The S3 server, behind TLS as the chart's schema demands, and its certification authority.
struct Store {
    folder: tempfile::TempDir,
    port: u16,
    _server: Process,
}

impl Store {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=s3", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-keyout", "s3.key", "-out", "s3.crt"])
            .current_dir(folder.path())
            .output()
            .expect("openssl (Debian's openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // The accounts that run the servers read it.
        let opened = Command::new("chmod").args(["-R", "a+rX"]).arg(folder.path()).status().unwrap();
        assert!(opened.success());
        let port = free_port();
        let mut server = Process::start("moto", &tool("cluster/s3/bin/moto_server"), folder.path(), move |command| {
            command.args(["-H", "127.0.0.1", "-p", &port.to_string(), "-c", "s3.crt", "-k", "s3.key"]);
        });
        server.until(60, || listens(port));
        let store = Self { folder, port, _server: server };
        let create = format!("import boto3; boto3.client('s3', endpoint_url='{}').create_bucket(Bucket='{BUCKET}')", store.endpoint());
        store.ok("python", &["-c", &create]);
        store
    }

    fn endpoint(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// What CloudNativePG gives to barman-cloud: the keys of the Secret, and the authority of `endpointCA`.
    fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ACCESS_KEY_ID", "cle".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
            ("AWS_CA_BUNDLE", self.folder.path().join("s3.crt").display().to_string()),
        ]
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let done = Command::new(tool(&format!("cluster/s3/bin/{program}"))).args(arguments).envs(self.environment()).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        if done.status.success() { Ok(said) } else { Err(said) }
    }

    fn ok(&self, program: &str, arguments: &[&str]) -> String {
        self.run(program, arguments).unwrap_or_else(|said| panic!("{program} {arguments:?}: {said}"))
    }

    /// A command that PostgreSQL runs by itself.
    fn hook(&self, program: &str, arguments: &str) -> String {
        let environment: Vec<String> = self.environment().iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("env {} {} {arguments}", environment.join(" "), tool(&format!("cluster/s3/bin/{program}")).display())
    }
}

/// Where an instance archives, or reads: what the `Cluster` and its `ObjectStore` say, as barman-cloud's arguments.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    endpoint: String,
    destination: String,
    server: String,
    compression: Option<String>,
}

impl Place {
    fn of(objects: &[Value], plugin: &Value, native: &Value) -> Self {
        let (configuration, server) = if let Some(parameters) = plugin.get("parameters") {
            let name = &parameters["barmanObjectName"];
            let store = objects.iter().find(|o| o["kind"] == "ObjectStore" && o["metadata"]["name"] == *name);
            let store = store.unwrap_or_else(|| panic!("no ObjectStore {name}"));
            (&store["spec"]["configuration"], &parameters["serverName"])
        } else {
            (native, &native["serverName"])
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        assert_eq!(configuration["endpointCA"]["key"], "ca.crt", "{configuration:#}");
        Self {
            endpoint: text(&configuration["endpointURL"]).unwrap(),
            destination: text(&configuration["destinationPath"]).unwrap(),
            server: text(server).unwrap(),
            compression: text(&configuration["data"]["compression"]),
        }
    }

    /// Options then `destination server`, as the operator writes them.
    fn arguments<'a>(&'a self, options: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["--cloud-provider", "aws-s3", "--endpoint-url", &self.endpoint];
        all.extend_from_slice(options);
        all.extend([self.destination.as_str(), self.server.as_str()]);
        all
    }
}

/// A generation as rendered: its name, where it archives, what it recovers from and until when.
struct Generation {
    name: String,
    major: u32,
    archive: Place,
    source: Option<(Place, Option<String>)>,
    roles: String,
}

impl Generation {
    /// What the committed chart renders for the production.
    fn rendered(test: &Test) -> Self {
        let folder = test.folder().join(POSTGRES);
        let done = Command::new(tool("helm4/helm")).args(["template", "demo", ".", "-f", VALUES]).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let stream = format!("\n{}", String::from_utf8(done.stdout).unwrap());
        let objects: Vec<Value> = stream.split("\n---").map(|t| mirai_kit::yaml::read(t).unwrap()).filter(Value::is_object).collect();
        let one = |kind: &str| objects.iter().find(|o| o["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {stream}"));
        let spec = &one("Cluster")["spec"];
        let source = spec["bootstrap"].get("recovery").map(|recovery| {
            let external = spec["externalClusters"].as_array().unwrap().iter().find(|c| c["name"] == recovery["source"]).unwrap();
            let target = recovery["recoveryTarget"]["targetTime"].as_str().map(str::to_owned);
            (Place::of(&objects, &external["plugin"], &external["barmanObjectStore"]), target)
        });
        Self {
            name: one("Cluster")["metadata"]["name"].as_str().unwrap().to_owned(),
            major: spec["imageCatalogRef"]["major"].as_u64().unwrap().try_into().unwrap(),
            archive: Place::of(&objects, &spec["plugins"][0], &spec["backup"]["barmanObjectStore"]),
            source,
            roles: one("ConfigMap")["data"]["000_roles.sql"].as_str().unwrap().to_owned(),
        }
    }

    /// What an instance does before its first start: it refuses an archive that another generation has filled.
    fn archive_is_its_own(&self, store: &Store) -> Result<String, String> {
        store.run("barman-cloud-check-wal-archive", &self.archive.arguments(&[]))
    }

    /// Its first instance: made empty, or from what it recovers.
    fn start(&self, store: &Store) -> Server {
        self.archive_is_its_own(store).unwrap_or_else(|said| panic!("{}: {said}", self.name));
        let compression = self.archive.compression.as_deref().map(|name| format!("--{name}")).unwrap();
        let archive = store.hook("barman-cloud-wal-archive", &format!("{} %p", self.archive.arguments(&[&compression]).join(" ")));
        let mut settings = vec!["archive_mode=on".to_owned(), format!("archive_command='{archive}'"), "wal_level=replica".to_owned()];
        let Some((place, target)) = &self.source else {
            let server = Server::archiving(self.major, &settings.iter().map(String::as_str).collect::<Vec<_>>());
            server.ok("postgres", "postgres", &self.roles);
            server.ok("postgres", "postgres", "CREATE TABLE faits (quoi text PRIMARY KEY)");
            return server;
        };
        let restore = store.hook("barman-cloud-wal-restore", &format!("{} %f %p", place.arguments(&[]).join(" ")));
        settings.push(format!("restore_command='{restore}'"));
        settings.push("recovery_target_action=promote".to_owned());
        settings.extend(target.as_ref().map(|instant| format!("recovery_target_time='{}'", as_the_operator_writes(instant))));
        let server = Server::restored(self.major, &settings.iter().map(String::as_str).collect::<Vec<_>>(), |data| {
            let mut arguments = place.arguments(&[]);
            let said = store.ok("barman-cloud-backup-list", &[&["--format", "json"][..], &arguments].concat());
            let backups: Value = serde_json::from_str(said.lines().find(|l| l.starts_with('{')).unwrap()).unwrap();
            let last = backups["backups_list"].as_array().unwrap().last().unwrap_or_else(|| panic!("no backup in {place:?}"));
            arguments.extend([last["backup_id"].as_str().unwrap(), data]);
            store.ok("barman-cloud-restore", &arguments);
            std::fs::write(Path::new(data).join("recovery.signal"), "").unwrap();
        });
        eventually("recovery", 180, || match server.ok("postgres", "postgres", "SELECT pg_is_in_recovery()").as_str() {
            "f" => Ok(()),
            other => Err(format!("pg_is_in_recovery: {other}\n{}", server.log())),
        });
        server
    }

    fn backup(&self, store: &Store, server: &Server) {
        let compression = self.archive.compression.as_deref().map(|name| format!("--{name}")).unwrap();
        let options = ["--immediate-checkpoint", compression.as_str(), "--host", server.socket(), "--user", "postgres"];
        store.ok("barman-cloud-backup", &self.archive.arguments(&options));
    }
}

/// `pgTime.ConvertToPostgresFormat` of cloudnative-pg/machinery 0.3.1: an RFC 3339 instant is written again, with Go's `Z07:00`
/// for its offset; PostgreSQL refuses the « Z » of UTC there (cloudnative-pg#10819). Anything else passes as it is.
fn as_the_operator_writes(instant: &str) -> String {
    let Some((date, time)) = instant.split_once('T') else { return instant.to_owned() };
    let (time, zone) = time.split_at(time.find(['Z', '+', '-']).unwrap());
    format!("{date} {time}.000000{}", if zone == "+00:00" { "Z" } else { zone })
}

fn write(server: &Server, fact: &str) {
    server.ok("postgres", "postgres", &format!("INSERT INTO faits VALUES ('{fact}')"));
}

fn facts(server: &Server) -> Vec<String> {
    server.ok("postgres", "postgres", "SELECT quoi FROM faits ORDER BY quoi").lines().map(str::to_owned).collect()
}

/// Waits until what was written is out of the instance: afterwards, nothing of it is needed.
fn archived(server: &Server) {
    let last = server.ok("postgres", "postgres", "SELECT pg_walfile_name(pg_switch_wal())");
    eventually("archiving", 180, || {
        match server.ok("postgres", "postgres", &format!("SELECT last_archived_wal >= '{last}' FROM pg_stat_archiver")).as_str() {
            "t" => Ok(()),
            other => Err(format!("{other}: {}", server.log())),
        }
    });
}

/// `db …`, then the branches that it prepared, merged as a reviewer would.
fn prepare(test: &Test, command: &str, branch: &str) -> Generation {
    test.run(command).code(0);
    for depot in [POSTGRES, "demo/infra-backend"] {
        git(test, depot, &["merge", "-q", "--ff-only", branch]);
    }
    Generation::rendered(test)
}

fn a_database_survives(method: &str) {
    let since = Instant::now();
    let store = Store::start();
    let test = project(&["--set", &format!("sauvegarde={method}")]);
    commit(
        &test,
        POSTGRES,
        VALUES,
        "https://s3.a-completer.invalid\"\n  chemin: \"s3://a-completer/",
        &format!("{}\"\n  autorite: {{nom: s3-ca}}\n  chemin: \"s3://{BUCKET}/", store.endpoint()),
    );
    let first = Generation::rendered(&test);
    assert_eq!((first.name.as_str(), first.archive.server.as_str(), first.source.is_none()), ("demo-db-g1", "demo-db-g1", true));
    let server = first.start(&store);
    write(&server, "1 avant la sauvegarde");
    first.backup(&store, &server);
    write(&server, "2 après la sauvegarde");
    server.ok("postgres", "postgres", "SELECT pg_sleep(1.1)");
    let instant = server.ok("postgres", "postgres", "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
    server.ok("postgres", "postgres", "SELECT pg_sleep(1.1)");
    write(&server, "3 une erreur humaine");
    archived(&server);
    // The volumes go with the Cluster.
    drop(server);

    // A copy of the archives, as a fault leaves them: the same generation, made again, is refused by its own archive.
    let refused = first.archive_is_its_own(&store).unwrap_err();
    assert!(refused.contains("Expected empty archive"), "{refused}");

    let second = prepare(&test, "db bump demo --env prod", "base/prod-g2");
    let (place, target) = second.source.as_ref().unwrap();
    // barman-cloud finds by itself how what it reads was compressed.
    assert_eq!((&Place { compression: place.compression.clone(), ..first.archive.clone() }, &None), (place, target));
    assert_ne!(second.archive.server, first.archive.server);
    let server = second.start(&store);
    let all = ["1 avant la sauvegarde", "2 après la sauvegarde", "3 une erreur humaine"];
    assert_eq!(facts(&server), all);
    // Roles come from the backup; its first backup makes the generation recoverable in its turn.
    assert_eq!(server.ok("postgres", "postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'demo_owner'"), "1");
    write(&server, "4 dans la génération 2");
    second.backup(&store, &server);
    archived(&server);
    drop(server);

    let third = prepare(&test, "db bump demo --env prod", "base/prod-g3");
    assert_eq!(third.source.as_ref().unwrap().0.server, "demo-db-g2");
    let server = third.start(&store);
    assert_eq!(facts(&server), [&all[..], &["4 dans la génération 2"]].concat());
    drop(server);

    let fourth = prepare(&test, &format!("db restore demo --env prod --to {instant} --generation 1"), "base/prod-g4");
    assert_eq!(fourth.source.as_ref().map(|(place, at)| (place.server.as_str(), at.is_some())), Some(("demo-db-g1", true)));
    let server = fourth.start(&store);
    assert_eq!(facts(&server), all[..2]);
    gate(&format!("recovery {method}"), 4, since);
}

#[test]
fn what_was_written_survives_with_the_native_backup() {
    a_database_survives("native");
}

#[test]
fn what_was_written_survives_with_the_plugin() {
    a_database_survives("plugin");
}
