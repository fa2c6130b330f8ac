"""Témoins (cookies) chiffrés et datés : aucun pod n'a de session en mémoire, et le navigateur ne peut rien y lire.

La clé est tirée du secret du client : le renouveler ferme toutes les sessions. Un témoin volé sert jusqu'à son
échéance, comme tout témoin sans registre ; ``OIDC_SESSION_SECONDES`` borne cette durée.
"""

import base64
import json
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Request, Response


class Temoin:
    """Un témoin : son nom, sa durée, et une clé qui ne sert qu'à lui."""

    def __init__(self, nom: str, duree: int, secret: str, *, chiffre: bool) -> None:
        # « __Host- » : le navigateur n'accepte ce nom que de cette machine, en HTTPS.
        self.nom = f"__Host-{nom}" if chiffre else nom
        self._duree = duree
        self._https = chiffre
        cle = HKDF(SHA256(), 32, salt=None, info=nom.encode()).derive(secret.encode())
        self._sceau = Fernet(base64.urlsafe_b64encode(cle))

    def sceller(self, contenu: dict[str, Any]) -> str:
        """Valeur du témoin."""
        # Sans « = », qui demanderait des guillemets.
        return self._sceau.encrypt(json.dumps(contenu).encode()).decode().rstrip("=")

    def poser(self, reponse: Response, contenu: dict[str, Any]) -> None:
        """Remet le témoin au navigateur ; ni script ni site tiers n'y touche."""
        valeur = self.sceller(contenu)
        reponse.set_cookie(self.nom, valeur, self._duree, secure=self._https, httponly=True, samesite="lax")

    def retirer(self, reponse: Response) -> None:
        """Efface le témoin."""
        reponse.delete_cookie(self.nom, secure=self._https, httponly=True, samesite="lax")

    def lire(self, requete: Request) -> dict[str, Any] | None:
        """Contenu, ou None : absent, altéré, échu, ou scellé pour un autre usage."""
        valeur = requete.cookies.get(self.nom, "")
        try:
            clair = self._sceau.decrypt(valeur + "=" * (-len(valeur) % 4), ttl=self._duree)
        except InvalidToken:
            return None
        return cast("dict[str, Any]", json.loads(clair))
