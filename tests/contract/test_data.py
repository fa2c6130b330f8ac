"""What is written: once, whatever is repeated, interrupted or restarted."""

import http.client
import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bench import ID, Bench, Server
from test_http import deposit

Start = Callable[..., Server]


def rows(bench: Bench) -> int:
    return int(bench.database.sql(ID, f"SELECT count(*) FROM {ID}.demande"))


def test_a_key_is_used_once_however_many_ask(bench: Bench, shared: Server, token: str) -> None:
    body, before = deposit(shared), rows(bench)
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: shared.ask("POST", "/api/demandes", token, json=body, headers=headers), range(20)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["id"] for a in answers}) == 1
    assert rows(bench) == before + 1


def test_a_key_serves_one_request_of_one_caller(bench: Bench, shared: Server, token: str) -> None:
    body, headers = deposit(shared), {"Idempotency-Key": uuid.uuid4().hex}
    first = shared.ask("POST", "/api/demandes", token, json=body, headers=headers).json()["id"]
    other = shared.ask("POST", "/api/demandes", token, json=body | {"objet": "reclamation"}, headers=headers)
    assert (other.status_code, other.headers["content-type"]) == (422, "application/problem+json")
    someone = shared.ask("POST", "/api/demandes", bench.identity.token("reader"), json=body, headers=headers)
    assert someone.status_code == 201
    assert someone.json()["id"] != first


def test_neither_the_key_nor_the_caller_is_kept_in_clear(bench: Bench, shared: Server, token: str) -> None:
    key = "key-" + uuid.uuid4().hex
    assert shared.ask("POST", "/api/demandes", token, json=deposit(shared), headers={"Idempotency-Key": key}).status_code == 201
    dump = os.popen(f"{bench.database.programs}/pg_dump -h {bench.database.folder} -U postgres --data-only {ID}").read()
    assert "COPY" in dump
    assert key not in dump
    assert "instructor" not in dump


def test_the_database_restarts_under_load_and_nothing_is_lost_nor_doubled(bench: Bench, start: Start, token: str) -> None:
    server, before = start(DEBIT_PAR_MINUTE="1000000"), rows(bench)
    body, end, done, statuses = deposit(server), time.monotonic() + 9, [], set()
    lock = threading.Lock()

    def caller() -> None:
        while time.monotonic() < end:
            headers = {"Idempotency-Key": uuid.uuid4().hex}
            # The caller's part: the same key again until it is told that it is done.
            for _ in range(100):
                answer = server.ask("POST", "/api/demandes", token, json=body, headers=headers)
                with lock:
                    statuses.add(answer.status_code)
                if answer.status_code == 201:
                    with lock:
                        done.append(answer.json()["id"])
                    break
                time.sleep(0.2)

    threads = [threading.Thread(target=caller) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    bench.database.stop()
    time.sleep(5)
    bench.database.start()
    for thread in threads:
        thread.join()
    assert statuses == {201, 503}
    assert len(set(done)) == len(done) == rows(bench) - before


def test_a_request_that_began_before_sigterm_ends(start: Start, token: str) -> None:
    server = start()
    body = json.dumps(deposit(server)).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", "/api/demandes")
    for name, value in {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body[:5])
    time.sleep(0.5)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    connection.send(body[5:])
    assert connection.getresponse().status == 201
    connection.close()
    server.process.wait(timeout=20)
    assert server.process.returncode in (0, -signal.SIGTERM)
