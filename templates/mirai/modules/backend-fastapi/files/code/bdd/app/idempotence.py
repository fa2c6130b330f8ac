"""Clés d'idempotence, enregistrées dans la transaction qui crée la ligne (EXI-ARCH-16).

Rejouer une requête rend la même demande, quel que soit le pod, même si la première réponse s'est perdue. Ni la clé, ni
l'appelant, ni la saisie ne sont gardés en clair : une empreinte dont la clé de l'appelant est le sel.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql
from starlette.exceptions import HTTPException

from app.champs import DemandeADeposer
from app.projet import IDENTIFIANT

_TABLE = sql.Identifier(f"{IDENTIFIANT}_technique", "idempotence")
_PURGER = sql.SQL(
    "DELETE FROM {t} WHERE empreinte IN (SELECT empreinte FROM {t} WHERE cree_le < now() - interval '1 day'"
    " LIMIT 100 FOR UPDATE SKIP LOCKED)"
).format(t=_TABLE)
_RESERVER = sql.SQL(
    "INSERT INTO {} (empreinte, requete, demande) VALUES (%s, %s, %s) ON CONFLICT (empreinte) DO NOTHING"
).format(_TABLE)
_LIRE = sql.SQL("SELECT requete, demande FROM {} WHERE empreinte = %s").format(_TABLE)


@dataclass(frozen=True)
class Cle:
    """Clé d'un appelant pour une requête."""

    empreinte: bytes
    requete: bytes


def cle(sujet: str, valeur: str, saisie: DemandeADeposer) -> Cle:
    """Empreintes de la clé et de la requête."""
    # Sans les champs absents : la version suivante, qui en connaît un de plus, doit reconnaître la même requête.
    presents = {nom: valeur for nom, valeur in saisie.en_clair().items() if valeur is not None}
    contenu = json.dumps(presents, sort_keys=True, default=str).encode()
    return Cle(
        hashlib.sha256(json.dumps([sujet, valeur]).encode()).digest(), hmac.digest(valeur.encode(), contenu, "sha256")
    )


def reserver(connexion: psycopg.Connection, demandee: Cle, identifiant: UUID) -> UUID:
    """Identifiant de la demande : le nôtre, ou celui que cette clé désigne déjà.

    Deux requêtes simultanées de même clé : la seconde attend ici la fin de la première.
    """
    connexion.execute(_PURGER)
    if connexion.execute(_RESERVER, (demandee.empreinte, demandee.requete, identifiant)).rowcount == 1:
        return identifiant
    ligne = connexion.execute(_LIRE, (demandee.empreinte,)).fetchone()
    if ligne is None or bytes(ligne[0]) != demandee.requete:
        raise HTTPException(422, "Cette clé d'idempotence a déjà servi pour une autre demande.")
    return UUID(str(ligne[1]))
