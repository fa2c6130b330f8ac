"""Fournisseur OpenID Connect : sa découverte, ses clés, et la vérification de ce qu'il signe.

Seules des signatures à clé publique sont admises, quelle que soit l'annonce du jeton : ni ``none``, ni HMAC.
"""

import logging
import threading
import time
from collections.abc import Collection
from typing import Any, cast

import httpx2 as httpx
import jwt

from app.appels import reglages
from app.assemblage import Assemblage

ALGORITHMES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_ECART_HORLOGE = 30
_RELECTURE_MINIMALE = 30.0  # une clé inconnue fait relire les clés, mais pas à chaque requête
_REPIT = 5.0  # après un échec, le fournisseur n'est pas rappelé tout de suite : personne ne l'attend en file

_journal = logging.getLogger("app.identite")


class EmetteurInjoignable(Exception):
    """Le fournisseur d'identité ne répond pas, ou répond mal."""


class Fournisseur:
    """Garde en mémoire les clés d'un émetteur et les relit après une rotation."""

    def __init__(self, emetteur: str, cles_secondes: int) -> None:
        self._emetteur = emetteur.rstrip("/")
        self.client = httpx.Client(**reglages(5))
        self._verrou = threading.Lock()
        self._cles: dict[str, jwt.PyJWK] = {}
        self._decouverte: dict[str, Any] = {}
        self._duree = cles_secondes
        self._lues_a = float("-inf")
        self._echec_a = float("-inf")

    def brancher(self, assemblage: Assemblage) -> None:
        """Le fournisseur n'est joint qu'au premier besoin (mode dégradé, EXI-ARCH-15)."""
        assemblage.facultatives["identite"] = self.sonder
        assemblage.fermetures.append(self.client.close)

    def _lire(self, adresse: str) -> dict[str, Any]:
        try:
            reponse = self.client.get(adresse)
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
        self._decouverte, self._cles = decouverte, cles

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

    def adresse(self, nom: str) -> str:
        """Adresse que la découverte annonce (``token_endpoint``…)."""
        with self._verrou:
            if not self._decouverte:
                self._actualiser(indispensable=True)
        if nom not in self._decouverte:
            raise EmetteurInjoignable(f"la découverte n'annonce pas {nom}")
        return str(self._decouverte[nom])

    def verifier(
        self, jeton: str, audience: str, exigees: Collection[str], algorithmes: Collection[str] = ALGORITHMES
    ) -> dict[str, Any]:
        """Revendications d'un jeton signé par ce fournisseur pour cette audience ; ``jwt.PyJWTError`` sinon."""
        kid = jwt.get_unverified_header(jeton).get("kid")
        cle = self._cle(kid) if isinstance(kid, str) else None
        if cle is None or cle.algorithm_name not in algorithmes:
            raise jwt.InvalidTokenError("clé inconnue")
        charge: dict[str, Any] = jwt.decode(
            jeton,
            cle,
            algorithms=[cle.algorithm_name],
            audience=audience,
            leeway=_ECART_HORLOGE,
            options={"require": list(exigees)},
        )
        if str(charge["iss"]).rstrip("/") != self._emetteur:
            raise jwt.InvalidIssuerError("émetteur inattendu")
        return charge
