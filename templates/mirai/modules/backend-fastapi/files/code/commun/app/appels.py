"""Appels vers le dehors : une seule façon de les régler, quel que soit le service.

Le mandataire (``HTTPS_PROXY``, ``NO_PROXY``) et les autorités internes (``SSL_CERT_FILE``, EXI-ARCH-7) sont lus dans
l'environnement. Aucune redirection n'est suivie : seules les adresses de la configuration sont jointes.
"""

import re
import ssl
from typing import TypedDict

import httpx2 as httpx

_ATTENTE_MAX = 3600


class Reglages(TypedDict):
    """Ce que tout client HTTP de l'application reçoit."""

    timeout: float
    verify: ssl.SSLContext
    follow_redirects: bool


def reglages(delai: float) -> Reglages:
    """Réglages d'un client ; ``delai``, en secondes, vaut pour chaque étape d'un appel, pas pour l'appel entier."""
    return {"timeout": delai, "verify": ssl.create_default_context(), "follow_redirects": False}


def attente_demandee(reponse: httpx.Response, defaut: float = 60) -> float:
    """``Retry-After`` en secondes, une heure au plus ; une date ou une valeur absurde vaut le défaut."""
    valeur = reponse.headers.get("Retry-After", "")
    return float(min(int(valeur), _ATTENTE_MAX)) if re.fullmatch(r"[0-9]{1,9}", valeur) else defaut
