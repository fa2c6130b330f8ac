//! The rules, one domain per file: what they say (rows of the catalogue) and how they judge. A domain judges objects
//! (what an environment runs), the whole of an environment, or files. Every function is pure over what it is given.

pub mod access;
pub mod alerts;
pub mod argo;
pub mod charts;
pub mod cnpg;
pub mod consumed;
pub mod containers;
pub mod declared;
pub mod deploy;
pub mod dockerfile;
pub mod documents;
pub mod endpoints;
pub mod fields;
pub mod kyverno;
pub mod languages;
pub mod migrations;
pub mod names;
pub mod network;
pub mod openapi;
pub mod pipeline;
pub mod primary;
pub mod references;
pub mod rgpd;
pub mod rights;
pub mod secret_objects;
pub mod secrets;
pub mod services;
pub mod stand_ins;
pub mod validation;
pub mod values;
pub mod workloads;

use std::collections::BTreeSet;

use serde_json::Value;

use self::documents::matrix::Opened;
use super::catalog::Rule;
use super::view::View;
use super::{Pod, Report};

/// Objects, and what surrounds them.
pub struct Scene<'a> {
    /// The objects of one environment, or the raw manifests of the repository.
    pub objects: &'a [Value],
    /// One repository of a project that has several is judged without the others.
    pub alone: bool,
    /// The pods that they will run.
    pub pods: &'a [Pod],
    /// Registry of the project, when its answers name one.
    pub registry: Option<&'a str>,
    /// File that the object of an index comes from; empty when it is not known.
    pub file: &'a dyn Fn(usize) -> &'a str,
    /// Whether a chart renders the objects; otherwise they are raw manifests.
    pub charts: bool,
    /// Whether the object of an index stands in a production.
    pub production: &'a dyn Fn(usize) -> bool,
    /// What is deployed at once with the object of an index: its chart, or the folder of a raw manifest.
    pub unit: &'a dyn Fn(usize) -> &'a str,
    /// The `reponses` of `.mirai-kit.yaml`, when the project has one.
    pub answers: Option<&'a serde_json::Map<String, Value>>,
}

/// An object kept from each environment, to compare environments.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The environment, when it has a name.
    pub environment: Option<String>,
    /// Whether it is a production.
    pub production: bool,
    /// Where the object comes from.
    pub file: String,
    /// The object.
    pub object: Value,
}

impl Kept {
    /// The object and its environment, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{} ({})", super::cite(&self.object), self.environment.as_deref().unwrap_or("-"))
    }

    /// What rules compare between environments of an object: the whole of those of a few groups, the name and kind of the
    /// others, since memory is bounded.
    #[must_use]
    pub fn part(object: &Value) -> Value {
        let version = super::text(object, "/apiVersion");
        if ["postgresql.cnpg.io/", "barmancloud.cnpg.io/", "argoproj.io/"].iter().any(|group| version.starts_with(group)) {
            let mut whole = object.clone();
            for mark in [super::ORIGIN, super::WAITING] {
                whole.as_object_mut().and_then(|map| map.remove(mark));
            }
            return whole;
        }
        serde_json::json!({"apiVersion": version, "kind": super::kind(object), "metadata": {"name": super::name(object)}})
    }
}

/// A family of rules.
pub struct Domain {
    /// Its rows of the catalogue.
    pub rules: &'static [Rule],
    /// Judges objects one by one, or with those that they cite.
    pub objects: Option<fn(&Scene<'_>) -> Report>,
    /// Judges what holds only when every object of the environment is there: a missing one would be a false finding.
    pub whole: Option<fn(&Scene<'_>) -> Report>,
    /// Judges what environments share.
    pub across: Option<fn(&[Kept]) -> Report>,
    /// Judges files that are not Kubernetes objects.
    pub files: Option<fn(&mut View<'_>) -> Report>,
    /// Judges files against what network policies open, once every environment was seen.
    pub meeting: Option<fn(&mut View<'_>, &[Opened]) -> Report>,
}

impl Domain {
    const fn of(rules: &'static [Rule]) -> Self {
        Self { rules, objects: None, whole: None, across: None, files: None, meeting: None }
    }

    const fn objects(mut self, judge: fn(&Scene<'_>) -> Report) -> Self {
        self.objects = Some(judge);
        self
    }

    const fn whole(mut self, judge: fn(&Scene<'_>) -> Report) -> Self {
        self.whole = Some(judge);
        self
    }

    const fn across(mut self, judge: fn(&[Kept]) -> Report) -> Self {
        self.across = Some(judge);
        self
    }

    const fn files(mut self, judge: fn(&mut View<'_>) -> Report) -> Self {
        self.files = Some(judge);
        self
    }

    const fn meeting(mut self, judge: fn(&mut View<'_>, &[Opened]) -> Report) -> Self {
        self.meeting = Some(judge);
        self
    }
}

/// Every domain, in the order of the reports.
pub const DOMAINS: &[Domain] = &[
    Domain::of(kyverno::RULES).objects(|scene| kyverno::check(scene.objects, scene.registry)),
    Domain::of(fields::RULES).objects(|scene| fields::check(scene.objects)),
    Domain::of(validation::RULES).objects(validation::check),
    Domain::of(containers::RULES).objects(containers::check),
    Domain::of(workloads::RULES).objects(workloads::check).whole(workloads::whole),
    Domain::of(network::RULES).objects(network::check).whole(network::whole),
    Domain::of(access::RULES).objects(access::check).whole(access::whole),
    Domain::of(secret_objects::RULES).objects(secret_objects::check),
    Domain::of(names::RULES).objects(|scene| names::check(scene.objects)),
    Domain::of(services::RULES).whole(services::judge),
    Domain::of(stand_ins::RULES).objects(stand_ins::check),
    Domain::of(references::RULES).whole(|scene| references::check(scene.objects, &platform())),
    Domain::of(cnpg::RULES).objects(|scene| cnpg::check(scene.objects)),
    Domain::of(cnpg::archive::RULES).objects(cnpg::archive::check).across(cnpg::archive::across),
    Domain::of(cnpg::operation::RULES).objects(cnpg::operation::check).whole(cnpg::operation::monitored),
    Domain::of(cnpg::settings::RULES).objects(cnpg::settings::check),
    Domain::of(cnpg::recovery::RULES).files(cnpg::recovery::check),
    Domain::of(argo::RULES).objects(argo::check),
    Domain::of(argo::admitted::RULES).objects(argo::admitted::check),
    Domain::of(argo::application::RULES).objects(argo::application::check),
    Domain::of(argo::kinds::RULES).across(argo::kinds::across),
    Domain::of(argo::TREE).files(argo::described::check),
    Domain::of(deploy::RULES).whole(deploy::check),
    Domain::of(consumed::RULES).objects(consumed::check).whole(consumed::whole),
    Domain::of(endpoints::RULES).whole(endpoints::whole).files(endpoints::check),
    Domain::of(alerts::RULES).objects(alerts::objects).files(alerts::check),
    Domain::of(languages::RULES).files(languages::check),
    Domain::of(charts::RULES).files(charts::check),
    Domain::of(declared::RULES).files(declared::check),
    Domain::of(values::RULES).files(values::check),
    Domain::of(dockerfile::RULES).files(dockerfile::check),
    Domain::of(pipeline::RULES).files(pipeline::check),
    Domain::of(primary::RULES).files(primary::check),
    Domain::of(documents::RULES).files(documents::check),
    Domain::of(documents::matrix::RULES).meeting(documents::matrix::check),
    Domain::of(secrets::RULES).files(secrets::check),
    // Judged apart: they need the requirement lists, the day, or the findings of the others.
    Domain::of(super::records::RULES),
    Domain::of(super::waivers::RULES),
    Domain::of(super::ready::RULES),
    Domain::of(migrations::RULES).files(migrations::check),
    Domain::of(rights::RULES).files(rights::check),
    Domain::of(openapi::RULES).files(openapi::check),
    Domain::of(rgpd::RULES).whole(rgpd::scheduled).files(rgpd::check),
];

/// Objects that the platform puts in each namespace.
fn platform() -> BTreeSet<String> {
    BTreeSet::from(["registry-pull-secret".to_owned()])
}
