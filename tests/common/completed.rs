//! A generated project that nothing waits for any more: values given, attestations signed.
#![allow(dead_code, clippy::unwrap_used, clippy::disallowed_methods, reason = "each test uses its part, and panics")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mirai_kit::check::judge::{Options, judge};
use mirai_kit::check::status::RowStatus;
use mirai_kit::check::verdict::{Selection, Verdict, verdict};
use mirai_kit::kit::Kit;
use mirai_kit::requirements::Lists;

use crate::run::Test;
use crate::tools::tool;

const TODAY: &str = "2026-01-15";

/// A project, its outside values known and its attestations signed: defaults but for these answers.
pub fn completed(answers: &[&str]) -> Test {
    let test = Test::new();
    let given = ["services_onyxia=[]", "registre=registre.exemple.fr"];
    let set: Vec<&str> = given.iter().chain(answers).flat_map(|answer| ["--set", answer]).collect();
    test.run_with(&[&["new", "demo", "--defaults", "--no-git"][..], &set].concat()).code(0);
    for (path, bytes) in test.tree("demo") {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let mut known = text.replace("a-completer.invalid", "exemple.fr").replace("a-completer", "complet");
        if path.contains("docs/conformite/attestations/") && !path.contains("LISEZ-MOI") {
            known = known.replace("par: \"\"", "par: \"Camille Durand\"").replace("le: \"\"", "le: \"2026-01-05\"");
            known = known.replace("jusqu_au: \"\"", "jusqu_au: \"2026-12-31\"").replace("reference: \"\"", "reference: \"PV 2026-1\"");
        }
        if known != text {
            fs::write(test.folder().join("demo").join(path), known).unwrap();
        }
    }
    test
}

/// What judges it.
pub struct Ground {
    pub kit: Kit,
    pub lists: Lists,
    helm: tempfile::TempDir,
}

/// Stands before helm: what it printed of a folder is kept, and printed again for the same folder.
const ONCE: &str = "#!/bin/sh
set -eu
export PATH=/usr/bin:/bin
here=${0%/*}
key=$( (printf '%s\\n' \"$@\"; find . -type f | LC_ALL=C sort | xargs -d '\\n' tail -n +1 --) | sha256sum | cut -c1-64)
if [ ! -e \"$here/$key\" ]; then
  \"$here/real\" \"$@\" > \"$here/$key.$$\"
  mv \"$here/$key.$$\" \"$here/$key\"
fi
exec /bin/cat \"$here/$key\"
";

impl Ground {
    pub fn new() -> Self {
        let kit = Kit::embedded().unwrap();
        let lists = Lists::load(&kit.files).unwrap();
        let helm = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(tool("helm4/helm"), helm.path().join("real")).unwrap();
        fs::write(helm.path().join("helm"), ONCE).unwrap();
        fs::set_permissions(helm.path().join("helm"), fs::Permissions::from_mode(0o755)).unwrap();
        Self { kit, lists, helm }
    }

    pub fn check(&self, root: &Path) -> Verdict {
        self.check_with(root, &[])
    }

    pub fn check_with(&self, root: &Path, rendered: &[(String, String)]) -> Verdict {
        self.check_by(&self.helm.path().join("helm"), root, rendered)
    }

    /// The same, with another program in the place of helm.
    pub fn check_by(&self, helm: &Path, root: &Path, rendered: &[(String, String)]) -> Verdict {
        let options = Options { helm: Some(helm), lists: Some(&self.lists), today: Some(TODAY), rendered, ..Options::default() };
        verdict("demo".into(), judge(root, options).unwrap(), &self.kit, &self.lists, &Selection::default(), None)
    }
}

/// Copies a folder, but for one file.
pub fn copy(from: &Path, to: &Path, without: &str) {
    let mut waiting = vec![String::new()];
    while let Some(at) = waiting.pop() {
        fs::create_dir_all(to.join(&at)).unwrap();
        for entry in fs::read_dir(from.join(&at)).unwrap() {
            let entry = entry.unwrap();
            let path = if at.is_empty() { entry.file_name().into_string().unwrap() } else { format!("{at}/{}", entry.file_name().to_str().unwrap()) };
            if entry.file_type().unwrap().is_dir() {
                waiting.push(path);
            } else if path != without {
                fs::copy(entry.path(), to.join(path)).unwrap();
            }
        }
    }
}

/// A row of a verdict.
pub fn row<'a>(verdict: &'a Verdict, requirement: &str) -> &'a RowStatus {
    verdict.rows.iter().find(|r| r.requirement == requirement).unwrap()
}
