"""Qui peut quoi : l'identité vient du fournisseur, les droits de ses groupes. Un droit sans groupe n'est à personne."""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from app.assemblage import Assemblage
from app.configuration import Configuration
from app.debit import Debit
from app.identite import SECURITE, Identite, identifier


class Droit(StrEnum):
    """Ce qu'une route peut exiger ; toute personne authentifiée peut déposer."""

    LECTURE = "lecture"
    INSTRUCTION = "instruction"


def groupes(texte: str) -> frozenset[str]:
    """Groupes séparés par des virgules. Keycloak les nomme par leur chemin : la barre de tête est ôtée."""
    return frozenset(nom for morceau in texte.split(",") if (nom := morceau.strip().removeprefix("/")))


def appelant(requete: Request, identite: Annotated[Identite, Depends(identifier)]) -> Identite:
    """Identité de l'appelant, dont le débit est compté."""
    # Sans authentification, l'adresse du pair est tout ce que l'on sait de l'appelant.
    cle = identite.sujet if SECURITE else (requete.scope["client"] or ("",))[0]
    debit: Debit = requete.app.state.debit
    attente = debit.attente(cle)
    if attente > 0:
        raise HTTPException(429, "Trop de requêtes.", {"Retry-After": str(math.ceil(attente))})
    return identite


def exiger(droit: Droit) -> Callable[[Request, Identite], Identite]:
    """Dépendance d'une route : l'appelant, s'il a ce droit."""

    def verifier(requete: Request, identite: Annotated[Identite, Depends(appelant)]) -> Identite:
        admis: dict[Droit, frozenset[str]] = requete.app.state.groupes
        if SECURITE and not groupes(",".join(identite.groupes)) & admis[droit]:
            raise HTTPException(403, "Aucun de vos groupes n'a ce droit.")
        return identite

    return verifier


Appelant = Annotated[Identite, Depends(appelant)]
Lecteur = Annotated[Identite, Depends(exiger(Droit.LECTURE))]
Instructeur = Annotated[Identite, Depends(exiger(Droit.INSTRUCTION))]


def brancher(assemblage: Assemblage, configuration: Configuration) -> None:
    """Lit les groupes admis."""
    etat = assemblage.application.state
    etat.debit = Debit(configuration.debit_par_minute)
    etat.groupes = {
        Droit.LECTURE: groupes(configuration.groupes_lecture),
        Droit.INSTRUCTION: groupes(configuration.groupes_instruction),
    }
