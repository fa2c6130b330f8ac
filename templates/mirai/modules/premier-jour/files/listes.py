"""Doublure de l'offre de données de référence : une liste courte, servie comme la vraie le serait (ETag, Cache-Control).

Code officiel géographique : les cinq départements d'outre-mer. Elle n'est ni dans l'image, ni dans les valeurs d'un environnement.
"""

import hashlib
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

# Les noms de champs sont ceux de la source imitée : l'application les traduit par sa configuration.
LISTES = {
    "/departements-d-outre-mer": [
        {"code": "971", "nom": "Guadeloupe"},
        {"code": "972", "nom": "Martinique"},
        {"code": "973", "nom": "Guyane"},
        {"code": "974", "nom": "La Réunion"},
        {"code": "976", "nom": "Mayotte"},
    ]
}


class Referentiels(BaseHTTPRequestHandler):
    """``GET /<liste>``."""

    protocol_version = "HTTP/1.1"

    def rendre(self, statut: int, corps: bytes, **entetes: str) -> None:
        """Répond en JSON."""
        self.send_response(statut)
        for nom, valeur in ({"Content-Type": "application/json", "Content-Length": str(len(corps))} | entetes).items():
            self.send_header(nom.replace("_", "-"), valeur)
        self.end_headers()
        self.wfile.write(corps)

    def do_GET(self) -> None:
        """La liste, ou la confirmation de celle que l'appelant a déjà."""
        liste = LISTES.get(self.path)
        if liste is None:
            return self.rendre(404, b"{}")
        corps = json.dumps(liste, ensure_ascii=False).encode()
        entetes = {"ETag": f'"{hashlib.sha256(corps).hexdigest()[:16]}"', "Cache_Control": "max-age=60"}
        connue = self.headers.get("If-None-Match") == entetes["ETag"]
        return self.rendre(304, b"", **entetes) if connue else self.rendre(200, corps, **entetes)

    def log_message(self, *_: object) -> None:
        """Rien."""


def principal() -> int:
    """Sert jusqu'à SIGTERM."""
    serveur = ThreadingHTTPServer((os.environ.get("DOUBLURE_HOTE", "127.0.0.1"), int(os.environ["DOUBLURE_PORT"])), Referentiels)

    def arreter(_: int, __: FrameType | None) -> None:
        threading.Thread(target=serveur.shutdown).start()

    signal.signal(signal.SIGTERM, arreter)
    signal.signal(signal.SIGINT, arreter)
    serveur.serve_forever(poll_interval=0.2)
    return 0


if __name__ == "__main__":
    sys.exit(principal())
