//! A request to end during the work: exit code 130, nothing written, and the retry works.
//! `strace` (Debian package) delivers the signal at a chosen call of the writer; without it these tests fail.
#![cfg(target_os = "linux")]

#[path = "common/run.rs"]
mod run;
use run::{Done, PROGRAM, Test};

#[test]
fn signals_during_the_work_leave_nothing() {
    for (signal, call) in [("SIGINT", "mkdirat"), ("SIGTERM", "mkdirat"), ("SIGTERM", "syncfs")] {
        let test = Test::new();
        let base = test.command(&[]);
        let mut command = std::process::Command::new("strace");
        command.env_clear().envs(base.get_envs().filter_map(|(k, v)| Some((k, v?)))).current_dir(test.folder());
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("inject={call}:signal={signal}:when=2")]);
        if call == "syncfs" {
            command.args(["-e", &format!("inject={call}:signal={signal}:when=1")]);
        }
        command.args([PROGRAM, "new", "demo", "--defaults", "--no-git"]);
        let done: Done = command.output().expect("strace is installed").into();
        done.code(130);
        assert!(test.names().is_empty(), "{:?}", test.names());
        test.run("new demo --defaults --no-git").code(0);
        assert_eq!(test.names(), ["demo"], "the retry works");
    }
}
