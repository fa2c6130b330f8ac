//! A kit from elsewhere: its templates run no code, and can't take the machine either.

#[path = "common/run.rs"]
mod run;

use run::Test;

const KIT: &str = "format: mirai-kit/v1\nid: h\nversion: '1'\ntitle: {fr: h, en: h}\nmodules: [m]\nrepositories: '[]'\n";
const MODULE: &str = "id: m\ntitle: {fr: m, en: m}\nfiles: [{from: a.md.tera, to: a.md}]\n";

/// A kit whose only template is this one.
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test writes its own folders, and panics")]
fn kit(template: &str) -> Test {
    let test = Test::new();
    std::fs::create_dir_all(test.folder().join("kit/modules/m/files")).unwrap();
    test.file("kit/kit.yaml", KIT).file("kit/modules/m/module.yaml", MODULE).file("kit/modules/m/files/a.md.tera", template)
}

#[test]
fn an_endless_loop_is_refused_with_its_place() {
    let test = kit("{% for i in range(end=2000000000) %}x{% endfor %}");
    test.run("new demo --kit kit --no-git").code(3).says(&["modules/m/files/a.md.tera", "range"]);
    assert_eq!(test.names(), ["kit"]);
}

#[test]
fn a_template_that_includes_itself_is_refused() {
    let test = kit("{% include \"modules/m/files/a.md.tera\" %}");
    test.run("new demo --kit kit --no-git").code(3).says(&["modules/m/files/a.md.tera"]);
    assert_eq!(test.names(), ["kit"]);
}

#[test]
fn a_text_doubled_sixty_times_ends_the_program_and_not_the_machine() {
    let test = kit("{% set s = \"x\" %}{% for i in range(end=60) %}{% set_global s = s ~ s %}{% endfor %}{{ s }}");
    let done = test.run("new demo --kit kit --no-git");
    assert_ne!(done.code, Some(0));
    assert_eq!(test.names(), ["kit"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes its own folders")]
fn a_link_in_a_kit_is_refused() {
    let test = kit("x\n");
    std::os::unix::fs::symlink("/etc/hostname", test.folder().join("kit/modules/m/files/leak.md")).unwrap();
    test.run("new demo --kit kit --no-git").code(3).says(&["leak.md"]);
}
