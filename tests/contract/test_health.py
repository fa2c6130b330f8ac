"""Probes: what is required makes the server unready, what is optional only degrades it."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bench import BACKEND, Bench, Server

Start = Callable[..., Server]


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.1)


def test_it_listens_in_less_than_three_seconds(start: Start) -> None:
    assert start().delay < 3


def test_it_is_alive_and_ready(shared: Server) -> None:
    assert shared.ask("GET", "/health/live").status_code == 200
    ready = shared.ask("GET", "/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "pass")


def test_without_its_database_it_is_alive_but_not_ready_and_comes_back_by_itself(bench: Bench, start: Start, token: str) -> None:
    server = start()
    until(lambda: server.ask("GET", "/health/ready").status_code == 200)
    bench.database.stop()
    try:
        ready = server.ask("GET", "/health/ready")
        assert (ready.status_code, ready.headers["content-type"]) == (503, "application/problem+json")
        assert ready.json()["status"] == 503
        assert server.ask("GET", "/health/live").status_code == 200
        refused = server.ask("GET", "/api/demandes", token)
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert int(refused.headers["retry-after"]) > 0
    finally:
        bench.database.start()
    until(lambda: server.ask("GET", "/health/ready").status_code == 200)
    assert server.ask("GET", "/api/demandes", token).status_code == 200


def test_a_schema_that_is_late_is_not_ready(start: Start, tmp_path: Path) -> None:
    shutil.copytree(BACKEND.parent / "donnees/migrations", tmp_path, dirs_exist_ok=True)
    (tmp_path / "99999_next.sql").write_text("SELECT 1;\n")
    server = start(MIGRATIONS=str(tmp_path))
    ready = server.ask("GET", "/health/ready")
    assert (ready.status_code, ready.headers["content-type"]) == (503, "application/problem+json")
    assert server.ask("GET", "/health/live").status_code == 200


def test_a_gateway_that_is_down_degrades_but_leaves_ready(bench: Bench, start: Start, token: str) -> None:
    server = start(OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    for _ in range(8):
        assert server.ask("POST", "/api/resumes", token, json={"texte": "Un texte."}).status_code == 503
    ready = server.ask("GET", "/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "warn")


def test_a_provider_that_is_down_degrades_but_leaves_ready(bench: Bench, start: Start) -> None:
    server = start(OIDC_ISSUER_URL="http://127.0.0.1:9")
    refused = server.ask("GET", "/api/informations", bench.identity.token())
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    ready = server.ask("GET", "/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "warn")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_that_loads_from_elsewhere(shared: Server, path: str) -> None:
    assert shared.ask("GET", path).status_code == 404
