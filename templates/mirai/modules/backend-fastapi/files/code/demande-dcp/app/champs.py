"""Champs d'une demande. Les données personnelles sont décrites dans ``donnees/modele.yaml`` : y ajouter tout champ.

Une valeur personnelle circule dans un ``Secret`` : un journal, une erreur ou une réponse n'en montre que des étoiles.
Il faut l'ouvrir exprès, par :func:`ouvrir` ou :meth:`DemandeADeposer.en_clair`, seuls endroits à relire.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Secret, StringConstraints

from app.autorisations import Droit

# Condition SQL des lignes visibles de l'application : une ligne anonymisée par la purge n'en fait plus partie.
FILTRE = "rgpd_anonymise_le IS NULL"
# Lire une demande, c'est ici lire des données personnelles : la lecture simple n'a droit qu'à la vue anonyme.
DROIT_DE_LIRE = Droit.INSTRUCTION

Objet = Literal["information", "rendez-vous", "reclamation"]
Statut = Literal["deposee", "en_cours", "close"]
Ligne = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Courriel = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^\s@\x00-\x1f]+@[^\s@\x00-\x1f]+\.[^\s@\x00-\x1f]+$")
]
Telephone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9 .-]{6,20}$")]
CodePostal = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
Commentaire = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


class DemandeADeposer(BaseModel):
    """Ce que l'appelant fournit."""

    model_config = ConfigDict(extra="forbid")

    objet: Objet
    nom: Secret[Ligne]
    prenom: Secret[Ligne]
    courriel: Secret[Courriel]
    telephone: Secret[Telephone] | None = None
    code_postal: Secret[CodePostal]
    date_naissance: Secret[date] | None = None
    commentaire: Secret[Commentaire] | None = None

    def en_clair(self) -> dict[str, Any]:
        """Valeurs à enregistrer ou à rendre à qui en a le droit."""
        return {
            nom: valeur.get_secret_value() if isinstance(valeur, Secret) else valeur
            for nom, valeur in self.model_dump().items()
        }


class Demande(DemandeADeposer):
    """Demande enregistrée, personnelle et masquée."""

    id: UUID
    statut: Statut
    cree_le: datetime
    modifie_le: datetime
    cloture_le: datetime | None


class DemandeRendue(BaseModel):
    """Demande en clair, pour qui l'instruit ou vient de la déposer."""

    objet: Objet
    nom: str
    prenom: str
    courriel: str
    telephone: str | None
    code_postal: str
    date_naissance: date | None
    commentaire: str | None
    id: UUID
    statut: Statut
    cree_le: datetime
    modifie_le: datetime
    cloture_le: datetime | None


def ouvrir(demande: Demande) -> DemandeRendue:
    """Demande en clair."""
    return DemandeRendue.model_validate(demande.en_clair())
