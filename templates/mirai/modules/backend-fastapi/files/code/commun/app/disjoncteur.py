"""Disjoncteur : après plusieurs échecs de suite, un service extérieur n'est plus appelé pendant un moment."""

import time
from collections.abc import Callable


class Disjoncteur:
    """État en mémoire de ce pod ; tout se passe dans la boucle d'évènements, sans verrou."""

    def __init__(self, repos: float, horloge: Callable[[], float] = time.monotonic, seuil: int = 5) -> None:
        self._repos = repos
        self._seuil = seuil
        self._horloge = horloge
        self._echecs = 0
        self._ouvert_jusqu_a = float("-inf")

    def attente(self) -> float:
        """Secondes pendant lesquelles il est inutile d'appeler ; 0 : l'appel part.

        À la fin du repos, un seul appel part pour voir ; les autres attendent sa réponse ou la fin d'un second repos.
        """
        reste = self._ouvert_jusqu_a - self._horloge()
        if reste > 0:
            return reste
        if self._echecs >= self._seuil:
            self._ouvert_jusqu_a = self._horloge() + self._repos
        return 0.0

    def noter(self, reussite: bool) -> None:
        """Issue d'un appel."""
        self._echecs = 0 if reussite else self._echecs + 1
        if reussite:
            self._ouvert_jusqu_a = float("-inf")
        elif self._echecs >= self._seuil:
            self._ouvert_jusqu_a = self._horloge() + self._repos

    def reporter(self, secondes: float) -> None:
        """Le service a dit quand revenir : aucun appel d'ici là."""
        self._ouvert_jusqu_a = self._horloge() + secondes

    def sonder(self) -> str | None:
        """Raison pour laquelle les appels sont arrêtés, ou None."""
        return "les appels sont suspendus" if self._ouvert_jusqu_a > self._horloge() else None
