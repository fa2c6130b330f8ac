"""Tokens of a real provider: one is accepted, every alteration is refused."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from bench import Bench, Server
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Start = Callable[..., Server]


def status(server: Server, token: str) -> int:
    answer = server.ask("GET", "/api/informations", token)
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
    return int(answer.status_code)


def forged(bench: Bench, key: Any = None, kid: str | None = None, **changes: Any) -> str:
    """The provider's own token with other claims, signed with its own key unless told otherwise."""
    claims = jwt.decode(bench.identity.token(), options={"verify_signature": False}) | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key or bench.identity.key, algorithm="RS256", headers={"kid": kid or bench.identity.kid})


def by_hand(header: dict[str, Any], payload: str, sign: Callable[[bytes], bytes]) -> str:
    """What no library agrees to make."""
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=")
    body = encoded + b"." + payload.encode()
    return (body + b"." + base64.urlsafe_b64encode(sign(body)).rstrip(b"=")).decode()


def test_the_providers_token_is_accepted(shared: Server, token: str) -> None:
    assert status(shared, token) == 200


def test_what_the_forge_makes_is_accepted_when_nothing_is_changed(shared: Server, bench: Bench) -> None:
    assert status(shared, forged(bench)) == 200


NOW = int(time.time())


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - 3600},
        {"exp": None},
        {"nbf": NOW + 3600},
        {"iat": NOW + 3600},
        {"aud": "another-api"},
        {"aud": None},
        {"iss": "https://elsewhere.invalid"},
        {"iss": None},
        {"sub": None},
        {"typ": "ID"},
        {"typ": "Refresh"},
    ],
    ids=str,
)
def test_a_claim_that_does_not_fit_is_refused(shared: Server, bench: Bench, changes: dict[str, Any]) -> None:
    assert status(shared, forged(bench, **changes)) == 401


def test_a_little_skew_of_the_clocks_is_tolerated(shared: Server, bench: Bench) -> None:
    assert status(shared, forged(bench, exp=int(time.time()) - 5)) == 200
    assert status(shared, forged(bench, exp=int(time.time()) - 120)) == 401


@pytest.mark.parametrize("kid", ["unknown", "../../etc/passwd", ""])
def test_an_unknown_key_is_refused(shared: Server, bench: Bench, kid: str) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert status(shared, forged(bench, other, kid or "x" * 4000)) == 401


def test_another_key_under_a_known_name_is_refused(shared: Server, bench: Bench) -> None:
    assert status(shared, forged(bench, rsa.generate_private_key(public_exponent=65537, key_size=2048))) == 401


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
def test_no_signature_is_refused(shared: Server, bench: Bench, name: str) -> None:
    payload = bench.identity.token().split(".")[1]
    assert status(shared, by_hand({"alg": name, "kid": bench.identity.kid}, payload, lambda _: b"")) == 401


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_the_public_key_taken_for_a_secret_is_refused(shared: Server, bench: Bench, encoding: Encoding, algorithm: str) -> None:
    public = bench.identity.key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    payload = bench.identity.token().split(".")[1]
    digest = {"HS256": "sha256", "HS512": "sha512"}[algorithm]
    tricked = by_hand({"alg": algorithm, "kid": bench.identity.kid}, payload, lambda body: hmac.digest(public, body, digest))
    assert status(shared, tricked) == 401


def test_a_key_carried_by_the_token_is_not_believed(shared: Server, bench: Bench) -> None:
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = jwt.decode(bench.identity.token(), options={"verify_signature": False})
    carried = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key()))
    headers = {"kid": "own", "jwk": carried, "jku": "http://127.0.0.1:9/keys"}
    assert status(shared, jwt.encode(claims, own, algorithm="RS256", headers=headers)) == 401


def test_an_altered_payload_is_refused(shared: Server, token: str) -> None:
    head, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    altered = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "someone-else"}).encode()).rstrip(b"=").decode()
    assert status(shared, f"{head}.{altered}.{signature}") == 401


@pytest.mark.parametrize("given", ["", "x", "a.b.c", "x" * 20000])
def test_what_is_no_token_is_refused(shared: Server, given: str) -> None:
    answer = shared.ask("GET", "/api/informations", headers={"Authorization": f"Bearer {given}"} if given else {})
    # 431 or 400 for a header larger than any token: the server's own limit.
    assert answer.status_code in ((401,) if len(given) < 9000 else (400, 401, 431))


def test_keys_are_not_read_at_each_unknown_one(bench: Bench, start: Start) -> None:
    server = start(OIDC_CLES_SECONDES="600")
    assert status(server, bench.identity.token()) == 200
    before = bench.identity.readings()
    assert {status(server, forged(bench, kid=f"unknown-{n}")) for n in range(40)} == {401}
    assert bench.identity.readings() - before <= 1


def test_after_a_rotation_the_new_key_is_accepted_and_the_former_refused(bench: Bench, start: Start) -> None:
    server = start()
    former = bench.identity.token()
    assert status(server, former) == 200
    bench.identity.rotate()
    time.sleep(2.1)
    assert status(server, bench.identity.token()) == 200
    assert status(server, former) == 401


def test_groups_decide(shared: Server, bench: Bench) -> None:
    tokens = {program: bench.identity.token(program) for program in ("instructor", "reader", "nobody")}
    body = {"statut": "en_cours"}
    absent = "/api/demandes/6f2d2a5e-7b0b-4b43-9d2f-0a55b2f5f0aa"
    assert shared.ask("PATCH", absent, tokens["instructor"], json=body).status_code == 404
    for program in ("reader", "nobody"):
        refused = shared.ask("PATCH", absent, tokens[program], json=body)
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    assert shared.ask("GET", "/api/demandes", tokens["nobody"]).status_code == 403
    assert shared.ask("GET", "/api/demandes").status_code == 401
