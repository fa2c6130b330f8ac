"""Aucune authentification : choix écrit et motivé (voir docs/adr). Toute requête est anonyme."""

from dataclasses import dataclass
from typing import Any

from app.assemblage import Assemblage

# Ce que la description OpenAPI annonce.
SECURITE: dict[str, Any] = {}


@dataclass(frozen=True)
class Identite:
    """Personne ou service qui appelle."""

    sujet: str
    groupes: frozenset[str] = frozenset()


def identifier() -> Identite:
    """Dépendance des routes."""
    return Identite("anonyme")


def brancher(assemblage: Assemblage) -> None:
    """Rien à préparer."""
    assemblage.application.state.identite = "aucune"
