"""Consommation du jour dans la base : le budget d'un appelant est le même, quel que soit le nombre de pods.

L'appelant n'y est pas nommé : une empreinte qui change chaque jour, et les lignes de la veille sont effacées.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from datetime import date, datetime

import psycopg
from psycopg import sql

from app.base import Base
from app.budget import BudgetEpuise, maintenant
from app.projet import IDENTIFIANT

_TABLE = sql.Identifier(f"{IDENTIFIANT}_technique", "budget_ia")
_LIRE = sql.SQL("SELECT jetons FROM {} WHERE jour = %s AND appelant = %s").format(_TABLE)
_AJOUTER = sql.SQL(
    "INSERT INTO {} AS b (jour, appelant, jetons) VALUES (%s, %s, %s)"
    " ON CONFLICT (jour, appelant) DO UPDATE SET jetons = b.jetons + excluded.jetons"
).format(_TABLE)
_OUBLIER = sql.SQL("DELETE FROM {} WHERE jour < %s").format(_TABLE)
_journal = logging.getLogger("app.budget")


def empreinte(jour: date, appelant: str) -> bytes:
    """Nom d'un appelant pour un jour."""
    return hashlib.sha256(f"{jour.isoformat()} {appelant}".encode()).digest()


class BudgetBase:
    """Jetons de chaque appelant, communs à tous les pods."""

    def __init__(self, base: Base, par_jour: int, horloge: Callable[[], datetime] = maintenant) -> None:
        self._base = base
        self._par_jour = par_jour
        self._horloge = horloge
        self._jour = date.min
        self._vus: set[bytes] = set()

    def _lire(self, jour: date, appelant: str) -> int:
        with self._base.reserve.connection() as connexion:
            ligne = connexion.execute(_LIRE, (jour, empreinte(jour, appelant))).fetchone()
        return 0 if ligne is None else int(ligne[0])

    def _ajouter(self, jour: date, appelant: str, jetons: int) -> None:
        with self._base.reserve.connection() as connexion:
            connexion.execute(_OUBLIER, (jour,))
            connexion.execute(_AJOUTER, (jour, empreinte(jour, appelant), jetons))

    async def verifier(self, appelant: str) -> None:
        """Refuse un appelant dont le budget est épuisé ; sans base, l'appel n'a pas lieu (503)."""
        heure = self._horloge()
        if await asyncio.to_thread(self._lire, heure.date(), appelant) >= self._par_jour:
            raise BudgetEpuise(heure)

    async def noter(self, appelant: str, jetons: int) -> None:
        """Ajoute une consommation. La réponse est déjà là : une base en panne ne la fait pas perdre."""
        jour = self._horloge().date()
        self._du_jour(jour).add(empreinte(jour, appelant))
        try:
            await asyncio.to_thread(self._ajouter, jour, appelant, jetons)
        except psycopg.Error:
            _journal.warning("consommation non comptée", exc_info=True)

    def _du_jour(self, jour: date) -> set[bytes]:
        if jour != self._jour:
            self._jour, self._vus = jour, set()
        return self._vus

    def appelants(self) -> int:
        """Nombre d'appelants du jour, vus par ce pod."""
        return len(self._du_jour(self._horloge().date()))


def creer(base: Base, par_jour: int) -> BudgetBase:
    """Budget de cette application."""
    return BudgetBase(base, par_jour)
