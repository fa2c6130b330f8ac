"""Session ouverte par le fournisseur d'identité (:mod:`app.connexion`), portée par un témoin chiffré.

ProConnect et FranceConnect donnent un jeton d'accès d'une minute, qui n'ouvre que leur ``userinfo`` : il ne peut pas
servir de laissez-passer à l'API. Aucun jeton n'est donc confié au front.
"""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from fastapi import Request
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings
from starlette.exceptions import HTTPException

from app.assemblage import Assemblage
from app.connexion import Connexion, Reglages
from app.connexion import brancher as brancher_connexion
from app.fournisseur import Fournisseur
from app.temoins import Temoin

# Ce que la description OpenAPI annonce.
SECURITE: dict[str, Any] = {
    "identite": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-session",
        "description": "Posé par /api/connexion, au retour du fournisseur d'identité.",
    }
}
_LECTURE = ("GET", "HEAD", "OPTIONS")


class ConfigurationIdentite(BaseSettings):
    """Variables ``OIDC_*``, et adresse sous laquelle le navigateur voit l'application."""

    oidc_issuer_url: str
    oidc_client_id: str
    oidc_client_secret: SecretStr = Field(min_length=32)
    oidc_cles_secondes: int = Field(default=600, ge=1)
    oidc_scopes: str = "openid"
    oidc_acr: str = ""  # niveaux admis (FranceConnect : eidas1)
    oidc_algorithme: Literal["RS256", "ES256"] = "RS256"  # celui déclaré à l'inscription du client
    oidc_pkce: bool = False  # ProConnect et FranceConnect refusent tout paramètre qu'ils ne décrivent pas
    oidc_session_secondes: int = Field(default=28_800, ge=60, le=43_200)
    adresse_publique: str
    accueil: str = "/"

    @field_validator("adresse_publique")
    @classmethod
    def _chiffree(cls, valeur: str) -> str:
        lieu = urlsplit(valeur)
        if lieu.scheme != "https" and not (lieu.scheme == "http" and lieu.hostname in ("127.0.0.1", "localhost")):
            raise ValueError("en HTTPS, sauf sur le poste de développement")
        return f"{lieu.scheme}://{lieu.netloc}"


@dataclass(frozen=True)
class Identite:
    """Personne qui appelle."""

    sujet: str
    groupes: frozenset[str] = frozenset()


def identifier(requete: Request) -> Identite:
    """Dépendance des routes."""
    connexion: Connexion = requete.app.state.connexion
    session = connexion.session.lire(requete)
    if session is None:
        entetes = {"WWW-Authenticate": 'Cookie realm="/api/connexion"'}
        raise HTTPException(401, "Une connexion est nécessaire.", entetes)
    if requete.method not in _LECTURE and not connexion.de_l_application(requete):
        raise HTTPException(403, "La requête ne vient pas d'une page de l'application.")
    return Identite(session["sujet"], frozenset(session["groupes"]))


def brancher(assemblage: Assemblage) -> None:
    """Prépare les témoins et les routes de connexion."""
    configuration = ConfigurationIdentite()
    secret = configuration.oidc_client_secret.get_secret_value()
    https = configuration.adresse_publique.startswith("https:")
    fournisseur = Fournisseur(configuration.oidc_issuer_url, configuration.oidc_cles_secondes)
    fournisseur.brancher(assemblage)
    connexion = Connexion(
        fournisseur,
        Reglages(
            client=configuration.oidc_client_id,
            secret=secret,
            scopes=configuration.oidc_scopes,
            acr=configuration.oidc_acr,
            algorithme=configuration.oidc_algorithme,
            pkce=configuration.oidc_pkce,
            origine=configuration.adresse_publique,
            accueil=configuration.accueil,
        ),
        Temoin("session", configuration.oidc_session_secondes, secret, chiffre=https),
        Temoin("connexion", 600, secret, chiffre=https),
    )
    assemblage.application.state.connexion = connexion
    brancher_connexion(assemblage, connexion)
