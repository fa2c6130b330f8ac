//! What an application takes from the platform rather than bring it: its image registry, its gateway to language models.

use serde_json::Value;

use super::Scene;
use crate::check::catalog::Rule;
use crate::check::catalog::Strength::Cct;
use crate::check::repository::Input::Manifests;
use crate::check::{Pod, Report, cite, escaped, items, kind, text};
use crate::text;
use crate::text::Text;

/// Rows of the catalogue.
pub const RULES: &[Rule] = &[
    Rule::error(
        "platform-registry",
        Manifests,
        Cct,
        ("image de l'application tirée d'un autre registre que celui du projet", "image of the application pulled from another registry than the project's"),
        ("poussez l'image dans le registre du projet, et désignez-la là", "push the image to the project's registry, and name it there"),
    )
    .because((
        "EXI-ARCH-13 : le registre d'images est un service de la plateforme. Les images des charts du catalogue, qui viennent d'ailleurs, relèvent d'une autre facette, attestée.",
        "EXI-ARCH-13: the image registry is a service of the platform. Images of the catalogue's charts, which come from elsewhere, belong to another facet, attested.",
    ))
    .of_charts(),
    Rule::warning(
        "llm-gateway",
        Manifests,
        Cct,
        ("modèle de langage pris hors de la passerelle", "language model taken from outside the gateway"),
        ("donnez à l'application l'adresse de la passerelle de Mirai", "give the application the address of Mirai's gateway"),
    )
    .because((
        "EXI-G-4 (liste du 17 mars 2025) : la passerelle mutualise le calcul intensif ; un fournisseur du dehors reçoit en outre les données. Une plateforme qui sert elle-même des modèles est dans son rôle, d'où l'avertissement.",
        "EXI-G-4 (list of 17 March 2025): the gateway shares intensive computing; an outside provider also receives the data. A platform that serves models itself is in its part, hence the warning.",
    )),
];

/// Hosts of the gateway, the present one first, then those that earlier pages of its documentation name
/// (`mirai-api`, `docs/documentation/authentification.md`).
const GATEWAYS: [&str; 3] = ["api.mirai.interieur.gouv.fr", "gateway.api.ai.numerique-interieur.com", "llm.api.ai.numerique-interieur.com"];

/// Hosts of providers outside the ministry.
const OUTSIDE: [&str; 10] = [
    "api.openai.com",
    ".openai.azure.com",
    "api.anthropic.com",
    "api.mistral.ai",
    "openrouter.ai",
    "generativelanguage.googleapis.com",
    "api.groq.com",
    "api.together.xyz",
    "api.cohere.com",
    "api.deepseek.com",
];

/// Settings that hold the address of a model.
const SETTINGS: [&str; 9] = [
    "OPENAI_BASE_URL",
    "OPENAI_API_BASE",
    "OPENAI_API_BASE_URL",
    "OPENAI_API_BASE_URLS",
    "OPENAI_API_HOST",
    "LLM_BASE_URL",
    "LLM_API_URL",
    "LLM_API_BASE",
    "LLM_URL",
];

/// Images that serve a model, by a part of their name.
const SERVERS: [&str; 9] = [
    "vllm/vllm-openai",
    "ollama/ollama",
    "huggingface/text-generation-inference",
    "ggml-org/llama.cpp",
    "ggerganov/llama.cpp",
    "lmsysorg/sglang",
    "openmmlab/lmdeploy",
    "nvcr.io/nim/",
    "localai/localai",
];

/// Whether a pod is the project's own: what a vendored chart renders is another's.
pub(super) fn own(scene: &Scene<'_>, pod: &Pod) -> bool {
    !pod.operator && !(scene.file)(pod.index).contains("/charts/")
}

/// Checks each object alone.
#[must_use]
pub fn check(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    for pod in scene.pods {
        for container in pod.containers() {
            let image = text(container.value, "/image");
            if let Some(registry) = scene.registry.filter(|_| own(scene, pod)) {
                let host = format!("{}/", registry.split('/').next().unwrap_or_default());
                let problem = (!image.starts_with(&host)).then(|| text!("{image:?} ne vient pas de {host}", "{image:?} does not come from {host}"));
                report.see_at("platform-registry", &pod.cite(container), &pod.place(container, "/image"), problem);
            }
            if let Some(served) = SERVERS.iter().find(|server| image.contains(*server)) {
                let problem = Some(text!("{served} : l'application sert elle-même un modèle", "{served}: the application serves a model itself"));
                report.see_at("llm-gateway", &pod.cite(container), &pod.place(container, "/image"), problem);
            }
            for (index, variable) in items(container.value, "/env").enumerate() {
                let at = pod.place(container, &format!("/env/{index}/value"));
                address(&mut report, scene, &pod.cite(container), &at, text(variable, "/name"), text(variable, "/value"));
            }
        }
    }
    for object in scene.objects.iter().filter(|o| kind(o) == "ConfigMap") {
        for (key, value) in object.get("data").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            address(&mut report, scene, &cite(object), &format!("/data/{}", escaped(key)), key, value);
        }
    }
    report
}

/// Checks what needs every object: an application that calls models through the gateway says so somewhere.
#[must_use]
pub fn whole(scene: &Scene<'_>) -> Report {
    let mut report = Report::default();
    let asked = scene.answers.is_some_and(|a| a.get("ia").and_then(Value::as_str) == Some("passerelle-mirai"));
    let served = |pod: &&Pod| own(scene, pod) && pod.kind == "Deployment";
    if let Some(pod) = scene.pods.iter().find(served).filter(|_| asked && scene.charts) {
        let told = check(scene).examined.contains_key("llm-gateway");
        let problem =
            (!told).then(|| Text::new("aucune adresse de passerelle dans sa configuration", "no address of a gateway in its configuration"));
        report.see_at("llm-gateway", &pod.owner, "/kind", problem);
    }
    report
}

fn address(report: &mut Report, scene: &Scene<'_>, cited: &str, at: &str, setting: &str, value: &str) {
    if !SETTINGS.contains(&setting) || value.is_empty() {
        return;
    }
    let host = value.split_once("://").map_or(value, |(_, rest)| rest).split(['/', ':', '?']).next().unwrap_or_default();
    let gateway = GATEWAYS.contains(&host);
    let outside = OUTSIDE.iter().any(|known| host == *known || (known.starts_with('.') && host.ends_with(known)));
    // Another host may be a proxy of the team's: only a project that chose the gateway is held to it.
    let held = scene.answers.is_some_and(|a| a.get("ia").and_then(Value::as_str) == Some("passerelle-mirai"));
    if gateway || outside || held {
        let problem = (!gateway).then(|| text!("{setting} : {host}", "{setting}: {host}"));
        report.see_at("llm-gateway", cited, at, problem);
    }
}
