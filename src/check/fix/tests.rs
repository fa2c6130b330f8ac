//! Each repair, its neighbours that are left alone, and the text around it, byte for byte.

use std::collections::BTreeSet;

use super::{apply, docker, manifest};

fn fixed(text: &str, edit: Option<super::Edit>) -> Option<String> {
    apply(text, &BTreeSet::from([edit?]))
}

#[test]
fn a_user_becomes_the_number_that_the_file_gives_it() {
    let file = "FROM x\nRUN groupadd -g 7 g && \\\n    useradd --uid 10001 -g g app\nuser  app:g  # fin\n";
    assert_eq!(fixed(file, docker::user(file, 4)).unwrap(), file.replace("user  app:g", "user  10001:g"));
    for (from, to) in [("10001", "0"), ("--uid 10001", ""), ("g app", "g autre"), ("app:g", "root"), ("app:g", "10001"), ("app:g", "$USER")] {
        let other = file.replacen(from, to, 1);
        assert_eq!(docker::user(&other, 4), None, "{other}");
    }
    let twice = format!("{file}RUN adduser -u 5 app\n");
    assert_eq!(docker::user(&twice, 4), None, "two numbers");
    assert_eq!(docker::user(file, 1), None);
    assert_eq!(docker::user(file, 99), None);
}

const BACKUP: &str = "# été\napiVersion: v1\n---\nkind: ScheduledBackup\nmetadata: {name: s}\nspec:\n  schedule: \"30 2 * * *\" # la nuit\n";

#[test]
fn a_schedule_gains_its_seconds() {
    let after = fixed(BACKUP, manifest::schedule(BACKUP, "ScheduledBackup/s")).unwrap();
    assert_eq!(after, BACKUP.replace("\"30", "\"0 30"));
    let bare = BACKUP.replace('"', "'").replace("schedule: '", "\"schedule\": '");
    assert!(fixed(&bare, manifest::schedule(&bare, "ScheduledBackup/s")).unwrap().contains("'0 30 2"));
    for (from, to) in [("30 2 * * *", "@daily"), ("30 2 * * *", "0 30 2 * * *"), ("name: s", "name: t")] {
        let other = BACKUP.replace(from, to);
        assert_eq!(manifest::schedule(&other, "ScheduledBackup/s"), None, "{other}");
    }
    let twice = format!("{BACKUP}---\nkind: ScheduledBackup\nmetadata: {{name: s}}\nspec: {{schedule: \"1 2 * * *\"}}\n");
    assert_eq!(manifest::schedule(&twice, "ScheduledBackup/s"), None, "which one?");
}

#[test]
fn a_database_gains_its_guard() {
    let plain = "kind: Cluster\nmetadata:\n    name: db   # la base\n    labels: {a: b}\nspec: {}\n";
    let after = fixed(plain, manifest::guard(plain, "Cluster/db")).unwrap();
    let lines = "    name: db   # la base\n    annotations:\n      argocd.argoproj.io/sync-options: \"Prune=false,Delete=false\"\n";
    assert_eq!(after, plain.replace("    name: db   # la base\n", lines));
    let annotated = "kind: Cluster\r\nmetadata:\r\n  name: db\r\n  annotations:\r\n    'a/b': c\r\n";
    let after = fixed(annotated, manifest::guard(annotated, "Cluster/db")).unwrap();
    assert_eq!(after, annotated.replace("    'a/b'", "    argocd.argoproj.io/sync-options: \"Prune=false,Delete=false\"\r\n    'a/b'"));
    for other in [
        "kind: Cluster\nmetadata: {name: db}\n",
        "kind: Cluster\nmetadata:\n  name: db\n  annotations: {a: b}\n",
        "kind: Cluster\nmetadata:\n  name: db\n  annotations:\n    argocd.argoproj.io/sync-options: Prune=true\n",
    ] {
        assert_eq!(manifest::guard(other, "Cluster/db"), None, "{other}");
    }
}

#[test]
fn a_pull_policy_is_changed_where_it_is_written() {
    let text = "- name: x\n  imagePullPolicy: \"Always\"  # Always\n- imagePullPolicy: IfNotPresent\n";
    assert_eq!(fixed(text, manifest::pull(text, 2)).unwrap(), text.replace("\"Always\"", "\"IfNotPresent\""));
    assert_eq!(manifest::pull(text, 3), None);
    assert_eq!(manifest::pull(text, 1), None);
}
