"""Sondes de vie et de disponibilité, et mesures. Elles ne sont pas publiées par l'Ingress."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from app.assemblage import Assemblage
from app.journaux import correlation
from app.mesures import TYPE_DE_CONTENU
from app.problemes import ReponseProbleme


def brancher(assemblage: Assemblage) -> None:
    """Ajoute ``/health`` (et ``/health/ready``, la même), ``/health/live`` et ``/metrics``."""
    routeur = APIRouter(include_in_schema=False)

    @routeur.get("/health/live")
    def vivant() -> dict[str, str]:
        return {"status": "pass"}

    @routeur.get("/health")
    @routeur.get("/health/ready")
    def pret() -> JSONResponse:
        verifications = {nom: sonde() for nom, sonde in assemblage.sondes.items()}
        pannes = {nom: raison for nom, raison in verifications.items() if raison is not None}
        detail = {nom: {"status": "fail" if nom in pannes else "pass"} for nom in verifications}
        if not pannes:
            return JSONResponse({"status": "pass", "checks": detail})
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
    def mesures() -> Response:
        return Response(assemblage.mesures.exposer(), media_type=TYPE_DE_CONTENU)

    assemblage.application.include_router(routeur)
