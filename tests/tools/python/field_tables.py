"""Writes src/check/rules/fields/kinds.json: the fields, types and required fields of the kinds that `check` judges, taken
from the schemas that `make tools` installs (Kubernetes 1.31 and 1.34, CloudNativePG, barman plugin, Argo CD, Prometheus
operator; our own two). Two versions of a kind give the union of their fields and what both require: what either accepts is
no finding. Descriptions, defaults and status are left out; equal shapes are written once.

usage: field_tables.py TOOLS_FOLDER OUTPUT"""
import json
import pathlib
import sys

import yaml

KUBERNETES = """
v1/ConfigMap v1/Secret v1/Service v1/ServiceAccount v1/PersistentVolumeClaim v1/PersistentVolume v1/Pod v1/Namespace v1/ResourceQuota
v1/LimitRange v1/ReplicationController v1/Endpoints apps/v1/Deployment apps/v1/StatefulSet apps/v1/DaemonSet apps/v1/ReplicaSet batch/v1/Job batch/v1/CronJob
networking.k8s.io/v1/Ingress networking.k8s.io/v1/IngressClass networking.k8s.io/v1/NetworkPolicy policy/v1/PodDisruptionBudget
autoscaling/v2/HorizontalPodAutoscaler autoscaling/v1/HorizontalPodAutoscaler rbac.authorization.k8s.io/v1/Role rbac.authorization.k8s.io/v1/RoleBinding
rbac.authorization.k8s.io/v1/ClusterRole rbac.authorization.k8s.io/v1/ClusterRoleBinding storage.k8s.io/v1/StorageClass
scheduling.k8s.io/v1/PriorityClass coordination.k8s.io/v1/Lease discovery.k8s.io/v1/EndpointSlice
""".split()
CRDS = "cnpg-1.28 cnpg-newest argocd-3.1 argocd-newest barman prometheus own".split()
# Kinds of the operators that a project of an application team writes; an ApplicationSet's own recursion would weigh more than all others.
CUSTOM = """Cluster ScheduledBackup Backup ImageCatalog ClusterImageCatalog Pooler Database ObjectStore Application AppProject ServiceMonitor
PodMonitor PrometheusRule VaultStaticSecret SopsSecret""".split()
# Values that the API server takes, where its schema only says « string » (k8s.io/api, types.go).
ENUMS = {
    ("ServiceSpec", "type"): "ClusterIP NodePort LoadBalancer ExternalName",
    ("ServiceSpec", "sessionAffinity"): "None ClientIP",
    ("ServicePort", "protocol"): "TCP UDP SCTP",
    ("ContainerPort", "protocol"): "TCP UDP SCTP",
    ("NetworkPolicyPort", "protocol"): "TCP UDP SCTP",
    ("Container", "imagePullPolicy"): "Always IfNotPresent Never",
    ("Container", "terminationMessagePolicy"): "File FallbackToLogsOnError",
    ("PodSpec", "restartPolicy"): "Always OnFailure Never",
    ("PodSpec", "dnsPolicy"): "ClusterFirst ClusterFirstWithHostNet Default None",
    ("HTTPGetAction", "scheme"): "HTTP HTTPS",
    ("HTTPIngressPath", "pathType"): "Exact Prefix ImplementationSpecific",
    ("CronJobSpec", "concurrencyPolicy"): "Allow Forbid Replace",
    ("DeploymentStrategy", "type"): "Recreate RollingUpdate",
    ("StatefulSetSpec", "podManagementPolicy"): "OrderedReady Parallel",
    ("TopologySpreadConstraint", "whenUnsatisfiable"): "DoNotSchedule ScheduleAnyway",
    ("Toleration", "operator"): "Exists Equal",
    ("Toleration", "effect"): "NoSchedule PreferNoSchedule NoExecute",
    ("LabelSelectorRequirement", "operator"): "In NotIn Exists DoesNotExist",
    ("PodFailurePolicyRule", "action"): "FailJob FailIndex Ignore Count",
    ("MetricSpec", "type"): "Resource ContainerResource Pods Object External",
    ("MetricTarget", "type"): "Utilization Value AverageValue",
    ("SeccompProfile", "type"): "Localhost RuntimeDefault Unconfined",
    ("PodDisruptionBudgetSpec", "unhealthyPodEvictionPolicy"): "IfHealthyBudget AlwaysAllow",
}
# Lists of such values.
ENUM_LISTS = {
    ("NetworkPolicySpec", "policyTypes"): "Ingress Egress",
    ("PersistentVolumeClaimSpec", "accessModes"): "ReadWriteOnce ReadOnlyMany ReadWriteMany ReadWriteOncePod",
}

# PyYAML reads a plain « = » as YAML 1.1's « value » type, which it cannot build; Alertmanager's CRD lists it as a matcher.
yaml.SafeLoader.add_constructor("tag:yaml.org,2002:value", yaml.SafeLoader.construct_yaml_str)

shapes: list = []
numbers: dict = {}


def number(shape):
    """The number of a shape, written once."""
    key = json.dumps(shape, sort_keys=True)
    if key not in numbers:
        numbers[key] = len(shapes)
        shapes.append(shape)
    return numbers[key]


def of(schema, definitions, name="", depth=0):
    """The shape of a schema: a letter, or a structure of shapes."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        short = name.rsplit(".", 1)[-1]
        if short in ("Quantity", "IntOrString"):
            return "q"
        if short in ("JSON", "RawExtension", "FieldsV1", "JSONSchemaProps"):
            return "*"
        return of(definitions[name], definitions, short, depth + 1)
    if schema.get("x-kubernetes-int-or-string") or "oneOf" in schema and "properties" not in schema:
        return "q"
    kinds = schema.get("type")
    kind = next((k for k in kinds if k != "null"), None) if isinstance(kinds, list) else kinds
    if kind == "array":
        return {"l": of(schema.get("items", {}), definitions, name, depth + 1)}
    if kind == "object" or "properties" in schema:
        if "properties" in schema:
            if schema.get("x-kubernetes-preserve-unknown-fields"):
                return "*"
            fields = {}
            for key, inner in schema["properties"].items():
                if key in ("status", "managedFields"):
                    fields[key] = "*"
                elif (name, key) in ENUMS:
                    fields[key] = {"e": sorted(ENUMS[name, key].split())}
                elif (name, key) in ENUM_LISTS:
                    fields[key] = {"l": {"e": sorted(ENUM_LISTS[name, key].split())}}
                else:
                    fields[key] = of(inner, definitions, key if not definitions else "", depth + 1)
            return {"f": fields, "r": sorted(schema.get("required", []))}
        extra = schema.get("additionalProperties")
        return {"m": of(extra, definitions, name, depth + 1)} if isinstance(extra, dict) else "*"
    if kind == "string" and all(isinstance(v, str) for v in schema.get("enum", [0])):
        return {"e": sorted(schema["enum"])}
    return {"string": "s", "integer": "i", "number": "n", "boolean": "b"}.get(kind, "*")


def union(one, other):
    """What either shape accepts."""
    if one == other:
        return one
    if isinstance(one, dict) and isinstance(other, dict):
        if "f" in one and "f" in other:
            keys = {**one["f"], **other["f"]}
            fields = {k: union(one["f"].get(k, keys[k]), other["f"].get(k, keys[k])) for k in keys}
            return {"f": fields, "r": sorted(set(one["r"]) & set(other["r"]))}
        if "e" in one and "e" in other:
            return {"e": sorted(set(one["e"]) | set(other["e"]))}
        for key in "lm":
            if key in one and key in other:
                return {key: union(one[key], other[key])}
    if {json.dumps(one), json.dumps(other)} <= {'"s"', '"q"', '"i"'}:
        return "q"
    return "*" if not (one == "s" or other == "s") else "s"


def folded(shape):
    """The number of a shape, its parts folded first."""
    if isinstance(shape, str):
        return number(shape)
    if "e" in shape:
        return number(shape)
    if "f" in shape:
        fields = {k: folded(v) for k, v in sorted(shape["f"].items())}
        return number({"f": fields, **({"r": shape["r"]} if shape["r"] else {})})
    key = "l" if "l" in shape else "m"
    return number({key: folded(shape[key])})


def main():
    tools, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    found: dict = {}

    def add(key, shape):
        found[key] = union(found[key], shape) if key in found else shape

    meta, builtin = None, set()
    for version in ("1.31.0", "1.34.0"):
        definitions = json.loads((tools / "schemas" / version / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
        by_kind = {}
        for definition in definitions.values():
            for gvk in definition.get("x-kubernetes-group-version-kind", []):
                group = f"{gvk['group']}/" if gvk["group"] else ""
                by_kind[f"{group}{gvk['version']}/{gvk['kind']}"] = definition
        # « group/Kind », without the version: « apps/Deployment », « /Service ».
        builtin |= {f"{key.rsplit('/', 2)[0] if key.count('/') == 2 else ''}/{key.rsplit('/', 1)[-1]}" for key in by_kind}
        meta = of({"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}, definitions)
        for key in KUBERNETES:
            add(key, of(by_kind[key], definitions))
    for folder in CRDS:
        for file in sorted((tools / "crds" / folder).glob("*.yaml")):
            for crd in yaml.safe_load_all(file.read_text(encoding="utf-8")):
                if not crd or crd.get("kind") != "CustomResourceDefinition" or crd["spec"]["names"]["kind"] not in CUSTOM:
                    continue
                for version in crd["spec"]["versions"]:
                    shape = of(version["schema"]["openAPIV3Schema"], {})
                    shape["f"]["metadata"] = meta
                    add(f"{crd['spec']['group']}/{version['name']}/{crd['spec']['names']['kind']}", shape)
    kinds = {key: folded(shape) for key, shape in sorted(found.items())}
    lines = ",\n".join(json.dumps(shape, separators=(",", ":"), sort_keys=True) for shape in shapes)
    output.write_text(f'{{"builtin":{json.dumps(sorted(builtin), separators=(",", ":"))},\n"kinds":{json.dumps(kinds, indent=0)},\n"shapes":[\n{lines}\n]}}\n', encoding="utf-8")
    print(len(kinds), "kinds,", len(shapes), "shapes,", output.stat().st_size, "bytes")


main()
