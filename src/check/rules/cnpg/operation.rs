//! `CloudNativePG` in operation: a database that outlives a node, that is watched, that nobody enters without a password, at
//! a version that is still mended. Fields: `api/v1/cluster_types.go`; refusals: `internal/webhook/v1/cluster_webhook.go`.

use serde_json::Value;

use super::of;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced, Platform};
use crate::check::repository::Input::Manifests;
use crate::check::rules::Scene;
use crate::check::{Pod, Report, cite, items, kind, labels, pods, text};
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "cnpg-high-availability",
        Manifests,
        Cct,
        ("base de production sur une seule instance, ou sans répartition", "production database on one instance, or not spread"),
        ("donnez au moins deux instances (trois de préférence) et gardez l'anti-affinité", "give at least two instances (three is better) and keep anti-affinity"),
    )
    .because((
        "EXI-ARCH-2 : l'architecture tient la durée d'interruption que le métier admet. Avec une seule instance, la perte d'un nœud arrête la base jusqu'à sa reconstruction.",
        "EXI-ARCH-2: the architecture meets the longest interruption that the business accepts. With one instance, losing a node stops the database until it is rebuilt.",
    )),
    Rule::error(
        "cnpg-pod-monitor",
        Manifests,
        Cct,
        ("base dont les mesures ne sont pas relevées", "database whose metrics are not scraped"),
        ("ajoutez un PodMonitor : sélecteur cnpg.io/cluster, port metrics", "add a PodMonitor: selector cnpg.io/cluster, port metrics"),
    )
    .because((
        "EXI-ARCH-12 : l'application est raccordée à la supervision. Chaque instance publie ses mesures sur le port « metrics » (9187) ; personne ne les lit sans PodMonitor.",
        "EXI-ARCH-12: the application is connected to monitoring. Each instance publishes metrics on its port \"metrics\" (9187); nobody reads them without a PodMonitor.",
    )),
    Rule::warning(
        "cnpg-superuser",
        Manifests,
        Deduced,
        ("accès réseau du superutilisateur ouvert", "network access of the superuser open"),
        ("retirez enableSuperuserAccess : true ; faites les tâches d'administration par des rôles gérés", "remove enableSuperuserAccess: true; give administration tasks to managed roles"),
    )
    .because((
        "CloudNativePG, « enableSuperuserAccess » (fermé par défaut depuis 1.21) : un Secret donne alors tous les droits sur la base, règles par colonne comprises (EXI-DATA-2).",
        "CloudNativePG, \"enableSuperuserAccess\" (closed by default since 1.21): a Secret then gives every right on the database, above column privileges (EXI-DATA-2).",
    )),
    Rule::warning(
        "cnpg-wal-storage",
        Manifests,
        Deduced,
        ("journaux et données sur le même volume en production", "WAL and data on the same volume in production"),
        ("donnez spec.walStorage : il ne pourra plus être retiré", "give spec.walStorage: it cannot be removed afterwards"),
    )
    .because((
        "Un archivage en panne remplit le volume des journaux : s'il porte aussi les données, la base s'arrête. CloudNativePG, page « Storage » : volume séparé conseillé en production.",
        "Archiving that fails fills the volume of WAL: when it holds the data too, the database stops. CloudNativePG, page \"Storage\": a separate volume is advised in production.",
    )),
    Rule::error(
        "cnpg-pg-hba",
        Manifests,
        Deduced,
        ("connexion à la base sans mot de passe, ou en clair", "connection to the database without a password, or with one in the clear"),
        ("demandez hostssl et scram-sha-256", "ask for hostssl and scram-sha-256"),
    )
    .because((
        "PostgreSQL, chapitre « Client Authentication » : « trust » admet qui que ce soit, « password » envoie le mot de passe tel quel hors TLS.",
        "PostgreSQL, chapter \"Client Authentication\": \"trust\" admits anyone, \"password\" sends the password as it is outside TLS.",
    )),
    Rule::error(
        "cnpg-postgres-version",
        Manifests,
        Deduced,
        ("version majeure de PostgreSQL qui n'est plus corrigée", "major version of PostgreSQL that is no longer mended"),
        ("passez à une version majeure maintenue (15 ou plus)", "move to a supported major version (15 or newer)"),
    )
    .because((
        "postgresql.org, « Versioning Policy » : cinq ans de corrections ; PostgreSQL 13 s'est arrêté le 13 novembre 2025, 14 le 12 novembre 2026.",
        "postgresql.org, \"Versioning Policy\": five years of fixes; PostgreSQL 13 ended on 13 November 2025, 14 on 12 November 2026.",
    )),
    Rule::warning(
        "cnpg-deprecated-monitor",
        Manifests,
        Platform,
        ("monitoring.enablePodMonitor est déprécié", "monitoring.enablePodMonitor is deprecated"),
        ("écrivez le PodMonitor vous-même, puis retirez ce champ", "write the PodMonitor yourself, then remove this field"),
    )
    .because((
        "CloudNativePG, notes de version 1.26 : champ déprécié, qui sera retiré.",
        "CloudNativePG, release notes of 1.26: deprecated field, to be removed.",
    )),
    Rule::error(
        "cnpg-synchronous",
        Manifests,
        Platform,
        ("réplication synchrone impossible avec ce nombre d'instances", "synchronous replication that this number of instances cannot give"),
        ("gardez postgresql.synchronous.number inférieur à instances", "keep postgresql.synchronous.number below instances"),
    )
    .because((
        "L'opérateur refuse le Cluster, ou les écritures attendent pour toujours un secondaire qui n'existe pas.",
        "The operator refuses the Cluster, or writes wait for ever for a standby that does not exist.",
    )),
];

/// The first major version that still receives fixes (postgresql.org/support/versioning, read in November 2026).
const FIRST_SUPPORTED: u64 = 15;

/// Checks each database.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for (index, cluster) in scene.objects.iter().enumerate().filter(|(_, o)| super::is(o, "Cluster")) {
        let cited = cite(cluster);
        if (scene.production)(index) {
            availability(&mut report, &cited, cluster);
            let shared = cluster.pointer("/spec/walStorage").is_none_or(|w| !w.is_object());
            let problem = shared.then(|| Text::new("pas de spec.walStorage", "no spec.walStorage"));
            report.see_at("cnpg-wal-storage", &cited, "/spec/storage", problem);
        }
        flag(&mut report, "cnpg-superuser", &cited, cluster, "/spec/enableSuperuserAccess");
        flag(&mut report, "cnpg-deprecated-monitor", &cited, cluster, "/spec/monitoring/enablePodMonitor");
        version(&mut report, &cited, cluster);
        for (line, entry) in items(cluster, "/spec/postgresql/pg_hba").enumerate() {
            let field = format!("/spec/postgresql/pg_hba/{line}");
            report.see_at("cnpg-pg-hba", &cited, &field, entry.as_str().and_then(open_door));
        }
        let instances = instances(cluster);
        if let Some(number) = cluster.pointer("/spec/postgresql/synchronous/number").and_then(Value::as_u64) {
            let wrong = (number >= instances).then(|| format!("number: {number}, instances: {instances}"));
            report.see_at("cnpg-synchronous", &cited, "/spec/postgresql/synchronous/number", wrong);
        }
    }
    report
}

/// The CRD's default is one.
fn instances(cluster: &Value) -> u64 {
    cluster.pointer("/spec/instances").and_then(Value::as_u64).unwrap_or(1)
}

fn availability(report: &mut Report, cited: &str, cluster: &Value) {
    let instances = instances(cluster);
    let apart = cluster.pointer("/spec/affinity/enablePodAntiAffinity").and_then(Value::as_bool) != Some(false);
    let (field, problem) = if instances < 2 {
        ("/spec/instances", Some(format!("instances: {instances}")))
    } else if cluster.pointer("/spec/enablePDB").and_then(Value::as_bool) == Some(false) {
        ("/spec/enablePDB", Some("enablePDB: false".to_owned()))
    } else if apart {
        ("", None)
    } else {
        ("/spec/affinity/enablePodAntiAffinity", Some("enablePodAntiAffinity: false".to_owned()))
    };
    report.see_at("cnpg-high-availability", cited, field, problem);
}

fn flag(report: &mut Report, rule: &'static str, cited: &str, cluster: &Value, field: &str) {
    let on = cluster.pointer(field).and_then(Value::as_bool) == Some(true);
    let shown = field.rsplit('/').next().unwrap_or_default();
    report.see_at(rule, cited, field, on.then(|| format!("{shown}: true")));
}

fn version(report: &mut Report, cited: &str, cluster: &Value) {
    let image = text(cluster, "/spec/imageName");
    let (field, major) = match cluster.pointer("/spec/imageCatalogRef/major").and_then(Value::as_u64) {
        Some(major) => ("/spec/imageCatalogRef/major", Some(major)),
        None => ("/spec/imageName", major(image)),
    };
    // Another image, or the operator's own: its version is not known here.
    let Some(major) = major else { return };
    let old = (major < FIRST_SUPPORTED).then(|| format!("PostgreSQL {major}"));
    report.see_at("cnpg-postgres-version", cited, field, old);
}

/// The major version in the tag of an image, when the tag begins with it.
fn major(image: &str) -> Option<u64> {
    let path = image.split('@').next().unwrap_or_default();
    let (_, tag) = path.rsplit('/').next()?.rsplit_once(':')?;
    let number: String = tag.chars().take_while(char::is_ascii_digit).collect();
    let rest = &tag[number.len()..];
    // A date or a build number is no version of PostgreSQL.
    (rest.is_empty() || rest.starts_with(['.', '-'])).then(|| number.parse().ok()).flatten().filter(|n| (9..100).contains(n))
}

/// Methods of authentication of `pg_hba.conf`.
const METHODS: [&str; 13] = ["trust", "password", "reject", "scram-sha-256", "md5", "cert", "ldap", "gss", "peer", "ident", "radius", "pam", "oauth"];

/// What is wrong with a line of `pg_hba`: `TYPE DATABASE USER [ADDRESS [MASK]] METHOD [OPTIONS]`.
fn open_door(line: &str) -> Option<String> {
    let rule = line.split('#').next().unwrap_or_default();
    let mut fields = rule.split_whitespace();
    let kind = fields.next().unwrap_or_default();
    // After the database and the user come zero, one or two fields of address, then the method.
    let method = fields.skip(2).find(|field| METHODS.contains(field));
    let wrong = match method {
        // A local socket is inside the instance's own pod.
        Some("trust") => kind != "local",
        Some("password") => matches!(kind, "host" | "hostnossl"),
        _ => false,
    };
    wrong.then(|| rule.trim().chars().take(120).collect())
}

/// Checks that the metrics of each database are read, once every object is there.
#[must_use]
pub fn monitored(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let monitors: Vec<&Value> = scene.objects.iter().filter(|o| kind(o) == "PodMonitor").collect();
    for cluster in of(scene.objects, "Cluster") {
        let instances = pods(std::slice::from_ref(cluster));
        let own = cluster.pointer("/spec/monitoring/enablePodMonitor").and_then(Value::as_bool) == Some(true);
        let mut selecting = monitors.iter().filter(|m| instances.iter().any(|pod| selects(m, pod))).peekable();
        let some = selecting.peek().is_some();
        let problem = if own || selecting.any(|m| reads_metrics(m)) {
            None
        } else if some {
            Some(Text::new("aucun PodMonitor ne lit le port metrics", "no PodMonitor reads the port metrics"))
        } else if scene.answers.is_some() {
            Some(Text::new("aucun PodMonitor ne sélectionne ses pods", "no PodMonitor selects its pods"))
        } else {
            // In another repository, the monitor may be the platform's: nothing is known.
            continue;
        };
        report.see("cnpg-pod-monitor", &cite(cluster), problem);
    }
    report
}

fn selects(monitor: &Value, pod: &Pod) -> bool {
    let wanted = labels(monitor, "/spec/selector/matchLabels");
    let plain = monitor.pointer("/spec/selector/matchExpressions").is_none_or(|e| e.as_array().is_some_and(Vec::is_empty));
    plain && !wanted.is_empty() && pod.carries(&wanted)
}

fn reads_metrics(monitor: &Value) -> bool {
    items(monitor, "/spec/podMetricsEndpoints").any(|e| {
        let number = |field: &str| e.get(field).and_then(Value::as_u64) == Some(9187);
        text(e, "/port") == "metrics" || text(e, "/targetPort") == "metrics" || number("portNumber") || number("targetPort")
    })
}

#[cfg(test)]
mod tests {
    use super::{major, open_door};

    #[test]
    fn a_major_version_is_read_from_tags_of_every_form() {
        let of = |image| major(image);
        assert_eq!(of("ghcr.io/cloudnative-pg/postgresql:17.11-202608170816-system-trixie@sha256:00"), Some(17));
        assert_eq!(of("postgres:14"), Some(14));
        assert_eq!(of("registre.exemple.fr:5000/pg:15-3.4"), Some(15));
        assert_eq!([of("registre.exemple.fr:5000/pg"), of("pg:20240101"), of("pg:v14"), of("pg@sha256:14"), of("pg:15x")], [None; 5]);
    }

    #[test]
    fn a_line_of_pg_hba_is_read_by_its_method() {
        for open in ["host all all 0.0.0.0/0 trust", "hostssl all all all trust", "host all all 10.0.0.0 255.0.0.0 password"] {
            assert!(open_door(open).is_some(), "{open}");
        }
        for closed in
            ["local all all trust", "hostssl all all all password", "host trust all all scram-sha-256", "# host all all all trust", "", "host"]
        {
            assert_eq!(open_door(closed), None, "{closed}");
        }
    }
}
