"""A gateway of language models whose answers each test writes, and which counts what it is asked."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER = {"choices": [{"message": {"content": "Un résumé."}}], "usage": {"prompt_tokens": 40, "completion_tokens": 7}}
PIECES = [
    {"choices": [{"delta": {"content": "Un "}}]},
    {"choices": [{"delta": {"content": "résumé."}}]},
    {"choices": [], "usage": {"prompt_tokens": 40, "completion_tokens": 7}},
]


class Gateway:
    """`mode` says what is answered; `calls` what was received."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.script: list[tuple[int, Any, dict[str, str]]] = []
        self.mode = "answer"
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.calls.append(request)
                try:
                    self.play(request)
                except OSError:
                    pass  # the server gave up: that is the point of some tests

            def play(self, request: dict[str, Any]) -> None:
                if outer.script:
                    return self.send(*outer.script.pop(0))
                if outer.mode == "nothing":
                    outer.over.wait(30)
                    return None
                if outer.mode in ("stream", "slow stream"):
                    self.send_response(200)
                    self.send_header("Content-Type", "text/event-stream")
                    self.end_headers()
                    for piece in PIECES:
                        self.wfile.write(b"data: " + json.dumps(piece).encode() + b"\n\n")
                        self.wfile.flush()
                        if outer.mode == "slow stream":
                            outer.over.wait(30)
                    self.wfile.write(b"data: [DONE]\n\n")
                    return None
                if outer.mode == "trickle":
                    # One byte now and then: every read succeeds, the answer never ends.
                    self.send_response(200)
                    self.end_headers()
                    until = time.monotonic() + 30
                    while time.monotonic() < until and not outer.over.wait(0.2):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                    return None
                if outer.mode == "500":
                    return self.send(500, {"error": "internal"}, {})
                return self.send(200, ANSWER, {})

            def send(self, status: int, content: Any, headers: dict[str, str]) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def reset(self, mode: str = "answer", script: list[tuple[int, Any, dict[str, str]]] | None = None) -> None:
        """A fresh start: nothing asked yet."""
        self.over.set()
        self.over = threading.Event()
        self.calls.clear()
        self.mode, self.script = mode, list(script or [])

    def stop(self) -> None:
        """Frees those who wait, then stops."""
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
