"""Avec une base, un avis y est gardé, et s'exporte."""

import json
import subprocess
import sys

import pytest
from fastapi.testclient import TestClient

AVIS = [
    {"operation": "resume", "utile": True, "motif": "juste", "minutes_gagnees": 3},
    {"operation": "resume", "utile": False, "motif": "faux", "minutes_gagnees": None},
]


@pytest.mark.usefixtures("reglages_bdd")
def test_avis_gardes_puis_exportes(agent: TestClient) -> None:
    for avis in AVIS:
        assert agent.post("/api/avis-ia", json=avis).status_code == 204
    sortie = subprocess.run([sys.executable, "-m", "app.recueil"], check=True, capture_output=True, text=True).stdout
    assert [json.loads(ligne) for ligne in sortie.splitlines()[-2:]] == AVIS
