"""Champs d'une demande. Aucune donnée personnelle : en ajouter une passe par ``donnees/modele.yaml``."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.autorisations import Droit

# Condition SQL des lignes visibles de l'application.
FILTRE = "true"
DROIT_DE_LIRE = Droit.LECTURE


class DemandeADeposer(BaseModel):
    """Ce que l'appelant fournit."""

    model_config = ConfigDict(extra="forbid")

    objet: Literal["information", "rendez-vous", "reclamation"]

    def en_clair(self) -> dict[str, Any]:
        """Valeurs à enregistrer."""
        return self.model_dump()


class Demande(DemandeADeposer):
    """Demande enregistrée."""

    id: UUID
    statut: Literal["deposee", "en_cours", "close"]
    cree_le: datetime
    modifie_le: datetime
    cloture_le: datetime | None


DemandeRendue = Demande


def ouvrir(demande: Demande) -> DemandeRendue:
    """Rien n'est masqué : la demande telle quelle."""
    return demande
