"""What every answer carries, what is counted, what is written, and the limits."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from bench import BACKEND, Server

Start = Callable[..., Server]
PROBLEM = "application/problem+json"
PERSON = {
    "objet": "information", "nom": "Quasimodo", "prenom": "Esmeralda", "courriel": "quasimodo@exemple.invalid",
    "code_postal": "75104", "telephone": "01 99 00 55 66", "commentaire": "Un commentaire singulier",
}


def deposit(server: Server) -> dict[str, str]:
    """A body that the server's own description accepts: with or without personal data."""
    known = server.ask("GET", "/api/openapi.json").json()["components"]["schemas"]["DemandeADeposer"]["properties"]
    return {name: value for name, value in PERSON.items() if name in known}


def test_metrics_are_valid_and_move(shared: Server, token: str) -> None:
    line = 'http_request_duration_seconds_count{method="GET",route="/api/informations",status="200"}'
    before = shared.metric(line)
    assert shared.ask("GET", "/api/informations", token).status_code == 200
    assert shared.metric(line) == before + 1
    filed = shared.metric('demandes_deposees_total{objet="information"}')
    assert shared.ask("POST", "/api/demandes", token, json=deposit(shared)).status_code == 201
    assert shared.metric('demandes_deposees_total{objet="information"}') == filed + 1
    assert shared.metric("http_requests_in_progress") == 1
    text = shared.ask("GET", "/metrics").text
    judged = subprocess.run(
        [os.environ["CONTRACT_PROMTOOL"], "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert judged.returncode == 0, judged.stderr
    # The same judge refuses what is not in the format.
    broken = subprocess.run(
        [os.environ["CONTRACT_PROMTOOL"], "check", "metrics"], input=text + "x{ 1\n", capture_output=True, text=True, check=False
    )
    assert broken.returncode == 1


def test_the_description_is_the_committed_one(shared: Server) -> None:
    served = shared.ask("GET", "/api/openapi.json").json()
    assert served["openapi"].startswith("3.1.")
    assert served == json.loads((BACKEND / "openapi.json").read_text(encoding="utf-8"))


def test_the_correlation_comes_back(shared: Server) -> None:
    given = shared.ask("GET", "/unknown", headers={"X-Correlation-ID": "contract-0001"})
    assert given.headers["x-correlation-id"] == "contract-0001"
    assert (given.headers["content-type"], given.json()["correlation"]) == (PROBLEM, "contract-0001")
    odd = shared.ask("GET", "/health/live", headers={"X-Correlation-ID": "a b"})
    assert odd.headers["x-correlation-id"] not in ("a b", "")
    assert shared.ask("GET", "/health/live").headers["x-correlation-id"]


@pytest.mark.parametrize("path", ["/health/live", "/unknown", "/api/informations", "/api/openapi.json"])
def test_security_headers_are_everywhere(shared: Server, path: str) -> None:
    headers = shared.ask("GET", path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_too_large_is_refused_whether_announced_or_not(shared: Server, token: str, announced: bool) -> None:
    size = 300 * 1024
    refused = shared.ask("POST", "/api/demandes", token, content=b"x" * size if announced else pieces(size))
    assert (refused.status_code, refused.headers["content-type"]) == (413, PROBLEM)


def test_a_caller_is_slowed_down_alone(start: Start, token: str, bench) -> None:
    server = start(DEBIT_PAR_MINUTE="30")
    answers = [server.ask("GET", "/api/informations", token) for _ in range(60)]
    refused = [a for a in answers if a.status_code == 429]
    assert answers[0].status_code == 200
    assert refused
    assert all(a.headers["content-type"] == PROBLEM and int(a.headers["retry-after"]) > 0 for a in refused)
    # Another caller is not concerned, nor are the probes.
    assert server.ask("GET", "/api/informations", bench.identity.token("reader")).status_code == 200
    assert server.ask("GET", "/health/ready").status_code == 200


def test_beyond_its_capacity_it_refuses_at_once(start: Start, token: str, bench) -> None:
    server = start(REQUETES_MAX="2")
    bench.gateway.reset("nothing")
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(server.ask, "POST", "/api/resumes", token, json={"texte": "Un texte."}) for _ in range(12)]
        assert server.ask("GET", "/health/live").status_code == 200
        statuses = [a.result() for a in asked]
    assert all(a.status_code == 503 and a.headers["content-type"] == PROBLEM for a in statuses)
    assert 1 <= len(bench.gateway.calls) <= 2


def test_logs_are_json_without_personal_data(start: Start, token: str) -> None:
    server = start(LOG_LEVEL="DEBUG")
    body = deposit(server)
    created = server.ask("POST", "/api/demandes", token, json=body, headers={"X-Correlation-ID": "contract-0002"})
    assert created.status_code == 201
    server.ask("GET", created.headers["location"], token)
    server.ask("POST", "/api/demandes", token, json=body | {"objet": "Quasimodo"})
    server.ask("GET", "/unknown?nom=Quasimodo")
    server.stop()
    lines = [json.loads(line) for line in server.logs().splitlines()]
    assert any(line["correlation"] == "contract-0002" for line in lines)
    assert all({"horodatage", "niveau", "message"} <= line.keys() for line in lines)
    text = server.logs()
    hidden = [v for n, v in PERSON.items() if n != "objet"] + [token, token.split(".")[1], created.json()["id"]]
    assert [v for v in hidden if v in text] == []
