//! GitLab chains: what GitLab would refuse, and what Cloud π Native reads of the secondary one.

mod dso;
mod keywords;
mod rows;
mod shape;

pub use rows::RULES;

use crate::check::Report;
use crate::check::ci::{self, gitlab};
use crate::check::repository::join;
use crate::check::view::View;
use crate::text::Text;

/// Checks every GitLab chain; a project of mirai-kit has a secondary one.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let sources = gitlab::sources(view);
    for source in &sources {
        shape::check(&mut report, source);
        keywords::check(&mut report, source);
    }
    let chains = ci::chains(view);
    for chain in chains.iter().filter(|chain| chain.forge == ci::Forge::Dso) {
        if let Some(source) = sources.iter().find(|source| source.file == chain.file) {
            dso::check(&mut report, view, chain, source);
        }
    }
    for root in view.projects() {
        let expected = join(&root, gitlab::DSO);
        if !view.has(&expected) {
            report.see_in("dso-pipeline", &expected, None, Some(Text::new("le fichier est absent", "the file is missing")));
        }
    }
    report
}
