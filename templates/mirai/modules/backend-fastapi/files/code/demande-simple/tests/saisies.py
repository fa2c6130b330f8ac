"""Demandes d'essai."""

from typing import Any

SAISIE: dict[str, Any] = {"objet": "information"}
REFUSEES: list[dict[str, Any]] = [{}, {"objet": "autre"}, {"objet": "information", "statut": "close"}]
