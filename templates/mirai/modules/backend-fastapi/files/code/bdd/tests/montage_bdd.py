"""PostgreSQL jetable pour les essais : un vrai serveur, démarré ici et arrêté à la fin. Aucun essai n'est sauté."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from app.base import ConfigurationBase
from app.migrations import lire
from app.migrer import migrer
from app.projet import IDENTIFIANT

# DONNEES : quand les essais tournent ailleurs que dans le dépôt (make mutation).
DONNEES = Path(os.environ.get("DONNEES", Path(__file__).parents[2] / "donnees"))
PORT = 54329


def binaires() -> Path:
    """Dossier des programmes de PostgreSQL : PG_BINDIR, pg_config, ou les emplacements de Debian."""
    if "PG_BINDIR" in os.environ:
        candidats = [Path(os.environ["PG_BINDIR"])]
    else:
        candidats = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), reverse=True)
        outil = shutil.which("pg_config")
        if outil is not None:
            lu = subprocess.run([outil, "--bindir"], check=True, capture_output=True, text=True)
            candidats.append(Path(lu.stdout.strip()))
    for dossier in candidats:
        if (dossier / "initdb").exists():
            return dossier
    pytest.fail(
        f"PostgreSQL est introuvable ({[str(c) for c in candidats]}) : installer le paquet « postgresql » "
        "ou donner son dossier par PG_BINDIR",
        pytrace=False,
    )


class Serveur:
    """Serveur PostgreSQL sur une prise locale, sans port réseau."""

    def __init__(self) -> None:
        self.programmes = binaires()
        self.dossier = Path(tempfile.mkdtemp(prefix="essais-pg-"))
        self.compte: dict[str, object] = {}
        if os.geteuid() == 0:  # PostgreSQL refuse de tourner sous root
            personne = pwd.getpwnam("nobody")
            os.chown(self.dossier, personne.pw_uid, personne.pw_gid)
            self.compte = {"user": personne.pw_uid, "group": personne.pw_gid, "extra_groups": []}

    def lancer(self, programme: str, *arguments: str) -> None:
        """Exécute un programme de PostgreSQL."""
        subprocess.run(
            [str(self.programmes / programme), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.dossier,
            **self.compte,  # type: ignore[call-overload]
        )

    def demarrer(self) -> None:
        """Crée et démarre le serveur."""
        donnees = str(self.dossier / "donnees")
        self.lancer("initdb", "-D", donnees, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {self.dossier} -c listen_addresses='' -c fsync=off -p {PORT}"
        self.lancer("pg_ctl", "-D", donnees, "-w", "-s", "-l", str(self.dossier / "journal"), "-o", options, "start")

    def arreter(self) -> None:
        """Arrête le serveur et efface ses fichiers."""
        self.lancer("pg_ctl", "-D", str(self.dossier / "donnees"), "-m", "immediate", "-s", "stop")
        shutil.rmtree(self.dossier)

    def conninfo(self, base: str = "postgres", compte: str = "postgres") -> str:
        """Chaîne de connexion."""
        return make_conninfo(host=str(self.dossier), port=PORT, dbname=base, user=compte)


@pytest.fixture(scope="session")
def serveur() -> Iterator[Serveur]:
    """Serveur démarré pour la session d'essais."""
    jetable = Serveur()
    jetable.demarrer()
    yield jetable
    jetable.arreter()


def preparer(serveur: Serveur, base: str) -> None:
    """Ce que la plateforme fait avant l'application : rôles, base, scripts de superutilisateur."""
    with psycopg.connect(serveur.conninfo(), autocommit=True) as admin:
        for suffixe in ("owner", "app", "purge"):
            role = f"{IDENTIFIANT}_{suffixe}"
            if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
                admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        proprietaire = sql.Identifier(f"{IDENTIFIANT}_owner")
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(base), proprietaire))
    with psycopg.connect(serveur.conninfo(base), autocommit=True) as admin:
        for script in sorted((DONNEES / "sql").glob("*.sql")):
            admin.execute(script.read_bytes())


@pytest.fixture(scope="session")
def base(serveur: Serveur) -> str:
    """Base migrée par les vraies migrations du projet, sous le rôle propriétaire."""
    preparer(serveur, IDENTIFIANT)
    with psycopg.connect(serveur.conninfo(IDENTIFIANT, f"{IDENTIFIANT}_owner"), autocommit=True) as connexion:
        assert migrer(connexion, lire(DONNEES / "migrations"))
    return IDENTIFIANT


@pytest.fixture
def base_vide(serveur: Serveur) -> Iterator[str]:
    """Base préparée, sans aucune migration."""
    preparer(serveur, "essai_vide")
    yield "essai_vide"
    with psycopg.connect(serveur.conninfo(), autocommit=True) as admin:
        admin.execute("DROP DATABASE essai_vide WITH (FORCE)")


def regler(monkeypatch: pytest.MonkeyPatch, serveur: Serveur, base: str, role: str) -> ConfigurationBase:
    """Variables ``DB_*`` vers la base d'essai."""
    monkeypatch.setenv("DB_HOST", str(serveur.dossier))
    monkeypatch.setenv("DB_PORT", str(PORT))
    monkeypatch.setenv("DB_NAME", base)
    monkeypatch.setenv("DB_USER", f"{IDENTIFIANT}_{role}")
    monkeypatch.setenv("DB_PASSWORD", "sans-objet")
    monkeypatch.setenv("DB_SSLMODE", "disable")
    monkeypatch.setenv("MIGRATIONS", str(DONNEES / "migrations"))
    return ConfigurationBase()


@pytest.fixture
def reglages_bdd(serveur: Serveur, base: str, monkeypatch: pytest.MonkeyPatch) -> ConfigurationBase:
    """L'application se connecte sous son rôle ; ses tables sont vides au début de chaque essai."""
    with psycopg.connect(serveur.conninfo(base), autocommit=True) as admin:
        technique = f"{IDENTIFIANT}_technique"
        noms = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (technique,)).fetchall()
        tables = [(IDENTIFIANT, "demande"), *((technique, nom) for (nom,) in noms)]
        admin.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(sql.Identifier(*table) for table in tables)))
    return regler(monkeypatch, serveur, base, "app")
