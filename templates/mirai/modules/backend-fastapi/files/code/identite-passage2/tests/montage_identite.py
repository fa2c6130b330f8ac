"""Identité des essais : le client d'essai (127.0.0.1) tient le rôle du mandataire Passage2."""

import pytest


@pytest.fixture
def reglages_identite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mandataire de confiance : la machine locale."""
    monkeypatch.setenv("PASSAGE2_MANDATAIRES", "127.0.0.0/8, ::1/128")


@pytest.fixture
def entetes() -> dict[str, str]:
    """En-têtes posés par le mandataire."""
    return {"Mellon-NameID": "agent-1", "Mellon-Groups": "instructeurs, lecteurs,"}
