"""``POST /api/avis-ia`` : utilité d'une réponse du modèle et temps gagné, tels que l'usager les déclare.

Mirai (liste du 17 mars 2025) demande d'alimenter deux services du socle, dont aucune interface n'est publiée : les avis
sont gardés ici, par un recueil que l'on remplace sans toucher à la route. Ni texte libre ni identité : un avis ne dit
rien de qui le donne.
"""

from typing import Literal, Protocol

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.assemblage import Assemblage
from app.autorisations import Appelant
from app.problemes import reponses


class Avis(BaseModel):
    """Avis sur une réponse du modèle."""

    model_config = ConfigDict(extra="forbid")

    operation: Literal["resume"]
    utile: bool
    motif: Literal["juste", "incomplet", "faux", "hors-sujet"]
    minutes_gagnees: int | None = Field(default=None, ge=0, le=480)


class Recueil(Protocol):
    """Où vont les avis."""

    def deposer(self, avis: Avis) -> None:
        """Garde un avis."""


def brancher(assemblage: Assemblage, recueil: Recueil) -> None:
    """Ajoute la route."""
    recus = assemblage.mesures.compteur("llm_feedback", "Avis reçus.", ("operation", "utile", "motif"))
    minutes = assemblage.mesures.compteur("llm_saved_minutes", "Temps gagné, déclaré.", ("operation",))
    routeur = APIRouter(prefix="/api/avis-ia", tags=["resumes"], responses=reponses(401, 413, 429, 503))

    @routeur.post("", status_code=204, operation_id="donner_avis", summary="Donner son avis sur une réponse")
    def donner(avis: Avis, _: Appelant) -> None:
        recueil.deposer(avis)
        recus.labels(avis.operation, "oui" if avis.utile else "non", avis.motif).inc()
        minutes.labels(avis.operation).inc(avis.minutes_gagnees or 0)

    assemblage.application.include_router(routeur)
