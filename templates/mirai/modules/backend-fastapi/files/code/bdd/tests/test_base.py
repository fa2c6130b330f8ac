"""La disponibilité échoue fermé : base muette, schéma absent, en retard ou altéré."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.application import creer_application
from tests.montage_bdd import DONNEES, Serveur, regler


def disponibilite() -> tuple[int, str, str]:
    with TestClient(creer_application(), client=("127.0.0.1", 50000)) as client:
        assert client.get("/health/live").status_code == 200
        reponse = client.get("/health/ready")
        return reponse.status_code, reponse.headers["content-type"], reponse.json().get("detail", "")


pytestmark = pytest.mark.usefixtures("reglages")


def test_prete() -> None:
    assert disponibilite() == (200, "application/json", "")


def test_base_muette(monkeypatch: pytest.MonkeyPatch, entetes: dict[str, str]) -> None:
    monkeypatch.setenv("DB_HOST", "/nulle-part")
    statut, genre, detail = disponibilite()
    assert (statut, genre) == (503, "application/problem+json")
    assert detail == "base : la base ne répond pas"
    with TestClient(creer_application(), client=("127.0.0.1", 50000)) as client:
        reponse = client.get("/api/demandes", headers=entetes)
    assert (reponse.status_code, reponse.headers["retry-after"]) == (503, "5")


def test_connexions_mortes_remplacees(serveur: Serveur, base: str, entetes: dict[str, str]) -> None:
    """La base a redémarré : la première requête qui suit aboutit déjà."""
    with TestClient(creer_application(), client=("127.0.0.1", 50000)) as client:
        with ThreadPoolExecutor(8) as fils:
            assert {r.status_code for r in fils.map(lambda _: client.get("/health/ready"), range(8))} == {200}
        with psycopg.connect(serveur.conninfo(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'api'")
        assert client.get("/api/demandes", headers=entetes).status_code == 200


def test_aucune_migration(monkeypatch: pytest.MonkeyPatch, serveur: Serveur, base_vide: str) -> None:
    regler(monkeypatch, serveur, base_vide, "owner")
    assert disponibilite()[2] == "base : la version du schéma n'est pas lisible : aucune migration appliquée"


def test_schema_en_retard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(DONNEES / "migrations", tmp_path, dirs_exist_ok=True)
    (tmp_path / "99999_future.sql").write_text("SELECT 1;\n", encoding="utf-8")
    monkeypatch.setenv("MIGRATIONS", str(tmp_path))
    assert disponibilite()[2] == "base : la migration 99999_future.sql manque ou diffère"


def test_migration_alteree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(DONNEES / "migrations", tmp_path, dirs_exist_ok=True)
    premiere = min(tmp_path.glob("*.sql"))
    premiere.write_text(premiere.read_text(encoding="utf-8") + "-- retouche\n", encoding="utf-8")
    monkeypatch.setenv("MIGRATIONS", str(tmp_path))
    assert disponibilite()[0] == 503


def test_base_plus_avancee_acceptee(serveur: Serveur, base: str) -> None:
    with psycopg.connect(serveur.conninfo(base), autocommit=True) as admin:
        admin.execute(
            "INSERT INTO rgpd.migration (numero, nom, sha256) VALUES (99999, '99999_future.sql', repeat('0', 64))"
        )
        try:
            assert disponibilite()[0] == 200
        finally:
            admin.execute("DELETE FROM rgpd.migration WHERE numero = 99999")
