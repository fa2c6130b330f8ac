"""Recueil des avis sans base de données : une ligne de journal chacun, que la supervision garde et compte."""

import logging

from app.avis import Avis

_journal = logging.getLogger("app.avis")


class RecueilJournal:
    """Écrit chaque avis dans le journal."""

    def deposer(self, avis: Avis) -> None:
        """Garde un avis."""
        _journal.info("avis sur une réponse du modèle", extra={"champs": avis.model_dump()})


def creer() -> RecueilJournal:
    """Recueil de cette application."""
    return RecueilJournal()
