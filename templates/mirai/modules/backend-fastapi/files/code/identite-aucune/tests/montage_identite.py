"""Identité des essais : aucune."""

import pytest


@pytest.fixture
def reglages_identite() -> None:
    """Rien à régler."""


@pytest.fixture
def entetes() -> dict[str, str]:
    """Rien à présenter."""
    return {}
