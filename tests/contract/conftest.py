"""Fixtures: one bench for the run, one server shared by the tests that leave it as it was."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bench import Bench, Server

# A back end is shown tokens, or opens sessions itself: the tests of the other kind, and those that need a token, are left out.
SESSIONS = os.environ.get("CONTRACT_IDENTITY") == "session"
collect_ignore = [p.name for p in Path(__file__).parent.glob("test_*.py") if (p.name == "test_session.py") != SESSIONS]


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """PostgreSQL, provider and gateway."""
    made = Bench()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def shared(bench: Bench) -> Iterator[Server]:
    """A server in its usual state."""
    server = bench.server()
    yield server
    server.stop()


@pytest.fixture
def start(bench: Bench) -> Iterator[Callable[..., Server]]:
    """Starts servers of the test's own, with more variables."""
    bench.gateway.reset()
    servers: list[Server] = []

    def one(**more: str) -> Server:
        servers.append(bench.server(**more))
        return servers[-1]

    yield one
    bench.gateway.reset()
    for server in servers:
        server.stop()
        server.client.close()


@pytest.fixture(scope="session")
def token(bench: Bench) -> str:
    """A valid token of an instructor, issued by the provider."""
    return bench.identity.token()
