"""``POST /api/resumes`` : résumé d'un texte par la passerelle.

Le texte vient de l'appelant, jamais de la base : aucune donnée personnelle enregistrée ne part vers le modèle.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException

from app.assemblage import Assemblage
from app.identite import identifier
from app.llm import ConfigurationLlm, DonneePersonnelleRefusee, Passerelle, PasserelleIndisponible
from app.problemes import reponses

_CONSIGNE = "Résume en français, en trois phrases au plus, le texte de l'utilisateur. N'ajoute rien qui n'y soit pas."


class TexteAResumer(BaseModel):
    """Texte sans donnée personnelle."""

    model_config = ConfigDict(extra="forbid")

    texte: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]


class Resume(BaseModel):
    """Résumé et jetons consommés."""

    resume: str
    jetons: int


def brancher(assemblage: Assemblage) -> None:
    """Ajoute la route. La passerelle est facultative : sa panne ne rend pas l'application indisponible."""
    passerelle = Passerelle(ConfigurationLlm(), assemblage.mesures)
    routeur = APIRouter(
        prefix="/api/resumes", tags=["resumes"], dependencies=[Depends(identifier)], responses=reponses(401, 503)
    )

    @routeur.post("", operation_id="resumer", summary="Résumer un texte", responses=reponses(413))
    def resumer(demande: TexteAResumer) -> Resume:
        try:
            completion = passerelle.completer(_CONSIGNE, demande.texte)
        except DonneePersonnelleRefusee as refus:
            raise HTTPException(422, f"Le texte contient une donnée personnelle ({refus}) : la retirer.") from refus
        except PasserelleIndisponible as panne:
            entetes = {"Retry-After": str(panne.attente)}
            raise HTTPException(503, "La passerelle de modèles de langage ne répond pas.", entetes) from panne
        return Resume(resume=completion.texte, jetons=completion.jetons_question + completion.jetons_reponse)

    assemblage.application.include_router(routeur)
    assemblage.fermetures.append(passerelle.fermer)
