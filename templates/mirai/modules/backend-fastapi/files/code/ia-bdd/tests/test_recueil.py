"""Avec une base, un avis y est gardé, s'exporte et se compte."""

import json
import subprocess
import sys

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from app.projet import IDENTIFIANT
from app.recueil import principal
from tests.montage_bdd import Serveur

AVIS = [
    {"operation": "resume", "utile": True, "motif": "juste", "minutes_gagnees": 3},
    {"operation": "resume", "utile": False, "motif": "faux", "minutes_gagnees": None},
]


@pytest.mark.usefixtures("reglages_bdd")
def test_avis_gardes_puis_exportes(agent: TestClient) -> None:
    for avis in AVIS:
        assert agent.post("/api/avis-ia", json=avis).status_code == 204
    sortie = subprocess.run([sys.executable, "-m", "app.recueil"], check=True, capture_output=True, text=True).stdout
    assert [json.loads(ligne) for ligne in sortie.splitlines()] == AVIS


@pytest.mark.usefixtures("reglages_bdd")
def test_bilan_par_mois(serveur: Serveur, base: str, capsys: pytest.CaptureFixture[str]) -> None:
    ajouter = sql.SQL(
        "INSERT INTO {} (jour, operation, utile, motif, minutes_gagnees) VALUES (%s, 'resume', %s, %s, %s)"
    )
    with psycopg.connect(serveur.conninfo(base), autocommit=True) as admin:
        for ligne in [
            ("2026-02-28", True, "juste", 10),
            ("2026-01-31", True, "juste", 3),
            ("2026-01-01", False, "faux", None),
            ("2026-01-02", False, "incomplet", 4),
            ("2026-03-01", False, "faux", None),
        ]:
            admin.execute(ajouter.format(sql.Identifier(f"{IDENTIFIANT}_technique", "avis_ia")), ligne)
    assert principal(["bilan"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "mois;operation;avis;utiles;faux;minutes gagnées",
        "2026-01;resume;3;1;1;7",
        "2026-02;resume;1;1;0;10",
        "2026-03;resume;1;0;1;0",
    ]


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert principal(["tout"]) == 2
    assert capsys.readouterr().err == "usage : python -m app.recueil [bilan]\n"
