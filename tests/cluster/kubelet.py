"""A kubelet for tests: runs the pods of its node as processes of this machine, without any image or container.

kubelet.py SETTINGS.json, with: server, authority (file), token, node, images (folder), state (folder), runtime (folder of the
interpreter's environment, seen as /opt/venv), hosts (file, seen as /etc/hosts; read when a container starts).

What is real: the pod's own commands, environment (Secrets, ConfigMaps, fields), volumes, the token of its account (TokenRequest),
the order of its containers, its HTTP probes, its restarts and its end by SIGTERM. What is not: an image is a folder of files seen
as /app (images/TAG), the root file system and the network are the machine's, with one address of 127.0.0.0/8 per pod. The only
variables added are those of every pod (KUBERNETES_SERVICE_*) and HOTE, which has the server listen on the pod's address alone.
The API server takes no such address as an endpoint: a Service leads nowhere here.
"""

import base64
import datetime
import http.client
import itertools
import json
import os
import pathlib
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

SETTINGS = json.loads(pathlib.Path(sys.argv[1]).read_text())
SERVER = urllib.parse.urlsplit(SETTINGS["server"])
CONTEXT = ssl.create_default_context(cafile=SETTINGS["authority"])
STATE = pathlib.Path(SETTINGS["state"])
ADDRESSES = itertools.count(1)


class Refused(Exception):
    """The API server said no; or something that a container needs is missing."""


def call(method, path, body=None, kind="application/json", timeout=30):
    """One request; the decoded answer."""
    connection = http.client.HTTPSConnection(SERVER.hostname, SERVER.port, context=CONTEXT, timeout=timeout)
    try:
        headers = {"Authorization": f"Bearer {SETTINGS['token']}", "Content-Type": kind}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)
    finally:
        connection.close()


def insist(method, path, body=None, kind="application/json"):
    """The same, again while the API server is away."""
    while True:
        try:
            return call(method, path, body, kind)
        except (OSError, http.client.HTTPException):
            time.sleep(1)


def now():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(namespace, kind, name, optional):
    """The data of a Secret or ConfigMap."""
    try:
        found = call("GET", f"/api/v1/namespaces/{namespace}/{kind}/{name}")
    except Refused:
        if optional:
            return {}
        raise
    data = found.get("data") or {}
    return {k: base64.b64decode(v) for k, v in data.items()} if kind == "secrets" else {k: v.encode() for k, v in data.items()}


class Pod:
    """A pod of this node, from its start to its end."""

    def __init__(self, pod):
        self.pod = pod
        self.namespace, self.name, self.uid = (pod["metadata"][k] for k in ("namespace", "name", "uid"))
        self.path = f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"
        self.folder = STATE / self.uid
        number = next(ADDRESSES)
        self.address = f"127.77.{number // 250}.{number % 250 + 1}"
        self.ending = threading.Event()
        self.grace = 30
        self.processes = []
        self.states = {c["name"]: {"restarts": 0, "ready": False, "state": {"waiting": {"reason": "PodInitializing"}}} for c in self.containers(True)}

    def containers(self, all_of_them=False):
        spec = self.pod["spec"]
        return (spec.get("initContainers", []) if all_of_them else []) + spec["containers"]

    def publish(self, phase):
        """Writes the status, as a kubelet does."""

        def one(container):
            seen = self.states[container["name"]]
            return {
                "name": container["name"], "image": container["image"], "imageID": "", "restartCount": seen["restarts"],
                "ready": seen["ready"], "started": "running" in seen["state"], "state": seen["state"],
            }

        ready = all(self.states[c["name"]]["ready"] for c in self.containers())
        ends = [self.states[c["name"]]["state"].get("terminated") for c in self.pod["spec"].get("initContainers", [])]
        initialised = all(end and end["exitCode"] == 0 for end in ends)
        flags = {"PodScheduled": True, "Initialized": initialised, "ContainersReady": ready, "Ready": ready}
        conditions = [{"type": t, "status": str(v), "lastTransitionTime": now()} for t, v in flags.items()]
        status = {
            "phase": phase, "podIP": self.address, "podIPs": [{"ip": self.address}], "hostIP": "127.0.0.1", "conditions": conditions,
            "containerStatuses": [one(c) for c in self.containers()],
            "initContainerStatuses": [one(c) for c in self.pod["spec"].get("initContainers", [])],
        }
        status.setdefault("startTime", self.pod["metadata"]["creationTimestamp"])
        try:
            insist("PATCH", self.path + "/status", {"metadata": {"uid": self.uid}, "status": status}, "application/merge-patch+json")
        except Refused as why:
            print(f"{self.name}: {why}", flush=True)

    def value(self, variable):
        """The value of a variable, or None when it is optional and absent."""
        if "valueFrom" not in variable:
            return variable.get("value", "")
        (source, at), = variable["valueFrom"].items()
        if source in ("secretKeyRef", "configMapKeyRef"):
            kind = "secrets" if source == "secretKeyRef" else "configmaps"
            data = read(self.namespace, kind, at["name"], at.get("optional", False))
            if at["key"] in data:
                return data[at["key"]].decode()
            if at.get("optional"):
                return None
            raise Refused(f"{kind} {at['name']} has no key {at['key']}")
        if source == "fieldRef":
            fields = {"metadata.name": self.name, "metadata.namespace": self.namespace, "metadata.uid": self.uid, "status.podIP": self.address}
            return fields[at["fieldPath"]]
        raise Refused(f"{source}: not read by this kubelet")

    def environment(self, container):
        values = {
            "PATH": "/opt/venv/bin:/usr/local/bin:/usr/bin:/bin", "HOME": "/", "HOSTNAME": self.name, "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1", "HOTE": self.address,
            "KUBERNETES_SERVICE_HOST": SERVER.hostname, "KUBERNETES_SERVICE_PORT": str(SERVER.port),
        }
        for source in container.get("envFrom", []):
            for key, kind in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
                if key in source:
                    data = read(self.namespace, kind, source[key]["name"], source[key].get("optional", False))
                    values.update({source.get("prefix", "") + k: v.decode() for k, v in data.items()})
        for variable in container.get("env", []):
            value = self.value(variable)
            if value is not None:
                values[variable["name"]] = value
        return values

    def volume(self, volume):
        """The folder of a volume, filled."""
        folder = self.folder / "volumes" / volume["name"]
        folder.mkdir(parents=True, exist_ok=True)

        def fill(data, items):
            for key, target in [(i["key"], i["path"]) for i in items] if items else [(k, k) for k in data]:
                if key in data:
                    (folder / target).write_bytes(data[key])

        def source_of(source):
            if "secret" in source:
                at = source["secret"]
                fill(read(self.namespace, "secrets", at.get("secretName") or at["name"], at.get("optional", False)), at.get("items"))
            elif "configMap" in source:
                at = source["configMap"]
                fill(read(self.namespace, "configmaps", at["name"], at.get("optional", False)), at.get("items"))
            elif "downwardAPI" in source:
                for item in source["downwardAPI"]["items"]:
                    (folder / item["path"]).write_text(self.value({"valueFrom": {"fieldRef": item["fieldRef"]}}))
            elif "serviceAccountToken" in source:
                at, account = source["serviceAccountToken"], self.pod["spec"].get("serviceAccountName", "default")
                bound = {"kind": "Pod", "apiVersion": "v1", "name": self.name, "uid": self.uid}
                request = {"spec": {"audiences": [], "expirationSeconds": at.get("expirationSeconds", 3600), "boundObjectRef": bound}}
                given = call("POST", f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{account}/token", request)
                (folder / at["path"]).write_text(given["status"]["token"])
            elif "emptyDir" not in source:
                raise Refused(f"volume {volume['name']}: not of a kind that this kubelet mounts")

        for source in volume["projected"]["sources"] if "projected" in volume else [volume]:
            source_of(source)
        return folder

    def image(self, container):
        folder = pathlib.Path(SETTINGS["images"]) / container["image"].rsplit(":", 1)[-1]
        if not folder.is_dir():
            raise FileNotFoundError(container["image"])
        return folder

    def spawn(self, container):
        """Starts a container's command with its own view of the files."""
        volumes = {v["name"]: v for v in self.pod["spec"].get("volumes", [])}
        mounts = [["/app", str(self.image(container))], ["/opt/venv", SETTINGS["runtime"]], ["/etc/hosts", SETTINGS["hosts"]]]
        mounts += [[m["mountPath"], str(self.volume(volumes[m["name"]]))] for m in container.get("volumeMounts", [])]
        root = self.folder / f"root-{container['name']}"
        root.mkdir(parents=True, exist_ok=True)
        command = container.get("command", []) + container.get("args", [])
        log = open(STATE / f"{self.namespace}_{self.name}_{container['name']}.log", "ab")
        view = [sys.executable, str(pathlib.Path(__file__).with_name("view.py")), json.dumps(mounts), str(root), *command]
        outer = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--mount", "--propagation", "private", *view]
        return subprocess.Popen(outer, env=self.environment(container), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self, container):
        """Starts a container as soon as what it needs is there; None when the pod ends first."""
        while not self.ending.is_set():
            try:
                process = self.spawn(container)
            except FileNotFoundError as missing:
                self.states[container["name"]]["state"] = {"waiting": {"reason": "ErrImagePull", "message": f"no such image: {missing}"}}
            except Refused as why:
                self.states[container["name"]]["state"] = {"waiting": {"reason": "CreateContainerConfigError", "message": str(why)}}
            else:
                self.states[container["name"]]["state"] = {"running": {"startedAt": now()}}
                self.processes.append(process)
                return process
            self.publish("Pending")
            self.ending.wait(1)
        return None

    def ended(self, container, process):
        code = process.returncode
        code = 128 - code if code < 0 else code
        state = {"exitCode": code, "reason": "Completed" if code == 0 else "Error", "finishedAt": now()}
        self.states[container["name"]].update(state={"terminated": state}, ready=False)
        return code

    def run(self):
        try:
            self.live()
        finally:
            self.clean()

    def live(self):
        restarts = self.pod["spec"].get("restartPolicy", "Always")
        for container in self.pod["spec"].get("initContainers", []):
            process = self.start(container)
            if process is None:
                return
            self.publish("Pending")
            self.wait([process])
            if self.ended(container, process):
                if not self.ending.is_set():
                    self.publish("Failed")
                    self.ending.wait()
                return
        running = {}
        for container in self.containers():
            running[container["name"]] = self.start(container)
            self.states[container["name"]]["ready"] = "readinessProbe" not in container and "startupProbe" not in container
        self.publish("Running")
        while not self.ending.is_set():
            changed = False
            for container in self.containers():
                process, seen = running[container["name"]], self.states[container["name"]]
                if process is not None and process.poll() is not None and "running" in seen["state"]:
                    code, changed = self.ended(container, process), True
                    if restarts == "Always" or (restarts == "OnFailure" and code):
                        self.publish("Running")
                        self.ending.wait(2)
                        seen["restarts"] += 1
                        running[container["name"]] = self.start(container)
                elif "readinessProbe" in container and "running" in seen["state"]:
                    ready = self.answers(container["readinessProbe"], container)
                    changed, seen["ready"] = changed or ready != seen["ready"], ready
            ends = [self.states[c["name"]]["state"].get("terminated") for c in self.containers()]
            if all(ends):
                self.publish("Failed" if any(e["exitCode"] for e in ends) else "Succeeded")
                self.ending.wait()
            elif changed:
                self.publish("Running")
            self.ending.wait(0.5)

    def answers(self, probe, container):
        """Whether an HTTP probe answers below 400."""
        at = probe["httpGet"]
        port = next((p["containerPort"] for p in container.get("ports", []) if p.get("name") == at["port"]), at["port"])
        connection = http.client.HTTPConnection(self.address, port, timeout=probe.get("timeoutSeconds", 1))
        try:
            connection.request("GET", at["path"])
            return connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait(self, processes):
        while any(p.poll() is None for p in processes) and not self.ending.wait(0.2):
            pass
        if self.ending.is_set():
            self.stop()

    def stop(self):
        """SIGTERM, the grace period, then SIGKILL."""
        alive = [p for p in self.processes if p.poll() is None]
        for process in alive:
            process.send_signal(signal.SIGTERM)
        limit = time.monotonic() + self.grace
        for process in alive:
            try:
                process.wait(max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def clean(self):
        self.stop()
        end = {"gracePeriodSeconds": 0, "preconditions": {"uid": self.uid}}
        try:
            insist("DELETE", self.path, end)
        except Refused:
            pass  # gone already


def register():
    """Declares the node, ready."""
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": SETTINGS["node"], "labels": {"played-by": SETTINGS["node"]}}}
    call("POST", "/api/v1/nodes", node)
    size = {"cpu": "64", "memory": "256Gi", "pods": "500", "ephemeral-storage": "100Gi"}
    conditions = [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now(), "lastTransitionTime": now()}]
    status = {"status": {"capacity": size, "allocatable": size, "conditions": conditions}}
    call("PATCH", f"/api/v1/nodes/{SETTINGS['node']}/status", status, "application/merge-patch+json")


def main():
    register()
    known = {}
    selector = urllib.parse.urlencode({"fieldSelector": f"spec.nodeName={SETTINGS['node']}"})
    while True:
        # Listed again and again: simpler than a watch that breaks, and there are few pods.
        try:
            pods = call("GET", f"/api/v1/pods?{selector}")["items"]
        except (OSError, http.client.HTTPException):
            time.sleep(1)
            continue
        seen = set()
        for pod in pods:
            uid = pod["metadata"]["uid"]
            seen.add(uid)
            if uid not in known and pod.get("status", {}).get("phase", "Pending") == "Pending":
                known[uid] = Pod(pod)
                threading.Thread(target=known[uid].run, daemon=True).start()
            if uid in known and "deletionTimestamp" in pod["metadata"]:
                known[uid].grace = pod["metadata"].get("deletionGracePeriodSeconds", 30)
                known[uid].ending.set()
        for uid in set(known) - seen:
            known.pop(uid).ending.set()
        time.sleep(0.3)


if __name__ == "__main__":
    main()
