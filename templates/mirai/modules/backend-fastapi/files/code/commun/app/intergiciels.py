"""Ce qui entoure chaque requête : corrélation, journal, mesures, en-têtes de sécurité, taille et nombre limites."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.journaux import correlation
from app.mesures import Mesures
from app.problemes import probleme

ENTETE_CORRELATION = "X-Correlation-ID"
_CORRELATION_VALIDE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SECURITE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_INTERNES = ("/health", "/metrics")
_journal = logging.getLogger("app.requetes")


class Enveloppe:
    """Intergiciel le plus extérieur : rien ne sort sans corrélation, ni sans en-têtes de sécurité."""

    def __init__(self, app: ASGIApp, mesures: Mesures, taille_max: int, requetes_max: int) -> None:
        self._app = app
        self._mesures = mesures
        self._taille_max = taille_max
        self._places = requetes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Traite une requête ; laisse passer le reste."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        recu = Headers(scope=scope).get(ENTETE_CORRELATION, "")
        correlation.set(recu if _CORRELATION_VALIDE.fullmatch(recu) else str(uuid.uuid4()))
        statut = 500
        commencee = False
        debut = time.perf_counter()

        async def envoyer(message: Message) -> None:
            nonlocal statut, commencee
            if message["type"] == "http.response.start":
                commencee = True
                statut = message["status"]
                entetes = MutableHeaders(scope=message)
                entetes[ENTETE_CORRELATION] = correlation.get()
                for nom, valeur in _SECURITE.items():
                    entetes.setdefault(nom, valeur)
            await send(message)

        self._mesures.en_cours.inc()
        # Les sondes passent toujours : un pod plein n'est pas un pod à tuer.
        place = 0 if scope["path"].startswith(_INTERNES) else 1
        self._places -= place
        try:
            if place and self._places < 0:
                plein = probleme(503, "Trop de requêtes en cours.", entetes={"Retry-After": "1"})
                await plein(scope, receive, envoyer)
            else:
                await self._traiter(scope, receive, envoyer)
        except Exception:
            _journal.error("erreur non prévue", exc_info=True)
            if commencee:
                raise
            reponse = probleme(500, "Une erreur interne est survenue.")
            await reponse(scope, receive, envoyer)
        finally:
            duree = time.perf_counter() - debut
            self._places += place
            self._mesures.en_cours.dec()
            self._noter(scope, statut, duree)

    async def _traiter(self, scope: Scope, receive: Receive, send: Send) -> None:
        annonce = Headers(scope=scope).get("content-length", "0")
        if not annonce.isdecimal() or int(annonce) > self._taille_max:
            await probleme(413, "Le corps de la requête est trop grand.")(scope, receive, send)
            return
        total = 0

        async def recevoir() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > self._taille_max:
                raise HTTPException(413, "Le corps de la requête est trop grand.")
            return message

        await self._app(scope, recevoir, send)

    def _noter(self, scope: Scope, statut: int, duree: float) -> None:
        # Le gabarit de la route, jamais le chemin : celui-ci porte des identifiants.
        route = getattr(scope.get("route"), "path", "inconnue")
        self._mesures.duree.labels(scope["method"], route, str(statut)).observe(duree)
        if route.startswith(_INTERNES) and statut < 400:
            return
        champs = {"methode": scope["method"], "route": route, "statut": statut, "duree_ms": round(duree * 1000, 1)}
        _journal.info("requête", extra={"champs": champs})
