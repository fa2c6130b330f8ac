"""La version en service et la suivante partagent une base (EXI-ARCH-21) : la migration ajoute, elle ne retire rien.

La version suivante est ici le code de l'application, un champ en plus, et une migration qui ajoute sa colonne.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import psycopg
import pytest

from app.migrations import lire
from app.migrer import migrer
from app.projet import IDENTIFIANT
from tests.montage_bdd import DONNEES, Serveur, regler
from tests.saisies import SAISIE

ACTUELLE = Path(__file__).parents[1]


@contextmanager
def lancee(dossier: Path, migrations: Path, entetes: dict[str, str]) -> Iterator[httpx.Client]:
    """Version servie par son propre processus, dont la couverture n'est pas mesurée."""
    with socket.socket() as reserve:
        reserve.bind(("127.0.0.1", 0))
        port = reserve.getsockname()[1]
    environnement = {nom: valeur for nom, valeur in os.environ.items() if not nom.startswith(("COV", "PYTEST"))}
    environnement |= {"HOTE": "127.0.0.1", "PORT": str(port), "MIGRATIONS": str(migrations), "LOG_LEVEL": "ERROR"}
    execution = subprocess.Popen([sys.executable, "-m", "app"], cwd=dossier, env=environnement)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=entetes, trust_env=False, timeout=20) as client:
        fin = time.monotonic() + 60
        while True:
            try:
                client.get("/health/live")
                break
            except httpx.TransportError:
                assert execution.poll() is None
                assert time.monotonic() < fin, "le serveur n'écoute pas"
                time.sleep(0.05)
        try:
            yield client
        finally:
            execution.terminate()
            execution.wait(timeout=30)


def preparer_suivante(dossier: Path) -> Path:
    """Code et migrations de la version suivante ; rend le dossier des migrations."""
    shutil.copytree(ACTUELLE / "app", dossier / "app")
    champs = dossier / "app" / "champs.py"
    texte = champs.read_text(encoding="utf-8")
    champs.write_text(texte.replace("    objet: ", "    canal: str | None = None\n    objet: "), encoding="utf-8")
    assert "canal" in champs.read_text(encoding="utf-8")
    migrations = dossier / "migrations"
    shutil.copytree(DONNEES / "migrations", migrations)
    (migrations / "99901_canal.sql").write_text(
        f"ALTER TABLE {IDENTIFIANT}.demande ADD COLUMN canal text;\n"
        f"GRANT INSERT (canal), UPDATE (canal) ON {IDENTIFIANT}.demande TO {IDENTIFIANT}_app;\n",
        encoding="utf-8",
    )
    return migrations


@pytest.mark.usefixtures("reglages")
def test_deux_versions_sur_une_base(
    monkeypatch: pytest.MonkeyPatch, serveur: Serveur, base_vide: str, entetes: dict[str, str], tmp_path: Path
) -> None:
    regler(monkeypatch, serveur, base_vide, "app")
    suivantes = preparer_suivante(tmp_path)
    proprietaire = serveur.conninfo(base_vide, f"{IDENTIFIANT}_owner")
    with psycopg.connect(proprietaire, autocommit=True) as connexion:
        migrer(connexion, lire(DONNEES / "migrations"))
    with (
        lancee(ACTUELLE, DONNEES / "migrations", entetes) as actuelle,
        lancee(tmp_path, suivantes, entetes) as suivante,
    ):
        # Déployée avant sa migration, la suivante n'est pas prête : le trafic reste sur l'actuelle.
        assert (actuelle.get("/health/ready").status_code, suivante.get("/health/ready").status_code) == (200, 503)
        with psycopg.connect(proprietaire, autocommit=True) as connexion:
            assert migrer(connexion, lire(suivantes)) == ["99901_canal.sql"]
        assert (actuelle.get("/health/ready").status_code, suivante.get("/health/ready").status_code) == (200, 200)
        # Chacune lit et fait avancer ce que l'autre a écrit, sans rien perdre.
        ancienne = actuelle.post("/api/demandes", json=SAISIE).headers["location"]
        neuve = suivante.post("/api/demandes", json=SAISIE | {"canal": "guichet"}).headers["location"]
        assert suivante.get(ancienne).json()["canal"] is None
        assert suivante.patch(ancienne, json={"statut": "en_cours"}).status_code == 200
        assert "canal" not in actuelle.get(neuve).json()
        assert actuelle.patch(neuve, json={"statut": "close"}).status_code == 200
        assert suivante.get(neuve).json() | {"canal": "guichet", "statut": "close"} == suivante.get(neuve).json()
        assert len(actuelle.get("/api/demandes").json()["demandes"]) == 2
        # Une même clé vaut sur les deux versions : un appel rejoué pendant le déploiement n'est pas fait deux fois.
        cle = {"Idempotency-Key": "deploiement-0001"}
        premiere = actuelle.post("/api/demandes", json=SAISIE, headers=cle)
        rejouee = suivante.post("/api/demandes", json=SAISIE, headers=cle)
        assert (premiere.status_code, rejouee.status_code) == (201, 201)
        assert premiere.json()["id"] == rejouee.json()["id"]
        assert len(actuelle.get("/api/demandes").json()["demandes"]) == 3
