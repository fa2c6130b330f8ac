//! The folder of the workstation (`dev/`, what `make dev` starts) kept out of the image.

use parse_dockerfile::Instruction;

use super::model::{Model, flag, sources};
use crate::check::Report;
use crate::check::repository::Input::Dockerfiles;
use crate::check::repository::join;
use crate::check::view::View;
use crate::text;

/// Judges what an image of a project with stand-ins takes from the project's folder.
pub fn check(report: &mut Report, view: &mut View<'_>, path: &str, model: &Model<'_, '_>) {
    let root = view.projects().into_iter().find(|root| {
        let inside = root.is_empty() || path.strip_prefix(root.as_str()).is_some_and(|rest| rest.starts_with('/'));
        inside && view.has(&join(root, "dev/demarrer.py"))
    });
    let Some(root) = root else { return };
    let ignored = view.text(Dockerfiles, &join(&root, ".dockerignore")).is_some_and(|text| leaves_out(&text));
    for (line, step) in model.steps() {
        let (verb, flags, files) = match step {
            Instruction::Add(add) => ("ADD", &add.options, &add.src),
            Instruction::Copy(copy) => ("COPY", &copy.options, &copy.src),
            _ => continue,
        };
        if flag(flags, "from").is_some() {
            continue;
        }
        for source in sources(files) {
            let first = source.trim_start_matches("./").trim_start_matches('/').split('/').next().unwrap_or_default();
            let whole = first.is_empty() || first == "." || first.contains('*');
            let problem = (first == "dev" || (whole && !ignored))
                .then(|| text!("{verb} {source} emporte les doublures de dev/", "{verb} {source} takes the stand-ins of dev/"));
            report.see_in("stand-in-in-image", path, Some(line), problem);
        }
    }
}

/// Whether the last line of a `.dockerignore` that speaks of `dev` leaves it out.
fn leaves_out(text: &str) -> bool {
    text.lines().map(str::trim).fold(false, |out, line| {
        let (kept, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        match pattern.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/') {
            "*" | "**" | "dev" | "dev/**" | "dev/*" | "**/dev" => !kept,
            below if kept && below.starts_with("dev/") => false,
            _ => out,
        }
    })
}
