//! The primary chain (GitHub, GitLab), and what stands around it: tests, quality, scans, mirroring, deployments by hand.

mod deploy;
mod mirror;
mod rows;
mod shape;
mod work;
mod workflows;

pub use rows::RULES;

use crate::check::Report;
use crate::check::ci::{self, Forge};
use crate::check::view::View;

/// Checks every chain, Makefile and script.
pub fn check(view: &mut View<'_>) -> Report {
    let mut report = Report::default();
    let chains = ci::chains(view);
    let primary: Vec<&ci::Chain> = chains.iter().filter(|chain| chain.forge != Forge::Dso).collect();
    work::check(&mut report, view, &primary);
    mirror::check(&mut report, view, &primary);
    workflows::check(&mut report, view, &primary);
    shape::check(&mut report, view);
    deploy::check(&mut report, view, &chains);
    report
}
