"""Champs d'une demande. Aucune donnée personnelle : en ajouter une passe par ``donnees/modele.yaml``."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

# Condition SQL des lignes visibles de l'application.
FILTRE = "true"


class DemandeADeposer(BaseModel):
    """Ce que l'appelant fournit."""

    model_config = ConfigDict(extra="forbid")

    objet: Literal["information", "rendez-vous", "reclamation"]


class Demande(DemandeADeposer):
    """Demande enregistrée."""

    id: UUID
    statut: Literal["deposee", "en_cours", "close"]
    cree_le: datetime
    modifie_le: datetime
    cloture_le: datetime | None
