"""Sessions that the server opens itself, with a real provider: one way in, every other is refused."""

import base64
import hmac
import json
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import httpx2 as httpx
import jwt
import pytest
from bench import Bench, Server
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from front import Front

APPLICATION = "https://app.contract.invalid"
SESSION, REQUEST = "__Host-session", "__Host-connexion"


class Browser:
    """What a browser keeps of the application, which it sees under its public name, and of the provider."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}
        self.provider = httpx.Client(timeout=10, trust_env=False)

    def ask(self, method: str, path: str, **headers: str) -> httpx.Response:
        """One request to the application, with its cookies."""
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.server.ask(method, path, headers={"Cookie": kept} | headers)
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.split(";")[0].strip('"')
            attributes = {part.strip().lower() for part in rest.split(";")[1:]}
            assert {"httponly", "secure", "samesite=lax", "path=/"} <= attributes, line
            self.cookies[name] = value
            if "max-age=0" in attributes:
                del self.cookies[name]
        return answer

    def leave(self) -> str:
        """Where the application sends the browser."""
        answer = self.ask("GET", "/api/connexion")
        assert answer.status_code == 303
        return answer.headers["location"]

    def sign_in(self, address: str) -> str:
        """Where the provider sends the browser back."""
        while not address.startswith(APPLICATION):
            answer = self.provider.get(address)
            assert answer.status_code in (302, 303), answer.text
            address = urllib.parse.urljoin(address, answer.headers["location"])
        return address.removeprefix(APPLICATION)

    def whole(self) -> httpx.Response:
        """There and back."""
        return self.ask("GET", self.sign_in(self.leave()))

    def known(self) -> bool:
        """Whether the application knows who asks."""
        return self.ask("GET", "/api/informations").status_code == 200


def variables(issuer: str, client: str = "session") -> dict[str, str]:
    return {
        "OIDC_ISSUER_URL": issuer,
        "OIDC_CLIENT_ID": client,
        "OIDC_CLIENT_SECRET": "contract-suite-secret-of-32-characters",
        "ADRESSE_PUBLIQUE": APPLICATION,
    }


@pytest.fixture(scope="module")
def straight(bench: Bench) -> Iterator[Server]:
    server = bench.server(**variables(bench.identity.issuer))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def fronted(bench: Bench) -> Iterator[tuple[Front, Server]]:
    front = Front(bench.identity)
    server = bench.server(**variables(front.url))
    yield front, server
    server.stop()
    front.stop()


@pytest.fixture
def browser(straight: Server) -> Browser:
    return Browser(straight)


def refused(browser: Browser, answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert SESSION not in browser.cookies
    assert not browser.known()


def test_a_person_signs_in_and_no_token_reaches_the_browser(browser: Browser) -> None:
    assert not browser.known()
    answer = browser.whole()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.known()
    assert list(browser.cookies) == [SESSION]
    assert "eyJ" not in json.dumps(browser.cookies) + answer.text + str(answer.headers)
    assert b"person-1" not in base64.urlsafe_b64decode(browser.cookies[SESSION] + "===")


def test_the_provider_is_sent_what_it_documents_and_nothing_else(browser: Browser) -> None:
    sent = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.leave()).query))
    assert set(sent) == {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce"}
    assert min(len(sent["state"]), len(sent["nonce"])) >= 32
    again = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.leave()).query))
    assert not {sent["state"], sent["nonce"]} & {again["state"], again["nonce"]}


@pytest.mark.parametrize("state", ["", "short", "x" * 43])
def test_a_return_with_another_state_is_refused(browser: Browser, state: str) -> None:
    back = urllib.parse.urlsplit(browser.sign_in(browser.leave()))
    code = dict(urllib.parse.parse_qsl(back.query))["code"]
    refused(browser, browser.ask("GET", f"{back.path}?{urllib.parse.urlencode({'code': code, 'state': state})}"))


def test_a_return_in_another_browser_is_refused(browser: Browser, straight: Server) -> None:
    back = browser.sign_in(browser.leave())
    victim = Browser(straight)
    refused(victim, victim.ask("GET", back))
    victim.leave()
    refused(victim, victim.ask("GET", back))


def test_a_return_is_not_played_twice(browser: Browser) -> None:
    address = browser.leave()
    kept = dict(browser.cookies)
    back = browser.sign_in(address)
    assert browser.ask("GET", back).status_code == 303
    browser.cookies.clear()
    refused(browser, browser.ask("GET", back))
    browser.cookies = kept  # a copy of the request's cookie: the provider itself refuses the code
    refused(browser, browser.ask("GET", back))


def test_a_code_of_another_request_is_refused_by_its_nonce(browser: Browser, straight: Server) -> None:
    thief = Browser(straight)
    stolen = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(thief.sign_in(thief.leave())).query))["code"]
    address = browser.leave()
    state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))["state"]
    query = urllib.parse.urlencode({"code": stolen, "state": state})
    refused(browser, browser.ask("GET", f"/api/connexion/retour?{query}"))


def test_a_code_of_another_client_is_refused(browser: Browser) -> None:
    back = browser.sign_in(browser.leave().replace("client_id=session", "client_id=plain"))
    refused(browser, browser.ask("GET", back))


def test_userinfo_that_the_provider_does_not_sign_is_refused(bench: Bench, start: Callable[..., Server]) -> None:
    browser = Browser(start(**variables(bench.identity.issuer, "plain")))
    refused(browser, browser.whole())


def test_what_the_front_makes_is_accepted_when_nothing_is_changed(fronted: tuple[Front, Server]) -> None:
    front, server = fronted
    front.reset()
    browser = Browser(server)
    assert browser.whole().status_code == 303
    assert browser.known()


NOW = int(time.time())


@pytest.mark.parametrize(
    ("which", "changes"),
    [
        ("identity", {"nonce": "another-nonce-of-more-than-32-characters"}),
        ("identity", {"nonce": None}),
        ("identity", {"aud": "plain"}),
        ("identity", {"aud": ["session", "plain"]}),
        ("identity", {"iss": "https://elsewhere.invalid"}),
        ("identity", {"exp": NOW - 3600}),
        ("identity", {"exp": None}),
        ("identity", {"iat": NOW + 3600}),
        ("identity", {"sub": "person-2"}),
        ("person", {"sub": "person-2"}),
        ("person", {"sub": None}),
        ("person", {"aud": "plain"}),
        ("person", {"aud": None}),
        ("person", {"iss": "https://elsewhere.invalid"}),
        ("person", {"exp": NOW - 3600}),
    ],
    ids=str,
)
def test_a_claim_that_does_not_fit_is_refused(fronted: tuple[Front, Server], which: str, changes: dict[str, Any]) -> None:
    front, server = fronted
    front.reset()
    setattr(front, which, changes)
    browser = Browser(server)
    refused(browser, browser.whole())


def unsigned(name: str) -> Callable[[Front], Callable[[dict[str, Any]], str]]:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return lambda front: lambda claims: f"{part({'alg': name, 'kid': front.provider.kid})}.{part(claims)}."


def with_public_key(front: Front) -> Callable[[dict[str, Any]], str]:
    public = front.provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(claims: dict[str, Any]) -> str:
        body = unsigned("HS256")(front)(claims).removesuffix(".")
        return f"{body}.{base64.urlsafe_b64encode(hmac.digest(public, body.encode(), 'sha256')).rstrip(b'=').decode()}"

    return sign


def with_the_secret(front: Front) -> Callable[[dict[str, Any]], str]:
    secret = "contract-suite-secret-of-32-characters"
    return lambda claims: jwt.encode(claims, secret, algorithm="HS256", headers={"kid": front.provider.kid})


def with_another_key(front: Front) -> Callable[[dict[str, Any]], str]:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return lambda claims: jwt.encode(claims, other, algorithm="RS256", headers={"kid": front.provider.kid})


def with_another_algorithm(front: Front) -> Callable[[dict[str, Any]], str]:
    return lambda claims: jwt.encode(claims, front.provider.key, algorithm="PS256", headers={"kid": front.provider.kid})


@pytest.mark.parametrize("which", ["sign_identity", "sign_person"])
@pytest.mark.parametrize(
    "signer",
    [unsigned("none"), unsigned("NONE"), with_public_key, with_the_secret, with_another_key, with_another_algorithm],
    ids=["none", "NONE", "public key", "client secret", "another key", "PS256"],
)
def test_a_signature_that_does_not_hold_is_refused(fronted: tuple[Front, Server], which: str, signer: Any) -> None:
    front, server = fronted
    front.reset()
    setattr(front, which, signer(front))
    browser = Browser(server)
    refused(browser, browser.whole())


def test_userinfo_in_clear_is_refused(fronted: tuple[Front, Server]) -> None:
    front, server = fronted
    front.reset()
    front.kind, front.sign_person = "application/json", json.dumps
    browser = Browser(server)
    refused(browser, browser.whole())


@pytest.mark.parametrize("value", ["", "x", "gAAAAABo", "x" * 3000])
def test_a_made_up_session_is_refused(browser: Browser, value: str) -> None:
    browser.cookies[SESSION] = value
    assert not browser.known()


def test_the_cookie_of_a_request_opens_no_session_and_an_altered_one_neither(browser: Browser) -> None:
    browser.leave()
    browser.cookies[SESSION] = browser.cookies[REQUEST]
    assert not browser.known()
    browser.cookies.clear()
    browser.whole()
    browser.cookies[SESSION] = browser.cookies[SESSION][:-2] + "AA"
    assert not browser.known()


def test_a_write_from_another_site_is_refused(browser: Browser) -> None:
    browser.whole()
    away = browser.ask("POST", "/api/deconnexion", Origin="https://elsewhere.invalid")
    assert (away.status_code, away.headers["content-type"]) == (403, "application/problem+json")
    assert browser.known()


def test_signing_out_ends_the_session_here_and_at_the_provider(browser: Browser) -> None:
    browser.whole()
    answer = browser.ask("POST", "/api/deconnexion", Origin=APPLICATION)
    assert (answer.status_code, SESSION in browser.cookies) == (303, False)
    sent = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["location"]).query))
    assert set(sent) == {"id_token_hint", "state", "post_logout_redirect_uri"}
    page = browser.provider.get(answer.headers["location"])
    assert page.status_code == 200, page.text
    xsrf, action = re.search(r'name="xsrf" value="([^"]+)"', page.text), re.search(r'action="([^"]+)"', page.text)
    assert xsrf and action, page.text
    ended = browser.provider.post(action[1], data={"xsrf": xsrf[1], "logout": "yes"})
    assert ended.headers["location"] == f"{APPLICATION}/api/deconnexion/retour?state={sent['state']}"
    back = browser.ask("GET", ended.headers["location"].removeprefix(APPLICATION))
    assert (back.status_code, back.headers["location"]) == (303, "/")
    assert browser.cookies == {}


def test_a_token_opens_nothing(browser: Browser, bench: Bench) -> None:
    answer = browser.ask("GET", "/api/informations", Authorization=f"Bearer {bench.identity.token()}")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Cookie realm="/api/connexion"')


def test_no_log_holds_a_code_a_token_or_a_person(browser: Browser, straight: Server) -> None:
    back = browser.sign_in(browser.leave())
    browser.ask("GET", back)
    said = straight.logs()
    assert "/api/connexion/retour" in said
    for secret in (dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))["code"], "eyJ", "person-1", "00000000000000"):
        assert secret not in said
