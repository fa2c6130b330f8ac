//! The control plane that most tests share, each in its own namespaces: it is started once, whatever the order of the tests.

use std::ops::Deref;
use std::sync::{Arc, OnceLock, mpsc};

use crate::accepted::OLDER;
use crate::admitted;
use crate::argocd::ArgoCd;
use crate::operators;
use crate::plane::Plane;

/// A control plane with the operators at admission, the platform's policies on one namespace, and Argo CD.
pub struct Cluster {
    pub plane: Plane,
    pub argo: ArgoCd,
}

impl Cluster {
    pub fn start() -> Self {
        let plane = Plane::start(&OLDER);
        plane.live();
        for name in ["argocd", "admis", "libre"] {
            plane.done(&["create", "namespace", name]);
        }
        operators::cnpg(&plane);
        admitted::platform(&plane);
        let argo = ArgoCd::start(&plane);
        Self { plane, argo }
    }
}

/// The shared cluster, as a test holds it: the last words of its programs are shown when the test fails.
pub struct Held(Arc<Cluster>);

impl Deref for Held {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprint!("{}", self.plane.last_words());
        }
    }
}

/// The cluster that tests share. Its programs are started by a thread that never ends: they live as long as the thread that
/// started them (`Process::start`), and a test's ends with the test.
pub fn shared() -> Held {
    static SHARED: OnceLock<Option<Arc<Cluster>>> = OnceLock::new();
    let started = || {
        let (give, take) = mpsc::channel();
        std::thread::spawn(move || {
            give.send(Arc::new(Cluster::start())).unwrap();
            loop {
                std::thread::park();
            }
        });
        take.recv().ok()
    };
    Held(SHARED.get_or_init(started).clone().expect("the shared cluster did not start: its reason is above"))
}
