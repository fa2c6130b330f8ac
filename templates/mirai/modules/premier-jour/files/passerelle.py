"""Doublure de la passerelle de modèles de langage : même interface, réponses inventées, aucun modèle.

Elle refuse les données personnelles comme la vraie, et joue une panne quand le texte commence par ``!429``, ``!500``,
``!lent`` ou ``!muet``. Elle n'est ni dans l'image, ni dans les valeurs d'un environnement.
"""

import json
import os
import re
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any

TAILLE_MAX = 1_000_000
# Les genres que la passerelle du ministère annonce : « pii detected: <genre> ».
PERSONNELLES = {
    "email": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "iban": re.compile(r"\bFR\d{2}(?: ?\d{4}){5} ?\d{3}\b"),
    "phone": re.compile(r"(?:\+33|\b0)[1-9](?:[ .-]?\d{2}){4}\b"),
}


def jetons(texte: str) -> int:
    """Compte à la louche : quatre caractères par jeton."""
    return max(1, len(texte) // 4)


class Passerelle(BaseHTTPRequestHandler):
    """``POST …/chat/completions`` et ``GET …/models``."""

    protocol_version = "HTTP/1.1"

    def rendre(self, statut: int, contenu: dict[str, Any], **entetes: str) -> None:
        """Répond en JSON."""
        corps = json.dumps(contenu, ensure_ascii=False).encode()
        self.send_response(statut)
        for nom, valeur in ({"Content-Type": "application/json", "Content-Length": str(len(corps))} | entetes).items():
            self.send_header(nom.replace("_", "-"), valeur)
        self.end_headers()
        self.wfile.write(corps)

    def do_GET(self) -> None:
        """Modèles offerts."""
        if self.path.endswith("/models"):
            self.rendre(200, {"object": "list", "data": [{"id": os.environ["LLM_MODEL"], "object": "model"}]})
        else:
            self.rendre(404, {"error": "not found"})

    def do_POST(self) -> None:
        """Complétion d'une conversation."""
        longueur = self.headers.get("Content-Length", "0")
        if not longueur.isdecimal() or int(longueur) > TAILLE_MAX:
            self.close_connection = True
            return self.rendre(413, {"error": "payload too large"})
        brut = self.rfile.read(int(longueur))
        if self.headers.get("Authorization") != f"Bearer {os.environ['OPENAI_API_KEY']}":
            return self.rendre(401, {"error": "invalid token"})
        if not self.path.endswith("/chat/completions"):
            return self.rendre(404, {"error": "not found"})
        try:
            demande = json.loads(brut)
            texte = str(demande["messages"][-1]["content"])
        except (ValueError, KeyError, IndexError, TypeError):
            return self.rendre(400, {"error": "invalid request"})
        return None if self.panne(texte) else self.completer(demande, texte)

    def panne(self, texte: str) -> bool:
        """Refus et pannes demandés par le texte ; vrai s'il y a répondu."""
        personnelle = next((genre for genre, motif in PERSONNELLES.items() if motif.search(texte)), None)
        if texte.startswith("!429"):
            self.rendre(429, {"error": "rate limit exceeded"}, Retry_After="2")
        elif texte.startswith("!500"):
            self.rendre(500, {"error": "internal error"})
        elif texte.startswith("!muet"):
            time.sleep(120)
            self.close_connection = True
        elif personnelle is not None:
            self.rendre(400, {"error": f"pii detected: {personnelle}"})
        else:
            return False
        return True

    def completer(self, demande: dict[str, Any], texte: str) -> None:
        """Réponse inventée : la première phrase du texte."""
        lent = texte.startswith("!lent")
        phrase = re.split(r"(?<=[.!?])\s", texte.removeprefix("!lent").strip(), maxsplit=1)[0]
        reponse = f"[réponse de la doublure] {phrase[:400]}"
        question = sum(jetons(str(m.get("content"))) for m in demande["messages"])
        usage = {"prompt_tokens": question, "completion_tokens": jetons(reponse), "total_tokens": question + jetons(reponse)}
        if demande.get("stream"):
            return self.couler(demande, reponse, usage, 0.5 if lent else 0.02)
        time.sleep(5 if lent else 0)
        choix = {"index": 0, "message": {"role": "assistant", "content": reponse}, "finish_reason": "stop"}
        return self.rendre(200, self.enveloppe(demande, "chat.completion", [choix]) | {"usage": usage})

    def couler(self, demande: dict[str, Any], reponse: str, usage: dict[str, int], pause: float) -> None:
        """Réponse au fil de l'eau, en évènements."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        morceaux: list[tuple[dict[str, str], str | None]] = [({"content": mot + " "}, None) for mot in reponse.split()]
        for delta, fin in [*morceaux, ({}, "stop")]:
            choix = {"index": 0, "delta": delta, "finish_reason": fin}
            self.evenement(json.dumps(self.enveloppe(demande, "chat.completion.chunk", [choix]), ensure_ascii=False))
            time.sleep(pause)
        self.evenement(json.dumps(self.enveloppe(demande, "chat.completion.chunk", []) | {"usage": usage}))
        self.evenement("[DONE]")

    def evenement(self, donnees: str) -> None:
        """Écrit un évènement."""
        self.wfile.write(f"data: {donnees}\n\n".encode())
        self.wfile.flush()

    def enveloppe(self, demande: dict[str, Any], objet: str, choix: list[Any]) -> dict[str, Any]:
        """Champs communs des réponses."""
        return {"id": "doublure", "object": objet, "created": int(time.time()), "model": demande.get("model"), "choices": choix}

    def log_message(self, *_: object) -> None:
        """Rien : les textes reçus ne se journalisent pas."""


def principal() -> int:
    """Sert jusqu'à SIGTERM."""
    serveur = ThreadingHTTPServer((os.environ.get("DOUBLURE_HOTE", "127.0.0.1"), int(os.environ["DOUBLURE_PORT"])), Passerelle)

    def arreter(_: int, __: FrameType | None) -> None:
        threading.Thread(target=serveur.shutdown).start()

    signal.signal(signal.SIGTERM, arreter)
    signal.signal(signal.SIGINT, arreter)
    serveur.serve_forever(poll_interval=0.2)
    return 0


if __name__ == "__main__":
    sys.exit(principal())
