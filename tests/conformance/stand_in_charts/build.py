#!/usr/bin/env python3
"""Builds stand-ins of the Onyxia charts that the catalogue offers, in a local Helm repository.

The real archives can't be downloaded where the tests run. These stand-ins carry the real names, versions, app versions and
dependency names, and the real VALUE KEYS that our wrappers override (read in the public values.yaml of the same versions).
Their templates are our own and small: they put each value where the real template puts it, so that a label, a
resource or a security context set by a wrapper is seen on the rendered pod. A stand-in's values.schema.json refuses any
key it does not know: a wrapper that addresses a key the real chart does not have fails here.
They prove our overrides, not the real charts' templates: the archive's sha256 check does the rest where the archive is at hand.

Usage: build.py CATALOGUE.yaml OUTPUT_DIR [HELM]   → OUTPUT_DIR/{repository}/{chart}-{version}.tgz and index.yaml
"""

import json
import subprocess
import sys
from pathlib import Path

import yaml

# A value that a chart lets free (any type): the schema accepts what is below it.
FREE = object()


def pod(kind, name, labels, containers, *, app_name="", extra="", spec="", init="", replicas="1", claim=""):
    """A workload template. `labels` is template text that adds labels; `app_name` the app.kubernetes.io/name."""
    app_name = app_name or "{{ .Chart.Name }}"
    selector = f"app.kubernetes.io/name: {app_name}\napp.kubernetes.io/instance: {{{{ .Release.Name }}}}{extra}"
    text = f"""apiVersion: apps/v1
kind: {kind}
metadata:
  name: {name}
spec:
  replicas: {replicas}
"""
    if kind == "StatefulSet":
        text += f"  serviceName: {name}\n"
    text += "  selector:\n    matchLabels:\n" + indent(selector, 6)
    text += "  template:\n    metadata:\n      labels:\n" + indent(selector, 8) + indent(labels, 8)
    text += "    spec:\n" + indent(spec, 6)
    if init:
        text += "      initContainers:\n" + indent(init, 8)
    text += "      containers:\n" + indent(containers, 8)
    if claim:
        text += f"""  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        resources:
          requests:
            storage: {claim}
"""
    return text


def indent(text, width):
    return "".join(" " * width + line + "\n" for line in text.splitlines() if line.strip())


def merge(path):
    return f"{{{{- with {path} }}}}\n{{{{- toYaml . | nindent 8 }}}}\n{{{{- end }}}}"


def block(key, path, width):
    """`key:` with the YAML of a value below it; nothing when the value is empty."""
    return f"{{{{- with {path} }}}}\n{key}:\n{{{{- toYaml . | nindent {width} }}}}\n{{{{- end }}}}"


def container(image, *, resources="", security="", port=8080, probes=True, extra=""):
    text = f'- name: {{{{ .Chart.Name }}}}\n  image: "{image}"\n  ports:\n    - containerPort: {port}\n'
    if probes:
        text += f"  readinessProbe:\n    tcpSocket:\n      port: {port}\n"
    if resources:
        text += indent(block("resources", resources, 12), 2)
    if security:
        text += indent(block("securityContext", security, 12), 2)
    return text + extra


PULL = block("imagePullSecrets", ".Values.imagePullSecrets", 8)
ONYXIA = {
    "security": {"networkPolicy": {"enabled": False, "from": []}, "allowlist": {"enabled": True, "ip": "0.0.0.0/0"}},
    "ingress": FREE, "route": FREE, "discovery": FREE,
}
# What every Onyxia wrapper adds when its own features are left on: seen by the tests as an object too many.
EXTRAS = """{{- if (.Values.discovery).enabled }}
apiVersion: v1
kind: Secret
metadata: {name: discoverable-{{ .Release.Name }}}
---
{{- end }}
{{- if (.Values.ingress).enabled }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ingress-{{ .Release.Name }}}
spec: {}
{{- end }}
"""


def qdrant():
    values = {
        "replicaCount": 1, "image": {"repository": "docker.io/qdrant/qdrant", "pullPolicy": "IfNotPresent", "tag": "", "useUnprivilegedImage": False},
        "imagePullSecrets": [], "nameOverride": "", "fullnameOverride": "", "env": FREE, "args": FREE, "service": FREE, "ingress": FREE,
        "livenessProbe": FREE, "readinessProbe": FREE, "startupProbe": FREE, "additionalLabels": {}, "podAnnotations": {}, "podLabels": FREE, "resources": FREE,
        "containerSecurityContext": {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 2000, "allowPrivilegeEscalation": False, "privileged": False,
                                     "readOnlyRootFilesystem": True, "capabilities": FREE, "seccompProfile": FREE},
        "podSecurityContext": {"fsGroup": 3000, "fsGroupChangePolicy": "Always"}, "updateVolumeFsOwnership": True, "topologySpreadConstraints": FREE, "affinity": FREE,
        "persistence": {"accessModes": ["ReadWriteOnce"], "size": "10Gi", "annotations": {}, "storageVolumeName": "data", "storageClassName": FREE},
        "snapshotPersistence": FREE, "config": FREE, "metrics": FREE, "serviceAccount": FREE, "podDisruptionBudget": {"enabled": False, "maxUnavailable": 1, "unhealthyPodEvictionPolicy": ""},
        "apiKey": FREE, "additionalVolumes": FREE, "additionalVolumeMounts": FREE, "chartTests": FREE,
    }
    name = "{{ .Values.nameOverride | default .Chart.Name }}"
    init = """{{- if and .Values.updateVolumeFsOwnership (not .Values.image.useUnprivilegedImage) .Values.containerSecurityContext.runAsUser }}
- name: ensure-dir-ownership
  image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
{{- end }}"""
    text = pod("StatefulSet", "{{ .Values.fullnameOverride | default .Release.Name }}", merge(".Values.podLabels"),
               container('{{ .Values.image.repository }}:{{ .Values.image.tag }}{{ .Values.image.useUnprivilegedImage | ternary "-unprivileged" "" }}',
                         resources=".Values.resources", security=".Values.containerSecurityContext", port=6333,
                         extra='  env:\n    {{- range .Values.env }}\n    - {{ toYaml . | nindent 14 | trim }}\n    {{- end }}\n'
                               '  volumeMounts:\n    - {name: data, mountPath: /qdrant/storage}\n    {{- toYaml .Values.additionalVolumeMounts | nindent 12 }}\n'),
               app_name=name, extra=f"\napp: {name}", replicas="{{ .Values.replicaCount }}", claim="{{ .Values.persistence.size }}", init=init,
               spec=PULL + "\n" + block("securityContext", ".Values.podSecurityContext", 8) + "\nvolumes:\n  {{- toYaml .Values.additionalVolumes | nindent 8 }}\n"
               + block("topologySpreadConstraints", ".Values.topologySpreadConstraints", 8))
    onyxia = {"qdrant": {**values, "fullnameOverride": "qdrant", "image": {**values["image"], "tag": "v1.14.1-gpu-nvidia"}, "apiKey": ""}}
    return onyxia, "", {"qdrant": (values, text)}


def opensearch():
    core = {
        "clusterName": "opensearch-cluster", "nodeGroup": "master", "singleNode": False, "masterService": "opensearch-cluster-master", "replicas": 3, "httpPort": 9200,
        "global": {"dockerRegistry": ""}, "config": FREE, "envFrom": FREE, "extraEnvs": FREE, "image": {"repository": "opensearchproject/opensearch", "tag": "", "pullPolicy": "IfNotPresent"},
        "labels": FREE, "podAnnotations": FREE, "opensearchJavaOpts": "-Xmx512M -Xms512M", "resources": FREE, "initResources": FREE, "sidecarResources": FREE,
        "persistence": {"enabled": True, "enableInitChown": True, "image": FREE, "imageTag": FREE, "labels": FREE, "accessModes": FREE, "size": "8Gi", "annotations": FREE, "storageClass": FREE},
        "startupProbe": FREE, "livenessProbe": FREE, "readinessProbe": FREE, "podSecurityContext": {"fsGroup": 1000, "runAsUser": 1000, "runAsNonRoot": FREE, "seccompProfile": FREE},
        "securityContext": {"capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True, "runAsUser": 1000, "readOnlyRootFilesystem": FREE}, "securityConfig": FREE, "imagePullSecrets": [],
        "networkPolicy": FREE, "sysctl": FREE, "sysctlInit": FREE, "serviceMonitor": FREE, "topologySpreadConstraints": FREE, "antiAffinity": "soft",
    }
    init = """{{- if .Values.persistence.enableInitChown }}
- name: fsgroup-volume
  image: "{{ .Values.persistence.image | default "busybox" }}:{{ .Values.persistence.imageTag | default "latest" }}"
  securityContext: {runAsUser: 0}
{{- end }}
- name: configfile
  image: "{{ .Values.global.dockerRegistry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
  resources:
    {{- toYaml .Values.initResources | nindent 12 }}"""
    text = pod("StatefulSet", "opensearch-cluster-master", merge(".Values.labels"),
               container("{{ .Values.global.dockerRegistry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}", resources=".Values.resources",
                         security=".Values.securityContext", port=9200, extra="  envFrom:\n    {{- toYaml .Values.envFrom | nindent 12 }}\n"),
               replicas="{{ if .Values.singleNode }}1{{ else }}{{ .Values.replicas }}{{ end }}", claim="{{ .Values.persistence.size }}", init=init,
               spec=PULL + "\n" + block("securityContext", ".Values.podSecurityContext", 8))
    dash = {"replicaCount": 1, "image": {"repository": "opensearchproject/opensearch-dashboards", "tag": "", "pullPolicy": "IfNotPresent"}, "labels": FREE, "resources": FREE,
            "podSecurityContext": FREE, "securityContext": {"capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True, "runAsUser": 1000}, "serviceAccount": FREE, "rbac": FREE, "service": FREE,
            "imagePullSecrets": []}
    dash_text = pod("Deployment", "{{ .Release.Name }}-opensearch-dashboards", merge(".Values.labels"),
                    container("{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}", resources=".Values.resources", security=".Values.securityContext", port=5601),
                    replicas="{{ .Values.replicaCount }}", spec=block("securityContext", ".Values.podSecurityContext", 8))
    own = {"security": {"password": "MyStr0ngP@ssword", **ONYXIA["security"]}, "ingress": FREE, "ingressDashboard": FREE, "route": FREE, "routeDashboard": FREE, "discovery": FREE,
           "opensearch": core, "opensearch-dashboards": dash}
    secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: opensearch-env-secret\nstringData:\n  OPENSEARCH_INITIAL_ADMIN_PASSWORD: {{ .Values.security.password | quote }}\n---\n"
    return own, secret, {"opensearch": (core, text), "opensearch-dashboards": (dash, dash_text)}


def trino():
    role = {"jvm": {"maxHeapSize": "8G", "gcMethod": FREE}, "config": {"memory": FREE, "query": {"maxMemoryPerNode": "1GB"}}, "additionalConfigFiles": FREE, "additionalJVMConfig": FREE,
            "resources": FREE, "livenessProbe": FREE, "readinessProbe": FREE, "labels": FREE, "annotations": FREE, "secretMounts": FREE, "affinity": FREE}
    own = {"image": {"repository": "trinodb/trino", "pullPolicy": "IfNotPresent", "tag": FREE}, "imagePullSecrets": FREE,
           "server": {"workers": 2, "node": FREE, "log": FREE, "config": {"path": "/etc/trino", "http": FREE, "https": FREE, "authenticationType": "PASSWORD", "query": FREE},
                      "exchangeManager": FREE, "workerExtraConfig": "", "coordinatorExtraConfig": "", "autoscaling": FREE},
           "additionalConfigProperties": FREE, "catalog": FREE, "env": FREE, "envFrom": FREE, "securityContext": FREE, "auth": FREE, "serviceAccount": FREE, "commonLabels": FREE,
           "s3": FREE, "coresite": {"secretName": ""}, "coordinator": role, "worker": role, **ONYXIA,
           "security": {"username": "admin", "password": "changeme", **ONYXIA["security"]}}
    text = """{{- if and (contains "PASSWORD" .Values.server.config.authenticationType) .Values.security.password }}
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}-password-authentication}
data: {password.db: {{ htpasswd .Values.security.username .Values.security.password | b64enc }}}
{{- end }}
"""
    for name in ("coordinator", "worker"):
        text += "---\n" + pod("Deployment", "{{ .Release.Name }}-trino-" + name, merge(".Values.commonLabels"),
                              container("{{ .Values.image.repository }}:{{ .Values.image.tag }}", resources=f".Values.{name}.resources",
                                        extra="  env:\n    {{- toYaml .Values.env | nindent 12 }}\n"),
                              extra=f"\ncomponent: {name}", spec=PULL + "\n{{- with .Values.securityContext }}\nsecurityContext:\n  runAsUser: {{ .runAsUser }}\n{{- end }}")
    text += """---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-trino-coordinator}
data:
  config.properties: |
    internal-communication.shared-secret={{ .Values.security.password }}
  {{ .Values.server.coordinatorExtraConfig | indent 4 }}
  {{- range $name, $text := .Values.coordinator.additionalConfigFiles }}
  {{ $name }}: |
{{ $text | indent 4 }}
  {{- end }}
"""
    own["securityContext"] = {"runAsUser": 1000, "runAsGroup": 1000}
    return own, text, {}


def chromadb():
    core = {"replicaCount": 1, "image": {"repository": "ghcr.io/chroma-core/chroma", "pullPolicy": "IfNotPresent"}, "initImage": "docker.io/httpd:2", "imagePullSecrets": [],
            "fullnameOverride": "", "savePersistentVolume": True, "serviceAccount": FREE, "ingress": FREE, "resources": FREE, "autoscaling": FREE,
            "podSpec": {"terminationGracePeriodSeconds": 5, "securityContext": FREE, "podAnnotations": FREE},
            "chromadb": {"apiVersion": "0.6.3", "isPersistent": True, "serverHttpPort": 8000, "anonymizedTelemetry": False, "corsAllowOrigins": ["*"], "dataVolumeSize": "1Gi",
                         "auth": {"enabled": True, "type": "token", "existingSecret": "", "basic": FREE, "token": FREE}}}
    text = pod("StatefulSet", "{{ .Values.fullnameOverride }}", "",
               container("{{ .Values.image.repository }}:{{ .Values.chromadb.apiVersion }}", resources=".Values.resources", security=".Values.podSpec.securityContext", port=8000),
               claim="{{ .Values.chromadb.dataVolumeSize }}", spec=PULL + "\n" + block("securityContext", ".Values.podSpec.securityContext", 8)) + """---
{{- if not .Values.chromadb.auth.existingSecret }}
apiVersion: v1
kind: Secret
metadata: {name: chromadb-auth}
data: {token: {{ randAlphaNum 16 | b64enc }}}
{{- end }}
"""
    job = """apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-cleanup
  annotations: {helm.sh/hook: pre-delete}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: cleanup
          image: bitnamilegacy/kubectl:latest
---
"""
    return {**ONYXIA, "global": FREE, "chromadb": {**core, "fullnameOverride": "chromadb"}}, job, {"chromadb": (core, text)}


def milvus():
    minio = {"podLabels": FREE, "enabled": True, "mode": "standalone", "accessKey": "minioadmin", "secretKey": "minioadmin", "image": {"repository": "minio/minio", "tag": "RELEASE.2023-03-20T20-16-18Z"},
             "resources": FREE, "persistence": FREE, "securityContext": {"enabled": True, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}}
    etcd = {"podLabels": FREE, "replicaCount": 1, "image": {"registry": "docker.io", "repository": "milvusdb/etcd", "tag": "3.5.18-r1"}, "podSecurityContext": {"enabled": True, "fsGroup": 1001}, "containerSecurityContext": {"enabled": True, "runAsUser": 1001},
            "resources": FREE, "persistence": FREE}
    core = {"cluster": FREE, "image": {"all": {"repository": "milvusdb/milvus", "tag": "v2.5.12", "pullPolicy": "IfNotPresent", "pullSecrets": FREE}}, "labels": FREE, "annotations": FREE,
            "securityContext": FREE, "containerSecurityContext": FREE, "serviceAccount": FREE, "metrics": FREE, "log": FREE, "extraConfigFiles": FREE, "ingress": FREE,
            "standalone": {"resources": FREE, "persistence": {"enabled": True, "annotations": FREE, "persistentVolumeClaim": {"size": "50Gi"}}, "messageQueue": "rocksmq", "disk": FREE},
            "attu": FREE, "minio": minio, "etcd": etcd, "proxy": FREE}
    text = pod("Deployment", "{{ .Release.Name }}-milvus-standalone", merge(".Values.labels"),
               container("{{ .Values.image.all.repository }}:{{ .Values.image.all.tag }}", resources=".Values.standalone.resources", security=".Values.containerSecurityContext", port=19530),
               extra="\ncomponent: standalone", spec="{{- if .Values.image.all.pullSecrets }}\nimagePullSecrets:\n{{- range .Values.image.all.pullSecrets }}\n  - name: {{ . }}\n{{- end }}\n{{- end }}\n"
               + block("securityContext", ".Values.securityContext", 8))
    etcd_text = pod("StatefulSet", "{{ .Release.Name }}-etcd", merge(".Values.podLabels"),
                    container("{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}", resources=".Values.resources", port=2379),
                    spec="{{- if .Values.podSecurityContext.enabled }}\nsecurityContext:\n  fsGroup: {{ .Values.podSecurityContext.fsGroup }}\n{{- end }}")
    minio_text = pod("Deployment", "{{ .Release.Name }}-minio", merge(".Values.podLabels"),
                     container("{{ .Values.image.repository }}:{{ .Values.image.tag }}", resources=".Values.resources", port=9000), extra="\napp: minio",
                     spec="{{- if .Values.securityContext.enabled }}\nsecurityContext:\n  runAsUser: {{ .Values.securityContext.runAsUser }}\n{{- end }}")
    return {**ONYXIA, "milvus": core, "userPreferences": FREE}, "", {"milvus": (core, text, {"etcd": ("6.3.3", etcd, etcd_text), "minio": ("8.0.17", minio, minio_text)})}


def neo4j():
    own = {**ONYXIA, "security": {"password": "password", **ONYXIA["security"]}, "service": {"image": {"repository": "neo4j", "pullPolicy": "IfNotPresent", "tag": ""}, "apoc": False, "version": "5.26.4"},
           "replicaCount": 1, "imagePullSecrets": [], "serviceAccount": FREE, "podAnnotations": FREE, "podSecurityContext": FREE, "securityContext": FREE, "persistence": FREE, "resources": FREE}
    text = pod("Deployment", "{{ .Release.Name }}-neo4j", "",
               container("{{ .Values.service.image.repository }}:{{ .Values.service.version }}", resources=".Values.resources", security=".Values.securityContext", port=7474,
                         extra='  env:\n    - {name: NEO4J_AUTH, value: "neo4j/{{ .Values.security.password }}"}\n'),
               spec=PULL + "\n" + block("securityContext", ".Values.podSecurityContext", 8))
    return own, text, {}


def bitnami(name, top, port):
    """Shape of the Bitnami charts: security contexts behind `enabled`, podLabels, existingSecret. `top` is "" or "primary"."""
    inner = {"podLabels": FREE, "podSecurityContext": {"enabled": True, "fsGroup": 1001}, "containerSecurityContext": {"enabled": True, "runAsUser": 1001, "runAsNonRoot": True}, "resources": FREE,
             "persistence": FREE, "livenessProbe": FREE, "readinessProbe": FREE, "startupProbe": FREE}
    values = {"image": {"registry": "docker.io", "repository": f"bitnami/{name}", "tag": "", "pullPolicy": "IfNotPresent", "pullSecrets": FREE}, "architecture": "standalone", "replicaCount": 2,
              "fullnameOverride": "", "arbiter": FREE, "volumePermissions": FREE, "networkPolicy": FREE,
              "auth": {"enabled": True, "existingSecret": "", "rootPassword": "", "username": "", "password": "", "database": "", "postgresPassword": ""}}
    at = ".Values"
    if top:
        values[top] = inner
        at = f".Values.{top}"
    else:
        values.update(inner)
    spec = f"{{{{- if {at}.podSecurityContext.enabled }}}}\nsecurityContext:\n  fsGroup: {{{{ {at}.podSecurityContext.fsGroup }}}}\n{{{{- end }}}}"
    init = "{{- if (.Values.volumePermissions).enabled }}\n- name: volume-permissions\n  image: bitnamilegacy/os-shell:12\n  securityContext: {runAsUser: 0}\n{{- end }}"
    security = f'  {{{{- if {at}.containerSecurityContext.enabled }}}}\n  securityContext: {{{{- omit {at}.containerSecurityContext "enabled" | toYaml | nindent 12 }}}}\n  {{{{- end }}}}\n'
    text = pod("StatefulSet", "{{ .Values.fullnameOverride | default .Chart.Name }}", merge(at + ".podLabels"),
               container("{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}", resources=at + ".resources", port=port, extra=security), spec=spec, init=init)
    text += f"""---
{{{{- if not .Values.auth.existingSecret }}}}
apiVersion: v1
kind: Secret
metadata: {{name: {name}}}
data: {{password: {{{{ .Values.auth.password | default (randAlphaNum 10) | b64enc }}}}}}
{{{{- end }}}}
"""
    return values, text


def mongodb():
    values, text = bitnami("mongodb", "", 27017)
    return {"global": FREE, "discovery": FREE, "fullnameOverride": "mongodb", "security": {"networkPolicy": {"enabled": True}}, "mongodb": values}, "", {"mongodb": (values, text)}


def mariadb():
    values, text = bitnami("mariadb", "primary", 3306)
    return {"global": FREE, "discovery": FREE, "mariadb": values}, "", {"mariadb": (values, text)}


def mlflow():
    database, database_text = bitnami("postgresql", "primary", 5432)
    own = {**ONYXIA, "global": FREE, "fullnameOverride": "", "replicaCount": 1, "s3": FREE, "imagePullSecrets": [], "podSecurityContext": FREE, "securityContext": FREE, "resources": FREE, "resources_init": FREE,
           "service": {"initContainer": {"image": "alpine", "pullPolicy": "IfNotPresent"}, "image": {"version": "inseefrlab/mlflow:v3.15.1", "pullPolicy": "IfNotPresent", "custom": FREE}},
           "security": {"enabled": False, "username": "admin", "password": "changeme", **ONYXIA["security"]}, "postgresql": database, "auth": FREE, "networking": FREE}
    text = pod("Deployment", "{{ .Values.fullnameOverride }}", "",
               container("{{ .Values.service.image.version }}", resources=".Values.resources", security=".Values.securityContext", port=8000,
                         extra='  args: ["--backend-store-uri=postgresql://{{ .Values.postgresql.auth.username }}:{{ .Values.postgresql.auth.password }}@bd/mlflow"]\n'),
               spec=block("securityContext", ".Values.podSecurityContext", 8),
               init="- name: wait-for-postgresql\n  image: {{ .Values.service.initContainer.image }}\n  resources:\n    {{- toYaml .Values.resources_init | nindent 12 }}")
    return own, text, {"postgresql": (database, database_text)}


BUILDERS = {f.__name__: f for f in (qdrant, opensearch, trino, chromadb, milvus, neo4j, mongodb, mariadb, mlflow)}


def defaults(tree):
    return {k: defaults(v) if isinstance(v, dict) else v for k, v in tree.items() if v is not FREE}


def schema(tree):
    """Refuses unknown keys wherever the tree is known. Helm passes `global` down to every chart: any level may see it."""
    properties = {"global": {}}
    for key, value in tree.items():
        properties[key] = {} if value is FREE or not isinstance(value, dict) or not value else schema(value)
    # A wrapper removes a key of the chart by null: the schema may see it.
    return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


def write_chart(folder, name, version, app, values, template, subcharts):
    (folder / "templates").mkdir(parents=True)
    meta = {"apiVersion": "v2", "name": name, "version": version, "type": "application", "description": f"Stand-in of {name} {version} (tests only)"}
    if app:
        meta["appVersion"] = str(app)
    if subcharts:
        meta["dependencies"] = [{"name": n, "version": v} for n, v, *_ in subcharts]
    (folder / "Chart.yaml").write_text(yaml.safe_dump(meta, allow_unicode=True))
    (folder / "values.yaml").write_text(yaml.safe_dump(defaults(values)))
    (folder / "values.schema.json").write_text(json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **schema(values)}))
    (folder / "templates" / "all.yaml").write_text(template)
    for sub, sub_version, sub_values, sub_template, below in subcharts:
        write_chart(folder / "charts" / sub, sub, sub_version, sub_version, sub_values, sub_template, below)


def build(catalogue, output, helm):
    services = yaml.safe_load(Path(catalogue).read_text())["services"]
    missing = {s["chart"] for s in services} ^ set(BUILDERS)
    if missing:
        raise SystemExit(f"stand-ins and catalogue differ on: {', '.join(sorted(missing))}")
    for service in services:
        own, template, below = BUILDERS[service["chart"]]()
        versions = {d["name"]: d["version"] for d in service["dependencies"]}
        subs = []
        for name, (values, text, *rest) in below.items():
            deeper = [(n, v, vals, t, []) for n, (v, vals, t) in (rest[0] if rest else {}).items()]
            subs.append((name, versions[name], values, text, deeper))
        known_extras = EXTRAS if {"discovery", "ingress"} <= set(own) else ""
        folder = output / "src" / service["catalogue"] / service["chart"]
        write_chart(folder, service["chart"], service["version"], service["app_version"], own, template + "---\n" + known_extras if known_extras else template, subs)
        repository = output / service["catalogue"]
        repository.mkdir(parents=True, exist_ok=True)
        subprocess.run([helm, "package", str(folder), "-d", str(repository)], check=True, stdout=subprocess.DEVNULL)
    for repository in sorted({s["catalogue"] for s in services}):
        subprocess.run([helm, "repo", "index", str(output / repository)], check=True)
    return len(services)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    count = build(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) == 4 else "helm")
    print(f"{count} stand-in charts built")
