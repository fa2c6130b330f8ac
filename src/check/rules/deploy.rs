//! The order of a deployment: backup, gate, migration, application. Argo CD goes phase by phase (`PreSync`, then `Sync`), wave
//! by wave inside each, and waits for a wave to be healthy (argo-cd `docs/user-guide/sync-waves.md`); a hook may be skipped
//! (selective sync, self-heal: `controller/sync.go`), so what protects the data must stand in the Job that changes it.

use serde_json::Value;

use crate::check::catalog::Rule;
use crate::check::catalog::Strength::{Cct, Deduced};
use crate::check::repository::Input::Manifests;
use crate::check::rules::Scene;
use crate::check::{Report, cite, items, kind, name, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "backup-before-deploy",
        Manifests,
        Cct,
        ("déploiement sans sauvegarde attendue juste avant", "deployment without a backup awaited right before"),
        ("faites créer et attendre le Backup par un Job PreSync, son compte et ses droits dans une vague inférieure", "have a PreSync Job create the Backup and wait for it, its account and rights in a lower wave"),
    )
    .because((
        "EXI-ARCH-9 : données sauvegardées juste avant. Un Backup posé lui-même en crochet n'est pas attendu avant Argo CD 3.6 : sans test de santé, un crochet réussit dès sa création.",
        "EXI-ARCH-9: data saved right before. A Backup that is itself a hook is not awaited before Argo CD 3.6: without a health check, a hook succeeds as soon as it is created.",
    )),
    Rule::error(
        "backup-gate",
        Manifests,
        Cct,
        ("migration possible sans sauvegarde récente", "migration possible without a recent backup"),
        ("contrôlez la sauvegarde dans un conteneur d'initialisation du Job de migration lui-même", "check the backup in an init container of the migration Job itself"),
    )
    .because((
        "EXI-ARCH-9. Les crochets sont sautés par une synchronisation partielle ou une réparation automatique : une barrière à part serait sautée, et la migration passerait.",
        "EXI-ARCH-9. Hooks are skipped by a partial synchronisation or a self-heal: a gate of its own would be skipped, and the migration would run.",
    )),
    Rule::error(
        "sync-order",
        Manifests,
        Deduced,
        ("objet attendu d'une vague qui vient après", "object awaited from a wave that comes later"),
        ("placez ce dont un Job ou un pod a besoin dans sa phase, et dans une vague égale ou inférieure", "put what a Job or a pod needs in its phase, in the same wave or a lower one"),
    )
    .because((
        "Argo CD n'applique une vague que lorsque la précédente est saine : ce qui attend un objet d'une vague suivante l'attend pour toujours au premier déploiement.",
        "Argo CD applies a wave only when the one before is healthy: what waits for an object of a later wave waits for ever on the first deployment.",
    )),
    Rule::warning(
        "hook-deadline",
        Manifests,
        Deduced,
        ("crochet sans délai", "hook without a deadline"),
        ("donnez activeDeadlineSeconds au Job", "give the Job activeDeadlineSeconds"),
    )
    .because((
        "Argo CD ne borne pas une synchronisation (controller.sync.timeout.seconds vaut 0) : un crochet bloqué bloque tous les déploiements suivants.",
        "Argo CD does not bound a synchronisation (controller.sync.timeout.seconds is 0): a stuck hook blocks every later deployment.",
    )),
];

/// When an object is applied: phase (0 `PreSync`, 1 `Sync`, 2 `PostSync`), then wave; whether as a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    phase: u8,
    wave: i64,
    hook: bool,
}

impl Moment {
    fn before(self, other: Self) -> bool {
        (self.phase, self.wave) < (other.phase, other.wave)
    }

    fn shown(self) -> String {
        format!("{} {}", ["PreSync", "Sync", "PostSync"][usize::from(self.phase)], self.wave)
    }
}

/// When Argo CD applies an object; none when it is no ordinary part of a synchronisation, or helm's own hook.
fn moment(object: &Value) -> Option<Moment> {
    if !text(object, "/metadata/annotations/helm.sh~1hook").is_empty() {
        return None;
    }
    let wave = text(object, "/metadata/annotations/argocd.argoproj.io~1sync-wave").parse().unwrap_or(0);
    let hooks = text(object, "/metadata/annotations/argocd.argoproj.io~1hook");
    let phase = match hooks {
        "" | "Sync" => 1,
        "PreSync" => 0,
        "PostSync" => 2,
        // Several phases, failure, deletion: another matter.
        _ => return None,
    };
    Some(Moment { phase, wave, hook: !hooks.is_empty() })
}

/// Checks the order of what is deployed at once.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let wanted = |key: &str, value: &str| scene.answers.is_some_and(|a| a.get(key).and_then(Value::as_str) == Some(value));
    let (mut saved, mut gated) = (false, false);
    for (index, object) in scene.objects.iter().enumerate() {
        let unit = (scene.unit)(index);
        let beside: Vec<&Value> = scene.objects.iter().enumerate().filter(|(i, _)| (scene.unit)(*i) == unit).map(|(_, o)| o).collect();
        let hooks = text(object, "/metadata/annotations/argocd.argoproj.io~1hook");
        let known = ["PreSync", "Sync", "PostSync", "SyncFail", "Skip", "PreDelete", "PostDelete"];
        if let Some(unknown) = hooks.split(',').map(str::trim).find(|hook| !hook.is_empty() && !known.contains(hook)) {
            let problem = text!("crochet inconnu d'Argo CD : {unknown}", "hook unknown to Argo CD: {unknown}");
            report.see("sync-order", &cite(object), Some(problem));
        }
        let Some(moment) = moment(object) else { continue };
        if super::cnpg::is(object, "Backup") && moment.hook {
            let what = Text::new("Backup posé en crochet : créé, mais pas attendu", "Backup as a hook: created, but not awaited");
            report.see("backup-before-deploy", &cite(object), Some(what));
            saved = true;
        }
        let Some(pod) = pod(object) else { continue };
        order(&mut report, object, pod, moment, &beside);
        if kind(object) != "Job" {
            continue;
        }
        if moment.hook {
            let bounded = object.pointer("/spec/activeDeadlineSeconds").is_some_and(Value::is_number);
            let problem = (!bounded).then(|| Text::new("pas de activeDeadlineSeconds", "no activeDeadlineSeconds"));
            report.see_at("hook-deadline", &cite(object), "/spec", problem);
        }
        let account = text(pod, "/serviceAccountName");
        if may(&beside, account, &["create"]) {
            saved = true;
            let late = (moment.phase != 0).then(|| {
                let when = moment.shown();
                text!("sauvegarde en phase {when} : trop tard", "backup in phase {when}: too late")
            });
            let idle = || idle(items(pod, "/containers"), scene.answers.is_some());
            report.see_at("backup-before-deploy", &cite(object), "/spec/template/spec/containers", late.or_else(idle));
        } else if may(&beside, account, &["list", "get", "watch"]) {
            gated = true;
            let first = items(pod, "/initContainers").next().is_some() && items(pod, "/containers").next().is_some();
            let problem = (!first)
                .then(|| Text::new("la barrière n'est pas un conteneur d'initialisation de ce Job", "the gate is no init container of this Job"));
            let idle = || idle(items(pod, "/initContainers"), scene.answers.is_some());
            report.see_at("backup-gate", &cite(object), "/spec/template/spec/initContainers", problem.or_else(idle));
        }
    }
    // Elsewhere, what the repository lacks may be done by the platform.
    let database = wanted("base_de_donnees", "postgres") && wanted("backend", "fastapi");
    let application = scene.objects.iter().find(|o| kind(o) == "Deployment");
    if let (true, Some(application)) = (database, application) {
        if !saved {
            let what = Text::new("aucun Job ne crée de Backup avant ce déploiement", "no Job creates a Backup before this deployment");
            report.see("backup-before-deploy", &cite(application), Some(what));
        }
        if !gated {
            let what = Text::new("aucun Job ne vérifie la sauvegarde avant de migrer", "no Job checks the backup before migrating");
            report.see("backup-gate", &cite(application), Some(what));
        }
    }
    report
}

fn pod(object: &Value) -> Option<&Value> {
    matches!(kind(object), "Job" | "Deployment" | "StatefulSet" | "DaemonSet").then(|| object.pointer("/spec/template/spec")).flatten()
}

/// Commands that succeed whatever happened to the backup.
const IDLE: [&str; 7] = ["true", ":", "echo", "sleep", "exit", "printf", "date"];

/// What the command of a backup or of its gate names when it does its part: the kit's own programs, the object, or a client.
const SAVES: [&str; 8] = ["sauvegard", "backup", "barriere", "kubectl", "cnpg", "barman", "psql", "pg_"];

/// Why containers that should save, or check a backup, do nothing of the kind: every command of theirs always succeeds, or, in
/// a project of ours, none names what saves. What an image runs by itself is not known.
fn idle<'a>(containers: impl Iterator<Item = &'a Value>, own: bool) -> Option<Text> {
    let mut shown = None;
    for container in containers {
        let words: Vec<String> = items(container, "/command").chain(items(container, "/args")).filter_map(Value::as_str).map(str::to_owned).collect();
        let first = words.first()?;
        let shell = words.iter().position(|w| w.starts_with('-') && w.ends_with('c')).and_then(|at| words.get(at + 1)).filter(|_| is_shell(first));
        let commands = match shell {
            Some(script) => crate::check::shell::commands(script, 1).iter().map(|c| c.words.clone()).collect(),
            None => vec![words.clone()],
        };
        let program = |words: &Vec<String>| words.first().map_or("", |w| w.rsplit('/').next().unwrap_or_default()).to_owned();
        let nothing = commands.iter().all(|words| IDLE.contains(&program(words).as_str()));
        let silent = own && !words.iter().any(|word| SAVES.iter().any(|part| word.to_lowercase().contains(part)));
        if !nothing && !silent {
            return None;
        }
        shown = Some(words.join(" "));
    }
    shown.map(|command| text!("« {command} » ne sauvegarde ni ne vérifie rien", "\"{command}\" saves and checks nothing"))
}

fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"))
}

/// Whether a role bound to an account allows one of these verbs on the backups of `CloudNativePG`.
fn may(objects: &[&Value], account: &str, verbs: &[&str]) -> bool {
    let bound = objects.iter().filter(|b| kind(b) == "RoleBinding" && items(b, "/subjects").any(|s| text(s, "/name") == account));
    let roles: Vec<&str> = bound.map(|b| text(b, "/roleRef/name")).collect();
    let holds = |rule: &Value, field: &str, wanted: &[&str]| items(rule, field).any(|v| v.as_str().is_some_and(|v| wanted.contains(&v)));
    !account.is_empty()
        && objects
            .iter()
            .filter(|r| kind(r) == "Role" && roles.contains(&name(r)))
            .flat_map(|r| items(r, "/rules"))
            .any(|rule| holds(rule, "/apiGroups", &["postgresql.cnpg.io"]) && holds(rule, "/resources", &["backups"]) && holds(rule, "/verbs", verbs))
}

/// What a pod cannot start without, when it comes later: its account, its ConfigMaps, its Secrets, its claims.
fn order(report: &mut Report, object: &Value, pod: &Value, own: Moment, beside: &[&Value]) {
    let mut wanted = vec![("ServiceAccount", text(pod, "/serviceAccountName").to_owned())];
    let required = |reference: &Value| reference.get("optional").and_then(Value::as_bool) != Some(true);
    for volume in items(pod, "/volumes") {
        let places = [
            ("ConfigMap", "/configMap", "/name"),
            ("Secret", "/secret", "/secretName"),
            ("PersistentVolumeClaim", "/persistentVolumeClaim", "/claimName"),
        ];
        for (kind, place, key) in places {
            wanted.extend(volume.pointer(place).filter(|r| required(r)).map(|r| (kind, text(r, key).to_owned())));
        }
    }
    for container in items(pod, "/initContainers").chain(items(pod, "/containers")) {
        let from = items(container, "/envFrom").flat_map(|e| [("ConfigMap", e.get("configMapRef")), ("Secret", e.get("secretRef"))]);
        let one = items(container, "/env").filter_map(|e| e.get("valueFrom"));
        let one = one.flat_map(|v| [("ConfigMap", v.get("configMapKeyRef")), ("Secret", v.get("secretKeyRef"))]);
        wanted.extend(
            from.chain(one).filter_map(|(kind, r)| Some((kind, r.filter(|r| required(r))?))).map(|(kind, r)| (kind, text(r, "/name").to_owned())),
        );
    }
    wanted.sort_unstable();
    wanted.dedup();
    for (of, named) in wanted.iter().filter(|(_, named)| !named.is_empty()) {
        // The same name twice, in two phases: the first one counts.
        let found = beside.iter().filter(|o| kind(o) == *of && name(o) == named).filter_map(|o| moment(o));
        let Some(first) = found.min_by_key(|m| (m.phase, m.wave)) else { continue };
        let problem = own.before(first).then(|| {
            let (mine, other) = (own.shown(), first.shown());
            text!("{of}/{named} vient en {other}, lui en {mine}", "{of}/{named} comes in {other}, itself in {mine}")
        });
        report.see("sync-order", &cite(object), problem);
    }
    if kind(object) == "Job" {
        rights(report, object, text(pod, "/serviceAccountName"), own, beside);
    }
}

/// The rights that a Job calls the API with: a wave waits for the Job to end, so they have to be there before.
fn rights(report: &mut Report, object: &Value, account: &str, own: Moment, beside: &[&Value]) {
    let bindings = beside.iter().filter(|b| kind(b) == "RoleBinding" && items(b, "/subjects").any(|s| text(s, "/name") == account));
    for binding in bindings.filter(|_| !account.is_empty()) {
        let role = beside.iter().find(|r| kind(r) == "Role" && name(r) == text(binding, "/roleRef/name"));
        for needed in [Some(binding), role].into_iter().flatten() {
            let Some(first) = moment(needed) else { continue };
            let problem = own.before(first).then(|| {
                let (of, named, mine, other) = (kind(needed), name(needed), own.shown(), first.shown());
                text!("{of}/{named} vient en {other}, lui en {mine}", "{of}/{named} comes in {other}, itself in {mine}")
            });
            report.see("sync-order", &cite(object), problem);
        }
    }
}
