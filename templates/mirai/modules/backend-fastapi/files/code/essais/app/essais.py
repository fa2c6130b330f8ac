"""``python -m app.essais extraire|charger`` : un jeu d'essai, de la production à une base hors production (EXI-DATA-1).

Les scripts sont ceux de ``donnees/essais/``, que psql exécute aussi. L'extraction tourne sous un rôle qui ne lit aucune
table : ni elle ni ce fichier ne peuvent sortir une valeur claire.
"""

import json
import logging
import re
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql
from pydantic_settings import BaseSettings

from app.base import ConfigurationBase
from app.journaux import installer
from app.stockage import ConfigurationS3, ErreurStockage, Stockage, empreinte

_COPIE = re.compile(r"\\copy (.+) (TO|FROM) '([a-z0-9_]+\.csv)' (WITH \(FORMAT csv, HEADER (?:true|match)\))")
_MANIFESTE = "manifeste.json"
_BASE_OCCUPEE = "RG011"
_journal = logging.getLogger("app.essais")


class ErreurEssais(Exception):
    """Le jeu d'essai ne peut pas être extrait ou versé."""


class ConfigurationEssais(BaseSettings):
    """Variables ``ESSAIS_*``."""

    app_env: str = ""
    essais_source: Literal["pseudonymise", "diffusable"]
    essais_scripts: Path = Path(__file__).parent.parent / "essais"
    essais_dossier: Path = Path(tempfile.gettempdir())

    def script(self, verbe: str) -> Path:
        """Script du projet."""
        suffixe = "" if self.essais_source == "pseudonymise" else "_diffusable"
        fichier = self.essais_scripts / f"{verbe}{suffixe}.psql"
        if not fichier.is_file():
            raise ErreurEssais(f"{fichier.name} manque : la description n'a pas de jeu « {self.essais_source} »")
        return fichier

    @property
    def objet(self) -> str:
        """Nom de l'archive dans le stockage : toujours la dernière, rien ne s'y accumule."""
        return f"jeu-essai-{self.essais_source}.tar.gz"


def copier(connexion: psycopg.Connection, ligne: str, dossier: Path) -> tuple[str, int]:
    """Exécute une ligne « copy » de psql ; rend le fichier et son nombre de lignes."""
    trouve = _COPIE.fullmatch(ligne)
    if trouve is None:
        raise ErreurEssais(f"ligne inattendue dans le script : {ligne[:40]!r}")
    quoi, sens, nom, forme = trouve.groups()
    vers = sql.SQL("COPY {} {} {} {}").format(
        sql.SQL(quoi), sql.SQL(sens), sql.SQL("STDOUT" if sens == "TO" else "STDIN"), sql.SQL(forme)
    )
    with connexion.cursor() as curseur:
        with curseur.copy(vers) as copie:
            if sens == "TO":
                with (dossier / nom).open("wb") as flux:
                    for bloc in copie:
                        flux.write(bloc)
            else:
                with (dossier / nom).open("rb") as flux:
                    while bloc := flux.read(1 << 16):
                        copie.write(bloc)
        return nom, curseur.rowcount


def executer(connexion: psycopg.Connection, script: Path, dossier: Path) -> dict[str, int]:
    """Exécute un script, comme psql ; rend les lignes de chaque fichier."""
    lignes: dict[str, int] = {}
    suite: list[str] = []
    for ligne in script.read_text(encoding="utf-8").splitlines():
        if not ligne.startswith("\\"):
            suite.append(ligne)
        elif ligne.startswith("\\copy "):
            connexion.execute("\n".join(suite).encode())
            suite = []
            nom, nombre = copier(connexion, ligne, dossier)
            lignes[nom] = nombre
    connexion.execute("\n".join(suite).encode())
    return lignes


def extraire(base: ConfigurationBase, reglages: ConfigurationEssais, stockage: Stockage) -> None:
    """De la base au stockage."""
    script = reglages.script("extraire")
    with tempfile.TemporaryDirectory(dir=reglages.essais_dossier) as lieu:
        dossier = Path(lieu)
        with psycopg.connect(base.conninfo(application_name="essais"), autocommit=True) as connexion:
            lignes = executer(connexion, script, dossier)
        fichiers = {nom: {"lignes": n, "sha256": empreinte(dossier / nom)} for nom, n in lignes.items()}
        contenu = {"format": "mirai/essais/v1", "source": reglages.essais_source, "fichiers": fichiers}
        (dossier / _MANIFESTE).write_text(json.dumps(contenu, indent=2, sort_keys=True), encoding="utf-8")
        archive = dossier / reglages.objet
        with tarfile.open(archive, "w:gz") as tar:
            for nom in [_MANIFESTE, *fichiers]:
                tar.add(dossier / nom, arcname=nom)
        stockage.ecrire(reglages.objet, archive)
    _journal.info("jeu d'essai déposé", extra={"champs": {"objet": reglages.objet, "lignes": lignes}})


def ouvrir(archive: Path, dossier: Path) -> dict[str, int]:
    """Fichiers de l'archive, vérifiés un à un contre le manifeste."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(dossier, filter="data")
        fichiers = json.loads((dossier / _MANIFESTE).read_text(encoding="utf-8"))["fichiers"]
        attendues = {str(nom): int(f["lignes"]) for nom, f in fichiers.items()}
        differe = [nom for nom, f in fichiers.items() if empreinte(dossier / nom) != f["sha256"]]
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, tarfile.TarError) as erreur:
        raise ErreurEssais(f"l'archive n'est pas un jeu d'essai ({type(erreur).__name__})") from erreur
    if differe:
        raise ErreurEssais(f"fichier altéré dans l'archive : {', '.join(differe)}")
    return attendues


def charger(base: ConfigurationBase, reglages: ConfigurationEssais, stockage: Stockage) -> None:
    """Du stockage à une base hors production, migrée et vide."""
    if reglages.app_env in {"", "prod", "preprod"}:
        raise ErreurEssais("un jeu d'essai ne se verse pas en production ni en préproduction (APP_ENV)")
    script = reglages.script("charger")
    with tempfile.TemporaryDirectory(dir=reglages.essais_dossier) as lieu:
        dossier = Path(lieu)
        archive = dossier / "archive.tar.gz"
        stockage.lire(reglages.objet, archive)
        attendues = ouvrir(archive, dossier)
        try:
            with psycopg.connect(base.conninfo(application_name="essais"), autocommit=True) as connexion:
                lignes = executer(connexion, script, dossier)
        except psycopg.Error as erreur:
            if erreur.sqlstate != _BASE_OCCUPEE:
                raise
            _journal.info("la base tient déjà des lignes : rien n'est versé")
            return
    if lignes != attendues:
        raise ErreurEssais("les lignes versées ne sont pas celles du manifeste")
    _journal.info("jeu d'essai versé", extra={"champs": {"objet": reglages.objet, "lignes": lignes}})


def principal(arguments: list[str]) -> int:
    """Commande."""
    installer("INFO")
    verbes = {"extraire": extraire, "charger": charger}
    if len(arguments) != 1 or arguments[0] not in verbes:
        _journal.error("usage : python -m app.essais extraire|charger")
        return 2
    try:
        verbes[arguments[0]](ConfigurationBase(), ConfigurationEssais(), Stockage(ConfigurationS3()))
    except (ErreurEssais, ErreurStockage) as erreur:
        _journal.error("%s", erreur)
        return 1
    except psycopg.Error:
        _journal.error("jeu d'essai interrompu", exc_info=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(principal(sys.argv[1:]))
