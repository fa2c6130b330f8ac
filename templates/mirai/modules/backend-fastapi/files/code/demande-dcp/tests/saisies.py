"""Demandes d'essai, entièrement fictives."""

from typing import Any

SAISIE: dict[str, Any] = {
    "objet": "information",
    "nom": "Martin",
    "prenom": "Camille",
    "courriel": "camille.martin@exemple.invalid",
    "telephone": "01 99 00 12 34",
    "code_postal": "75001",
    "date_naissance": "1990-05-17",
    "commentaire": "Première ligne\nseconde ligne",
}
REFUSEES: list[dict[str, Any]] = [
    {},
    {"objet": "information"},
    SAISIE | {"objet": "autre"},
    SAISIE | {"nom": "  "},
    SAISIE | {"nom": "a\u0000b"},
    SAISIE | {"courriel": "sans-arobase"},
    SAISIE | {"code_postal": "7500"},
    SAISIE | {"telephone": "appelez-moi"},
    SAISIE | {"date_naissance": "1990-13-01"},
    SAISIE | {"commentaire": "x" * 2001},
    SAISIE | {"statut": "close"},
    SAISIE | {"nom_anon": "x"},
]
