"""Écrit ``openapi.json`` d'après l'application. Aucune dépendance n'est jointe."""

import json
import os
import sys
from pathlib import Path

RACINE = Path(__file__).parents[1]
# L'application ne se connecte à rien pour se décrire ; ces variables doivent seulement exister.
SANS_OBJET = {
    "DB_HOST": "/nulle-part",
    "DB_NAME": "sans-objet",
    "DB_USER": "sans-objet",
    "DB_PASSWORD": "sans-objet",
    "MIGRATIONS": str(RACINE.parent / "donnees" / "migrations"),
    "OIDC_ISSUER_URL": "https://sans-objet.invalid",
    "OIDC_AUDIENCE": "sans-objet",
    "OIDC_CLIENT_ID": "sans-objet",
    "OIDC_CLIENT_SECRET": "sans-objet-" * 3,
    "ADRESSE_PUBLIQUE": "https://sans-objet.invalid",
    "OPENAI_BASE_URL": "https://sans-objet.invalid",
    "OPENAI_API_KEY": "sans-objet",
    "LLM_MODEL": "sans-objet",
    "PASSAGE2_MANDATAIRES": "192.0.2.1/32",
}


def ecrire(chemin: Path) -> None:
    """Écrit la description."""
    from app.application import creer_application

    texte = json.dumps(creer_application().openapi(), ensure_ascii=False, indent=2)
    chemin.write_text(texte + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.update(SANS_OBJET)
    sys.path.insert(0, str(RACINE))
    ecrire(RACINE / "openapi.json")
