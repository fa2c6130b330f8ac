"""A provider that lies: the real one behind it, whose answers are altered and signed again with its own key."""

import json
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt

from bench import Identity

Signer = Callable[[dict[str, Any]], str]


class Front:
    """`identity` and `person` are merged in the claims of the id_token and of userinfo; None takes a claim away."""

    def __init__(self, provider: Identity) -> None:
        self.provider = provider
        self.reset()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/.well-known/openid-configuration":
                    return self.send("application/json", json.dumps(outer.discovery()))
                answer = outer.ask("/me", None, {"Authorization": self.headers["Authorization"]})
                return self.send(outer.kind, outer.sign_person(outer.claims(answer.decode(), outer.person)))

            def do_POST(self) -> None:
                answer = json.loads(outer.ask("/token", self.rfile.read(int(self.headers["Content-Length"])), {}))
                answer["id_token"] = outer.sign_identity(outer.claims(answer["id_token"], outer.identity))
                return self.send("application/json", json.dumps(answer))

            def send(self, kind: str, text: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def reset(self) -> None:
        """Honest again."""
        self.identity: dict[str, Any] = {}
        self.person: dict[str, Any] = {}
        self.kind = "application/jwt"
        self.sign_identity: Signer = self.sign
        self.sign_person: Signer = self.sign

    def discovery(self) -> dict[str, Any]:
        """The provider's own, under our name."""
        known = json.loads(self.ask("/.well-known/openid-configuration", None, {}))
        return known | {"issuer": self.url, "token_endpoint": f"{self.url}/token", "userinfo_endpoint": f"{self.url}/me"}

    def ask(self, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        """What the provider really answers."""
        with urllib.request.urlopen(urllib.request.Request(self.provider.issuer + path, body, headers), timeout=10) as answer:
            return bytes(answer.read())

    def claims(self, token: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Claims of the real answer, under our name, altered."""
        known = jwt.decode(token, options={"verify_signature": False}) | {"iss": self.url} | changes
        return {name: value for name, value in known.items() if value is not None}

    def sign(self, claims: dict[str, Any]) -> str:
        """As the provider signs."""
        return jwt.encode(claims, self.provider.key, algorithm="RS256", headers={"kid": self.provider.kid})

    def stop(self) -> None:
        """Stops."""
        self._server.shutdown()
