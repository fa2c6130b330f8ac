"""Vérification des jetons d'accès OpenID Connect par découverte : signature, émetteur, audience, échéance.

Seules des signatures à clé publique sont admises, quelle que soit l'annonce du jeton : ni ``none``, ni HMAC.
"""

import logging
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any, cast

import httpx2 as httpx
import jwt
from fastapi import Request
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
from starlette.exceptions import HTTPException

from app.assemblage import Assemblage

ALGORITHMES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_ECART_HORLOGE = 30
_RELECTURE_MINIMALE = 30.0  # une clé inconnue fait relire les clés, mais pas à chaque requête
_REPIT = 5.0  # après un échec, le fournisseur n'est pas rappelé tout de suite : personne ne l'attend en file

_journal = logging.getLogger("app.identite")

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


class EmetteurInjoignable(Exception):
    """Le fournisseur d'identité ne répond pas, ou répond mal."""


class Verificateur:
    """Vérifie les jetons d'un émetteur ; garde ses clés en mémoire et les relit après une rotation."""

    def __init__(self, configuration: ConfigurationIdentite) -> None:
        self._emetteur = configuration.oidc_issuer_url.rstrip("/")
        self._audience = configuration.oidc_audience
        self._client = httpx.Client(timeout=5, verify=ssl.create_default_context(), follow_redirects=False)
        self._verrou = threading.Lock()
        self._cles: dict[str, jwt.PyJWK] = {}
        self._duree = configuration.oidc_cles_secondes
        self._lues_a = float("-inf")
        self._echec_a = float("-inf")

    def fermer(self) -> None:
        """Rend les connexions."""
        self._client.close()

    def _lire(self, adresse: str) -> dict[str, Any]:
        try:
            reponse = self._client.get(adresse)
            reponse.raise_for_status()
            return cast("dict[str, Any]", reponse.json())
        except (httpx.HTTPError, ValueError) as erreur:
            raise EmetteurInjoignable(type(erreur).__name__) from erreur

    def _relire(self) -> None:
        decouverte = self._lire(f"{self._emetteur}/.well-known/openid-configuration")
        if str(decouverte.get("issuer", "")).rstrip("/") != self._emetteur or "jwks_uri" not in decouverte:
            raise EmetteurInjoignable("la découverte ne correspond pas à l'émetteur configuré")
        cles = {}
        for brute in self._lire(decouverte["jwks_uri"]).get("keys", []):
            if brute.get("use", "sig") != "sig" or "kid" not in brute:
                continue
            try:
                cle = jwt.PyJWK(brute)
            except jwt.PyJWTError:
                continue  # type de clé que nous n'admettons pas
            if cle.algorithm_name in ALGORITHMES:
                cles[brute["kid"]] = cle
        self._cles = cles

    def _cle(self, kid: str) -> jwt.PyJWK | None:
        inconnue = kid not in self._cles
        # Un jeton dont la clé est connue n'attend jamais une relecture en cours.
        if self._verrou.acquire(blocking=inconnue):
            try:
                age = time.monotonic() - self._lues_a
                if age >= (min(_RELECTURE_MINIMALE, self._duree) if kid not in self._cles else self._duree):
                    self._actualiser(indispensable=inconnue)
            finally:
                self._verrou.release()
        return self._cles.get(kid)

    def _actualiser(self, indispensable: bool) -> None:
        """Relit les clés ; un fournisseur muet n'empêche pas de vérifier les jetons dont la clé est déjà connue."""
        if time.monotonic() - self._echec_a >= _REPIT:
            try:
                self._relire()
            except EmetteurInjoignable:
                self._echec_a = time.monotonic()
                _journal.warning("fournisseur d'identité injoignable", exc_info=True)
            else:
                self._lues_a = time.monotonic()
                self._echec_a = float("-inf")
                return
        if indispensable:
            raise EmetteurInjoignable("échec récent")

    def sonder(self) -> str | None:
        """Dernier état connu, sans appel : la sonde ne dépend pas du fournisseur."""
        return "le fournisseur d'identité ne répond pas" if self._echec_a > self._lues_a else None

    def verifier(self, jeton: str) -> Identite:
        """Identité portée par le jeton ; ``jwt.PyJWTError`` s'il n'est pas acceptable."""
        kid = jwt.get_unverified_header(jeton).get("kid")
        cle = self._cle(kid) if isinstance(kid, str) else None
        if cle is None:
            raise jwt.InvalidTokenError("clé inconnue")
        charge = jwt.decode(
            jeton,
            cle,
            algorithms=[cle.algorithm_name],
            audience=self._audience,
            leeway=_ECART_HORLOGE,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        if charge.get("typ", "Bearer") != "Bearer":
            # Keycloak signe de la même clé jetons d'identité et de renouvellement : ils n'ouvrent pas une API.
            raise jwt.InvalidTokenError("genre de jeton inattendu")
        if str(charge["iss"]).rstrip("/") != self._emetteur:
            raise jwt.InvalidIssuerError("émetteur inattendu")
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
    """Prépare la vérification ; le fournisseur n'est joint qu'au premier jeton (mode dégradé, EXI-ARCH-15)."""
    verificateur = Verificateur(ConfigurationIdentite())
    assemblage.application.state.verificateur = verificateur
    assemblage.facultatives["identite"] = verificateur.sonder
    assemblage.fermetures.append(verificateur.fermer)
