"""Ce que les montages partagent : un serveur HTTP local et muet, et un temps que l'essai avance."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Horloge:
    """Temps que l'essai avance."""

    def __init__(self) -> None:
        self.instant = 1000.0

    def __call__(self) -> float:
        return self.instant


class Reponse(BaseHTTPRequestHandler):
    """Réponse d'un service d'essai, sans journal."""

    def debiter(self, corps: bytes, taille: int, pause: float) -> None:
        """Envoie par morceaux de ``taille`` octets, une pause en secondes après chacun ; sans pause, d'une traite."""
        taille = taille if pause else max(1, len(corps))
        try:
            for debut in range(0, len(corps), taille):
                self.wfile.write(corps[debut : debut + taille])
                time.sleep(pause)
        except OSError:
            self.close_connection = True  # l'application a renoncé

    def log_message(self, *_: Any) -> None:
        """Silence."""


@contextmanager
def servir(reponse: type[Reponse]) -> Iterator[str]:
    """Sert sur un port libre ; donne l'adresse."""
    serveur = ThreadingHTTPServer(("127.0.0.1", 0), reponse)
    fil = threading.Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.02})
    fil.start()
    try:
        yield f"http://127.0.0.1:{serveur.server_port}"
    finally:
        serveur.shutdown()
        serveur.server_close()
        fil.join()
