"""Jetons d'accès du fournisseur d'identité : signature, émetteur, audience, échéance."""

from dataclasses import dataclass
from typing import Any

import jwt
from fastapi import Request
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
from starlette.exceptions import HTTPException

from app.assemblage import Assemblage
from app.fournisseur import EmetteurInjoignable, Fournisseur

# Ce que la description OpenAPI annonce.
SECURITE: dict[str, Any] = {"identite": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}


class ConfigurationIdentite(BaseSettings):
    """Variables ``OIDC_*``."""

    oidc_issuer_url: str
    oidc_audience: str
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_cles_secondes: int = Field(default=600, ge=1)  # une clé retirée cesse d'être admise après ce délai


@dataclass(frozen=True)
class Identite:
    """Personne ou service qui appelle."""

    sujet: str
    groupes: frozenset[str] = frozenset()


class Verificateur:
    """Jetons d'accès destinés à cette API."""

    def __init__(self, configuration: ConfigurationIdentite) -> None:
        self.fournisseur = Fournisseur(configuration.oidc_issuer_url, configuration.oidc_cles_secondes)
        self._audience = configuration.oidc_audience

    def verifier(self, jeton: str) -> Identite:
        """Identité portée par le jeton ; ``jwt.PyJWTError`` s'il n'est pas acceptable."""
        charge = self.fournisseur.verifier(jeton, self._audience, ("exp", "iat", "iss", "aud", "sub"))
        if charge.get("typ", "Bearer") != "Bearer":
            # Keycloak signe de la même clé jetons d'identité et de renouvellement : ils n'ouvrent pas une API.
            raise jwt.InvalidTokenError("genre de jeton inattendu")
        groupes = charge.get("groups", [])
        return Identite(charge["sub"], frozenset(map(str, groupes)) if isinstance(groupes, list) else frozenset())


def identifier(requete: Request) -> Identite:
    """Dépendance des routes."""
    schema, _, jeton = requete.headers.get("Authorization", "").partition(" ")
    if schema.lower() != "bearer" or not jeton:
        raise HTTPException(401, "Un jeton d'accès est nécessaire.", {"WWW-Authenticate": "Bearer"})
    verificateur: Verificateur = requete.app.state.verificateur
    try:
        return verificateur.verifier(jeton.strip())
    except jwt.PyJWTError as erreur:
        entetes = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "Le jeton d'accès n'est pas acceptable.", entetes) from erreur
    except EmetteurInjoignable as erreur:
        raise HTTPException(503, "Le fournisseur d'identité ne répond pas.", {"Retry-After": "5"}) from erreur


def brancher(assemblage: Assemblage) -> None:
    """Prépare la vérification."""
    verificateur = Verificateur(ConfigurationIdentite())
    assemblage.application.state.verificateur = verificateur
    verificateur.fournisseur.brancher(assemblage)
