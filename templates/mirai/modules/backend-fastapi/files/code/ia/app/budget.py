"""Budget de jetons par appelant et par jour (UTC) : un garde-fou contre l'emballement, pas une facturation.

Il est vérifié avant l'appel et compté après : des appels simultanés peuvent le dépasser, de ``LLM_SIMULTANES``
transactions par pod au plus. La limite qui fait foi reste le quota de la passerelle.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol


def maintenant() -> datetime:
    """Heure courante."""
    return datetime.now(UTC)


class BudgetEpuise(Exception):
    """L'appelant a consommé son budget ; ``attente`` : secondes jusqu'à demain."""

    def __init__(self, heure: datetime) -> None:
        super().__init__("budget épuisé")
        demain = datetime.combine(heure.date() + timedelta(days=1), datetime.min.time(), UTC)
        self.attente = int((demain - heure).total_seconds()) + 1


class Budget(Protocol):
    """Où la consommation du jour est tenue : en mémoire, ou dans la base quand il y en a une."""

    async def verifier(self, appelant: str) -> None:
        """Refuse un appelant dont le budget est épuisé."""

    async def noter(self, appelant: str, jetons: int) -> None:
        """Ajoute une consommation."""

    def appelants(self) -> int:
        """Nombre d'appelants du jour vus par ce pod : diviseur de l'inducteur de coût, sans dire qui."""
