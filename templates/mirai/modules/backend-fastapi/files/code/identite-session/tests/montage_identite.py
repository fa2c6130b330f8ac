"""Sessions ouvertes pour les essais."""

from typing import Any

import pytest

from app.temoins import Temoin
from tests.montage_fournisseur import AUDIENCE, Emetteur

SECRET = "secret-d-essai-de-trente-deux-signes-au-moins"
ORIGINE = "https://essai.invalid"


@pytest.fixture
def reglages_identite(emetteur: Emetteur, monkeypatch: pytest.MonkeyPatch) -> None:
    """L'application fait confiance à l'émetteur d'essai."""
    monkeypatch.setenv("OIDC_ISSUER_URL", emetteur.adresse)
    monkeypatch.setenv("OIDC_CLIENT_ID", AUDIENCE)
    monkeypatch.setenv("OIDC_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("ADRESSE_PUBLIQUE", f"{ORIGINE}/")


def session(**autres: Any) -> dict[str, str]:
    """En-tête d'une session ouverte."""
    contenu = {"sujet": "agent-1", "groupes": ["/instructeurs", "lecteurs"], "id_token": "jeton"} | autres
    temoin = Temoin("session", 28_800, SECRET, chiffre=True)
    return {"Cookie": f"{temoin.nom}={temoin.sceller(contenu)}"}


@pytest.fixture
def entetes() -> dict[str, str]:
    """Session valable."""
    return session()
