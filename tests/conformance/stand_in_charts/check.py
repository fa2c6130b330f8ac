#!/usr/bin/env python3
"""Runs the generated Onyxia wrappers through Helm with the stand-in charts, and judges the rendered pods.

For each wrapper: `helm dependency build` from a local repository, `helm lint --strict`, `helm template` per values file;
then the platform's pod rules (labels app/env/tier, four resources, probe, image version and registry, no runAsUser/runAsGroup/
fsGroup, volumes under 1Ti, no Onyxia-only object). A rule that the catalogue records as unmet must really be unmet: else
the recorded warning is stale, and that fails too. The archive check is shown a wrong archive and a right one.

Usage: check.py CATALOGUE.yaml STAND_INS WRAPPER_DIR... [--helm HELM]
"""

import hashlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path

import yaml

REGISTRIES = ("docker.io/", "harbor.io/", "registry.redhat.io/", "quay.io/", "bitnami/", "ghcr.io/")
FORBIDDEN = {"runAsUser", "runAsGroup", "fsGroup", "privileged", "hostPath"}


class StrictLoader(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(k, deep=deep) for k, _ in node.value]
        twice = {k for k in keys if keys.count(k) > 1}
        if twice:
            raise yaml.YAMLError(f"duplicate keys {twice} at {node.start_mark}")
        return super().construct_mapping(node, deep)


def fully_qualified(image):
    first = image.split("/")[0]
    if "/" not in image:
        return "docker.io/library/" + image
    return image if "." in first or ":" in first or first == "localhost" else "docker.io/" + image


def walk(node):
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from walk(value)
    elif isinstance(node, list):
        for item in node:
            yield from walk(item)


def broken_rules(documents, own_secret, application):
    """The rules that the rendered objects break, as {rule: first example}."""
    found = {}

    def add(rule, what):
        found.setdefault(rule, what)

    pods = 0
    for document in documents:
        kind, name = document.get("kind"), document.get("metadata", {}).get("name")
        if kind in ("Ingress", "Route") or (kind == "Secret" and str(name).startswith("discoverable-")):
            add("objet-onyxia", f"{kind}/{name}")
        if kind == "Secret" and name != "opensearch-env-secret":
            add("secret-en-clair", f"Secret/{name}")
        if kind not in ("Deployment", "StatefulSet", "Job"):
            continue
        pods += 1
        template = document["spec"]["template"]
        labels, spec = template.get("metadata", {}).get("labels", {}), template["spec"]
        selector = document["spec"].get("selector", {}).get("matchLabels", {})
        if any(labels.get(k) != v for k, v in selector.items()):
            add("selecteur", f"{kind}/{name}")
        if not {"app", "env", "tier"} <= set(labels):
            add("check-labels", f"{kind}/{name}")
        elif labels["app"] != application:
            add("app", f"{kind}/{name}: {labels['app']}")
        if labels.get("component") in ("coordinator", "worker", "standalone"):
            add("component", f"{kind}/{name}")
        for key, value in walk(spec):
            if key in FORBIDDEN and value is not None and value is not False:
                add("securityContext-impose", f"{kind}/{name}: {key}")
        containers = spec["containers"]
        for c in containers + (spec.get("initContainers") or []):
            resources = c.get("resources") or {}
            if not all(resources.get(a, {}).get(b) for a in ("requests", "limits") for b in ("cpu", "memory")):
                add("need-containers-ressources", f"{kind}/{name}/{c['name']}")
            image = c["image"]
            if not re.search(r":[^:/]+$", image) or image.endswith(":latest"):
                add("disallow-latest", image)
            if not fully_qualified(image).startswith(REGISTRIES):
                add("restrict-image-registry", image)
            if "bitnamilegacy" in image and kind != "Job":
                add("image-maintenue", image)
            for variable in c.get("env") or []:
                if re.search(r"AUTH|PASSWORD|SECRET|KEY", variable["name"]) and "value" in variable:
                    add("secret-en-clair", f"{kind}/{name}: {variable['name']}")
            if any(re.search(r"://[^:]+:[^@]+@", a) for a in c.get("args") or []):
                add("secret-en-clair", f"{kind}/{name}: args")
        for c in containers:
            if kind != "Job" and not {"livenessProbe", "readinessProbe", "startupProbe"} & set(c):
                add("need-liveness-readiness", f"{kind}/{name}/{c['name']}")
        for claim in document["spec"].get("volumeClaimTemplates", []):
            if re.search(r"(Ti|Pi)$", claim["spec"]["resources"]["requests"]["storage"]):
                add("limit-size-pvc", f"{kind}/{name}")
    if not pods:
        add("aucun-pod", "no workload rendered")
    if own_secret and not any(d.get("kind") == "VaultStaticSecret" and d["metadata"]["name"] == own_secret for d in documents):
        add("secret-absent", own_secret)
    return found, pods


# Rules of the catalogue that the stand-ins' small templates don't show: judged by reading the real chart only.
NOT_SEEN = {"cm-no-credentials", "securityContext", "test-sans-ressources"}


def run(*command, **kwargs):
    return subprocess.run(command, capture_output=True, text=True, **kwargs)


def serve(folder):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def judge(wrapper, service, base_url, helm, work, errors):
    copy = work / wrapper.name
    shutil.copytree(wrapper, copy)
    chart = (copy / "Chart.yaml").read_text()
    if service["repository"] not in chart or service["digest"] not in chart:
        errors.append(f"{wrapper.name}: Chart.yaml lacks the catalogue's repository or digest")
        return 0
    (copy / "Chart.yaml").write_text(chart.replace(service["repository"], f"{base_url}/{service['catalogue']}"))
    built = run(helm, "dependency", "build", str(copy))
    if built.returncode:
        errors.append(f"{wrapper.name}: dependency build: {built.stderr.strip()}")
        return 0
    # The archive check: the stand-in is not the catalogue's archive, so it must be refused; then accepted by its own digest.
    script = copy / "scripts" / "verifier-archive.sh"
    if run("sh", str(script)).returncode != 1:
        errors.append(f"{wrapper.name}: verifier-archive.sh accepted another archive")
    archive = next((copy / "charts").glob("*.tgz"))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    text = (copy / "Chart.yaml").read_text()
    (copy / "Chart.yaml").write_text(text.replace(service["digest"], digest))
    good = run("sh", str(script))
    if good.returncode:
        errors.append(f"{wrapper.name}: verifier-archive.sh refused the right archive: {good.stderr}")
    rendered = 0
    for values in sorted(copy.glob("values-*.yaml")):
        lint = run(helm, "lint", "--strict", str(copy), "-f", str(values))
        if lint.returncode:
            errors.append(f"{wrapper.name} {values.name}: lint: {lint.stdout.strip()} {lint.stderr.strip()}")
        out = run(helm, "template", "rel", str(copy), "-f", str(values))
        if out.returncode:
            errors.append(f"{wrapper.name} {values.name}: template: {out.stderr.strip()}")
            continue
        try:
            documents = [d for d in yaml.load_all(out.stdout, Loader=StrictLoader) if d]
        except yaml.YAMLError as error:
            errors.append(f"{wrapper.name} {values.name}: {error}")
            continue
        platform = yaml.safe_load((copy / "values.yaml").read_text())["plateforme"]
        own = platform["secret"]
        found, pods = broken_rules(documents, own["nom"] if own["mode"] == "vault" else "", platform["etiquettes"]["app"])
        recorded = {u["rule"] for u in service["unmet"]}
        for rule in sorted(set(found) - recorded):
            errors.append(f"{wrapper.name} {values.name}: {rule} broken and not recorded: {found[rule]}")
        for rule in sorted(recorded - set(found) - NOT_SEEN):
            errors.append(f"{wrapper.name} {values.name}: {rule} recorded as unmet but met")
        rendered += pods
    # A bad sample: a key that the chart does not have must be refused by its schema.
    bad = run(helm, "template", "rel", str(copy), "--set", f"{service['chart']}.cleInconnue=1")
    if bad.returncode == 0:
        errors.append(f"{wrapper.name}: an unknown key was accepted")
    return rendered


def main(arguments):
    helm = "helm"
    if "--helm" in arguments:
        at = arguments.index("--helm")
        helm = arguments[at + 1]
        del arguments[at:at + 2]
    if len(arguments) < 3:
        raise SystemExit(__doc__)
    services = {s["id"]: s for s in yaml.safe_load(Path(arguments[0]).read_text())["services"]}
    errors, pods = [], 0
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        for name in ("CACHE", "CONFIG", "DATA"):
            os.environ[f"HELM_{name}_HOME"] = str(work / f"helm-{name.lower()}")
        server = serve(Path(arguments[1]))
        base_url = f"http://127.0.0.1:{server.server_address[1]}"
        for folder in arguments[2:]:
            wrapper = Path(folder)
            name = yaml.safe_load((wrapper / "Chart.yaml").read_text())["name"]
            pods += judge(wrapper, services[name], base_url, helm, work, errors)
        server.shutdown()
    for error in errors:
        print(error, file=sys.stderr)
    print(f"{len(arguments) - 2} wrappers, {pods} workloads judged, {len(errors)} errors")
    return 1 if errors or not pods else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
