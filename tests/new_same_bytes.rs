//! The same answers give the same bytes on any day, in any place; today is only a default.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/run.rs"]
mod run;
use run::Test;

#[test]
fn another_day_another_zone_another_folder_the_same_bytes() {
    let one = Test::new().env("TZ", "Pacific/Kiritimati").env("SOURCE_DATE_EPOCH", "86400");
    let other = Test::new().inside("plus").inside("profond").env("TZ", "America/Adak").env("LANG", "fr_FR.UTF-8").env("GIT_AUTHOR_NAME", "Dominique");
    let answers = "new demo --defaults --set date=2026-01-02";
    one.run(answers).code(0);
    other.run(&format!("{answers} --lang en")).code(0);
    let (one, other) = (one.tree("demo"), other.tree("demo"));
    assert!(one.len() > 20);
    assert_eq!(one, other);
}

#[test]
fn the_same_instant_gives_the_same_commits() {
    let commits = || {
        let done = Test::new().env("SOURCE_DATE_EPOCH", "1767225600").run("new demo --defaults --json").code(0);
        let report: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        report["repositories"].clone()
    };
    let first = commits();
    assert!(first.as_array().is_some_and(|r| r.len() >= 3), "{first}");
    assert_eq!(first, commits());
}

#[test]
fn today_is_the_day_of_the_local_calendar_and_source_date_epoch_takes_its_place() {
    let date = |test: Test| {
        test.run("new demo --defaults --no-git").code(0);
        let manifest = test.tree("demo/app").into_iter().find(|(path, _)| path == ".mirai-kit.yaml").unwrap().1;
        let manifest = String::from_utf8(manifest).unwrap();
        manifest.lines().find_map(|l| l.trim().strip_prefix("date: \"").map(|d| d.trim_end_matches('"').to_owned())).unwrap()
    };
    assert_eq!(date(Test::new().env("SOURCE_DATE_EPOCH", "1767225599")), "2025-12-31");
    assert_eq!(date(Test::new().env("SOURCE_DATE_EPOCH", "1767225600")), "2026-01-01");
    // 26 hours apart: never the same day.
    assert_ne!(date(Test::new().env("TZ", "AAA-14")), date(Test::new().env("TZ", "BBB+12")));
}

#[test]
fn a_dot_takes_its_name_from_the_folder() {
    let test = Test::new().inside("mon-appli");
    test.run("new . --defaults --no-git --set depots=mono").code(0).says(&["✔ . : ", "git init -b main"]);
    let manifest = String::from_utf8(test.tree(".").into_iter().find(|(p, _)| p == ".mirai-kit.yaml").unwrap().1).unwrap();
    assert!(manifest.contains("\"nom\": \"mon-appli\"") && manifest.contains("slug: \"monappli\""), "{manifest}");
}
