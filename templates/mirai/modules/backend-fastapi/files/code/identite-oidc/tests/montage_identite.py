"""Jetons d'accès pour les essais."""

import pytest

from tests.montage_fournisseur import AUDIENCE, Emetteur


@pytest.fixture
def reglages_identite(emetteur: Emetteur, monkeypatch: pytest.MonkeyPatch) -> None:
    """L'application fait confiance à l'émetteur d'essai."""
    monkeypatch.setenv("OIDC_ISSUER_URL", emetteur.adresse)
    monkeypatch.setenv("OIDC_AUDIENCE", AUDIENCE)


@pytest.fixture
def entetes(emetteur: Emetteur) -> dict[str, str]:
    """Jeton valable."""
    return {"Authorization": f"Bearer {emetteur.jeton(groups=['/instructeurs', 'lecteurs'])}"}
