"""Lecture et application des migrations."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from app.migrations import MigrationInvalide, lire
from app.migrer import migrer, principal
from app.projet import IDENTIFIANT
from tests.montage_bdd import DONNEES, Serveur, regler

PROPRIETAIRE = f"{IDENTIFIANT}_owner"


def ecrire(dossier: Path, **fichiers: str) -> Path:
    for nom, texte in fichiers.items():
        (dossier / f"{nom.removeprefix('m')}.sql").write_text(texte, encoding="utf-8")
    return dossier


def test_ordre_par_numero(tmp_path: Path) -> None:
    ecrire(tmp_path, m1000_c="SELECT 3;\n", m200_b="SELECT 2;\n", m100_a="SELECT 1;\n")
    assert [m.nom for m in lire(tmp_path)] == ["100_a.sql", "200_b.sql", "1000_c.sql"]


@pytest.mark.parametrize(
    ("fichiers", "message"),
    [
        ({}, "aucune migration"),
        ({"mabc": "SELECT 1;"}, "nom attendu"),
        ({"m100_a": "SELECT 1;", "m0100_b": "SELECT 1;"}, "déjà pris"),
    ],
)
def test_dossier_refuse(tmp_path: Path, fichiers: dict[str, str], message: str) -> None:
    with pytest.raises(MigrationInvalide, match=message):
        lire(ecrire(tmp_path, **fichiers))


def test_hors_transaction_par_blocs(tmp_path: Path) -> None:
    texte = "-- hors-transaction\n\nCREATE INDEX a;\n\n-- rien\n\nCREATE INDEX b\n  ON t(x);\n"
    migration = lire(ecrire(tmp_path, m130_index=texte))[0]
    assert migration.hors_transaction
    assert migration.instructions() == ["CREATE INDEX a;", "CREATE INDEX b\n  ON t(x);\n"]


def test_migrations_du_projet_rejouables(serveur: Serveur, base_vide: str) -> None:
    migrations = lire(DONNEES / "migrations")
    with psycopg.connect(serveur.conninfo(base_vide, PROPRIETAIRE), autocommit=True) as connexion:
        assert migrer(connexion, migrations) == [m.nom for m in migrations]
        assert migrer(connexion, migrations) == []
        lues = connexion.execute("SELECT nom, sha256, par FROM rgpd.migration ORDER BY numero").fetchall()
    assert lues == [(m.nom, m.sha256, PROPRIETAIRE) for m in migrations]


def test_une_migration_est_toute_ou_rien(serveur: Serveur, base_vide: str, tmp_path: Path) -> None:
    ecrire(
        tmp_path,
        m100_a="CREATE SCHEMA essai;\nCREATE TABLE essai.t (x int);\n",
        m110_b="CREATE TABLE essai.u ();\nERREUR;\n",
    )
    with psycopg.connect(serveur.conninfo(base_vide, PROPRIETAIRE), autocommit=True) as connexion:
        with pytest.raises(psycopg.errors.SyntaxError):
            migrer(connexion, lire(tmp_path))
        assert connexion.execute("SELECT to_regclass('essai.t'), to_regclass('essai.u')").fetchone() == (
            "essai.t",
            None,
        )
        assert connexion.execute("SELECT numero FROM rgpd.migration").fetchall() == [(100,)]


def test_une_migration_appliquee_ne_change_plus(serveur: Serveur, base_vide: str, tmp_path: Path) -> None:
    ecrire(tmp_path, m100_a="SELECT 1;\n")
    with psycopg.connect(serveur.conninfo(base_vide, PROPRIETAIRE), autocommit=True) as connexion:
        migrer(connexion, lire(tmp_path))
        ecrire(tmp_path, m100_a="SELECT 2;\n")
        with pytest.raises(MigrationInvalide, match="a changé"):
            migrer(connexion, lire(tmp_path))


def test_index_hors_transaction(serveur: Serveur, base_vide: str, tmp_path: Path) -> None:
    ecrire(
        tmp_path,
        m100_a="CREATE SCHEMA essai;\nCREATE TABLE essai.t (x int);\n",
        m110_b="-- hors-transaction\n\nCREATE INDEX CONCURRENTLY a ON essai.t (x);\n\n"
        "CREATE INDEX CONCURRENTLY b ON essai.t (x);\n",
    )
    with psycopg.connect(serveur.conninfo(base_vide, PROPRIETAIRE), autocommit=True) as connexion:
        assert migrer(connexion, lire(tmp_path)) == ["100_a.sql", "110_b.sql"]
        assert connexion.execute("SELECT count(*) FROM pg_indexes WHERE schemaname = 'essai'").fetchone() == (2,)


def test_deux_a_la_fois(serveur: Serveur, base_vide: str, tmp_path: Path) -> None:
    """La seconde attend sans tenir d'instantané : sinon CREATE INDEX CONCURRENTLY l'attendrait à son tour."""
    ecrire(
        tmp_path,
        m100_a="CREATE SCHEMA essai;\nCREATE TABLE essai.t (x int);\n",
        m110_b="-- hors-transaction\n\nSELECT pg_sleep(1);\n\nCREATE INDEX CONCURRENTLY a ON essai.t (x);\n",
    )

    def appliquer(_: int) -> list[str]:
        with psycopg.connect(serveur.conninfo(base_vide, PROPRIETAIRE), autocommit=True) as connexion:
            return migrer(connexion, lire(tmp_path))

    with ThreadPoolExecutor(2) as fils:
        assert sorted(fils.map(appliquer, range(2))) == [[], ["100_a.sql", "110_b.sql"]]


def test_commande(serveur: Serveur, base_vide: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    regler(monkeypatch, serveur, base_vide, "owner")
    commande = [sys.executable, "-m", "app.migrer"]
    for _ in range(2):
        assert subprocess.run(commande, check=False, timeout=60).returncode == 0
    ecrire(tmp_path, m100_a="ERREUR;\n")
    monkeypatch.setenv("MIGRATIONS", str(tmp_path))
    assert principal() == 1
    monkeypatch.setenv("MIGRATIONS", str(tmp_path / "absent"))
    assert principal() == 1
