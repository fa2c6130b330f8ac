"""Consommation du jour en mémoire de ce pod : avec plusieurs pods, le budget réel est multiplié d'autant."""

from collections.abc import Callable
from datetime import date, datetime

from app.budget import BudgetEpuise, maintenant


class BudgetMemoire:
    """Jetons de chaque appelant, oubliés le lendemain."""

    def __init__(self, par_jour: int, horloge: Callable[[], datetime] = maintenant) -> None:
        self._par_jour = par_jour
        self._horloge = horloge
        self._jour = date.min
        self._consommes: dict[str, int] = {}

    def _du_jour(self) -> dict[str, int]:
        aujourd_hui = self._horloge().date()
        if aujourd_hui != self._jour:
            self._jour, self._consommes = aujourd_hui, {}
        return self._consommes

    async def verifier(self, appelant: str) -> None:
        """Refuse un appelant dont le budget est épuisé."""
        if self._du_jour().get(appelant, 0) >= self._par_jour:
            raise BudgetEpuise(self._horloge())

    async def noter(self, appelant: str, jetons: int) -> None:
        """Ajoute une consommation."""
        consommes = self._du_jour()
        consommes[appelant] = consommes.get(appelant, 0) + jetons

    def appelants(self) -> int:
        """Nombre d'appelants du jour."""
        return len(self._du_jour())


def creer(par_jour: int) -> BudgetMemoire:
    """Budget de cette application."""
    return BudgetMemoire(par_jour)
