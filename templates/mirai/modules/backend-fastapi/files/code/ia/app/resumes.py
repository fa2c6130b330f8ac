"""``POST /api/resumes`` : résumé d'un texte par la passerelle, entier ou en flux.

Le texte vient de l'appelant, jamais de la base : aucune donnée personnelle enregistrée ne part vers le modèle.
"""

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException

from app.assemblage import Assemblage
from app.autorisations import Appelant
from app.budget import Budget, BudgetEpuise
from app.llm import ConfigurationLlm, DonneePersonnelleRefusee, Passerelle, PasserelleIndisponible, Question
from app.problemes import reponses

_FLUX = {"text/event-stream": {"schema": {"type": "string"}}}
_CONSIGNE = "Résume en français, en trois phrases au plus, le texte de l'utilisateur. N'ajoute rien qui n'y soit pas."


class TexteAResumer(BaseModel):
    """Texte sans donnée personnelle."""

    model_config = ConfigDict(extra="forbid")

    texte: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]


class Resume(BaseModel):
    """Résumé et jetons consommés."""

    resume: str
    jetons: int


@contextmanager
def _refus() -> Iterator[None]:
    """Ce que l'appelant voit de chaque panne."""
    try:
        yield
    except DonneePersonnelleRefusee as refus:
        raise HTTPException(422, f"Le texte contient une donnée personnelle ({refus}) : la retirer.") from refus
    except BudgetEpuise as refus:
        raise HTTPException(429, "Votre budget du jour est épuisé.", {"Retry-After": str(refus.attente)}) from refus
    except PasserelleIndisponible as panne:
        entetes = {"Retry-After": str(panne.attente)}
        raise HTTPException(503, "La passerelle de modèles de langage ne répond pas.", entetes) from panne


def _evenement(nom: str, contenu: dict[str, str]) -> str:
    return f"event: {nom}\ndata: {json.dumps(contenu, ensure_ascii=False)}\n\n"


async def _flux(premier: str, suite: AsyncGenerator[str]) -> AsyncGenerator[str]:
    """Évènements envoyés par le serveur ; le dernier dit si la réponse est complète."""
    # Si l'appelant part, la fermeture remonte jusqu'à la passerelle : plus rien n'est produit pour personne.
    async with aclosing(suite):
        try:
            yield _evenement("morceau", {"texte": premier})
            async for texte in suite:
                yield _evenement("morceau", {"texte": texte})
            yield _evenement("fin", {})
        except PasserelleIndisponible:
            yield _evenement("erreur", {"detail": "La passerelle n'a pas terminé sa réponse."})


def brancher(assemblage: Assemblage, configuration: ConfigurationLlm, budget: Budget) -> None:
    """Ajoute les routes. La passerelle est facultative : sa panne ne rend pas l'application indisponible."""
    passerelle = Passerelle(configuration, assemblage.mesures, budget)
    routeur = APIRouter(prefix="/api/resumes", tags=["resumes"], responses=reponses(401, 413, 429, 503))

    def question(appelant: Appelant, demande: TexteAResumer) -> Question:
        return Question("resume", appelant.sujet, _CONSIGNE, demande.texte)

    @routeur.post("", operation_id="resumer", summary="Résumer un texte")
    async def resumer(demande: TexteAResumer, appelant: Appelant) -> Resume:
        with _refus():
            completion = await passerelle.completer(question(appelant, demande))
        return Resume(resume=completion.texte, jetons=completion.jetons_question + completion.jetons_reponse)

    @routeur.post(
        "/flux",
        operation_id="resumer_en_flux",
        summary="Résumer un texte, en flux",
        response_class=StreamingResponse,
        responses={200: {"description": "Évènements « morceau », puis « fin » ou « erreur »", "content": _FLUX}},
    )
    async def resumer_en_flux(demande: TexteAResumer, appelant: Appelant) -> StreamingResponse:
        suite = passerelle.diffuser(question(appelant, demande))
        with _refus():  # une panne connue avant le premier morceau est une erreur ordinaire
            premier = await anext(suite, "")
        return StreamingResponse(_flux(premier, suite), media_type="text/event-stream")

    assemblage.application.include_router(routeur)
    assemblage.facultatives["passerelle"] = passerelle.disjoncteur.sonder
    assemblage.fermetures_asynchrones.append(passerelle.fermer)
