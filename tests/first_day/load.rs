//! Load on a running project, with its application and its database restarted in the middle. Every object has an
//! idempotency key, and is asked for until the server acknowledges it: at the end the database holds exactly these.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::Connection;
use crate::running::Running;

/// What one client saw.
#[derive(Default, Debug)]
pub struct Seen {
    pub acknowledged: BTreeSet<String>,
    pub read: usize,
    pub replayed: usize,
    /// Refusals that say so (503 with `Retry-After`), and connections closed before any answer: both are asked again.
    pub refused: Vec<Duration>,
    pub closed: Vec<Duration>,
    /// Anything else: an answer cut in its middle, another status, another object for the same key.
    pub wrong: Vec<String>,
}

/// A client: one object after the other, each asked for until it is acknowledged.
fn client(number: usize, port: u16, bearer: &str, since: Instant, over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    let mut connection = Connection::new(port);
    let mut rank = 0;
    while !over.load(Ordering::Relaxed) {
        rank += 1;
        let key = format!("charge-{number}-{rank:07}");
        let body = json!({"objet": "information", "nom": format!("Charge{number}"), "prenom": format!("Rang{rank}"),
            "courriel": "charge@usagers.exemple.fr", "code_postal": "75001"})
        .to_string();
        let headers = [("Authorization", bearer), ("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
        let Some(id) = create(&mut connection, &headers, &body, since, &mut seen) else { return seen };
        if rank % 10 == 0 {
            // The same key once more, as after an answer that never came: the same object.
            match create(&mut connection, &headers, &body, since, &mut seen) {
                Some(again) if again == id => seen.replayed += 1,
                again => seen.wrong.push(format!("key {key}: {id}, then {again:?}")),
            }
        }
        if rank % 3 == 0 {
            match connection.ask("GET", &format!("/api/demandes/{id}"), &headers[..1], "") {
                Ok((200, read)) if read.contains(&id) => seen.read += 1,
                Ok((503, _)) => seen.refused.push(since.elapsed()),
                Ok((status, read)) => seen.wrong.push(format!("GET {id}: {status} {read}")),
                Err(_) => seen.closed.push(since.elapsed()),
            }
        }
        seen.acknowledged.insert(id);
        std::thread::sleep(Duration::from_millis(10));
    }
    seen
}

/// Asks for an object until it is acknowledged; none when the server is gone for good.
fn create(connection: &mut Connection, headers: &[(&str, &str)], body: &str, since: Instant, seen: &mut Seen) -> Option<String> {
    let until = Instant::now() + Duration::from_mins(1);
    while Instant::now() < until {
        match connection.ask("POST", "/api/demandes", headers, body) {
            Ok((200 | 201, answer)) => {
                let id = serde_json::from_str::<Value>(&answer).ok().and_then(|v| Some(v["id"].as_str()?.to_owned()));
                if id.is_none() {
                    seen.wrong.push(answer);
                }
                return id;
            }
            Ok((503, problem)) if problem.contains("\"status\":503") => seen.refused.push(since.elapsed()),
            Ok((status, answer)) => {
                seen.wrong.push(format!("POST: {status} {answer}"));
                return None;
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe
                ) =>
            {
                seen.closed.push(since.elapsed());
            }
            Err(error) => {
                seen.wrong.push(format!("POST: {error}"));
                return None;
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    seen.wrong.push("a minute without an acknowledgement".into());
    None
}

/// Resident memory of the application, in KiB.
fn resident(running: &Running) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", running.application()?)).ok()?;
    status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// What the whole run gave.
pub struct Outcome {
    pub clients: Vec<Seen>,
    /// When each restart was asked for, and was over.
    pub restarts: Vec<(Duration, Duration)>,
    /// Memory of the application after its restart: time and KiB.
    pub memory: Vec<(Duration, u64)>,
}

/// Load for so long: the application restarts after a fifth of the time, the database after two fifths.
pub fn load(running: &Running, clients: usize, length: Duration) -> Outcome {
    let bearer = format!("Bearer {}", running.token());
    let (since, over, port) = (Instant::now(), AtomicBool::new(false), running.ports["application"]);
    let (mut restarts, mut memory) = (Vec::new(), Vec::new());
    let seen = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|n| {
                scope.spawn({
                    let (bearer, over) = (&bearer, &over);
                    move || client(n, port, bearer, since, over)
                })
            })
            .collect();
        for (part, what) in [(1, "application"), (2, "base")] {
            std::thread::sleep((length / 5 * part).saturating_sub(since.elapsed()));
            let (asked, before) = (since.elapsed(), running.said().matches(&format!("{what} répond.")).count());
            running.restart(what);
            let until = Instant::now() + Duration::from_mins(1);
            while running.said().matches(&format!("{what} répond.")).count() == before {
                assert!(Instant::now() < until, "{what} does not restart:\n{}", running.said());
                std::thread::sleep(Duration::from_millis(50));
            }
            restarts.push((asked, since.elapsed()));
        }
        while since.elapsed() < length {
            std::thread::sleep(Duration::from_millis(500));
            memory.extend(resident(running).map(|kib| (since.elapsed(), kib)));
        }
        over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    Outcome { clients: seen, restarts, memory }
}

/// Ids of every object in the database, asked as its superuser.
pub fn stored(running: &Running) -> BTreeSet<String> {
    let script = "import json, psycopg, sys\n\
        secrets = json.load(open('dev/.etat/secrets.json'))\n\
        with psycopg.connect(host='127.0.0.1', port=sys.argv[1], user='postgres', password=secrets['superutilisateur'], dbname='demo') as base:\n\
        \x20   for (id,) in base.execute('SELECT id FROM demo.demande'): print(id)\n";
    let python = running.app.join("backend/.venv/bin/python");
    let ran = Command::new(python).args(["-c", script, &running.ports["base"].to_string()]).current_dir(&running.app).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Middle value of a slice of samples.
pub fn median(samples: &[(Duration, u64)]) -> u64 {
    let mut values: Vec<u64> = samples.iter().map(|(_, kib)| *kib).collect();
    values.sort_unstable();
    values[values.len() / 2]
}
