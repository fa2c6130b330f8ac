//! Where a base image comes from, and whether someone still maintains it.

use crate::text::Text;

/// Docker Official Images, by name (`docker-library/official-images`, folder `library/`): those an application starts from.
const OFFICIAL: [&str; 69] = [
    "alpine",
    "almalinux",
    "amazoncorretto",
    "amazonlinux",
    "bash",
    "buildpack-deps",
    "busybox",
    "caddy",
    "cassandra",
    "clojure",
    "composer",
    "couchdb",
    "dart",
    "debian",
    "docker",
    "drupal",
    "eclipse-mosquitto",
    "eclipse-temurin",
    "elasticsearch",
    "elixir",
    "erlang",
    "fedora",
    "gcc",
    "ghost",
    "golang",
    "gradle",
    "groovy",
    "haproxy",
    "haskell",
    "httpd",
    "ibm-semeru-runtimes",
    "influxdb",
    "jetty",
    "joomla",
    "julia",
    "kibana",
    "kong",
    "logstash",
    "mariadb",
    "matomo",
    "maven",
    "memcached",
    "mongo",
    "mysql",
    "neo4j",
    "nextcloud",
    "nginx",
    "node",
    "open-liberty",
    "openresty",
    "oraclelinux",
    "perl",
    "php",
    "postgres",
    "pypy",
    "python",
    "r-base",
    "rabbitmq",
    "redis",
    "rockylinux",
    "ruby",
    "rust",
    "sapmachine",
    "solr",
    "spark",
    "swift",
    "tomcat",
    "ubuntu",
    "wordpress",
];

/// Publishers whose images are maintained in the open and made to run without root, or known of the platform: distroless,
/// Red Hat's universal base images and SCL, Chainguard, Microsoft, unprivileged nginx, a few makers of one product, and French
/// administrations that publish base images of their own.
const PUBLISHERS: [&str; 36] = [
    "gcr.io/distroless/",
    "registry.access.redhat.com/",
    "registry.redhat.io/",
    "registry.fedoraproject.org/",
    "quay.io/sclorg/",
    "quay.io/centos/",
    "quay.io/fedora/",
    "quay.io/keycloak/",
    "quay.io/jupyter/",
    "cgr.dev/",
    "mcr.microsoft.com/",
    "public.ecr.aws/docker/library/",
    "ghcr.io/astral-sh/",
    "ghcr.io/cloudnative-pg/",
    "ghcr.io/graalvm/",
    "docker.io/nginxinc/",
    "docker.io/astral/",
    "docker.io/denoland/",
    "docker.io/oven/",
    "docker.io/hashicorp/",
    "docker.io/grafana/",
    "docker.io/apache/",
    "docker.io/rocker/",
    "docker.io/nvidia/",
    "docker.io/pytorch/",
    "nvcr.io/nvidia/",
    "docker.io/vllm/",
    "ghcr.io/cloud-pi-native/",
    "ghcr.io/dnum-mi/",
    "ghcr.io/socialgouv/",
    "ghcr.io/etalab-ia/",
    "ghcr.io/suitenumerique/",
    "docker.io/lasuite/",
    "docker.io/inseefr/",
    "docker.io/inseefrlab/",
    "ghcr.io/inseefrlab/",
];

/// Full name and tag: `python:3.13` is `docker.io/library/python` and `3.13`. The digest is left out.
#[must_use]
pub fn named(image: &str) -> (String, String) {
    let image = image.split('@').next().unwrap_or_default();
    let (name, tag) = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, ""),
    };
    let first = name.split('/').next().unwrap_or_default();
    let host = name.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    let name = name.strip_prefix("docker.io/").or_else(|| name.strip_prefix("index.docker.io/")).unwrap_or(name);
    let full = match (host && first != "docker.io" && first != "index.docker.io", name.contains('/')) {
        (true, _) => name.to_owned(),
        (false, true) => format!("docker.io/{name}"),
        (false, false) => format!("docker.io/library/{name}"),
    };
    (full, tag.to_owned())
}

/// Name of a Docker Official Image, through whichever mirror of `library/`.
fn official(full: &str) -> Option<&str> {
    let (_, name) = full.split_once("/library/")?;
    OFFICIAL.contains(&name).then_some(name)
}

/// Whether the publisher is known.
#[must_use]
pub fn recognised(image: &str) -> bool {
    let (full, _) = named(image);
    official(&full).is_some() || PUBLISHERS.iter().any(|publisher| full.starts_with(publisher))
}

/// Images of the Docker library that do not run as root, or not always: what a file without `USER` runs as is not known.
const LIBRARY_WITH_USER: [&str; 14] = [
    "elasticsearch",
    "kibana",
    "logstash",
    "solr",
    "jetty",
    "memcached",
    "haproxy",
    "varnish",
    "sonarqube",
    "neo4j",
    "flink",
    "eclipse-mosquitto",
    "hitch",
    "crate",
];

/// Whether an image runs as root when nothing says otherwise; none when that is not known. The images of the Docker library
/// do, but for a few; those without root say so (README of distroless, of docker-nginx-unprivileged; Dockerfile of Keycloak).
#[must_use]
pub fn runs_as_root(image: &str) -> Option<bool> {
    let (full, tag) = named(image);
    let distroless = full.starts_with("gcr.io/distroless/");
    if (distroless && tag.ends_with("nonroot")) || full == "docker.io/nginxinc/nginx-unprivileged" || full == "quay.io/keycloak/keycloak" {
        return Some(false);
    }
    let library = full.strip_prefix("docker.io/library/");
    let root = distroless || image == "scratch" || library.is_some_and(|name| !LIBRARY_WITH_USER.contains(&name));
    root.then_some(true)
}

/// A version; every one of its number when the second is 99.
type Version = (u32, u32);

/// Versions that nobody corrects any more, and since when (<https://endoflife.date>, read on 2026-11-22): the list only
/// grows. Newest version that ended; then what ended although a former one did not.
const ENDED: [(&str, Version, &[Version]); 8] = [
    ("alpine", (3, 21), &[]),
    ("debian", (11, 99), &[]),
    ("node", (21, 99), &[(23, 99), (25, 99)]),
    ("php", (8, 1), &[]),
    ("postgres", (14, 99), &[]),
    ("python", (3, 10), &[]),
    ("ruby", (3, 2), &[]),
    ("ubuntu", (21, 99), &[(22, 10), (23, 99), (24, 10), (25, 99)]),
];

/// Debian releases that ended, as tags name them.
const RELEASES: [&str; 4] = ["jessie", "stretch", "buster", "bullseye"];

/// Why nobody corrects an image any more, if so.
#[must_use]
pub fn ended(image: &str) -> Option<Text> {
    let (full, tag) = named(image);
    if ["docker.io/bitnami/", "docker.io/bitnamilegacy/", "public.ecr.aws/bitnami/"].iter().any(|maker| full.starts_with(maker)) {
        return Some(text(image, "Bitnami n'y publie plus de correction", "Bitnami publishes no correction there any more"));
    }
    let product = full.split_once("/library/")?.1;
    if matches!(product, "centos" | "openjdk" | "java" | "adoptopenjdk") {
        return Some(text(image, "image officielle abandonnée", "abandoned official image"));
    }
    if let Some(release) = tag.split(['-', '.']).find(|part| RELEASES.contains(part)) {
        return Some(text(image, &format!("Debian {release} n'est plus corrigée"), &format!("Debian {release} is not corrected any more")));
    }
    if let Some(version) = tag.split("alpine").nth(1).filter(|v| over("alpine", v)) {
        return Some(text(image, &format!("Alpine {version} n'est plus corrigée"), &format!("Alpine {version} is not corrected any more")));
    }
    over(product, &tag).then(|| text(image, "version qui n'est plus corrigée", "version that is not corrected any more"))
}

fn text(image: &str, fr: &str, en: &str) -> Text {
    crate::text!("{image} : {fr}", "{image}: {en}")
}

fn over(product: &str, tag: &str) -> bool {
    let Some((_, newest, others)) = ENDED.iter().find(|(name, _, _)| *name == product) else { return false };
    let mut numbers = tag.split(['-', '.', '_']).map(str::parse::<u32>);
    let Some(Ok(major)) = numbers.next() else { return false };
    let minor = numbers.next().and_then(Result::ok);
    // `3` alone follows the newest release of that number.
    let within = |(top, low): (u32, u32)| if low == 99 { major == top } else { major == top && minor.is_some_and(|minor| minor <= low) };
    let below = major < newest.0 || within(*newest);
    let exactly = |(top, low): (u32, u32)| major == top && (low == 99 || minor == Some(low));
    below || others.iter().any(|other| exactly(*other))
}

#[cfg(test)]
mod tests {
    use super::{ended, recognised};

    #[test]
    fn versions_that_ended_are_told_from_those_that_live() {
        for image in [
            "python:3.10-slim",
            "docker.io/library/python:2.7",
            "node:18-alpine",
            "node:23",
            "node:22-bullseye-slim",
            "nginx:1.29-alpine3.18",
            "debian:buster-20240101",
            "ubuntu:20.04",
            "ubuntu:24.10",
            "openjdk:21",
            "bitnami/redis:7",
            "postgres:14.1",
            "php:7.4-fpm",
        ] {
            assert!(ended(image).is_some(), "{image}");
        }
        for image in [
            "python:3.13-slim-bookworm",
            "python:3",
            "node:22",
            "node:lts",
            "node:24-alpine3.22",
            "node:24-alpine",
            "ubuntu:24.04",
            "ubuntu:22.04",
            "postgres:17",
            "gcr.io/distroless/python3:nonroot",
            "nginx:1.29",
            "php:8.3-fpm",
            "ghcr.io/x/python:3.1",
        ] {
            assert_eq!(ended(image), None, "{image}");
        }
    }

    #[test]
    fn a_publisher_is_known_through_a_mirror_too() {
        for image in [
            "python:3.13",
            "docker.io/node:24",
            "harbor.exemple.fr/dockerhub/library/python:3",
            "gcr.io/distroless/static",
            "nginxinc/nginx-unprivileged:1",
        ] {
            assert!(recognised(image), "{image}");
        }
        for image in ["quelquun/python:3", "ghcr.io/quelquun/outil:1", "pyhton:3"] {
            assert!(!recognised(image), "{image}");
        }
    }
}
