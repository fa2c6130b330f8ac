"""PostgreSQL du poste : celui de la machine, sinon celui d'un paquet épinglé. Données dans ``dev/.etat``."""

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from poste.installations import executer, postgresql_du_registre
from poste.reglages import ETAT, Arret, Projet, dire


def binaires() -> Path:
    """Dossier des programmes : PG_BINDIR, le PATH, les emplacements de Debian, pg_config, le registre."""
    if "PG_BINDIR" in os.environ:
        donne = Path(os.environ["PG_BINDIR"])
        if not (donne / "initdb").exists():
            raise Arret(f"PG_BINDIR={donne} : initdb n'y est pas")
        return donne
    if os.environ.get("DEV_POSTGRESQL") == "registre":
        return postgresql_du_registre()
    candidats = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), reverse=True)
    dans_le_path = shutil.which("initdb")
    if dans_le_path is not None:
        candidats.append(Path(dans_le_path).resolve().parent)
    outil = shutil.which("pg_config")
    if outil is not None:
        candidats.append(Path(executer([outil, "--bindir"], "pg_config ne répond pas").strip()))
    for dossier in candidats:
        if all((dossier / programme).exists() for programme in ("initdb", "postgres")):
            return dossier
    return postgresql_du_registre()


def compte() -> dict[str, Any]:
    """Sous root, PostgreSQL refuse de tourner : le compte « nobody » le fait."""
    if os.geteuid() != 0:
        return {}
    personne = pwd.getpwnam("nobody")
    return {"user": personne.pw_uid, "group": personne.pw_gid, "extra_groups": []}


def preparer(projet: Projet, programmes: Path) -> Path:
    """Crée le cluster au premier démarrage ; rend le dossier des données."""
    version = executer([programmes / "postgres", "--version"], "PostgreSQL ne répond pas")
    majeure = re.search(r"\d+", version)
    if majeure is None or int(majeure[0]) < 15:
        raise Arret(f"{version.strip()} est trop ancien : PostgreSQL 15 ou plus récent est nécessaire, ou « make dev DEV_POSTGRESQL=registre »")
    dossier = ETAT / f"postgresql-{majeure[0]}"
    if (dossier / "PG_VERSION").exists():
        return dossier
    dire(f"Création de la base ({version.strip()})…")
    dossier.mkdir(mode=0o700, exist_ok=True)
    mot_de_passe = ETAT / "initdb"
    mot_de_passe.touch(mode=0o600)
    mot_de_passe.write_text(projet.secrets["superutilisateur"], encoding="utf-8")
    qui = compte()
    if qui:
        os.chown(dossier, qui["user"], qui["group"])
        os.chown(mot_de_passe, qui["user"], qui["group"])
    options = ["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", f"--pwfile={mot_de_passe}"]
    fini = subprocess.run([str(programmes / "initdb"), "-D", str(dossier), *options], check=False, capture_output=True, text=True, cwd="/", **qui)
    mot_de_passe.unlink()
    if fini.returncode != 0:
        shutil.rmtree(dossier)
        sous_root = (
            "\nSous root, PostgreSQL tourne sous « nobody », qui doit pouvoir traverser ce dossier : lancez plutôt « make dev » sous votre compte."
            if qui
            else ""
        )
        raise Arret(f"la base n'a pas pu être créée :\n{fini.stderr.strip()}{sous_root}")
    return dossier


def commande(projet: Projet, programmes: Path, dossier: Path) -> list[str]:
    """Serveur sur la machine locale seulement, sans prise dans un dossier (les chemins longs n'y tiennent pas)."""
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(projet.ports["base"]),
        "unix_socket_directories": "",
        "max_connections": "50",
        "shared_buffers": "64MB",
    }
    return [str(programmes / "postgres"), "-D", str(dossier), *(f"--{nom}={valeur}" for nom, valeur in options.items())]
