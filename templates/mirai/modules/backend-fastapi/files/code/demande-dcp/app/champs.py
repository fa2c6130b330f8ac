"""Champs d'une demande. Les données personnelles sont décrites dans ``donnees/modele.yaml`` : y ajouter tout champ."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

# Condition SQL des lignes visibles de l'application : une ligne anonymisée par la purge n'en fait plus partie.
FILTRE = "rgpd_anonymise_le IS NULL"

Ligne = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Courriel = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^\s@\x00-\x1f]+@[^\s@\x00-\x1f]+\.[^\s@\x00-\x1f]+$")
]


class DemandeADeposer(BaseModel):
    """Ce que l'appelant fournit."""

    model_config = ConfigDict(extra="forbid")

    objet: Literal["information", "rendez-vous", "reclamation"]
    nom: Ligne
    prenom: Ligne
    courriel: Courriel
    telephone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9 .-]{6,20}$")] | None = None
    code_postal: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
    date_naissance: date | None = None
    commentaire: Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")] | None = None


class Demande(DemandeADeposer):
    """Demande enregistrée."""

    id: UUID
    statut: Literal["deposee", "en_cours", "close"]
    cree_le: datetime
    modifie_le: datetime
    cloture_le: datetime | None
