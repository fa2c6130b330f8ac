"""``GET /api/informations`` : ce qui tourne, sans rien de sensible."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from app.assemblage import Assemblage
from app.autorisations import appelant
from app.configuration import Configuration
from app.problemes import reponses


class Informations(BaseModel):
    """Nom, version et environnement en service."""

    nom: str
    version: str
    environnement: str


def brancher(assemblage: Assemblage, configuration: Configuration) -> None:
    """Ajoute la route."""
    routeur = APIRouter(
        prefix="/api", tags=["application"], dependencies=[Depends(appelant)], responses=reponses(401, 429)
    )

    @routeur.get("/informations", operation_id="lire_informations", summary="Version en service")
    def lire() -> Informations:
        return Informations(
            nom=configuration.app_nom, version=configuration.app_version, environnement=configuration.app_env
        )

    assemblage.application.include_router(routeur)
