//! The order of migrations: one end, no number twice, no link to nowhere.

use std::collections::BTreeMap;

use crate::check::Report;
use crate::check::migrations::Migration;
use crate::check::repository::file_name;
use crate::text;

/// Judges the chain of a set.
pub(super) fn check(report: &mut Report, set: &[&Migration]) {
    numbers(report, set);
    let revisions: Vec<_> = set.iter().filter_map(|m| Some((*m, m.revision.as_ref()?))).collect();
    if revisions.is_empty() {
        return;
    }
    let mut by_id: BTreeMap<&str, &Migration> = BTreeMap::new();
    for (migration, revision) in &revisions {
        let Some((id, line)) = &revision.id else { continue };
        let before = by_id.insert(id, migration).map(|m| file_name(&m.path));
        let problem = before.map(|other| text!("{id} est déjà l'identifiant de {other}", "{id} is already the id of {other}"));
        report.see_in("migration-number-twice", &migration.path, Some(*line), problem);
    }
    for (migration, revision) in &revisions {
        let lost = revision.down.iter().find(|id| !by_id.keys().any(|known| known.starts_with(id.as_str())));
        let problem = lost.map(|id| text!("suit {id}, qui n'existe pas", "follows {id}, which does not exist"));
        report.see_in("migration-chain", &migration.path, revision.id.as_ref().map(|(_, line)| *line), problem);
    }
    // Labels and dependencies tell that several lines of history are meant.
    if revisions.iter().any(|(_, r)| r.branched) {
        return;
    }
    let followed = |id: &str| revisions.iter().any(|(_, r)| r.down.iter().any(|down| id.starts_with(down.as_str())));
    let heads: Vec<_> =
        revisions.iter().filter_map(|(m, r)| r.id.as_ref().filter(|(id, _)| !followed(id)).map(|(id, line)| (*m, id, *line))).collect();
    if let Some((migration, _, line)) = heads.last() {
        let problem = (heads.len() > 1).then(|| {
            let ids = heads.iter().map(|(_, id, _)| id.as_str()).collect::<Vec<_>>().join(", ");
            text!("plusieurs têtes : {ids}", "several heads: {ids}")
        });
        report.see_in("migration-heads", &migration.path, Some(*line), problem);
    }
}

/// Numbers of names: two files of one number run in an order that nobody chose.
fn numbers(report: &mut Report, set: &[&Migration]) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for migration in set {
        let Some(number) = migration.number.as_deref() else { continue };
        let name = file_name(&migration.path);
        let before = seen.insert(number, name);
        // Only the kit's runner and Flyway refuse it; elsewhere the name decides.
        let refused = migration.own || name.starts_with('V');
        if refused {
            let problem = before.map(|other| text!("le numéro {number} est déjà celui de {other}", "number {number} is already that of {other}"));
            report.see_in("migration-number-twice", &migration.path, None, problem);
        }
    }
}
