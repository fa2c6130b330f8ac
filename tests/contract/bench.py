"""What the suite starts around the server under test: PostgreSQL, the OpenID provider, the gateway, and servers."""

import json
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import httpx2 as httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from gateway import Gateway

BACKEND = Path(os.environ["CONTRACT_BACKEND"]).absolute()
# Another stack gives its own commands; they are run in CONTRACT_BACKEND.
SERVE = shlex.split(os.environ.get("CONTRACT_SERVE", ".venv/bin/python -m app"))
MIGRATE = shlex.split(os.environ.get("CONTRACT_MIGRATE", ".venv/bin/python -m app.migrer"))
OIDC = Path(os.environ["CONTRACT_OIDC"]).absolute()
ID = os.environ["CONTRACT_ID"]
AUDIENCE = "contract-api"


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Database:
    """A real PostgreSQL server that can be stopped and started again."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
        self.programs = Path(os.environ["PG_BINDIR"]) if "PG_BINDIR" in os.environ else found[-1]
        self.folder = Path(tempfile.mkdtemp(prefix="contract-pg-"))
        self.account: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            person = pwd.getpwnam("nobody")
            os.chown(self.folder, person.pw_uid, person.pw_gid)
            self.account = {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}
        self.run("initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()
        script = "".join(f"CREATE ROLE {ID}_{role} LOGIN;" for role in ("owner", "app", "purge"))
        self.sql("postgres", script)
        self.sql("postgres", f"CREATE DATABASE {ID} OWNER {ID}_owner")
        for file in sorted((BACKEND.parent / "donnees/sql").glob("*.sql")):
            self.sql(ID, file.read_text(encoding="utf-8"))

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's programs."""
        command = [str(self.programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **self.account)

    def sql(self, base: str, text: str) -> str:
        """What psql answers, as the superuser."""
        command = [str(self.programs / "psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder)]
        ran = subprocess.run([*command, "-U", "postgres", "-d", base], input=text, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def start(self) -> None:
        """Starts, and waits until it answers."""
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-s", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stops at once, as a node that disappears."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-s", "stop")


class Identity:
    """The OpenID provider, whose private keys the suite knows."""

    def __init__(self) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="contract-oidc-"))
        self.process: subprocess.Popen[bytes] | None = None
        self.rotate()

    def rotate(self) -> None:
        """New keys: the former ones are gone from what is published."""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = os.urandom(6).hex()
        public = {**json.loads(RSAAlgorithm.to_jwk(self.key)), "kid": self.kid, "use": "sig", "alg": "RS256"}
        del public["key_ops"]  # « sign » alone: the provider also verifies what it is shown at sign-out
        (self.folder / "keys.json").write_text(json.dumps({"keys": [public]}))
        self.stop()
        self.start()

    def start(self) -> None:
        """Starts, and waits until it answers."""
        environment = os.environ | {"PORT": str(self.port), "KEYS": str(self.folder / "keys.json"), "AUDIENCE": AUDIENCE}
        self.process = subprocess.Popen(
            ["node", str(OIDC / "provider.mjs")], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        while b"ready" not in (line := self.process.stdout.readline()):
            assert line, "the provider did not start: run npm ci in CONTRACT_OIDC"

    def stop(self) -> None:
        """Stops, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def token(self, program: str = "instructor") -> str:
        """A token that the provider itself issued."""
        form = {"grant_type": "client_credentials", "client_id": program, "client_secret": "contract-suite-secret", "scope": "api"}
        request = urllib.request.Request(f"{self.issuer}/token", urllib.parse.urlencode(form).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(json.load(answer)["access_token"])

    def readings(self) -> int:
        """How many times the keys were read."""
        with urllib.request.urlopen(f"{self.issuer}/counts", timeout=10) as answer:
            return int(json.load(answer).get("/jwks", 0))


class Server:
    """The program under test, in its own process."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.log = tempfile.TemporaryFile("w+")
        variables = os.environ | environment | {"HOTE": "127.0.0.1", "PORT": str(self.port)}
        self.started = time.monotonic()
        self.process = subprocess.Popen(SERVE, cwd=BACKEND, env=variables, stdout=self.log, stderr=self.log, text=True)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30, trust_env=False)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                break
            except OSError:
                assert self.process.poll() is None, f"the server stopped: {self.logs()}"
                assert time.monotonic() - self.started < 90, "the server does not listen"
                time.sleep(0.02)
        self.delay = min(time.monotonic() - self.started, self.processor_seconds())

    def processor_seconds(self) -> float:
        """What starting cost: a machine busy with something else must not decide."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """One request."""
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.client.request(method, path, headers=headers, **options)

    def metric(self, line: str) -> float:
        """Value of a sample of /metrics; 0 while it does not exist."""
        for sample in self.ask("GET", "/metrics").text.splitlines():
            name, _, value = sample.rpartition(" ")
            if name == line:
                return float(value)
        return 0.0

    def logs(self) -> str:
        """What was written so far."""
        self.log.seek(0)
        return self.log.read()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Asks to stop, and waits for the end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=30)


class Bench:
    """Everything, for one run."""

    def __init__(self) -> None:
        self.database = Database()
        self.identity = Identity()
        self.gateway = Gateway()
        self.migrate()

    def variables(self, role: str = "app") -> dict[str, str]:
        """Environment of the server: the contract of names (docs/names.md)."""
        return {
            "DB_HOST": str(self.database.folder),
            "DB_NAME": ID,
            "DB_USER": f"{ID}_{role}",
            "DB_PASSWORD": "unused",
            "DB_SSLMODE": "disable",
            "MIGRATIONS": str(BACKEND.parent / "donnees/migrations"),
            "OIDC_ISSUER_URL": self.identity.issuer,
            "OIDC_AUDIENCE": AUDIENCE,
            "OIDC_CLES_SECONDES": "2",
            "OPENAI_BASE_URL": self.gateway.url,
            "OPENAI_API_KEY": "unused",
            "LLM_MODEL": "contract-model",
            "LLM_DELAI_SECONDES": "2",
            "ARRET_SECONDES": "10",
        }

    def migrate(self) -> None:
        """The project's own migrations, by its own command."""
        ran = subprocess.run(
            MIGRATE, cwd=BACKEND, env=os.environ | self.variables("owner"), capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def server(self, **more: str) -> Server:
        """A server of its own, for what changes its state."""
        return Server(self.variables() | more)

    def stop(self) -> None:
        """Stops all, and erases."""
        self.gateway.stop()
        self.identity.stop()
        self.database.stop()
        shutil.rmtree(self.database.folder)
        shutil.rmtree(self.identity.folder)
