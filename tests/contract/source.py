"""A source of reference data, honest, silent or lying as each test says, list by list. It keeps what it was asked."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ENTRIES = [{"code": "01", "libelle": "Guadeloupe"}, {"code": "04", "libelle": "La Réunion"}]
# What a list turns into when the source is asked for `lies`.
LIES: dict[str, str | bytes] = {
    "error": "500",
    "nothing": "nothing",
    "trickle": "trickle",
    "endless": "endless",
    "page": b"<html>",
    "object": b"{}",
    "empty": b"[]",
    "half": b'[{"code": "01"}]',
    "number": b'[{"code": 1, "libelle": "A"}]',
    "deep": b"[" * 20000,
}


class Source:
    """A list by address; `lying` says whether the lists of `LIES` lie; `calls` holds the headers of each request, by list."""

    def __init__(self) -> None:
        self.calls: dict[str, list[dict[str, str]]] = {}
        self.lying = False
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.path.removeprefix("/")
                outer.calls.setdefault(asked, []).append({name.lower(): value for name, value in self.headers.items()})
                try:
                    self.play(LIES.get(asked, "list") if outer.lying else "list")
                except OSError:
                    pass  # the server gave up: that is the point of some tests

            def play(self, mode: str | bytes) -> None:
                if mode == "nothing":
                    outer.over.wait(30)
                elif mode == "500":
                    self.send(500, b"{}", {})
                elif mode == "trickle":
                    # One byte now and then: every read succeeds, the answer never ends.
                    self.head(200, {})
                    until = time.monotonic() + 30
                    while time.monotonic() < until and not outer.over.wait(0.2):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                elif mode == "endless":
                    self.head(200, {})
                    while not outer.over.is_set():
                        self.wfile.write(b" " * 65536)
                elif isinstance(mode, bytes):
                    self.send(200, mode, {})
                elif self.headers.get("If-None-Match") == '"v1"':
                    self.send(304, b"", {"ETag": '"v1"'})
                else:
                    self.send(200, json.dumps(ENTRIES).encode(), {"ETag": '"v1"'})

            def head(self, status: int, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in ({"Content-Type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.end_headers()

            def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.head(status, {"Content-Length": str(len(body))} | headers)
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def turn(self, *, lying: bool) -> None:
        """Frees those who wait; nothing asked yet."""
        self.over.set()
        self.over = threading.Event()
        self.calls.clear()
        self.lying = lying

    def stop(self) -> None:
        """Frees those who wait, then stops."""
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
