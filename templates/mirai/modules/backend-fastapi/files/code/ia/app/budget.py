"""Budget de jetons par appelant et par jour (UTC), en mémoire de ce pod.

C'est un garde-fou contre l'emballement d'un appelant, pas une facturation : avec plusieurs pods, la limite réelle est
multipliée d'autant, et celle qui fait foi est le quota de la passerelle.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta


def maintenant() -> datetime:
    """Heure courante."""
    return datetime.now(UTC)


class BudgetEpuise(Exception):
    """L'appelant a consommé son budget ; ``attente`` : secondes jusqu'à demain."""

    def __init__(self, attente: int) -> None:
        super().__init__("budget épuisé")
        self.attente = attente


class Budget:
    """Consommation du jour."""

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

    def verifier(self, appelant: str) -> None:
        """Refuse un appelant dont le budget est épuisé."""
        if self._du_jour().get(appelant, 0) >= self._par_jour:
            heure = self._horloge()
            demain = datetime.combine(heure.date() + timedelta(days=1), datetime.min.time(), UTC)
            raise BudgetEpuise(int((demain - heure).total_seconds()) + 1)

    def noter(self, appelant: str, jetons: int) -> None:
        """Ajoute une consommation."""
        consommes = self._du_jour()
        consommes[appelant] = consommes.get(appelant, 0) + jetons

    def appelants(self) -> int:
        """Nombre d'appelants du jour : diviseur de l'inducteur de coût, sans dire qui."""
        return len(self._du_jour())
