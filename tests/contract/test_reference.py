"""Lists of reference data: read at their source, kept while it fails, and never with a storm of calls."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bench import Bench, Server
from source import ENTRIES, LIES, Source

Start = Callable[..., Server]
PATH = "/api/referentiels"


@pytest.fixture
def token(bench: Bench) -> str:
    """Of the provider's present keys: another file changes them."""
    return bench.identity.token()


@pytest.fixture
def source() -> Iterator[Source]:
    made = Source()
    yield made
    made.stop()


@pytest.fixture
def server(start: Start, source: Source) -> Server:
    """Stale after a second; a failing source is left alone for two."""
    return start(
        REFERENTIELS=json.dumps({name: f"{source.url}/{name}" for name in ["regions", *LIES]}),
        REFERENTIELS_FRAICHEUR_SECONDES="1",
        REFERENTIELS_DELAI_SECONDES="1",
        REFERENTIELS_DISJONCTEUR_SECONDES="2",
    )


def read(server: Server, name: str, token: str, **options: Any) -> Any:
    return server.ask("GET", f"{PATH}/{name}", token, **options)


def checked(server: Server) -> str:
    """What the probe says of the source; it never makes the server unready."""
    ready = server.ask("GET", "/health/ready")
    assert ready.status_code == 200
    return str(ready.json()["checks"]["referentiels"]["status"])


def test_a_list_is_read_when_needed_then_revalidated(server: Server, source: Source, token: str) -> None:
    assert source.calls == {}
    first = read(server, "regions", token)
    assert (first.status_code, first.json()["nom"], first.json()["entrees"]) == (200, "regions", ENTRIES)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(first.json()["confirme_le"])).total_seconds()) < 30
    # A caller who has it is told so.
    known = first.headers["etag"]
    again = read(server, "regions", token, headers={"If-None-Match": known})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", known)
    assert read(server, "regions", token, headers={"If-None-Match": '"another"'}).status_code == 200
    time.sleep(1.1)
    second = read(server, "regions", token)
    assert (second.json()["entrees"], second.headers["age"], second.headers["etag"]) == (ENTRIES, "0", known)
    assert second.json()["confirme_le"] > first.json()["confirme_le"]
    asked = [call.get("if-none-match") for call in source.calls["regions"]]
    assert asked[0] is None
    assert set(asked[1:]) == {'"v1"'}
    assert server.metric('referentiel_reads_total{liste="regions",resultat="nouvelle"}') == 1
    assert server.metric('referentiel_reads_total{liste="regions",resultat="inchangee"}') >= 1
    assert checked(server) == "pass"


def test_good_lists_outlive_a_source_that_lies_or_fails(server: Server, source: Source, token: str) -> None:
    assert [read(server, name, token).status_code for name in LIES] == [200] * len(LIES)
    time.sleep(1.1)
    source.turn(lying=True)
    for name in LIES:
        before = time.monotonic()
        for _ in range(5):
            kept = read(server, name, token)
            assert (kept.status_code, kept.json()["entrees"]) == (200, ENTRIES), name
            assert int(kept.headers["age"]) >= 1, name
        # One call, then one each time the rest is over.
        assert 1 <= len(source.calls[name]) <= 1 + (time.monotonic() - before) / 2, name
        assert server.metric(f'referentiel_age_seconds{{liste="{name}"}}') > 1, name
    assert checked(server) == "warn"
    source.turn(lying=False)
    time.sleep(2.1)
    assert {name: read(server, name, token).headers["age"] for name in LIES} == dict.fromkeys(LIES, "0")
    assert checked(server) == "pass"


def test_lists_never_read_are_refused_with_the_time_to_come_back(server: Server, source: Source, token: str) -> None:
    source.turn(lying=True)
    for name in ("error", "nothing", "empty"):
        before = time.monotonic()
        for _ in range(5):
            refused = read(server, name, token)
            assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json"), name
            assert int(refused.headers["retry-after"]) > 0, name
        assert 1 <= len(source.calls[name]) <= 1 + (time.monotonic() - before) / 2, name
    assert checked(server) == "warn"
    # The rest of the application, and the other lists, don't notice.
    assert server.ask("GET", "/api/informations", token).status_code == 200
    assert read(server, "regions", token).status_code == 200
    source.turn(lying=False)
    time.sleep(2.1)
    assert read(server, "nothing", token).json()["entrees"] == ENTRIES


def test_a_list_that_is_not_declared_or_not_for_this_caller(server: Server, source: Source, token: str) -> None:
    unknown = read(server, "other", token)
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")
    refusal = server.ask("GET", f"{PATH}/regions")
    assert (refusal.status_code, refusal.headers["content-type"]) == (401, "application/problem+json")
    assert source.calls == {}
