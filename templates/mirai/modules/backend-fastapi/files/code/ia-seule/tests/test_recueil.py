"""Sans base, un avis est une ligne de journal."""

import json

import pytest
from fastapi.testclient import TestClient

from app.journaux import installer


def test_avis_dans_le_journal(agent: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    installer("INFO")
    avis = {"operation": "resume", "utile": True, "motif": "juste", "minutes_gagnees": 3}
    assert agent.post("/api/avis-ia", json=avis).status_code == 204
    lignes = [json.loads(ligne) for ligne in capsys.readouterr().out.splitlines()]
    recue = next(ligne for ligne in lignes if ligne["source"] == "app.avis")
    assert avis.items() <= recue.items()
