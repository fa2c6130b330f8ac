"""Sondes de vie et de disponibilité, et mesures. Elles ne sont pas publiées par l'Ingress."""

import anyio
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from app.assemblage import Assemblage, Sonde
from app.journaux import correlation
from app.mesures import TYPE_DE_CONTENU
from app.problemes import ReponseProbleme


def _pannes(sondes: dict[str, Sonde]) -> dict[str, str]:
    raisons = {nom: sonde() for nom, sonde in sondes.items()}
    return {nom: raison for nom, raison in raisons.items() if raison is not None}


def brancher(assemblage: Assemblage) -> None:
    """Ajoute ``/health`` (et ``/health/ready``, la même), ``/health/live`` et ``/metrics``."""
    routeur = APIRouter(include_in_schema=False)
    # Les sondes ont leurs propres fils : des requêtes lentes ne doivent pas faire passer le pod pour mort.
    fils = anyio.CapacityLimiter(2)

    @routeur.get("/health/live")
    async def vivant() -> dict[str, str]:
        return {"status": "pass"}

    @routeur.get("/health")
    @routeur.get("/health/ready")
    async def pret() -> JSONResponse:
        pannes = await anyio.to_thread.run_sync(_pannes, assemblage.sondes, limiter=fils)
        genes = _pannes(assemblage.facultatives)  # état déjà connu : aucune attente
        detail = {nom: {"status": "fail" if nom in pannes else "pass"} for nom in assemblage.sondes}
        detail |= {nom: {"status": "warn" if nom in genes else "pass"} for nom in assemblage.facultatives}
        if not pannes:
            return JSONResponse({"status": "warn" if genes else "pass", "checks": detail})
        return ReponseProbleme(
            {
                "type": "about:blank",
                "title": "Service Unavailable",
                "status": 503,
                "detail": " ; ".join(f"{nom} : {raison}" for nom, raison in pannes.items()),
                "correlation": correlation.get(),
                "checks": detail,
            },
            status_code=503,
        )

    @routeur.get("/metrics")
    async def mesures() -> Response:
        return Response(assemblage.mesures.exposer(), media_type=TYPE_DE_CONTENU)

    assemblage.application.include_router(routeur)
