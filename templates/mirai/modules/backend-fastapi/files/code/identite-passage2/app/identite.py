"""Identité posée par le mandataire Passage2 (en-têtes ``Mellon-*``).

Ces en-têtes ne valent que s'ils viennent du mandataire : l'adresse du pair direct doit être dans
``PASSAGE2_MANDATAIRES``. Venus d'ailleurs, ils sont ignorés et la requête est refusée.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from fastapi import Request
from pydantic_settings import BaseSettings
from starlette.exceptions import HTTPException

from app.assemblage import Assemblage

# Ce que la description OpenAPI annonce.
SECURITE: dict[str, Any] = {
    "identite": {
        "type": "apiKey",
        "in": "header",
        "name": "Mellon-NameID",
        "description": "Posé par le mandataire Passage2, jamais par l'appelant.",
    }
}


class ConfigurationIdentite(BaseSettings):
    """Réseaux du mandataire, séparés par des virgules."""

    passage2_mandataires: str


@dataclass(frozen=True)
class Identite:
    """Personne qui appelle."""

    sujet: str
    groupes: frozenset[str] = frozenset()


def _du_mandataire(adresse: str, reseaux: list[IPv4Network | IPv6Network]) -> bool:
    try:
        pair = ip_address(adresse)
    except ValueError:
        return False
    return any(pair in reseau for reseau in reseaux)


def identifier(requete: Request) -> Identite:
    """Dépendance des routes."""
    adresse = requete.client.host if requete.client else ""
    sujets = requete.headers.getlist("Mellon-NameID")
    # Deux fois le même en-tête : l'un des deux n'est pas du mandataire.
    if not _du_mandataire(adresse, requete.app.state.mandataires) or len(sujets) != 1 or not sujets[0].strip():
        raise HTTPException(401, "Une authentification par Passage2 est nécessaire.")
    groupes = requete.headers.get("Mellon-Groups", "")
    return Identite(sujets[0].strip(), frozenset(g.strip() for g in groupes.split(",") if g.strip()))


def brancher(assemblage: Assemblage) -> None:
    """Lit les réseaux du mandataire ; une valeur illisible empêche le démarrage."""
    reseaux = ConfigurationIdentite().passage2_mandataires.split(",")
    assemblage.application.state.mandataires = [ip_network(r.strip()) for r in reseaux]
