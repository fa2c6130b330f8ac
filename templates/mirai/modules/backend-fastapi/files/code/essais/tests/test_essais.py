"""Jeu d'essai : extrait sans personne, déposé, rapatrié, versé en entier dans une base vide, et nulle part ailleurs."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app.base import ConfigurationBase
from app.essais import ErreurEssais, copier, ouvrir, principal
from app.migrations import lire
from app.migrer import migrer
from app.projet import IDENTIFIANT
from app.stockage import signature
from tests.montage_bdd import DONNEES, Serveur, regler

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ARCHIVE = "/seau/essais/recette/jeu-essai-pseudonymise.tar.gz"
TABLE = sql.Identifier(IDENTIFIANT, "demande")
Objets = dict[str, bytes]


def test_signature_de_la_documentation() -> None:
    """Exemple « PUT Object » de la documentation d'AWS."""
    corps = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()
    entetes = {
        "date": "Fri, 24 May 2013 00:00:00 GMT",
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": corps,
        "x-amz-date": "20130524T000000Z",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
    }
    attendue = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    assert signature(("PUT", "/test%24file.text", entetes, corps), SECRET, "us-east-1") == attendue


@pytest.fixture
def objets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Objets]:
    """Stockage d'essai, qui vérifie la signature et l'empreinte de ce qu'il reçoit."""
    tenus: Objets = {}

    class Reponse(BaseHTTPRequestHandler):
        def _recue(self) -> bytes | None:
            corps = self.rfile.read(int(self.headers.get("content-length", 0)))
            noms = ("host", "x-amz-content-sha256", "x-amz-date")
            lus = {nom: self.headers[nom] for nom in noms}
            requete = (self.command, self.path, lus, lus["x-amz-content-sha256"])
            juste = f"Signature={signature(requete, SECRET, 'fr-nord')}" in self.headers["authorization"]
            return corps if juste and hashlib.sha256(corps).hexdigest() == lus["x-amz-content-sha256"] else None

        def _rendre(self, code: int, corps: bytes = b"") -> None:
            self.send_response(code)
            self.send_header("content-length", str(len(corps)))
            self.end_headers()
            self.wfile.write(corps)

        def do_PUT(self) -> None:
            corps = self._recue()
            if corps is not None:
                tenus[self.path] = corps
            self._rendre(403 if corps is None else 200)

        def do_GET(self) -> None:
            juste = self._recue() is not None and self.path in tenus
            self._rendre(200 if juste else 404, tenus[self.path] if juste else b"absent")

        def log_message(self, *_: object) -> None:
            pass

    serveur = ThreadingHTTPServer(("127.0.0.1", 0), Reponse)
    fil = threading.Thread(target=serveur.serve_forever)
    fil.start()
    monkeypatch.setenv("S3_ENDPOINT", f"http://127.0.0.1:{serveur.server_port}")
    monkeypatch.setenv("S3_CHEMIN", "s3://seau/essais/recette/")
    monkeypatch.setenv("S3_REGION", "fr-nord")
    monkeypatch.setenv("ACCESS_KEY_ID", "cle")
    monkeypatch.setenv("ACCESS_SECRET_KEY", SECRET)
    monkeypatch.setenv("APP_ENV", "integration")
    monkeypatch.setenv("ESSAIS_SOURCE", "pseudonymise")
    monkeypatch.setenv("ESSAIS_SCRIPTS", str(DONNEES / "essais"))
    monkeypatch.setenv("ESSAIS_DOSSIER", str(tmp_path))
    yield tenus
    serveur.shutdown()
    serveur.server_close()
    fil.join()


@pytest.fixture
def remplie(serveur: Serveur, base: str, reglages_bdd: ConfigurationBase, monkeypatch: pytest.MonkeyPatch) -> str:
    """La base du projet, avec des personnes ; la connexion est celle du lecteur des vues."""
    ajout = "INSERT INTO {} (objet, nom, prenom, courriel, code_postal, date_naissance)"
    ajout += " SELECT 'information', 'TEMOIN', 'TEMOIN', 'TEMOIN', '35123', '1987-06-05' FROM generate_series(1, 30)"
    with psycopg.connect(serveur.conninfo(base), autocommit=True) as admin:
        admin.execute(sql.SQL(ajout).format(TABLE))
        lecteur = sql.Identifier(f"{IDENTIFIANT}_lecture_pseudonymisee")
        admin.execute(sql.SQL("ALTER ROLE {} LOGIN").format(lecteur))
    regler(monkeypatch, serveur, base, "lecture_pseudonymisee")
    return base


@pytest.fixture
def ailleurs(serveur: Serveur, base_vide: str) -> str:
    """Une base hors production : migrée, vide."""
    with psycopg.connect(serveur.conninfo(base_vide, f"{IDENTIFIANT}_owner"), autocommit=True) as connexion:
        assert migrer(connexion, lire(DONNEES / "migrations"))
    return base_vide


def test_de_la_production_a_une_base_vide(
    serveur: Serveur, remplie: str, ailleurs: str, objets: Objets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert principal(["extraire"]) == 0
    with tarfile.open(fileobj=io.BytesIO(objets[ARCHIVE])) as tar:
        tar.extractall(tmp_path / "lu", filter="data")
    jeu = (tmp_path / "lu" / "demande.csv").read_text(encoding="utf-8")
    assert "information" in jeu
    assert not [clair for clair in ("TEMOIN", "35123", "1987") if clair in jeu]
    regler(monkeypatch, serveur, ailleurs, "owner")
    assert principal(["charger"]) == 0
    comptes = sql.SQL("SELECT count(*), count(*) FILTER (WHERE nom = 'TEMOIN'), min(code_postal) FROM {}").format(TABLE)
    with psycopg.connect(serveur.conninfo(ailleurs), autocommit=True) as admin:
        assert admin.execute(comptes).fetchone() == (30, 0, "35000")
        assert principal(["charger"]) == 0  # déjà des lignes : rien n'est versé
        assert admin.execute(comptes).fetchone() == (30, 0, "35000")
        admin.execute(sql.SQL("TRUNCATE {}").format(TABLE))
        regler(monkeypatch, serveur, ailleurs, "lecture_pseudonymisee")
        assert principal(["charger"]) == 1  # un lecteur ne verse rien
        regler(monkeypatch, serveur, ailleurs, "owner")
        monkeypatch.setenv("APP_ENV", "prod")
        assert principal(["charger"]) == 1
        assert admin.execute(comptes).fetchone() == (0, 0, None)


def refaire(objets: Objets, dossier: Path, manifeste: dict[str, object]) -> None:
    """Remplace le manifeste de l'archive déposée."""
    (dossier / "manifeste.json").write_text(json.dumps(manifeste), encoding="utf-8")
    tampon = io.BytesIO()
    with tarfile.open(fileobj=tampon, mode="w:gz") as tar:
        for nom in ("manifeste.json", "demande.csv"):
            tar.add(dossier / nom, arcname=nom)
    objets[ARCHIVE] = tampon.getvalue()


def test_archive_qui_ne_dit_pas_la_verite(
    serveur: Serveur, remplie: str, ailleurs: str, objets: Objets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert principal(["extraire"]) == 0
    (tmp_path / "a.tar.gz").write_bytes(objets[ARCHIVE])
    lu = tmp_path / "lu"
    assert ouvrir(tmp_path / "a.tar.gz", lu) == {"demande.csv": 30}
    manifeste = json.loads((lu / "manifeste.json").read_text(encoding="utf-8"))
    regler(monkeypatch, serveur, ailleurs, "owner")
    manifeste["fichiers"]["demande.csv"]["sha256"] = "0" * 64
    refaire(objets, lu, manifeste)
    assert principal(["charger"]) == 1
    manifeste["fichiers"]["demande.csv"] = {
        "lignes": 31,
        "sha256": hashlib.sha256((lu / "demande.csv").read_bytes()).hexdigest(),
    }
    refaire(objets, lu, manifeste)
    assert principal(["charger"]) == 1
    objets[ARCHIVE] = b"autre chose"
    assert principal(["charger"]) == 1


@pytest.mark.parametrize(
    "reglage", [("S3_CHEMIN", "seau/essais"), ("ACCESS_SECRET_KEY", "autre"), ("S3_ENDPOINT", "http://127.0.0.1:9")]
)
@pytest.mark.parametrize("verbe", ["extraire", "charger"])
def test_stockage_qui_refuse(
    remplie: str, objets: Objets, monkeypatch: pytest.MonkeyPatch, reglage: tuple[str, str], verbe: str
) -> None:
    monkeypatch.setenv(*reglage)
    assert principal([verbe]) == 1
    assert not objets


def test_jeu_que_la_description_n_a_pas(
    remplie: str, objets: Objets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ESSAIS_SCRIPTS", str(tmp_path))
    assert principal(["extraire"]) == 1


def test_ligne_inattendue(serveur: Serveur, tmp_path: Path) -> None:
    with psycopg.connect(serveur.conninfo()) as connexion, pytest.raises(ErreurEssais, match="inattendue"):
        copier(connexion, "\\copy t TO '/etc/passwd' WITH (FORMAT csv, HEADER true)", tmp_path)


def test_commande() -> None:
    resultat = subprocess.run([sys.executable, "-m", "app.essais", "tout"], check=False, timeout=60)
    assert resultat.returncode == 2
