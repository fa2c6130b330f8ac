"""The gateway of language models: the right answer to each failure, and never a storm of retries."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bench import Bench, Server
from gateway import ANSWER

from test_identity import forged

Start = Callable[..., Server]


@pytest.fixture
def server(start: Start) -> Server:
    return start()


def ask(server: Server, token: str, path: str = "/api/resumes") -> Any:
    return server.ask("POST", path, token, json={"texte": "Un texte assez long."})


def test_tokens_are_counted(server: Server, token: str) -> None:
    assert ask(server, token).json()["resume"] == "Un résumé."
    assert server.metric('llm_tokens_total{modele="contract-model",type="prompt"}') == 40
    assert server.metric('llm_tokens_total{modele="contract-model",type="completion"}') == 7
    assert server.metric('llm_transaction_tokens_count{operation="resume"}') == 1
    assert server.metric('llm_transaction_tokens_sum{operation="resume"}') == 47
    assert server.metric("llm_daily_users") == 1


def test_a_short_quota_is_tried_once_more(bench: Bench, server: Server, token: str) -> None:
    bench.gateway.reset(script=[(429, {}, {"Retry-After": "1"}), (200, ANSWER, {})])
    assert ask(server, token).status_code == 200
    assert len(bench.gateway.calls) == 2


def test_a_long_quota_goes_back_to_the_caller(bench: Bench, server: Server, token: str) -> None:
    bench.gateway.reset(script=[(429, {}, {"Retry-After": "120"})])
    answer = ask(server, token)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "120")
    # The next call does not even leave: the gateway said when.
    again = ask(server, token)
    assert again.status_code == 503
    assert 100 < int(again.headers["retry-after"]) <= 120
    assert len(bench.gateway.calls) == 1


def test_personal_data_is_told_apart(bench: Bench, server: Server, token: str) -> None:
    bench.gateway.reset(script=[(400, {"error": "pii detected: email"}, {})] * 8)
    for _ in range(8):
        answer = ask(server, token)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert "email" in answer.json()["detail"]
    # It is the caller's mistake: the breaker stays closed.
    assert len(bench.gateway.calls) == 8
    assert ask(server, token).status_code == 200


def test_errors_open_the_breaker(bench: Bench, server: Server, token: str) -> None:
    bench.gateway.reset("500")
    answers = [ask(server, token) for _ in range(50)]
    assert {a.status_code for a in answers} == {503}
    assert all(int(a.headers["retry-after"]) > 0 for a in answers)
    assert len(bench.gateway.calls) <= 6


def test_the_breaker_closes_again(bench: Bench, start: Start, token: str) -> None:
    server = start(LLM_DISJONCTEUR_SECONDES="1")
    bench.gateway.reset("500")
    for _ in range(10):
        ask(server, token)
    bench.gateway.reset()
    assert ask(server, token).status_code == 503
    time.sleep(1.1)
    assert ask(server, token).status_code == 200
    assert server.ask("GET", "/health/ready").json()["status"] == "pass"


@pytest.mark.parametrize("mode", ["nothing", "trickle"])
def test_silence_ends_at_the_deadline(bench: Bench, server: Server, token: str, mode: str) -> None:
    bench.gateway.reset(mode)
    before = time.monotonic()
    assert ask(server, token).status_code == 503
    assert 1.5 < time.monotonic() - before < 5
    assert len(bench.gateway.calls) == 1


def test_slow_answers_leave_the_rest_alone(bench: Bench, start: Start, token: str) -> None:
    server = start(LLM_SIMULTANES="4", LLM_DELAI_SECONDES="5")
    bench.gateway.reset("nothing")
    with ThreadPoolExecutor(60) as pool:
        before = time.monotonic()
        slow = [pool.submit(ask, server, token) for _ in range(60)]
        time.sleep(0.5)
        assert server.ask("GET", "/health/live").status_code == 200
        assert server.ask("GET", "/health/ready").status_code == 200
        assert server.ask("GET", "/api/demandes", token).status_code == 200
        assert time.monotonic() - before < 4.5
        assert {s.result().status_code for s in slow} == {503}
    assert len(bench.gateway.calls) <= 4


def test_a_stream_is_passed_on_and_counted(bench: Bench, server: Server, token: str) -> None:
    bench.gateway.reset("stream")
    answer = ask(server, token, "/api/resumes/flux")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '"texte": "Un "' in answer.text
    assert "event: fin" in answer.text
    assert bench.gateway.calls[0]["stream_options"] == {"include_usage": True}
    assert server.metric('llm_tokens_total{modele="contract-model",type="completion"}') == 7


def test_a_slow_stream_ends_by_saying_so(bench: Bench, server: Server, token: str) -> None:
    bench.gateway.reset("slow stream")
    before = time.monotonic()
    answer = ask(server, token, "/api/resumes/flux")
    assert time.monotonic() - before < 6
    assert '"texte": "Un "' in answer.text
    assert "event: erreur" in answer.text
    assert len(bench.gateway.calls) == 1


def test_a_stream_that_does_not_start_is_an_error(bench: Bench, server: Server, token: str) -> None:
    bench.gateway.reset("500")
    assert ask(server, token, "/api/resumes/flux").status_code == 503


def test_a_budget_is_per_caller_whatever_the_server(bench: Bench, start: Start) -> None:
    spender, other = forged(bench, sub="budget-spender"), forged(bench, sub="budget-other")
    server = start(LLM_JETONS_PAR_JOUR="100")
    assert [ask(server, spender).status_code for _ in range(3)] == [200, 200, 200]
    second = start(LLM_JETONS_PAR_JOUR="100")
    for one in (server, second):
        spent = ask(one, spender)
        assert (spent.status_code, spent.headers["content-type"]) == (429, "application/problem+json")
        assert int(spent.headers["retry-after"]) > 0
    assert ask(second, other).status_code == 200
    assert len(bench.gateway.calls) == 4
